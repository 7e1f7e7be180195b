"""What a running box is doing, gathered for those who ask: `status`, Prometheus, systemd (shell)."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dinnerbell import __version__
from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint
from dinnerbell.lists.status import ListStatus
from dinnerbell.log_thread import LogThread
from dinnerbell.running.console import say
from dinnerbell.running.list_keeper import ListKeeper
from dinnerbell.running.metrics import metrics_text
from dinnerbell.running.metrics_http import MetricsServer
from dinnerbell.running.notify import Notify
from dinnerbell.running.rules_in_force import RulesInForce
from dinnerbell.running.status import ClockState, ListState, LogState, PassState, ProcessState, Status, as_json
from dinnerbell.running.status_socket import StatusSocket
from dinnerbell.running.status_words import headline, status_text
from dinnerbell.workers.crew import Crew
from dinnerbell.workers.measure import figures_of
from dinnerbell.wrong_clock import ClockWatch
from dinnerbell_dns.server import Server


@dataclass(slots=True)
class Telling:
    """Reads from all parts of the box and changes none."""

    data: Path
    clock: Clock
    server: Server
    log: LogThread
    in_force: RulesInForce
    time: ClockWatch
    lists: ListKeeper
    crew: Crew
    _started: float = field(init=False)
    _socket: StatusSocket = field(init=False)
    _metrics: MetricsServer = field(init=False)
    _notify: Notify = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock.ticks()
        self._socket = StatusSocket(self.data, self._said)
        self._metrics = MetricsServer(lambda: metrics_text(self.status()))
        self._notify = Notify(os.environ, os.getpid())

    async def start(self, metrics: Endpoint | None) -> None:
        """Be there to be asked, and tell systemd that the box answers. Raises OSError where `metrics` can't be had."""
        try:
            await self._socket.start()
        except OSError as error:
            say(f"Couldn't listen for `dinnerbell status` in {self.data}: {error.strerror}", error=True)
        if metrics is not None:
            say(f"metrics on http://{await self._metrics.start(metrics)}/metrics")
        self.ready()

    def ready(self) -> None:
        self._notify.ready(headline(self.status()))

    def reloading(self) -> None:
        self._notify.reloading(self.clock.ticks())

    def alive(self) -> None:
        """Feed systemd's watchdog when it is time to: called from the loop that answers."""
        if self._notify.is_due(self.clock.ticks()):
            self._notify.alive(self.clock.ticks(), headline(self.status()))

    def stop(self) -> None:
        self._notify.stopping()
        self._socket.stop()
        self._metrics.stop()

    def _said(self) -> dict[str, Any]:
        status = self.status()
        return {"status": as_json(status), "text": status_text(status)}

    def status(self) -> Status:
        seconds = self.clock.ticks() - self._started
        zone = self.server.rules.policy.setting.zone
        own = figures_of(self.server, with_shared=True)
        all_of_us = self.crew.together(own)
        processes = (ProcessState(1, os.getpid(), True, sum(own.queries.values()), own.memory_bytes), *self.crew.states())
        return Status(
            version=__version__,
            since=datetime.fromtimestamp(self.clock.wall() - seconds, zone),
            seconds=int(seconds),
            workers=sum(each.is_answering for each in processes),
            processes=processes,
            memory_bytes=all_of_us.memory_bytes,
            listening=(*map(str, self.server.endpoints), *(f"{each} ({kind})" for kind, each in self.server.encrypted.endpoints)),
            queries=all_of_us.queries,
            asked_upstream=all_of_us.asked_upstream,
            failed_upstream=all_of_us.failed_upstream,
            cache=all_of_us.cache,
            upstreams=all_of_us.upstreams,
            drops=all_of_us.drops,
            log=self._log(),
            rules=self.in_force.state(),
            lists=tuple(map(self._list, self.lists.statuses())),
            clock=self._clock(),
            passes=tuple(
                PassState(each.id, each.device, each.target.value, each.over_at.astimezone(zone), each.by, each.why)
                for each in ([] if self.time.is_wrong else self.in_force.open_passes())
            ),
            encrypted_trouble=self.server.encrypted.trouble,
        )

    def _list(self, each: ListStatus) -> ListState:
        age = None if each.fetched_at is None else self.clock.wall() - each.fetched_at.timestamp()
        return ListState(each.name, each.names or 0, age, each.last_error)

    def _clock(self) -> ClockState:
        now = datetime.fromtimestamp(self.clock.wall(), self.server.rules.policy.setting.zone)
        return ClockState(now, self.time.is_wrong, int(self.time.wrong_seconds), self.time.trusted)

    def _log(self) -> LogState:
        written, waiting_since = self.log.written_at, self.log.waiting_since
        now = self.log.ticks()
        return LogState(
            written_seconds_ago=None if written is None else now - written,
            lag_seconds=0.0 if waiting_since is None else now - waiting_since,
            waiting=self.log.waiting,
            lost=self.log.lost,
            trouble=self.log.trouble,
        )
