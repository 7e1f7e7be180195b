"""Which minutes of a week are setting hours and lunch, and how a session's range of minutes divides between them.

Pure. A session is known as `minutes_low` occupied minutes somewhere in its span; of a part of the span only bounds follow:

    span        [──────── 20 minutes, 12 of them occupied ────────)
    lunch                              [──── 8 minutes ────)
    at lunch    at least 12 - (20 - 8) = 0, at most 8
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dinnerbell.policy import Policy
from dinnerbell.sessions import Session
from dinnerbell.times import TimeSpan
from dinnerbell_reports.values import Range
from dinnerbell_reports.week import Week

SETTING_HOURS = "setting-hours"
LUNCH = "lunch"


@dataclass(frozen=True, slots=True)
class Opening:
    """A week's minutes since 1970 UTC in which the setting is open, and in which it is lunch; None: no such time in rules.yaml."""

    setting: frozenset[int] | None
    lunch: frozenset[int] | None

    def is_out_of_hours(self, minute: int) -> bool:
        return self.setting is not None and minute not in self.setting

    def out_of_hours(self, session: Session) -> Range:
        return Range() if self.setting is None else share(session, self.is_out_of_hours)

    def at_lunch(self, session: Session) -> Range | None:
        lunch = self.lunch
        return None if lunch is None else share(session, lambda minute: minute in lunch)


def opening(policy: Policy, week: Week) -> Opening:
    def minutes(name: str) -> frozenset[int] | None:
        span = policy.times.get(name)
        return None if span is None else frozenset(_minutes(policy, span, week))

    return Opening(minutes(SETTING_HOURS), minutes(LUNCH))


def _minutes(policy: Policy, span: TimeSpan, week: Week) -> Iterator[int]:
    zone, closed = policy.setting.zone, policy.closures.closed
    for quarter in range(week.minutes.start, week.minutes.stop, 15):  # zones' offsets change at quarters of an hour
        local = datetime.fromtimestamp(quarter * 60, zone)
        day, wall = local.date(), local.hour * 60 + local.minute
        for step in range(15):
            if span.holds(day, wall + step, closed):
                yield quarter + step


def minute_of(at: datetime) -> int:
    return int(at.timestamp()) // 60


def span_of(session: Session) -> range:
    """Return the session's minutes since 1970 UTC."""
    return range(minute_of(session.start), minute_of(session.end))


def share(session: Session, holds: Callable[[int], bool]) -> Range:
    """Return how many of a session's minutes lie where `holds` says so, at least and at most."""
    span = span_of(session)
    inside = sum(1 for minute in span if holds(minute))
    return Range(max(0, session.minutes_low - (len(span) - inside)), min(inside, session.minutes_high))


def stretches(minutes: Iterable[int]) -> list[tuple[int, int]]:
    """Return runs of neighbouring minutes as (first, last), in order."""
    runs: list[tuple[int, int]] = []
    for minute in sorted(minutes):
        if runs and minute == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], minute)
        else:
            runs.append((minute, minute))
    return runs


_LOOK_AHEAD = 120
"""Days in which an open day is looked for: longer than any summer closure."""


def open_day(policy: Policy, after: date, number: int) -> date:
    """Return the `number`-th day after `after` on which the setting is open."""
    for step in range(1, _LOOK_AHEAD):
        day = after + timedelta(days=step)
        number -= has_hours(policy, day)
        if number == 0:
            return day
    return after + timedelta(days=7)


def has_hours(policy: Policy, day: date) -> bool:
    """Tell whether the setting is open on a day; without setting hours, from Monday to Friday unless closed."""
    span = policy.times.get(SETTING_HOURS)
    if span is None:
        return day.weekday() < 5 and not policy.closures.closed(day)
    return any(span.holds(day, mark, policy.closures.closed) for mark in {0} | span.marks())  # between two marks nothing changes
