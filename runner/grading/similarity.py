"""Find submissions that resemble each other more than following the same lesson explains; this changes no grade.

Submissions are compared with the winnowing algorithm of Schleimer, Wilkerson and Aiken ('Winnowing: Local Algorithms
for Document Fingerprinting', SIGMOD 2003). Lines that lessons contain, and lines that most of the class has, are
removed. Some of the hashes of consecutive words in the remaining lines become the submission's fingerprints. Two
submissions that have most of their fingerprints in common are a pair.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import combinations
from pathlib import PurePosixPath

from runner.grading import tokenize
from runner.grading.grade_model import Grade
from runner.grading.snapshot import Snapshot
from runner.grading.tokenize import CodeLine, Words

# The share of the smaller submission's fingerprints that the other must have too, and their minimum number.
MIN_SHARE, MIN_PIECES = 0.6, 16
# A line or fingerprint is common if more than half of the class has it, or more than _MAX_SHARED submissions; the
# latter also keeps the work linear in their number. It is never common if at most _MIN_COMMON have it.
_MIN_COMMON, _MAX_SHARED = 3, 20
# In words: the length of two or three commands. A common sequence longer than both together is always found.
_SEQUENCE_LENGTH, _WINDOW = 16, 4
_MAX_EXAMPLES, _MAX_EXAMPLE_LENGTH = 5, 200
# Only this much of a submission is compared, which is far more than all commands of a complete course.
_MAX_SCRIPT_LENGTH = 128 << 10
_MAX_FILE_BYTES, _MAX_FILES, _MAX_TOTAL_BYTES = 64 << 10, 100, 128 << 10


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two submissions that resemble each other.

    Attributes:
        first: The index of one submission in the list of grades.
        second: The index of the other.
        share: The share of the smaller submission's fingerprints that the other has too; 1 is all of them.
        pieces: How many fingerprints they have in common.
        lines: Some lines that both contain, except for names and numbers, as they are written in the first.

    """

    first: int
    second: int
    share: float
    pieces: int
    lines: tuple[str, ...]


def extract_compared_texts(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the texts of a submission's files that are compared; its `submission.md` is compared by what was run."""
    texts: list[str] = []
    bytes_left = _MAX_TOTAL_BYTES
    files = sorted(snapshot.files[:_MAX_FILES], key=lambda file: PurePosixPath(file.path).parts)
    for file in files:
        if len(file.content) <= min(_MAX_FILE_BYTES, bytes_left):
            bytes_left -= len(file.content)
            texts.append(tokenize.decode_utf8_or_empty(file.content))
    return tuple(filter(None, texts))


def find_similar_pairs(grades: Sequence[Grade], file_texts: Sequence[Sequence[str]]) -> list[SimilarPair]:
    """Return the submissions that resemble each other, the most similar first.

    Only submissions for the same lab are compared. Two submissions of the same name belong to the same learner, and are
    not a pair.

    Args:
        grades: The submissions' grades, with the commands that were run.
        file_texts: The texts of each submission's files, as `extract_compared_texts` returns them; in
            the order of `grades`.

    """
    indexes_by_lab: dict[str, list[int]] = defaultdict(list)
    for index, grade in enumerate(grades):
        indexes_by_lab[grade.lab].append(index)
    classes = [indexes for indexes in indexes_by_lab.values() if len(indexes) > 1]
    if not classes:
        return []
    lesson_shapes = tokenize.load_lesson_line_shapes()
    pairs: list[SimilarPair] = []
    for indexes in classes:
        lines = [list(_list_lines(grades[index], file_texts[index])) for index in indexes]
        pairs += (
            replace(pair, first=indexes[pair.first], second=indexes[pair.second])
            for pair in find_similar_pairs_in_class(lines, lesson_shapes)
        )
    pairs = [pair for pair in pairs if not _have_same_source(grades[pair.first], grades[pair.second])]
    return sorted(pairs, key=lambda pair: (-pair.share, -pair.pieces, pair.first, pair.second))


def _have_same_source(first: Grade, second: Grade) -> bool:
    """Return whether two grades are for one learner, or for members of a group who handed in together."""
    return first.submission == second.submission or (bool(first.folder) and first.folder == second.folder)


def find_similar_pairs_in_class(
    submissions: Sequence[Sequence[CodeLine]], ignored: Collection[Words]
) -> Iterator[SimilarPair]:
    """Yield the pairs of submissions in one class that resemble each other.

    Args:
        submissions: The lines of each submission.
        ignored: The shapes of lines that lessons contain, which are no sign of copying.

    """
    max_shared = max(_MIN_COMMON, len(submissions) // 2)
    owners = Counter(shape for lines in submissions for shape in {line.shape for line in lines})
    own_lines = [
        [line for line in lines if line.shape not in ignored and owners[line.shape] <= max_shared]
        for lines in submissions
    ]
    fingerprints = [_compute_fingerprints([word for line in lines for word in line.words]) for lines in own_lines]
    for first, second, pieces, share in _compare_fingerprints(fingerprints, min(max_shared, _MAX_SHARED)):
        if share >= MIN_SHARE and pieces >= MIN_PIECES:
            examples = tuple(_find_common_lines(own_lines[first], own_lines[second]))
            yield SimilarPair(first, second, share, pieces, examples)


def _list_lines(grade: Grade, texts: Iterable[str]) -> Iterator[CodeLine]:
    # Keyed by line, because a block that ran on three nodes was written only once.
    scripts = {run.line: run.script for run in grade.runs}
    yield from tokenize.tokenize_lines("\n".join(scripts.values())[:_MAX_SCRIPT_LENGTH])
    for text in texts:
        yield from tokenize.tokenize_lines(text)


def _compute_fingerprints(words: Sequence[str]) -> frozenset[bytes]:
    """Return the fingerprints of words: the least hash in each window over the hashes of word sequences."""
    sequence_count = len(words) - _SEQUENCE_LENGTH + 1
    hashes = [_hash_words(words[start : start + _SEQUENCE_LENGTH]) for start in range(sequence_count)]
    return frozenset(min(hashes[start : start + _WINDOW]) for start in range(len(hashes) - _WINDOW + 1))


def _hash_words(words: Sequence[str]) -> bytes:
    return blake2b(tokenize.anonymize_names(words).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _compare_fingerprints(
    submissions: Sequence[Collection[bytes]], max_shared: int
) -> Iterator[tuple[int, int, int, float]]:
    """Yield all pairs with common fingerprints: both indexes, the number of these, and their share of the smaller."""
    owners: dict[bytes, list[int]] = defaultdict(list)
    for index, fingerprints in enumerate(submissions):
        for fingerprint in fingerprints:
            owners[fingerprint].append(index)
    sizes: Counter[int] = Counter()
    common: Counter[tuple[int, int]] = Counter()
    for indexes in owners.values():
        if len(indexes) <= max_shared:
            sizes.update(indexes)
            common.update(combinations(indexes, 2))
    for (first, second), pieces in common.items():
        yield first, second, pieces, pieces / min(sizes[first], sizes[second])


def _find_common_lines(first: Iterable[CodeLine], second: Iterable[CodeLine]) -> list[str]:
    in_second = {tokenize.anonymize_names(line.words) for line in second}
    common = dict.fromkeys(line.text for line in first if tokenize.anonymize_names(line.words) in in_second)
    return [text[:_MAX_EXAMPLE_LENGTH] for text in sorted(common, key=len, reverse=True)[:_MAX_EXAMPLES]]
