"""DNS over TCP (RFC 7766): length-prefixed messages, answers in the order they are ready, bounded connections and idle time (shell)."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dinnerbell.config import Endpoint

MAX_CONNECTIONS = 150
MAX_OF_ONE = 50
"""Connections of one address; a whole setting behind one has few at a time, for stubs use TCP for what was truncated."""
IDLE_SECONDS = 10.0
"""RFC 7766 section 6.2.3: a few seconds; also the patience with half a message."""
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

AnswerTcp = Callable[[bytes, str], Awaitable[bytes | None]]


@dataclass(eq=False)
class TcpListener:
    """One listening endpoint. When all connections are taken, the one silent for longest makes room; when all of one address, of theirs."""

    answer: AnswerTcp
    idle_seconds: float = IDLE_SECONDS
    max_connections: int = MAX_CONNECTIONS
    max_of_one: int = MAX_OF_ONE
    evicted: int = 0
    _open: dict[asyncio.StreamWriter, str] = field(default_factory=dict)
    """Whose each is, in the order of their last message."""
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _answering: set[asyncio.Task[None]] = field(default_factory=set)
    _listening: socket.socket | None = None

    def start(self, endpoint: Endpoint) -> int:
        """Listen; return the port. Raises OSError."""
        family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
        self._listening = socket.create_server((endpoint.address, endpoint.port), family=family, backlog=BACKLOG)
        self._listening.setblocking(False)
        self._let_in()
        return int(self._listening.getsockname()[1])

    def _let_in(self) -> None:
        if self._listening is not None:
            asyncio.get_running_loop().add_reader(self._listening, self._accept, self._listening)

    def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTS):
            try:
                tcp, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptors left
                loop.remove_reader(listening)
                loop.call_later(NO_DESCRIPTORS_SECONDS, self._let_in)
                return
            task = loop.create_task(self._serve(tcp, str(peer[0])))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _serve(self, tcp: socket.socket, source: str) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 16, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, tcp)
        except OSError:
            tcp.close()
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        self._make_room(source)
        self._open[writer] = source
        room = asyncio.Semaphore(MAX_PIPELINED)
        tasks: set[asyncio.Task[None]] = set()
        try:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                while True:
                    async with asyncio.timeout(self.idle_seconds):
                        length = int.from_bytes(await reader.readexactly(2), "big")
                        data = await reader.readexactly(length)
                        await room.acquire()
                    self._open.pop(writer, None)
                    self._open[writer] = source
                    task = asyncio.get_running_loop().create_task(self._answer_one(data, source, writer, room))
                    for among in (tasks, self._answering):
                        among.add(task)
                        task.add_done_callback(among.discard)
            if tasks:  # they closed their side and still wait for answers
                await asyncio.wait(tasks, timeout=self.idle_seconds)
        finally:
            self._open.pop(writer, None)
            writer.close()

    def _make_room(self, source: str) -> None:
        theirs = [writer for writer, whose in self._open.items() if whose == source]
        if len(theirs) >= self.max_of_one:
            self._evict(theirs[0])
        if len(self._open) >= self.max_connections:
            self._evict(next(iter(self._open)))

    def _evict(self, writer: asyncio.StreamWriter) -> None:
        del self._open[writer]
        writer.transport.abort()
        self.evicted += 1

    async def _answer_one(self, data: bytes, source: str, writer: asyncio.StreamWriter, room: asyncio.Semaphore) -> None:
        try:
            message = await self.answer(data, source)
            if message is None:
                writer.close()
            else:
                writer.write(len(message).to_bytes(2, "big") + message)
                async with asyncio.timeout(self.idle_seconds):
                    await writer.drain()
        except (OSError, TimeoutError):
            writer.transport.abort()
        finally:
            room.release()

    async def stop(self) -> None:
        """Stop listening, let queries under way be answered, then hang up on everybody."""
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        if self._answering:
            await asyncio.wait(set(self._answering), timeout=STOP_SECONDS)
        for writer in list(self._open):
            writer.close()
        if self._serving:
            await asyncio.wait(set(self._serving), timeout=0.2)
        for writer in list(self._open):
            writer.transport.abort()  # they do not even read
        if self._serving:
            await asyncio.wait(set(self._serving), timeout=0.2)
