"""Writes counts to the usage log in a thread of its own, so that no disk ever delays an answer (shell).

What cannot be written (a full disk, a locked file) is kept, merged with what follows, and tried again every second; the batch's own
bound says when something has to be dropped, and counts it.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from dinnerbell.log import LogError, LogWriter, set_aside_if_damaged
from dinnerbell.usage import Batch

RETRY_SECONDS = 1.0


class LogThread:
    """Start it, `put` batches, `stop` it. `trouble` says in a sentence why nothing can be written at present, or None."""

    def __init__(self, path: Path, ticks: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._pending = Batch()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="usage-log", daemon=True)
        self.trouble: str | None = None
        self.written_batches = 0
        self.ticks = ticks
        self.written_at: float | None = None
        """When something was written last (monotonic seconds); None: nothing was yet."""
        self.waiting_since: float | None = None
        """Since when the oldest count waits that is not in the file; None: there is none."""
        self._lost = 0
        self.newest_minute: int | None = None
        """The newest minute that was in the file at the start."""
        self.set_aside: Path | None = None
        """Where the damaged file is that was found at the start."""

    def start(self) -> None:
        """Start writing. Raises LogError if the file can't be opened: at the start a person is there to read it.

        A damaged file is set aside (`set_aside`) and a new one begun: to answer comes first.
        """
        try:
            writer = LogWriter(self._path)
        except LogError:
            self.set_aside = set_aside_if_damaged(self._path)
            if self.set_aside is None:
                raise
            writer = LogWriter(self._path)
        self.newest_minute = writer.newest_minute()
        writer.close()
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Hand over a batch; returns at once."""
        with self._wake:
            self._pending.merge(batch)
            if self.waiting_since is None:
                self.waiting_since = self.ticks()
            self._wake.notify()

    @property
    def waiting(self) -> int:
        """How many rows wait in memory."""
        return len(self._pending.lookups) + len(self._pending.traffic)

    @property
    def lost(self) -> int:
        """How many look-ups could not be kept since the start, for want of room."""
        return self._lost + self._pending.dropped

    def stop(self, patience: float = 10.0) -> None:
        """Write what is left, and end the thread; after `patience` seconds (a disk that stays full) give up."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(patience)

    def _run(self) -> None:
        writer: LogWriter | None = None
        last_try = False
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._pending or self._stopping)
                if not self._pending:
                    break
                last_try = self._stopping
                batch, self._pending = self._pending, Batch()
                began = self.ticks()
            try:
                writer = writer or LogWriter(self._path)
                writer.write(batch)
                self.trouble = None
                with self._wake:
                    self._lost += batch.dropped
                    self.written_at = self.ticks()
                    self.waiting_since = began if self._pending else None
                self.written_batches += 1
            except Exception as error:  # noqa: BLE001 - whatever it is: a thread that ended would lose every count after it
                self.trouble = f"Couldn't write to the usage log {self._path}: {error}; look-ups are kept in memory and tried again"
                with self._wake:
                    batch.merge(self._pending)
                    self._pending = batch
                    if last_try:
                        break
                    self._wake.wait_for(lambda: self._stopping, RETRY_SECONDS)
        if writer is not None:
            writer.close()
