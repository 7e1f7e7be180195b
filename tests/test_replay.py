"""Last week under tomorrow's rules: what would have been decided differently, for whom and when, and what nobody can know."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cast import (
    CATALOGUE,
    CHILDREN,
    DEVICES,
    EVERYONE,
    LONDON,
    OFFICE,
    OFFICE_LAPTOP,
    ROOM_TABLET,
    STAFF_PHONE,
    UNKNOWN_DEVICE,
    VISITORS_PHONE,
    approval,
    at,
    closures,
    policy,
    rule,
    span,
)
from dinnerbell.catalogue import Service, merge_own
from dinnerbell.config import LogLevel
from dinnerbell.files import load_rules
from dinnerbell.log import LogReader, LogWriter, usage_path
from dinnerbell.model import Device, Owner, Pass, Target, TargetKind, Verdict
from dinnerbell.passes import with_passes
from dinnerbell.policy import Ask, Policy, decide
from dinnerbell.replay import LogFacts, Noted, Tally, Why, describe, replay
from dinnerbell.usage import Batch, LogKey, Traffic, log_key, rule_name

ALLOW, BLOCK, ENFORCE = Verdict.ALLOW, Verdict.BLOCK, Verdict.ENFORCE
MONDAY = "2026-11-23"
FACTS = LogFacts(since=int(at("2026-11-01 00:00").timestamp()) // 60, until=int(at("2026-12-01 00:00").timestamp()) // 60)
LUNCH = span("12:00-13:00")
LATER_LUNCH = span("12:30-13:30")
NO_VIDEO = rule("block", "youtube")
OPEN = policy()
SHUT = policy(rule("block", "social-media"))


def minute(clock, day=MONDAY):
    return int(at(f"{day} {clock}").timestamp()) // 60


def asked(own, device, name, clock, *, day=MONDAY, count=1):
    """Return the row that the box logs of a look-up decided by `own`, with every name logged."""
    decision = decide(own, Ask(device, name, at(f"{day} {clock}")))
    key = log_key(LogLevel.ALL, device, name, decision)
    assert key is not None
    return minute(clock, day), key, count


def changes(result):
    return [(each.group, each.service or each.domain, each.was, each.becomes, each.hour, each.lookups) for each in result.changes]


MOVED = {**DEVICES, "office-laptop": Device("office-laptop", CHILDREN, OFFICE_LAPTOP.addresses, is_named=True)}
RENAMED = {"front-desk": Device("front-desk", CHILDREN, OFFICE_LAPTOP.addresses, is_named=True)}
FACEBOOK = rule("allow", "facebook", devices=["office"], approved=approval("2026-09-01", "2027-08-31"))
FACEBOOK_LAPSED = rule("allow", "facebook", devices=["office"], approved=approval("2026-09-01", "2026-11-22"))
NO_SOCIAL = rule("block", "social-media")
CHILDREN_NONE = rule("block", "social-media", devices=["children"])
SAFE = rule("enforce", "youtube-moderate")
STRICT = rule("enforce", "youtube-strict")

CASES = [
    pytest.param(OPEN, policy(NO_VIDEO), "youtube.com", "10:10", [("office", "youtube", ALLOW, BLOCK, 10, 2)], id="a_rule_added"),
    pytest.param(policy(NO_VIDEO), OPEN, "youtube.com", "10:10", [("office", "youtube", BLOCK, ALLOW, 10, 2)], id="a_rule_dropped"),
    pytest.param(policy(NO_VIDEO), policy(NO_VIDEO), "youtube.com", "10:10", [], id="the_same_rules"),
    pytest.param(
        policy(rule("block", "youtube", when=LUNCH)), policy(rule("block", "youtube", when=LATER_LUNCH)), "youtube.com", "12:29",
        [("office", "youtube", BLOCK, ALLOW, 12, 2)], id="a_window_shifted_last_minute_before",
    ),
    pytest.param(
        policy(rule("block", "youtube", when=LUNCH)), policy(rule("block", "youtube", when=LATER_LUNCH)), "youtube.com", "12:30",
        [], id="a_window_shifted_first_minute_of_both",
    ),
    pytest.param(
        policy(rule("block", "youtube", when=LUNCH)), policy(rule("block", "youtube", when=LATER_LUNCH)), "youtube.com", "13:00",
        [("office", "youtube", ALLOW, BLOCK, 13, 2)], id="a_window_shifted_first_minute_after",
    ),
    pytest.param(
        policy(FACEBOOK, NO_SOCIAL), policy(FACEBOOK_LAPSED, NO_SOCIAL), "m.facebook.com", "10:10",
        [("office", "facebook", ALLOW, BLOCK, 10, 2)], id="an_approval_dropped",
    ),
    pytest.param(
        policy(CHILDREN_NONE), policy(CHILDREN_NONE, devices=MOVED), "instagram.com", "09:00",
        [("office", "instagram", ALLOW, BLOCK, 9, 2)], id="the_device_moved_to_another_group",
    ),
    pytest.param(
        policy(CHILDREN_NONE), policy(CHILDREN_NONE, devices=RENAMED), "instagram.com", "09:00",
        [("office", "instagram", ALLOW, BLOCK, 9, 2)], id="the_device_renamed_and_moved",
    ),
    pytest.param(OPEN, policy(otherwise=BLOCK), "shop.example", "23:59", [("office", None, ALLOW, BLOCK, 23, 2)], id="otherwise_block"),
    pytest.param(
        OPEN, policy(rule("block", "shop.example")), "www.shop.example", "00:00",
        [("office", "shop.example", ALLOW, BLOCK, 0, 2)], id="a_domain_of_no_service",
    ),
    pytest.param(OPEN, policy(SAFE), "www.youtube.com", "10:10", [("office", "youtube", ALLOW, ENFORCE, 10, 2)], id="made_safe"),
    pytest.param(
        policy(SAFE), policy(STRICT), "www.youtube.com", "10:10",
        [("office", "youtube", ENFORCE, ENFORCE, 10, 2)], id="another_safe_host",
    ),
    pytest.param(
        policy(rule("block", "youtube", when=span("closed"))),
        policy(rule("block", "youtube", when=span("closed")), closed=closures(MONDAY)),
        "youtube.com", "10:10", [("office", "youtube", ALLOW, BLOCK, 10, 2)], id="a_closed_day_added",
    ),
]  # fmt: skip


@pytest.mark.parametrize("old, new, name, clock, expected", CASES)
def test_what_would_have_changed(old, new, name, clock, expected):
    result = replay([asked(old, OFFICE_LAPTOP, name, clock, count=2)], old, new, FACTS)
    assert changes(result) == expected
    assert result.read == Tally(1, 2)
    assert result.changed == (Tally(1, 2) if expected else Tally())
    assert result.drifted == result.unjudged == Tally()


def test_the_hour_is_the_setting_s_own():
    """In summer time, 00:30 here is 23:30 of the day before in UTC; and of the doubled hour both count as one."""
    rows = [asked(OPEN, OFFICE_LAPTOP, "youtube.com", "00:30", day="2026-08-03")]
    both = [(int(at("2026-10-25 01:30", fold=fold).timestamp()) // 60, rows[0][1], 1) for fold in (0, 1)]
    result = replay([*rows, *both], OPEN, policy(NO_VIDEO), FACTS)
    assert [(each.hour, each.rows) for each in result.changes] == [(0, 1), (1, 2)]


def test_a_device_that_the_new_file_names_is_found_by_its_address():
    new = policy(CHILDREN_NONE, devices={"tablet": Device("tablet", CHILDREN, UNKNOWN_DEVICE.addresses, is_named=True)})
    result = replay([asked(OPEN, UNKNOWN_DEVICE, "instagram.com", "10:00")], OPEN, new, FACTS)
    assert changes(result) == [("", "instagram", ALLOW, BLOCK, 10, 1)]


def test_rules_that_changed_since_are_told_apart_from_what_the_new_file_changes():
    """The comparison is with what was done; that the file in force would not do it today is another number."""
    rows = [asked(policy(NO_VIDEO), OFFICE_LAPTOP, "youtube.com", "10:00", count=3)]
    result = replay(rows, OPEN, policy(NO_VIDEO), FACTS)
    assert (result.changed, result.drifted) == (Tally(), Tally(1, 3))
    assert "The rules have changed since: of 3 look-ups" in describe(result, "new.yaml", OPEN, OPEN, "of the last 7 days")


def test_what_a_pass_opened_would_have_been_open_under_any_file():
    """To the second: the pass begins within a minute, and what it answered in that minute stays its own."""
    video = Target(TargetKind.SERVICE, "youtube")
    given = Pass(1, "office-laptop", video, at(f"{MONDAY} 10:00:30"), at(f"{MONDAY} 10:30:30"), "Nina", "Training film")
    old, new = with_passes(policy(NO_VIDEO), [given]), with_passes(SHUT, [given])
    decision = decide(old, Ask(OFFICE_LAPTOP, "youtube.com", at(f"{MONDAY} 10:00:45")))
    key = log_key(LogLevel.ALL, OFFICE_LAPTOP, "youtube.com", decision)
    rows = [(minute("10:00"), key, 5), asked(old, OFFICE_LAPTOP, "youtube.com", "10:10"), asked(old, OFFICE_LAPTOP, "youtube.com", "11:00")]
    assert [row[1].verdict for row in rows] == [ALLOW, ALLOW, BLOCK]
    result = replay(rows, old, new, FACTS)
    assert (result.changed, result.drifted, result.unjudged) == (Tally(), Tally(), Tally())


def test_what_is_decided_before_the_rules_never_changes():
    rows = [asked(OPEN, OFFICE_LAPTOP, "use-application-dns.net", "10:00"), asked(OPEN, OFFICE_LAPTOP, "mask.icloud.com", "10:00")]
    result = replay(rows, OPEN, policy(rule("allow", "mask.icloud.com"), otherwise=BLOCK), FACTS)
    assert (result.changed, result.unjudged, result.built_in) == (Tally(), Tally(), Tally(2, 2))


# --- what could not be decided again


def gaps(result):
    return {each.why: (each.rows, each.lookups) for each in result.gaps}


def test_rows_without_a_device_are_counted_and_left():
    row = asked(OPEN, OFFICE_LAPTOP, "bank.example", "10:00", count=4)
    assert row[1].device == ""
    result = replay([row], OPEN, policy(otherwise=BLOCK), FACTS)
    assert gaps(result)[Why.KIND_ONLY] == (1, 4)
    assert (result.unjudged, result.changed) == (Tally(1, 4), Tally())


BY_ALIAS = LogKey("office-laptop", "news.example", "instagram", None, BLOCK, "block social-media")
DOMAIN_RULE = rule("block", "tracker.example")
BY_ALIAS_OF_A_DOMAIN = LogKey("office-laptop", "news.example", None, None, BLOCK, "block tracker.example")
ALIASES = [
    pytest.param(BY_ALIAS, OPEN, Tally(), Tally(1, 1), id="the_alias_is_not_kept"),
    pytest.param(BY_ALIAS, policy(rule("block", "news.example")), Tally(), Tally(), id="refused_for_its_own_sake_now"),
    pytest.param(BY_ALIAS, policy(rule("allow", "news.example")), Tally(1, 1), Tally(), id="a_rule_allows_the_name_itself"),
    pytest.param(BY_ALIAS, policy(rule("allow", "news.example", when=LUNCH)), Tally(), Tally(1, 1), id="a_timed_allow_does_not_settle_it"),
    pytest.param(BY_ALIAS_OF_A_DOMAIN, policy(DOMAIN_RULE), Tally(), Tally(1, 1), id="alias_of_a_domain"),
    pytest.param(BY_ALIAS_OF_A_DOMAIN._replace(name="a.tracker.example"), policy(DOMAIN_RULE), Tally(), Tally(), id="the_domain_itself"),
]


@pytest.mark.parametrize("key, new, changed, unjudged", ALIASES)
def test_a_refusal_because_of_an_alias(key, new, changed, unjudged):
    result = replay([(minute("12:30"), key, 1)], policy(NO_SOCIAL, DOMAIN_RULE), new, FACTS)
    assert (result.changed, result.unjudged) == (changed, unjudged)
    assert (Why.REFUSED_AS_ALIAS in gaps(result)) == bool(unjudged.rows)


def test_answers_that_no_rule_spoke_of_may_be_aliases():
    rows = [asked(OPEN, OFFICE_LAPTOP, "news.example", "10:00", count=5)]
    assert gaps(replay(rows, OPEN, SHUT, FACTS))[Why.ALIAS_UNKNOWN] == (1, 5)
    assert gaps(replay(rows, OPEN, OPEN, FACTS)) == {}, "a file that closes nothing cannot refuse an alias"


def test_a_device_that_neither_file_knows_is_counted_and_left():
    key = LogKey("old-laptop", "youtube.com", "youtube", None, ALLOW, "otherwise")
    result = replay([(minute("10:00"), key, 2)], OPEN, policy(NO_VIDEO), FACTS)
    assert gaps(result)[Why.DEVICE_GONE] == (1, 2)


def test_a_refusal_by_a_list_is_left_and_a_list_in_the_new_file_is_told():
    by_list = rule("block", "list:malware")
    key = LogKey("office-laptop", "bad.example", None, None, BLOCK, by_list.name)
    result = replay([(minute("10:00"), key, 2)], policy(by_list), policy(by_list), FACTS)
    assert gaps(result) == {Why.REFUSED_BY_LIST: (1, 2), Why.LIST_NOT_FETCHED: (None, None)}
    assert [each.line for each in result.gaps if each.why is Why.LIST_NOT_FETCHED] == [1]


def test_look_ups_of_which_only_the_number_is_kept():
    """Staff's phones: of 50 answered look-ups nothing is kept but that; nothing is said of those of whom every name is logged."""
    row = asked(SHUT, STAFF_PHONE, "instagram.com", "10:00", count=3)
    hour = minute("10:00") // 60
    traffic = (Traffic(hour, STAFF_PHONE.name, 50, 3), Traffic(hour, OFFICE_LAPTOP.name, 7, 0))
    result = replay([row], SHUT, OPEN, LogFacts(FACTS.since, FACTS.until, traffic=traffic))
    assert [(each.why, each.lookups, each.owner, each.is_at_most) for each in result.gaps] == [
        (Why.ANSWERED_AS_TOTAL, 50, Owner.STAFF, False)
    ]
    text = describe(result, "new.yaml", SHUT, OPEN, "of the last 7 days")
    assert "Staff's own devices: 50 look-ups answered of which the log keeps the number only (only refusals are logged)" in text


def test_a_window_that_begins_within_an_hour_counts_that_hour_s_totals_whole():
    traffic = (Traffic(FACTS.since // 60, STAFF_PHONE.name, 50, 0),)
    result = replay([], SHUT, OPEN, LogFacts(FACTS.since + 10, FACTS.until, traffic=traffic))
    assert "up to 50 look-ups answered" in describe(result, "new.yaml", SHUT, OPEN, "of the last 7 days")


def test_level_none_hides_refusals_too():
    levels = dict.fromkeys(Owner, LogLevel.NONE)
    traffic = (Traffic(minute("10:00") // 60, STAFF_PHONE.name, 50, 9),)
    result = replay([], SHUT, OPEN, LogFacts(FACTS.since, FACTS.until, traffic=traffic, levels=levels))
    assert [(each.why, each.lookups) for each in result.gaps] == [(Why.ANSWERED_AS_TOTAL, 50), (Why.REFUSED_AS_TOTAL, 9)]


def test_losses_and_the_log_s_beginning_are_told():
    result = replay([], OPEN, SHUT, LogFacts(FACTS.since, FACTS.until, losses=12, starts=minute("09:15")))
    text = describe(result, "new.yaml", OPEN, SHUT, "of the last 7 days")
    assert "Before Mon 23 Nov 2026 09:15 the log holds nothing" in text
    assert "12 look-ups answered while the log could not be written" in text
    assert "The log holds no look-ups of the last 7 days" in text


# --- privacy


def test_only_the_setting_s_own_devices_are_named():
    rows = [asked(OPEN, device, "instagram.com", "10:00") for device in EVERYONE]
    result = replay(rows, OPEN, SHUT, FACTS)
    (direction,) = result.directions
    assert direction.devices == (("office-laptop", 1), ("room-tablet", 1))
    assert dict(direction.groups) == {"office": 1, "children": 1, "staff-phones": 1, "visitors": 1, "": 1}
    assert result.small_groups == ("staff-phones", "visitors")
    text = describe(result, "new.yaml", OPEN, SHUT, "of the last 7 days") + repr(result)
    for device in (STAFF_PHONE, VISITORS_PHONE, UNKNOWN_DEVICE):
        assert device.name not in text


def test_a_staff_device_does_not_get_its_name_printed_by_a_file_that_calls_it_the_setting_s():
    new = policy(NO_SOCIAL, devices={"phone": Device("phone", OFFICE, STAFF_PHONE.addresses, is_named=True)})
    for noted in ({}, {STAFF_PHONE.name: Noted("staff-phones", Owner.STAFF)}):
        facts = LogFacts(FACTS.since, FACTS.until, noted=noted)
        result = replay([asked(OPEN, STAFF_PHONE, "instagram.com", "10:00")], OPEN, new, facts)
        assert result.directions[0].devices == ()
    # and one that was staff's when it asked, though both files call it the setting's now
    result = replay([asked(OPEN, STAFF_PHONE, "instagram.com", "10:00")], new, new, facts)
    assert result.directions[0].devices == ()


def test_names_of_no_service_are_listed_for_the_setting_s_devices_only():
    rows = [asked(OPEN, device, f"shop-{number}.example", "10:00") for number, device in enumerate(EVERYONE)]
    (direction,) = replay(rows, OPEN, policy(otherwise=BLOCK), FACTS).directions
    assert direction.names == (("shop-0.example", 1), ("shop-1.example", 1))


# --- the oracle: decide each row by itself

TIMES = [None, LUNCH, LATER_LUNCH, span("mon-fri 08:00-18:00"), span("22:00-06:00"), span("closed")]
RULES = st.builds(
    rule,
    st.sampled_from(["allow", "block"]),
    st.sampled_from(["social-media", "youtube", "facebook", "photo-sharing", "shop.example"]),
    devices=st.sampled_from([None, ["office"], ["children", "unknown"], ["staff-owned"], ["office-laptop"]]),
    when=st.sampled_from(TIMES),
    approved=st.sampled_from([None, None, approval("2026-10-01", "2026-10-24"), approval("2026-10-25", "2026-12-31")]),
) | st.builds(rule, st.just("enforce"), st.sampled_from(["youtube-strict", "youtube-moderate"]), when=st.sampled_from(TIMES))
POLICIES = st.builds(
    lambda rules, otherwise, closed: policy(*rules, otherwise=otherwise, closed=closed),
    st.lists(RULES, min_size=1, max_size=5),
    st.sampled_from([ALLOW, BLOCK]),
    st.sampled_from([None, closures("2026-10-26"), closures(("2026-10-24", "2026-10-25"))]),
)
ASKED = ["www.youtube.com", "m.facebook.com", "www.shop.example"]
ASKING = [ROOM_TABLET, OFFICE_LAPTOP, STAFF_PHONE]
EDGES = [
    int((at(f"{day} {clock}") + timedelta(minutes=step)).timestamp()) // 60
    for day in ("2026-10-25", "2026-10-26")  # the clocks go back in the night to Sunday; Monday is a working day
    for clock in ("00:00", "06:00", "08:00", "12:00", "13:30", "22:00")
    for step in (-1, 0, 1)
]
"""Minutes around what the rules above change at."""


def log_of(own):
    """Yield what a log that keeps everything has of devices that ask every name at every edge."""
    for number, (minute_, device, name) in enumerate(product(EDGES, ASKING, ASKED)):
        decision = decide(own, Ask(device, name, datetime.fromtimestamp(minute_ * 60, UTC)))
        key = LogKey(device.name, name, decision.service, decision.host_class, decision.verdict, rule_name(decision))
        yield minute_, key, number % 3 + 1


@settings(max_examples=40, deadline=None)
@given(logged=POLICIES, old=POLICIES, new=POLICIES, is_sorted=st.booleans())
def test_each_row_comes_out_as_if_it_were_decided_by_itself(logged, old, new, is_sorted):
    """Naively: every row, every time, at its own minute. Rows in any order, rules changed since or not."""
    rows = sorted(log_of(logged), key=lambda row: row[0] if is_sorted else (row[2], -row[0]))
    if is_sorted:  # as the log's reader gives them: one value for all rows of a key
        shared = {}
        rows = [(minute_, shared.setdefault(key, key), count) for minute_, key, count in rows]
    check(rows, old, new)


def check(rows, old, new):
    """Compare with deciding every row by itself."""
    devices = {device.name: device for device in EVERYONE}
    expected, drifted = Counter(), 0
    for minute_, key, count in rows:
        ask = Ask(devices[key.device], key.name, datetime.fromtimestamp(minute_ * 60, UTC))
        before, after = decide(old, ask), decide(new, ask)
        drifted += count * (before.verdict is not key.verdict)
        safe = [decision.engines[0].target if decision.engines else "" for decision in (before, after)]
        is_other_host = key.verdict is ENFORCE and all(safe) and safe[0] != safe[1]
        if after.verdict is not key.verdict or is_other_host:
            hour = ask.at.astimezone(LONDON).hour
            expected[ask.device.group.name if ask.device.group else "", key.verdict, after.verdict, hour] += count
    result = replay(rows, old, new, FACTS)
    found = Counter()
    for each in result.changes:
        found[each.group, each.was, each.becomes, each.hour] += each.lookups
    assert (found, result.drifted.lookups) == (expected, drifted)
    assert sum(each.lookups for each in result.directions) == result.changed.lookups == sum(found.values())
    assert result.read == Tally(len(rows), sum(count for _, _, count in rows))
    assert result.unjudged == Tally()


@pytest.mark.parametrize("day", ["2026-10-25", "2026-10-26", "2027-03-28"])
def test_every_minute_of_a_day(day):
    """Windows that begin and end at different minutes in the log, in the file in force and in the new one; clock changes too."""
    logged, old, new = (
        policy(rule("block", "youtube", when=span(window), devices=["office"]), SAFE)
        for window in ("00:30-12:00", "01:15-12:01", "01:30-11:59")
    )
    start = minute("00:00", day)
    moments = [datetime.fromtimestamp((start + step) * 60, UTC) for step in range(16 * 60)]
    rows, shared = [], {}
    for device, moment in product((OFFICE_LAPTOP, ROOM_TABLET), moments):
        decision = decide(logged, Ask(device, "www.youtube.com", moment))
        key = log_key(LogLevel.ALL, device, "www.youtube.com", decision)
        rows.append((int(moment.timestamp()) // 60, shared.setdefault(key, key), 1))  # one value for all rows of a key, as it is read
    check(sorted(rows, key=lambda row: row[0]), old, new)


def test_each_file_is_asked_once_for_each_device_name_and_stretch():
    """Ten devices of two kinds ask two names every minute of a week: what costs is the stretches, not the rows."""
    old = policy(rule("block", "youtube", when=LUNCH, devices=["children"]))
    new = policy(rule("block", "youtube", when=LATER_LUNCH, devices=["children"]))
    key = asked(old, ROOM_TABLET, "youtube.com", "10:00")[1]
    other = asked(old, OFFICE_LAPTOP, "news.example", "10:00")[1]
    start = minute("00:00")
    rows = [(start + step, each, 1) for step in range(7 * 1440) for each in (key, other)]
    calls = Counter()

    def counted(own: Policy, ask: Ask):
        calls[id(own), ask.device.name, ask.name] += 1
        return decide(own, ask)

    result = replay(rows, old, new, FACTS, decide=counted)
    assert result.read.rows == 2 * 7 * 1440
    for own in (old, new):
        assert calls[id(own), "room-tablet", "youtube.com"] == 2 * 7 + 1  # before, in and between seven lunches
        assert calls[id(own), "office-laptop", "news.example"] == 1


def test_devices_for_whom_the_same_rules_are_share_their_decisions():
    names = {f"tablet-{number}": f"10.0.0.{number}" for number in range(1, 30)}
    tablets = {name: Device(name, CHILDREN, (ip_network(address),), is_named=True) for name, address in names.items()}
    old, new = policy(devices=tablets), policy(NO_VIDEO, devices=tablets)
    calls = []

    def counted(own: Policy, ask: Ask):
        calls.append(ask)
        return decide(own, ask)

    rows = [asked(old, device, "youtube.com", "10:00") for device in tablets.values()]
    assert replay(rows, old, new, FACTS, decide=counted).changed.rows == 29
    assert len(calls) == 2


# --- words


def test_the_first_sentence_says_what_a_manager_wants_to_know():
    rows = [
        *(asked(OPEN, OFFICE_LAPTOP, "youtube.com", clock, count=100) for clock in ("10:00", "10:01", "12:00")),
        asked(OPEN, ROOM_TABLET, "instagram.com", "12:10", count=12),
    ]
    lines = describe(replay(rows, OPEN, SHUT, FACTS), "new.yaml", OPEN, SHUT, "of the last 7 days").splitlines()
    assert lines[0] == (
        "Under new.yaml, 312 look-ups of the last 7 days would have been refused that were answered: "
        "office 300 (YouTube); children 12 (Instagram)."
    )
    assert lines[lines.index("Refused that were answered, by hour of the day:") + 1 :][:4] == [
        "  group     service    look-ups  10:00  11:00  12:00",
        "  children  Instagram        12      -      -     12",
        "  office    YouTube         300    200      -    100",
        "The setting's devices: office-laptop 300, room-tablet 12.",
    ]


def test_a_day_wide_table_has_columns_of_two_hours():
    rows = [asked(OPEN, OFFICE_LAPTOP, "youtube.com", clock) for clock in ("01:10", "22:10", "23:59")]
    text = describe(replay(rows, OPEN, SHUT, FACTS), "new.yaml", OPEN, SHUT, "of the last 7 days")
    assert "by hour of the day (each column is two hours):" in text
    assert "  office  YouTube         3      1      -      -" in text


def test_nothing_changed_is_said_too():
    rows = [asked(OPEN, OFFICE_LAPTOP, "youtube.com", "10:00")]
    text = describe(replay(rows, OPEN, OPEN, FACTS), "new.yaml", OPEN, OPEN, "of the last 7 days")
    assert text == "Under new.yaml, nothing would have been different: 1 look-up of the last 7 days would have come out as they did."


def test_a_service_that_only_one_file_has_is_called_by_its_name():
    own = merge_own(None, Service("games", "Games corner", ("online-gaming",), {}))
    new = policy(rule("block", "games"), catalogue=CATALOGUE.with_own([own]))
    key = LogKey("office-laptop", "games.example", "games", None, ALLOW, "otherwise")
    closed = policy(rule("block", "games.example"), catalogue=new.catalogue)
    assert "office 1 (Games corner)" in describe(replay([(minute("10:00"), key, 1)], OPEN, closed, FACTS), "n", OPEN, closed, "")


# --- the command

RULES_FILE = """\
setting: {name: Acorn Lane Nursery}
groups:
  office: {owner: setting}
  staff-phones: {owner: staff, addresses: [192.168.20.0/24]}
devices:
  office-laptop: {group: office, address: 192.168.1.20}
rules:
  - name: No videos on phones
    block: video-sharing
    devices: staff-phones
"""
NEW_FILE = RULES_FILE.replace("devices: staff-phones", "devices: office")


@pytest.fixture
def nursery(tmp_path):
    """A nursery whose box ran for an hour today: its rules, tomorrow's rules, and its log."""
    (tmp_path / "rules.yaml").write_text(RULES_FILE)
    (tmp_path / "new.yaml").write_text(NEW_FILE)
    rules = load_rules(tmp_path / "rules.yaml", datetime.now(UTC).date()).rules
    started = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=2)
    first = int(started.timestamp()) // 60
    batch = Batch()
    for text in ("192.168.1.20", "192.168.20.7"):
        device = rules.policy.device_called(text)
        for step in range(60):
            decision = decide(rules.policy, Ask(device, "www.youtube.com", started + timedelta(minutes=step)))
            key = log_key(rules.log.levels[device.owner], device, "www.youtube.com", decision)
            batch.add(first + step, device, key, refused=decision.verdict is BLOCK)
            batch.add(first + step, device, None, refused=False)  # a helpline, or a name that is not logged
            batch.alive(first + step)
    log = LogWriter(usage_path(tmp_path / "data"))
    log.write(batch)
    log.close()
    return tmp_path


def run(folder, *arguments):
    command = [sys.executable, "-m", "dinnerbell", "--rules", str(folder / "rules.yaml"), "--data", str(folder / "data"), "replay"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)


def test_the_command_says_it_in_words(nursery):
    done = run(nursery, str(nursery / "new.yaml"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "60 look-ups of the last 7 days would have been refused that were answered: office 60 (YouTube)." in done.stdout
    assert "60 look-ups of the last 7 days would have been answered that were refused: staff-phones 60 (YouTube)." in done.stdout
    assert "look-ups answered of which the log keeps the number only" in done.stdout
    assert "192.168.20.7" not in done.stdout


def test_the_command_gives_the_value_itself(nursery):
    done = run(nursery, str(nursery / "new.yaml"), "--json")
    value = json.loads(done.stdout)
    assert value["read"] == value["changed"] == {"rows": 120, "lookups": 120}
    assert [(each["from"], each["to"], each["lookups"], each["devices"]) for each in value["directions"]] == [
        ("allow", "block", 60, [{"device": "office-laptop", "lookups": 60}]),
        ("block", "allow", 60, []),
    ]
    assert {(each["group"], each["owner"], each["service"]) for each in value["changes"]} == {
        ("office", "setting-owned", "youtube"),
        ("staff-phones", "staff-owned", "youtube"),
    }
    assert sum(each["lookups"] for each in value["changes"]) == 120
    totals = [(each["owner"], each["lookups"]) for each in value["not_redecided"] if each["why"] == "answered-as-total"]
    assert totals == [("staff-owned", 60)]
    assert value["small_groups"] == ["staff-phones"]
    assert "192.168.20.7" not in done.stdout


def test_nothing_to_change_is_no_failure(nursery):
    done = run(nursery, str(nursery / "rules.yaml"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Under rules.yaml, nothing would have been different" in done.stdout


def test_since_cuts_to_the_minute(nursery):
    since = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1, minutes=30)
    done = run(nursery, str(nursery / "new.yaml"), "--json", "--since", f"{since:%Y-%m-%d %H:%M}Z")
    assert json.loads(done.stdout)["read"]["rows"] in (58, 60)  # the clock may have gone on by a minute between the two


def test_errors_of_the_new_file_have_their_place(nursery):
    (nursery / "bad.yaml").write_text(NEW_FILE.replace("video-sharing", "video-shering"))
    done = run(nursery, str(nursery / "bad.yaml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{nursery / 'bad.yaml'}:9:12: " in done.stderr


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        pytest.param(["missing.yaml"], 1, "missing.yaml:1:1: Couldn't read the rules", id="no_such_file"),
        pytest.param([], 2, "Missing argument", id="no_file_given"),
        pytest.param(["{new}", "--since", "yesterday"], 2, "is not a day and a time", id="no_time"),
    ],
)
def test_wrong_usage(nursery, arguments, code, said):
    done = run(nursery, *(each.format(new=nursery / "new.yaml") for each in arguments))
    assert done.returncode == code
    assert said in done.stderr


def test_the_log_is_read_by_minute_and_rows_of_one_key_share_it(nursery):
    with LogReader(usage_path(nursery / "data")) as log:
        rows = list(log.lookups(0, 1 << 40))
        slow = list(log.usage(0, 1 << 40))
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert len({id(key) for _, key, _ in rows}) == 2
    assert Counter(rows) == Counter(
        (row.minute, LogKey(row.device, row.name, row.service, row.host_class, row.verdict, row.rule), row.lookups) for row in slow
    )


def test_the_log_is_read_to_the_minute(nursery):
    with LogReader(usage_path(nursery / "data")) as log:
        first = min(row[0] for row in log.lookups(0, 1 << 40))
        assert {row[0] for row in log.lookups(first + 1, first + 3)} == {first + 1, first + 2}
