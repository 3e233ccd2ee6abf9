"""The search finds words however they are typed, and highlights what it has found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from runner.site_builder import build
from tests.integration.browser.conftest import serve_folder
from tests.integration.browser.test_accessibility_and_layout import find_violations
from tests.support import helpers

# Each is its own paragraph. The search must show it in its own spelling.
TEXTS = {
    "accent": "The caf\u00e9 is open.",
    "decomposed": "The bistro\u0302t is closed.",
    "dotted capital": "\u0130\u0130\u0130\u0130\u0130\u0130\u0130\u0130 in \u0130zmir the zulu port is 8081.",
    "half width": "\uff8e\uff9f\uff70\uff84 is a port.",
    "full width": "The \uff24\uff4f\uff43\uff4b\uff45\uff52 port is \uff18\uff10\uff18\uff12.",
    "Chinese": "\u96c6\u7fa4\u8282\u70b9\u7684\u7ba1\u7406\u3002",
    "compatibility ideograph": "\uf9d1\u66f8 is a number.",
    "Korean": "\ub178\ub4dc \uad00\ub9ac\uc790.",
    "decomposed Korean": "\u1109\u1165\u1107\u1165 runs.",
    "ligature": "An o\ufb03ce in the stra\u00dfe.",
    "Greek": "\u1f48\u03b4\u03c5\u03c3\u03c3\u03b5\u03cd\u03c2 sails.",
    "Japanese": "\u30d1\u30fc\u30c8 and \u30cf\u30fc\u30c8.",
    "Hindi": "\u0939\u093f\u0928\u094d\u0926\u0940 text.",
    "quotes": "It\u2019s V\u00e9rifier l\u2019\u00e9tat.",
    "emoji": "A \U0001f469\u200d\U0001f4bb codes kilo.",
    "soft hyphen": "An or\u00adches\u00adtra plays.",
    "markup": "Use `docker-compose` & C++, a*b, \\[x\\] and <NAME>.",
}
# What a reader types, and what is highlighted.
SEARCHES = [
    ("cafe", "caf\u00e9"),
    ("CAF\u00c9", "caf\u00e9"),
    ("cafe\u0301", "caf\u00e9"),
    ("bistrot", "bistro\u0302t"),
    ("bistr\u00f4t", "bistro\u0302t"),
    ("bistro", "bistro\u0302"),
    ("izmir", "\u0130zmir"),
    ("zulu", "zulu"),
    ("8081", "8081"),
    ("\u30dd\u30fc\u30c8", "\uff8e\uff9f\uff70\uff84"),
    ("8082", "\uff18\uff10\uff18\uff12"),
    ("\uff18\uff10\uff18\uff11", "8081"),
    ("docker port", "\uff24\uff4f\uff43\uff4b\uff45\uff52"),
    ("\u8282\u70b9\u7684", "\u8282\u70b9\u7684"),
    ("\u66b4\u66f8", ""),
    ("\u516d\u66f8", "\uf9d1\u66f8"),
    ("\ub178\ub4dc", "\ub178\ub4dc"),
    ("\u1102\u1169\u1103\u1173", "\ub178\ub4dc"),
    ("\uc11c\ubc84", "\u1109\u1165\u1107\u1165"),
    ("\uc11c", "\u1109\u1165"),
    ("office", "o\ufb03ce"),
    ("off", "o\ufb03"),
    ("STRASSE", "stra\u00dfe"),
    ("\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c3", "\u1f48\u03b4\u03c5\u03c3\u03c3\u03b5\u03cd\u03c2"),
    ("\u30cf\u30fc\u30c8", "\u30cf\u30fc\u30c8"),
    ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),
    ("it's", "It\u2019s"),
    ("l'etat", "l\u2019\u00e9tat"),
    ("kilo", "kilo"),
    ("orchestra", "or\u00adches\u00adtra"),
    ("docker-compose", "docker-compose"),
    ("c++", "C++"),
    ("a*b", "a*b"),
    ("[x]", "[x]"),
    ("<name>", "<NAME>"),
]


@pytest.fixture(scope="module")
def search_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the site of one lab, whose step has all texts, each after many other words."""
    root: Path = tmp_path_factory.mktemp("search")
    filler = "\n\n".join(["More words come before it, which no reader looks for at all."] * 4)
    steps = "".join(
        f"## Step {number} {{#step-{number}}}\n\n{filler}\n\n{text}\n\n{filler}\n\n"
        for number, text in enumerate(TEXTS.values())
    )
    with pytest.MonkeyPatch.context() as patch:
        helpers.isolate_environment(patch, root)
        helpers.write_lab(root, helpers.FRONT_MATTER + steps)
        build.build_site(root / "site")
    with serve_folder(root / "site") as url:
        yield url


def search(page: Page, address: str, query: str) -> None:
    """Open the site and search."""
    page.goto(address)
    page.keyboard.press("Control+k")
    page.locator("dialog input").fill(query)
    # The site's policy forbids the `eval` with which wait_for_function looks a second time.
    deadline = time.monotonic() + 20
    while not page.evaluate(
        "Boolean(globalThis.labsIndex && document.querySelector('dialog li, dialog .search-state'))"
    ):
        assert time.monotonic() < deadline, "the search has not begun"
        page.wait_for_timeout(50)


@pytest.mark.parametrize(("query", "highlighted"), SEARCHES)
def test_spellings(query: str, highlighted: str, page: Page, search_address: str) -> None:
    """A search finds a word in another spelling, and highlights exactly that word."""
    search(page, search_address, query)
    if not highlighted:
        expect(page.get_by_role("status")).to_have_text("Nothing found.")
        return
    marks = page.locator("dialog li mark")
    expect(marks.first).to_be_visible()
    assert highlighted in {mark.text_content() for mark in marks.all()}
    excerpts = page.locator("dialog li span:last-child").all_text_contents()
    index = page.evaluate("labsIndex.map(entry => entry[3])")
    for excerpt in excerpts:
        shown = excerpt.removeprefix("\u2026 ").removesuffix(" \u2026")
        assert any(shown in text for text in index), "an excerpt is not a part of the text"


def test_accents_differ_from_letters(page: Page, search_address: str) -> None:
    """Signs that make other letters, such as those of Japanese, are not accents."""
    search(page, search_address, "\u30cf\u30fc\u30c8")
    expect(page.locator("dialog li mark")).to_have_count(1)
    expect(page.locator("dialog li mark")).to_have_text("\u30cf\u30fc\u30c8")


def test_only_accents(page: Page, search_address: str) -> None:
    """A query that consists only of what is ignored is like an empty one."""
    search(page, search_address, "\u0301 \u200b")
    expect(page.locator("dialog li")).to_have_count(0)
    expect(page.get_by_role("status")).not_to_have_text("Nothing found.")


def test_accessible(page: Page, search_address: str) -> None:
    """Axe finds no violation in results with highlights."""
    search(page, search_address, "cafe")
    page.locator("dialog li mark").first.wait_for()
    assert [] == find_violations(page)
