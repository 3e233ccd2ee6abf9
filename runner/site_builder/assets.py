"""What the site has beside its pages: assets, what search looks through, and what the web wants to know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from runner import paths
from runner.site_builder import markdown
from runner.site_builder.glossary import Glossary
from runner.site_builder.lesson_renderer import Rendered
from runner.site_builder.page_writer import Place


def assets() -> Iterator[tuple[str, bytes]]:
    """Yield style sheets, scripts and pictures that all pages share."""
    folder = paths.site_folder() / "assets"
    for path in sorted(folder.iterdir()):
        yield f"assets/{path.name}", path.read_bytes()


def search_index(language: str, words: Mapping[str, str], terms: Glossary, lessons: Sequence[Rendered]) -> bytes:
    """Return what search looks through, as a script, since a page in a file may read nothing else.

    Each entry is the page's path in its language, its title, what it is part of, and its words.
    """
    entries: list[tuple[str, str, str, str]] = []
    for lesson in lessons:
        name, says = lesson.edition.lab.name, lesson.edition.lesson
        entries.append((f"{name}/index.html", says.title, says.summary, lesson.intro.text))
        entries += [(f"{name}/{step.id}.html", step.title, says.title, step.text) for step in lesson.steps]
    for term in terms.terms:
        entries.append((f"glossary.html#{term.id}", term.words[0], words["glossary"], markdown.plain(term.text)))
    return f"globalThis.labsIndex = {json.dumps(entries, ensure_ascii=False, separators=(',', ':'))};\n".encode()


def for_the_web(place: Place, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the map of the site for search engines, where its address is known; and a word to GitHub Pages."""
    yield ".nojekyll", b""
    if place.url:
        pages = sorted(path for path in files if path.endswith(".html") and path != "404.html")
        listed = "".join(f"<url><loc>{escape(f'{place.url}/{_short(path)}')}</loc></url>\n" for path in pages)
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        yield "sitemap.xml", f"{head}{listed}</urlset>\n".encode()
        yield "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {place.url}/sitemap.xml\n".encode()


def _short(path: str) -> str:
    return path.removesuffix("index.html")
