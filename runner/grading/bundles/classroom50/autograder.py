"""Grades a submission with labs. Classroom 50's runner starts this file in a student's checkout.

It ends with 0 if there is a `result.json`, whatever the grade; with anything else, nothing could be graded, and
Classroom 50 tells of an error and of no score.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_RESULT, _BODY = Path("result.json"), Path("release-body.md")


def main() -> int:
    """Install labs, and grade the checkout."""
    # What a student has committed under these names is no result.
    for file in (_RESULT, _BODY):
        file.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _install(Path(scratch))
        status = _grade(Path(scratch) / "bin" / "labs")
    return 0 if _RESULT.is_file() else status or 1


def _install(environment: Path) -> None:
    (wheel,) = _HERE.glob("labs-*.whl")
    python = environment / "bin" / "python"
    # Never in the checkout: a `venv.py` there would be taken for the real one.
    subprocess.run([sys.executable, "-I", "-m", "venv", environment], cwd=environment, check=True)
    pip: list[str | Path] = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, wheel], cwd=environment, check=True)


def _grade(labs: Path) -> int:
    settings = json.loads((_HERE / "settings.json").read_text("utf-8"))
    argv = [labs, "grade", ".", "--lab", settings["lab"], "--driver", settings["driver"]]
    argv += ["--time-limit", str(settings["seconds"])]
    argv += ["--report", f"classroom50={_RESULT}", "--report", f"markdown={_BODY}"]
    if settings["seed"] is not None:
        # The checkout's folder tells nobody's name.
        argv += ["--learner", os.environ["USERNAME"], "--seed", settings["seed"]]
    if (_HERE / "hidden").is_dir():
        argv += ["--checks", _HERE / "hidden"]
    tree = {"LABS_ROOT": str(_HERE / "tree")} if (_HERE / "tree").is_dir() else {}
    return subprocess.run(argv, env={**os.environ, **tree}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
