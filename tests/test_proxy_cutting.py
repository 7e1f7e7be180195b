"""The end of lunch: what is no longer allowed is closed within a second, whatever it is, and nothing else."""

import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator

import pytest

pytest.importorskip("mitmproxy", reason="the extra `proxy` is not installed")

from proxy_live import LAPTOP, PHONE, RULES, Live, ask
from web import Web

SOON, LATER = "2026-11-23 12:59:59", "2026-11-23 13:00:00"


@pytest.fixture(scope="module")
def web(tmp_path_factory) -> Iterator[Web]:
    found = Web(tmp_path_factory.mktemp("web"))
    yield found
    found.close()


@pytest.fixture
def live(tmp_path, web) -> Iterator[Live]:
    with Live(tmp_path, web, when=SOON) as found:
        yield found


def stream(tunnel: ssl.SSLSocket, host: str, path: str = "/endless", *headers: str) -> ssl.SSLSocket:
    """Ask for something that does not end, and see it begin."""
    tunnel.sendall("\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", "Sec-Fetch-Mode: navigate", *headers, "", ""]).encode())
    assert tunnel.recv(65536)
    return tunnel


def lives(tunnel: ssl.SSLSocket, seconds: float) -> bool:
    """Read on; tell whether it still gives something after so many seconds."""
    tunnel.settimeout(seconds)
    ends = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        while time.monotonic() < ends:
            if not tunnel.recv(65536):
                return False
        return True
    return False


WEBSOCKET = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
SHUT = [
    pytest.param(LAPTOP, "www.instagram.com", (), id="a_tunnel_that_passed_through"),
    pytest.param(PHONE, "www.instagram.com", (), id="a_tunnel_of_somebodys_phone"),
    pytest.param(LAPTOP, "www.instagram.com", WEBSOCKET, id="a_websocket_in_a_tunnel_that_passed_through"),
    pytest.param(LAPTOP, "www.facebook.com", (), id="a_long_download_of_a_page"),
    pytest.param(LAPTOP, "www.facebook.com", WEBSOCKET, id="a_websocket_of_a_page"),
]


@pytest.mark.parametrize("source, host, headers", SHUT)
def test_what_lunch_allowed_ends_with_it_and_the_bank_lives_on(live, source, host, headers):
    with live.tunnel("bank.example", source) as bank, live.tunnel(host, source) as lunch:
        stream(bank, "bank.example")
        stream(
            lunch, host, "/OakLane/live" if "facebook" in host and headers else "/OakLane" if "facebook" in host else "/endless", *headers
        )
        assert lives(bank, 0.3)
        live.moment.set(LATER)
        assert not lives(lunch, 1.0)
        assert lives(bank, 0.5)


def test_the_page_that_is_open_all_day_lives_on(live):
    with live.tunnel("www.facebook.com") as ours, live.tunnel("www.facebook.com") as theirs:
        stream(ours, "www.facebook.com", "/AcornLane", *WEBSOCKET)
        stream(theirs, "www.facebook.com", "/OakLane", *WEBSOCKET)
        live.moment.set(LATER)
        assert not lives(theirs, 1.0)
        assert lives(ours, 0.5)


def test_a_reload_that_closes_something_cuts_it_too(live):
    with live.tunnel("www.instagram.com") as tunnel:
        stream(tunnel, "www.instagram.com")
        live.rules.write_text(RULES.replace("allow: instagram, when: lunch", "allow: pinterest, when: lunch"))
        for _ in range(20):  # a file is read when it has been left alone for a moment of this clock
            live.moment.seconds += 0.04
            time.sleep(0.05)
        assert not lives(tunnel, 1.0)


def test_what_was_open_as_a_whole_comes_again_when_only_its_pages_are(tmp_path, web):
    """At lunch nobody looks into Facebook; from one o'clock on the proxy has to see which page it is."""
    rules = (
        RULES.replace("allow: instagram, when: lunch", "allow: facebook, when: lunch")
        .replace("rules:\n", "rules:\n  - {name: All of it at lunch, allow: facebook, when: lunch}\n")
        .replace("  - {name: Instagram at lunch, clause: 4, allow: facebook, when: lunch}\n", "")
    )
    with Live(tmp_path, web, rules, SOON) as live, live.tunnel("www.facebook.com") as whole:
        assert whole.getpeercert(binary_form=True) == web.certificate
        stream(whole, "www.facebook.com")
        live.moment.set(LATER)
        assert not lives(whole, 1.0)
        assert live.get("www.facebook.com/AcornLane")[0] == 200
        assert live.get("www.facebook.com/somebody")[0] == 403


def test_what_is_closed_is_forgotten(live):
    with live.tunnel("www.instagram.com"), live.tunnel("www.facebook.com") as inside:
        assert ask(inside, "www.facebook.com", "/OakLane")[0] == 200
    deadline = time.monotonic() + 5
    while live.addon.keeper.open_now._connections and time.monotonic() < deadline:
        time.sleep(0.02)
    assert live.addon.keeper.open_now._connections == {}
    assert live.addon._rulings == {}


def test_a_name_that_leads_into_the_network_leads_nowhere(tmp_path, web):
    """This machine's own name is in its hosts file: it is a name like any other until it is resolved."""
    here = socket.gethostname()
    with contextlib.suppress(OSError):
        if ipaddress.ip_address(socket.gethostbyname(here)).is_loopback and "." not in here:
            before = len(web.asked)
            with Live(tmp_path, web, leads=False) as live:
                with live.connect() as tcp, pytest.raises(ConnectionError):
                    ask(tcp, f"{here}:{web.port}", f"http://{here}:{web.port}/")
                with pytest.raises((ConnectionError, ssl.SSLError)):
                    live.tunnel(here)
            assert len(web.asked) == before
            return
    pytest.skip("this machine's name does not lead to itself")
