"""Reading the documentation in a browser."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

PAGE = "docs/tutorial/first-lab.html"


def test_navigation(page: Page, address: str) -> None:
    """Links lead from the front page to the documentation, through its pages, and to a step of a lab."""
    page.goto(address)
    page.get_by_role("link", name="Docs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Documentation")
    page.locator("main").get_by_role("link", name="Lint rules").click()
    page.get_by_role("link", name="L016").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("L016 shell-syntax-error")
    expect(page.locator(".side [aria-current]")).to_have_text("Lint rules")
    page.get_by_role("navigation", name="Pages of the documentation").get_by_role("link", name="Isolation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Isolation")


def test_current_page_is_visible(page: Page, address: str) -> None:
    """The list of pages is scrolled to the current one, and the page itself is not scrolled."""
    page.goto(f"{address}docs/explanation/isolation.html")
    expect(page.locator(".side [aria-current]")).to_be_in_viewport()
    assert 0 == page.evaluate("scrollY")


def test_copied_session(page: Page, context: BrowserContext, address: str) -> None:
    """Of a session in a terminal, only the commands are copied, without prompts and output."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}{PAGE}")
    block = page.locator(".code", has_text="Started swarm-basics").first
    block.get_by_role("button", name="Copy").click()
    expect(block.get_by_role("button", name="Copied")).to_be_visible()
    assert "labs start swarm-basics" == page.evaluate("navigator.clipboard.readText()")


def test_search(page: Page, address: str) -> None:
    """The search finds a section of the documentation."""
    page.goto(f"{address}{PAGE}")
    page.keyboard.press("Control+k")
    page.keyboard.type("LABS_PROJECT")
    page.get_by_role("dialog").get_by_role("link", name="Variables that you can set").click()
    expect(page).to_have_url(f"{address}docs/reference/environment-variables.html#variables-that-you-can-set")
