"""One attempt to bring a list up to date: fetch, compile beside the old one, swap (shell).

Whatever goes wrong is written into the list's state, where commands and the box find it; the names in force stay in force.
"""

import contextlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from dinnerbell.config import ListSource
from dinnerbell.files import stamp_of
from dinnerbell.lists.fetch import Fetched, FetchError, Limits, fetch
from dinnerbell.lists.formats import BadList
from dinnerbell.lists.state import ListState, Stamp
from dinnerbell.lists.store import compile_list, keep_state, lists_folder, load_state, locked, open_list, remove_old, stem_of


def source_path(source: ListSource, folder: Path) -> Path:
    """Return where a list that comes from a file lies. `folder`: that of rules.yaml."""
    return folder / Path(source.source).expanduser()


def refresh(data: Path, source: ListSource, folder: Path, now: float, limits: Limits | None = None) -> ListState:
    """Bring one list up to date and return its state, which says how it went. `now`: seconds since 1970. Raises OSError where the state
    itself can't be kept.
    """
    with locked(data, source.name):
        opened = open_list(data, source.name)
        before = opened.state or ListState(source.source)
        if before.compiled is not None and opened.names is None:  # damaged: nothing that was kept of it counts
            before = ListState(source.source)
        elif before.source != source.source:
            before = replace(before, source=source.source, etag="", modified="", digest="", stamp=None, failures=0)
        try:
            after = _from_web(data, source, before, limits) if source.is_web else _from_file(data, source, folder, before)
        except (FetchError, BadList) as problem:
            after = replace(before, failures=before.failures + 1, last_error=str(problem))
        except OSError as error:
            after = replace(before, failures=before.failures + 1, last_error=f"{error.strerror or error} ({error.filename or data})")
        else:
            after = replace(after, failures=0, last_error="", fetched_at=now)
        if not source.is_web:
            after = replace(after, stamp=_stamp(source, folder) if after.failures else after.stamp)
        after = replace(after, tried_at=now)
        keep_state(data, source.name, after)
        remove_old(data, source.name, after.compiled)
        return after


def note_failure(data: Path, source: ListSource, folder: Path, now: float, why: str) -> None:
    """Note that an attempt ended without a word, killed perhaps. Raises OSError."""
    with locked(data, source.name):
        before = load_state(data, source.name) or ListState(source.source)
        stamp = None if source.is_web else _stamp(source, folder)
        failures = before.failures + 1 if before.source == source.source else 1
        state = replace(before, source=source.source, tried_at=now, failures=failures, last_error=why, stamp=stamp)
        keep_state(data, source.name, state if before.source == source.source else replace(state, etag="", modified="", digest=""))


def _stamp(source: ListSource, folder: Path) -> Stamp | None:
    return stamp_of(source_path(source, folder))


def _from_web(data: Path, source: ListSource, before: ListState, limits: Limits | None) -> ListState:
    body = lists_folder(data) / f"{stem_of(source.name)}.body"
    try:
        known = {"etag": before.etag, "modified": before.modified} if before.compiled is not None else {}
        fetched: Fetched = fetch(source.source, body, limits=limits, **known)
        if fetched.is_unchanged:
            return before
        if fetched.digest == before.digest and before.compiled is not None:
            return replace(before, etag=fetched.etag, modified=fetched.modified)
        with _text_of(body) as lines:
            compiled = compile_list(data, source.name, source.source, lines)
        return replace(before, compiled=compiled, etag=fetched.etag, modified=fetched.modified, digest=fetched.digest)
    finally:
        with contextlib.suppress(OSError):
            body.unlink(missing_ok=True)


def _from_file(data: Path, source: ListSource, folder: Path, before: ListState) -> ListState:
    path = source_path(source, folder)
    stamp = stamp_of(path)  # before it is read: what is written meanwhile is seen next time
    with _text_of(path) as lines:
        compiled = compile_list(data, source.name, source.source, lines)
    return replace(before, compiled=compiled, stamp=stamp)


@contextmanager
def _text_of(path: Path) -> Iterator[Iterable[str]]:
    """Open a list as lines, however they end: UTF-8, or what Notepad calls Unicode. Other bytes become a sign that no name has in it."""
    with path.open("rb") as raw:
        encoding = "utf-16" if raw.read(2) in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text: TextIO
    with path.open(encoding=encoding, errors="replace", newline=None) as text:
        yield text
