"""The cache of rendered lessons."""

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
from runner.site_builder.lesson_renderer import LessonRenderer, RenderedLesson
from runner.storage import cache
from tests.support import helpers
from tests.unit.lessons.test_translation import CHINESE, ENGLISH

CHECKS = 'def test_a(nodes):\n    """There is a web."""\n'
LINK = "The [link](../other/lesson.md#look) to a task.\n"


@pytest.fixture
def lab(tree: Path) -> Path:
    """Return the folder of one of two labs, after the site was built once."""
    helpers.write_lab(tree, ENGLISH, name="other")
    folder = helpers.write_lab(tree, ENGLISH + LINK, checks=CHECKS)
    translation.build_translation_path(folder, "zh").write_text(chinese(folder), "utf-8")
    (tree / "labs" / "glossary.md").write_text("## Task {#task}\nAn attempt.\n", "utf-8")
    build.render_site_files()
    return folder


def chinese(folder: Path) -> str:
    """Return the text of the lab's translation."""
    return CHINESE.replace("DIGEST", translation.hash_english_lesson(folder)) + LINK


@contextmanager
def record_rendering() -> Iterator[list[str]]:
    """Record which lessons are rendered instead of taken from the cache."""
    rendered: list[str] = []
    original_method = LessonRenderer.render_lesson

    def render_lesson(self: LessonRenderer, original: RenderedLesson | None = None) -> RenderedLesson:
        rendered.append(f"{self.localized_lab.language} {self.localized_lab.lab.name}")
        return original_method(self, original)

    with mock.patch.object(LessonRenderer, "render_lesson", render_lesson):
        yield rendered


def build_without_cache() -> dict[str, bytes]:
    """Render the site as if the cache was empty."""
    with mock.patch.object(cache, "load_entry", return_value=None):
        return build.render_site_files()


def replace_in_file(path: Path, old: str, new: str) -> None:
    """Replace text in a file."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_unchanged(lab: Path) -> None:
    """If nothing has changed, no lesson is rendered again, and the site has the same bytes."""
    expected = build_without_cache()
    with record_rendering() as rendered:
        assert expected == build.render_site_files()
    assert [] == rendered
    assert lab.exists()


CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "the lesson": (
        lambda lab: replace_in_file(lab / "lesson.md", "Look closer.", "Look again."),
        {"en tiny", "zh tiny"},
    ),
    "its translation": (
        lambda lab: replace_in_file(lab / "lesson.zh.md", "再仔细看看。", "再看看。"),
        {"zh tiny"},
    ),
    "a check's docstring": (
        lambda lab: replace_in_file(lab.parents[1] / "checks" / "test_tiny.py", "a web", "a wide web"),
        {"en tiny", "zh tiny"},
    ),
    "the glossary": (
        lambda lab: replace_in_file(lab.parent / "glossary.md", "An attempt.", "A try."),
        {"en tiny", "zh tiny", "en other", "zh other"},
    ),
    "a step of another lab": (
        lambda lab: replace_in_file(lab.parent / "other" / "lesson.md", "{#leave}", "{#part}"),
        {"en tiny", "zh tiny", "en other", "zh other"},
    ),
}


@pytest.mark.parametrize(("change", "rerendered"), CHANGES.values(), ids=CHANGES)
def test_changed(change: Callable[[Path], None], rerendered: set[str], lab: Path) -> None:
    """After a change, the lessons that depend on it are rendered again, and the site equals an uncached build."""
    change(lab)
    with record_rendering() as rendered:
        built = build.render_site_files()
    assert rerendered == set(rendered)
    assert build_without_cache() == built


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("templates/blocks.html", 'class="hint"', 'class="hint tip"'),
        ("translations/en.yaml", "hint: Hint", "hint: Tip"),
    ],
)
def test_changed_site(file: str, old: str, new: str, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed block template or interface text renders every lesson again."""
    folder = lab.parents[1] / "site"
    for path in paths.site_folder().rglob("*"):
        if path.is_file():
            copy = folder / path.relative_to(paths.site_folder())
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(paths, "site_folder", lambda: folder)
    replace_in_file(folder / file, old, new)
    with record_rendering() as rendered:
        build.render_site_files()
    assert {"en tiny", "en other"} <= set(rendered)


def test_changed_program(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version of the renderer ignores the cache."""
    monkeypatch.setattr(render_cache, "_compute_code_digest", lambda: b"another")
    with record_rendering() as rendered:
        build.render_site_files()
    assert {"en tiny", "zh tiny", "en other", "zh other"} == set(rendered)
    assert lab.exists()


def test_step_gone(lab: Path) -> None:
    """A link to a step that was removed from another lab is reported, although the linking lesson is unchanged."""
    replace_in_file(lab.parent / "other" / "lesson.md", "{#look}", "{#gaze}")
    with pytest.raises(BrokenLabError, match=r"tiny/lesson\.md:\d+: the link '\.\./other/lesson\.md#look' points to"):
        build.render_site_files()


def test_image_gone(lab: Path) -> None:
    """The image of an unchanged lesson is part of every build, and reported once it is missing."""
    (lab / "images").mkdir()
    (lab / "images" / "cat.png").write_bytes(b"\x89PNG")
    replace_in_file(lab / "lesson.md", "Welcome.", "![A cat](images/cat.png)")
    for _ in range(2):
        assert b"\x89PNG" == build.render_site_files()["files/tiny/images/cat.png"]
    (lab / "images" / "cat.png").unlink()
    with pytest.raises(BrokenLabError, match=r"the image 'images/cat\.png' points to a file that does not exist"):
        build.render_site_files()


def test_problems(lab: Path) -> None:
    """Problems of a lesson are reported by every build until they are fixed."""
    replace_in_file(lab / "lesson.md", "Welcome.", "[x](#nowhere)")
    for _ in range(2):
        with pytest.raises(BrokenLabError, match="the link '#nowhere' does not match any step"):
            build.render_site_files()
    replace_in_file(lab / "lesson.md", "[x](#nowhere)", "Welcome.")
    assert build_without_cache() == build.render_site_files()


def test_damaged(lab: Path) -> None:
    """Cache entries that cannot be read are ignored."""
    expected = build_without_cache()
    for entry in (paths.cache_folder() / "pages").rglob("*.pickle"):
        entry.write_bytes(entry.read_bytes()[:40])
    assert expected == build.render_site_files()
    assert lab.exists()
