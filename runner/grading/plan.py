"""Plan a grading: which submissions are graded for which lab, on which driver, with which values, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from runner.checking.parallel_verify import LabOnDriver, choose_max_parallel
from runner.clusters import selection
from runner.errors import UsageError
from runner.grading.executor import Executor
from runner.grading.grade_model import Grade
from runner.grading.job import Job, find_hidden_checks_file
from runner.grading.lab_choice import LabChoice, choose_lab
from runner.grading.local_executor import LocalExecutor
from runner.grading.resource_limits import ResourceLimits
from runner.grading.sources import SubmissionSource, normalize_identifier
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.status import StatusReporter
from runner.storage import locks


@dataclass(frozen=True, slots=True)
class GradingRequest:
    """The submissions and options of one `labs grade`.

    Attributes:
        submissions: The submissions.
        lab: The lab that they are for; None if their front matter names it.
        driver: The driver; None for one that isolates nodes from the host.
        checks_folder: A folder with hidden checks, if there is one.
        limits: The resources that each submission may use.
        seed: The word with which learners' values are drawn; None if it was not given.
        learner: The learner of the only submission; None if the folder's name is the learner.
        previous_grades: The grades of a report to compare with: by default, learners have the same values again.
        is_autograded: Whether the learner reads why the only submission cannot be graded, so that it is no mistake on
            the command line.

    """

    submissions: Sequence[SubmissionSource]
    lab: str | None = None
    driver: str | None = None
    checks_folder: Path | None = None
    limits: ResourceLimits = field(default_factory=ResourceLimits)
    seed: str | None = None
    learner: str | None = None
    previous_grades: Sequence[Grade] = ()
    is_autograded: bool = False


@dataclass(frozen=True, slots=True)
class GradingPlan:
    """The jobs for a request, and the submissions without a job.

    Attributes:
        jobs: The jobs, in the order of the submissions.
        rejected: The grades of submissions that cannot be graded: they name no lab, or several files could be the
            submission, or an archive cannot be read.

    """

    jobs: tuple[Job, ...]
    rejected: tuple[Grade, ...]


def plan_grading(request: GradingRequest) -> GradingPlan:
    """Return the jobs for a request; nothing is started or changed.

    Of the submissions only `submission.md` is read here. Each one is collected when its turn comes (see `snapshot`).

    Raises:
        UsageError: There is nothing to grade, or an option is wrong.
        HostError: No driver can run a lab.
        BrokenLabError: A lab's lesson has problems.

    """
    if request.learner is not None and len(request.submissions) > 1:
        raise UsageError(
            f"'--learner' is for one submission, and there are {len(request.submissions)}.",
            "Omit it: with '--seed WORD', the name of each folder is the learner.",
        )
    if request.lab:
        # A typing error is reported before any submission is read.
        catalog.load_lab(request.lab)
    choices = [(source, choose_lab(source.folder, request.limits, request.lab)) for source in request.submissions]
    _check_unique_names(choices)
    jobs = [_plan_job(request, source, choice.lab) for source, choice in choices if not choice.problem]
    problems = [(source, choice) for source, choice in choices if choice.problem]
    if problems and not jobs and not request.is_autograded:
        raise _create_rejection_error(problems)
    # One of these must not prevent the rest of a class from being graded.
    rejected = [
        Grade(
            source.name, request.lab or "", "", trouble=f"{choice.problem} {choice.advice}", folder=str(source.folder)
        )
        for source, choice in problems
    ]
    return GradingPlan(tuple(jobs), tuple(rejected))


def _create_rejection_error(problems: Sequence[tuple[SubmissionSource, LabChoice]]) -> UsageError:
    (first_source, first), *others = problems
    more = f" {len(others)} more cannot be graded either." if others else ""
    return UsageError(f"Cannot grade {first_source.folder}. {first.problem}{more}", first.advice)


def _check_unique_names(choices: Sequence[tuple[SubmissionSource, LabChoice]]) -> None:
    """Reject two submissions for one lab under one name: a grade book would keep one of their grades silently."""
    folders: dict[tuple[str, str], list[Path]] = {}
    for source, choice in choices:
        folders.setdefault((source.name, choice.lab), []).append(source.folder)
    for (name, _), paths in folders.items():
        if len(paths) > 1:
            raise UsageError(
                f"{len(paths)} submissions have the name '{name}': {' and '.join(map(str, paths))}. Reports cannot "
                "distinguish them.",
                "Rename the folders as your grade book names the learners, or grade them with two commands.",
            )


def _plan_job(request: GradingRequest, source: SubmissionSource, lab: str) -> Job:
    driver = _choose_driver_name(lab, request.driver)
    hidden_checks = find_hidden_checks_file(request.checks_folder, lab)
    learner = _find_learner(request, source.name)
    return Job(source.folder, lab, driver, request.limits, hidden_checks, learner, source.name)


def _choose_driver_name(lab: str, requested: str | None) -> str:
    forced = selection.get_forced_driver_name()
    # Submissions are untrusted code, so by default they run on nodes that are isolated from this host.
    isolated = selection.get_isolated_driver_name()
    if requested is None and forced not in (None, isolated):
        raise UsageError(
            f"LABS_DRIVER is {forced}, which does not isolate this host from untrusted code.",
            f"Unset it, or use '--driver {forced}' if you trust the submissions.",
        )
    return selection.choose_driver(catalog.load_lab(lab), requested or isolated, None).driver.name


def _find_learner(request: GradingRequest, submission: str) -> Learner:
    """Return the learner whose values a submission must use, by the submission's name."""
    if request.seed is None and request.learner is None:
        previous = {
            normalize_identifier(grade.submission): Learner(grade.learner, grade.seed)
            for grade in request.previous_grades
        }
        return previous.get(submission, NO_LEARNER)
    return Learner(submission if request.learner is None else request.learner, request.seed or "")


def open_executor(
    jobs: Sequence[Job], max_capacity: int | None, dask_address: str | None, reporter: StatusReporter
) -> AbstractContextManager[Executor]:
    """Return a context manager for the executor of a plan's jobs: a Dask cluster, or this host with its images ready.

    Args:
        jobs: The jobs.
        max_capacity: How many submissions to grade at the same time; as many as fit if None.
        dask_address: The address of a Dask scheduler; None to grade on this host.
        reporter: Where to report the building of images.

    Raises:
        UsageError: The address is malformed.
        HostError: The driver, an image or the Dask cluster is not available.

    """
    labs = {name: catalog.load_lab(name) for name in dict.fromkeys(job.lab for job in jobs)}
    lab_runs = [LabOnDriver(labs[job.lab], job.driver) for job in jobs]
    if dask_address:
        # Imported here because it takes a second, and distributed is an optional dependency.
        from runner.grading import dask_executor

        memory_mb = max((lab_run.reserved_memory_mb for lab_run in lab_runs), default=0)
        return dask_executor.open_dask_executor(dask_address, memory_mb, len(jobs), max_capacity)
    _prepare_images(lab_runs, reporter)
    return nullcontext(LocalExecutor(max_capacity or choose_max_parallel(lab_runs, selection.measure_free_memory)))


def _prepare_images(lab_runs: Iterable[LabOnDriver], reporter: StatusReporter) -> None:
    """Check that each driver supports its labs, and build or pull their images once, before any job starts."""
    labs_by_driver: dict[str, dict[str, LabOnDriver]] = {}
    for lab_run in lab_runs:
        labs_by_driver.setdefault(lab_run.driver, {})[lab_run.lab.name] = lab_run
    for driver_name, runs in labs_by_driver.items():
        driver = selection.load_driver(driver_name)
        labs = [run.lab for run in runs.values()]
        for lab in labs:
            driver.check_support(lab.lesson.needs, f"'{lab.name}'")
        with locks.lock_images(reporter):
            driver.ensure_images(sorted({image for lab in labs for image in lab.lesson.images}), reporter)
