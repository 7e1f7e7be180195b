"""A response policy zone (RPZ, draft-vixie-dnsop-dns-rpz), read line by line.

Pure. The owner is what is asked for: `x` is exactly it and `*.x` is what lies under it, not x itself; so most zones have both.

    x      CNAME .                 refused (NXDOMAIN); likewise CNAME *. (NODATA), CNAME rpz-drop., A 0.0.0.0, AAAA ::
    x      CNAME rpz-passthru.     an exception; likewise CNAME x. (the old way to write it)
    x      CNAME elsewhere.net.    sent elsewhere: left out (safe search is written so, and refusing google.com would be wrong)
    x.rpz-ip and the like          not about the name that is asked: left out
"""

import re
from collections.abc import Callable

from dinnerbell.lists.names import BELOW, EXACT, BadLine, Skip, SkipReason, is_address, is_sink, listed_name

_TTL = re.compile(r"[0-9]+[smhdw]?([0-9]+[smhdw])*\Z")
_CLASSES = frozenset({"in", "ch", "hs", "cs"})
_TYPE = re.compile(r"(cname|a|aaaa|soa|ns|txt|dname|mx|ptr|srv|rrsig|nsec3?|nsec3param|dnskey|ds|svcb|https|caa|type[0-9]+)\Z")
_OTHER_TRIGGERS = frozenset({"rpz-ip", "rpz-client-ip", "rpz-nsip", "rpz-nsdname"})
_REFUSING = frozenset({".", "*.", "rpz-drop.", "rpz-drop"})
_PASSING = frozenset({"rpz-passthru.", "rpz-passthru"})


def make_zone_reader() -> Callable[[str], list[str]]:
    """Return a reader that is to be given the lines of one zone in their order: owners are carried on, SOAs go over several lines."""
    zone = _Zone()
    return zone.read_line


class _Zone:
    def __init__(self) -> None:
        self.apex = ""
        """The zone's own name, with the final dot: an absolute owner ends with it."""
        self.origin = ""
        self.owner = "@"
        self.open_brackets = 0

    def read_line(self, line: str) -> list[str]:
        line = line.partition(";")[0].rstrip().lower()
        within = self.open_brackets > 0
        self.open_brackets = max(0, self.open_brackets + line.count("(") - line.count(")"))
        if within or not line.strip():
            return []
        words = line.replace("(", " ").split()
        if words[0].startswith("$"):
            return self._directive(words)
        if not line[0].isspace():
            self.owner = words.pop(0)
        while words and (_TTL.match(words[0]) or words[0] in _CLASSES):
            words.pop(0)
        if len(words) < 2 or not _TYPE.match(words[0]):
            raise BadLine("a record was expected, such as NAME CNAME .")
        return self._record(words[0], words[1])

    def _directive(self, words: list[str]) -> list[str]:
        if words[0] == "$origin" and len(words) > 1:
            self.origin = words[1] if words[1].endswith(".") else f"{words[1]}.{self.origin}"
            self.apex = self.apex or self.origin
        elif words[0] != "$ttl":
            raise Skip(SkipReason.CONDITION)
        return []

    def _record(self, kind: str, data: str) -> list[str]:
        if kind in ("soa", "ns"):
            if kind == "soa" and self.owner.endswith("."):
                self.apex = self.origin = self.owner
            return []
        trigger = self._trigger()
        if trigger.rpartition(".")[2] in _OTHER_TRIGGERS or trigger in ("", "*"):
            raise Skip(SkipReason.CONDITION)
        name = listed_name(trigger.removeprefix("*."))
        mark = BELOW if trigger.startswith("*.") else EXACT
        if kind == "cname":
            if data in _REFUSING:
                return [mark + name]
            if data in _PASSING or data.rstrip(".") == trigger:
                return [(mark + name).capitalize()]
            raise Skip(SkipReason.CONDITION if data.startswith("rpz-") else SkipReason.ELSEWHERE)
        if kind in ("a", "aaaa"):
            if is_sink(data):
                return [mark + name]
            if not is_address(data):
                raise BadLine(f"an address was expected after {kind.upper()}")
            raise Skip(SkipReason.ELSEWHERE)
        raise Skip(SkipReason.CONDITION)

    def _trigger(self) -> str:
        """Return what the owner stands for: itself without the name of the zone; empty for the zone's own name."""
        if self.owner == "@":
            absolute = self.origin or "."
        elif self.owner.endswith("."):
            absolute = self.owner
        else:
            absolute = f"{self.owner}.{self.origin}" if self.origin else f"{self.owner}."
        if self.apex and absolute == self.apex:
            return ""
        if self.apex and absolute.endswith("." + self.apex):
            absolute = absolute[: -len(self.apex)]
        return absolute.rstrip(".")
