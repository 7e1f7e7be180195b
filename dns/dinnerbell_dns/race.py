"""One question, asked of one upstream after another until one knows the answer (shell: it sets timers and obeys them).

Stubs give up after a few seconds, so the whole question has 1.8 s:

    0 s ── the fastest ────────────────────────────────────────────►│
     └─ one that is due for another look, beside it ───────────────►│  whoever answers first, wins
        its hedge ── the next one ─────────────────────────────────►│
                     0.4 s later ── the first once more ── ... ────►│
                                        1 s ── a plain one that stands in for encrypted ones
                                                                    1.8 s: none, SERVFAIL

An upstream that fails, or says SERVFAIL or REFUSED, is not asked again for this question, and the next one is asked at once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dinnerbell_dns.health import Health, State, Trouble, UpstreamFailed, UpstreamStatus
from dinnerbell_dns.transports.messages import Asked, is_good

DEADLINE = 1.8
"""Seconds for one question, all attempts together."""
REPEAT = 0.4
"""Seconds after which an upstream is asked once more where there is no other one: a datagram may have been lost."""
FALLBACK = 1.0
"""Seconds that encrypted upstreams have before a plain one beside them is asked."""
MAX_ATTEMPTS = 4
_OTHERS_KNOW = UpstreamFailed(Trouble.ERROR, "it says SERVFAIL or REFUSED where others know the answer")


class Transport(Protocol):
    """How one upstream is asked."""

    def ask(self, asked: Asked) -> "asyncio.Future[bytes]":
        """Return the answer to come. It fails with UpstreamFailed; whoever no longer waits cancels it."""
        ...

    def close(self) -> None: ...


@dataclass(eq=False, slots=True)
class Line:
    """One upstream: how it is asked, and what its answers say of it."""

    name: str
    scheme: str
    """plain, tls or https."""
    transport: Transport
    health: Health

    @property
    def is_encrypted(self) -> bool:
        return self.scheme != "plain"

    def status(self) -> UpstreamStatus:
        health, counts = self.health, self.health.counts
        return UpstreamStatus(
            upstream=self.name,
            transport=self.scheme,
            state=health.state,
            trouble=health.trouble,
            trouble_text=health.trouble_text,
            asked=counts.asked,
            answered=counts.answered,
            failed=counts.failed,
            mismatched=counts.mismatched,
            over_tcp=counts.over_tcp,
            case_lost=counts.case_lost,
            keeps_case=getattr(self.transport, "keeps_case", True),
            connections=counts.connections,
            latency_ms=None if health.latency is None else round(health.latency * 1000, 3),
            histogram=tuple(health.histogram),
        )


def line_up(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Return (whom to ask, who stands in): usable before failing, then the fastest first, as written until they are known.

    Encrypted and plain ones are not mixed: a plain one is faster, and whoever wrote an encrypted one wants it asked. Plain ones stand
    in after a while, or lead while no encrypted one works.
    """
    usable = [line for line in lines if line.health.state is not State.FAILING]
    encrypted = any(line.is_encrypted for line in usable or lines)
    near = sorted((line for line in lines if line.is_encrypted == encrypted), key=_rank)
    far = sorted((line for line in lines if line.is_encrypted != encrypted), key=_rank)
    return near, far


def _rank(line: Line) -> tuple[bool, bool, float]:
    health = line.health
    return health.state is State.FAILING, health.latency is None, health.latency or 0.0


class Race:
    """One question on its way. `answer` is settled with the message, or None: nobody gave one in time."""

    __slots__ = (
        "_asked",
        "_attempts",
        "_ends",
        "_errors",
        "_far",
        "_left",
        "_loop",
        "_near",
        "_next",
        "_over",
        "_running",
        "_started_at",
        "answer",
    )

    def __init__(self, asked: Asked, near: Sequence[Line], far: Sequence[Line] = ()) -> None:
        """Start. `near` has at least one line."""
        self._asked, self._near, self._far = asked, near, far
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._running: dict[asyncio.Future[bytes], tuple[Line, float, bool]] = {}
        """Attempt -> (whom, since when, is it only a look)."""
        self._attempts: dict[Line, int] = {}
        self._left = MAX_ATTEMPTS
        self._over: set[Line] = set()
        """Who has failed, or does not know."""
        self._errors: list[tuple[Line, float, bytes]] = []
        self._next: asyncio.TimerHandle | None = None
        self._ends = self._loop.call_later(DEADLINE, self._expire)
        self.answer: asyncio.Future[bytes | None] = self._loop.create_future()
        self._look_at_another()
        self._ask_next()

    def _look_at_another(self) -> None:
        """Ask one more, beside the first, if it is time to see how it does."""
        for line in (*self._near[1:], *(line for line in self._far if line.is_encrypted)):
            if line.health.look_at <= self._started_at:
                self._ask(line, is_look=True)
                return

    def _ask_next(self, *, again: bool = True) -> None:
        """Ask whose turn it is. `again`: it has been a while, so one that has been asked and is silent may be asked once more."""
        if self.answer.done():
            return
        line = self._choose(again=again) if self._left else None
        if line is None:
            if not self._running:
                self._finish(None)
            return
        if self._next is not None:
            self._next.cancel()
        self._ask(line, is_look=False)
        is_last = all(other in self._attempts for other in self._near)
        self._next = self._loop.call_later(REPEAT if is_last else line.health.hedge, self._ask_next)

    def _choose(self, *, again: bool) -> Line | None:
        """Return whom to ask next: whoever has been asked least, in their order."""
        left = [line for line in self._near if line not in self._over]
        if not left or self._loop.time() - self._started_at >= FALLBACK:
            left += [line for line in self._far if line not in self._over]
        if not again:
            left = [line for line in left if line not in self._attempts]
        return min(left, key=lambda line: self._attempts.get(line, 0), default=None)

    def _ask(self, line: Line, *, is_look: bool) -> None:
        now = self._loop.time()
        line.health.asked(now)
        self._attempts[line] = self._attempts.get(line, 0) + 1
        self._left -= not is_look
        attempt = line.transport.ask(self._asked)
        self._running[attempt] = (line, now, is_look)
        attempt.add_done_callback(self._ended)

    def _ended(self, attempt: "asyncio.Future[bytes]") -> None:
        if attempt.cancelled():
            return
        failure = attempt.exception()  # looked at in any case, or asyncio complains
        if attempt not in self._running:
            return  # too late
        line, since, is_look = self._running.pop(attempt)
        now = self._loop.time()
        if failure is not None:
            line.health.failed(failure if isinstance(failure, UpstreamFailed) else UpstreamFailed(Trouble.PROTOCOL, str(failure)), now)
        elif is_good(found := attempt.result()):
            line.health.answered(now - since, now)
            self._finish(found)
        elif self.answer.done():
            line.health.failed(_OTHERS_KNOW, now)
        else:
            self._errors.append((line, now - since, found))
        if not self.answer.done():
            self._over.add(line)
            if not is_look or not self._running:
                self._ask_next(again=False)
        elif not self._running:
            self._ends.cancel()

    def _finish(self, found: bytes | None) -> None:
        """Settle the answer, and let everybody else go, but a look and one never heard of: only an answer tells how fast it is."""
        if self.answer.done():
            return
        now = self._loop.time()
        self.answer.set_result(found if found is not None or not self._errors else self._errors[-1][2])
        for line, seconds, _ in self._errors:
            if found is not None:
                line.health.failed(_OTHERS_KNOW, now)
            else:
                line.health.answered(seconds, now)
        for attempt, (line, since, is_look) in list(self._running.items()):
            if not is_look and line.health.latency is not None:
                del self._running[attempt]
                line.health.outrun(now - since, now)
                attempt.cancel()
        if self._next is not None:
            self._next.cancel()
        if not self._running:
            self._ends.cancel()

    def _expire(self) -> None:
        now = self._loop.time()
        running, self._running = self._running, {}
        for attempt in running:
            attempt.cancel()
        for line in dict.fromkeys(line for line, _, _ in running.values()):
            line.health.failed(UpstreamFailed(Trouble.SILENT, "no answer in time"), now)
        self._finish(None)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self._ends.cancel()
        if self._next is not None:
            self._next.cancel()
        running, self._running = self._running, {}
        for attempt in running:
            attempt.cancel()
        self.answer.cancel()
