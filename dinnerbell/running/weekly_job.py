"""The weekly job of a running box: the reports that are due and not made yet, also after a power-off (shell).

A report takes seconds of a processor and the answering must not wait for it: so another process makes it, and yields to everything else.
It reads the last good copy of the rules, because rules.yaml may be half written just then.
"""

import asyncio
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dinnerbell.config import Rules
from dinnerbell.files import LAST_GOOD
from dinnerbell.running.console import say
from dinnerbell_reports.due import newest_due
from dinnerbell_reports.week import Week

RETRY_SECONDS = 3600.0
FIRST_SECONDS = 5.0
"""After the start: first the answering, then the reports."""


@dataclass(slots=True)
class WeeklyJob:
    data: Path
    _next_look: float | None = None
    _done: Week | None = None
    _task: "asyncio.Task[None] | None" = field(default=None)

    def look(self, rules: Rules, now: datetime, ticks: float) -> None:
        """Start the making if another week has become due. `ticks`: seconds that only go forward."""
        if self._next_look is None:
            self._next_look = ticks + FIRST_SECONDS
        if ticks < self._next_look or (self._task is not None and not self._task.done()):
            return
        due = newest_due(now, rules.reports, rules.policy.setting.zone)
        if due != self._done:
            self._task = asyncio.get_running_loop().create_task(self._make(due, now, ticks))

    async def _make(self, due: Week, now: datetime, ticks: float) -> None:
        command = [sys.executable, "-m", "dinnerbell", "--rules", str(self.data / LAST_GOOD), "--data", str(self.data)]
        process = await asyncio.create_subprocess_exec(
            *command, "report", "due", "--at", now.isoformat(timespec="minutes"),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            output, errors = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        for line in output.decode("utf-8", errors="replace").splitlines():
            say(line)
        if process.returncode == 0:
            self._done = due
        else:
            self._next_look = ticks + RETRY_SECONDS
            last = (errors.decode("utf-8", errors="replace").strip().splitlines() or ["it ended without a word"])[-1]
            say(f"the weekly report {due} could not be made, and is tried again in an hour: {last}", error=True)

    async def stop(self) -> None:
        """Leave off: what is not made is due at the next start."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
