"""Pins each VM to one processor.

Each system call in a VM switches between two processes on the host, which is twice as fast if they share a processor.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runner.storage import locks

# A lab's first node, usually its manager, has the most work, so the first nodes of different labs do not share a
# processor if they can avoid it.
_FIRST, _OTHER = "first", "other"
_WEIGHT = {_FIRST: 2, _OTHER: 1}


@dataclass(frozen=True, slots=True)
class ProcessorClaim:
    """A claim on a processor, which holds as long as its file is open.

    Attributes:
        processor: The number of the processor.
        is_exclusive: Whether no other VM of this user was on the processor before.
        file: The locked file that represents the claim.

    """

    processor: int
    is_exclusive: bool
    file: IO[str]


def claim_processors(count: int, folder: Path) -> list[ProcessorClaim]:
    """Claim a processor for each VM of a cluster, the least busy processors first.

    Args:
        count: The number of VMs.
        folder: The folder that holds the claims of all clusters of this user.

    """
    folder.mkdir(parents=True, exist_ok=True)
    processors = sorted(os.sched_getaffinity(0))
    claims = []
    with locks.hold_file_lock(folder / "lock"):
        first_nodes, load = Counter[int](), Counter[int]()
        for processor, position in _list_claims(folder):
            first_nodes[processor] += position == _FIRST
            load[processor] += _WEIGHT[position]
        for position in [_FIRST, *[_OTHER] * (count - 1)]:
            counts = (first_nodes, load) if position == _FIRST else (load,)
            chosen = _choose_least_busy(processors, *counts)
            claims.append(ProcessorClaim(chosen, not load[chosen], _lock_claim_file(folder, chosen, position)))
            load[chosen] += _WEIGHT[position]
    return claims


def _choose_least_busy(processors: Sequence[int], *counts: Counter[int]) -> int:
    return min(processors, key=lambda processor: [*(count[processor] for count in counts), processor])


def _lock_claim_file(folder: Path, processor: int, position: str) -> IO[str]:
    file = (folder / f"{processor}-{position}-{secrets.token_hex(4)}").open("w")
    locks.wait_for_lock(file)
    return file


def _list_claims(folder: Path) -> Iterator[tuple[int, str]]:
    """Yield the processor and the position of each claim, and remove the claims of clusters that have ended."""
    for path in folder.glob("*-*-*"):
        with path.open("w") as file:
            if locks.try_lock(file):
                path.unlink()
                continue
            processor, position, _ = path.name.split("-")
            # An earlier version may still hold a claim with another word for this position.
            yield int(processor), _FIRST if position == _FIRST else _OTHER


def pin_process_tree(process: int, processor: int) -> None:
    """Keep a process, its existing children and its future children on one processor.

    Args:
        process: The process id.
        processor: The number of the processor.

    """
    # Children that it starts from now on inherit the affinity, so listing the existing ones afterwards misses none.
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {processor})
        for child in list_child_processes(process):
            pin_process_tree(child, processor)


def list_child_processes(process: int) -> list[int]:
    """Return the ids of a process's children, including zombies (exited, but not reaped yet).

    Raises:
        OSError: The process has exited.

    """
    per_thread = [path.read_text("ascii").split() for path in Path(f"/proc/{process}/task").glob("*/children")]
    return [int(child) for children in per_thread for child in children]
