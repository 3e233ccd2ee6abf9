"""A bundle for Classroom 50: a folder with its `autograder.py`, to be put into an assignment's own folder there.

It follows the page 'Advanced Autograding' of Classroom 50's wiki: the runner starts CLASSROOM/autograders/ASSIGNMENT/
autograder.py in a student's checkout, with all that lies beside it, which together may be 10 MB large and is published.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from runner.grading.bundles.base import OPTIONAL_FOLDERS, BundleFormat, BundleSettings

_NEXT = "Commit it to your repository classroom50, as CLASSROOM/autograders/ASSIGNMENT."


def _add(folder: Path, settings: BundleSettings) -> None:
    shutil.copy(Path(__file__).parent / "autograder.py", folder)
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=2) + "\n", "utf-8")


def _pack(folder: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    # What an earlier bundle brought must not grade beside this one.
    for old in out.glob("labs-*.whl"):
        old.unlink()
    for name in OPTIONAL_FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.copytree(path, out / path.name)
        else:
            shutil.copy(path, out)


BUNDLE_FORMAT = BundleFormat(
    "classroom50", has_engine=True, accepts_artifacts=False, add_files=_add, write_output=_pack, next_step=_NEXT
)
