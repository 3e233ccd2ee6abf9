"""Readers who use keys alone: every control can be reached, is seen when it is, and does what it does for a mouse."""

from __future__ import annotations

from typing import TypedDict

import pytest
from playwright.sync_api import Page, expect

from tests.site.test_fit import KINDS

pytestmark = pytest.mark.site

# What can be pressed or written in, in the order of the page, each with a number to know it by.
_CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, summary, select, textarea, [tabindex="0"]')]
    .filter(one => one.checkVisibility() && !one.disabled)
    .map((one, at) => { one.dataset.at = at; return `${at}: ${one.outerHTML.slice(0, 90)}`; })"""

# Whether a ring is drawn round what has the focus, and nothing lies over its middle.
_FOCUSED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one);
    const ringed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const box = [...one.getClientRects()].find(box => box.width && box.height);
    const top = box && document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return {at: one.dataset.at ?? '', ringed, clear: Boolean(top) && (one.contains(top) || top.contains(one)),
        html: one.outerHTML.slice(0, 90)};
}"""


class Focused(TypedDict):
    """What has the focus."""

    at: str
    ringed: bool
    clear: bool
    html: str


def walk(page: Page, key: str = "Tab") -> list[Focused]:
    """Press a key until the focus leaves the page, or has been everywhere; return what had it, in this order."""
    met: list[Focused] = []
    while len(met) < 1000:
        page.keyboard.press(key)
        focused: Focused | None = page.evaluate(_FOCUSED)
        if focused is None or (met and focused["at"] == met[0]["at"] != ""):
            return met
        met.append(focused)
    raise AssertionError(f"the focus never leaves the page: {[one['html'] for one in met[-5:]]}")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS)
def test_every_control_is_reached(path: str, width: int, page: Page, address: str) -> None:
    """Tab leads to every control in the order of the page and out again, and each is seen when it has the focus."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}{path}")
    page.evaluate("document.querySelectorAll('.hint').forEach(one => one.classList.remove('later'))")
    controls: list[str] = page.evaluate(_CONTROLS)
    met = walk(page)
    reached = [one["at"] for one in met if one["at"]]
    assert [] == [one for one in controls if one.partition(":")[0] not in reached]
    assert [str(number) for number in range(len(controls))] == reached
    assert [] == [one["html"] for one in met if not one["ringed"]]
    assert [] == [one["html"] for one in met if not one["clear"]]


def test_back(page: Page, address: str) -> None:
    """Shift and Tab lead the same way back."""
    page.goto(f"{address}{KINDS['step']}")
    page.evaluate(_CONTROLS)
    forth = [one["at"] for one in walk(page)]
    assert forth[::-1] == [one["at"] for one in walk(page, "Shift+Tab")]


def test_controls_work(page: Page, address: str) -> None:
    """Whatever a click does on a page of a step, Enter or the space bar does."""
    page.goto(f"{address}swarm-basics/join-workers.html")
    theme = page.locator(".theme")
    for key, wanted in (("Enter", "dark"), ("Space", "light")):
        theme.press(key)
        assert wanted == page.evaluate("document.documentElement.dataset.theme")
    copy = page.locator(".copy").first
    copy.press("Enter")
    expect(copy).to_have_class("copy done")
    hints = page.locator("article details.hint")
    for at, key in enumerate(("Enter", "Space")):
        hints.nth(at).locator("summary").press(key)
        expect(hints.nth(at)).to_have_attribute("open", "")
    output = page.locator("article details:not(.hint)").first
    output.locator("summary").press("Enter")
    mark = page.locator(".mark input")
    mark.press("Space")
    expect(mark).to_be_checked()
    field = page.locator(".fill input").first
    field.focus()
    page.keyboard.type("SWMTKN-1-abc")
    expect(page.locator("var.filled").first).to_have_text("SWMTKN-1-abc")
    page.get_by_role("link", name="中文").press("Enter")
    page.wait_for_url("**/zh/swarm-basics/join-workers.html*")


def test_search_keeps_the_focus(page: Page, address: str) -> None:
    """Search holds the focus while it is open, and gives it back to where it was."""
    page.goto(f"{address}{KINDS['step']}")
    opener = page.locator(".search-open")
    opener.press("Enter")
    expect(page.locator("dialog input")).to_be_focused()
    page.keyboard.type("overlay")
    page.locator("dialog li").first.wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
