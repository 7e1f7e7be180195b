"""Who may reach what, why, and until when: the rules' order, their targets, their devices, and what stands above them."""

import ipaddress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import (
    A_MONDAY,
    CHILDREN,
    DEVICES,
    EVERYONE,
    GROUPS,
    OFFICE,
    OFFICE_LAPTOP,
    ROOM_TABLET,
    STAFF_PHONE,
    STAFF_PHONES,
    UNKNOWN_DEVICE,
    VISITORS_PHONE,
    approval,
    ask,
    at,
    closures,
    networks,
    policy,
    rule,
    span,
)
from dinnerbell.catalogue import HostClass
from dinnerbell.model import Device, Group, Owner, Verdict, plain_address
from dinnerbell.policy import CANARIES, Ask, Reason, decide, decide_alias

ALLOW, BLOCK, ENFORCE = Verdict.ALLOW, Verdict.BLOCK, Verdict.ENFORCE
LUNCH = span("mon-thu 12:00-13:00", "fri 11:30-12:30")
HOURS = span("mon-fri 08:00-18:00")


def verdicts(own, name, when=A_MONDAY):
    return {device.name: ask(own, device, name, when).verdict for device in EVERYONE}


# --- the order of rules


def test_the_first_rule_that_fits_decides():
    own = policy(
        rule("block", "messaging", devices=["office"]),
        rule("allow", "social-media", devices=["setting-owned"]),
        rule("block", "instagram"),
    )
    found = ask(own, OFFICE_LAPTOP, "instagram.com")
    assert (found.verdict, found.reason, found.rule, found.service) == (ALLOW, Reason.RULE, own.rules[1], "instagram")
    assert ask(own, STAFF_PHONE, "instagram.com").rule is own.rules[2]
    assert ask(own, OFFICE_LAPTOP, "messenger.com").rule is own.rules[0]


@pytest.mark.parametrize("otherwise", [ALLOW, BLOCK])
def test_where_no_rule_fits_otherwise_decides(otherwise):
    own = policy(rule("block", "instagram", devices=["visitors"]), otherwise=otherwise)
    for name, service in [("instagram.com", "instagram"), ("nobody.example", None)]:
        found = ask(own, STAFF_PHONE, name)
        assert (found.verdict, found.reason, found.rule, found.service, found.until) == (otherwise, Reason.OTHERWISE, None, service, None)


def test_a_rule_that_does_not_fit_now_leaves_the_decision_to_the_next():
    own = policy(rule("allow", "social-media", when=LUNCH), rule("block", "social-media", when=HOURS))
    assert ask(own, STAFF_PHONE, "instagram.com", at("2026-11-23 12:00")).rule is own.rules[0]
    assert ask(own, STAFF_PHONE, "instagram.com", at("2026-11-23 13:00")).rule is own.rules[1]
    assert ask(own, STAFF_PHONE, "instagram.com", at("2026-11-23 18:00")).rule is None


@pytest.mark.parametrize(
    "what, name, expected",
    [
        pytest.param("instagram", "www.instagram.com", BLOCK, id="service"),
        pytest.param("instagram", "x.com", ALLOW, id="another_service"),
        pytest.param("photo-sharing", "instagram.com", BLOCK, id="first_kind"),
        pytest.param("social-networking", "instagram.com", BLOCK, id="second_kind"),
        pytest.param("messaging", "instagram.com", ALLOW, id="another_kind"),
        pytest.param("social-media", "en.wikipedia.org", BLOCK, id="umbrella"),
        pytest.param("social-media", "journal.example", ALLOW, id="umbrella_is_not_for_essentials"),
        pytest.param("social-media", "bank.example", ALLOW, id="umbrella_is_not_for_sensitive"),
        pytest.param("social-media", "nobody.example", ALLOW, id="umbrella_is_not_for_the_unknown"),
        pytest.param("essential", "journal.example", BLOCK, id="essential"),
        pytest.param("bypass", "a.bypass.example", ALLOW, id="no_such_host"),
        pytest.param("shop.example", "shop.example", BLOCK, id="domain"),
        pytest.param("shop.example", "a.b.shop.example", BLOCK, id="under_a_domain"),
        pytest.param("shop.example", "bookshop.example", ALLOW, id="domain_by_label"),
        pytest.param("=shop.example", "shop.example", BLOCK, id="exact_domain"),
        pytest.param("=shop.example", "www.shop.example", ALLOW, id="under_an_exact_domain"),
        pytest.param("www.instagram.com", "www.instagram.com", BLOCK, id="domain_inside_a_service"),
        pytest.param("www.instagram.com", "instagram.com", ALLOW, id="the_rest_of_that_service"),
        pytest.param(["x", "shop.example"], "shop.example", BLOCK, id="list_second"),
        pytest.param(["x", "shop.example"], "x.com", BLOCK, id="list_first"),
        pytest.param("shop.example", "_https._tcp.shop.example", BLOCK, id="leading_underscores"),
        pytest.param("shop.example", "shop.example.org", ALLOW, id="left_part"),
        pytest.param("list:essential", "journal.example", ALLOW, id="a_list_named_like_a_kind"),
        pytest.param("list:instagram", "instagram.com", ALLOW, id="a_list_named_like_a_service"),
    ],
)
def test_a_target_takes_in_what_it_names(what, name, expected):
    assert ask(policy(rule("block", what)), STAFF_PHONE, name).verdict is expected


def test_of_a_service_and_a_domain_the_earlier_rule_decides():
    """The catalogue knows longest matches; rules know their order only."""
    own = policy(rule("allow", "www.instagram.com"), rule("block", "instagram"))
    assert ask(own, STAFF_PHONE, "www.instagram.com").verdict is ALLOW
    assert ask(own, STAFF_PHONE, "instagram.com").verdict is BLOCK
    other = policy(rule("block", "instagram"), rule("allow", "www.instagram.com"))
    assert ask(other, STAFF_PHONE, "www.instagram.com").verdict is BLOCK


def test_the_decision_names_the_host_that_matched():
    """The SOA of a block is owned by it: the rule's domain, or the catalogue's host, or the name itself."""
    own = policy(rule("block", ["shop.example", "=www.till.example"]), rule("block", "social-media"), otherwise=BLOCK)
    expected = {
        "a.shop.example": "shop.example",
        "www.till.example": "www.till.example",
        "www.instagram.com": "instagram.com",
        "a.nobody.example": "a.nobody.example",
    }
    assert {name: ask(own, STAFF_PHONE, name).host for name in expected} == expected
    assert ask(own, STAFF_PHONE, "edge-chat.facebook.com").host == "edge-chat.facebook.com"
    assert ask(own, STAFF_PHONE, "connect.facebook.net").host_class is HostClass.EMBED


# --- devices


@pytest.mark.parametrize(
    "devices, expected",
    [
        pytest.param(None, "room-tablet office-laptop 192.168.20.7 192.168.30.9 192.168.1.77", id="everyone"),
        pytest.param(["office-laptop"], "office-laptop", id="device"),
        pytest.param(["children"], "room-tablet", id="group"),
        pytest.param(["setting-owned"], "room-tablet office-laptop", id="setting_owned"),
        pytest.param(["staff-owned"], "192.168.20.7", id="staff_owned"),
        pytest.param(["visitor-owned"], "192.168.30.9", id="visitor_owned"),
        pytest.param(["unknown"], "192.168.1.77", id="unknown"),
        pytest.param(["children", "unknown"], "room-tablet 192.168.1.77", id="list"),
        pytest.param(networks("192.168.20.7"), "192.168.20.7", id="address"),
        pytest.param(networks("192.168.1.0/24"), "room-tablet office-laptop 192.168.1.77", id="network"),
        pytest.param(networks("fd00::/16"), "room-tablet", id="ipv6_network"),
        pytest.param(networks("0.0.0.0/0"), "room-tablet office-laptop 192.168.20.7 192.168.30.9 192.168.1.77", id="all_of_ipv4"),
        pytest.param(["children", *networks("192.168.30.0/24")], "room-tablet 192.168.30.9", id="group_and_network"),
        pytest.param(["192.168.1.77"], "", id="an_address_is_no_name"),
        pytest.param([], "", id="nobody"),
    ],
)
def test_a_rule_is_for_the_devices_it_names(devices, expected):
    found = verdicts(policy(rule("block", "instagram", devices=devices)), "instagram.com")
    assert [name for name, verdict in found.items() if verdict is BLOCK] == expected.split()


@pytest.mark.parametrize(
    "address, name, group",
    [
        pytest.param("192.168.1.31", "room-tablet", CHILDREN, id="exact"),
        pytest.param("fd00::31", "room-tablet", CHILDREN, id="second_address"),
        pytest.param("192.168.20.7", "192.168.20.7", STAFF_PHONES, id="by_network"),
        pytest.param("fd00:20::abcd", "fd00:20::abcd", STAFF_PHONES, id="by_ipv6_network"),
        pytest.param("192.168.1.77", "192.168.1.77", None, id="unknown"),
        pytest.param("fd00:99::1", "fd00:99::1", None, id="unknown_ipv6"),
        pytest.param("::ffff:192.168.1.31", "room-tablet", CHILDREN, id="ipv4_in_ipv6_clothes"),
        pytest.param("::ffff:192.168.20.7", "192.168.20.7", STAFF_PHONES, id="ipv4_in_ipv6_clothes_by_network"),
        pytest.param("fd00::31%eth0", "room-tablet", CHILDREN, id="zone_id"),
    ],
)
def test_an_address_is_somebody(address, name, group):
    found = policy().device_at(plain_address(address))
    assert (found.name, found.group) == (name, group)
    assert policy().device_called(address) == found
    assert (found.owner is Owner.UNKNOWN) == (group is None)


def test_the_longest_network_says_who_and_an_exact_address_is_the_longest():
    wide = Group("wide", Owner.VISITOR, addresses=networks("10.0.0.0/8", "fd00::/8"))
    narrow = Group("narrow", Owner.STAFF, addresses=networks("10.1.0.0/16"))
    trolley = Device("trolley", OFFICE, networks("10.1.2.0/28"), is_named=True)
    one = Device("one", CHILDREN, networks("10.1.2.3"), is_named=True)
    for groups in ([wide, narrow], [narrow, wide]):
        for devices in ([trolley, one], [one, trolley]):
            own = policy(groups={each.name: each for each in groups}, devices={each.name: each for each in devices})
            asked = ("10.9.9.9", "10.1.9.9", "10.1.2.4", "10.1.2.3", "fd11::1", "11.0.0.1")
            found = {text: own.device_at(plain_address(text)) for text in asked}
            assert [found["10.1.2.4"], found["10.1.2.3"]] == [trolley, one]
            assert [each.group and each.group.name for each in found.values()] == ["wide", "narrow", "office", "children", "wide", None]


def a_network(version, bits, prefix):
    return ipaddress.ip_network((bits << (28 if version == 4 else 124), prefix), strict=False)


NETWORKS = st.lists(st.builds(a_network, st.sampled_from((4, 6)), st.integers(0, 15), st.integers(0, 5)), max_size=8)
"""Few and wide, so that they lie inside each other."""


@given(NETWORKS, NETWORKS, st.sampled_from((4, 6)), st.integers(0, 63))
def test_who_is_at_an_address_is_what_a_look_through_all_of_them_finds(of_devices, of_groups, version, bits):
    own_devices = [Device(f"device-{number}", OFFICE, (network,), is_named=True) for number, network in enumerate(of_devices)]
    own_groups = [Group(f"group-{number}", Owner.STAFF, addresses=(network,)) for number, network in enumerate(of_groups)]
    address = (ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address)(bits << (26 if version == 4 else 122))
    holders = [each for each in (*own_devices, *own_groups) if address in each.addresses[0]]
    expected = max(holders, key=lambda each: each.addresses[0].prefixlen, default=None)  # of equals, the first
    own = policy(groups={each.name: each for each in own_groups}, devices={each.name: each for each in own_devices})
    found = own.device_at(address)
    if isinstance(expected, Device):
        assert found is expected
    else:
        assert (found.group, found.name) == (expected, str(address))


def test_a_device_is_called_by_name_or_address_and_by_nothing_else():
    own = policy()
    assert own.device_called("room-tablet") is ROOM_TABLET
    assert [own.device_called(text) for text in ("children", "unknown", "room-tablet-2", "", "192.168.1.300")] == [None] * 5


def test_a_thousand_strangers_are_told_apart_and_treated_alike():
    own = policy(rule("block", "instagram", devices=["unknown"]), devices=DEVICES, groups=GROUPS)
    first = ipaddress.ip_address("10.0.0.0")
    for step in range(1000):
        stranger = own.device_at(first + step)
        assert stranger.name == str(first + step)
        assert ask(own, stranger, "instagram.com").verdict is BLOCK


# --- above the rules


@pytest.mark.parametrize("name", [*CANARIES, "_dns.resolver.arpa", "a.use-application-dns.net"])
def test_canaries_are_refused_whatever_the_rules_say(name):
    own = policy(rule("allow", ["essential", "bypass", name.removeprefix("_dns.")]), rule("enforce", "safe-search"))
    for device in EVERYONE:
        found = ask(own, device, name)
        assert (found.verdict, found.reason, found.rule, found.until) == (BLOCK, Reason.CANARY, None, None)


@pytest.mark.parametrize("name", ["notresolver.arpa", "arpa", "icloud.com", "unmask.icloud.com", "use-application-dns.net.example"])
def test_what_only_looks_like_a_canary_is_none(name):
    assert ask(policy(), STAFF_PHONE, name).verdict is ALLOW


@pytest.mark.parametrize("name", ["childline.org.uk", "www.childline.org.uk"])
def test_a_helpline_is_never_refused(name):
    own = policy(rule("block", ["helpline", "childline", "childline.org.uk", "social-media"]), otherwise=BLOCK)
    for device in EVERYONE:
        found = ask(own, device, name)
        assert (found.verdict, found.reason, found.rule, found.service, found.until) == (ALLOW, Reason.HELPLINE, None, "childline", None)


def test_the_way_round_under_an_essential_domain_is_a_way_round():
    own = policy(rule("allow", "essential"), rule("block", "bypass"))
    assert ask(own, OFFICE_LAPTOP, "www.icloud.com").verdict is ALLOW
    assert own.catalogue.lookup("mask.icloud.com").kinds == ("bypass",)


# --- shared hosts


def test_a_shared_host_is_refused_only_while_all_of_its_services_are():
    for blocked in (["facebook"], ["facebook", "instagram"], ["messenger"], ["photo-sharing", "messaging"]):
        assert ask(policy(rule("block", blocked)), STAFF_PHONE, "scontent.fbcdn.net").verdict is ALLOW
    for blocked in (["facebook", "instagram", "messenger"], ["social-networking", "messenger"], ["social-media"]):
        assert ask(policy(rule("block", blocked)), STAFF_PHONE, "scontent.fbcdn.net").verdict is BLOCK


def test_the_service_that_decides_a_shared_host_is_named_with_the_kinds_of_all():
    own = policy(rule("block", "messenger"), rule("allow", "instagram"), rule("block", "social-media"))
    found = ask(own, STAFF_PHONE, "scontent.fbcdn.net")
    assert (found.verdict, found.service, found.rule, found.host_class) == (ALLOW, "instagram", own.rules[1], HostClass.SHARED)
    assert found.kinds == ("social-networking", "photo-sharing", "messaging")
    refused = ask(policy(rule("block", "social-media")), STAFF_PHONE, "scontent.fbcdn.net")
    assert (refused.verdict, refused.service, refused.kinds) == (BLOCK, "facebook", found.kinds)


def test_a_shared_host_opens_and_closes_with_the_first_and_last_of_its_services():
    own = policy(
        rule("allow", "instagram", when=span("12:00-13:00")),
        rule("allow", "messenger", when=span("12:30-13:30")),
        rule("block", "social-media"),
    )
    clocks = ("11:00", "12:00", "12:45", "13:15", "13:30")
    found = [ask(own, STAFF_PHONE, "scontent.fbcdn.net", at(f"2026-11-23 {clock}")) for clock in clocks]
    assert [each.verdict for each in found] == [BLOCK, ALLOW, ALLOW, ALLOW, BLOCK]
    assert [each.service for each in found] == ["facebook", "instagram", "instagram", "messenger", "facebook"]
    starts, ends = at("2026-11-23 12:00"), at("2026-11-23 13:30")
    assert [each.until for each in found] == [starts, ends, ends, ends, starts + timedelta(days=1)]


def test_a_domain_rule_decides_a_shared_host_for_all_its_services():
    own = policy(rule("block", "fbcdn.net"), rule("allow", "social-media"))
    assert ask(own, STAFF_PHONE, "scontent.fbcdn.net").verdict is BLOCK


# --- enforce


def test_enforce_modifies_an_allowed_answer_and_never_decides():
    own = policy(rule("enforce", "safe-search"), rule("allow", "www.google.com"))
    found = ask(own, ROOM_TABLET, "www.google.com")
    assert (found.verdict, found.rule, found.reason) == (ENFORCE, own.rules[1], Reason.RULE)
    assert ([engine.target for engine in found.engines], found.enforced_by) == (["forcesafesearch.google.com"], (own.rules[0],))
    by_otherwise = ask(policy(rule("enforce", "safe-search")), ROOM_TABLET, "www.google.com")
    assert (by_otherwise.verdict, by_otherwise.rule, by_otherwise.reason) == (ENFORCE, None, Reason.OTHERWISE)


def test_enforce_does_not_open_what_is_blocked():
    own = policy(rule("enforce", "youtube-strict"), rule("block", "youtube"))
    found = ask(own, ROOM_TABLET, "www.youtube.com")
    assert (found.verdict, found.engines, found.enforced_by) == (BLOCK, (), ())
    assert ask(policy(rule("enforce", "safe-search"), otherwise=BLOCK), ROOM_TABLET, "www.google.com").verdict is BLOCK


def test_enforce_leaves_other_names_and_other_devices_alone():
    own = policy(rule("enforce", "safe-search", devices=["setting-owned", "unknown"]))
    assert verdicts(own, "www.google.com") == {
        "room-tablet": ENFORCE,
        "office-laptop": ENFORCE,
        "192.168.20.7": ALLOW,
        "192.168.30.9": ALLOW,
        "192.168.1.77": ENFORCE,
    }
    assert set(verdicts(own, "maps.google.com").values()) == {ALLOW}
    assert set(verdicts(own, "www.youtube.com").values()) == {ALLOW}


def test_enforce_can_have_a_time():
    own = policy(rule("enforce", "safe-search", when=HOURS))
    found = ask(own, ROOM_TABLET, "www.google.com", at("2026-11-23 17:59"))
    assert (found.verdict, found.until) == (ENFORCE, at("2026-11-23 18:00"))
    found = ask(own, ROOM_TABLET, "www.google.com", at("2026-11-23 18:00"))
    assert (found.verdict, found.until) == (ALLOW, at("2026-11-24 08:00"))


def test_of_several_enforce_rules_the_first_answers():
    own = policy(rule("enforce", "youtube-moderate", devices=["office"]), rule("enforce", ["safe-search", "youtube-strict"]))
    assert ask(own, OFFICE_LAPTOP, "www.youtube.com").engines[0].target == "restrictmoderate.youtube.com"
    assert [engine.target for engine in ask(own, ROOM_TABLET, "www.youtube.com").engines] == ["restrict.youtube.com"]
    assert [engine.target for engine in ask(own, ROOM_TABLET, "www.bing.com").engines] == ["strict.bing.com"]


def test_another_safe_host_is_another_answer():
    """The verdict reads `enforce` before and after; what is kept from before would still be the wrong answer."""
    own = policy(rule("enforce", "youtube-strict", when=HOURS), rule("enforce", "youtube-moderate"))
    found = ask(own, ROOM_TABLET, "www.youtube.com", at("2026-11-23 12:00"))
    assert (found.engines[0].target, found.until) == ("restrict.youtube.com", at("2026-11-23 18:00"))


def test_another_enforce_rule_with_the_same_safe_host_is_no_change():
    own = policy(rule("enforce", "safe-search", when=HOURS), rule("enforce", "safe-search"))
    before, after = (ask(own, ROOM_TABLET, "www.google.com", at(f"2026-11-23 {clock}")) for clock in ("12:00", "19:00"))
    assert before.engines[0] == after.engines[0]
    assert (before.until, after.until) == (None, None)


# --- until


def test_until_is_a_change_of_verdict_not_of_rule():
    own = policy(rule("allow", "instagram", when=LUNCH), rule("allow", "social-media", when=HOURS), rule("block", "social-media"))
    found = ask(own, STAFF_PHONE, "instagram.com", at("2026-11-23 12:30"))
    assert (found.rule, found.until) == (own.rules[0], at("2026-11-23 18:00"))
    later = ask(own, STAFF_PHONE, "instagram.com", at("2026-11-23 13:30"))
    assert (later.rule, later.until) == (own.rules[1], at("2026-11-23 18:00"))


def test_a_timed_rule_behind_one_that_always_fits_changes_nothing():
    own = policy(rule("block", "social-media"), rule("allow", "instagram", when=LUNCH))
    assert ask(own, STAFF_PHONE, "instagram.com").until is None


def test_unless_is_the_rest_of_the_time():
    own = policy(rule("block", "social-media", when=HOURS, unless=[LUNCH, span("closed")]), closed=closures("2026-11-24"))
    found = [ask(own, STAFF_PHONE, "x.com", at(f"2026-11-23 {clock}")) for clock in ("07:00", "11:00", "12:00", "13:00")]
    assert [each.verdict for each in found] == [ALLOW, BLOCK, ALLOW, BLOCK]
    assert [each.until for each in found] == [at(f"2026-11-23 {clock}") for clock in ("08:00", "12:00", "13:00", "18:00")]
    assert ask(own, STAFF_PHONE, "x.com", at("2026-11-23 18:00")).until == at("2026-11-25 08:00")


def test_answers_do_not_depend_on_what_was_asked_before():
    """What the policy remembers of a stretch of time is for that stretch: going back in time asks anew."""
    own = policy(rule("block", "social-media", when=HOURS))
    clocks = ["09:00", "20:00", "07:00", "09:00:30", "08:00", "17:59:59", "18:00", "03:00"]
    expected = [ask(policy(*own.rules), STAFF_PHONE, "x.com", at(f"2026-11-23 {clock}")) for clock in clocks]
    found = [ask(own, STAFF_PHONE, "x.com", at(f"2026-11-23 {clock}")) for clock in clocks]
    assert [(each.verdict, each.until) for each in found] == [(each.verdict, each.until) for each in expected]


# --- approvals


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("2026-08-31 23:59:59", BLOCK, id="second_before"),
        pytest.param("2026-09-01 00:00", ALLOW, id="first_day_from_midnight"),
        pytest.param("2027-08-31 23:59:59", ALLOW, id="last_day_to_midnight"),
        pytest.param("2027-09-01 00:00", BLOCK, id="day_after"),
    ],
)
def test_an_approval_covers_both_of_its_days(text, expected):
    approved = rule("allow", "facebook", devices=["office-laptop"], approved=approval("2026-09-01", "2027-08-31"))
    own = policy(approved, rule("block", "social-media"))
    assert ask(own, OFFICE_LAPTOP, "www.facebook.com", at(text)).verdict is expected


def test_a_lapsed_approval_leaves_the_decision_to_the_next_rule():
    own = policy(rule("allow", "facebook", when=HOURS, approved=approval("2025-09-01", "2026-08-31")), rule("block", "social-media"))
    assert ask(own, OFFICE_LAPTOP, "www.facebook.com").rule is own.rules[1]


# --- aliases


def alias(own, name, device=STAFF_PHONE):
    return decide_alias(own, Ask(device, name, A_MONDAY))


def test_an_alias_is_judged_where_it_is_somebodys():
    own = policy(rule("block", "social-media"), rule("block", "shop.example"))
    assert alias(own, "www.instagram.com.edgekey.net").verdict is BLOCK
    assert alias(own, "instagram.com").service == "instagram"
    assert alias(own, "e1234.a.akamaiedge.net") is None
    assert alias(own, "lb.wordpress.com") is None
    assert alias(own, "cdn.shop.example").verdict is BLOCK  # the manager's own domain stands for everything under it
    assert alias(own, "_8443._https.www.instagram.com").verdict is BLOCK
    assert alias(own, "_https.cdn.shop.example").verdict is BLOCK


def test_a_name_on_wordpress_is_wordpress_but_an_alias_of_its_load_balancer_is_not():
    own = policy(rule("block", "blog"))
    assert ask(own, STAFF_PHONE, "lb.wordpress.com").verdict is BLOCK
    assert alias(own, "lb.wordpress.com") is None


def test_a_helpline_behind_an_alias_is_not_judged():
    assert alias(policy(rule("block", "helpline")), "www.childline.org.uk.cdn.example") is None


# --- what is watched


@pytest.mark.parametrize(
    "name, expected",
    [
        pytest.param("instagram.com", True, id="social_service"),
        pytest.param("fbcdn.net", True, id="shared_by_social_services"),
        pytest.param("journal.example", True, id="kind_that_a_rule_names"),
        pytest.param("a.shop.example", True, id="domain_that_a_rule_names"),
        pytest.param("www.google.com", True, id="search_that_is_enforced"),
        pytest.param("bank.example", False, id="kind_that_no_rule_names"),
        pytest.param("www.youtube-nocookie.com", False, id="nobodys"),
        pytest.param("nobody.example", False, id="plain"),
    ],
)
def test_watched_are_the_names_that_a_rule_or_a_social_service_could_decide(name, expected):
    """For every device alike: whose rule it is does not matter."""
    own = policy(
        rule("allow", "essential", devices=["office"]), rule("block", "shop.example", devices=["visitors"]), rule("enforce", "safe-search")
    )
    for device in EVERYONE:
        assert ask(own, device, name).is_watched is expected


def test_everybody_gets_what_the_policy_of_a_preschool_says():
    """Acorn Lane at an ordinary lunch: the staff's phones are open, the setting's devices and strangers are not."""
    own = policy(
        rule("allow", "essential"),
        rule("block", "bypass"),
        rule("block", "social-media", devices=["children", "unknown"]),
        rule("allow", "facebook", devices=["office-laptop"], when=HOURS, approved=approval("2026-09-01", "2027-08-31")),
        rule("block", "social-media", devices=["setting-owned"]),
        rule("allow", "social-media", devices=["staff-phones"], when=LUNCH),
        rule("block", "social-media", devices=["staff-phones", "visitors"], when=HOURS),
    )
    open_to = {"instagram.com": [STAFF_PHONE.name], "m.facebook.com": [OFFICE_LAPTOP.name, STAFF_PHONE.name]}
    for name, devices in open_to.items():
        assert [who for who, verdict in verdicts(own, name).items() if verdict is ALLOW] == devices
    assert set(verdicts(own, "journal.example").values()) == {ALLOW}
    assert decide(own, Ask(VISITORS_PHONE, "x.com", at("2026-11-23 18:00"))).verdict is ALLOW
    assert decide(own, Ask(UNKNOWN_DEVICE, "x.com", at("2026-11-23 18:00"))).verdict is BLOCK
