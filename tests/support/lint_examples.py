"""Write small labs for lint, and lint them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from runner import paths
from runner.errors import BrokenLabError
from runner.lessons import catalog
from runner.lessons.lint import linter
from runner.lessons.lint.context import read_utf8_or_none
from runner.site_builder import build
from tests.support import helpers

STEP = """\
## Look {#look}
```sh node1
ls
```
::: hint
Look.
:::
"""
_CHECKS = """\
from checks import step
@step("look")
def test_looked(nodes):
    "It was looked."
"""


def list_correct_files(name: str) -> dict[str, str]:
    """Return the files of a lab without problems, by their paths in a tree."""
    return {
        f"labs/{name}/lesson.md": f"{helpers.FRONT_MATTER}{STEP}",
        f"labs/{name}/setup.sh": "",
        f"checks/test_{name.replace('-', '_')}.py": _CHECKS,
    }


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Write the files of a correct lab named `tiny`, then those of an example.

    A lesson without front matter gets eight lines of it. Invisible characters are written as Python escapes.
    """
    for name, text in {**list_correct_files("tiny"), **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = text if path.name != "lesson.md" or text.startswith("---") else helpers.FRONT_MATTER + text
        unescaped = re.sub(r"\\(u[0-9a-f]{4}|r)", lambda match: match[0].encode().decode("unicode_escape"), content)
        path.write_bytes(unescaped.encode())


def lint(root: Path, *names: str) -> str:
    """Return the findings in labs, one per line, with paths relative to the tree."""
    return "".join(f"{finding}\n" for finding in linter.lint_labs(names)).replace(f"{root}/", "")


def list_unreported_refusals() -> list[str]:
    """Return the problems that keep the site of all labs from being built, and that lint does not report.

    Where a comment ignores findings, the list is empty: their author knows of them.
    """
    if any("labs: ignore" in (read_utf8_or_none(path) or "") for path in paths.labs_folder().rglob("*")):
        return []
    findings = linter.lint_labs(catalog.list_lab_names(), is_complete=True)
    reported = {(str(finding.path), finding.line) for finding in findings}
    try:
        build.render_site_files()
    except BrokenLabError as error:
        problems = re.findall(r"^(/.*?):(\d+): (.*)$", error.message, re.MULTILINE)
        if not problems:
            return [] if findings else [error.message]
        unreported = [problem for problem in problems if (problem[0], int(problem[1])) not in reported]
        return [f"{path}:{line}: {message}" for path, line, message in unreported]
    return []
