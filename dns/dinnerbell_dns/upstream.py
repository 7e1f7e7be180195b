"""Asks the resolvers upstream: UDP, TCP where an answer was truncated, a second one where the first is slow or silent (shell).

Stubs give up after a few seconds, so the whole question has 1.8 s:

    0 s ── first upstream ─────────────────────────────────────────►│
        0.4 s ── the next one beside it (or the same once more) ────►│  the first good answer wins
               0.8 s ── ... ── 1.2 s ── ... ────────────────────────►│ 1.8 s: none, SERVFAIL
"""

import asyncio
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from dinnerbell.config import Endpoint
from dinnerbell_dns.answers import UDP_SIZE
from dinnerbell_dns.wire import CD, HEADER, QR, QUESTION_TAIL, RD, RECORD, TC, Faulty, Qtype, Rcode, question_end

DEADLINE = 1.8
"""Seconds for one question, all attempts together."""
HEDGE = 0.4
"""Seconds without an answer after which the next upstream is asked beside the first."""
MAX_ATTEMPTS = 4
MAX_IN_FLIGHT = 200
"""Questions under way at once; with a dead upstream each holds MAX_ATTEMPTS sockets, and a box has 1,024 of them."""


@dataclass(slots=True)
class UpstreamCounts:
    """What went out and what became of it."""

    asked: int = 0
    failed: int = 0
    mismatched: int = 0
    """Datagrams on a question's socket that did not answer it: forged, late or broken."""
    over_tcp: int = 0
    overload: int = 0


@dataclass(slots=True)
class Forwarder:
    """Plain upstreams, the one that answered last first."""

    upstreams: Sequence[Endpoint]
    counts: UpstreamCounts = field(default_factory=UpstreamCounts)
    _in_flight: int = 0
    _first: int = 0

    async def ask(self, question: bytes, *, dnssec_ok: bool, checking_disabled: bool) -> bytes | None:
        """Return an upstream's message for `question` (name, type, class), or None: nobody gave one in time.

        An error (SERVFAIL, REFUSED) is returned only if no upstream had anything better.
        """
        if self._in_flight >= MAX_IN_FLIGHT or not self.upstreams:
            self.counts.overload += 1
            return None
        self._in_flight += 1
        self.counts.asked += 1
        try:
            found = await self._race(question, dnssec_ok=dnssec_ok, checking_disabled=checking_disabled)
        finally:
            self._in_flight -= 1
        if found is None:
            self.counts.failed += 1
        return found

    async def _race(self, question: bytes, *, dnssec_ok: bool, checking_disabled: bool) -> bytes | None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + DEADLINE
        tasks: dict[asyncio.Task[bytes | None], int] = {}
        worst: bytes | None = None
        attempts = 0
        try:
            while (left := ends_at - loop.time()) > 0:
                if attempts < MAX_ATTEMPTS:
                    index = (self._first + attempts) % len(self.upstreams)
                    message = _query_message(question, dnssec_ok=dnssec_ok, checking_disabled=checking_disabled)
                    tasks[loop.create_task(self._exchange(self.upstreams[index], message, left))] = index
                    attempts += 1
                elif not tasks:
                    return worst
                patience = min(HEDGE, left) if attempts < MAX_ATTEMPTS else left
                done, _ = await asyncio.wait(tasks, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    index = tasks.pop(task)
                    answer = task.result()
                    if answer is not None and _rcode(answer) in (Rcode.NOERROR, Rcode.NXDOMAIN):
                        self._first = index
                        return answer
                    worst = answer or worst
            return worst
        finally:
            for task in tasks:
                task.cancel()

    async def _exchange(self, upstream: Endpoint, message: bytes, timeout: float) -> bytes | None:  # noqa: ASYNC109 - one deadline for UDP and TCP
        try:
            async with asyncio.timeout(timeout):
                answer = await self._over_udp(upstream, message)
                if HEADER.unpack_from(answer)[1] & TC:
                    self.counts.over_tcp += 1
                    answer = await self._over_tcp(upstream, message)
                return answer
        except (OSError, EOFError, TimeoutError):
            return None

    async def _over_udp(self, upstream: Endpoint, message: bytes) -> bytes:
        """One question on a socket of its own: the kernel gives it a random port, and connect() refuses other senders."""
        loop = asyncio.get_running_loop()
        with socket.socket(_family(upstream), socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as udp:
            udp.connect((upstream.address, upstream.port))
            udp.send(message)
            while True:
                answer = await loop.sock_recv(udp, 65535)
                if _answers(answer, message):
                    return answer
                self.counts.mismatched += 1

    async def _over_tcp(self, upstream: Endpoint, message: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(upstream.address, upstream.port)
        try:
            writer.write(len(message).to_bytes(2, "big") + message)
            while True:
                answer = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                if _answers(answer, message):
                    return answer
                self.counts.mismatched += 1
        finally:
            writer.close()


def _family(endpoint: Endpoint) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET


def _query_message(question: bytes, *, dnssec_ok: bool, checking_disabled: bool) -> bytes:
    flags = RD | (CD if checking_disabled else 0)
    opt = b"\0" + RECORD.pack(Qtype.OPT, UDP_SIZE, 0x8000 if dnssec_ok else 0, 0)
    return HEADER.pack(secrets.randbits(16), flags, 1, 0, 0, 1) + question + opt


def _answers(answer: bytes, message: bytes) -> bool:
    """Tell whether `answer` is a response with our id and our very question (the case of its letters apart)."""
    if len(answer) < HEADER.size or answer[:2] != message[:2]:
        return False
    _, flags, questions, *_ = HEADER.unpack_from(answer)
    if not flags & QR or questions != 1:
        return False
    try:
        end = question_end(message)
        name_end = end - QUESTION_TAIL.size  # a type is a number: 0x41 is HTTPS and 0x61 is not
        is_name = answer[HEADER.size : name_end].lower() == message[HEADER.size : name_end].lower()
        return is_name and answer[name_end:end] == message[name_end:end]
    except Faulty:
        return False


def _rcode(answer: bytes) -> int:
    return int(HEADER.unpack_from(answer)[1] & 0xF)
