"""When does this next change? Finds the next instant at which a function of local time takes another value.

Pure. The function may depend on the wall clock (windows), on closed days, on dates (approvals) and on instants (passes) and on nothing
else, so it can change only at its wall-clock marks, at midnight, at those instants and where the clocks themselves change. After one
whole ordinary week without a change, only extraordinary days can bring one: closures, the day after (a window can run past midnight),
and the days of approvals and passes. Two kinds of day stand for no other: one on which the clocks change (what lies in its gap did not
happen that week and happens the next), and one on which a pass begins or ends (it hides what the windows say).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from dinnerbell.times import Closures

T = TypeVar("T")

HORIZON_YEARS = 12
"""How far bank holidays are looked at: every date has fallen on every weekday by then."""


def next_change(  # noqa: PLR0913 - one question with many parts
    value: Callable[[datetime], T],
    at: datetime,
    *,
    zone: ZoneInfo,
    marks: frozenset[int],
    dates: Iterable[date],
    closures: Closures | None,
    instants: Iterable[datetime] = (),
) -> datetime | None:
    """Return the first instant after `at` (UTC) at which `value` differs from value(at), or None: never.

    `marks`: wall-clock minutes at which it can change. `dates`: local days at whose start it can change for good (approvals).
    `closures`: None where it does not depend on closed days. `instants`: single ones at which it can change for good (passes).
    """
    now = value(at)
    moments: dict[date, list[datetime]] = {}
    for instant in instants:
        if instant > at:
            moments.setdefault(instant.astimezone(zone).date(), []).append(instant)
    for instant in _instants(at, zone, marks, frozenset(day for day in dates if day.year < date.max.year), closures, moments):
        if value(instant) != now:
            return instant
    return None


_Pattern = tuple[int, bool, bool]
"""What a day's windows depend on: its weekday, whether it is closed, and whether the day before was."""

_ORDINARY_WEEK: frozenset[_Pattern] = frozenset((weekday, False, False) for weekday in range(7))
_CLOSED_WEEK: frozenset[_Pattern] = frozenset((weekday, True, True) for weekday in range(7))


def _instants(  # noqa: PLR0913 - next_change's question again
    at: datetime,
    zone: ZoneInfo,
    marks: frozenset[int],
    dates: frozenset[date],
    closures: Closures | None,
    moments: Mapping[date, list[datetime]],
) -> Iterator[datetime]:
    """Yield, in order, the instants after `at` that have to be looked at: one whole day of each pattern that is still to come."""
    start = at.astimezone(zone).date()
    seen: set[_Pattern] = set()
    special: list[date] | None = None
    day = start
    while True:
        own = moments.get(day)
        if own or day in dates:
            seen.clear()
        pattern = _pattern(day, closures)
        if pattern not in seen:
            found = sorted({*day_instants(day, zone, marks), *own}) if own else day_instants(day, zone, marks)
            yield from (instant for instant in found if instant > at)
            # of the first day only the rest was looked at; clock changes and passes hide minutes
            if day != start and not own and len(_day_offsets(day, zone)) == 1:
                seen.add(pattern)
        if not (seen >= _ORDINARY_WEEK or (pattern in _CLOSED_WEEK and seen >= _CLOSED_WEEK)):
            day += timedelta(days=1)
            continue
        if special is None:
            special = _special_days(start, dates | moments.keys(), closures)
        position = bisect_right(special, day)
        if position == len(special):
            return
        day = special[position]


def _pattern(day: date, closures: Closures | None) -> _Pattern:
    if closures is None:
        return day.weekday(), False, False
    return day.weekday(), closures.closed(day), closures.closed(day - timedelta(days=1))


def _special_days(start: date, dates: frozenset[date], closures: Closures | None) -> list[date]:
    """Return the days at which a steady week can end: dates, the first days of a closure (later ones are alike), the day after."""
    days = set(dates)
    if closures is not None:
        closed = [(first, last) for first, last in closures.ranges if first.year < date.max.year]
        if closures.bank_holidays is not None:
            horizon = start.replace(year=start.year + HORIZON_YEARS, day=1)
            closed += [(day, day) for day in Closures(closures.bank_holidays).days_between(start, horizon)]
        for first, last in closed:
            days.update(day for step in range(9) if (day := first + timedelta(days=step)) <= last)
            if last.year < date.max.year:
                days.add(last + timedelta(days=1))
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
    """Return the instants (UTC, to the second) of local `day` at which the zone's offset changes."""
    found = []
    hour = datetime.combine(day, time(), zone).astimezone(UTC) - timedelta(hours=1)
    for _ in range(28):
        low, high = hour, hour + timedelta(hours=1)
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            before = low.astimezone(zone).utcoffset()
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
            if high.astimezone(zone).date() == day:  # the neighbours' own changes are theirs to give, in order
                found.append(high)
        hour += timedelta(hours=1)
    return tuple(found)
