"""The story behind a decision: every rule that speaks of the name, why it was passed over, and which one decided."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import (
    A_MONDAY,
    EVERYONE,
    OFFICE_LAPTOP,
    ROOM_TABLET,
    STAFF_PHONE,
    approval,
    at,
    closures,
    policy,
    rule,
    span,
)
from dinnerbell.catalogue import UMBRELLA
from dinnerbell.model import Pass, Target, TargetKind, Verdict
from dinnerbell.passes import with_passes
from dinnerbell.policy import Ask, Reason, decide
from dinnerbell.words.passed_over import story

LUNCH = replace(rule("allow", UMBRELLA, name="Lunch", devices=["staff-phones"], when=span("mon-fri 12:00-13:00")), when_text="lunch")
HOURS = replace(
    rule("block", UMBRELLA, name="Hours", devices=["staff-phones"], when=span("mon-fri 08:00-18:00"), unless=span("fri 16:00-18:00")),
    when_text="setting-hours, unless friday-tea",
)
CHILDREN = rule("block", UMBRELLA, name="Children", devices=["children", "unknown"])
PAGE = rule("allow", "facebook", name="Page", devices=["office-laptop"], approved=approval("2026-09-01", "2027-08-31"))
SAFE = rule("enforce", "safe-search", name="Safe", devices=["setting-owned"])
HEALTH = rule("allow", "nhs.uk", name="Health")
ALL = policy(HEALTH, CHILDREN, PAGE, LUNCH, HOURS, SAFE, closed=closures(("2026-12-21", "2027-01-01")))


def told(own, device, name, when=A_MONDAY):
    question = Ask(device, name, when)
    return story(own, question, decide(own, question))


ROWS = {
    "now_is_lunch": (
        STAFF_PHONE,
        "instagram.com",
        "2026-11-23 12:30",
        [("Children", "it is for children and unknown devices"), ("Lunch", "")],
    ),
    "before_lunch": (
        STAFF_PHONE,
        "instagram.com",
        "2026-11-23 10:00",
        [("Children", "it is for children and unknown devices"), ("Lunch", "its time is lunch; next 12:00"), ("Hours", "")],
    ),
    "unless": (
        STAFF_PHONE,
        "instagram.com",
        "2026-11-27 16:30",
        [
            ("Children", "it is for children and unknown devices"),
            ("Lunch", "its time is lunch; next Mon 12:00"),
            ("Hours", "it does not hold during friday-tea; next Mon 08:00"),
        ],
    ),
    "closed_day": (
        STAFF_PHONE,
        "instagram.com",
        "2026-12-22 12:30",
        [
            ("Children", "it is for children and unknown devices"),
            ("Lunch", "its time is lunch, and this is a closed day; next 4 Jan 2027 12:00"),
            ("Hours", "its time is setting-hours, and this is a closed day; next 4 Jan 2027 08:00"),
        ],
    ),
    "approval_over": (
        OFFICE_LAPTOP,
        "m.facebook.com",
        "2027-09-01 10:00",
        [
            ("Children", "it is for children and unknown devices"),
            ("Page", "its approval ended on 31 August 2027"),
            ("Lunch", "it is for staff-phones"),
            ("Hours", "it is for staff-phones"),
        ],
    ),
    "approval_to_come": (
        OFFICE_LAPTOP,
        "m.facebook.com",
        "2026-08-31 10:00",
        [
            ("Children", "it is for children and unknown devices"),
            ("Page", "its approval begins on 1 September 2026"),
            ("Lunch", "it is for staff-phones"),
            ("Hours", "it is for staff-phones"),
        ],
    ),
    "made_safe": (ROOM_TABLET, "www.google.com", "2026-11-23 12:30", [("Safe", "")]),
    "not_made_safe": (STAFF_PHONE, "www.google.com", "2026-11-23 12:30", [("Safe", "it is for the setting's devices")]),
    "what_is_refused_is_not_made_safe": (ROOM_TABLET, "instagram.com", "2026-11-23 12:30", [("Children", "")]),
    "nobody_speaks_of_it": (STAFF_PHONE, "example.org", "2026-11-23 12:30", []),
    "helpline": (ROOM_TABLET, "childline.org.uk", "2026-11-23 12:30", []),
    "canary": (ROOM_TABLET, "mask.icloud.com", "2026-11-23 12:30", []),
}


@pytest.mark.parametrize("device, name, when, expected", ROWS.values(), ids=ROWS)
def test_each_rule_that_speaks_of_the_name_has_its_reason(device, name, when, expected):
    assert [(step.rule.name, step.why_not) for step in told(ALL, device, name, at(when)).steps] == expected


def test_the_others_are_counted():
    assert told(ALL, STAFF_PHONE, "instagram.com").silent == 3  # Health and Page, which come before Lunch; and Safe
    assert told(ALL, ROOM_TABLET, "mask.icloud.com").silent == 0


def test_a_pass_is_in_the_story_of_what_it_opens():
    youtube, noon = Target(TargetKind.SERVICE, "youtube"), datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    given_ = Pass(3, "office-laptop", youtube, noon, noon + timedelta(minutes=31), "Maya", "film")
    own = with_passes(policy(rule("block", UMBRELLA, name="Shut")), (given_,))
    assert [step.why_not for step in told(own, OFFICE_LAPTOP, "youtube.com").steps] == [""]
    after = told(own, OFFICE_LAPTOP, "youtube.com", at("2026-11-23 12:31")).steps
    assert [(step.rule.granted is not None, step.why_not) for step in after] == [(True, "the pass is over"), (False, "")]
    early = told(own, OFFICE_LAPTOP, "youtube.com", at("2026-11-23 11:00")).steps
    assert early[0].why_not == "the pass begins at 12:00"
    assert len(told(own, OFFICE_LAPTOP, "instagram.com").steps) == 1


def test_of_a_shared_host_the_open_service_excuses_the_rule_for_the_other():
    own = policy(rule("block", "facebook", name="No Facebook"), rule("allow", "instagram", name="Instagram"))
    assert [(step.rule.name, step.why_not) for step in told(own, STAFF_PHONE, "fbcdn.net").steps] == [
        ("No Facebook", "the name serves several services, and another of them is open"),
        ("Instagram", ""),
    ]


TARGETS = [UMBRELLA, "facebook", "instagram", "messenger", "photo-sharing", "essential", "example.org", "=www.example.org"]
SPANS = [None, span("mon-fri 12:00-13:00"), span("22:00-06:00"), span("sat-sun 10:00-24:00")]
drawn = st.builds(
    lambda action, what, devices, when, unless: rule(action, what, devices=devices, when=when, unless=unless),
    st.sampled_from(["allow", "block"]),
    st.sampled_from(TARGETS),
    st.sampled_from([None, ["children"], ["setting-owned"], ["staff-phones", "unknown"], [ipaddress.ip_network("192.168.20.0/24")]]),
    st.sampled_from(SPANS),
    st.sampled_from(SPANS),
)


@given(
    st.lists(drawn, max_size=8),
    st.sampled_from(EVERYONE),
    st.sampled_from(["m.facebook.com", "instagram.com", "fbcdn.net", "www.example.org", "sub.www.example.org"]),
    st.integers(0, 14 * 1440),
)
def test_every_rule_before_the_one_that_decided_has_a_reason_and_that_one_has_none(rules, device, name, minute):
    own = policy(*rules, otherwise=Verdict.BLOCK if minute % 2 else Verdict.ALLOW)
    question = Ask(device, name, datetime.fromtimestamp(A_MONDAY.timestamp() + minute * 60, UTC))
    decision = decide(own, question)
    how = story(own, question, decision)
    decided = [step.rule for step in how.steps if not step.why_not]
    assert decided == ([decision.rule] if decision.reason is Reason.RULE else [])
    end = decision.rule.index + 1 if decision.rule else len(rules)
    assert len(how.steps) + how.silent == end
    assert [step.rule.index for step in how.steps] == sorted(step.rule.index for step in how.steps)
