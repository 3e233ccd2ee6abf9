"""A submission of a long evening stays within the limits of grading."""

from __future__ import annotations

from dataclasses import replace

from runner.grading.submission import MAX_BLOCK_LENGTH, MAX_BLOCKS
from runner.grading.typed_lines.block_limits import limit_blocks
from runner.grading.typed_lines.script_block import ScriptBlock

CHANGE = ScriptBlock("node1", "cd /root/a\ntouch f", 1)
LOOKUP = ScriptBlock("node1", "docker ps", 1, is_lookup=True)


def test_few_blocks() -> None:
    """Nothing is left out of a submission within the limits."""
    blocks = [CHANGE, LOOKUP] * (MAX_BLOCKS // 2)
    limited = limit_blocks(blocks)
    assert (tuple(blocks), (), ()) == (limited.blocks, limited.left_out, limited.doubtful)


def test_many_lookups() -> None:
    """Only as many look-ups are left out as needed, the oldest first, and this is mentioned."""
    new = replace(LOOKUP, at=9)
    limited = limit_blocks([*[LOOKUP] * 3, *[CHANGE] * (MAX_BLOCKS - 1), new])
    assert (MAX_BLOCKS, new) == (len(limited.blocks), limited.blocks[-1])
    assert ["docker ps"] * 3 == [remark.line for remark in limited.left_out]


def test_many_changes() -> None:
    """Blocks of one node are joined if there are too many; each part still starts in root's home."""
    other = replace(CHANGE, node="node2", script="touch g")
    *joined, last = limit_blocks([*[CHANGE] * MAX_BLOCKS, other]).blocks
    assert len(joined) < MAX_BLOCKS // 10
    assert (MAX_BLOCKS, other) == (sum(block.script.count("touch f") for block in joined), last)
    assert joined[0].script.startswith("cd /root/a\ntouch f\ncd\ncd /root/a\n")


def test_over_the_limits() -> None:
    """A block that grading will not run is mentioned."""
    large = replace(CHANGE, script="x" * (MAX_BLOCK_LENGTH + 1))
    assert ["it is larger than 64 kB, and is not run"] == [remark.reason for remark in limit_blocks([large]).doubtful]
    retried = [replace(CHANGE, retry_seconds=30)] * (MAX_BLOCKS + 2)
    assert 2 == len(limit_blocks(retried).doubtful)
