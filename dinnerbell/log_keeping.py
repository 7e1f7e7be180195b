"""Keeps sessions and weekly reports, and deletes what is too old, in small steps beside the box that writes (shell).

Each step is a transaction of its own that takes moments, with a pause after it: the box's writer, who waits at most 5 s, never waits
long. What was kept of a day and that its look-ups no longer count are one step; so is each report. A power cut between two steps
leaves nothing half done: the next run goes on from there.
"""

import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from dinnerbell.log import LogError
from dinnerbell.sessions import Session

SLICE_MINUTES = 10
SLICE_HOURS = 24 * 7
_PAUSE_SECONDS = 0.01
_ORPHANS = 500


class LogKeeping:
    """A connection of its own to the usage log, which is there. A context manager's job is `close`."""

    def __init__(self, path: Path) -> None:
        """Raises LogError."""
        try:
            self._connection = sqlite3.connect(path.absolute().as_uri() + "?mode=rw", uri=True, timeout=30, isolation_level=None)
            self._connection.execute("pragma synchronous = normal")
            self._connection.execute("select 1 from kept_from").fetchone()
        except sqlite3.Error as error:
            raise LogError(f"Couldn't open the usage log {path}: {error}") from error

    def close(self) -> None:
        self._connection.close()

    def oldest_lookup(self) -> int | None:
        found = self._connection.execute("select min(minute) from lookups").fetchone()[0]
        return None if found is None else int(found)

    def documented(self) -> set[str]:
        """Return the weeks of which a report is kept."""
        return {week for (week,) in self._connection.execute("select distinct week from documents")}

    def keep_document(self, week: str, ends: int, texts: Mapping[tuple[str, str], str]) -> None:
        """Keep the report of a week that ends with the minute `ends`: a text for each (reader, form)."""
        rows = [(week, ends, reader, form, zlib.compress(text.encode())) for (reader, form), text in texts.items()]
        with self._connection as connection:
            connection.execute("begin immediate")
            connection.executemany("insert or replace into documents values (?, ?, ?, ?, ?)", rows)

    def keep_sessions(self, day: range, sessions: Iterable[Session]) -> None:
        """Keep the sessions of these minutes, and let their look-ups count no longer: they may be deleted now."""
        rows = [
            (
                int(each.start.timestamp()) // 60, int(each.end.timestamp()) // 60, each.device, each.service, each.minutes_low,
                each.minutes_high, each.grade.value, each.verdict.value, each.lookups,
            )
            for each in sessions
        ]  # fmt: skip
        with self._connection as connection:
            connection.execute("begin immediate")
            connection.execute("delete from sessions where start >= ? and start < ?", (day.start, day.stop))
            connection.executemany("insert into sessions values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self.advance(day.stop)

    def advance(self, before: int) -> None:
        """Let look-ups before a minute count no longer."""
        sql = "insert into kept_from values (1, ?) on conflict do update set minute = max(minute, excluded.minute)"
        self._connection.execute(sql, (before,))

    def delete_lookups(self, before: int) -> int:
        """Delete the look-ups before a minute, and names and rulings that no look-up has any more."""
        count = self._delete_slices("lookups", "minute", before, SLICE_MINUTES)
        self._delete_slices("pages", "minute", before, SLICE_MINUTES)
        if count:
            self._delete_orphans()
        return count

    def delete_sessions(self, before: int) -> int:
        self._delete("delete from mistaken where minute < ?", before)
        return self._delete("delete from sessions where start < ?", before)

    def delete_weeks(self, before: int) -> tuple[int, int]:
        """Delete weekly reports and totals before a minute; return how many weeks and how many rows of totals."""
        weeks = self._connection.execute("select count(distinct week) from documents where ends <= ?", (before,)).fetchone()[0]
        self._delete("delete from documents where ends <= ?", before)
        totals = sum(self._delete_slices(table, "hour", before // 60, SLICE_HOURS) for table in ("traffic", "slowed", "looked"))
        for sql in (
            "delete from uptime where last_minute < ?",
            "delete from losses where minute < ?",
            "delete from wrong_clocks where coalesce(first_minute, after_minute) < ?",
            "delete from deletions where minute < ?",
            "delete from devices where last_minute < ? and id not in (select device from traffic) and id < (select max(id) from devices)",
        ):
            self._delete(sql, before)
        return int(weeks), totals

    def note(self, minute: int, what: str, before: int, count: int) -> None:
        """Write down that something was deleted."""
        self._connection.execute("insert into deletions values (?, ?, ?, ?)", (minute, what, before, count))

    def _delete_slices(self, table: str, column: str, before: int, size: int) -> int:
        count = 0
        while (first := self._connection.execute(f"select min({column}) from {table}").fetchone()[0]) is not None and first < before:  # noqa: S608 - our own words
            count += self._delete(f"delete from {table} where {column} < ?", min(first + size, before))  # noqa: S608
        return count

    def _delete(self, sql: str, before: int) -> int:
        count = self._connection.execute(sql, (before,)).rowcount
        time.sleep(_PAUSE_SECONDS)
        return count

    def _delete_orphans(self) -> None:
        """The newest id of each table stays, so that no id is ever given twice: another writer may still know the old one."""
        for table, column in (("names", "name"), ("rulings", "ruling")):
            orphans = self._connection.execute(
                f"select id from {table} where id not in (select {column} from lookups) and id < (select max(id) from {table})"  # noqa: S608
            ).fetchall()
            for start in range(0, len(orphans), _ORPHANS):
                ids = json.dumps([id_ for (id_,) in orphans[start : start + _ORPHANS]])
                recent = f"select {column} from lookups where minute >= (select max(minute) from lookups) - 60"  # noqa: S608
                self._connection.execute(  # one that the box has written since is none
                    f"delete from {table} where id in (select value from json_each(?)) and id not in ({recent})",  # noqa: S608
                    (ids,),
                )
                time.sleep(_PAUSE_SECONDS)
