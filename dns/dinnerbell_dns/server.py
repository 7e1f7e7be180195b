"""The DNS server: what its sockets receive goes to the answerer and perhaps upstream, and back (shell).

The clock comes in as functions, so that a demo or a test can be at any instant.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint, Rules
from dinnerbell.model import Address, Device, Network, Verdict, plain_address
from dinnerbell.usage import Batch
from dinnerbell_dns.answerer import Answerer, Reply, Wanted
from dinnerbell_dns.answers import fault_reply
from dinnerbell_dns.cache import Answer, AnswerCache
from dinnerbell_dns.clients import MAX_CLIENTS, MAX_KEPT, UNLIMITED, Client, answered_networks, is_answered
from dinnerbell_dns.encrypted import EncryptedDns
from dinnerbell_dns.fetching import Fetcher
from dinnerbell_dns.local import LocalNames
from dinnerbell_dns.neighbours import Neighbours
from dinnerbell_dns.rebinding import PrivateAddresses
from dinnerbell_dns.tally import Drops, Tally
from dinnerbell_dns.tcp import TcpListener
from dinnerbell_dns.turns import Turns
from dinnerbell_dns.udp import MAX_DATAGRAM, Desk, Send, open_socket, queue_drops, reader
from dinnerbell_dns.upstream import MAX_IN_FLIGHT, Forwarder
from dinnerbell_dns.wire import Faulty, Query, Silent, read_query

_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
_PORT_CHANCES = 20
MAX_WAITING = 5000
"""Queries over UDP that wait for upstream at once; each holds some 3 KB."""
SLOWED_SECONDS, SLOWED_TRIES = 0.25, 8
"""Over TCP, how long a question over the rate limit waits before it is looked at again, and how often."""


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
    neighbours: Neighbours = field(default_factory=Neighbours)
    max_ready: int = MAX_KEPT
    """Rendered answers in all first caches together."""
    without_ipv6: bool = False
    """Asked to listen on every IPv6 address of a machine that has no IPv6."""

    def __post_init__(self) -> None:
        self._answerer = Answerer(self.rules.policy, self.cache, _local_names(self.rules), PrivateAddresses(self.on_link))
        self.fetcher = Fetcher(self.forwarder, self.cache, self.clock)
        self._networks = answered_networks(self.rules.box.answer_networks, self.on_link)
        self._clients: dict[str, Client] = {}
        self._known: dict[bytes, Client] = {}
        self._strangers: set[str] = set()
        self._kept = 0
        self._turns = Turns(MAX_IN_FLIGHT)
        self._tally = Tally(self.clock, self.cache)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: list[socket.socket] = []
        self._tcp: list[TcpListener] = []
        self._by_token: dict[tuple[str, str], Client] = {}
        """Those known by a token, by (address, device)."""
        self.encrypted = EncryptedDns(self.answer_tcp, self._is_welcome)

    async def start(self, listen: Sequence[Endpoint], *, shared: bool = False) -> None:
        """Listen on every endpoint over UDP and TCP. Raises OSError naming the endpoint that could not be had.

        `shared`: other processes of this user answer there too; the kernel shares out what comes.
        """
        for endpoint in listen:
            try:
                self._listen(endpoint, shared=shared)
            except OSError as error:
                if endpoint.address == "::" and error.errno in _NO_IPV6 and len(listen) > 1:
                    self.without_ipv6 = True  # a machine whose IPv6 is switched off still has the rest
                    continue
                await self.stop()
                raise OSError(error.errno, f"Couldn't listen on {endpoint}: {error.strerror or error}") from error

    def _listen(self, endpoint: Endpoint, *, shared: bool) -> None:
        for chance in range(_PORT_CHANCES):
            udp = open_socket(endpoint, shared=shared)
            bound = Endpoint(endpoint.address, udp.getsockname()[1])
            tcp = TcpListener(answer=lambda data, peer: self.answer_tcp(data, peer.source))
            try:
                tcp.start(bound, shared=shared)
            except OSError:
                udp.close()
                if endpoint.port or chance == _PORT_CHANCES - 1:
                    raise
                continue  # the free port that UDP was given is somebody's over TCP
            break
        self._sockets.append(udp)
        self._tcp.append(tcp)
        desk = Desk(self._clients, self._known, self._tally, self.drops, self._slow)
        asyncio.get_running_loop().add_reader(udp, reader(udp, endpoint, desk))
        self.endpoints.append(bound)

    def use(self, rules: Rules) -> None:
        """Enforce other rules from the next datagram on. What was counted under the old ones stays counted."""
        self._tally.collect()
        if rules.box.forward != self.rules.box.forward:
            self.cache.clear()  # what other servers said of these names
        self.rules = rules
        self._answerer.policy, self._answerer.local = rules.policy, _local_names(rules)
        self._networks = answered_networks(rules.box.answer_networks, self.on_link)
        self.forget_answers()

    def forget_answers(self) -> None:
        """Empty the first caches: after a change of rules, or of the clock under them."""
        self._forget_clients()
        self._strangers.clear()

    def look_around(self) -> None:
        """See whether an address has gone to another device: whoever has it now does not get what the one before was allowed."""
        moved = self.neighbours.refresh(self.clock.ticks()) if self.rules.policy.has_macs else ()
        if moved:
            self._tally.collect()
            for source in [source for source in self._clients if plain_address(source) in moved]:
                self._kept -= len(self._clients.pop(source).entries)
            self._known.clear()

    # ── UDP ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _slow(self, data: bytes, source: Any, send: Send) -> None:
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
        elif len(self._tasks) < MAX_WAITING:
            self._spawn(self._answer_later(data, query, source[0], found, answer))
        else:
            self.drops.crowded += 1

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
        self._tally.turn_minute()
        self.drops.rebinding += found.is_rebinding
        if found.fresh > 0:
            until, before = ticks + found.fresh, len(client.entries)
            entry = client.keep(data[2:], found.message[2:], until, found.key, refused=found.refused, verdict=found.verdict)
            entry.kept_under = found.kept_under
            if found.lasts:
                entry.ends_at, entry.ttls_at = ticks + found.lasts, found.ttls_at
            self._tally.hit(entry)
            self._kept += len(client.entries) - before
            if self._kept > self.max_ready:
                self._tally.collect()
                self._forget_clients()
        else:
            self._tally.count(client, found.key, refused=found.refused, verdict=found.verdict)

    async def _answer_later(self, data: bytes, query: Query, source: str, wanted: Wanted, answer: Callable[[bytes], None]) -> None:
        fetched = await self._fetch(wanted, source)
        client = self._client(source)  # anew: a reload may have changed who this is
        if client is not None:
            ticks = self.clock.ticks()
            found = self._answerer.answer_fetched(query, client, self.clock.wall(), ticks, wanted, fetched, tcp=False)
            self._send_kept(data, client, found, ticks, answer)

    # ── TCP ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def answer_tcp(self, data: bytes, source: str, token: str = "") -> bytes | None:
        """Return the answer to one query that came over TCP, TLS or HTTPS, or None: it deserves none."""
        client = self._client(source, token)
        if client is None:
            self.drops.network += 1
            return None
        if not client.take(self.clock.ticks()) and not await self._let_wait(client):
            self.drops.limited += 1
            return None
        replies: list[bytes] = []
        query = self._read(data, replies.append)
        if query is None:
            return replies[0] if replies else None
        found = self._answerer.answer(query, client, self.clock.wall(), self.clock.ticks(), tcp=True)
        if isinstance(found, Wanted):
            fetched = await self._fetch(found, source)
            client = self._client(source, token)
            if client is None:
                return None
            found = self._answerer.answer_fetched(query, client, self.clock.wall(), self.clock.ticks(), found, fetched, tcp=True)
        self._tally.count(client, found.key, refused=found.refused, verdict=found.verdict)
        self.drops.rebinding += found.is_rebinding
        return found.message

    async def _let_wait(self, client: Client) -> bool:
        """Hold a question over the rate limit back until there is room for it; the connection soon is read no further. False: none."""
        self._tally.slow_down(client)
        for _ in range(SLOWED_TRIES):
            await asyncio.sleep(SLOWED_SECONDS)
            if client.take(self.clock.ticks()):
                return True
        return False

    def _is_welcome(self, source: str) -> bool:
        """Tell whether a connection from this address is worth a handshake."""
        if self._client(source) is not None:
            return True
        self.drops.network += 1
        return False

    # ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _client(self, source: str, token: str = "") -> Client | None:
        """Return who asks from this address; None: a network that is not answered, whatever token it has."""
        if token and (device := self.rules.policy.device_with(token)) is not None and self._client(source) is not None:
            named = self._by_token.get((source, device.name))
            if named is None:
                named = self._by_token[source, device.name] = self._new_client(device, plain_address(source))
            return named
        client = self._clients.get(source)
        if client is not None or source in self._strangers:
            return client
        address = plain_address(source)
        if not is_answered(address, self._networks):
            if len(self._strangers) >= MAX_CLIENTS:  # apart from the others: forged addresses push nobody out
                self._strangers.clear()
            self._strangers.add(source)
            return None
        if len(self._clients) >= MAX_CLIENTS:
            self._tally.collect()
            self._forget_clients()
        policy = self.rules.policy
        device = policy.device_at(address, self.neighbours.mac_of(address, self.clock.ticks()) if policy.has_macs else "")
        client = self._clients[source] = self._new_client(device, address)
        return client

    def _new_client(self, device: Device, address: Address) -> Client:
        rate = UNLIMITED if address.is_loopback else self.rules.box.rate_limit
        return Client(device, self.rules.log.levels[device.owner], rate, self.clock.ticks(), rate)

    def _forget_clients(self) -> None:
        self._clients.clear()
        self._by_token.clear()
        self._known.clear()
        self._kept = 0

    async def _fetch(self, wanted: Wanted, source: str) -> Answer | None:
        """Ask upstream, in `source`'s turn; None: no answer in time, or too many of theirs are asked already."""
        if self.fetcher.is_asking(wanted):
            return await self.fetcher.fetch(wanted)
        if not await self._turns.take(source):
            self.drops.crowded += 1
            return None
        try:
            return await self.fetcher.fetch(wanted)
        finally:
            self._turns.give_back(source)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def answered(self) -> Mapping[Verdict, int]:
        """Return how many queries were answered since the start, by verdict."""
        self._tally.collect()
        return self._tally.answered

    @property
    def clients(self) -> int:
        """How many addresses have asked lately; those of networks that are not answered among them."""
        return len(self._clients) + len(self._strangers)

    @property
    def ready_answers(self) -> int:
        """How many rendered answers are in the first caches."""
        return sum(len(client.entries) for client in self._clients.values())

    def dropped(self) -> dict[str, int]:
        """Return what was lost since the start, by cause: in the sockets' queues, on TCP connections that made room, and `drops`."""
        evicted = sum(tcp.evicted for tcp in self._tcp) + self.encrypted.evicted
        return {**asdict(self.drops), "queue": sum(map(queue_drops, self._sockets)), "evicted": evicted}

    def refresh_popular(self) -> None:
        """Fetch anew what is asked often and ends soon. To be called once a second."""
        self._tally.collect()
        self.fetcher.refresh_popular()

    def take_counts(self) -> Batch:
        """Return everything counted since the last call."""
        return self._tally.take()

    async def stop(self) -> None:
        """Stop listening, and let queries under way be answered first (at most the upstream's deadline)."""
        loop = asyncio.get_running_loop()
        for udp in self._sockets:
            loop.remove_reader(udp)
        await asyncio.gather(self.encrypted.stop(), *(tcp.stop() for tcp in self._tcp))
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=2)
        for task in self._tasks:
            task.cancel()
        self.fetcher.stop()
        for udp in self._sockets:
            udp.close()
        self._sockets.clear()
        self._tcp.clear()


def _local_names(rules: Rules) -> LocalNames:
    return LocalNames(rules.box, rules.policy.tokens)
