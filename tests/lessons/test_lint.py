"""Linting: each case of `lint/RULE.txt` is what differs from a sound lab, and all that is said of it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from runner import paths
from runner.errors import HostError
from runner.lessons import catalog
from runner.lessons.lint import linter
from runner.lessons.lint.all_rules import RULES
from runner.lessons.lint.image_rules import images_without_recipe
from runner.lessons.lint.unknown_files import lab_name
from tests import helpers

CASES_FOLDER = Path(__file__).parent / "lint"
STEP = """\
## Look {#look}
```sh node1
ls
```
::: hint
Look.
:::
"""
CHECKS = """\
from checks import step
@step("look")
def test_looked(nodes):
    "It was looked."
"""
SOUND = {
    "labs/tiny/lesson.md": f"{helpers.FRONT_MATTER}{STEP}",
    "labs/tiny/setup.sh": "",
    "checks/test_tiny.py": CHECKS,
}
TYPED = "```sh node1\nls\n```\n"
MISS = f"---\nstep: look\nplayed: before\nsays: It is so\n---\n## Wrong\n{TYPED}## Cure\n{TYPED}"
CASES = [
    pytest.param(files, problems, id=f"{file.stem}: {title}")
    for file in sorted(CASES_FOLDER.glob("*.txt"))
    for title, files, problems in helpers.read_golden_cases(file)
]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helpers.isolate_environment(monkeypatch, tmp_path)


def write_tree(root: Path, case: str) -> None:
    """Write a sound lab called `tiny` and over it the files of a case, each after a line of `>> PATH`.

    A lesson without front matter gets some, eight lines; what nobody sees is written as Python writes it.
    """
    parts = re.split(r"^>> (\S+)\n", case, flags=re.MULTILINE)
    for name, text in (SOUND | dict(zip(parts[1::2], parts[2::2], strict=True))).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = text if path.name != "lesson.md" or text.startswith("---") else helpers.FRONT_MATTER + text
        shown = re.sub(r"\\(u[0-9a-f]{4}|r)", lambda match: match[0].encode().decode("unicode_escape"), whole)
        path.write_bytes(shown.encode())


def told(root: Path, *names: str) -> str:
    """Return what is said of labs, a line a problem, with paths below the tree."""
    return "".join(f"{problem}\n" for problem in linter.lint_labs(names)).replace(f"{root}/", "")


@pytest.mark.parametrize(("case", "problems"), CASES)
def test_rule(case: str, problems: str, tmp_path: Path) -> None:
    """What a rule minds is told on its line, and what it does not mind is not."""
    write_tree(tmp_path, case)
    assert problems == told(tmp_path, "tiny")


def test_every_rule_has_cases() -> None:
    """Every rule has cases of its own, some with a problem and some without."""
    for rule in {*RULES} - {images_without_recipe, lab_name}:
        assert {True, False} == {
            bool(problems) for _, _, problems in helpers.read_golden_cases(CASES_FOLDER / f"{rule.__name__}.txt")
        }


@pytest.mark.parametrize("ours", [True, False])
def test_without_recipe(ours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab of ours needs no registry; one of somebody else's may."""
    monkeypatch.setattr(paths, "uses_built_in_labs", lambda: ours)
    front = helpers.FRONT_MATTER.replace("[]", "['mongo:7', 'nginx:alpine']")
    write_tree(tmp_path, f">> labs/tiny/lesson.md\n{front}{STEP}")
    problem = "labs/tiny/lesson.md:7: no recipe makes the image mongo:7\n"
    assert (problem if ours else "") == told(tmp_path, "tiny")


@pytest.mark.parametrize(
    ("name", "fits"),
    [("tiny-2", True), ("a", True), ("Tiny", False), ("tiny_2", False), ("-", False), ("a" * 31, False)],
)
def test_named(name: str, fits: bool, tmp_path: Path) -> None:
    """A lab whose name its checks or its clusters could not have is told so."""
    write_tree(tmp_path, f">> labs/{name}/lesson.md\n{STEP}")
    problem = f"labs/{name}/lesson.md:1: '{name}' cannot name a lab: small letters, digits and dashes, 30 at most"
    assert fits == (problem not in told(tmp_path, name).splitlines())


def test_all_at_once(tmp_path: Path) -> None:
    """A lesson whose front matter cannot be read is held against every rule that needs none of it."""
    lesson = "---\ntitle: [one\nsummary: two\n---\n## Look {#look}\n[here](nowhere.md)\n```sh node1 exit=x\nif\n```\n"
    write_tree(tmp_path, f">> labs/tiny/lesson.md\n{lesson}>> labs/tiny/wrong/odd.md\nno front matter\n")
    assert [
        "labs/tiny/lesson.md:3: front matter: expected ',' or ']', but got ':'",
        "labs/tiny/lesson.md:5: the step 'look' has no hint",
        "labs/tiny/lesson.md:6: the link 'nowhere.md' leads to no file",
        "labs/tiny/lesson.md:7: 'x' is no value for 'exit'",
        "labs/tiny/lesson.md:9: bash: syntax error: unexpected end of file",
        "labs/tiny/wrong/odd.md:1: front matter: it must be a mapping of keys to values",
        "labs/tiny/wrong/odd.md:1: the heading '## Wrong' with its commands is missing",
        "labs/tiny/wrong/odd.md:1: the heading '## Cure' with its commands is missing",
    ] == told(tmp_path, "tiny").splitlines()


def test_unreadable_files(tmp_path: Path) -> None:
    """Files that are no text are told of, and hide nothing of what is wrong beside them."""
    write_tree(tmp_path, f">> labs/tiny/wrong/good.md\n{MISS}>> labs/tiny/lesson.md\n{STEP}[here](nowhere.md)\n")
    (tmp_path / "labs/tiny/wrong/bad.md").write_bytes(b"\xff")
    (tmp_path / "labs/tiny/solution/look.md").mkdir(parents=True)
    assert [
        "labs/tiny/lesson.md:16: the link 'nowhere.md' leads to no file",
        "labs/tiny/solution/look.md:1: it cannot be read: [Errno 21] Is a directory: '{}'",
        "labs/tiny/solution/look.md:1: nothing reads it; solution/ holds files that end in .md",
        "labs/tiny/wrong/bad.md:1: it cannot be read: 'utf-8' codec can't decode byte 0xff in position 0: "
        "invalid start byte",
    ] == told(tmp_path, "tiny").replace(str(tmp_path / "labs"), "labs").replace(
        "'labs/tiny/solution/look.md'", "'{}'"
    ).splitlines()


def test_no_lesson(tmp_path: Path) -> None:
    """A lesson that is no text is the one thing that is told of its lab."""
    write_tree(tmp_path, "")
    (tmp_path / "labs/tiny/lesson.md").write_bytes(b"\xff")
    assert 1 == len(told(tmp_path, "tiny").splitlines())


def test_several_labs(tmp_path: Path) -> None:
    """Several labs are told of together, in the order of their files."""
    write_tree(tmp_path, f">> labs/later/lesson.md\n{STEP}>> labs/early/lesson.md\n{STEP}")
    found = [line.split(":")[0] for line in told(tmp_path, "tiny", "later", "early").splitlines()]
    assert [
        "checks/test_early.py",
        "checks/test_later.py",
        "labs/early/setup.sh",
        "labs/later/setup.sh",
    ] == found


def test_nothing_runs(tmp_path: Path) -> None:
    """No command is run, however it tries to get out of being read only."""
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
    """Where there is no bash, that is said."""
    write_tree(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match="There is no bash"):
        linter.lint_labs(["tiny"])


def test_own_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong with the labs that come with this program, and that is found out in well under two seconds."""
    monkeypatch.delenv("LABS_ROOT")
    assert paths.uses_built_in_labs()
    began = time.process_time()
    assert () == linter.lint_labs(catalog.list_lab_names())
    assert 2 > time.process_time() - began
