"""What the proxy alone knows, in the usage log (shell): written with the look-ups' batches, read for sessions and reports.

Devices and names stand in it as text: there are few such rows, and none of them keeps another table's rows alive.
"""

import sqlite3
from collections.abc import Iterator

from dinnerbell.model import Verdict
from dinnerbell.proxied import Looked, Mistaken, PagesSeen, Proxied
from dinnerbell.usage import Usage


def write_proxied(connection: sqlite3.Connection, proxied: Proxied) -> None:
    """Add the counts, within the batch's transaction."""
    connection.executemany(
        "insert into pages values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set loads = loads + excluded.loads, "
        "bytes = bytes + excluded.bytes",
        [
            (minute, key.device, key.name, key.service, key.verdict.value, key.rule, *counts)
            for (minute, key), counts in proxied.pages.items()
        ],
    )
    connection.executemany(
        "insert into looked values (?, ?, ?, ?) on conflict do update set looked = looked + excluded.looked, "
        "shown = shown + excluded.shown",
        [(hour, device, *counts) for (hour, device), counts in proxied.looked.items()],
    )
    connection.executemany(
        "insert or ignore into mistaken values (?, ?, ?, ?, ?, ?)",
        [(day, said.device, said.name, said.minute, said.rule, said.words) for (_, _, day), said in proxied.mistaken.items()],
    )


def read_pages(connection: sqlite3.Connection, since: int, until: int, device: str | None) -> Iterator[Usage]:
    """Yield the pages that were opened in the minutes [since, until), by minute, as rows beside the look-ups."""
    sql = "select minute, device, name, service, verdict, rule, loads from pages where loads > 0 and minute >= ? and minute < ?"
    values: list[object] = [since, until]
    if device is not None:
        sql += " and device = ?"
        values.append(device)
    for minute, device_, name, service, verdict, rule, loads in connection.execute(sql + " order by minute", values):
        yield Usage(minute, device_, name, service, None, Verdict(verdict), rule, loads, is_page=True)


def read_pages_seen(connection: sqlite3.Connection, since: int, until: int) -> list[PagesSeen]:
    """Return what the proxy saw of each device and service in the minutes [since, until)."""
    opened, refused = (f"coalesce(sum(loads) filter (where verdict {sign} 'block'), 0)" for sign in ("!=", "="))
    sql = f"select device, service, {opened}, {refused}, sum(bytes) from pages where minute >= ? and minute < ? "  # noqa: S608 - our own words
    sql += "group by device, service order by device, service"
    return [PagesSeen(*row) for row in connection.execute(sql, (since, until))]


def read_looked(connection: sqlite3.Connection, since: int, until: int) -> list[Looked]:
    """Return what was decrypted in the hours [since, until), by device."""
    sql = "select device, sum(looked), sum(shown) from looked where hour >= ? and hour < ? group by device order by device"
    return [Looked(device, int(into), int(shown)) for device, into, shown in connection.execute(sql, (since, until))]


def read_mistaken(connection: sqlite3.Connection, since: int, until: int) -> list[Mistaken]:
    """Return what people said to be closed by mistake in the minutes [since, until), in order."""
    sql = "select minute, device, name, rule, words from mistaken where minute >= ? and minute < ? order by minute, device, name"
    return [Mistaken(*row) for row in connection.execute(sql, (since, until))]
