"""A bundle for Gradescope: the zip file that is uploaded on an assignment's page 'Configure Autograder'.

The format is that of the page 'Autograder Specifications' of Gradescope's documentation. `setup.sh` and
`run_autograder` are at the top of the archive, which is unpacked to /autograder/source. The submission is in
/autograder/submission, its author in /autograder/submission_metadata.json (page 'Submission Metadata'), and the grade
is written to /autograder/results/results.json.
"""

from __future__ import annotations

import shlex
import shutil
import zipfile
from pathlib import Path

from runner.grading.bundles.bundle_format import ARTIFACTS_FILE, BundleFormat, BundleSettings
from runner.storage import atomic

_SCRIPTS, _FAILED_RESULT = ("setup.sh", "run_autograder"), "failed.json"
_NEXT_STEP = "Upload it on the assignment's page 'Configure Autograder', and try it there with 'Test Autograder'."


def _add_files(folder: Path, settings: BundleSettings) -> None:
    source = Path(__file__).parent
    shutil.copy(source / _FAILED_RESULT, folder)
    for name in _SCRIPTS:
        shutil.copyfile(source / name, folder / name)
        (folder / name).chmod(0o755)
    variables = {"LAB": settings.lab, "DRIVER": settings.driver, "TIME_LIMIT": str(settings.seconds)}
    if settings.seed is not None:
        variables["SEED"] = settings.seed
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    (folder / "settings.sh").write_text(text, "utf-8")


def _write_zip(folder: Path, out: Path) -> None:
    with atomic.open_replacement(out) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            # The artifacts are compressed already.
            compression = zipfile.ZIP_STORED if file.name == ARTIFACTS_FILE else zipfile.ZIP_DEFLATED
            archive.write(file, file.relative_to(folder), compression)


BUNDLE_FORMAT = BundleFormat(
    "gradescope.zip",
    has_engine=False,
    accepts_artifacts=True,
    add_files=_add_files,
    write_output=_write_zip,
    next_step=_NEXT_STEP,
)
