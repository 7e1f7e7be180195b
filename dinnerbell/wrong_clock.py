"""A small box has no battery clock: after a power cut it may believe that it is 1970. Is the clock wrong, and what then?

Pure: what the clocks read is an argument. The clock counts as wrong while it reads earlier than the newest minute in the log or the
release's own date (DESIGN section 4). What it says then must open nothing (`Policy.clock_is_wrong`):

    rule            while the clock is wrong
    timed allow     does not fit: `when`, `unless`, an approval, a pass
    timed block     fits, whatever its `when` and `unless` say; so does a timed enforce
    any other       as ever; closures matter to windows only

So a device never gets more than at the strictest moment of the week. What is counted meanwhile is held back: its minutes are as wrong
as the clock. When the clock is set, all of it moves by as much as the clock was put, and goes into the log:

    the clock reads   1 Jan 1970 00:01 ·······┤ set: + 56 years       20 Nov 2026 08:12
    counted in        00:01  00:02 ... 00:09 ─┴──► 08:04  08:05 ... 08:12

How long it lasted, and how many look-ups have no time yet, is in the log from the beginning; if the box is stopped before its clock is
set, they stay counted there.
"""

from dataclasses import dataclass, field
from datetime import date

from dinnerbell.usage import Batch, WrongClock

JUMP_SECONDS = 1.0
"""The wall clock moved against the monotonic one by more than this: somebody put it."""
_NOTE_SECONDS = 60.0
"""How often the length of a stretch is written where nothing else changed: flash cards wear out."""
_MINUTES_1970 = date(1970, 1, 1).toordinal() * 24 * 60


def earliest_minute(released: date, newest_minute: int | None) -> int:
    """Return the first minute (since 1970 UTC) that a right clock can read. `newest_minute`: of the log."""
    return max(released.toordinal() * 24 * 60 - _MINUTES_1970, newest_minute or 0)


@dataclass(slots=True)
class ClockWatch:
    """Whether the clock can be right, and what was counted while it could not."""

    earliest_minute: int
    trusted: bool = False
    """`--trust-clock`: it is never wrong, whatever it reads."""
    is_wrong: bool = False
    wrong_seconds: float = 0.0
    """How long it has been wrong, or was the last time."""
    _since: float = 0.0
    _offset: float | None = None
    _number: int = 0
    _noted: tuple[float, int] = (0.0, -1)
    """When the stretch was noted last, and how many look-ups it had then."""
    _held: Batch = field(default_factory=Batch)
    _undated: int = 0

    def has_news(self, wall: float, ticks: float) -> bool:
        """Tell whether the clock was put, or became wrong or right, since the last look. `wall`, `ticks`: what the two clocks read."""
        return abs(self._put_by(wall, ticks)) > JUMP_SECONDS or self._is_wrong(wall) != self.is_wrong

    def look(self, wall: float, ticks: float) -> None:
        """Take note of what the clocks read. What was counted before the clock was put has to be received before."""
        put_by = self._put_by(wall, ticks)
        if abs(put_by) > JUMP_SECONDS:
            self._held = moved(self._held, round(put_by / 60))
            self._offset = None
        if self._offset is None:
            self._offset = wall - ticks
        was_wrong, self.is_wrong = self.is_wrong, self._is_wrong(wall)
        if self.is_wrong and not was_wrong:
            self._since, self._number, self._noted = ticks, self._number + 1, (ticks, -1)
        if self.is_wrong or was_wrong:
            self.wrong_seconds = ticks - self._since

    def _put_by(self, wall: float, ticks: float) -> float:
        return 0.0 if self._offset is None else wall - ticks - self._offset

    def _is_wrong(self, wall: float) -> bool:
        return not self.trusted and wall < self.earliest_minute * 60

    def receive(self, batch: Batch, ticks: float) -> Batch:
        """Take what was counted until now; return what may be written of it: what has true minutes."""
        if self.trusted:
            return batch
        if self.is_wrong:
            self.wrong_seconds = ticks - self._since
        early, late = split(batch, self.earliest_minute)
        self._held.merge(early)
        self._undated += sum(answered + refused for answered, refused in early.traffic.values())
        if late.last_minute is not None:
            self.earliest_minute = max(self.earliest_minute, late.last_minute)
        if self.is_wrong and (self._undated != self._noted[1] or ticks - self._noted[0] >= _NOTE_SECONDS):
            self._noted = ticks, self._undated
            late.wrong_clocks[self._number] = WrongClock(self.earliest_minute, int(self.wrong_seconds), self._undated)
        return late

    def dated(self, minute: int) -> Batch:
        """Return what was held back, now that the clock is right and reads `minute`, and when that was."""
        held, self._held = _not_after(self._held, minute), Batch()
        self._undated = 0
        first = minute - int(self.wrong_seconds // 60)
        held.wrong_clocks[self._number] = WrongClock(self.earliest_minute, int(self.wrong_seconds), 0, first)
        return held


def _not_after(batch: Batch, minute: int) -> Batch:
    """Return the batch without minutes to come: of a clock that was put twice in one moment nobody knows what it was put by."""
    past, future = split(batch, (minute // 60 + 1) * 60)
    past.dropped += sum(answered + refused for answered, refused in future.traffic.values())
    for row in [row for row in past.lookups if row[0] > minute]:
        past.dropped += past.lookups.pop(row)
    past.alive(minute)
    past.last_minute = minute
    return past


def split(batch: Batch, minute: int) -> tuple[Batch, Batch]:
    """Return what is of minutes before `minute`, and the rest."""
    early, late = Batch(), Batch()
    for row, count in batch.lookups.items():
        (early if row[0] < minute else late).lookups[row] = count
    for hour, counts in batch.traffic.items():
        (early if hour[0] < minute // 60 else late).traffic[hour] = counts
    for hour, slowed in batch.slowed.items():
        (early if hour[0] < minute // 60 else late).slowed[hour] = slowed
    for device, (group, owner, first, last) in batch.seen.items():
        if last < minute:
            early.seen[device] = (group, owner, first, last)
        else:
            late.seen[device] = (group, owner, max(first, minute), last)
    for stretch in batch.ended:
        (early if stretch[1] < minute else late).ended.append(stretch)
    if batch.last_minute is not None:
        part = early if batch.last_minute < minute else late
        part.first_minute, part.last_minute = batch.first_minute, batch.last_minute
    (early if late.last_minute is None else late).dropped = batch.dropped
    late.wrong_clocks = batch.wrong_clocks
    return early, late


def moved(batch: Batch, minutes: int) -> Batch:
    """Return the batch with every minute later by `minutes`; hours, whose minutes are not known, by their middle."""
    found = Batch(dropped=batch.dropped, wrong_clocks=batch.wrong_clocks)
    found.lookups = {(minute + minutes, key): count for (minute, key), count in batch.lookups.items()}
    for (hour, device), (answered, refused) in batch.traffic.items():
        counts = found.traffic.setdefault(((hour * 60 + 30 + minutes) // 60, device), [0, 0])
        counts[0] += answered
        counts[1] += refused
    for (hour, device), count in batch.slowed.items():
        later = ((hour * 60 + 30 + minutes) // 60, device)
        found.slowed[later] = found.slowed.get(later, 0) + count
    found.seen = {name: (group, owner, first + minutes, last + minutes) for name, (group, owner, first, last) in batch.seen.items()}
    found.ended = [(first + minutes, last + minutes) for first, last in batch.ended]
    if batch.first_minute is not None and batch.last_minute is not None:
        found.first_minute, found.last_minute = batch.first_minute + minutes, batch.last_minute + minutes
    return found
