"""The event loop of `labs watch`: reacts to keys, cluster events and check results, and redraws the screen."""

from __future__ import annotations

import contextlib
import queue
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import NoReturn, Protocol

from rich.text import Text

from runner.clusters.activity import ActivityListener
from runner.lessons.model import Lab
from runner.nodes.driver_interface import ClusterId
from runner.watch import model, poller, progress_recorder, screen_view
from runner.watch.backoff import Backoff
from runner.watch.check_client import CheckClient, CheckRunResult
from runner.watch.check_scheduler import CheckScheduler
from runner.watch.event_streams import EngineEventStreams
from runner.watch.model import KeyAction, WatchState
from runner.watch.poller import PollResult

# Long enough for a learner who is typing in another terminal.
_SUCCESS_MESSAGE_SECONDS = 12.0


class TerminalScreen(Protocol):
    """A terminal to draw on and to read keys from."""

    @property
    def size(self) -> tuple[int, int]:
        """The current number of columns and rows."""
        ...

    def fileno(self) -> int:
        """Return the descriptor that keys are read from."""
        ...

    def read_key_actions(self) -> list[KeyAction]:
        """Return the keys that were pressed."""
        ...

    def draw_lines(self, lines: Sequence[Text]) -> None:
        """Show these lines; this is cheap if they are shown already."""
        ...


class WatchApp:
    """One run of `labs watch`, from its start until the learner quits.

    Only the thread that calls `run_until_quit` changes the state. Other threads pass it functions to call with `_post`.

    Args:
        lab: The lab.
        screen: The terminal.

    """

    def __init__(self, lab: Lab, screen: TerminalScreen) -> None:
        self._screen = screen
        self._state = WatchState(lab)
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # Written to by other threads and by signals, to wake up `select`.
        self._wakeup_reader, self._wakeup_writer = socket.socketpair()
        self._event_streams = EngineEventStreams(
            lambda: self._post(self._on_cluster_event), lambda: self._post(self._on_stream_lost)
        )
        self._check_client = CheckClient(lab.name)
        self._scheduler = CheckScheduler(self._check_client)
        self._selector = selectors.DefaultSelector()
        # Engines report events at once; occasional polls detect a node that dies without an event.
        self._poll_backoff = Backoff(event_delay=0.15, max_delay=3.0, settled_delay=10.0)
        self._is_polling = False
        self._success_message_ends = 0.0
        self._should_quit = False

    def run_until_quit(self) -> None:
        """Draw the screen and react to keys and events until the learner quits."""
        with ExitStack() as cleanup:
            closers = (self._selector.close, self._check_client.kill_worker, self._event_streams.close_streams)
            for close in closers:
                cleanup.callback(close)
            self._register_inputs(cleanup)
            self._state = progress_recorder.reload_progress(self._state)
            while not self._should_quit:
                self._start_due_work()
                self._draw()
                for key, _ in self._selector.select(self._compute_timeout()):
                    key.data()

    def _register_inputs(self, cleanup: ExitStack) -> None:
        for wakeup_socket in (self._wakeup_reader, self._wakeup_writer):
            wakeup_socket.setblocking(False)
            cleanup.callback(wakeup_socket.close)
        self._selector.register(self._screen, selectors.EVENT_READ, self._on_keys)
        self._selector.register(self._wakeup_reader, selectors.EVENT_READ, self._call_posted)
        listener = ActivityListener()
        cleanup.callback(listener.close)
        self._selector.register(listener, selectors.EVENT_READ, lambda: self._on_activity(listener))
        # SIGWINCH only has to wake up the loop, which reads the terminal's size before it draws.
        wakeup_fd = signal.set_wakeup_fd(self._wakeup_writer.fileno(), warn_on_full_buffer=False)
        cleanup.callback(signal.set_wakeup_fd, wakeup_fd)
        cleanup.callback(signal.signal, signal.SIGWINCH, signal.signal(signal.SIGWINCH, lambda *_: None))

    def _post(self, function: Callable[[], None]) -> None:
        """Let the thread of the event loop call a function."""
        self._posted.put(function)
        # A full socket wakes up the loop as well, and after the loop has ended the socket is closed.
        with contextlib.suppress(OSError):
            self._wakeup_writer.send(b"!")

    def _call_posted(self) -> None:
        self._wakeup_reader.recv(1 << 12)
        while not self._posted.empty():
            self._posted.get()()

    def _draw(self) -> None:
        self._screen.draw_lines(screen_view.render_screen(self._state, *self._screen.size))

    def _start_due_work(self) -> None:
        now = time.monotonic()
        if not self._is_polling and self._poll_backoff.is_due(now):
            self._poll_backoff = self._poll_backoff.mark_poll_started()
            self._is_polling = True
            threading.Thread(target=self._poll, daemon=True).start()
        aborted = self._scheduler.abort_hanging_run(now)
        if aborted:
            self._on_check_run_end(aborted)
        results_fd = self._scheduler.start_due_run(self._state, now)
        if results_fd is not None:
            self._register_results(results_fd)
        if self._scheduler.is_run_slow(now) and not self._state.is_checking:
            self._state = replace(self._state, is_checking=True)
        if self._state.success_message and now >= self._success_message_ends:
            self._state = replace(self._state, success_message="")

    def _register_results(self, results_fd: int) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(results_fd)
        self._selector.register(results_fd, selectors.EVENT_READ, self._on_check_results)

    def _compute_timeout(self) -> float | None:
        """Return after how many seconds there is work to do even if nothing happens; None if there is none."""
        now = time.monotonic()
        times = [
            self._scheduler.compute_next_wakeup(self._state, now),
            None if self._is_polling else self._poll_backoff.next_due,
            self._success_message_ends if self._state.success_message else None,
        ]
        known_times = [due for due in times if due is not None]
        return max(0.0, min(known_times) - now) if known_times else None

    def _on_cluster_event(self) -> None:
        now = time.monotonic()
        self._poll_backoff = self._poll_backoff.reschedule_after_event(now)
        self._scheduler.schedule_after_event(now)

    def _on_activity(self, listener: ActivityListener) -> None:
        listener.discard_notifications()
        self._scheduler.schedule_after_event(time.monotonic())

    def _on_stream_lost(self) -> None:
        self._poll_backoff = self._poll_backoff.reschedule_after_event(time.monotonic())

    def _poll(self) -> None:
        try:
            result = poller.poll_cluster(ClusterId(self._state.lab.name), self._event_streams)
        except Exception as error:
            self._post(partial(_raise_error, error))
        else:
            self._post(lambda: self._on_poll_end(result))

    def _on_poll_end(self, result: PollResult) -> None:
        now = time.monotonic()
        before = self._state
        self._is_polling = False
        self._poll_backoff = self._poll_backoff.reschedule_after_poll(now, settled=result.is_settled)
        self._state = model.apply_poll_result(before, result.cluster, result.snapshot, result.error)
        if model.extract_phase_and_stopped_nodes(before) != model.extract_phase_and_stopped_nodes(self._state):
            # `labs start` and `labs reset` also change the recorded progress.
            self._state = progress_recorder.reload_progress(self._state)
            self._scheduler.schedule_all_checks(now)

    def _on_check_results(self) -> None:
        result = self._check_client.read_run_result()
        if result:
            self._on_check_run_end(result)

    def _on_check_run_end(self, result: CheckRunResult) -> None:
        before, now = self._state, time.monotonic()
        if result.report:
            after = model.apply_check_results(before, result.report, all_checks=result.all_checks)
            self._state = progress_recorder.record_passed_steps(after, result.report, all_checks=result.all_checks)
        else:
            self._state = replace(before, is_checking=False, check_error=result.error)
        if self._state.success_message != before.success_message:
            self._success_message_ends = now + _SUCCESS_MESSAGE_SECONDS
        self._scheduler.schedule_after_run(before, self._state, result, now)

    def _on_keys(self) -> None:
        for action in self._screen.read_key_actions():
            self._state = replace(self._state, success_message="")
            if action is KeyAction.QUIT:
                self._should_quit = True
            elif action is KeyAction.RECHECK:
                self._on_cluster_event()
                self._scheduler.abort_slow_run_and_recheck(time.monotonic())
            elif action is KeyAction.SHOW_HINT:
                self._state = progress_recorder.reveal_next_hint(self._state)
            else:
                self._state = model.apply_key_action(self._state, action)
        max_scroll_lines = screen_view.compute_max_scroll_lines(self._state, *self._screen.size)
        self._state = replace(self._state, scroll_lines=min(self._state.scroll_lines, max_scroll_lines))


def _raise_error(error: Exception) -> NoReturn:
    """Raise an unexpected error in the thread of the event loop, so that it ends the watch."""
    raise error
