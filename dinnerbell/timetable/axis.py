"""Where an instant of the week stands on the line from 00:00 to 24:00, so that noon is under noon on all seven days.

Pure. In the week in which the clocks go back the line has the doubled hour twice; on the other days the second one is left blank,
as is the hour that the clocks skip in spring:

    00    01    01*   02    03                    00    01    02    03
    ├─────┼─────┤     ├─────┼── Sat 24 Oct        ├─────┼─────┼─────┼── Sat 27 Mar
    ├─────┼─────┼─────┼─────┼── Sun 25 Oct        ├─────┤     ├─────┼── Sun 28 Mar
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from dinnerbell.times import MINUTES_A_DAY
from dinnerbell.timetable.week import MINUTE, Day, Row, Segment, Shift, State, Timetable, wall_minute


@dataclass(frozen=True, slots=True)
class Piece:
    """One state over [start, end), in minutes along the line."""

    start: int
    end: int
    state: State


@dataclass(frozen=True, slots=True)
class Axis:
    """The line of one week. `again` is where the doubled stretch ends the first time, `extra` how long it is (0: there is none)."""

    zone: ZoneInfo
    again: int = MINUTES_A_DAY
    extra: int = 0

    @property
    def length(self) -> int:
        return MINUTES_A_DAY + self.extra

    def place(self, minute: int) -> int:
        """Return where a minute of an ordinary day's wall clock (0..1440) stands."""
        return minute + (self.extra if minute >= self.again else 0)

    def pieces(self, row: Row, day: Day) -> Iterator[Piece]:
        """Yield a day's segments as they are to be drawn, in order; what touches and is alike is one piece."""
        last: Piece | None = None
        for segment in row.on(day):
            cuts = [segment.start, *(shift.at for shift in day.shifts if segment.start < shift.at < segment.end), segment.end]
            for start, end in pairwise(cuts):
                for piece in self._drawn(Segment(start, end, segment.state), day):
                    if last is not None and last.end == piece.start and last.state == piece.state:
                        last = Piece(last.start, piece.end, piece.state)
                        continue
                    if last is not None:
                        yield last
                    last = piece
        if last is not None:
            yield last

    def _drawn(self, segment: Segment, day: Day) -> Iterator[Piece]:
        start = wall_minute(segment.start, self.zone)
        end = start + (segment.end - segment.start) // MINUTE
        back = turned_back(day)
        if back is not None:
            late = self.extra if segment.start >= back.at else 0
            yield Piece(start + late, end + late, segment.state)
        elif start < self.again < end:
            yield Piece(start, self.again, segment.state)
            yield Piece(self.again + self.extra, end + self.extra, segment.state)
        else:
            yield Piece(self.place(start), self.place(start) + end - start, segment.state)


def axis_of(timetable: Timetable) -> Axis:
    """Return the line that every day of this week fits on."""
    for day in timetable.days:
        if (back := turned_back(day)) is not None:
            return Axis(timetable.zone, back.before, back.before - back.after)
    return Axis(timetable.zone)


def turned_back(day: Day) -> Shift | None:
    """Return how the clocks go back on this day, if they do."""
    return next((shift for shift in day.shifts if shift.after < shift.before), None)


def is_doubled(at: datetime, minute: int, day: Day) -> bool | None:
    """Tell whether this reading of the wall comes twice, and which this is: False the first, True the second, None comes once."""
    back = turned_back(day)
    if back is None or not back.after <= minute < back.before:
        return None
    return at >= back.at
