"""Accessibility and layout of every type of page: axe, phones, zoom, both themes."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

PAGES = {
    "front": "index.html",
    "lab": "compose-counter/index.html",
    "step": "swarm-basics/first-service.html",
    "single page": "swarm-basics/on-one-page.html",
    "glossary": "glossary.html",
    "docs index": "docs/index.html",
    "docs page": "docs/reference/lesson-format.html",
    "commands": "docs/reference/cli.html",
    "not found": "404.html",
    "Chinese front": "zh/index.html",
    "Chinese step": "zh/swarm-basics/join-workers.html",
    "not translated": "zh/secrets/create.html",
}
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def find_violations(page: Page) -> list[str]:
    """Return the violations that axe finds on a page."""
    page.evaluate(AXE)
    options = json.dumps({"runOnly": {"type": "tag", "values": RULES}})
    report: dict[str, Any] = page.evaluate(f"axe.run(document, {options})")
    return [f"{rule['id']}: {node['html'][:160]}" for rule in report["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_accessible(path: str, scheme: str, page: Page, address: str) -> None:
    """Axe finds no WCAG 2.2 AA violation, with all details expanded."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{address}{path}")
    page.evaluate(
        "document.querySelectorAll('details').forEach(item => { item.open = true; item.classList.remove('later'); })"
    )
    assert [] == find_violations(page)


@pytest.mark.parametrize("path", [PAGES["front"], PAGES["step"]])
def test_accessible_on_a_phone(path: str, page: Page, address: str) -> None:
    """Axe finds no violation on a narrow screen."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}{path}")
    assert [] == find_violations(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_search_accessible(scheme: str, page: Page, address: str) -> None:
    """Axe finds no violation in the search dialog and its results."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    page.keyboard.press("Control+k")
    page.keyboard.type("swarm")
    page.locator("dialog li").first.wait_for()
    assert [] == find_violations(page)


@pytest.mark.parametrize("width", [320, 360, 640])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_narrow(path: str, width: int, page: Page, address: str) -> None:
    """On a phone, and at 200 or 400 % zoom, no page scrolls sideways."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}{path}")
    assert width >= page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("width", [360, 1280])
def test_no_layout_shift(path: str, width: int, page: Page, address: str) -> None:
    """The layout does not shift while a page loads, although its script arrives long after the first paint."""
    page.set_viewport_size({"width": width, "height": 800})

    def delay(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/site.js", delay)
    page.goto(f"{address}{path}")
    page.wait_for_timeout(300)
    script = """() => new Promise(done => new PerformanceObserver(list => done(
        list.getEntries().map(entry => entry.value))).observe({type: 'layout-shift', buffered: true})
        || setTimeout(() => done([]), 200))"""
    assert 0 == sum(page.evaluate(script))


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_covered(width: int, page: Page, address: str) -> None:
    """No copy button covers the text that it copies."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}{PAGES['single page']}")
    script = """() => [...document.querySelectorAll('.code')].flatMap(code => {
        const hint = code.closest('.hint');
        if (hint) { hint.open = true; hint.classList.remove('later'); }
        const button = code.querySelector('.copy').getBoundingClientRect();
        const texts = document.createTreeWalker(code.querySelector('pre'), NodeFilter.SHOW_TEXT);
        const covered = [];
        for (let text = texts.nextNode(); text; text = texts.nextNode())
            for (const word of text.data.matchAll(/\\S+/g)) {
                const range = document.createRange();
                range.setStart(text, word.index);
                range.setEnd(text, word.index + word[0].length);
                if ([...range.getClientRects()].some(box => box.right > button.left && box.top < button.bottom
                    && box.bottom > button.top)) covered.push(word[0]);
            }
        return covered;
    })"""
    assert [] == page.evaluate(script)


@pytest.mark.parametrize("path", [PAGES["step"], PAGES["Chinese step"]])
def test_header_on_a_phone(path: str, page: Page, address: str) -> None:
    """On a phone the header takes one line, so that the lesson starts near the top."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}{path}")
    assert 70 > page.locator(".top").evaluate("header => header.offsetHeight")


def test_options_do_not_break(page: Page, address: str) -> None:
    """A line of a command breaks between words, and never after the dashes of an option."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{address}{PAGES['single page']}")
    words = page.locator(".cmd .w")
    assert words.count()
    broken = "words => words.filter(word => word.getClientRects().length > 1).map(word => word.textContent)"
    assert [] == words.evaluate_all(broken)


def test_targets(page: Page, address: str) -> None:
    """Every control, except links within text, is at least 24 pixels high."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}{PAGES['step']}")
    script = """() => [...document.querySelectorAll('button, summary, input, .side a, .top a, .around a')]
        .filter(control => control.checkVisibility())
        .map(control => [control.outerHTML.slice(0, 80), control.getBoundingClientRect().height])
        .filter(([, height]) => height < 24)"""
    assert [] == page.evaluate(script)


def test_reduced_motion(browser: Browser, folder: Path) -> None:
    """Readers who prefer reduced motion get no smooth scrolling."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"file://{folder}/index.html")
    assert "auto" == page.evaluate("getComputedStyle(document.documentElement).scrollBehavior")
    context.close()
