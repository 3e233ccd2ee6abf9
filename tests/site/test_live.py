"""Pages that hear what happens in the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from runner.site_builder import build
from runner.site_builder.live_server import News, server

pytestmark = pytest.mark.site


def test_live(context: BrowserContext, tmp_path: Path) -> None:
    """A step that passes in the terminal is marked as it happens, and a page that was built again is loaded again."""
    build.build(tmp_path, live=True)
    news = News()
    with server(tmp_path, 0, news) as address:
        page = context.new_page()
        page.goto(f"{address}swarm-basics/join-workers.html")
        box = page.locator(".mark input")
        expect(box).not_to_be_checked()
        news.has_reached({"swarm-basics": ["create-swarm", "join-workers"]})
        expect(page.get_by_label("Passed in your terminal")).to_be_checked()
        expect(box).to_be_disabled()
        expect(page.locator(".side .reached")).to_have_count(2)
        file = tmp_path / "swarm-basics" / "join-workers.html"
        file.write_text(file.read_text("utf-8").replace("A <a", "Now a <a", 1), "utf-8")
        news.rebuilt()
        expect(page.locator("article p").first).to_contain_text("Now a swarm has two roles.")
        # Before the server goes, so that the page does not ask for it in vain.
        page.close()
