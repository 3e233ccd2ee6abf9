"""labs itself as a wheel, made of what runs here: a bundle must grade as the machine does that has made it.

The format is that of PEP 427, and of the page 'Binary distribution format' of the Python packaging guide.
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

_ROOT = Path(runner.__file__).parent.parent
_PACKAGES = {"runner": "runner", "checks": "checks"}
# As pyproject.toml has it.
_CONTENT = {"labs": "runner/content/labs", "site": "runner/content/site"}
_TAG = "Wheel-Version: 1.0\nGenerator: labs\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# No archive tells of a time before it, and the same labs is to make the same wheel.
_TIME = (1980, 1, 1, 0, 0, 0)


def write_wheel(folder: Path) -> Path:
    """Write labs as a wheel, and return the file.

    Raises:
        HostError: labs runs from a folder, and was not installed: nothing tells what it depends on.

    """
    try:
        found = metadata.distribution("labs")
    except metadata.PackageNotFoundError:
        raise HostError("labs was not installed here, so it cannot be packed.", "Type 'pip install .' first.") from None
    about = f"labs-{found.version}.dist-info"
    texts = {"METADATA": found.read_text("METADATA"), "entry_points.txt": found.read_text("entry_points.txt")}
    written = folder / f"labs-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        lines = [_add(archive, name, file.read_bytes(), file.stat().st_mode) for name, file in _files()]
        for name, text in {**texts, "WHEEL": _TAG}.items():
            lines.append(_add(archive, f"{about}/{name}", (text or "").encode(), 0o100644))
        _add(archive, f"{about}/RECORD", "".join([*lines, f"{about}/RECORD,,\n"]).encode(), 0o100644)
    return written


def _files() -> Iterator[tuple[str, Path]]:
    places = _PACKAGES if paths.is_installed() else _PACKAGES | _CONTENT
    for source, place in places.items():
        for file in sorted((_ROOT / source).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield f"{place}/{file.relative_to(_ROOT / source)}", file


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> str:
    """Add a file, and return its line in the record."""
    entry = zipfile.ZipInfo(name, _TIME)
    entry.external_attr = mode << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    quoted = f'"{name}"' if "," in name else name
    return f"{quoted},sha256={digest},{len(content)}\n"
