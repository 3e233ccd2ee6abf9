"""Bundles for other autograders: what is in them, and what cannot be bundled."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading import bundles
from runner.grading.bundles.base import BundleSettings
from tests import helpers

SETTINGS = BundleSettings("tiny", "docker", 60, "the autumn")
LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
CHECKS = "from checks import step\n@step('look')\ndef test_it(nodes):\n    '''It is so.'''\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a tree with a lab of one's own, and a folder with a hidden check for it."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    helpers.write_lab(tmp_path, LESSON, checks=CHECKS)
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "test_tiny.py").write_text(CHECKS, "utf-8")
    return tmp_path


def test_gradescope(tree: Path) -> None:
    """Gradescope gets both programs at the top of an archive, with labs, the lab and the hidden checks."""
    parts = tree / "stick.parts"
    parts.write_bytes(b"parts")
    hidden = tree / "hidden" / "test_tiny.py"
    bundles.write_bundle("gradescope", SETTINGS, tree / "a.zip", hidden=hidden, parts=parts)
    archive = zipfile.ZipFile(tree / "a.zip")
    modes = {one.filename: one.external_attr >> 16 & 0o777 for one in archive.infolist()}
    assert {"setup.sh": 0o755, "run_autograder": 0o755} == {
        name: modes[name] for name in ("setup.sh", "run_autograder")
    }
    assert {"tree/labs/tiny/lesson.md", "tree/checks/test_tiny.py", "hidden/test_tiny.py", "failed.json"} <= set(modes)
    assert 1 == sum(name.startswith("labs-") and name.endswith(".whl") for name in modes)
    assert b"parts" == archive.read("labs.parts")
    assert b"LAB=tiny\nDRIVER=docker\nTIME_LIMIT=60\nSEED='the autumn'\n" == archive.read("settings.sh")


def test_classroom50(tree: Path) -> None:
    """Classroom 50 gets a folder, in which a newer bundle takes the place of an older one and other files stay."""
    out = tree / "autograders"
    out.mkdir()
    for name in ("labs-0.0.1-py3-none-any.whl", "notes.md"):
        (out / name).touch()
    bundles.write_bundle("classroom50", SETTINGS, out, hidden=tree / "hidden" / "test_tiny.py")
    assert (out / "hidden" / "test_tiny.py").is_file()
    bundles.write_bundle("classroom50", SETTINGS, out)
    (wheel,) = out.glob("*.whl")
    assert {wheel.name, "autograder.py", "settings.json", "notes.md", "tree"} == {path.name for path in out.iterdir()}
    assert 0 < wheel.stat().st_size < 5e6
    told = {"lab": "tiny", "driver": "docker", "seconds": 60, "seed": "the autumn"}
    assert told == json.loads((out / "settings.json").read_text("utf-8"))


def test_own_labs_need_no_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that came with labs is in labs, and comes with no second copy."""
    monkeypatch.delenv("LABS_ROOT", raising=False)
    bundles.write_bundle("gradescope", BundleSettings("swarm-basics", "uml", 60), tmp_path / "a.zip")
    assert [] == [name for name in zipfile.ZipFile(tmp_path / "a.zip").namelist() if name.startswith("tree")]


def test_parts_elsewhere(tree: Path) -> None:
    """What may be 10 MB large, and has an engine, takes no parts along."""
    with pytest.raises(UsageError, match="cannot carry"):
        bundles.write_bundle("classroom50", SETTINGS, tree / "out", parts=tree / "stick.parts")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gradescope", "--lab", "tinny"], "There is no lab 'tinny'."),
        (["gradescope", "--lab", "tiny", "--checks", "checks/none"], "There is no checks/none/test_tiny.py."),
        (["gradescope", "--lab", "tiny", "--driver", "dokcer"], "There is no driver 'dokcer'."),
        (["gradescope", "--lab", "tiny", "--out", "none/a.zip"], "There is no folder none"),
        (["gradescope", "--lab", "tiny", "--parts", "none"], "'labs images export none' writes it."),
        (["gradescoop", "--lab", "tiny"], "'gradescoop' is not one of"),
        (["gradescope"], "Missing option '--lab'"),
    ],
)
def test_mistakes(words: list[str], said: str, tree: Path) -> None:
    """A mistake on the command line is told, ends with 2, and writes nothing."""
    done = helpers.run_labs(tree, "grade", "bundle", *words)
    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert [] == [*tree.glob("*.zip")]


def test_command(tree: Path) -> None:
    """`labs grade bundle` writes one, and says what to do with it; a folder of that name can be graded all the same."""
    done = helpers.run_labs(tree, "grade", "bundle", "gradescope", "--lab", "tiny")
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("Written to gradescope.zip.\nUpload it")
    assert (tree / "gradescope.zip").is_file()
    assert "There is no folder bundle." in helpers.run_labs(tree, "grade", "./bundle").stderr
    assert (
        "Usage: labs grade bundle [OPTIONS] {classroom50|gradescope}"
        in helpers.run_labs(tree, "grade", "bundle", "-h").stdout
    )
