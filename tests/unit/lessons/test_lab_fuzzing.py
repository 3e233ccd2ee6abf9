"""Fuzzing: whatever the files of a lab contain, it is parsed, linted and shown, or lint and an error say why not."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.cli import cli
from runner.errors import BrokenLabError, LabsError
from runner.lessons import parse
from runner.lessons.lint import linter
from tests.support import helpers, lint_examples

VALUES = "values: {NAME: {among: [web, api], default: api}, PORT: {from: 80, to: 90}}"
LESSON = f"""{helpers.FRONT_MATTER.replace("[]", f"['nginx:alpine']{chr(10)}{VALUES}")}
Welcome, [reader](files/note.txt).

```picture
networks: [front]
services:
  - {{name: <NAME>, tasks: [node1, node1], networks: [front], ports: ["<PORT>:80"], volumes: [data]}}
```

## Look around {{#look}}

```sh node1 capture=WORD exit=0 retry=1
docker run --detach \\
  --name <NAME> nginx:alpine
```
```output
Hello ... <WORD>
```

- a list

::: hint
There is a command.
:::

::: hint check=test_looked says="not yet"
Look.
:::

## Rest {{#rest}}

::: hint
Rest.
:::
"""
NEAR_MISS = """\
---
step: look
played: after
says: "the assertion is false"
---
## Wrong

```sh node1
echo <WORD>
```

## Cure

```sh node1
true
```
"""
CHECKS = """\
from checks import Nodes, step


@step("look")
def test_looked(nodes: Nodes, values: dict[str, str]) -> None:
    \"\"\"<NAME> was looked for.\"\"\"
    assert values["NAME"] != values["PORT"]


@step("rest")
def test_rested(nodes: Nodes) -> None:
    \"\"\"It rests.\"\"\"
"""
CORRECT_FILES = {
    "labs/tiny/lesson.md": LESSON,
    "labs/tiny/setup.sh": "true\n",
    "labs/tiny/wrong/odd.md": NEAR_MISS,
    "labs/tiny/solution/rest.md": "```sh node1\ntrue\n```\n",
    "checks/test_tiny.py": CHECKS,
}
# Text with a meaning in Markdown, YAML, Python, a shell or a lesson.
FRAGMENTS = [
    "---\n", "```", "```sh node1\n", "```output\n", "```picture\n", "::: hint", ":::\n", "## ", "{#", "<WORD>",
    "...", "capture=", "exit=", "retry=", "check=", "says=", "='", '="', "\n\n", "\\\n", "\\", "> ", "    ", "\t",
    "}", "[a](", "![", "](#", "](http://[", "[a][", "[^", "<b>", "<!--", "&amp;", "&#0;", "***", "===\n",
    "| a |\n|---|\n", "&a ", "*a", "<<: *a", "!!int ", "!!python/object:os.system ", "!!binary ", "%YAML", "- ",
    "[", "{", ": ", "? ", "]", "|\n", ">\n", "2026-99-99", "1e999", "0x", "~", "null", "true", "on", "9" * 20,
    "0b2", "1:2:3", "-.inf", ".nan", "$(", "`", "'", '"', "<<END\n", ";;", "&", "|", "(", ")", "docker run -",
    " --image ", "image: ", "FROM ", "@step(", '"""', "def test_", "async ", "lambda: ", "class A:\n", "\0", "\r",
    "# labs: ignore L024 a\n", "# labs: ignore", "<!-- labs: ignore L019 -->", "<!-- labs: ignore L999 x -->\n",
    "\x0b", "\x0c", "\x85", "\u2028", "\u200b", "\u202e", "\ufeff", "\ufffd", "\U0001f600", "\u0660", "\x1b[31m",
    "\ud800",
    "\n# Title\n", "\n### Look\n", " {#main}", "](files)", "](a%00b)", "\n::: hint\n", "&#8203;", "$ ",
]  # fmt: skip


@st.composite
def mutated_files(draw: st.DrawFn) -> tuple[str, str]:
    """Return a file of a correct lab with some text cut, moved, repeated, or replaced by something unusual."""
    name = draw(st.sampled_from(sorted({*CORRECT_FILES})))
    text = CORRECT_FILES[name]
    for _ in range(draw(st.integers(1, 4))):
        # Any position, or one where the value of a key, an option or an argument starts.
        values = [match.end() for match in re.finditer(r"[:=(] ?", text)]
        start = draw(st.one_of(st.integers(0, len(text)), st.sampled_from(values or [0])))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 10, 40, len(text)])))
        inserted = draw(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8), st.just(text[start:end] * 2)))
        text = text[:start] + inserted * draw(st.sampled_from([1, 1, 1, 1, 2, 300])) + text[end:]
    return name, text


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a correct lab."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    for name, text in CORRECT_FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def use_lab(tree: Path) -> None:
    """Parse, lint and show the lab, and build its site; only errors with advice for its author are allowed."""
    with contextlib.suppress(BrokenLabError):
        lab = parse.parse_lab(tree / "labs/tiny")
        for path in lab.near_miss_paths:
            parse.parse_near_miss(path, lab)
        for step in lab.lesson.steps:
            parse.load_solution_commands(lab, step)
    for problem in linter.lint_labs(["tiny"]):
        assert 1 <= problem.line
        assert problem.message
    assert [] == lint_examples.list_unreported_refusals()
    result = CliRunner().invoke(cli, ["show", "tiny"])
    assert result.exception is None or isinstance(result.exception, LabsError), result.exc_info


# Each example builds a site, so there are fewer than of other tests; `make fuzz` draws more.
@settings(
    max_examples=settings().max_examples // 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(file=mutated_files())
def test_mutated_file(tree: Path, file: tuple[str, str]) -> None:
    """Whatever one of its files contains, a lab is parsed, linted and shown, or lint and an error say what is wrong."""
    name, text = file
    try:
        (tree / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        use_lab(tree)
    finally:
        (tree / name).write_text(CORRECT_FILES[name], "utf-8")


def test_original(tree: Path) -> None:
    """The original lab has no problems, so all problems of the others come from their changes."""
    (tree / "labs/tiny/files").mkdir()
    (tree / "labs/tiny/files/note.txt").write_text("Hello", "utf-8")
    assert () == linter.lint_labs(["tiny"])
