"""Grade a submission with labs. Classroom 50's runner starts this file in a student's checkout.

The exit status is 0 if `result.json` exists, whatever the grade. With any other status nothing was graded, and
Classroom 50 shows an error and no score.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_BUNDLE = Path(__file__).resolve().parent
_RESULT, _RELEASE_BODY = Path("result.json"), Path("release-body.md")


def main() -> int:
    """Install labs, grade the checkout, and return the exit status."""
    # A student may have committed files of these names.
    for file in (_RESULT, _RELEASE_BODY):
        file.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _install_labs(Path(scratch))
        status = _run_grading(Path(scratch) / "bin" / "labs")
    return 0 if _RESULT.is_file() else status or 1


def _install_labs(environment: Path) -> None:
    (wheel,) = _BUNDLE.glob("orchestration_labs-*.whl")
    python = environment / "bin" / "python"
    # Not in the checkout, where Python would import a student's `venv.py` instead of its own.
    subprocess.run([sys.executable, "-I", "-m", "venv", environment], cwd=environment, check=True)
    pip: list[str | Path] = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, wheel], cwd=environment, check=True)


def _run_grading(labs: Path) -> int:
    settings = json.loads((_BUNDLE / "settings.json").read_text("utf-8"))
    argv = [labs, "grade", ".", "--lab", settings["lab"], "--driver", settings["driver"]]
    argv += ["--time-limit", str(settings["seconds"])]
    argv += ["--report", f"classroom50={_RESULT}", "--report", f"markdown={_RELEASE_BODY}"]
    if settings["seed"] is not None:
        # The name of the checkout's folder is not the learner's.
        argv += ["--learner", os.environ["USERNAME"], "--seed", settings["seed"]]
    if (_BUNDLE / "hidden").is_dir():
        argv += ["--checks", _BUNDLE / "hidden"]
    labs_root = {"LABS_ROOT": str(_BUNDLE / "tree")} if (_BUNDLE / "tree").is_dir() else {}
    return subprocess.run(argv, env={**os.environ, **labs_root}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
