"""What is kept of a look-up: rows counted by minute, and how much of each device's look-ups is kept at all.

Pure. Minutes and hours are whole ones since 1970-01-01 UTC, so that clock changes neither merge nor split them.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from dinnerbell.catalogue import SENSITIVE_KIND, HostClass
from dinnerbell.config import LogLevel
from dinnerbell.model import Device, Verdict
from dinnerbell.policy import Decision, Reason
from dinnerbell.proxied import Proxied

BUILT_IN = "built-in"
"""The rule of what is decided before the rules."""
OTHERWISE = "otherwise"
"""The rule of what no rule decided."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Look-ups of one name by one device in one minute that were answered alike."""

    minute: int
    device: str
    name: str
    service: str | None
    host_class: HostClass | None
    verdict: Verdict
    rule: str
    lookups: int
    is_page: bool = False
    """No look-ups, but pages that somebody opened, as the proxy saw."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many look-ups one device made in one hour, whatever the log keeps of them."""

    hour: int
    device: str
    answered: int
    refused: int


@dataclass(frozen=True, slots=True)
class WrongClock:
    """A stretch in which the box's clock was wrong (`wrong_clock.py`)."""

    after_minute: int
    """The newest minute known before it."""
    seconds: int
    undated: int
    """Look-ups whose time is not known: of a stretch that is over, those that never will be."""
    first_minute: int | None = None
    """When it began, once that is known; None: the box was stopped before its clock was set."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What retention (`log.keep`) deleted."""

    minute: int
    """When it did."""
    what: str
    """`look-ups`, `sessions`, `weekly reports` or `hourly totals`."""
    before: int
    """The minute before which it was."""
    count: int


class LogKey(NamedTuple):
    """What a look-up is counted under, beside its minute. `device` is empty where the log may not say whose it was."""

    device: str
    name: str
    service: str | None
    host_class: HostClass | None
    verdict: Verdict
    rule: str


def rule_name(decision: Decision) -> str:
    if decision.rule is not None:
        return decision.rule.name
    return OTHERWISE if decision.reason is Reason.OTHERWISE else BUILT_IN


def log_key(level: LogLevel, device: Device, name: str, decision: Decision) -> LogKey | None:
    """Return what to count this look-up under, or None: only the device's total is kept.

    A helpline is never logged by device, the kind `sensitive` by kind only (DESIGN section 6; ICO, monitoring workers: least
    intrusive means).
    """
    if decision.reason is Reason.HELPLINE or level is LogLevel.NONE:
        return None
    refused = decision.verdict is Verdict.BLOCK
    if SENSITIVE_KIND in decision.kinds:
        return LogKey("", SENSITIVE_KIND, SENSITIVE_KIND, None, decision.verdict, rule_name(decision))
    if level is LogLevel.REFUSED and not (refused and decision.reason is not Reason.CANARY):
        return None
    if level is LogLevel.WATCHED and not decision.is_watched:
        return None
    return LogKey(device.name, name, decision.service, decision.host_class, decision.verdict, rule_name(decision))


@dataclass(slots=True)
class Batch:
    """Counts on their way to the file. `seen` maps a device to its group and owner and its first and last minute in here."""

    lookups: dict[tuple[int, LogKey], int] = field(default_factory=dict)
    traffic: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    seen: dict[str, tuple[str, str, int, int]] = field(default_factory=dict)
    first_minute: int | None = None
    last_minute: int | None = None
    ended: list[tuple[int, int]] = field(default_factory=list)
    """Stretches of being up, [first, last] minute, that ended when the clock was put; the one since then is `first_minute` on."""
    dropped: int = 0
    slowed: dict[tuple[int, str], int] = field(default_factory=dict)
    """(hour, device) to the look-ups that were over the rate limit, and not answered."""
    wrong_clocks: dict[int, WrongClock] = field(default_factory=dict)
    """By their number in this run of the box."""
    proxied: Proxied = field(default_factory=Proxied)

    def __bool__(self) -> bool:
        counted = self.traffic or self.slowed or self.proxied or self.ended or self.wrong_clocks
        return bool(counted) or self.last_minute is not None

    def add(self, minute: int, device: Device, key: LogKey | None, *, refused: bool, count: int = 1) -> None:
        """Count `count` look-ups of one minute. Rows beyond MAX_ROWS keep only their device's total, and are counted as dropped."""
        kept = key is None or self._count_lookups((minute, key), count)
        if self._count_traffic((minute // 60, device.name), 0 if refused else count, count if refused else 0):
            self._see(device.name, device.group.name if device.group else "", device.owner.value, minute, minute)
        else:
            kept = False
        if not kept:
            self.dropped += count

    def add_slowed(self, minute: int, device: Device, count: int) -> None:
        """Count look-ups over the rate limit."""
        if self._count_slowed((minute // 60, device.name), count):
            self._see(device.name, device.group.name if device.group else "", device.owner.value, minute, minute)

    def alive(self, minute: int) -> None:
        """Note that the box was answering in this minute."""
        self.first_minute = minute if self.first_minute is None else min(self.first_minute, minute)
        self.last_minute = minute if self.last_minute is None else max(self.last_minute, minute)

    def clock_was_put(self) -> None:
        """Note that minutes to come do not follow those before: nobody was up in between."""
        if self.first_minute is not None and self.last_minute is not None and len(self.ended) < MAX_ENDED:
            self.ended.append((self.first_minute, self.last_minute))
            self.first_minute = self.last_minute = None

    def merge(self, later: "Batch") -> None:
        """Take in a later batch (this one could not be written yet), within the same bounds."""
        for row, count in later.lookups.items():
            if not self._count_lookups(row, count):
                self.dropped += count
        for hour, (answered, refused) in later.traffic.items():
            if not self._count_traffic(hour, answered, refused):
                self.dropped += answered + refused
        for device, (group, owner, first_seen, last_seen) in later.seen.items():
            self._see(device, group, owner, first_seen, last_seen)
        for stretch in later.ended:
            for minute in stretch:
                self.alive(minute)
            self.clock_was_put()
        for last in (later.first_minute, later.last_minute):
            if last is not None:
                self.alive(last)
        self.dropped += later.dropped
        for hour_of_device, count in later.slowed.items():
            self._count_slowed(hour_of_device, count)
        self.wrong_clocks.update(later.wrong_clocks)
        self.proxied.merge(later.proxied)

    def _count_lookups(self, row: tuple[int, LogKey], count: int) -> bool:
        if row not in self.lookups and len(self.lookups) >= MAX_ROWS:
            return False
        self.lookups[row] = self.lookups.get(row, 0) + count
        return True

    def _count_traffic(self, row: tuple[int, str], answered: int, refused: int) -> bool:
        if row not in self.traffic and len(self.traffic) >= MAX_ROWS:
            return False
        counts = self.traffic.setdefault(row, [0, 0])
        counts[0] += answered
        counts[1] += refused
        return True

    def _count_slowed(self, row: tuple[int, str], count: int) -> bool:
        if row not in self.slowed and len(self.slowed) >= MAX_ROWS:
            return False
        self.slowed[row] = self.slowed.get(row, 0) + count
        return True

    def _see(self, device: str, group: str, owner: str, first: int, last: int) -> None:
        before = self.seen.get(device)
        if before is not None:  # a clock can be put back
            first, last = min(before[2], first), max(before[3], last)
        elif len(self.seen) >= MAX_ROWS:
            return
        self.seen[device] = (group, owner, first, last)


MAX_ENDED = 1_000
"""Stretches a batch may hold: a clock that is put more often is not worth more."""
MAX_ROWS = 100_000
"""Rows a batch may hold: some 30 MB. Only a flood of random names, or a disk that stays full for long, gets there."""
