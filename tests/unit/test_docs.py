"""The documentation's examples, links and lists are correct."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click.testing
import pytest
import yaml

import checks
from runner.checking import verify_report
from runner.checking.results import CheckReport, CheckResult, Outcome
from runner.checking.verify_report import LabVerification
from runner.cli import list_
from runner.errors import ExitCode
from runner.grading import reports
from runner.grading.resource_limits import ResourceLimits
from runner.lessons import parse
from runner.lessons.lint import linter
from tests.support import docs_examples, helpers, source_files

PAGES = sorted([*helpers.CHECKOUT.glob("*.md"), *helpers.CHECKOUT.glob("docs/**/*.md")])

# Not environment variables, although their names look like them.
PYTHON_CONSTANTS = {"LABS_TREE"}


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the worked example to a temporary tree, and return the tree."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    docs_examples.write_worked_example(tmp_path)
    return tmp_path


def test_example_lint(example: Path) -> None:
    """Lint finds nothing in the worked example."""
    assert () == linter.lint_labs(["notice-board"])
    assert [example / "labs" / "notice-board"] == [*(example / "labs").iterdir()]


def test_example_features(example: Path) -> None:
    """The worked example uses every feature of the lesson format."""
    lab = parse.parse_lab(example / "labs" / "notice-board")
    commands = [command for step in lab.lesson.steps for command in step.commands]
    misses = {parse.parse_near_miss(path, lab).is_played_after for path in lab.near_miss_paths}
    assert {True, False} == misses
    assert [True] * 5 == [
        any(command.capture_name for command in commands),
        any(command.exit_status for command in commands),
        any(command.retry_seconds for command in commands),
        any(command.expected_output for command in commands),
        any(hint.check_name and hint.says for step in lab.lesson.steps for hint in step.hints),
    ]
    assert lab.solution_path("challenge").is_file()


def test_example_style(example: Path) -> None:
    """The checks of the worked example pass our own style checks."""
    file = example / "checks" / "test_notice_board.py"
    settings = helpers.CHECKOUT / "pyproject.toml"
    for arguments in (("check",), ("format", "--check")):
        assert 0 == subprocess.run([sys.executable, "-m", "ruff", *arguments, "--config", settings, file]).returncode


def test_gradescope_export(tmp_path: Path) -> None:
    """The program for a Gradescope export renames the folders to the learners' ids in its autograder."""
    (program,) = docs_examples.list_code_blocks(docs_examples.GRADESCOPE_PAGE, "python")
    emails = {"submission_1": ["ada@example.com"], "submission_2": ["eve@example.com", "bob+x@example.com"]}
    for folder in emails:
        (tmp_path / folder).mkdir()
    metadata = {
        folder: {":submitters": [{":email": email} for email in submitters]} for folder, submitters in emails.items()
    }
    (tmp_path / "submission_metadata.yml").write_text(yaml.safe_dump(metadata), "utf-8")
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True)
    names = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert {"ada@example.com", "bob+x@example.com+eve@example.com"} == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(helpers.CHECKOUT)))
def test_links(page: Path) -> None:
    """Every link to a file or a heading has an existing target."""
    text = re.sub(r"^(`{3,}).*?^\1$", "", page.read_text("utf-8"), flags=re.M | re.S)
    text = re.sub(r"`[^`\n]*`", "", text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if not path.startswith(("http:", "https:")):
            file = page.parent / path if path else page
            assert file.exists(), target
            assert not anchor or anchor in list_anchors(file), target


def list_anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub generates for a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def list_variables(text: str) -> set[str]:
    """Return the names of environment variables of labs in a text."""
    return set(re.findall(r"(?<![A-Za-z_])LABS_[A-Z_]*[A-Z]", text))


def test_environment_variables() -> None:
    """The reference lists exactly the environment variables that code, workflows, jobs and tests use."""
    folders = ("runner", "checks", "labs", "tests", ".github", ".gitlab", ".ci", "Makefile")
    files = [helpers.CHECKOUT / name for name in source_files.list_source_files(*folders)]
    used = {name for file in files for name in list_variables(file.read_text("utf-8", "replace"))}
    rows = re.findall(r"^\| (`.*?`) \|", docs_examples.VARIABLES_PAGE.read_text("utf-8"), re.MULTILINE)
    listed_variables = list_variables("\n".join(rows))
    page = docs_examples.VARIABLES_PAGE.relative_to(helpers.CHECKOUT)
    assert set() == used - PYTHON_CONSTANTS - listed_variables, f"list them in {page}"
    assert set() == listed_variables - used, f"remove them from {page}"


def test_front_matter_keys() -> None:
    """The reference lists the keys of the front matter, and says which ones are required, as the schemas do."""
    text = docs_examples.FRONT_MATTER_PAGE.read_text("utf-8")
    for title, name in {"lesson": "lesson", "near miss": "wrong", "translation": "translation"}.items():
        section = re.split(r"^## ", text.partition(f"## Keys of a {title}\n")[2], flags=re.MULTILINE)[0]
        schema = json.loads((helpers.CHECKOUT / "runner" / "lessons" / f"{name}.schema.json").read_text("utf-8"))
        expected = {key: "yes" if key in schema["required"] else "no" for key in schema["properties"]}
        assert expected == dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", section, re.MULTILINE)), title


def test_vocabulary() -> None:
    """The reference lists all names that checks can import from `checks`."""
    section = docs_examples.CHECKS_PAGE.read_text("utf-8").partition("## Vocabulary\n")[2].partition("\n## ")[0]
    table = section.partition("A node has these attributes")[0]
    assert set(checks.__all__) == set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    attributes = re.findall(r"`(\w+)(?:\([^)]*\))?`(?=[^|]*\|)", section.partition("A node has these attributes")[2])
    assert {"name", "role", "address", "api", "testinfra_host", "run_command", "find_image"} <= set(attributes)


def test_report_formats() -> None:
    """The reference lists all report formats in order, and all keys of a grade in a JSON report."""
    text = docs_examples.REPORTS_PAGE.read_text("utf-8")
    assert [*reports.FORMATS] == re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
    schema = json.loads((helpers.CHECKOUT / "runner" / "grading" / "grades.schema.json").read_text("utf-8"))
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", text.partition("## JSON")[2], re.MULTILINE)
    assert set(schema["$defs"]["grade"]["properties"]) == set(re.findall(r"`(\w+)`", "".join(rows)))


def test_exit_codes() -> None:
    """The reference lists all exit codes."""
    listed = re.findall(r"^\| (\d+) \|", docs_examples.EXIT_CODES_PAGE.read_text("utf-8"), re.MULTILINE)
    assert [*ExitCode] == [int(code) for code in listed]


def test_limits() -> None:
    """The reference shows the limits for submissions that the code has."""
    text = docs_examples.SUBMISSION_PAGE.read_text("utf-8").partition("## Limits")[2]
    limits = ResourceLimits()
    for expected in (
        f"| one shell block | {limits.block_seconds:.0f} s |",
        f"| all blocks of a submission | {limits.submission_seconds:.0f} s",
        f"| one check; all checks | {limits.check_seconds:.0f} s; {limits.all_checks_seconds:.0f} s |",
        f"| output of a block that is kept | {limits.output_bytes // 1000} kB",
        f"| `submission.md` | {limits.text_bytes >> 20} MB |",
        f"| other files | {limits.max_files}, of {limits.file_bytes >> 20} MB each and {limits.folder_bytes >> 20} MB",
    ):
        assert expected in text


def test_json_output() -> None:
    """The reference lists all keys of the JSON output of `labs check`, `labs list` and `labs verify`."""
    sections = re.split(r"^## ", docs_examples.JSON_PAGE.read_text("utf-8"), flags=re.MULTILINE)
    listed = {
        section.partition("\n")[0]: set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.+?) \|", section, re.M))))
        for section in sections
    }
    outcome = CheckReport("lab", (CheckResult("test_it", "look", "It is.", Outcome.PASSED),)).to_json_dict()
    assert {*outcome, *outcome["results"][0]} == listed["labs check --json"]
    runner = click.testing.CliRunner()
    labs = json.loads(runner.invoke(list_.command, ["--json"], standalone_mode=False).output)
    assert {*labs, *labs["labs"][0]} == listed["labs list --json"]
    verified = verify_report.build_verify_report([LabVerification("lab", "docker", 1.0, ())])
    assert {*verified["labs"][0]} == listed["labs verify --report FILE"]
