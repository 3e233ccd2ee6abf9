"""Package the running labs as a wheel, so that a bundle grades exactly like the host that created it.

The format is that of PEP 427 and of the page 'Binary distribution format' of the Python packaging guide.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import runner
from runner import paths
from runner.errors import HostError

# The name in pyproject.toml, where it is also the name of a program.
_DISTRIBUTION = "orchestration-labs"
_ROOT = Path(runner.__file__).parent.parent
_PACKAGES = {"runner": "runner", "checks": "checks"}
# The same mapping as in pyproject.toml.
_CONTENT = {"labs": "runner/content/labs", "site": "runner/content/site", "docs": "runner/content/docs"}
_WHEEL_FILE = "Wheel-Version: 1.0\nGenerator: labs\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# A fixed time, so that the same labs always gives the same wheel; zip files allow no earlier one.
_FILE_TIME = (1980, 1, 1, 0, 0, 0)


def write_labs_wheel(folder: Path) -> Path:
    """Write labs as a wheel, and return the file.

    Raises:
        HostError: labs runs from a source folder and is not installed, so its dependencies are unknown.

    """
    try:
        distribution = metadata.distribution(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        message = "labs is not installed here, so it cannot be packaged."
        raise HostError(message, "Run 'pip install .' in its folder first.") from None
    file_stem = f"{_DISTRIBUTION.replace('-', '_')}-{distribution.version}"
    info_folder = f"{file_stem}.dist-info"
    metadata_files = {
        "METADATA": distribution.read_text("METADATA"),
        "entry_points.txt": distribution.read_text("entry_points.txt"),
        "WHEEL": _WHEEL_FILE,
    }
    wheel = folder / f"{file_stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        records = [_add_file(archive, name, file.read_bytes(), file.stat().st_mode) for name, file in _list_files()]
        for name, text in metadata_files.items():
            records.append(_add_file(archive, f"{info_folder}/{name}", (text or "").encode(), 0o100644))
        record_text = "".join([*records, f"{info_folder}/RECORD,,\n"])
        _add_file(archive, f"{info_folder}/RECORD", record_text.encode(), 0o100644)
    return wheel


def _list_files() -> Iterator[tuple[str, Path]]:
    folders = _PACKAGES if paths.is_installed_from_wheel() else _PACKAGES | _CONTENT
    for source, target in folders.items():
        for file in sorted((_ROOT / source).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield f"{target}/{file.relative_to(_ROOT / source)}", file


def _add_file(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> str:
    """Add a file, and return its line for the file RECORD."""
    entry = zipfile.ZipInfo(name, _FILE_TIME)
    entry.external_attr = mode << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    quoted = f'"{name}"' if "," in name else name
    return f"{quoted},sha256={digest},{len(content)}\n"
