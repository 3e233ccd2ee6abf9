"""The HTML grade reports in a real Chromium, opened from files."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from runner.grading import reports
from runner.grading.similarity import SimilarPair
from tests.integration.browser.test_accessibility_and_layout import find_violations
from tests.support.sample_grades import ALL_GRADES

PAGES = ("pages/index.html", "pages/learners/ada.html", "pages/learners/bob.html", "all.html")


@pytest.fixture(scope="module")
def grades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the HTML reports of a batch, as a folder of pages and as a single file."""
    folder = tmp_path_factory.mktemp("grades")
    pairs = [
        SimilarPair(
            0, 1, 0.84, 21, ("docker service create --name a-name-that-does-not-end --replicas 3 nginx:alpine",)
        )
    ]
    reports.write_report("pages", folder / "pages", ALL_GRADES, pairs)
    reports.write_report("html", folder / "all.html", ALL_GRADES, pairs)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(scheme: str, page: Page, grades: Path) -> None:
    """Axe finds no WCAG 2.2 AA violation in either theme, with all details expanded."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in PAGES:
        page.goto((grades / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(item => { item.open = true; })")
        assert [] == find_violations(page), path


@pytest.mark.parametrize("width", [320, 640])
def test_narrow(width: int, page: Page, grades: Path) -> None:
    """On a phone, and at 200 or 400 % zoom, no page scrolls sideways."""
    page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        page.goto((grades / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(item => { item.open = true; })")
        assert width >= page.evaluate("document.documentElement.scrollWidth"), path


def test_links(page: Page, grades: Path) -> None:
    """A link on the index page opens the learner's page."""
    page.goto((grades / PAGES[0]).as_uri())
    page.get_by_role("link", name="bob").first.click()
    assert "bob 1 of 2 points" == page.get_by_role("heading", level=1).inner_text()
