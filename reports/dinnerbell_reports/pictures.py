"""The geometry of the report's two pictures, and their words for those who cannot see them.

Pure: numbers and sentences; the macros in templates/pictures.svg.j2 only draw. Nothing is told by colour alone: use is a bar's height,
refusals are a number in a ring, closed days are hatched, and every figure stands in the annex as a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dinnerbell_reports.annex_values import DayLine, Opening, Pattern, TrendWeek
from dinnerbell_reports.phrases import and_list, counted, long_day, minutes_text, range_text, short_day
from dinnerbell_reports.values import Coverage, Range

STRIP_WIDTH = 720
LABEL_WIDTH = 68
TOTALS_WIDTH = 118
ROW_HEIGHT = 22
HEAD_HEIGHT = 20
_USUAL_HOURS = (7, 19)
"""Hours that are always drawn; earlier and later ones where something happened or the setting is open."""


@dataclass(frozen=True, slots=True)
class Cell:
    x: float
    width: float
    opening: str
    refused: int
    bar: float
    """Height of the bar of use: a whole row is an hour."""


@dataclass(frozen=True, slots=True)
class Row:
    y: float
    label: str
    is_closed: bool
    cells: tuple[Cell, ...]
    refused: str
    use: str


@dataclass(frozen=True, slots=True)
class Strip:
    height: float
    hours: tuple[tuple[float, str], ...]
    """Where an hour begins, and what it is called."""
    rows: tuple[Row, ...]
    title: str
    description: str


def strip(pattern: Pattern) -> Strip:
    """Return the heat strip: a row for each day, a column for each hour."""
    first, last = _hours(pattern)
    width = (STRIP_WIDTH - LABEL_WIDTH - TOTALS_WIDTH) / (last - first)
    rows = tuple(_row(number, day, first, last, width) for number, day in enumerate(pattern.days))
    hours = tuple((round(LABEL_WIDTH + (hour - first) * width, 2), f"{hour:02d}") for hour in range(first, last + 1))
    return Strip(HEAD_HEIGHT + len(rows) * ROW_HEIGHT + 2, hours, rows, "Refused episodes and use, by day and hour", _strip_words(pattern))


def _hours(pattern: Pattern) -> tuple[int, int]:
    busy = [
        cell.hour
        for day in pattern.days
        for cell in day.cells
        if cell.refused or cell.use_up_to or cell.opening in (Opening.OPEN, Opening.PART)
    ]
    return min([*busy, _USUAL_HOURS[0]]), max([*(hour + 1 for hour in busy), _USUAL_HOURS[1]])


def _row(number: int, day: DayLine, first: int, last: int, width: float) -> Row:
    return Row(
        y=HEAD_HEIGHT + number * ROW_HEIGHT,
        label=short_day(day.day),
        is_closed=day.is_closed,
        cells=tuple(
            Cell(
                x=round(LABEL_WIDTH + (cell.hour - first) * width, 2),
                width=round(width, 2),
                opening=cell.opening.value,
                refused=cell.refused,
                bar=round(min(1.0, cell.use_up_to / 60) * (ROW_HEIGHT - 4), 1),
            )
            for cell in day.cells[first:last]
        ),
        refused=str(day.refused),
        use=range_text(day.use),
    )


def _strip_words(pattern: Pattern) -> str:
    refused = sum(day.refused for day in pattern.days)
    use = sum((day.use for day in pattern.days if day.use), Range())
    used = "use is not kept" if all(day.use is None for day in pattern.days) else f"{minutes_text(use)} of use"
    said = [f"{counted(refused, 'refused episode')} by people and {used} in the week."]
    most_refused, most_used = (
        max(pattern.days, key=lambda day: day.refused),
        max(pattern.days, key=lambda day: day.use.high if day.use else 0),
    )
    if most_refused.refused:
        said.append(f"Most refusals: {long_day(most_refused.day)}, {most_refused.refused}.")
    if most_used.use:
        said.append(f"Most use: {long_day(most_used.day)}, {minutes_text(most_used.use)}.")
    if closed := [long_day(day.day) for day in pattern.days if day.is_closed]:
        said.append(f"Closed: {and_list(closed)}.")
    return " ".join([*said, "The figures are in the annex."])


TREND_WIDTH = 340
_PLOT_TOP, _PLOT_BOTTOM = 16, 78
_BAR_STEP, _BAR_GAP = 40, 14


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    top: float
    width: float
    certain: float
    """Height of what is certain, from the baseline up; `possible` stands on it."""
    possible: float
    label: str
    is_striped: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One week of a trend picture."""

    x: float
    label: str
    note: str
    """`not kept`, `part kept`, `closed` or nothing."""
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    columns: tuple[Column, ...]
    height: float
    baseline: float
    title: str
    description: str


def refused_trend(pattern: Pattern) -> Trend:
    """Return the four-week picture of refused episodes by people."""
    top = max([week.refused for week in pattern.trend if week.coverage is not Coverage.NONE], default=0) or 1
    columns = [
        _column(pattern, number, [(Range(week.refused, week.refused), str(week.refused))], top) for number, week in enumerate(pattern.trend)
    ]
    words = and_list([f"{_weeks_name(week)}: {_told(week, str(week.refused))}" for week in pattern.trend])
    return Trend(tuple(columns), _height(columns), _PLOT_BOTTOM, "Refused episodes by people, four weeks", f"{words}.")


def use_trend(pattern: Pattern) -> Trend:
    """Return the four-week picture of use on the setting's devices, approved and without approval, as ranges."""
    kept = [week for week in pattern.trend if week.coverage is not Coverage.NONE]
    top = max([minutes.high for week in kept for minutes in (week.approved, week.not_approved) if minutes], default=0) or 1
    columns = [
        _column(pattern, number, [(week.approved, _short(week.approved)), (week.not_approved, _short(week.not_approved))], top)
        for number, week in enumerate(pattern.trend)
    ]
    used = [f"{minutes_text(week.approved)} approved, {minutes_text(week.not_approved)} without approval" for week in pattern.trend]
    words = and_list([f"{_weeks_name(week)}: {_told(week, text)}" for week, text in zip(pattern.trend, used, strict=True)])
    return Trend(tuple(columns), _height(columns), _PLOT_BOTTOM, "Minutes of use, approved and without approval, four weeks", f"{words}.")


def _column(pattern: Pattern, number: int, ranges: list[tuple[Range | None, str]], top: int) -> Column:
    week = pattern.trend[number]
    step = TREND_WIDTH / len(pattern.trend)
    middle = step * (number + 0.5)
    scale = (_PLOT_BOTTOM - _PLOT_TOP) / top
    bars = []
    for place, (found, label) in enumerate(ranges):
        minutes = found or Range()
        bars.append(
            Bar(
                x=round(middle + (place - len(ranges) / 2) * _BAR_STEP + _BAR_GAP / 2, 1),
                top=round(_PLOT_BOTTOM - minutes.high * scale, 1),
                width=_BAR_STEP - _BAR_GAP,
                certain=round(minutes.low * scale, 1),
                possible=round((minutes.high - minutes.low) * scale, 1),
                label=label,
                is_striped=place > 0,
            )
        )
    if week.coverage is Coverage.NONE:
        return Column(round(middle, 1), _column_name(pattern, number), "not kept", ())
    note = "part kept" if week.coverage is Coverage.PART else "closed" if week.is_closed else ""
    return Column(round(middle, 1), _column_name(pattern, number), note, tuple(bars))


def _height(columns: Sequence[Column]) -> float:
    return _PLOT_BOTTOM + (32 if any(column.note for column in columns) else 19)


def _column_name(pattern: Pattern, number: int) -> str:
    return "this week" if number == len(pattern.trend) - 1 else short_day(pattern.trend[number].starts_on)[4:]


def _weeks_name(week: TrendWeek) -> str:
    return f"week of {short_day(week.starts_on)[4:]}"


def _told(week: TrendWeek, text: str) -> str:
    if week.coverage is Coverage.NONE:
        return "not kept"
    return f"{text} (only part of the week is kept)" if week.coverage is Coverage.PART else text


def _short(minutes: Range | None) -> str:
    return "0" if minutes is not None and not minutes.high else range_text(minutes).replace(" to ", "\u2013")
