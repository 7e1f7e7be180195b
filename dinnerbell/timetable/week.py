"""One week as a device has it: what is open when, read off the decisions themselves.

Pure. Not a word of the rules' times is read here: `decide` is asked on Monday 00:00 and again wherever it says that its answer may
end, until the next Monday 00:00 on the setting's clock. So a timetable cannot promise what the box does not do, and a week has 168
hours, but 167 where the clocks go forward and 169 where they go back:

    Instagram    closed         open         closed          open
    ├ Mon 08:00 ──────── 12:00 ────── 13:00 ────────── 18:00 ────────────┤ Tue 08:00 ...
    decide(at)         until = at   until = at       until = at        until = at
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dinnerbell.changes import day_instants
from dinnerbell.model import Device, Verdict
from dinnerbell.names import judged
from dinnerbell.pages import NO_PAGE
from dinnerbell.policy import Ask, Decision, Policy, decide
from dinnerbell.times import BANK_HOLIDAY_REGIONS, Closures
from dinnerbell.timetable.subjects import Label, find_subjects

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class State:
    """What the answer is over a stretch of time; `switches` (safe-search ...) are those that change this very name's answer."""

    verdict: Verdict
    switches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """One state over [start, end), instants in UTC: two local times of one zone cannot be compared where the clocks change."""

    start: datetime
    end: datetime
    state: State


Course = tuple[Segment, ...]
"""A name's whole week: segments that touch, each of another state than the one before."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of the clocks at `at` (UTC): the wall reads `before` up to it and `after` from it on (minutes since 00:00)."""

    at: datetime
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: [start, end) in UTC, why nobody works here that day (None: people do), and how the clocks change on it."""

    date: date
    start: datetime
    end: datetime
    closed: str | None = None
    shifts: tuple[Shift, ...] = ()

    @property
    def minutes(self) -> int:
        return (self.end - self.start) // MINUTE


@dataclass(frozen=True, slots=True)
class Row:
    """What has one and the same week: `labels` say what, the broadest first."""

    labels: tuple[Label, ...]
    course: Course

    @property
    def is_constant(self) -> bool:
        return len(self.course) == 1

    def on(self, day: Day) -> Course:
        """Return the part of the week that falls on this day."""
        return tuple(
            Segment(max(segment.start, day.start), min(segment.end, day.end), segment.state)
            for segment in self.course
            if segment.start < day.end and segment.end > day.start
        )


@dataclass(frozen=True, slots=True)
class Timetable:
    """The week of one device, or of those of a group that have the same."""

    name: str
    """The device's, or the group's."""
    group: str
    members: tuple[str, ...]
    """The words for the devices: names, and networks."""
    monday: date
    zone: ZoneInfo
    days: tuple[Day, ...]
    rows: tuple[Row, ...]
    """Those that change come first, the umbrella before all others of its sort."""
    undrawn: tuple[str, ...] = ()
    """What rules for this device speak of and no name stands for."""


def timetable(policy: Policy, device: Device, monday: date) -> Timetable:
    """Return the device's week from `monday`, 00:00 on the setting's clock. Raises ValueError if that day is no Monday."""
    zone = policy.setting.zone
    days = week_days(monday, zone, policy.closures)
    subjects = find_subjects(policy, device)
    courses = follow(policy, device, subjects.names, days[0].start, days[-1].end)
    by_course: dict[Course, list[Label]] = {}
    for label, course in subjects.labelled(courses):
        by_course.setdefault(course, []).append(label)
    rows = [Row(tuple(labels), course) for course, labels in by_course.items()]
    rows.sort(key=lambda row: row.is_constant)
    group = device.group.name if device.group else device.owner.word
    return Timetable(device.name, group, (device.name,), monday, zone, days, tuple(rows), subjects.undrawn)


def follow(policy: Policy, device: Device, names: Iterable[str], start: datetime, end: datetime) -> Mapping[str, Course]:
    """Follow every name's decisions through [start, end).

    In step, not one name after the other: the policy remembers one segment of each track, which the names then share.
    """
    courses: dict[str, list[Segment]] = {name: [] for name in names}
    waiting: dict[datetime, list[str]] = {start: list(courses)}
    while waiting:
        at = min(waiting)
        for name in waiting.pop(at):
            decision = decide(policy, Ask(device, name, at, NO_PAGE))
            until = min(decision.until or end, end)
            _extend(courses[name], Segment(at, until, _state(policy, name, decision)))
            if until < end:
                waiting.setdefault(until, []).append(name)
    return {name: tuple(segments) for name, segments in courses.items()}


def _extend(segments: list[Segment], new: Segment) -> None:
    if segments and segments[-1].state == new.state:
        new = Segment(segments.pop().start, new.end, new.state)
    segments.append(new)


def _state(policy: Policy, name: str, decision: Decision) -> State:
    tables = policy.catalogue.enforce
    switches = dict.fromkeys(switch for rule in decision.enforced_by for switch in rule.switches)
    known = [switch for switch in switches if (table := tables.get(switch)) is not None and table.longest(judged(name)) is not None]
    return State(decision.verdict, tuple(known))


def week_days(monday: date, zone: ZoneInfo, closures: Closures) -> tuple[Day, ...]:
    """Return the seven local days from `monday`. Raises ValueError if it is no Monday."""
    if monday.weekday():
        raise ValueError(f"{monday} is no Monday")
    return tuple(_day(monday + timedelta(days=step), zone, closures) for step in range(7))


def _day(day: date, zone: ZoneInfo, closures: Closures) -> Day:
    start, end = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    changes = day_instants(day, zone, frozenset())  # without marks, what is left is where the clocks change
    shifts = [Shift(at, minute_before(at, zone) if at > start else 0, wall_minute(at, zone)) for at in changes]
    return Day(day, start, end, _why_closed(day, closures), tuple(shift for shift in shifts if shift.before != shift.after))


def wall_minute(at: datetime, zone: ZoneInfo) -> int:
    """Return what the wall reads at this instant, in minutes since 00:00."""
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


def minute_before(at: datetime, zone: ZoneInfo) -> int:
    """Return what the wall reads as the minute before `at` ends: 1440 at midnight, and 60 where 01:00 becomes 02:00."""
    return wall_minute(at - MINUTE, zone) + 1


def _why_closed(day: date, closures: Closures) -> str | None:
    if not closures.closed(day):
        return None
    if closures.bank_holidays is not None and (name := _bank_holiday(closures.bank_holidays, day)):
        return name
    first, last = next((first, last) for first, last in closures.ranges if first <= day <= last)
    return "closure" if first == last else f"closure from {first.day} {first:%b} to {last.day} {last:%b}"


@lru_cache(maxsize=256)
def _bank_holiday(region: str, day: date) -> str | None:
    import holidays  # noqa: PLC0415 - 60 ms that a week without closures need not pay

    found = holidays.country_holidays("GB", subdiv=BANK_HOLIDAY_REGIONS[region], years=day.year, language="en_GB").get(day)
    return str(found) if found else None
