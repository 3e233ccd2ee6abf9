"""When the watch looks again."""

from __future__ import annotations

import pytest

from runner.watch.backoff import Pace

PACE = Pace(gathering=0.2, longest=10.0)


def test_first_look() -> None:
    """The first look is due at once."""
    assert PACE.is_due(5.0)


def test_no_look_while_one_is_under_way() -> None:
    """Once a look has begun none is due."""
    assert not PACE.begun().is_due(1e9)


def test_settled() -> None:
    """After all was found settled, no look is due until something happens; then soon, but not at once."""
    quiet = PACE.begun().looked(10.0, settled=True)
    assert quiet.due is None
    assert pytest.approx(20.2) == quiet.stirred(20.0).due


def test_several_events_are_gathered() -> None:
    """Further events do not put off the look that the first one asked for."""
    quiet = PACE.begun().looked(10.0, settled=True)
    assert quiet.stirred(20.0).due == quiet.stirred(20.0).stirred(20.1).due


def test_rest() -> None:
    """However much happens, there is a rest after each look."""
    assert pytest.approx(10.4) == PACE.begun().looked(10.0, settled=True).stirred(10.0).due


def test_events_during_a_look() -> None:
    """What happens during a look asks for another, though that look found all settled."""
    assert PACE.begun().stirred(9.9).looked(10.0, settled=True).is_due(10.5)


def test_pauses_grow() -> None:
    """While nothing settles and nothing happens, the pauses grow to the longest; an event makes them short again."""
    pace, now, pauses = PACE, 0.0, []
    for _ in range(9):
        pace = pace.begun().looked(now, settled=False)
        assert pace.due is not None
        pauses.append(round(pace.due - now, 2))
        now = pace.due
    assert [0.5, 0.8, 1.28, 2.05, 3.28, 5.24, 8.39, 10.0, 10.0] == pauses
    again = pace.stirred(now).begun().looked(now, settled=False)
    assert pytest.approx(now + 0.5) == again.due


def test_settled_look_now_and_then() -> None:
    """Where a pause for settled looks is given, they go on at it."""
    pace = Pace(gathering=0.2, longest=3.0, settled=10.0)
    assert 110.0 == pace.begun().looked(100.0, settled=True).due


def test_at_once() -> None:
    """A look that is wanted at once waits for nothing."""
    assert PACE.begun().looked(10.0, settled=True).at_once(10.0).is_due(10.0)
