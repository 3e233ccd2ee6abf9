"""Every kind of page, for every reader: with assistive technology, on a phone, enlarged, in both themes."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

KINDS = {
    "front": "index.html",
    "lab": "compose-counter/index.html",
    "step": "swarm-basics/first-service.html",
    "whole lab": "swarm-basics/on-one-page.html",
    "glossary": "glossary.html",
    "lost": "404.html",
    "Chinese front": "zh/index.html",
    "Chinese step": "zh/swarm-basics/join-workers.html",
    "not translated": "zh/secrets/create.html",
}
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
pytestmark = pytest.mark.site


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page as it stands."""
    page.evaluate(AXE)
    options = json.dumps({"runOnly": {"type": "tag", "values": RULES}})
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {options})")
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS)
def test_accessible(path: str, scheme: str, page: Page, address: str) -> None:
    """Axe finds nothing against WCAG 2.2 AA, with everything that folds unfolded."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{address}{path}")
    page.evaluate(
        "document.querySelectorAll('details').forEach(one => { one.open = true; one.classList.remove('later'); })"
    )
    assert [] == violations(page)


@pytest.mark.parametrize("path", [KINDS["front"], KINDS["step"]])
def test_accessible_on_a_phone(path: str, page: Page, address: str) -> None:
    """Axe finds nothing where there is little room either."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}{path}")
    assert [] == violations(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_search_accessible(scheme: str, page: Page, address: str) -> None:
    """Axe finds nothing wrong with search and its results."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    page.keyboard.press("Control+k")
    page.keyboard.type("swarm")
    page.locator("dialog li").first.wait_for()
    assert [] == violations(page)


@pytest.mark.parametrize("width", [320, 360, 640])
@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS)
def test_narrow(path: str, width: int, page: Page, address: str) -> None:
    """On a phone, and at 200 or 400 % on a desktop, nothing has to be scrolled sideways."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}{path}")
    assert width >= page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("width", [360, 1280])
def test_steady(path: str, width: int, page: Page, address: str) -> None:
    """Nothing moves while a page loads, though its script comes long after the first paint."""
    page.set_viewport_size({"width": width, "height": 800})

    def late(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/site.js", late)
    page.goto(f"{address}{path}")
    page.wait_for_timeout(300)
    shifts = """() => new Promise(done => new PerformanceObserver(list => done(
        list.getEntries().map(one => one.value))).observe({type: 'layout-shift', buffered: true})
        || setTimeout(() => done([]), 200))"""
    assert 0 == sum(page.evaluate(shifts))


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_covered(width: int, page: Page, address: str) -> None:
    """No button lies on what it copies."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}{KINDS['whole lab']}")
    look = """() => [...document.querySelectorAll('.code')].flatMap(code => {
        const fold = code.closest('.hint');
        if (fold) { fold.open = true; fold.classList.remove('later'); }
        const button = code.querySelector('.copy').getBoundingClientRect();
        const texts = document.createTreeWalker(code.querySelector('pre'), NodeFilter.SHOW_TEXT);
        const covered = [];
        for (let text = texts.nextNode(); text; text = texts.nextNode())
            for (const word of text.data.matchAll(/\\S+/g)) {
                const range = document.createRange();
                range.setStart(text, word.index);
                range.setEnd(text, word.index + word[0].length);
                if ([...range.getClientRects()].some(one => one.right > button.left && one.top < button.bottom
                    && one.bottom > button.top)) covered.push(word[0]);
            }
        return covered;
    })"""
    assert [] == page.evaluate(look)


@pytest.mark.parametrize("path", [KINDS["step"], KINDS["Chinese step"]])
def test_top_of_a_phone(path: str, page: Page, address: str) -> None:
    """On a phone the menu takes one line, so that the lesson begins near the top."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}{path}")
    assert 70 > page.locator(".top").evaluate("one => one.offsetHeight")


def test_options_in_one_line(page: Page, address: str) -> None:
    """A line of a command ends between words, and never after the dashes of an option."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{address}{KINDS['whole lab']}")
    words = page.locator(".cmd .w")
    assert words.count()
    broken = "all => all.filter(one => one.getClientRects().length > 1).map(one => one.textContent)"
    assert [] == words.evaluate_all(broken)


def test_targets(page: Page, address: str) -> None:
    """What can be pressed, other than links in a line of text, is at least 24 pixels high."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}{KINDS['step']}")
    look = """() => [...document.querySelectorAll('button, summary, input, .side a, .top a, .around a')]
        .filter(one => one.checkVisibility())
        .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect().height])
        .filter(([, height]) => height < 24)"""
    assert [] == page.evaluate(look)


def test_still(browser: Browser, folder: Path) -> None:
    """Whoever asks for less motion gets none."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"file://{folder}/index.html")
    assert "auto" == page.evaluate("getComputedStyle(document.documentElement).scrollBehavior")
    context.close()
