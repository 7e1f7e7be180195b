"""DNS over TCP (RFC 7766): length-prefixed messages, answers in the order they are ready, bounded connections and idle time (shell)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dinnerbell.config import Endpoint

MAX_CONNECTIONS = 150
IDLE_SECONDS = 10.0
"""RFC 7766 section 6.2.3: a few seconds; also the patience with half a message."""
MAX_PIPELINED = 32
"""Queries of one connection under way at once; then it is read no further until one is answered."""
STOP_SECONDS = 2.0
"""At a stop, the patience with queries under way; an upstream has less."""

AnswerTcp = Callable[[bytes, str], Awaitable[bytes | None]]


@dataclass(eq=False)
class TcpListener:
    """One listening endpoint. When all connections are taken, the one silent for longest makes room."""

    answer: AnswerTcp
    idle_seconds: float = IDLE_SECONDS
    max_connections: int = MAX_CONNECTIONS
    evicted: int = 0
    _open: dict[asyncio.StreamWriter, None] = field(default_factory=dict)
    """In the order of their last message."""
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _answering: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self, endpoint: Endpoint) -> None:
        """Listen. Raises OSError."""
        self._server = await asyncio.start_server(self._accept, endpoint.address, endpoint.port, backlog=256, limit=1 << 16)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(self._open) >= self.max_connections:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.transport.abort()
            self.evicted += 1
        self._open[writer] = None
        room = asyncio.Semaphore(MAX_PIPELINED)
        source = str(writer.get_extra_info("peername")[0])
        tasks: set[asyncio.Task[None]] = set()
        try:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                while True:
                    async with asyncio.timeout(self.idle_seconds):
                        length = int.from_bytes(await reader.readexactly(2), "big")
                        data = await reader.readexactly(length)
                        await room.acquire()
                    self._open.pop(writer, None)
                    self._open[writer] = None
                    task = asyncio.get_running_loop().create_task(self._answer_one(data, source, writer, room))
                    for among in (tasks, self._answering):
                        among.add(task)
                        task.add_done_callback(among.discard)
            if tasks:  # they closed their side and still wait for answers
                await asyncio.wait(tasks, timeout=self.idle_seconds)
        finally:
            self._open.pop(writer, None)
            writer.close()

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
        if self._server is not None:
            self._server.close()
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
