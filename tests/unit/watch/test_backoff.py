"""When the next poll is due."""

from __future__ import annotations

import pytest

from runner.watch.backoff import Backoff

BACKOFF = Backoff(event_delay=0.2, max_delay=10.0)
# After a poll that ended at second 10 and found a settled state.
SETTLED = BACKOFF.mark_poll_started().reschedule_after_poll(10.0, settled=True)


def test_first_poll() -> None:
    """The first poll is due at once."""
    assert BACKOFF.is_due(5.0)


def test_not_due_while_polling() -> None:
    """While a poll is running, no other one is due."""
    assert not BACKOFF.mark_poll_started().is_due(1e9)


def test_settled() -> None:
    """After a poll that found a settled state, the next one is due shortly after the next event."""
    assert SETTLED.next_due is None
    assert pytest.approx(20.2) == SETTLED.reschedule_after_event(20.0).next_due


def test_several_events() -> None:
    """Further events do not postpone the poll that the first event requested."""
    after_first_event = SETTLED.reschedule_after_event(20.0)
    assert after_first_event.next_due == after_first_event.reschedule_after_event(20.1).next_due


def test_minimum_pause() -> None:
    """However many events there are, there is a minimum pause after each poll."""
    assert pytest.approx(10.4) == SETTLED.reschedule_after_event(10.0).next_due


def test_events_during_a_poll() -> None:
    """An event during a poll requests another poll, although the running one finds a settled state."""
    during_poll = BACKOFF.mark_poll_started().reschedule_after_event(9.9)
    assert during_poll.reschedule_after_poll(10.0, settled=True).is_due(10.5)


def test_delays_grow() -> None:
    """Without events, the delays grow to the maximum; an event makes them short again."""
    backoff, now, delays = BACKOFF, 0.0, []
    for _ in range(9):
        backoff = backoff.mark_poll_started().reschedule_after_poll(now, settled=False)
        assert backoff.next_due is not None
        delays.append(round(backoff.next_due - now, 2))
        now = backoff.next_due
    assert [0.5, 0.8, 1.28, 2.05, 3.28, 5.24, 8.39, 10.0, 10.0] == delays
    again = backoff.reschedule_after_event(now).mark_poll_started().reschedule_after_poll(now, settled=False)
    assert pytest.approx(now + 0.5) == again.next_due


def test_settled_delay() -> None:
    """With a delay for settled states, polling continues after a settled state."""
    backoff = Backoff(event_delay=0.2, max_delay=3.0, settled_delay=10.0)
    assert 110.0 == backoff.mark_poll_started().reschedule_after_poll(100.0, settled=True).next_due


def test_schedule_now() -> None:
    """A poll that is requested immediately does not wait."""
    assert SETTLED.schedule_now(10.0).is_due(10.0)
