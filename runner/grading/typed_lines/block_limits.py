"""Keep a submission within the limits of grading on the number and the size of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runner.grading.submission import MAX_BLOCK_LENGTH, MAX_BLOCKS
from runner.grading.typed_lines.script_block import Remark, ScriptBlock

# All lines of a block share its time limit, so a block gets only some of them.
_JOINED_LENGTH = 500


@dataclass(frozen=True, slots=True)
class LimitedBlocks:
    """The blocks that remain.

    Attributes:
        blocks: The blocks.
        left_out: The look-ups that are left out.
        doubtful: The blocks that grading does not run.

    """

    blocks: tuple[ScriptBlock, ...]
    left_out: tuple[Remark, ...]
    doubtful: tuple[Remark, ...]


def limit_blocks(blocks: Sequence[ScriptBlock]) -> LimitedBlocks:
    """Leave out look-ups, the oldest first, and then join blocks, until there are few enough."""
    excess = len(blocks) - MAX_BLOCKS
    lookups = [block for block in blocks if block.is_lookup and not block.capture_name][: max(excess, 0)]
    dropped = {id(block) for block in lookups}
    remaining = [block for block in blocks if id(block) not in dropped]
    reason = f"it changes nothing, and a submission has at most {MAX_BLOCKS} blocks"
    left_out = [Remark(block.node, block.script, reason) for block in lookups]
    if len(remaining) > MAX_BLOCKS:
        remaining = _join_blocks(remaining)
    too_large = [block for block in remaining if len(block.script) > MAX_BLOCK_LENGTH]
    doubtful = [
        Remark(block.node, block.script, f"it is larger than {MAX_BLOCK_LENGTH >> 10} kB, and is not run")
        for block in too_large
    ]
    doubtful += [
        Remark(block.node, block.script, f"a submission has at most {MAX_BLOCKS} blocks, and this one is not run")
        for block in remaining[MAX_BLOCKS:]
    ]
    return LimitedBlocks(tuple(remaining), tuple(left_out), tuple(doubtful))


def _join_blocks(blocks: Sequence[ScriptBlock]) -> list[ScriptBlock]:
    """Join blocks that follow each other on a node, and have no options."""
    joined: list[ScriptBlock] = []
    for block in blocks:
        previous = joined[-1] if joined else None
        if previous and previous.node == block.node and _is_short(previous) and _is_short(block):
            joined[-1] = replace(previous, script=f"{previous.script}\ncd\n{block.script}")
        else:
            joined.append(block)
    return joined


def _is_short(block: ScriptBlock) -> bool:
    has_options = block.capture_name or block.retry_seconds or block.exit_status
    return not has_options and len(block.script) < _JOINED_LENGTH
