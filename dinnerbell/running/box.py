"""The box at work: serves, logs, reloads, and stops without losing a count (shell).

rules.yaml is looked at several times a second and read once it lies still (`rules_watch.py`). A good change is enforced from the next
query on; a bad one leaves the last good policy in force (`rules_in_force.py`). The first start needs a good file; after that the last
good copy will do. The passes in DATA/passes.json are looked at as often; they end by themselves, because every decision knows until when
it holds. What it is doing, it says to `status`, to Prometheus and to systemd (`telling.py`).

What a disk or a long file may take time for is done in a thread beside: the answering goes on.
"""

import asyncio
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dinnerbell import RELEASED
from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint, Rules, Upstream
from dinnerbell.log import usage_path
from dinnerbell.log_thread import LogThread
from dinnerbell.running.console import say
from dinnerbell.running.list_keeper import ListKeeper
from dinnerbell.running.rules_in_force import RulesInForce
from dinnerbell.running.telling import Telling
from dinnerbell.running.tidy_keeper import TidyKeeper
from dinnerbell.running.weekly_job import WeeklyJob
from dinnerbell.running.whom_to_ask import NONE_AT_PRESENT, CannotAsk, WhomToAsk
from dinnerbell.usage import Batch
from dinnerbell.workers.crew import Crew, ensure_free
from dinnerbell.workers.messages import Orders
from dinnerbell.wrong_clock import ClockWatch, earliest_minute
from dinnerbell_dns.encrypted import News
from dinnerbell_dns.machine import on_link_networks
from dinnerbell_dns.server import Server
from dinnerbell_dns.upstream import Forwarder

WATCH_SECONDS = 0.1
"""Two looks and the reading are well within the second in which a change has to be in force."""
REFRESH_SECONDS = 1.0
"""So often popular answers are looked at that end soon."""


@dataclass(slots=True)
class Box:
    """What `dinnerbell run` was told, and where it is with it."""

    rules_path: Path
    data: Path
    clock: Clock
    listen: Sequence[Endpoint] = ()
    """Overrides the file's, if given; likewise `upstream`."""
    upstream: Sequence[Upstream] = ()
    trusts_clock: bool = False
    metrics: Endpoint | None = None
    """Where to serve /metrics; None: nowhere."""
    workers: int = 1
    """Processes that answer, this one among them; it alone writes."""
    tidy_after: float = 180.0
    """Seconds after the start before what is too old is looked for."""
    _written_minute: int | None = None
    _trouble: str | None = None
    _asks_nobody: bool = False
    _in_force: RulesInForce = field(init=False)
    _time: ClockWatch = field(init=False)
    _whom_to_ask: WhomToAsk = field(init=False)
    _lists: ListKeeper = field(init=False)
    _weekly: WeeklyJob = field(init=False)
    _crew: Crew = field(init=False)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises CannotAsk, RulesFileError, LogError or OSError when it can't start."""
        self._time = ClockWatch(earliest_minute(RELEASED, None), self.trusts_clock)
        self._in_force = RulesInForce(self.rules_path, self.data, self._now)
        self._in_force.start()
        self._lists = ListKeeper(self.data, self.rules_path.parent, self.clock)
        self._weekly = WeeklyJob(self.data)
        self._whom_to_ask = WhomToAsk(Forwarder())
        self._choose_upstreams(self._in_force.file.rules)
        log = LogThread(usage_path(self.data), self.clock.ticks)
        log.start()
        if log.set_aside is not None:
            say(f"the usage log was damaged: it is kept as {log.set_aside}, and a new one was begun", error=True)
        self._time.earliest_minute = earliest_minute(RELEASED, log.newest_minute)
        self._time.look(self.clock.wall(), self.clock.ticks())
        rules = self._rules_now()
        self._tell_clock(rules)
        self._in_force.keep()
        server = Server(rules, self._whom_to_ask.forwarder, self.clock, on_link_networks())
        self._crew = Crew(self.workers, self.clock)
        telling = Telling(self.data, self.clock, server, log, self._in_force, self._time, self._lists, self._crew)
        tidy = TidyKeeper(self.data, self._right_time, self.tidy_after)
        loop = asyncio.get_running_loop()
        stop, reload = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        try:
            if not self._crew.is_empty:
                ensure_free(self._endpoints(rules))
            await server.start(self._endpoints(rules), shared=not self._crew.is_empty)
            for endpoint in server.endpoints:
                say(f"answering on {endpoint} (udp, tcp)")
            await self._encrypt(server)
            if server.without_ipv6:
                say("this machine has no IPv6, so [::] is left out", error=True)
            await telling.start(self.metrics)
            self._crew.start(self._orders(server))
            self._lists.start()
            tidy.start()
            await self._work(server, log, telling, stop, reload)
        finally:
            telling.stop()
            await tidy.stop()
            await self._lists.stop()
            await self._weekly.stop()
            await self._crew.stop()  # the kernel gives us their share until we stop, too
            await server.stop()
            log.put(self._time.receive(self._counts(server), self.clock.ticks()))
            log.stop()
            if log.trouble:
                say(log.trouble, error=True)

    async def _work(self, server: Server, log: LogThread, telling: Telling, stop: asyncio.Event, reload: asyncio.Event) -> None:
        flushed = refreshed = self.clock.ticks()
        flush_share = 0.9 if self._crew.is_empty else 0.65  # of the time in which it has to be written: workers report up to 0.2 s later
        while not stop.is_set():
            try:
                async with asyncio.timeout(min(WATCH_SECONDS, server.rules.log.flush_seconds * 0.45)):  # two of these make a flush, in time
                    await stop.wait()
            except TimeoutError:
                pass
            server.look_around()
            self._crew.look()
            if self._time.has_news(self.clock.wall(), self.clock.ticks()):
                await self._clock_was_put(server, log)
            if self.clock.ticks() - flushed >= server.rules.log.flush_seconds * flush_share:
                flushed = self.clock.ticks()
                self._flush(server, log)
            if self.clock.ticks() - refreshed >= REFRESH_SECONDS:
                refreshed = self.clock.ticks()
                server.refresh_popular()
                for sentence in self._whom_to_ask.news():
                    say(sentence, error=True)
                _tell(server.encrypted.look(self.clock.wall()))
            self._whom_to_ask.look(self.clock.ticks())
            self._tell_if_nobody_is_asked()
            if reload.is_set():
                reload.clear()
                self._in_force.watch.forget()
            if self._in_force.watch.is_ready(self.clock.ticks()):
                telling.reloading()
                await self._reload(server)
                telling.ready()
            if self._in_force.passes.is_stale():
                self._in_force.read_passes()
                self._enforce(server)
            if self._lists.has_news:
                self._enforce(server)
            if not self._time.is_wrong:  # whose week it is, nobody knows then
                self._weekly.look(self._in_force.file.rules, self._now(), self.clock.ticks())
            telling.alive()

    def _flush(self, server: Server, log: LogThread) -> None:
        batch = self._time.receive(self._counts(server), self.clock.ticks())
        is_news = batch.last_minute not in (None, self._written_minute)
        if is_news or batch.traffic or batch.slowed or batch.ended or batch.wrong_clocks:  # else idle: flash cards wear out
            self._written_minute = batch.last_minute
            log.put(batch)
        if log.trouble != self._trouble:
            self._trouble = log.trouble
            say(log.trouble or "the usage log can be written again", error=True)

    async def _reload(self, server: Server) -> None:
        if not await asyncio.to_thread(self._in_force.read_again):
            return
        try:
            self._choose_upstreams(self._in_force.file.rules)
        except CannotAsk as problem:
            say(f"{problem}; the upstreams that were asked are asked on", error=True)
        self._enforce(server)
        await self._encrypt(server)
        late = "".join(f"; worker {number} is still reading them" for number in await self._crew.obeyed())
        say(f"{self.rules_path} was changed: {len(self._in_force.file.rules.policy.rules)} rules are in force{late}")
        await asyncio.to_thread(self._in_force.keep)

    def _enforce(self, server: Server) -> None:
        rules = self._rules_now()
        self._crew.tell(self._orders(server))
        server.use(rules)

    def _orders(self, server: Server) -> Orders:
        """Return what the workers have to know, to do what this process does."""
        rules = self._in_force.file.rules
        return Orders(
            text=self._in_force.file.text,
            passes=self._in_force.open_passes(),
            clock_is_wrong=self._time.is_wrong,
            upstream=self.upstream or rules.box.upstream,
            listen=self._endpoints(rules),
            endpoints=server.endpoints,
            data=str(self.data),
        )

    def _counts(self, server: Server) -> Batch:
        """Return what all processes have counted since the last call."""
        batch = server.take_counts()
        batch.merge(self._crew.take_counts())
        return batch

    # ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _clock_was_put(self, server: Server, log: LogThread) -> None:
        await self._crew.gather()
        was_wrong, wall, ticks = self._time.is_wrong, self.clock.wall(), self.clock.ticks()
        log.put(self._time.receive(self._counts(server), ticks))
        self._time.look(wall, ticks)
        if was_wrong and not self._time.is_wrong:
            log.put(self._time.dated(int(wall // 60)))
        if was_wrong != self._time.is_wrong:
            self._tell_clock(server.rules)
        self._enforce(server)  # forgets every answer; and another pass may be open now

    def _tell_clock(self, rules: Rules) -> None:
        zone = rules.policy.setting.zone
        now, earliest = (datetime.fromtimestamp(at, zone) for at in (self.clock.wall(), self._time.earliest_minute * 60))
        if self._time.is_wrong:
            say(
                f"the clock says {now:%a %d %b %Y %H:%M}, and it was {earliest:%a %d %b %Y %H:%M} before: until it is set, what the rules "
                "open by time stays shut, and what they close by time is closed. If the clock is right, start with --trust-clock",
                error=True,
            )
        elif self._time.wrong_seconds:
            say(f"the clock is right again ({now:%a %d %b %Y %H:%M}): the rules hold as they are written", error=True)

    def _now(self) -> datetime:
        """Return the time for records: what the clock says, and of a wrong one the earliest that it can be."""
        return datetime.fromtimestamp(max(self.clock.wall(), 0 if self._time.trusted else self._time.earliest_minute * 60), UTC)

    def _right_time(self) -> datetime | None:
        zone = self._in_force.file.rules.policy.setting.zone
        return None if self._time.is_wrong else datetime.fromtimestamp(self.clock.wall(), zone)

    def _rules_now(self) -> Rules:
        return self._lists.within(self._in_force.rules(clock_is_wrong=self._time.is_wrong))

    # ── whom to ask, and where ───────────────────────────────────────────────────────────────────────────────────────────────

    def _endpoints(self, rules: Rules) -> Sequence[Endpoint]:
        return self.listen or rules.box.listen

    async def _encrypt(self, server: Server) -> None:
        box, token = server.rules.box, next(iter(server.rules.policy.tokens), "")
        _tell(await server.encrypted.use(box.encrypted, self.rules_path.parent, token, self.clock.wall()))

    def _choose_upstreams(self, rules: Rules) -> None:
        """Raises CannotAsk."""
        self._whom_to_ask.choose(self.upstream or rules.box.upstream, self._endpoints(rules))
        self._tell_if_nobody_is_asked()

    def _tell_if_nobody_is_asked(self) -> None:
        if self._whom_to_ask.has_none and not self._asks_nobody:
            say(NONE_AT_PRESENT, error=True)
        self._asks_nobody = self._whom_to_ask.has_none


def _tell(news: Iterable[News]) -> None:
    for each in news:
        say(each.text, error=each.is_trouble)
