"""What there is to say of a list: for `dinnerbell lists`, `check`, `status` and the report. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dinnerbell.config import ListSource
from dinnerbell.lists.state import ListState


@dataclass(frozen=True, slots=True)
class ListStatus:
    name: str
    source: str
    """As rules.yaml writes it."""
    names: int | None = None
    """How many are in force; None: it was not fetched yet, so nothing is on it."""
    format: str | None = None
    exceptions: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Lines that are in order and name nothing for this box, by reason."""
    bad: int = 0
    first_bad: tuple[str, ...] = ()
    fetched_at: datetime | None = None
    """When the names in force were last what the source had (UTC)."""
    last_error: str | None = None
    """Why the last attempt failed; None: it did not."""
    other_source: str | None = None
    """Where the names in force came from, if rules.yaml names another source by now."""

    @property
    def is_fetched(self) -> bool:
        return self.names is not None


def list_status(source: ListSource, state: ListState | None, trouble: str | None = None) -> ListStatus:
    """Return the status of a list. `trouble`: why its names can't be used although they were fetched."""
    if state is None:
        return ListStatus(source.name, source.source, last_error=trouble)
    made = state.compiled
    error = trouble or (state.last_error if state.failures and state.source == source.source else None) or None
    if made is None or trouble is not None:
        return ListStatus(source.name, source.source, last_error=error)
    return ListStatus(
        name=source.name,
        source=source.source,
        names=made.names,
        format=made.format,
        exceptions=made.exceptions,
        skipped=made.skipped,
        bad=made.bad,
        first_bad=made.first_bad,
        fetched_at=None if state.fetched_at is None else datetime.fromtimestamp(state.fetched_at, UTC),
        last_error=error,
        other_source=made.source if made.source != source.source else None,
    )


def status_value(status: ListStatus) -> dict[str, Any]:
    """Return a status as JSON has it; instants in UTC."""
    return {
        "name": status.name,
        "from": status.source,
        "fetched": status.is_fetched,
        "format": status.format,
        "names": status.names,
        "exceptions": status.exceptions,
        "skipped": dict(status.skipped),
        "bad": status.bad,
        "first_bad": list(status.first_bad),
        "fetched_at": status.fetched_at.isoformat(timespec="seconds") if status.fetched_at else None,
        "last_error": status.last_error,
    }


def status_sentence(status: ListStatus, now: datetime) -> str:
    """Return a list in one sentence: "the list malware has 1,204 names (hosts), fetched 3 hours ago"."""
    if not status.is_fetched:
        why = f": {status.last_error}" if status.last_error else ""
        return f"the list {status.name} was not fetched yet, so nothing is on it{why}"
    counts = (
        (status.exceptions, "exception", ""),
        (sum(status.skipped.values()), "line", " left out"),
        (status.bad, "line", " that can't be read"),
    )
    extra = "".join(f", {_counted(count, what)}{rest}" for count, what, rest in counts if count)
    age = f", fetched {age_phrase(status.fetched_at, now)}" if status.fetched_at else ""
    moved = f" from {status.other_source}, which rules.yaml no longer names" if status.other_source else ""
    error = f"; the last attempt failed: {status.last_error}" if status.last_error else ""
    return f"the list {status.name} has {_counted(status.names or 0, 'name')} ({status.format}{extra}){age}{moved}{error}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def age_phrase(then: datetime, now: datetime) -> str:
    seconds = (now - then).total_seconds()
    if seconds < 60:
        return "just now"
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{_counted(int(seconds // length), unit)} ago"
    return "just now"
