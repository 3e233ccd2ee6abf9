"""`labs grade`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import click

from runner.checking.parallel_verify import VerifyJob, choose_job_count
from runner.cli import _console, _grade_results, _options, bundle
from runner.clusters import selection
from runner.errors import ExitCode, HostError, LabsError, UsageError, unknown_name_error
from runner.grading import collect, regrade, similarity, submission
from runner.grading import reports as formats
from runner.grading.batch import Batch
from runner.grading.executor import Executor, LocalExecutor
from runner.grading.grade_model import Grade
from runner.grading.job import Job, find_hidden_checks
from runner.grading.resource_limits import ResourceLimits
from runner.grading.similarity import SimilarPair
from runner.lessons import catalog
from runner.lessons.learner_values import NO_LEARNER, Learner
from runner.storage import locks

_NOWHERE = Path("/dev/null")


@click.command("grade", cls=bundle.GradeOrBundleCommand)
@click.argument("folders", type=click.Path(path_type=Path), nargs=-1, metavar="[PATH]...")
@click.option("--lab", type=_options.LAB, help="The lab they are for, where their front matter does not say so.")
@_options.driver_option
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="How many submissions at a time; as many as fit if not told."
)
@click.option("--dask", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler, as tcp://HOST:8786.")
@_options.time_limit_option(int(ResourceLimits().submission_seconds))
@_options.hidden_checks_option
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    help=f"Write a report; may be repeated. Formats: {', '.join(sorted(formats.FILE_FORMATS))}; "
    f"and as folders, with a page for each learner: {', '.join(formats.FOLDER_FORMATS)}.",
)
@click.option(
    "--seed", metavar="WORD", help="Each has values of their own, drawn by their folder's name and this word."
)
@click.option(
    "--learner",
    metavar="ID",
    help="The learner whose values a single submission must have, instead of its folder's name.",
)
@click.option("--anew", is_flag=True, help="Grade those again that were graded already.")
@click.option(
    "--audit",
    "audited",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="REPORT",
    help="Grade all again, and compare with a report in the format json.",
)
def command(
    folders: tuple[Path, ...],
    lab: str | None,
    driver: str | None,
    jobs: int | None,
    dask: str | None,
    time_limit: int,
    checks: Path | None,
    reports: tuple[str, ...],
    seed: str | None,
    learner: str | None,
    anew: bool,
    audited: Path | None,
) -> int:
    """Play submissions on fresh nodes and say what they are worth.

    A submission is a folder with a submission.md, Markdown whose shell blocks name their node as in a lesson, and files
    of its own. PATH is such a folder, or one that holds many; the current one if left out. Each is graded on a cluster
    of its own, made of machines that wall it off from this host. What was graded is not graded again until it changes.

    Where a lab draws values, such as service names, --seed WORD asks each learner for their own, as 'labs start
    --learner ID' has shown them: ID is the folder's name, whatever the submission says of itself.

    Exits with 0 if all have all points, 1 if not, 4 if some check could not run: that is neither a pass nor a fail.
    With --audit, 0 means that every grade is as it was, and 1 that one is not.

    Of a class it is also told which submissions resemble each other more than the lesson explains. That is a note for
    you: it changes no grade, and stands in no report that students see.

    'labs grade bundle' makes what Gradescope or Classroom 50 need to do the same; its own --help tells more.

    \b
    Examples:
      labs grade .
      labs grade submissions/ --lab swarm-basics --report csv=grades.csv
      labs grade submissions/ --report pages=grades/
      labs grade submissions/ --seed autumn
      labs grade submissions/ada --driver docker --report junit=report.xml
      labs grade bundle gradescope --lab swarm-basics
      labs grade submissions/ --dask tcp://grader:8786
    """
    wanted = _wanted(reports)
    before = regrade.read_graded_report(audited) if audited else None
    limits = replace(ResourceLimits(), submission_seconds=float(time_limit))
    found = submission.find_submissions(folders or (Path(),))
    whose = _learners(seed, learner, before or (), len(found))
    planned, unfit = _plan(found, lab, driver, checks, limits)
    planned = [replace(job, learner=whose(job.name)) for job in planned]
    for writer, file in wanted:
        formats.check_report_target(writer, file, found)
    with _place(planned, jobs, dask) as place, _grade_results.open_display() as screen:
        cohort = Batch(place, screen.show_status, anew or before is not None)
        graded = [*cohort.grade(planned, screen.show_grade), *unfit]
    pairs = similarity.find_similar_pairs(graded)
    _grade_results.print_grades(graded, pairs)
    _write(wanted, graded, pairs)
    if before is None:
        return max((grade.exit_code for grade in graded), default=ExitCode.DONE)
    told = regrade.compare_grades(before, graded)
    _grade_results.print_audit(told)
    if not all(grade.is_complete for grade in graded):
        return ExitCode.HOST
    return ExitCode.INCOMPLETE if any(told.values()) else ExitCode.DONE


def _learners(
    seed: str | None, learner: str | None, before: Sequence[Grade], submissions: int
) -> Callable[[str], Learner]:
    """Return what tells by a submission's name whose values it must have: as told, or else as in the report before."""
    if learner is not None and submissions > 1:
        raise UsageError(
            f"'--learner' names whose one submission is, and there are {submissions}.",
            "Leave it out: with '--seed WORD' each learner is known by the name of the folder.",
        )
    if seed is None and learner is None:
        known = {one.submission: Learner(one.learner, one.seed) for one in before}
        return lambda name: known.get(name, NO_LEARNER)
    return lambda name: Learner(name if learner is None else learner, seed or "")


def _wanted(reports: Sequence[str]) -> list[tuple[str, Path]]:
    found = [_report(word) for word in reports]
    places = [file.resolve() for _, file in found]
    for name, file in found:
        if places.count(file.resolve()) > 1 and file != _NOWHERE:
            raise UsageError(f"Two reports would be written to {file}.", f"Name another place for '{name}'.")
    return found


def _report(word: str) -> tuple[str, Path]:
    name, equals, file = word.partition("=")
    if not equals or not file:
        raise UsageError(f"'{word}' is no report.", "Say the format and the file: '--report json=grades.json'.")
    if name not in formats.FORMATS:
        raise unknown_name_error("format of a report", name, formats.FORMATS, "labs grade --help")
    return name, Path(file)


def _write(wanted: Sequence[tuple[str, Path]], graded: Sequence[Grade], pairs: Sequence[SimilarPair]) -> None:
    """Write all reports that can be written, before it is told of one that cannot."""
    refused: list[LabsError] = []
    for name, file in wanted:
        try:
            formats.write_report(name, file, graded, pairs)
        except LabsError as error:
            refused.append(error)
        except OSError as error:
            refused.append(HostError(f"{file}: {error.strerror}.", "The others are written; name another file."))
    if refused:
        raise refused[0]


def _plan(
    folders: Sequence[Path], lab: str | None, driver: str | None, checks: Path | None, limits: ResourceLimits
) -> tuple[list[Job], list[Grade]]:
    """Return the jobs, and a grade in trouble for each of several submissions that does not say which lab it is for.

    Raises:
        UsageError: None of them does, or something else is wrong.

    """
    jobs, unfit = [], []
    for folder in folders:
        named = lab or submission.read_lab_name(folder, limits)
        # What one learner has written must not keep a whole class waiting.
        if len(folders) > 1 and folder.is_dir() and not lab and named not in catalog.list_lab_names():
            trouble = f"{collect.SUBMISSION_FILE} names no lab that there is; its front matter says it, as 'lab: LAB'"
            unfit.append(Grade(folder.resolve().name, "", "", trouble=trouble, folder=str(folder)))
        else:
            jobs.append(_job(folder, named, driver, checks, limits))
    if not jobs:
        raise UsageError("None of these submissions says which lab it is for.", "Say it with '--lab LAB'.")
    return jobs, unfit


def _job(folder: Path, lab: str | None, driver: str | None, checks: Path | None, limits: ResourceLimits) -> Job:
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", "Name the folder that holds the submission.md.")
    if lab is None:
        raise UsageError(
            f"{folder / 'submission.md'} does not say which lab it is for.",
            "Say it with '--lab LAB', or in its front matter as 'lab: LAB'. 'labs list' shows the labs.",
        )
    only = selection.get_forced_driver_name()
    # Submissions are code from strangers, so by default they run on nodes that are isolated from this host.
    isolated = selection.get_isolated_driver_name()
    if driver is None and only not in (None, isolated):
        raise UsageError(
            f"LABS_DRIVER keeps to {only}, which is no wall around what strangers have written.",
            f"Unset it, or say '--driver {only}' if you trust them.",
        )
    chosen = selection.choose_driver(catalog.load_lab(lab), driver or isolated, None).driver.name
    return Job(folder, lab, chosen, limits, find_hidden_checks(checks, lab))


def _place(planned: Sequence[Job], jobs: int | None, dask: str | None) -> AbstractContextManager[Executor]:
    labs = [VerifyJob(catalog.load_lab(job.lab), job.driver) for job in planned]
    if dask:
        # It takes a second to import, and few have it.
        from runner.grading import dask_executor

        return dask_executor.open_dask_executor(dask, labs, jobs)
    _prepare(planned)
    return nullcontext(LocalExecutor(jobs or choose_job_count(labs, selection.measure_free_memory)))


def _prepare(planned: Sequence[Job]) -> None:
    """Look whether the driver serves, and make the images once for all."""
    reporter = _console.create_status_reporter()
    for name in dict.fromkeys(job.driver for job in planned):
        labs = [catalog.load_lab(lab) for lab in dict.fromkeys(job.lab for job in planned if job.driver == name)]
        driver = selection.load_driver(name)
        for lab in labs:
            driver.check_support(lab.lesson.needs, f"'{lab.name}'")
        with locks.lock_images(reporter):
            driver.ensure_images(sorted({image for lab in labs for image in lab.lesson.images}), reporter)
