"""Plays a script of queries through the real server: real datagrams from 127.0.0.x, a real upstream, the clock as an argument (shell).

Nothing is simulated but the time: each query is sent by a socket bound to its device's address, and the next one waits for its answer.
"""

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint, Rules
from dinnerbell.demo.upstream import LocalUpstream
from dinnerbell.demo.week import Query
from dinnerbell.log import LogWriter, usage_path
from dinnerbell_dns.server import Server
from dinnerbell_dns.upstream import Forwarder
from dinnerbell_dns.wire import HEADER, IN, QUESTION_TAIL, RD, name_wire

_TYPES = {"A": 1, "AAAA": 28, "HTTPS": 65}
_PATIENCE = 5.0
_WRITE_EVERY = 2000
_RCODES = {0: "answered", 2: "failed", 3: "refused or not there"}


@dataclass(slots=True)
class Played:
    """What came of it."""

    queries: int = 0
    unanswered: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


class _ScriptClock:
    """The script's time: both clocks of the server read what the script last said."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def read(self) -> float:
        return self.seconds


async def play(rules: Rules, script: Iterable[Query], data: Path, on_day: Callable[[date, Played], None]) -> Played:
    """Send every query of the script and log into `data`. Calls `on_day` when the script's local day changes, and at the end."""
    clock = _ScriptClock()
    upstream = LocalUpstream()
    server = Server(rules, Forwarder([await upstream.start()]), Clock(clock.read, clock.read))
    writer = LogWriter(usage_path(data))
    played = Played()
    day: date | None = None
    try:
        with contextlib.ExitStack() as sockets:
            asking: dict[str, socket.socket] = {}
            for query in script:
                clock.seconds = query.at.timestamp()
                if not server.endpoints:
                    await server.start([Endpoint("127.0.0.1", 0)])
                today = _local_day(query.at, rules)
                if day is not None and today != day:
                    on_day(day, played)
                day = today
                if query.source not in asking:
                    asking[query.source] = sockets.enter_context(_socket_at(query.source, server.endpoints[0]))
                await _ask(asking[query.source], query, played)
                if played.queries % _WRITE_EVERY == 0:
                    writer.write(server.take_counts())
            if day is not None:
                on_day(day, played)
    finally:
        await server.stop()
        writer.write(server.take_counts())
        writer.close()
        await upstream.stop()
    return played


def _local_day(at: datetime, rules: Rules) -> date:
    return at.astimezone(rules.policy.setting.zone).date()


def _socket_at(source: str, server: Endpoint) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    udp.bind((source, 0))
    udp.connect((server.address, server.port))
    return udp


async def _ask(udp: socket.socket, query: Query, played: Played) -> None:
    loop = asyncio.get_running_loop()
    played.queries += 1
    id_ = played.queries & 0xFFFF
    udp.send(HEADER.pack(id_, RD, 1, 0, 0, 0) + name_wire(query.name) + QUESTION_TAIL.pack(_TYPES[query.qtype], IN))
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                answer = await loop.sock_recv(udp, 4096)
                if answer[:2] == struct.pack("!H", id_):
                    break
    except TimeoutError:
        played.unanswered += 1
        return
    played.outcomes[_RCODES.get(answer[3] & 0xF, "other")] += 1
