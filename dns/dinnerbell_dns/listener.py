"""What DNS over TCP, TLS and HTTPS share: bounded connections, let in slowly, each with its address and idle time (shell).

A connection counts from the moment it is accepted: one that never finishes its TLS handshake takes a place like any other, makes room
like any other, and is cut off after `HANDSHAKE_SECONDS`.
"""

import asyncio
import contextlib
import socket
import ssl
from abc import ABC, abstractmethod
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dinnerbell.config import Endpoint

MAX_CONNECTIONS = 150
MAX_OF_ONE = 50
"""Connections of one address; a whole setting behind one has few at a time: one or two of each device at most."""
IDLE_SECONDS = 10.0
"""RFC 7766 section 6.2.3: a few seconds; also the patience with half a message."""
HANDSHAKE_SECONDS = 5.0
ACCEPTS = 8
"""Connections taken at one wake-up: a flood of them is let in no faster than those already in are read, and delays no datagram by more
than about a millisecond."""
BACKLOG = 256
NO_DESCRIPTORS_SECONDS = 1.0
"""How long nobody is let in after the process has run out of descriptors."""
MAX_PIPELINED = 32
"""Queries of one connection under way at once; then it is read no further until one is answered."""
STOP_SECONDS = 2.0
"""At a stop, the patience with queries under way; an upstream has less."""
_TLS_BUFFER = 1 << 15
"""Bytes that asyncio reads of a TLS connection at a time, two records; it keeps that much for each, 256 KB unless told otherwise."""
_SHUTDOWN_SECONDS = 1.0
"""The patience with a TLS client's good-bye; asyncio's own is half a minute, in which a descriptor would be nobody's."""


@dataclass(eq=False)
class Peer:
    """One connection."""

    source: str
    tcp: socket.socket
    task: "asyncio.Task[None] | None" = None
    writer: asyncio.StreamWriter | None = None
    """None: the handshake is under way."""

    def abort(self) -> None:
        if self.writer is not None:
            self.writer.transport.abort()
        elif self.task is not None:
            self.task.cancel()

    @property
    def tls(self) -> ssl.SSLObject | None:
        return None if self.writer is None else self.writer.get_extra_info("ssl_object")


@dataclass(eq=False)
class Listener(ABC):
    """One listening endpoint. When all connections are taken, the one silent for longest makes room; when all of one address, of theirs."""

    idle_seconds: float = IDLE_SECONDS
    max_connections: int = MAX_CONNECTIONS
    max_of_one: int = MAX_OF_ONE
    handshake_seconds: float = HANDSHAKE_SECONDS
    context: Callable[[], ssl.SSLContext] | None = None
    """The certificate to show to whom comes now; None: no TLS."""
    is_welcome: Callable[[str], bool] = lambda _: True
    """Whether this address is answered at all: with a stranger no handshake is begun."""
    evicted: int = 0
    answering: set["asyncio.Task[None]"] = field(default_factory=set)
    _open: dict[Peer, None] = field(default_factory=dict)
    """In the order of their last message."""
    _serving: set["asyncio.Task[None]"] = field(default_factory=set)
    _listening: socket.socket | None = None

    def start(self, endpoint: Endpoint, *, shared: bool = False) -> int:
        """Listen; return the port. `shared`: others may listen there too, if they say so (SO_REUSEPORT). Raises OSError."""
        if self.context is not None:
            SSLProtocol.max_size = _TLS_BUFFER
        family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
        self._listening = socket.create_server((endpoint.address, endpoint.port), family=family, backlog=BACKLOG, reuse_port=shared)
        self._listening.setblocking(False)
        self._let_in()
        return int(self._listening.getsockname()[1])

    @abstractmethod
    async def talk(self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end. May raise OSError, EOFError or TimeoutError: then it is over."""

    def spoke(self, peer: Peer) -> None:
        """Note that this one has just said something whole."""
        if peer in self._open:
            del self._open[peer]
            self._open[peer] = None

    def _let_in(self) -> None:
        if self._listening is not None:
            asyncio.get_running_loop().add_reader(self._listening, self._accept, self._listening)

    def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTS):
            try:
                tcp, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptors left
                loop.remove_reader(listening)
                loop.call_later(NO_DESCRIPTORS_SECONDS, self._let_in)
                return
            if not self.is_welcome(str(address[0])):
                tcp.close()
                continue
            peer = Peer(str(address[0]), tcp)
            self._make_room(peer.source)
            self._open[peer] = None
            peer.task = loop.create_task(self._serve(peer))
            self._serving.add(peer.task)
            peer.task.add_done_callback(partial(self._ended, peer))

    async def _serve(self, peer: Peer) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 16, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        secure: dict[str, Any] = {}
        if self.context is not None:
            secure = {"ssl": self.context(), "ssl_handshake_timeout": self.handshake_seconds, "ssl_shutdown_timeout": _SHUTDOWN_SECONDS}
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, peer.tcp, **secure)
        except OSError:
            return  # it never got as far as a handshake
        peer.writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                await self.talk(peer, reader, peer.writer)
        finally:
            peer.writer.close()

    def _ended(self, peer: Peer, task: "asyncio.Task[None]") -> None:
        self._serving.discard(task)
        self._open.pop(peer, None)
        if peer.writer is None:
            peer.tcp.close()  # cut off before anything was made of it

    def _make_room(self, source: str) -> None:
        theirs = [peer for peer in self._open if peer.source == source]
        if len(theirs) >= self.max_of_one:
            self._evict(theirs[0])
        if len(self._open) >= self.max_connections:
            self._evict(next(iter(self._open)))

    def _evict(self, peer: Peer) -> None:
        del self._open[peer]
        peer.abort()
        self.evicted += 1

    async def stop(self) -> None:
        """Stop listening, let queries under way be answered, then hang up on everybody."""
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        if self.answering:
            await asyncio.wait(set(self.answering), timeout=STOP_SECONDS)
        for peer in list(self._open):
            if peer.writer is None:
                peer.abort()
            else:
                peer.writer.close()
        if self._serving:
            await asyncio.wait(set(self._serving), timeout=0.2)
        for peer in list(self._open):
            peer.abort()  # they do not even read
        if self._serving:
            await asyncio.wait(set(self._serving), timeout=0.2)
