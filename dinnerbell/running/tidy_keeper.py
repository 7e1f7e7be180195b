"""Starts `dinnerbell.running.tidy` once a day, early in the morning, and some minutes after a start if a day was missed (shell)."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from dinnerbell.files import LAST_GOOD
from dinnerbell.running.console import say

AT = timedelta(hours=2, minutes=40)
"""Since local midnight: nobody is there, and no clock changes."""
LOOK_SECONDS = 30.0
LONGEST_SECONDS = 6 * 3600.0


class TidyKeeper:
    def __init__(self, data: Path, now: Callable[[], datetime | None], delay: float) -> None:
        """`now`: the local time, or None while the clock is wrong; `delay`: seconds after the start before the first run."""
        self._data = data
        self._now = now
        self._delay = delay
        self._day: date | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        await asyncio.sleep(self._delay)
        while True:
            now = self._now()
            if now is not None and (day := (now - AT).date()) != self._day:
                self._day = day
                await self._tidy(now)
            await asyncio.sleep(min(LOOK_SECONDS, self._delay))

    async def _tidy(self, now: datetime) -> None:
        arguments = [str(self._data), str(self._data / LAST_GOOD), repr(now.timestamp())]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dinnerbell.running.tidy", *arguments,
                stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            say(f"Couldn't tidy the log: {error.strerror}; it is tried again tomorrow", error=True)
            return
        said = b""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                _, said = await process.communicate()
        except TimeoutError:
            said = b"it took too long"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            why = said.decode(errors="replace").strip().rpartition("\n")[2]
            say(f"Couldn't tidy the log: {why}; nothing that is not kept elsewhere was deleted, and it is tried again tomorrow", error=True)
