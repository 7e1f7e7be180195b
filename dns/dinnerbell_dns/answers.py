"""Builds Dinnerbell's own answers: refusals that say why, safe-search redirections, errors. Pure; bytes in, bytes out."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from dinnerbell_dns.wire import AA, AD, CD, HEADER, IN, OPCODE, QR, RA, RD, RECORD, TC, Qtype, Query, Rcode, name_wire, readable

UDP_SIZE = 1232
"""What we announce and the most we send over UDP: it crosses every path unfragmented (DNS flag day 2020)."""
PLAIN_UDP_SIZE = 512
"""Without EDNS (RFC 1035)."""
TCP_SIZE = 65535

REFUSAL_TTL = 60
"""Seconds that a refusal may be kept by the device: short, so that a change of rules is felt."""
OWN_TTL = 60
"""Seconds for what the box says of its own names: they change with rules.yaml, too."""

EDE_OPTION = 15
EDE_BLOCKED = 15
EDE_NO_REACHABLE_AUTHORITY = 22
EDE_STALE = 3
"""RFC 8914 section 4."""

_ASKED_NAME = b"\xc0\x0c"
"""A pointer to the question's name."""
_SOA_TAIL = struct.Struct("!5I")
_MNAME = name_wire("dinnerbell.invalid")  # RFC 6761: a name that can never be asked for
_RNAME = name_wire("hostmaster.dinnerbell.invalid")
_TTL = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Ede:
    """An extended error (RFC 8914): a code, and a sentence that a person understands."""

    code: int
    text: str = ""


def size_limit(query: Query, *, tcp: bool) -> int:
    if tcp:
        return TCP_SIZE
    return min(query.edns.udp_size, UDP_SIZE) if query.edns else PLAIN_UDP_SIZE


def reply(  # noqa: PLR0913 - a message's parts
    query: Query, rcode: int, counts: tuple[int, int, int], tail: bytes, *, limit: int, ede: Ede | None = None, flags: int = 0
) -> bytes:
    """Return a whole answer: header, the question as asked, `tail` (with `counts` of its records), and OPT if the query had one.

    What does not fit in `limit` bytes is sent truncated (TC), with no records.
    """
    opt = _opt(query, rcode, ede)
    word = QR | RA | (query.flags & (RD | CD)) | flags | (rcode & 0xF)
    size = HEADER.size + len(query.question) + len(tail)
    if size + len(opt) > limit and ede:
        opt = _opt(query, rcode, None)  # the reason goes before the answer does
    if size + len(opt) > limit:
        word, counts, tail = (word | TC) & ~AD, (0, 0, 0), b""
    answers, authorities, additionals = counts
    header = HEADER.pack(query.id, word, 1, answers, authorities, additionals + bool(opt))
    return header + query.question + tail + opt


def _opt(query: Query, rcode: int, ede: Ede | None) -> bytes:
    if query.edns is None:
        return b""
    rdata = b""
    if ede is not None:
        text = ede.text.encode()
        rdata = struct.pack("!3H", EDE_OPTION, 2 + len(text), ede.code) + text
    ttl = (rcode >> 4) << 24 | (0x8000 if query.edns.dnssec_ok else 0)
    return b"\0" + RECORD.pack(Qtype.OPT, UDP_SIZE, ttl, len(rdata)) + rdata


def soa(owner: bytes, ttl: int) -> bytes:
    """Return an SOA record that lets a resolver keep "there is nothing" for `ttl` seconds (RFC 2308)."""
    rdata = _MNAME + _RNAME + _SOA_TAIL.pack(1, 1800, 900, 604800, ttl)
    return owner + RECORD.pack(Qtype.SOA, IN, ttl, len(rdata)) + rdata


def owner_pointer(query: Query, owner: str) -> bytes:
    """Return a pointer into the question to `owner` where it is the asked name or a parent of it, else to the asked name."""
    asked = query.name.split(".")
    labels = owner.split(".") if owner else []
    if not labels or asked[-len(labels) :] != labels:
        return _ASKED_NAME
    at = 0
    for _ in range(len(asked) - len(labels)):
        at += 1 + query.question[at]
    return struct.pack("!H", 0xC000 | HEADER.size + at)


def refusal(query: Query, owner: str, ttl: int, text: str, *, limit: int) -> bytes:
    """Return NXDOMAIN for every type (RFC 8020) with an SOA owned by `owner`, and why (EDE 15)."""
    return reply(query, Rcode.NXDOMAIN, (0, 1, 0), soa(owner_pointer(query, owner), ttl), limit=limit, ede=Ede(EDE_BLOCKED, text))


def no_data(query: Query, owner: str, ttl: int, *, limit: int, flags: int = 0) -> bytes:
    """Return "the name exists, this type does not" (RFC 2308)."""
    return reply(query, Rcode.NOERROR, (0, 1, 0), soa(owner_pointer(query, owner), ttl), limit=limit, flags=flags)


def no_such_name(query: Query, zone: str, ttl: int, *, limit: int) -> bytes:
    """Return NXDOMAIN with the authority of the box itself: `zone` is one of its own (RFC 6303)."""
    return reply(query, Rcode.NXDOMAIN, (0, 1, 0), soa(owner_pointer(query, zone), ttl), limit=limit, flags=AA)


def own_records(query: Query, values: Sequence[bytes], ttl: int, *, limit: int) -> bytes:
    """Return records of the asked name and type that the box itself is the authority for."""
    tail = b"".join(_record(_ASKED_NAME, query.qtype, ttl, rdata) for rdata in values)
    return reply(query, Rcode.NOERROR, (len(values), 0, 0), tail, limit=limit, flags=AA)


def own_zone(query: Query, ttl: int, *, limit: int) -> bytes:
    """Return the SOA of a zone of the box's own, to who asks for it."""
    return reply(query, Rcode.NOERROR, (1, 0, 0), soa(_ASKED_NAME, ttl), limit=limit, flags=AA)


def any_hinfo(query: Query, ttl: int, *, limit: int) -> bytes:
    """Return RFC 8482's answer to ANY."""
    rdata = b"\x07RFC8482\x00"
    return reply(query, Rcode.NOERROR, (1, 0, 0), _record(_ASKED_NAME, Qtype.HINFO, ttl, rdata), limit=limit)


def redirection(query: Query, target: str, ttl: int, addresses: Sequence[tuple[int, bytes]], *, limit: int) -> bytes:
    """Return a CNAME to the safe host with its addresses, (ttl, packed) each.

    With none (HTTPS, SVCB, or a family it lacks) the answer is NODATA at the safe host: no address hint can side-step it.
    """
    target_wire = name_wire(target)
    head = _record(_ASKED_NAME, Qtype.CNAME, ttl, target_wire)
    target_at = HEADER.size + len(query.question) + len(head) - len(target_wire)
    pointer = struct.pack("!H", 0xC000 | target_at)
    if not addresses:
        return reply(query, Rcode.NOERROR, (1, 1, 0), head + soa(pointer, ttl), limit=limit)
    tail = head + b"".join(_record(pointer, query.qtype, min(ttl, left), packed) for left, packed in addresses)
    return reply(query, Rcode.NOERROR, (1 + len(addresses), 0, 0), tail, limit=limit)


def direct_address(query: Query, packed: bytes, ttl: int, *, limit: int) -> bytes:
    """Return one address of the vendor's in place of the name's own."""
    return reply(query, Rcode.NOERROR, (1, 0, 0), _record(_ASKED_NAME, query.qtype, ttl, packed), limit=limit)


def _record(owner: bytes, rtype: int, ttl: int, rdata: bytes) -> bytes:
    return owner + RECORD.pack(rtype, IN, ttl, len(rdata)) + rdata


def failure(query: Query, rcode: int, *, limit: int, ede: Ede | None = None) -> bytes:
    return reply(query, rcode, (0, 0, 0), b"", limit=limit, ede=ede)


def fault_reply(data: bytes, rcode: int) -> bytes:
    """Return an error for a query that could not be read as a whole, with as much of it as could: at least a header stands in `data`.

    Its id, opcode, RD and CD; its question, if there is one; an OPT, if it has one (RFC 6891 section 6.1.1).
    """
    id_, flags, *_ = HEADER.unpack_from(data)
    question, has_opt = readable(data)
    has_opt = has_opt or rcode > 0xF  # its upper bits have no other place
    word = QR | RA | (flags & (OPCODE | RD | CD)) | (rcode & 0xF)
    opt = b"\0" + RECORD.pack(Qtype.OPT, UDP_SIZE, (rcode >> 4) << 24, 0) if has_opt else b""
    return HEADER.pack(id_, word, bool(question), 0, 0, has_opt) + question + opt
