"""Keyboard use: every control can be reached, shows its focus, and works without a mouse."""

from __future__ import annotations

from typing import TypedDict

import pytest
from playwright.sync_api import Page, expect

from tests.integration.browser.test_accessibility_and_layout import PAGES

# All controls in document order, each with its index to identify it by.
_CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, summary, select, textarea, [tabindex="0"]')]
    .filter(control => control.checkVisibility() && !control.disabled)
    .map((control, index) => {
        control.dataset.index = index;
        return `${index}: ${control.outerHTML.slice(0, 90)}`;
    })"""

# The focused element: whether it has a focus outline, and whether nothing covers its center.
_FOCUSED = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const hasOutline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const box = [...element.getClientRects()].find(box => box.width && box.height);
    const top = box && document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const isVisible = Boolean(top) && (element.contains(top) || top.contains(element));
    return {index: element.dataset.index ?? '', hasOutline, isVisible, html: element.outerHTML.slice(0, 90)};
}"""


class FocusedElement(TypedDict):
    """The element that has the focus."""

    index: str
    hasOutline: bool
    isVisible: bool
    html: str


def press_until_done(page: Page, key: str = "Tab") -> list[FocusedElement]:
    """Press a key until the focus leaves the page or returns to the first element, and return the focused elements."""
    elements: list[FocusedElement] = []
    while len(elements) < 1000:
        page.keyboard.press(key)
        focused: FocusedElement | None = page.evaluate(_FOCUSED)
        if focused is None or (elements and focused["index"] == elements[0]["index"] != ""):
            return elements
        elements.append(focused)
    raise AssertionError(f"the focus never leaves the page: {[element['html'] for element in elements[-5:]]}")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_every_control_is_reached(path: str, width: int, page: Page, address: str) -> None:
    """Tab reaches every control in document order, each visible and outlined, and then leaves the page."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}{path}")
    page.evaluate("document.querySelectorAll('.hint').forEach(hint => hint.classList.remove('later'))")
    controls: list[str] = page.evaluate(_CONTROLS)
    elements = press_until_done(page)
    reached = [element["index"] for element in elements if element["index"]]
    assert [] == [control for control in controls if control.partition(":")[0] not in reached]
    assert [str(number) for number in range(len(controls))] == reached
    assert [] == [element["html"] for element in elements if not element["hasOutline"]]
    assert [] == [element["html"] for element in elements if not element["isVisible"]]


def test_shift_tab(page: Page, address: str) -> None:
    """Shift+Tab moves the focus in the reverse order."""
    page.goto(f"{address}{PAGES['step']}")
    page.evaluate(_CONTROLS)
    forward = [element["index"] for element in press_until_done(page)]
    assert forward[::-1] == [element["index"] for element in press_until_done(page, "Shift+Tab")]


def test_controls_work(page: Page, address: str) -> None:
    """Enter or the space bar does what a click does."""
    page.goto(f"{address}swarm-basics/join-workers.html")
    theme = page.locator(".theme")
    for key, expected in (("Enter", "dark"), ("Space", "light")):
        theme.press(key)
        assert expected == page.evaluate("document.documentElement.dataset.theme")
    copy = page.locator(".copy").first
    copy.press("Enter")
    expect(copy).to_have_class("copy done")
    hints = page.locator("article details.hint")
    for index, key in enumerate(("Enter", "Space")):
        hints.nth(index).locator("summary").press(key)
        expect(hints.nth(index)).to_have_attribute("open", "")
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
    """The search dialog keeps the focus while it is open, and returns it when closed."""
    page.goto(f"{address}{PAGES['step']}")
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
