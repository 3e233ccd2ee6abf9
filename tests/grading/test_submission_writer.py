"""Writing a submission from what was typed."""

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
from tests import helpers

LESSON = f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n## Keep {{#keep}}\n"
TOKEN = "SWMTKN-1-abc-def"


def entry(text: str, at: int = 10, node: str = "node1", exit_status: int = 0, folder: str = "/root") -> HistoryEntry:
    """Return something typed."""
    return HistoryEntry(node, at, exit_status, folder, text)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab of three steps."""
    return helpers.make_lab(tmp_path, LESSON)


def body(
    lab: Lab, *entries: HistoryEntry, values: tuple[Placeholder, ...] = (), progress: Progress | None = None
) -> str:
    """Return the document without its front matter."""
    text = submission_writer.render_submission(lab, progress or Progress("tiny"), entries, values)
    head = "---\nlab: tiny\n---\n\n"
    assert text.startswith(head)
    return text.removeprefix(head)


def test_rows(lab: Lab) -> None:
    """What was typed on one node in a row is one block, in the order of time over all nodes."""
    found = body(lab, entry("three", 30), entry("one", 10), entry("two", 20, "node2"), entry("four", 40))
    blocks = "```sh node1\none\n```\n\n```sh node2\ntwo\n```\n\n```sh node1\nthree\nfour\n```\n"
    assert f"## Look {{#look}}\n\n{blocks}" == found


def test_steps(lab: Lab) -> None:
    """What was typed until a step was passed belongs to it, and the rest to the one that is next."""
    at = {"look": 15, "find": 25}
    steps = {name: StepRecord(passed_at=datetime.fromtimestamp(second, UTC)) for name, second in at.items()}
    found = body(lab, entry("one", 10), entry("two", 20), entry("three", 30), progress=Progress("tiny", steps))
    titles = [line for line in found.splitlines() if line.startswith("## ") or line in ("one", "two", "three")]
    assert ["## Look {#look}", "one", "## Find {#find}", "two", "## Keep {#keep}", "three"] == titles


@pytest.mark.parametrize(
    "left_out",
    [
        entry("false", exit_status=1),
        entry("vi stack.yml"),
        entry("docker exec -it web sh"),
        entry("docker run --rm -ti busybox"),
        entry("docker service logs -f web"),
        entry("docker compose logs web --follow"),
        entry("docker events"),
        entry("clear"),
        entry("less 'unclosed"),
    ],
)
def test_left_out(left_out: HistoryEntry, lab: Lab) -> None:
    """What failed, what was edited by hand and what waits for somebody is left out."""
    assert "## Look {#look}\n\n```sh node1\nhostname\n```\n" == body(lab, left_out, entry("hostname"))


@pytest.mark.parametrize("kept", ["docker exec web hostname", "docker run -d --tmpfs /tmp nginx", "docker rm -f web"])
def test_kept(kept: str, lab: Lab) -> None:
    """What only looks like that is kept."""
    assert kept in body(lab, entry(kept))


def test_folder(lab: Lab) -> None:
    """A block begins where its first command was typed."""
    assert "```sh node1\ncd '/root/my app'\nls\n```" in body(lab, entry("ls", folder="/root/my app"))


def test_folder_that_was_left_out(lab: Lab) -> None:
    """Where a change of folder itself is left out, what was typed after it still begins in its folder."""
    found = body(lab, entry("ls", 10), entry("cd sub; false", 20, exit_status=1), entry("pwd", 30, folder="/root/sub"))
    assert "```sh node1\nls\ncd /root/sub\npwd\n```" in found


def test_folder_that_was_changed_by_what_is_kept(lab: Lab) -> None:
    """A change of folder that is kept is not written twice."""
    found = body(lab, entry("cd sub", 10), entry("pwd", 20, folder="/root/sub"), entry("ls", 30, folder="/root/sub"))
    assert "```sh node1\ncd sub\npwd\nls\n```" in found


def test_values(lab: Lab) -> None:
    """A token or an address is asked for once, before it is first used, and never stands there itself."""
    token = Placeholder("WORKER_TOKEN", TOKEN, "node1", "docker swarm join-token --quiet worker")
    join = f"docker swarm join --token {TOKEN} node1"
    found = body(lab, entry(join, 10, "node2"), entry(join, 20, "node3"), values=(token,))
    assert TOKEN not in found
    assert 1 == found.count("```sh node1 capture=WORKER_TOKEN\ndocker swarm join-token --quiet worker\n```\n")
    assert 2 == found.count("docker swarm join --token <WORKER_TOKEN> node1")


def test_addresses(lab: Lab) -> None:
    """An address that is the beginning of another one is not taken for it."""
    values = tuple(submission_writer.list_placeholders({}, {"node1": "10.0.0.1", "node2": "10.0.0.11"}))
    found = body(lab, entry("ping 10.0.0.11; ping 10.0.0.1; ping 10.0.0.12; curl 10.0.0.1:80"), values=values)
    assert "ping <NODE2_ADDRESS>; ping <NODE1_ADDRESS>; ping 10.0.0.12; curl <NODE1_ADDRESS>:80" in found


def test_fence_in_a_command(lab: Lab) -> None:
    """A command that holds a fence does not end its block."""
    assert "````sh node1\necho '```'\n````\n" in body(lab, entry("echo '```'"))


def test_edited() -> None:
    """Files that were written in an editor are found, as far as they lie in root's home."""
    entries = [
        entry("vi +3 stack.yml", folder="/root/app"),
        entry("nano notes /etc/hosts ../etc/passwd"),
        entry("vi notes", node="node2"),
        entry("vi ~/here.txt", node="node2", folder="/tmp"),
        entry("cat other"),
    ]
    assert [
        ("node1", "app/stack.yml"),
        ("node1", "notes"),
        ("node2", "notes"),
        ("node2", "here.txt"),
    ] == submission_writer.find_edited_files(entries)


def test_tokens() -> None:
    """Join tokens and unlock keys are found, each once."""
    entries = [entry(f"docker swarm join --token {TOKEN} a"), entry(f"echo {TOKEN} SWMKEY-1-x/y+z=")]
    assert [TOKEN, "SWMKEY-1-x/y+z="] == submission_writer.find_swarm_tokens(entries)


def test_record(tmp_path: Path) -> None:
    """What a node has kept is read entry by entry, and what is no entry is passed over."""
    node = helpers.make_local_cluster(tmp_path).nodes[0]
    kept = tmp_path / "disks" / "node1" / "var" / "lib" / "labs-shell-history"
    assert [] == shell_history.read_shell_history(node)
    kept.parent.mkdir(parents=True)
    kept.write_text("10 0 /root\nfirst\n\x1e\nrubbish\n\x1e\n20 1 /root/my app\ncat <<E\nE\n\x1e\n30 0 /ro", "utf-8")
    assert [
        entry("first"),
        entry("cat <<E\nE", 20, exit_status=1, folder="/root/my app"),
    ] == shell_history.read_shell_history(node)
