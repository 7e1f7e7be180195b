"""The thread that writes the log: everything once, whatever the disk does, and no answer waits for it."""

import contextlib
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from cast import OFFICE_LAPTOP
from dinnerbell.catalogue import HostClass
from dinnerbell.log import LogError, LogReader, usage_path
from dinnerbell.log_thread import LogThread
from dinnerbell.model import Verdict
from dinnerbell.usage import Batch, LogKey
from live import environment, eventually

MINUTE = 29_900_000


def batch(name: str = "www.example.org", count: int = 1, minute: int = MINUTE) -> Batch:
    made = Batch()
    key = LogKey("office-laptop", name, "facebook", HostClass.USE, Verdict.ALLOW, "a rule")
    made.add(minute, OFFICE_LAPTOP, key, refused=False, count=count)
    made.alive(minute)
    return made


def lookups(path) -> dict[str, int]:
    with LogReader(path) as reader:
        return {row.name: row.lookups for row in reader.usage(0, 2**40)}


@pytest.fixture
def log(tmp_path):
    log = LogThread(usage_path(tmp_path))
    log.start()
    yield log
    log.stop()


def test_a_batch_is_in_the_file_soon(log, tmp_path):
    log.put(batch())
    eventually(lambda: log.written_batches)
    assert lookups(usage_path(tmp_path)) == {"www.example.org": 1}


def test_a_stop_writes_what_is_left(tmp_path):
    log = LogThread(usage_path(tmp_path))
    log.start()
    for number in range(50):
        log.put(batch(count=number))
    log.stop()
    assert lookups(usage_path(tmp_path)) == {"www.example.org": sum(range(50))}
    assert log.trouble is None


def test_a_stop_without_anything_to_write_ends_at_once(tmp_path):
    log = LogThread(usage_path(tmp_path))
    log.start()
    started = time.monotonic()
    log.stop()
    assert time.monotonic() - started < 2


def test_reading_while_it_writes_sees_whole_batches(log, tmp_path):
    seen = []
    for number in range(30):
        log.put(batch("a.example", 1, MINUTE + number))
        log.put(batch("b.example", 1, MINUTE + number))
        with LogReader(usage_path(tmp_path)) as reader:
            seen.append(sum(row.lookups for row in reader.usage(0, 2**40)))
    assert seen == sorted(seen)
    log.stop()
    with LogReader(usage_path(tmp_path)) as reader:
        assert sum(row.lookups for row in reader.usage(0, 2**40)) == 60
        assert reader.uptime(0, 2**40) == [(MINUTE, MINUTE + 29)]


def test_while_another_holds_the_file_nothing_waits_and_nothing_is_lost(tmp_path):
    log = LogThread(usage_path(tmp_path))
    log.start()
    other = sqlite3.connect(usage_path(tmp_path), isolation_level=None)
    other.execute("begin exclusive")
    started = time.monotonic()
    for _ in range(1000):
        log.put(batch())
    assert time.monotonic() - started < 2, "put never waits for the disk"
    time.sleep(0.1)
    other.execute("rollback")
    other.close()
    log.stop()
    assert lookups(usage_path(tmp_path)) == {"www.example.org": 1000}


DISK_FULL = """
    import resource, sys, time
    from pathlib import Path
    from dinnerbell.log import LogReader, usage_path
    from dinnerbell.log_thread import LogThread
    from test_log_thread import batch

    path = usage_path(Path(sys.argv[1]))
    log = LogThread(path)
    log.start()
    log.put(batch("before.example"))
    while not log.written_batches:
        time.sleep(0.01)
    wal = path.with_name(path.name + "-wal").stat().st_size
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal + 100, hard))
    for number in range(500):
        log.put(batch(f"during{number}.example"))
    while not log.trouble:
        time.sleep(0.01)
    print(log.trouble)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    log.put(batch("after.example"))
    while log.trouble:
        time.sleep(0.01)
    log.stop()
    with LogReader(path) as reader:
        rows = list(reader.usage(0, 2**40))
    assert sum(row.lookups for row in rows) == 502 == len(rows), len(rows)
    print("all there, each once")
"""


def test_after_a_full_disk_has_room_again_everything_is_there_once(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DISK_FULL), str(tmp_path)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["all there, each once"], done.stderr
    assert "Couldn't write to the usage log" in done.stdout


def test_what_is_no_log_is_set_aside_whole_and_a_new_one_begun(tmp_path):
    usage_path(tmp_path).write_text("this is not a database, however long it is, and it never was one " * 20)
    log = LogThread(usage_path(tmp_path))
    log.start()
    log.put(batch())
    log.stop()
    assert log.set_aside == tmp_path / "usage.db.damaged-1"
    assert log.set_aside.read_text().startswith("this is not a database"), "nothing is lost"
    assert lookups(usage_path(tmp_path)) == {"www.example.org": 1}


def test_a_log_with_a_hole_in_it_is_set_aside_too(tmp_path):
    """A worn card: the file begins as a database does, and goes on as noise."""
    path = usage_path(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.executescript("create table uptime (id integer primary key); create table a (b); insert into a values (1);")
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + b"\x5a" * (len(whole) - 200))
    log = LogThread(path)
    log.start()
    log.stop()
    assert log.set_aside is not None


def test_a_good_log_of_somebody_elses_making_is_not_set_aside(tmp_path):
    """A database, but not ours to begin anew over: said, as before."""
    path = usage_path(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("create table names (other text)")
    with pytest.raises(LogError, match="Couldn't open the usage log"):
        LogThread(path).start()
    assert path.exists()


def test_a_folder_that_cannot_be_made_is_said_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match="Couldn't open the usage log"):
        LogThread(usage_path(tmp_path / "file" / "data")).start()


def test_no_thread_stays_behind(tmp_path):
    log = LogThread(usage_path(tmp_path))
    log.start()
    log.stop()
    assert "usage-log" not in {thread.name for thread in threading.enumerate() if thread is log._thread}
