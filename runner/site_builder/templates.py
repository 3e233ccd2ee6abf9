"""The site's templates, for one language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runner import paths
from runner.site_builder import i18n


class Templates:
    """The templates, with the words of one language.

    Args:
        language: The language.

    Raises:
        BrokenLabError: The site does not speak it.

    """

    def __init__(self, language: str) -> None:
        self.words: Mapping[str, str] = i18n.of(language)
        self._environment = _environment()
        blocks = self._environment.get_template("blocks.html")
        self._pieces: Any = blocks.make_module({"w": self.words})

    def piece(self, macro: str, **given: Any) -> str:
        """Return one piece of a page as HTML."""
        return str(getattr(self._pieces, macro)(**given))

    def page(self, template: str, **given: Any) -> bytes:
        """Return a whole page."""
        return self._environment.get_template(template).render(w=self.words, pieces=self._pieces, **given).encode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(paths.site_folder() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=True,
    )
