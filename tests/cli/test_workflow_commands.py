"""The commands of the GitHub workflows, run in a shell as GitHub's runner runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

import runner
from runner.lessons import catalog
from tests.support import ci_runners, helpers
from tests.support.ci_runners import WorkflowStep
from tests.support.trusted_publishing import serve_trusted_publishing

WORKFLOWS = sorted((helpers.CHECKOUT / ".github" / "workflows").glob("*.yml"))
STEPS = ci_runners.list_workflow_steps(WORKFLOWS)
VERSION = "99.0.0"
REPOSITORY = "octo/labs"
# Commands that change the computer, so they run only on the one that GitHub discards after the job.
CHANGES_THE_COMPUTER = ("sudo ",)
# Commands that build images of nodes for minutes, with the packages of the same computer. `make docker` runs both.
BUILDS_IMAGES = ("labs images build", "bash .ci/prerequisites")
TESTED_HERE = (
    ".ci/build-dist",
    ".ci/check-release",
    ".ci/release-notes",
    ".ci/sign-bundles",
    ".venv/bin/coverage report",
    "address=$(gh api",
    'echo "$RESULTS"',
    "gh release create",
    "names=",
    "mkdir bundles",
    "python -m pip install",
    "uv publish",
)


def find_step(script_start: str, workflow: str = "", job: str = "") -> WorkflowStep:
    """Return the only step whose script begins like this."""
    (step,) = [
        step
        for step in STEPS
        if step.script.startswith(script_start) and workflow in ("", step.workflow) and job in ("", step.job)
    ]
    return step


def run_step(step: WorkflowStep, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step in a folder; the programs of this Python environment are in its PATH."""
    values = {name: value for name, value in step.variables.items() if "${{" not in str(value)}
    search_path = (folder.parent / "programs", Path(sys.executable).parent, os.environ["PATH"])
    environment = {
        **values,
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_REF_NAME": f"v{VERSION}",
        "PATH": os.pathsep.join(map(str, search_path)),
        **variables,
    }
    return ci_runners.run_command([*ci_runners.GITHUB_SHELL, step.script], folder, {}, **environment)


def test_every_step_is_known() -> None:
    """Each step is a target of make, or one that a test runs, or one that only GitHub's computers can run."""
    known = ("make ", *CHANGES_THE_COMPUTER, *BUILDS_IMAGES, *TESTED_HERE)
    assert [] == [step for step in STEPS if not step.script.startswith(known)]
    assert [] == [start for start in known if not any(step.script.startswith(start) for step in STEPS)]


@pytest.mark.parametrize("target", sorted({step.script for step in STEPS if step.script.startswith("make ")}))
def test_make_target(target: str) -> None:
    """Each target that a workflow makes exists."""
    argv = [*target.split(), "--dry-run", "AFFECTED_BY=HEAD", "LAB=swarm-basics"]
    process = subprocess.run(argv, cwd=helpers.CHECKOUT, capture_output=True, text=True, check=False)
    assert 0 == process.returncode, process.stderr


@pytest.mark.parametrize(
    ("results", "status"),
    [("success success", 0), ("success skipped", 0), ("success failure", 1), ("cancelled success", 1)],
)
def test_green(results: str, status: int, tmp_path: Path) -> None:
    """The one status that is required for a merge is green only if no job failed or was cancelled."""
    assert status == run_step(find_step('echo "$RESULTS"'), tmp_path, RESULTS=results).returncode


def test_green_needs_all_jobs() -> None:
    """The one status that is required for a merge depends on all other jobs."""
    jobs = yaml.safe_load((helpers.CHECKOUT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))["jobs"]
    assert set(jobs) - {"green"} == set(jobs["green"]["needs"])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Create a checkout of the current files on a computer of GitHub."""
    (tmp_path / "checkout").mkdir()
    return ci_runners.create_checkout_repository(tmp_path / "checkout")


def test_matrix(checkout: Path, tmp_path: Path) -> None:
    """The matrix has each lab once, and the labs come from the installed package."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    (tmp_path / "programs").mkdir()
    for name in ("python", "labs"):
        # Not a symbolic link: Python finds its environment by the path that it was started with.
        helpers.write_script(tmp_path / "programs", name, f'exec "{environment}/bin/{name}" "$@"\n')
    install = run_step(
        find_step("python -m pip install", "prove"),
        checkout,
        **ci_runners.REUSE_INSTALLED_PACKAGES,
        PIP_REQUIRE_VIRTUALENV="1",
    )
    assert 0 == install.returncode, install.stderr
    dependencies = {"PYTHONPATH": ci_runners.REUSE_INSTALLED_PACKAGES["PYTHONPATH"]}
    output = tmp_path / "output"
    listed = run_step(find_step("names="), checkout, GITHUB_OUTPUT=str(output), **dependencies)
    assert 0 == listed.returncode, listed.stderr
    matrix = json.loads(output.read_text("utf-8").removeprefix("matrix="))
    assert sorted(catalog.list_lab_names()) == sorted(matrix.pop("lab"))
    assert {} == matrix


def test_coverage_report(checkout: Path, tmp_path: Path) -> None:
    """The coverage is a table on the page of the run, also if it is below the floor."""
    (checkout / ".venv").symlink_to(sys.prefix)
    data, summary = {"COVERAGE_FILE": str(tmp_path / "data")}, tmp_path / "summary.md"
    argv = [sys.executable, "-m", "coverage", "run", "-m", "runner", "--version"]
    assert 0 == ci_runners.run_command(argv, checkout, {}, PYTHONPATH=str(checkout), **data).returncode
    subprocess.run([*argv[:3], "combine", "--quiet"], cwd=checkout, env={**os.environ, **data}, check=False)
    result = run_step(find_step(".venv/bin/coverage report"), checkout, GITHUB_STEP_SUMMARY=str(summary), **data)
    assert 0 == result.returncode, result.stdout + result.stderr
    assert summary.read_text("utf-8").startswith("| Name ")
    assert "| runner/errors.py " in summary.read_text("utf-8")


def make_releasable(checkout: Path) -> None:
    """Do in a checkout what CONTRIBUTING.md says about a release."""
    for name in ("pyproject.toml", ".github/CODEOWNERS"):
        file = checkout / name
        file.write_text(file.read_text("utf-8").replace("OWNER/labs", REPOSITORY).replace("@OWNER", "@octo"), "utf-8")
    version_file = checkout / "runner" / "__init__.py"
    version_file.write_text(version_file.read_text("utf-8").replace(runner.__version__, VERSION), "utf-8")
    (checkout / "changelog.d" / "test.fixed.md").write_text("A fix for the test.\n", "utf-8")
    ci_runners.commit_all(checkout)
    argv = [str(Path(sys.executable).with_name("towncrier")), "build", "--yes", "--version", VERSION]
    subprocess.run(argv, cwd=checkout, check=True, capture_output=True)
    ci_runners.commit_all(checkout)


def test_unfinished_release(checkout: Path) -> None:
    """A commit that is not ready for a release is refused, with each problem and how to solve it."""
    (checkout / "changelog.d" / "test.fixed.md").write_text("A fix for the test.\n", "utf-8")
    result = run_step(find_step(".ci/check-release"), checkout)
    assert 1 == result.returncode
    assert f"runner/__init__.py has version {runner.__version__}. Change it to {VERSION}, " in result.stdout
    assert f"CHANGELOG.md has no section for version {VERSION}." in result.stderr
    assert "changelog.d/test.fixed.md is not part of a release." in result.stdout
    assert f"Change it to one in https://github.com/{REPOSITORY}." in result.stdout
    assert "Replace OWNER in .github/CODEOWNERS" in result.stdout


def check_readme_links(wheel: Path) -> None:
    """Check that on PyPI the links of the README have the complete addresses of the repository's files."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"orchestration_labs-{VERSION}.dist-info/METADATA").decode()
    links = re.findall(r"\]\(([^)]*)\)", metadata)
    assert f"https://github.com/{REPOSITORY}/blob/main/CONTRIBUTING.md" in links
    assert [] == [link for link in links if not link.startswith(("https://", "#"))]


def test_release(checkout: Path, tmp_path: Path) -> None:
    """A commit that is ready passes the check; its distributions, notes and tag are published."""
    make_releasable(checkout)
    for start in (".ci/check-release", ".ci/build-dist", ".ci/release-notes"):
        result = run_step(find_step(start), checkout)
        assert (0, "") == (result.returncode, result.stdout if start != ".ci/build-dist" else ""), result.stderr
    assert "- A fix for the test.\n" in (checkout / "notes.md").read_text("utf-8")
    names = sorted(path.name for path in (checkout / "dist").iterdir() if not path.name.startswith("."))
    assert [f"orchestration_labs-{VERSION}-py3-none-any.whl", f"orchestration_labs-{VERSION}.tar.gz"] == names
    check_readme_links(checkout / "dist" / names[0])
    with serve_trusted_publishing(tmp_path) as publishing:
        result = run_step(find_step("uv publish"), checkout, **publishing.variables)
    assert 0 == result.returncode, result.stderr
    assert [] == publishing.refused_paths
    assert len(names) == len(publishing.uploads)
    shutil.copytree(checkout / "dist", checkout / "assets", ignore=shutil.ignore_patterns(".*"))
    helpers.write_script(tmp_path / "programs", "gh", f"printf '%s\\n' \"$@\" >{tmp_path}/arguments\n")
    assert 0 == run_step(find_step("gh release create"), checkout).returncode
    arguments = (tmp_path / "arguments").read_text("utf-8").splitlines()
    assert ["release", "create", f"v{VERSION}", "--verify-tag", "--title", f"labs {VERSION}"] == arguments[:6]
    assert ["--notes-file", "notes.md", *(f"assets/{name}" for name in names)] == arguments[6:]


@pytest.mark.parametrize(("content", "status"), [("images", 0), ("damaged", 1)])
def test_export(content: str, status: int, tmp_path: Path) -> None:
    """The step exports one driver's images to a folder, and fails if a checksum does not fit its file.

    `labs images export` itself is a stand-in here; tests/integration/docker/test_image_bundles.py runs the real one.
    """
    export = (
        f'cd "$5" && printf images >a.tar.gz && sha256sum a.tar.gz >a.tar.gz.sha256 && printf {content} >a.tar.gz\n'
    )
    arguments = f"printf '%s ' \"$@\" >{tmp_path}/arguments\n"
    helpers.write_script(tmp_path / "programs", "labs", arguments + export)
    (tmp_path / "checkout").mkdir()
    assert status == run_step(find_step("mkdir bundles"), tmp_path / "checkout", DRIVER="uml").returncode
    assert "images export --driver uml bundles/ " == (tmp_path / "arguments").read_text("utf-8")


MINISIGN = pytest.mark.skipif(not shutil.which("minisign"), reason="needs minisign: apt-get install minisign")


@MINISIGN
def test_signatures(checkout: Path, tmp_path: Path) -> None:
    """Bundles are signed with the secret key, but only if it belongs to the public key in the package."""
    (tmp_path / "bundles").mkdir()
    (tmp_path / "bundles" / "a.tar.gz").write_bytes(b"a bundle")
    step = find_step(".ci/sign-bundles")
    (checkout / "bundles").symlink_to(tmp_path / "bundles")
    keys = []
    for name in ("first", "second"):
        argv = ["minisign", "-G", "-W", "-p", f"{tmp_path}/{name}.pub", "-s", f"{tmp_path}/{name}.key"]
        subprocess.run(argv, check=True, capture_output=True)
        keys.append((tmp_path / f"{name}.key").read_text("utf-8"))
    public_key = (tmp_path / "first.pub").read_text("utf-8").splitlines()[1]
    file = checkout / "runner" / "images" / "release.py"
    file.write_text(re.sub(r'^PUBLIC_KEY = ".*"$', f'PUBLIC_KEY = "{public_key}"', file.read_text("utf-8"), flags=re.M))
    assert 0 == run_step(step, checkout, LABS_BUNDLE_KEY=keys[0]).returncode
    assert (tmp_path / "bundles" / "a.tar.gz.minisig").is_file()
    assert 0 != run_step(step, checkout, LABS_BUNDLE_KEY=keys[1]).returncode


def test_no_key(checkout: Path) -> None:
    """Without a public key in the package, nothing is signed, and a notice says so."""
    (checkout / "bundles").mkdir()
    file = checkout / "runner" / "images" / "release.py"
    file.write_text(re.sub(r'^PUBLIC_KEY = ".*"$', 'PUBLIC_KEY = ""', file.read_text("utf-8"), flags=re.M))
    result = run_step(find_step(".ci/sign-bundles"), checkout)
    assert (0, "::notice::The images are not signed") == (result.returncode, result.stdout[:35])


def test_site(checkout: Path, tmp_path: Path) -> None:
    """The site is built for the address of the repository's pages."""
    helpers.write_script(tmp_path / "programs", "gh", "echo https://octo.example/labs/\n")
    helpers.write_script(tmp_path / "programs", "labs", f'exec "{sys.executable}" -m runner "$@"\n')
    result = run_step(find_step("address=$(gh api"), checkout, PYTHONPATH=str(checkout))
    assert 0 == result.returncode, result.stderr
    assert "https://octo.example/labs/" in (checkout / "_site" / "sitemap.xml").read_text("utf-8")
