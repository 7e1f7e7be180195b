"""A list is fetched, compiled beside the old one and swapped; whatever goes wrong, the old one stays in force and the reason is told."""

import os
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from dinnerbell.config import ListSource
from dinnerbell.lists import store
from dinnerbell.lists.fetch import Limits
from dinnerbell.lists.refresh import note_failure, refresh
from dinnerbell.lists.state import due_at, file_is_due, read_state, write_state
from dinnerbell.lists.status import list_status, status_sentence
from dinnerbell.lists.store import lists_folder, load_state, open_list, state_path, stem_of
from list_server import Web, sends

NOW = 1_795_000_000.0
LIMITS = Limits(piece_seconds=20, whole_seconds=60, largest=100_000)
QUICK = Limits(piece_seconds=0.3, whole_seconds=0.6, largest=100_000)


def on_list(data, name, source="malware"):
    names = open_list(data, source).names
    return names is not None and names.match(name) is not None


def from_web(data, url, now=NOW, limits=LIMITS):
    return refresh(data, ListSource("malware", url), data, now, limits)


def from_file(data, name="names.txt", now=NOW):
    return refresh(data, ListSource("malware", name), data, now)


def test_a_list_from_the_web_is_fetched_and_in_force(tmp_path):
    with Web(sends("evil.example\n", ETag='"1"')) as web:
        state = from_web(tmp_path, web.url)
    assert (state.failures, state.fetched_at, state.etag) == (0, NOW, '"1"')
    assert (state.compiled.format, state.compiled.names) == ("domains", 1)
    assert on_list(tmp_path, "www.evil.example")
    assert not on_list(tmp_path, "good.example")


def test_an_unchanged_list_costs_one_304(tmp_path):
    with Web(sends("evil.example\n", ETag='"1"', Last_Modified="Sun, 22 Nov 2026 10:00:00 GMT")) as web:
        first = from_web(tmp_path, web.url)
        second = from_web(tmp_path, web.url, NOW + 60)
        assert web.asked[1][1]["If-None-Match"] == '"1"'
        assert web.asked[1][1]["If-Modified-Since"] == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert second == replace(first, fetched_at=NOW + 60, tried_at=NOW + 60)


def test_a_server_that_cannot_say_what_changed_is_believed_by_the_bytes(tmp_path):
    with Web(sends("evil.example\n")) as web:
        first = from_web(tmp_path, web.url)
        inode = (lists_folder(tmp_path) / first.compiled.file).stat().st_ino
        assert from_web(tmp_path, web.url, NOW + 60).compiled == first.compiled
        assert (lists_folder(tmp_path) / first.compiled.file).stat().st_ino == inode


def test_a_changed_list_replaces_the_old_one_and_its_file(tmp_path):
    with Web(sends("evil.example\n", ETag='"1"')) as web:
        before = from_web(tmp_path, web.url)
        mapped = open_list(tmp_path, "malware").names
        web.handle = sends("worse.example\n", ETag='"2"')
        after = from_web(tmp_path, web.url)
    assert not on_list(tmp_path, "evil.example")
    assert on_list(tmp_path, "worse.example")
    assert not (lists_folder(tmp_path) / before.compiled.file).exists()
    assert before.compiled.file != after.compiled.file
    assert mapped.match("evil.example"), "who has the old one open keeps it until it opens the new one"


def slow(request):
    request.send_response(200)
    request.end_headers()
    for _ in range(20):
        request.wfile.write(b"slow.example\n")
        request.wfile.flush()
        time.sleep(0.1)


def silent(request):
    time.sleep(1)


def cut_off(request):
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"evil.example\n" * 10)


def cut_off_in_pieces(request):
    request.protocol_version = "HTTP/1.1"
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b"d\r\nevil.example\n\r\n40\r\nevil")


def endless(request):
    request.send_response(200)
    request.end_headers()
    try:
        for number in range(100_000):
            request.wfile.write(b"host%d.example\n" % number)
    except OSError:
        pass


def no_http(request):
    request.wfile.write(b"\x15\x03\x01 what?\r\n\r\n")


def redirect(where):
    return sends("", 302, Location=where)


# name: (what the server does, what is told)
FAILURES = {
    "gone": (sends("no", 404), "404 Not Found: is the address right?"),
    "broken": (sends("no", 503), "503 Service Unavailable"),
    "unasked_304": (sends("", 304), None),
    "html": (sends("<!DOCTYPE html><html>sign in"), "this is a web page, not a list"),
    "empty": (sends(""), "there is no name in it"),
    "no_list": (sends("not a name at all\n" * 40), "no name in it\n  line 1 (not a name at all)"),
    "half_a_list": (sends("good.example\n" * 100 + "not a name\n" * 20), "20 of 120 lines can't be read"),
    "packed": (sends(b"\x1f\x8b\x08\0\0\0\0\0"), "packed file"),
    "slow": (slow, "took longer than"),
    "silent": (silent, "did not answer in time"),
    "cut_off": (cut_off, "cut off after 130 of 1,000 bytes"),
    "cut_off_in_pieces": (cut_off_in_pieces, "cut off"),
    "too_large": (sends(b"x" * 100_001), "larger than"),
    "endless": (endless, "larger than"),
    "no_http": (no_http, "makes no sense"),
    "redirect_to_a_file": (redirect("file:///etc/passwd"), "not allowed"),
    "redirect_round_in_circles": (redirect("/list.txt"), "302"),
}


@pytest.mark.parametrize(("does", "told"), FAILURES.values(), ids=FAILURES)
def test_whatever_the_server_does_the_old_list_stays_in_force_and_the_reason_is_told(tmp_path, does, told):
    with Web(sends("evil.example\n", ETag='"1"')) as web:
        before = from_web(tmp_path, web.url)
        web.handle = does
        after = from_web(tmp_path, web.url, NOW + 60, QUICK if does in (slow, silent) else LIMITS)
    assert on_list(tmp_path, "evil.example")
    assert after.compiled == before.compiled
    if told is None:
        assert after.failures == 0
        return
    assert (after.failures, after.tried_at, after.fetched_at, after.etag) == (1, NOW + 60, NOW, '"1"')
    assert told in after.last_error
    assert not list(lists_folder(tmp_path).glob("*.part")) + list(lists_folder(tmp_path).glob("*.body"))


def test_a_server_that_is_not_there_is_told(tmp_path):
    with Web(sends("")) as web:
        url = web.url
    state = from_web(tmp_path, url)
    assert state.compiled is None
    assert "can't be reached" in state.last_error
    assert open_list(tmp_path, "malware").names is None


def test_a_redirect_on_the_same_footing_is_followed(tmp_path):
    with Web(sends("evil.example\n")) as target, Web(redirect(target.url)) as web:
        assert from_web(tmp_path, web.url).failures == 0
    assert on_list(tmp_path, "evil.example")


@pytest.fixture
def authority(monkeypatch, tmp_path):
    """A certificate authority that this machine trusts, as its owner may tell it to."""
    found = trustme.CA()
    found.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return found


def tls_of(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_https_is_fetched_where_the_certificate_is_good(tmp_path, authority):
    with Web(sends("evil.example\n"), tls_of(authority)) as web:
        assert from_web(tmp_path, web.url).last_error == ""
    assert on_list(tmp_path, "evil.example")


def test_a_bad_certificate_is_told(tmp_path, authority):
    with Web(sends("evil.example\n"), tls_of(trustme.CA())) as web:
        assert "its certificate is not good" in from_web(tmp_path, web.url).last_error


def test_https_never_leads_to_http(tmp_path, authority):
    with Web(sends("evil.example\n")) as target, Web(redirect(target.url), tls_of(authority)) as web:
        state = from_web(tmp_path, web.url)
    assert "which is not safe" in state.last_error
    assert not target.asked


def test_failures_are_counted_until_a_success(tmp_path):
    with Web(sends("no", 500)) as web:
        assert [from_web(tmp_path, web.url).failures for _ in range(3)] == [1, 2, 3]
        web.handle = sends("evil.example\n")
        state = from_web(tmp_path, web.url)
    assert (state.failures, state.last_error) == (0, "")


def test_another_source_does_not_get_the_old_ones_etag_and_its_names_stay_until_then(tmp_path):
    with Web(sends("evil.example\n", ETag='"1"')) as old, Web(sends("no", 500)) as new:
        from_web(tmp_path, old.url)
        state = from_web(tmp_path, new.url)
        assert "If-None-Match" not in new.asked[0][1]
        status = list_status(ListSource("malware", new.url), state)
        assert status.other_source == old.url
        assert on_list(tmp_path, "evil.example")
        new.handle = sends("worse.example\n")
        assert list_status(ListSource("malware", new.url), from_web(tmp_path, new.url)).other_source is None


# ── from a file ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

ENCODED = {
    "utf8": "bücher.example\n".encode(),
    "bom": "\ufeffbücher.example\n".encode(),
    "utf16": "bücher.example\r\n".encode("utf-16"),
    "crlf": "bücher.example\r\n".encode(),
    "cr": "# a\rbücher.example\r".encode(),
}


@pytest.mark.parametrize("data", ENCODED.values(), ids=ENCODED)
def test_a_file_is_read_however_it_was_saved(tmp_path, data):
    (tmp_path / "names.txt").write_bytes(data)
    state = from_file(tmp_path)
    assert (state.compiled.names, state.compiled.bad) == (1, 0)
    assert on_list(tmp_path, "xn--bcher-kva.example")


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert from_file(tmp_path).last_error == f"No such file or directory ({tmp_path / 'names.txt'})"


def test_a_file_is_due_when_another_lies_there(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("evil.example\n")
    state = from_file(tmp_path)
    assert not file_is_due(state, "names.txt", state.stamp, 86400, NOW + 1e6)
    path.write_text("evil.example\nworse.example\n")
    stamp = (path.stat().st_mtime_ns, path.stat().st_size, path.stat().st_ino)
    assert file_is_due(state, "names.txt", stamp, 86400, NOW)
    assert file_is_due(state, "other.txt", state.stamp, 86400, NOW)


SCRAPS = [b"\xff\xfe", b"\xef\xbb\xbf", b"a.example", b"||b.example^", b"\n", b"\r", b"\0", b" ", b"0.0.0.0"]


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(SCRAPS)).map(b"".join)))
def test_any_bytes_are_a_list_or_its_one_error(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    (folder / "names.txt").write_bytes(data)
    state = from_file(folder)
    assert (state.compiled is not None) == (state.last_error == "") == (open_list(folder, "malware").names is not None)


# ── on the disk ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("damage", [b"", b"garbage", None], ids=["empty", "garbage", "gone"])
def test_a_damaged_file_is_not_asked_and_fetched_again_in_spite_of_the_etag(tmp_path, damage):
    with Web(sends("evil.example\n", ETag='"1"')) as web:
        made = from_web(tmp_path, web.url).compiled
        path = lists_folder(tmp_path) / made.file
        path.unlink()
        if damage is not None:
            path.write_bytes(damage)
        opened = open_list(tmp_path, "malware")
        assert opened.names is None
        assert opened.trouble
        assert list_status(ListSource("malware", web.url), opened.state, opened.trouble).names is None
        from_web(tmp_path, web.url)
    assert on_list(tmp_path, "evil.example")


@pytest.mark.parametrize("text", ["", "{}", "[1]", "nonsense", '{"source": 1, "compiled": null, "stamp": null}'])
def test_a_damaged_state_is_no_state(tmp_path, text):
    (tmp_path / "names.txt").write_text("evil.example\n")
    from_file(tmp_path)
    state_path(tmp_path, "malware").write_text(text)
    assert load_state(tmp_path, "malware") is None
    assert from_file(tmp_path).compiled is not None


def test_a_state_survives_its_text(tmp_path):
    (tmp_path / "names.txt").write_text("evil.example\nnot a name\ncom\n")
    state = from_file(tmp_path)
    assert read_state(write_state(state)) == state == load_state(tmp_path, "malware")


def test_names_of_lists_become_file_names_that_cannot_clash():
    names = ["malware", "my list", "my_list", "../x", "Ärger", "a.b"]
    stems = [stem_of(name) for name in names]
    assert len(set(stems)) == len(names)
    assert all(stem.replace("-", "").replace("_", "").isalnum() and stem.isascii() for stem in stems)


def test_where_there_is_no_marisa_trie_names_are_kept_in_memory(tmp_path):
    """As on 32-bit ARM: compiled there, and opened there."""
    (tmp_path / "names.txt").write_text("||evil.example^\n@@||ok.evil.example^\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path / 'without'}{os.pathsep}{os.pathsep.join(sys.path)}"}
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "marisa_trie.py").write_text("raise ImportError\n")
    done = run_module(environment, tmp_path, tmp_path, "malware", "names.txt", NOW)
    assert done.returncode == 0, done.stderr
    assert load_state(tmp_path, "malware").compiled.kind == store.TEXT
    assert on_list(tmp_path, "www.evil.example")
    assert not on_list(tmp_path, "ok.evil.example")


def run_module(environment, *arguments):
    command = [sys.executable, "-m", "dinnerbell.lists", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_two_who_fetch_at_once_take_turns(tmp_path):
    (tmp_path / "names.txt").write_text("".join(f"host{number}.example\n" for number in range(3000)))
    threads = [threading.Thread(target=from_file, args=(tmp_path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_list(tmp_path, "malware").names.names == 3000


def test_an_attempt_that_ended_without_a_word_is_noted(tmp_path):
    (tmp_path / "names.txt").write_text("evil.example\n")
    from_file(tmp_path)
    note_failure(tmp_path, ListSource("malware", "names.txt"), tmp_path, NOW + 60, "killed")
    state = load_state(tmp_path, "malware")
    assert (state.failures, state.last_error, state.tried_at, state.fetched_at) == (1, "killed", NOW + 60, NOW)
    assert on_list(tmp_path, "evil.example")


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

WEB = "https://lists.example/malware.txt"
DUE = {
    "never_fetched": (None, 0),
    "fetched": ({}, 86400),
    "other_source": ({"source": "https://else.example/"}, 0),
    "clock_was_ahead": ({"tried_at": NOW + 1000}, 0),
    "failed_once": ({"failures": 1}, 30),
    "failed_twice": ({"failures": 2}, 60),
    "failed_often": ({"failures": 50}, 3600),
}


@pytest.mark.parametrize(("changes", "seconds"), DUE.values(), ids=DUE)
def test_a_list_is_due_by_its_refresh_and_sooner_after_a_failure(tmp_path, changes, seconds):
    (tmp_path / "names.txt").write_text("evil.example\n")
    state = None if changes is None else replace(from_file(tmp_path), **({"source": WEB} | changes))
    assert due_at(state, WEB, 86400, NOW) == NOW + seconds


def test_a_status_is_one_sentence(tmp_path):
    (tmp_path / "names.txt").write_text("||evil.example^\n@@||ok.evil.example^\n/ads/\n||bad name^\n")
    source = ListSource("malware", "names.txt")
    assert "not fetched yet, so nothing is on it" in status_sentence(list_status(source, None), datetime.fromtimestamp(NOW, UTC))
    status = list_status(source, from_file(tmp_path))
    assert status_sentence(status, datetime.fromtimestamp(NOW, UTC) + timedelta(hours=3, minutes=5)) == (
        "the list malware has 1 name (adblock, 1 exception, 1 line left out, 1 line that can't be read), fetched 3 hours ago"
    )
    (tmp_path / "names.txt").unlink()
    failed = list_status(source, from_file(tmp_path))
    assert status_sentence(failed, datetime.fromtimestamp(NOW, UTC)).endswith(f"the last attempt failed: {failed.last_error}")
