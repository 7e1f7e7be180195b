"""What is known of a list: which names are in force, where they came from, and how the last attempt to fetch it went.

Pure: values, their JSON, and when a list is due. The shell that keeps them is `store.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

RETRY_SECONDS = 30.0
"""After the first failure; doubled by each further one."""
LONGEST_RETRY_SECONDS = 3600.0

Stamp = tuple[int, int, int]
"""A file's time, size and number (`files.stamp_of`)."""


class BadState(ValueError):  # noqa: N818
    """The text is no state of a list."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """Names in force, as they lie on the disk."""

    file: str
    kind: str
    """`trie` (marisa-trie, mapped) or `text` (keys one a line, read into memory)."""
    size: int
    """Bytes; with `crc` it tells that the file is whole."""
    crc: int
    source: str
    format: str
    is_longest_first: bool
    names: int
    exceptions: int
    marks: str
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Lines that are in order and name nothing for this box, by reason."""
    bad: int = 0
    """Lines that can't be read."""
    first_bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListState:
    source: str
    """Of the last attempt, as rules.yaml writes it."""
    compiled: Compiled | None = None
    fetched_at: float | None = None
    """When the names in force were last what the source had. Seconds since 1970, as all times here."""
    tried_at: float = 0.0
    failures: int = 0
    """Since the last success."""
    last_error: str = ""
    etag: str = ""
    modified: str = ""
    """What the web server said with the names in force, to be asked whether they have changed (RFC 9110, 13.1)."""
    digest: str = ""
    """SHA-256 of what was fetched: some servers cannot say whether it has changed."""
    stamp: Stamp | None = None
    """Of the file that was read last, good or bad; for a list that comes from a file."""


def write_state(state: ListState) -> str:
    return json.dumps(asdict(state), indent=1) + "\n"


def read_state(text: str) -> ListState:
    """Return the state. Raises BadState."""
    try:
        value: dict[str, Any] = json.loads(text)
        compiled, stamp = value["compiled"], value["stamp"]
        state = ListState(
            **{
                **value,
                "compiled": Compiled(**{**compiled, "first_bad": tuple(compiled["first_bad"])}) if compiled else None,
                "stamp": (int(stamp[0]), int(stamp[1]), int(stamp[2])) if stamp else None,
            }
        )
        _check_types(state)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise BadState(str(error)) from None
    return state


def _check_types(state: ListState) -> None:
    numbers = [state.tried_at, state.failures, *([state.fetched_at] if state.fetched_at is not None else [])]
    texts = [state.source, state.last_error, state.etag, state.modified, state.digest]
    if (made := state.compiled) is not None:
        numbers += [made.size, made.crc, made.names, made.exceptions, made.bad, *made.skipped.values()]
        texts += [made.file, made.kind, made.source, made.format, made.marks, *made.skipped, *made.first_bad]
        if "/" in made.file:
            raise BadState("a file beside the state was expected")
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(number, int | float) for number in numbers):
        raise BadState("a text or a number was expected")


def due_at(state: ListState | None, source: str, refresh_seconds: float, now: float) -> float:
    """Return the instant at which a list from the web is to be fetched (again); past ones mean now.

    After a failure sooner than `refresh` says, and less and less often: 30 s, 1 min, 2 min ... 1 h.
    """
    if state is None or state.source != source or state.tried_at > now:  # the clock was ahead then, or is behind now
        return now
    if state.failures:
        pause = min(RETRY_SECONDS * 2.0 ** min(state.failures - 1, 20), LONGEST_RETRY_SECONDS, max(refresh_seconds, RETRY_SECONDS))
        return state.tried_at + pause
    return state.tried_at + refresh_seconds


def file_is_due(state: ListState | None, source: str, stamp: Stamp | None, refresh_seconds: float, now: float) -> bool:
    """Tell whether a list from a file is to be read: another file lies there, or the last attempt failed some time ago."""
    if state is None or state.source != source or state.stamp != stamp:
        return True
    return bool(state.failures) and now >= due_at(state, source, refresh_seconds, now)
