"""Files saved as rules.yaml that could not be used: DATA/history/bad.jsonl, one line each, for the report (shell).

The box writes it when it refuses a file; the rules that were in force stay in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dinnerbell.files import replace_text
from dinnerbell.json_lines import append_line, read_lines
from dinnerbell.versions import HISTORY

BAD = "bad.jsonl"
MAX_LINES = 2_000
"""Then the older half goes: a script gone wild is not to fill the card."""


@dataclass(frozen=True, slots=True)
class BadVersion:
    at: datetime
    """When the box refused it; UTC, whole seconds."""
    line: int
    """Of the first of its errors."""
    errors: int


def keep_bad_version(data: Path, bad: BadVersion) -> None:
    """Add a line. Raises OSError."""
    path = data / HISTORY / BAD
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True) if path.exists() else []
    if len(lines) >= MAX_LINES:
        replace_text(path, "".join(lines[-MAX_LINES // 2 :]))
    append_line(path, {"at": bad.at.astimezone(UTC).isoformat(timespec="seconds"), "line": bad.line, "errors": bad.errors})


def load_bad_versions(data: Path) -> tuple[BadVersion, ...]:
    """Return those on record, the oldest first. Raises OSError."""
    return tuple(bad for value in read_lines(data / HISTORY / BAD) if (bad := _bad_version(value)) is not None)


def _bad_version(value: Mapping[str, Any]) -> BadVersion | None:
    try:
        at = datetime.fromisoformat(value["at"])
        return None if at.tzinfo is None else BadVersion(at, int(value["line"]), int(value["errors"]))
    except (KeyError, TypeError, ValueError):
        return None
