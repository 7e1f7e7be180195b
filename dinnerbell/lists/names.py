"""A name on a list, with the mark that says what it stands for; and the key under which it is kept.

Pure. A marked name is one letter and the name. Lower case: the list names it; upper case: the list makes an exception of it.

    u example.com    the name and everything under it
    b example.com    everything under it, not the name itself (RPZ's *.example.com)
    e example.com    exactly the name

Its key is the mark, the name read backwards, and a dot: uexample.com -> umoc.elpmaxe. So what a name lies under are the prefixes of
its own key, and the dot at the end keeps moc.elpmaxe. from being one of moc.elpmaxeton. (labels are matched whole).
"""

import ipaddress
import re
from enum import StrEnum

from dinnerbell.names import BadName, normalise

UNDER, BELOW, EXACT = "u", "b", "e"
MARKS = (EXACT, UNDER, BELOW)


class SkipReason(StrEnum):
    """Why a line that is in order names nothing for this box; the value ends the sentence "12 lines are left out: ..."."""

    OWN = "names that a machine has for itself, such as localhost"
    ONE_LABEL = "names without a dot, which are whole top-level domains"
    ADDRESS = "addresses, where only names can be looked up"
    SERVICE_LABEL = "names that begin with an underscore, which are judged by the host behind it"
    ELSEWHERE = "names that are sent to another address, not refused"
    BROWSER = "rules that only a browser can follow"
    CONDITION = "rules with a condition that this box does not know"


class Skip(Exception):  # noqa: N818
    """The line is in order but names nothing for this box."""

    def __init__(self, reason: SkipReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class BadLine(ValueError):  # noqa: N818
    """The line is not in order; the message says why, for a person."""


def key_of(marked: str) -> str:
    return marked[0] + marked[:0:-1] + "."


_USUAL = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")
"""What nearly every name on a list looks like: nothing more has to be asked of it."""
_OWN = frozenset({"localhost.localdomain", "localhost.local", "ip6-localhost.localdomain", "localhost6.localdomain6"})


def listed_name(text: str) -> str:
    """Return a name that stands on a list, normalised. Raises Skip and BadLine."""
    name = text.lower()
    if _USUAL.match(name):
        if name in _OWN:
            raise Skip(SkipReason.OWN)
        return name
    if is_address(name):
        raise Skip(SkipReason.ADDRESS)
    try:
        name = normalise(name)
    except BadName as problem:
        raise BadLine(str(problem)) from None
    if "." not in name:
        raise Skip(SkipReason.ONE_LABEL)
    if name.startswith("_"):
        raise Skip(SkipReason.SERVICE_LABEL)
    if name.rpartition(".")[2].isdecimal():
        raise BadLine(f"{text!r} is neither a name nor an address: no name ends in a number")
    return name


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


_USUAL_SINKS = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1", "0"})


def is_sink(address: str) -> bool:
    """Tell whether a list that sends a name to this address means to refuse it: nothing or the asker itself is there."""
    if address in _USUAL_SINKS:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified
