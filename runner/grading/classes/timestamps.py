"""Parse times and durations as people, course systems and git write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta

# Formats in which no day can be taken for a month. Moodle writes the third one in English.
_FORMATS = (
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%A, %d %B %Y, %I:%M %p",
    "%d %B %Y, %I:%M %p",
    "%d %B %Y %H:%M",
    "%B %d, %Y %I:%M %p",
    "%Y-%m-%d %H:%M:%S %Z",
)
_END_OF_DAY = time(23, 59, 59)
_DURATION = re.compile(
    r"(?:(?P<days>\d+(?:\.\d+)?)\s*d(?:ays?)?)?\s*(?:(?P<hours>\d+(?:\.\d+)?)\s*h(?:ours?)?)?\s*(?:(?P<minutes>\d+)\s*m(?:in(?:utes?)?)?)?"
)


def parse_time(text: str) -> datetime:
    """Return the time that a text means; it has no time zone if the text has none: then that of this computer applies.

    A date without a time means the end of that day.

    Raises:
        ValueError: The text is not a time, or could mean more than one.

    """
    text = " ".join(text.replace("\N{NARROW NO-BREAK SPACE}", " ").split())
    with suppress(ValueError):
        # All forms of a date that `datetime` reads too, which would take them for the start of that day.
        return datetime.combine(date.fromisoformat(text), _END_OF_DAY)
    try:
        return datetime.fromisoformat(re.sub(r" (?=[+-]\d{2}:?\d{2}$)", "", text).replace(" UTC", "+00:00"))
    except ValueError:
        pass
    for time_format in _FORMATS:
        try:
            return datetime.strptime(text, time_format)
        except ValueError:
            continue
    raise ValueError(f"'{text}' is not a time that can be read; write it as 2026-11-30 23:59 or 2026-11-30T23:59+01:00")


def parse_duration(text: str) -> timedelta:
    """Return the duration that a text such as '15m', '2h' or '1d 12h' means.

    Raises:
        ValueError: The text is not a duration.

    """
    match = _DURATION.fullmatch(text.strip().lower())
    if not match or not match[0]:
        raise ValueError(f"'{text}' is not a duration; write it as 15m, 2h or 1d12h")
    days, hours, minutes = (float(match[unit] or 0) for unit in ("days", "hours", "minutes"))
    return timedelta(days=days, hours=hours, minutes=minutes)


def from_timestamp(seconds: float) -> datetime:
    """Return the time that many seconds after 1970 began."""
    return datetime.fromtimestamp(seconds, UTC)


def subtract_times(later: datetime, earlier: datetime) -> timedelta:
    """Return the time between two clock readings in the time zone of `earlier`.

    When daylight saving time begins or ends, the next day at the same time is one day later, not 23 or 25 hours.
    """
    return convert_to_zone_of(later, earlier).replace(tzinfo=None) - earlier.replace(tzinfo=None)


def convert_to_zone_of(time: datetime, reference: datetime) -> datetime:
    """Return a time in the time zone of another one; a time without a zone is in that of this computer."""
    return time.astimezone(reference.tzinfo)


def format_time(time: datetime) -> str:
    """Return a time for people, with its time zone unless it is that of this computer."""
    zone = "" if time.tzinfo is None else f" {time.strftime('%z')}"
    return f"{time:%Y-%m-%d %H:%M}{zone}"
