"""Domain names as lower-case text without the final dot: normalise, parents, longest match.

Pure. Everything in Dinnerbell that compares names compares them in this form, label by label: "ends with x.com" would
refuse netflix.com.
"""

import re
from collections.abc import Iterator
from typing import Generic, TypeVar

import idna

T = TypeVar("T")

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")


class BadName(ValueError):  # noqa: N818 - it names what was given, as the message does
    """The text is not a domain name; the message says why, for a person."""


def normalise(text: str) -> str:
    """Return a name that a person or a file wrote as lower-case A-labels without the final dot (RFC 1035, RFC 5891).

    Raises BadName with the reason. International names are mapped as browsers do (UTS 46).
    """
    name = text.strip().rstrip(".").lower()
    if not name:
        raise BadName("the name is empty")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise BadName(f"{text!r} is not a domain name: {error}") from None
    if len(name) > 253:
        raise BadName(f"the name is {len(name)} characters long; a domain name has at most 253")
    for label in name.split("."):
        if not label:
            raise BadName(f"{text!r} has an empty part between two dots")
        if len(label) > 63:
            raise BadName(f"the part {label[:20]}... is {len(label)} characters long; a part has at most 63")
        if not _LABEL.match(label):
            raise BadName(f"{text!r} is not a domain name: {_bad_label(label)}")
    return name


def _bad_label(label: str) -> str:
    advices = {"/": "leave out https:// and what follows the host", "*": "a name stands for everything under it already", " ": ""}
    for sign, advice in advices.items():
        if sign in label:
            return f"it may not contain {sign!r}" + (f" ({advice})" if advice else "")
    if label.startswith("-") or label.endswith("-"):
        return f"the part {label!r} may not begin or end with a hyphen"
    bad = next((sign for sign in label if not re.match(r"[a-z0-9_-]", sign)), label)
    return f"it may not contain {bad!r}"


def parents(name: str) -> Iterator[str]:
    """Yield the name itself, then each parent: a.b.c, b.c, c."""
    yield name
    at = name.find(".")
    while at >= 0:
        name = name[at + 1 :]
        yield name
        at = name.find(".")


def is_under(name: str, parent: str) -> bool:
    """Tell whether `name` is `parent` or lies under it, label by label."""
    return name == parent or (name.endswith(parent) and name[-len(parent) - 1] == ".")


def judged(name: str) -> str:
    """Drop the leading _labels that SVCB, SRV and DNS-SD put before a host (_https.example.org): the host is what is judged."""
    while name.startswith("_") and "." in name:
        name = name[name.index(".") + 1 :]
    return name


class HostTable(Generic[T]):
    """Hosts, each a suffix or (written with a leading =) exact, with a value: the longest match wins, exact before suffix."""

    __slots__ = ("_exact", "_under")

    def __init__(self) -> None:
        self._exact: dict[str, T] = {}
        self._under: dict[str, T] = {}

    def get(self, host: str) -> T | None:
        """Return the value stored for exactly this host as written, or None."""
        return self._exact.get(host[1:]) if host.startswith("=") else self._under.get(host)

    def set(self, host: str, value: T) -> None:
        if host.startswith("="):
            self._exact[host[1:]] = value
        else:
            self._under[host] = value

    def discard(self, host: str) -> None:
        """Forget this host as written, if it is there."""
        if host.startswith("="):
            self._exact.pop(host[1:], None)
        else:
            self._under.pop(host, None)

    def longest(self, name: str) -> tuple[str, T] | None:
        """Return (host as written, value) of the longest host that matches `name`, or None."""
        if name in self._exact:
            return "=" + name, self._exact[name]
        for parent in parents(name):
            if parent in self._under:
                return parent, self._under[parent]
        return None

    def all_matches(self, name: str) -> Iterator[tuple[str, T]]:
        """Yield (host as written, value) of every host that matches `name`, longest first."""
        if name in self._exact:
            yield "=" + name, self._exact[name]
        for parent in parents(name):
            if parent in self._under:
                yield parent, self._under[parent]

    def __len__(self) -> int:
        return len(self._exact) + len(self._under)
