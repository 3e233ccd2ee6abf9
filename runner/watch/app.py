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
from runner.watch.backoff import Pace
from runner.watch.check_client import Checked, Checker
from runner.watch.check_scheduler import Rounds
from runner.watch.event_streams import Engines
from runner.watch.model import Key, Watch
from runner.watch.poller import Look

# Long enough to be read, by whoever is typing elsewhere too.
_SAID_SECONDS = 12.0


class Surface(Protocol):
    """What is drawn on, and where keys come from."""

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines there are."""
        ...

    def fileno(self) -> int:
        """Return the descriptor that keys come from."""
        ...

    def pressed(self) -> list[Key]:
        """Return the keys that have been pressed."""
        ...

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines; costs nothing where they are shown already."""
        ...


class Watching:
    """One watch, from its first look to its end.

    Args:
        lab: The lab.
        surface: Where to draw.

    """

    def __init__(self, lab: Lab, surface: Surface) -> None:
        self._surface = surface
        self._watch = Watch(lab)
        self._news: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._ears, self._mouth = socket.socketpair()
        self._engines = Engines(lambda: self._tell(self._stirred), lambda: self._tell(self._lost))
        self._checker = Checker(lab.name)
        self._rounds = Rounds(self._checker)
        self._selector = selectors.DefaultSelector()
        # Engines tell of what happens at once; a machine that dies without a word shows itself to a look now and then.
        self._pace = Pace(gathering=0.15, longest=3.0, settled=10.0)
        self._looking = False
        self._said_until = 0.0
        self._over = False

    def run(self) -> None:
        """Watch until the learner has seen enough."""
        with ExitStack() as undo:
            for close in (self._selector.close, self._checker.end, self._engines.close):
                undo.callback(close)
            self._listen(undo)
            self._watch = progress_recorder.loaded(self._watch)
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
        self._surface.draw(screen_view.lines(self._watch, *self._surface.size))

    def _begin_what_is_due(self) -> None:
        now = time.monotonic()
        if not self._looking and self._pace.is_due(now):
            self._pace = self._pace.begun()
            self._looking = True
            threading.Thread(target=self._look_around, daemon=True).start()
        given_up = self._rounds.given_up(now)
        if given_up:
            self._after_round(given_up)
        answers = self._rounds.begin(self._watch, now)
        if answers is not None:
            self._expect(answers)
        if self._rounds.slow(now) and not self._watch.checking:
            self._watch = replace(self._watch, checking=True)
        if self._watch.said and now >= self._said_until:
            self._watch = replace(self._watch, said="")

    def _expect(self, answers: int) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(answers)
        self._selector.register(answers, selectors.EVENT_READ, self._answered)

    def _patience(self) -> float | None:
        """Return for how many seconds nothing is to be done unless something comes."""
        now = time.monotonic()
        times = [self._rounds.next(self._watch, now), None if self._looking else self._pace.due]
        times.append(self._said_until if self._watch.said else None)
        known = [one for one in times if one is not None]
        return max(0.0, min(known) - now) if known else None

    def _stirred(self) -> None:
        now = time.monotonic()
        self._pace = self._pace.stirred(now)
        self._rounds.stirred(now)

    def _rung(self, bell: Bell) -> None:
        bell.silence()
        self._rounds.stirred(time.monotonic())

    def _lost(self) -> None:
        self._pace = self._pace.stirred(time.monotonic())

    def _look_around(self) -> None:
        try:
            found = poller.look(ClusterId(self._watch.lab.name), self._engines)
        except Exception as error:
            self._tell(partial(_fail, error))
        else:
            self._tell(lambda: self._looked(found))

    def _looked(self, found: Look) -> None:
        now = time.monotonic()
        before = self._watch
        self._looking = False
        self._pace = self._pace.looked(now, settled=found.settled)
        self._watch = model.seen(before, found.cluster, found.picture, found.trouble)
        if model.states(before) != model.states(self._watch):
            # Whoever has started or reset it has changed what is kept of it too.
            self._watch = progress_recorder.loaded(self._watch)
            self._rounds.all_at_once(now)

    def _answered(self) -> None:
        checked = self._checker.take()
        if checked:
            self._after_round(checked)

    def _after_round(self, checked: Checked) -> None:
        before, now = self._watch, time.monotonic()
        if checked.report:
            after = model.checked(before, checked.report, whole=checked.whole)
            self._watch = progress_recorder.with_passes(after, checked.report, whole=checked.whole)
        else:
            self._watch = replace(before, checking=False, trouble=checked.trouble)
        if self._watch.said != before.said:
            self._said_until = now + _SAID_SECONDS
        self._rounds.ended(before, self._watch, checked, now)

    def _pressed(self) -> None:
        for key in self._surface.pressed():
            self._watch = replace(self._watch, said="")
            if key is Key.QUIT:
                self._over = True
            elif key is Key.AGAIN:
                self._stirred()
                self._rounds.again(time.monotonic())
            elif key is Key.HINT:
                self._watch = progress_recorder.with_hint(self._watch)
            else:
                self._watch = model.pressed(self._watch, key)
        furthest = screen_view.furthest(self._watch, *self._surface.size)
        self._watch = replace(self._watch, scroll=min(self._watch.scroll, furthest))


def _fail(error: Exception) -> NoReturn:
    """Let what nobody has foreseen end the watch, and not only the thread that it happened in."""
    raise error
