"""A list as a whole: which form it has, the names in it, and whether it is a list at all.

Pure: lines in, marked names out. The form is found from the first lines, by majority. A line that cannot be read is counted and told,
and the rest is used; but a list with too many of them is refused as a whole, because it is probably something else (a page that says
"not found", a list of addresses, half a file in another form), and then the list that was there before stays in force.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice

from dinnerbell.lists.lines import read_adblock_line, read_dnsmasq_line, read_domains_line, read_hosts_line, read_unbound_line
from dinnerbell.lists.names import BadLine, Skip, SkipReason, is_address
from dinnerbell.lists.zones import make_zone_reader

SAMPLE_LINES = 200
"""Lines with something in them by which the form is found; some lists begin with a page of comments, which do not count."""
SAMPLE_SEARCH = 5_000
"""Lines looked at for them."""
BAD_SHARE = 0.05
"""More than this share of lines that cannot be read, and at least BAD_LEAST of them: the list is refused."""
BAD_LEAST = 10
BAD_SHOWN = 5


class ListFormat(StrEnum):
    HOSTS = "hosts"
    DOMAINS = "domains"
    ADBLOCK = "adblock"
    RPZ = "rpz"
    DNSMASQ = "dnsmasq"
    UNBOUND = "unbound"

    @property
    def is_longest_first(self) -> bool:
        """Whether the longer of a name and an exception decides, as in name servers; in the others an exception always wins."""
        return self in (ListFormat.RPZ, ListFormat.DNSMASQ, ListFormat.UNBOUND)


@dataclass(frozen=True, slots=True)
class BadLineFound:
    number: int
    """From 1."""
    text: str
    """As far as it can be shown."""
    why: str

    def __str__(self) -> str:
        return f"line {self.number} ({self.text}): {self.why}"


class BadList(ValueError):  # noqa: N818
    """It is not a list; the message says why, with the first bad lines."""


@dataclass(slots=True)
class ListReader:
    """Reads one list, once: `marked_names` to the end, then `check`."""

    lines: Iterable[str]
    format: ListFormat = ListFormat.DOMAINS
    """Known as soon as the first name has been read."""
    found: int = 0
    """Names, repeated ones each time."""
    marks: set[str] = field(default_factory=set)
    exceptions: set[str] = field(default_factory=set)
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    bad: int = 0
    first_bad: list[BadLineFound] = field(default_factory=list)

    def marked_names(self) -> Iterator[str]:
        """Yield every marked name. Raises BadList where the first lines show that it is no list."""
        rest = iter(self.lines)
        head = list(islice(rest, SAMPLE_SEARCH))
        _refuse_pages(head)
        self.format = format_of(head)
        read = _reader_of(self.format)
        for number, line in enumerate(chain(head, rest), start=1):
            try:
                names = read(line)
            except Skip as skip:
                self.skipped[skip.reason] += 1
                continue
            except BadLine as problem:
                self._note_bad(number, line, str(problem))
                continue
            for marked in names:
                self.marks.add(marked[0])
                if marked[0].isupper():
                    self.exceptions.add(marked)
                else:
                    self.found += 1
                yield marked

    def _note_bad(self, number: int, line: str, why: str) -> None:
        self.bad += 1
        if len(self.first_bad) < BAD_SHOWN:
            self.first_bad.append(BadLineFound(number, _shown(line, 60), _shown(why, 160)))

    def check(self) -> None:
        """Raise BadList if what was read cannot be used as a list."""
        read = self.found + len(self.exceptions) + self.skipped.total() + self.bad
        if not self.found:
            left_out = f"; {skipped_text(self.skipped)}" if self.skipped else ""
            raise BadList(f"there is no name in it{left_out}{self._bad_text()}")
        if self.bad > self.found or (self.bad >= BAD_LEAST and self.bad > BAD_SHARE * read):
            raise BadList(f"{self.bad} of {read} lines can't be read as a list ({self.format.value}){self._bad_text()}")

    def _bad_text(self) -> str:
        return "".join(f"\n  {each}" for each in self.first_bad)


def skipped_text(skipped: dict[SkipReason, int]) -> str:
    """Return what was left out, most first: "12 left out: rules that only a browser can follow; ..."."""
    ordered = sorted(skipped.items(), key=lambda item: (-item[1], item[0].value))
    return "; ".join(f"{count} left out: {reason.value}" for reason, count in ordered)


def _shown(text: str, length: int) -> str:
    line = "".join(sign if sign.isprintable() else "?" for sign in text.strip())
    return line if len(line) <= length else line[: length - 3] + "..."


_PAGE = re.compile(r"<(!doctype|html|head|body|\?xml|script|meta)", re.IGNORECASE)


def _refuse_pages(head: list[str]) -> None:
    first = next((line for line in head if line.strip()), "").lstrip("\ufeff \t")
    if _PAGE.match(first):
        raise BadList(f"this is a web page, not a list: open the address in a browser to see what it says\n  line 1 ({_shown(first, 60)})")
    if first.startswith(("\x1f\x8b", "\x1f\ufffd", "PK\x03\x04", "BZh", "\ufffd7zXZ", "7z")):
        raise BadList("this is a packed file (zip, gzip): give the address of the text itself")


def format_of(head: Iterable[str]) -> ListFormat:
    """Return the form that most of the first lines have."""
    votes: Counter[ListFormat] = Counter()
    for line in head:
        vote = _vote(line)
        if vote is not None:
            votes[vote] += 1
            if votes.total() >= SAMPLE_LINES:
                break
    return max(ListFormat, key=lambda each: votes[each]) if votes else ListFormat.DOMAINS


_ZONE_LINE = re.compile(
    r"\$(ttl|origin)\s|(\S+)?\s+([0-9]\w*\s+)?(in\s+)?((cname|soa|ns)\s+\S|(a|aaaa)\s+[0-9a-f]*[.:][0-9a-f.:]+\s*(;|\Z))",
    re.IGNORECASE,
)
_SHAPES: tuple[tuple[ListFormat | None, re.Pattern[str]], ...] = (
    (ListFormat.ADBLOCK, re.compile(r"\s*(\||@@|\[Adblock|##[.#a-z\[]|[^\s#]+(\^|#[@?$%]*#))", re.IGNORECASE)),
    (None, re.compile(r"\s*(#|!|;|//|\Z)")),
    (ListFormat.DNSMASQ, re.compile(r"\s*(address|server|local)\s*=\s*/")),
    (ListFormat.UNBOUND, re.compile(r"\s*local-(zone|data):")),
    (ListFormat.RPZ, _ZONE_LINE),
)
"""What a line looks like, asked in this order; None: a comment."""


def _vote(line: str) -> ListFormat | None:
    """Return the form that this line speaks for; None: a comment, or any of them."""
    for form, shape in _SHAPES:
        if shape.match(line):
            return form
    words = line.split()
    if len(words) > 1 and is_address(words[0].partition("%")[0]):
        return ListFormat.HOSTS
    return ListFormat.DOMAINS if len(words) == 1 or words[1].startswith("#") else None


def _reader_of(form: ListFormat) -> Callable[[str], list[str]]:
    readers: dict[ListFormat, Callable[[str], list[str]]] = {
        ListFormat.HOSTS: read_hosts_line,
        ListFormat.DOMAINS: read_domains_line,
        ListFormat.ADBLOCK: read_adblock_line,
        ListFormat.DNSMASQ: read_dnsmasq_line,
        ListFormat.UNBOUND: read_unbound_line,
    }
    return make_zone_reader() if form is ListFormat.RPZ else readers[form]
