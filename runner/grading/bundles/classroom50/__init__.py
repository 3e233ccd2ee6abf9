"""A bundle for Classroom 50: a folder with `autograder.py`, for the assignment's folder in its repository.

The format is that of the page 'Advanced Autograding' of Classroom 50's wiki: its runner starts
CLASSROOM/autograders/ASSIGNMENT/autograder.py in a student's checkout. Its folder may
contain up to 10 MB of other files. They are available there, and public.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from runner.grading.bundles.bundle_format import OPTIONAL_FOLDERS, BundleFormat, BundleSettings

_NEXT_STEP = "Commit it to your repository classroom50, as CLASSROOM/autograders/ASSIGNMENT."


def _add_files(folder: Path, settings: BundleSettings) -> None:
    shutil.copy(Path(__file__).parent / "autograder.py", folder)
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=2) + "\n", "utf-8")


def _write_folder(folder: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    # Files of an older bundle must not be used together with these.
    for old_wheel in out.glob("orchestration_labs-*.whl"):
        old_wheel.unlink()
    for name in OPTIONAL_FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.copytree(path, out / path.name)
        else:
            shutil.copy(path, out)


BUNDLE_FORMAT = BundleFormat(
    "classroom50",
    has_engine=True,
    accepts_artifacts=False,
    add_files=_add_files,
    write_output=_write_folder,
    next_step=_NEXT_STEP,
)
