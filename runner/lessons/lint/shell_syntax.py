"""Shell: what is typed, as `bash -n` sees it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import HostError
from runner.lessons.lint.context import LintContext, read_text_file
from runner.lessons.model import PLACEHOLDER
from runner.lessons.problems import Problem

# One bash for all scripts of a lab, since a process for each would take seconds. Once `set -n` has been obeyed, what
# follows is only parsed. Every script has a subshell, for one that does not parse may end its shell. It is all on one
# line, since bash counts those of the scripts from there.
_PARSE_ALL = r"""while IFS= read -r -d '' script; do (eval $'set -n\n'"$script") </dev/null 2>&1; printf '\0'; done"""
# Not the line that it shows after some, which begins with a quotation mark and may say anything.
_COMPLAINT = re.compile(r"^bash: (?:eval: )?line (?P<line>\d+): (?P<message>[^`\n].*)", re.MULTILINE)
_OWN_COUNT = re.compile(r" at line \d+")
_BLOCK = ("sh", "bash")


@dataclass(frozen=True, slots=True)
class _Script:
    path: Path
    above: int
    text: str


def shell_syntax(subject: LintContext) -> Iterator[Problem]:
    """Every command, every shell block in a hint, and `setup.sh` parse by `bash -n`."""
    scripts = [*_blocks(subject), *_setup(subject)]
    for script, said in zip(scripts, _complaints([script.text for script in scripts]), strict=True):
        for line, message in dict(said).items():
            yield Problem(script.path, script.above + line, f"bash: {message}")


def _blocks(subject: LintContext) -> Iterator[_Script]:
    for page in subject.pages:
        for token in page.tokens:
            if token.type == "fence" and token.map and token.info.split()[:1] in ([kind] for kind in _BLOCK):
                yield _Script(page.path, token.map[0] + 1, PLACEHOLDER.sub("filled-in", token.content))


def _setup(subject: LintContext) -> Iterator[_Script]:
    path = subject.folder / "setup.sh"
    text = read_text_file(path)
    if text is not None:
        yield _Script(path, 0, text)


def _complaints(scripts: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Yield for each script what bash says of it, by line."""
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(script.replace("\0", "\ufffd").encode() + b"\0" for script in scripts))
        file.seek(0)
        # Nothing that this user has told bash to read may run, and what it says must be English.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                ["bash", "-c", _PARSE_ALL], stdin=file, capture_output=True, env=environment, check=True
            )
        except FileNotFoundError:
            raise HostError("There is no bash to read the commands with.", "Install bash, then try again.") from None
    for said in done.stdout.decode("utf-8", "replace").split("\0")[:-1]:
        found = _COMPLAINT.finditer(said)
        yield [(int(match["line"]) - 1, _OWN_COUNT.sub("", match["message"])) for match in found]
