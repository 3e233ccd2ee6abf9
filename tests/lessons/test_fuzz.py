"""Mangled labs: whatever an author's files hold, they are read, linted and shown, or an error says why not."""

from __future__ import annotations

import contextlib
import os
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
from tests import helpers

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
MISS = """\
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
SOUND = {
    "labs/tiny/lesson.md": LESSON,
    "labs/tiny/setup.sh": "true\n",
    "labs/tiny/wrong/odd.md": MISS,
    "labs/tiny/solution/rest.md": "```sh node1\ntrue\n```\n",
    "checks/test_tiny.py": CHECKS,
}
# What Markdown, YAML, Python, a shell or we ourselves give a meaning to.
PIECES = [
    "---\n", "```", "```sh node1\n", "```output\n", "```picture\n", "::: hint", ":::\n", "## ", "{#", "<WORD>",
    "...", "capture=", "exit=", "retry=", "check=", "says=", "='", '="', "\n\n", "\\\n", "\\", "> ", "    ", "\t",
    "}", "[a](", "![", "](#", "](http://[", "[a][", "[^", "<b>", "<!--", "&amp;", "&#0;", "***", "===\n",
    "| a |\n|---|\n", "&a ", "*a", "<<: *a", "!!int ", "!!python/object:os.system ", "!!binary ", "%YAML", "- ",
    "[", "{", ": ", "? ", "]", "|\n", ">\n", "2026-99-99", "1e999", "0x", "~", "null", "true", "on", "9" * 20,
    "0b2", "1:2:3", "-.inf", ".nan", "$(", "`", "'", '"', "<<END\n", ";;", "&", "|", "(", ")", "docker run -",
    " --image ", "image: ", "FROM ", "@step(", '"""', "def test_", "async ", "lambda: ", "class A:\n", "\0", "\r",
    "\x0b", "\x0c", "\x85", "\u2028", "\u200b", "\u202e", "\ufeff", "\ufffd", "\U0001f600", "\u0660", "\x1b[31m",
    "\ud800",
]  # fmt: skip
LONG = os.environ.get("LABS_FUZZ")


@st.composite
def mangled(draw: st.DrawFn) -> tuple[str, str]:
    """Return a file of a sound lab with some of its text cut, moved, repeated, or replaced by something odd."""
    name = draw(st.sampled_from(sorted({*SOUND})))
    text = SOUND[name]
    for _ in range(draw(st.integers(1, 4))):
        # Any place, or where a value begins: that of a key, of an option, or of an argument.
        values = [match.end() for match in re.finditer(r"[:=(] ?", text)]
        start = draw(st.one_of(st.integers(0, len(text)), st.sampled_from(values or [0])))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 10, 40, len(text)])))
        put = draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=8), st.just(text[start:end] * 2)))
        text = text[:start] + put * draw(st.sampled_from([1, 1, 1, 1, 2, 300])) + text[end:]
    return name, text


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a sound lab."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    for name, text in SOUND.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def look(tree: Path) -> None:
    """Read, lint and show the lab; only errors that say what an author can do are let by."""
    with contextlib.suppress(BrokenLabError):
        lab = parse.parse_lab(tree / "labs/tiny")
        for path in lab.near_miss_paths:
            parse.parse_near_miss(path, lab)
        for step in lab.lesson.steps:
            parse.load_step_commands(lab, step)
    for problem in linter.lint_labs(["tiny"]):
        assert 1 <= problem.line
        assert problem.message
    shown = CliRunner().invoke(cli, ["show", "tiny"])
    assert shown.exception is None or isinstance(shown.exception, LabsError), shown.exc_info


# The same in every run, unless somebody has the time to look for more: LABS_FUZZ=5000 pytest tests/lessons/test_fuzz.py
@settings(
    max_examples=int(LONG or 100),
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(file=mangled())
def test_mangled(tree: Path, file: tuple[str, str]) -> None:
    """Whatever one of its files holds, a lab is read, linted and shown, or an error tells what is wrong with it."""
    name, text = file
    try:
        (tree / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        look(tree)
    finally:
        (tree / name).write_text(SOUND[name], "utf-8")


def test_sound(tree: Path) -> None:
    """The lab that all is mangled from is sound, so what is told of the others is of our making."""
    (tree / "labs/tiny/files").mkdir()
    (tree / "labs/tiny/files/note.txt").write_text("Hello", "utf-8")
    assert () == linter.lint_labs(["tiny"])
