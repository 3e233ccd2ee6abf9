"""Read CSV files as people and course systems write them: any usual encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = (",", ";", "\t")
_MAX_BYTES = 20 << 20
_CSV_ADVICE = "Save or export it as CSV, and name that file."


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row of a table.

    Attributes:
        line: Its line in the file.
        cells: Its texts by column; the columns are those of `CsvTable`.

    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table with headings.

    Attributes:
        path: The file.
        columns: The headings in lower case, without the spaces around them.
        rows: The rows that are not empty.

    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[CsvRow, ...]


def read_csv_table(path: Path) -> CsvTable:
    """Read a file with comma-, semicolon- or tab-separated values whose first row has the headings.

    All texts are in Unicode's form NFC, without the spaces around them, and otherwise unchanged.

    Args:
        path: The file, in UTF-8, UTF-16 (Excel's 'Unicode text') or Windows-1252 (Excel's older 'CSV').

    Raises:
        UsageError: The file cannot be read, is not such a table, or has a quotation mark without its counterpart.

    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.", "Name a CSV file.") from None
    if len(data) > _MAX_BYTES or data.startswith(b"PK"):
        reason = "it is a spreadsheet or an archive" if data.startswith(b"PK") else "it is too large"
        raise UsageError(f"{path} is not a CSV file: {reason}.", _CSV_ADVICE)
    text = _decode_text(data)
    # Excel writes and reads a first line that names the delimiter.
    first_line, _, rest = text.partition("\n")
    if first_line.strip().lower().startswith("sep=") and len(first_line.strip()) == len("sep=") + 1:
        return _parse_table(path, rest, first_line.strip()[-1], lines_before=1)
    return _parse_table(path, text, _detect_delimiter(text), lines_before=0)


def _decode_text(data: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    # UTF-16 without a byte order mark: every other byte of ASCII text is zero.
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if data[offset:200:2].count(0) > len(data[:200]) // 4:
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _detect_delimiter(text: str) -> str:
    """Return the delimiter that gives the first row the most columns."""
    return max(_DELIMITERS, key=lambda delimiter: len(next(_read_rows(text, delimiter), [])))


def _read_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _parse_table(path: Path, text: str, delimiter: str, lines_before: int) -> CsvTable:
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        columns = tuple(" ".join(_clean_cell(cell).lower().split()) for cell in next(reader, []))
        _check_quotes(path, lines[: reader.line_num], delimiter, 1 + lines_before)
        rows = []
        line = reader.line_num + 1
        for cells in reader:
            _check_quotes(path, lines[line - 1 : reader.line_num], delimiter, line + lines_before)
            texts = [_clean_cell(cell) for cell in cells]
            if any(texts):
                rows.append(CsvRow(line + lines_before, dict(zip(columns, texts, strict=False))))
            line = reader.line_num + 1
    except csv.Error as error:
        position = f"{path}:{reader.line_num + lines_before}"
        raise UsageError(f"{position}: this is not a row of a CSV file: {error}.", _CSV_ADVICE) from None
    if not any(columns):
        raise UsageError(f"{path} is empty.", "Its first row must contain the headings of its columns.")
    for column in columns:
        if column and columns.count(column) > 1:
            raise UsageError(f"{path} has two columns '{column}'.", "Remove one of them, or rename its heading.")
    return CsvTable(path, columns, tuple(rows))


def _check_quotes(path: Path, lines: Sequence[str], delimiter: str, first_line: int) -> None:
    """Reject a row that a quotation mark without its counterpart has joined with those below it.

    A cell may contain line breaks. Python accepts a row that ends in a quoted cell, and text after one; the latter does
    no harm on one line.

    Args:
        path: The file.
        lines: The lines of the row.
        delimiter: The delimiter.
        first_line: The line in the file with which the row starts.

    Raises:
        UsageError: The row has such a quotation mark.

    """
    if not any('"' in line for line in lines):
        return
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if len(lines) > 1 or "unexpected end" in str(error):
            raise UsageError(
                f'{path}:{first_line}: a quotation mark (") in this row is not closed, or not at the end of its cell.',
                "Add the missing quotation mark, or remove the other one.",
            ) from None


def _clean_cell(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip("\ufeff\u200e\u200f").strip()
