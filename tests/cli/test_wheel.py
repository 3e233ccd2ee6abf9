"""The wheel, installed and used outside of the checkout."""

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
from tests.support import helpers

Run = Callable[..., str]


def run_in_folder(argv: list[str], folder: Path) -> str:
    """Run a command in a folder without access to the checkout, and return its output."""
    environment = helpers.build_environment(folder)
    for name in ("PYTHONPATH", "LABS_ROOT"):
        del environment[name]
    process = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert 0 == process.returncode, f"{argv}\n{process.stdout}\n{process.stderr}"
    return process.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, with the installed build back end if there is one, otherwise with a downloaded one."""
    folder = tmp_path_factory.mktemp("dist")
    isolation = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
    argv = [sys.executable, "-m", "build", "--wheel", *isolation, "--outdir", str(folder), str(helpers.CHECKOUT)]
    process = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert 0 == process.returncode, process.stdout + process.stderr
    (built,) = folder.glob("orchestration_labs-*.whl")
    return built


@pytest.fixture(scope="module")
def run_program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Install the wheel into a fresh virtual environment, and return a function that runs its programs."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    argv = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*argv, str(wheel)], check=True)
    # The dependencies come from this environment. A .pth file does not process the .pth file of an editable install.
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    return lambda program, *arguments: run_in_folder([str(python.with_name(program)), *arguments], folder)


def test_content(wheel: Path) -> None:
    """The wheel contains code, labs, checks, schemas and recipes, and no tests."""
    names = zipfile.ZipFile(wheel).namelist()
    top_folders = {name.split("/")[0] for name in names}
    assert {"runner", "checks"} == {name for name in top_folders if not name.endswith(".dist-info")}
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
    names = set(zipfile.ZipFile(wheel).namelist())
    targets = {"runner": "runner", "checks": "checks"}
    targets |= {folder: f"runner/content/{folder}" for folder in ("labs", "site", "docs")}
    expected = {
        f"{target}/{path.relative_to(helpers.CHECKOUT / folder)}"
        for folder, target in targets.items()
        for path in (helpers.CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert set() == expected - names


def test_bundled_wheel(wheel: Path, tmp_path: Path) -> None:
    """The wheel in a bundle has the same files, although it is created without a build back end."""
    created = zipfile.ZipFile(bundled.write_labs_wheel(tmp_path))
    built = zipfile.ZipFile(wheel)
    names = {name for name in built.namelist() if ".dist-info/licenses/" not in name}
    assert names == set(created.namelist())
    assert [] == [name for name in names if ".dist-info/" not in name and built.read(name) != created.read(name)]


def test_bundled_by_installed_labs(run_program: Run, tmp_path: Path) -> None:
    """An installed labs, without a checkout, creates a bundle with the same wheel."""
    run_program("labs", "grade", "bundle", "classroom50", "--lab", "swarm-basics", "--out", str(tmp_path / "out"))
    (bundled_wheel,) = (tmp_path / "out").glob("*.whl")
    from_checkout = zipfile.ZipFile(bundled.write_labs_wheel(tmp_path))
    assert set(from_checkout.namelist()) == set(zipfile.ZipFile(bundled_wheel).namelist())


def test_installed_copy(run_program: Run) -> None:
    """The installed packages run, not those of the checkout."""
    paths = run_program("python", "-c", "import runner, checks; print(runner.__file__, checks.__file__)").split()
    assert [] == [path for path in paths if str(helpers.CHECKOUT / "runner") in path or "/venv/lib/" not in path]


def test_list(run_program: Run) -> None:
    """`labs list` shows the labs in the wheel."""
    assert "swarm-basics" in run_program("labs", "list")


def test_check_help(run_program: Run) -> None:
    """`labs check --help` has examples."""
    assert "labs check swarm-basics --step" in run_program("labs", "check", "--help")


def test_show(run_program: Run) -> None:
    """`labs show` shows a lesson."""
    assert "on node1" in run_program("labs", "show", "swarm-basics")


def test_checks(run_program: Run) -> None:
    """Every lab in the wheel has its file of checks."""
    code = "from runner import paths; from runner.lessons import catalog\n"
    code += "print(*map(paths.checks_file, catalog.list_lab_names()))"
    files = [Path(name) for name in run_program("python", "-c", code).split()]
    assert files
    assert [] == [file for file in files if not file.is_file()]


def test_new(run_program: Run, tmp_path: Path) -> None:
    """A new lab can be created, listed and checked by lint in another folder."""
    labs = ("labs", "--labs", str(tmp_path))
    run_program(*labs, "new", "two-words")
    assert "two-words" in run_program(*labs, "list")
    assert "'two-words': no problems found.\n" == run_program(*labs, "lint", "--all")


def test_site(run_program: Run, tmp_path: Path) -> None:
    """The lesson site, with the documentation, can be built from the installed files."""
    run_program("labs", "site", "build", "--out", str(tmp_path))
    pages = ("index.html", "docs/index.html", "docs/reference/cli.html", "docs/files/runner/lessons/lesson.schema.json")
    assert [] == [page for page in pages if not (tmp_path / page).is_file()]


def test_lint_explain(run_program: Run) -> None:
    """`labs lint --explain` prints the page of a rule."""
    assert "L016 shell-syntax-error" in run_program("labs", "lint", "--explain", "L016")


def test_plugin(run_program: Run) -> None:
    """Pytest finds the plugin, and so knows the checks' marker, without an option."""
    assert "@pytest.mark.step(id)" in run_program("python", "-m", "pytest", "--markers")
