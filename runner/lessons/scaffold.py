"""Makes a lab to begin with: small, whole, and already proved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runner import paths
from runner.errors import UsageError
from runner.lessons import catalog

_TEMPLATE = Path(__file__).parent / "template"
_CHECKS = "checks.py"


def create_lab(name: str) -> tuple[Path, ...]:
    """Make a lab, and return the files that were written.

    Args:
        name: Its name.

    Raises:
        UsageError: It cannot name a lab, it is taken, or there is no tree of one's own to make it in.

    """
    _refuse_name(name)
    written = dict(_files(name))
    for path in (paths.labs_folder() / name, *written):
        if path.exists():
            raise UsageError(f"There is {path} already.", "Choose another name, or remove what is there.")
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tuple(written)


def _refuse_name(name: str) -> None:
    if not catalog.is_valid_lab_name(name):
        most = f"{catalog.MAX_NAME_LENGTH} at most"
        raise UsageError(
            f"'{name}' cannot name a lab.", f"Use small letters, digits and dashes, {most}, as in 'rolling-updates'."
        )
    if paths.is_built_in() and paths.is_installed():
        message = "The labs that came with this program are no place for one of yours."
        raise UsageError(message, f"Say where it shall lie: 'labs --labs DIR new {name}'.")


def _files(name: str) -> Iterator[tuple[Path, str]]:
    """Yield each file to be written, with its text."""
    # Delimiters that neither Markdown nor a shell nor Docker's own templates use.
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML, and the name is letters and dashes
        variable_start_string="@{",
        variable_end_string="}@",
        block_start_string="@%",
        block_end_string="%@",
        comment_start_string="@#",
        comment_end_string="#@",
    )
    for path in sorted(path for path in _TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        part = path.relative_to(_TEMPLATE)
        target = paths.checks_file(name) if part.name == _CHECKS else paths.labs_folder() / name / part
        yield target, environment.get_template(str(part)).render(name=name, title=name.replace("-", " ").capitalize())
