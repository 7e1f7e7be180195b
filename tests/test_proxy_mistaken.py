"""Closed by mistake? The block page's form, from the browser's request to the log."""

from collections.abc import Iterator

import pytest

from dinnerbell.log import LogReader, usage_path

pytest.importorskip("mitmproxy", reason="the extra `proxy` is not installed")

from proxy_live import PHONE, Live, ask
from web import Web


@pytest.fixture
def web(tmp_path) -> Iterator[Web]:
    found = Web(tmp_path)
    yield found
    found.close()


MISTAKEN = "/.well-known/dinnerbell/closed-by-mistake"


def test_somebody_says_that_it_is_closed_by_mistake(tmp_path, web):
    """The page's form is taken by the proxy, on whatever host it stands; the log has it, with the pages and what was decrypted."""
    before = len(web.asked)
    with Live(tmp_path, web) as live:
        assert live.get("www.facebook.com/AcornLane")[0] == 200
        status, body = live.get("www.facebook.com/somebody")
        assert (status, f'action="{MISTAKEN}"' in body) == (403, True)
        with live.tunnel("www.facebook.com") as inside:
            assert say(inside, "www.facebook.com", "words=the+<b>news</b>%0Aletter")[0] == 200
            assert say(inside, "www.facebook.com", "words=forged", "Sec-Fetch-Site: cross-site")[0] == 403
            assert say(inside, "www.facebook.com", "words=again")[0] == 200
        with live.tunnel("www.tiktok.com") as shown:
            assert say(shown, "www.tiktok.com", "")[0] == 200
        with live.connect(PHONE) as tcp:
            assert say(tcp, "www.tiktok.com", "words=plain", to=f"http://www.tiktok.com{MISTAKEN}")[0] == 200
        with live.tunnel("www.facebook.com") as inside:
            assert "not closed" in say(inside, "www.youtube.com", "words=open")[1]
    assert [asked.path for asked in web.asked[before:]] == ["/AcornLane"]
    with LogReader(usage_path(live.data)) as log:
        said = [(each.device, each.name, each.rule, each.words) for each in log.mistaken(0, 2**40)]
        assert sorted(said) == [
            (PHONE, "www.tiktok.com", "No personal use", "plain"),
            ("office-laptop", "www.facebook.com", "No personal use", "the <b>news</b> letter"),
            ("office-laptop", "www.tiktok.com", "No personal use", ""),
        ]
        pages = [(row.device, row.service, row.verdict.value, row.rule, row.lookups) for row in log.usage(0, 2**40) if row.is_page]
        assert pages == [
            ("office-laptop", "facebook", "allow", "Our Facebook page", 1),
            ("office-laptop", "facebook", "block", "No personal use", 1),
        ]
        assert [(each.device, each.into, each.shown) for each in log.looked(0, 2**40)] == [("office-laptop", 4, 1)]


def say(tcp, host: str, form: str, *headers: str, to: str = MISTAKEN) -> tuple[int, str]:
    kind = "Content-Type: application/x-www-form-urlencoded"
    return ask(tcp, host, to, kind, f"Content-Length: {len(form)}", *headers, method="POST", body=form)
