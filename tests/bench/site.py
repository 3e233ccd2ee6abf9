"""The lesson site: a hundred lessons built, beside Sphinx with MyST, and how heavy and steady pages are."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from runner import paths
from runner.lessons import catalog
from runner.site_builder import build
from tests.bench.timing import Row, labs, run, say, seconds

LESSONS = 100
_SHARED = ("site.css", "site.js", "early.js")
_CONF = 'extensions = ["myst_parser"]\nhtml_theme = "basic"\nsuppress_warnings = ["myst", "misc"]\n'
_PAINT = """() => new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
    .observe({type: 'largest-contentful-paint', buffered: true}))"""
_SHIFT = """() => new Promise(done => { let sum = 0;
    new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value })
        .observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(sum), 500) })"""


def measure() -> tuple[list[Row], list[str]]:
    """Measure the builds in processes of their own, and a page in a real browser where there is one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _hundred(folder)
        return _builds(folder), [*_weights(), *_in_browser(folder)]


def _hundred(folder: Path) -> None:
    """Write a hundred English lessons: those that there are, again and again, each under a name of its own."""
    originals = catalog.list_lab_names()
    for number in range(LESSONS):
        original = originals[number % len(originals)]
        target = folder / "labs" / f"lab{number}"
        shutil.copytree(paths.labs_folder() / original, target, ignore=shutil.ignore_patterns("lesson.??.md"))
        (folder / "docs").mkdir(exist_ok=True)
        # What Sphinx is given is Markdown that it knows: no front matter, and only the languages of the blocks.
        text = (target / "lesson.md").read_text("utf-8")
        # The labs that come before it have other names here.
        (target / "lesson.md").write_text(re.sub("^after: .*\n", "", text, count=1, flags=re.MULTILINE), "utf-8")
        text = text.split("---\n", 2)[2]
        text = re.sub(r"^```(sh|output|picture).*$", "```text", text, flags=re.MULTILINE)
        (folder / "docs" / f"lab{number}.md").write_text(f"# Lab {number}\n\n{text}", "utf-8")
    names = "\n".join(f"lab{number}" for number in range(LESSONS))
    (folder / "docs" / "index.md").write_text(f"# All\n\n```{{toctree}}\n{names}\n```\n", "utf-8")
    (folder / "docs" / "conf.py").write_text(_CONF, "utf-8")


def _builds(folder: Path) -> list[Row]:
    say("Installing Sphinx with MyST beside us, to compare with ...")
    run([sys.executable, "-m", "venv", str(folder / "venv")])
    python = str(folder / "venv" / "bin" / "python")
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "sphinx", "myst-parser"])
    say("Building a hundred lessons, with labs and with Sphinx ...")
    os.environ["LABS_ROOT"], os.environ["XDG_CACHE_HOME"] = str(folder), str(folder / "cache")
    sphinx = [python, "-m", "sphinx", "-q", "-b", "html", str(folder / "docs"), str(folder / "html")]
    try:
        ours = seconds(lambda: labs("site", "build", "--out", str(folder / "out")))
        theirs = seconds(lambda: run(sphinx))
        again = seconds(lambda: labs("site", "build", "--out", str(folder / "out")))
        theirs_again = seconds(lambda: run(sphinx))
    finally:
        del os.environ["LABS_ROOT"], os.environ["XDG_CACHE_HOME"]
    return [
        Row("labs site build, 100 lessons, nothing known", ours, "Sphinx with MyST", theirs, "<= 0.33x"),
        Row("labs site build again, nothing changed", again, "Sphinx with MyST", theirs_again, "-"),
    ]


def _weights() -> list[str]:
    files = build.render_site()
    shared = sum(len(gzip.compress(files[f"assets/{name}"], 9)) for name in _SHARED)
    pages = {path: shared + len(gzip.compress(data, 9)) for path, data in files.items() if path.endswith(".html")}
    heaviest = max(pages, key=lambda path: pages[path])
    step = "swarm-basics/join-workers.html"
    return [
        f"HTML, style sheet and scripts, compressed: {step} {pages[step] / 1000:.1f} kB, "
        f"the heaviest page, {heaviest}, {pages[heaviest] / 1000:.1f} kB; goal <= 60 kB"
    ]


def _in_browser(folder: Path) -> list[str]:
    program = shutil.which("chromium")
    if program is None:
        return ["No Chromium is here, so that no paint was measured."]
    from playwright.sync_api import sync_playwright

    build.build_site(folder / "real")
    told = []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        for path in ("index.html", "swarm-basics/join-workers.html", "swarm-basics/on-one-page.html"):
            page = browser.new_page()
            page.goto(f"file://{folder}/real/{path}")
            paint, shift = page.evaluate(_PAINT), page.evaluate(_SHIFT)
            told.append(f"{path}: largest paint after {paint:.0f} ms, layout shift {shift:.3f} (goal 0)")
            page.close()
        browser.close()
    return told
