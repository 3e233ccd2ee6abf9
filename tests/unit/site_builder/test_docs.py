"""The documentation on the site: navigation, links between pages, generated parts, and what makes a build fail."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from runner import paths
from runner.cli import _check_reference, _reference, cli
from runner.errors import BrokenLabError
from runner.site_builder import build
from tests.support import helpers

STEP = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"
INDEX = "# Docs\n\n## Tutorials\n\n- [One](one.md)\n\n## Reference\n\n- [Two](deep/two.md): text\n"


@pytest.fixture
def docs(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a small documentation next to a small lab."""
    helpers.write_lab(tree, STEP)
    folder = tree / "docs"
    (folder / "deep").mkdir(parents=True)
    (folder / "README.md").write_text(INDEX, "utf-8")
    (folder / "one.md").write_text("# Page one\n\nFirst.\n\n## A `heading`, with marks\n", "utf-8")
    (folder / "deep" / "two.md").write_text("# Page two\n\n## Other\n\nLast.\n", "utf-8")
    monkeypatch.setattr(paths, "docs_folder", lambda: folder)
    return folder


def build_docs(**generated: str) -> dict[str, str]:
    """Return the text files of the site by path."""
    files = build.render_site_files(generated_docs=generated)
    return {path: data.decode() for path, data in files.items() if path.endswith((".html", ".js"))}


def report_problems(docs: Path, **generated: str) -> str:
    """Return the problems that keep the site from being built, with paths relative to the documentation."""
    with pytest.raises(BrokenLabError) as error:
        build_docs(**generated)
    return error.value.message.partition("\n")[2].replace(f"{docs}/", "")


def test_navigation(docs: Path) -> None:
    """Every page has a link to each page in the order of the index, under the titles of its sections."""
    pages = build_docs()
    side = pages["docs/deep/two.html"].partition('<nav class="side"')[2]
    assert [
        ("Docs", "../../docs/index.html"),
        ("Page one", "../../docs/one.html"),
        ("Page two", "../../docs/deep/two.html"),
    ] == [(title, link) for link, title in re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', side)][:3]
    assert ["Tutorials", "Reference"] == re.findall(r'<p class="side-kind">([^<]+)</p>', side)
    assert 'href="docs/index.html">Docs</a>' in pages["index.html"]


def test_links(docs: Path) -> None:
    """Links to pages, headings, steps and files, which are those of the repository, lead to their place on the site."""
    links = (
        "[a](../one.md) [b](../one.md#a-heading-with-marks) [c](#other) [d](../README.md) [e](https://example.org)\n"
    )
    links += "[f](../../labs/tiny/lesson.md#look) [g](../../runner/lessons/lesson.schema.json)\n"
    (docs / "deep" / "two.md").write_text(f"# Page two\n\n{links}\n## Other\n", "utf-8")
    page = build_docs()["docs/deep/two.html"].partition("<article>")[2].partition("</article>")[0]
    assert [
        "../one.html",
        "../one.html#a-heading-with-marks",
        "#other",
        "../index.html",
        "https://example.org",
        "../../tiny/look.html",
        "../files/runner/lessons/lesson.schema.json",
    ] == re.findall(r'href="([^"]+)"', page)


def test_broken_links(docs: Path) -> None:
    """Links that lead nowhere are reported with file and line, and nothing is built."""
    links = (
        "[a](gone.md)\n[b](one.md#gone)\n[c](#gone)\n[d](../labs/gone/lesson.md)\n[e](../labs/tiny/lesson.md#gone)\n"
    )
    links += "[f](gone.png)\n[g](../Makefile)\n[h](/one.md)\n![i](gone.png)\n"
    (docs / "one.md").write_text(f"# Page one\n\n{links}", "utf-8")
    assert [
        "one.md:3: the link 'gone.md' points to a page that does not exist",
        "one.md:4: the link 'one.md#gone' points to a heading that does not exist: one.md has no #gone",
        "one.md:5: the link '#gone' points to a heading that does not exist: one.md has no #gone",
        "one.md:6: the link '../labs/gone/lesson.md' points to a lab that does not exist",
        "one.md:7: the link '../labs/tiny/lesson.md#gone' points to a step that does not exist: 'tiny' has no {#gone}",
        "one.md:8: the link 'gone.png' points to a file that does not exist",
        "one.md:9: the link '../Makefile' points to a file that the site cannot contain; "
        "link only to docs, labs, checks and runner",
        "one.md:10: the link '/one.md' must be a web address or a path relative to this file",
        "one.md:11: the image 'gone.png' points to a file that does not exist",
    ] == report_problems(docs).splitlines()


def test_generated_text(docs: Path) -> None:
    """A line names a generated text, which replaces it; its headings can be linked to, and lines are still right."""
    text = "# Page one\n\n[there](#made)\n\n<!-- generated: commands -->\n\n[x](gone.md)\n"
    (docs / "one.md").write_text(text, "utf-8")
    assert report_problems(docs, commands="## Made\n").startswith("one.md:7: the link 'gone.md'")
    (docs / "one.md").write_text(text.replace("gone.md", "README.md"), "utf-8")
    assert '<h2 id="made">Made</h2>' in build_docs(commands="## Made\n")["docs/one.html"]
    assert "one.md:5: there is no generated text 'commands'\n" in f"{report_problems(docs)}\n"


def test_problems_of_pages(docs: Path) -> None:
    """Pages without a title, pages that the index does not list, and duplicate headings are reported."""
    (docs / "three.md").write_text("## No title\n", "utf-8")
    (docs / "four.md").write_text("# Page four\n\n## Same\n\n## Same\n", "utf-8")
    assert [
        "four.md:1: no section of README.md links to this page",
        "four.md:5: the anchor 'same' is already used on line 3; end the heading with another {#id}",
        "three.md:1: the page must begin with its title: '# Title'",
    ] == report_problems(docs).splitlines()
    (docs / "README.md").unlink()
    assert "README.md:1: the file is missing; it lists all pages" in report_problems(docs)


def test_example_file(docs: Path) -> None:
    """A code block that names a file shows its path."""
    (docs / "one.md").write_text("# Page one\n\n```yaml labs/tiny/files/stack.yml\na: b\n```\n", "utf-8")
    assert '<p class="where">labs/tiny/files/stack.yml</p>' in build_docs()["docs/one.html"]


def test_search(docs: Path) -> None:
    """The search finds every section of the documentation, in English only."""
    helpers.write_lab(docs.parent, STEP, name="other")
    (docs.parent / "labs" / "tiny" / "lesson.zh.md").write_text(
        f"---\ntitle: 小\nsummary: 小。\ntranslates: {'0' * 12}\n---\n## 看 {{#look}}\n", "utf-8"
    )
    pages = build_docs()
    index = json.loads(pages["assets/search.en.js"].removeprefix("globalThis.labsIndex = ").rstrip(";\n"))
    assert ["docs/deep/two.html#other", "Other", "Page two", "Last."] in index
    assert ["docs/one.html", "Page one", "Docs", "First."] in index
    assert "docs/" not in pages["assets/search.zh.js"]
    assert '<a href="../docs/index.html" hreflang="en">' in pages["zh/index.html"]
    assert 'class="tongues"' not in pages["docs/one.html"]


def test_without_docs(docs: Path) -> None:
    """A site without documentation has no page of it, and no link to it."""
    files = build.render_site_files()
    assert [] == [path for path in files if path.startswith("docs/")]
    assert b"docs/" not in files["index.html"]


@pytest.mark.parametrize("is_built_in", [True, False])
def test_only_with_built_in_labs(is_built_in: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands build the documentation only for the built-in labs."""
    monkeypatch.setattr(paths, "uses_built_in_labs", lambda: is_built_in)
    assert is_built_in == (_reference.render_generated_docs() is not None)


def test_snapshot_reference() -> None:
    """The reference lists the public attributes, properties and methods of snapshots, from their docstrings."""
    text = _check_reference.render_snapshot_reference()
    swarm = text.partition("### SwarmSnapshot\n")[2].partition("\n### ")[0]
    assert "| `members` | All members, including those that are down. |" in swarm
    assert "| `run_command_once(name, *argv)` | Return the result of a read-only command on a node; " in swarm
    assert "| `availability` | 'active', 'pause' or 'drain'. |" in text.partition("### Member\n")[2]
    assert "`_" not in text


def test_cli_reference() -> None:
    """The reference has a section for every command, with every option that has a help text, and its examples."""
    text = _reference.render_cli_reference()
    sections = dict(re.findall(r"^## (labs.*?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert {"labs", "labs start", "labs images export", "labs grade bundle", "labs site serve"} <= sections.keys()
    context = click.Context(cli, info_name="labs")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.opts[-1] in sections[f"labs {name}"], (name, param.opts)
    assert "```text\nlabs exec node1 -- docker node ls\n" in sections["labs exec"]
    assert r"LABS\_ROOT" in sections["labs"]
