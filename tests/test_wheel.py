"""The wheel, installed where there is no checkout."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.grading.bundles import wheel as bundled
from tests import helpers

Run = Callable[..., str]


def output_of(argv: list[str], folder: Path) -> str:
    """Run a command in a folder, in an environment that knows nothing of the checkout, and return what it printed."""
    environment = helpers.build_environment(folder)
    for name in ("PYTHONPATH", "LABS_ROOT"):
        del environment[name]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, with the build back end that is installed, or else with one that is fetched."""
    folder = tmp_path_factory.mktemp("dist")
    here = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
    argv = [sys.executable, "-m", "build", "--wheel", *here, "--outdir", str(folder), str(helpers.CHECKOUT)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    (built,) = folder.glob("labs-*.whl")
    return built


@pytest.fixture(scope="module")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Install the wheel into a fresh virtual environment, and return what runs its programs from another folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    argv = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*argv, str(wheel)], check=True)
    # What the wheel depends on is lent by this environment; a path in a .pth file is no way to the checkout.
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    return lambda program, *words: output_of([str(python.with_name(program)), *words], folder)


def test_content(wheel: Path) -> None:
    """The wheel carries code, labs, checks, schemas and recipes, and no tests."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {"runner", "checks"} == {top for top in tops if not top.endswith(".dist-info")}
    assert {
        "runner/content/labs/swarm-basics/lesson.md",
        "runner/content/labs/swarm-basics/setup.sh",
        "checks/test_swarm_basics.py",
        "runner/lessons/lesson.schema.json",
        "runner/images/recipes/node/Dockerfile",
        "runner/images/recipes/node/labs-node",
    } <= set(names)


def test_nothing_is_missing(wheel: Path) -> None:
    """Every file of the packages and labs in the checkout is in the wheel."""
    found = set(zipfile.ZipFile(wheel).namelist())
    places = {"runner": "runner", "checks": "checks", "labs": "runner/content/labs", "site": "runner/content/site"}
    wanted = {
        f"{place}/{path.relative_to(helpers.CHECKOUT / folder)}"
        for folder, place in places.items()
        for path in (helpers.CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert set() == wanted - found


def test_bundled(wheel: Path, tmp_path: Path) -> None:
    """What a bundle carries is the same wheel, made from a checkout without what builds one."""
    made = zipfile.ZipFile(bundled.write_wheel(tmp_path))
    built = zipfile.ZipFile(wheel)
    names = {name for name in built.namelist() if ".dist-info/licenses/" not in name}
    assert names == set(made.namelist())
    assert [] == [name for name in names if ".dist-info/" not in name and built.read(name) != made.read(name)]


def test_bundled_again(run: Run, tmp_path: Path) -> None:
    """Where labs was installed, and lies in no checkout, a bundle carries the same."""
    run("labs", "grade", "bundle", "classroom50", "--lab", "swarm-basics", "--out", str(tmp_path / "out"))
    (again,) = (tmp_path / "out").glob("*.whl")
    here = zipfile.ZipFile(bundled.write_wheel(tmp_path))
    assert set(here.namelist()) == set(zipfile.ZipFile(again).namelist())


def test_not_the_checkout(run: Run) -> None:
    """What runs is the installed copy."""
    where = run("python", "-c", "import runner, checks; print(runner.__file__, checks.__file__)").split()
    assert [] == [path for path in where if str(helpers.CHECKOUT / "runner") in path or "/venv/lib/" not in path]


def test_list(run: Run) -> None:
    """`labs list` shows the labs that came with it."""
    assert "swarm-basics" in run("labs", "list")


def test_check_help(run: Run) -> None:
    """`labs check --help` teaches by example."""
    assert "labs check swarm-basics --step" in run("labs", "check", "--help")


def test_show(run: Run) -> None:
    """A lesson can be read."""
    assert "on node1" in run("labs", "show", "swarm-basics")


def test_checks(run: Run) -> None:
    """Every lab that came with it has its checks, where they are looked for."""
    look = "from runner import paths; from runner.lessons import catalog\n"
    look += "print(*[paths.checks_folder() / f\"test_{name.replace('-', '_')}.py\" for name in catalog.list_lab_names()])"
    files = [Path(name) for name in run("python", "-c", look).split()]
    assert files
    assert [] == [file for file in files if not file.is_file()]


def test_new(run: Run, tmp_path: Path) -> None:
    """A lab of one's own can be made, listed and linted, in a folder of one's own."""
    mine = ("labs", "--labs", str(tmp_path))
    run(*mine, "new", "two-words")
    assert "two-words" in run(*mine, "list")
    assert "'two-words': no problems found.\n" == run(*mine, "lint", "--all")


def test_site(run: Run) -> None:
    """The lesson site can be built from what came with it."""
    assert "The site of " in run("labs", "site", "build")


def test_plugin(run: Run) -> None:
    """Plain pytest knows the checks' marker without being told of the plugin."""
    assert "@pytest.mark.step(id)" in run("python", "-m", "pytest", "--markers")
