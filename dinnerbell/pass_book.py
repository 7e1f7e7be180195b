"""The book of passes: what DATA/passes.json holds, as text and as a value.

Pure. A pass that is over stays in it for 90 days, for `why` and the reports, and is then dropped; its number is never given again.
A text that is not such a book is told with the place in it: it may have been edited by hand, and then nothing in it is believed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dinnerbell.model import Owner, Pass, Target, TargetKind
from dinnerbell.passes import MAX_DURATION, PassRefused

KEEP = timedelta(days=90)
VERSION = 1


class BadBook(ValueError):  # noqa: N818
    """The text is not a book of passes; the message says where it is wrong."""


@dataclass(frozen=True, slots=True)
class PassBook:
    passes: tuple[Pass, ...] = ()
    """In the order of their numbers."""
    next_id: int = 1

    def with_new(self, make: Callable[[int], Pass]) -> "PassBook":
        """Return the book with one more pass: `make` is told its number."""
        return PassBook((*self.passes, make(self.next_id)), self.next_id + 1)

    def with_changed(self, id_: int, change: Callable[[Pass], Pass]) -> "PassBook":
        """Return the book with one pass changed. Raises PassRefused where it has none of this number."""
        if all(each.id != id_ for each in self.passes):
            raise PassRefused(f"there is no pass {id_}; `dinnerbell pass --list --all` shows those that there are")
        return replace(self, passes=tuple(change(each) if each.id == id_ else each for each in self.passes))

    def kept(self, now: datetime) -> "PassBook":
        """Return the book without what has been over for 90 days."""
        return replace(self, passes=tuple(each for each in self.passes if each.over_at > now - KEEP))


def write_book(book: PassBook) -> str:
    """Return the text of the file."""
    value = {"version": VERSION, "next": book.next_id, "passes": [_written(each) for each in book.passes]}
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _written(given: Pass) -> dict[str, Any]:
    value: dict[str, Any] = {
        "id": given.id,
        "device": given.device,
        "group": given.group,
        "owner": given.owner.value,
        "kind": given.target.kind.value,
        "target": given.target.value,
        "starts": given.starts.isoformat(),
        "ends": given.ends.isoformat(),
        "by": given.by,
        "why": given.why,
    }
    if given.revoked_at is not None:
        value |= {"revoked_at": given.revoked_at.isoformat(), "revoked_by": given.revoked_by}
    return value


def read_book(text: str) -> PassBook:
    """Return the book that the text of the file holds. Raises BadBook."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadBook(f"it is not JSON: {error}") from None
    if not isinstance(value, dict) or value.get("version") != VERSION or not isinstance(value.get("passes"), list):
        raise BadBook(f"a book of passes of version {VERSION} was expected")
    passes = tuple(_read(each, f"pass {number}") for number, each in enumerate(value["passes"], 1))
    next_id = _number(value, "next", "the book")
    ids = [each.id for each in passes]
    if ids != sorted(set(ids)) or (ids and ids[-1] >= next_id):
        raise BadBook("the numbers of the passes are not in order")
    return PassBook(passes, next_id)


def _read(value: Any, where: str) -> Pass:
    if not isinstance(value, dict):
        raise BadBook(f"{where} is not an entry")
    kind = _one_of(value, "kind", [TargetKind.SERVICE, TargetKind.KIND, TargetKind.DOMAIN], where)
    given = Pass(
        id=_number(value, "id", where),
        device=_text(value, "device", where),
        target=Target(TargetKind(kind), _text(value, "target", where)),
        starts=_instant(value, "starts", where),
        ends=_instant(value, "ends", where),
        by=_text(value, "by", where),
        why=_text(value, "why", where),
        group=_text(value, "group", where) if value.get("group") else "",
        owner=Owner(_one_of(value, "owner", list(Owner), where)),
        revoked_at=_instant(value, "revoked_at", where) if "revoked_at" in value else None,
        revoked_by=_text(value, "revoked_by", where) if "revoked_at" in value else "",
    )
    if not timedelta() < given.ends - given.starts <= MAX_DURATION:
        raise BadBook(f"{where} is not between a second and 12 hours long")
    return given


def _text(value: dict[str, Any], key: str, where: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found or not found.isprintable():
        raise BadBook(f"{where}: `{key}` is not a line of text")
    return found


def _number(value: dict[str, Any], key: str, where: str) -> int:
    found = value.get(key)
    if type(found) is not int or found < 1:
        raise BadBook(f"{where}: `{key}` is not a number from 1 on")
    return found


def _one_of(value: dict[str, Any], key: str, known: list[Any], where: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or found not in known:
        raise BadBook(f"{where}: `{key}` is none of {', '.join(known)}")
    return found


def _instant(value: dict[str, Any], key: str, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(value, key, where))
        if found.tzinfo is not None and 2000 <= found.year <= 9000:  # room for the zones' offsets on both sides
            return found.astimezone(UTC).replace(microsecond=0)
    except ValueError as error:
        if isinstance(error, BadBook):
            raise
    raise BadBook(f"{where}: `{key}` is not an instant with its offset, like 2026-11-23T12:00:00+00:00")
