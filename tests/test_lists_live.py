"""`dinnerbell run` with lists: fetched beside the answering, swapped without losing a query, kept when the source fails."""

import json
import signal
import time

import pytest

from dinnerbell.files import replace_text
from dinnerbell.lists.store import lists_folder, load_state
from dinnerbell.running.status_socket import ask_status
from list_server import Web, sends
from live import ACORN_LANE, BoxProcess, command, eventually, rcode

RULES = ACORN_LANE.replace("rules:\n", "rules:\n  - {name: Malware, clause: 3, block: list:malware}\n")


def rules_with(source, refresh="1d"):
    return RULES + f"box: {{lists: {{malware: {{from: {source}, refresh: {refresh}}}}}}}\n"


@pytest.fixture
def rules(tmp_path):
    return tmp_path / "rules.yaml"


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def is_blocked(box, name):
    return rcode(box.ask(name)) == "NXDOMAIN"


def test_a_list_is_fetched_while_the_box_answers_and_then_enforced(rules, data, local_upstream):
    with Web(sends("evil.example\n", ETag='"1"')) as web:
        rules.write_text(rules_with(web.url))
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
            assert rcode(box.ask("good.org")) == "NOERROR"
            eventually(lambda: is_blocked(box, "www.evil.example"), 20)
            answer = box.ask("www.evil.example")
            assert answer.authority[0].name.to_text() == "evil.example."
            assert rcode(box.ask("good.org")) == "NOERROR"
            eventually(lambda: "the list malware has 1 name (domains), fetched just now" in box.output)
            told = ask_status(data)["status"]["lists"]
            assert [(each["name"], each["names"], each["trouble"]) for each in told] == [("malware", 1, None)]
            assert box.end(signal.SIGTERM) == 0
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
            assert is_blocked(box, "www.evil.example"), "what was fetched is in force from the first query"
            assert len(web.asked) == 1, "and not fetched again before its time"


def test_a_source_that_fails_is_told_once_and_the_old_list_stays(rules, data, local_upstream):
    with Web(sends("no", 503)) as web:
        rules.write_text(rules_with(web.url))
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
            eventually(lambda: "the list malware was not fetched yet, so nothing is on it: the server says 503" in box.errors, 20)
            assert not is_blocked(box, "evil.example")
            web.handle = sends("evil.example\n")
            assert command("--rules", rules, "--data", data, "lists", "refresh").returncode == 0
            eventually(lambda: is_blocked(box, "evil.example"))
            web.handle = sends("<html>sign in</html>")
            assert command("--rules", rules, "--data", data, "lists", "refresh", "malware").returncode == 1
            eventually(lambda: "the last attempt failed: this is a web page, not a list" in box.errors)
            assert is_blocked(box, "evil.example")
            assert box.errors.count("503") == 1


def test_a_file_is_watched(rules, data, local_upstream, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("evil.example\n")
    rules.write_text(rules_with("names.txt"))
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
        eventually(lambda: is_blocked(box, "evil.example"), 20)
        replace_text(names, "worse.example\n")
        eventually(lambda: is_blocked(box, "worse.example"), 30)
        assert not is_blocked(box, "evil.example")
        names.unlink()
        eventually(lambda: "the last attempt failed: No such file or directory" in box.errors, 30)
        assert is_blocked(box, "worse.example")


def test_a_change_of_rules_takes_lists_in_and_out_at_once(rules, data, local_upstream):
    with Web(sends("evil.example\n")) as web:
        rules.write_text(rules_with(web.url))
        assert command("--rules", rules, "--data", data, "lists", "refresh").returncode == 0
        rules.write_text(ACORN_LANE)
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
            assert not is_blocked(box, "evil.example")
            rules.write_text(rules_with(web.url))
            eventually(lambda: "was changed" in box.output)
            assert is_blocked(box, "evil.example")
            rules.write_text(ACORN_LANE)
            eventually(lambda: box.output.count("was changed") == 2)
            assert not is_blocked(box, "evil.example")


def test_no_query_is_lost_or_slow_while_a_long_list_is_compiled_and_swapped(rules, data, local_upstream):
    names = [f"host{number}.evil{number % 997}.example" for number in range(60_000)]
    with Web(sends("\n".join(names))) as web:
        rules.write_text(rules_with(web.url))
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
            asked = 0
            ends = time.monotonic() + 60
            while not is_blocked(box, names[-1]):
                assert rcode(box.ask(f"good{asked}.org")) == "NOERROR"
                asked += 1
                assert time.monotonic() < ends
            assert load_state(data, "malware").compiled.names == 60_000
            assert len([path for path in lists_folder(data).iterdir() if path.suffix not in (".json", ".lock")]) == 1
            assert box.end(signal.SIGTERM) == 0


def test_a_box_that_is_stopped_while_it_fetches_ends_at_once(rules, data, local_upstream):
    def never(request):
        time.sleep(20)

    with Web(never) as web:
        rules.write_text(rules_with(web.url))
        with BoxProcess(rules, data, upstreams=[local_upstream.endpoint]) as box:
            eventually(lambda: web.asked, 20)
            started = time.monotonic()
            assert box.end(signal.SIGTERM) == 0
            assert time.monotonic() - started < 10
            assert not box.errors


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def run(rules, data, *arguments):
    return command("--rules", rules, "--data", data, *arguments)


def test_lists_shows_what_there_is_and_refresh_fetches_now(rules, data, tmp_path):
    (tmp_path / "names.txt").write_text("0.0.0.0 evil.example\n0.0.0.0 localhost\nbad line here\n0.0.0.0 worse.example\n")
    rules.write_text(rules_with("names.txt"))
    before = json.loads(run(rules, data, "lists", "--json").stdout)
    assert [(each["name"], each["fetched"], each["names"]) for each in before] == [("malware", False, None)]
    done = run(rules, data, "lists", "refresh", "--json")
    assert done.returncode == 0
    after = json.loads(done.stdout)
    assert after == json.loads(run(rules, data, "lists", "--json").stdout)
    assert {key: after[0][key] for key in ("from", "format", "names", "bad", "last_error")} == {
        "from": "names.txt", "format": "hosts", "names": 2, "bad": 1, "last_error": None,
    }  # fmt: skip
    text = run(rules, data, "lists").stdout
    assert "line 3 (bad line here)" in text
    assert "names that a machine has for itself" in text


def test_refresh_of_a_list_that_is_not_there_is_wrong_usage(rules, data):
    rules.write_text(rules_with("names.txt"))
    done = run(rules, data, "lists", "refresh", "malwere")
    assert done.returncode == 2
    assert "did you mean 'malware'?" in done.stderr


def test_why_and_check_say_whether_a_list_was_fetched(rules, data, tmp_path):
    (tmp_path / "names.txt").write_text("evil.example\n")
    rules.write_text(rules_with("names.txt"))
    before = run(rules, data, "why", "evil.example", "office-laptop", "--json")
    assert json.loads(before.stdout)["verdict"] == "allow"
    assert "the list malware was not fetched yet" in before.stderr
    assert "The list malware was not fetched yet, so nothing is on it." in run(rules, data, "check").stdout
    assert run(rules, data, "lists", "refresh").returncode == 0
    after = run(rules, data, "why", "evil.example", "office-laptop", "--json")
    assert json.loads(after.stdout)["verdict"] == "block"
    assert not after.stderr
    assert "The list malware has 1 name (domains), fetched" in run(rules, data, "check").stdout
    assert json.loads(run(rules, data, "check", "--json").stdout)["lists"][0]["names"] == 1
