"""Decide when checks run: those of the learner's current step soon after an event, and all checks less often."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from runner.checking.results import Outcome
from runner.watch.backoff import Backoff
from runner.watch.check_client import CheckRunResult
from runner.watch.model import ClusterPhase, ErrorNotice, WatchState

# A check may wait for a while; a run that takes longer than this hangs.
_RUN_TIMEOUT_SECONDS = 120.0
# Shorter runs are not shown as running, because the message would only flicker.
_SLOW_AFTER_SECONDS = 0.8
_HANGING = ErrorNotice("A check is hanging.", "Press r to try again, or run 'labs check' to see which check it is.")


class CheckRunner(Protocol):
    """Runs checks, one run at a time."""

    is_running: bool

    def start_check_run(self, step_ids: Iterable[str] | None) -> int:
        """Start a run, and return the descriptor that becomes readable when it ends."""
        ...

    def kill_worker(self) -> None:
        """Abort the run."""
        ...


class CheckScheduler:
    """Schedules the check runs of one watch.

    Args:
        runner: Runs the checks.

    """

    def __init__(self, runner: CheckRunner) -> None:
        self._runner = runner
        self._run_started = 0.0
        # Polls even without events: no engine reports changed files, or what a service answers to a request.
        self._current_step_backoff = Backoff(event_delay=0.15, max_delay=10.0)
        # Runs all checks some time after an event too, because a command may undo an earlier step.
        self._all_checks_backoff = Backoff(event_delay=3.0, max_delay=10.0)

    def schedule_after_event(self, now: float) -> None:
        """Schedule checks because something has changed on the cluster."""
        self._current_step_backoff = self._current_step_backoff.reschedule_after_event(now)
        self._all_checks_backoff = self._all_checks_backoff.reschedule_after_event(now)

    def schedule_all_checks(self, now: float) -> None:
        """Schedule a run of all checks as soon as possible."""
        self._all_checks_backoff = self._all_checks_backoff.schedule_now(now)

    def abort_slow_run_and_recheck(self, now: float) -> None:
        """Schedule a run of all checks as soon as possible, and abort a run that is slow."""
        if self._runner.is_running and self.is_run_slow(now):
            self._runner.kill_worker()
        self.schedule_all_checks(now)

    def start_due_run(self, state: WatchState, now: float) -> int | None:
        """Start a run if one is due, and return the descriptor that becomes readable when it ends."""
        if self._runner.is_running or state.cluster_phase is not ClusterPhase.RUNNING:
            return None
        step = state.current_step
        step_is_due = self._current_step_backoff.is_due(now)
        if self._all_checks_backoff.is_due(now) or (step is None and step_is_due):
            self._all_checks_backoff = self._all_checks_backoff.mark_poll_started()
            step_ids = None
        elif step and step_is_due:
            step_ids = {step.id}
        else:
            return None
        self._current_step_backoff = self._current_step_backoff.mark_poll_started()
        self._run_started = now
        return self._runner.start_check_run(step_ids)

    def schedule_after_run(self, before: WatchState, after: WatchState, result: CheckRunResult, now: float) -> None:
        """Schedule the next run after one has ended.

        Args:
            before: The state before the run.
            after: The state with its results.
            result: The result of the run.
            now: The current time.

        """
        # A check that cannot run may depend on an earlier step that was undone, or is being undone, without any event.
        has_error = _has_outcome(after, Outcome.ERROR)
        self._all_checks_backoff = self._all_checks_backoff.reschedule_after_poll(now, settled=not has_error)
        is_done = after.current_step is None and not result.error
        self._current_step_backoff = self._current_step_backoff.reschedule_after_poll(now, settled=is_done)
        step_changed = after.current_step != before.current_step
        if not result.all_checks and (_has_outcome(after, Outcome.SKIPPED) or step_changed):
            self.schedule_all_checks(now)

    def is_run_slow(self, now: float) -> bool:
        """Return whether the current run takes long enough to show it."""
        return self._runner.is_running and now - self._run_started >= _SLOW_AFTER_SECONDS

    def abort_hanging_run(self, now: float) -> CheckRunResult | None:
        """Abort the current run if it has exceeded its time limit, and return its result."""
        if not self._runner.is_running or now - self._run_started < _RUN_TIMEOUT_SECONDS:
            return None
        self._runner.kill_worker()
        return CheckRunResult(all_checks=False, error=_HANGING)

    def compute_next_wakeup(self, state: WatchState, now: float) -> float | None:
        """Return the time when there is something to do again without any event; None if never."""
        if self._runner.is_running:
            return self._run_started + (_RUN_TIMEOUT_SECONDS if self.is_run_slow(now) else _SLOW_AFTER_SECONDS)
        if state.cluster_phase is not ClusterPhase.RUNNING:
            return None
        due_times = (self._current_step_backoff.next_due, self._all_checks_backoff.next_due)
        return min((due for due in due_times if due is not None), default=None)


def _has_outcome(state: WatchState, outcome: Outcome) -> bool:
    """Return whether a check of the current step has an outcome."""
    step = state.current_step
    return step is not None and any(result.outcome is outcome for result in state.list_step_results(step))
