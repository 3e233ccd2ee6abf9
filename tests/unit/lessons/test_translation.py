"""Translated lessons."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BrokenLabError
from runner.lessons import translation
from runner.lessons.model import Lab, Prose
from tests.support import helpers

ENGLISH = f"""{helpers.FRONT_MATTER}Welcome.

## Look {{#look}}

See:

```sh node1 capture=A
docker ps
```

```output
NAMES
```

::: hint check=test_a
Look closer.
:::

## Leave {{#leave}}

```picture
services:
  - {{name: web, tasks: [node1]}}
```
"""
FRONT = "---\ntitle: 小实验\nsummary: 用于测试。\ntranslates: DIGEST\n---\n"
CHINESE = FRONT + (
    ENGLISH.removeprefix(helpers.FRONT_MATTER)
    .replace("Welcome.", "欢迎。")
    .replace("## Look", "## 看")
    .replace("See:", "请看：")  # noqa: RUF001
    .replace("Look closer.", "再仔细看看。")
)


def write_translated_lab(folder: Path, chinese: str | None = CHINESE, digest: str | None = None) -> Lab:
    """Write a lab with a translation of the current English lesson, or of one with another hash."""
    lab = helpers.make_lab(folder, ENGLISH)
    if chinese is not None:
        text = chinese.replace("DIGEST", digest or translation.hash_english_lesson(lab.folder))
        translation.build_translation_path(lab.folder, "zh").write_text(text, "utf-8")
    return lab


def test_load(tmp_path: Path) -> None:
    """A translation has its own text, and everything that languages share from the English lesson."""
    lab = write_translated_lab(tmp_path)
    translated_lesson = translation.load_translation(lab, "zh")
    assert translated_lesson is not None
    assert ("小实验", "用于测试。", ("看", "Leave"), 5) == (
        translated_lesson.lesson.title,
        translated_lesson.lesson.summary,
        tuple(step.title for step in translated_lesson.lesson.steps),
        translated_lesson.lesson.minutes,
    )
    assert (Prose("欢迎。"),) == translated_lesson.lesson.intro
    assert (
        lab.lesson.steps[0].commands[0].expected_output == translated_lesson.lesson.steps[0].commands[0].expected_output
    )
    assert "再仔细看看。" in translated_lesson.lesson.steps[0].hints[0].text


def test_no_translation(tmp_path: Path) -> None:
    """A lesson without a translation file has no translation."""
    assert translation.load_translation(write_translated_lab(tmp_path, None), "zh") is None


@pytest.mark.parametrize(("digest", "stale"), [(None, False), ("0123456789ab", True)])
def test_stale(digest: str | None, stale: bool, tmp_path: Path) -> None:
    """A translation is stale if the English lesson has changed since."""
    translated_lesson = translation.load_translation(write_translated_lab(tmp_path, digest=digest), "zh")
    assert translated_lesson is not None
    assert (stale, 4) == (translated_lesson.is_stale, translated_lesson.digest_line)


def test_languages(tmp_path: Path) -> None:
    """The languages of a lesson come from its file names."""
    lab = write_translated_lab(tmp_path)
    (lab.folder / "lesson.de.md").touch()
    assert ["de", "zh"] == translation.list_translation_languages(lab.folder)


def test_missing_translations(tmp_path: Path) -> None:
    """A lab without a translation into a language that another lab has is listed."""
    translated, other = write_translated_lab(tmp_path), helpers.make_lab(tmp_path, ENGLISH, name="other")
    assert {"zh": [other.folder]} == translation.find_missing_translations([translated.folder, other.folder])
    assert {} == translation.find_missing_translations([translated.folder])


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("docker ps", "docker ps --all", "12: this block differs from the shell block of lesson.md:15"),
        ("NAMES", "名称", "12: this block differs from the shell block of lesson.md:15"),
        ("capture=A", "capture=B", "12: this block differs from the shell block of lesson.md:15"),
        ("check=test_a", "check=test_b", "20: this block differs from the hint of lesson.md:23"),
        ("tasks: [node1]", "tasks: []", "26: this block differs from the picture of lesson.md:29"),
        ("::: hint check=test_a\n再仔细看看。\n:::\n", "", "8: the hint of lesson.md:23 is missing in this step"),
        ("## Leave", "```sh node1\ntrue\n```\n## Leave", "24: lesson.md has no such shell block"),
        ("{#leave}", "{#left}", "24: expected the step 'leave', as in lesson.md:27"),
        ("## Leave", "## More {#more}\n## Leave", "24: expected the step 'leave', as in lesson.md:27"),
        ("translates", "from", "2: front matter: 'translates' is missing"),
        ("{#look}", "", "8: the heading of a step must end with its id, as in '## Title {#id}'"),
        ("node1 capture", "node7 capture", "12: there is no node 'node7'"),
    ],
)
def test_problems(old: str, new: str, problem: str, tmp_path: Path) -> None:
    """A block that differs from the English lesson is reported with its line and the English line."""
    assert old in CHINESE
    lab = write_translated_lab(tmp_path, CHINESE.replace(old, new, 1))
    with pytest.raises(BrokenLabError) as caught:
        translation.load_translation(lab, "zh")
    lines = [line.rpartition("lesson.zh.md:")[2] for line in caught.value.message.splitlines()[1:]]
    assert problem in lines


def test_further_step(tmp_path: Path) -> None:
    """A step that the English lesson does not have is a problem."""
    lab = write_translated_lab(tmp_path, CHINESE + "## More {#more}\n")
    with pytest.raises(BrokenLabError, match=r"lesson\.zh\.md:30: expected no further step"):
        translation.load_translation(lab, "zh")


@pytest.mark.parametrize("lab", ["swarm-basics"])
def test_built_in_translation(lab: str) -> None:
    """The built-in Chinese translation matches the English lesson."""
    from runner.lessons import parse

    assert translation.load_translation(parse.parse_lab(helpers.CHECKOUT / "labs" / lab), "zh") is not None
