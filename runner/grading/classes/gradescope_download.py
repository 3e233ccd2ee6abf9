"""Gradescope's 'Export Submissions': a folder per submission, and `submission_metadata.yml` with names and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from runner.errors import UsageError
from runner.grading.classes import download_files, timestamps
from runner.grading.classes.download_model import Download, DownloadedSubmission, Owner

SYSTEM = "Gradescope"
EXAMPLE = "a file 'submission_metadata.yml'"
_METADATA_FILE = "submission_metadata.yml"
_MAX_METADATA_BYTES = 200 << 20


class _MetadataLoader(yaml.SafeLoader):
    """Reads what Ruby on Rails writes: its times have special tags."""


def _construct_ruby_object(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_MetadataLoader.add_multi_constructor("!ruby/", _construct_ruby_object)


def is_download_folder(folder: Path) -> bool:
    """Return whether a folder directly contains what Gradescope writes."""
    return (folder / _METADATA_FILE).is_file()


def read_download(folder: Path, scratch_folder: Path) -> Download:
    """Read a download; see `DownloadReader`.

    Raises:
        UsageError: The metadata cannot be read.

    """
    metadata = _read_metadata(folder / _METADATA_FILE)
    submissions = list(_read_submissions(folder, metadata, scratch_folder))
    known = {submission.label for submission in submissions} | {_METADATA_FILE}
    unknown = [entry.name for entry in download_files.list_entries(folder) if entry.name not in known]
    without_owner = [
        DownloadedSubmission(name, folder / name, ()) for name in unknown if name.startswith("submission_")
    ]
    ignored = tuple(name for name in unknown if not name.startswith("submission_"))
    return Download((*submissions, *without_owner), ignored)


def _read_metadata(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as stream:
            data = yaml.load(stream.read(_MAX_METADATA_BYTES), Loader=_MetadataLoader)  # noqa: S506 (a SafeLoader)
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"Cannot read {file}: {reason}.", "Export the submissions from Gradescope again.") from None
    if not isinstance(data, Mapping):
        raise UsageError(f"{file} contains no submissions.", "Export the submissions from Gradescope again.")
    return data


def _read_submissions(
    folder: Path, metadata: Mapping[str, Any], scratch_folder: Path
) -> Iterator[DownloadedSubmission]:
    for number, (label, record) in enumerate(metadata.items()):
        if not isinstance(record, Mapping):
            continue
        owners = tuple(_read_owner(submitter) for submitter in record.get(":submitters") or ())
        submitted_at = _read_time(record.get(":created_at"))
        path = folder / str(label)
        notes: tuple[str, ...] = ()
        if not path.is_dir():
            path, notes = scratch_folder / f"{number}", ("the export has no files of this submission",)
            path.mkdir(parents=True)
        rank = submitted_at.timestamp() if submitted_at else 0.0
        source = SYSTEM if submitted_at else ""
        yield DownloadedSubmission(str(label), path, owners, submitted_at, source, rank=rank, notes=notes)


def _read_owner(submitter: Mapping[str, Any]) -> Owner:
    texts = {key: str(submitter.get(f":{key}") or "") for key in ("name", "sid", "email")}
    return Owner(name=texts["name"], id=texts["sid"], email=texts["email"])


def _read_time(value: object) -> datetime | None:
    """Return a time of the metadata, which is in UTC if it names no time zone."""
    if isinstance(value, Mapping):
        value = value.get("utc") or value.get("time")
    if isinstance(value, str):
        try:
            value = timestamps.parse_time(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
