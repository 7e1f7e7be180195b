"""Debian's Chromium, driven by Playwright, through the real proxy to real servers: what a person sees."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("mitmproxy", reason="the extra `proxy` is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Browser, sync_playwright

from proxy_live import RULES, Live
from web import Web

CHROMIUM = shutil.which("chromium")
ACCEPT = bool(os.environ.get("DINNERBELL_ACCEPT"))
PICTURE = Path(__file__).parent.parent / "docs/pictures/block-page.png"
PAGE = """<!doctype html><title>AcornLane</title><link rel=stylesheet href="https://static.xx.fbcdn.net/a.css">
<h1>Acorn Lane Nursery</h1><p id=socket>-</p><p id=script>-</p><script src="https://static.xx.fbcdn.net/a.js"></script>
<script>
const socket = new WebSocket("wss://www.facebook.com/live");
socket.onmessage = () => { document.getElementById("socket").textContent = "open"; };
socket.onclose = () => { document.getElementById("socket").textContent = "cut"; };
fetch("https://www.example.org/news").catch(() => {});
</script>"""
pytestmark = pytest.mark.skipif(not (CHROMIUM and shutil.which("certutil")), reason="chromium or certutil is missing: tests/install-tools")


@pytest.fixture
def web(tmp_path) -> Iterator[Web]:
    found = Web(tmp_path)
    found.bodies |= {
        "/AcornLane": ("text/html; charset=utf-8", PAGE),
        "/OakLane": ("text/html; charset=utf-8", PAGE),
        "/a.css": ("text/css", "h1 { color: rgb(1, 2, 3) }"),
        "/a.js": ("text/javascript", 'document.getElementById("script").textContent = "ran";'),
    }
    yield found
    found.close()


@pytest.fixture
def live(tmp_path, web) -> Iterator[Live]:
    with Live(tmp_path, web, RULES.replace("127.0.0.20", "127.0.0.1")) as found:
        yield found


@pytest.fixture
def browser(tmp_path, live, web) -> Iterator[Browser]:
    """Chromium with a profile that trusts the proxy's authority, as a managed device does, and the test servers'."""
    store = tmp_path / ".pki/nssdb"
    store.mkdir(parents=True)
    for name, file in (("proxy", live.authority), ("servers", web.authority)):
        add = ["certutil", "-A", "-n", name, "-t", "C,,", "-i", str(file), "-d", f"sql:{store}", "--empty-password"]
        subprocess.run(add, check=True)
    environment = {**os.environ, "HOME": str(tmp_path)}
    options = ["--no-sandbox", "--proxy-bypass-list=<-loopback>", "--disable-quic", "--disable-component-update"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=options,
            proxy={"server": f"http://127.0.0.1:{live.port}"},
            env=environment,
        )
        yield found
        found.close()


def test_what_a_person_sees(browser, live, web):
    """The official page with all it loads, its neighbour's block page, and the end of lunch while the bank goes on."""
    page = browser.new_page(viewport={"width": 1000, "height": 760})
    assert page.goto("https://www.facebook.com/AcornLane").status == 200
    page.wait_for_function('document.getElementById("socket").textContent == "open"')
    assert page.inner_text("#script") == "ran"
    assert page.evaluate('getComputedStyle(document.querySelector("h1")).color') == "rgb(1, 2, 3)"
    assert {asked.protocol for asked in web.asked if asked.host == "www.facebook.com"} == {"h1", "h2"}  # the page, and the WebSocket

    assert page.goto("https://www.facebook.com/somebody").status == 403
    assert "Facebook is closed on this device" in page.inner_text("h1")
    assert not any(asked.path == "/somebody" for asked in web.asked)
    if ACCEPT:
        page.screenshot(path=PICTURE)

    assert page.goto("https://www.facebook.com/OakLane").status == 200
    page.wait_for_function('document.getElementById("socket").textContent == "open"')
    bank = browser.new_page()
    assert bank.goto("https://bank.example/").status == 200
    bank.evaluate('() => { window.socket = new WebSocket("wss://bank.example/"); }')
    bank.wait_for_function("socket.readyState == WebSocket.OPEN", timeout=5000)
    bank.wait_for_function("socket.readyState == 1", timeout=5000)
    live.moment.set("2026-11-23 13:00:00")
    page.wait_for_function('document.getElementById("socket").textContent == "cut"', timeout=1000)
    assert page.reload().status == 403
    bank.wait_for_timeout(500)
    assert bank.evaluate("socket.readyState") == 1


def test_the_bank_shows_its_own_certificate_and_the_page_ours(browser, live):
    """What the browser says of the connection: only the page is looked into."""
    page = browser.new_page()
    issuers = {host: page.goto(f"https://{host}/").security_details()["issuer"] for host in ("bank.example", "www.example.org")}
    assert issuers == {"bank.example": "Test authority", "www.example.org": "Test authority"}
    assert page.goto("https://www.facebook.com/AcornLane").security_details()["issuer"] != "Test authority"
