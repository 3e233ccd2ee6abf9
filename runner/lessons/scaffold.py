"""Create a new lab from the template, a small lab that passes `labs verify`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runner import paths
from runner.errors import UsageError
from runner.lessons import catalog

_TEMPLATE_FOLDER = Path(__file__).parent / "template"
_CHECKS_TEMPLATE = "checks.py"


def create_lab(name: str) -> tuple[Path, ...]:
    """Create a lab, and return the files that were written.

    Args:
        name: Its name.

    Raises:
        UsageError: The name is invalid or already used, or the only labs folder is the installed one.

    """
    _check_name(name)
    files = dict(_render_files(name))
    for path in (paths.labs_folder() / name, *files):
        if path.exists():
            raise UsageError(f"{path} already exists.", "Choose another name, or remove it.")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tuple(files)


def _check_name(name: str) -> None:
    if not catalog.is_valid_lab_name(name):
        limit = f"at most {catalog.MAX_NAME_LENGTH} characters"
        raise UsageError(
            f"'{name}' is not a valid name for a lab.",
            f"Use lowercase letters, digits and single dashes, {limit}, as in 'rolling-updates'.",
        )
    if paths.uses_built_in_labs() and paths.is_installed_from_wheel():
        message = "You cannot create a lab among the labs that are installed with this program."
        raise UsageError(message, f"Name a folder for your own labs: 'labs --labs DIR new {name}'.")


def _render_files(name: str) -> Iterator[tuple[Path, str]]:
    """Yield each file to write, with its text."""
    # These delimiters are used neither by Markdown nor by a shell nor by Docker's own templates.
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE_FOLDER),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - there is no HTML, and the name consists of letters, digits and dashes
        variable_start_string="@{",
        variable_end_string="}@",
        block_start_string="@%",
        block_end_string="%@",
        comment_start_string="@#",
        comment_end_string="#@",
    )
    templates = (path for path in _TEMPLATE_FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for path in sorted(templates):
        relative = path.relative_to(_TEMPLATE_FOLDER)
        is_checks = relative.name == _CHECKS_TEMPLATE
        target = paths.checks_file(name) if is_checks else paths.labs_folder() / name / relative
        title = name.replace("-", " ").capitalize()
        yield target, environment.get_template(str(relative)).render(name=name, title=title)
