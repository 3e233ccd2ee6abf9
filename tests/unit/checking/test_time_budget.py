"""The order of labs and the end of their time when a budget limits it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.checking import duration_records, parallel_verify, time_budget
from runner.checking.duration_records import DurationRecords
from runner.checking.git_changes import Repository
from runner.checking.parallel_verify import LabOnDriver, ParallelLimits, ParallelVerifier
from runner.checking.time_budget import TimeBudget
from runner.checking.verify import Assertion
from runner.checking.verify_report import LabVerification, Verdict
from runner.errors import ExitCode
from tests.support import git_repository, helpers

_MINUTE = 60.0


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, LabOnDriver]:
    """Return five labs on the driver docker, by name."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    lesson = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
    return {name: LabOnDriver(helpers.make_lab(tmp_path, lesson, name=name), "docker") for name in "abcde"}


def _make_budget(minutes: float, *fixed: str, **seconds: float) -> TimeBudget:
    records = DurationRecords({f"{name} on docker": value for name, value in seconds.items()})
    return TimeBudget(time.monotonic() + minutes * _MINUTE, records, fixed, processors=2)


@pytest.mark.parametrize(
    ("position", "names"), [(0, "edabc"), (1, "edbca"), (2, "edcab"), (3, "edabc"), (2**160 - 1, "edabc")]
)
def test_order(position: int, names: str, jobs: dict[str, LabOnDriver]) -> None:
    """The fixed labs come first, in their own order; each commit starts with the next one of the others."""
    shuffled = [jobs[name] for name in "ebdca"]
    ordered = time_budget.sort_for_budget(shuffled, {"e", "d"}, position)
    assert names == "".join(job.lab.name for job in ordered)


def test_order_without_other_labs(jobs: dict[str, LabOnDriver]) -> None:
    """Fixed labs alone have an order too."""
    assert [jobs["a"]] == time_budget.sort_for_budget([jobs["a"]], {"a"}, 7)


def test_successive_commits(jobs: dict[str, LabOnDriver], tmp_path: Path) -> None:
    """Successive commits of a repository start with different labs, until each lab was the first one."""
    repository = git_repository.create_repository(tmp_path)
    first = []
    for _ in jobs:
        position = Repository(repository.folder).find_position_in_history()
        first.append(time_budget.sort_for_budget([*jobs.values()], (), position)[0].lab.name)
        repository.commit_all()
    assert ["a", "b", "c", "d", "e"] == sorted(first)


def test_lab_that_fits(jobs: dict[str, LabOnDriver]) -> None:
    """A lab is started if it was finished within the rest of the time before."""
    budget = _make_budget(1, a=50, b=70)
    assert "" == budget.explain_refusal(jobs["a"])
    assert "not started, because it takes about 70 s and 60 s were left" == budget.explain_refusal(jobs["b"])


def test_labs_share_processors(jobs: dict[str, LabOnDriver]) -> None:
    """A lab is not started if the labs that run already and itself need more than all processors have left."""
    budget = _make_budget(1, a=50, b=50, c=50, d=15)
    assert ["", ""] == [budget.explain_refusal(jobs[name]) for name in "ab"]
    assert "not started, because it takes about 75 s and 60 s were left" == budget.explain_refusal(jobs["c"])
    assert "" == budget.explain_refusal(jobs["d"])
    assert "" != budget.explain_refusal(jobs["e"])


def test_finished_labs_leave_their_processor(jobs: dict[str, LabOnDriver]) -> None:
    """A lab that has ended, however it did, takes no time from the others."""
    budget = _make_budget(1, a=50, b=55, c=55)
    for name, code in (("a", ExitCode.BROKEN_LAB), ("b", ExitCode.DONE)):
        assert "" == budget.explain_refusal(jobs[name])
        budget.record_result(LabVerification(name, "docker", 50, (), "", code))
    assert "" == budget.explain_refusal(jobs["c"])


def test_time_is_over(jobs: dict[str, LabOnDriver]) -> None:
    """After the end of the time only fixed labs are started."""
    budget = _make_budget(0, "b", a=1, b=100)
    assert "not started, because the time was over" == budget.explain_refusal(jobs["a"])
    assert "" == budget.explain_refusal(jobs["b"])


def test_slow_host(jobs: dict[str, LabOnDriver]) -> None:
    """If the first labs take longer than expected, the others are expected to take longer too."""
    budget = _make_budget(1, a=10, b=40)
    assert ["", ""] == [budget.explain_refusal(jobs[name]) for name in "ab"]
    budget.record_result(LabVerification("a", "docker", 20, ()))
    assert budget.explain_refusal(jobs["b"]).startswith("not started, because it takes about 80 s")


def test_failed_lab_says_nothing_about_speed(jobs: dict[str, LabOnDriver]) -> None:
    """The duration of a lab that failed early is not taken into account."""
    budget = _make_budget(1, a=100, b=70)
    budget.record_result(LabVerification("a", "docker", 1, (), "no", ExitCode.BROKEN_LAB))
    assert "" != budget.explain_refusal(jobs["b"])


def test_refused_labs_are_not_proven(jobs: dict[str, LabOnDriver]) -> None:
    """Labs that are not started are reported as not proven, each with the reason and without an exit code."""
    budget = _make_budget(0)
    reported: list[str] = []
    verifications = ParallelVerifier(ParallelLimits(2), lambda *_: None, budget.explain_refusal).verify_labs(
        [*jobs.values()], lambda verification, _output: reported.append(verification.lab)
    )
    assert [(name, Verdict.NOT_PROVEN, None) for name in "abcde"] == [
        (result.lab, result.verdict, result.exit_code) for result in verifications
    ]
    assert {"not started, because the time was over"} == {result.error for result in verifications}
    assert ["a", "b", "c", "d", "e"] == sorted(reported)


def test_longest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a budget, VMs come first, and then the labs with the longest lessons."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    labs = {
        minutes: helpers.make_lab(
            tmp_path,
            f"{helpers.FRONT_MATTER.replace('minutes: 5', f'minutes: {minutes}')}## Look {{#look}}\n",
            name=f"lab{minutes}",
        )
        for minutes in (5, 50)
    }
    jobs = [LabOnDriver(labs[minutes], driver) for minutes in (5, 50) for driver in ("docker", "uml")]
    assert [(50, "uml"), (5, "uml"), (50, "docker"), (5, "docker")] == [
        (job.lab.lesson.minutes, job.driver) for job in parallel_verify.sort_longest_first(jobs)
    ]


def test_recorded_duration(jobs: dict[str, LabOnDriver]) -> None:
    """The duration of a lab that passed counts for its driver; without one, the length of the lesson does."""
    duration_records.record_duration(LabVerification("a", "docker", 12.34, ()))
    duration_records.record_duration(LabVerification("b", "docker", 56, ()))
    records = duration_records.load_duration_records()
    assert [12.3, 56.0] == [records.estimate_seconds(jobs[name]) for name in "ab"]
    on_vms = LabOnDriver(jobs["a"].lab, "uml")
    assert [15.0, 30.0] == [records.estimate_seconds(job) for job in (jobs["c"], on_vms)]


@pytest.mark.parametrize(
    "verification",
    [
        LabVerification("a", "docker", 1, (Assertion("look", "x", "no"),), "", ExitCode.BROKEN_LAB),
        LabVerification("a", "docker", 0, (), "not started", None),
        LabVerification("a", "docker", 1, (), "no engine", ExitCode.HOST),
    ],
)
def test_other_durations_are_not_recorded(verification: LabVerification, jobs: dict[str, LabOnDriver]) -> None:
    """A lab that did not pass keeps its earlier duration."""
    duration_records.record_duration(LabVerification("a", "docker", 99, ()))
    duration_records.record_duration(verification)
    assert 99 == duration_records.load_duration_records().estimate_seconds(jobs["a"])


@pytest.mark.parametrize("text", ["{", "[]", '{"a on docker": "long"}'])
def test_damaged_records(text: str, jobs: dict[str, LabOnDriver], tmp_path: Path) -> None:
    """Damaged records count as none, and the next duration replaces them."""
    duration_records.record_duration(LabVerification("a", "docker", 99, ()))
    file = next(tmp_path.rglob("verify-durations.json"))
    file.write_text(text, "utf-8")
    assert DurationRecords({}) == duration_records.load_duration_records()
    duration_records.record_duration(LabVerification("a", "docker", 7, ()))
    assert DurationRecords({"a on docker": 7.0}) == duration_records.load_duration_records()
