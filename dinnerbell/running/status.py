"""What a running box is doing, as one value: `status`, its JSON and the metrics only show it.

Pure. Nothing here says what a device asked for; passes name their device, as `pass --list` does, and the metrics leave them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class CacheState:
    answers: int
    """Upstream's answers in memory; and the most there may be."""
    bound: int
    bytes: int
    """An estimate, from a sample."""
    ready: int
    """Rendered answers in the first caches of all clients."""
    clients: int
    """Addresses that asked since the rules or the clock changed last."""
    stale: int = 0
    """Look-ups answered with what had run out, because nothing newer was to be had in time."""
    refreshed: int = 0
    """Popular answers fetched anew before they ended."""
    merged: int = 0
    """Look-ups that waited for a question already on its way."""


@dataclass(frozen=True, slots=True)
class UpstreamState:
    name: str
    transport: str
    """plain, tls or https."""
    state: str
    """good, failing or untried."""
    trouble: str
    asked: int
    failed: int
    latency_ms: float | None
    """Moving average; None: not measured yet."""
    mismatched: int = 0
    """Messages that did not answer what was asked: forged, late or broken."""


@dataclass(frozen=True, slots=True)
class LogState:
    written_seconds_ago: float | None
    """None: nothing was written yet. A box that nobody asks writes once a minute."""
    lag_seconds: float
    """Age of the oldest count that is not in the file yet; 0: there is none."""
    waiting: int
    """Rows that wait in memory."""
    lost: int
    """Look-ups since the start that were answered and could not be kept."""
    trouble: str | None


@dataclass(frozen=True, slots=True)
class BadFile:
    """rules.yaml as it lies there can't be used."""

    at: datetime
    errors: tuple[str, ...]
    """`FILE:LINE:COL: message`, the first ones."""
    more: int
    """How many errors there are beside."""
    line: int
    """Of the first one."""


@dataclass(frozen=True, slots=True)
class RulesState:
    file: str
    since: datetime
    """When they came into force."""
    source: str
    """run, reload or last-good."""
    hash: str
    """SHA-256 of the text, its first 12 digits."""
    lines: int
    rules: int
    bad_file: BadFile | None


@dataclass(frozen=True, slots=True)
class ListState:
    name: str
    names: int
    age_seconds: float | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class ClockState:
    now: datetime
    is_wrong: bool
    wrong_seconds: int
    """How long it has been wrong, or was the last time since the start."""
    is_trusted: bool


@dataclass(frozen=True, slots=True)
class PassState:
    id: int
    device: str
    target: str
    until: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One of the processes that answer."""

    number: int
    """1 is the box itself, which writes the log."""
    pid: int
    is_answering: bool
    queries: int
    """Answered since the box's start, those of processes that ended in its place among them."""
    memory_bytes: int
    """Resident; of a worker without what it shares with the box."""
    restarts: int = 0
    trouble: str = ""
    """Why it does not answer at present."""


@dataclass(frozen=True, slots=True)
class Status:
    """Times are local and aware."""

    version: str
    since: datetime
    seconds: int
    """How long it has been running."""
    workers: int
    """Processes that answer at present."""
    processes: tuple[ProcessState, ...]
    memory_bytes: int
    """Resident; 0: not known."""
    listening: tuple[str, ...]
    queries: Mapping[str, int]
    """Answered since the start, by verdict."""
    asked_upstream: int
    """Questions for which somebody was asked; the others were answered from memory."""
    failed_upstream: int
    cache: CacheState
    upstreams: tuple[UpstreamState, ...]
    drops: Mapping[str, int]
    """Queries that got no answer, or an error, by cause."""
    log: LogState
    rules: RulesState
    lists: tuple[ListState, ...]
    clock: ClockState
    passes: tuple[PassState, ...]
    encrypted_trouble: str = ""
    """What is wrong with encrypted DNS for devices; "": nothing, or there is none."""


def as_json(status: Status) -> dict[str, Any]:
    """Return the status as JSON's own types; keys are those of the values, times ISO 8601 with offset."""
    return {"running": True, **_plain(status)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name.removeprefix("is_"): _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return round(value, 3) if isinstance(value, float) else value
