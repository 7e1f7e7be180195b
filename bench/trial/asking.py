"""The devices of the trial: steady ones whose every answer is counted, and the rude ones, which only make work."""

import asyncio
import random
import socket
import struct
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import cast

import dnslib

PATIENCE = 2.0
"""Seconds after which a question counts as unanswered."""
_SERVFAIL = 2


@dataclass(slots=True)
class Account:
    """What was asked of one run of the box, and what came of it; times are of the loop's clock."""

    sent: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    """When each answer came, errors apart."""
    errors: int = 0
    delays: list[float] = field(default_factory=list)
    unanswered: list[float] = field(default_factory=list)
    """When those were asked that had no answer in time."""

    def answered_until(self, moment: float) -> int:
        return bisect_right(self.answered, moment)


class Device(asyncio.DatagramProtocol):
    """Asks from an address of its own, question after question, whatever comes back."""

    def __init__(self, account: Account, questions: list[bytes]) -> None:
        self.account, self.questions = account, questions
        self._asked: dict[int, float] = {}
        self._ids = count(1)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, exc: OSError) -> None:
        """Nobody listens at the moment: the question will count as unanswered."""

    def ask(self) -> None:
        assert self._transport is not None
        number, now = next(self._ids) & 0xFFFF, self._loop.time()
        self._asked[number] = now
        self.account.sent.append(now)
        self._transport.sendto(struct.pack("!H", number) + self.questions[number % len(self.questions)])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio's signature
        now, number = self._loop.time(), int.from_bytes(data[:2], "big")
        asked_at = self._asked.pop(number, None)
        if asked_at is None:
            return
        if data[3] & 0xF == _SERVFAIL:
            self.account.errors += 1
        else:
            self.account.answered.append(now)
        self.account.delays.append(now - asked_at)

    def give_up(self, before: float) -> None:
        """Count as unanswered what was asked before this."""
        for number, asked_at in [pair for pair in self._asked.items() if pair[1] < before]:
            del self._asked[number]
            self.account.unanswered.append(asked_at)


def question(name: str) -> bytes:
    """Return a query without its ID."""
    return bytes(dnslib.DNSRecord.question(name).pack()[2:])


async def steadily(devices: list[Device], rate: int) -> None:
    """Ask `rate` questions a second, by turns. What the loop was late for is asked at once, as a crowd of devices would."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    for number in count():
        devices[number % len(devices)].ask()
        if (ahead := started + number / rate - loop.time()) > 0:
            await asyncio.sleep(ahead)
        if number % rate == 0:
            for device in devices:
                device.give_up(loop.time() - PATIENCE)


async def flood(port: int, rate: int, pick: random.Random) -> None:
    """Ask for names that nobody has asked for, `rate` a second, from 50 addresses that no group names."""
    sockets = [_from(f"127.0.1.{number}", port) for number in range(1, 51)]
    while True:
        for _ in range(max(1, rate // 50)):
            with suppress(OSError):  # the box is down, or the socket's queue full
                pick.choice(sockets).send(pick.randbytes(2) + question(f"{pick.randbytes(8).hex()}.example.org"))
        for udp in sockets:
            with suppress(OSError):
                while True:
                    udp.recv(4096)
        await asyncio.sleep(0.02)


async def fuzz(port: int, pick: random.Random) -> None:
    """Send noise and broken questions of every length up to 4,096, 100 a second, and leave broken TCP connections open, 1 a second."""
    sockets = [_from(f"127.0.2.{number}", port) for number in range(1, 6)]
    open_ones: list[socket.socket] = []
    good = pick.randbytes(2) + question("www.instagram.com")
    for number in count():
        noise = bytearray(pick.randbytes(pick.randint(0, 4096)) if number % 2 else good + pick.randbytes(pick.randint(0, 40)))
        for _ in range(pick.randint(0, 3)):
            if noise:
                noise[pick.randrange(len(noise))] = pick.randrange(256)
        with suppress(OSError):
            pick.choice(sockets).send(noise)
        if number % 100 == 0:
            with suppress(OSError):
                open_ones.append(socket.create_connection(("127.0.0.1", port), 0.2, ("127.0.2.9", 0)))
                open_ones[-1].send(struct.pack("!H", pick.randint(0, 600)) + noise[:100])
            if len(open_ones) > 100:
                open_ones.pop(0).close()
        await asyncio.sleep(0.01)


def _from(address: str, port: int) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    udp.bind((address, 0))
    udp.connect(("127.0.0.1", port))
    return udp
