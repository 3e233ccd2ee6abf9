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

from runner.grading.bundles.base import PARTS, Kind, Settings

_PROGRAMS, _FAILED = ("setup.sh", "run_autograder"), "failed.json"
_NEXT = "Upload it on the assignment's page 'Configure Autograder', and try it there with 'Test Autograder'."


def _add(folder: Path, settings: Settings) -> None:
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
    half = out.with_name(f".{out.name}.half")
    try:
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                packed = zipfile.ZIP_STORED if file.name == PARTS else zipfile.ZIP_DEFLATED
                archive.write(file, file.relative_to(folder), packed)
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)


KIND = Kind("uml", "gradescope.zip", takes_parts=True, add=_add, pack=_pack, next=_NEXT)
