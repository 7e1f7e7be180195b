"""Upstream answers kept by (name, type, DO, CD), with TTLs that age; bounded. Pure: time is an argument (monotonic seconds)."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice

from dinnerbell.config import Endpoint
from dinnerbell_dns.answers import Ede, reply
from dinnerbell_dns.wire import AD, HEADER, MAX_TARGETS, Faulty, Qtype, Query, Rcode, Record, name_end, question_end, read_name, records

Key = tuple[str, int, bool, bool]
"""(qname, qtype, DO, CD)."""

MAX_TTL = 86_400
MAX_NEGATIVE_TTL = 3600
"""RFC 2308 section 5 allows up to three hours; one is enough."""
STALE_SECONDS = 86_400
"""How long an answer that has run out may stand in for a dead upstream (RFC 8767 section 5)."""
STALE_TTL = 30
_SAMPLE = 200
_ANSWER_BYTES = 1000
"""What an answer takes beside its records' bytes: measured on answers of one to four addresses."""
POPULAR = 3
"""Queries in an answer's life that make it worth fetching anew before it ends."""
REFRESH_LIFETIME = 10
"""Seconds: what lives shorter than that is not fetched ahead."""
MAX_POPULAR = 2_000
MAX_TARGET_WORK = 1 << 14
"""Labels squared, of all targets together: a target is judged by each run of its labels. One name of 127 labels is just allowed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An upstream's answer without header, question and OPT; TTLs are patched in when it is sent."""

    rcode: int
    authentic: bool
    counts: tuple[int, int, int]
    tail: bytes
    ttls: tuple[tuple[int, int], ...]
    """(offset in tail, seconds) of every record."""
    targets: tuple[str, ...]
    """CNAME targets, and those of SVCB and HTTPS records: names that the answer leads to."""
    addresses: tuple[tuple[int, bytes], ...]
    """(seconds, packed) of its A or AAAA records."""
    reached: tuple[bytes, ...]
    """Packed addresses in any of its records, hints of SVCB and HTTPS included: where it could lead a device."""
    lifetime: int
    """Seconds it may be kept; 0: not at all."""

    def render(self, query: Query, age: int, cap: int | None, *, limit: int, stale: bool = False) -> bytes:
        """Return the answer to `query`, `age` whole seconds old, no TTL above `cap`."""
        tail = bytearray(self.tail)
        for at, ttl in self.ttls:
            left = max(ttl - age, STALE_TTL if stale else 0)
            tail[at : at + 4] = (left if cap is None or left < cap else cap).to_bytes(4, "big")
        wants_ad = query.dnssec_ok or query.flags & AD  # RFC 6840 section 5.7
        flags = AD if self.authentic and wants_ad else 0
        return reply(query, self.rcode, self.counts, bytes(tail), limit=limit, flags=flags, ede=Ede(3) if stale else None)


def read_answer(data: bytes) -> Answer:
    """Read an upstream's message, already matched on id and question. Raises Faulty if its records are broken."""
    body = question_end(data)
    flags, an, ns, ar = (HEADER.unpack_from(data)[at] for at in (1, 3, 4, 5))
    rcode = flags & 0xF
    ttls: list[tuple[int, int]] = []
    targets: list[str] = []
    addresses: list[tuple[int, bytes]] = []
    reached: list[bytes] = []
    negative: int | None = None
    end, additionals, work = body, ar, 0
    opt_at: int | None = None
    for record in records(data, body):
        if record.rtype == Qtype.OPT:
            if record.section != 3 or opt_at is not None:  # RFC 6891 section 6.1.1: one, and only there
                raise Faulty(Rcode.SERVFAIL)
            opt_at = record.start
            rcode |= record.ttl >> 24 << 4  # the upper bits (RFC 6891 section 6.1.3)
            additionals -= 1
            continue
        if opt_at is not None:  # records behind an OPT would have to move: the rest of the additional section is optional
            additionals -= 1
            continue
        end = record.end
        ttls.append((record.ttl_at - body, record.ttl))
        reached += _reached(data, record)
        if record.section == 1:
            for target in _targets(data, record):
                targets.append(target)
                work += (target.count(".") + 1) ** 2
                if len(targets) > MAX_TARGETS or work > MAX_TARGET_WORK:
                    raise Faulty(Rcode.SERVFAIL)
            if record.rtype in (Qtype.A, Qtype.AAAA):
                addresses.append((record.ttl, data[record.rdata_at : record.end]))
        elif record.section == 2 and record.rtype == Qtype.SOA and record.end - record.rdata_at >= 22:
            minimum = int.from_bytes(data[record.end - 4 : record.end], "big")
            negative = min(record.ttl, minimum, MAX_NEGATIVE_TTL)
            ttls[-1] = (record.ttl_at - body, negative)  # RFC 2308 section 5: what is left of it is what the SOA's TTL says
    is_kept = rcode in (Rcode.NOERROR, Rcode.NXDOMAIN) and (negative is not None or (an > 0 and rcode == Rcode.NOERROR))
    lifetime = min([ttl for _, ttl in ttls] + [MAX_TTL if negative is None else negative]) if is_kept else 0
    return Answer(
        rcode, bool(flags & AD), (an, ns, additionals), data[body:end], tuple(ttls),
        tuple(dict.fromkeys(targets)), tuple(addresses), tuple(reached), lifetime,
    )  # fmt: skip


def _reached(data: bytes, record: Record) -> list[bytes]:
    if record.rtype in (Qtype.A, Qtype.AAAA):
        return [data[record.rdata_at : record.end]]
    if record.rtype not in (Qtype.SVCB, Qtype.HTTPS) or record.end - record.rdata_at < 3:
        return []
    found: list[bytes] = []
    at = name_end(data, record.rdata_at + 2)
    while at + 4 <= record.end:  # RFC 9460 section 2.2: key, length, value
        key, length = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        at += 4 + length
        if at > record.end:
            raise Faulty(Rcode.SERVFAIL)
        if (size := _HINTS.get(key)) is not None:
            found += [data[start : start + size] for start in range(at - length, at, size)]
    return found


_HINTS = {4: 4, 6: 16}
"""RFC 9460 section 7.3: the keys ipv4hint and ipv6hint, and the bytes of one address."""


def _targets(data: bytes, record: Record) -> list[str]:
    if record.rtype == Qtype.CNAME:
        return [read_name(data, record.rdata_at)]
    if record.rtype in (Qtype.SVCB, Qtype.HTTPS) and record.end - record.rdata_at > 2:
        target = read_name(data, record.rdata_at + 2)  # behind the priority (RFC 9460 section 2.2)
        return [target] if target else []
    return []


@dataclass(slots=True, eq=False)
class _Kept:
    answer: Answer
    stored: float
    server: Endpoint | None
    """Who said it, if it was not the upstreams."""
    hits: int = 0

    @property
    def ends_at(self) -> float:
        return self.stored + self.answer.lifetime


class AnswerCache:
    """The most recently used answers, at most `size`. An answer that has run out stays for `STALE_SECONDS`.

    Devices keep an answer as long as the box does, so all of them come back for a popular one in the moment it has run out here too. That
    is why popularity is counted over an answer's whole life (`was_asked`), and `ending` is asked from time to time, not by a query.
    """

    def __init__(self, size: int = 20_000) -> None:
        self.bound = size
        self._answers: OrderedDict[Key, _Kept] = OrderedDict()
        self._popular: list[tuple[float, Key]] = []
        """A heap of (when it ends, key)."""

    def put(self, key: Key, answer: Answer, now: float, server: Endpoint | None = None) -> None:
        if not answer.lifetime:
            return
        self._answers[key] = _Kept(answer, now, server)
        self._answers.move_to_end(key)
        if len(self._answers) > self.bound:
            self._answers.popitem(last=False)

    def get(self, key: Key, now: float) -> tuple[Answer, float] | None:
        """Return (answer, its age in seconds), or None. Older than its lifetime means stale: for a dead upstream only."""
        kept = self._answers.get(key)
        if kept is None:
            return None
        age = max(0.0, now - kept.stored)
        if age >= kept.answer.lifetime + STALE_SECONDS:
            del self._answers[key]
            return None
        self._answers.move_to_end(key)
        return kept.answer, age

    def was_asked(self, key: Key, count: int) -> None:
        """Count that the answer kept under `key` was given to `count` queries."""
        kept = self._answers.get(key)
        if kept is None:
            return
        was_popular, kept.hits = kept.hits >= POPULAR, kept.hits + count
        if kept.hits >= POPULAR and not was_popular and kept.answer.lifetime >= REFRESH_LIFETIME and len(self._popular) < MAX_POPULAR:
            heappush(self._popular, (kept.ends_at, key))

    def ending(self, until: float) -> Iterator[tuple[Key, Endpoint | None]]:
        """Yield the popular answers that end before `until` (monotonic seconds), each once, and who gave them."""
        while self._popular and self._popular[0][0] < until:
            ends_at, key = heappop(self._popular)
            kept = self._answers.get(key)
            if kept is not None and kept.ends_at == ends_at:  # else it has been replaced or pushed out since
                yield key, kept.server

    def clear(self) -> None:
        self._answers.clear()
        self._popular.clear()

    def estimated_bytes(self) -> int:
        """Return about how much memory the answers take, from those that were kept first."""
        sample = [len(kept.answer.tail) for kept in islice(self._answers.values(), _SAMPLE)]
        return len(self._answers) * (_ANSWER_BYTES + sum(sample) // len(sample)) if sample else 0

    def __len__(self) -> int:
        return len(self._answers)
