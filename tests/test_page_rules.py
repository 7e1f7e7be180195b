"""Rules about pages: open on devices that the proxy looks into, for that page and what it loads, and nowhere else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import A_MONDAY, DEVICES, LONDON, OFFICE_LAPTOP, ROOM_TABLET, at, policy, rule, span
from dinnerbell.model import Target, TargetKind, Verdict
from dinnerbell.pages import Sight
from dinnerbell.policy import Ask, decide, needs_sight
from dinnerbell.rules import RulesError, read_rules
from dinnerbell.words.plain import describe
from small_catalogue import CATALOGUE as SMALL

SEEN_LAPTOP = replace(OFFICE_LAPTOP, is_intercepted=True)
ALLOW, BLOCK = Verdict.ALLOW, Verdict.BLOCK
NURSERY, POST = Sight("/AcornLane"), Sight("/AcornLane/posts/7")
ELSEWHERE = Sight("/somebody")


def page_rule(action, text, **options):
    return replace(rule(action, "x.com", name=f"{action} {text}", **options), targets=(Target(TargetKind.PAGE, text),))


def acorn_lane(*rules, **options):
    return policy(*rules, devices={**DEVICES, "office-laptop": SEEN_LAPTOP}, **options)


OFFICIAL_ONLY = acorn_lane(page_rule("allow", "facebook.com/AcornLane"), rule("block", "social-media"))
NO_SHORTS = acorn_lane(page_rule("block", "youtube.com/shorts"))

OPEN = [
    pytest.param("www.facebook.com", None, ALLOW, id="its_host_so_that_the_page_can_be_asked_for"),
    pytest.param("static.xx.fbcdn.net", None, ALLOW, id="what_it_loads_from"),
    pytest.param("www.facebook.com", NURSERY, ALLOW, id="the_page"),
    pytest.param("www.facebook.com", POST, ALLOW, id="a_post_of_it"),
    pytest.param("www.facebook.com", ELSEWHERE, BLOCK, id="its_neighbour"),
    pytest.param("www.facebook.com", Sight("/"), BLOCK, id="the_front_page"),
    pytest.param("static.xx.fbcdn.net", Sight("/a.js"), BLOCK, id="a_script_that_nobody_opened"),
    pytest.param("static.xx.fbcdn.net", Sight("/a.js", ("www.facebook.com", "/AcornLane")), ALLOW, id="a_script_of_the_page"),
    pytest.param("static.xx.fbcdn.net", Sight("/a.js", ("www.facebook.com", "/somebody")), BLOCK, id="a_script_of_its_neighbour"),
    pytest.param("www.facebook.com", Sight("/api", ("www.facebook.com", "/AcornLane")), ALLOW, id="what_the_page_asks_its_own_host"),
    pytest.param("www.instagram.com", Sight("/x", ("www.facebook.com", "/AcornLane")), BLOCK, id="another_service_from_the_page"),
    pytest.param("www.instagram.com", None, BLOCK, id="another_service"),
    pytest.param("www.example.org", ELSEWHERE, ALLOW, id="what_nobody_speaks_of"),
]


@pytest.mark.parametrize("name, sight, verdict", OPEN)
def test_one_page_of_a_closed_service(name, sight, verdict):
    assert decide(OFFICIAL_ONLY, Ask(SEEN_LAPTOP, name, A_MONDAY, sight)).verdict is verdict


@pytest.mark.parametrize("sight", [None, NURSERY, ELSEWHERE])
def test_a_device_that_nobody_looks_into_has_no_pages(sight):
    """Where DNS alone decides, the name stays as the other rules have it."""
    assert decide(OFFICIAL_ONLY, Ask(ROOM_TABLET, "www.facebook.com", A_MONDAY, sight)).verdict is BLOCK
    assert decide(NO_SHORTS, Ask(ROOM_TABLET, "www.youtube.com", A_MONDAY, Sight("/shorts/x"))).verdict is ALLOW


@pytest.mark.parametrize("sight, verdict", [(None, ALLOW), (Sight("/watch"), ALLOW), (Sight("/shorts/7"), BLOCK)])
def test_one_closed_page_of_an_open_service(sight, verdict):
    assert decide(NO_SHORTS, Ask(SEEN_LAPTOP, "www.youtube.com", A_MONDAY, sight)).verdict is verdict


INSIDE = [
    pytest.param(OFFICIAL_ONLY, "www.facebook.com", True, id="the_host_of_an_open_page"),
    pytest.param(OFFICIAL_ONLY, "static.xx.fbcdn.net", True, id="what_it_loads_from"),
    pytest.param(OFFICIAL_ONLY, "www.instagram.com", False, id="what_is_closed_anyway"),
    pytest.param(OFFICIAL_ONLY, "www.example.org", False, id="what_is_open_anyway"),
    pytest.param(NO_SHORTS, "www.youtube.com", True, id="the_host_of_a_closed_page"),
    pytest.param(NO_SHORTS, "www.facebook.com", False, id="another_service"),
    pytest.param(
        acorn_lane(page_rule("allow", "bank.example/x"), page_rule("block", "bank.example/y")), "bank.example", False, id="a_bank"
    ),
    pytest.param(acorn_lane(page_rule("block", "journal.example/x")), "journal.example", False, id="what_is_essential"),
    pytest.param(acorn_lane(rule("allow", "facebook"), page_rule("allow", "facebook.com/AcornLane"), rule("block", "social-media")),
                 "www.facebook.com", False, id="a_page_of_an_open_site"),
]  # fmt: skip


@pytest.mark.parametrize("policy_, name, needed", INSIDE)
def test_only_what_a_rule_needs_to_see_is_looked_into(policy_, name, needed):
    assert needs_sight(policy_, Ask(SEEN_LAPTOP, name, A_MONDAY)) is needed
    assert not needs_sight(policy_, Ask(ROOM_TABLET, name, A_MONDAY))


def test_a_page_closes_when_its_window_ends():
    timed = acorn_lane(page_rule("allow", "facebook.com/AcornLane", when=span("12:00-13:00")), rule("block", "social-media"))
    for sight in (None, NURSERY):
        decision = decide(timed, Ask(SEEN_LAPTOP, "www.facebook.com", A_MONDAY, sight))
        assert (decision.verdict, decision.until) == (ALLOW, at("2026-11-23 13:00"))
        assert decide(timed, Ask(SEEN_LAPTOP, "www.facebook.com", at("2026-11-23 13:00"), sight)).verdict is BLOCK


RULES = st.lists(
    st.one_of(
        st.builds(page_rule, st.sampled_from(["allow", "block"]), st.sampled_from(["facebook.com/AcornLane", "youtube.com/shorts"])),
        st.builds(rule, st.sampled_from(["allow", "block"]), st.sampled_from(["facebook", "social-media", "youtube.com", "essential"])),
    ),
    max_size=5,
)
NAMES = st.sampled_from(
    ["www.facebook.com", "static.xx.fbcdn.net", "www.youtube.com", "bank.example", "www.example.org", "childline.org.uk"]
)
SIGHTS = st.builds(Sight, st.sampled_from(["/", "/AcornLane", "/shorts", "/somebody"]),
                   st.none() | st.tuples(NAMES, st.sampled_from(["/AcornLane", "/"])))  # fmt: skip


@given(RULES, NAMES, SIGHTS, st.sampled_from([ALLOW, BLOCK]))
def test_what_dns_refuses_no_page_opens_and_what_needs_no_look_is_the_same_inside(rules, name, sight, otherwise):
    """The proxy's answer to a URL is DNS's answer to its name, but where it had to look; and there it is stricter."""
    numbered = [replace(each, name=f"{place} {each.name}") for place, each in enumerate(rules)]
    all_ = acorn_lane(*numbered, otherwise=otherwise)
    by_name = decide(all_, Ask(SEEN_LAPTOP, name, A_MONDAY))
    inside = decide(all_, Ask(SEEN_LAPTOP, name, A_MONDAY, sight))
    if by_name.verdict is BLOCK:
        assert inside.verdict is BLOCK
    if not needs_sight(all_, Ask(SEEN_LAPTOP, name, A_MONDAY)):
        assert inside.verdict is by_name.verdict


FILE = """\
setting: {name: Acorn Lane Nursery}
devices: {office-laptop: {group: office, address: 192.168.1.20%s}}
rules:
  - {name: Our page, allow: [www.facebook.com/AcornLane, "https://www.youtube.com/watch?v=dQw4w9WgXcQ"], devices: office-laptop}
  - {name: Closed, block: social-media}
expect:
  - {device: office-laptop, name: www.facebook.com/AcornLane/posts, at: 2026-11-23 12:30, verdict: %s}
  - {device: office-laptop, name: www.facebook.com/somebody, at: 2026-11-23 12:30, verdict: block}
"""


def test_pages_are_written_in_rules_yaml_and_expected_there():
    rules = read_rules(FILE % (", proxy: intercept", "allow"), catalogue=SMALL)
    assert [target.value for target in rules.policy.rules[0].targets] == [
        "www.facebook.com/AcornLane",
        "www.youtube.com/watch?v=dQw4w9WgXcQ",
    ]
    assert not [remark for remark in rules.warnings if "proxy" in remark.message]
    assert rules.policy.setting.zone == LONDON
    assert "Rules about pages hold on office-laptop, if the web is reached through the proxy alone" in describe(rules)


def test_without_the_proxy_such_a_rule_has_no_effect_and_that_is_said():
    rules = read_rules(FILE % ("", "block"), catalogue=SMALL)
    assert "has no effect without the proxy" in "\n".join(remark.message for remark in rules.warnings)
    with pytest.raises(RulesError, match="allow was expected for www"):
        read_rules(FILE % ("", "allow"), catalogue=SMALL)
