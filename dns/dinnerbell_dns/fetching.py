"""Gets answers from upstream into the cache (shell).

Questions in flight are merged, so that many who want the same cost one. Where a stale answer is kept, a device waits for the new one
only a moment, and the refresh goes on without it (RFC 8767). What is asked often is fetched anew shortly before it ends.

    query ─► stale answer kept? ── no ──► wait for upstream (1.8 s at most)
                              └─ yes ──► wait 0.6 s, or not at all where upstream has just failed ─► stale answer, TTL 30
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint
from dinnerbell_dns.answerer import Wanted
from dinnerbell_dns.cache import Answer, AnswerCache, Key, read_answer
from dinnerbell_dns.upstream import Forwarder
from dinnerbell_dns.wire import IN, QUESTION_TAIL, Faulty, Rcode, name_wire

STALE_AFTER = 0.6
"""Seconds that a device waits for a new answer while a stale one is at hand (RFC 8767 section 5: the client response timer)."""
RECHECK = 30.0
"""Seconds after a failed refresh in which nobody waits for the next one (RFC 8767 section 5: the failure recheck timer)."""
MAX_RECHECKS = 1_000
MAX_WAITING = 5_000
"""Queries that wait for an answer at once, of all devices."""
REFRESH_AHEAD = 3.0
"""Seconds before its end that a popular answer is fetched anew."""
MAX_REFRESHES = 20
"""Popular answers fetched anew at one time; with more than that in flight, none: devices come first."""


@dataclass(slots=True)
class FetchCounts:
    """What became of queries that the cache could not answer, since the start."""

    fetched: int = 0
    """Questions given to the forwarder because a device asked."""
    merged: int = 0
    """Queries that waited for a question already under way."""
    stale: int = 0
    """Queries answered with an answer that had run out, because no new one was to be had in time."""
    refreshed: int = 0
    """Popular answers fetched anew before they ended."""
    broken: int = 0
    """Answers from upstream that could not be read."""
    overload: int = 0
    """Queries not waited for, because too many were waiting."""


@dataclass(slots=True, eq=False)
class _Asking:
    answer: "asyncio.Future[Answer | None]"
    since: float


@dataclass(eq=False)
class Fetcher:
    """Asks the forwarder and keeps what it says."""

    forwarder: Forwarder
    cache: AnswerCache
    clock: Clock
    counts: FetchCounts = field(default_factory=FetchCounts)
    waiting: int = 0

    def __post_init__(self) -> None:
        self._local: dict[Endpoint, Forwarder] = {}
        self._asking: dict[Key, _Asking] = {}
        self._failed_at: dict[Key, float] = {}
        """When the refresh of a stale answer failed last."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def fetch(self, wanted: Wanted) -> Answer | None:
        """Ask upstream once for all who want the same, and keep the answer. None: nobody gave one in time."""
        if self.waiting >= MAX_WAITING:
            self.counts.overload += 1
            return None
        asking = self._asking.get(wanted.key)
        if asking is None:
            self.counts.fetched += 1
            asking = self._start(wanted)
        else:
            self.counts.merged += 1
        self.waiting += 1
        try:
            if self.cache.get(wanted.key, self.clock.ticks()) is None:
                return await asyncio.shield(asking.answer)
            return await self._refresh(wanted, asking)
        finally:
            self.waiting -= 1

    def is_asking(self, wanted: Wanted) -> bool:
        """Tell whether upstream is being asked this already, so that one more who wants it costs nothing."""
        return wanted.key in self._asking

    async def _refresh(self, wanted: Wanted, asking: _Asking) -> Answer | None:
        """Wait for a new answer a moment, while a stale one is at hand."""
        now = asyncio.get_running_loop().time()
        patience = asking.since + STALE_AFTER - now
        if now < self._failed_at.get(wanted.key, -RECHECK) + RECHECK or self._forwarder(wanted.server).is_down:
            patience = 0.0
        await asyncio.wait([asking.answer], timeout=max(0.0, patience))
        found = asking.answer.result() if asking.answer.done() else None
        if found is None or found.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            self.counts.stale += 1
        return found

    def refresh_popular(self) -> None:
        """Fetch anew what is asked often and ends soon. To be called once a second."""
        for key, server in self.cache.ending(self.clock.ticks() + REFRESH_AHEAD):
            name, qtype, *_ = key
            if "\\" in name or key in self._asking or len(self._asking) >= MAX_REFRESHES or self._forwarder(server).is_down:
                continue  # no harm: whoever asks for it next waits for it
            self.counts.refreshed += 1
            self._start(Wanted(key, name_wire(name) + QUESTION_TAIL.pack(qtype, IN), server))

    def _start(self, wanted: Wanted) -> _Asking:
        loop = asyncio.get_running_loop()
        asking = self._asking[wanted.key] = _Asking(loop.create_future(), loop.time())
        task = loop.create_task(self._ask(wanted, asking))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return asking

    async def _ask(self, wanted: Wanted, asking: _Asking) -> None:
        answer: Answer | None = None
        try:
            _, _, dnssec_ok, checking_disabled = wanted.key
            message = await self._forwarder(wanted.server).ask(
                wanted.question, dnssec_ok=dnssec_ok, checking_disabled=checking_disabled, plain_only=wanted.plain_only
            )
            if message is not None:
                answer = self._read(message)
            if answer is not None:
                self.cache.put(wanted.key, answer, self.clock.ticks(), wanted.server)
            self._remember(wanted.key, answer)
        finally:
            del self._asking[wanted.key]
            if not asking.answer.done():
                asking.answer.set_result(answer)

    def _read(self, message: bytes) -> Answer | None:
        with contextlib.suppress(Faulty):
            return read_answer(message)
        self.counts.broken += 1
        return None

    def _remember(self, key: Key, answer: Answer | None) -> None:
        self._failed_at.pop(key, None)
        if answer is None or answer.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
            if len(self._failed_at) >= MAX_RECHECKS:
                del self._failed_at[next(iter(self._failed_at))]
            self._failed_at[key] = asyncio.get_running_loop().time()

    def _forwarder(self, server: Endpoint | None) -> Forwarder:
        """Return who asks: the upstreams' forwarder, or one for the server of a forwarded zone."""
        if server is None:
            return self.forwarder
        if server not in self._local:
            self._local[server] = Forwarder([server])
        return self._local[server]

    def stop(self) -> None:
        """Give up what is under way; whoever waits for it is told that there is no answer."""
        for task in self._tasks:
            task.cancel()
        for forwarder in (self.forwarder, *self._local.values()):
            forwarder.close()
