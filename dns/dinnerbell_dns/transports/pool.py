"""Connections to one encrypted upstream: opened when there is something to ask, shared by many questions, closed when idle (shell).

    question ──► a connection with room ────────────────────────────► answer
             └─► none: one is opened, for all who wait ──► question ─► answer
                 it ends before the answer came ──► asked once more, on another connection ──► answer, or failed

A connection that has answered nothing since a question was sent may be dead: behind a router that forgot it, or because the server went
away without a word (half-open TCP, RFC 9293 section 3.5.1). So a new one is opened beside it and preferred, and after a while it is given
up. It may as well be that only this question takes long: where no further connection may be opened, it is used on.
"""

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from dinnerbell_dns.health import Counts, Trouble, UpstreamFailed
from dinnerbell_dns.transports.messages import Asked

MAX_CONNECTIONS = 3
"""To one upstream: a second one beside a full or silent one, a third while a bad network eats them."""
MAX_OUTSTANDING = 100
"""Questions on one connection that have no answer yet."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a connection is given."""

    connect: float = 3.0
    reconnect: float = 1.0
    """After one could not be opened: until then questions fail at once, for the same reason."""
    idle: float = 20.0
    """RFC 7858 section 3.4 leaves it to us: a setting that is open asks more often, a closed one holds nothing open."""
    silent: float = 0.3
    """With a question outstanding; then another connection is preferred."""
    dead: float = 3.0
    """Likewise; then it is given up. As often it is looked at."""


PATIENCE = Patience()


class Pending:
    """A question without an answer."""

    __slots__ = ("answer", "asked", "message", "sent_at", "was_lost")

    def __init__(self, asked: Asked, answer: "asyncio.Future[bytes]") -> None:
        self.asked = asked
        self.answer = answer
        self.message = b""
        """As it was sent."""
        self.sent_at = 0.0
        self.was_lost = False
        """A connection ended before it was answered: another one is its last chance."""

    def fail(self, failure: UpstreamFailed) -> None:
        if not self.answer.done():
            self.answer.set_exception(failure)


class Owner(Protocol):
    """Whom a connection tells what becomes of it."""

    def lost(self, connection: "Connection", pendings: Sequence[Pending], why: UpstreamFailed) -> None:
        """These questions will not be answered by it."""
        ...

    def has_room(self) -> None:
        """An answer came, or it takes more questions now."""
        ...


class Connection(asyncio.Protocol):
    """One connection. Subclasses know the format: they number the questions, and `take` them when answers come."""

    transport: asyncio.Transport

    def __init__(self, owner: Owner, counts: Counts, patience: Patience) -> None:
        self._loop = asyncio.get_running_loop()
        self.owner = owner
        self._why = UpstreamFailed(Trouble.CLOSED, "it closed the connection before it answered")
        self._answered_at = self._used_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self.counts = counts
        self.patience = patience
        self.pending: dict[int, Pending] = {}
        """By the number that its answer will have, in the order of sending."""
        self.is_open = False

    is_settled: bool = True
    """It is known how many questions it takes."""

    @abstractmethod
    def send(self, pending: Pending) -> None:
        """Send a question and `remember` it."""

    def has_room(self) -> bool:
        return self.is_open and len(self.pending) < MAX_OUTSTANDING

    def is_silent(self, seconds: float) -> bool:
        """Tell whether a question was sent `seconds` ago, and none has been answered since."""
        if not self.pending:
            return False
        oldest = next(iter(self.pending.values())).sent_at
        return self._answered_at <= oldest < self._loop.time() - seconds

    def remember(self, number: int, pending: Pending) -> None:
        self.pending[number] = pending
        pending.sent_at = self._used_at = self._loop.time()

    def settle(self, number: int, found: bytes | UpstreamFailed) -> None:
        """Give a question its answer, or the reason why there is none."""
        self._answered_at = self._loop.time()
        pending = self.pending.pop(number)
        if isinstance(found, UpstreamFailed):
            pending.fail(found)
        elif not pending.answer.done():
            pending.answer.set_result(found)
        self.owner.has_room()

    def forget(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        del self.pending[number]

    def hand_back(self, numbers: Sequence[int], why: UpstreamFailed) -> None:
        """Let these questions be asked on another connection."""
        self.owner.lost(self, [self.pending.pop(number) for number in numbers], why)

    def give_up(self, why: UpstreamFailed) -> None:
        """Hang up at once, for this reason."""
        if self.is_open:
            self._why = why
            self.is_open = False
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment] # asyncio says what it is only by its name
        self.is_open = True
        self._timer = self._loop.call_later(self.patience.dead, self._look)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self.is_open = False
        if self._timer is not None:
            self._timer.cancel()
        self.hand_back(list(self.pending), self._why)

    def _look(self) -> None:
        """Now and then: is it dead, is it idle, and what does nobody wait for any more?"""
        if self.is_silent(self.patience.dead):
            self.give_up(UpstreamFailed(Trouble.SILENT, "its connection fell silent"))
            return
        late = self._loop.time() - self.patience.dead
        for number in [number for number, pending in self.pending.items() if pending.answer.done() and pending.sent_at < late]:
            self.forget(number)
        if not self.pending and self._used_at + self.patience.idle <= self._loop.time():
            self.is_open = False
            self.transport.close()
            return
        self._timer = self._loop.call_later(self.patience.dead, self._look)


class Pool:
    """The connections to one upstream, and the questions that wait for one."""

    def __init__(self, connect: Callable[[Owner], Coroutine[Any, Any, Connection]], counts: Counts, patience: Patience) -> None:
        """`connect` opens a connection; it raises UpstreamFailed."""
        self._connect = connect
        self._counts = counts
        self._patience = patience
        self._open: list[Connection] = []
        self._waiting: deque[Pending] = deque()
        self._connecting: asyncio.Task[None] | None = None
        self._refused: UpstreamFailed | None = None
        self._refused_until = 0.0

    def ask(self, asked: Asked) -> "asyncio.Future[bytes]":
        """Return the answer to come. It fails with UpstreamFailed."""
        pending = Pending(asked, asyncio.get_running_loop().create_future())
        self._submit(pending)
        return pending.answer

    def close(self) -> None:
        """Hang up; questions under way fail, and so does whatever is asked later."""
        if self._connecting is not None:
            self._connecting.cancel()
        self._refuse(UpstreamFailed(Trouble.CLOSED, "it is asked no more"), inf)
        for connection in list(self._open):
            connection.give_up(UpstreamFailed(Trouble.CLOSED, "it is asked no more"))

    def lost(self, connection: Connection, pendings: Sequence[Pending], why: UpstreamFailed) -> None:
        if not connection.is_open and connection in self._open:
            self._open.remove(connection)
        for pending in pendings:
            if pending.was_lost or why.trouble is Trouble.SILENT:
                pending.fail(why)
            elif not pending.answer.done():
                pending.was_lost = True
                self._submit(pending)

    def has_room(self) -> None:
        while self._waiting:
            if self._waiting[0].answer.done():
                self._waiting.popleft()
            elif (connection := self._with_room()) is not None:
                connection.send(self._waiting.popleft())
            else:
                return

    def _with_room(self) -> Connection | None:
        with_room = [connection for connection in self._open if connection.has_room()]
        for connection in with_room:
            if not connection.is_silent(self._patience.silent):
                return connection
        return with_room[0] if with_room and not self._may_open() and self._connecting is None else None

    def _may_open(self) -> bool:
        return len(self._open) < MAX_CONNECTIONS and all(connection.is_settled for connection in self._open)

    def _submit(self, pending: Pending) -> None:
        loop = asyncio.get_running_loop()
        if (connection := self._with_room()) is not None:
            connection.send(pending)
        elif self._refused is not None and loop.time() < self._refused_until:
            pending.fail(self._refused)
        else:
            while self._waiting and self._waiting[0].answer.done():
                self._waiting.popleft()
            self._waiting.append(pending)
            if self._connecting is None and self._may_open():
                self._connecting = loop.create_task(self._open_one())

    async def _open_one(self) -> None:
        try:
            async with asyncio.timeout(self._patience.connect):
                connection = await self._connect(self)
        except TimeoutError:
            self._refuse(UpstreamFailed(Trouble.UNREACHABLE, "no connection to it came about in time"), self._patience.reconnect)
        except UpstreamFailed as failure:
            self._refuse(failure, self._patience.reconnect)
        else:
            self._connecting, self._refused = None, None
            self._counts.connections += 1
            if connection.is_open:
                self._open.append(connection)
                self.has_room()
            else:  # it ended as soon as it had begun
                waiting, self._waiting = self._waiting, deque()
                self.lost(connection, waiting, UpstreamFailed(Trouble.CLOSED, "it closes connections at once"))

    def _refuse(self, failure: UpstreamFailed, seconds: float) -> None:
        self._connecting, self._refused = None, failure
        self._refused_until = asyncio.get_running_loop().time() + seconds
        waiting, self._waiting = self._waiting, deque()
        for pending in waiting:
            pending.fail(failure)
