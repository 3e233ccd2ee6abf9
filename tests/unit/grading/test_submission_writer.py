"""Writing a submission from the commands that were typed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.grading import submission_writer
from runner.grading.submission_writer import Placeholder
from runner.lessons.model import Lab
from runner.progress import shell_history
from runner.progress.model import Progress, StepRecord
from runner.progress.shell_history import HistoryEntry
from tests.support import helpers, local_nodes

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n## Keep {{#keep}}\n"
TOKEN = "SWMTKN-1-abc-def"


def make_entry(
    text: str, at: int = 10, node: str = "node1", exit_status: int = 0, folder: str = "/root"
) -> HistoryEntry:
    """Return a command that was typed."""
    return HistoryEntry(node, at, at, exit_status, folder, text)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with three steps."""
    return helpers.make_lab(tmp_path, LESSON)


def render_body(
    lab: Lab, *entries: HistoryEntry, values: tuple[Placeholder, ...] = (), progress: Progress | None = None
) -> str:
    """Return the submission without its front matter."""
    text = submission_writer.render_submission(lab, progress or Progress("tiny"), entries, values)
    head = "---\nlab: tiny\n---\n\n"
    assert text.startswith(head)
    return text.removeprefix(head)


def test_rows(lab: Lab) -> None:
    """Consecutive commands on the same node are one block; blocks are in order of time over all nodes."""
    text = render_body(
        lab, make_entry("three", 30), make_entry("one", 10), make_entry("two", 20, "node2"), make_entry("four", 40)
    )
    blocks = "```sh node1\none\n```\n\n```sh node2\ntwo\n```\n\n```sh node1\nthree\nfour\n```\n"
    assert f"## Look {{#look}}\n\n{blocks}" == text


def test_steps(lab: Lab) -> None:
    """Commands typed before a step was passed belong to it; the rest belongs to the next step."""
    at = {"look": 15, "find": 25}
    steps = {name: StepRecord(passed_at=datetime.fromtimestamp(second, UTC)) for name, second in at.items()}
    text = render_body(
        lab, make_entry("one", 10), make_entry("two", 20), make_entry("three", 30), progress=Progress("tiny", steps)
    )
    titles = [line for line in text.splitlines() if line.startswith("## ") or line in ("one", "two", "three")]
    assert ["## Look {#look}", "one", "## Find {#find}", "two", "## Keep {#keep}", "three"] == titles


@pytest.mark.parametrize(
    "left_out",
    [
        make_entry("false", exit_status=1),
        make_entry("vi stack.yml"),
        make_entry("docker exec -it web sh"),
        make_entry("docker run --rm -ti busybox"),
        make_entry("docker service logs -f web"),
        make_entry("docker compose logs web --follow"),
        make_entry("docker events"),
        make_entry("clear"),
        make_entry("less 'unclosed"),
    ],
)
def test_command_is_left_out(left_out: HistoryEntry, lab: Lab) -> None:
    """Commands that failed, editors, and interactive commands are left out."""
    assert "## Look {#look}\n\n```sh node1\nhostname\n```\n" == render_body(lab, left_out, make_entry("hostname"))


@pytest.mark.parametrize("script", ["docker exec web hostname", "docker run -d --tmpfs /tmp nginx", "docker rm -f web"])
def test_command_is_kept(script: str, lab: Lab) -> None:
    """Commands that only look interactive are kept."""
    assert script in render_body(lab, make_entry(script))


def test_folder(lab: Lab) -> None:
    """A block starts in the folder where its first command was typed."""
    assert "```sh node1\ncd '/root/my app'\nls\n```" in render_body(lab, make_entry("ls", folder="/root/my app"))


def test_folder_changed_by_a_command_left_out(lab: Lab) -> None:
    """If a command that changes the folder is left out, the next one still runs in the right folder."""
    text = render_body(
        lab,
        make_entry("ls", 10),
        make_entry("cd sub; false", 20, exit_status=1),
        make_entry("pwd", 30, folder="/root/sub"),
    )
    assert "```sh node1\nls\ncd /root/sub\npwd\n```" in text


def test_folder_changed_by_a_kept_command(lab: Lab) -> None:
    """A kept command that changes the folder is not repeated."""
    text = render_body(
        lab,
        make_entry("cd sub", 10),
        make_entry("pwd", 20, folder="/root/sub"),
        make_entry("ls", 30, folder="/root/sub"),
    )
    assert "```sh node1\ncd sub\npwd\nls\n```" in text


def test_values(lab: Lab) -> None:
    """A token is captured once, before its first use, and does not appear itself."""
    token = Placeholder("WORKER_TOKEN", TOKEN, "node1", "docker swarm join-token --quiet worker")
    join = f"docker swarm join --token {TOKEN} node1"
    text = render_body(lab, make_entry(join, 10, "node2"), make_entry(join, 20, "node3"), values=(token,))
    assert TOKEN not in text
    assert 1 == text.count("```sh node1 capture=WORKER_TOKEN\ndocker swarm join-token --quiet worker\n```\n")
    assert 2 == text.count("docker swarm join --token <WORKER_TOKEN> node1")


def test_addresses(lab: Lab) -> None:
    """An address is not mistaken for a longer one that starts with it."""
    values = tuple(submission_writer.create_placeholders({}, {"node1": "10.0.0.1", "node2": "10.0.0.11"}))
    text = render_body(
        lab, make_entry("ping 10.0.0.11; ping 10.0.0.1; ping 10.0.0.12; curl 10.0.0.1:80"), values=values
    )
    assert "ping <NODE2_ADDRESS>; ping <NODE1_ADDRESS>; ping 10.0.0.12; curl <NODE1_ADDRESS>:80" in text


def test_fence_in_a_command(lab: Lab) -> None:
    """A command that contains a fence does not end its block."""
    assert "````sh node1\necho '```'\n````\n" in render_body(lab, make_entry("echo '```'"))


def test_edited() -> None:
    """Files that were opened in an editor are found if they are in root's home."""
    entries = [
        make_entry("vi +3 stack.yml", folder="/root/app"),
        make_entry("nano notes /etc/hosts ../etc/passwd"),
        make_entry("vi notes", node="node2"),
        make_entry("vi ~/here.txt", node="node2", folder="/tmp"),
        make_entry("cat other"),
    ]
    assert [
        ("node1", "app/stack.yml"),
        ("node1", "notes"),
        ("node2", "notes"),
        ("node2", "here.txt"),
    ] == submission_writer.find_edited_files(entries)


def test_tokens() -> None:
    """Join tokens and unlock keys are found, each once."""
    entries = [make_entry(f"docker swarm join --token {TOKEN} a"), make_entry(f"echo {TOKEN} SWMKEY-1-x/y+z=")]
    assert [TOKEN, "SWMKEY-1-x/y+z="] == submission_writer.find_swarm_tokens(entries)


def test_shell_history(tmp_path: Path) -> None:
    """A node's shell history is read entry by entry; malformed entries are skipped."""
    node = local_nodes.make_local_cluster(tmp_path).nodes[0]
    history = tmp_path / "disks" / "node1" / "var" / "lib" / "labs-shell-history"
    assert [] == shell_history.read_shell_history(node)
    history.parent.mkdir(parents=True)
    history.write_text("10 0 /root\nfirst\n\x1e\nrubbish\n\x1e\n20 1 /root/my app\ncat <<E\nE\n\x1e\n30 0 /ro", "utf-8")
    assert [
        make_entry("first"),
        make_entry("cat <<E\nE", 20, exit_status=1, folder="/root/my app"),
    ] == shell_history.read_shell_history(node)
