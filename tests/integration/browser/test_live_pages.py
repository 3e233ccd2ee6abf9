"""Live pages: progress from the terminal, and reloads."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from runner.site_builder import build
from runner.site_builder.live_server import LiveUpdates, serve_site_in_background


def test_live(context: BrowserContext, tmp_path: Path) -> None:
    """A step that passes in the terminal is marked at once, and the page reloads after a rebuild."""
    build.build_site(tmp_path, live=True)
    updates = LiveUpdates()
    with serve_site_in_background(tmp_path, 0, updates) as address:
        page = context.new_page()
        page.goto(f"{address}swarm-basics/join-workers.html")
        box = page.locator(".mark input")
        expect(box).not_to_be_checked()
        updates.announce_progress({"swarm-basics": ["create-swarm", "join-workers"]})
        expect(page.get_by_label("Passed in your terminal")).to_be_checked()
        expect(box).to_be_disabled()
        expect(page.locator(".side .reached")).to_have_count(2)
        file = tmp_path / "swarm-basics" / "join-workers.html"
        file.write_text(file.read_text("utf-8").replace("A <a", "Now a <a", 1), "utf-8")
        updates.announce_rebuild()
        expect(page.locator("article p").first).to_contain_text("Now a swarm has two roles.")
        # Closed before the server stops, because a failing request would be reported as an error.
        page.close()
