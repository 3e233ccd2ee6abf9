"""The syntax of shell commands, checked with `bash -n`."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import HostError
from runner.lessons.lint.context import LintContext, read_utf8_or_none
from runner.lessons.model import PLACEHOLDER
from runner.lessons.problems import Problem

# One bash for all scripts of a lab, because a process for each would take seconds. After `set -n`, bash only parses.
# Each script has its own subshell, because a syntax error may end the shell. The loop is on one line, because bash
# counts the lines of the scripts from there.
_PARSE_ALL = r"""while IFS= read -r -d '' script; do (eval $'set -n\n'"$script") </dev/null 2>&1; printf '\0'; done"""
# After some messages bash shows the line in question. It starts with a quotation mark and may contain anything.
_BASH_MESSAGE = re.compile(r"^bash: (?:eval: )?line (?P<line>\d+): (?P<message>[^`\n].*)", re.MULTILINE)
_LINE_IN_MESSAGE = re.compile(r" at line \d+")
_SHELL_LANGUAGES = ("sh", "bash")


@dataclass(frozen=True, slots=True)
class _Script:
    path: Path
    line_offset: int
    text: str


def shell_syntax_errors(context: LintContext) -> Iterator[Problem]:
    """Every command, every shell block in a hint, and `setup.sh` is accepted by `bash -n`."""
    scripts = [*_find_shell_blocks(context), *_read_setup_script(context)]
    for script, messages in zip(scripts, _parse_scripts([script.text for script in scripts]), strict=True):
        for line, message in dict(messages).items():
            yield Problem(script.path, script.line_offset + line, f"bash: {message}")


def _find_shell_blocks(context: LintContext) -> Iterator[_Script]:
    for page in context.all_markdown_pages:
        for token in page.tokens:
            if token.type == "fence" and token.map and token.info.split()[:1] in ([name] for name in _SHELL_LANGUAGES):
                yield _Script(page.path, token.map[0] + 1, PLACEHOLDER.sub("filled-in", token.content))


def _read_setup_script(context: LintContext) -> Iterator[_Script]:
    path = context.folder / "setup.sh"
    text = read_utf8_or_none(path)
    if text is not None:
        yield _Script(path, 0, text)


def _parse_scripts(scripts: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Yield the messages of bash for each script, with the line of each."""
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(script.replace("\0", "\ufffd").encode() + b"\0" for script in scripts))
        file.seek(0)
        # Startup files that this user has configured for bash must not run, and the messages must be in English.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        try:
            result = subprocess.run(
                ["bash", "-c", _PARSE_ALL], stdin=file, capture_output=True, env=environment, check=True
            )
        except FileNotFoundError:
            raise HostError(
                "Cannot check shell commands: bash is not installed.", "Install bash, then retry."
            ) from None
    for output in result.stdout.decode("utf-8", "replace").split("\0")[:-1]:
        matches = _BASH_MESSAGE.finditer(output)
        yield [(int(match["line"]) - 1, _LINE_IN_MESSAGE.sub("", match["message"])) for match in matches]
