"""What a request is seen to be: a page that somebody opens, or what a page loads; and safe search inside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.catalogue import Engine
from dinnerbell.pages import Sight
from dinnerbell_proxy.safety import make_safe
from dinnerbell_proxy.sight import Fetch, Opened

SITE, CDN, PAGE = "www.facebook.com", "static.xx.fbcdn.net", ("www.facebook.com", "/AcornLane")

NAVIGATIONS = [
    pytest.param(Fetch(SITE, "/", "document", "navigate"), True, True, id="a_page"),
    pytest.param(Fetch(SITE, "/", "iframe", "navigate"), True, False, id="a_page_in_a_page"),
    pytest.param(Fetch(SITE, "/", "image", "no-cors"), False, False, id="a_picture"),
    pytest.param(Fetch(SITE, "/", "empty", "cors", referer=f"https://{SITE}/"), False, False, id="a_fetch"),
    pytest.param(Fetch(SITE, "/", accept="text/html"), True, True, id="an_old_browser"),
    pytest.param(Fetch(SITE, "/", accept="text/html", referer="https://example.org/"), True, True, id="an_old_browser_that_follows_a_link"),
    pytest.param(Fetch(SITE, "/", accept="image/*", referer=f"https://{SITE}/"), False, False, id="an_old_browsers_picture"),
    pytest.param(Fetch(SITE, "/", origin=f"https://{SITE}"), False, False, id="a_websocket"),
    pytest.param(Fetch(SITE, "/"), True, False, id="an_app"),
]


@pytest.mark.parametrize("fetch, is_navigation, is_page", NAVIGATIONS)
def test_who_asks(fetch, is_navigation, is_page):
    assert (fetch.is_navigation, fetch.is_page) == (is_navigation, is_page)


@pytest.fixture
def opened() -> Opened:
    """A tablet on which the page was opened, and a style sheet and a picture of it were loaded."""
    found = Opened()
    for fetch in (
        Fetch(SITE, "/AcornLane", "document", "navigate"),
        Fetch(CDN, "/a.css?v=1", "style", "no-cors", referer=f"https://{SITE}/"),
        Fetch(SITE, "/rsrc/b.css", "style", "no-cors", referer=f"https://{SITE}/AcornLane"),
    ):
        found.remember("tablet", fetch, found.sight("tablet", fetch))
    return found


OPENERS = [
    pytest.param(Fetch(CDN, "/x", "image", "no-cors", referer=f"https://{SITE}/"), PAGE, id="by_the_pages_host"),
    pytest.param(Fetch(SITE, "/x", "empty", "cors", referer=f"https://{SITE}/AcornLane"), PAGE, id="by_the_pages_address"),
    pytest.param(Fetch(CDN, "/x", "font", "cors", referer=f"https://{CDN}/a.css"), PAGE, id="by_its_style_sheet"),
    pytest.param(Fetch(CDN, "/x", "font", "cors", referer=f"https://{SITE}/rsrc/b.css"), PAGE, id="by_a_style_sheet_of_its_own_host"),
    pytest.param(Fetch(SITE, "/live", origin=f"https://{SITE}"), PAGE, id="by_its_origin"),
    pytest.param(Fetch(CDN, "/x", "image", "no-cors"), PAGE, id="by_nothing_but_what_is_open"),
    pytest.param(Fetch(SITE, "/x", "empty", "cors", referer=f"https://{SITE}/somebody"), (SITE, "/somebody"), id="by_another_address"),
    pytest.param(Fetch(SITE, "/x", "empty", "cors", referer="https://example.org/"), None, id="by_a_host_that_nobody_opened"),
    pytest.param(Fetch(SITE, "/x", "document", "navigate", referer=f"https://{SITE}/AcornLane"), None, id="a_link_on_the_page"),
    pytest.param(Fetch(SITE, "/x", origin="\\", accept="*/*"), None, id="no_browser"),
]


@pytest.mark.parametrize("fetch, opener", OPENERS)
def test_which_page_loads_it(opened, fetch, opener):
    assert opened.sight("tablet", fetch) == Sight(fetch.path, opener)


def test_what_is_open_on_one_device_is_not_open_on_another(opened):
    assert opened.sight("laptop", Fetch(CDN, "/x", "image", "no-cors", referer=f"https://{SITE}/")).opener is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_a_page_or_none(referer, origin):
    assert isinstance(Opened().sight("tablet", Fetch(SITE, "/", "image", "no-cors", referer, origin)), Sight)


# ── safe search inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

SEARCH = Engine("finder", "Finder", "safe.finder.example", parameter="safe=active", paths=("/search", "/"))
VIDEOS = Engine("videos", "Videos", "safe.videos.example", header="Videos-Restrict: Strict")
SEARCHES = [
    ("/search?q=tortoise", "/search?q=tortoise&safe=active"),
    ("/search", "/search?safe=active"),
    ("/search?safe=off&q=tortoise", "/search?q=tortoise&safe=active"),
    ("/search?q=a&SAFE=off&s%61fe=off", "/search?q=a&safe=active"),
    ("/search/images?q=a+b%20c", "/search/images?q=a+b%20c&safe=active"),
    ("/?q=tortoise", "/?q=tortoise&safe=active"),
    ("/maps?q=tortoise", "/maps?q=tortoise"),
    ("/searching?q=tortoise", "/searching?q=tortoise"),
]


@pytest.mark.parametrize("path, safe", SEARCHES)
def test_a_search_gets_the_engines_own_switch(path, safe):
    assert make_safe((SEARCH,), path).path == safe
    assert make_safe((SEARCH,), safe).path == safe


def test_a_video_gets_the_makers_header_and_the_first_rule_counts():
    other = Engine("videos", "Videos", "safe.videos.example", header="Videos-Restrict: Moderate")
    assert make_safe((VIDEOS, other), "/watch?v=7").headers == (("Videos-Restrict", "Strict"),)
    assert make_safe((VIDEOS,), "/watch?v=7").path == "/watch?v=7"


@given(st.text(max_size=60))
def test_any_path_stays_a_path(text):
    safe = make_safe((SEARCH,), text).path
    assert make_safe((SEARCH,), safe).path == safe
