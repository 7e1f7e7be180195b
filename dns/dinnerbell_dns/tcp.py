"""DNS over TCP (RFC 7766), and over TLS (RFC 7858): length-prefixed messages, answers in the order they are ready (shell)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dinnerbell_dns.listener import MAX_PIPELINED, Listener, Peer

AnswerTcp = Callable[[bytes, Peer], Awaitable[bytes | None]]
"""(message, whose) -> the answer; None: it deserves none."""


@dataclass(eq=False, kw_only=True)
class TcpListener(Listener):
    answer: AnswerTcp

    async def talk(self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        room = asyncio.Semaphore(MAX_PIPELINED)
        tasks: set[asyncio.Task[None]] = set()
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            while True:
                async with asyncio.timeout(self.idle_seconds):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    data = await reader.readexactly(length)
                    await room.acquire()
                self.spoke(peer)
                task = asyncio.get_running_loop().create_task(self._answer_one(data, peer, writer, room))
                for among in (tasks, self.answering):
                    among.add(task)
                    task.add_done_callback(among.discard)
        if tasks:  # they closed their side and still wait for answers
            await asyncio.wait(tasks, timeout=self.idle_seconds)

    async def _answer_one(self, data: bytes, peer: Peer, writer: asyncio.StreamWriter, room: asyncio.Semaphore) -> None:
        try:
            message = await self.answer(data, peer)
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
