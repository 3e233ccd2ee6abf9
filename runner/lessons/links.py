"""Resolve the links and images of a lesson to their paths on the site; lint and the site refuse the same ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, quote, unquote, urlsplit

# Enclose a link to an anchor of the same lesson. Its target differs between a step's page and the page with the
# complete lab, so `lesson_renderer.RenderedLesson` replaces it.
ANCHOR_OPEN, ANCHOR_CLOSE = "\ue001", "\ue002"

# Removed from lessons, because marks such as these must not come from their text.
PRIVATE_USE_CHARS = re.compile("[\ue000-\uf8ff]")

# Anchors that the page templates use.
RESERVED_ANCHORS = frozenset({"main", "steps"})

# The file of the page with the complete lab.
SINGLE_PAGE_FILE = "on-one-page.html"
# Every step has a page of its own next to these.
RESERVED_STEP_IDS = frozenset({"index", SINGLE_PAGE_FILE.removesuffix(".html")})


class BrokenLinkError(Exception):
    """A link or image that cannot be resolved. The text says why, as a continuation of "the link 'X' "."""


class LinkTargets(Protocol):
    """What resolves the links and images of one Markdown file; a broken one raises `BrokenLinkError`."""

    @property
    def source_file(self) -> Path:
        """The file that contains the links."""

    def resolve_link(self, link: str) -> str:
        """Return the target of a link on the site."""

    def resolve_image(self, link: str) -> str:
        """Return the path of an image on the site."""


@dataclass(frozen=True, slots=True)
class LinkResolver:
    """Resolves the links of one lesson, in one language.

    Attributes:
        lab: The lab's name.
        source_file: The Markdown file that contains the links.
        labs_folder: The folder of all labs.
        step_ids: The step ids of every lab, by lab name.
        term_ids: The ids of all glossary terms.
        root_path: The relative path from the lab's pages to the site's root, where files shared by all languages are.
        linked_files: The files that the links point to, by their path on the site; resolved ones are added.

    """

    lab: str
    source_file: Path
    labs_folder: Path
    step_ids: Mapping[str, frozenset[str]]
    term_ids: frozenset[str]
    root_path: str
    linked_files: dict[str, Path] = field(default_factory=dict)

    def resolve_link(self, link: str) -> str:
        """Return the target of a link on the site.

        Raises:
            BrokenLinkError: The link has no valid target.

        """
        parts = split_relative_link(link)
        if parts is None:
            return link
        anchor = decode_anchor(parts.fragment)
        if not parts.path:
            return f"{ANCHOR_OPEN}{anchor}{ANCHOR_CLOSE}"
        path = self._resolve_path(unquote(parts.path))
        if path == self.labs_folder / "glossary.md":
            return self._resolve_term(anchor)
        if path.name == "lesson.md" and path.parent.parent == self.labs_folder:
            return self._resolve_step(path, anchor)
        return self._resolve_file(path)

    def resolve_image(self, link: str) -> str:
        """Return the path of an image on the site.

        Raises:
            BrokenLinkError: The image does not exist.

        """
        parts = split_link(link)
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            raise BrokenLinkError("must be a path relative to this file; pages load nothing from other hosts")
        return self._resolve_file(self._resolve_path(unquote(parts.path)))

    def _resolve_path(self, relative_path: str) -> Path:
        try:
            resolved = (self.source_file.parent / relative_path).resolve()
            labs_folder = self.labs_folder.resolve()
            resolved.is_file()
        except OSError as error:
            # The name is too long, or the user has no permission to open a folder.
            raise BrokenLinkError(f"cannot be followed: {error.strerror}") from None
        except ValueError as error:
            raise BrokenLinkError(f"is not a valid path: {error}") from None
        if not resolved.is_relative_to(labs_folder):
            raise BrokenLinkError("points outside the labs folder")
        return self.labs_folder / resolved.relative_to(labs_folder)

    def _resolve_term(self, anchor: str) -> str:
        if anchor and anchor not in self.term_ids:
            raise BrokenLinkError(f"points to a term that does not exist: the glossary has no {{#{anchor}}}")
        return f"../glossary.html#{anchor}" if anchor else "../glossary.html"

    def _resolve_step(self, path: Path, anchor: str) -> str:
        lab = path.parent.name
        if lab not in self.step_ids:
            raise BrokenLinkError("points to a lab that does not exist")
        if anchor and anchor not in self.step_ids[lab]:
            raise BrokenLinkError(f"points to a step that does not exist: '{lab}' has no {{#{anchor}}}")
        return f"../{lab}/{anchor or 'index'}.html"

    def _resolve_file(self, path: Path) -> str:
        if path.is_dir():
            raise BrokenLinkError("points to a folder; link to a file in it")
        if not path.is_file():
            raise BrokenLinkError("points to a file that does not exist")
        site_path = f"files/{path.relative_to(self.labs_folder)}"
        self.linked_files[site_path] = path
        return f"{self.root_path}{quote(site_path)}"


def decode_anchor(fragment: str) -> str:
    """Return the anchor that a link points to, in the form that anchors of headings have."""
    return unicodedata.normalize("NFC", unquote(fragment))


def split_relative_link(link: str) -> SplitResult | None:
    """Return the parts of a link to a file of this site, or None for a web or mail address.

    Raises:
        BrokenLinkError: The link is neither.

    """
    parts = split_link(link)
    if parts.scheme in ("http", "https", "mailto"):
        return None
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        raise BrokenLinkError("must be a web address or a path relative to this file")
    return parts


def split_link(link: str) -> SplitResult:
    """Return the parts of a link.

    Raises:
        BrokenLinkError: The link is not a valid address.

    """
    try:
        return urlsplit(link)
    except ValueError as error:
        raise BrokenLinkError(f"is not a valid address: {error}") from None
