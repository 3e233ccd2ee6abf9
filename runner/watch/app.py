"""Runs the watch: waits for keys, engines and checks, and draws what has changed."""

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

from runner.clusters.activity import Bell
from runner.lessons.model import Lab
from runner.nodes.driver_interface import ClusterId
from runner.watch import model, poller, progress_recorder, screen_view
from runner.watch.backoff import Backoff
from runner.watch.check_client import CheckRunResult, CheckClient
from runner.watch.check_scheduler import CheckScheduler
from runner.watch.event_streams import EngineEventStreams
from runner.watch.model import KeyAction, WatchState
from runner.watch.poller import PollResult

# Long enough to be read, by whoever is typing elsewhere too.
_SAID_SECONDS = 12.0


class TerminalScreen(Protocol):
    """What is drawn on, and where keys come from."""

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines there are."""
        ...

    def fileno(self) -> int:
        """Return the descriptor that keys come from."""
        ...

    def read_keys(self) -> list[KeyAction]:
        """Return the keys that have been pressed."""
        ...

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines; costs nothing where they are shown already."""
        ...


class WatchApp:
    """One watch, from its first look to its end.

    Args:
        lab: The lab.
        surface: Where to draw.

    """

    def __init__(self, lab: Lab, surface: TerminalScreen) -> None:
        self._surface = surface
        self._watch = WatchState(lab)
        self._news: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._ears, self._mouth = socket.socketpair()
        self._engines = EngineEventStreams(lambda: self._tell(self._stirred), lambda: self._tell(self._lost))
        self._checker = CheckClient(lab.name)
        self._rounds = CheckScheduler(self._checker)
        self._selector = selectors.DefaultSelector()
        # Engines tell of what happens at once; a machine that dies without a word shows itself to a look now and then.
        self._pace = Backoff(event_delay=0.15, max_delay=3.0, settled_delay=10.0)
        self._looking = False
        self._said_until = 0.0
        self._over = False

    def run(self) -> None:
        """Watch until the learner has seen enough."""
        with ExitStack() as undo:
            for close in (self._selector.close, self._checker.kill_worker, self._engines.close_streams):
                undo.callback(close)
            self._listen(undo)
            self._watch = progress_recorder.load_progress(self._watch)
            while not self._over:
                self._begin_what_is_due()
                self._draw()
                for key, _ in self._selector.select(self._patience()):
                    key.data()

    def _listen(self, undo: ExitStack) -> None:
        for end in (self._ears, self._mouth):
            end.setblocking(False)
            undo.callback(end.close)
        self._selector.register(self._surface, selectors.EVENT_READ, self._pressed)
        self._selector.register(self._ears, selectors.EVENT_READ, self._hear)
        bell = Bell()
        undo.callback(bell.close)
        self._selector.register(bell, selectors.EVENT_READ, lambda: self._rung(bell))
        # A signal whose handler does nothing still says so at the descriptor, and the size is looked at each time.
        undo.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False))
        undo.callback(signal.signal, signal.SIGWINCH, signal.signal(signal.SIGWINCH, lambda *_: None))

    def _tell(self, news: Callable[[], None]) -> None:
        """Have something done by the thread that draws."""
        self._news.put(news)
        # If it is full it wakes as well, and once it is closed there is nobody left to wake.
        with contextlib.suppress(OSError):
            self._mouth.send(b"!")

    def _hear(self) -> None:
        self._ears.recv(1 << 12)
        while not self._news.empty():
            self._news.get()()

    def _draw(self) -> None:
        self._surface.draw(screen_view.render_screen(self._watch, *self._surface.size))

    def _begin_what_is_due(self) -> None:
        now = time.monotonic()
        if not self._looking and self._pace.is_due(now):
            self._pace = self._pace.after_start()
            self._looking = True
            threading.Thread(target=self._look_around, daemon=True).start()
        given_up = self._rounds.abort_hanging_run(now)
        if given_up:
            self._after_round(given_up)
        answers = self._rounds.start_due_run(self._watch, now)
        if answers is not None:
            self._expect(answers)
        if self._rounds.is_run_slow(now) and not self._watch.is_checking:
            self._watch = replace(self._watch, is_checking=True)
        if self._watch.success_message and now >= self._said_until:
            self._watch = replace(self._watch, success_message="")

    def _expect(self, answers: int) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(answers)
        self._selector.register(answers, selectors.EVENT_READ, self._answered)

    def _patience(self) -> float | None:
        """Return for how many seconds nothing is to be done unless something comes."""
        now = time.monotonic()
        times = [self._rounds.next_wakeup(self._watch, now), None if self._looking else self._pace.next_due]
        times.append(self._said_until if self._watch.success_message else None)
        known = [one for one in times if one is not None]
        return max(0.0, min(known) - now) if known else None

    def _stirred(self) -> None:
        now = time.monotonic()
        self._pace = self._pace.after_event(now)
        self._rounds.record_event(now)

    def _rung(self, bell: Bell) -> None:
        bell.silence()
        self._rounds.record_event(time.monotonic())

    def _lost(self) -> None:
        self._pace = self._pace.after_event(time.monotonic())

    def _look_around(self) -> None:
        try:
            found = poller.poll_cluster(ClusterId(self._watch.lab.name), self._engines)
        except Exception as error:
            self._tell(partial(_fail, error))
        else:
            self._tell(lambda: self._looked(found))

    def _looked(self, found: PollResult) -> None:
        now = time.monotonic()
        before = self._watch
        self._looking = False
        self._pace = self._pace.after_end(now, settled=found.is_settled)
        self._watch = model.apply_poll_result(before, found.cluster, found.snapshot, found.error)
        if model.check_preconditions(before) != model.check_preconditions(self._watch):
            # Whoever has started or reset it has changed what is kept of it too.
            self._watch = progress_recorder.load_progress(self._watch)
            self._rounds.schedule_all_checks(now)

    def _answered(self) -> None:
        checked = self._checker.read_result()
        if checked:
            self._after_round(checked)

    def _after_round(self, checked: CheckRunResult) -> None:
        before, now = self._watch, time.monotonic()
        if checked.report:
            after = model.apply_check_results(before, checked.report, all_checks=checked.all_checks)
            self._watch = progress_recorder.record_passed_steps(after, checked.report, all_checks=checked.all_checks)
        else:
            self._watch = replace(before, is_checking=False, check_error=checked.error)
        if self._watch.success_message != before.success_message:
            self._said_until = now + _SAID_SECONDS
        self._rounds.record_run_end(before, self._watch, checked, now)

    def _pressed(self) -> None:
        for key in self._surface.read_keys():
            self._watch = replace(self._watch, success_message="")
            if key is KeyAction.QUIT:
                self._over = True
            elif key is KeyAction.RECHECK:
                self._stirred()
                self._rounds.recheck_now(time.monotonic())
            elif key is KeyAction.SHOW_HINT:
                self._watch = progress_recorder.reveal_next_hint(self._watch)
            else:
                self._watch = model.apply_key_action(self._watch, key)
        furthest = screen_view.max_scroll_lines(self._watch, *self._surface.size)
        self._watch = replace(self._watch, scroll_lines=min(self._watch.scroll_lines, furthest))


def _fail(error: Exception) -> NoReturn:
    """Let what nobody has foreseen end the watch, and not only the thread that it happened in."""
    raise error
