"""Asks one upstream over UDP, and over TCP where the answer is truncated (shell).

Every question has a socket of its own: the kernel gives it a random port, and connect() refuses other senders. Its id is random, and
so is the case of its letters (0x20): whoever forges an answer without seeing the question has to guess all three.

A server that answers in another case has not kept it, or was not the one that answered. Either way that answer is thrown away and the
question asked once more from a new port, with its letters as they came; whoever forged the first would have to guess again. A server
that loses the case three times, and never kept it in between, is no longer asked in random case.
"""

import asyncio
import secrets
import socket
from dataclasses import dataclass, field

from dinnerbell.config import Endpoint
from dinnerbell_dns.health import Counts, Trouble, UpstreamFailed
from dinnerbell_dns.transports.messages import CASE_BITS, Asked, is_answer, keeps_case, random_case
from dinnerbell_dns.wire import HEADER, TC

CASE_CHANCES = 3
_MAX_DATAGRAM = 65535


@dataclass(eq=False)
class PlainTransport:
    """One resolver that is asked in the clear."""

    endpoint: Endpoint
    counts: Counts
    keeps_case: bool = True
    _case_lost: int = 0
    """In a row."""
    _under_way: set["_Exchange"] = field(default_factory=set)
    _over_tcp: set[asyncio.Task[None]] = field(default_factory=set)

    def ask(self, asked: Asked) -> "asyncio.Future[bytes]":
        """Return the answer to come. It fails with UpstreamFailed; cancelled, it gives its socket back."""
        exchange = _Exchange(self, asked)
        self._under_way.add(exchange)
        exchange.send_datagram(random_case=self.keeps_case)
        return exchange.answer

    def ended(self, exchange: "_Exchange") -> None:
        self._under_way.discard(exchange)

    def close(self) -> None:
        for exchange in list(self._under_way):
            exchange.hang_up()
            exchange.answer.cancel()

    def case_was_kept(self) -> None:
        self._case_lost = 0

    def case_was_lost(self) -> None:
        self.counts.case_lost += 1
        self._case_lost += 1
        if self._case_lost >= CASE_CHANCES:
            self.keeps_case = False

    def ask_over_tcp(self, exchange: "_Exchange") -> None:
        self.counts.over_tcp += 1
        task = asyncio.get_running_loop().create_task(exchange.over_tcp())
        self._over_tcp.add(task)
        task.add_done_callback(self._over_tcp.discard)
        exchange.answer.add_done_callback(lambda _: task.cancel())


class _Exchange:
    """One question on its way: its socket while it has one, and the answer to come."""

    __slots__ = ("_asked", "_loop", "_message", "_random_case", "_transport", "_udp", "answer")

    def __init__(self, transport: PlainTransport, asked: Asked) -> None:
        self._transport = transport
        self._asked = asked
        self._loop = asyncio.get_running_loop()
        self._udp: socket.socket | None = None
        self.answer: asyncio.Future[bytes] = self._loop.create_future()
        self.answer.add_done_callback(self._end)

    def send_datagram(self, *, random_case: bool) -> None:
        self._message = self._make_message(random_case=random_case)
        endpoint = self._transport.endpoint
        family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
        try:
            udp = self._udp = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            udp.connect((endpoint.address, endpoint.port))
            udp.send(self._message)
        except OSError as error:
            self._fail(error)
            return
        self._loop.add_reader(udp.fileno(), self._readable)  # by its number: selectors print a socket, with two system calls

    def _make_message(self, *, random_case: bool) -> bytes:
        self._random_case = random_case
        asked = self._asked
        if random_case:
            asked = Asked(_in_random_case(asked.question), asked.dnssec_ok, asked.checking_disabled)
        return asked.message(secrets.randbits(16))

    def _readable(self) -> None:
        if self._udp is None or self.answer.done():
            return
        try:
            answer = self._udp.recv(_MAX_DATAGRAM)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(error)
            return
        if not is_answer(answer, self._message):
            self._transport.counts.mismatched += 1
        elif self._random_case and not keeps_case(answer, self._message):
            self._transport.case_was_lost()
            self.hang_up()
            self.send_datagram(random_case=False)
        elif HEADER.unpack_from(answer)[1] & TC:
            self.hang_up()
            self._transport.ask_over_tcp(self)
        else:
            if self._random_case:
                self._transport.case_was_kept()
            self.answer.set_result(answer)

    async def over_tcp(self) -> None:
        """Ask the same over a connection of its own, and settle the answer."""
        message, writer = self._make_message(random_case=False), None
        endpoint = self._transport.endpoint
        try:
            reader, writer = await asyncio.open_connection(endpoint.address, endpoint.port)
            writer.write(len(message).to_bytes(2, "big") + message)
            while True:
                answer = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                if is_answer(answer, message):
                    break
                self._transport.counts.mismatched += 1
        except OSError as error:
            self._fail(error)
        except EOFError:
            if not self.answer.done():
                self.answer.set_exception(UpstreamFailed(Trouble.CLOSED, "it closed the TCP connection before it answered"))
        else:
            if not self.answer.done():
                self.answer.set_result(answer)
        finally:
            if writer is not None:
                writer.transport.abort()

    def _fail(self, error: OSError) -> None:
        if not self.answer.done():
            self.answer.set_exception(UpstreamFailed(Trouble.UNREACHABLE, f"nobody answers there ({error.strerror or error})"))

    def _end(self, _: object) -> None:
        self.hang_up()
        self._transport.ended(self)

    def hang_up(self) -> None:
        if self._udp is not None:
            self._loop.remove_reader(self._udp.fileno())
            self._udp.close()
            self._udp = None


def _in_random_case(question: bytes) -> bytes:
    return random_case(question, secrets.randbits(CASE_BITS))
