"""Gives each machine one processor to run on.

Each system call inside a machine is a switch between two processes here, twice as quick where they share a processor.
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

from runner.storage.locks import hold_lock, try_lock, wait_for_lock

# A lab's first node, most often its manager, has the most to do: it keeps away from other first ones.
_FIRST, _FURTHER = "first", "further"
_WEIGHT = {_FIRST: 2, _FURTHER: 1}


@dataclass(frozen=True, slots=True)
class Claim:
    """A place on a processor, for as long as its file is open.

    Attributes:
        processor: Its number.
        alone: Whether no other machine of this user's was there before.
        file: What holds the claim.

    """

    processor: int
    alone: bool
    file: IO[str]


def claim(count: int, folder: Path) -> list[Claim]:
    """Claim a processor for each machine of a cluster, those with the least to do first.

    Args:
        count: How many machines.
        folder: Where all clusters of this user keep their claims.

    """
    folder.mkdir(parents=True, exist_ok=True)
    here = sorted(os.sched_getaffinity(0))
    made = []
    with hold_lock(folder / "lock"):
        firsts, load = Counter[int](), Counter[int]()
        for processor, kind in _held(folder):
            firsts[processor] += kind == _FIRST
            load[processor] += _WEIGHT[kind]
        for kind in [_FIRST, *[_FURTHER] * (count - 1)]:
            chosen = _least(here, firsts, load) if kind == _FIRST else _least(here, load)
            made.append(Claim(chosen, not load[chosen], _hold(folder, chosen, kind)))
            load[chosen] += _WEIGHT[kind]
    return made


def _least(processors: Sequence[int], *counts: Counter[int]) -> int:
    return min(processors, key=lambda one: [*(count[one] for count in counts), one])


def _hold(folder: Path, processor: int, kind: str) -> IO[str]:
    file = (folder / f"{processor}-{kind}-{secrets.token_hex(4)}").open("w")
    wait_for_lock(file)
    return file


def _held(folder: Path) -> Iterator[tuple[int, str]]:
    """Yield the processor and the kind of each claim, and remove those whose cluster has ended."""
    for path in folder.glob("*-*-*"):
        with path.open("w") as file:
            if try_lock(file):
                path.unlink()
            else:
                processor, kind, _ = path.name.split("-")
                yield int(processor), kind


def pin(process: int, processor: int) -> None:
    """Keep a process, and all that it has started and will start, on a processor.

    Args:
        process: Its number.
        processor: The processor's.

    """
    # What it starts from now on is pinned as it is, and what it has started before is found after that.
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {processor})
        for child in children(process):
            pin(child, processor)


def children(process: int) -> list[int]:
    """Return the numbers of what a process has started and not yet buried.

    Raises:
        OSError: It has ended.

    """
    found = [path.read_text("ascii").split() for path in Path(f"/proc/{process}/task").glob("*/children")]
    return [int(number) for numbers in found for number in numbers]
