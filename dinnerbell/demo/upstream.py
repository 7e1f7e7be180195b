"""A small real DNS server on loopback for the demo, the tests and the bench (shell): it answers any name, always the same.

It is no resolver and asks nobody. What it says is made from the name alone, in address ranges that belong to no one:

    A       198.18.0.0/15 (RFC 2544, benchmarks)     HTTPS and every other type   NODATA with SOA (RFC 2308)
    AAAA    2001:db8::/32 (RFC 3849, examples)       CNAME                        as `aliases` says, followed to its end

Names with a will of their own, each with what lies under it: `nx.example` and `invalid` do not exist (NXDOMAIN), `tc.example`
comes only over TCP (truncated over UDP), `silent.example` is never answered. What is not a question is dropped and counted.

How it is fast: dnslib builds the answer of a name and type once; what stands behind the question is kept as bytes. The question
itself is echoed as it was asked, so that upper and lower case (0x20), DNSSEC bits and cookies all find the same bytes.
"""

import asyncio
import contextlib
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address

import dnslib

from dinnerbell.config import Endpoint
from dinnerbell.names import is_under

TTL = 300
NO_SUCH_NAMES = ("nx.example", "invalid")
TCP_ONLY_NAMES = ("tc.example",)
SILENT_NAMES = ("silent.example",)

_HEADER = struct.Struct("!6H")
_QR, _OPCODE, _TC, _RD, _RA = 0x8000, 0x7800, 0x0200, 0x0100, 0x0080
_CLASS_IN = 1
_OPT = b"\x00" + struct.pack("!HHIH", dnslib.QTYPE.OPT, 1232, 0, 0)  # RFC 6891: root, OPT, payload size, no flags, no options
_UDP_LIMIT = 512
_A_BENCHMARK_RANGE = int(IPv4Address("198.18.0.0"))
_DOCUMENTATION_RANGE = int(IPv6Address("2001:db8::"))
_MAX_ALIASES = 8
_MAX_KEPT = 100_000
"""Answers kept: some 30 MB. The bench asks for a million names once; keeping each would say nothing about the server it measures."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What was asked: `end` is where the question section ends; `name` is lower-case and without the final dot."""

    name: str
    qtype: int
    end: int
    has_opt: bool


@dataclass(frozen=True, slots=True)
class _Tail:
    """An answer without its question: the bytes behind it, and what the header says of them."""

    rcode: int
    answers: int
    authorities: int
    data: bytes
    tcp_only: bool
    is_silent: bool


@dataclass(slots=True)
class LocalUpstream:
    """The server. `aliases` maps a name to the name its CNAME points to, both without the final dot."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    questions: int = 0
    """Well-formed questions received, answered or (silent.example) not."""
    dropped: int = 0
    """Datagrams and TCP messages that were no question."""
    asked: Counter[str] = field(default_factory=Counter)
    """How often each name was asked: what must never have been forwarded is not in here. Bounded by _MAX_KEPT names."""
    _tails: dict[tuple[str, int], _Tail] = field(default_factory=dict, init=False, repr=False)
    _udp: asyncio.DatagramTransport | None = field(default=None, init=False, repr=False)
    _tcp: asyncio.Server | None = field(default=None, init=False, repr=False)
    _conversations: set[asyncio.Task[None]] = field(default_factory=set, init=False, repr=False)

    async def start(self) -> Endpoint:
        """Listen on UDP and TCP, on one port that the system chooses. Raises OSError if there is none."""
        if self._udp is not None:
            raise RuntimeError("this upstream has been started already")
        loop = asyncio.get_running_loop()
        for chance in range(20):
            udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(self.address, 0))
            port: int = udp.get_extra_info("sockname")[1]
            try:
                self._tcp = await asyncio.start_server(self._converse, self.address, port)
            except OSError:  # somebody else has this port for TCP
                udp.close()
                if chance == 19:
                    raise
                continue
            self._udp = udp
            break
        return Endpoint(self.address, port)

    async def stop(self) -> None:
        """Stop listening and hang up on everybody. Does nothing if it is not running."""
        if self._udp is None or self._tcp is None:
            return
        self._udp.close()
        self._tcp.close()
        for conversation in tuple(self._conversations):
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._tcp.wait_closed()
        self._udp = self._tcp = None

    def reply(self, message: bytes, *, over_tcp: bool = False) -> bytes | None:
        """Return the answer to one DNS message, or None: it is no question, or one that is never answered."""
        question = _read_question(message)
        if question is None:
            self.dropped += 1
            return None
        self.questions += 1
        if question.name in self.asked or len(self.asked) < _MAX_KEPT:
            self.asked[question.name] += 1
        key = question.name, question.qtype
        tail = self._tails.get(key)
        if tail is None:
            tail = _build_tail(question.name, question.qtype, self.aliases)
            if len(self._tails) < _MAX_KEPT:
                self._tails[key] = tail
        return None if tail.is_silent else _join(message, question, tail, over_tcp=over_tcp)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer messages with a length before each (RFC 1035 section 4.2.2) until the other side ends or talks nonsense."""
        task = asyncio.current_task()
        if task is not None:
            self._conversations.add(task)
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                message = await reader.readexactly(length)
                answer = self.reply(message, over_tcp=True)
                if answer is None:
                    break
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # they hung up, perhaps in the middle of a message
        except asyncio.CancelledError:
            writer.transport.abort()  # stop(): nothing waits for the rest; asyncio would print a cancelled handler as an error
        finally:
            if task is not None:
                self._conversations.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, upstream: LocalUpstream) -> None:
        self._upstream = upstream
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # typeshed says BaseTransport
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._upstream.reply(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)

    def error_received(self, exc: Exception) -> None:
        """Ignore it: the asker is gone (ICMP port unreachable), which is the asker's affair."""


def _read_question(message: bytes) -> _Question | None:
    """Return the one question of a plain query (RFC 1035 section 4.1), or None for anything else."""
    if len(message) < _HEADER.size:
        return None
    _, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(message)
    if flags & (_QR | _OPCODE) or questions != 1 or answers or authorities:
        return None
    found = _read_name(message)
    if found is None or found[1] + 4 > len(message):
        return None
    name, at = found
    qtype, qclass = struct.unpack_from("!2H", message, at)
    if qclass != _CLASS_IN:
        return None
    end = at + 4
    has_opt = additionals > 0 and message[end : end + 3] == _OPT[:3]
    return _Question(name, qtype, end, has_opt)


def _read_name(message: bytes) -> tuple[str, int] | None:
    """Return the name behind the header, lower-case, and where it ends; None if it is not well-formed."""
    labels: list[str] = []
    at = _HEADER.size
    while at < len(message):
        length = message[at]
        at += 1
        if length == 0:
            return (".".join(labels), at) if at - _HEADER.size <= 255 else None
        if length > 63:  # a compression pointer, which a question has no use for, or worse
            return None
        label = message[at : at + length].lower()  # of bytes: ASCII letters only, as DNS has it (RFC 4343)
        if b"." in label:  # legal, but a name written as text could not be told from its split
            return None
        labels.append(label.decode("latin-1"))
        at += length  # past the end: the loop ends there
    return None


def _join(message: bytes, question: _Question, tail: _Tail, *, over_tcp: bool) -> bytes:
    flags = _QR | _RA | (struct.unpack_from("!H", message, 2)[0] & _RD) | tail.rcode
    answers, authorities, data = tail.answers, tail.authorities, tail.data
    opt = _OPT if question.has_opt else b""
    if not over_tcp and (tail.tcp_only or question.end + len(data) + len(opt) > _UDP_LIMIT):
        flags, answers, authorities, data = flags | _TC, 0, 0, b""
    header = message[:2] + struct.pack("!5H", flags, 1, answers, authorities, len(opt) and 1)
    return header + message[_HEADER.size : question.end] + data + opt


def _build_tail(name: str, qtype: int, aliases: Mapping[str, str]) -> _Tail:
    """Build the answer with dnslib and cut the question off; its compression pointers stay true, as the question's length does."""
    label = dnslib.DNSLabel([part.encode("latin-1") for part in name.split(".")] if name else [])
    record = dnslib.DNSRecord(dnslib.DNSHeader(qr=1), q=dnslib.DNSQuestion(label, qtype))
    chain = _chain(name, aliases)
    if qtype == dnslib.QTYPE.CNAME:
        chain = chain[:1]  # the alias itself was asked for, not what it leads to
    owner, at_end = label, name
    for at_end in chain:
        target = dnslib.DNSLabel(at_end)
        record.add_answer(dnslib.RR(owner, dnslib.QTYPE.CNAME, rdata=dnslib.CNAME(target), ttl=TTL))
        owner = target
    judged = name if qtype == dnslib.QTYPE.CNAME else at_end
    exists = not _is_under_any(judged, NO_SUCH_NAMES)
    if exists and qtype == dnslib.QTYPE.A:
        record.add_answer(dnslib.RR(owner, qtype, rdata=dnslib.A(str(address_of(at_end))), ttl=TTL))
    elif exists and qtype == dnslib.QTYPE.AAAA:
        record.add_answer(dnslib.RR(owner, qtype, rdata=dnslib.AAAA(str(address_v6_of(at_end))), ttl=TTL))
    elif qtype != dnslib.QTYPE.CNAME or not chain:
        record.add_auth(dnslib.RR(_zone_of(owner), dnslib.QTYPE.SOA, rdata=_soa(), ttl=TTL))
    packed: bytes = record.pack()
    question_length = len(name) + (2 if name else 1) + 4
    rcode = dnslib.RCODE.NOERROR if exists else dnslib.RCODE.NXDOMAIN
    data = packed[_HEADER.size + question_length :]
    return _Tail(rcode, len(record.rr), len(record.auth), data, _is_under_any(name, TCP_ONLY_NAMES), _is_under_any(name, SILENT_NAMES))


def _is_under_any(name: str, parents: tuple[str, ...]) -> bool:
    return any(is_under(name, parent) for parent in parents)


def _chain(name: str, aliases: Mapping[str, str]) -> list[str]:
    """Return the names that CNAMEs lead to from `name`, in order; a loop goes round until _MAX_ALIASES."""
    chain: list[str] = []
    while name in aliases and len(chain) < _MAX_ALIASES:
        name = aliases[name]
        chain.append(name)
    return chain


def _zone_of(owner: dnslib.DNSLabel) -> dnslib.DNSLabel:
    """Return the last two labels: near enough to a zone for names that belong to nobody."""
    return dnslib.DNSLabel(owner.label[-2:])


def _soa() -> dnslib.SOA:
    return dnslib.SOA("ns.upstream.example", "hostmaster.upstream.example", (1, 3600, 600, 86400, TTL))


def address_of(name: str) -> IPv4Address:
    """Return the A address that the upstream gives to `name` (lower-case, without the final dot)."""
    return IPv4Address(_A_BENCHMARK_RANGE + int.from_bytes(_digest(name)[:3], "big") % 2**17)


def address_v6_of(name: str) -> IPv6Address:
    """Return the AAAA address that the upstream gives to `name`."""
    return IPv6Address(_DOCUMENTATION_RANGE + int.from_bytes(_digest(name)[:12], "big"))


def _digest(name: str) -> bytes:
    return blake2b(name.encode("latin-1", "replace"), digest_size=12).digest()
