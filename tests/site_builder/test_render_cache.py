"""Remembering what lessons were rendered to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from runner import paths
from runner.errors import BrokenLabError
from runner.lessons import translation
from runner.site_builder import build, render_cache
from runner.site_builder.lesson_renderer import RenderedLesson, LessonRenderer
from runner.storage import cache
from tests import helpers
from tests.lessons.test_translation import CHINESE, ENGLISH

CHECKS = 'def test_a(nodes):\n    """There is a web."""\n'
LEADS = "The [door](../other/lesson.md#look) to a task.\n"


@pytest.fixture
def lab(tree: Path) -> Path:
    """Return the folder of a lab, one of two; the site has been built once."""
    helpers.write_lab(tree, ENGLISH, name="other")
    folder = helpers.write_lab(tree, ENGLISH + LEADS, checks=CHECKS)
    translation.translation_path(folder, "zh").write_text(chinese(folder), "utf-8")
    (tree / "labs" / "glossary.md").write_text("## Task {#task}\nAn attempt.\n", "utf-8")
    build.render_site()
    return folder


def chinese(folder: Path) -> str:
    """Return the lab's translation."""
    return CHINESE.replace("DIGEST", translation.hash_lesson(folder)) + LEADS


@contextmanager
def rendered() -> Iterator[list[str]]:
    """Note which lessons are rendered."""
    found: list[str] = []
    real = LessonRenderer.render_lesson

    def render(self: LessonRenderer, original: RenderedLesson | None = None) -> RenderedLesson:
        found.append(f"{self.localized_lab.language} {self.localized_lab.lab.name}")
        return real(self, original)

    with mock.patch.object(LessonRenderer, "render", render):
        yield found


def from_nothing() -> dict[str, bytes]:
    """Build the site as if nothing was remembered."""
    with mock.patch.object(cache, "load", return_value=None):
        return build.render_site()


def in_file(path: Path, old: str, new: str) -> None:
    """Change a file."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_unchanged(lab: Path) -> None:
    """Where nothing has changed, nothing is rendered again, and the site has the same bytes."""
    expected = from_nothing()
    with rendered() as found:
        assert expected == build.render_site()
    assert [] == found
    assert lab.exists()


CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "the lesson": (
        lambda lab: in_file(lab / "lesson.md", "Look closer.", "Look again."),
        {"en tiny", "zh tiny"},
    ),
    "its translation": (
        lambda lab: in_file(lab / "lesson.zh.md", "再仔细看看。", "再看看。"),
        {"zh tiny"},
    ),
    "what a check says": (
        lambda lab: in_file(lab.parents[1] / "checks" / "test_tiny.py", "a web", "a wide web"),
        {"en tiny", "zh tiny"},
    ),
    "the glossary": (
        lambda lab: in_file(lab.parent / "glossary.md", "An attempt.", "A try."),
        {"en tiny", "zh tiny", "en other", "zh other"},
    ),
    "a step of another lab": (
        lambda lab: in_file(lab.parent / "other" / "lesson.md", "{#leave}", "{#part}"),
        {"en tiny", "zh tiny", "en other", "zh other"},
    ),
}


@pytest.mark.parametrize(("change", "again"), CHANGES.values(), ids=CHANGES)
def test_changed(change: Callable[[Path], None], again: set[str], lab: Path) -> None:
    """Once something has changed, what is made of it is rendered again, and the site is the one built from nothing."""
    change(lab)
    with rendered() as found:
        built = build.render_site()
    assert again == set(found)
    assert from_nothing() == built


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("templates/blocks.html", 'class="hint"', 'class="hint tip"'), ("words/en.yaml", "hint: Hint", "hint: Tip")],
)
def test_changed_site(file: str, old: str, new: str, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the site puts around commands and hints, and its words for them, are in every lesson."""
    folder = lab.parents[1] / "site"
    for path in paths.site_folder().rglob("*"):
        if path.is_file():
            copy = folder / path.relative_to(paths.site_folder())
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(paths, "site_folder", lambda: folder)
    in_file(folder / file, old, new)
    with rendered() as found:
        build.render_site()
    assert {"en tiny", "en other"} <= set(found)


def test_changed_program(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of what renders lessons recalls nothing."""
    monkeypatch.setattr(render_cache, "_code", lambda: b"another")
    with rendered() as found:
        build.render_site()
    assert {"en tiny", "zh tiny", "en other", "zh other"} == set(found)
    assert lab.exists()


def test_step_gone(lab: Path) -> None:
    """A link to a step of another lab is broken once that step is gone, though the lesson with the link is the same."""
    in_file(lab.parent / "other" / "lesson.md", "{#look}", "{#gaze}")
    with pytest.raises(BrokenLabError, match=r"tiny/lesson\.md:\d+: the link '\.\./other/lesson\.md#look' leads to"):
        build.render_site()


def test_image_gone(lab: Path) -> None:
    """A lesson with an image brings it along each time, and is broken once that is gone."""
    (lab / "images").mkdir()
    (lab / "images" / "cat.png").write_bytes(b"\x89PNG")
    in_file(lab / "lesson.md", "Welcome.", "![A cat](images/cat.png)")
    for _ in range(2):
        assert b"\x89PNG" == build.render_site()["files/tiny/images/cat.png"]
    (lab / "images" / "cat.png").unlink()
    with pytest.raises(BrokenLabError, match=r"the image 'images/cat\.png' leads to no file"):
        build.render_site()


def test_problems(lab: Path) -> None:
    """What is wrong with a lesson is told each time, until it is mended."""
    in_file(lab / "lesson.md", "Welcome.", "[x](#nowhere)")
    for _ in range(2):
        with pytest.raises(BrokenLabError, match="the link '#nowhere' leads to no step"):
            build.render_site()
    in_file(lab / "lesson.md", "[x](#nowhere)", "Welcome.")
    assert from_nothing() == build.render_site()


def test_damaged(lab: Path) -> None:
    """Notes that cannot be read are as good as none."""
    expected = from_nothing()
    for note in (paths.cache_folder() / "pages").rglob("*.pickle"):
        note.write_bytes(note.read_bytes()[:40])
    assert expected == build.render_site()
    assert lab.exists()
