"""Writing a submission from the lines that were typed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.grading import submission_writer
from runner.grading.typed_lines import placeholders
from runner.grading.typed_lines.placeholders import TOKEN_COMMANDS, Placeholder
from runner.lessons.model import Lab
from runner.progress.model import Progress, StepRecord
from runner.progress.shell_record import HistoryEntry, WrittenFile
from tests.support import helpers
from tests.support.typed_lines import draft, list_doubts, list_left_out, list_scripts, make_entry

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n## Keep {{#keep}}\n"
TOKEN = "SWMTKN-1-abc-def"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with three steps."""
    return helpers.make_lab(tmp_path, LESSON)


def render_body(lab: Lab, *entries: HistoryEntry, progress: Progress | None = None) -> str:
    """Return the submission without its front matter."""
    text = submission_writer.render_submission(lab, progress or Progress("tiny"), draft(*entries).blocks)
    head = "---\nlab: tiny\n---\n\n"
    assert text.startswith(head)
    return text.removeprefix(head)


def test_one_block_per_line(lab: Lab) -> None:
    """Each line is a block, in the order in which they were started, so that no failure ends the others."""
    text = render_body(
        lab,
        make_entry("touch three", 30),
        make_entry("touch one", 10, seconds=50),
        make_entry("touch two", 20, "node2"),
    )
    blocks = "```sh node1\ntouch one\n```\n\n```sh node2\ntouch two\n```\n\n```sh node1\ntouch three\n```\n"
    assert f"## Look {{#look}}\n\n{blocks}" == text


def test_steps(lab: Lab) -> None:
    """Lines typed before a step was passed belong to it; the rest belongs to the next step."""
    at = {"look": 15, "find": 25}
    steps = {name: StepRecord(passed_at=datetime.fromtimestamp(second, UTC)) for name, second in at.items()}
    text = render_body(
        lab,
        make_entry("touch one", 10),
        make_entry("touch two", 20),
        make_entry("touch three", 30),
        progress=Progress("tiny", steps),
    )
    titles = [line for line in text.splitlines() if line.startswith(("## ", "touch"))]
    assert ["## Look {#look}", "touch one", "## Find {#find}", "touch two", "## Keep {#keep}", "touch three"] == titles


def test_fence_in_a_line(lab: Lab) -> None:
    """A line that contains a fence does not end its block."""
    assert "````sh node1\ntouch '```'\n````\n" in render_body(lab, make_entry("touch '```'"))


def test_folder() -> None:
    """A block changes to the folder in which its line was typed; a line that only does that is not needed."""
    entries = (
        make_entry("mkdir 'my app' && cd 'my app'", 10),
        make_entry("touch a", 20, folder="/root/my app"),
        make_entry("cd ..", 30, folder="/root/my app"),
        make_entry("touch b", 40),
    )
    assert ["mkdir 'my app' && cd 'my app'", "cd '/root/my app'\ntouch a", "touch b"] == list_scripts(*entries)


def test_same_line_again() -> None:
    """A line that failed and then worked is kept once; the failure is only counted."""
    entries = [make_entry("docker volume create v", at, exit_status=status) for at, status in ((1, 1), (2, 0))]
    result = draft(*entries)
    assert (["docker volume create v"], (), 1) == (
        [b.script for b in result.blocks],
        result.left_out,
        result.failed_count,
    )


def test_failed_line_without_a_later_success() -> None:
    """A line that failed is listed if no line that starts in the same way worked later, but not a typo or a look-up."""
    entries = (
        make_entry("docker volume create 'a b'", 1, exit_status=1),
        make_entry("dokcer run x", 2, exit_status=127),
        make_entry("docker ps --bad", 2, exit_status=125),
        make_entry("docker network create --drive x n", 3, exit_status=125),
        make_entry("docker network create n", 4),
    )
    assert [("docker volume create 'a b'", "it failed with exit status 1, and no similar line worked later")] == (
        list_left_out(*entries)
    )


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("export A=1; false", 1),
        ("docker swarm init && docker servce ls", 1),
        ("docker service update --image nginx:nope web", 1),
        ("for n in 1 2; do docker volume create $n; done", 1),
        ("docker rm -f a b", 1),
        ("docker run --name web nginx", 125),
        ("./setup.sh", 3),
    ],
)
def test_failed_line_that_may_have_changed_something(line: str, status: int) -> None:
    """A line that may have had an effect before it failed is run again, and expected to fail again."""
    block, *others = draft(make_entry(line, exit_status=status)).blocks
    assert (line, status, []) == (block.script, block.exit_status, others)


def test_state_of_the_shell() -> None:
    """Variables, aliases and functions are set by their own blocks."""
    lines = ["export A=1", "B=2", "alias d=docker", "f() { docker ps; }", "set -o pipefail"]
    assert lines == list_scripts(*(make_entry(line, at) for at, line in enumerate(lines)))


def test_repeated_lookup() -> None:
    """The same look-up twice in a row is one block, also if it has a reason to be repeated."""
    entries = [make_entry("docker ps", at) for at in (1, 2)]
    later = [make_entry("docker volume create v", 3), make_entry("docker ps", 4)]
    assert ["docker ps", "docker volume create v", "docker ps"] == list_scripts(*entries, *later)
    assert 2 == len(list_scripts(*(make_entry("docker run -d nginx", at) for at in (1, 2))))


@pytest.mark.parametrize("line", ["exit", "clear", "logout", "cd", "# a comment", "   "])
def test_line_without_effect(line: str) -> None:
    """Lines that do nothing are left out and not mentioned."""
    result = draft(make_entry(line))
    assert ((), (), ()) == (result.blocks, result.left_out, result.doubtful)


def test_line_that_was_not_recorded() -> None:
    """A line whose text is not known is listed, together with the line before it."""
    draft_with_gap = draft(make_entry("touch a", 10), make_entry("", 20), make_entry("touch b", 30))
    assert ["touch a", "touch b"] == [block.script for block in draft_with_gap.blocks]
    (remark,) = draft_with_gap.left_out
    assert remark.reason.startswith("you typed it after 'touch a', and it could not be recorded")
    assert 3 == draft_with_gap.line_count


def test_end_that_was_not_recorded() -> None:
    """A line whose exit status is not known is doubtful if it changes something, and left out if it is incomplete."""
    entries = [make_entry(line, exit_status=None) for line in ("touch a", "docker ps", "for i in 1 2")]
    assert ["touch a"] == [remark.line for remark in draft(*entries).doubtful]
    assert [("for i in 1 2", "only a part of it could be recorded")] == list_left_out(*entries)


def test_token() -> None:
    """A token is captured once, before its first use, and does not appear itself."""
    token = Placeholder("WORKER_TOKEN", TOKEN, TOKEN_COMMANDS["WORKER_TOKEN"])
    join = f"docker swarm join --token {TOKEN} node1"
    entries = (
        make_entry("docker swarm init", 1),
        make_entry(join, 10, "node2"),
        make_entry(f"T={TOKEN}", 20, "node3"),
    )
    blocks = draft(*entries, placeholders=[token]).blocks
    assert [
        ("node1", "", "docker swarm init"),
        ("node1", "WORKER_TOKEN", "docker swarm join-token --quiet worker"),
        ("node2", "", "docker swarm join --token <WORKER_TOKEN> node1"),
        ("node3", "", "T=<WORKER_TOKEN>"),
    ] == [(block.node, block.capture_name, block.script) for block in blocks]


def test_rotated_token() -> None:
    """A second token of the same kind is captured again, because the first one is not valid any more."""
    tokens = [Placeholder("WORKER_TOKEN", text, "print it", "node1") for text in ("SWMTKN-1-a", "SWMTKN-1-b")]
    entries = [make_entry(f"docker swarm join --token {token.text} n", at, "node2") for at, token in enumerate(tokens)]
    use = "docker swarm join --token <WORKER_TOKEN> n"
    assert ["print it", use, "print it", use] == list_scripts(*entries, placeholders=tokens)


def test_unlock_key() -> None:
    """The unlock key is captured when it is set, because a locked manager does not show it."""
    entries = (
        make_entry("docker swarm update --autolock", 1),
        make_entry("systemctl restart docker", 2),
        make_entry("docker swarm unlock", 3, has_hidden_input=True),
    )
    assert [
        "docker swarm update --autolock",
        TOKEN_COMMANDS["UNLOCK_KEY"],
        "systemctl restart docker",
        "docker swarm unlock <<'END'\n<UNLOCK_KEY>\nEND",
    ] == list_scripts(*entries)
    assert [] == list_doubts(*entries)


@pytest.mark.parametrize("is_hidden", [True, False])
def test_unlock_key_of_another_engine(is_hidden: bool) -> None:
    """The unlock key of another engine is captured from that engine, when it is set there."""
    engine = "docker --host unix:///run/spare.sock"
    unlock = f"{engine} swarm unlock"
    entries = (
        make_entry("docker swarm update --autolock", 1),
        make_entry(f"{engine} swarm init --autolock", 2, "node3"),
        make_entry("/root/spare-engine restart", 3, "node3"),
        make_entry(unlock, 4, "node3", has_hidden_input=True)
        if is_hidden
        else make_entry(f"{unlock} <<<'SWMKEY-1-abc'", 4, "node3"),
    )
    given = "<<'END'\n<UNLOCK_KEY_SPARE>\nEND" if is_hidden else "<<<'<UNLOCK_KEY_SPARE>'"
    blocks = draft(*entries, placeholders=placeholders.create_token_placeholders(entries, {})).blocks
    assert [
        ("node1", "docker swarm update --autolock"),
        ("node3", f"{engine} swarm init --autolock"),
        ("node3", f"{engine} swarm unlock-key --quiet"),
        ("node3", "/root/spare-engine restart"),
        ("node3", f"{unlock} {given}"),
    ] == [(block.node, block.script) for block in blocks]


@pytest.mark.parametrize(("kind", "name"), [("manager", "MANAGER_TOKEN"), ("worker", "WORKER_TOKEN")])
def test_kind_of_a_token(kind: str, name: str) -> None:
    """A token that is still valid is known; one that was rotated since is of the kind that was last asked for."""
    entries = [make_entry(f"docker swarm join-token {kind}", 1), make_entry(f"docker swarm join --token {TOKEN} n", 2)]
    assert [name] == [item.name for item in placeholders.create_token_placeholders(entries, {})]
    outputs = {"WORKER_TOKEN": f"{TOKEN}\n", "MANAGER_TOKEN": "SWMTKN-1-x\n"}
    assert ["WORKER_TOKEN"] == [item.name for item in placeholders.create_token_placeholders(entries, outputs)]


def test_addresses() -> None:
    """An address is not mistaken for a longer one that starts with it, and is asked for on its node."""
    values = placeholders.create_address_placeholders({"node1": "10.0.0.1", "node2": "10.0.0.11"})
    line = "touch 10.0.0.11 10.0.0.1 10.0.0.12 10.0.0.1:80"
    blocks = draft(make_entry(line), placeholders=values).blocks
    assert "touch <NODE2_ADDRESS> <NODE1_ADDRESS> 10.0.0.12 <NODE1_ADDRESS>:80" == blocks[-1].script
    assert {("node1", "NODE1_ADDRESS"), ("node2", "NODE2_ADDRESS")} == {(b.node, b.capture_name) for b in blocks[:-1]}


def test_tokens_are_found() -> None:
    """Join tokens and unlock keys are found, each once, also in what was typed into a command."""
    entries = [
        make_entry(f"docker swarm join --token {TOKEN} a"),
        make_entry("cat", typed_input=(f"{TOKEN} SWMKEY-1-x/y=\n",)),
    ]
    assert [TOKEN, "SWMKEY-1-x/y="] == placeholders.find_swarm_tokens(entries)


def test_editor_and_other_terminal() -> None:
    """A file is written at the moment when its editor had ended, after what was typed in another terminal meanwhile."""
    entries = (
        make_entry("nano f", 10, seconds=60, written_files=(WrittenFile("/root/f", b"x\n"),)),
        make_entry("docker volume create v", 20),
        make_entry("docker config create c f", 80),
    )
    assert ["docker volume create v", "cat > /root/f <<'END'\nx\nEND", "docker config create c f"] == list_scripts(
        *entries
    )
