"""The box at work: serves, logs, reloads, and stops without losing a count (shell).

rules.yaml is looked at several times a second and read once it lies still (`rules_watch.py`). A good change is enforced from the next
query on, and kept as a version with its time (`versions.py`); a bad one is told on the console and leaves the last good policy in force.
The first start needs a good file; after that the last good copy will do. The passes in DATA/passes.json are looked at as often; they end
by themselves, because every decision knows until when it holds.

What a disk or a long file may take time for is done in a thread beside: the answering goes on.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from dinnerbell import RELEASED
from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint, Rules, Upstream
from dinnerbell.files import LAST_GOOD, RulesFile, RulesFileError, keep_last_good, load_rules
from dinnerbell.log import usage_path
from dinnerbell.log_thread import LogThread
from dinnerbell.pass_store import PassFileError, PassWatch
from dinnerbell.passes import objection, with_passes
from dinnerbell.rules_watch import SETTLE_SECONDS, RulesWatch
from dinnerbell.versions import Source, keep_version
from dinnerbell.whom_to_ask import NONE_AT_PRESENT, CannotAsk, WhomToAsk
from dinnerbell.wrong_clock import ClockWatch, earliest_minute
from dinnerbell_dns.machine import on_link_networks
from dinnerbell_dns.server import Server
from dinnerbell_dns.upstream import Forwarder

WATCH_SECONDS = 0.1
"""Two looks and the reading are well within the second in which a change has to be in force."""


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
    _written_minute: int | None = None
    _trouble: str | None = None
    _asks_nobody: bool = False
    _rules: Rules = field(init=False)
    """As the file has them: the server's have the passes in them."""
    _watch: RulesWatch = field(init=False)
    _passes: PassWatch = field(init=False)
    _time: ClockWatch = field(init=False)
    _whom_to_ask: WhomToAsk = field(init=False)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises CannotAsk, RulesFileError, LogError or OSError when it can't start."""
        self._time = ClockWatch(earliest_minute(RELEASED, None), self.trusts_clock)
        self._watch = RulesWatch(self.rules_path)
        rules_file, source = self._first_rules()
        self._rules = rules = rules_file.rules
        self._passes = PassWatch(self.data)
        self._read_passes()
        self._whom_to_ask = WhomToAsk(Forwarder())
        self._choose_upstreams(rules)
        log = LogThread(usage_path(self.data))
        log.start()
        self._time.earliest_minute = earliest_minute(RELEASED, log.newest_minute)
        self._time.look(self.clock.wall(), self.clock.ticks())
        self._tell_clock(rules)
        if source is Source.RUN:
            self._keep_copy(rules_file)
        self._keep_version(rules_file, source)
        server = Server(self._rules_now(), self._whom_to_ask.forwarder, self.clock, on_link_networks())
        loop = asyncio.get_running_loop()
        stop, reload = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        try:
            await server.start(self._endpoints(rules))
            for endpoint in server.endpoints:
                say(f"answering on {endpoint} (udp, tcp)")
            if server.without_ipv6:
                say("this machine has no IPv6, so [::] is left out", error=True)
            await self._work(server, log, stop, reload)
        finally:
            await server.stop()
            log.put(self._time.receive(server.take_counts(), self.clock.ticks()))
            log.stop()
            if log.trouble:
                say(log.trouble, error=True)

    async def _work(self, server: Server, log: LogThread, stop: asyncio.Event, reload: asyncio.Event) -> None:
        flushed = self.clock.ticks()
        while not stop.is_set():
            try:
                async with asyncio.timeout(min(WATCH_SECONDS, server.rules.log.flush_seconds * 0.45)):  # two of these make a flush, in time
                    await stop.wait()
            except TimeoutError:
                pass
            if self._time.has_news(self.clock.wall(), self.clock.ticks()):
                self._clock_was_put(server, log)
            if self.clock.ticks() - flushed >= server.rules.log.flush_seconds * 0.9:
                flushed = self.clock.ticks()
                self._flush(server, log)
            self._whom_to_ask.look(self.clock.ticks())
            self._tell_if_nobody_is_asked()
            if reload.is_set():
                reload.clear()
                self._watch.forget()
            if self._watch.is_ready(self.clock.ticks()):
                await self._reload(server)
            if self._passes.is_stale():
                self._read_passes()
                server.use(self._rules_now())

    def _flush(self, server: Server, log: LogThread) -> None:
        batch = self._time.receive(server.take_counts(), self.clock.ticks())
        is_news = batch.last_minute not in (None, self._written_minute)
        if batch.traffic or batch.ended or batch.wrong_clocks or is_news:  # an idle second writes nothing: flash cards wear out
            self._written_minute = batch.last_minute
            log.put(batch)
        if log.trouble != self._trouble:
            self._trouble = log.trouble
            say(log.trouble or "the usage log can be written again", error=True)

    # ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _clock_was_put(self, server: Server, log: LogThread) -> None:
        was_wrong, wall, ticks = self._time.is_wrong, self.clock.wall(), self.clock.ticks()
        log.put(self._time.receive(server.take_counts(), ticks))
        self._time.look(wall, ticks)
        if was_wrong and not self._time.is_wrong:
            log.put(self._time.dated(int(wall // 60)))
        if was_wrong != self._time.is_wrong:
            self._tell_clock(server.rules)
        server.use(self._rules_now())  # forgets every answer; and another pass may be open now

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

    # ── the rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _today(self) -> date:
        return self._now().date()

    def _first_rules(self) -> tuple[RulesFile, Source]:
        try:
            while (rules_file := self._watch.read(self._today())) is None:
                time.sleep(SETTLE_SECONDS)  # somebody is just saving it
        except RulesFileError as error:
            return self._last_good(error), Source.LAST_GOOD
        return rules_file, Source.RUN

    def _last_good(self, error: RulesFileError) -> RulesFile:
        copy = self.data / LAST_GOOD
        if not copy.exists():
            raise error
        try:
            rules_file = load_rules(copy, self._today())
        except RulesFileError:
            raise error from None
        say(f"{error}\n{self.rules_path} can't be used; running on the last good copy of it, {copy}", error=True)
        return rules_file

    async def _reload(self, server: Server) -> None:
        try:
            rules_file = await asyncio.to_thread(self._watch.read, self._today())
        except RulesFileError as error:
            say(f"{error}\n{self.rules_path} can't be used; the rules that were in force stay in force", error=True)
            return
        if rules_file is None:
            return  # it changed under the reading
        try:
            self._choose_upstreams(rules_file.rules)
        except CannotAsk as problem:
            say(f"{problem}; the upstreams that were asked are asked on", error=True)
        before, self._rules = self._rules, rules_file.rules
        server.use(self._rules_now())
        say(f"{self.rules_path} was changed: {len(rules_file.rules.policy.rules)} rules are in force")
        await asyncio.to_thread(self._keep_copy, rules_file)
        await asyncio.to_thread(self._keep_version, rules_file, Source.RELOAD, before)

    def _keep_copy(self, rules_file: RulesFile) -> None:
        try:
            keep_last_good(self.data, rules_file)
        except OSError as error:
            say(f"Couldn't keep a copy of the rules in {self.data}: {error}", error=True)

    def _keep_version(self, rules_file: RulesFile, source: Source, before: Rules | None = None) -> None:
        try:
            keep_version(self.data, rules_file, self._now(), source, before)
        except OSError as error:
            say(f"Couldn't keep this version of the rules in the history in {self.data}: {error}", error=True)

    # ── the passes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read_passes(self) -> None:
        try:
            self._passes.read()
        except PassFileError as error:
            say(f"{error}; the passes that were in force stay in force", error=True)

    def _rules_now(self) -> Rules:
        """Return the rules with the passes that are not over in them, and say which of those the rules do not allow."""
        now = self._now()
        passes = [each for each in self._passes.passes if each.over_at > now]
        for each in passes:
            if (problem := objection(self._rules.policy, each.device, each.target)) is not None:
                say(f"pass {each.id} is not in force: {problem}", error=True)
        policy = with_passes(self._rules.policy, passes)
        return replace(self._rules, policy=replace(policy, clock_is_wrong=True) if self._time.is_wrong else policy)

    # ── whom to ask, and where ───────────────────────────────────────────────────────────────────────────────────────────────

    def _endpoints(self, rules: Rules) -> Sequence[Endpoint]:
        return self.listen or rules.box.listen

    def _choose_upstreams(self, rules: Rules) -> None:
        """Raises CannotAsk."""
        self._whom_to_ask.choose(self.upstream or rules.box.upstream, self._endpoints(rules))
        self._tell_if_nobody_is_asked()

    def _tell_if_nobody_is_asked(self) -> None:
        if self._whom_to_ask.has_none and not self._asks_nobody:
            say(NONE_AT_PRESENT, error=True)
        self._asks_nobody = self._whom_to_ask.has_none


def say(message: str, *, error: bool = False) -> None:
    """Tell whoever watches the console, at once."""
    print(f"dinnerbell: {message}", file=sys.stderr if error else sys.stdout, flush=True)
