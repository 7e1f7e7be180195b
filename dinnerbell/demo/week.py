"""Plays the story as DNS queries: one believable week, or several, the same for the same seed.

Pure: no clock, no I/O, no chance but the seed's. Wall-clock times become instants here, once, so that a week in which the clocks
change has its lunch at noon all the same:

    Scene     09:10 ~±4 min       ├─ask─┬──ask──┬─ask─ ... ─┤ for ~22 min; now and then somebody looks up for some minutes
    Beat      07:35-18:10         │ask··········ask··········ask··········ask  every 20 min ± 8 %
    Device    remembers an answer for HOLD seconds: what it knows it does not ask again

Each scene of each day draws from a generator of its own: a new line in the story leaves all the others as they were.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

from dinnerbell.demo.story import APP_BEATS, CAST, DOINGS, SCENES, SYSTEM_BEATS, Beat, Scene
from dinnerbell.times import MINUTES_A_DAY, parse_days, parse_window

DEMO_MONDAY = date(2026, 11, 16)
"""An ordinary week that the demo's rules were written for: their approval covers it and the three before, and nothing is closed."""
HOLD_SECONDS = 60
"""How long a device keeps an answer: the TTL of watched names. In truth the others live longer: a simplification."""
_MOOD_MINUTES = 4
_BEAT_WOBBLE = 0.08
_PAUSE_CHANCE = 0.05
_PAUSE_SECONDS = (120, 230)
"""Shorter than the gap that ends a session (5 empty minutes): somebody answers the door."""


@dataclass(frozen=True, slots=True, order=True)
class Query:
    """One question: when (UTC, aware), from which address of 127.0.0.0/8, and what. `qtype` is A, AAAA or HTTPS."""

    at: datetime
    source: str
    name: str
    qtype: str


_QUIET_MISSES = 0.25
"""How many of the scenes did not happen in a week before."""
_QUIET_SLOWER = 10
"""How much rarer the system's own beats are in a week before."""


def play(monday: date, zone: ZoneInfo, *, seed: int = 7) -> Iterator[Query]:
    """Yield the week of `monday` in time order. Raises ValueError if it is no Monday."""
    yield from _week(monday, zone, seed, back=0)


def play_weeks(monday: date, zone: ZoneInfo, *, weeks: int = 4, seed: int = 7) -> Iterator[Query]:
    """Yield `weeks` weeks in time order: quiet ones first, then the week of `monday` just as `play` has it.

    The quiet ones are there for the trend, so they are thinned only where no report counts: one type for each name, fewer of the
    system's own beats. Some scenes are new or did not happen yet.
    """
    for back in range(weeks - 1, 0, -1):
        yield from _week(monday - timedelta(weeks=back), zone, seed, back)
    yield from play(monday, zone, seed=seed)


def _week(monday: date, zone: ZoneInfo, seed: int, back: int) -> list[Query]:
    """Return one week; `back`: how many weeks before the one that the report is about."""
    if monday.weekday() != 0:
        raise ValueError(f"{monday} is not a Monday")
    asked: list[_Wanted] = []
    for scene in SCENES:
        if scene.weeks_before >= back:
            asked.extend(_play_scene(scene, monday, zone, seed, misses=_QUIET_MISSES if back else 0))
    for beats, slower in ((APP_BEATS, 1), (SYSTEM_BEATS, _QUIET_SLOWER if back else 1)):
        for beat in beats:
            if beat.weeks_before >= back:
                asked.extend(_play_beat(beat, monday, zone, seed, minutes=beat.minutes * slower))
    return sorted(_ask(asked, only_a=back > 0))


_Wanted = tuple[datetime, str, str]
"""When, who (of the cast), which name."""


def _play_scene(scene: Scene, monday: date, zone: ZoneInfo, seed: int, *, misses: float) -> Iterator[_Wanted]:
    doing = DOINGS[scene.doing]
    for who in scene.who.split():
        for weekday in sorted(parse_days(scene.days)):
            day = monday + timedelta(days=weekday)
            chance = _Chance(seed, day, who, scene.at, scene.doing)
            if misses and chance.random() < misses:
                continue
            at = _instant(day, _minute(scene.at), zone)
            length = timedelta(minutes=scene.minutes)
            if not scene.on_the_dot:
                at += timedelta(minutes=chance.uniform(-_MOOD_MINUTES, _MOOD_MINUTES))
                length *= chance.uniform(0.8, 1.1)
            end = at + length
            while at < end:
                for name in chance.choice(doing.asks).split():
                    yield at, who, name
                    at += timedelta(milliseconds=round(chance.uniform(15, 250)))
                pause = chance.uniform(*_PAUSE_SECONDS) if chance.random() < _PAUSE_CHANCE else 0
                at += timedelta(seconds=round(chance.uniform(*doing.every) + pause, 3))


def _play_beat(beat: Beat, monday: date, zone: ZoneInfo, seed: int, *, minutes: int) -> Iterator[_Wanted]:
    window = parse_window(beat.when)
    for who in beat.who.split():
        for weekday in sorted(window.days):
            day = monday + timedelta(days=weekday)
            chance = _Chance(seed, day, who, beat.when, beat.asks[0])
            at = _instant(day, window.start, zone) + timedelta(minutes=chance.uniform(0, minutes))
            end = _instant(day, window.end, zone)
            turn = 0
            while at < end:
                yield at, who, beat.asks[turn % len(beat.asks)]
                turn += 1
                at += timedelta(minutes=minutes * chance.uniform(1 - _BEAT_WOBBLE, 1 + _BEAT_WOBBLE))


def _ask(asked: list[_Wanted], *, only_a: bool) -> Iterator[Query]:
    """Yield the queries of what was wanted: what a device still remembers it does not ask; the rest once for each type."""
    known: dict[tuple[str, str], datetime] = {}
    hold = timedelta(seconds=HOLD_SECONDS)
    for wanted_at, who, name in sorted(asked):
        at = wanted_at.replace(microsecond=wanted_at.microsecond // 1000 * 1000)
        if (before := known.get((who, name))) is not None and at - before < hold:
            continue
        known[who, name] = at
        player = CAST[who]
        for step, qtype in enumerate(("A",) if only_a else player.asks):
            yield Query(at + timedelta(milliseconds=step), player.address, name, qtype)


class _Chance:
    """Chance that follows from its key alone, whatever the release of Python: hashes of the key and a counter."""

    __slots__ = ("_count", "_key")

    def __init__(self, *key: object) -> None:
        self._key = blake2b("/".join(map(str, key)).encode())
        self._count = 0

    def random(self) -> float:
        """Return a number of [0, 1)."""
        self._count += 1
        draw = self._key.copy()
        draw.update(self._count.to_bytes(4, "big"))
        return int.from_bytes(draw.digest()[:6], "big") / 2**48

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def choice(self, things: tuple[str, ...]) -> str:
        return things[int(self.random() * len(things))]


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which the wall clock of `day` reads `minute` since 00:00; past midnight it is the next day's."""
    days, minute = divmod(minute, MINUTES_A_DAY)
    return datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), zone).astimezone(UTC)
