"""Linting: each case of `lint/NAME.txt` has the files that differ from a correct lab, and the expected problems."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner import paths
from runner.errors import HostError
from runner.lessons.lint import linter
from runner.lessons.lint.all_rules import RULES
from tests.support import helpers, lint_examples
from tests.support.lint_examples import STEP, lint

CASES_FOLDER = Path(__file__).parent / "lint"
COMMAND = "```sh node1\nls\n```\n"
NEAR_MISS = f"---\nstep: look\nplayed: before\nsays: It works\n---\n## Wrong\n{COMMAND}## Cure\n{COMMAND}"
CASES = [
    pytest.param(files, problems, id=f"{file.stem}: {title}")
    for file in sorted(CASES_FOLDER.glob("*.txt"))
    for title, files, problems in helpers.read_golden_cases(file)
]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def write_tree(root: Path, case: str) -> None:
    """Write a correct lab named `tiny`, then the files of a case, each after a line of `>> PATH`."""
    parts = re.split(r"^>> (\S+)\n", case, flags=re.MULTILINE)
    lint_examples.write_files(root, dict(zip(parts[1::2], parts[2::2], strict=True)))


@pytest.mark.parametrize(("case", "problems"), CASES)
def test_rule(case: str, problems: str, tmp_path: Path) -> None:
    """A rule reports exactly the expected problems, each on its line."""
    write_tree(tmp_path, case)
    assert problems == lint(tmp_path, "tiny")


def test_every_rule_has_cases() -> None:
    """Every rule has its own cases, some with a problem and some without."""
    tested_below = {"image-without-recipe", "invalid-lab-name"}
    assert {rule.name for rule in RULES} - tested_below == {file.stem for file in CASES_FOLDER.glob("*.txt")}
    for rule in RULES:
        if rule.name not in tested_below:
            cases = helpers.read_golden_cases(CASES_FOLDER / f"{rule.name}.txt")
            assert {True, False} == {f" {rule.code} {rule.name}: " in problems for _, _, problems in cases}, rule.name


def test_codes() -> None:
    """Codes are consecutive, so no code was removed or given to two rules, and names are unique."""
    assert [f"L{number:03}" for number in range(1, len(RULES) + 1)] == [rule.code for rule in RULES]
    assert len(RULES) == len({rule.name for rule in RULES})


@pytest.mark.parametrize("is_built_in", [True, False])
def test_images_without_recipe(is_built_in: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A built-in lab must have recipes for its images; other labs may need a registry."""
    monkeypatch.setattr(paths, "uses_built_in_labs", lambda: is_built_in)
    front = helpers.FRONT_MATTER.replace("[]", "['mongo:7', 'nginx:alpine']")
    write_tree(tmp_path, f">> labs/tiny/lesson.md\n{front}{STEP}")
    problem = "labs/tiny/lesson.md:7: L021 image-without-recipe: there is no recipe for the image mongo:7\n"
    assert (problem if is_built_in else "") == lint(tmp_path, "tiny")


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [("tiny-2", True), ("a", True), ("Tiny", False), ("tiny_2", False), ("-", False), ("a" * 31, False)],
)
def test_lab_name(name: str, is_valid: bool, tmp_path: Path) -> None:
    """A name that is invalid for checks or clusters is a problem."""
    write_tree(tmp_path, f">> labs/{name}/lesson.md\n{STEP}")
    problem = f"labs/{name}/lesson.md:1: L023 invalid-lab-name: '{name}' is not a valid name for a lab; "
    problem += "use lowercase letters, digits and single dashes, at most 30 characters"
    assert is_valid == (problem not in lint(tmp_path, name).splitlines())


def test_invalid_front_matter(tmp_path: Path) -> None:
    """Rules that do not need the front matter also run if it is invalid."""
    lesson = "---\ntitle: [one\nsummary: two\n---\n## Look {#look}\n[here](nowhere.md)\n```sh node1 exit=x\nif\n```\n"
    write_tree(tmp_path, f">> labs/tiny/lesson.md\n{lesson}>> labs/tiny/wrong/odd.md\nno front matter\n")
    assert [
        "labs/tiny/lesson.md:3: L001 invalid-file: front matter: expected ',' or ']', but got ':'",
        "labs/tiny/lesson.md:5: L005 step-without-hint: the step 'look' has no hint",
        "labs/tiny/lesson.md:6: L019 broken-link: the link 'nowhere.md' points to a file that does not exist",
        "labs/tiny/lesson.md:7: L001 invalid-file: 'x' is not a valid value for 'exit'",
        "labs/tiny/lesson.md:9: L016 shell-syntax-error: bash: syntax error: unexpected end of file",
        "labs/tiny/wrong/odd.md:1: L001 invalid-file: front matter: it must be a mapping of keys to values",
        "labs/tiny/wrong/odd.md:1: L001 invalid-file: the heading '## Wrong' with its commands is missing",
        "labs/tiny/wrong/odd.md:1: L001 invalid-file: the heading '## Cure' with its commands is missing",
    ] == lint(tmp_path, "tiny").splitlines()


def test_unreadable_files(tmp_path: Path) -> None:
    """Files that are not text are problems, and do not hide other problems."""
    write_tree(tmp_path, f">> labs/tiny/wrong/good.md\n{NEAR_MISS}>> labs/tiny/lesson.md\n{STEP}[here](nowhere.md)\n")
    (tmp_path / "labs/tiny/wrong/bad.md").write_bytes(b"\xff")
    (tmp_path / "labs/tiny/solution/look.md").mkdir(parents=True)
    assert [
        "labs/tiny/lesson.md:16: L019 broken-link: the link 'nowhere.md' points to a file that does not exist",
        "labs/tiny/solution/look.md:1: L001 invalid-file: cannot read the file: [Errno 21] Is a directory: '{}'",
        "labs/tiny/solution/look.md:1: L024 unknown-file: labs does not use this; solution/ may contain only .md files",
        "labs/tiny/wrong/bad.md:1: L001 invalid-file: cannot read the file: "
        "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    ] == lint(tmp_path, "tiny").replace(str(tmp_path / "labs"), "labs").replace(
        "'labs/tiny/solution/look.md'", "'{}'"
    ).splitlines()


def test_no_lesson(tmp_path: Path) -> None:
    """A lesson that is not text is the only problem of its lab."""
    write_tree(tmp_path, "")
    (tmp_path / "labs/tiny/lesson.md").write_bytes(b"\xff")
    assert 1 == len(lint(tmp_path, "tiny").splitlines())


def test_several_labs(tmp_path: Path) -> None:
    """The problems of several labs are sorted by file."""
    write_tree(tmp_path, f">> labs/later/lesson.md\n{STEP}>> labs/early/lesson.md\n{STEP}")
    files = [line.split(":")[0] for line in lint(tmp_path, "tiny", "later", "early").splitlines()]
    assert [
        "checks/test_early.py",
        "checks/test_later.py",
        "labs/early/setup.sh",
        "labs/later/setup.sh",
    ] == files


def test_nothing_runs(tmp_path: Path) -> None:
    """No command runs, whatever it contains."""
    trap = f"touch {tmp_path}/ran"
    for script in (
        trap,
        f"set +n; {trap}",
        f"}}; {trap}; {{",
        f"); {trap}; (",
        f'"; {trap}; "',
        f"'\n{trap}\n'; {trap}",
    ):
        write_tree(tmp_path, f">> labs/tiny/lesson.md\n{STEP}```sh node1\n{script}\n```\n")
        linter.lint_labs(["tiny"])
    assert not (tmp_path / "ran").exists()


def test_no_bash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bash, the error says that bash is not installed."""
    write_tree(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="bash is not installed"):
        linter.lint_labs(["tiny"])
