"""The values of a replay: what was read, what would change, and what could not be decided again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from dinnerbell.config import LogConfig, LogLevel
from dinnerbell.model import Owner, Verdict
from dinnerbell.usage import Traffic


class Tally(NamedTuple):
    """Rows of the log (one device, name and minute each) and the look-ups counted in them."""

    rows: int = 0
    lookups: int = 0


class Noted(NamedTuple):
    """Whose a device was when it last asked, as the log noted it. `group` is empty for a device in none."""

    group: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What the log says beside its rows, for the minutes [since, until) (since 1970 UTC)."""

    since: int
    until: int
    noted: Mapping[str, Noted] = field(default_factory=dict)
    """By device."""
    traffic: tuple[Traffic, ...] = ()
    """Of the hours that the window touches."""
    losses: int = 0
    """Look-ups that were answered and could not be kept."""
    starts: int | None = None
    """The first minute in the window in which the box was up; None: not known."""
    levels: Mapping[Owner, LogLevel] = field(default_factory=lambda: LogConfig().levels)
    """What the file in force says is logged."""


class Why(StrEnum):
    """Why something could not be decided again."""

    ANSWERED_AS_TOTAL = "answered-as-total"
    """Answered, and by the log level of its owner counted only: nobody knows which names they were."""
    REFUSED_AS_TOTAL = "refused-as-total"
    """Refused, and counted only (log level `none`)."""
    KIND_ONLY = "kind-only"
    """Kept without device and name: the kind `sensitive`."""
    REFUSED_AS_ALIAS = "refused-as-alias"
    """Refused because the name is an alias of another one, and the log does not keep which."""
    ALIAS_UNKNOWN = "alias-unknown"
    """Answered, and no rule spoke of the name: if it is an alias of a service, the new rules may refuse it."""
    REFUSED_BY_LIST = "refused-by-list"
    """Refused because a list names it: the list's state at the time is not kept."""
    LIST_NOT_FETCHED = "list-not-fetched"
    """A rule of the new file names a list that is not fetched: decided as if it fitted nothing."""
    DEVICE_GONE = "device-gone"
    """Neither file knows the device's name, and the log keeps no address of it."""
    LOST = "lost"
    """Answered while the log could not keep up or could not be written."""
    BEFORE_THE_LOG = "before-the-log"
    """The window begins before the log does."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that could not be decided again."""

    why: Why
    rows: int | None = None
    """None where there are no rows, as of totals."""
    lookups: int | None = None
    """None where it cannot be counted."""
    owner: Owner | None = None
    level: LogLevel | None = None
    is_at_most: bool = False
    """Totals are kept by the hour: the first hour of the window is counted whole."""
    line: int | None = None
    """Of the rule in the new file."""
    until: int | None = None
    """The first minute that is known."""


@dataclass(frozen=True, slots=True)
class Change:
    """Look-ups of one group, service and hour of the day that would have come out otherwise, and so."""

    group: str
    """Of the file in force; empty: devices in no group."""
    owner: Owner
    service: str | None
    domain: str | None
    """Where no service claims the name: the domain that a rule of either file names. None as well: some other name."""
    was: Verdict
    becomes: Verdict
    hour: int
    """0..23 of the setting's local day."""
    rows: int
    lookups: int


@dataclass(frozen=True, slots=True)
class Direction:
    """Everything that would have gone from one verdict to another. The numbers behind names are look-ups, the most first."""

    was: Verdict
    becomes: Verdict
    rows: int
    lookups: int
    groups: tuple[tuple[str, int], ...]
    devices: tuple[tuple[str, int], ...]
    """The setting's own; staff's, visitors' and unknown devices are in `groups` only (DESIGN section 6)."""
    names: tuple[tuple[str, int], ...]
    """On the setting's own devices, of no service and no rule's domain: what a changed `otherwise` would have done."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What another file would have made of the minutes [since, until) (since 1970 UTC)."""

    since: int
    until: int
    read: Tally
    changed: Tally
    unjudged: Tally
    """Rows that could not be decided again; `gaps` says why."""
    drifted: Tally
    """Rows that even the file in force would decide otherwise today than it was done: the rules have changed since."""
    built_in: Tally
    """Rows decided before the rules: no file changes them."""
    directions: tuple[Direction, ...]
    changes: tuple[Change, ...]
    gaps: tuple[Gap, ...]
    small_groups: tuple[str, ...]
    """Groups with changes that are staff's or visitors' and have so few devices that a total may point at a person."""
