"""Points and comments that instructors give by hand, from a CSV file that grading never changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.errors import UsageError, create_unknown_name_error
from runner.grading.classes.csv_table import CsvRow, CsvTable, read_csv_table
from runner.grading.classes.download_model import Owner
from runner.grading.classes.matching import EntryFinder
from runner.grading.classes.roster import RosterEntry
from runner.grading.grade_model import Adjustment, Grade

COLUMNS: dict[str, tuple[str, ...]] = {
    "learner": ("learner", "submission", "login", "username", "sis login id", "id", "email", "email address", "name"),
    "points": ("points", "manual points", "score"),
    "possible": ("possible", "maximum", "max"),
    "item": ("item", "criterion", "for"),
    "comment": ("comment", "comments", "feedback"),
    "lab": ("lab",),
}
# The comment on an item for which a learner has no points yet.
NOT_MARKED = "not marked yet"
_HEADINGS_ADVICE = (
    "Its first row must have the headings 'learner' and 'points', and may have 'item', 'possible', 'comment' and 'lab'."
)


@dataclass(frozen=True, slots=True)
class ManualPoints:
    """The points for one item that one learner gets.

    Attributes:
        key: The learner's identifier in reports.
        lab: The lab; empty for each lab of the learner.
        adjustment: The points and the comment.

    """

    key: str
    lab: str
    adjustment: Adjustment


def read_manual_points(path: Path, entries: Sequence[RosterEntry], lab_names: Collection[str]) -> list[ManualPoints]:
    """Read a file with manual points.

    Args:
        path: The CSV file.
        entries: The learners.
        lab_names: The names of all labs.

    Raises:
        UsageError: It cannot be read, or a row is malformed, about no learner of the class, or about no lab.

    """
    table = read_csv_table(path)
    columns = {
        column: heading
        for column, headings in COLUMNS.items()
        if (heading := next((heading for heading in headings if heading in table.columns), None))
    }
    if "learner" not in columns or not {"points", "comment"} & set(columns):
        raise UsageError(f"{path} has no columns for the learner and the points.", _HEADINGS_ADVICE)
    finder = EntryFinder(entries)
    all_points: list[ManualPoints] = []
    items: dict[tuple[str, str, str], int] = {}
    for row in table.rows:
        cells = {column: row.cells.get(heading, "") for column, heading in columns.items()}
        if not any(cells.get(column) for column in ("points", "comment")):
            continue
        points = _read_row(table, row, cells, finder)
        _check_lab(f"{path}:{row.line}", points.lab, lab_names)
        identifier = (points.key, points.lab, points.adjustment.item)
        if (points.adjustment.item or points.adjustment.possible) and identifier in items:
            message = (
                f"{path}:{row.line}: '{points.key}' has points for '{identifier[2]}' in line {items[identifier]} too."
            )
            raise UsageError(message, "Remove one of the two rows.")
        items[identifier] = row.line
        all_points.append(points)
    return all_points


def _read_row(table: CsvTable, row: CsvRow, cells: Mapping[str, str], finder: EntryFinder) -> ManualPoints:
    position, learner = f"{table.path}:{row.line}", cells["learner"]
    matches, reason = finder.find_entries(Owner(name=learner, id=learner, email=learner, login=learner))
    if len(matches) != 1:
        raise UsageError(f"{position}: {reason or f'{learner!r} is more than one learner'}.", "Correct the row.")
    try:
        numbers = [_read_number(cells.get(column, "")) for column in ("points", "possible")]
    except ValueError as error:
        raise UsageError(f"{position}: {error}.", "Write points as 1.5, and as -1 to take them away.") from None
    adjustment = Adjustment("manual", numbers[0], numbers[1], cells.get("item", ""), cells.get("comment", ""))
    return ManualPoints(matches[0].key, cells.get("lab", ""), adjustment)


def _check_lab(position: str, lab: str, lab_names: Collection[str]) -> None:
    if lab and lab not in lab_names:
        error = create_unknown_name_error("lab", lab, lab_names, "labs list")
        raise UsageError(f"{position}: {error.message}", error.advice)


def _read_number(text: str) -> float:
    number = float(text.replace(",", ".").replace("\N{MINUS SIGN}", "-") or 0) if text != "nan" else float("nan")
    if not abs(number) < 1e6:
        raise ValueError(f"'{text}' is not a number of points")
    return number


def add_manual_points(grades: Iterable[Grade], all_points: Iterable[ManualPoints]) -> list[Grade]:
    """Return grades with manual points.

    An item that has a maximum counts for all learners: those for whom the file has no points yet have 0 of them.
    """
    possible_by_item: dict[tuple[str, str], float] = {}
    points_by_key: dict[str, list[ManualPoints]] = {}
    for points in all_points:
        item = (points.lab, points.adjustment.item)
        possible_by_item[item] = max(possible_by_item.get(item, 0.0), points.adjustment.possible)
        points_by_key.setdefault(points.key, []).append(points)
    return [_add_to_grade(grade, points_by_key.get(grade.submission, ()), possible_by_item) for grade in grades]


def _add_to_grade(
    grade: Grade, own_points: Iterable[ManualPoints], possible_by_item: Mapping[tuple[str, str], float]
) -> Grade:
    own = [points for points in own_points if points.lab in ("", grade.lab)]
    adjustments = [
        replace(points.adjustment, possible=possible_by_item[points.lab, points.adjustment.item]) for points in own
    ]
    given = {(points.lab, points.adjustment.item) for points in own}
    for (lab, item), possible in possible_by_item.items():
        if possible and lab in ("", grade.lab) and (lab, item) not in given:
            adjustments.append(Adjustment("manual", 0.0, possible, item, NOT_MARKED))
    return replace(grade, adjustments=(*grade.adjustments, *adjustments))
