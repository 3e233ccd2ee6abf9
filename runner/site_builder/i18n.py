"""The words of the site's own, in each language: `site/words/LANGUAGE.yaml`."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from runner import paths
from runner.errors import BrokenLabError


def of(language: str) -> Mapping[str, str]:
    """Return the words of a language.

    Raises:
        BrokenLabError: The site does not speak it.

    """
    folder = paths.site_folder() / "words"
    path = folder / f"{language}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in folder.glob("*.yaml")))
        message = f"A lesson is translated into '{language}', a language that the site has no words in; it has {known}."
        raise BrokenLabError(message, f"Rename lesson.{language}.md, or write {path}.")
    found: dict[str, str] = yaml.safe_load(path.read_text("utf-8"))
    return found
