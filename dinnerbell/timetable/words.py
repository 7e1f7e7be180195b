"""A timetable in words: the exact hours of a day, what a row is about, which days are closed. Both renderers say it the same way.

Pure.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from dinnerbell.model import Verdict
from dinnerbell.times import clock_text
from dinnerbell.timetable.axis import is_doubled
from dinnerbell.timetable.subjects import OTHERWISE, Label
from dinnerbell.timetable.week import MINUTE, Day, Row, Segment, State, Timetable, minute_before, wall_minute
from dinnerbell.words.wording import SWITCH_PHRASES, joined, sentence_case

PARTICULAR = "What is named singly goes by its own line: a broader word, such as social media, does not mean it."


def week_text(monday: date) -> str:
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02d}"


def week_dates(timetable: Timetable) -> str:
    """Return `Monday 23 to Sunday 29 November 2026`, with as much of the first date as differs from the last."""
    first, last = timetable.days[0].date, timetable.days[-1].date
    month = f" {first:%B}" if first.month != last.month else ""
    year = f" {first.year}" if first.year != last.year else ""
    return f"Monday {first.day}{month}{year} to Sunday {last.day} {last:%B} {last.year}"


def who(timetable: Timetable) -> str:
    """Return whose week it is, as a heading: `office: office-laptop`, or for one device `office-laptop (office)`."""
    if timetable.name == timetable.group:
        return f"{timetable.name}: {joined(timetable.members)}"
    return f"{timetable.name} ({timetable.group})"


def members_text(timetable: Timetable) -> str:
    """Return the small print beside the name: the group's devices, or the device's group."""
    return joined(timetable.members) if timetable.name == timetable.group else f"in {timetable.group}"


def what(labels: Iterable[Label], most: int | None = None) -> str:
    """Return what a row is about; of single names at most `most` (None: all), and how many more there are."""
    labels = list(labels)
    broad = [label.text for label in labels if label.is_broad and label.id != OTHERWISE]
    single = [label.text for label in labels if not label.is_broad]
    rest = [label.text for label in labels if label.id == OTHERWISE]
    if most is not None and len(single) > most + 1:
        single = [*single[:most], f"{len(single) - most} more"]
    told = joined([*broad, *single, *rest])
    return sentence_case(told) if broad or not single else told  # a name keeps its own first letter: example.org, eharmony


def state_phrase(state: State) -> str:
    if state.verdict is Verdict.BLOCK:
        return "closed"
    if state.verdict is Verdict.ENFORCE:
        return f"open with {joined(SWITCH_PHRASES.get(switch, switch) for switch in state.switches)}"
    return "open"


def states_of(timetables: Iterable[Timetable]) -> list[State]:
    """Return every state that occurs, for the legend: open, then open with ..., then closed."""
    found = {segment.state for timetable in timetables for row in timetable.rows for segment in row.course}
    order = [Verdict.ALLOW, Verdict.ENFORCE, Verdict.BLOCK]
    return sorted(found, key=lambda state: (order.index(state.verdict), state.switches))


def hours(row: Row, day: Day, zone: ZoneInfo) -> str:
    """Return a day's exact times: `closed 08:00-12:00, 13:00-18:00, else open`.

    The state that comes most often goes without saying its times; in a draw the one that lasts longest.
    """
    course = row.on(day)
    by_state: dict[State, list[Segment]] = {}
    for segment in course:
        by_state.setdefault(segment.state, []).append(segment)
    if len(by_state) <= 1:
        return f"{state_phrase(course[0].state)} all day" if course else "this day does not happen"
    rest = max(by_state, key=lambda state: (len(by_state[state]), _minutes(by_state[state]), state.verdict is Verdict.BLOCK))
    told = [
        f"{state_phrase(state).removeprefix('open ')} {', '.join(_span(segment, day, zone) for segment in segments)}"
        for state, segments in by_state.items()
        if state != rest
    ]
    return f"{'; '.join(told)}, else {state_phrase(rest)}"


def _minutes(segments: Iterable[Segment]) -> int:
    return sum((segment.end - segment.start) // MINUTE for segment in segments)


def _span(segment: Segment, day: Day, zone: ZoneInfo) -> str:
    start = _clock(wall_minute(segment.start, zone), segment.start, 0, day)
    return f"{start}-{_clock(minute_before(segment.end, zone), segment.end - MINUTE, 1, day)}"


def _clock(minute: int, at: datetime, past: int, day: Day) -> str:
    """Return a clock time; of one that comes twice that day, which it is. `past`: 1 for an end, which is named by its last minute."""
    second = is_doubled(at, minute - past, day)
    return clock_text(minute) + ("" if second is None else " (2nd)" if second else " (1st)")


def notes(timetable: Timetable) -> Iterator[str]:
    """Say what is extraordinary about the week: closed days and why, and changes of the clocks."""
    closed = [day for day in timetable.days if day.closed]
    if closed:
        told = [_run(list(days), reason or "") for reason, days in groupby(closed, key=lambda day: day.closed)]
        yield f"Setting closed: {'; '.join(told)}."
    for day in timetable.days:
        for shift in day.shifts:
            first, last = sorted((shift.before, shift.after))
            stretch = f"{clock_text(first)}-{clock_text(last)}"
            if shift.after < shift.before:
                change = f"the clocks go back, and {stretch} comes twice (1st, 2nd); on the other days its second place is blank"
            else:
                change = f"the clocks go forward, and {stretch} does not happen"
            yield f"{short_day(day.date)}: {change}."


def _run(days: list[Day], reason: str) -> str:
    first, last = days[0].date, days[-1].date
    dates = short_day(first) if first == last else f"{short_day(first)} to {short_day(last)}"
    return f"{dates} ({reason})" if reason != "closure" else dates


def short_day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def constant_sentences(timetable: Timetable, most: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield what is the same all week: (`Closed all week`, `Social media and ways round the filter`)."""
    for row in timetable.rows:
        if row.is_constant:
            yield f"{sentence_case(state_phrase(row.course[0].state))} all week", what(row.labels, most)


def undrawn_sentence(timetable: Timetable) -> str:
    """Say what the timetable cannot show, or nothing."""
    return f"Not shown here: {joined(timetable.undrawn)}." if timetable.undrawn else ""
