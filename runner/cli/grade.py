"""`labs grade`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from runner.cli import _console, _grade_class, _grade_results, _options, bundle
from runner.errors import ExitCode
from runner.grading import grade_comparison, plan, reports, similarity
from runner.grading.batch import BatchGrader
from runner.grading.plan import GradingRequest
from runner.grading.resource_limits import ResourceLimits


@click.command("grade", cls=bundle.GradeOrBundleCommand)
@click.argument("folders", type=click.Path(path_type=Path), nargs=-1, metavar="[PATH]...")
@click.option("--lab", type=_options.LAB, help="The lab of submissions whose front matter does not name it.")
@_grade_class.class_options
@_options.driver_option
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Grade N submissions in parallel; by default, as many as fit into memory.",
)
@click.option("--dask", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler, as tcp://HOST:8786.")
@_options.time_limit_option(int(ResourceLimits().submission_seconds))
@_options.hidden_checks_option
@click.option(
    "--report",
    "report_options",
    multiple=True,
    metavar="FORMAT=FILE",
    help=f"Write a report; may be repeated. Formats: {', '.join(sorted(reports.FILE_FORMATS))}. "
    f"Folders with one page per learner: {', '.join(reports.FOLDER_FORMATS)}.",
)
@click.option(
    "--seed",
    metavar="WORD",
    help="Give each learner different values, drawn from this word and the name of the learner's folder.",
)
@click.option(
    "--learner",
    metavar="ID",
    help="Use the values of this learner for a single submission, instead of those for its folder's name.",
)
@click.option("--force", is_flag=True, help="Grade all submissions again, including those with a stored grade.")
@click.option(
    "--audit",
    "audited_report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="REPORT",
    help="Grade all submissions again, and compare the grades with a report of the format 'json'.",
)
def command(
    folders: tuple[Path, ...],
    lab: str | None,
    driver: str | None,
    jobs: int | None,
    dask: str | None,
    time_limit: int,
    checks: Path | None,
    report_options: tuple[str, ...],
    seed: str | None,
    learner: str | None,
    force: bool,
    audited_report: Path | None,
    **class_options: Any,
) -> int:
    """Grade submissions: run them on fresh nodes, then run the lab's checks.

    A submission is a folder with a submission.md and other files. submission.md is Markdown, and its shell blocks name
    their nodes as in a lesson. PATH is a submission, or a folder of submissions; the default is the current folder.
    submission.md may be in a folder below. Zip and tar archives are read like folders.
    Each submission is graded on its own cluster of VMs, isolated from this host. Grades are stored: a submission is not
    graded again until it, the lab or the checks change.

    If a lab draws values, such as service names, --seed WORD expects each learner to use their own, which 'labs start
    --learner ID' shows them. ID is the name of the folder, whatever the submission itself says.

    Exit codes: 0 if every submission has all points, 1 if not, 4 if a check could not run, which is neither a pass nor
    a fail. With --audit: 0 if no grade has changed, 1 if one has.

    For several submissions, the output also lists those that resemble each other more than the lesson explains. This
    changes no grade, and reports for students do not mention it.

    --from takes what a course system hands out, and --roster the learners of the class, from any of its exports:
    learners are found by their number, login, e-mail address or name, and keep the identifiers of your grade book.
    With --due, the columns 'extension' and 'submitted' of the roster count. Grading never changes the file of --manual.

    'labs grade bundle' creates an autograder for Gradescope or Classroom 50; see 'labs grade bundle --help'.

    \b
    Examples:
      labs grade .
      labs grade submissions/ --lab swarm-basics --report csv=grades.csv
      labs grade submissions/ --report pages=grades/
      labs grade submissions/ --seed autumn
      labs grade --from moodle COURSE-Lab-123.zip --roster worksheet.csv --lab swarm-basics --report moodle=grades.csv
      labs grade --from canvas submissions.zip --roster gradebook.csv --due '2026-11-30 23:59' --late-penalty 10
      labs grade submissions/ada --driver docker --report junit=report.xml
      labs grade bundle gradescope --lab swarm-basics
      labs grade submissions/ --dask tcp://grader:8786
    """
    targets = reports.parse_report_options(report_options)
    previous_grades = grade_comparison.read_report_grades(audited_report) if audited_report else []
    limits = replace(ResourceLimits(), submission_seconds=float(time_limit))
    # An autograder grades what one learner has handed in, whatever that is.
    is_autograded = any(name in reports.SINGLE_SUBMISSION_FORMATS for name, _ in targets)
    is_single = is_autograded or learner is not None
    with _grade_class.open_class(_grade_class.ClassOptions(**class_options), folders, is_single) as submitted_class:
        sources = submitted_class.class_list.sources
        request = GradingRequest(sources, lab, driver, checks, limits, seed, learner, previous_grades, is_autograded)
        grading_plan = plan.plan_grading(request)
        for target in targets:
            reports.check_report_target(*target, sources)
        reporter = _console.create_status_reporter()
        with (
            plan.open_executor(grading_plan.jobs, jobs, dask, reporter) as executor,
            _grade_results.open_grading_display() as display,
        ):
            batch = BatchGrader(executor, display.show_status, force or audited_report is not None)
            graded = batch.grade_jobs(grading_plan.jobs, display.show_grade)
    texts = {(result.grade.submission, result.grade.lab): result.texts for result in graded}
    grades = submitted_class.complete_grades([*(result.grade for result in graded), *grading_plan.rejected], lab)
    pairs = similarity.find_similar_pairs(grades, [texts.get((grade.submission, grade.lab), ()) for grade in grades])
    _grade_results.print_grades(grades, pairs)
    reports.write_reports(targets, grades, pairs)
    if audited_report is None:
        return max((grade.exit_code for grade in grades), default=ExitCode.DONE)
    differences = grade_comparison.compare_grades(previous_grades, grades)
    _grade_results.print_grade_changes(differences)
    if not all(grade.is_complete for grade in grades):
        return ExitCode.HOST
    return ExitCode.INCOMPLETE if any(differences.values()) else ExitCode.DONE
