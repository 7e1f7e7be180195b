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

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint, Rules, Upstream
from dinnerbell.files import LAST_GOOD, RulesFile, RulesFileError, keep_last_good, load_rules
from dinnerbell.log import usage_path
from dinnerbell.log_thread import LogThread
from dinnerbell.pass_store import PassFileError, PassWatch
from dinnerbell.passes import objection, with_passes
from dinnerbell.rules_watch import SETTLE_SECONDS, RulesWatch
from dinnerbell.versions import Source, keep_version
from dinnerbell_dns.machine import on_link_networks, plain_upstreams
from dinnerbell_dns.server import Server
from dinnerbell_dns.upstream import Forwarder

WATCH_SECONDS = 0.1
"""Two looks and the reading are well within the second in which a change has to be in force."""
CLOCK_JUMP_SECONDS = 1.0
"""The wall clock moved against the monotonic one by more than this: what was rendered for the old time is forgotten."""


class CannotRun(Exception):  # noqa: N818
    """The box can't start; the message says what to do."""


@dataclass(slots=True)
class Box:
    """What `dinnerbell run` was told, and where it is with it."""

    rules_path: Path
    data: Path
    clock: Clock
    listen: Sequence[Endpoint] = ()
    """Overrides the file's, if given; likewise `upstream`."""
    upstream: Sequence[Upstream] = ()
    _written_minute: int | None = None
    _trouble: str | None = None
    _has_upstream: bool = True
    _rules: Rules = field(init=False)
    """As the file has them: the server's have the passes in them."""
    _watch: RulesWatch = field(init=False)
    _passes: PassWatch = field(init=False)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises CannotRun, RulesFileError, LogError or OSError when it can't start."""
        self._watch = RulesWatch(self.rules_path)
        self._rules = rules = self._first_rules()
        self._passes = PassWatch(self.data)
        self._read_passes()
        server = Server(self._with_passes(), Forwarder(self._upstreams(rules)), self.clock, on_link_networks())
        log = LogThread(usage_path(self.data))
        log.start()
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
            log.put(server.take_counts())
            log.stop()
            if log.trouble:
                say(log.trouble, error=True)

    async def _work(self, server: Server, log: LogThread, stop: asyncio.Event, reload: asyncio.Event) -> None:
        offset = self.clock.wall() - self.clock.ticks()
        flushed = self.clock.ticks()
        while not stop.is_set():
            try:
                async with asyncio.timeout(min(WATCH_SECONDS, server.rules.log.flush_seconds * 0.45)):  # two of these make a flush, in time
                    await stop.wait()
            except TimeoutError:
                pass
            now = self.clock.wall() - self.clock.ticks()
            if abs(now - offset) > CLOCK_JUMP_SECONDS:
                server.use(self._with_passes())  # forgets every answer; and another pass may be open now
                offset = now
            if self.clock.ticks() - flushed >= server.rules.log.flush_seconds * 0.9:
                flushed = self.clock.ticks()
                self._flush(server, log)
            if not self._has_upstream:
                server.forwarder.upstreams = self._upstreams(server.rules)
            if reload.is_set():
                reload.clear()
                self._watch.forget()
            if self._watch.is_ready(self.clock.ticks()):
                await self._reload(server)
            if self._passes.is_stale():
                self._read_passes()
                server.use(self._with_passes())

    def _flush(self, server: Server, log: LogThread) -> None:
        batch = server.take_counts()
        if batch.traffic or batch.last_minute != self._written_minute:  # an idle second writes nothing: flash cards wear out
            self._written_minute = batch.last_minute
            log.put(batch)
        if log.trouble != self._trouble:
            self._trouble = log.trouble
            say(log.trouble or "the usage log can be written again", error=True)

    # ── the rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock.wall(), UTC).date()

    def _first_rules(self) -> Rules:
        try:
            while (rules_file := self._watch.read(self._today())) is None:
                time.sleep(SETTLE_SECONDS)  # somebody is just saving it
        except RulesFileError as error:
            rules_file = self._last_good(error)
            self._keep_version(rules_file, Source.LAST_GOOD)
        else:
            self._keep_copy(rules_file)
            self._keep_version(rules_file, Source.RUN)
        return rules_file.rules

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
            server.forwarder.upstreams = self._upstreams(rules_file.rules)
        except CannotRun as problem:
            say(f"{problem}; the upstreams that were asked are asked on", error=True)
        before, self._rules = self._rules, rules_file.rules
        server.use(self._with_passes())
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
            keep_version(self.data, rules_file, datetime.fromtimestamp(self.clock.wall(), UTC), source, before)
        except OSError as error:
            say(f"Couldn't keep this version of the rules in the history in {self.data}: {error}", error=True)

    # ── the passes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read_passes(self) -> None:
        try:
            self._passes.read()
        except PassFileError as error:
            say(f"{error}; the passes that were in force stay in force", error=True)

    def _with_passes(self) -> Rules:
        """Return the rules with the passes that are not over in them, and say which of those the rules do not allow."""
        now = datetime.fromtimestamp(self.clock.wall(), UTC)
        passes = [each for each in self._passes.passes if each.over_at > now]
        for each in passes:
            if (problem := objection(self._rules.policy, each.device, each.target)) is not None:
                say(f"pass {each.id} is not in force: {problem}", error=True)
        return replace(self._rules, policy=with_passes(self._rules.policy, passes))

    # ── whom to ask, and where ───────────────────────────────────────────────────────────────────────────────────────────────

    def _endpoints(self, rules: Rules) -> Sequence[Endpoint]:
        return self.listen or rules.box.listen

    def _upstreams(self, rules: Rules) -> list[Endpoint]:
        """Return the resolvers to ask. None at present is said and not fatal: a box may start before its network has."""
        configured = self.upstream or rules.box.upstream
        if all(upstream.scheme in ("tls", "https") for upstream in configured):
            raise CannotRun("upstream: tls:// and https:// are not active yet in this release; add a plain one, such as system")
        found = plain_upstreams(configured, self._endpoints(rules))
        if not found and self._has_upstream:
            say(
                "this machine has no name servers of its own at present, so only refusals are answered: connect it to its network, "
                "or write the address of your internet provider's name server under box: upstream:",
                error=True,
            )
        self._has_upstream = bool(found)
        return found


def say(message: str, *, error: bool = False) -> None:
    """Tell whoever watches the console, at once."""
    print(f"dinnerbell: {message}", file=sys.stderr if error else sys.stdout, flush=True)
