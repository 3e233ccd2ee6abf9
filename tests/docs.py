"""Takes examples out of the documentation: blocks whose first line names a file."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

from tests import kit

AUTHORING = kit.CHECKOUT / "docs" / "authoring.md"


def write_example(tree: Path) -> None:
    """Write the worked example of `docs/authoring.md` as a tree of labs."""
    for token in MarkdownIt("commonmark").parse(AUTHORING.read_text("utf-8")):
        words = token.info.split()
        if token.type == "fence" and len(words) == 2 and "/" in words[1]:
            path = tree / words[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(token.content, "utf-8")
