"""The project is written in plain English: the words of its old dialect do not come back (see docs/glossary.md)."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests import helpers

# Each pattern with what to write. An underscore ends a word, so identifiers count too.
DIALECT = {
    r"anew": "write 'again', or say what happens: 'rebuild', 'create a fresh cluster'",
    r"told": "write 'shown', 'reported' or 'passed'",
    r"stands?(?!-in|_in|ard|\w)(?! for| in\b)": "write 'is ready', 'is' or 'exists'",
    r"whoever|whomever": "name the user or the process",
    r"nobody|somebody|anybody": "name the user, the process or the client",
    r"shall|lest": "write 'must', 'so that ... not'",
    r"mend(s|ed|ing)?": "write 'fix'",
    r"whole": "write 'complete', 'entire' or 'all'",
    r"one's own": "write 'custom' or 'your own'",
    r"an? \w+ (an?|each) \w+ing": "write 'one X per Y'",
    r"one (folder|file|line|module|process|page|class|job|row) an? \w+": "write 'one X per Y'",
    r"a (folder|file|line|module|process|page|class|job|row|column|thread) a \w+": "write 'one X per Y'",
    r"there is what|what is so": "say it directly",
    r"in the way": "write 'prevents' or 'blocks'",
    r"(?<!there )is no (folder|file|directory|lab|step|number)": "write 'is not a ...'",
    r"whence|thence|hence|till": "write 'from where', 'so', 'until'",
    r"jails?|jailed": "write 'sandbox'",
    r"(?<!docker )hubs?": "write 'registry mirror'",
    r"cohorts?|crews?": "write 'batch', 'worker'",
    r"halt(s|ed|ing)?": "write 'stop'",
    r"story|stories": "write 'status'",
}
# Public functions need a verb and its object, so these say too little.
BARE_NAMES = frozenset({"of", "read", "whole", "plain", "one", "kind", "make", "find", "take"})
# Names from the time before the glossary.
OLD_NAMES = frozenset({"told", "said", "heard", "anew", "nobody", "whose", "mended"})

# Rewritten with the lessons and the handbook; remove each line when its folder is done.
PENDING = ("labs/", "docs/authoring.md", "docs/from-github-classroom.md", "docs/instructors.md", "docs/walls.md")
CHECKED = ("runner", "checks", "tests", "docs", "site", "labs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
# This list itself; a minified library; quotations are excepted by line below.
SKIPPED = ("tests/test_plain_words.py",)
EXCEPTIONS = helpers.CHECKOUT / "tests" / "plain_words_exceptions.txt"


def tracked_files() -> list[str]:
    """Return the tracked text files in the folders that are checked."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *CHECKED]
    listed = subprocess.run(argv, cwd=helpers.CHECKOUT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if name not in SKIPPED and (helpers.CHECKOUT / name).is_file()]


def exceptions() -> set[tuple[str, str]]:
    """Return the excepted lines as pairs of a file and a line's text."""
    lines = EXCEPTIONS.read_text("utf-8").splitlines()
    pairs = [line.partition(": ") for line in lines if line and not line.startswith("#")]
    return {(name, text.strip()) for name, _, text in pairs}


def dialect_in(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield each line's number, text, word and advice, for words of the dialect."""
    combined = re.compile("|".join(rf"(?<![A-Za-z])(?:{pattern})(?![A-Za-z])" for pattern in DIALECT), re.IGNORECASE)
    for number, line in enumerate(text.splitlines(), 1):
        for match in combined.finditer(line):
            advice = next(text for pattern, text in DIALECT.items() if re.match(pattern, match[0], re.IGNORECASE))
            yield number, line.strip(), match[0], advice


def test_words() -> None:
    """No file outside the pending ones has a word of the dialect, but for the lines that are excepted."""
    excepted = exceptions() | {(str(EXCEPTIONS.relative_to(helpers.CHECKOUT)), "")}
    problems = [
        f"{name}:{number}: '{word}': {advice}\n    {line}"
        for name in tracked_files()
        if not name.startswith(PENDING) and name != str(EXCEPTIONS.relative_to(helpers.CHECKOUT))
        for number, line, word, advice in dialect_in((helpers.CHECKOUT / name).read_text("utf-8", "replace"))
        if (name, line) not in excepted
    ]
    assert not problems, f"{len(problems)} lines:\n" + "\n".join(problems)


def test_exceptions_are_needed() -> None:
    """Every excepted line still exists and still needs its exception."""
    for name, line in exceptions():
        text = (helpers.CHECKOUT / name).read_text("utf-8")
        assert any(line == problem for _, problem, _, _ in dialect_in(text)), f"{name}: {line}"


def test_pending_is_needed() -> None:
    """Every pending folder and file still has words of the dialect; one that has none leaves the list."""
    for prefix in PENDING:
        files = [name for name in tracked_files() if name.startswith(prefix)]
        assert any(
            True for name in files for _ in dialect_in((helpers.CHECKOUT / name).read_text("utf-8", "replace"))
        ), prefix


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("the image is built anew", "anew"),
        ("is_told = True", "told"),
        ("the cluster stands after 3 s", "stands"),
        ("one folder a lab", "one folder a lab"),
        ("fills the hub", "hub"),
        ("Whoever asks", "Whoever"),
    ],
)
def test_dialect_is_found(line: str, word: str) -> None:
    """A word of the dialect is found in prose and in identifiers."""
    assert [(1, line, word)] == [problem[:3] for problem in dialect_in(line)]


@pytest.mark.parametrize("line", ["Docker Hub", "a stand-in image", "standard", "GitHub", "`**` stands for any folder"])
def test_plain_english_is_left_alone(line: str) -> None:
    """Plain words that contain or resemble the dialect pass."""
    assert [] == list(dialect_in(line))


def functions_and_names(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    """Yield the line, name and kind (public module-level function or not) of what a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name, isinstance(node, ast.FunctionDef) and node in tree.body
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id, False
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg, False


def test_names() -> None:
    """No public function is called by a bare verb or adjective, and no name comes from the old dialect."""
    problems = [
        f"{name}:{line}: {identifier}"
        for name in tracked_files()
        if name.endswith(".py") and name.startswith(("runner/", "checks/"))
        for line, identifier, is_function in functions_and_names(
            ast.parse((helpers.CHECKOUT / name).read_text("utf-8"))
        )
        if (is_function and identifier in BARE_NAMES) or identifier in OLD_NAMES
    ]
    assert not problems, "\n".join(problems)
