"""Decide when to poll next: soon after an event, and at growing intervals while nothing happens."""

from __future__ import annotations

from dataclasses import dataclass, replace

# A minimum pause between polls, so that polling leaves the CPU to the learner's nodes.
_MIN_PAUSE_SECONDS = 0.4
_FIRST_DELAY_SECONDS = 0.5
_GROWTH = 1.6


@dataclass(frozen=True, slots=True)
class Backoff:
    """The schedule of a repeated action, as an immutable value; times are seconds of a monotonic clock.

    Attributes:
        event_delay: How long to wait after an event: one command causes several events, and one poll covers them all.
        max_delay: The longest delay between two polls while the polled state is not settled.
        settled_delay: The delay after a poll that found a settled state; None to wait for an event.
        next_due: When the next poll is due; None to wait for an event.
        current_delay: The delay after the next poll if it finds the state not settled.
        earliest_due: The next poll is not due before this time.

    """

    event_delay: float
    max_delay: float
    settled_delay: float | None = None
    next_due: float | None = 0.0
    current_delay: float = _FIRST_DELAY_SECONDS
    earliest_due: float = 0.0

    def reschedule_after_event(self, now: float) -> Backoff:
        """Return the schedule after an event: poll soon, and start again with short delays."""
        soon = max(now + self.event_delay, self.earliest_due)
        next_due = soon if self.next_due is None else min(self.next_due, soon)
        return replace(self, next_due=next_due, current_delay=_FIRST_DELAY_SECONDS)

    def schedule_now(self, now: float) -> Backoff:
        """Return the schedule with the next poll due immediately."""
        return replace(self, next_due=now, current_delay=_FIRST_DELAY_SECONDS)

    def mark_poll_started(self) -> Backoff:
        """Return the schedule once a poll has started; later events request another poll."""
        return replace(self, next_due=None)

    def reschedule_after_poll(self, now: float, *, settled: bool) -> Backoff:
        """Return the schedule once a poll has ended.

        Args:
            now: The current time.
            settled: Whether the polled state changes only after an event.

        """
        earliest_due = now + _MIN_PAUSE_SECONDS
        if settled:
            next_poll = None if self.settled_delay is None else now + self.settled_delay
            next_delay = _FIRST_DELAY_SECONDS
        else:
            next_poll = now + self.current_delay
            next_delay = min(self.max_delay, self.current_delay * _GROWTH)
        # An event during the poll has already set `next_due`.
        due_times = [due for due in (next_poll, self.next_due) if due is not None]
        next_due = max(min(due_times), earliest_due) if due_times else None
        return replace(self, next_due=next_due, current_delay=next_delay, earliest_due=earliest_due)

    def is_due(self, now: float) -> bool:
        """Return whether it is time to poll."""
        return self.next_due is not None and now >= self.next_due
