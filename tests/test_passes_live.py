"""Passes in the DNS answers: TTLs that end with them, enforced by a running box within a second and a half, and in its log."""

import json
import signal
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cast import at, target
from dinnerbell.log import LogReader, usage_path
from dinnerbell.model import Pass
from dinnerbell.pass_store import PASSES
from dinnerbell.passes import with_passes
from live import (
    ACORN_LANE,
    OFFICE_LAPTOP,
    STAFF_ROOM_PC,
    TABLET,
    BoxProcess,
    LiveServer,
    NanoUpstream,
    addresses,
    command,
    eventually,
    rcode,
    rules_of,
    says,
    ttls,
)  # fmt: skip

SECONDS = 1.5
"""The watch looks twice a second; the rest is room for a busy machine."""


def a_pass(what="instagram", device="office-laptop", minutes=30) -> Pass:
    starts = at("2026-11-23 12:07:23")
    return Pass(7, device, target(what), starts, starts + timedelta(minutes=minutes), "Nicola Example", "photos")


def rules_with(*passes: Pass):
    rules = rules_of()
    return replace(rules, policy=with_passes(rules.policy, passes))


class TestAnswers:
    @pytest.mark.parametrize(
        "when, most",
        [
            pytest.param("2026-11-23 12:30", 60, id="early"),
            pytest.param("2026-11-23 12:37:03", 20, id="twenty_seconds_before"),
            pytest.param("2026-11-23 12:37:21.5", 1, id="rounded_down"),
            pytest.param("2026-11-23 12:37:22.5", 0, id="less_than_a_second_before"),
        ],
    )
    def test_no_answer_outlives_the_pass(self, local_upstream, when, most):
        with LiveServer(rules_with(a_pass()), [local_upstream.endpoint]) as server:
            server.moment.set(when)
            answer = server.ask("www.instagram.com")
            assert addresses(answer)
            assert max(ttls(answer)) == most

    def test_what_is_kept_ends_with_it(self, local_upstream):
        """The same bytes are asked for again, and nothing is told to the server: it knows."""
        with LiveServer(rules_with(a_pass()), [local_upstream.endpoint]) as server:
            for when, expected in [("12:07:22", "NXDOMAIN"), ("12:07:23", "NOERROR"), ("12:37:22.9", "NOERROR"), ("12:37:23", "NXDOMAIN")]:
                server.moment.set(f"2026-11-23 {when}")
                assert [rcode(server.ask("www.instagram.com")) for _ in range(3)] == [expected] * 3, when

    def test_a_refusal_before_it_lasts_no_longer_than_it(self, local_upstream):
        with LiveServer(rules_with(a_pass()), [local_upstream.endpoint]) as server:
            server.moment.set("2026-11-23 12:07:18")
            assert ttls(server.ask("www.instagram.com")) == {5}

    def test_other_devices_are_refused(self, local_upstream):
        with LiveServer(rules_with(a_pass()), [local_upstream.endpoint]) as server:
            assert rcode(server.ask("www.instagram.com", source=OFFICE_LAPTOP)) == "NOERROR"
            for source in (STAFF_ROOM_PC, TABLET):
                assert rcode(server.ask("www.instagram.com", source=source)) == "NXDOMAIN"

    def test_a_way_round_behind_an_alias_of_what_it_opens_is_refused(self):
        """`venue.example` has a pass; on the wire it is another name for a VPN's host."""
        leads = ["@ 300 CNAME nordvpn.com.", "nordvpn.com. 300 A 198.18.0.7"]
        with NanoUpstream(says(*leads)) as upstream, LiveServer(rules_with(a_pass("venue.example")), [upstream.endpoint]) as server:
            for _ in range(2):
                assert rcode(server.ask("venue.example")) == "NXDOMAIN"

    def test_an_alias_of_anything_else_ends_the_matter_as_with_any_rule_that_allows(self):
        leads = ["@ 300 CNAME www.facebook.com.", "www.facebook.com. 300 A 198.18.0.7"]
        with NanoUpstream(says(*leads)) as upstream, LiveServer(rules_with(a_pass("venue.example")), [upstream.endpoint]) as server:
            assert addresses(server.ask("venue.example")) == ["198.18.0.7"]

    def test_it_is_counted_under_its_name(self, local_upstream):
        with LiveServer(rules_with(a_pass()), [local_upstream.endpoint]) as server:
            server.ask("www.instagram.com")
            ((_, key),) = server.counts().lookups
            assert (key.device, key.rule, key.verdict.value) == ("office-laptop", "Pass 7: photos", "allow")


@pytest.fixture(scope="module")
def home(tmp_path_factory, local_upstream):
    """One running box: (the box, its folder)."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "rules.yaml").write_text(ACORN_LANE)
    with BoxProcess(folder / "rules.yaml", folder / "data", upstreams=[local_upstream.endpoint]) as box:
        yield box, folder


def run(folder: Path, *arguments: str):
    done = command("--rules", folder / "rules.yaml", "--data", folder / "data", "pass", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def give(folder: Path, device: str, what: str, duration: str) -> int:
    return run(folder, device, what, "--for", duration, "--by", "Nicola Example", "--why", "photos", "--json")["id"]


def soon(box: BoxProcess, name: str, expected: str, source: str = OFFICE_LAPTOP) -> float:
    """Return after how many seconds the box answered so; fail if it took longer than it may."""
    start = time.monotonic()
    eventually(lambda: rcode(box.ask(name, source=source)) == expected, SECONDS)
    return time.monotonic() - start


class TestRunning:
    def test_it_is_enforced_within_a_second_and_so_is_its_end(self, home):
        box, folder = home
        assert rcode(box.ask("www.instagram.com")) == "NXDOMAIN"
        id_ = give(folder, "office-laptop", "instagram", "30m")
        soon(box, "www.instagram.com", "NOERROR")
        assert rcode(box.ask("www.instagram.com", source=STAFF_ROOM_PC)) == "NXDOMAIN"
        run(folder, "--revoke", str(id_), "--by", "Julie Example")
        soon(box, "www.instagram.com", "NXDOMAIN")

    def test_it_ends_by_itself_at_the_second(self, home):
        """Nobody writes a file: the box knows until when."""
        box, folder = home
        value = run(folder, "staff-room-pc", "youtube", "--for", "4s", "--by", "Nicola", "--why", "film", "--json")
        ends = at("2026-11-23").fromisoformat(value["ends"]).timestamp()
        soon(box, "www.youtube.com", "NOERROR", STAFF_ROOM_PC)
        last_open = first_shut = 0.0
        while not first_shut:
            before = time.time()
            if rcode(box.ask("www.youtube.com", source=STAFF_ROOM_PC)) == "NOERROR":
                last_open = before
            else:
                first_shut = time.time()
            assert time.time() < ends + 5
        assert last_open < ends <= first_shut

    def test_a_bad_file_is_said_and_ignored(self, home):
        box, folder = home
        give(folder, "office-laptop", "pinterest", "30m")
        soon(box, "www.pinterest.com", "NOERROR")
        good = (folder / "data" / PASSES).read_text()
        (folder / "data" / PASSES).write_text(good[:50])
        eventually(lambda: "the passes that were in force stay in force" in box.errors)
        assert rcode(box.ask("www.pinterest.com")) == "NOERROR"
        (folder / "data" / PASSES).write_text('{"version": 1, "next": 90, "passes": []}')
        soon(box, "www.pinterest.com", "NXDOMAIN")

    def test_rules_that_no_longer_allow_it_end_it_and_the_box_says_so(self, home):
        box, folder = home
        id_ = give(folder, "staff-room-pc", "x", "30m")
        soon(box, "x.com", "NOERROR", STAFF_ROOM_PC)
        try:
            (folder / "rules.yaml").write_text(ACORN_LANE.replace("staff-room-pc: {group: office", "staff-room-pc: {group: children"))
            soon(box, "x.com", "NXDOMAIN", STAFF_ROOM_PC)
            eventually(lambda: f"pass {id_} is not in force: staff-room-pc is in the group children" in box.errors)
        finally:
            (folder / "rules.yaml").write_text(ACORN_LANE)
        soon(box, "x.com", "NOERROR", STAFF_ROOM_PC)  # the rules allow it again, and it is not over yet

    def test_it_is_in_the_log_by_its_name(self, home):
        box, folder = home
        id_ = give(folder, "office-laptop", "tiktok", "30m")
        soon(box, "www.tiktok.com", "NOERROR")

        def row():
            with LogReader(usage_path(folder / "data")) as reader:
                return [each for each in reader.usage(0, 2**40) if each.name == "www.tiktok.com" and each.verdict.value == "allow"]

        (found,) = {(each.device, each.service, each.rule) for each in eventually(row)}
        assert found == ("office-laptop", "tiktok", f"Pass {id_}: photos")


def test_after_a_power_cut_it_is_still_open_and_still_ends(tmp_path, local_upstream):
    (tmp_path / "rules.yaml").write_text(ACORN_LANE)
    with BoxProcess(tmp_path / "rules.yaml", tmp_path / "data", upstreams=[local_upstream.endpoint]) as box:
        give(tmp_path, "office-laptop", "instagram", "30m")
        soon(box, "www.instagram.com", "NOERROR")
        box.end(signal.SIGKILL)
    with BoxProcess(tmp_path / "rules.yaml", tmp_path / "data", upstreams=[local_upstream.endpoint]) as box:
        assert rcode(box.ask("www.instagram.com")) == "NOERROR"
        run(tmp_path, "--revoke", "1", "--by", "Julie")
        soon(box, "www.instagram.com", "NXDOMAIN")


def test_a_box_that_starts_with_a_bad_file_starts_without_passes_and_says_so(tmp_path, local_upstream):
    (tmp_path / "rules.yaml").write_text(ACORN_LANE)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / PASSES).write_text("{")
    with BoxProcess(tmp_path / "rules.yaml", tmp_path / "data", upstreams=[local_upstream.endpoint]) as box:
        eventually(lambda: "Couldn't read the passes in" in box.errors)
        assert rcode(box.ask("www.instagram.com")) == "NXDOMAIN"
