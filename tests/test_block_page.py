"""The page that a refused device gets: it says what, why, until when and whom to ask, and nothing of a stranger's acts in it."""

import ipaddress
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import at
from dinnerbell.config import LogLevel
from dinnerbell.model import People
from dinnerbell.policy import Ask, decide
from dinnerbell.usage import log_key
from dinnerbell_proxy.block_page import Refused, answer_plainly, answer_refused, block_page, thanks_page
from live import ACORN_LANE, STAFF_PHONE, TABLET, rules_of

RULES = ACORN_LANE.replace(
    "timezone: Europe/London}",
    "timezone: Europe/London, policy: {title: Social Media Policy, dated: 2026-09-01},"
    " people: {manager: Ada Fern, safeguarding-lead: Bo O'Reed}}",
)
POLICY = rules_of(RULES).policy
MORNING = at("2026-11-23 10:30")


def refused(name="www.instagram.com", address=TABLET, when=MORNING, level=LogLevel.ALL, policy=POLICY) -> Refused:
    device = policy.device_at(ipaddress.ip_address(address))
    decision = decide(policy, Ask(device, name, when))
    return Refused(policy, device, name, decision, when, log_key(level, device, name, decision))


class _Reader(HTMLParser):
    """What a browser would make of the page: elements with their attributes, and the words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words += data


def words(page: str) -> str:
    reader = _Reader(page)
    assert not reader.open
    return " ".join(reader.words.split())


def test_the_page_says_what_why_until_when_and_whom_to_ask():
    told = words(block_page(refused(address=STAFF_PHONE)))
    assert "Instagram is closed on this device" in told
    assert "It is closed until 12:00 today." in told
    assert "Not in setting hours" in told
    assert "Social Media Policy of 1 September 2026, clause 4. This rule is for staff-phones and visitors." in told
    assert "Ada Fern (manager) or Bo O'Reed (safeguarding lead)" in told
    assert "www.instagram.com · 127.0.0.66 · 23.11.2026 10:30 · rule 8, line 23" in told


def test_what_never_opens_is_said_to():
    assert "It stays closed all day, every day." in words(block_page(refused()))


def test_the_end_may_be_another_day():
    evening = refused(address=STAFF_PHONE, when=at("2026-11-20 17:00"))
    assert "It is closed until 18:00 today." in words(block_page(evening))
    weekend = Refused(POLICY, evening.device, evening.name, replace(evening.decision, until=at("2026-11-23 08:00")), evening.at)
    assert "It is closed until Mon 08:00." in words(block_page(weekend))


def test_a_setting_that_names_nobody_still_says_whom_to_ask():
    policy = replace(POLICY, setting=replace(POLICY.setting, people=People()))
    assert "whoever is in charge at Acorn Lane Nursery" in words(block_page(refused(policy=policy)))


NOTED = [
    pytest.param("www.instagram.com", LogLevel.ALL, "room-tablet-1 asked for www.instagram.com", id="by_device_and_name"),
    pytest.param("www.instagram.com", LogLevel.NONE, "That this device was refused something, not what.", id="counts_only"),
]


@pytest.mark.parametrize("name, level, sentence", NOTED)
def test_the_page_says_what_is_noted(name, level, sentence):
    assert sentence in words(block_page(refused(name, level=level)))


def test_a_sensitive_kind_is_noted_without_name_and_device():
    known = refused()
    assert known.noted is not None
    told = words(block_page(replace(known, noted=known.noted._replace(device="", name="sensitive"))))
    assert "neither by which device nor by what name" in told


def test_people_on_their_own_phones_learn_that_reports_do_not_name_them():
    assert "Reports show people's own devices as one sum for the group." in words(block_page(refused(address=STAFF_PHONE)))


def test_a_canary_and_what_no_rule_opens_have_their_own_reasons():
    assert "software asks whether the network here filters" in words(block_page(refused("mask.icloud.com")))
    closed = rules_of(RULES + "otherwise: block\n").policy
    told = words(block_page(refused("nobody.example", policy=closed)))
    assert "nobody.example is closed on this device" in told
    assert "what no rule speaks of is closed on this network" in told


# ── safe, and for everybody ──────────────────────────────────────────────────────────────────────────────────────────────────

_ELEMENTS = {"html", "head", "meta", "title", "link", "style", "body", "main", "p", "h1", "time", "dl", "div", "dt", "dd", "q", "br", "strong", "footer", "span"}  # fmt: skip  # noqa: E501
_ELEMENTS |= {"form", "label", "input", "button"}


_ATTRIBUTES = {"lang", "charset", "name", "content", "rel", "href", "class", "datetime"}
_ATTRIBUTES |= {"method", "action", "for", "id", "maxlength", "autocomplete"}
_HOSTILE = ['"><script>alert(1)</script>', "</title><img src=x onerror=y>", "\u202etxt"]


@given(hostile=st.one_of(st.text(max_size=80), st.sampled_from(_HOSTILE)))
def test_nothing_written_by_others_becomes_markup(hostile):
    """Names of hosts, devices, rules, people and the setting are text, whatever is in them."""
    base = refused(address=STAFF_PHONE)
    assert base.decision.rule is not None
    setting = replace(POLICY.setting, name=hostile, policy_title=hostile, people=People(hostile or "x", hostile))
    rule = replace(base.decision.rule, name=hostile, clause=hostile, devices=(hostile,))
    page = block_page(
        Refused(
            replace(POLICY, setting=setting),
            replace(base.device, name=hostile),
            hostile,
            replace(base.decision, rule=rule, service=None),
            base.at,
            base.noted,
        )
    )
    reader = _Reader(page)
    assert {tag for tag, _ in reader.elements} <= _ELEMENTS
    assert all(set(attributes) <= _ATTRIBUTES for _, attributes in reader.elements)
    assert "\u202e" not in page


def test_the_page_loads_nothing():
    reader = _Reader(block_page(refused()))
    assert [attributes["href"] for _, attributes in reader.elements if "href" in attributes] == ["data:,"]
    assert not re.search(r"url\(|@import|https?://|src=", block_page(refused()))


def test_the_page_is_built_for_readers_of_every_kind():
    """WCAG 2.2 AA, as far as a test can tell: language, title, one heading, landmarks, zoom, contrast."""
    page = block_page(refused())
    reader = _Reader(page)
    tags = [tag for tag, _ in reader.elements]
    assert page.startswith("<!doctype html>\n")
    assert ("html", {"lang": "en-GB"}) in reader.elements
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    viewport = next(attributes["content"] for tag, attributes in reader.elements if attributes.get("name") == "viewport")
    assert "maximum-scale" not in (viewport or "")
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", page))
    for ink, paper in (("ink", "#ffffff"), ("soft", "#ffffff"), ("soft", colours["desk"]), ("accent", "#ffffff")):
        assert _contrast(colours[ink], paper) >= 4.5


def test_its_form_can_be_used_without_a_mouse_or_a_screen():
    """The field has a label, the button says to whom it goes, and the page it leads to says what becomes of it."""
    page = block_page(refused())
    assert '<label for="words">' in page
    assert '<input id="words"' in page
    assert "Tell Ada Fern" in words(page)
    assert "The weekly report will have your words, the site and room-tablet-1." in words(page)
    assert "The weekly report will have your words and the site." in words(block_page(refused(address=STAFF_PHONE)))
    assert "written down for Ada Fern" in words(thanks_page(refused()))
    assert _contrast("#6b7775", "#ffffff") >= 3  # WCAG 1.4.11: the edge of the field


def _contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# ── what is no page ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CALLS = [
    pytest.param("document", "text/html,*/*", "text/html", id="a_navigation"),
    pytest.param("iframe", "text/html,*/*", "text/html", id="a_frame"),
    pytest.param(None, "text/html,*/*;q=0.8", "text/html", id="an_old_browser"),
    pytest.param("image", "image/avif,image/webp,*/*", "empty", id="a_picture"),
    pytest.param("script", "*/*", "empty", id="a_script"),
    pytest.param(None, "*/*", "empty", id="an_app"),
    pytest.param("empty", "text/html, application/json", "json", id="a_call_that_takes_json"),
    pytest.param(None, "application/json", "json", id="an_app_that_takes_json"),
]


@pytest.mark.parametrize("destination, accept, kind", CALLS)
def test_what_is_no_page_gets_json_or_nothing(destination, accept, kind):
    answer = answer_refused(refused(address=STAFF_PHONE), destination, accept)
    assert answer.status == 403
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    if kind == "json":
        assert json.loads(answer.body) == {
            "refused": "www.instagram.com",
            "message": "Social media is closed on this device until 12:00, policy 4, Acorn Lane Nursery",
            "until": "2026-11-23T12:00:00+00:00",
        }
    else:
        assert ("<h1>" in answer.body) is (kind == "text/html")
        assert (answer.body == "") is (kind == "empty")


def test_a_sentence_is_not_kept_either():
    answer = answer_plainly(421, "Elsewhere.")
    assert (answer.status, answer.body) == (421, "Elsewhere.\n")
    assert answer.headers["Cache-Control"] == "no-store"
