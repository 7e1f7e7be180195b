"""Hostile and broken peers inside what is looked into: an error or a closed connection, and the proxy lives. And its own settings file."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator

import pytest

pytest.importorskip("mitmproxy", reason="the extra `proxy` is not installed")

from proxy_live import RULES, Live, ask
from web import Web


@pytest.fixture(scope="module")
def web(tmp_path_factory) -> Iterator[Web]:
    found = Web(tmp_path_factory.mktemp("web"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory, web) -> Iterator[Live]:
    rules = RULES.replace("rules:\n", "rules:\n  - {name: No showcases, block: vimeo.com/showcase}\n  - {name: Films, allow: vimeo}\n")
    with Live(tmp_path_factory.mktemp("live"), web, rules) as found:
        yield found


def works(live: Live) -> bool:
    return live.get("www.facebook.com/AcornLane")[0] == 200


def test_a_server_with_a_certificate_for_another_name_is_not_believed(live, web):
    """What the browser would have refused, the proxy refuses in its place: the page never comes under our certificate."""
    before = len(web.asked)
    assert live.get("vimeo.com/7")[0] == 502
    assert len(web.asked) == before
    assert works(live)


def test_a_server_that_never_answers_holds_up_nobody(live):
    with live.tunnel("www.facebook.com") as inside:
        inside.settimeout(0.5)
        with pytest.raises(TimeoutError):
            ask(inside, "www.facebook.com", "/silent", "Referer: https://www.facebook.com/AcornLane", "Sec-Fetch-Mode: cors")
        assert works(live)
    deadline = time.monotonic() + 5
    while live.addon.keeper.open_now._connections and time.monotonic() < deadline:
        time.sleep(0.02)
    assert live.addon.keeper.open_now._connections == {}


def test_a_client_that_never_finishes_holds_up_nobody(live):
    with live.connect() as slow, live.tunnel("www.facebook.com") as inside:
        slow.sendall(b"GET http://www.example.org/ HTTP/1.1\r\nHost: www.exa")
        inside.sendall(b"GET /AcornLane HTTP/1.1\r\nHos")
        assert works(live)


HOSTILE = [
    pytest.param("GET /AcornLane HTTP/1.1\r\nHost: www.facebook.com\r\nX: " + "x" * 300_000 + "\r\n\r\n", id="a_long_header"),
    pytest.param("GET /AcornLane HTTP/1.1\r\nHost: www.facebook.com\r\nHost: www.instagram.com\r\n\r\n", id="two_hosts"),
    pytest.param("GET /AcornLane HTTP/1.1\r\nHost: a b\r\n\r\n", id="no_host"),
    pytest.param("GET http://www.instagram.com/ HTTP/1.1\r\nHost: www.facebook.com\r\n\r\n", id="another_host_in_the_url"),
    pytest.param("GET /%00%ff<script> HTTP/1.1\r\nHost: www.facebook.com\r\nReferer: http://[\r\nOrigin: \\\r\n\r\n", id="no_urls"),
    pytest.param("\x00\x01\x02\x03\r\n\r\n", id="no_http"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_client_gets_an_error(live, web, text):
    before = len(web.asked)
    with live.tunnel("www.facebook.com") as inside, contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
        inside.settimeout(2)
        inside.sendall(text.encode("latin-1"))
        while inside.recv(65536):
            pass
    assert all(asked.path.startswith("/AcornLane") for asked in web.asked[before:])
    assert works(live)


def test_a_refused_page_named_with_html_is_text(live):
    status, body = live.get("www.facebook.com/<script>alert(1)</script>")
    assert (status, "<script>" in body) == (403, False)


# ── its own settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "host, path", [("own", "/proxy.pac"), ("own", "/wpad.dat"), ("wpad", "/wpad.dat"), ("wpad.acorn.example", "/wpad.dat")]
)
def test_devices_find_the_proxy_by_its_own_file(live, host, path):
    own = f"127.0.0.1:{live.port}"
    with live.connect() as tcp:
        status, body = ask(tcp, own if host == "own" else host, path)
    assert status == 200
    assert f'return "PROXY {own}";' in body


def test_nobody_elses_settings_are_answered_for(live):
    with live.connect() as tcp, contextlib.suppress(ConnectionError, socket.timeout):
        tcp.settimeout(3)
        assert (
            ask(tcp, "www.instagram.com", "http://www.instagram.com/proxy.pac", "Accept: text/html")[1].startswith("<!doctype html>")
            is False
        )


DECIDED = [
    ("http://www.example.org/", "www.example.org", "PROXY"),
    ("http://printer/", "printer", "DIRECT"),
    ("http://nas.local/", "nas.local", "DIRECT"),
    ("http://192.168.1.5/", "192.168.1.5", "DIRECT"),
    ("http://172.15.0.1/", "172.15.0.1", "PROXY"),
    ("http://172.31.0.1/", "172.31.0.1", "DIRECT"),
    ("http://10.example.org/", "10.example.org", "PROXY"),
    ("http://[fd00::1]/", "fd00::1", "DIRECT"),
    ("http://[2001:db8::1]/", "2001:db8::1", "PROXY"),
]


@pytest.mark.parametrize("url, host, way", DECIDED)
def test_the_file_leads_everything_but_the_network_through_the_proxy(live, url, host, way):
    """Run by a JavaScript engine, as browsers do."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    with live.connect() as tcp:
        body = ask(tcp, f"127.0.0.1:{live.port}", "/proxy.pac")[1]
    local = 'const isPlainHostName = host => !host.includes(".") && !host.includes(":");'
    script = f'{local}{body}; console.log(FindProxyForURL("{url}", "{host}"))'
    assert subprocess.run([node, "-e", script], capture_output=True, text=True, check=True).stdout.startswith(way)
