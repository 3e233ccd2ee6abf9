"""Parsing correct lessons, near misses and solutions."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BrokenLabError
from runner.lessons import markdown_parser, parse
from runner.lessons.model import Command, Hint, NearMiss, Picture, PictureService, Prose
from runner.nodes.topology import NodeSpec, Role
from tests.support import helpers

LESSON = """\
---
title: Two nodes
summary: What two nodes do.
level: advanced
minutes: 20
topology:
  nodes:
    - {name: node1, role: manager}
    - {name: node2, role: worker, memory: 700}
images: ["nginx:alpine"]
needs: [ipvs]
after: [swarm-basics]
---
Before the first step.

## Make a token {#make}

First paragraph.

- a list

```sh node1 capture=TOKEN
echo abc
```

Then:

```sh node1 node2 exit=3 retry=10
echo <TOKEN>
exit 3
```
```output
abc

  ...
```

::: hint
Look up.

```sh
no command
```
:::

After the hint.

::: hint check=test_made says="no token"
Type it.
:::

```picture
networks: [shop]
services:
  - {name: web, tasks: [node1, node2, node2], networks: [shop], ports: ["8080:80", "53/udp"]}
  - {name: db, tasks: [], volumes: [v1]}
```

## Nothing to type {#rest}
"""


def test_front_matter(tmp_path: Path) -> None:
    """The front matter becomes the fields of the lesson."""
    lesson = helpers.make_lab(tmp_path, LESSON).lesson
    assert ("Two nodes", "What two nodes do.", "advanced", 20) == (
        lesson.title,
        lesson.summary,
        lesson.level,
        lesson.minutes,
    )
    assert (NodeSpec("node1", Role.MANAGER), NodeSpec("node2", Role.WORKER, 700)) == lesson.topology.nodes
    assert ("node1", "node2") == lesson.topology.node_names
    assert (("nginx:alpine",), frozenset({"ipvs"}), ("swarm-basics",)) == (
        lesson.images,
        lesson.needs,
        lesson.prerequisites,
    )


def test_defaults(tmp_path: Path) -> None:
    """A lesson has no needs and no prerequisites by default."""
    lesson = helpers.make_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n").lesson
    assert (frozenset(), ()) == (lesson.needs, lesson.prerequisites)


def test_steps(tmp_path: Path) -> None:
    """Second-level headings become steps, with id, title and line."""
    lesson = helpers.make_lab(tmp_path, LESSON).lesson
    assert [("make", "Make a token", 16), ("rest", "Nothing to type", 59)] == [
        (step.id, step.title, step.line) for step in lesson.steps
    ]
    assert (Prose("Before the first step."),) == lesson.intro
    assert () == lesson.steps[1].parts


def test_parts(tmp_path: Path) -> None:
    """A step contains its prose, commands, hints and pictures in order, with their options."""
    assert (
        Prose("First paragraph.\n\n- a list"),
        Command(("node1",), "echo abc", 22, capture_name="TOKEN"),
        Prose("Then:"),
        Command(
            ("node1", "node2"),
            "echo <TOKEN>\nexit 3",
            28,
            exit_status=3,
            retry_seconds=10,
            expected_output=("abc", "..."),
        ),
        Hint("Look up.\n\n```sh\nno command\n```", 38),
        Prose("After the hint."),
        Hint("Type it.", 48, "test_made", "no token"),
        Picture(
            (
                PictureService("web", ("node1", "node2", "node2"), ("shop",), ("8080:80", "53/udp")),
                PictureService("db", (), volumes=("v1",)),
            ),
            ("shop",),
            52,
        ),
    ) == helpers.make_lab(tmp_path, LESSON).lesson.steps[0].parts


def test_ignore_comments(tmp_path: Path) -> None:
    """Readers do not see the comments that ignore findings of lint, and lines are still counted correctly."""
    comment = "<!-- labs: ignore L019 -->"
    lesson = f"{comment}\n\nA [link](gone.md) {comment}\nin a paragraph.\n\n{comment}\n## Look {{#look}}\n"
    lesson += f"{comment}\n```sh node1\nls\n```\n{comment}\n```output\n{comment}\n```\n"
    lesson += f"::: hint\n{comment}\nLook.\n:::\n"
    lab = helpers.make_lab(tmp_path, helpers.FRONT_MATTER + lesson)
    (prose,) = lab.lesson.intro
    assert isinstance(prose, Prose)
    assert ("A link in a paragraph.", 11) == (markdown_parser.extract_text(prose.text), prose.line)
    command, hint = lab.lesson.steps[0].parts
    assert Command(("node1",), "ls", 17, expected_output=(comment,)) == command
    assert isinstance(hint, Hint)
    assert ("Look.", 24) == (markdown_parser.extract_text(hint.text), hint.line)


def test_step_contents(tmp_path: Path) -> None:
    """A step lists its commands and its hints separately, and a command its placeholders."""
    step = helpers.make_lab(tmp_path, LESSON).lesson.steps[0]
    assert [22, 28] == [command.line for command in step.commands]
    assert ["Look up.\n\n```sh\nno command\n```", "Type it."] == [hint.text for hint in step.hints]
    assert [frozenset(), {"TOKEN"}] == [command.placeholders for command in step.commands]


def test_step_by_id(tmp_path: Path) -> None:
    """A lesson finds a step by its id, and None for an unknown id."""
    lesson = helpers.make_lab(tmp_path, LESSON).lesson
    assert lesson.steps[1] is lesson.find_step("rest")
    assert lesson.find_step("make-") is None


@pytest.mark.parametrize(
    "odd", ["a form\x0cfeed", "a line\u2028separator", "a next\x85line"], ids=["form feed", "separator", "next line"]
)
def test_odd_line_ends(odd: str, tmp_path: Path) -> None:
    """Characters that end lines in Python but not in Markdown do not shift line numbers."""
    lesson = helpers.make_lab(
        tmp_path, f"{helpers.FRONT_MATTER}{odd}\n\n## Look {{#look}}\n\nOne.\n\n```sh node1\ntrue\n```\n\nTwo.\n"
    ).lesson
    assert (Prose("One."), Command(("node1",), "true", 15), Prose("Two.")) == lesson.steps[0].parts


def test_windows_line_ends(tmp_path: Path) -> None:
    """A lesson with a byte order mark and Windows line ends is parsed the same."""
    folder = helpers.write_lab(tmp_path, LESSON)
    expected = parse.parse_lab(folder).lesson
    (folder / "lesson.md").write_bytes(b"\xef\xbb\xbf" + LESSON.replace("\n", "\r\n").encode())
    assert expected == parse.parse_lab(folder).lesson


def test_paths(tmp_path: Path) -> None:
    """A lab knows the paths of its setup script, files and near misses, the last sorted by name."""
    lab = helpers.make_lab(tmp_path, LESSON, wrong={"b.md": "", "a.md": "", "notes.txt": ""})
    folder = tmp_path / "labs" / "tiny"
    assert (folder / "setup.sh", folder / "files") == (lab.setup_script_path, lab.files_folder)
    assert (folder / "wrong" / "a.md", folder / "wrong" / "b.md") == lab.near_miss_paths


NEAR_MISS = """\
---
step: make
played: after
says: two tokens
---
Prose is ignored here.

## Wrong

```sh node2
touch extra
```

## Cure

```sh node2
rm extra
```
"""


def test_near_miss(tmp_path: Path) -> None:
    """A near miss has a step, the expected message, and the commands of the mistake and its cure."""
    lab = helpers.make_lab(tmp_path, LESSON, wrong={"extra.md": NEAR_MISS})
    assert NearMiss(
        path=lab.near_miss_paths[0],
        step_id="make",
        is_played_after=True,
        says="two tokens",
        wrong_commands=(Command(("node2",), "touch extra", 10),),
        cure_commands=(Command(("node2",), "rm extra", 16),),
    ) == parse.parse_near_miss(lab.near_miss_paths[0], lab)


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        ("step: make", "step: fix", ["2: the lesson has no step 'fix'"]),
        ("played: after\n", "", ["2: front matter: 'played' is missing"]),
        ("after", "later", ["3: front matter: 'played': 'later' is not one of ['before', 'after']"]),
        ("## Cure", "## Care", ["18: the heading '## Cure' with its commands is missing"]),
        ("```sh node2\ntouch extra\n```", "", ["8: the heading '## Wrong' with its commands is missing"]),
        ("node2\nrm", "node9\nrm", ["16: there is no node 'node9'"]),
        (NEAR_MISS, "## Wrong\n", ["1: front matter: it must be a mapping of keys to values"]),
    ],
)
def test_broken_near_miss(old: str, new: str, problems: list[str], tmp_path: Path) -> None:
    """A problem in a near miss is reported with its file and line, and the name of the lab."""
    lab = helpers.make_lab(tmp_path, LESSON, wrong={"extra.md": NEAR_MISS.replace(old, new)})
    with pytest.raises(BrokenLabError) as caught:
        parse.parse_near_miss(lab.near_miss_paths[0], lab)
    first_line, *lines = caught.value.message.splitlines()
    assert first_line.startswith("The lab 'tiny' has ")
    assert [f"{lab.near_miss_paths[0]}:{problem}" for problem in problems] == lines[: len(problems)]


def test_unreadable_near_miss(tmp_path: Path) -> None:
    """A near miss that is not UTF-8 is a problem of its lab."""
    lab = helpers.make_lab(tmp_path, LESSON, wrong={"extra.md": ""})
    lab.near_miss_paths[0].write_bytes(b"\xff")
    with pytest.raises(BrokenLabError, match=r"The lab 'tiny' has a problem:\n.*extra\.md:1: cannot read the file"):
        parse.parse_near_miss(lab.near_miss_paths[0], lab)


def test_own_commands(tmp_path: Path) -> None:
    """The commands of a step take precedence over a solution file."""
    lab = helpers.make_lab(tmp_path, LESSON)
    _write_solution(lab.solution_path("make"), "```sh node1\nfalse\n```\n")
    assert lab.lesson.steps[0].commands == parse.load_solution_commands(lab, lab.lesson.steps[0])


def test_solution(tmp_path: Path) -> None:
    """A step without commands uses those of its solution file, or none if there is no file."""
    lab = helpers.make_lab(tmp_path, LESSON)
    assert () == parse.load_solution_commands(lab, lab.lesson.steps[1])
    _write_solution(lab.solution_path("rest"), "So:\n```sh node1\ntrue\n```\n\n## Then\n```sh node2\ntrue\n```\n")
    assert (Command(("node1",), "true", 2), Command(("node2",), "true", 7)) == parse.load_solution_commands(
        lab, lab.lesson.steps[1]
    )


def test_broken_solution(tmp_path: Path) -> None:
    """A problem in a solution is reported with its file and line."""
    lab = helpers.make_lab(tmp_path, LESSON)
    _write_solution(lab.solution_path("rest"), "```sh node9\ntrue\n```\n")
    with pytest.raises(BrokenLabError, match=r"solution/rest\.md:1: there is no node 'node9'"):
        parse.load_solution_commands(lab, lab.lesson.steps[1])


def _write_solution(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, "utf-8")
