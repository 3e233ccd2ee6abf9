"""Bundles for other autograders: their contents, and what cannot be bundled."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading import bundles
from runner.grading.bundles.bundle_format import BundleSettings
from runner.images import bundle_file
from runner.images.bundle import BundleManifest, BundleTarget
from runner.status import NullReporter
from tests.support import helpers

SETTINGS = BundleSettings("tiny", "docker", 60, "the autumn")
LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
CHECKS = "from checks import step\n@step('look')\ndef test_it(nodes):\n    '''It works.'''\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a custom lab, and a hidden check for it."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "test_tiny.py").write_text(CHECKS, "utf-8")
    return tmp_path


def write_image_bundle(file: Path, driver: str) -> Path:
    """Write an image bundle without images, and return it."""
    with bundle_file.create_bundle(file, BundleManifest(BundleTarget(driver, "x86_64", "1")), NullReporter()):
        return file


def test_gradescope(tree: Path) -> None:
    """Gradescope gets an archive with both scripts at the top, labs, the lab and the hidden checks."""
    artifacts = write_image_bundle(tree / "stick.tar.gz", "docker")
    hidden_checks = tree / "hidden" / "test_tiny.py"
    bundles.write_bundle("gradescope", SETTINGS, tree / "a.zip", hidden_checks=hidden_checks, artifacts=artifacts)
    archive = zipfile.ZipFile(tree / "a.zip")
    modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert {"setup.sh": 0o755, "run_autograder": 0o755} == {
        name: modes[name] for name in ("setup.sh", "run_autograder")
    }
    assert {"tree/labs/tiny/lesson.md", "tree/checks/test_tiny.py", "hidden/test_tiny.py", "failed.json"} <= set(modes)
    assert 1 == sum(name.startswith("orchestration_labs-") and name.endswith(".whl") for name in modes)
    assert artifacts.read_bytes() == archive.read("labs-artifacts.tar.gz")
    assert b"LAB=tiny\nDRIVER=docker\nTIME_LIMIT=60\nSEED='the autumn'\n" == archive.read("settings.sh")


def test_classroom50(tree: Path) -> None:
    """Classroom 50 gets a folder, in which a new bundle replaces an older one and other files stay."""
    out = tree / "autograders"
    out.mkdir()
    for name in ("orchestration_labs-0.0.1-py3-none-any.whl", "notes.md"):
        (out / name).touch()
    bundles.write_bundle("classroom50", SETTINGS, out, hidden_checks=tree / "hidden" / "test_tiny.py")
    assert (out / "hidden" / "test_tiny.py").is_file()
    bundles.write_bundle("classroom50", SETTINGS, out)
    (wheel,) = out.glob("*.whl")
    assert {wheel.name, "autograder.py", "settings.json", "notes.md", "tree"} == {path.name for path in out.iterdir()}
    assert 0 < wheel.stat().st_size < 5e6
    settings = {"lab": "tiny", "driver": "docker", "seconds": 60, "seed": "the autumn"}
    assert settings == json.loads((out / "settings.json").read_text("utf-8"))


def test_built_in_labs_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that is part of labs is in the wheel, so the bundle has no second copy."""
    monkeypatch.delenv("LABS_ROOT", raising=False)
    bundles.write_bundle("gradescope", BundleSettings("swarm-basics", "uml", 60), tmp_path / "a.zip")
    assert [] == [name for name in zipfile.ZipFile(tmp_path / "a.zip").namelist() if name.startswith("tree")]


def test_artifacts_for_classroom50(tree: Path) -> None:
    """A bundle for Classroom 50, which may be 10 MB large, cannot contain images."""
    with pytest.raises(UsageError, match="cannot contain"):
        bundles.write_bundle("classroom50", SETTINGS, tree / "out", artifacts=tree / "stick.tar.gz")


def test_images_of_other_driver(tree: Path) -> None:
    """Images of another driver than the one that grades are refused; the error says how to export the right ones."""
    artifacts = write_image_bundle(tree / "stick.tar.gz", "uml")
    with pytest.raises(UsageError, match=r"is for the driver uml; this autograder uses docker\.") as caught:
        bundles.write_bundle("gradescope", SETTINGS, tree / "a.zip", artifacts=artifacts)
    assert caught.value.advice.endswith("--driver docker' creates it.")
