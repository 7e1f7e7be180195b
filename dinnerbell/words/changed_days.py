"""One thing's week, old and new, in words: "on Friday now opens 12:00-13:00, was 11:30-12:30".

Pure. Days that change in the same way are told together. Hours are told as people speak of them, by what is in between:

    Fri old   open ├ closed ──── 11:30 open 12:30 ──────── closed ┤ open     "opens 11:30-12:30": a gap in what is closed
    Fri new   open ├ closed ──────── 12:00 open 13:00 ──── closed ┤ open     the same frame in both, so only the gaps are told
"""

from collections.abc import Iterator
from typing import NamedTuple

from dinnerbell.model import Verdict
from dinnerbell.times import MINUTES_A_DAY, clock_text
from dinnerbell.timetable.week import State
from dinnerbell.timetable.words import state_phrase
from dinnerbell.words.wording import joined

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Stretch(NamedTuple):
    """One state over [start, end), minutes since 00:00."""

    start: int
    end: int
    state: State


Day = tuple[Stretch, ...]
"""Stretches that touch, from 00:00 to 24:00."""


def day_phrases(old: tuple[Day, ...], new: tuple[Day, ...], *, are: bool = False, every: str = "at all times") -> Iterator[str]:
    """Yield a phrase for each change with the days that have it, Monday first; none where the weeks are the same.

    `are`: it is spoken of in the plural. `every`: what a change of all seven days from end to end is called.
    """
    changes: dict[tuple[Day, Day], list[int]] = {}
    for weekday, change in enumerate(zip(old, new, strict=True)):
        if change[0] != change[1]:
            changes.setdefault(change, []).append(weekday)
    for (was, now), days in changes.items():
        is_daily = len(days) == len(_NAMES)
        when = "" if is_daily else f"{_days(days)} "
        if len(was) == len(now) == 1:
            end = every if is_daily else "all day"
            yield f"{when}{'are' if are else 'is'} now {state_phrase(now[0].state)} {end}, {_was(are)} {state_phrase(was[0].state)}"
        else:
            yield f"{when}{_change(was, now, are=are)}"


def _was(are: bool) -> str:
    return "were" if are else "was"


def _change(was: Day, now: Day, *, are: bool) -> str:
    frame = _frame(now)
    if frame is not None and frame == _frame(was) and _around(was, frame) == _around(now, frame):
        gaps_was, gaps_now = _gaps(was, frame), _gaps(now, frame)
        closed = "closed all day" if frame == (0, MINUTES_A_DAY) else f"closed {_span(*frame)} throughout"
        if gaps_now and (gaps_was is not None) and (not gaps_was or gaps_was[0].state == gaps_now[0].state):
            opens = state_phrase(gaps_now[0].state).replace("open", "open" if are else "opens", 1)
            return f"now {opens} {_spans(gaps_now)}, {_was(are)} {_spans(gaps_was) if gaps_was else closed}"
        if gaps_was and gaps_now is not None and not gaps_now:
            return f"no longer {'open' if are else 'opens'} {_spans(gaps_was)}: now {closed}"
    return f"{'are' if are else 'is'} now {_hours(now)}, {_was(are)} {_hours(was)}"


def _frame(day: Day) -> tuple[int, int] | None:
    """Return from when to when the day has closed stretches."""
    closed = [each for each in day if each.state.verdict is Verdict.BLOCK]
    return (closed[0].start, closed[-1].end) if closed else None


def _around(day: Day, frame: tuple[int, int]) -> list[Stretch]:
    return [each for each in day if each.end <= frame[0] or each.start >= frame[1]]


def _gaps(day: Day, frame: tuple[int, int]) -> list[Stretch] | None:
    """Return what is open between the closed stretches; None, if that is not all of one sort."""
    gaps = [each for each in day if frame[0] < each.start and each.end < frame[1] and each.state.verdict is not Verdict.BLOCK]
    return gaps if len({each.state for each in gaps}) <= 1 else None


def _spans(stretches: list[Stretch]) -> str:
    return joined(_span(each.start, each.end) for each in stretches)


def _hours(day: Day) -> str:
    """Return a day's hours: `closed 08:00-18:00, else open`. What lasts longest goes without saying its hours."""
    states: dict[State, list[Stretch]] = {}
    for each in day:
        states.setdefault(each.state, []).append(each)
    if len(states) == 1:
        return f"{state_phrase(day[0].state)} all day"
    rest = max(states, key=lambda state: sum(each.end - each.start for each in states[state]))
    told = [f"{state_phrase(state)} {_spans(stretches)}" for state, stretches in states.items() if state != rest]
    return f"{', '.join(told)} (else {state_phrase(rest)})"


def _span(start: int, end: int) -> str:
    return f"{clock_text(start)}-{clock_text(end)}"


def _days(days: list[int]) -> str:
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"from {_NAMES[days[0]]} to {_NAMES[days[-1]]}"
    return f"on {joined(_NAMES[day] for day in days)}"
