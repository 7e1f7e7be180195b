"""Timetables for a terminal, 100 columns wide: one line for each day, a sign for each half hour, the exact times beside it.

Pure. A stretch shorter than its half hour is never hidden: the sign for "more than one" stands there, and its times beside.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dinnerbell.model import Verdict
from dinnerbell.timetable.axis import Axis, axis_of
from dinnerbell.timetable.week import Day, Row, State, Timetable
from dinnerbell.timetable.words import (
    PARTICULAR,
    constant_sentences,
    hours,
    notes,
    state_phrase,
    states_of,
    undrawn_sentence,
    week_dates,
    week_text,
    what,
    who,
)

WIDTH = 100
_CELL = 30
"""Minutes."""
_DAY_WIDTH = 8
_MOST_NAMES = 10
"""Single names in one row; --json and the HTML page have them all."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What each half hour is drawn with."""

    open: str
    enforce: str
    block: str
    mixed: str

    def of(self, state: State) -> str:
        return {Verdict.ALLOW: self.open, Verdict.ENFORCE: self.enforce, Verdict.BLOCK: self.block}[state.verdict]


BLOCKS = Signs("█", "▓", "·", "▞")
ASCII = Signs("#", "+", ".", "/")


def render_text(setting: str, timetables: Sequence[Timetable], signs: Signs = BLOCKS) -> str:
    """Return the timetables of one week as text. `setting`: its name, for the heading."""
    first = timetables[0]
    head = [
        f"{setting}: what is open when",
        f"Week {week_text(first.monday)}, {week_dates(first)}, on the clocks of {first.zone.key}",
        *(line for note in notes(first) for line in textwrap.wrap(note, WIDTH, subsequent_indent="  ")),
        *_legend(timetables, signs),
    ]
    blocks = ["\n".join(head), *("\n".join(_one(timetable, signs)) for timetable in timetables)]
    return "\n\n".join([*blocks, PARTICULAR]) + "\n"


def _legend(timetables: Sequence[Timetable], signs: Signs) -> list[str]:
    if all(row.is_constant for timetable in timetables for row in timetable.rows):
        return []
    told = [f"{signs.of(state)} {state_phrase(state)}" for state in states_of(timetables)]
    closed = ["* setting closed"] if any(day.closed for day in timetables[0].days) else []
    return ["   ".join([*told, f"{signs.mixed} more than one within that half hour", *closed])]


def _one(timetable: Timetable, signs: Signs) -> Iterator[str]:
    heading = who(timetable)
    yield heading
    yield "=" * min(len(heading), WIDTH)
    axis = axis_of(timetable)
    for row in timetable.rows:
        if not row.is_constant:
            yield from textwrap.wrap(what(row.labels, _MOST_NAMES), WIDTH)
            yield " " * _DAY_WIDTH + _scale(axis)
            for day in timetable.days:
                yield from _day(timetable, row, day, signs)
            yield ""
    for state, subjects in constant_sentences(timetable, _MOST_NAMES):
        yield from textwrap.wrap(f"{state}: {subjects}", WIDTH, subsequent_indent="  ")
    if sentence := undrawn_sentence(timetable):
        yield from textwrap.wrap(sentence, WIDTH, subsequent_indent="  ")


def _scale(axis: Axis) -> str:
    """Return the hours over the signs, every third."""
    line = ""
    for hour in range(0, 25, 3):
        line = line.ljust(axis.place(hour * 60) // _CELL) + f"{hour:02d}"
    return line


def _day(timetable: Timetable, row: Row, day: Day, signs: Signs) -> Iterator[str]:
    axis = axis_of(timetable)
    label = f"{day.date:%a} {day.date.day:>2}{'*' if day.closed else ' '}"
    start = f"{label:<{_DAY_WIDTH}}{_cells(axis, row, day, signs)} "
    lines = textwrap.wrap(hours(row, day, timetable.zone), max(WIDTH - len(start), 30), break_long_words=False, break_on_hyphens=False)
    yield start + lines[0]
    for line in lines[1:]:
        yield " " * len(start) + line


def _cells(axis: Axis, row: Row, day: Day, signs: Signs) -> str:
    cells: list[set[str]] = [set() for _ in range(-(-axis.length // _CELL))]
    for piece in axis.pieces(row, day):
        for cell in cells[piece.start // _CELL : -(-piece.end // _CELL)]:
            cell.add(signs.of(piece.state))
    return "".join(" " if not cell else cell.pop() if len(cell) == 1 else signs.mixed for cell in cells)
