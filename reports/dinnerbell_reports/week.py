"""A week of the report: Monday 00:00 to Monday 00:00 on the setting's clock, named as in ISO 8601 (2026-W47).

Pure. A week has 168 hours, but 167 where the clocks go forward and 169 where they go back:

    2026-W43   Mon 19 Oct 00:00 BST ─────────── Sun 25 Oct 02:00 ┤01:00 GMT ──── Mon 26 Oct 00:00 GMT    169 hours
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 2000, 2099


class BadWeek(ValueError):  # noqa: N818 - it names what was given, as the message does
    """The text is not a week; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week in a zone, by its Monday."""

    monday: date
    zone: ZoneInfo

    @property
    def text(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def start(self) -> datetime:
        """Return Monday 00:00, local and aware."""
        return datetime.combine(self.monday, time(), self.zone)

    @property
    def end(self) -> datetime:
        """Return the Monday 00:00 after, local and aware: the first instant that is no longer in the week."""
        return datetime.combine(self.monday + timedelta(days=7), time(), self.zone)

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.monday + timedelta(days=step) for step in range(7))

    @property
    def minutes(self) -> range:
        """Return the week's minutes since 1970 UTC, as the usage log counts them."""
        return range(int(self.start.timestamp()) // 60, int(self.end.timestamp()) // 60)

    @property
    def hours(self) -> int:
        """Return how many hours the week has: 168, or one less or more where the clocks change."""
        return len(self.minutes) // 60

    def back(self, weeks: int) -> "Week":
        return Week(self.monday - timedelta(weeks=weeks), self.zone)

    def __str__(self) -> str:
        return self.text


def parse_week(text: str, zone: ZoneInfo) -> Week:
    """Read `YYYY-Www`. Raises BadWeek with advice."""
    match = re.fullmatch(r"([0-9]{4})-?W([0-9]{1,2})", text.strip().upper())
    if match is None:
        raise BadWeek(f"{text!r} is not a week: write it like 2026-W47")
    year, number = int(match[1]), int(match[2])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadWeek(f"{text!r}: the year must be between {FIRST_YEAR} and {LAST_YEAR}")
    try:
        return Week(date.fromisocalendar(year, number, 1), zone)
    except ValueError:
        last = date(year, 12, 28).isocalendar().week  # 28 December is in the last week of every ISO year
        raise BadWeek(f"{text!r} is not in the calendar: the weeks of {year} go from {year}-W01 to {year}-W{last}") from None


def week_of(at: datetime, zone: ZoneInfo) -> Week:
    """Return the week in which the instant `at` (aware) lies on the setting's clock."""
    day = at.astimezone(zone).date()
    return Week(day - timedelta(days=day.weekday()), zone)


def last_full_week(now: datetime, zone: ZoneInfo) -> Week:
    """Return the newest week that is over at `now` (aware)."""
    return week_of(now, zone).back(1)


def at_minute(minute: int, zone: ZoneInfo) -> datetime:
    """Return the local, aware time of a minute since 1970 UTC."""
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)
