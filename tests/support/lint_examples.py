"""Write small labs for lint, and lint them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from runner.lessons.lint import linter
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
