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
        (b"\xff\xfe", "submission.md:1: cannot read the file: 'utf-8' codec can't decode"),
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


@pytest.mark.parametrize(
    ("text", "lab"),
    [
        ("---\nlab: swarm-basics\n---\n", "swarm-basics"),
        ("---\nname: Ada\nlab: 'secrets'\n---\n", "secrets"),
        ("---\r\nlab: secrets\r\n---\r\n", "secrets"),
        ("---\nlab: ../../etc\n---\n", None),
        ("---\nlab: [1\n---\n", None),
        ("lab: secrets\n", None),
        ("", None),
    ],
)
def test_lab_name(text: str, lab: str | None) -> None:
    """A submission can name its lab in its front matter only."""
    assert lab == submission.parse_lab_name(text.encode())
