"""The site of the labs in this repository, with the documentation: complete, valid and safe."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from runner.cli import _reference
from runner.lessons import parse
from runner.lessons.learner_values import fill_placeholders
from runner.lessons.lint import check_file_reader
from runner.site_builder import build
from tests.support import helpers


@pytest.fixture(scope="module")
def real_site() -> dict[str, bytes]:
    """Return the site of the labs in this repository, with the documentation."""
    return build.render_site_files(url="https://example.org/labs", generated_docs=_reference.render_generated_docs())


def test_page_types(real_site: dict[str, bytes]) -> None:
    """The site has a front page, pages for labs and steps, a glossary, a 404 page, and the documentation."""
    expected = {
        "index.html",
        "404.html",
        "glossary.html",
        "docs/index.html",
        "swarm-basics/index.html",
        "swarm-basics/join-workers.html",
        "swarm-basics/on-one-page.html",
        "zh/index.html",
        "zh/glossary.html",
        "zh/swarm-basics/join-workers.html",
        "assets/site.css",
        "assets/search.en.js",
        "assets/search.zh.js",
        "sitemap.xml",
    }
    folder = helpers.CHECKOUT / "docs"
    expected |= {f"docs/{path.relative_to(folder).with_suffix('.html')}" for path in folder.rglob("*.md")}
    assert {"docs/README.html"} == expected - real_site.keys()


def test_ids(real_site: dict[str, bytes]) -> None:
    """No page has a duplicate id."""
    for path, text in helpers.select_html_pages(real_site).items():
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert (path, sorted(set(ids))) == (path, sorted(ids))


def test_links(real_site: dict[str, bytes]) -> None:
    """Every internal link points to an existing page, and to an existing anchor on it."""
    pages = helpers.select_html_pages(real_site)
    anchors = {path: {unescape(name) for name in re.findall(r'\sid="([^"]+)"', text)} for path, text in pages.items()}
    broken = []
    for path, text in pages.items():
        for link in re.findall(r'(?:href|src|data-index)="([^"]+)"', text):
            page, anchor = urldefrag(unescape(link))
            if urlsplit(page).scheme:
                continue
            base = "/labs/" if page.startswith("/labs/") else ""
            target = page.removeprefix(base) if base else os.path.normpath(Path(path).parent / unquote(page))
            target = path if not page else target
            if target not in real_site or (anchor and unquote(anchor) not in anchors.get(target, set())):
                broken.append((path, link))
    assert [] == broken


def test_nothing_from_elsewhere(real_site: dict[str, bytes]) -> None:
    """No page, style sheet or script loads anything from another host."""
    for path, text in helpers.select_html_pages(real_site).items():
        loaded = re.findall(r'(?:src|data-index)="([^"]+)"|<link rel="(?:stylesheet|icon)" href="([^"]+)"', text)
        assert (path, []) == (path, [url for pair in loaded for url in pair if "//" in url])
    for path in ("assets/site.css", "assets/site.js", "assets/early.js"):
        assert [] == re.findall(rb"url\(|@import|https?://", real_site[path]), path


def test_policy(real_site: dict[str, bytes]) -> None:
    """Every page has a strict content security policy, and no inline script, style or event handler."""
    for path, text in helpers.select_html_pages(real_site).items():
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
        assert policy, path
        assert policy[1].startswith("default-src 'none'; script-src 'self'; style-src 'self'"), path
        assert "unsafe" not in policy[1], path
        assert [] == re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|<[^>]*\son[a-z]+=", text), path


def test_weight(real_site: dict[str, bytes]) -> None:
    """A lesson page with its style sheet and scripts is at most 60 kB compressed."""
    shared = sum(len(gzip.compress(real_site[f"assets/{name}"], 9)) for name in ("site.css", "site.js", "early.js"))
    heavy = {
        path: shared + len(gzip.compress(text.encode(), 9))
        for path, text in helpers.select_html_pages(real_site).items()
    }
    assert {} == {path: size for path, size in heavy.items() if size > 60_000}


def test_sitemap(real_site: dict[str, bytes]) -> None:
    """If the site has an address, the site map lists every page except the 404 page."""
    listed = re.findall(r"<loc>https://example.org/labs/([^<]*)</loc>", real_site["sitemap.xml"].decode())
    expected = {re.sub(r"index\.html$", "", path) for path in helpers.select_html_pages(real_site)} - {"404.html"}
    assert expected == set(listed)


def test_cards(real_site: dict[str, bytes]) -> None:
    """If the site has an address, every page has a title, an address and an existing image for link previews."""
    page = helpers.select_html_pages(real_site)["swarm-basics/join-workers.html"]
    properties = dict(re.findall(r'<meta property="og:([a-z_]+)" content="([^"]*)"', page))
    assert "Join the workers · Swarm from the ground up" == properties["title"]
    assert "https://example.org/labs/swarm-basics/join-workers.html" == properties["url"]
    assert properties["image"].removeprefix("https://example.org/labs/") in real_site


def test_recorded() -> None:
    """The check report on the front page has only existing checks, with their current steps and docstrings."""
    report = json.loads((helpers.CHECKOUT / "site" / "recorded" / "check.json").read_text("utf-8"))
    values = parse.parse_lab(helpers.CHECKOUT / "labs" / report["lab"]).values
    path = helpers.CHECKOUT / "checks" / f"test_{report['lab'].replace('-', '_')}.py"
    checks = check_file_reader.read_check_file(path).checks
    current = {(check.name, check.step, fill_placeholders(check.says.rstrip("."), values)) for check in checks}
    assert set() == {(result["check"], result["step"], result["says"]) for result in report["results"]} - current


def test_imports() -> None:
    """Building the site imports neither drivers nor Docker and network libraries."""
    script = "import sys; import runner.site_builder.build; print({'docker', 'requests', 'testinfra'} & {*sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=helpers.CHECKOUT, capture_output=True, text=True, check=True
    )
    assert "set()\n" == result.stdout
