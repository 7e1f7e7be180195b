"""Gets answers from upstream into the cache: questions in flight are merged, so that many who want the same cost one (shell)."""

import asyncio
import contextlib
from dataclasses import dataclass

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint
from dinnerbell_dns.answerer import Wanted
from dinnerbell_dns.cache import Answer, AnswerCache, Key, read_answer
from dinnerbell_dns.upstream import Forwarder
from dinnerbell_dns.wire import Faulty


@dataclass(eq=False)
class Fetcher:
    """Asks the forwarder and keeps what it says."""

    forwarder: Forwarder
    cache: AnswerCache
    clock: Clock

    def __post_init__(self) -> None:
        self._local: dict[Endpoint, Forwarder] = {}
        self._asking: dict[Key, asyncio.Future[Answer | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def fetch(self, wanted: Wanted) -> Answer | None:
        """Ask upstream once for all who want the same, and keep the answer. None: nobody gave one in time."""
        asking = self._asking.get(wanted.key)
        if asking is None:
            loop = asyncio.get_running_loop()
            asking = self._asking[wanted.key] = loop.create_future()
            task = loop.create_task(self._ask(wanted, asking))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(asking)

    def is_asking(self, wanted: Wanted) -> bool:
        """Tell whether upstream is being asked this already, so that one more who wants it costs nothing."""
        return wanted.key in self._asking

    async def _ask(self, wanted: Wanted, asking: "asyncio.Future[Answer | None]") -> None:
        answer: Answer | None = None
        try:
            _, _, dnssec_ok, checking_disabled = wanted.key
            message = await self._forwarder(wanted.server).ask(
                wanted.question, dnssec_ok=dnssec_ok, checking_disabled=checking_disabled, plain_only=wanted.plain_only
            )
            if message is not None:
                with contextlib.suppress(Faulty):  # a broken answer is no answer
                    answer = read_answer(message)
                    self.cache.put(wanted.key, answer, self.clock.ticks())
        finally:
            del self._asking[wanted.key]
            if not asking.done():
                asking.set_result(answer)

    def _forwarder(self, server: Endpoint | None) -> Forwarder:
        """Return who asks: the upstreams' forwarder, or one for the server of a forwarded zone."""
        if server is None:
            return self.forwarder
        return self._local.setdefault(server, Forwarder([server]))

    def stop(self) -> None:
        """Give up what is under way; whoever waits for it is told that there is no answer."""
        for task in self._tasks:
            task.cancel()
