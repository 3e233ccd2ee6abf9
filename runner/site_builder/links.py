"""Where links and images of a lesson lead on the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

# Stand for what differs between a step's own page and the page of a whole lab; see `lesson.py`.
ANCHOR_OPEN, ANCHOR_CLOSE = "\ue001", "\ue002"

# Anchors that pages have of their own, whatever is told on them.
OF_THE_PAGE = frozenset({"main", "steps"})


class BrokenLinkError(Exception):
    """A link that leads nowhere; its text says why, and goes on after the link's target."""


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one lab, in one language.

    Attributes:
        lab: The lab's name.
        file: The Markdown file that the links stand in.
        labs: The folder of all labs.
        steps: For every lab its steps' ids.
        terms: The glossary's ids.
        shared: The way from the lab's pages to where all labs' files lie, which languages share.
        files: Files that pages lead to, by where they lie on the site; found ones are added.

    """

    lab: str
    file: Path
    labs: Path
    steps: Mapping[str, frozenset[str]]
    terms: frozenset[str]
    shared: str
    files: dict[str, Path] = field(default_factory=dict)

    def target(self, link: str) -> str:
        """Return where a link leads on the site.

        Raises:
            BrokenLinkError: Nowhere.

        """
        parts = _split(link)
        if parts.scheme in ("http", "https", "mailto"):
            return link
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            raise BrokenLinkError("leads neither to the web nor to a file beside this one")
        anchor = unquote(parts.fragment)
        if not parts.path:
            return f"{ANCHOR_OPEN}{anchor}{ANCHOR_CLOSE}"
        path = self._inside(unquote(parts.path))
        if path == self.labs / "glossary.md":
            return self._glossary(anchor)
        if path.name == "lesson.md" and path.parent.parent == self.labs:
            return self._lesson(path, anchor)
        return self._file(path)

    def image(self, link: str) -> str:
        """Return where an image lies on the site.

        Raises:
            BrokenLinkError: There is none.

        """
        parts = _split(link)
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            raise BrokenLinkError("is no file beside this one; pages load nothing from elsewhere")
        return self._file(self._inside(unquote(parts.path)))

    def _inside(self, path: str) -> Path:
        found = (self.file.parent / path).resolve()
        if not found.is_relative_to(self.labs.resolve()):
            raise BrokenLinkError("leads out of the folder of all labs")
        return self.labs / found.relative_to(self.labs.resolve())

    def _glossary(self, anchor: str) -> str:
        if anchor and anchor not in self.terms:
            raise BrokenLinkError(f"leads to no term: the glossary has none with {{#{anchor}}}")
        return f"../glossary.html#{anchor}" if anchor else "../glossary.html"

    def _lesson(self, path: Path, anchor: str) -> str:
        lab = path.parent.name
        if lab not in self.steps:
            raise BrokenLinkError("leads to no lab")
        if anchor and anchor not in self.steps[lab]:
            raise BrokenLinkError(f"leads to no step: '{lab}' has none with {{#{anchor}}}")
        return f"../{lab}/{anchor or 'index'}.html"

    def _file(self, path: Path) -> str:
        if not path.is_file():
            raise BrokenLinkError("leads to no file")
        place = f"files/{path.relative_to(self.labs)}"
        self.files[place] = path
        return f"{self.shared}{quote(place)}"


def _split(link: str) -> SplitResult:
    try:
        return urlsplit(link)
    except ValueError as error:
        raise BrokenLinkError(f"is none: {error}") from None
