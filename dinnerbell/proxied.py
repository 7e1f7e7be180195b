"""What the proxy alone knows: pages that loaded, what was looked into, and who said that a page is closed by mistake. Pure.

Counts on their way to the file, beside the look-ups (`usage.py`). Minutes and hours are whole ones since 1970-01-01 UTC.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from dinnerbell.model import Verdict

MAX_ROWS = 20_000
"""Rows of each kind that a batch may hold: a bound, for a disk that stays full."""
MAX_WORDS = 200
"""Signs that somebody may write with a request."""


class PageKey(NamedTuple):
    """What pages are counted under, beside their minute."""

    device: str
    name: str
    service: str
    verdict: Verdict
    rule: str


@dataclass(frozen=True, slots=True)
class Mistaken:
    """Somebody's word that something is closed by mistake."""

    minute: int
    device: str
    name: str
    rule: str
    words: str = ""
    """What they wrote."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How many connections of one device were decrypted."""

    device: str
    into: int
    """Because a rule speaks of what is inside."""
    shown: int
    """To show why something is refused."""


@dataclass(frozen=True, slots=True)
class PagesSeen:
    """What the proxy saw of one service on one device."""

    device: str
    service: str
    opened: int
    refused: int
    size: int
    """Bytes of answers, pages and what they loaded."""


@dataclass(slots=True)
class Proxied:
    pages: dict[tuple[int, PageKey], list[int]] = field(default_factory=dict)
    """(minute, key) to pages that were opened, and bytes of answers."""
    looked: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    """(hour, device) to connections looked into, and those decrypted to show a refusal."""
    mistaken: dict[tuple[str, str, int], Mistaken] = field(default_factory=dict)
    """(device, name, day) to what was said first that day."""

    def __bool__(self) -> bool:
        return bool(self.pages or self.looked or self.mistaken)

    def add_page(self, minute: int, key: PageKey, *, loads: int, size: int) -> None:
        """Count pages that were opened, and bytes of answers."""
        _add(self.pages, (minute, key), (loads, size))

    def add_look(self, minute: int, device: str, *, is_shown: bool) -> None:
        """Count a connection that was decrypted."""
        _add(self.looked, (minute // 60, device), (0, 1) if is_shown else (1, 0))

    def add_mistaken(self, said: Mistaken) -> bool:
        """Take note of what somebody said; return whether it was new (it is kept once a day)."""
        key = said.device, said.name, said.minute // 1440
        if key in self.mistaken or len(self.mistaken) >= MAX_ROWS:
            return False
        self.mistaken[key] = said
        return True

    def merge(self, later: "Proxied") -> None:
        for row, counts in later.pages.items():
            _add(self.pages, row, counts)
        for hour, counts in later.looked.items():
            _add(self.looked, hour, counts)
        for said in later.mistaken.values():
            self.add_mistaken(said)


def _add(table, row, counts) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    if row not in table and len(table) >= MAX_ROWS:
        return
    known = table.setdefault(row, [0, 0])
    known[0] += counts[0]
    known[1] += counts[1]
