"""Reads DNS messages: our own reader of header, question and OPT, and a bounded walk over an upstream's records.

Pure. Every function takes any bytes and either returns a value or raises `Silent` or `Faulty`; the work is bounded by the length of
what was read (a name takes at most 128 steps, a pointer must point backwards), so no datagram can stall the box. RFC 1035, 6891.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = struct.Struct("!6H")
QUESTION_TAIL = struct.Struct("!2H")
RECORD = struct.Struct("!HHIH")

QR, OPCODE, AA, TC, RD, RA, AD, CD = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
"""Bits of the header's second word (RFC 1035 section 4.1.1, RFC 4035)."""


class Rcode(IntEnum):
    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16
    """RFC 6891: its upper bits travel in the OPT record."""


class Qtype(IntEnum):
    """The types that Dinnerbell treats in a way of their own; every other number is as good."""

    A = 1
    CNAME = 5
    SOA = 6
    PTR = 12
    HINFO = 13
    AAAA = 28
    OPT = 41
    SVCB = 64
    HTTPS = 65
    IXFR = 251
    AXFR = 252
    ANY = 255


IN = 1
MAX_NAME = 255
MAX_HOPS = 32
"""Compression pointers followed for one name; a chain of 8,000 is legal by the letter and an attack by its length."""
MAX_TARGETS = 64
"""CNAME and SVCB targets read from one answer; more is an attack on our time."""


class Silent(Exception):  # noqa: N818 - what to do, not what went wrong
    """Not a query at all (too short, or a response): dropping it is the only safe answer. The argument names the cause."""


class Faulty(Exception):  # noqa: N818
    """A query that is answered with an error code and no more."""

    def __init__(self, rcode: Rcode) -> None:
        super().__init__(rcode.name)
        self.rcode = rcode


@dataclass(frozen=True, slots=True)
class Edns:
    """What the client's OPT says (RFC 6891)."""

    udp_size: int
    dnssec_ok: bool


@dataclass(frozen=True, slots=True)
class Query:
    id: int
    flags: int
    name: str
    """Lower case, without the final dot; bytes that are no host name's are written \\DDD."""
    question: bytes
    """As asked: name, type, class. Its case is kept in the answer."""
    qtype: int
    qclass: int
    edns: Edns | None

    @property
    def dnssec_ok(self) -> bool:
        return self.edns is not None and self.edns.dnssec_ok

    @property
    def checking_disabled(self) -> bool:
        return bool(self.flags & CD)


def read_query(data: bytes) -> Query:
    """Read a client's query. Raises Silent or Faulty."""
    if len(data) < HEADER.size:
        raise Silent("short")
    id_, flags, questions, answers, authorities, additionals = HEADER.unpack_from(data)
    if flags & QR:
        raise Silent("response")
    if flags & OPCODE:
        raise Faulty(Rcode.NOTIMP)
    if questions != 1 or answers or authorities or additionals > _MAX_ADDITIONALS:
        raise Faulty(Rcode.FORMERR)
    name, end = _read_plain_name(data, HEADER.size)
    if end + QUESTION_TAIL.size > len(data):
        raise Faulty(Rcode.FORMERR)
    qtype, qclass = QUESTION_TAIL.unpack_from(data, end)
    end += QUESTION_TAIL.size
    edns = _read_edns(data, end, additionals) if additionals else None
    if qtype in (0, Qtype.OPT):
        raise Faulty(Rcode.FORMERR)
    return Query(id_, flags, name, data[HEADER.size : end], qtype, qclass, edns)


_MAX_ADDITIONALS = 4
_PLAIN = re.compile(rb"[a-z0-9_-]*\Z")


def _read_plain_name(data: bytes, at: int) -> tuple[str, int]:
    """Read an uncompressed name; returns (text, offset behind it). In a question a pointer has nothing to point to."""
    labels: list[str] = []
    start = at
    while True:
        if at >= len(data) or at - start >= MAX_NAME:
            raise Faulty(Rcode.FORMERR)
        length = data[at]
        at += 1
        if not length:
            return ".".join(labels), at
        if length > 63 or at + length > len(data):
            raise Faulty(Rcode.FORMERR)
        labels.append(_label_text(data[at : at + length]))
        at += length


def _label_text(label: bytes) -> str:
    lower = label.lower()
    if _PLAIN.match(lower):
        return lower.decode("ascii")
    return "".join(chr(byte) if 0x21 <= byte <= 0x7E and byte not in b".\\" else f"\\{byte:03d}" for byte in lower)


def _read_edns(data: bytes, at: int, additionals: int) -> Edns | None:
    edns = None
    for _ in range(additionals):
        start = at
        at = name_end(data, at)
        if at + RECORD.size > len(data):
            raise Faulty(Rcode.FORMERR)
        rtype, rclass, ttl, length = RECORD.unpack_from(data, at)
        at += RECORD.size + length
        if at > len(data):
            raise Faulty(Rcode.FORMERR)
        if rtype == Qtype.OPT:
            if edns is not None or data[start]:  # RFC 6891 section 6.1.1: one OPT, owned by the root
                raise Faulty(Rcode.FORMERR)
            if ttl >> 16 & 0xFF:
                raise Faulty(Rcode.BADVERS)
            edns = Edns(max(rclass, 512), bool(ttl & 0x8000))
    return edns


def name_end(data: bytes, at: int) -> int:
    """Return the offset behind the name at `at`, compressed or not."""
    start = at
    while at < len(data) and at - start < MAX_NAME:
        length = data[at]
        if not length:
            return at + 1
        if length >= 0xC0:
            return at + 2
        if length > 63:
            break
        at += 1 + length
    raise Faulty(Rcode.FORMERR)


def readable(data: bytes) -> tuple[bytes, bool]:
    """Return what can be read of a faulty query: (its one question, or nothing; whether it has an OPT). Raises nothing."""
    question, at = b"", HEADER.size
    questions = HEADER.unpack_from(data)[2]
    try:
        if questions == 1:
            at = _read_plain_name(data, at)[1] + QUESTION_TAIL.size
            if at > len(data):
                return b"", False
            question = data[HEADER.size : at]
        return question, questions < 2 and any(record.rtype == Qtype.OPT for record in records(data, at))
    except Faulty:
        return question, False


def question_end(data: bytes) -> int:
    """Return the offset behind a message's one question. Raises Faulty."""
    end = name_end(data, HEADER.size) + QUESTION_TAIL.size
    if end > len(data):
        raise Faulty(Rcode.FORMERR)
    return end


def read_name(data: bytes, at: int) -> str:
    """Read a name that may be compressed. Pointers must point backwards, so there are no loops. Raises Faulty."""
    labels: list[str] = []
    size, limit, hops = 0, at, 0
    while True:
        if at >= len(data):
            raise Faulty(Rcode.FORMERR)
        length = data[at]
        if length >= 0xC0:
            hops += 1
            if at + 1 >= len(data) or hops > MAX_HOPS or (target := (length & 0x3F) << 8 | data[at + 1]) >= limit:
                raise Faulty(Rcode.FORMERR)
            at = limit = target
            continue
        if length > 63 or at + 1 + length > len(data):
            raise Faulty(Rcode.FORMERR)
        size += 1 + length
        if size > MAX_NAME:
            raise Faulty(Rcode.FORMERR)
        if not length:
            return ".".join(labels)
        labels.append(_label_text(data[at + 1 : at + 1 + length]))
        at += 1 + length


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record of a message, by its offsets."""

    section: int
    """1 answer, 2 authority, 3 additional."""
    start: int
    rtype: int
    ttl: int
    ttl_at: int
    rdata_at: int
    end: int


def records(data: bytes, at: int) -> Iterator[Record]:
    """Yield the records behind the question, which ends at `at`. Raises Faulty where they run past the end."""
    counts = HEADER.unpack_from(data)[3:]
    for section, count in enumerate(counts, start=1):
        for _ in range(count):
            start = at
            at = name_end(data, at)
            if at + RECORD.size > len(data):
                raise Faulty(Rcode.FORMERR)
            rtype, _, ttl, length = RECORD.unpack_from(data, at)
            rdata_at = at + RECORD.size
            if rdata_at + length > len(data):
                raise Faulty(Rcode.FORMERR)
            if ttl & 0x80000000 and rtype != Qtype.OPT:
                ttl = 0  # RFC 2181 section 8
            yield Record(section, start, rtype, ttl, at + 4, rdata_at, rdata_at + length)
            at = rdata_at + length


def name_wire(name: str) -> bytes:
    """Return a normalised host name as uncompressed bytes (without escapes: a catalogue's or a rule's name)."""
    return b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split(".") if label) + b"\0"
