"""Which of two drivers serves a lab, and how that is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from runner.clusters import selection
from runner.errors import HostError, UsageError
from runner.lessons.model import Lab
from runner.nodes.driver_interface import Cluster
from tests import helpers


@dataclass(frozen=True, slots=True)
class Told:
    """A driver that serves, or says why not."""

    name: str
    refusal: str = ""

    def check_support(self, needs: Iterable[str], what: str) -> str:
        """Say so."""
        if self.refusal:
            raise HostError(self.refusal, f"Mend {self.name}.")
        return f"{self.name} is here"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab."""
    return helpers.lab(tmp_path, f"{helpers.FRONT}## Look {{#look}}\n")


def _drivers(monkeypatch: pytest.MonkeyPatch, docker: str = "", uml: str = "") -> None:
    made = {"docker": Told("docker", docker), "uml": Told("uml", uml)}
    monkeypatch.delenv("LABS_DRIVER", raising=False)
    monkeypatch.setattr(selection, "all_drivers", lambda: list(made.values()))
    monkeypatch.setattr(selection, "named", made.__getitem__)


@pytest.mark.parametrize(
    ("docker", "chosen", "reason"),
    [
        ("", "docker", "docker is here"),
        ("No engine answers.", "uml", "uml is here; docker does not serve: No engine answers"),
    ],
)
def test_first_that_serves(docker: str, chosen: str, reason: str, monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    """The host's engine is taken where it serves, else the machines, and the reason tells what spoke against it."""
    _drivers(monkeypatch, docker)
    made = selection.choose(lab, None, None)
    assert (chosen, reason) == (made.driver.name, made.reason)


def test_none_serves(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    """Where none serves, the message tells for each what is missing and what mends it."""
    _drivers(monkeypatch, "No engine answers.", "No namespaces.")
    with pytest.raises(HostError, match="No driver can serve 'tiny' here") as caught:
        selection.choose(lab, None, None)
    assert [
        "  driver docker: No engine answers. Mend docker.",
        "  driver uml: No namespaces. Mend uml.",
    ] == caught.value.message.splitlines()[1:]


def test_asked_for(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> None:
    """One that is asked for is taken, whatever else would serve."""
    _drivers(monkeypatch)
    assert "uml" == selection.choose(lab, "uml", None).driver.name


def test_started(monkeypatch: pytest.MonkeyPatch, lab: Lab, tmp_path: Path) -> None:
    """A lab stays with the driver that made its nodes, and is refused another."""
    _drivers(monkeypatch, uml="No memory.")
    standing: Cluster = replace(helpers.cluster(tmp_path), driver="uml")
    for wanted in (None, "uml"):
        assert "uml" == selection.choose(lab, wanted, standing).driver.name
    with pytest.raises(HostError, match="'tiny' stands on the driver uml, and cannot move to docker"):
        selection.choose(lab, "docker", standing)


def test_unknown() -> None:
    """A driver that there is not is told with the nearest one."""
    with pytest.raises(UsageError, match="unl"):
        selection.named("unl")
