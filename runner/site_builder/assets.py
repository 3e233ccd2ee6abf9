"""The site's files besides its pages: style sheets and scripts, the search index, and the site map."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from runner import paths
from runner.lessons import markdown_parser
from runner.lessons.glossary import Glossary
from runner.lessons.translation import ENGLISH
from runner.site_builder.page_renderer import PageRenderer, SiteSettings


def read_assets() -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of the style sheets, scripts and images that all pages share."""
    folder = paths.site_folder() / "assets"
    for path in sorted(folder.iterdir()):
        yield f"assets/{path.name}", path.read_bytes()


def render_search_index_script(pages: PageRenderer, glossary: Glossary) -> bytes:
    """Return the search index of one language, as a script, because pages that are opened as files cannot fetch data.

    Each entry is the page's path within its language, its title, the title of the lesson or section it belongs to, and
    its text.
    """
    entries: list[tuple[str, str, str, str]] = []
    for rendered in pages.lessons:
        name, lesson = rendered.localized_lab.lab.name, rendered.localized_lab.lesson
        entries.append((f"{name}/index.html", lesson.title, lesson.summary, rendered.intro.search_text))
        entries += [(f"{name}/{step.id}.html", step.title, lesson.title, step.search_text) for step in rendered.steps]
    for term in glossary.terms:
        text = markdown_parser.extract_text(term.definition)
        entries.append((f"glossary.html#{term.id}", term.names[0], pages.templates.texts["glossary"], text))
    entries += _list_docs_entries(pages)
    return f"globalThis.labsIndex = {json.dumps(entries, ensure_ascii=False, separators=(',', ':'))};\n".encode()


def _list_docs_entries(pages: PageRenderer) -> Iterator[tuple[str, str, str, str]]:
    # The documentation is in English, and its pages are not below the folder of another language.
    for rendered in pages.docs.pages if pages.language == ENGLISH else ():
        for anchor, title, text in rendered.search_entries:
            path = f"{rendered.page.site_path}#{anchor}" if anchor else rendered.page.site_path
            yield path, title, rendered.page.title if anchor else pages.templates.texts["docs"], text


def render_seo_files(settings: SiteSettings, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield `sitemap.xml` and `robots.txt` if the site's address is known, and the file that GitHub Pages looks for.

    Args:
        settings: Where the site is published.
        files: The site's files by path; the site map lists the pages among them.

    """
    yield ".nojekyll", b""
    base_url = settings.base_url
    if base_url:
        pages = sorted(path for path in files if path.endswith(".html") and path != "404.html")
        urls = (f"{base_url}/{path.removesuffix('index.html')}" for path in pages)
        listed = "".join(f"<url><loc>{escape(url)}</loc></url>\n" for url in urls)
        head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        yield "sitemap.xml", f"{head}{listed}</urlset>\n".encode()
        yield "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {base_url}/sitemap.xml\n".encode()
