"""Times as a manager writes them: windows of wall-clock time, and the days on which nobody works.

Pure. A window is a statement about the clock on the wall, so membership is asked of local time and nothing is ever counted
from midnight:

      Sat 24 Oct 2026            Sun 25 Oct 2026 (clocks go back)
      ──────┬──────────────┬──────┬──────┬──────────────►  wall   23:00  00:00  01:00 01:00* 02:00
    22:00   └ 22:00-06:00 belongs to the day it starts ─────────────────────────────┘ 06:00
                                  └─ 01:00-02:00 ─┴─ happens twice (in spring: not at all)
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERY_DAY = frozenset(range(7))
MINUTES_A_DAY = 24 * 60

BANK_HOLIDAY_REGIONS = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}


class BadTime(ValueError):  # noqa: N818 - it names what was given, as the message does
    """The text is not a window, a date or a range; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) of the wall clock on the days it starts on; minutes since 00:00, `end` over 1440 when it runs past midnight."""

    days: frozenset[int]
    start: int
    end: int
    ignore_closures: bool = False

    def __str__(self) -> str:
        days = "" if self.days == EVERY_DAY else days_text(self.days) + " "
        end = self.end if self.end <= MINUTES_A_DAY else self.end - MINUTES_A_DAY
        return f"{days}{clock_text(self.start)}-{clock_text(end)}"


@dataclass(frozen=True, slots=True)
class Closures:
    """Days on which nobody works here: bank holidays of a UK nation, and date ranges (both ends included)."""

    bank_holidays: str | None = None
    ranges: tuple[tuple[date, date], ...] = ()

    def closed(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.ranges) or (
            self.bank_holidays is not None and day in _bank_holidays(self.bank_holidays, day.year)
        )

    def days_between(self, first: date, last: date) -> list[date]:
        """Return the closed days of [first, last], in order."""
        days = {day for start, end in self.ranges for day in _days(max(start, first), min(end, last))}
        if self.bank_holidays is not None:
            for year in range(first.year, last.year + 1):
                days.update(day for day in _bank_holidays(self.bank_holidays, year) if first <= day <= last)
        return sorted(days)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A named or literal time: windows, or (`closed`) the closed days themselves."""

    windows: tuple[Window, ...] = ()
    is_closed_days: bool = False

    def holds(self, day: date, minute: int, closed: Callable[[date], bool]) -> bool:
        """Tell whether the wall clock reading `day`, `minute` (since 00:00) lies inside."""
        if self.is_closed_days:
            return closed(day)
        for window in self.windows:
            if window.start <= minute < window.end and day.weekday() in window.days and (window.ignore_closures or not closed(day)):
                return True
            if window.end > MINUTES_A_DAY and minute < window.end - MINUTES_A_DAY:
                eve = day - timedelta(days=1)
                if eve.weekday() in window.days and (window.ignore_closures or not closed(eve)):
                    return True
        return False

    def marks(self) -> frozenset[int]:
        """Return the wall-clock minutes (0..1439) at which membership can change on an ordinary day."""
        marks = {mark % MINUTES_A_DAY for window in self.windows for mark in (window.start, window.end)}
        return frozenset(marks | {0})  # midnight: days and closures begin there


CLOSED = TimeSpan(is_closed_days=True)
"""The built-in time `closed`."""


def parse_window(text: str) -> Window:
    """Read `[days] HH:MM-HH:MM`, as in `mon-thu 12:00-13:00` or `22:00-06:00`. Raises BadTime with advice.

    Days are names, ranges that may wrap (`fri-mon`) and lists (`mon,wed`); no day means every day; the end may be 24:00.
    """
    cleaned = re.sub(r"\s*([,\-])\s*", r"\1", text.strip().lower().replace("\u2013", "-"))
    days_part, _, times_part = cleaned.rpartition(" ")
    if not re.fullmatch(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}", times_part):
        raise BadTime(f"{text!r} is not a time: write it like 12:00-13:00 or mon-fri 08:00-18:00{_time_hint(cleaned)}")
    start_text, end_text = times_part.split("-")
    start, end = _clock(start_text), _clock(end_text, is_end=True)
    if start == end:
        raise BadTime(f"{text!r} starts and ends at the same minute; for the whole day write 00:00-24:00")
    return Window(parse_days(days_part) if days_part else EVERY_DAY, start, end if end > start else end + MINUTES_A_DAY)


def _time_hint(text: str) -> str:
    if text.count(":") > 2:
        return "; several windows are a list: [mon 12:00-13:00, fri 11:30-12:30]"
    if re.search(r"\d\s*(am|pm)", text):
        return "; the clock has 24 hours: 1pm is 13:00"
    if re.search(r"\d\.\d\d", text):
        return "; with a colon, not a full stop"
    if re.fullmatch(r"(\S+ )?\d{1,2}:\d{2}", text):
        return "; it has a start and an end"
    if all(part[:3] in DAY_NAMES for part in re.split(r"[,-]", text)):
        return "; days come first, then one start and one end" if ":" in text else f"; for whole days write {text} 00:00-24:00"
    return ""


def parse_days(text: str) -> frozenset[int]:
    """Read `mon-fri`, `fri-mon`, `mon,wed` as weekday numbers (Monday is 0). Raises BadTime."""
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        start, end = _weekday(first), _weekday(last or first)
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _weekday(text: str) -> int:
    word = text.strip().lower()
    if word in DAY_NAMES:
        return DAY_NAMES.index(word)
    if word in _LONG_NAMES:
        return _LONG_NAMES.index(word)
    raise BadTime(f"{text!r} is not a day: write mon, tue, wed, thu, fri, sat or sun")


def _clock(text: str, *, is_end: bool = False) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if (hours, minutes) == (24, 0):
        if is_end:
            return MINUTES_A_DAY
        raise BadTime("24:00 can only be an end; the day starts at 00:00")
    if hours > 23 or minutes > 59:
        raise BadTime(f"{text!r} is not a time of day: hours go to 23 and minutes to 59")
    return hours * 60 + minutes


def parse_date(text: str) -> date:
    """Read YYYY-MM-DD. Raises BadTime."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
        raise BadTime(f"{text!r} is not a date: write it like 2026-12-21")
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadTime(f"{text!r} is not a date in the calendar") from None


def parse_date_range(text: str) -> tuple[date, date]:
    """Read YYYY-MM-DD..YYYY-MM-DD, both ends included, or one date. Raises BadTime."""
    first_text, dots, last_text = text.partition("..")
    first = parse_date(first_text)
    last = parse_date(last_text) if dots else first
    if last < first:
        raise BadTime(f"{text!r} ends before it starts")
    return first, last


def clock_text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def days_text(days: frozenset[int]) -> str:
    """Return weekdays in the form `parse_days` reads: runs of three or more as ranges."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = []
    for run in runs:
        names = [DAY_NAMES[day] for day in run]
        parts.append(f"{names[0]}-{names[-1]}" if len(run) > 2 else ",".join(names))
    return ",".join(parts)


def _days(first: date, last: date) -> Iterable[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


@lru_cache(maxsize=256)
def _bank_holidays(region: str, year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - 60 ms that most commands need not pay

    return frozenset(holidays.country_holidays("GB", subdiv=BANK_HOLIDAY_REGIONS[region], years=year))
