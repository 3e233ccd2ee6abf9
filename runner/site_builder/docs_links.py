"""Resolve the links of the documentation to their paths on the site."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from runner import paths
from runner.lessons.links import BrokenLinkError, decode_anchor, split_relative_link
from runner.site_builder.docs_pages import DocsPage


@dataclass(frozen=True, slots=True)
class DocsLinkResolver:
    """Resolves the links of one page. They are relative to its file, so that they also work in the repository.

    Attributes:
        page: The page.
        pages: All pages by path.
        step_ids: The step ids of every lab, by lab name.
        linked_files: The files that the links point to, by their path on the site; resolved ones are added.

    """

    page: DocsPage
    pages: Mapping[PurePosixPath, DocsPage]
    step_ids: Mapping[str, frozenset[str]]
    linked_files: dict[str, Path] = field(default_factory=dict)

    @property
    def source_file(self) -> Path:
        """The file of the page."""
        return self.page.source_file

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
            return self._resolve_page(self.page, anchor)
        path = PurePosixPath(posixpath.normpath(f"docs/{self.page.path.parent}/{unquote(parts.path)}"))
        if path.suffix == ".md" and path.is_relative_to("docs"):
            target = self.pages.get(path.relative_to("docs"))
            if target is None:
                raise BrokenLinkError("points to a page that does not exist")
            return self._resolve_page(target, anchor)
        if path.name == "lesson.md" and path.is_relative_to("labs"):
            return self._resolve_step(path.parent.name, anchor)
        if path == PurePosixPath("labs/glossary.md"):
            return self._build_relative_path("glossary.html")
        return self._resolve_file(path)

    def resolve_image(self, link: str) -> str:
        """Return the path of an image on the site.

        Raises:
            BrokenLinkError: The image does not exist.

        """
        return self._resolve_file(PurePosixPath(posixpath.normpath(f"docs/{self.page.path.parent}/{unquote(link)}")))

    def _resolve_page(self, target: DocsPage, anchor: str) -> str:
        if anchor and anchor not in target.anchors:
            raise BrokenLinkError(f"points to a heading that does not exist: {target.path} has no #{anchor}")
        page = "" if target is self.page else self._build_relative_path(target.site_path)
        return f"{page}#{anchor}" if anchor or not page else page

    def _resolve_step(self, lab: str, anchor: str) -> str:
        if lab not in self.step_ids:
            raise BrokenLinkError("points to a lab that does not exist")
        if anchor and anchor not in self.step_ids[lab]:
            raise BrokenLinkError(f"points to a step that does not exist: '{lab}' has no {{#{anchor}}}")
        return self._build_relative_path(f"{lab}/{anchor or 'index'}.html")

    def _resolve_file(self, path: PurePosixPath) -> str:
        file = _find_file(path)
        if not file.is_file():
            raise BrokenLinkError("points to a file that does not exist")
        site_path = f"docs/files/{path}"
        self.linked_files[site_path] = file
        return self._build_relative_path(quote(site_path))

    def _build_relative_path(self, site_path: str) -> str:
        return posixpath.relpath(site_path, posixpath.dirname(self.page.site_path))


def _find_file(path: PurePosixPath) -> Path:
    """Return a file of the repository, which has another place in an installed package."""
    folders = {"docs": paths.docs_folder(), "labs": paths.labs_folder(), "checks": paths.checks_folder()}
    folders["runner"] = paths.package_folder()
    top_folder, *rest = path.parts
    if top_folder not in folders:
        raise BrokenLinkError(
            "points to a file that the site cannot contain; link only to docs, labs, checks and runner"
        )
    return folders[top_folder].joinpath(*rest)
