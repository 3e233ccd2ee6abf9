"""Parsing submissions: each problem is reported, and everything else is parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.grading import submission
from runner.grading.collect import read_submission_snapshot
from runner.grading.resource_limits import ResourceLimits
from runner.grading.submission import Submission
from runner.lessons.model import Lab
from tests.support import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return the lab that the submissions are for."""
    return helpers.make_lab(tmp_path, LESSON)


@pytest.fixture
def ada(tmp_path: Path) -> Path:
    """Return the folder of a submission."""
    return tmp_path / "ada"


def parse(folder: Path, lab: Lab, text: str | bytes) -> Submission:
    """Write the text of a submission, collect its folder and parse it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "submission.md").write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    unpacked = folder.with_name(f"{folder.name}-unpacked")
    unpacked.mkdir()
    return submission.parse_submission(
        read_submission_snapshot(folder, ResourceLimits()).unpack_into_folder(unpacked), lab
    )


def test_blocks(ada: Path, lab: Lab) -> None:
    """Blocks have their node, script and line, and the step of the heading that precedes them."""
    blocks = [f"```sh node1\n{word}\n```\n" for word in ("first", "second", "last")]
    parsed = parse(ada, lab, f"{blocks[0]}## Find {{#find}}\n{blocks[1]}## Other {{#other}}\n{blocks[2]}")
    assert [("first", 1, ""), ("second", 5, "find"), ("last", 9, "")] == [
        (block.command.script, block.command.line, block.step) for block in parsed.blocks
    ]
    assert ((), "ada") == (parsed.problems, parsed.name)


def test_front_matter(ada: Path, lab: Lab) -> None:
    """Front matter is not a block."""
    assert 1 == len(parse(ada, lab, "---\nlab: tiny\n---\n```sh node1\ntrue\n```\n").blocks)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "submission.md:1: has no shell block; a block starts with its node: ```sh node1"),
        ("Words.\n", "submission.md:1: has no shell block; a block starts with its node: ```sh node1"),
        ("```sh node9\ntrue\n```\n", "submission.md:1: there is no node 'node9'"),
        ("```sh\ntrue\n```\n", "submission.md:1: a shell block must name its node, as in ```sh node1"),
        ("```sh node1 often=3\ntrue\n```\n", "submission.md:1: unknown option 'often'"),
        (b"\xff\xfd\x81", "submission.md:1: cannot read the file: 'utf-8' codec can't decode"),
    ],
)
def test_problems(text: str | bytes, problem: str, ada: Path, lab: Lab) -> None:
    """Problems are reported with line and file, by the name that the learner knows."""
    assert parse(ada, lab, text).problems[0].startswith(problem)


def test_one_bad_block(ada: Path, lab: Lab) -> None:
    """A block that cannot be run has the reason; other blocks are not affected."""
    parsed = parse(ada, lab, "```sh node9\nfirst\n```\n```sh node1\nsecond\n```\n")
    assert [("there is no node 'node9'",), ()] == [block.problems for block in parsed.blocks]


def test_repeated_node(ada: Path, lab: Lab) -> None:
    """A block has each of its nodes once, even if it repeats them, and no unknown nodes."""
    parsed = parse(ada, lab, f"```sh {'node1 node9 ' * 1000}\ntrue\n```\n")
    (block,) = parsed.blocks
    assert (("node1",), 50) == (block.command.nodes, len(block.problems))


def test_long_output(ada: Path, lab: Lab) -> None:
    """The expected output of a block counts towards its size."""
    parsed = parse(ada, lab, f"```sh node1\ntrue\n```\n```output\n{'x' * 70_000}\n```\n")
    assert ("submission.md:1: the block is larger than 64 kB",) == parsed.problems


def test_many_problems(ada: Path, lab: Lab) -> None:
    """Of too many problems the first ones are listed, with the number of the others."""
    parsed = parse(ada, lab, "```sh node9\ntrue\n```\n" * 200)
    assert (51, "and 150 more") == (len(parsed.problems), parsed.problems[-1])


def test_digest(tmp_path: Path, lab: Lab) -> None:
    """The hash depends on the text, and on the content and mode of every file, and on nothing else."""
    first = parse(tmp_path / "a", lab, "one").digest
    assert first == parse(tmp_path / "b", lab, "one").digest
    assert first != parse(tmp_path / "c", lab, "two").digest
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "file").write_text("file", "utf-8")
    with_file = parse(tmp_path / "d", lab, "one").digest
    assert first != with_file
    (tmp_path / "d" / "file").chmod(0o755)
    (tmp_path / "d").rename(tmp_path / "e")
    assert with_file != parse(tmp_path / "e", lab, "one").digest


def test_digest_stays_the_same(tmp_path: Path, lab: Lab) -> None:
    """The hash of the same files stays the same between versions, so reports of earlier versions can be audited."""
    for name in ("b/c", "b-c", "a"):
        (tmp_path / "ada" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ada" / name).write_text(name, "utf-8")
    (tmp_path / "ada" / "a").chmod(0o755)
    assert (
        "sha256:d471176f15dc5c59bc0f144a65ba4ec4747531ee6218eee29a9b751932fcf938"
        == parse(tmp_path / "ada", lab, "text").digest
    )


BLOCK = "```sh node1\ntrue\n```\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            "```bash node1\nls\n```\n",
            5,
            "a 'bash' block never runs; start a command with ```sh node1 at the left margin",
        ),
        ("```console node1\n$ ls\n```\n", 5, "a 'console' block never runs; start a command with ```sh node1"),
        ("```shell\nls\n```\n", 5, "a 'shell' block never runs; start a command with ```sh NODE"),
        ("```shell-session\nls\n```\n", 5, "a 'shell-session' block never runs"),
        ("``` {.sh node1}\nls\n```\n", 5, "a '{.sh node1}' block never runs; start a command with ```sh node1"),
        ("```{.bash}\nls\n```\n", 5, "a '{.bash}' block never runs"),
        ("```SH node1\nls\n```\n", 5, "a 'SH' block never runs; start a command with ```sh node1"),
        ("```sh,node1\nls\n```\n", 5, "a 'sh,node1' block never runs; start a command with ```sh node1"),
        ("```text node1\nls\n```\n", 5, "a 'text' block never runs; start a command with ```sh node1"),
        ("```\nls\n```\n", 5, "a block without a language never runs; start a command with ```sh NODE"),
        ("~~~\nls\n~~~\n", 5, "a block without a language never runs"),
        ("Text:\n\n    ls\n", 7, "indented code never runs; start a command with ```sh NODE"),
        (
            "Text:\n\n    ```sh node1\n    ls\n    ```\n",
            7,
            "'```sh node1' never runs: with four spaces before it, it is",
        ),
        ("Text:\n    ```sh node1\n    ls\n    ```\n", 6, "'```sh node1' never runs: it does not start a block here"),
        ("<!--\n```sh node1\nls\n```\n-->\n", 6, "'```sh node1' never runs: it is in an HTML comment"),
        ("<!-- ```bash\nls\n``` -->\n", 5, "'```bash' never runs: it is in an HTML comment"),
        ("<pre>\nls\n</pre>\n", 5, "code in HTML never runs; start a command with ```sh NODE"),
        ("- ```sh node1\n  ls\n  ```\n", 5, "a shell block inside a list, quote or hint never runs; move it"),
        ("> ```sh\n> ls\n> ```\n", 5, "a shell block inside a list, quote or hint never runs; start a command"),
        ("1. ```console\n   ls\n   ```\n", 5, "a 'console' block never runs"),
        ("```sh\nls\n```\n", 5, "a shell block must name its node, as in ```sh node1"),
    ],
)
def test_blocks_that_never_run(text: str, line: int, message: str, ada: Path, lab: Lab) -> None:
    """Each block that looks like a command and is not run is reported with its line; other blocks are run."""
    parsed = parse(ada, lab, f"{BLOCK}\n{text}\n{BLOCK}")
    expected = f"submission.md:{line}: {message}"
    assert expected in [problem[: len(expected)] for problem in parsed.problems]
    assert 2 == sum(not block.problems for block in parsed.blocks)


@pytest.mark.parametrize(
    "text",
    [
        "```yaml\na: b\n```\n",
        "```text\nls\n```\n",
        "```output\nnode1\n```\n",
        "````sh node1\ncat <<E\n```bash node1\nls\n```\nE\n````\n",
        "Run `ls`, then ```ls```.\n",
    ],
)
def test_other_blocks(text: str, ada: Path, lab: Lab) -> None:
    """A block that says that it is something else is not reported."""
    assert () == parse(ada, lab, f"{BLOCK}{text}").problems


@pytest.mark.parametrize("tag", ["div", "details"])
def test_blocks_in_html(tag: str, ada: Path, lab: Lab) -> None:
    """A block between HTML tags is run."""
    parsed = parse(ada, lab, f"<{tag}>\n{BLOCK}</{tag}>\n\n<{tag}>\n\n{BLOCK}\n</{tag}>\n")
    assert ((), [2, 9]) == (parsed.problems, [block.command.line for block in parsed.blocks])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "```sh node1\nls\n\nThen I looked.\n",
            "the block opened on line 5 is never closed; end it with a line of ```",
        ),
        ("~~~~sh node1\nls\n~~~\n", "the block opened on line 5 is never closed; end it with a line of ~~~~"),
        ("```sh node1\nls\n    ```\n\nThen I looked.\n", "the block opened on line 5 is never closed; end it with"),
        ("```sh node1\nls\n\nThen:\n\n```sh node1\nls\n```\n", "the block opened on line 5 is never closed: line 10"),
        ("```text\nls\n\n```sh node1\nls\n```\n", "the block opened on line 5 is never closed: line 8 already opens"),
    ],
)
def test_unclosed_blocks(text: str, message: str, ada: Path, lab: Lab) -> None:
    """A block that is never closed contains prose or other blocks, so it is not run but reported."""
    parsed = parse(ada, lab, f"{BLOCK}\n{text}")
    expected = f"submission.md:5: {message}"
    assert [expected] == [problem[: len(expected)] for problem in parsed.problems]
    assert [BLOCK.splitlines()[1]] == [block.command.script for block in parsed.blocks if not block.problems]


def test_fence_in_the_text_of_a_block(ada: Path, lab: Lab) -> None:
    """The report of a line that could open a block says how to make it a part of the text."""
    (problem,) = parse(ada, lab, "```sh node1\ncat > f <<'END'\n```sh\nEND\n```\n").problems
    assert problem.endswith("if that line is text of the block, start and end the block with ````")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends(line_end: str, ada: Path, lab: Lab) -> None:
    """Commands have the line ends of Linux, whatever those of the file are."""
    text = "---\nlab: tiny\n---\n```sh node1\ntrue\nls\n```\n".replace("\n", line_end)
    (block,) = parse(ada, lab, text.encode()).blocks
    assert ("true\nls", 4, ()) == (block.command.script, block.command.line, block.problems)
