"""The site in several languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runner import paths
from runner.lessons import translation
from runner.site_builder import build
from tests import helpers
from tests.lessons.test_translation import CHINESE, ENGLISH

WORDS = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (helpers.CHECKOUT / "site" / "words").iterdir()}


@pytest.fixture
def lab(tree: Path) -> Path:
    """Return the folder of a lab that is translated, beside one that is not."""
    folder = helpers.write_lab(tree, ENGLISH)
    helpers.write_lab(tree, ENGLISH, name="other")
    translate(folder, CHINESE)
    return folder


def translate(folder: Path, text: str, digest: str = "") -> None:
    """Write a lab's translation."""
    text = text.replace("DIGEST", digest or translation.hash_lesson(folder))
    translation.translation_path(folder, "zh").write_text(text, "utf-8")


def page(path: str) -> str:
    """Return one page of the site."""
    return build.render_site()[path].decode()


@pytest.mark.parametrize("language", sorted(WORDS))
def test_words(language: str) -> None:
    """Every language has the same words of the site's own, all of them text."""
    assert (WORDS["en"].keys(), {str}) == (WORDS[language].keys(), {type(word) for word in WORDS[language].values()})


def test_words_are_used() -> None:
    """No word stands there that no page shows."""
    code = "".join(path.read_text("utf-8") for path in (paths.site_folder() / "templates").iterdir())
    code += (helpers.CHECKOUT / "runner" / "pages" / "page_writer.py").read_text("utf-8")
    code += (helpers.CHECKOUT / "runner" / "pages" / "build.py").read_text("utf-8")
    # What is looked up by the value of something: levels, roles, outcomes, states, and what is in pictures.
    by_value = {"beginner", "intermediate", "advanced", "manager", "worker", "port", "volume", "stale", "missing"}
    by_value |= {"passed", "failed", "error", "skipped"}
    used = {*re.findall(r"\bw\.(\w+)", code), *re.findall(r'words\["(\w+)"\]', code)}
    assert set() == WORDS["en"].keys() - used - by_value


def test_translated(lab: Path) -> None:
    """A translated lesson is shown in its language, with nothing to warn of, and the way to the other language."""
    text = page("zh/tiny/look.html")
    assert '<html lang="zh"' in text
    assert '<h1 id="look">看</h1>' in text
    assert "再仔细看看。" in text
    assert "notice" not in text
    assert '<a href="../../tiny/look.html" hreflang="en" lang="en">English</a>' in text
    assert '<a href="../zh/tiny/look.html" hreflang="zh" lang="zh">中文</a>' in page("tiny/look.html")


def test_missing(lab: Path) -> None:
    """A lesson that is not translated is shown in English, and says so in the reader's language."""
    text = page("zh/other/look.html")
    assert "这个实验还没有译成中文" in text
    assert '<main id="main" lang="en">' in text
    assert '<h1 id="look">Look</h1>' in text


def test_stale(lab: Path) -> None:
    """A translation of an earlier lesson is shown with a warning, and with the way to the English one."""
    translate(lab, CHINESE, "0123456789ab")
    text = page("zh/tiny/look.html")
    assert "这份译文译自较早的英文教程" in text
    assert '<a href="../../tiny/look.html" hreflang="en" lang="en">Read it in English</a>' in text


def test_one_language(tree: Path) -> None:
    """Where nothing is translated the site speaks English, and shows no choice."""
    helpers.write_lab(tree, ENGLISH)
    found = build.render_site()
    assert [] == [path for path in found if path.startswith("zh/")]
    assert b"hreflang" not in found["tiny/look.html"]


def test_anchors(lab: Path) -> None:
    """A heading has the same anchor in every language, so that the switch keeps the place."""
    english = (lab / "lesson.md").read_text("utf-8") + "### Why it is so\n"
    (lab / "lesson.md").write_text(english, "utf-8")
    translate(lab, CHINESE + "### 为什么\n")
    assert '<h2 id="leave--why-it-is-so">为什么</h2>' in page("zh/tiny/leave.html")
    assert '<h2 id="leave--why-it-is-so">Why it is so</h2>' in page("tiny/leave.html")


def test_glossary(lab: Path) -> None:
    """Terms lead to the glossary of the reader's language, whose words may stand anywhere in a line."""
    (lab.parent / "glossary.md").write_text("## Welcome {#welcome}\nHello.\n", "utf-8")
    (lab.parent / "glossary.zh.md").write_text("## 迎 {#welcome}\n你好。\n", "utf-8")
    assert '欢<a class="term" href="../glossary.html#welcome">迎</a>。' in page("zh/tiny/index.html")
    assert "你好。" in page("zh/glossary.html")


def test_search(lab: Path) -> None:
    """Each language is searched by itself."""
    found = build.render_site()
    assert "欢迎" in found["assets/search.zh.js"].decode()
    assert "欢迎" not in found["assets/search.en.js"].decode()
