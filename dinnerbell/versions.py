"""Every version of rules.yaml that was in force, with its time, and who changed it and why: DATA/history/ (shell).

    history/0007-20261123T123000Z-1a2b3c4d.yaml    the text, byte for byte
    history/history.jsonl                          one line a version: number, at, hash, file, source, changes, by, why, edit
    history/edits.jsonl                            one line an edit: at, hash, by, why

The box writes the first two, `dinnerbell edit` the third; the box finds who and why by the hash of the text. A text is on the disk
before its line: after a power cut there may be a text without a line (told from its name) or half a line (passed over). A text that is
in force already makes no new version, so a restart leaves no trace here.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from dinnerbell.config import Rules
from dinnerbell.files import RulesFile, replace_text
from dinnerbell.json_lines import append_line, read_lines
from dinnerbell.rules import RulesError, read_rules
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.words.changes_in_words import changes_in_words

HISTORY = "history"
INDEX = "history.jsonl"
EDITS = "edits.jsonl"

KEEP_FOR = timedelta(days=3 * 366)
"""As long as the weeks of the log: a report can be read beside the rules of its week."""
KEEP_AT_LEAST = 1_000
KEEP_AT_MOST = 5_000
"""Four changes a day for three years; a script gone wild is not to fill the card."""

_FILE_NAME = re.compile(r"(\d{4,})-(\d{8}T\d{6}Z)-([0-9a-f]{8})\.yaml")
_TIME = "%Y%m%dT%H%M%SZ"


class VersionError(Exception):
    """The text of a version can't be had; the message says why."""


class Source(StrEnum):
    """How a version came to be in force."""

    RUN = "run"
    """The box was started with it."""
    RELOAD = "reload"
    """The file was changed while the box ran."""
    LAST_GOOD = "last-good"
    """The box was started, and the file was bad: it is the last good copy."""
    UNKNOWN = "unknown"
    """Its line is lost; number and time are told from the file's name."""


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    """From 1; never given twice, and kept when older versions go."""
    at: datetime
    """In force from then on, by the box's clock; UTC, whole seconds."""
    digest: str
    """SHA-256 of the text."""
    file: str
    source: Source = Source.UNKNOWN
    changes: int | None = None
    """How many things it says differently from the one before; None: there was none, or nobody could tell."""
    by: str = ""
    why: str = ""
    edit: int = 0
    """How many lines of edits.jsonl are used up: none of them speaks of a later version."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What `dinnerbell edit` keeps for the version that its text is going to be."""

    at: datetime
    digest: str
    by: str
    why: str


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def load_versions(data: Path) -> tuple[Version, ...]:
    """Return the versions on record, the oldest first; none where no box has run yet. Raises OSError."""
    folder = data / HISTORY
    found = {version.number: version for value in read_lines(folder / INDEX) if (version := _version(value)) is not None}
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for match in filter(None, map(_FILE_NAME.fullmatch, names)):
        if (number := int(match[1])) not in found:
            at = datetime.strptime(match[2], _TIME).replace(tzinfo=UTC)
            digest = hashlib.sha256((folder / match[0]).read_bytes()).hexdigest()
            found[number] = Version(number, at, digest, match[0])
    return tuple(found[number] for number in sorted(found))


def version_text(data: Path, version: Version) -> str:
    """Return a version's text. Raises VersionError where it is gone or not what it was."""
    try:
        text = (data / HISTORY / version.file).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise VersionError(f"Couldn't read the text of version {version.number}: {error}") from None
    if digest_of(text) != version.digest:
        raise VersionError(f"Couldn't use the text of version {version.number}: {version.file} was changed after it was written")
    return text


def keep_version(data: Path, rules_file: RulesFile, at: datetime, source: Source, before_it: Rules | None = None) -> Version | None:
    """Record that these rules are in force from `at`; None: they were already. Raises OSError.

    `before_it`: what was in force until then, if that is known; else the text on record is read.
    """
    folder = data / HISTORY
    folder.mkdir(parents=True, exist_ok=True)
    before = load_versions(data)
    digest = digest_of(rules_file.text)
    if before and before[-1].digest == digest:
        return None
    number = before[-1].number + 1 if before else 1
    version = Version(
        number=number,
        at=at.astimezone(UTC).replace(microsecond=0),
        digest=digest,
        file=f"{number:04}-{at.astimezone(UTC):{_TIME}}-{digest[:8]}.yaml",
        source=source,
        changes=_count(data, before[-1], rules_file, before_it) if before else None,
    )
    version = _with_edit(folder, version, before[-1].edit if before else 0)
    for half in folder.glob("*.new"):  # a power cut's
        half.unlink()
    replace_text(folder / version.file, rules_file.text)
    append_line(folder / INDEX, _line(version))
    _prune(folder, [*before, version])
    return version


def keep_edit(data: Path, edit: Edit) -> None:
    """Keep who and why until the box finds this text in force. Raises OSError."""
    folder = data / HISTORY
    folder.mkdir(parents=True, exist_ok=True)
    append_line(folder / EDITS, {"at": _iso(edit.at), "hash": edit.digest, "by": edit.by, "why": edit.why})


def _with_edit(folder: Path, version: Version, used: int) -> Version:
    """Return the version with who and why: of the newest edit that made this very text and speaks of no earlier version."""
    edits = read_lines(folder / EDITS)
    used = used if used <= len(edits) else 0  # the file was begun anew
    for place in reversed(range(used, len(edits))):
        value = edits[place]
        if value.get("hash") == version.digest:
            return replace(version, by=str(value.get("by") or ""), why=str(value.get("why") or ""), edit=place + 1)
    return replace(version, edit=used)


def _count(data: Path, before: Version, rules_file: RulesFile, old: Rules | None) -> int | None:
    try:
        old = old or read_rules(version_text(data, before), catalogue=shipped_catalogue())
    except (VersionError, RulesError):  # an older release may have taken what this one does not
        return None
    return len(changes_in_words(old, rules_file.rules))


def _prune(folder: Path, versions: Sequence[Version]) -> None:
    newest = versions[-1].at
    kept = [
        version
        for place, version in enumerate(reversed(versions))
        if place < KEEP_AT_LEAST or (place < KEEP_AT_MOST and newest - version.at < KEEP_FOR)
    ]
    if len(kept) == len(versions):
        return
    replace_text(folder / INDEX, "".join(json.dumps(_line(version), ensure_ascii=False) + "\n" for version in reversed(kept)))
    for gone in set(versions) - set(kept):
        (folder / gone.file).unlink(missing_ok=True)


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _line(version: Version) -> dict[str, Any]:
    return {
        "number": version.number,
        "at": _iso(version.at),
        "hash": version.digest,
        "file": version.file,
        "source": version.source.value,
        "changes": version.changes,
        "by": version.by,
        "why": version.why,
        "edit": version.edit,
    }


def _version(value: dict[str, Any]) -> Version | None:
    try:
        at = datetime.fromisoformat(value["at"])
        name = _FILE_NAME.fullmatch(value["file"])
        if name is None or at.tzinfo is None:
            return None
        return Version(
            number=int(name[1]),
            at=at,
            digest=str(value["hash"]),
            file=name[0],
            source=Source(value["source"]),
            changes=None if value["changes"] is None else int(value["changes"]),
            by=str(value["by"] or ""),
            why=str(value["why"] or ""),
            edit=int(value["edit"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
