"""Which checks run when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from runner.checking.results import Outcome
from runner.watch import model
from runner.watch.check_client import Checked
from runner.watch.check_scheduler import Rounds
from runner.watch.model import Presence, Watch
from tests.watch import scenarios
from tests.watch.scenarios import HALF, INIT, LATER, READY, WORKERS

ALL = "all"


class Noting:
    """Takes the place of the process that runs checks, for whatever the clock says is the test's to choose."""

    def __init__(self) -> None:
        self.asked = False
        self.rounds: list[object] = []
        self.ends = 0

    def ask(self, steps: Iterable[str] | None) -> int:
        """Note what is asked for."""
        self.asked = True
        self.rounds.append(ALL if steps is None else sorted(steps))
        return 3

    def end(self) -> None:
        """Note that the process was ended."""
        self.asked = False
        self.ends += 1


@pytest.fixture
def noting() -> Noting:
    """Return what notes the rounds."""
    return Noting()


@pytest.fixture
def rounds(noting: Noting) -> Rounds:
    """Return rounds that have begun with one of all checks, which found the second step half done at second 1."""
    made = Rounds(noting)
    assert made.begin(scenarios.ABSENT, 0.0) is None
    made.begin(HALF, 0.0)
    end(made, noting, HALF, HALF, now=1.0, whole=True)
    noting.rounds.clear()
    return made


def end(rounds: Rounds, noting: Noting, before: Watch, after: Watch, *, now: float, whole: bool = False) -> None:
    """End a round."""
    noting.asked = False
    rounds.ended(before, after, Checked(whole, after.report), now)


def twelve(rounds: Rounds, noting: Noting, watch: Watch, now: float, *, whole: bool = False) -> list[float]:
    """Let twelve rounds begin when they are due, with nothing new found, and return the pauses before them."""
    pauses = []
    for _ in range(12):
        due = rounds.next(watch, now)
        assert due is not None
        pauses.append(due - now)
        now = due
        rounds.begin(watch, now)
        end(rounds, noting, watch, watch, now=now, whole=whole)
    return pauses


def test_first_round(noting: Noting) -> None:
    """The first round is of all checks."""
    Rounds(noting).begin(HALF, 0.0)
    assert [ALL] == noting.rounds


def test_something_happens(rounds: Rounds, noting: Noting) -> None:
    """When something happens, the checks of the step that the learner is at run at once, and a little later all do."""
    rounds.stirred(100.0)
    rounds.begin(HALF, 100.2)
    assert [["join"]] == noting.rounds
    end(rounds, noting, HALF, HALF, now=100.5)
    rounds.begin(HALF, 103.1)
    assert [["join"], ALL] == noting.rounds


def test_one_round_at_a_time(rounds: Rounds, noting: Noting) -> None:
    """While a round is under way no other begins."""
    rounds.stirred(100.0)
    rounds.begin(HALF, 100.2)
    rounds.stirred(100.3)
    assert rounds.begin(HALF, 104.0) is None
    assert [["join"]] == noting.rounds


def test_a_step_is_done(rounds: Rounds, noting: Noting) -> None:
    """As soon as a step is done, all checks run, for the next step's were skipped until then."""
    done = scenarios.watch(INIT, READY, WORKERS, LATER)
    rounds.stirred(100.0)
    rounds.begin(HALF, 100.2)
    end(rounds, noting, HALF, done, now=100.5)
    rounds.begin(done, 100.5)
    assert [["join"], ALL] == noting.rounds


def test_nothing_happens(rounds: Rounds, noting: Noting) -> None:
    """While nothing happens the learner's step is looked at ever more rarely, and nothing else is."""
    pauses = twelve(rounds, noting, HALF, now=1.0)
    assert [["join"]] * 12 == noting.rounds
    assert sorted(pauses) == pauses
    assert pytest.approx(10.0) == pauses[-1]


def test_all_is_done(noting: Noting) -> None:
    """Once all is done nothing is looked at until something happens; then all is."""
    rounds = Rounds(noting)
    rounds.begin(scenarios.FINISHED, 0.0)
    end(rounds, noting, scenarios.FINISHED, scenarios.FINISHED, now=1.0, whole=True)
    assert rounds.next(scenarios.FINISHED, 1.0) is None
    rounds.stirred(100.0)
    rounds.begin(scenarios.FINISHED, 100.2)
    assert [ALL, ALL] == noting.rounds


@pytest.mark.parametrize("presence", [one for one in Presence if one is not Presence.UP])
def test_no_cluster(presence: Presence, rounds: Rounds) -> None:
    """Where no node is up no checks run, however much happens."""
    away = replace(HALF, presence=presence)
    rounds.stirred(100.0)
    assert (None, None) == (rounds.begin(away, 200.0), rounds.next(away, 200.0))


def test_hanging(rounds: Rounds, noting: Noting) -> None:
    """A round that takes long is told after a moment, and given up after two minutes."""
    rounds.stirred(100.0)
    rounds.begin(HALF, 100.2)
    assert (False, True) == (rounds.slow(100.5), rounds.slow(101.1))
    assert rounds.given_up(219.0) is None
    given_up = rounds.given_up(221.0)
    assert given_up
    assert given_up.trouble
    assert 1 == noting.ends


def test_again(rounds: Rounds, noting: Noting) -> None:
    """Asked to, all checks run anew at once; a round that is slow is given up for it, a quick one is not."""
    rounds.stirred(100.0)
    rounds.begin(HALF, 100.2)
    rounds.again(100.3)
    assert 0 == noting.ends
    rounds.again(102.0)
    assert 1 == noting.ends
    rounds.begin(HALF, 102.0)
    assert [["join"], ALL] == noting.rounds


def test_unknown(rounds: Rounds, noting: Noting) -> None:
    """If the step that comes next was skipped the last time, all checks run and not only the step's."""
    skipped = model.checked(HALF, scenarios.watch(replace(READY, outcome=Outcome.SKIPPED)).report, whole=False)
    rounds.stirred(100.0)
    rounds.begin(skipped, 100.2)
    end(rounds, noting, skipped, skipped, now=100.5)
    rounds.begin(skipped, 100.5)
    assert [["join"], ALL] == noting.rounds


def test_lost(rounds: Rounds, noting: Noting) -> None:
    """While a step's checks cannot run, all checks do, ever more rarely, for an earlier step may have been undone."""
    lost = scenarios.WITHOUT_ANSWER
    rounds.stirred(100.0)
    rounds.begin(HALF, 100.2)
    end(rounds, noting, HALF, lost, now=100.2)
    pauses = twelve(rounds, noting, lost, now=100.2, whole=True)
    assert [["join"], *([ALL] * 12)] == noting.rounds
    assert sorted(pauses) == pauses
    assert pytest.approx(10.0) == pauses[-1]
