"""A bundle for Gradescope: the zip file that is uploaded on an assignment's page 'Configure Autograder'.

It follows the page 'Autograder Specifications' of Gradescope's documentation: `setup.sh` and `run_autograder` at the
top of the archive, which is unpacked to /autograder/source; the submission in /autograder/submission, whose it is in
/autograder/submission_metadata.json (page 'Submission Metadata'), and the grade in /autograder/results/results.json.
"""

from __future__ import annotations

import shlex
import shutil
import zipfile
from pathlib import Path

from runner.grading.bundles.base import ARTIFACTS_FILE, BundleFormat, BundleSettings
from runner.storage import atomic

_PROGRAMS, _FAILED = ("setup.sh", "run_autograder"), "failed.json"
_NEXT = "Upload it on the assignment's page 'Configure Autograder', and try it there with 'Test Autograder'."


def _add(folder: Path, settings: BundleSettings) -> None:
    here = Path(__file__).parent
    shutil.copy(here / _FAILED, folder)
    for name in _PROGRAMS:
        shutil.copyfile(here / name, folder / name)
        (folder / name).chmod(0o755)
    lines = {"LAB": settings.lab, "DRIVER": settings.driver, "TIME_LIMIT": str(settings.seconds)}
    if settings.seed is not None:
        lines["SEED"] = settings.seed
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in lines.items())
    (folder / "settings.sh").write_text(text, "utf-8")


def _pack(folder: Path, out: Path) -> None:
    with atomic.open_replacement(out) as target, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            packed = zipfile.ZIP_STORED if file.name == ARTIFACTS_FILE else zipfile.ZIP_DEFLATED
            archive.write(file, file.relative_to(folder), packed)


BUNDLE_FORMAT = BundleFormat(
    "gradescope.zip", has_engine=False, accepts_artifacts=True, add_files=_add, write_output=_pack, next_step=_NEXT
)
