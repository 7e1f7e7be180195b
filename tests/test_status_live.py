"""`dinnerbell status` and /metrics of a running box, as a person and as Prometheus ask."""

import http.client
import json
import resource
import signal
import socket
import sqlite3
import time
from pathlib import Path

import dns.message
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dinnerbell.bad_files import load_bad_versions
from dinnerbell.log import LogReader, usage_path
from dinnerbell.running.status_socket import SOCKET, NotRunning, ask_status
from live import ACORN_LANE, TABLET, BoxProcess, command, datagrams, eventually, rcode

BROKEN = ACORN_LANE.replace("allow: essential", "allow: esential")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(ACORN_LANE)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder whose path is longer than the name of a socket may be."""
    return tmp_path / ("a-folder-with-a-long-name-" * 5) / "data"


@pytest.fixture
def box(rules, data, local_upstream):
    with BoxProcess(rules, data, "--metrics", "127.0.0.1:0", upstreams=[local_upstream.endpoint]) as box:
        eventually(lambda: "metrics on" in box.output)
        yield box


def status(data: Path) -> dict:
    return ask_status(data)["status"]


def test_the_command_tells_it_in_words_and_as_json(box, rules, data):
    box.ask("www.example.org")
    box.ask("www.tiktok.com", source=TABLET)
    told = command("--rules", rules, "--data", data, "status")
    assert (told.returncode, told.stderr) == (0, "")
    assert f"Answering on {box.endpoint}." in told.stdout
    assert "Look-ups since the start: 1 answered, 1 refused, 0 made safe." in told.stdout
    value = json.loads(command("--rules", rules, "--data", data, "status", "--json").stdout)
    assert set(value) == {
        "running", "version", "since", "seconds", "workers", "processes", "memory_bytes", "listening", "queries", "asked_upstream",
        "failed_upstream", "cache", "upstreams", "drops", "log", "rules", "lists", "clock", "passes", "encrypted_trouble",
    }  # fmt: skip
    assert value["queries"] == {"allow": 1, "block": 1, "enforce": 0}
    assert value["listening"] == [str(box.endpoint)]
    assert (value["running"], value["rules"]["source"], value["clock"]["wrong"]) == (True, "run", False)
    assert value["memory_bytes"] > 10_000_000


def test_without_a_box_it_says_so_and_what_the_data_tells(rules, data, local_upstream):
    never = command("--rules", rules, "--data", data, "status")
    assert (never.returncode, never.stdout) == (1, "")
    assert "no box is running" in never.stderr
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
        assert box.end(signal.SIGTERM) == 0
    assert not (data / SOCKET).exists()
    stopped = command("--rules", rules, "--data", data, "status")
    assert (stopped.returncode, "the last minute it logged: 20" in stopped.stderr) == (1, True)
    value = json.loads(command("--rules", rules, "--data", data, "status", "--json").stdout)
    assert (value["running"], value["last_minute"][:2]) == (False, "20")


def test_a_box_that_was_killed_leaves_no_ghost(rules, data, local_upstream):
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
        box.end(signal.SIGKILL)
    assert (data / SOCKET).exists()
    with pytest.raises(NotRunning, match="no box is running"):
        ask_status(data)
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]):
        eventually(lambda: _answers(data))


def _answers(data: Path) -> bool:
    try:
        return bool(status(data)["running"])
    except NotRunning:
        return False


def test_a_bad_file_is_in_the_status_until_it_is_mended_and_stays_on_record(box, rules, data):
    rules.write_text(BROKEN)
    bad = eventually(lambda: status(data)["rules"]["bad_file"])
    assert bad["line"] == 1 + BROKEN[: BROKEN.index("esential")].count("\n")
    assert f"{rules}:{bad['line']}:" in bad["errors"][0]
    assert "can't be used, so the rules of" in ask_status(data)["text"]
    box.signal(signal.SIGHUP)
    time.sleep(0.5)
    (kept,) = load_bad_versions(data)
    assert (kept.line, kept.errors) == (bad["line"], len(bad["errors"]))
    rules.write_text(ACORN_LANE + "# mended\n")
    eventually(lambda: status(data)["rules"]["bad_file"] is None)
    assert status(data)["rules"]["source"] == "reload"


def test_a_start_on_the_last_good_copy_is_in_the_status_and_on_record(rules, data, local_upstream):
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
        first = eventually(lambda: _answers(data) and status(data)["rules"]["since"])
        box.end(signal.SIGTERM)
    rules.write_text(BROKEN)
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]):
        found = eventually(lambda: _answers(data) and status(data)["rules"])
    assert (found["source"], found["since"], found["bad_file"]["line"]) == ("last-good", first, load_bad_versions(data)[0].line)


def test_while_the_log_is_locked_the_status_says_so_and_answers_go_on(box, data):
    box.ask("www.example.org")
    eventually(lambda: status(data)["log"]["written_seconds_ago"] is not None)
    other = sqlite3.connect(usage_path(data), isolation_level=None)
    other.execute("begin exclusive")
    box.ask("locked.example")
    found = eventually(lambda: (log := status(data)["log"])["trouble"] and log, 15)
    assert "Couldn't write to the usage log" in found["trouble"]
    assert found["lag_seconds"] > 1
    assert rcode(box.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN"
    other.execute("rollback")
    other.close()
    found = eventually(lambda: (log := status(data)["log"])["trouble"] is None and log["lag_seconds"] == 0 and log, 15)
    assert found["lost"] == 0


def test_lists_have_their_size_and_age(rules, data, local_upstream):
    lists = "box: {lists: {toys: {from: toys.txt}, gone: {from: gone.txt}}}\n"
    rules.write_text(lists + ACORN_LANE.replace("rules:\n", "rules:\n  - {name: Toys, block: ['list:toys', 'list:gone']}\n", 1))
    (rules.parent / "toys.txt").write_text("toys.example\nbricks.example\n")
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]):
        eventually(lambda: _answers(data))
        eventually(lambda: (found := status(data)["lists"])[0]["names"] and found[1]["trouble"], 20)
        toys, gone = status(data)["lists"]
    assert (toys["name"], toys["names"], toys["trouble"]) == ("toys", 2, None)
    assert (gone["name"], gone["names"], gone["age_seconds"]) == ("gone", 0, None)
    assert 0 <= toys["age_seconds"] < 60


def test_the_socket_is_not_for_everybody(box, data):
    assert (data / SOCKET).stat().st_mode & 0o007 == 0


# ── /metrics ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def metrics_port(box: BoxProcess) -> int:
    return int(box.output.partition("metrics on http://127.0.0.1:")[2].partition("/")[0])


def fetch(port: int, method: str = "GET", path: str = "/metrics", **headers: str) -> tuple[int, str, str]:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    asking.request(method, path, headers=headers)
    answer = asking.getresponse()
    body = answer.read().decode()
    asking.close()
    return answer.status, answer.getheader("Content-Type") or "", body


def test_prometheus_reads_it(box):
    box.ask("www.tiktok.com", source=TABLET)
    code, kind, body = fetch(metrics_port(box))
    assert (code, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = {(each.name, *each.labels.values()): each.value for family in text_string_to_metric_families(body) for each in family.samples}
    assert found["dinnerbell_queries_total", "block"] == 1
    assert found["dinnerbell_drops_total", "queue"] == 0


@pytest.mark.parametrize(
    "method, path, headers, code",
    [
        pytest.param("HEAD", "/metrics", {}, 200, id="head"),
        pytest.param("GET", "/metrics?x=1", {}, 200, id="query"),
        pytest.param("GET", "/", {}, 404, id="elsewhere"),
        pytest.param("POST", "/metrics", {}, 405, id="post"),
        pytest.param("GET", "/metrics", {"Host": "localhost:9153"}, 200, id="localhost"),
        pytest.param("GET", "/metrics", {"Host": "[::1]:9153"}, 200, id="ipv6"),
        pytest.param("GET", "/metrics", {"Host": "evil.example"}, 421, id="a_page_that_was_rebound_to_us"),
    ],
)
def test_only_the_metrics_are_there(box, method, path, headers, code):
    found, _, body = fetch(metrics_port(box), method, path, **headers)
    assert found == code
    assert (body != "") == (method != "HEAD")


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n\r\n", b"GET /metrics\r\n\r\n", b"\xff" * 20_000, b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\n\r\n"]
)
def test_whatever_is_sent_it_goes_on(box, sent):
    port = metrics_port(box)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as asking:
        asking.sendall(sent)
        asking.shutdown(socket.SHUT_WR)
        answer = asking.recv(100)
    assert answer.startswith(b"HTTP/1.1 400") or answer == b""
    assert fetch(port)[0] == 200
    assert box.errors == ""


@pytest.mark.parametrize("where", ["0.0.0.0:0", "192.168.1.5:9153", "here"])
def test_metrics_are_served_on_loopback_only(rules, data, where):
    done = command("--rules", rules, "--data", data, "run", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9", "--metrics", where)
    assert done.returncode == 2
    assert "loopback" in done.stderr or "here" in done.stderr


# ── nothing is lost without being counted ────────────────────────────────────────────────────────────────────────────────────────


def test_every_datagram_is_answered_or_counted_by_its_cause(box, data):
    """Short ones, answers nobody asked for, broken ones and the longest there can be, among good ones."""
    good = dns.message.make_query("www.example.org", "A").to_wire()
    response = good[:2] + bytes([good[2] | 0x80]) + good[3:]
    sent = [good] * 20 + [b"", b"x", good[:11]] + [response] * 4 + [good[:-3]] * 5 + [good + b"\0" * 5000] * 6
    with datagrams(box.endpoint) as udp:
        for message in sent:
            udp.send(message)
    found = eventually(lambda: (said := status(data)) and sum(said["queries"].values()) + sum(said["drops"].values()) >= len(sent) and said)
    counted = {cause: count for cause, count in found["drops"].items() if count}
    assert sum(found["queries"].values()) == 20
    assert counted == {"short": 3, "response": 4, "faulty": 5, "oversized": 6}


def test_with_a_full_disk_the_status_says_so_and_nothing_is_lost_once_there_is_room(box, data):
    """No file of the box can grow; then all can again."""
    box.ask("before.example")
    eventually(lambda: logged(data).get("before.example"))
    unlimited = resource.prlimit(box.process.pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
    for number in range(50):
        box.ask(f"n{number}.full.example")
    found = eventually(lambda: (log := status(data)["log"])["trouble"] and log, 15)
    assert found["waiting"] >= 50
    assert "dinnerbell_log_trouble 1" in fetch(metrics_port(box))[2]
    assert rcode(box.ask("after.full.example")) == "NOERROR"
    resource.prlimit(box.process.pid, resource.RLIMIT_FSIZE, unlimited)
    eventually(lambda: status(data)["log"]["trouble"] is None, 15)
    assert (box.end(signal.SIGTERM), sum(logged(data).values())) == (0, 52)


def logged(data: Path) -> dict[str, int]:
    with LogReader(usage_path(data)) as log:
        return {row.name: row.lookups for row in log.usage(0, 2**40)}
