"""What `labs submit` reads from the nodes, and what it prints about lines that are left out or doubtful."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli import _submission_draft, _submission_lists
from runner.errors import IncompleteError
from runner.grading.submission_writer import SubmissionDraft
from runner.grading.typed_lines.script_block import Remark
from runner.nodes.driver_interface import Cluster
from runner.progress.model import Progress, StepCompletion
from tests.support import helpers, local_nodes


def make_cluster(folder: Path, *lines: tuple[str, int]) -> Cluster:
    """Return a cluster with one node on which lines were typed, each with its exit status."""
    record = folder / "disks" / "node1" / "var" / "lib" / "labs-shell"
    record.mkdir(parents=True)
    (record / "1.input").touch()
    events = [
        event
        for at, (line, status) in enumerate(lines, 1)
        for event in (
            ("start", "7", f"{at}.1", f"{at}", "0", "/root", line),
            ("end", "7", f"{at}.2", f"{status}"),
        )
    ]
    (record / "1.lines").write_text("".join("\x1f".join(event) + "\x1e\n" for event in events), "utf-8")
    return local_nodes.make_local_cluster(folder)


def make_draft(*left_out: Remark, doubtful: tuple[Remark, ...] = (), failed: int = 0) -> SubmissionDraft:
    """Return a draft without blocks."""
    return SubmissionDraft((), left_out, doubtful, 9, failed)


def test_nothing_typed(tmp_path: Path) -> None:
    """If nothing was typed, the error says so."""
    with pytest.raises(IncompleteError, match=r"Nothing was typed in 'labs shell' on the nodes of 'tiny'\."):
        _submission_draft.create_draft(make_cluster(tmp_path))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            [("docker volume create 'a b'", 1)],
            "The only line that was typed in 'labs shell' on the nodes of 'tiny' failed",
        ),
        ([("dokcer ps", 127), ("docker rm", 1)], "All 2 lines that were typed in .* failed"),
        ([("dokcer ps", 127), ("less f", 0)], "All 2 lines that were typed in .* failed or only showed something"),
    ],
)
def test_all_failed(
    lines: list[tuple[str, int]], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If all lines failed, the error says so, below the list of them."""
    with pytest.raises(IncompleteError, match=f"{message}\\."):
        _submission_draft.create_draft(make_cluster(tmp_path, *lines))
    assert "that failed\n" in capsys.readouterr().out


def test_blocks_from_a_record(tmp_path: Path) -> None:
    """The lines that were recorded on the node become blocks, and addresses are asked for."""
    draft = _submission_draft.create_draft(make_cluster(tmp_path, ("touch f", 0), ("touch 127.0.0.1", 0)))
    assert ["touch f", "hostname --ip-address", "touch <NODE1_ADDRESS>"] == [block.script for block in draft.blocks]


def test_empty_lists(capsys: pytest.CaptureFixture[str]) -> None:
    """Both lists are printed even if they are empty."""
    _submission_lists.print_lists(make_draft())
    assert "Left out:\n  nothing\nCheck these lines:\n  nothing\n" == capsys.readouterr().out


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line is shortened and has its node and reason; the same line several times is printed once."""
    ping = Remark("node1", "ping node2", "it only shows something")
    doubt = Remark("node2", f"docker exec web sh -c '{'x' * 90}\x1b[2J\n'", "it is\x07 doubtful")
    _submission_lists.print_lists(make_draft(ping, ping, doubtful=(doubt,), failed=3))
    assert [
        "Left out:",
        "  node1  ping node2 (2 times)",
        "    it only shows something",
        "  3 lines that failed",
        "Check these lines:",
        f"  node2  docker exec web sh -c '{'x' * 22}...",
        "    it is\N{REPLACEMENT CHARACTER} doubtful",
    ] == capsys.readouterr().out.splitlines()


def test_steps_completed_by_labs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Steps that labs completed are named, because the learner did not type their commands."""
    lab = helpers.make_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n## Find {{#find}}\n")
    _submission_lists.print_steps_completed_by_labs(lab, Progress("tiny"))
    assert "" == capsys.readouterr().out
    completed = {"look": StepCompletion.PLAYED, "find": StepCompletion.PASSED}
    _submission_lists.print_steps_completed_by_labs(lab, Progress("tiny", completed_on_cluster=completed))
    heading = "Steps that labs completed for you, which are not in the submission:"
    assert f"{heading}\n  Look\n" == capsys.readouterr().out
