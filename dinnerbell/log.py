"""The usage log: one SQLite file, DATA/usage.db (shell; with `log_schema.py` the only user of sqlite-utils).

Reads go through sqlite-utils; the writer is one raw connection that upserts a batch of counts in one transaction. WAL lets reports
read while the box writes; a batch is on its way to the file within a second, so a kill -9 loses no more than that.
"""

import heapq
import itertools
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from dinnerbell.catalogue import HostClass
from dinnerbell.log_proxied import read_looked, read_mistaken, read_pages, read_pages_seen, write_proxied
from dinnerbell.log_schema import migrations
from dinnerbell.model import Verdict
from dinnerbell.proxied import Looked, Mistaken, PagesSeen
from dinnerbell.sessions import Grade, Session, at_minute
from dinnerbell.usage import Batch, Deletion, LogKey, Traffic, Usage, WrongClock


class LogError(Exception):
    """The usage log could not be opened or read; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A device that has asked, and when (whole minutes since 1970 UTC)."""

    device: str
    group: str
    owner: str
    first_minute: int
    last_minute: int


def usage_path(data: Path) -> Path:
    return data / "usage.db"


def set_aside_if_damaged(path: Path) -> Path | None:
    """Move a usage log that is no database any more out of the way, whole; return where it is now, or None: it is not damaged.

    A card that wears out, or a power cut in the wrong moment, must not leave a setting without DNS. Raises OSError.
    """
    if not path.is_file():
        return None
    connection = sqlite3.connect(path, timeout=5)
    try:
        found = connection.execute("pragma quick_check(1)").fetchone()
        if found == ("ok",):
            return None
    except sqlite3.OperationalError:  # locked, or the disk is full: another trouble than this
        return None
    except sqlite3.DatabaseError:
        pass
    finally:
        connection.close()
    number = next(number for number in itertools.count(1) if not path.with_name(f"{path.name}.damaged-{number}").exists())
    for tail in ("-wal", "-shm", ""):
        part = path.with_name(path.name + tail)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.damaged-{number}{tail}"))
    return path.with_name(f"{path.name}.damaged-{number}")


class LogWriter:
    """The one writer. Not thread-safe: it lives in the thread that made it."""

    def __init__(self, path: Path) -> None:
        """Open or create the file and bring its schema up to date. Raises LogError."""
        connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=5, isolation_level=None)
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            migrations.apply(Database(connection))
            connection.execute("pragma foreign_keys = on")
        except (OSError, sqlite3.Error) as error:
            if connection is not None:
                connection.close()
            raise LogError(f"Couldn't open the usage log {path}: {error}") from error
        self._connection = connection
        self._ids: dict[tuple[object, ...], int] = {}
        self._uptime: int | None = None
        self._wrong_clocks: dict[int, int] = {}

    def newest_minute(self) -> int | None:
        """Return the newest minute that anything is kept of; None: nothing is."""
        return _newest_minute(self._connection)

    def write(self, batch: Batch) -> None:
        """Add a batch of counts in one transaction: all of it or nothing. Raises sqlite3.Error."""
        try:
            self._write_once(batch)
        except sqlite3.IntegrityError:  # an id that is known here is gone: names that nobody asked for were deleted
            self._write_once(batch)

    def _write_once(self, batch: Batch) -> None:
        connection = self._connection
        uptime, wrong_clocks = self._uptime, dict(self._wrong_clocks)
        connection.execute("begin immediate")
        try:
            self._write(batch)
            connection.execute("commit")  # with a full disk it is here that it fails
        except BaseException:
            self._ids.clear()  # ids given in what is rolled back do not exist
            self._uptime, self._wrong_clocks = uptime, wrong_clocks
            if connection.in_transaction:  # a full disk makes SQLite roll back by itself
                connection.execute("rollback")
            raise

    def _write(self, batch: Batch) -> None:
        connection = self._connection
        for device, (group, owner, first, last) in batch.seen.items():
            connection.execute(
                "insert into devices (name, group_name, owner, first_minute, last_minute) values (?, ?, ?, ?, ?) on conflict (name) do "
                "update set group_name = excluded.group_name, owner = excluded.owner, "
                "first_minute = min(coalesce(first_minute, excluded.first_minute), excluded.first_minute), "
                "last_minute = max(coalesce(last_minute, excluded.last_minute), excluded.last_minute)",
                (device, group, owner, first, last),
            )
        connection.executemany(
            "insert into lookups values (?, ?, ?, ?, ?) on conflict do update set lookups = lookups + excluded.lookups",
            [
                (minute, self._device(key.device), self._name(key.name), self._ruling(*key[2:]), count)
                for (minute, key), count in batch.lookups.items()
            ],
        )
        connection.executemany(
            "insert into traffic values (?, ?, ?, ?) on conflict do update set answered = answered + excluded.answered, "
            "refused = refused + excluded.refused",
            [(hour, self._device(device), *counts) for (hour, device), counts in batch.traffic.items()],
        )
        connection.executemany(
            "insert into slowed values (?, ?, ?) on conflict do update set lookups = lookups + excluded.lookups",
            [(hour, self._device(device), count) for (hour, device), count in batch.slowed.items()],
        )
        write_proxied(connection, batch.proxied)
        for first, last in batch.ended:
            self._write_uptime(first, last)
            self._uptime = None
        if batch.last_minute is not None:
            self._write_uptime(batch.first_minute or batch.last_minute, batch.last_minute)
        minute = batch.last_minute if batch.last_minute is not None else batch.ended[-1][1] if batch.ended else None
        if batch.dropped and minute is not None:
            connection.execute(
                "insert into losses values (?, ?) on conflict do update set lookups = lookups + excluded.lookups", (minute, batch.dropped)
            )
        for number, stretch in batch.wrong_clocks.items():
            self._wrong_clocks[number] = connection.execute(
                "insert or replace into wrong_clocks (id, after_minute, first_minute, seconds, undated) values (?, ?, ?, ?, ?) "
                "returning id",
                (self._wrong_clocks.get(number), stretch.after_minute, stretch.first_minute, stretch.seconds, stretch.undated),
            ).fetchone()[0]

    def _write_uptime(self, first: int, last: int) -> None:
        connection = self._connection
        if self._uptime is None:
            self._uptime = connection.execute(
                "insert into uptime (first_minute, last_minute) values (?, ?) returning id", (first, last)
            ).fetchone()[0]
        else:
            connection.execute("update uptime set last_minute = max(last_minute, ?) where id = ?", (last, self._uptime))

    def _device(self, name: str) -> int:
        return self._id(("device", name), "select id from devices where name = ?", "insert into devices (name) values (?)", (name,))

    def _name(self, name: str) -> int:
        return self._id(("name", name), "select id from names where name = ?", "insert into names (name) values (?)", (name,))

    def _ruling(self, service: str | None, host_class: HostClass | None, verdict: Verdict, rule: str) -> int:
        values = (service, host_class.value if host_class else None, verdict.value, rule)
        return self._id(
            ("ruling", *values),
            "select id from rulings where service is ? and class is ? and verdict = ? and rule = ?",
            "insert into rulings (service, class, verdict, rule) values (?, ?, ?, ?)",
            values,
        )

    def _id(self, key: tuple[object, ...], select: str, insert: str, values: tuple[object, ...]) -> int:
        known = self._ids.get(key)
        if known is None:
            row = self._connection.execute(select, values).fetchone()
            known = row[0] if row else self._connection.execute(insert + " returning id", values).fetchone()[0]
            if len(self._ids) >= _MAX_IDS:
                self._ids.clear()
            self._ids[key] = known
        return known

    def close(self) -> None:
        self._connection.close()


def _newest_minute(connection: sqlite3.Connection) -> int | None:
    found = connection.execute(
        "select max(minute) from (select max(last_minute) as minute from uptime union all select max(minute) from lookups)"
    ).fetchone()[0]
    return None if found is None else int(found)


_MAX_IDS = 100_000


class LogReader:
    """Reads the usage log, also while the box writes it. A context manager."""

    def __init__(self, path: Path) -> None:
        """Open the file for reading; one of an older release is brought up to date first. Raises LogError; not being there yet is one."""
        if not path.exists():
            raise LogError(f"Couldn't read the usage log {path}: it is not there yet; it is made when `dinnerbell run` starts")
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True, timeout=10)
            self._db = Database(connection)
            self._db.execute("select 1 from uptime limit 1").fetchone()
            if migrations.pending(self._db):
                LogWriter(path).close()
        except (sqlite3.Error, LogError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, LogError):
                raise
            raise LogError(f"Couldn't read the usage log {path}: {error}") from error
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def newest_minute(self) -> int | None:
        """Return the newest minute that anything is kept of; None: nothing is."""
        return _newest_minute(self._connection)

    def usage(self, since: int, until: int, device: str | None = None) -> Iterator[Usage]:
        """Yield the rows of the minutes [since, until), by minute; of one device if named. Pages that the proxy saw are rows too."""
        pages = read_pages(self._connection, since, until, device)
        yield from heapq.merge(self._looked_up(since, until, device), pages, key=lambda row: row.minute)

    def _looked_up(self, since: int, until: int, device: str | None) -> Iterator[Usage]:
        sql = (
            "select l.minute, d.name as device, n.name, r.service, r.class, r.verdict, r.rule, l.lookups from lookups l "
            "join devices d on d.id = l.device join names n on n.id = l.name join rulings r on r.id = l.ruling "
            "where l.minute >= ? and l.minute < ?"
        )
        values: list[object] = [since, until]
        if device is not None:
            sql += " and d.name = ?"
            values.append(device)
        for row in self._db.query(sql + " order by l.minute", values):
            host_class = HostClass(row["class"]) if row["class"] else None
            yield Usage(
                row["minute"], row["device"], row["name"], row["service"], host_class, Verdict(row["verdict"]), row["rule"], row["lookups"]
            )

    def lookups(self, since: int, until: int) -> Iterator[tuple[int, LogKey, int]]:
        """Yield (minute, key, look-ups) of the minutes [since, until), by minute.

        For millions of rows: where `usage` joins and builds each row anew, here all rows of one key share one value.
        """
        execute = self._connection.execute
        sql = "select minute, device, name, ruling, lookups from lookups where minute >= ? and minute < ? order by minute"
        rows = execute(sql, (since, until))  # opened first: what is read while it is open is as old as the rows are
        devices = dict(execute("select id, name from devices"))
        names = dict(execute("select id, name from names"))
        rulings = {id_: _ruling(*values) for id_, *values in execute("select id, service, class, verdict, rule from rulings")}
        keys: dict[tuple[int, int, int], LogKey] = {}
        for minute, device, name, ruling, lookups in rows:
            key = keys.get((device, name, ruling))
            if key is None:
                key = keys[device, name, ruling] = LogKey(devices[device], names[name], *rulings[ruling])
            yield minute, key, lookups

    def traffic(self, since: int, until: int) -> Iterator[Traffic]:
        """Yield the totals of the hours [since, until), by hour."""
        sql = (
            "select t.hour, d.name as device, t.answered, t.refused from traffic t join devices d on d.id = t.device "
            "where t.hour >= ? and t.hour < ? order by t.hour, d.name"
        )
        for row in self._db.query(sql, [since, until]):
            yield Traffic(row["hour"], row["device"], row["answered"], row["refused"])

    def contacts(self) -> list[Contact]:
        """Return every device seen, by last contact, newest first."""
        sql = "select * from devices where last_minute is not null order by last_minute desc, name"
        return [
            Contact(row["name"], row["group_name"] or "", row["owner"] or "", row["first_minute"], row["last_minute"])
            for row in self._db.query(sql)
        ]

    def uptime(self, since: int, until: int) -> list[tuple[int, int]]:
        """Return the stretches [first minute, last minute] in which the box was answering, cut to [since, until)."""
        sql = "select first_minute, last_minute from uptime where last_minute >= ? and first_minute < ? order by first_minute"
        rows = self._db.query(sql, [since, until])
        return [(max(row["first_minute"], since), min(row["last_minute"], until - 1)) for row in rows]

    def kept_from(self) -> int:
        """Return the minute before which look-ups are deleted, and sessions kept in their place; 0: nothing was deleted yet."""
        found = self._of_retention("select minute from kept_from")
        return int(found[0][0]) if found else 0

    def has_any(self, minutes: range) -> bool:
        """Tell whether the box recorded or answered anything in these minutes."""
        hours = minutes.start // 60, minutes.stop // 60
        found = self._connection.execute("select 1 from traffic where hour >= ? and hour < ? limit 1", hours).fetchone()
        return found is not None or bool(self.uptime(minutes.start, minutes.stop))

    def sessions(self, since: int, device: str | None = None) -> list[Session]:
        """Return the sessions that were kept when their look-ups were deleted, from the minute `since` on; of one device if named."""
        sql = (
            "select device, service, start, end, minutes_low, minutes_high, grade, verdict, lookups from sessions "
            "where start >= ? and (? is null or device = ?) order by start, device, service"
        )
        rows = self._of_retention(sql, since, device, device)
        return [
            Session(device, service, at_minute(start), at_minute(end), low, high, Grade(grade), Verdict(verdict), lookups)
            for device, service, start, end, low, high, grade, verdict, lookups in rows
        ]

    def document(self, week: str, reader: str, form: str) -> str | None:
        """Return the weekly report that was kept of a week, for a reader and in a form (`html`, `text`, `csv`, `json`); None: none was."""
        found = self._of_retention("select body from documents where week = ? and reader = ? and form = ?", week, reader, form)
        return zlib.decompress(found[0][0]).decode() if found else None

    def deletions(self, since: int, until: int) -> list[Deletion]:
        """Return what was deleted in the minutes [since, until)."""
        sql = "select minute, what, before, count from deletions where minute >= ? and minute < ? order by rowid"
        return [Deletion(*row) for row in self._of_retention(sql, since, until)]

    def _of_retention(self, sql: str, *values: object) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()

    def wrong_clocks(self, since: int, until: int) -> list[WrongClock]:
        """Return when the clock was wrong: stretches that began in [since, until), or if nobody knows when, after a minute of it."""
        sql = "select * from wrong_clocks where coalesce(first_minute, after_minute) >= ? and coalesce(first_minute, after_minute) < ?"
        return [
            WrongClock(row["after_minute"], row["seconds"], row["undated"], row["first_minute"])
            for row in self._db.query(sql + " order by id", [since, until])
        ]

    def slowed(self, since: int, until: int) -> dict[str, int]:
        """Return the look-ups of the hours [since, until) that were over the rate limit, by device, the loudest first."""
        sql = (
            "select d.name, sum(s.lookups) from slowed s join devices d on d.id = s.device where s.hour >= ? and s.hour < ? "
            "group by d.name order by sum(s.lookups) desc, d.name"
        )
        return {name: int(lookups) for name, lookups in self._db.execute(sql, [since, until])}

    def looked(self, since: int, until: int) -> list[Looked]:
        """Return what the proxy decrypted in the hours [since, until), by device."""
        return read_looked(self._connection, since, until)

    def pages_seen(self, since: int, until: int) -> list[PagesSeen]:
        """Return what the proxy saw of each device and service in the minutes [since, until)."""
        return read_pages_seen(self._connection, since, until)

    def mistaken(self, since: int, until: int) -> list[Mistaken]:
        """Return what people said to be closed by mistake in the minutes [since, until)."""
        return read_mistaken(self._connection, since, until)

    def losses(self, since: int, until: int) -> int:
        """Return how many look-ups of [since, until) were answered and could not be kept."""
        found = self._db.execute("select coalesce(sum(lookups), 0) from losses where minute >= ? and minute < ?", [since, until]).fetchone()
        return int(found[0])


def _ruling(service: str | None, host_class: str | None, verdict: str, rule: str) -> tuple[str | None, HostClass | None, Verdict, str]:
    return service, HostClass(host_class) if host_class else None, Verdict(verdict), rule
