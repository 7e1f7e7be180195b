"""What is counted on the way: look-ups until the log takes them, and what was lost, by cause. Pure; the clock is an argument.

A hit of a first cache costs one increment on its entry. `collect` moves those hits into the batch, under the minute they happened in;
so it is called when a minute turns, and when the batch is taken.
"""

from collections import Counter
from dataclasses import dataclass, field

from dinnerbell.clock import Clock
from dinnerbell.model import Verdict
from dinnerbell.usage import Batch, LogKey
from dinnerbell_dns.cache import AnswerCache
from dinnerbell_dns.clients import Client, Entry

_CLOCK_WAS_PUT = 120
"""Seconds between the two clocks' ideas of how long ago something was; whole minutes alone make up to 60."""


@dataclass(slots=True)
class Drops:
    """Datagrams that got no answer, by cause; nothing is lost without being counted."""

    short: int = 0
    response: int = 0
    oversized: int = 0
    network: int = 0
    unsent: int = 0
    faulty: int = 0
    """Answered with an error code."""
    limited: int = 0
    """Over the rate limit."""
    crowded: int = 0
    """No place for one more question upstream: answered by what was known, or with SERVFAIL."""
    rebinding: int = 0
    """Answers withheld because a public name led into the private network; the device was told that there is no such name."""


@dataclass(slots=True, eq=False)
class Tally:
    """Counts by minute. `touched` are the entries that were hit since the last `collect`, each once."""

    clock: Clock
    cache: AnswerCache
    """Told how often its answers were given."""
    touched: list[Entry] = field(default_factory=list)
    minute: int = field(init=False)
    loud: list[Client] = field(default_factory=list)
    """Who was over the rate limit since the last `collect`, each once."""
    _ticks: float = field(init=False)
    """When `minute` was read off the clock."""
    _batch: Batch = field(default_factory=Batch)
    answered: Counter[Verdict] = field(default_factory=Counter)
    """Since the start; what was hit since the last `collect` is not in it yet."""

    def __post_init__(self) -> None:
        self.minute, self._ticks = self._now(), self.clock.ticks()

    def _now(self) -> int:
        return int(self.clock.wall() // 60)

    def hit(self, entry: Entry) -> None:
        if not entry.hits:
            self.touched.append(entry)
        entry.hits += 1

    def slow_down(self, client: Client) -> None:
        """Count a look-up over the rate limit."""
        if not client.slowed:
            self.loud.append(client)
        client.slowed += 1

    def count(self, client: Client, key: LogKey | None, *, refused: bool, verdict: Verdict) -> None:
        self.turn_minute()
        self.answered[verdict] += 1
        self._batch.add(self.minute, client.device, key, refused=refused)

    def turn_minute(self) -> None:
        if self._now() != self.minute:
            self.collect()  # what was hit until now belongs to the minute that has ended

    def collect(self) -> None:
        for entry in self.touched:
            self._batch.add(self.minute, entry.client.device, entry.key, refused=entry.refused, count=entry.hits)
            self.answered[entry.verdict] += entry.hits
            if entry.kept_under is not None:
                self.cache.was_asked(entry.kept_under, entry.hits)
            entry.hits = 0
        self.touched.clear()
        for client in self.loud:
            self._batch.add_slowed(self.minute, client.device, client.slowed)
            client.slowed = 0
        self.loud.clear()
        self._batch.alive(self.minute)
        minute, ticks = self._now(), self.clock.ticks()
        if abs((minute - self.minute) * 60 - (ticks - self._ticks)) > _CLOCK_WAS_PUT:
            self._batch.clock_was_put()  # a machine that slept, or a clock that was set: nobody answered in between
            self._batch.alive(minute)
        self.minute, self._ticks = minute, ticks

    def take(self) -> Batch:
        """Return everything counted since the last call."""
        self.collect()
        batch, self._batch = self._batch, Batch()
        return batch
