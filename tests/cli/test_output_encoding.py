"""Commands in locales and encodings that lack characters of the output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import helpers
from tests.support.pseudo_terminal import PseudoTerminal

LESSON = f"""{helpers.FRONT_MATTER.replace("Tiny", "Café ✓ 容器")}
Naïve → text “with” 标记…

## Étape ✓ 一 {{#look}}

- a list — 列表

```sh node1
echo '✗ é 名'
```

:::: hint
Try → harder.
::::
"""
C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
ENVIRONMENTS = {
    "C": ("ascii", C_LOCALE),
    **{
        name: (name, {"PYTHONIOENCODING": name})
        for name in ("ascii", "latin-1", "cp1252", "cp437", "gbk", "big5", "shift_jis", "koi8-r")
    },
    "strict": ("ascii", {"PYTHONIOENCODING": "ascii:strict"}),
}
COMMANDS = (
    ["--help"],
    ["list"],
    ["show", "tiny"],
    ["show", "容器✓"],
    ["hint", "tiny"],
    ["lint", "tiny"],
    ["doctor"],
    ["start", "tiny", "--driver", "docker"],
    ["new", "deux", "--title", "Deuxième ✓ 实验"],
    ["grade", "übung-✓.md", "--lab", "tiny", "--driver", "docker"],
    ["site", "build", "--out", "seite-✓"],
    ["nonsense-✓"],
)


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path) -> None:
    helpers.write_lab(tmp_path, LESSON)
    (tmp_path / "übung-✓.md").write_text("# Übung ✓\n\n```sh\nfalse\n", "utf-8")


def run_labs(folder: Path, arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run a command and return its output as it was written."""
    return subprocess.run(
        [sys.executable, "-m", "runner", *arguments],
        cwd=folder,
        env=helpers.build_environment(folder, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command(arguments: list[str], tmp_path: Path) -> None:
    """In the locale C, a command does and prints the same as in UTF-8, with plain characters."""
    expected, result = (
        run_labs(tmp_path, arguments, {**variables, "LABS_ROOT": str(_create_root(tmp_path / folder))})
        for folder, variables in (("one", {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": ""}), ("two", C_LOCALE))
    )
    assert b"bug in labs" not in result.stderr, result.stderr.decode()
    assert (expected.returncode, expected.stdout.count(b"\n")) == (result.returncode, result.stdout.count(b"\n"))
    assert result.stdout.isascii()
    assert result.stderr.isascii()


def _create_root(folder: Path) -> Path:
    helpers.write_lab(folder, LESSON)
    return folder


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_encoding(name: str, tmp_path: Path) -> None:
    """Output and error messages are in the encoding of the streams, and what it lacks is replaced."""
    encoding, variables = ENVIRONMENTS[name]
    shown = run_labs(tmp_path, ["show", "tiny"], variables)
    assert (0, b"") == (shown.returncode, shown.stderr)
    title = "".join(char if _can_encode(char, encoding) else "" for char in "Café")
    assert title in shown.stdout.decode(encoding)
    diagnosed = run_labs(tmp_path, ["doctor"], variables)
    assert "driver docker\n" in diagnosed.stdout.decode(encoding).replace("\r", "")
    failed = run_labs(tmp_path, ["show", "tiny", "é✓"], variables)
    assert 2 == failed.returncode
    assert "There is no step '" in failed.stderr.decode(encoding)


def _can_encode(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(("locale", "shown"), [("C", "cafe+?.md"), ("C.UTF-8", "café✓\N{REPLACEMENT CHARACTER}.md")])
def test_file_name(locale: str, shown: str, tmp_path: Path) -> None:
    """A file name is shown as far as the locale allows, and a byte that is not valid is no control character."""
    name = os.fsdecode("café✓".encode() + b"\x9b.md")
    result = run_labs(tmp_path, ["grade", name, "--lab", "tiny"], {**C_LOCALE, "LC_ALL": locale})
    assert 2 == result.returncode, result.stderr
    assert shown in result.stderr.decode()


def test_undecodable_answer(tmp_path: Path) -> None:
    """Standard input that cannot be decoded is no bug."""
    result = subprocess.run(
        [sys.executable, "-m", "runner", "show", "tiny"],
        cwd=tmp_path,
        env=helpers.build_environment(tmp_path, **C_LOCALE),
        input=b"\xff\xfe\n",
        capture_output=True,
        check=False,
    )
    assert (0, b"") == (result.returncode, result.stderr)


def test_pager(tmp_path: Path) -> None:
    """The pager on a terminal gets plain characters too, and no escape codes for what the encoding lacks."""
    environment = {**helpers.build_environment(tmp_path, **C_LOCALE), "PAGER": "cat", "NO_COLOR": "1"}
    terminal = PseudoTerminal([sys.executable, "-m", "runner", "show", "tiny"], environment)
    try:
        output = terminal.read_until("Stuck?")
    finally:
        terminal.close()
    assert "Cafe + ????" in output
    assert "\\u" not in output
