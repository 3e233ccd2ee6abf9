"""The terminal and the site show the same words of a lesson."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from runner.cli import cli
from runner.lessons import markdown_parser
from runner.lessons.lint.all_rules import RULES
from runner.lessons.lint.rule import LintRule
from runner.lessons.model import Hint, Prose
from runner.lessons.terminal_markdown import LessonMarkdown
from runner.progress import hint_selection
from runner.progress.model import Progress, StepRecord
from runner.site_builder import markdown
from runner.watch import step_view
from tests.support import helpers, watch_states
from tests.support.helpers import Pages

ODD = "Replace <NAME> by yours, as in ssh <user>@host; press <Enter>; a<b>c; x <y> z; 2 < 3 > 1; List<String>."
TEXTS = [
    ODD,
    "<TOKEN> first in a line.",
    "<TOKEN>\nalone in a line.\n**bold**",
    "<br/>\n\n- <ITEM>\n- <kbd>Ctrl</kbd>",
    "| a | <HEAD> |\n|---|---|\n| <CELL> | <b>x</b> |",
    "<details><summary>More</summary>\n\nHidden.\n\n</details>",
    "<pre>\n# not a title\n</pre>",
    "<script>\nlet a = '<NAME>';\n</script>",
    "<!DOCTYPE html> and <?php x ?> and <![CDATA[x]]>",
    "One <!-- two --> three <!-- four -->",
    "<!-- one -->\ntwo",
    "one\n<!-- two\n\n### three\n-->\nfour",
    "<!-- one --> <!-- two -->\n\nthree",
    "- one\n  <!-- two\n\n  three -->\n  four",
    "<!-- never closed\n\ntwo",
    "`code <!-- x --> <NAME>` &lt;b&gt; \\<b>",
    "~~not struck~~ and https://example.org and *one*<NAME>**two**",
    "### Why <NAME> `code` {#why}\n\ntext",
    "### Use `{#id}`",
    "```yaml config/app.yaml\na: <NAME> <!-- x -->\n```",
    "```text\nlabs shell <NODE>\n```",
    "    indented <NAME>",
    "> <QUOTE> in a quote",
    "one\\\ntwo <A>  \nthree",
    "![A <NAME>](a.png)",
]
# What only a terminal adds: signs of lists, quotes, tables, titles and pictures, and the colon after a file's name.
_SIGNS = re.compile("[\u2022\u258c\u2500-\u257f\U0001f306]|(?<=app.yaml):")


def read_terminal(text: str, width: int = 400) -> str:
    """Return the words that a terminal shows."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    lines = console.render_lines(LessonMarkdown(text), pad=False)
    shown = "\n".join("".join(segment.text for segment in line) for line in lines)
    return " ".join(_SIGNS.sub("", shown).split())


def read_site(text: str) -> str:
    """Return the words that a page of the site shows."""
    tokens = markdown_parser.parse_displayed_tokens(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            markdown_parser.remove_heading_id(tokens[index + 1])
    html = markdown.render_tokens(tokens).replace(markdown.HEADING_LEVEL_MARK, "")
    html = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r"\1", html)
    html = re.sub(r"(</(?:p|li|h\d|td|th|pre|div)>|<br */?>)", r"\1 ", html)
    root = html5lib.parse(html, namespaceHTMLElements=False)
    return " ".join("".join(root.itertext()).split())


@pytest.mark.parametrize("text", TEXTS)
def test_same_words(text: str) -> None:
    """Both show the same words, nothing that looks like a tag disappears, and no comment is shown."""
    shown = read_terminal(text)
    assert read_site(text) == shown
    assert {*re.findall(r"<[A-Z]+>", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))} <= {
        *re.findall(r"<[A-Z]+>", shown)
    }


FRAGMENTS = [
    "<NAME>", "<b>", "</b>", "<br>", "<!--", "-->", "<!--x-->", "<!", "<?", "?>", ">", "<", "&", "&lt;",
    "*a*", "`b`", "**", "_", "~~", "|", "[x](y)", "\\", "#", "###", "-", "\n", "\n\n",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(fragments=st.lists(st.sampled_from(FRAGMENTS), max_size=12))
def test_drawn_text(fragments: list[str]) -> None:
    """Whatever the text, the terminal shows the tags that the site shows."""
    text = " ".join(fragments)
    tags = re.compile(r"<[A-Za-z/]+>|-->|<!--")
    assert tags.findall(read_site(text)) == tags.findall(read_terminal(text))


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`labs show` and `labs solution` show titles, prose and notes of a solution as they are written."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    front = helpers.FRONT_MATTER.replace("title: Tiny", 'title: "[bold] <TITLE> :key:"')
    lesson = f"{front}Why <WHO>?\n\n## Look <AGAIN> *now* `x` :key: [b] {{#look}}\n\n{ODD}\n\n<!-- not this -->\n"
    folder = helpers.write_lab(tmp_path, lesson)
    (folder / "solution").mkdir()
    (folder / "solution" / "look.md").write_text(f"{ODD}\n\n```sh node1\nls\n```\n", "utf-8")
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(cli, ["show", "tiny"]).output
    assert "[bold] <TITLE> :key:\n" in shown
    assert "Why <WHO>?" in shown
    assert "Look <AGAIN> now x :key: [b]  look\n" in shown
    # The width of the terminal may have been read before, by another test.
    assert ODD in " ".join(shown.split())
    assert "not this" not in shown
    assert ODD in " ".join(CliRunner().invoke(cli, ["solution", "tiny", "look", "--spoil"]).output.split())


def test_title_on_the_site(pages: Pages) -> None:
    """The title of a step has the same words on all its pages."""
    site = pages(f"{helpers.FRONT_MATTER}## Look <AGAIN> *now* `x` {{#look}}\n")
    assert '<h1 id="look">Look &lt;AGAIN&gt; now x</h1>' in site["tiny/look.html"]
    assert '<h2 id="look">Look &lt;AGAIN&gt; now x</h2>' in site["tiny/on-one-page.html"]


def test_hint_in_watch() -> None:
    """A hint in the live screen shows the same words."""
    hint = Hint(f"{ODD}\n\n<!-- x -->", 1)
    step = replace(watch_states.STEPS[0], parts=(hint,))
    record = StepRecord(shown_hints=frozenset({hint_selection.compute_hint_id(hint)}))
    state = replace(watch_states.FRESH, progress=Progress("tiny", {step.id: record}))
    lines = [line.plain.strip() for line in step_view.render_step(state, step, 200, brief=False)]
    assert ["Hint 1", ODD] == lines[-2:]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_pages_of_lint_rules(rule: LintRule) -> None:
    """`labs lint --explain` shows each example with the path of its file."""
    output = CliRunner().invoke(cli, ["lint", "--explain", rule.code]).output
    assert re.search(r"^(labs|checks)/\S+: *$", Text.from_ansi(output).plain, re.MULTILINE)


def test_definitions_elsewhere(tmp_path: Path) -> None:
    """A link whose target is defined in another part of the file leads there in the terminal, too."""
    lesson = (
        f'{helpers.FRONT_MATTER}See [Web][there].\n\n## Look {{#look}}\n\n[there]: https://example.org "A \\"b\\""\n'
    )
    lab = helpers.make_lab(tmp_path, lesson)
    (prose,) = lab.lesson.intro
    assert isinstance(prose, Prose)
    assert "See Web (https://example.org)." == read_terminal(prose.text)
    assert () == lab.lesson.steps[0].parts
