"""`dinnerbell run` on a machine whose clock is wrong, and is set while it runs."""

import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dinnerbell.config import Upstream
from dinnerbell.log import LogReader, usage_path
from live import (
    ACORN_LANE,
    OFFICE_LAPTOP,
    VISITORS_PHONE,
    BoxProcess,
    LiveServer,
    command,
    dead_endpoint,
    ede,
    eventually,
    rcode,
    rules_of,
)  # fmt: skip

HOUR = 3600
YEARS = 30 * 365 * 24 * HOUR
RULES = ACORN_LANE.replace(
    "rules:\n",
    "rules:\n"
    "  - {name: Around the clock, allow: instagram, devices: office-laptop, when: 00:00-24:00}\n"
    "  - {name: Never, block: example.org, unless: 00:00-24:00}\n"
    "  - {name: For ever, allow: wikipedia}\n",
)
TIMED_ALLOW, TIMED_BLOCK, UNTIMED = "www.instagram.com", "www.example.org", "en.wikipedia.org"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    put(path, 0)
    return path


def put(clock: Path, seconds: float) -> None:
    other = clock.with_suffix(".new")
    other.write_text(str(seconds))
    other.replace(clock)


def logged(data: Path, name: str) -> list[tuple[int, int]]:
    with LogReader(usage_path(data)) as log:
        return [(row.minute, row.lookups) for row in log.usage(-(2**40), 2**40) if row.name == name]


def verdicts(box: BoxProcess) -> tuple[str, str, str]:
    allow, block, untimed = (rcode(box.ask(name)) for name in (TIMED_ALLOW, TIMED_BLOCK, UNTIMED))
    return allow, block, untimed


RIGHT, WRONG = ("NOERROR", "NOERROR", "NOERROR"), ("NXDOMAIN", "NXDOMAIN", "NOERROR")


def test_an_earlier_clock_opens_nothing_by_time_until_it_is_set(rules, data, clock, local_upstream):
    """Earlier than the newest minute in the log; then somebody sets it."""
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint], clock=clock) as box:
        assert verdicts(box) == RIGHT
        assert box.end(signal.SIGTERM) == 0
        assert box.errors == ""
    put(clock, -2 * HOUR)
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint], clock=clock) as box:
        assert verdicts(box) == WRONG
        (code, text), *_ = ede(box.ask(TIMED_BLOCK))
        assert (code, "while the filter's clock is wrong" in text) == (15, True)
        eventually(lambda: "start with --trust-clock" in box.errors)
        for number in range(3):
            box.ask(f"n{number}.example", source=OFFICE_LAPTOP)
        time.sleep(1.2)
        assert logged(data, "n1.example") == []
        put(clock, 0)
        eventually(lambda: verdicts(box) == RIGHT)
        assert "the clock is right again" in box.errors
        eventually(lambda: logged(data, "n1.example"))
        now = int(time.time()) // 60
        ((minute, count),) = logged(data, "n1.example")
        assert (now - minute in (0, 1), count) == (True, 1)
        with LogReader(usage_path(data)) as log:
            (stretch,) = log.wrong_clocks(now - 5, now + 1)
        assert (stretch.undated, stretch.first_minute is not None) == (0, True)
        box.end(signal.SIGTERM)
    assert {minute for minute, _ in logged(data, TIMED_BLOCK)} <= {now - step for step in range(-1, 4)}


def test_a_clock_before_the_release_is_wrong_and_what_it_counted_stays_counted_without_a_time(rules, data, clock, local_upstream):
    """No log yet: the release's own date. The box is killed before anybody sets the clock."""
    put(clock, -YEARS)
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint], clock=clock) as box:
        assert verdicts(box) == WRONG
        eventually(lambda: undated(data) == 3)
        box.end(signal.SIGKILL)
    assert logged(data, UNTIMED) == []
    assert undated(data) == 3


def undated(data: Path) -> int:
    with LogReader(usage_path(data)) as log:
        return sum(each.undated for each in log.wrong_clocks(0, 2**40))


@pytest.mark.parametrize("how", ["option", "later"])
def test_a_trusted_clock_and_a_later_one_are_nothing_special(rules, data, clock, local_upstream, how):
    put(clock, -YEARS if how == "option" else 90 * 24 * HOUR)
    options = ["--trust-clock"] if how == "option" else []
    with BoxProcess(rules, data, *options, upstreams=[local_upstream.endpoint], clock=clock) as box:
        assert verdicts(box) == RIGHT
        assert rcode(box.ask("www.tiktok.com", source=VISITORS_PHONE)) in ("NOERROR", "NXDOMAIN")
        assert box.end(signal.SIGTERM) == 0
        assert box.errors == ""
    assert len(logged(data, UNTIMED)) == 1


def test_the_command_line_has_the_option_and_its_variable():
    told = command("run", "--help")
    assert "--trust-clock" in told.stdout


def test_a_jump_ends_a_stretch_of_being_up(rules, data, clock, local_upstream):
    """A clock put forward by a day: nobody was up in that day."""
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint], clock=clock) as box:
        box.ask(UNTIMED)
        now = int(time.time()) // 60
        put(clock, 24 * HOUR)
        eventually(lambda: len(up(data)) == 2)
        box.end(signal.SIGTERM)
    (first, second), (third, fourth) = up(data)
    assert first in (now - 1, now)
    assert second <= now + 1
    assert third >= now + 24 * 60
    assert fourth - third <= 1


def up(data: Path) -> list[tuple[int, int]]:
    with LogReader(usage_path(data)) as log:
        return log.uptime(0, 2**40)


def test_time_servers_names_go_in_the_clear_while_no_certificate_can_look_valid(local_upstream):
    """The upstream over TLS is out of reach; a plain resolver is known for finding servers."""
    tls = Upstream("tls", dead_endpoint(), tls_name="dns.example")
    right = rules_of()
    wrong = replace(right, policy=replace(right.policy, clock_is_wrong=True))
    for rules_, expected in ((wrong, "NOERROR"), (right, "SERVFAIL")):
        with LiveServer(rules_) as server:
            server.call(server.server.forwarder.use, [tls], [local_upstream.endpoint])
            assert rcode(server.ask("0.debian.pool.ntp.org")) == expected
            assert rcode(server.ask("www.example.org")) == "SERVFAIL"
