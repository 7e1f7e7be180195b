"""Keeps the lists of one's own up to date while the box answers (shell).

Beside the answering: every list that is due is fetched and compiled in a process of its own (`python -m dinnerbell.lists`), one after
the other; whoever put a new state in place (that process, or `dinnerbell lists refresh`), the names it speaks of are opened and
`has_news` says so. The box then enforces them from the next query on. What is known of a list is in DATA/lists and survives a restart.
"""

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dinnerbell.clock import Clock
from dinnerbell.config import ListSource, Rules
from dinnerbell.files import stamp_of
from dinnerbell.lists.refresh import note_failure, source_path
from dinnerbell.lists.state import Stamp, due_at, file_is_due
from dinnerbell.lists.status import ListStatus, list_status, status_sentence
from dinnerbell.lists.store import OpenedList, load_state, open_list, state_path
from dinnerbell.running.console import say

LOOK_SECONDS = 0.5
ATTEMPT_SECONDS = 900.0
"""The longest that fetching and compiling one list may take; a million names take 10 to 60 s on a small box."""
SETTLE_SECONDS = 1.0
"""How long a list's own file has to lie still before it is read: somebody may be writing it."""
PAUSE_SECONDS = 30.0
"""After an attempt that left no word in the list's state: it may be that it cannot be written."""


class ListKeeper:
    def __init__(self, data: Path, folder: Path, clock: Clock) -> None:
        self.has_news = False
        """The names in force are others than those that `within` gave last."""
        self._data = data
        self._folder = folder
        """That of rules.yaml: a list's path starts there."""
        self._clock = clock
        self._sources: Sequence[ListSource] = ()
        self._opened: dict[str, OpenedList] = {}
        self._stamps: dict[str, Stamp | None] = {}
        self._told: dict[str, tuple[object, ...]] = {}
        self._met: dict[str, tuple[Stamp | None, float]] = {}
        self._next_attempt: dict[str, float] = {}
        """By the clock that only goes forward."""
        self._task: asyncio.Task[None] | None = None

    def within(self, rules: Rules) -> Rules:
        """Return the rules with their lists in them, and look after these lists from now on."""
        self._use(rules.box.lists)
        self.has_news = False
        names = {name: opened.names for name, opened in self._opened.items() if opened.names is not None}
        return replace(rules, policy=replace(rules.policy, lists=names)) if names else rules

    def statuses(self) -> tuple[ListStatus, ...]:
        """Return what there is to say of each list, in the order of the file."""
        found = ((source, self._opened[source.name]) for source in self._sources)
        return tuple(list_status(source, opened.state, opened.trouble) for source, opened in found)

    def _use(self, sources: Sequence[ListSource]) -> None:
        """Take other lists. Those that were fetched before are opened at once: nothing is fetched here."""
        self._sources = sources
        wanted = {source.name for source in sources}
        self._opened = {name: opened for name, opened in self._opened.items() if name in wanted}
        for source in sources:
            if source.name not in self._opened:
                self._stamps[source.name] = self._stamp(source)
                self._take(source, open_list(self._data, source.name))

    def start(self) -> None:
        """Begin to look after the lists; call it once the box answers, because names of web servers may be asked of itself."""
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while True:
            for source in list(self._sources):
                await self._look_at(source)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_at(self, source: ListSource) -> None:
        if self._is_due(source):
            await self._refresh(source)
        stamp = self._stamp(source)  # before the state is read: what comes meanwhile is seen next time
        if stamp != self._stamps.get(source.name):
            opened = await asyncio.to_thread(open_list, self._data, source.name)
            if source in self._sources:  # the rules may have changed meanwhile
                self._stamps[source.name] = stamp
                self._take(source, opened)

    def _stamp(self, source: ListSource) -> Stamp | None:
        return stamp_of(state_path(self._data, source.name))

    def _take(self, source: ListSource, opened: OpenedList) -> None:
        before = self._opened.get(source.name)
        if opened.names is None and before is not None and before.names is not None:
            opened = OpenedList(opened.state, before.names, opened.trouble)  # what is mapped goes on even if its file is gone
        self._opened[source.name] = opened
        self.has_news = True
        self._tell(list_status(source, opened.state, opened.trouble))

    def _tell(self, status: ListStatus) -> None:
        """Say on the console what is new about a list, once."""
        what = (status.names, status.fetched_at if status.last_error is None else None, status.last_error)
        before = self._told.get(status.name)
        self._told[status.name] = what
        is_only_younger = before is not None and status.last_error is None and before[0] == what[0] and before[2] is None
        if before != what and not is_only_younger and (status.is_fetched or status.last_error):
            now = datetime.fromtimestamp(self._clock.wall(), UTC)
            say(status_sentence(status, now), error=status.last_error is not None)

    def _is_due(self, source: ListSource) -> bool:
        if self._clock.ticks() < self._next_attempt.get(source.name, 0.0):
            return False
        opened = self._opened.get(source.name)
        state = opened.state if opened is not None and opened.trouble is None else None
        now = self._clock.wall()
        if source.is_web:
            return due_at(state, source.source, source.refresh_seconds, now) <= now
        stamp = stamp_of(source_path(source, self._folder))
        return file_is_due(state, source.source, stamp, source.refresh_seconds, now) and self._lies_still(source.name, stamp, now)

    def _lies_still(self, name: str, stamp: Stamp | None, now: float) -> bool:
        """Tell whether the file is the same for some time, by its own time or by two looks."""
        if stamp is not None and 0 < stamp[0] / 1e9 < now - SETTLE_SECONDS:
            return True
        met = self._met.get(name)
        if met is None or met[0] != stamp:
            self._met[name] = stamp, self._clock.ticks()
            return False
        return self._clock.ticks() - met[1] >= SETTLE_SECONDS

    async def _refresh(self, source: ListSource) -> None:
        """Fetch and compile one list in a process beside; how it went is in the list's state, whatever happens to that process."""
        before = load_state(self._data, source.name)
        arguments = [str(self._data), str(self._folder), source.name, source.source, repr(self._clock.wall())]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dinnerbell.lists", *arguments, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
        except OSError as error:
            self._note(source, f"its process can't be started: {error.strerror}")
            return
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                _, said = await process.communicate()
        except TimeoutError:
            said = f"it took longer than {ATTEMPT_SECONDS:.0f} seconds".encode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if load_state(self._data, source.name) == before:
            last_line = said.decode(errors="replace").strip().rpartition("\n")[2][:200]
            self._note(source, last_line or f"its process was ended ({process.returncode}): is there too little memory?")

    def _note(self, source: ListSource, why: str) -> None:
        self._next_attempt[source.name] = self._clock.ticks() + PAUSE_SECONDS
        try:
            note_failure(self._data, source, self._folder, self._clock.wall(), why)
        except OSError as error:
            say(f"the list {source.name}: {why}; and Couldn't write {error.filename}: {error.strerror}", error=True)
