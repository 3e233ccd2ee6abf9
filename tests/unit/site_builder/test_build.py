"""The built site: valid, complete, reproducible, and safe from what lessons contain."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import html5lib
import pytest

from runner.errors import BrokenLabError, UsageError
from runner.site_builder import build
from tests.support import helpers
from tests.support.helpers import Pages

STEP = f"{helpers.FRONT_MATTER}Welcome.\n\n## Look {{#look}}\n"


def test_without_address(pages: Pages) -> None:
    """Without an address there is no site map, and no page names a host."""
    site = pages(STEP)
    assert "sitemap.xml" not in site
    assert "og:url" not in site["tiny/look.html"]


def test_only_what_changed(tree: Path) -> None:
    """A second build writes nothing, and a build after a change writes only the affected pages."""
    helpers.write_lab(tree, STEP)
    helpers.write_lab(tree, STEP, name="other")
    first = build.build_site(tree / "out")
    assert (first.file_count, 0) == (first.changed_count, first.removed_count)
    assert 0 == build.build_site(tree / "out").changed_count
    before = {path: path.stat().st_mtime_ns for path in (tree / "out").rglob("*.html")}
    helpers.write_lab(tree, STEP + "More.\n")
    build.build_site(tree / "out")
    changed = {str(path.relative_to(tree / "out")) for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert {"tiny/look.html", "tiny/on-one-page.html"} == changed


def test_stale_files(tree: Path) -> None:
    """Pages of removed steps and labs are deleted with their folders, and files of other origin are kept."""
    helpers.write_lab(tree, STEP + "## Then {#then}\n")
    helpers.write_lab(tree, STEP, name="other")
    build.build_site(tree / "out")
    (tree / "out" / "mine.txt").write_text("kept", "utf-8")
    helpers.write_lab(tree, STEP)
    subprocess.run(["rm", "-r", tree / "labs" / "other"], check=True)
    assert 4 == build.build_site(tree / "out").removed_count
    assert not (tree / "out" / "tiny" / "then.html").exists()
    assert not (tree / "out" / "other").exists()
    assert "kept" == (tree / "out" / "mine.txt").read_text("utf-8")


def test_foreign_folder(tree: Path) -> None:
    """A folder that contains other files is refused, and nothing in it changes."""
    helpers.write_lab(tree, STEP)
    (tree / "out").mkdir()
    (tree / "out" / "index.html").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="contains files that do not belong to a lesson site"):
        build.build_site(tree / "out")
    assert ["index.html"] == [path.name for path in (tree / "out").iterdir()]
    assert "mine" == (tree / "out" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("listed", ['["../labs/tiny/lesson.md"]', '["/etc/hostname"]', "{}", "no JSON"])
def test_tampered_list(listed: str, tree: Path) -> None:
    """A manipulated list of files does not delete anything outside the site."""
    helpers.write_lab(tree, STEP)
    (tree / "out").mkdir()
    (tree / "out" / ".labs-site.json").write_text(listed, "utf-8")
    with pytest.raises(UsageError, match="is damaged"):
        build.build_site(tree / "out")
    assert (tree / "labs" / "tiny" / "lesson.md").exists()


def test_symlink_instead_of_folder(tree: Path) -> None:
    """If a folder of the site was replaced by a symbolic link, nothing at its target is deleted."""
    helpers.write_lab(tree, STEP + "## Then {#then}\n")
    build.build_site(tree / "out")
    (tree / "out" / "tiny").rename(tree / "moved")
    (tree / "out" / "tiny").symlink_to(tree / "moved")
    helpers.write_lab(tree, STEP, name="other")
    subprocess.run(["rm", "-r", tree / "labs" / "tiny"], check=True)
    build.build_site(tree / "out")
    assert (tree / "moved" / "then.html").exists()


def test_images(tree: Path) -> None:
    """An image next to the lesson is copied once for all languages."""
    folder = helpers.write_lab(tree, STEP + "![A cat](images/cat.png)\n")
    (folder / "images").mkdir()
    (folder / "images" / "cat.png").write_bytes(b"\x89PNG")
    site = build.render_site_files()
    assert b"\x89PNG" == site["files/tiny/images/cat.png"]
    assert b'<img src="../files/tiny/images/cat.png" alt="A cat" loading="lazy" />' in site["tiny/look.html"]


def test_hint_for_a_check(tree: Path) -> None:
    """A hint for one check shows that check's docstring."""
    check = 'def test_web(nodes):\n    """There is a web."""\n'
    helpers.write_lab(tree, STEP + '::: hint check=test_web says="no container"\nRun it.\n:::\n', checks=check)
    page = build.render_site_files()["tiny/look.html"].decode()
    label = "<span>helps while this check fails: There is a web</span> <span>with the message: no container</span>"
    assert label in page


HOSTILE = r"""
</code></pre><script>alert(1)</script>

### </h2><script>alert(2)</script> {#x}

[a](<javascript:alert(3)>) <a href="javascript:alert(4)">b</a> ![c](x.svg"onerror="alert(5))

```sh node1 capture=A
</code></pre><script>alert(6)</script>
```

```output
</samp></pre><script>alert(7)</script>
```

```"><script>alert(8)</script>
x
```

::: hint check=test_a says="'><script>alert(9)</script>"
<script>alert(10)</script>
:::
"""


def test_hostile(tree: Path) -> None:
    """Hostile HTML in a lesson is shown as text and never interpreted."""
    front = helpers.FRONT_MATTER.replace("title: Tiny", "title: '</title><script>alert(0)</script>'")
    front = front.replace("summary: A lab for tests.", "summary: '\"><script>alert(0)</script>'")
    lesson = front + "## </h1><script>alert(1)</script> {#look}\n" + HOSTILE.replace("![c](x.svg", "(x.svg")
    helpers.write_lab(tree, lesson, checks='def test_a():\n    """<script>alert(11)</script>."""\n')
    (tree / "labs" / "glossary.md").write_text("## <script>x</script> {#x}\n<script>alert(12)</script>\n", "utf-8")
    for path, text in helpers.select_html_pages(build.render_site_files()).items():
        scripts = re.findall(r"<script[^>]*>", text)
        assert (path, 2) == (path, len(scripts)), scripts
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(text)
        assert (path, []) == (path, parser.errors)
        assert [] == re.findall(r'<[a-z]+[^>"]*(?:"[^"]*"[^>"]*)*\son[a-z]+=', text), path
        assert "javascript:" not in "".join(re.findall(r'href="[^"]*"', text)), path


def test_duplicate_page(tree: Path) -> None:
    """A step whose page would have the path of another page is an error."""
    helpers.write_lab(tree, f"{helpers.FRONT_MATTER}## Look {{#index}}\n")
    with pytest.raises(BrokenLabError, match="the id 'index' is reserved for a page of the lab"):
        build.render_site_files()


def test_unknown_language(tree: Path) -> None:
    """A translation into a language without interface texts is an error."""
    folder = helpers.write_lab(tree, STEP)
    (folder / "lesson.xx.md").write_text("", "utf-8")
    with pytest.raises(BrokenLabError, match="translated into 'xx', but the site's own texts exist only in"):
        build.render_site_files()


def test_no_labs(tree: Path) -> None:
    """A tree without labs still has a front page."""
    assert "index.html" in build.render_site_files()
