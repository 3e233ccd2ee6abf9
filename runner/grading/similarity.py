"""Which submissions resemble each other more than following the same lesson explains: a note, which changes no grade.

Submissions are compared by the winnowing of Schleimer, Wilkerson and Aiken ('Winnowing: Local Algorithms for Document
Fingerprinting', SIGMOD 2003). What the lessons tell to type and what most of the class has is taken away; of what is
left of each, hashes of some words in a row are kept; and two that have most of theirs in common are a pair.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import combinations
from pathlib import Path

from runner.grading import collect, tokenize
from runner.grading.grade_model import Grade
from runner.grading.resource_limits import ResourceLimits
from runner.grading.tokenize import CodeLine, Words

# How much of what is the own of the smaller one the other must have too, and how many pieces that must be at least.
MIN_SHARE, MIN_PIECES = 0.6, 16
# Common property is what more than half of a class have, or more than _MOST_ALIKE, which also keeps the work linear in
# their number; what no more than _FEW have never is.
_FEW, _MOST_ALIKE = 3, 20
# Two or three commands. A run of words in common is found for sure if it is longer than both together.
_RUN, _WINDOW = 16, 4
_MOST_LINES, _LONGEST_LINE = 5, 200
# Far more than a whole course has. What is longer is compared as far as that.
_LONGEST_SCRIPTS = 128 << 10
_LIMITS = replace(ResourceLimits(), text_bytes=0, file_bytes=64 << 10, max_files=100, folder_bytes=128 << 10)


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two submissions that resemble each other.

    Attributes:
        first: The place of one in the list of grades.
        second: The place of the other.
        share: How much of what is the own of the smaller one the other has too; 1 is all of it.
        pieces: How many pieces these are.
        lines: Some lines that both have, but for names and numbers, as the first has written them.

    """

    first: int
    second: int
    share: float
    pieces: int
    lines: tuple[str, ...]


def find_similar_pairs(grades: Sequence[Grade]) -> list[SimilarPair]:
    """Return the submissions that resemble each other, the most alike first.

    Only those for the same lab are compared, and none with another of the same name, which is the same learner's.

    Args:
        grades: What the submissions have come to, with what was typed; their other files are read where they lie.

    """
    by_lab: dict[str, list[int]] = defaultdict(list)
    for place, grade in enumerate(grades):
        by_lab[grade.lab].append(place)
    classes = [places for places in by_lab.values() if len(places) > 1]
    if not classes:
        return []
    told = tokenize.load_lesson_shapes()
    found: list[SimilarPair] = []
    for places in classes:
        with tempfile.TemporaryDirectory() as scratch:
            written = [list(_lines(grades[place], Path(scratch) / str(place))) for place in places]
        alike = compare_class(written, told)
        found += (replace(pair, first=places[pair.first], second=places[pair.second]) for pair in alike)
    others = [pair for pair in found if grades[pair.first].submission != grades[pair.second].submission]
    return sorted(others, key=lambda pair: (-pair.share, -pair.pieces, pair.first, pair.second))


def compare_class(written: Sequence[Sequence[CodeLine]], told: Collection[Words]) -> Iterator[SimilarPair]:
    """Yield the pairs that resemble each other among what the learners of one class have written.

    Args:
        written: All lines of each.
        told: The kinds of line that are no sign of anything.

    """
    most = max(_FEW, len(written) // 2)
    having = Counter(kind for lines in written for kind in {line.shape for line in lines})
    own = [[line for line in lines if line.shape not in told and having[line.shape] <= most] for lines in written]
    prints = [_prints([word for line in lines for word in line.words]) for lines in own]
    for first, second, pieces, share in _alike(prints, min(most, _MOST_ALIKE)):
        if share >= MIN_SHARE and pieces >= MIN_PIECES:
            yield SimilarPair(first, second, share, pieces, tuple(_in_both(own[first], own[second])))


def _lines(grade: Grade, scratch: Path) -> Iterator[CodeLine]:
    # A block that was typed on three nodes was written once.
    scripts = {run.line: run.script for run in grade.runs}
    yield from tokenize.tokenize_lines("\n".join(scripts.values())[:_LONGEST_SCRIPTS])
    # What is gone or cannot be read is told by the grading itself.
    with suppress(OSError):
        collect.take(Path(grade.folder), scratch, _LIMITS)
    for file in sorted(path for path in scratch.rglob("*") if path.is_file()):
        yield from tokenize.tokenize_lines(tokenize.read_text_or_empty(file))


def _prints(words: Sequence[str]) -> frozenset[bytes]:
    """Return the fingerprints of words: of each few runs that begin one after another, the least hash."""
    runs = [_hash(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)]
    return frozenset(min(runs[at : at + _WINDOW]) for at in range(len(runs) - _WINDOW + 1))


def _hash(words: Sequence[str]) -> bytes:
    return blake2b(tokenize.anonymize_names(words).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _alike(prints: Sequence[Collection[bytes]], most: int) -> Iterator[tuple[int, int, int, float]]:
    """Yield all pairs that have any fingerprint in common, with how many these are, and their share of the smaller."""
    having: dict[bytes, list[int]] = defaultdict(list)
    for place, found in enumerate(prints):
        for one in found:
            having[one].append(place)
    sizes: Counter[int] = Counter()
    in_common: Counter[tuple[int, int]] = Counter()
    for places in having.values():
        if len(places) <= most:
            sizes.update(places)
            in_common.update(combinations(places, 2))
    for (first, second), pieces in in_common.items():
        yield first, second, pieces, pieces / min(sizes[first], sizes[second])


def _in_both(first: Iterable[CodeLine], second: Iterable[CodeLine]) -> list[str]:
    also = {tokenize.anonymize_names(line.words) for line in second}
    found = dict.fromkeys(line.text for line in first if tokenize.anonymize_names(line.words) in also)
    return [text[:_LONGEST_LINE] for text in sorted(found, key=len, reverse=True)[:_MOST_LINES]]
