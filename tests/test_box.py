"""`dinnerbell run` as a process: it starts, logs, reloads, survives, and says what is wrong. Its clock is the machine's own."""

import signal
import socket
import sqlite3
import threading
import time
from pathlib import Path

import dns.message
import pytest

from dinnerbell.files import LAST_GOOD
from dinnerbell.log import LogReader, usage_path
from encrypted import EncryptedUpstream, dot
from live import (
    ACORN_LANE,
    OFFICE_LAPTOP,
    TABLET,
    BoxProcess,
    LocalUpstreamThread,
    addresses,
    command,
    connection,
    datagrams,
    eventually,
    rcode,
)  # fmt: skip

CLOSED = ACORN_LANE.replace("rules:\n", "rules:\n  - {name: Not now, block: example.org}\n")
BROKEN = (
    ACORN_LANE.replace("allow: essential", "allow: esential").replace("devices: office}", "devices: ofice}").replace("lunch: [", "lnch: [")
)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(ACORN_LANE)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def box(rules, data, local_upstream):
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
        yield box


@pytest.fixture(scope="module")
def standing(tmp_path_factory, local_upstream):
    """One box for the tests that only edit its rules: (the box, its rules, its data)."""
    folder = tmp_path_factory.mktemp("standing")
    (folder / "rules.yaml").write_text(ACORN_LANE)
    with BoxProcess(folder / "rules.yaml", folder / "data", upstreams=[local_upstream.endpoint]) as box:
        yield box, folder / "rules.yaml", folder / "data"


@pytest.fixture
def edited(standing):
    """The standing box with its good rules in force and nothing said yet."""
    box, rules, data = standing
    if not rules.exists() or rules.read_text(errors="replace") != ACORN_LANE:
        rules.write_text(ACORN_LANE)
        eventually(lambda: "was changed" in (box.lines[-1] if box.lines else "") and copy_in(data) == ACORN_LANE)
        eventually(lambda: rcode(box.ask("www.example.org")) == "NOERROR")
    box.lines.clear()
    box.error_lines.clear()
    return standing


def copy_in(data: Path) -> str:
    """Return the last good copy; nothing, if there is none."""
    return (data / LAST_GOOD).read_text() if (data / LAST_GOOD).is_file() else ""


def logged(data: Path) -> dict[str, int]:
    """Return the look-ups in the file by name."""
    found: dict[str, int] = {}
    with LogReader(usage_path(data)) as reader:
        for row in reader.usage(0, 2**40):
            found[row.name] = found.get(row.name, 0) + row.lookups
    return found


def answered(data: Path) -> int:
    with LogReader(usage_path(data)) as reader:
        return sum(row.answered + row.refused for row in reader.traffic(0, 2**40))


class TestStarting:
    def test_it_says_where_it_answers_and_does(self, rules, data, local_upstream):
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint], listen=["127.0.0.1:0", "[::1]:0"]) as box:
            assert [endpoint.address for endpoint in box.endpoints] == ["127.0.0.1", "::1"]
            for endpoint in box.endpoints:
                assert endpoint.port
            for tcp in (False, True):
                assert rcode(box.ask("www.tapestryjournal.com", tcp=tcp)) == "NOERROR"
                assert rcode(box.ask("www.tiktok.com", source=TABLET, tcp=tcp)) == "NXDOMAIN"
            assert box.end(signal.SIGTERM) == 0
            assert box.errors == ""

    def test_a_port_that_is_taken_is_said(self, rules, data):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            done = command("--rules", rules, "--data", data, "run", "--listen", f"127.0.0.1:{port}", "--upstream", "127.0.0.1:9")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"dinnerbell: Couldn't listen on 127.0.0.1:{port}: ")
        assert "Traceback" not in done.stderr

    def test_a_log_that_cannot_be_opened_is_said(self, rules, tmp_path):
        (tmp_path / "file").write_text("")
        done = command(
            "--rules", rules, "--data", tmp_path / "file" / "data", "run", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9"
        )
        assert done.returncode == 1
        assert "Couldn't open the usage log" in done.stderr
        assert "Traceback" not in done.stderr

    def test_an_encrypted_upstream_alone_is_asked(self, rules, data, authority, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", authority.file)
        with (
            EncryptedUpstream(authority.context(), dot()) as upstream,
            BoxProcess(rules, data, "--upstream", upstream.tls().text) as box,
        ):
            assert addresses(box.ask("www.example.org")) == ["198.18.0.1"]
            assert addresses(box.ask("www.example.net")) == ["198.18.0.1"]
            assert upstream.connections == 1


class TestBrokenRules:
    def test_without_a_last_good_copy_it_does_not_start_and_says_every_error(self, rules, data):
        rules.write_text(BROKEN)
        done = command("--rules", rules, "--data", data, "run", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9")
        assert (done.returncode, done.stdout) == (1, "")
        lines = done.stderr.splitlines()
        places = [line.removeprefix(f"{rules}:").split(":")[:2] for line in lines if line.startswith(f"{rules}:")]
        assert len(places) >= 3, done.stderr
        assert all(line.isdecimal() and column.isdecimal() for line, column in places)
        assert "esential" in done.stderr
        assert "ofice" in done.stderr
        assert len([line for line in lines if line.startswith("  | ") and line.endswith("^")]) == len(places), "each one is underlined"
        assert "no last good copy" in lines[-1]
        assert not usage_path(data).exists()

    def test_a_file_that_is_not_there_is_an_error_too(self, tmp_path, data):
        done = command("--rules", tmp_path / "none.yaml", "--data", data, "run", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9")
        assert done.returncode == 1
        assert f"{tmp_path / 'none.yaml'}:1:1: " in done.stderr

    @pytest.mark.parametrize("trouble", ["broken", "missing", "binary", "copy_of_an_older_release"])
    def test_it_starts_on_the_last_good_copy_and_says_so(self, rules, data, local_upstream, trouble):
        data.mkdir()
        (data / LAST_GOOD).write_text(CLOSED if trouble != "copy_of_an_older_release" else "rules: [nonsense]")
        if trouble == "missing":
            rules.unlink()
        elif trouble == "binary":
            rules.write_bytes(bytes(range(256)))
        else:
            rules.write_text(BROKEN)
        if trouble == "copy_of_an_older_release":
            done = command("--rules", rules, "--data", data, "run", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9")
            assert done.returncode == 1
            return
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
            assert rcode(box.ask("www.example.org")) == "NXDOMAIN"
            assert f"{rules}:" in box.errors
            assert f"running on the last good copy of it, {data / LAST_GOOD}" in box.errors
            rules.write_text(ACORN_LANE)
            eventually(lambda: rcode(box.ask("www.example.org")) == "NOERROR")

    def test_every_good_start_leaves_a_copy(self, box, data):
        assert copy_in(data) == ACORN_LANE


BAD_EDITS = {
    "empty": b"",
    "brackets": b"[" * 3000,
    "braces": b"{" * 3000,
    "deep": b"rules: " + b"[" * 900 + b"]" * 900,
    "dashes": b"- " * 2000,
    "anchor": b"a: &a [*a]",
    "merge": b"<<: {a: b}",
    "tag": b"setting: !!python/object:os.system x",
    "number": b"x: " + b"9" * 5000,
    "date_as_a_key": b"2026-11-23: x",
    "day_zero": b"closures: {dates: [0000-00-00]}",
    "nul": b"\0",
    "surrogate": b"\xed\xa0\x80",
    "utf16": "setting: x".encode("utf-16"),
}


class TestReloading:
    @pytest.mark.parametrize("how", ["written", "renamed", "gone_for_a_while"])
    def test_a_good_edit_is_enforced_within_a_second(self, edited, how):
        box, rules, data = edited
        assert rcode(box.ask("www.example.org")) == "NOERROR"
        if how == "gone_for_a_while":
            rules.unlink()
            time.sleep(0.6)
            assert rcode(box.ask("www.example.org")) == "NOERROR"
        started = time.monotonic()
        if how == "written":
            rules.write_text(CLOSED)
        else:
            other = rules.with_name("rules.yaml.new")
            other.write_text(CLOSED)
            other.replace(rules)
        eventually(lambda: rcode(box.ask("www.example.org")) == "NXDOMAIN")
        assert time.monotonic() - started < 2.5, "a second, on a machine that has time for it"
        eventually(lambda: "was changed" in box.output)
        eventually(lambda: copy_in(data) == CLOSED)
        assert box.errors == ""

    def test_a_bad_edit_leaves_the_old_rules_in_force_and_says_every_error(self, edited):
        box, rules, data = edited
        rules.write_text(BROKEN.replace("rules:\n", "rules:\n  - {name: Not now, block: example.org}\n"))
        eventually(lambda: "stay in force" in box.errors)
        for wrong in (f"{rules}:17:", "esential", "ofice", "lnch"):
            assert wrong in box.errors
        assert "^^^^" in box.errors
        assert rcode(box.ask("www.example.org")) == "NOERROR"
        assert rcode(box.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN"
        assert copy_in(data) == ACORN_LANE
        rules.write_text(CLOSED)
        eventually(lambda: rcode(box.ask("www.example.org")) == "NXDOMAIN")

    @pytest.mark.parametrize("text", BAD_EDITS.values(), ids=BAD_EDITS)
    def test_no_bad_edit_stops_the_box(self, edited, text):
        box, rules, _ = edited
        rules.write_bytes(text)
        eventually(lambda: "stay in force" in box.errors or box.process.poll() is not None)
        assert rcode(box.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN", box.errors
        assert "Traceback" not in box.errors

    def test_sighup_reads_the_file_again(self, edited):
        box, _, _ = edited
        box.signal(signal.SIGHUP)
        eventually(lambda: "rules are in force" in box.output)
        assert rcode(box.ask("www.example.org")) == "NOERROR"

    def test_no_query_is_lost_while_the_rules_are_read_again(self, box, rules, data):
        stop = threading.Event()
        asked = lost = 0

        def ask_on() -> None:
            nonlocal asked, lost
            with datagrams(box.endpoint, OFFICE_LAPTOP, timeout=3) as udp:
                while not stop.is_set():
                    query = dns.message.make_query(f"n{asked}.example", "A", id=asked & 0xFFFF).to_wire()
                    udp.send(query)
                    asked += 1
                    try:
                        lost += udp.recv(4096)[:2] != query[:2]
                    except TimeoutError:
                        lost += 1

        asking = threading.Thread(target=ask_on)
        asking.start()
        for number in range(4):
            rules.write_text(ACORN_LANE + f"# edit {number}\n")
            eventually(lambda number=number: box.output.count("was changed") > number)
        stop.set()
        asking.join(10)
        assert (lost, asked > 100) == (0, True)
        assert box.end(signal.SIGTERM) == 0
        assert answered(data) == asked


class TestNothingLost:
    def test_every_answered_query_is_in_the_log_after_a_normal_stop(self, box, data):
        for number in range(150):
            box.ask(f"n{number % 7}.example", tcp=number % 10 == 0)
        for _ in range(50):
            box.ask("www.tiktok.com", source=TABLET)
        assert box.end(signal.SIGTERM) == 0
        found = logged(data)
        assert (sum(found.values()), found["www.tiktok.com"]) == (200, 50)
        assert answered(data) == 200
        assert box.errors == ""

    def test_ctrl_c_is_a_normal_stop(self, box, data):
        box.ask("www.example.org")
        assert box.end(signal.SIGINT) == 0
        assert logged(data) == {"www.example.org": 1}
        assert box.errors == ""

    def test_a_kill_loses_nothing_older_than_a_second_and_the_next_start_goes_on_from_there(self, box, rules, data, local_upstream):
        for number in range(100):
            box.ask(f"n{number % 7}.example")
        time.sleep(1.5)
        box.end(signal.SIGKILL)
        assert sum(logged(data).values()) == 100
        assert answered(data) == 100
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as again:
            again.ask("n0.example")
            assert again.end(signal.SIGTERM) == 0
        assert sum(logged(data).values()) == 101

    def test_the_log_can_be_read_while_the_box_writes_it(self, standing):
        box, _, data = standing
        total = 0
        for _ in range(3):
            for _ in range(20):
                box.ask("while.example")
            total += 20
            eventually(lambda total=total: logged(data).get("while.example") == total)

    def test_a_stop_with_open_connections_and_questions_under_way_is_quiet(self, rules, data, local_upstream):
        with (
            BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box,
            connection(box.endpoint) as idle,
            connection(box.endpoint) as busy,
        ):
            query = dns.message.make_query("silent.example", "A").to_wire()
            idle.sendall(b"\0")
            busy.sendall(len(query).to_bytes(2, "big") + query)
            with datagrams(box.endpoint) as udp:
                udp.send(query)
                eventually(lambda: local_upstream.asked.get("silent.example"))
                assert box.end(signal.SIGTERM) == 0
                assert udp.recv(4096)[3] & 15 == 2
            assert box.errors == ""
            assert logged(data) == {"silent.example": 2}


class TestDiskTrouble:
    def test_while_another_holds_the_log_answers_go_on_and_nothing_is_lost(self, box, data):
        box.ask("www.example.org")
        eventually(lambda: logged(data))
        other = sqlite3.connect(usage_path(data), isolation_level=None)
        other.execute("begin exclusive")
        for _ in range(3):
            started = time.monotonic()
            for _ in range(20):
                assert addresses(box.ask("www.example.org"))
            assert time.monotonic() - started < 1.0
            time.sleep(0.5)
        eventually(lambda: "Couldn't write to the usage log" in box.errors, 10)
        assert addresses(box.ask("www.example.org"))
        other.execute("rollback")
        other.close()
        eventually(lambda: "can be written again" in box.errors, 10)
        assert box.end(signal.SIGTERM) == 0
        assert logged(data) == {"www.example.org": 62}

    def test_a_stop_while_another_holds_the_log_still_writes(self, box, data):
        other = sqlite3.connect(usage_path(data), isolation_level=None)
        other.execute("begin exclusive")
        box.ask("www.example.org")
        box.signal(signal.SIGTERM)
        time.sleep(0.3)
        other.execute("rollback")
        other.close()
        assert box.ended() == 0
        assert logged(data) == {"www.example.org": 1}

    def test_a_folder_that_cannot_keep_the_copy_does_not_stop_a_reload(self, edited):
        box, rules, data = edited
        (data / LAST_GOOD).unlink()
        (data / LAST_GOOD).mkdir()
        rules.write_text(CLOSED)
        eventually(lambda: rcode(box.ask("www.example.org")) == "NXDOMAIN")
        eventually(lambda: "Couldn't keep a copy of the rules" in box.errors)
        (data / LAST_GOOD).rmdir()


class TestDeadUpstream:
    def test_refusals_and_kept_answers_go_on_and_the_rest_fails_in_time(self, rules, data):
        with LocalUpstreamThread() as upstream, BoxProcess(rules, data, upstreams=[upstream.endpoint]) as box:
            box.ask("kept.example")
            started = time.monotonic()
            assert rcode(box.ask("silent.example")) == "SERVFAIL"
            assert time.monotonic() - started < 2.5
            assert addresses(box.ask("kept.example"))
            assert rcode(box.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN"
