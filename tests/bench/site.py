"""Benchmark the site builder against Sphinx with MyST, and measure the size and rendering of its pages."""

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
from tests.bench.timing import Row, measure_seconds, print_status, run_command, run_labs

LESSON_COUNT = 100
_SHARED = ("site.css", "site.js", "early.js")
_CONF = 'extensions = ["myst_parser"]\nhtml_theme = "basic"\nsuppress_warnings = ["myst", "misc"]\n'
_PAINT = """() => new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
    .observe({type: 'largest-contentful-paint', buffered: true}))"""
_SHIFT = """() => new Promise(done => { let sum = 0;
    new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value })
        .observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(sum), 500) })"""


def measure_site() -> tuple[list[Row], list[str]]:
    """Measure builds in separate processes, and pages in a real browser if one is installed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_lessons(folder)
        return _measure_builds(folder), [*_measure_page_sizes(), *_measure_rendering(folder)]


def _write_lessons(folder: Path) -> None:
    """Write a hundred English lessons: copies of the existing ones, each with its own name."""
    originals = catalog.list_lab_names()
    for number in range(LESSON_COUNT):
        original = originals[number % len(originals)]
        target = folder / "labs" / f"lab{number}"
        shutil.copytree(paths.labs_folder() / original, target, ignore=shutil.ignore_patterns("lesson.??.md"))
        (folder / "docs").mkdir(exist_ok=True)
        # Sphinx gets only Markdown that it can parse: no front matter, and code blocks without the options of labs.
        text = (target / "lesson.md").read_text("utf-8")
        # The prerequisites in the key `after` do not exist here, because the copies have other names.
        (target / "lesson.md").write_text(re.sub("^after: .*\n", "", text, count=1, flags=re.MULTILINE), "utf-8")
        text = text.split("---\n", 2)[2]
        text = re.sub(r"^```(sh|output|picture).*$", "```text", text, flags=re.MULTILINE)
        (folder / "docs" / f"lab{number}.md").write_text(f"# Lab {number}\n\n{text}", "utf-8")
    names = "\n".join(f"lab{number}" for number in range(LESSON_COUNT))
    (folder / "docs" / "index.md").write_text(f"# All\n\n```{{toctree}}\n{names}\n```\n", "utf-8")
    (folder / "docs" / "conf.py").write_text(_CONF, "utf-8")


def _measure_builds(folder: Path) -> list[Row]:
    print_status("Installing Sphinx with MyST to compare with ...")
    run_command([sys.executable, "-m", "venv", str(folder / "venv")])
    python = str(folder / "venv" / "bin" / "python")
    run_command([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "sphinx", "myst-parser"])
    print_status("Building a hundred lessons, with labs and with Sphinx ...")
    os.environ["LABS_ROOT"], os.environ["XDG_CACHE_HOME"] = str(folder), str(folder / "cache")
    sphinx = [python, "-m", "sphinx", "-q", "-b", "html", str(folder / "docs"), str(folder / "html")]
    try:
        labs_seconds = measure_seconds(lambda: run_labs("site", "build", "--out", str(folder / "out")))
        sphinx_seconds = measure_seconds(lambda: run_command(sphinx))
        labs_rebuild = measure_seconds(lambda: run_labs("site", "build", "--out", str(folder / "out")))
        sphinx_rebuild = measure_seconds(lambda: run_command(sphinx))
    finally:
        del os.environ["LABS_ROOT"], os.environ["XDG_CACHE_HOME"]
    return [
        Row("labs site build, 100 lessons, empty cache", labs_seconds, "Sphinx with MyST", sphinx_seconds, "<= 0.33x"),
        Row("labs site build again, nothing changed", labs_rebuild, "Sphinx with MyST", sphinx_rebuild, "-"),
    ]


def _measure_page_sizes() -> list[str]:
    files = build.render_site_files()
    shared = sum(len(gzip.compress(files[f"assets/{name}"], 9)) for name in _SHARED)
    pages = {path: shared + len(gzip.compress(data, 9)) for path, data in files.items() if path.endswith(".html")}
    heaviest = max(pages, key=lambda path: pages[path])
    step = "swarm-basics/join-workers.html"
    return [
        f"HTML, style sheet and scripts, compressed: {step} {pages[step] / 1000:.1f} kB, "
        f"the heaviest page, {heaviest}, {pages[heaviest] / 1000:.1f} kB; goal <= 60 kB"
    ]


def _measure_rendering(folder: Path) -> list[str]:
    program = shutil.which("chromium")
    if program is None:
        return ["Chromium is not installed, so page rendering was not measured."]
    from playwright.sync_api import sync_playwright

    build.build_site(folder / "real")
    notes = []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        for path in ("index.html", "swarm-basics/join-workers.html", "swarm-basics/on-one-page.html"):
            page = browser.new_page()
            page.goto(f"file://{folder}/real/{path}")
            paint, shift = page.evaluate(_PAINT), page.evaluate(_SHIFT)
            notes.append(f"{path}: largest paint after {paint:.0f} ms, layout shift {shift:.3f} (goal 0)")
            page.close()
        browser.close()
    return notes
