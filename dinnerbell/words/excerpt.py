"""The line that an error is about, with the text in question underlined.

Pure. For terminals and mail: signs that take two columns, or none, are counted as what they take, so that the line under them fits.
"""

import re
import unicodedata
from functools import lru_cache

from dinnerbell.config import Remark

WIDEST = 100
"""Columns of the file's line that are shown; of a longer one the part around the error."""
_BEFORE = 40
"""Columns kept before the error when a line is cut."""
_DOTS = "..."
_MARGIN = "  | "

_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line for the YAML parser, whose numbers these are."""


def told(remark: Remark, file_name: str, text: str) -> str:
    """Return FILE:LINE:COL: message, and under it the line of `text` with what is meant underlined."""
    return "\n".join([remark.text(file_name), *excerpt(remark, text)])


def excerpt(remark: Remark, text: str) -> tuple[str, ...]:
    """Return the line and its underlining; nothing where the text has no such line, or nothing stands on it."""
    lines = _lines(text)
    line = lines[remark.line - 1] if remark.line <= len(lines) and remark.width >= 0 else ""
    if not line.strip():
        return ()
    start = min(remark.column - 1, len(line))
    end = min(start + remark.width, len(line)) if remark.width else _end_of(line, start)
    before, marked, after = (_shown(part) for part in (line[:start], line[start:end], line[end:]))
    if _columns(before) + _columns(marked) + _columns(after) > WIDEST:
        if _columns(before) > _BEFORE:
            before = _DOTS + before[-_BEFORE:]
        marked = _cut(marked, WIDEST - _columns(before))
        after = _cut(after, WIDEST - _columns(before) - _columns(marked))
    return f"{_MARGIN}{before}{marked}{after}".rstrip(), f"{_MARGIN}{' ' * _columns(before)}{'^' * max(_columns(marked), 1)}"


@lru_cache(maxsize=1)
def _lines(text: str) -> list[str]:
    """Return the lines of a file; remembered, as one file may have thousands of errors."""
    return _LINE_END.split(text.removeprefix("\ufeff"))


def _end_of(line: str, start: int) -> int:
    """Return where the text from `start` ends: before a note (# and what follows), as near as one line can tell."""
    rest = line[start:]
    note = re.search(r"\s#", rest)
    return start + len((rest[: note.start()] if note else rest).rstrip())


def _shown(text: str) -> str:
    """Return text as a terminal may have it: a space for a tab, a question mark for what is no sign."""
    return "".join(sign if sign.isprintable() or unicodedata.combining(sign) else " " if sign == "\t" else "?" for sign in text)


def _cut(text: str, columns: int) -> str:
    if _columns(text) <= columns:
        return text
    return text[: max(columns - len(_DOTS), 0)] + _DOTS


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
