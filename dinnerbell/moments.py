"""Instants as a person writes them, on the setting's own clock: `2026-11-23 12:30`.

Pure. A time that the clocks skip in spring is refused; one that happens twice in autumn means the first, or an offset says which.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dinnerbell.times import BadTime, parse_date

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Years outside are slips of the finger, and far ones would make calendars long."""

_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ]+(?P<clock>[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)\s*(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """Read `YYYY-MM-DD HH:MM[:SS]` (or with T; an offset such as +01:00 may follow) as an aware UTC datetime. Raises BadTime."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise BadTime(f"{text!r} is not a day and a time: write them like 2026-11-23 12:30")
    day = parse_date(match["day"])
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadTime(f"{text!r}: the year must be between {FIRST_YEAR} and {LAST_YEAR}")
    hour, minute, second = (int(part) for part in (match["clock"] + ":0").split(":")[:3])
    if hour > 23 or minute > 59 or second > 59:
        raise BadTime(f"{match['clock']!r} is not a time of day: hours go to 23 and minutes to 59")
    wall = datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001 - the zone follows
    if match["offset"]:
        return wall.replace(tzinfo=UTC) - _offset(match["offset"].upper())
    moment = wall.replace(tzinfo=zone).astimezone(UTC)  # of a doubled time, fold=0 is the first
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        raise BadTime(f"{text.strip()} does not exist in {zone.key}: the clocks go forward over it that night")
    return moment


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        raise BadTime(f"{text!r} is not an offset from UTC: write it like +01:00")
    return (-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes)
