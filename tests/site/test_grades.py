"""The pages with grades, in a real Chromium: for every reader, and from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from runner.grading import reports
from runner.grading.similarity import Pair
from tests.grading.grades import ALL
from tests.site.test_fit import violations

PAGES = ("pages/index.html", "pages/learners/ada.html", "pages/learners/bob.html", "all.html")
pytestmark = pytest.mark.site


@pytest.fixture(scope="module")
def grades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the pages of a class, and the one page that has everybody."""
    folder = tmp_path_factory.mktemp("grades")
    pairs = [Pair(0, 1, 0.84, 21, ("docker service create --name a-name-that-does-not-end --replicas 3 nginx:alpine",))]
    reports.write("pages", folder / "pages", ALL, pairs)
    reports.write("html", folder / "all.html", ALL, pairs)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(scheme: str, page: Page, grades: Path) -> None:
    """Axe finds nothing against WCAG 2.2 AA in either theme, with everything that folds unfolded."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in PAGES:
        page.goto((grades / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert [] == violations(page), path


@pytest.mark.parametrize("width", [320, 640])
def test_narrow(width: int, page: Page, grades: Path) -> None:
    """On a phone, and at 200 or 400 % on a desktop, nothing has to be scrolled sideways."""
    page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        page.goto((grades / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert width >= page.evaluate("document.documentElement.scrollWidth"), path


def test_links(page: Page, grades: Path) -> None:
    """A link of the index leads to the learner's page."""
    page.goto((grades / PAGES[0]).as_uri())
    page.get_by_role("link", name="bob").first.click()
    assert "bob 1 of 2 points" == page.get_by_role("heading", level=1).inner_text()
