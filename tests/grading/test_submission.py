"""Reading a submission as far as it can be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.grading import submission
from runner.grading.resource_limits import ResourceLimits
from runner.grading.submission import Submission
from runner.lessons.model import Lab
from tests import helpers

LESSON = f"{helpers.FRONT}## Look {{#look}}\n## Find {{#find}}\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return the lab that the submissions are for."""
    return helpers.lab(tmp_path, LESSON)


def read(tmp_path: Path, lab: Lab, text: str | bytes) -> Submission:
    """Read a submission of this text."""
    folder, scratch = tmp_path / "ada", tmp_path / "scratch"
    folder.mkdir(exist_ok=True)
    scratch.mkdir()
    (folder / "submission.md").write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return submission.parse_submission(folder, lab, scratch, ResourceLimits())


def test_blocks(tmp_path: Path, lab: Lab) -> None:
    """Blocks come with their node, script and line, and the step of the heading that they stand under."""
    blocks = [f"```sh node1\n{word}\n```\n" for word in ("first", "second", "last")]
    found = read(tmp_path, lab, f"{blocks[0]}## Find {{#find}}\n{blocks[1]}## Other {{#other}}\n{blocks[2]}")
    assert [("first", 1, ""), ("second", 5, "find"), ("last", 9, "")] == [
        (block.command.script, block.command.line, block.step) for block in found.blocks
    ]
    assert ((), "ada") == (found.problems, found.name)


def test_front_matter(tmp_path: Path, lab: Lab) -> None:
    """Front matter is no part of what is played."""
    assert 1 == len(read(tmp_path, lab, "---\nlab: tiny\n---\n```sh node1\ntrue\n```\n").blocks)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "submission.md:1: there is no shell block in it, as ```sh node1"),
        ("Words.\n", "submission.md:1: there is no shell block in it, as ```sh node1"),
        ("```sh node9\ntrue\n```\n", "submission.md:1: there is no node 'node9'"),
        ("```sh\ntrue\n```\n", "submission.md:1: a shell block names its node: ```sh node1"),
        ("```sh node1 often=3\ntrue\n```\n", "submission.md:1: unknown option 'often'"),
        (b"\xff\xfe", "submission.md:1: it cannot be read: 'utf-8' codec can't decode"),
    ],
)
def test_problems(text: str | bytes, problem: str, tmp_path: Path, lab: Lab) -> None:
    """What is wrong is told with its file and line, by the name that the learner knows."""
    assert read(tmp_path, lab, text).problems[0].startswith(problem)


def test_one_bad_block(tmp_path: Path, lab: Lab) -> None:
    """A block that cannot be typed knows why, and the others know nothing of it."""
    found = read(tmp_path, lab, "```sh node9\nfirst\n```\n```sh node1\nsecond\n```\n")
    assert [("there is no node 'node9'",), ()] == [block.problems for block in found.blocks]


def test_node_named_again(tmp_path: Path, lab: Lab) -> None:
    """A block is for each node once, however often it names it, and for none that there is not."""
    found = read(tmp_path, lab, f"```sh {'node1 node9 ' * 1000}\ntrue\n```\n")
    (block,) = found.blocks
    assert (("node1",), 50) == (block.command.nodes, len(block.problems))


def test_long_output(tmp_path: Path, lab: Lab) -> None:
    """What a block promises to print counts as part of it."""
    found = read(tmp_path, lab, f"```sh node1\ntrue\n```\n```output\n{'x' * 70_000}\n```\n")
    assert ("submission.md:1: the block is larger than 64 kB",) == found.problems


def test_many_problems(tmp_path: Path, lab: Lab) -> None:
    """Of endless problems the first are told, and how many more there are."""
    found = read(tmp_path, lab, "```sh node9\ntrue\n```\n" * 200)
    assert (51, "and 150 more") == (len(found.problems), found.problems[-1])


def test_digest(tmp_path: Path, lab: Lab) -> None:
    """The hash changes with the text and with any file, and with nothing else."""
    folder = tmp_path / "ada"
    folder.mkdir()

    def digest(text: str, name: str) -> str:
        (tmp_path / name).mkdir()
        return read(tmp_path / name, lab, text).digest

    first = digest("one", "a")
    assert first == digest("one", "b")
    assert first != digest("two", "c")
    (tmp_path / "d" / "ada").mkdir(parents=True)
    (tmp_path / "d" / "ada" / "file").write_text("file", "utf-8")
    with_file = read(tmp_path / "d", lab, "one").digest
    assert first != with_file
    (tmp_path / "d" / "ada" / "file").chmod(0o755)
    shutil.rmtree(tmp_path / "d" / "scratch")
    assert with_file != read(tmp_path / "d", lab, "one").digest


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
def test_named_lab(text: str, lab: str | None, tmp_path: Path) -> None:
    """A submission may say which lab it is for in its front matter, and nowhere else."""
    (tmp_path / "submission.md").write_bytes(text.encode())
    assert lab == submission.read_lab_name(tmp_path, ResourceLimits())


def test_found_in(tmp_path: Path) -> None:
    """A path is a submission, or a class, in which nobody is left out; what is neither is an unwritten one."""
    for name in ("class/ada", "class/bob", "eve"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "submission.md").touch()
    (tmp_path / "class" / "carol").mkdir()
    (tmp_path / "class" / ".git").mkdir()
    (tmp_path / "class" / "notes.txt").touch()
    (tmp_path / "none").mkdir()
    paths = [tmp_path / "class", tmp_path / "eve", tmp_path / "none", tmp_path / "class" / "ada"]
    assert ["ada", "bob", "carol", "eve", "none"] == [path.name for path in submission.find_submissions(paths)]
