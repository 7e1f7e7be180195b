"""When does this next change? Finds the next instant at which a function of local time takes another value.

Pure. The function may depend on the wall clock (windows), on closed days and on dates (approvals) and on nothing else, so it can
change only at its wall-clock marks, at midnight and where the clocks themselves change. After one whole ordinary week without a
change, only extraordinary days can bring one: closures, the day after (a window can run past midnight), and approval dates.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from dinnerbell.times import Closures

T = TypeVar("T")

HORIZON_YEARS = 12
"""How far bank holidays are looked at: every date has fallen on every weekday by then."""


def next_change(  # noqa: PLR0913 - one question with many parts
    value: Callable[[datetime], T], at: datetime, *, zone: ZoneInfo, marks: frozenset[int], dates: Iterable[date], closures: Closures | None
) -> datetime | None:
    """Return the first instant after `at` (UTC) at which `value` differs from value(at), or None: never.

    `marks`: wall-clock minutes at which it can change. `dates`: local days at whose start it can change for good (approvals).
    `closures`: None where it does not depend on closed days.
    """
    now = value(at)
    for instant in _instants(at, zone, marks, frozenset(dates), closures):
        if value(instant) != now:
            return instant
    return None


def _instants(at: datetime, zone: ZoneInfo, marks: frozenset[int], dates: frozenset[date], closures: Closures | None) -> Iterator[datetime]:
    """Yield, in order, the instants after `at` that have to be looked at."""
    start = at.astimezone(zone).date()
    seen: set[int] = set()
    day = start
    special: list[date] | None = None
    while True:
        is_special = day in dates or _is_closed_or_after(day, closures)
        if day in dates:
            seen.clear()
        if is_special or day.weekday() not in seen:
            yield from (instant for instant in day_instants(day, zone, marks) if instant > at)
        if not is_special and day != start:  # of the first day only the rest was looked at
            seen.add(day.weekday())
        if len(seen) < 7:
            day += timedelta(days=1)
            continue
        if special is None:
            special = _special_days(start, dates, closures)
        following = next((candidate for candidate in special if candidate > day), None)
        if following is None:
            return
        day = following


def _is_closed_or_after(day: date, closures: Closures | None) -> bool:
    return closures is not None and (closures.closed(day) or closures.closed(day - timedelta(days=1)))


def _special_days(start: date, dates: frozenset[date], closures: Closures | None) -> list[date]:
    days = set(dates)
    if closures is not None:
        last = max([start, *(end for _, end in closures.ranges)])
        if closures.bank_holidays is not None:
            last = max(last, start.replace(year=start.year + HORIZON_YEARS, day=1))
        for day in closures.days_between(start, last):
            days.update((day, day + timedelta(days=1)))
    return sorted(days)


def day_instants(day: date, zone: ZoneInfo, marks: frozenset[int]) -> list[datetime]:
    """Return the instants (UTC) of local `day` at which the wall clock reads one of `marks`, and those at which the clocks change."""
    if len(_day_offsets(day, zone)) == 1:
        midnight = datetime.combine(day, time(), zone).astimezone(UTC)
        return [midnight + timedelta(minutes=mark) for mark in sorted(marks)]
    instants = set(_transitions(day, zone))
    for mark in marks:
        wall = datetime.combine(day, time(mark // 60, mark % 60))
        for fold in (0, 1):
            instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if instant.astimezone(zone).replace(tzinfo=None) == wall:  # a wall time in the spring gap does not come back
                instants.add(instant)
    return sorted(instants)


@lru_cache(maxsize=1024)
def _day_offsets(day: date, zone: ZoneInfo) -> frozenset[timedelta | None]:
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    return frozenset((start + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-1, 27))


@lru_cache(maxsize=64)
def _transitions(day: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the instants (UTC, to the second) around local `day` at which the zone's offset changes."""
    found = []
    hour = datetime.combine(day, time(), zone).astimezone(UTC) - timedelta(hours=1)
    for _ in range(28):
        low, high = hour, hour + timedelta(hours=1)
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            before = low.astimezone(zone).utcoffset()
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
            found.append(high)
        hour += timedelta(hours=1)
    return tuple(found)
