"""The tables of the usage log, as they came to be: each step is taken once, in order, by whoever opens an older file to write (shell)."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("dinnerbell")


@migrations()
def m001_counts(db: Database) -> None:
    """Create names, devices and rulings once, counts by minute, totals by hour, and the stretches in which the box was up."""
    db.table("names").create({"id": int, "name": str}, pk="id", not_null={"name"})
    db.table("names").create_index(["name"], unique=True)
    db.table("devices").create(
        {"id": int, "name": str, "group_name": str, "owner": str, "first_minute": int, "last_minute": int}, pk="id", not_null={"name"}
    )
    db.table("devices").create_index(["name"], unique=True)
    db.table("rulings").create({"id": int, "service": str, "class": str, "verdict": str, "rule": str}, pk="id")
    db.execute("create unique index rulings_all on rulings (coalesce(service, ''), coalesce(class, ''), verdict, rule)")
    db.execute(
        "create table lookups (minute integer not null, device integer not null references devices, name integer not null "
        "references names, ruling integer not null references rulings, lookups integer not null, "
        "primary key (minute, device, name, ruling)) without rowid"
    )
    db.execute(
        "create table traffic (hour integer not null, device integer not null references devices, answered integer not null, "
        "refused integer not null, primary key (hour, device)) without rowid"
    )
    db.table("uptime").create({"id": int, "first_minute": int, "last_minute": int}, pk="id")
    db.table("losses").create({"minute": int, "lookups": int}, pk="minute")


@migrations()
def m002_wrong_clocks(db: Database) -> None:
    """Create the stretches in which the box's clock was wrong."""
    db.execute(
        "create table wrong_clocks (id integer primary key, after_minute integer not null, first_minute integer, "
        "seconds integer not null, undated integer not null)"
    )


@migrations()
def m003_slowed(db: Database) -> None:
    """Create the look-ups by hour and device that were over the rate limit."""
    db.execute(
        "create table slowed (hour integer not null, device integer not null references devices, lookups integer not null, "
        "primary key (hour, device)) without rowid"
    )


@migrations()
def m004_retention(db: Database) -> None:
    """Create what outlives the look-ups: sessions and weekly reports; and what was deleted (`log_keeping.py`)."""
    db.execute(
        "create table sessions (start integer not null, end integer not null, device text not null, service text not null, "
        "minutes_low integer not null, minutes_high integer not null, grade text not null, verdict text not null, lookups integer not null)"
    )
    db.table("sessions").create_index(["start"])
    db.execute(
        "create table documents (week text not null, ends integer not null, reader text not null, form text not null, body blob not null, "
        "primary key (week, reader, form))"
    )
    db.execute("create table deletions (minute integer not null, what text not null, before integer not null, count integer not null)")
    db.execute("create table kept_from (id integer primary key check (id = 1), minute integer not null)")


@migrations()
def m005_proxied(db: Database) -> None:
    """Create what the proxy alone knows: pages that loaded, connections that were decrypted, and what people say is closed by mistake."""
    db.execute(
        "create table pages (minute integer not null, device text not null, name text not null, service text not null, "
        "verdict text not null, rule text not null, loads integer not null, bytes integer not null, "
        "primary key (minute, device, name, service, verdict, rule)) without rowid"
    )
    db.execute(
        "create table looked (hour integer not null, device text not null, looked integer not null, shown integer not null, "
        "primary key (hour, device)) without rowid"
    )
    db.execute(
        "create table mistaken (day integer not null, device text not null, name text not null, minute integer not null, "
        "rule text not null, words text not null, primary key (day, device, name)) without rowid"
    )
