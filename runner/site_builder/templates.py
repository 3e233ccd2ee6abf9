"""The site's Jinja templates, and its interface texts from `site/translations/LANGUAGE.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runner import paths
from runner.errors import BrokenLabError


def load_interface_texts(language: str) -> Mapping[str, str]:
    """Return the site's interface texts in one language, by key.

    Raises:
        BrokenLabError: The site has no texts in this language.

    """
    folder = paths.site_folder() / "translations"
    path = folder / f"{language}.yaml"
    if not path.is_file():
        languages = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        message = f"A lesson is translated into '{language}', but the site's own texts exist only in {languages}."
        raise BrokenLabError(message, f"Rename lesson.{language}.md, or create {path}.")
    return _parse_texts(path.read_text("utf-8"))


# Parsing takes longer than rendering a small lab, and a server renders labs again and again.
@cache
def _parse_texts(text: str) -> Mapping[str, str]:
    texts: dict[str, str] = yaml.safe_load(text)
    return MappingProxyType(texts)


class SiteTemplates:
    """The templates, with the interface texts of one language.

    Args:
        language: The language code, such as `en`.

    Raises:
        BrokenLabError: The site has no texts in this language.

    """

    def __init__(self, language: str) -> None:
        self.texts: Mapping[str, str] = load_interface_texts(language)
        self._environment = _create_environment()
        blocks = self._environment.get_template("blocks.html")
        self._blocks: Any = blocks.make_module({"texts": self.texts})

    def render_block_macro(self, macro: str, **arguments: Any) -> str:
        """Return the HTML of one block of a lesson, rendered by a macro of `blocks.html`."""
        return str(getattr(self._blocks, macro)(**arguments))

    def render_page_bytes(self, template: str, **variables: Any) -> bytes:
        """Return the HTML of a page."""
        page = self._environment.get_template(template)
        return page.render(texts=self.texts, blocks=self._blocks, **variables).encode()


@cache
def _create_environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(paths.site_folder() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=True,
    )
