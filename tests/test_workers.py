"""`dinnerbell run --workers 2`: two real processes on one port, one log, and what happens when one of them dies."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from dinnerbell.cli.common import CLOCK
from dinnerbell.config import Endpoint, Upstream
from dinnerbell.log import LogReader, usage_path
from dinnerbell.running.status_socket import ask_status
from dinnerbell.workers.channel import Broken, pack, receive
from dinnerbell.workers.crew import Crew, ensure_free
from dinnerbell.workers.messages import Call, Orders
from dinnerbell_dns.udp import open_socket
from live import ACORN_LANE, OFFICE_LAPTOP, STAFF_PHONE, TABLET, BoxProcess, LocalUpstreamThread, Loop, ask, command, eventually, rcode
from test_status_live import fetch, metrics_port

PATIENCE = 60
"""Seconds: a process starts in one, and in many where others are at work."""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(ACORN_LANE)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@contextmanager
def two(rules: Path, data: Path, upstream: Endpoint) -> Iterator[BoxProcess]:
    """A box and a worker, both answering."""
    with BoxProcess(rules, data, "--workers", "2", "--metrics", "127.0.0.1:0", upstreams=[upstream]) as box:
        eventually(lambda: "dinnerbell: 2 processes answer" in box.output, PATIENCE)
        yield box


@pytest.fixture
def box(rules, data, local_upstream):
    with two(rules, data, local_upstream.endpoint) as box:
        yield box


@dataclass
class Place:
    rules: Path
    data: Path
    box: BoxProcess


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    """A box for tests that leave it as they found it."""
    folder = tmp_path_factory.mktemp("two")
    rules, data = folder / "rules.yaml", folder / "data"
    rules.write_text(ACORN_LANE)
    with LocalUpstreamThread() as upstream, two(rules, data, upstream.endpoint) as box:
        yield Place(rules, data, box)


def status(data: Path) -> dict:
    return ask_status(data)["status"]


def shares(data: Path) -> list[int]:
    return [each["queries"] for each in status(data)["processes"]]


def logged(data: Path) -> int:
    with LogReader(usage_path(data)) as log:
        return sum(row.lookups for row in log.usage(0, 2**40))


def runs(pid: int) -> bool:
    """Tell whether a process is there, and not only its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def rcodes(box: BoxProcess, name: str) -> set[str]:
    """Ask often enough, each time from another port, for both to be asked."""
    return {rcode(box.ask(name)) for _ in range(30)}


def test_both_answer_and_the_log_has_every_query_of_both(box, data):
    for number in range(120):  # each from a port of its own: that is what the kernel shares out by
        assert rcode(box.ask(f"n{number % 7}.example.org")) == "NOERROR"
    for number in range(40):
        assert rcode(box.ask(f"n{number % 7}.example.org", tcp=True)) == "NOERROR"
    eventually(lambda: sum(shares(data)) == 160)
    assert min(shares(data)) > 20
    assert (status(data)["workers"], status(data)["queries"]["allow"]) == (2, 160)
    metrics = fetch(metrics_port(box))[2]
    assert 'dinnerbell_queries_total{verdict="allow"} 160' in metrics
    assert f'dinnerbell_worker_queries_total{{worker="2"}} {shares(data)[1]}\n' in metrics
    assert "dinnerbell_workers 2" in metrics
    text = ask_status(data)["text"]
    assert "in 2 processes." in text
    assert f"Worker 2 (process {status(data)['processes'][1]['pid']}): {shares(data)[1]} look-ups" in text
    eventually(lambda: logged(data) == 160)


def test_at_a_stop_no_count_is_lost_though_every_process_is_sent_the_signal(box, data):
    """Ctrl-C and systemd do not send it to the box alone."""
    for number in range(80):
        box.ask(f"n{number}.example.org")
    pids = [each["pid"] for each in status(data)["processes"]]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(pids[1], number)
    assert box.end(signal.SIGTERM) == 0
    assert (logged(data), [runs(pid) for pid in pids], box.errors) == (80, [False, False], "")


def test_when_a_change_is_told_it_is_in_force_in_both(place):
    box, before = place.box, shares(place.data)
    assert rcodes(box, "www.tiktok.com") == {"NXDOMAIN"}
    changes = box.output.count("was changed")
    place.rules.write_text(ACORN_LANE.replace("block: social-media, devices: setting-owned", "block: messenger, devices: setting-owned"))
    eventually(lambda: box.output.count("was changed") > changes, PATIENCE)
    if "still reading" not in box.output:  # a machine that is busy with other things may take longer than is worth waiting for
        assert rcodes(box, "www.tiktok.com") == {"NOERROR"}
    eventually(lambda: rcodes(box, "www.tiktok.com") == {"NOERROR"}, PATIENCE)
    assert all(now - then > 10 for now, then in zip(shares(place.data), before, strict=True))
    assert box.output.count("was changed") == changes + 1
    place.rules.write_text("nonsense: [")
    eventually(lambda: "stay in force" in box.errors, PATIENCE)
    assert rcodes(box, "www.tiktok.com") == {"NOERROR"}
    assert box.errors.count("stay in force") == 1
    place.rules.write_text(ACORN_LANE)
    eventually(lambda: rcodes(box, "www.tiktok.com") == {"NXDOMAIN"}, PATIENCE)


def test_a_pass_opens_in_both_and_ends_in_both(place):
    common = ["--rules", place.rules, "--data", place.data, "pass"]
    assert rcodes(place.box, "www.tiktok.com") == {"NXDOMAIN"}
    given = ["office-laptop", "tiktok", "--for", "30m", "--by", "Iris Wood", "--why", "a parent's film"]
    assert command(*common, *given).returncode == 0
    eventually(lambda: rcodes(place.box, "www.tiktok.com") == {"NOERROR"}, PATIENCE)
    assert command(*common, "--revoke", status(place.data)["passes"][0]["id"], "--by", "Iris Wood").returncode == 0
    eventually(lambda: rcodes(place.box, "www.tiktok.com") == {"NXDOMAIN"}, PATIENCE)


def test_a_second_box_on_the_same_port_is_still_a_mistake(place, tmp_path):
    listen = place.box.endpoint
    second = command("--rules", place.rules, "--data", tmp_path, "run", "--listen", str(listen), "--workers", "2")
    assert (second.returncode, f"Couldn't listen on {listen}" in second.stderr) == (1, True)
    with pytest.raises(OSError, match="in use"):
        open_socket(listen)


def ask_as_a_stub(endpoint: Endpoint, name: str) -> bool:
    """Ask, and once again after a second as stubs do; tell whether the first went unanswered."""
    for patience in (1, 5):
        query = dns.message.make_query(name, "A")
        try:
            assert rcode(dns.query.udp(query, endpoint.address, port=endpoint.port, timeout=patience, source=OFFICE_LAPTOP)) == "NOERROR"
        except dns.exception.Timeout:
            continue
        return patience != 1
    raise AssertionError("nobody answers")


def test_a_worker_that_is_killed_is_started_anew_and_the_answering_never_stops(box, data):
    for number in range(40):
        box.ask(f"n{number % 7}.example.org")
    eventually(lambda: sum(shares(data)) == 40)
    time.sleep(0.3)  # a killed worker loses what it has not reported yet
    before = status(data)["processes"][1]
    os.kill(before["pid"], signal.SIGKILL)
    late = sum(ask_as_a_stub(box.endpoint, f"n{number % 7}.example.org") for number in range(100))
    assert late <= 3, "only what lay in the dead worker's queue is lost"
    after = eventually(lambda: (found := status(data))["workers"] == 2 and found["processes"][1], PATIENCE)
    assert (after["number"], after["restarts"], after["trouble"]) == (2, 1, "")
    assert after["pid"] != before["pid"]
    assert "worker 2 has ended: signal 9; the others answer, and it is started anew" in box.errors
    for number in range(40):
        box.ask(f"n{number % 7}.example.org")
    eventually(lambda: shares(data)[1] > before["queries"] + 5)
    total = eventually(lambda: (count := sum(shares(data))) >= 180 and count)
    assert "started anew 1 time." in ask_status(data)["text"]
    assert 'dinnerbell_worker_restarts_total{worker="2"} 1' in fetch(metrics_port(box))[2]
    assert (box.end(signal.SIGTERM), logged(data)) == (0, total)


def test_a_box_that_is_killed_leaves_no_worker_behind(box, data):
    _, worker = (each["pid"] for each in status(data)["processes"])
    os.kill(worker, signal.SIGSTOP)  # not even one that is stuck
    endpoint = box.endpoint
    box.end(signal.SIGKILL)
    eventually(lambda: not runs(worker), PATIENCE)
    ensure_free([endpoint])


def test_a_box_that_answers_alone_shares_its_port_with_nobody(rules, data, local_upstream):
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
        with pytest.raises(OSError, match="in use"):
            open_socket(box.endpoint, shared=True)
        assert (status(data)["workers"], len(status(data)["processes"])) == (1, 1)
        assert "processes answer" not in box.output


# ── the crew, without a box ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def orders(data, local_upstream) -> Orders:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = Endpoint("127.0.0.1", probe.getsockname()[1])
    return Orders(ACORN_LANE, (), False, [Upstream("plain", local_upstream.endpoint)], [endpoint], [endpoint], str(data))


@pytest.fixture
def crew(loop, orders):
    """One worker, alone on its port."""
    crew = loop.call(Crew, 2, CLOCK, 1.0)
    loop.call(crew.start, orders)
    eventually(lambda: crew.states()[0].is_answering, PATIENCE)
    yield crew
    loop.run(crew.stop())


def test_what_was_counted_comes_when_it_is_called_for(loop, orders, crew):
    (endpoint,) = orders.endpoints
    for _ in range(5):
        ask(endpoint, "www.example.org")
    loop.run(crew.gather())
    counts = loop.call(crew.take_counts)
    assert sum(counts.lookups.values()) == 5
    assert (counts.last_minute, counts.ended) == (None, []), "when the box was up is the box's to say"
    assert not loop.call(crew.take_counts)


def test_a_wrong_clock_shuts_the_windows_of_workers_too(loop, orders, crew):
    (endpoint,) = orders.endpoints
    text = ACORN_LANE.replace("devices: staff-phones, when: lunch", "devices: staff-phones, when: mon-sun 00:00-24:00")
    assert text != ACORN_LANE
    for is_wrong, expected in ((False, "NOERROR"), (True, "NXDOMAIN"), (False, "NOERROR")):
        loop.call(crew.tell, replace(orders, text=text, clock_is_wrong=is_wrong))
        assert loop.run(crew.obeyed()) == []
        assert rcode(ask(endpoint, "www.tiktok.com", source=STAFF_PHONE)) == expected
    assert rcode(ask(endpoint, "www.tiktok.com", source=TABLET)) == "NXDOMAIN"


def test_a_worker_that_is_stuck_is_told_of_and_started_anew(loop, crew, capfd):
    stuck = crew.states()[0].pid
    os.kill(stuck, signal.SIGSTOP)
    loop.call(crew.tell, crew._orders)
    assert loop.run(crew.obeyed()) == [2]

    def anew() -> bool:
        loop.call(crew.look)
        return crew.states()[0].pid != stuck and crew.states()[0].is_answering

    eventually(anew, PATIENCE)
    assert (runs(stuck), crew.states()[0].restarts) == (False, 1)
    assert "worker 2 has ended: it said nothing for 1 seconds" in capfd.readouterr().err


MESSAGES = [
    pytest.param(b"", id="hung_up"),
    pytest.param(b"\0\0", id="half_a_length"),
    pytest.param(pack(Call(7))[:-1], id="half_a_message"),
    pytest.param(b"\0\0\0\4oops", id="no_pickle"),
    pytest.param(b"\0\0\0\0", id="nothing"),
    pytest.param(b"\xff\xff\xff\xff1234", id="far_too_long"),
]


@pytest.mark.parametrize("data", MESSAGES)
def test_what_is_no_message_is_one_error(data):
    async def read() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(pack(Call(6)) + data)
        reader.feed_eof()
        assert await receive(reader) == Call(6)
        await receive(reader)

    with pytest.raises(Broken):
        asyncio.run(read())
