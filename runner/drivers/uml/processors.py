"""Gives each machine one processor to run on.

Each system call inside a machine is a switch between two processes here, twice as quick where they share a processor.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Claim:
    """A place on a processor, for as long as its file is open.

    Attributes:
        processor: Its number.
        first: Whether no other machine of this user's was there before.
        file: What holds the claim.

    """

    processor: int
    first: bool
    file: IO[str]


def claim(count: int, folder: Path) -> list[Claim]:
    """Claim a processor for each of some machines, those with the fewest machines first.

    Args:
        count: How many machines.
        folder: Where all clusters of this user keep their claims.

    """
    folder.mkdir(parents=True, exist_ok=True)
    return list(itertools.islice(_free(sorted(os.sched_getaffinity(0)), folder), count))


def _free(processors: list[int], folder: Path) -> Iterator[Claim]:
    for round_ in itertools.count():
        # A lab's first node, most often its manager, has the most to do: others double up on the last processor first.
        for processor in processors[:: -1 if round_ % 2 else 1]:
            file = (folder / f"{processor}-{round_}.lock").open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                yield Claim(processor, round_ == 0, file)


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
            for child in (thread / "children").read_text("ascii").split():
                pin(int(child), processor)
