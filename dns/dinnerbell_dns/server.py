"""The DNS server: UDP sockets drained in bulk, TCP connections, and the counts on their way to the log (shell).

A datagram's way: `on_readable` finds its bytes in the client's first cache, splices the ID in and sends; anything else goes the
slow way, to the answerer and perhaps upstream. The clock comes in as functions, so that a demo or a test can be at any instant.
"""

import asyncio
import errno
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint, Rules
from dinnerbell.model import Network, plain_address
from dinnerbell.usage import Batch, LogKey
from dinnerbell_dns.answerer import Answerer, Reply, Wanted
from dinnerbell_dns.answers import fault_reply
from dinnerbell_dns.cache import AnswerCache
from dinnerbell_dns.clients import MAX_CLIENTS, Client, Entry, answered_networks, is_answered
from dinnerbell_dns.fetching import Fetcher
from dinnerbell_dns.tcp import TcpListener
from dinnerbell_dns.upstream import Forwarder
from dinnerbell_dns.wire import Faulty, Query, Silent, read_query

DRAIN = 64
"""Datagrams taken at one wake-up; then other work has its turn."""
MAX_DATAGRAM = 4096
RECEIVE_BUFFER = 1 << 20
"""Bytes: what a whole setting asks in the moment that a reload takes."""
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
_PORT_CHANCES = 20
_WILDCARDS = ("0.0.0.0", "::")


@dataclass(slots=True)
class Drops:
    """Datagrams that got no answer, by cause; nothing is lost without being counted."""

    short: int = 0
    response: int = 0
    oversized: int = 0
    network: int = 0
    unsent: int = 0
    faulty: int = 0
    """Answered with an error code."""


@dataclass(eq=False)
class Server:
    """Answers on the endpoints it was started on. `take_counts` hands over what has to be logged."""

    rules: Rules
    forwarder: Forwarder
    clock: Clock
    on_link: Sequence[Network] = ()
    cache: AnswerCache = field(default_factory=AnswerCache)
    drops: Drops = field(default_factory=Drops)
    endpoints: list[Endpoint] = field(default_factory=list)
    """Where it answers, with the ports that port 0 became."""
    without_ipv6: bool = False
    """Asked to listen on every IPv6 address of a machine that has no IPv6."""

    def __post_init__(self) -> None:
        self._answerer = Answerer(self.rules.policy, self.cache)
        self.fetcher = Fetcher(self.forwarder, self.cache, self.clock)
        self._networks = answered_networks(self.rules.box.answer_networks, self.on_link)
        self._clients: dict[str, Client | None] = {}
        self._touched: list[Entry] = []
        self._batch = Batch()
        self._minute = int(self.clock.wall() // 60)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: list[socket.socket] = []
        self._tcp: list[TcpListener] = []

    async def start(self, listen: Sequence[Endpoint]) -> None:
        """Listen on every endpoint over UDP and TCP. Raises OSError naming the endpoint that could not be had."""
        for endpoint in listen:
            try:
                await self._listen(endpoint)
            except OSError as error:
                if endpoint.address == "::" and error.errno in _NO_IPV6 and len(listen) > 1:
                    self.without_ipv6 = True  # a machine whose IPv6 is switched off still has the rest
                    continue
                await self.stop()
                raise OSError(error.errno, f"Couldn't listen on {endpoint}: {error.strerror or error}") from error

    async def _listen(self, endpoint: Endpoint) -> None:
        for chance in range(_PORT_CHANCES):
            udp = _udp_socket(endpoint)
            bound = Endpoint(endpoint.address, udp.getsockname()[1])
            tcp = TcpListener(self.answer_tcp)
            try:
                await tcp.start(bound)
            except OSError:
                udp.close()
                if endpoint.port or chance == _PORT_CHANCES - 1:
                    raise
                continue  # the free port that UDP was given is somebody's over TCP
            break
        self._sockets.append(udp)
        self._tcp.append(tcp)
        reader = self._reader_from_any(udp) if endpoint.address in _WILDCARDS else self._reader(udp)
        asyncio.get_running_loop().add_reader(udp, reader)
        self.endpoints.append(bound)

    def use(self, rules: Rules) -> None:
        """Enforce other rules from the next datagram on. What was counted under the old ones stays counted."""
        self._collect()
        self.rules = rules
        self._answerer.policy = rules.policy
        self._networks = answered_networks(rules.box.answer_networks, self.on_link)
        self.forget_answers()

    def forget_answers(self) -> None:
        """Empty the first caches: after a change of rules, or of the clock under them."""
        self._clients.clear()

    # ── UDP ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _reader(self, udp: socket.socket) -> Callable[[], None]:
        """Return the callback that drains a socket bound to one address: the hot path, so its names are local."""
        receive, send, clients, touched = udp.recvfrom, udp.sendto, self._clients, self._touched
        ticks, wall = self.clock.ticks, self.clock.wall

        def on_readable() -> None:
            if int(wall() // 60) != self._minute:
                self._collect()
            now = ticks()
            for _ in range(DRAIN):
                try:
                    data, source = receive(MAX_DATAGRAM)
                except (BlockingIOError, InterruptedError):
                    return
                except OSError:
                    continue  # an ICMP error of an earlier answer: theirs
                client = clients.get(source[0])
                if client is not None:
                    entry = client.entries.get(data[2:])
                    if entry is not None and now < entry.fresh_until:
                        try:
                            send(data[:2] + entry.reply, source)
                        except OSError:
                            self.drops.unsent += 1
                        if not entry.hits:
                            touched.append(entry)
                        entry.hits += 1
                        continue
                self._slow(data, source, send)
                now = ticks()  # what was fresh before that work may not be now

        return on_readable

    def _reader_from_any(self, udp: socket.socket) -> Callable[[], None]:
        """Return the callback for a wildcard socket: the answer must leave from the very address that was asked."""
        if udp.family == socket.AF_INET6:
            level, kind, wanted, size = socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, socket.IPV6_RECVPKTINFO, 20
        else:
            level, kind, wanted, size = socket.IPPROTO_IP, _IP_PKTINFO, _IP_PKTINFO, 12
        udp.setsockopt(level, wanted, 1)
        space = socket.CMSG_SPACE(size)

        def on_readable() -> None:
            self._turn_minute()
            now = self.clock.ticks()
            for _ in range(DRAIN):
                try:
                    data, ancillary, _, source = udp.recvmsg(MAX_DATAGRAM, space)
                except (BlockingIOError, InterruptedError):
                    return
                except OSError:
                    continue
                send = _sender_from(udp, level, kind, ancillary)
                client = self._clients.get(source[0])
                if client is not None and (entry := client.entries.get(data[2:])) is not None and now < entry.fresh_until:
                    try:
                        send(data[:2] + entry.reply, source)
                    except OSError:
                        self.drops.unsent += 1
                    self._hit(entry)
                    continue
                self._slow(data, source, send)
                now = self.clock.ticks()

        return on_readable

    def _hit(self, entry: Entry) -> None:
        if not entry.hits:
            self._touched.append(entry)
        entry.hits += 1

    def _slow(self, data: bytes, source: Any, send: Callable[[bytes, Any], object]) -> None:
        def answer(message: bytes) -> None:
            try:
                send(message, source)
            except OSError:
                self.drops.unsent += 1

        client = self._client(source[0])
        if client is None:
            self.drops.network += 1
            return
        if len(data) >= MAX_DATAGRAM:  # perhaps cut off; no stub asks anything of that size
            self.drops.oversized += 1
            return
        query = self._read(data, answer)
        if query is None:
            return
        ticks = self.clock.ticks()  # before the wall is read: work in between shortens what is kept, never lengthens it
        found = self._answerer.answer(query, client, self.clock.wall(), ticks, tcp=False)
        if isinstance(found, Reply):
            self._send_kept(data, client, found, ticks, answer)
        else:
            self._spawn(self._answer_later(data, query, source[0], found, answer))

    def _read(self, data: bytes, answer: Callable[[bytes], None]) -> Query | None:
        try:
            return read_query(data)
        except Silent as silent:
            if str(silent) == "short":
                self.drops.short += 1
            else:
                self.drops.response += 1
        except Faulty as faulty:
            self.drops.faulty += 1
            answer(fault_reply(data, faulty.rcode))
        return None

    def _send_kept(self, data: bytes, client: Client, found: Reply, ticks: float, answer: Callable[[bytes], None]) -> None:
        """Send, count, and keep the bytes for the next query that is the same; they were made at `ticks`."""
        answer(found.message)
        self._turn_minute()
        if found.fresh > 0:
            self._hit(client.keep(data[2:], found.message[2:], ticks + found.fresh, found.key, refused=found.refused))
        else:
            self._count(client, found.key, refused=found.refused)

    async def _answer_later(self, data: bytes, query: Query, source: str, wanted: Wanted, answer: Callable[[bytes], None]) -> None:
        fetched = await self.fetcher.fetch(wanted)
        client = self._client(source)  # anew: a reload may have changed who this is
        if client is not None:
            ticks = self.clock.ticks()
            found = self._answerer.answer_fetched(query, client, self.clock.wall(), ticks, wanted, fetched, tcp=False)
            self._send_kept(data, client, found, ticks, answer)

    # ── TCP ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def answer_tcp(self, data: bytes, source: str) -> bytes | None:
        """Return the answer to one query that came over TCP, or None: it deserves none."""
        client = self._client(source)
        if client is None:
            self.drops.network += 1
            return None
        replies: list[bytes] = []
        query = self._read(data, replies.append)
        if query is None:
            return replies[0] if replies else None
        found = self._answerer.answer(query, client, self.clock.wall(), self.clock.ticks(), tcp=True)
        if isinstance(found, Wanted):
            fetched = await self.fetcher.fetch(found)
            client = self._client(source)
            if client is None:
                return None
            found = self._answerer.answer_fetched(query, client, self.clock.wall(), self.clock.ticks(), found, fetched, tcp=True)
        self._count(client, found.key, refused=found.refused)
        return found.message

    # ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _client(self, source: str) -> Client | None:
        """Return who asks from this address; None: a network that is not answered."""
        if source in self._clients:
            return self._clients[source]
        address = plain_address(source)
        client = None
        if is_answered(address, self._networks):
            device = self.rules.policy.device_at(address)
            client = Client(device, self.rules.log.levels[device.owner])
        if len(self._clients) >= MAX_CLIENTS:
            self._collect()
            self._clients.clear()
        self._clients[source] = client
        return client

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _count(self, client: Client, key: LogKey | None, *, refused: bool) -> None:
        self._turn_minute()
        self._batch.add(self._minute, client.device, key, refused=refused)

    def _turn_minute(self) -> None:
        if int(self.clock.wall() // 60) != self._minute:
            self._collect()  # what was hit until now belongs to the minute that has ended

    def _collect(self) -> None:
        """Move the hits of the first caches into the batch, under the minute they happened in."""
        for entry in self._touched:
            self._batch.add(self._minute, entry.client.device, entry.key, refused=entry.refused, count=entry.hits)
            entry.hits = 0
        self._touched.clear()
        self._batch.alive(self._minute)
        self._minute = int(self.clock.wall() // 60)

    def take_counts(self) -> Batch:
        """Return everything counted since the last call."""
        self._collect()
        batch, self._batch = self._batch, Batch()
        return batch

    async def stop(self) -> None:
        """Stop listening, and let queries under way be answered first (at most the upstream's deadline)."""
        loop = asyncio.get_running_loop()
        for udp in self._sockets:
            loop.remove_reader(udp)
        await asyncio.gather(*(tcp.stop() for tcp in self._tcp))
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=2)
        for task in self._tasks:
            task.cancel()
        self.fetcher.stop()
        for udp in self._sockets:
            udp.close()
        self._sockets.clear()
        self._tcp.clear()


def _udp_socket(endpoint: Endpoint) -> socket.socket:
    """Return a bound socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        udp.bind((endpoint.address, endpoint.port))
    except OSError:
        udp.close()
        raise
    return udp


_IP_PKTINFO = getattr(socket, "IP_PKTINFO", 8)
"""Linux's number; Python 3.11 has no name for it."""
_PKTINFO4 = struct.Struct("=I4s4s")


def _sender_from(udp: socket.socket, level: int, kind: int, ancillary: list[tuple[int, int, bytes]]) -> Callable[[bytes, Any], object]:
    """Return a send function whose datagrams leave from the address that the received one was sent to."""
    control: list[tuple[int, int, bytes]] = []
    for found_level, found_kind, data in ancillary:
        if (found_level, found_kind) == (level, kind):
            if level == socket.IPPROTO_IP:
                _, local, _ = _PKTINFO4.unpack(data[: _PKTINFO4.size])
                data = _PKTINFO4.pack(0, local, b"\0\0\0\0")  # noqa: PLW2901 - the interface is the kernel's to choose
            control.append((level, kind, data))
    return lambda message, destination: udp.sendmsg([message], control, 0, destination)
