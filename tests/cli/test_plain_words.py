"""The project is written in plain English, and words of its old dialect are not used (docs/reference/glossary.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support import helpers, source_files

# Each pattern with what to write. An underscore ends a word, so identifiers count too.
DIALECT = {
    r"anew|afresh": "write 'again', or say what happens: 'rebuild', 'create a fresh cluster'",
    r"told|(?<!\.)tells?|telling": "write 'shown', 'reported', 'passed' or 'distinguish'",
    r"heard|hears?": "write 'received', 'shown' or 'notified'",
    r"noted|noting": "write 'recorded'",
    r"stands?(?!-in|_in|ard|\w)(?! for| in\b)": "write 'is ready', 'is' or 'exists'",
    r"(lies|lay|lying) (in|on|at|below|beside|under|outside|next)": "write 'is in', 'is on'",
    r"whoever|whomever": "name the user or the process",
    r"nobody|somebody|anybody|everybody": "name the user, the process or the client",
    r"shall|lest": "write 'must', 'so that ... not'",
    r"mend(s|ed|ing)?": "write 'fix'",
    r"whole": "write 'complete', 'entire' or 'all'",
    r"one's own": "write 'custom' or 'your own'",
    r"(?<!instead )of (its|their|your|our) own(?=[,.;:)]|$| (and|or|inside|in|on|for|that|which)\b)": (
        "write 'its own X'"
    ),
    r"by (itself|themselves)": "write 'automatically', 'alone' or 'separately'",
    r"an? \w+ (an?|each) \w+ing": "write 'one X per Y'",
    r"one (folder|file|line|module|process|page|class|job|row) an? \w+": "write 'one X per Y'",
    r"a (folder|file|line|module|process|page|class|job|row|column|thread) a \w+": "write 'one X per Y'",
    r"there is what|(it|that|this|what) (is|was) so(?! \w)": "say it directly",
    r"but for|save for": "write 'except'",
    r"for (lack|want|fear) of": "write 'because ... is missing'",
    r"made (up )?of": "write 'consists of' or 'built from'",
    r"in the way": "write 'prevents' or 'blocks'",
    r"at hand": "write 'available'",
    r"(go|goes|going|went) on with": "write 'continue' or 'resume'",
    r"(?<!there )is no (folder|file|directory|lab|step|number)": "write 'is not a ...'",
    r"whence|thence|hence|till|upon": "write 'from where', 'so', 'until', 'on'",
    r"(there|where|here)(by|in|of|upon)|albeit|likewise|beforehand": "use a modern word, or a second sentence",
    r"lends?|lent|lending": "write 'share'",
    r"wish(es|ed|ing)?": "write 'want', or 'service definition' for what a user declares",
    r"(?<!/)machines?(?<!virtual machine)(?<!virtual machines)(?<!platform\.machine)(?![-_]ids?|[\"/]|\.\d)": (
        "write 'host' for the user's computer, 'VM' for a guest, 'node' for both kinds of nodes"
    ),
    r"jails?|jailed": "write 'sandbox'",
    r"(?<!docker )hubs?": "write 'registry mirror'",
    r"cohorts?|crews?": "write 'batch', 'worker'",
    r"parcels?": "write 'snapshot' or 'packed job'",
    r"halt(s|ed|ing)?": "write 'stop'",
    r"story|stories": "write 'status'",
    r"(?<!behind the )scenes?": "write 'provisioning'",
    r"bells?|stirred": "write 'activity notification'",
    r"unfit|fitness": "write 'host error', 'diagnostics'",
}
ANY_DIALECT = re.compile(rf"(?<![a-z])(?:{'|'.join(f'(?:{pattern})' for pattern in DIALECT)})(?![a-z])")
# Public functions need a verb and its object, so these say too little.
BARE_NAMES = frozenset(
    {
        "of",
        "read",
        "whole",
        "plain",
        "one",
        "kind",
        "make",
        "find",
        "take",
        "get",
        "run",
        "write",
        "keep",
        "recall",
        "tell",
    }
)
# Names from the time before the glossary, which say too little.
OLD_NAMES = frozenset(
    {"told", "said", "heard", "anew", "nobody", "whose", "mended", "found", "wanted", "made", "asked", "what", "noted"}
)

# The lessons are not rewritten yet. Remove a line when its files are.
PENDING = ("labs/",)
CHECKED = (
    *("runner", "checks", "tests", "docs", "site", "labs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("Makefile", "pyproject.toml", ".ci", ".github", ".gitlab", ".pre-commit-config.yaml"),
    *("SECURITY.md", "CODE_OF_CONDUCT.md", "changelog.d"),
)
# Not checked: this list itself.
SKIPPED = ("tests/cli/test_plain_words.py",)
EXCEPTIONS = helpers.CHECKOUT / "tests" / "cli" / "plain_words_exceptions.txt"


def list_checked_files() -> list[str]:
    """Return the source files in the folders that are checked."""
    return [name for name in source_files.list_source_files(*CHECKED) if name not in SKIPPED]


def read_exceptions() -> set[tuple[str, str]]:
    """Return the excepted lines, each as a file name and the text of the line."""
    lines = EXCEPTIONS.read_text("utf-8").splitlines()
    pairs = [line.partition(": ") for line in lines if line and not line.startswith("#")]
    return {(name, text.strip()) for name, _, text in pairs}


def find_dialect(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield each word of the dialect, as line number, text of the line, word and advice."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in ANY_DIALECT.finditer(line.lower()):
            advice = next(text for pattern, text in DIALECT.items() if re.match(pattern, match[0]))
            yield number, line.strip(), line[slice(*match.span())], advice


def test_words() -> None:
    """No file contains a word of the dialect, except pending files and excepted lines."""
    excepted = read_exceptions() | {(str(EXCEPTIONS.relative_to(helpers.CHECKOUT)), "")}
    problems = [
        f"{name}:{number}: '{word}': {advice}\n    {line}"
        for name in list_checked_files()
        if not name.startswith(PENDING) and name != str(EXCEPTIONS.relative_to(helpers.CHECKOUT))
        for number, line, word, advice in find_dialect((helpers.CHECKOUT / name).read_text("utf-8", "replace"))
        if (name, line) not in excepted
    ]
    assert not problems, f"{len(problems)} lines:\n" + "\n".join(problems)


def test_exceptions_are_needed() -> None:
    """Every excepted line still exists and still needs its exception."""
    for name, line in read_exceptions():
        text = (helpers.CHECKOUT / name).read_text("utf-8")
        assert any(line == problem for _, problem, _, _ in find_dialect(text)), f"{name}: {line}"


def test_pending_is_needed() -> None:
    """Every pending folder or file still contains words of the dialect; otherwise its line must be removed."""
    for prefix in PENDING:
        files = [name for name in list_checked_files() if name.startswith(prefix)]
        assert any(
            True for name in files for _ in find_dialect((helpers.CHECKOUT / name).read_text("utf-8", "replace"))
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
        ("the user's machine", "machine"),
        ("a class of its own", "of its own"),
    ],
)
def test_dialect_is_found(line: str, word: str) -> None:
    """A word of the dialect is found in prose and in identifiers."""
    assert [(1, line, word)] == [problem[:3] for problem in find_dialect(line)]


@pytest.mark.parametrize(
    "line",
    [
        *("Docker Hub", "a stand-in image", "standard", "GitHub", "`**` stands for any folder"),
        *("platform.machine()", "/etc/machine-id", "a virtual machine", "file.tell()", "a copy instead of its own"),
    ],
)
def test_plain_english_is_left_alone(line: str) -> None:
    """Plain words that contain or resemble words of the dialect are accepted."""
    assert [] == list(find_dialect(line))


def list_names(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    """Yield each name that a module defines: its line, the name, and whether it is a function of the module."""
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
        for name in list_checked_files()
        if name.endswith(".py") and name.startswith(("runner/", "checks/", "tests/"))
        for line, identifier, is_function in list_names(ast.parse((helpers.CHECKOUT / name).read_text("utf-8")))
        if (is_function and identifier in BARE_NAMES) or identifier in OLD_NAMES
    ]
    assert not problems, "\n".join(problems)
