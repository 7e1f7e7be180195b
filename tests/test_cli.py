"""The commands as a person types them: exit codes, what goes to stdout and what to stderr, and JSON exactly as DESIGN section 7 has it."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from cast import at
from dinnerbell.log import LogWriter, usage_path
from dinnerbell.model import plain_address
from dinnerbell.policy import Ask, decide
from dinnerbell.usage import Batch, log_key
from live import ACORN_LANE, command, rules_of

BROKEN = ACORN_LANE.replace("allow: essential", "allow: esential").replace("devices: office}", "devices: ofice}")
LUNCH = ["--at", "2026-11-23 12:30"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Acorn Lane's rules, some that are broken, and a log with a morning in it (long ago: commands read the machine's clock)."""
    folder = tmp_path_factory.mktemp("acorn")
    (folder / "rules.yaml").write_text(ACORN_LANE)
    (folder / "broken.yaml").write_text(BROKEN)
    policy = rules_of().policy
    batch = Batch()

    def asked(address: str, name: str, when: str) -> None:
        device = policy.device_at(plain_address(address))
        decision = decide(policy, Ask(device, name, at(when)))
        key = log_key(rules_of().log.levels[device.owner], device, name, decision)
        batch.add(int(at(when).timestamp() // 60), device, key, refused=decision.verdict == "block")

    for minute in (30, 31, 32, 36):
        asked("127.0.0.20", "m.facebook.com", f"2024-11-18 10:{minute}")
    for minute in (5, 6):
        asked("127.0.0.66", "m.facebook.com", f"2024-11-18 12:{minute:02}")
    asked("127.0.0.31", "www.instagram.com", "2024-11-18 11:00")
    asked("127.0.0.200", "www.instagram.com", "2024-11-18 11:30")
    writer = LogWriter(usage_path(folder))
    writer.write(batch)
    writer.close()
    return folder


@pytest.fixture(scope="module")
def run(folder):
    @cache
    def run(*arguments: str, rules: str = "rules.yaml", data: str = ".") -> subprocess.CompletedProcess[str]:
        done = command("--rules", folder / rules, "--data", folder / data, *arguments)
        assert "Traceback" not in done.stderr
        return done

    return run


def value(done: subprocess.CompletedProcess[str], code: int = 0):
    """Return the JSON on stdout, which must be all that is there."""
    assert done.returncode == code, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


WRONG_USAGE = {
    "no_such_command": ["bring-tea"],
    "unknown_device": ["why", "x.com", "room-tablet-9"],
    "bad_name": ["why", "not a name", "127.0.0.1"],
    "time_that_is_empty": ["why", "x.com", "127.0.0.1", "--at", ""],
    "bad_time": ["why", "x.com", "127.0.0.1", "--at", "noon"],
    "time_that_does_not_exist": ["why", "x.com", "127.0.0.1", "--at", "2027-03-28 01:30"],
    "bad_since": ["usage", "--since", "yesterday"],
    "unknown_service": ["services", "facebok"],
    "bad_listen": ["run", "--listen", "localhost"],
    "no_workers": ["run", "--workers", "0"],
}


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_ends_with_2_and_says_why_on_stderr(run, arguments):
    done = run(*arguments, *(["--json"] if arguments[0] in ("why", "usage", "services") else []))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_a_slip_of_the_finger_gets_a_suggestion(run):
    assert "'room-tablet-1'" in run("why", "x.com", "room-tablet-l").stderr
    assert "'facebook'" in run("services", "facebok").stderr


@pytest.mark.parametrize("arguments", [["why", "x.com", "127.0.0.1", "--json"], ["usage", "--json"]], ids=["why", "usage"])
def test_broken_rules_end_every_command_with_1_and_all_errors_on_stderr(run, folder, arguments):
    done = run(*arguments, rules="broken.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(re.findall(rf"^{re.escape(str(folder / 'broken.yaml'))}:\d+:\d+: ", done.stderr, re.MULTILINE)) == 2


class TestCheck:
    def test_good_rules_are_told_in_words(self, run):
        done = run("check")
        assert (done.returncode, done.stderr) == (0, "")
        for part in ("Acorn Lane Nursery", "Own phones at lunch", "12:00-13:00", "room-tablet-1"):
            assert part in done.stdout

    def test_errors_go_to_stdout_each_with_its_place(self, run, folder):
        done = run("check", rules="broken.yaml")
        assert (done.returncode, done.stderr) == (1, "")
        lines = done.stdout.splitlines()
        assert [line.split(": ")[0] for line in lines if line.startswith(str(folder))] == [
            f"{folder / 'broken.yaml'}:{place}" for place in ("16:62", "19:86")
        ]

    def test_json_of_good_rules(self, run):
        found = value(run("check", "--json"))
        assert found["ok"] is True
        assert found["errors"] == []
        assert isinstance(found["warnings"], list)
        assert "Acorn Lane Nursery" in found["meaning"]

    def test_json_of_bad_rules(self, run):
        found = value(run("check", "--json", rules="broken.yaml"), 1)
        assert found["ok"] is False
        assert [(error["line"], error["column"]) for error in found["errors"]] == [(16, 62), (19, 86)]
        assert "did you mean" in found["errors"][0]["message"]

    def test_a_file_may_be_named(self, run, folder):
        assert run("check", str(folder / "broken.yaml")).returncode == 1

    def test_no_file_is_an_error_with_a_place(self, run, folder):
        done = run("check", rules="none.yaml")
        assert done.returncode == 1
        assert done.stdout.startswith(f"{folder / 'none.yaml'}:1:1: ")


class TestWhy:
    FIELDS = ("name", "device", "at", "verdict", "service", "kinds", "rule", "clause", "line", "reason", "until")

    def test_json_has_these_fields_and_no_others(self, run):
        found = value(run("why", "WWW.Instagram.com.", "127.0.0.66", *LUNCH, "--json"))
        assert tuple(found) == self.FIELDS
        assert found["name"] == "www.instagram.com"
        assert found["device"] == "127.0.0.66"
        assert (found["at"], found["until"]) == ("2026-11-23T12:30:00+00:00", "2026-11-23T13:00:00+00:00")
        assert (found["verdict"], found["service"], found["rule"], found["clause"], found["line"]) == (
            "allow",
            "instagram",
            "Own phones at lunch",
            "4",
            22,
        )
        assert "photo-sharing" in found["kinds"]
        assert "13:00" in found["reason"]

    @pytest.mark.parametrize(
        "name, device, expected",
        [
            (
                "www.instagram.com",
                "room-tablet-1",
                {"verdict": "block", "rule": "Children and unknown devices", "clause": "6", "until": None},
            ),
            ("www.google.com", "room-tablet-1", {"verdict": "enforce", "rule": "Essential services always work", "clause": "7"}),
            (
                "use-application-dns.net",
                "office-laptop",
                {"verdict": "block", "rule": "built-in", "line": None, "clause": None, "service": None},
            ),
            ("www.example.org", "::1", {"verdict": "allow", "device": "office-laptop", "rule": "otherwise", "kinds": [], "until": None}),
        ],
        ids=["refused", "safe_search", "canary", "otherwise_by_ipv6"],
    )
    def test_json_of_each_kind_of_decision(self, run, name, device, expected):
        found = value(run("why", name, device, *LUNCH, "--json"))
        assert {key: found[key] for key in expected} == expected

    def test_words_for_people(self, run):
        done = run("why", "www.instagram.com", "room-tablet-1", *LUNCH)
        assert (done.returncode, done.stderr) == (0, "")
        assert "BLOCK" in done.stdout
        assert "clause: 6" in done.stdout

    def test_summer_time_is_printed_with_its_offset(self, run):
        assert value(run("why", "x.com", "office-laptop", "--at", "2026-07-01 12:30", "--json"))["at"] == "2026-07-01T12:30:00+01:00"


class TestServices:
    def test_json_has_these_fields_and_no_others(self, run):
        found = value(run("services", "--json"))
        assert len(found) >= 60
        assert [service["id"] for service in found] == sorted(service["id"] for service in found)
        for service in found:
            assert tuple(service) == ("id", "name", "kinds", "evidence", "hosts")
            assert service["evidence"] in ("use", "pair")
            assert set(service["hosts"]) <= {"use", "companion", "background", "embed", "shared"}
            assert all(isinstance(host, str) for hosts in service["hosts"].values() for host in hosts)

    def test_one_of_them(self, run):
        [facebook] = value(run("services", "facebook", "--json"))
        assert facebook["id"] == "facebook"
        assert "m.facebook.com" in facebook["hosts"]["use"]

    def test_words_for_people_and_without_rules(self, run):
        done = run("services", rules="none.yaml")
        assert (done.returncode, done.stderr) == (0, "")
        assert "Instagram" in done.stdout

    def test_one_of_them_in_words_with_its_note_and_sources(self, run):
        printed = run("services", "facebook").stdout
        assert printed.startswith("facebook: Facebook (")
        assert re.search(r"^  use        m\.facebook\.com$", printed, re.MULTILINE)
        assert re.search(r"^  note: .*page.*\n  sources: .+, .+$", printed, re.MULTILINE)

    def test_the_option_may_stand_before_the_id_or_the_word(self, run):
        assert value(run("services", "--json", "facebook")) == value(run("services", "facebook", "--json"))
        assert value(run("services", "--json", "explain", "m.me")) == value(run("services", "explain", "m.me", "--json"))

    def test_help_names_the_words_that_look_after_the_catalogue(self, run):
        printed = run("services", "--help").stdout
        for word in ("explain", "lint", "table", "unknown"):
            assert re.search(rf"^  {word}  +\w", printed, re.MULTILINE)
        assert not re.search(r"^  show ", printed, re.MULTILINE)


class TestDevices:
    def test_named_and_unknown_ones_with_their_last_contact(self, run):
        found = {device["device"]: device for device in value(run("devices", "--json"))}
        laptop = found["office-laptop"]
        assert (laptop["known"], laptop["group"], laptop["owner"]) == (True, "office", "setting")
        assert (laptop["first_contact"], laptop["last_contact"]) == ("2024-11-18T10:30:00+00:00", "2024-11-18T10:36:00+00:00")
        assert (found["127.0.0.66"]["known"], found["127.0.0.66"]["group"]) == (False, "staff-phones")
        assert (found["127.0.0.200"]["known"], found["127.0.0.200"]["owner"]) == (False, "unknown")
        assert found["staff-room-pc"]["last_contact"] is None

    def test_without_a_log_the_named_ones_are_there(self, run):
        done = run("devices", data="elsewhere")
        assert (done.returncode, done.stderr) == (0, "")
        assert "never" in done.stdout


class TestUsage:
    SINCE = ("--since", "2024-11-18 00:00")

    def test_json_has_these_fields_and_no_others(self, run):
        found = value(run("usage", *self.SINCE, "--json"))
        for session in found:
            assert tuple(session) == ("device", "service", "start", "end", "minutes_low", "minutes_high", "grade", "verdict", "lookups")
        assert found[0] == {
            "device": "office-laptop", "service": "facebook", "start": "2024-11-18T10:30:00+00:00", "end": "2024-11-18T10:37:00+00:00",
            "minutes_low": 4, "minutes_high": 7, "grade": "B", "verdict": "allow", "lookups": 4,
        }  # fmt: skip

    def test_refused_episodes_have_no_minutes(self, run):
        [episode] = value(run("usage", "--device", "room-tablet-1", *self.SINCE, "--json"))
        assert (episode["verdict"], episode["minutes_low"], episode["minutes_high"], episode["service"]) == ("block", 0, 0, "instagram")

    def test_of_one_device_by_name_or_address(self, run):
        assert {session["device"] for session in value(run("usage", "--device", "127.0.0.20", *self.SINCE, "--json"))} == {"office-laptop"}
        assert {session["device"] for session in value(run("usage", "--device", "127.0.0.66", *self.SINCE, "--json"))} == {"127.0.0.66"}

    def test_words_for_people(self, run):
        done = run("usage", *self.SINCE)
        assert (done.returncode, done.stderr) == (0, "")
        assert "4-7" in done.stdout

    def test_since_leaves_out_what_was_before(self, run):
        assert {session["device"] for session in value(run("usage", "--since", "2024-11-18 12:00", "--json"))} <= {"127.0.0.66"}

    def test_without_a_log_it_says_so(self, run):
        done = run("usage", "--json", data="elsewhere")
        assert (done.returncode, done.stdout) == (1, "")
        assert "it is not there yet" in done.stderr


def test_the_places_of_rules_and_data_can_come_from_the_environment(folder):
    done = command(
        "why",
        "www.instagram.com",
        "room-tablet-1",
        *LUNCH,
        "--json",
        DINNERBELL_RULES=str(folder / "rules.yaml"),
        DINNERBELL_DATA=str(folder),
    )
    assert value(done)["verdict"] == "block"


def test_version_and_help():
    assert re.fullmatch(r"dinnerbell, version \d+\.\d+\.\d+\n", command("--version").stdout)
    done = command("--help")
    for name in ("run", "check", "why", "services", "devices", "usage", "report", "demo"):
        assert re.search(rf"^  {name}\b", done.stdout, re.MULTILINE)
