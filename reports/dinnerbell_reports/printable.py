"""Names from strangers made safe to print: control characters and those that turn text round become visible marks.

Pure. Device names, host names and what a manager typed all pass here once, on the whole report value, so that no renderer can
forget one: a name holding U+202E would otherwise show `exe.gpj` as `jpg.exe`.
"""

import unicodedata
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of controls (bidi overrides and zero-width signs are Cf), lone surrogates, private and unassigned signs."""
_MAX_MARKS = 3
"""Combining marks on one letter: more would climb over the lines above."""


def visible(text: str) -> str:
    """Return the text on one line with every invisible or unprintable sign written as [U+XXXX]."""
    if text.isascii() and text.isprintable():
        return text
    found: list[str] = []
    marks = 0
    for sign in text:
        category = unicodedata.category(sign)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if sign in "\t\n\r" or category == "Zs":
            found.append(" ")
        elif category in _INVISIBLE or marks > _MAX_MARKS:
            found.append(f"[U+{ord(sign):04X}]")
        else:
            found.append(sign)
    return "".join(found)


def printable(value: T) -> T:
    """Return the value with every text in it made visible: dataclasses and tuples, all the way down."""
    result: Any = _printable(value)
    return result  # type: ignore[no-any-return]


def _printable(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, tuple):
        return tuple(_printable(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _printable(getattr(value, each.name)) for each in fields(value)})
    return value
