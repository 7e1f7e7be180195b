"""The box as a process while things go wrong around it: it goes on answering, its memory stays bounded, and what is lost is counted."""

import contextlib
import json
import resource
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

import dns.message
import pytest

from dinnerbell.log import LogReader, usage_path
from live import (
    ACORN_LANE,
    OFFICE_LAPTOP,
    TABLET,
    BoxProcess,
    LiveServer,
    NanoUpstream,
    ask,
    command,
    datagrams,
    eventually,
    rcode,
    says,
    tool,
)  # fmt: skip

HALF_OPEN = 10_000


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(ACORN_LANE)
    return path


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run([tool("mount"), "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("only root can make a small disk")
    try:
        yield disk
    finally:
        subprocess.run([tool("umount"), "-l", str(disk)], check=True)


def logged(data: Path) -> int:
    """Return how many look-ups the log knows of, the lost ones included."""
    with LogReader(usage_path(data)) as reader:
        return sum(each.answered + each.refused for each in reader.traffic(0, 2**40))


class Asker:
    """A device that goes on asking, and notes when an answer was late or missing."""

    def __init__(self, box: BoxProcess, source: str) -> None:
        self.waits: list[float] = []
        self.answers = 0
        self._box, self._source, self._stop = box, source, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with datagrams(self._box.endpoint, self._source) as udp:
            while not self._stop.is_set():
                udp.send(dns.message.make_query("www.tapestryjournal.com", "A").to_wire())
                started = time.monotonic()
                udp.recv(4096)
                self.waits.append(time.monotonic() - started)
                self.answers += 1
                time.sleep(0.005)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)


def test_a_full_disk_delays_no_answer_and_loses_no_count(rules, small_disk, local_upstream):
    with BoxProcess(rules, small_disk / "data", upstreams=[local_upstream.endpoint]) as box:
        assert rcode(box.ask("www.example.org")) == "NOERROR"
        eventually(lambda: logged(small_disk / "data") == 1)
        ballast = small_disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(b"x" * 65536):
                pass
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            while file.write(b"x"):
                pass
        with Asker(box, OFFICE_LAPTOP) as asker:
            for number in range(300):
                assert rcode(box.ask(f"full{number}.example.org", source=TABLET)) == "NOERROR"
            eventually(lambda: "Couldn't write to the usage log" in box.errors, 15)
            assert rcode(box.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN"
        ballast.unlink()
        eventually(lambda: "can be written again" in box.errors, 15)
        eventually(lambda: logged(small_disk / "data") == 1 + 300 + 1 + asker.answers, 15)
        assert asker.answers > 50
        assert max(asker.waits) < 1.0, "a stub waits longer than that"


def test_a_locked_log_delays_no_answer_and_loses_no_count(rules, tmp_path, local_upstream):
    """Another program holds the file, as a backup might, for longer than the writer waits for it."""
    data = tmp_path / "data"
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
        box.ask("www.example.org")
        eventually(lambda: logged(data) == 1)
        with contextlib.closing(sqlite3.connect(usage_path(data), isolation_level=None)) as holder:
            holder.execute("begin immediate")
            with Asker(box, OFFICE_LAPTOP) as asker:
                eventually(lambda: "Couldn't write to the usage log" in box.errors, 20)
                assert rcode(box.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN"
            holder.execute("rollback")
        eventually(lambda: logged(data) == 2 + asker.answers, 15)
        assert max(asker.waits) < 1.0


def test_ten_thousand_half_open_connections_delay_nobody(rules, tmp_path, local_upstream):
    """From fifty addresses, half of them with half a message. As many as this process may have sockets, if that is less."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(HALF_OPEN, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 200), hard))
    try:
        with BoxProcess(rules, tmp_path / "data", upstreams=[local_upstream.endpoint]) as box, contextlib.ExitStack() as stack:
            before = memory(box)
            with Asker(box, OFFICE_LAPTOP) as asker:
                for number in range(count):
                    tcp = stack.enter_context(socket.socket())
                    tcp.bind((f"127.0.{1 + number % 50}.9", 0))
                    tcp.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        tcp.connect((box.endpoint.address, box.endpoint.port))
                    with contextlib.suppress(OSError):
                        tcp.send(b"\0" * (number % 2))
                for _ in range(3):
                    assert rcode(box.ask("www.tapestryjournal.com", tcp=True)) == "NOERROR"
            assert asker.answers > 20
            assert max(asker.waits) < 1.0
            assert memory(box) < before + 30e6
            evicted = eventually(lambda: evictions(rules, tmp_path / "data"))
            assert evicted > count / 10, "connections that made room are counted; others were never let in"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def memory(box: BoxProcess) -> float:
    """Return the bytes that the process has in memory."""
    pages = int(Path(f"/proc/{box.process.pid}/statm").read_text().split()[1])
    return float(pages * resource.getpagesize())


def evictions(rules: Path, data: Path) -> int:
    said = command("--rules", rules, "--data", data, "status", "--json").stdout
    return int(json.loads(said)["drops"]["evicted"])


def test_random_names_from_many_addresses_leave_memory_bounded():
    """Names that nobody asks twice, from many addresses: what is kept ready stays within its bound, and a known device is answered."""
    with NanoUpstream(says("@ 300 A 198.18.0.1")) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
        core = server.server
        core.max_ready = 300
        most, asked = 0, 0
        for number in range(20):
            with datagrams(server.endpoint, f"127.0.1.{number + 1}") as udp:
                for _ in range(40):
                    udp.send(dns.message.make_query(f"r{asked}.example.org", "A").to_wire())
                    asked += 1
                for _ in range(40):
                    udp.recv(4096)
            most = max(most, server.call(lambda: core.ready_answers))
        assert 100 < most <= 300
        server.call(lambda: [core._client(f"127.{number // 200 + 2}.{number % 200}.7") for number in range(25_000)])
        assert core.clients <= 20_000
        assert rcode(server.ask("r1.example.org")) == "NOERROR"
        assert sum(sum(counts) for counts in server.counts().traffic.values()) == asked + 1, "none was lost on the way"


def test_a_clock_that_jumps_an_hour_stops_nothing(local_upstream):
    """Forward into 13:30 and back: what was open at lunch is shut, and open again; every look-up is counted once."""
    with LiveServer(upstreams=[local_upstream.endpoint]) as server:
        for hours, expected in ((0, "NOERROR"), (1, "NXDOMAIN"), (-1, "NXDOMAIN"), (0, "NOERROR")):
            server.moment.set("2026-11-23 12:30")
            server.moment.seconds += hours * 3600
            server.call(server.server.forget_answers)  # as the box does when it sees the jump
            for tcp in (False, True):
                assert rcode(server.ask("www.instagram.com", source="127.0.0.66", tcp=tcp)) == expected
                assert rcode(ask(server.endpoint, "www.tapestryjournal.com", tcp=tcp)) == "NOERROR"
        server.call(int)
        assert sum(sum(counts) for counts in server.counts().traffic.values()) == 16
