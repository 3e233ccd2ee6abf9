"""The site in several languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runner import paths
from runner.lessons import translation
from runner.site_builder import build
from tests.support import helpers
from tests.unit.lessons.test_translation import CHINESE, ENGLISH

TEXTS = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in (helpers.CHECKOUT / "site" / "translations").iterdir()
}


@pytest.fixture
def lab(tree: Path) -> Path:
    """Return the folder of a translated lab, next to an untranslated one."""
    folder = helpers.write_lab(tree, ENGLISH)
    helpers.write_lab(tree, ENGLISH, name="other")
    translate(folder, CHINESE)
    return folder


def translate(folder: Path, text: str, digest: str = "") -> None:
    """Write a lab's translation."""
    text = text.replace("DIGEST", digest or translation.hash_english_lesson(folder))
    translation.build_translation_path(folder, "zh").write_text(text, "utf-8")


def render_page(path: str) -> str:
    """Return one page of the site."""
    return build.render_site_files()[path].decode()


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_keys(language: str) -> None:
    """Every language has the same keys, and every value is text."""
    assert (TEXTS["en"].keys(), {str}) == (TEXTS[language].keys(), {type(text) for text in TEXTS[language].values()})


def test_texts_are_used() -> None:
    """Every interface text is used on some page."""
    code = "".join(path.read_text("utf-8") for path in (paths.site_folder() / "templates").iterdir())
    code += (helpers.CHECKOUT / "runner" / "site_builder" / "page_renderer.py").read_text("utf-8")
    code += (helpers.CHECKOUT / "runner" / "site_builder" / "build.py").read_text("utf-8")
    code += (helpers.CHECKOUT / "runner" / "site_builder" / "assets.py").read_text("utf-8")
    # Keys that are looked up by a value: levels, roles, outcomes, translation states, and details in pictures.
    by_value = {"beginner", "intermediate", "advanced", "manager", "worker", "port", "volume", "stale", "missing"}
    by_value |= {"passed", "failed", "error", "skipped"}
    used = {*re.findall(r"\btexts\.(\w+)", code), *re.findall(r'texts\["(\w+)"\]', code)}
    assert set() == TEXTS["en"].keys() - used - by_value


def test_translated(lab: Path) -> None:
    """A translated lesson is shown in its language without a notice, and links to the other language."""
    text = render_page("zh/tiny/look.html")
    assert '<html lang="zh"' in text
    assert '<h1 id="look">看</h1>' in text
    assert "再仔细看看。" in text
    assert "notice" not in text
    assert '<a href="../../tiny/look.html" hreflang="en" lang="en">English</a>' in text
    assert '<a href="../zh/tiny/look.html" hreflang="zh" lang="zh">中文</a>' in render_page("tiny/look.html")


def test_missing(lab: Path) -> None:
    """An untranslated lesson is shown in English, with a notice in the reader's language."""
    text = render_page("zh/other/look.html")
    assert "这个实验还没有译成中文" in text
    assert '<main id="main" lang="en">' in text
    assert '<h1 id="look">Look</h1>' in text


def test_stale(lab: Path) -> None:
    """A translation of an earlier lesson is shown with a notice and a link to the English lesson."""
    translate(lab, CHINESE, "0123456789ab")
    text = render_page("zh/tiny/look.html")
    assert "这份译文译自较早版本的英文教程" in text
    assert '<a href="../../tiny/look.html" hreflang="en" lang="en">Read it in English</a>' in text


def test_one_language(tree: Path) -> None:
    """If nothing is translated, the site is English only and shows no language switch."""
    helpers.write_lab(tree, ENGLISH)
    files = build.render_site_files()
    assert [] == [path for path in files if path.startswith("zh/")]
    assert b"hreflang" not in files["tiny/look.html"]


def test_anchors(lab: Path) -> None:
    """A heading has the same anchor in every language, so that the language switch keeps the position."""
    english = (lab / "lesson.md").read_text("utf-8") + "### Why it works\n"
    (lab / "lesson.md").write_text(english, "utf-8")
    translate(lab, CHINESE + "### 为什么\n")
    assert '<h2 id="leave--why-it-works">为什么</h2>' in render_page("zh/tiny/leave.html")
    assert '<h2 id="leave--why-it-works">Why it works</h2>' in render_page("tiny/leave.html")


def test_glossary(lab: Path) -> None:
    """Terms link to the glossary in the reader's language; Chinese terms match anywhere in a line."""
    (lab.parent / "glossary.md").write_text("## Welcome {#welcome}\nHello.\n", "utf-8")
    (lab.parent / "glossary.zh.md").write_text("## 迎 {#welcome}\n你好。\n", "utf-8")
    assert '欢<a class="term" href="../glossary.html#welcome">迎</a>。' in render_page("zh/tiny/index.html")
    assert "你好。" in render_page("zh/glossary.html")


def test_search(lab: Path) -> None:
    """Each language has its own search index."""
    files = build.render_site_files()
    assert "欢迎" in files["assets/search.zh.js"].decode()
    assert "欢迎" not in files["assets/search.en.js"].decode()
