"""Has checks run when it is worth it: those of the step the learner is at soon, all of them now and then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from runner.checking.results import Outcome
from runner.watch.backoff import Pace
from runner.watch.check_client import Checked
from runner.watch.model import Presence, Trouble, Watch

# A check may observe for a while; one that takes longer than this never comes back.
_LIMIT_SECONDS = 120.0
# What takes longer than a moment deserves a word; one that comes and goes at once would only flicker.
_WORD_AFTER_SECONDS = 0.8
_STUCK = Trouble("A check does not come back.", "Press r to try again; 'labs check' says which one it is.")


class Runner(Protocol):
    """Runs checks, one round at a time."""

    asked: bool

    def ask(self, steps: Iterable[str] | None) -> int:
        """Begin a round, and return the descriptor that tells of its end."""
        ...

    def end(self) -> None:
        """Give up a round."""
        ...


class Rounds:
    """The rounds of checks of one watch.

    Args:
        checker: What runs them.

    """

    def __init__(self, checker: Runner) -> None:
        self._checker = checker
        self._began = 0.0
        # What files hold and what answers to a request, no engine tells: hence a look now and then, ever more rarely.
        self._step = Pace(gathering=0.15, longest=10.0)
        # What was done may have undone what an earlier step had reached.
        self._whole = Pace(gathering=3.0, longest=10.0)

    def stirred(self, now: float) -> None:
        """Take notice that something has happened."""
        self._step, self._whole = self._step.stirred(now), self._whole.stirred(now)

    def all_at_once(self, now: float) -> None:
        """Have all checks run as soon as can be."""
        self._whole = self._whole.at_once(now)

    def again(self, now: float) -> None:
        """Have all checks run now, and give up a run that has hung for a while."""
        if self._checker.asked and self.slow(now):
            self._checker.end()
        self.all_at_once(now)

    def begin(self, watch: Watch, now: float) -> int | None:
        """Begin a round if one is due, and return the descriptor that tells of its end."""
        if self._checker.asked or watch.presence is not Presence.UP:
            return None
        step = watch.current
        if self._whole.is_due(now) or (step is None and self._step.is_due(now)):
            self._whole, self._step = self._whole.begun(), self._step.begun()
            wanted = None
        elif step and self._step.is_due(now):
            self._step = self._step.begun()
            wanted = {step.id}
        else:
            return None
        self._began = now
        return self._checker.ask(wanted)

    def ended(self, before: Watch, after: Watch, checked: Checked, now: float) -> None:
        """Plan the next round after one that has ended.

        Args:
            before: What was known before it.
            after: What is known now.
            checked: What it came to.
            now: The time.

        """
        # What cannot be checked may stand on an earlier step that was undone, or is just being undone, of which no
        # event tells.
        self._whole = self._whole.looked(now, settled=not _has(after, Outcome.ERROR))
        self._step = self._step.looked(now, settled=after.current is None and not checked.trouble)
        if not checked.whole and (_has(after, Outcome.SKIPPED) or after.current != before.current):
            self.all_at_once(now)

    def slow(self, now: float) -> bool:
        """Whether a round takes long enough for a word about it."""
        return self._checker.asked and now - self._began >= _WORD_AFTER_SECONDS

    def given_up(self, now: float) -> Checked | None:
        """Give up a round whose checks do not come back."""
        if not self._checker.asked or now - self._began < _LIMIT_SECONDS:
            return None
        self._checker.end()
        return Checked(whole=False, trouble=_STUCK)

    def next(self, watch: Watch, now: float) -> float | None:
        """Return when to ask this again, unless something comes before."""
        if self._checker.asked:
            return self._began + (_LIMIT_SECONDS if self.slow(now) else _WORD_AFTER_SECONDS)
        if watch.presence is not Presence.UP:
            return None
        dues = [due for due in (self._step.due, self._whole.due) if due is not None]
        return min(dues, default=None)


def _has(watch: Watch, outcome: Outcome) -> bool:
    """Whether a check of the step the learner is at has come to this."""
    return watch.current is not None and any(one.outcome is outcome for one in watch.results(watch.current))
