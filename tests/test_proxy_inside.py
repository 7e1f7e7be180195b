"""Looking inside, through the real proxy to real servers: pages, what they load, safe search; and all else left alone."""

import ssl
from collections.abc import Iterator

import pytest

pytest.importorskip("mitmproxy", reason="the extra `proxy` is not installed")

from proxy_live import LAPTOP, OTHER_LAPTOP, PHONE, Live, ask
from web import Web


@pytest.fixture(scope="module")
def web(tmp_path_factory) -> Iterator[Web]:
    found = Web(tmp_path_factory.mktemp("web"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory, web) -> Iterator[Live]:
    with Live(tmp_path_factory.mktemp("live"), web) as found:
        yield found


def test_the_official_page_is_open_and_its_neighbour_is_not(live, web):
    status, body = live.get("www.facebook.com/AcornLane/posts/7")
    assert (status, "www.facebook.com/AcornLane/posts/7" in body) == (200, True)
    before = len(web.asked)
    status, body = live.get("www.facebook.com/somebody")
    assert (status, "Facebook is closed on this device" in body) == (403, True)
    assert len(web.asked) == before  # nobody was asked for it


def test_what_the_page_loads_passes_and_what_others_load_does_not(live):
    assert live.get("www.facebook.com/AcornLane")[0] == 200
    script = ("Sec-Fetch-Dest: style", "Sec-Fetch-Mode: no-cors")
    assert live.get("static.xx.fbcdn.net/a.css", *script, "Referer: https://www.facebook.com/")[0] == 200
    assert live.get("static.xx.fbcdn.net/b.woff", *script, "Referer: https://static.xx.fbcdn.net/a.css")[0] == 200
    assert live.get("www.facebook.com/api", *script, "Referer: https://www.facebook.com/AcornLane")[0] == 200
    assert live.get("www.facebook.com/api", *script, "Referer: https://www.facebook.com/somebody")[0] == 403
    assert live.get("static.xx.fbcdn.net/")[0] == 403  # opened by itself


def test_each_request_on_a_kept_connection_is_judged(live):
    with live.tunnel("www.facebook.com") as inside:
        paths = ("/AcornLane", "/somebody", "/AcornLane/about", "/")
        assert [ask(inside, "www.facebook.com", path)[0] for path in paths] == [200, 403, 200, 403]


def test_names_that_share_a_connection_pass_only_if_each_may(live):
    """Browsers put several hosts on one HTTP/2 connection; what may not pass is sent elsewhere (421)."""
    with live.tunnel("www.facebook.com") as inside:
        assert ask(inside, "www.example.org", "/")[0] == 200
        assert ask(inside, "www.instagram.com", "/")[0] == 200
        live.moment.set("2026-11-23 14:00")
        try:
            assert ask(inside, "www.instagram.com", "/")[0] == 421
        finally:
            live.moment.set("2026-11-23 12:30")


def test_a_closed_page_of_an_open_site(live):
    assert live.get("www.youtube.com/watch?v=7")[0] == 200
    assert live.get("www.youtube.com/shorts/7")[0] == 403


def test_restricted_mode_and_safe_search_are_switched_on_inside(live, web):
    live.get("www.youtube.com/watch?v=7")
    assert web.asked[-1].headers["youtube-restrict"] == "Strict"
    live.get("www.google.com/search?q=tortoise&safe=off")
    assert web.asked[-1].path == "/search?q=tortoise&safe=active"
    live.get("www.google.com/maps?q=tortoise")
    assert web.asked[-1].path == "/maps?q=tortoise"


LEFT_ALONE = [
    pytest.param(LAPTOP, "www.example.org", id="what_no_rule_looks_into"),
    pytest.param(LAPTOP, "bank.example", id="a_bank"),
    pytest.param(LAPTOP, "www.instagram.com", id="what_is_open_as_a_whole"),
    pytest.param(OTHER_LAPTOP, "www.youtube.com", id="a_device_that_nobody_looks_into"),
    pytest.param(PHONE, "www.instagram.com", id="somebodys_own_phone"),
]


@pytest.mark.parametrize("source, host", LEFT_ALONE)
def test_everything_else_shows_the_servers_own_certificate_byte_for_byte(live, web, source, host):
    with live.tunnel(host, source) as inside:
        assert inside.getpeercert(binary_form=True) == web.certificate


def test_a_device_that_nobody_looks_into_has_no_page(live):
    with pytest.raises((ConnectionError, ssl.SSLError)):
        live.get("www.facebook.com/AcornLane", source=OTHER_LAPTOP)


def test_what_pins_its_certificate_is_never_decrypted(live):
    """Of Facebook a page is open, but an app does not say which: it is hung up on, and gets no certificate of ours."""
    with pytest.raises((ConnectionError, ssl.SSLError)) as hung_up:
        live.tunnel("graph.facebook.com")
    assert "CERTIFICATE" not in str(hung_up.value)
