"""The box's side of its workers: starts them, tells them what to enforce, takes what they counted, starts anew those that end (shell).

A worker is started; from its first report on it answers; when it ends, or is ended because it says nothing, it is started anew after a
pause: 0.1 s at first, doubled while workers don't live for LIVED_SECONDS, 30 s at most.
"""

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint
from dinnerbell.running.console import say
from dinnerbell.running.status import ProcessState
from dinnerbell.usage import Batch
from dinnerbell.workers.channel import Broken, pack, receive
from dinnerbell.workers.figures import Figures, ended, together
from dinnerbell.workers.messages import Call, Orders, Report, Stop
from dinnerbell_dns.udp import open_socket

SILENT_SECONDS = 10.0
"""A worker reports several times a second; one that says nothing for so long is stuck."""
START_SECONDS = 60.0
"""How long one may take to its first report; a small box with long rules needs several seconds."""
LIVED_SECONDS = 60.0
PAUSE_LOW, PAUSE_HIGH = 0.1, 30.0
OBEY_SECONDS = 0.6
"""How long a change of the rules waits to be told until all have it."""
GATHER_SECONDS = 0.5
STOP_SECONDS = 5.0
"""A worker's queries under way have up to 4.4."""
_LOOK_SECONDS = 0.01
_LATE_LOOK = 1.0
"""Seconds between two looks after which it is the box that was away."""


@dataclass(slots=True, eq=False)
class _Worker:
    number: int
    """From 2 on: the box is the first."""
    pid: int = 0
    writer: asyncio.StreamWriter | None = None
    process: asyncio.subprocess.Process | None = None
    latest: Report | None = None
    """None: it does not answer yet, or not any more."""
    past: Figures | None = None
    """Of those that ended in its place."""
    heard_at: float = 0.0
    restarts: int = 0
    trouble: str = ""

    @property
    def figures(self) -> list[Figures]:
        latest = None if self.latest is None else self.latest.figures
        return [each for each in (latest, self.past) if each is not None]


class Crew:
    """The workers beside the box: none, if it answers alone."""

    def __init__(self, workers: int, clock: Clock, silent_seconds: float = SILENT_SECONDS) -> None:
        """`workers`: processes that answer, the box among them."""
        self._clock = clock
        self._silent_seconds = silent_seconds
        self._workers = [_Worker(number) for number in range(2, workers + 1)]
        self._tasks: list[asyncio.Task[None]] = []
        self._counts = Batch()
        self._orders: Orders | None = None
        self._orders_number = self._call = 0
        self._stopping = asyncio.Event()
        self._all_said = False
        self._looked_at = clock.ticks()

    @property
    def is_empty(self) -> bool:
        return not self._workers

    def start(self, orders: Orders) -> None:
        """Start them; they answer after a moment."""
        self.tell(orders)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._keep(worker)) for worker in self._workers]

    # ── what they are told ───────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(self, orders: Orders) -> None:
        """Let them enforce this."""
        self._orders_number += 1
        self._orders = replace(orders, number=self._orders_number)
        self._send_all(self._orders)

    async def obeyed(self) -> list[int]:
        """Wait until all enforce what they were told last; return the numbers of those that don't in time."""
        return await self._wait(lambda report: report.obeyed == self._orders_number, OBEY_SECONDS)

    async def gather(self) -> None:
        """Have them hand over what they have counted until now, as far as they do in time."""
        self._call += 1
        self._send_all(Call(self._call))
        await self._wait(lambda report: report.called >= self._call, GATHER_SECONDS)

    async def _wait(self, is_done: Callable[[Report], bool], patience: float) -> list[int]:
        ends_at = self._clock.ticks() + patience
        while late := [each.number for each in self._workers if each.latest is not None and not is_done(each.latest)]:
            if self._clock.ticks() >= ends_at:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        return late

    def _send_all(self, message: Orders | Call | Stop) -> None:
        data = pack(message)
        for worker in self._workers:
            if worker.writer is not None:
                worker.writer.write(data)

    # ── what they say ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def take_counts(self) -> Batch:
        """Return everything they have reported since the last call."""
        batch, self._counts = self._counts, Batch()
        return batch

    def together(self, own: Figures) -> Figures:
        """Return the figures of the box and of all its workers, those that have ended too."""
        return together(own, [figures for worker in self._workers for figures in worker.figures])

    def states(self) -> list[ProcessState]:
        return [
            ProcessState(
                number=each.number,
                pid=each.pid,
                is_answering=each.latest is not None,
                queries=sum(sum(figures.queries.values()) for figures in each.figures),
                memory_bytes=0 if each.latest is None else each.latest.figures.memory_bytes,
                restarts=each.restarts,
                trouble=each.trouble,
            )
            for each in self._workers
        ]

    def _heard(self, worker: _Worker, report: Report) -> None:
        if worker.latest is None:
            worker.trouble = ""
        worker.latest, worker.heard_at = report, self._clock.ticks()
        counts = report.counts
        counts.first_minute = counts.last_minute = None  # when somebody answered, the box knows by itself
        counts.ended.clear()
        self._counts.merge(counts)
        if not self._all_said and all(each.latest is not None for each in self._workers):
            self._all_said = True
            say(f"{len(self._workers) + 1} processes answer")

    # ── their lives ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def look(self) -> None:
        """End a worker that is stuck; it is started anew. To be called several times a second."""
        now, before = self._clock.ticks(), self._looked_at
        self._looked_at = now
        for worker in self._workers:
            if now - before > _LATE_LOOK:
                worker.heard_at = max(worker.heard_at, now)  # it was the box that did not listen
            patience = START_SECONDS if worker.latest is None else self._silent_seconds
            if worker.process is not None and now - worker.heard_at > patience:
                worker.trouble = f"it said nothing for {patience:.0f} seconds"
                _kill(worker.process)

    async def _keep(self, worker: _Worker) -> None:
        pause = PAUSE_LOW
        while True:
            began = self._clock.ticks()
            why = await self._live(worker)
            if self._stopping.is_set():
                return
            if self._clock.ticks() - began > LIVED_SECONDS:
                pause = PAUSE_LOW
            worker.trouble = worker.trouble or why
            worker.restarts += 1
            self._all_said = False
            say(f"worker {worker.number} has ended: {worker.trouble}; the others answer, and it is started anew", error=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            pause = min(2 * pause, PAUSE_HIGH)

    async def _live(self, worker: _Worker) -> str:
        """Start a process in the worker's place and listen to it until it ends; return how it ended."""
        try:
            process, ours = await _started()
        except OSError as error:
            return f"its process can't be started: {error.strerror}"
        reader, worker.writer = await asyncio.open_connection(sock=ours)
        worker.process, worker.pid, worker.heard_at = process, process.pid, self._clock.ticks()
        worker.writer.write(pack(Stop() if self._stopping.is_set() else self._orders))
        why = ""
        try:
            while True:
                self._heard(worker, await receive(reader))
        except Broken as broken:
            why = str(broken)
        finally:
            worker.writer.close()
            worker.writer = worker.process = None
            if worker.latest is not None:
                worker.past = together(ended(worker.latest.figures), [worker.past] if worker.past is not None else [])
                worker.latest = None
            code = await _end(process)
        return why if code == 0 else f"signal {-code}" if code < 0 else f"exit code {code}"

    async def stop(self) -> None:
        """Let them answer what is under way, and take their last counts; whoever doesn't end is ended."""
        self._stopping.set()
        self._send_all(Stop())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _started() -> tuple[asyncio.subprocess.Process, socket.socket]:
    """Return a new worker's process and our end of its socket pair. Raises OSError."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            # a session of its own: Ctrl-C in a terminal is for the box, which then stops its workers
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dinnerbell.workers", str(theirs.fileno()),
                pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except OSError:
            ours.close()
            raise
    return process, ours


async def _end(process: asyncio.subprocess.Process) -> int:
    """Wait for a process whose socket is closed, a moment if need be; return its exit code."""
    try:
        async with asyncio.timeout(1.0):
            return await process.wait()
    except TimeoutError:
        _kill(process)
        return await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def ensure_free(listen: Iterable[Endpoint]) -> None:
    """See that nobody answers there yet: a second box would share the port with us, and each would enforce its rules on half of what comes.

    Raises OSError naming the endpoint.
    """
    for endpoint in listen:
        if not endpoint.port:
            continue
        family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
        try:
            open_socket(endpoint).close()
            socket.create_server((endpoint.address, endpoint.port), family=family).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise OSError(error.errno, f"Couldn't listen on {endpoint}: {error.strerror}") from error
