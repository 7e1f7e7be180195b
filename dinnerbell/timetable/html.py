"""Timetables as one page that needs nothing else: to look at, to print on A4, to pin up in the staff room.

Pure. Each grid is an SVG whose description says in words what it draws, day by day; solid, striped and empty tell the states apart
without colour. Every name on the page comes from a file that people write: `_safe` stands between each of them and the markup.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from html import escape

from dinnerbell.model import Verdict
from dinnerbell.timetable.axis import Axis, Piece, axis_of
from dinnerbell.timetable.style import STYLE
from dinnerbell.timetable.week import Day, Row, State, Timetable
from dinnerbell.timetable.words import (
    PARTICULAR,
    constant_sentences,
    hours,
    long_day,
    members_text,
    notes,
    short_day,
    state_phrase,
    states_of,
    undrawn_sentence,
    week_dates,
    week_text,
    what,
    who,
)

_WIDTH = 728
_LEFT, _BAR_WIDTH, _TIMES = 78, 366, 458
"""Where the line of the day begins, how long it is, and where its times stand: pixels of the page's 728."""
_HEAD, _LINE, _PADDING, _BAR = 20, 15, 9, 14
_LEAST = 3
"""A stretch of a few minutes is drawn this wide, so that it can be seen."""
_WRAP = 46
_CLASSES = {Verdict.ALLOW: "open", Verdict.ENFORCE: "safe", Verdict.BLOCK: "shut"}


def render_html(setting: str, timetables: Sequence[Timetable]) -> str:
    """Return the timetables of one week as a page. `setting`: its name, for the heading."""
    first = timetables[0]
    title = f"{setting}: what is open when, week {week_text(first.monday)}"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en-GB">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{_safe(title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            '<main class="sheet">',
            *_opening(setting, timetables),
            *(line for number, timetable in enumerate(timetables) for line in _section(timetable, f"t{number}")),
            f"<footer>{_safe(PARTICULAR)} Drawn from the decisions that the filter makes, not from the text of the rules.</footer>",
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _opening(setting: str, timetables: Sequence[Timetable]) -> Iterator[str]:
    first = timetables[0]
    yield f'<header><p class="over">{_safe(setting)}</p>'
    yield "<h1>What is open when</h1>"
    yield f'<p class="week">{_safe(week_dates(first))} <span>week {week_text(first.monday)}, clocks of {_safe(first.zone.key)}</span></p>'
    told = list(notes(first))
    if told:
        yield f'<ul class="notes">{"".join(f"<li>{_safe(_dashed(note))}</li>" for note in told)}</ul>'
    yield '<ul class="legend" aria-label="What the signs mean">'
    for state in states_of(timetables):
        yield f"<li>{_swatch(state)} {_safe(state_phrase(state))}</li>"
    yield f"</ul>{_PATTERN}</header>"


_PATTERN = (
    '<svg class="defs" width="0" height="0" aria-hidden="true"><defs><pattern id="stripes" width="6" height="6" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="stripe-back" width="6" height="6"/>'
    '<rect class="stripe" width="2.6" height="6"/></pattern></defs></svg>'
)


def _swatch(state: State) -> str:
    return (
        f'<svg class="swatch" viewBox="0 0 26 {_BAR}" width="26" height="{_BAR}" aria-hidden="true">'
        f'<rect class="{_CLASSES[state.verdict]}" x=".5" y=".5" width="25" height="{_BAR - 1}"/></svg>'
    )


def _section(timetable: Timetable, id_: str) -> Iterator[str]:
    yield f'<section aria-labelledby="{id_}"><h2 id="{id_}">{_safe(timetable.name)} <span>{_safe(members_text(timetable))}</span></h2>'
    for number, row in enumerate(timetable.rows):
        if not row.is_constant:
            yield f"<figure><figcaption>{_safe(what(row.labels))}</figcaption>"
            yield from _picture(timetable, row, f"{id_}r{number}")
            yield "</figure>"
    constant = [
        f"<li>{_swatch(row.course[0].state)}<span><b>{_safe(state)}:</b> {_safe(subjects)}</span></li>"
        for row, (state, subjects) in zip((row for row in timetable.rows if row.is_constant), constant_sentences(timetable), strict=True)
    ]
    if constant:
        yield f'<ul class="constant">{"".join(constant)}</ul>'
    if sentence := undrawn_sentence(timetable):
        yield f"<p>{_safe(sentence)}</p>"
    yield "</section>"


def _picture(timetable: Timetable, row: Row, id_: str) -> Iterator[str]:
    axis = axis_of(timetable)
    told = [_told(timetable, row, day) for day in timetable.days]
    heights = [len(lines) * _LINE + _PADDING for lines in told]
    height = _HEAD + sum(heights) + 2
    yield f'<svg class="grid" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="{id_}t {id_}d">'
    yield f'<title id="{id_}t">{_safe(what(row.labels, 3))}, {_safe(who(timetable))}, week {week_text(timetable.monday)}</title>'
    description = " ".join(
        f"{long_day(day.date)}{f' (setting closed, {day.closed})' if day.closed else ''}: {hours(row, day, timetable.zone)}."
        for day in timetable.days
    )
    yield f'<desc id="{id_}d">{_safe(description)}</desc>'
    yield from _scale(axis, height)
    top = _HEAD
    for day, lines, tall in zip(timetable.days, told, heights, strict=True):
        yield from _day(axis, row, day, lines, top)
        top += tall
    yield "</svg>"


def _told(timetable: Timetable, row: Row, day: Day) -> list[tuple[str, str]]:
    """Return the lines of text beside a day: (class, text)."""
    lines = [("times", line) for line in textwrap.wrap(_dashed(hours(row, day, timetable.zone)), _WRAP)]
    return [*lines, *(("why", line) for line in textwrap.wrap(f"setting closed ({day.closed})", _WRAP) if day.closed)]


def _scale(axis: Axis, height: int) -> Iterator[str]:
    if axis.extra:
        x, width = _x(axis, axis.again), _x(axis, axis.again + axis.extra) - _x(axis, axis.again)
        yield f'<rect class="again" x="{x:g}" y="{_HEAD - 4}" width="{width:g}" height="{height - _HEAD + 2}"/>'
    for hour in range(0, 25, 3):
        x = _x(axis, axis.place(hour * 60))
        yield f'<text class="hour" x="{x:g}" y="{_HEAD - 8}">{hour:02d}</text>'
        yield f'<line class="rule" x1="{x:g}" x2="{x:g}" y1="{_HEAD - 4}" y2="{height - 2}"/>'


def _day(axis: Axis, row: Row, day: Day, lines: list[tuple[str, str]], top: int) -> Iterator[str]:
    base = top + _LINE
    yield f'<line class="between" x1="0" x2="{_WIDTH}" y1="{top}" y2="{top}"/>'
    yield f'<text class="day{" away" if day.closed else ""}" x="0" y="{base}">{_safe(short_day(day.date))}</text>'
    pieces = sorted(axis.pieces(row, day), key=lambda piece: piece.start - piece.end)  # the shortest last: on top
    for piece in pieces:
        yield _bar(axis, piece, top + (_LINE + _PADDING - _BAR) / 2)
    for number, (kind, line) in enumerate(lines):
        yield f'<text class="{kind}" x="{_TIMES}" y="{base + number * _LINE}">{_safe(line)}</text>'


def _bar(axis: Axis, piece: Piece, y: float) -> str:
    start, end = _x(axis, piece.start), _x(axis, piece.end)
    if end - start < _LEAST:
        middle = min(max((start + end) / 2, _LEFT + _LEAST / 2), _LEFT + _BAR_WIDTH - _LEAST / 2)
        start, end = middle - _LEAST / 2, middle + _LEAST / 2
    return f'<rect class="{_CLASSES[piece.state.verdict]}" x="{start:g}" y="{y:g}" width="{round(end - start, 2):g}" height="{_BAR}"/>'


def _x(axis: Axis, minute: int) -> float:
    return round(_LEFT + minute / axis.length * _BAR_WIDTH, 2)


def _dashed(text: str) -> str:
    """Return the text with the dash that printers put between two times."""
    return re.sub(r"(?<=[0-9)])-(?=[0-9]{2}:)", "\u2013", text)


def _safe(text: str) -> str:
    return escape("".join(sign if sign.isprintable() else "?" for sign in text))
