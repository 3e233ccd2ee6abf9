"""The fixed labs, which are verified whatever has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.checking import fixed_labs, lab_selection
from runner.checking.fixed_labs import FixedLab
from runner.checking.lab_selection import LabSelection
from runner.clusters import selection
from runner.errors import BrokenLabError, ExitCode, HostError
from runner.lessons import catalog
from runner.lessons.model import Lab
from tests.support import git_repository, helpers
from tests.support.git_repository import GitRepository

_FILE = """
[docker]
lab = "first"
reason = "uses containers"
[uml]
lab = "second"
reason = "uses VMs"
"""


@dataclass(frozen=True, slots=True)
class HostDriver:
    """A driver that supports labs without needs, or none."""

    name: str
    works: bool = True

    def check_support(self, needs: Iterable[str], subject: str) -> str:
        """Return a reason, or raise an error."""
        if not self.works:
            raise HostError(f"{self.name} does not work.", f"Fix {self.name}.")
        return f"{self.name} works"


@pytest.fixture
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Lab]:
    """Return four labs, two of them fixed."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    for name in ("first", "second", "third", "fourth"):
        helpers.write_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n", name=name)
    (tmp_path / "labs" / "fixed_labs.toml").write_text(_FILE, "utf-8")
    return [catalog.load_lab(name) for name in catalog.list_lab_names()]


@pytest.fixture
def repository(labs: list[Lab], tmp_path: Path) -> GitRepository:
    """Return a repository with the labs."""
    return git_repository.create_repository(tmp_path)


def _replace_drivers(monkeypatch: pytest.MonkeyPatch, *, docker: bool = True, uml: bool = True) -> None:
    drivers = {"docker": HostDriver("docker", docker), "uml": HostDriver("uml", uml)}
    monkeypatch.setattr(selection, "load_allowed_drivers", lambda: list(drivers.values()))
    monkeypatch.setattr(selection, "load_driver", drivers.__getitem__)


def _list_jobs(chosen: LabSelection) -> list[tuple[str, str]]:
    return [(job.lab.name, job.driver) for job in lab_selection.assign_drivers(chosen, None)[0]]


def test_change_to_one_lesson(labs: list[Lab], repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change to one lesson, that lab and the fixed lab of each driver are verified, each with its reason."""
    _replace_drivers(monkeypatch)
    repository.write_file("labs/third/setup.sh")
    chosen = lab_selection.select_affected_labs(labs, "HEAD", None)
    assert [("first", "docker"), ("second", "uml"), ("third", "docker")] == _list_jobs(chosen)
    assert {
        "first": "always verified on docker: uses containers",
        "second": "always verified on uml: uses VMs",
        "third": "labs/third/setup.sh changed",
    } == chosen.reasons


def test_change_to_a_fixed_lab(labs: list[Lab], repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixed lab that has changed is verified once, on its driver, and the reason is the change."""
    _replace_drivers(monkeypatch)
    repository.write_file("labs/second/setup.sh")
    chosen = lab_selection.select_affected_labs(labs, "HEAD", None)
    assert [("first", "docker"), ("second", "uml")] == _list_jobs(chosen)
    assert "labs/second/setup.sh changed" == chosen.reasons["second"]


def test_change_to_documents(labs: list[Lab], repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change to documents only, the fixed labs are still verified."""
    _replace_drivers(monkeypatch)
    repository.write_file("docs/page.md")
    assert ["first", "second"] == [lab.name for lab in lab_selection.select_affected_labs(labs, "HEAD", None).labs]


def test_driver_that_does_not_work(labs: list[Lab], repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixed lab of a driver that does not work on this host is left out, and the reason is reported."""
    _replace_drivers(monkeypatch, uml=False)
    repository.write_file("labs/third/setup.sh")
    chosen = lab_selection.select_affected_labs(labs, "HEAD", None)
    assert [("first", "docker"), ("third", "docker")] == _list_jobs(chosen)
    assert ["The driver uml cannot run 'second' here: uml does not work."] == list(chosen.refusals)


def test_requested_driver(labs: list[Lab], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a requested driver, only its fixed lab is added."""
    _replace_drivers(monkeypatch)
    assert {"second": "uml"} == lab_selection.add_fixed_labs(labs, "uml").fixed_drivers


def test_unsupported_lab(labs: list[Lab], repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """An affected lab that no driver supports here is reported as not proven, with exit code 4."""
    _replace_drivers(monkeypatch, docker=False, uml=False)
    repository.write_file("labs/third/setup.sh")
    jobs, unsupported = lab_selection.assign_drivers(lab_selection.select_affected_labs(labs, "HEAD", None), None)
    assert ([], [("third", ExitCode.HOST)]) == (jobs, [(result.lab, result.exit_code) for result in unsupported])
    assert "No driver can run 'third' on this host" in unsupported[0].error


def test_labs_without_the_file(labs: list[Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labs without the file, such as those of a course, have no fixed labs."""
    _replace_drivers(monkeypatch)
    (tmp_path / "labs" / "fixed_labs.toml").unlink()
    chosen = lab_selection.add_fixed_labs(labs, None)
    assert (labs, {}, {}, []) == (chosen.labs, chosen.reasons, chosen.fixed_drivers, chosen.refusals)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[docker", "is not valid"),
        ('[docker]\nlab = "first"\n', "missing required field `reason`"),
        ('[podman]\nlab = "first"\nreason = "x"\n', "names the driver 'podman', which does not exist"),
        ('[docker]\nlab = "gone"\nreason = "x"\n', "names the lab 'gone', which does not exist"),
    ],
)
def test_invalid_file(text: str, problem: str, labs: list[Lab], tmp_path: Path) -> None:
    """A file that is not valid, or names something that does not exist, is an error that names the file."""
    file = tmp_path / "labs" / "fixed_labs.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(BrokenLabError) as caught:
        fixed_labs.load_fixed_labs(catalog.list_lab_names(), selection.DRIVER_NAMES)
    assert str(file) in caught.value.message
    assert problem in caught.value.message


def test_fixed_labs_of_this_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each driver has a fixed lab, and that of the driver docker works on every host engine."""
    monkeypatch.delenv("LABS_ROOT", raising=False)
    fixed = fixed_labs.load_fixed_labs(catalog.list_lab_names(), selection.DRIVER_NAMES)
    assert {*selection.DRIVER_NAMES} == {*fixed}
    assert frozenset() == catalog.load_lab(fixed["docker"].lab).lesson.needs
    assert isinstance(fixed["uml"], FixedLab)
