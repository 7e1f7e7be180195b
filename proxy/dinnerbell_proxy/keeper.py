"""What the addon stands on: the rules in force, the usage log, what is open, and the loop that looks after all three (shell)."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dinnerbell.clock import Clock
from dinnerbell.log import usage_path
from dinnerbell.log_thread import LogThread
from dinnerbell.model import Address
from dinnerbell.usage import LogKey
from dinnerbell_proxy.judge import Case, Judged
from dinnerbell_proxy.ledger import Ledger
from dinnerbell_proxy.open_now import OpenNow, Over
from dinnerbell_proxy.watch import LOOK_SECONDS, RulesInForce, say


class Keeper:
    def __init__(self, rules_path: Path, data: Path, clock: Clock) -> None:
        self.watch = RulesInForce(rules_path, data, clock)
        self.ledger = Ledger()
        self.open_now = OpenNow()
        self.is_started = False
        self._clock = clock
        self._log = LogThread(usage_path(data))
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Read the rules and open the log. Raises RulesFileError or LogError."""
        self.watch.start()
        self._log.start()
        self.is_started = True

    def run(self, close: Callable[[Over], None]) -> None:
        """Look after everything from now on; `close` is called with what is no longer allowed."""
        self._work = asyncio.create_task(self._run(close))

    async def stop(self) -> None:
        """Write what was counted, and end."""
        if self._work is not None:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work
        if self.is_started:
            self._log.put(self.ledger.take())
            await asyncio.to_thread(self._log.stop)
            if self._log.trouble:
                say(self._log.trouble, error=True)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)

    def case(self, address: Address) -> Case:
        policy = self.watch.rules.policy
        return Case(policy, policy.device_at(address), self.now())

    def note(self, case: Case, judged: Judged) -> LogKey | None:
        """Count a name. Return what the log keeps of it."""
        level = self.watch.rules.log.levels[case.device.owner]
        return self.ledger.note(case.device, level, judged, minute_of(case.at))

    def note_page(self, case: Case, judged: Judged, *, loads: int, size: int) -> None:
        """Count pages that were opened, and bytes."""
        level = self.watch.rules.log.levels[case.device.owner]
        self.ledger.note_page(case.device, level, judged, minute_of(case.at), loads=loads, size=size)

    async def _run(self, close: Callable[[Over], None]) -> None:
        written, trouble, policy = self._clock.ticks(), None, self.watch.rules.policy
        while True:
            flush_seconds = self.watch.rules.log.flush_seconds * 0.9
            await asyncio.sleep(min(LOOK_SECONDS, flush_seconds))
            await asyncio.to_thread(self.watch.look)
            is_new, policy = self.watch.rules.policy is not policy, self.watch.rules.policy
            close(self.open_now.over(policy, self.now(), is_new=is_new))
            if self._clock.ticks() - written >= flush_seconds:
                written = self._clock.ticks()
                if batch := self.ledger.take():
                    self._log.put(batch)
            if self._log.trouble != trouble:
                trouble = self._log.trouble
                say(trouble or "the usage log can be written again", error=True)


def minute_of(at: datetime) -> int:
    return int(at.timestamp() // 60)
