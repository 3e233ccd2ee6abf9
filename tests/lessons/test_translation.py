"""Lessons in other languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BrokenLabError
from runner.lessons import translation
from runner.lessons.model import Lab, Prose
from tests import helpers

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


def written(folder: Path, chinese: str | None = CHINESE, digest: str | None = None) -> Lab:
    """Write a lab with a translation, made from the English lesson or from one of another digest."""
    lab = helpers.make_lab(folder, ENGLISH)
    if chinese is not None:
        text = chinese.replace("DIGEST", digest or translation.hash_lesson(lab.folder))
        translation.translation_path(lab.folder, "zh").write_text(text, "utf-8")
    return lab


def test_read(tmp_path: Path) -> None:
    """A translation has its own words, and all that languages share from the English lesson."""
    lab = written(tmp_path)
    found = translation.load_translation(lab, "zh")
    assert found is not None
    assert ("小实验", "用于测试。", ("看", "Leave"), 5) == (
        found.lesson.title,
        found.lesson.summary,
        tuple(step.title for step in found.lesson.steps),
        found.lesson.minutes,
    )
    assert (Prose("欢迎。"),) == found.lesson.intro
    assert lab.lesson.steps[0].commands[0].expected_output == found.lesson.steps[0].commands[0].expected_output
    assert "再仔细看看。" in found.lesson.steps[0].hints[0].text


def test_missing(tmp_path: Path) -> None:
    """A lesson that is not translated has no translation."""
    assert translation.load_translation(written(tmp_path, None), "zh") is None


@pytest.mark.parametrize(("digest", "stale"), [(None, False), ("0123456789ab", True)])
def test_stale(digest: str | None, stale: bool, tmp_path: Path) -> None:
    """A translation is stale once the English lesson is another than the one it was made from."""
    found = translation.load_translation(written(tmp_path, digest=digest), "zh")
    assert found is not None
    assert (stale, 4) == (found.is_stale, found.digest_line)


def test_languages(tmp_path: Path) -> None:
    """The languages of a lesson are told by its files."""
    lab = written(tmp_path)
    (lab.folder / "lesson.de.md").touch()
    assert ["de", "zh"] == translation.list_languages(lab.folder)


def test_wanting(tmp_path: Path) -> None:
    """A lab that is not translated into a language that another one is translated into is told."""
    translated_one, other = written(tmp_path), helpers.make_lab(tmp_path, ENGLISH, name="other")
    assert {"zh": [other.folder]} == translation.find_missing_translations([translated_one.folder, other.folder])
    assert {} == translation.find_missing_translations([translated_one.folder])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("docker ps", "docker ps --all", "12: this differs from the shell block of lesson.md:15"),
        ("NAMES", "名称", "12: this differs from the shell block of lesson.md:15"),
        ("capture=A", "capture=B", "12: this differs from the shell block of lesson.md:15"),
        ("check=test_a", "check=test_b", "20: this differs from the hint of lesson.md:23"),
        ("tasks: [node1]", "tasks: []", "26: this differs from the picture of lesson.md:29"),
        ("::: hint check=test_a\n再仔细看看。\n:::\n", "", "8: the hint of lesson.md:23 is missing in this step"),
        ("## Leave", "```sh node1\ntrue\n```\n## Leave", "24: lesson.md has no such shell block"),
        ("{#leave}", "{#left}", "24: here must stand the step 'leave', as in lesson.md:27"),
        ("## Leave", "## More {#more}\n## Leave", "24: here must stand the step 'leave', as in lesson.md:27"),
        ("translates", "from", "2: front matter: 'translates' is missing"),
        ("{#look}", "", "8: a step's heading ends with its id: '## Title {#id}'"),
        ("node1 capture", "node7 capture", "12: there is no node 'node7'"),
    ],
)
def test_problems(old: str, new: str, told: str, tmp_path: Path) -> None:
    """What differs from the English lesson but must not is told with its line, and with the line it differs from."""
    assert old in CHINESE
    lab = written(tmp_path, CHINESE.replace(old, new, 1))
    with pytest.raises(BrokenLabError) as caught:
        translation.load_translation(lab, "zh")
    lines = [line.rpartition("lesson.zh.md:")[2] for line in caught.value.message.splitlines()[1:]]
    assert told in lines


def test_further_step(tmp_path: Path) -> None:
    """A step that the English lesson has not is told."""
    lab = written(tmp_path, CHINESE + "## More {#more}\n")
    with pytest.raises(BrokenLabError, match=r"lesson\.zh\.md:30: here must stand no further step"):
        translation.load_translation(lab, "zh")


@pytest.mark.parametrize("lab", ["swarm-basics"])
def test_of_this_program(lab: str) -> None:
    """What comes with this program in Chinese says the same as in English."""
    from runner.lessons import parse

    assert translation.load_translation(parse.parse_lab(helpers.CHECKOUT / "labs" / lab), "zh") is not None
