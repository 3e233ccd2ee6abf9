"""The site as a whole: the same from the same lessons, whole, and free of what lessons could smuggle in."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import html5lib
import pytest

from runner.errors import BrokenLabError, UsageError
from runner.lessons import parse
from runner.lessons.lint import check_file_reader
from runner.lessons.learner_values import fill
from runner.site_builder import build
from tests import helpers
from tests.site_builder.conftest import Pages

STEP = f"{helpers.FRONT}Welcome.\n\n## Look {{#look}}\n"


@pytest.fixture(scope="module")
def real() -> dict[str, bytes]:
    """Return the site of the labs that come with this program."""
    return build.files(url="https://example.org/labs")


def texts(files: dict[str, bytes]) -> dict[str, str]:
    """Return the pages among some files."""
    return {path: data.decode() for path, data in files.items() if path.endswith(".html")}


def test_valid(real: dict[str, bytes]) -> None:
    """Every page is HTML that a strict parser has nothing to say about."""
    found = {}
    for path, data in real.items():
        if path.endswith(".html"):
            parser = html5lib.HTMLParser(strict=False)
            parser.parse(data, transport_encoding="utf-8")
            found[path] = parser.errors
    assert {} == {path: errors for path, errors in found.items() if errors}


def test_kinds_of_pages(real: dict[str, bytes]) -> None:
    """There is a front page, a page per lab, per step and for a whole lab, a glossary, and a page for the lost."""
    wanted = {
        "index.html",
        "404.html",
        "glossary.html",
        "swarm-basics/index.html",
        "swarm-basics/join-workers.html",
        "swarm-basics/on-one-page.html",
        "zh/index.html",
        "zh/glossary.html",
        "zh/swarm-basics/join-workers.html",
        "assets/site.css",
        "assets/search.en.js",
        "assets/search.zh.js",
        "sitemap.xml",
    }
    assert set() == wanted - real.keys()


def test_ids(real: dict[str, bytes]) -> None:
    """No page has an id twice."""
    for path, text in texts(real).items():
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert (path, sorted(set(ids))) == (path, sorted(ids))


def test_links(real: dict[str, bytes]) -> None:
    """Every link within the site leads to a page that there is, and to an anchor on it."""
    pages = texts(real)
    anchors = {path: {unescape(name) for name in re.findall(r'\sid="([^"]+)"', text)} for path, text in pages.items()}
    broken = []
    for path, text in pages.items():
        for link in re.findall(r'(?:href|src|data-index)="([^"]+)"', text):
            way, anchor = urldefrag(unescape(link))
            if urlsplit(way).scheme:
                continue
            base = "/labs/" if way.startswith("/labs/") else ""
            target = way.removeprefix(base) if base else os.path.normpath(Path(path).parent / unquote(way))
            target = path if not way else target
            if target not in real or (anchor and unquote(anchor) not in anchors.get(target, set())):
                broken.append((path, link))
    assert [] == broken


def test_nothing_from_elsewhere(real: dict[str, bytes]) -> None:
    """No page, style sheet or script loads anything from another host."""
    for path, text in texts(real).items():
        loaded = re.findall(r'(?:src|data-index)="([^"]+)"|<link rel="(?:stylesheet|icon)" href="([^"]+)"', text)
        assert (path, []) == (path, [one for pair in loaded for one in pair if "//" in one])
    for path in ("assets/site.css", "assets/site.js", "assets/early.js"):
        assert [] == re.findall(rb"url\(|@import|https?://", real[path]), path


def test_policy(real: dict[str, bytes]) -> None:
    """Every page forbids what is not its own, and needs no inline script, style or handler."""
    for path, text in texts(real).items():
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
        assert policy, path
        assert policy[1].startswith("default-src 'none'; script-src 'self'; style-src 'self'"), path
        assert "unsafe" not in policy[1], path
        assert [] == re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|<[^>]*\son[a-z]+=", text), path


def test_weight(real: dict[str, bytes]) -> None:
    """A page of a lesson, with its style sheet and scripts, is at most 60 kB compressed."""
    shared = sum(len(gzip.compress(real[f"assets/{name}"], 9)) for name in ("site.css", "site.js", "early.js"))
    heavy = {path: shared + len(gzip.compress(text.encode(), 9)) for path, text in texts(real).items()}
    assert {} == {path: size for path, size in heavy.items() if size > 60_000}


def test_site_map(real: dict[str, bytes]) -> None:
    """With an address, search engines get a map of every page but the one for the lost."""
    listed = re.findall(r"<loc>https://example.org/labs/([^<]*)</loc>", real["sitemap.xml"].decode())
    wanted = {re.sub(r"index\.html$", "", path) for path in texts(real)} - {"404.html"}
    assert wanted == set(listed)


def test_cards(real: dict[str, bytes]) -> None:
    """With an address, a page that is shared elsewhere has a title, a text and a picture that there is."""
    page = texts(real)["swarm-basics/join-workers.html"]
    told = dict(re.findall(r'<meta property="og:([a-z_]+)" content="([^"]*)"', page))
    assert "Join the workers · Swarm from the ground up" == told["title"]
    assert "https://example.org/labs/swarm-basics/join-workers.html" == told["url"]
    assert told["image"].removeprefix("https://example.org/labs/") in real


def test_recorded() -> None:
    """The check that the front page shows is of checks that there are, each in its step and in its present words."""
    report = json.loads((helpers.CHECKOUT / "site" / "recorded" / "check.json").read_text("utf-8"))
    values = parse.lab(helpers.CHECKOUT / "labs" / report["lab"]).values
    there = check_file_reader.read(helpers.CHECKOUT / "checks" / f"test_{report['lab'].replace('-', '_')}.py").found
    told = {(check.name, check.step, fill(check.says.rstrip("."), values)) for check in there}
    assert set() == {(one["check"], one["step"], one["says"]) for one in report["results"]} - told


def test_without_address(pages: Pages) -> None:
    """Without an address there is no map, and no page names a host that it might not be on."""
    found = pages(STEP)
    assert "sitemap.xml" not in found
    assert "og:url" not in found["tiny/look.html"]


def test_same_bytes(tree: Path) -> None:
    """The same lessons make the same bytes, whatever order Python's sets happen to be in."""
    for name in ("one", "two"):
        helpers.write_lab(tree, STEP + "```sh node1 capture=A\ntrue\n```\n", name=name)
    look = "import hashlib; from runner.site_builder import build; found = build.files()\n"
    look += "print(hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest(), list(found))"
    # Each from nothing: neither recalls what the other has rendered.
    told = [
        helpers.python(tree, "-c", look, PYTHONHASHSEED=seed, XDG_CACHE_HOME=str(tree / seed)).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert "tiny" not in told[0]
    assert "one/look.html" in told[0]


def test_only_what_changed(tree: Path) -> None:
    """A second build writes nothing, and one after a change writes the pages that it is seen on."""
    helpers.write_lab(tree, STEP)
    helpers.write_lab(tree, STEP, name="other")
    first = build.build(tree / "out")
    assert (first.files, 0) == (first.changed, first.removed)
    assert 0 == build.build(tree / "out").changed
    before = {path: path.stat().st_mtime_ns for path in (tree / "out").rglob("*.html")}
    helpers.write_lab(tree, STEP + "More.\n")
    build.build(tree / "out")
    changed = {str(path.relative_to(tree / "out")) for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert {"tiny/look.html", "tiny/on-one-page.html"} == changed


def test_stale_files(tree: Path) -> None:
    """Pages of steps and labs that are gone are removed with their folders, and files of others are left alone."""
    helpers.write_lab(tree, STEP + "## Then {#then}\n")
    helpers.write_lab(tree, STEP, name="other")
    build.build(tree / "out")
    (tree / "out" / "mine.txt").write_text("kept", "utf-8")
    helpers.write_lab(tree, STEP)
    subprocess.run(["rm", "-r", tree / "labs" / "other"], check=True)
    assert 4 == build.build(tree / "out").removed
    assert not (tree / "out" / "tiny" / "then.html").exists()
    assert not (tree / "out" / "other").exists()
    assert "kept" == (tree / "out" / "mine.txt").read_text("utf-8")


def test_folder_of_somebody(tree: Path) -> None:
    """A folder that holds anything else is refused, and nothing in it is touched."""
    helpers.write_lab(tree, STEP)
    (tree / "out").mkdir()
    (tree / "out" / "index.html").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="holds files that no site was built from"):
        build.build(tree / "out")
    assert ["index.html"] == [path.name for path in (tree / "out").iterdir()]
    assert "mine" == (tree / "out" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("listed", ['["../labs/tiny/lesson.md"]', '["/etc/hostname"]', "{}", "no JSON"])
def test_list_of_somebody(listed: str, tree: Path) -> None:
    """A list of files that was tampered with has nothing outside the site removed."""
    helpers.write_lab(tree, STEP)
    (tree / "out").mkdir()
    (tree / "out" / ".labs-site.json").write_text(listed, "utf-8")
    with pytest.raises(UsageError, match="is damaged"):
        build.build(tree / "out")
    assert (tree / "labs" / "tiny" / "lesson.md").exists()


def test_link_in_the_place_of_a_folder(tree: Path) -> None:
    """A folder of the site that became a link to elsewhere has nothing there removed."""
    helpers.write_lab(tree, STEP + "## Then {#then}\n")
    build.build(tree / "out")
    (tree / "out" / "tiny").rename(tree / "moved")
    (tree / "out" / "tiny").symlink_to(tree / "moved")
    helpers.write_lab(tree, STEP, name="other")
    subprocess.run(["rm", "-r", tree / "labs" / "tiny"], check=True)
    build.build(tree / "out")
    assert (tree / "moved" / "then.html").exists()


def test_images(tree: Path) -> None:
    """An image beside the lesson comes along, once for all languages."""
    folder = helpers.write_lab(tree, STEP + "![A cat](images/cat.png)\n")
    (folder / "images").mkdir()
    (folder / "images" / "cat.png").write_bytes(b"\x89PNG")
    found = build.files()
    assert b"\x89PNG" == found["files/tiny/images/cat.png"]
    assert b'<img src="../files/tiny/images/cat.png" alt="A cat" loading="lazy" />' in found["tiny/look.html"]


def test_hint_for_a_check(tree: Path) -> None:
    """A hint that is for one check says so in the check's own words."""
    check = 'def test_web(nodes):\n    """There is a web."""\n'
    helpers.write_lab(tree, STEP + '::: hint check=test_web says="no container"\nRun it.\n:::\n', checks=check)
    page = build.files()["tiny/look.html"].decode()
    told = "<span>helps while this check fails: There is a web</span> <span>and it says: no container</span>"
    assert told in page


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
    """What a lesson says, its author's worst included, is shown and never run."""
    front = helpers.FRONT.replace("title: Tiny", "title: '</title><script>alert(0)</script>'")
    front = front.replace("summary: A lab for tests.", "summary: '\"><script>alert(0)</script>'")
    lesson = front + "## </h1><script>alert(1)</script> {#look}\n" + HOSTILE.replace("![c](x.svg", "(x.svg")
    helpers.write_lab(tree, lesson, checks='def test_a():\n    """<script>alert(11)</script>."""\n')
    (tree / "labs" / "glossary.md").write_text("## <script>x</script> {#x}\n<script>alert(12)</script>\n", "utf-8")
    for path, text in texts(build.files()).items():
        scripts = re.findall(r"<script[^>]*>", text)
        assert (path, 2) == (path, len(scripts)), scripts
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(text)
        assert (path, []) == (path, parser.errors)
        assert [] == re.findall(r'<[a-z]+[^>"]*(?:"[^"]*"[^>"]*)*\son[a-z]+=', text), path
        assert "javascript:" not in "".join(re.findall(r'href="[^"]*"', text)), path


def test_two_pages_in_one_place(tree: Path) -> None:
    """A step whose page would lie where another page does is told."""
    helpers.write_lab(tree, f"{helpers.FRONT}## Look {{#index}}\n")
    with pytest.raises(BrokenLabError, match=r"Two pages of the site would lie at tiny/index\.html\."):
        build.files()


def test_unknown_language(tree: Path) -> None:
    """A translation into a language that the site has no words in is told."""
    folder = helpers.write_lab(tree, STEP)
    (folder / "lesson.xx.md").write_text("", "utf-8")
    with pytest.raises(BrokenLabError, match="translated into 'xx', a language that the site has no words in"):
        build.files()


def test_no_labs(tree: Path) -> None:
    """A tree without labs has a front page all the same."""
    assert "index.html" in build.files()


def test_imports() -> None:
    """The site is built without any driver, engine or network: nothing of them is imported."""
    look = "import sys; import runner.site_builder.build; print({'docker', 'requests', 'testinfra'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=helpers.CHECKOUT, capture_output=True, text=True, check=True
    )
    assert "set()\n" == done.stdout
