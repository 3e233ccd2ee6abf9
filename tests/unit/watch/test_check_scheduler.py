"""When which checks run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from runner.checking.results import Outcome
from runner.watch import model
from runner.watch.check_client import CheckRunResult
from runner.watch.check_scheduler import CheckScheduler
from runner.watch.model import ClusterPhase, WatchState
from tests.support import watch_states
from tests.support.watch_states import HALF_DONE, INIT, READY, SKIPPED_WEB, WORKERS

ALL = "all"


class RecordingRunner:
    """Records the requested runs instead of running checks; the tests decide when a run ends."""

    def __init__(self) -> None:
        self.is_running = False
        self.runs: list[object] = []
        self.kill_count = 0

    def start_check_run(self, step_ids: Iterable[str] | None) -> int:
        """Record the requested steps."""
        self.is_running = True
        self.runs.append(ALL if step_ids is None else sorted(step_ids))
        return 3

    def kill_worker(self) -> None:
        """Record that the worker was killed."""
        self.is_running = False
        self.kill_count += 1


@pytest.fixture
def runner() -> RecordingRunner:
    """Return a runner that records runs."""
    return RecordingRunner()


@pytest.fixture
def scheduler(runner: RecordingRunner) -> CheckScheduler:
    """Return a scheduler whose first run found the second step half done at second 1."""
    new_scheduler = CheckScheduler(runner)
    assert new_scheduler.start_due_run(watch_states.NOT_STARTED, 0.0) is None
    new_scheduler.start_due_run(HALF_DONE, 0.0)
    end_run(new_scheduler, runner, HALF_DONE, HALF_DONE, now=1.0, all_checks=True)
    runner.runs.clear()
    return new_scheduler


def end_run(
    scheduler: CheckScheduler,
    runner: RecordingRunner,
    before: WatchState,
    after: WatchState,
    *,
    now: float,
    all_checks: bool = False,
) -> None:
    """End a run."""
    runner.is_running = False
    scheduler.schedule_after_run(before, after, CheckRunResult(all_checks, after.report), now)


def measure_twelve_pauses(
    scheduler: CheckScheduler, runner: RecordingRunner, state: WatchState, now: float, *, all_checks: bool = False
) -> list[float]:
    """Start twelve runs when they are due, with unchanged results, and return the pauses before them."""
    pauses = []
    for _ in range(12):
        due = scheduler.compute_next_wakeup(state, now)
        assert due is not None
        pauses.append(due - now)
        now = due
        scheduler.start_due_run(state, now)
        end_run(scheduler, runner, state, state, now=now, all_checks=all_checks)
    return pauses


def test_first_run(runner: RecordingRunner) -> None:
    """The first run is of all checks."""
    CheckScheduler(runner).start_due_run(HALF_DONE, 0.0)
    assert [ALL] == runner.runs


def test_event(scheduler: CheckScheduler, runner: RecordingRunner) -> None:
    """After an event, the checks of the current step run at once, and all checks a little later."""
    scheduler.schedule_after_event(100.0)
    scheduler.start_due_run(HALF_DONE, 100.2)
    assert [["join"]] == runner.runs
    end_run(scheduler, runner, HALF_DONE, HALF_DONE, now=100.5)
    scheduler.start_due_run(HALF_DONE, 103.1)
    assert [["join"], ALL] == runner.runs


def test_one_run_at_a_time(scheduler: CheckScheduler, runner: RecordingRunner) -> None:
    """While a run is in progress no other one starts."""
    scheduler.schedule_after_event(100.0)
    scheduler.start_due_run(HALF_DONE, 100.2)
    scheduler.schedule_after_event(100.3)
    assert scheduler.start_due_run(HALF_DONE, 104.0) is None
    assert [["join"]] == runner.runs


def test_step_done(scheduler: CheckScheduler, runner: RecordingRunner) -> None:
    """As soon as a step is done all checks run, because those of the next step were skipped until then."""
    result = watch_states.make_watch_state(INIT, READY, WORKERS, SKIPPED_WEB)
    scheduler.schedule_after_event(100.0)
    scheduler.start_due_run(HALF_DONE, 100.2)
    end_run(scheduler, runner, HALF_DONE, result, now=100.5)
    scheduler.start_due_run(result, 100.5)
    assert [["join"], ALL] == runner.runs


def test_no_events(scheduler: CheckScheduler, runner: RecordingRunner) -> None:
    """Without events the current step is checked at growing intervals, and no other checks run."""
    pauses = measure_twelve_pauses(scheduler, runner, HALF_DONE, now=1.0)
    assert [["join"]] * 12 == runner.runs
    assert sorted(pauses) == pauses
    assert pytest.approx(10.0) == pauses[-1]


def test_all_done(runner: RecordingRunner) -> None:
    """Once all steps are done no checks run until the next event; then all checks run."""
    scheduler = CheckScheduler(runner)
    scheduler.start_due_run(watch_states.FINISHED, 0.0)
    end_run(scheduler, runner, watch_states.FINISHED, watch_states.FINISHED, now=1.0, all_checks=True)
    assert scheduler.compute_next_wakeup(watch_states.FINISHED, 1.0) is None
    scheduler.schedule_after_event(100.0)
    scheduler.start_due_run(watch_states.FINISHED, 100.2)
    assert [ALL, ALL] == runner.runs


@pytest.mark.parametrize("phase", [phase for phase in ClusterPhase if phase is not ClusterPhase.RUNNING])
def test_no_cluster(phase: ClusterPhase, scheduler: CheckScheduler) -> None:
    """Unless the cluster is running, no checks run."""
    state = replace(HALF_DONE, cluster_phase=phase)
    scheduler.schedule_after_event(100.0)
    assert (None, None) == (scheduler.start_due_run(state, 200.0), scheduler.compute_next_wakeup(state, 200.0))


def test_hanging(scheduler: CheckScheduler, runner: RecordingRunner) -> None:
    """A run is shown as slow after a moment, and aborted after two minutes."""
    scheduler.schedule_after_event(100.0)
    scheduler.start_due_run(HALF_DONE, 100.2)
    assert (False, True) == (scheduler.is_run_slow(100.5), scheduler.is_run_slow(101.1))
    assert scheduler.abort_hanging_run(219.0) is None
    aborted = scheduler.abort_hanging_run(221.0)
    assert aborted
    assert aborted.error
    assert 1 == runner.kill_count


def test_recheck(scheduler: CheckScheduler, runner: RecordingRunner) -> None:
    """When the learner requests it, all checks run at once; a slow run is aborted first, a quick one is not."""
    scheduler.schedule_after_event(100.0)
    scheduler.start_due_run(HALF_DONE, 100.2)
    scheduler.abort_slow_run_and_recheck(100.3)
    assert 0 == runner.kill_count
    scheduler.abort_slow_run_and_recheck(102.0)
    assert 1 == runner.kill_count
    scheduler.start_due_run(HALF_DONE, 102.0)
    assert [["join"], ALL] == runner.runs


def test_skipped_step(scheduler: CheckScheduler, runner: RecordingRunner) -> None:
    """If the checks of the current step were skipped the last time, all checks run after it."""
    skipped = model.apply_check_results(
        HALF_DONE, watch_states.make_watch_state(replace(READY, outcome=Outcome.SKIPPED)).report, all_checks=False
    )
    scheduler.schedule_after_event(100.0)
    scheduler.start_due_run(skipped, 100.2)
    end_run(scheduler, runner, skipped, skipped, now=100.5)
    scheduler.start_due_run(skipped, 100.5)
    assert [["join"], ALL] == runner.runs


def test_check_errors(scheduler: CheckScheduler, runner: RecordingRunner) -> None:
    """While checks of the current step have errors, all checks run at growing intervals."""
    errors = watch_states.WITH_ERROR
    scheduler.schedule_after_event(100.0)
    scheduler.start_due_run(HALF_DONE, 100.2)
    end_run(scheduler, runner, HALF_DONE, errors, now=100.2)
    pauses = measure_twelve_pauses(scheduler, runner, errors, now=100.2, all_checks=True)
    assert [["join"], *([ALL] * 12)] == runner.runs
    assert sorted(pauses) == pauses
    assert pytest.approx(10.0) == pauses[-1]
