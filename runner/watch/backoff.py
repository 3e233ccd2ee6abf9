"""When to look again: soon after something has happened, and ever more rarely while nothing does."""

from __future__ import annotations

from dataclasses import dataclass, replace

# However much happens, looking must leave the machine to the learner.
_REST_SECONDS = 0.4
_FIRST_PAUSE_SECONDS = 0.5
_GROWTH = 1.6


@dataclass(frozen=True, slots=True)
class Pace:
    """The next look, in seconds of a clock.

    Attributes:
        gathering: How long to wait once something has happened: one command makes a handful of events, and a look at
            each of them would see the same.
        longest: The longest pause between two looks at what is not settled.
        settled: The pause after a look that found all settled; None for no look until something happens.
        due: When to look next; None for not until something happens.
        pause: How long to pause after the next look.
        rested: Before this no look begins.

    """

    gathering: float
    longest: float
    settled: float | None = None
    due: float | None = 0.0
    pause: float = _FIRST_PAUSE_SECONDS
    rested: float = 0.0

    def stirred(self, now: float) -> Pace:
        """Something has happened, so look soon; what it leads to may take a moment more."""
        soon = max(now + self.gathering, self.rested)
        return replace(self, due=soon if self.due is None else min(self.due, soon), pause=_FIRST_PAUSE_SECONDS)

    def at_once(self, now: float) -> Pace:
        """Look now, whatever else was meant to be."""
        return replace(self, due=now, pause=_FIRST_PAUSE_SECONDS)

    def begun(self) -> Pace:
        """A look begins; what happens from now on asks for another."""
        return replace(self, due=None)

    def looked(self, now: float, *, settled: bool) -> Pace:
        """A look has ended.

        Args:
            now: The time.
            settled: Whether nothing is expected to change unless something happens.

        """
        rested = now + _REST_SECONDS
        if settled:
            again = None if self.settled is None else now + self.settled
            pause = _FIRST_PAUSE_SECONDS
        else:
            again = now + self.pause
            pause = min(self.longest, self.pause * _GROWTH)
        dues = [due for due in (again, self.due) if due is not None]
        return replace(self, due=max(min(dues), rested) if dues else None, pause=pause, rested=rested)

    def is_due(self, now: float) -> bool:
        """Whether to look now."""
        return self.due is not None and now >= self.due
