"""The usage log on a real disk: what was counted is there, all of a batch or none of it, while others read."""

import resource
import signal
import sqlite3
import threading
from contextlib import contextmanager

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from cast import OFFICE_LAPTOP, ROOM_TABLET, STAFF_PHONE, UNKNOWN_DEVICE
from dinnerbell.catalogue import HostClass
from dinnerbell.log import Contact, LogError, LogReader, LogWriter, usage_path
from dinnerbell.log_schema import migrations
from dinnerbell.model import Verdict
from dinnerbell.usage import Batch, LogKey, Traffic, Usage

MINUTE = 29_900_000
PLAIN = LogKey("room-tablet", "nobody.example", None, None, Verdict.ALLOW, "otherwise")
VIDEO = LogKey("office-laptop", "m.youtube.com", "youtube", HostClass.USE, Verdict.ENFORCE, "Safe search")
REFUSED = LogKey("office-laptop", "x.com", "x", HostClass.USE, Verdict.BLOCK, 'Not "here"; drop table names')
DEVICES = {device.name: device for device in (ROOM_TABLET, OFFICE_LAPTOP, STAFF_PHONE, UNKNOWN_DEVICE)}


def batch_of(*rows):
    """Make a batch of (minute after MINUTE, key, count)."""
    batch = Batch()
    for minute, key, count in rows:
        batch.add(MINUTE + minute, DEVICES[key.device], key, refused=key.verdict is Verdict.BLOCK, count=count)
        batch.alive(MINUTE + minute)
    return batch


def row(minute, key, lookups):
    return Usage(MINUTE + minute, key.device, key.name, key.service, key.host_class, key.verdict, key.rule, lookups)


@pytest.fixture
def path(tmp_path):
    return usage_path(tmp_path)


@pytest.fixture
def writer(path):
    writer = LogWriter(path)
    yield writer
    writer.close()


def everything(path, **how):
    with LogReader(path) as log:
        return list(log.usage(0, 2 * MINUTE, **how))


def by_name(rows):
    return sorted(rows, key=lambda each: (each.minute, each.device, each.name))


def test_what_was_counted_is_what_is_read(writer, path):
    writer.write(batch_of((0, PLAIN, 3), (0, VIDEO, 1), (1, REFUSED, 2)))
    assert by_name(everything(path)) == by_name([row(0, PLAIN, 3), row(0, VIDEO, 1), row(1, REFUSED, 2)])


def test_counts_of_the_same_minute_add_up_over_batches_and_restarts(path):
    for _ in range(3):
        writer = LogWriter(path)
        writer.write(batch_of((0, PLAIN, 3)))
        writer.write(batch_of((0, PLAIN, 1), (1, PLAIN, 1)))
        writer.close()
    assert everything(path) == [row(0, PLAIN, 12), row(1, PLAIN, 3)]


def test_one_name_answered_differently_is_two_rows(writer, path):
    other = PLAIN._replace(verdict=Verdict.BLOCK, rule="No")
    own = PLAIN._replace(service="own", host_class=HostClass.COMPANION)
    writer.write(batch_of((0, PLAIN, 1), (0, other, 2), (0, own, 4)))
    assert sorted(everything(path), key=lambda each: each.lookups) == [row(0, PLAIN, 1), row(0, other, 2), row(0, own, 4)]


def test_both_ways_of_reading_say_the_same(writer, path):
    keys = [PLAIN, VIDEO, REFUSED]
    for first in range(3):
        writer.write(batch_of(*((minute, keys[(first + minute) % 3], minute + 1) for minute in range(40))))
    with LogReader(path) as log:
        rows = list(log.usage(MINUTE + 3, MINUTE + 30))
        counts = [Usage(minute, *key, lookups) for minute, key, lookups in log.lookups(MINUTE + 3, MINUTE + 30)]
    assert by_name(rows) == by_name(counts)
    assert len(rows) == 3 * 27


def test_a_stretch_includes_its_start_and_not_its_end(writer, path):
    writer.write(batch_of(*((minute, PLAIN, 1) for minute in range(5))))
    with LogReader(path) as log:
        assert [each.minute - MINUTE for each in log.usage(MINUTE + 1, MINUTE + 3)] == [1, 2]


def test_rows_come_by_minute(writer, path):
    writer.write(batch_of((7, PLAIN, 1), (2, VIDEO, 1)))
    writer.write(batch_of((5, PLAIN, 1), (0, PLAIN, 1)))
    assert [each.minute - MINUTE for each in everything(path)] == [0, 2, 5, 7]


def test_one_devices_rows_can_be_asked_for(writer, path):
    writer.write(batch_of((0, PLAIN, 1), (0, VIDEO, 1)))
    assert everything(path, device="room-tablet") == [row(0, PLAIN, 1)]
    assert everything(path, device="nobody") == []


def test_what_is_nobodys_is_kept_without_a_device(writer, path):
    batch = Batch()
    batch.add(MINUTE, STAFF_PHONE, LogKey("", "sensitive", "sensitive", None, Verdict.ALLOW, "otherwise"), refused=False)
    writer.write(batch)
    assert [(each.device, each.name) for each in everything(path)] == [("", "sensitive")]
    with LogReader(path) as log:
        assert [contact.device for contact in log.contacts()] == ["192.168.20.7"]


def test_totals_by_hour_are_kept_whatever_else_is(writer, path):
    hour = MINUTE // 60
    for _ in range(2):
        batch = Batch()
        batch.add(MINUTE, STAFF_PHONE, None, refused=False, count=5)
        batch.add(MINUTE, STAFF_PHONE, None, refused=True, count=2)
        batch.add(MINUTE + 60, ROOM_TABLET, None, refused=False)
        writer.write(batch)
    with LogReader(path) as log:
        assert list(log.traffic(hour, hour + 2)) == [Traffic(hour, "192.168.20.7", 10, 4), Traffic(hour + 1, "room-tablet", 2, 0)]
        assert [each.device for each in log.traffic(hour + 1, hour + 2)] == ["room-tablet"]
        assert list(log.usage(0, 2 * MINUTE)) == []


def test_devices_are_known_from_their_first_to_their_last_contact(writer, path):
    writer.write(batch_of((5, PLAIN, 1), (9, PLAIN, 1)))
    writer.write(batch_of((20, PLAIN, 1), (6, VIDEO, 1)))
    batch = Batch()
    batch.add(MINUTE + 30, UNKNOWN_DEVICE, None, refused=False)
    writer.write(batch)
    with LogReader(path) as log:
        assert log.contacts() == [
            Contact("192.168.1.77", "", "unknown", MINUTE + 30, MINUTE + 30),
            Contact("room-tablet", "children", "setting", MINUTE + 5, MINUTE + 20),
            Contact("office-laptop", "office", "setting", MINUTE + 6, MINUTE + 6),
        ]


def test_a_clock_that_was_put_back_does_not_undo_a_contact(writer, path):
    writer.write(batch_of((5, PLAIN, 1)))
    writer.write(batch_of((2, PLAIN, 1)))
    with LogReader(path) as log:
        assert [(each.first_minute - MINUTE, each.last_minute - MINUTE) for each in log.contacts()] == [(2, 5)]


def test_a_device_that_a_full_batch_could_not_note_is_known_once_it_can(writer, path):
    """Its look-ups came first; its contact follows."""
    batch = Batch()
    batch.lookups[MINUTE, PLAIN] = 1
    writer.write(batch)
    writer.write(batch_of((4, PLAIN, 1)))
    with LogReader(path) as log:
        assert [(each.device, each.first_minute - MINUTE, each.last_minute - MINUTE) for each in log.contacts()] == [("room-tablet", 4, 4)]


def test_a_device_that_changes_its_group_is_in_the_new_one(writer, path):
    batch, later = Batch(), Batch()
    batch.seen = {"room-tablet": ("", "unknown", MINUTE, MINUTE)}
    batch.alive(MINUTE)
    later.seen = {"room-tablet": ("children", "setting", MINUTE + 9, MINUTE + 9)}
    later.alive(MINUTE + 9)
    writer.write(batch)
    writer.write(later)
    with LogReader(path) as log:
        assert log.contacts() == [Contact("room-tablet", "children", "setting", MINUTE, MINUTE + 9)]


def alive(*minutes):
    batch = Batch()
    for minute in minutes:
        batch.alive(MINUTE + minute)
    return batch


def test_the_box_was_up_in_one_stretch_for_each_start(path):
    for minutes in ([0, 1], [60]):
        writer = LogWriter(path)
        for minute in minutes:
            writer.write(alive(minute))
        writer.write(alive(minutes[-1] + 1, minutes[-1] + 5))
        writer.close()
    with LogReader(path) as log:
        assert [(first - MINUTE, last - MINUTE) for first, last in log.uptime(0, 2 * MINUTE)] == [(0, 6), (60, 65)]
        assert [(first - MINUTE, last - MINUTE) for first, last in log.uptime(MINUTE + 3, MINUTE + 62)] == [(3, 6), (60, 61)]
        assert log.uptime(MINUTE + 7, MINUTE + 60) == []


def test_what_was_dropped_is_counted(writer, path):
    for minute in (0, 0, 7):
        batch = alive(minute)
        batch.dropped = 3
        writer.write(batch)
    with LogReader(path) as log:
        assert (log.losses(0, 2 * MINUTE), log.losses(MINUTE + 1, 2 * MINUTE), log.losses(0, MINUTE)) == (9, 3, 0)


def test_readers_read_while_the_box_writes(writer, path):
    """Two of them, each seeing whole batches only: a batch puts one row for either device."""
    writer.write(batch_of((0, PLAIN, 1), (0, VIDEO, 1)))
    halves = []

    def read():
        for _ in range(20):
            rows = everything(path)
            if sum(each.device == "room-tablet" for each in rows) * 2 != len(rows):
                halves.append(rows)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    minute = 0
    while any(reader.is_alive() for reader in readers):
        minute += 1
        writer.write(batch_of((minute, PLAIN, 1), (minute, VIDEO, 1)))
    assert halves == []
    assert len(everything(path)) == 2 * (minute + 1)


def test_a_reader_in_the_middle_does_not_stop_the_writer(writer, path):
    writer.write(batch_of(*((minute, PLAIN, 1) for minute in range(1000))))
    with LogReader(path) as log:
        rows = log.usage(0, 2 * MINUTE)
        next(rows)
        writer.write(batch_of((2000, PLAIN, 1)))
        assert len(list(rows)) == 999
    assert len(everything(path)) == 1001


def test_a_locked_file_refuses_the_whole_batch_and_takes_it_later(path):
    writer = LogWriter(path)
    writer._connection.execute("pragma busy_timeout = 10")
    writer.write(batch_of((0, PLAIN, 1)))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    second = batch_of((1, VIDEO, 2), (2, REFUSED, 1))
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        writer.write(second)
    other.execute("rollback")
    other.close()
    assert everything(path) == [row(0, PLAIN, 1)]
    writer.write(second)
    writer.close()
    assert everything(path) == [row(0, PLAIN, 1), row(1, VIDEO, 2), row(2, REFUSED, 1)]


@contextmanager
def no_more_pages(writer, path):
    """The file may not grow: as SQLite itself reports a full disk."""
    pages = writer._connection.execute("pragma page_count").fetchone()[0]
    writer._connection.execute(f"pragma max_page_count = {pages}")
    yield
    writer._connection.execute("pragma max_page_count = 1000000")


@contextmanager
def no_more_bytes(writer, path):
    """The operating system lets no file grow past the write-ahead log as it is: the write fails as late as in the commit."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = path.with_name(path.name + "-wal").stat().st_size + 4096
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def flood(count, minute=1):
    return batch_of(*((minute, PLAIN._replace(name=f"{number}.flood.example"), 1) for number in range(count)))


@pytest.mark.parametrize("count", [400, 5000])
@pytest.mark.parametrize("full", [no_more_pages, no_more_bytes])
def test_a_full_disk_leaves_nothing_of_a_batch_and_takes_it_later(path, full, count):
    """Neither rows nor names that no row has; and what the writer remembers of the lost batch does not spoil the next."""
    writer = LogWriter(path)
    writer.write(batch_of((0, PLAIN, 1)))
    failures = []
    with full(writer, path):
        for _ in range(2):
            try:
                writer.write(flood(count))
            except sqlite3.OperationalError as error:
                failures.append(str(error))
    assert len(failures) == 2
    assert all("full" in failure or "disk I/O" in failure for failure in failures), failures
    assert everything(path) == [row(0, PLAIN, 1)]
    writer.write(flood(count))
    writer.close()
    rows = everything(path)
    assert (len(rows), {each.lookups for each in rows}) == (count + 1, {1})
    names = sqlite3.connect(path)
    assert names.execute("select count(*) from names").fetchone() == (count + 1,)
    assert names.execute("pragma integrity_check").fetchone() == ("ok",)
    names.close()


def test_a_failure_does_not_split_the_stretch_in_which_the_box_was_up(path):
    writer = LogWriter(path)
    writer.write(alive(0))
    late = flood(400)
    with no_more_bytes(writer, path), pytest.raises(sqlite3.OperationalError):
        writer.write(late)
    late.merge(alive(2))
    writer.write(late)
    writer.close()
    with LogReader(path) as log:
        assert log.uptime(0, 2 * MINUTE) == [(MINUTE, MINUTE + 2)]


def test_a_batch_of_fifty_thousand_rows_is_written_at_once(writer, path):
    writer.write(flood(50_000))
    writer.write(flood(50_000))
    rows = everything(path)
    assert (len(rows), {each.lookups for each in rows}) == (50_000, {2})


def test_opening_again_changes_nothing(path):
    LogWriter(path).close()
    connection = sqlite3.connect(path)
    before = connection.execute("select name, sql from sqlite_master order by name").fetchall()
    for _ in range(2):
        LogWriter(path).close()
    assert connection.execute("select name, sql from sqlite_master order by name").fetchall() == before
    assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()


def test_an_empty_batch_is_no_trouble(writer, path):
    writer.write(Batch())
    assert everything(path) == []


@pytest.mark.parametrize("folder", ["plain", "two words", "100% #1?", "müsli", "a/b/c"])
def test_the_file_may_lie_anywhere(tmp_path, folder):
    path = usage_path(tmp_path / folder)
    writer = LogWriter(path)
    writer.write(batch_of((0, PLAIN, 1)))
    writer.close()
    assert path.name == "usage.db"
    assert everything(path) == [row(0, PLAIN, 1)]


def test_a_reader_of_a_file_that_is_not_there_says_so_and_makes_none(path):
    with pytest.raises(LogError, match="not there yet"):
        LogReader(path)
    assert not path.exists()


NO_DATABASE = b"this is no database, and long enough to have a header of its own" * 100


@pytest.mark.parametrize("content", [pytest.param(b"", id="empty"), pytest.param(NO_DATABASE, id="text")])
def test_a_reader_of_something_else_says_so(path, content):
    path.write_bytes(content)
    with pytest.raises(LogError, match="Couldn't read the usage log"):
        LogReader(path)
    assert path.read_bytes() == content


def test_a_writer_does_not_touch_something_else(path):
    path.write_bytes(NO_DATABASE)
    with pytest.raises(LogError, match="Couldn't open the usage log"):
        LogWriter(path)
    assert path.read_bytes() == NO_DATABASE


def test_a_folder_that_cannot_be_made_is_a_log_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match="Couldn't open the usage log"):
        LogWriter(usage_path(tmp_path / "file"))


def test_the_reader_cannot_write(writer, path):
    writer.write(batch_of((0, PLAIN, 1)))
    with LogReader(path) as log, pytest.raises(sqlite3.OperationalError, match="readonly"):
        log._connection.execute("delete from lookups")
    assert everything(path) == [row(0, PLAIN, 1)]


def test_a_log_of_an_older_release_is_brought_up_to_date_by_whoever_reads_it(tmp_path):
    """Its rows are there, and what it has no tables for yet is empty, not an error."""
    path = tmp_path / "usage.db"
    older = sqlite3.connect(path)
    steps = Migrations("dinnerbell")
    steps._migrations = migrations._migrations[:1]
    steps.apply(Database(older))
    older.execute("insert into uptime (first_minute, last_minute) values (10, 20)")
    older.commit()
    older.close()
    with LogReader(path) as log:
        assert log.uptime(0, 100) == [(10, 20)]
        assert (list(log.usage(0, 100)), log.slowed(0, 100), log.wrong_clocks(0, 100), log.mistaken(0, 100)) == ([], {}, [], [])


def test_an_older_log_that_cannot_be_written_says_so(tmp_path):
    path = tmp_path / "usage.db"
    older = sqlite3.connect(path)
    older.execute("create table uptime (id integer primary key, first_minute integer, last_minute integer)")
    older.close()
    with pytest.raises(LogError, match=r"Couldn.t (open|read) the usage log"):
        LogReader(path)
