"""A good rules.yaml means what its words say: nothing is turned into something else on the way, and doubts are told, not enforced."""

import ipaddress
from datetime import UTC, date, datetime

import pytest

from dinnerbell.config import Box, Endpoint, ListSource, LogConfig, LogLevel, ReportConfig
from dinnerbell.model import Action, Owner, Target, TargetKind, Verdict
from dinnerbell.policy import Ask, decide
from dinnerbell.rules import read_rules
from dinnerbell.times import CLOSED, parse_window
from small_catalogue import CATALOGUE, SETTING

NO_RULES = SETTING + "rules: []\n"
TODAY = date(2026, 11, 22)


def read(text, today=None):
    return read_rules(text, catalogue=CATALOGUE, today=today)


def only_rule(text):
    return read(SETTING + "rules:\n  - " + text.replace("\n", "\n    ")).policy.rules[0]


def verdict(rules, device, name, at="2026-11-23T12:30+00:00"):
    return decide(rules.policy, Ask(rules.policy.device_called(device), name, datetime.fromisoformat(at))).verdict


def test_setting_and_rules_are_enough_and_the_rest_is_as_the_sample_says():
    rules = read(NO_RULES)
    policy = rules.policy
    assert (policy.setting.name, policy.setting.zone.key) == ("Acorn Nursery", "Europe/London")
    assert [str(window) for window in policy.times["setting-hours"].windows] == ["mon-fri 08:00-18:00"]
    assert [str(window) for window in policy.times["lunch"].windows] == ["mon-thu 12:00-13:00", "fri 11:30-12:30"]
    assert {name: (group.owner, group.is_children, group.addresses) for name, group in policy.groups.items()} == {
        "office": (Owner.SETTING, False, ()),
        "children": (Owner.SETTING, True, ()),
        "staff-phones": (Owner.STAFF, False, ()),
        "visitors": (Owner.VISITOR, False, ()),
    }
    assert (policy.closures.bank_holidays, policy.closures.ranges) == ("england", ())
    assert (policy.otherwise, policy.otherwise_line) == (Verdict.ALLOW, None)
    assert (rules.box, rules.log, rules.reports) == (Box(), LogConfig(), ReportConfig())
    assert (rules.expectations, rules.warnings, rules.inactive) == ((), (), ())


def test_a_section_with_nothing_in_it_is_empty_not_the_sample():
    policy = read(SETTING + "rules:\ntimes:\nclosures:\ngroups:\ndevices:\nservices:\nexpect:\nbox:\nlog:\nreports:\n").policy
    assert (policy.times, policy.groups, policy.devices, policy.rules) == ({}, {}, {}, ())
    assert policy.closures.bank_holidays is None


def test_no_bank_holidays_can_be_said():
    assert read(NO_RULES + "closures: {bank-holidays: none}\n").policy.closures.bank_holidays is None


WORDS_THAT_YAML_TURNS = {
    "clause_with_a_zero": ("{block: dating, clause: 4.10}", "clause", "4.10"),
    "clause_7": ("{block: dating, clause: 7}", "clause", "7"),
    "name_on": ("{block: dating, name: on}", "name", "on"),
    "name_no": ("{block: dating, name: no}", "name", "no"),
    "name_null": ("{block: dating, name: null}", "name", "null"),
    "name_like_a_time": ("{block: dating, name: 17:30}", "name", "17:30"),
    "name_like_a_number": ("{block: dating, name: 0123}", "name", "0123"),
    "name_like_a_date": ("{block: dating, name: 2026-12-21}", "name", "2026-12-21"),
}


@pytest.mark.parametrize("text, field, expected", WORDS_THAT_YAML_TURNS.values(), ids=WORDS_THAT_YAML_TURNS)
def test_words_stay_as_the_manager_wrote_them(text, field, expected):
    assert getattr(only_rule(text), field) == expected


MACS = {
    "unquoted": "10:11:22:33:44:55",
    "quoted": '"10:11:22:33:44:55"',
    "hyphens": "10-11-22-33-44-55",
    "cisco": "1011.2233.4455",
}


@pytest.mark.parametrize("text", MACS.values(), ids=MACS)
def test_a_mac_address_stays_one_with_or_without_quotes(text):
    assert read(NO_RULES + f"devices: {{tablet: {{group: children, mac: {text}}}}}\n").policy.devices["tablet"].mac == "10:11:22:33:44:55"


def test_times_need_no_quotes():
    times = read(NO_RULES + "times: {late: 17:30-18:00, night: [22:00-06:00, sat 00:00-24:00]}\n").policy.times
    assert times["late"].windows == (parse_window("17:30-18:00"),)
    assert times["night"].windows == (parse_window("22:00-06:00"), parse_window("sat 00:00-24:00"))


def test_a_time_can_leave_closures_alone():
    rules = read(
        SETTING
        + "times: {care: {windows: [mon-fri 07:00-08:00, 18:00-19:00], closures: ignore}}\n"
        + "rules:\n  - {block: dating, when: care}\n  - {block: forum, when: {windows: 12:00-13:00, closures: ignore}}\n"
    )
    assert [window.ignore_closures for window in rules.policy.times["care"].windows] == [True, True]
    assert rules.policy.rules[1].when[0].windows[0].ignore_closures
    assert rules.policy.rules[1].when_text == "12:00-13:00 (closed days too)"


def test_a_named_time_can_leave_closures_alone_in_one_rule_only():
    rules = read(SETTING + "rules:\n  - {block: dating, when: {windows: lunch, closures: ignore}}\n")
    assert all(window.ignore_closures for window in rules.policy.rules[0].when[0].windows)
    assert not any(window.ignore_closures for window in rules.policy.times["lunch"].windows)


TARGETS = {
    "service": ("facebook", Target(TargetKind.SERVICE, "facebook")),
    "kind": ("messaging", Target(TargetKind.KIND, "messaging")),
    "umbrella": ("social-media", Target(TargetKind.KIND, "social-media")),
    "essential": ("essential", Target(TargetKind.KIND, "essential")),
    "bypass": ("bypass", Target(TargetKind.KIND, "bypass")),
    "domain": ("Example.ORG.", Target(TargetKind.DOMAIN, "example.org")),
    "exact_domain": ("=www.example.org", Target(TargetKind.DOMAIN, "=www.example.org")),
    "international_domain": ("bücher.example", Target(TargetKind.DOMAIN, "xn--bcher-kva.example")),
}


@pytest.mark.parametrize("text, expected", TARGETS.values(), ids=TARGETS)
def test_a_rule_is_about_a_service_a_kind_or_a_domain(text, expected):
    assert only_rule(f"block: {text}").targets == (expected,)


def test_a_rule_can_be_about_a_list():
    rules = read(SETTING + "box: {lists: {malware: {from: malware.txt}}}\nrules:\n  - block: list:malware\n")
    assert rules.policy.rules[0].targets == (Target(TargetKind.LIST, "malware"),)
    assert rules.box.lists == (ListSource("malware", "malware.txt", 86400.0, 2),)


def test_a_rule_is_for_devices_groups_owners_and_networks():
    rules = read(
        SETTING
        + "devices: {tablet: {group: children}}\n"
        + "rules:\n  - block: dating\n"
        + '    devices: [tablet, office, staff-owned, unknown, 10.0.0.7, 10.1.0.0/16, "fd00::/64", "::ffff:10.0.0.8"]\n'
    )
    networks = [ipaddress.ip_network(text) for text in ("10.0.0.7/32", "10.1.0.0/16", "fd00::/64", "10.0.0.8/32")]
    assert rules.policy.rules[0].devices == ("tablet", "office", "staff-owned", "unknown", *networks)


def test_a_rule_without_devices_is_for_everyone():
    assert only_rule("block: dating").devices is None


def test_a_rule_needs_no_name():
    assert only_rule("block: [dating, facebook]").name == "block dating, facebook (rule 1)"
    assert only_rule("enforce: safe-search").name == "enforce safe-search (rule 1)"


WHENS = {
    "name": ("when: lunch", "lunch"),
    "window": ("when: mon-fri 12:00-13:00", "mon-fri 12:00-13:00"),
    "list": ("when: [lunch, sat 10:00-12:00]", "lunch, sat 10:00-12:00"),
    "unless": ("unless: closed", "unless closed"),
    "both": ("when: mon-fri 08:00-18:00\nunless: [lunch, closed]", "mon-fri 08:00-18:00, unless lunch, closed"),
    "always": ("clause: 4", ""),
}


@pytest.mark.parametrize("text, expected", WHENS.values(), ids=WHENS)
def test_when_is_kept_as_the_manager_wrote_it(text, expected):
    assert only_rule(f"block: dating\n{text}").when_text == expected


def test_closed_days_are_a_time():
    rule = only_rule("block: dating\nwhen: closed")
    assert rule.when == (CLOSED,)


def test_a_rule_knows_its_line_and_its_approval_too():
    rules = read(
        SETTING + "rules:\n  - block: dating\n  - allow: facebook\n"
        "    approval: {purpose: News, risk-assessment: RA1, approved-by: Jo, second-reader: Sam, from: 2026-09-01, until: 2027-08-31}\n"
    )
    rule = rules.policy.rules[1]
    assert (rule.index, rule.line, rule.action, rule.approval.line) == (1, 4, Action.ALLOW, 5)
    assert (rule.approval.starts_on, rule.approval.ends_on, rule.approval.approved_by) == (date(2026, 9, 1), date(2027, 8, 31), "Jo")


def test_own_services_come_before_the_catalogue_and_can_change_it():
    rules = read(
        SETTING
        + "services:\n"
        + "  portal: {name: Parent portal, kinds: essential, hosts: portal.example.org}\n"
        + "  facebook: {hosts: {companion: [fb.example]}}\n"
        + "rules:\n  - block: [portal, facebook]\n"
    )
    catalogue = rules.policy.catalogue
    assert catalogue.lookup("www.portal.example.org").claims[0].service.own
    assert catalogue.lookup("fb.example").claims[0].service.name == "Facebook"
    assert {claim.service.id for claim in catalogue.lookup("fbcdn.net").claims} == {"facebook", "messenger", "instagram"}
    assert verdict(rules, "10.0.0.1", "portal.example.org") is Verdict.BLOCK
    assert verdict(rules, "10.0.0.1", "x.fbcdn.net") is Verdict.ALLOW


def test_the_longer_network_wins_and_is_no_clash():
    policy = read(
        SETTING
        + "groups: {staff-phones: {owner: staff, addresses: 192.168.20.0/24}, office: {owner: setting, addresses: [192.168.20.128/25]}}\n"
        + "devices: {laptop: {group: office, address: 192.168.20.130}}\nrules: []\n"
    ).policy
    found = [policy.device_called(f"192.168.20.{last}") for last in (1, 129, 130)]
    assert [device.group.name for device in found] == ["staff-phones", "office", "office"]
    assert found[2].name == "laptop"


def test_expectations_hold_a_utc_instant_and_their_place():
    rules = read(NO_RULES + "expect:\n  - {device: 10.0.0.1, name: WWW.Example.org., at: 2026-07-01 12:30, verdict: allow}\n")
    (expectation,) = rules.expectations
    assert (expectation.name, expectation.at) == ("www.example.org", datetime(2026, 7, 1, 11, 30, tzinfo=UTC))
    assert (expectation.line, expectation.column) == (4, 5)


def test_the_box_the_log_and_the_reports_are_read():
    rules = read(
        NO_RULES
        + 'box: {listen: ["[::1]:5335", 127.0.0.1], upstream: [9.9.9.9, system], answer-networks: [private, 203.0.113.0/24]}\n'
        + "log: {staff-owned: none, keep: {lookups: 2w}, flush: 0.5}\n"
        + "reports: {weekly: tue 06:30, to: {manager: m@example.org, chair: c@example.org},\n"
        + "  not-about: {chair: office, manager: [office]}}\n"
    )
    assert rules.box.listen == (Endpoint("::1", 5335), Endpoint("127.0.0.1", 53))
    assert [upstream.scheme for upstream in rules.box.upstream] == ["plain", "system"]
    assert rules.box.answer_networks == ("private", ipaddress.ip_network("203.0.113.0/24"))
    assert rules.log.levels[Owner.STAFF] is LogLevel.NONE
    assert rules.log.levels[Owner.SETTING] is LogLevel.ALL
    assert (rules.log.keep_lookups_days, rules.log.keep_sessions_days, rules.log.flush_seconds) == (14, 90, 0.5)
    assert (rules.reports.weekly_day, rules.reports.weekly_minute) == (1, 6 * 60 + 30)
    assert rules.reports.to == {"manager": "m@example.org", "chair": "c@example.org"}
    assert rules.reports.not_about == {"chair": ("office",), "manager": ("office",)}


def test_the_box_knows_its_own_names_and_their_servers():
    box = read(
        NO_RULES + "box:\n  forward: {LAN.: 192.168.1.1, 168.192.in-addr.arpa: '[fd00::1]:5353'}\n"
        "  names: {Printer.lan: [192.168.1.9, 'fd00::9', 192.168.1.9], nas.internal: 192.168.1.10}\n  rate-limit: 50\n"
    ).box
    assert box.forward == {"lan": Endpoint("192.168.1.1"), "168.192.in-addr.arpa": Endpoint("fd00::1", 5353)}
    assert {name: [str(address) for address in addresses] for name, addresses in box.names.items()} == {
        "printer.lan": ["192.168.1.9", "fd00::9"],
        "nas.internal": ["192.168.1.10"],
    }
    assert box.rate_limit == 50
    assert (read(NO_RULES + "box: {forward: , names: }\n").box, read(NO_RULES).box.rate_limit) == (Box(), 1000)


@pytest.mark.parametrize("text, seconds", [("1s", 1), ("2", 2), ("0.25", 0.25), ("1m", 60)])
def test_flush_is_a_duration_or_a_number_of_seconds(text, seconds):
    assert read(NO_RULES + f"log: {{flush: {text}}}\n").log.flush_seconds == seconds


RESERVED = {
    "guidance": ("setting: {name: Acorn, guidance: {EYFS framework: 2026-01-01}}\nrules: []\n", ["`setting.guidance`"]),
    "provider": (NO_RULES + "box: {provider: {name: Example ISP, iwf-member: yes, tested: 2026-11-01}}\n", ["`box.provider`"]),
    "local_names_are_active": (NO_RULES + "box: {forward: {lan: 192.168.1.1}, names: {a.lan: 10.0.0.9}, rate-limit: 500}\n", []),
    "keep_is_active": (NO_RULES + "log: {keep: {lookups: 7d}}\n", []),
    "weekly": (NO_RULES + "reports: {weekly: mon 07:00}\n", []),
    "mail_to": (NO_RULES + "reports: {to: {manager: m@example.org}}\n", ["`reports.to`"]),
    "excessive": (NO_RULES + "reports: {excessive: 30m}\n", ["`reports.excessive`"]),
    "excessive_by_kind": (NO_RULES + "reports: {excessive: {social-media: 1h}}\n", ["`reports.excessive`"]),
    "not_about": (NO_RULES + "reports: {not-about: {manager: office}}\n", []),
    "mail": (NO_RULES + "mail: {server: mail.example.org, from: box@example.org}\n", ["`mail`"]),
    "fail": (NO_RULES + "fail: closed\n", ["`fail`"]),
    "proxy_is_active": (NO_RULES + "devices: {a: {group: office, address: 10.0.0.1, proxy: intercept}}\n", []),
    "alert": (
        SETTING + "rules:\n  - {block: bypass, alert: yes}\n  - {block: dating, alert: [manager]}\n",
        ["`alert` of rule 1", "`alert` of rule 2"],
    ),
    "switch_without_data": (SETTING + "rules:\n  - enforce: youtube-strict\n", ["`youtube-strict` in rule 1"]),
}


@pytest.mark.parametrize("text, expected", RESERVED.values(), ids=RESERVED)
def test_keys_of_later_work_are_checked_and_said_to_be_inactive(text, expected):
    said = " is understood and checked, but not active yet in this release: "
    assert [remark.message.split(said)[0] for remark in read(text).inactive] == expected


EVERYONE_SAFE = SETTING + "rules:\n  - allow: essential\n"
OFFICE = 'groups: {office: {owner: setting, addresses: "10.0.0.0/24"}, phones: {owner: staff, addresses: "10.0.1.0/24"}}\n'
APPROVAL = "{purpose: N, risk-assessment: R, approved-by: Jo, from: %s, until: %s}"
RESTS = "rests on closed days, and what it blocks is open then (the next: %s)"
IF_MEANT = "If that is meant, write `unless: closed` in the rule; if not, `closures: ignore` at its time"
NEVER_BEGINS = "begins on no day of the next twelve months: all its days are closed (`closures`)"
IN_QUOTES = 'put `%s` in quotes, like "%s": other programs that read this file see %s here'
PUT_ABOVE = "put a rule `allow: essential` for the same devices, without times, above it"
PUT_ABOVE_FOR = "put a rule `allow: essential` for %s, without times, above"

WARNED = {
    "review_overdue": (
        "setting: {name: Acorn, policy: {review-by: 2026-11-21}}\nrules: []\n",
        ["1:33: the review of Social Media Policy was due by 2026-11-21: review it, then write the next date here"],
    ),
    "review_today": ("setting: {name: Acorn, policy: {review-by: 2026-11-22}}\nrules: []\n", []),
    "approval_example": (
        EVERYONE_SAFE
        + f"  - {{name: Page, allow: facebook, approval: {APPROVAL % ('2026-09-01', '2027-08-31')}}}\n".replace("N,", "EXAMPLE,"),
        ["4:35: the approval of rule 2 'Page' still says EXAMPLE: policy section 5 asks for a real one before use"],
    ),
    "approval_over": (
        EVERYONE_SAFE + f"  - {{name: Page, allow: facebook, approval: {APPROVAL % ('2026-01-01', '2026-11-21')}}}\n",
        ["4:35: the approval of rule 2 'Page' ended on 2026-11-21: the rule has no effect until it is renewed"],
    ),
    "approval_to_come": (
        EVERYONE_SAFE + f"  - {{name: Page, allow: facebook, approval: {APPROVAL % ('2026-11-23', '2027-01-01')}}}\n",
        ["4:35: the approval of rule 2 'Page' begins on 2026-11-23: until then the rule has no effect"],
    ),
    "approval_of_exactly_a_year": (EVERYONE_SAFE + f"  - {{allow: facebook, approval: {APPROVAL % ('2026-09-01', '2027-08-31')}}}\n", []),
    "approval_of_a_year_and_a_day": (
        EVERYONE_SAFE + f"  - {{name: Page, allow: facebook, approval: {APPROVAL % ('2026-09-01', '2027-09-01')}}}\n",
        ["4:35: the approval of rule 2 'Page' lasts longer than a year: the policy is reviewed yearly, so end it by then"],
    ),
    "same_target_later": (
        EVERYONE_SAFE + "  - {name: A, block: facebook}\n  - {name: B, allow: facebook, devices: office}\n",
        ["5:5: rule 3 'B' never decides: rule 2 'A' (line 4) always decides before it"],
    ),
    "service_after_its_kind": (
        EVERYONE_SAFE + "  - {name: A, block: social-media}\n  - {name: B, allow: [facebook, wiki]}\n",
        ["5:5: rule 3 'B' never decides: rule 2 'A' (line 4) always decides before it"],
    ),
    "one_target_is_left": (EVERYONE_SAFE + "  - {name: A, block: wiki}\n  - {name: B, allow: [facebook, wikipedia]}\n", []),
    "device_after_its_group": (
        EVERYONE_SAFE + "  - {name: A, block: dating, devices: phones}\n  - {name: B, allow: dating, devices: 10.0.1.7}\n"
        "  - {name: C, allow: dating, devices: tablet}\n" + OFFICE + "devices: {tablet: {group: phones, address: 10.0.3.1}}\n",
        ["6:5: rule 4 'C' never decides: rule 2 'A' (line 4) always decides before it"],
    ),
    "domain_after_its_parent": (
        EVERYONE_SAFE + "  - {name: A, block: example.org}\n  - {name: B, allow: =www.example.org}\n",
        ["5:5: rule 3 'B' never decides: rule 2 'A' (line 4) always decides before it"],
    ),
    "domain_after_its_service": (
        EVERYONE_SAFE + "  - {name: A, block: social-media}\n  - {name: B, allow: www.vimeo.com}\n",
        ["5:5: rule 3 'B' never decides: rule 2 'A' (line 4) always decides before it"],
    ),
    "parent_after_its_domain": (EVERYONE_SAFE + "  - {name: A, block: www.example.org}\n  - {name: B, allow: example.org}\n", []),
    "after_a_timed_rule": (
        EVERYONE_SAFE + "  - {name: A, block: dating, when: 08:00-18:00, unless: closed}\n  - {name: B, allow: dating}\n",
        [],
    ),
    "some_devices_are_forestalled": (
        EVERYONE_SAFE + "  - {name: A, block: dating, devices: phones}\n  - {name: B, allow: dating, devices: [phones, unknown]}\n" + OFFICE
        + "devices: {laptop: {group: office, address: 10.0.0.9}}\n",
        ["5:5: rule 3 'B' never decides for `phones`: rule 2 'A' (line 4) always decides before it"],
    ),
    "enforce_never_decides_and_is_not_warned_of": (EVERYONE_SAFE + "  - enforce: safe-search\n  - enforce: safe-search\n", []),
    "when_is_unless": (
        EVERYONE_SAFE + "  - {name: A, block: dating, when: lunch, unless: setting-hours}\n",
        ["4:5: rule 2 'A' can never fit: `when` and `unless` leave it no minute (lunch, unless setting-hours)"],
    ),
    "closed_without_closures": (
        EVERYONE_SAFE + "  - {name: A, block: dating, when: closed}\nclosures: {bank-holidays: none}\n",
        ["4:5: rule 2 'A' can never fit: `when` and `unless` leave it no minute (closed)"],
    ),
    "part_of_when_is_left": (EVERYONE_SAFE + "  - {name: A, block: dating, when: setting-hours, unless: [mon 08:00-18:00, closed]}\n", []),
    "helpline": (
        EVERYONE_SAFE + "  - {name: A, block: helpline}\n",
        ["4:5: rule 2 'A': helplines are never refused, whatever the rules say"],
    ),
    "essential_refused": (
        SETTING + "rules:\n  - {name: A, block: essential}\n",
        [f"3:5: rule 1 'A' can refuse all essential services: {PUT_ABOVE}"],
    ),
    "essential_service_of_a_kind": (
        SETTING + "rules:\n  - {name: A, block: social-media}\n  - allow: essential\n",
        [f"3:5: rule 1 'A' can refuse Teams, which is essential: {PUT_ABOVE}"],
    ),
    "essential_domain": (
        SETTING + "rules:\n  - {name: A, block: www.tapestryjournal.com, devices: unknown}\n",
        [f"3:5: rule 1 'A' can refuse Tapestry, which is essential: {PUT_ABOVE}"],
    ),
    "essential_for_the_same_devices": (
        SETTING + "rules:\n  - {allow: essential, devices: setting-owned}\n  - {block: social-media, devices: children}\n",
        [],
    ),
    "otherwise_block": (
        SETTING + "rules:\n  - {allow: essential, devices: setting-owned}\notherwise: block\n",
        [f"4:1: `otherwise: block` can refuse essential services: {PUT_ABOVE_FOR % '`staff-owned` and `visitor-owned` and `unknown`'}"],
    ),
    "otherwise_block_is_safe": (EVERYONE_SAFE + "otherwise: block\n", []),
    "empty_group": (
        EVERYONE_SAFE + "groups: {spare: {owner: staff}}\n",
        ["4:10: the group `spare` has no device and no address, so nothing is ever in it"],
    ),
    "device_without_a_group": (
        EVERYONE_SAFE + "devices: {tablet: {address: 10.0.0.1}}\n",
        ["4:11: `tablet` is in no group: rules for `unknown` devices are for it too. Give it a group"],
    ),
    "block_that_closures_open": (
        EVERYONE_SAFE + "  - {name: A, block: dating, when: setting-hours}\n",
        [f"4:30: rule 2 'A' {RESTS % 'Fri 25 December 2026'}. {IF_MEANT}"],
    ),
    "block_that_closures_open_once_for_two_windows": (
        EVERYONE_SAFE + "  - name: A\n    block: dating\n    when: [sat 09:00-10:00, tue 09:00-10:00]\nclosures: {dates: [2026-12-01]}\n",
        [f"6:5: rule 2 'A' {RESTS % 'Tue 1 December 2026'}. {IF_MEANT}"],
    ),
    "block_that_says_so": (EVERYONE_SAFE + "  - {name: A, block: dating, when: setting-hours, unless: closed}\n", []),
    "block_that_leaves_closures_alone": (
        EVERYONE_SAFE + "  - {name: A, block: dating, when: {windows: setting-hours, closures: ignore}}\n",
        [],
    ),
    "block_without_closures": (
        EVERYONE_SAFE + "  - {name: A, block: dating, when: setting-hours}\nclosures: {bank-holidays: none, dates: [2026-11-21]}\n",
        [],
    ),
    "block_that_another_takes_over": (
        EVERYONE_SAFE + "  - {name: A, block: social-media, devices: office, when: setting-hours}\n"
        "  - {name: B, block: social-media, devices: setting-owned}\n" + OFFICE + "devices: {a: {group: office, address: 10.0.0.1}}\n",
        [],
    ),
    "block_that_another_takes_over_on_closed_days": (
        EVERYONE_SAFE + "  - {name: A, block: dating, when: setting-hours}\n"
        "  - {name: B, block: dating, when: {windows: 07:00-19:00, closures: ignore}}\n",
        [],
    ),
    "block_over_otherwise_block": (EVERYONE_SAFE + "  - {block: dating, when: setting-hours}\notherwise: block\n", []),
    "window_that_closures_swallow": (
        EVERYONE_SAFE + "  - {name: A, allow: example.org, when: club}\ntimes: {club: [mon 09:00-10:00, tue 09:00-10:00]}\n"
        "closures: {dates: [2026-11-23, 2026-11-30, 2026-12-07..2027-11-22]}\n",
        [f"5:9: `mon 09:00-10:00` of `club` {NEVER_BEGINS}"],
    ),
    "literal_window_that_closures_swallow": (
        EVERYONE_SAFE + "  - name: A\n    allow: example.org\n    unless: sun 09:00-10:00\nclosures: {dates: [2026-11-22..2027-11-22]}\n",
        [f"6:5: `sun 09:00-10:00` {NEVER_BEGINS}"],
    ),
    "window_that_begins_in_a_year": (
        EVERYONE_SAFE + "  - {name: A, allow: example.org, when: sun 09:00-10:00}\nclosures: {dates: [2026-11-22..2027-11-20]}\n",
        [],
    ),
    "mac_that_others_read_as_a_number": (
        EVERYONE_SAFE + "devices: {a: {group: office, address: 10.0.0.1, mac: 10:11:22:33:44:55}}\n",
        ["4:54: " + IN_QUOTES % ("10:11:22:33:44:55", "10:11:22:33:44:55", "the number 7923433495")],
    ),
    "mac_that_others_read_as_it_is": (EVERYONE_SAFE + "devices: {a: {group: office, address: 10.0.0.1, mac: 02:00:00:00:00:20}}\n", []),
    "time_that_others_read_as_a_number": (
        EVERYONE_SAFE + "  - {name: 17:30, allow: dating}\n",
        ["4:12: " + IN_QUOTES % ("17:30", "17:30", "the number 1050")],
    ),
    "on_as_a_name": (
        EVERYONE_SAFE + "  - {name: On, allow: dating}\n",
        ["4:12: " + IN_QUOTES % ("On", "On", "true")],
    ),
    "no_as_a_device": (
        EVERYONE_SAFE + "devices: {no: {group: office, address: 10.0.0.1}}\n",
        ["4:11: " + IN_QUOTES % ("no", "no", "false")],
    ),
    "null_and_a_clause_with_a_zero": (
        EVERYONE_SAFE + "  - {name: null, clause: 4.10, allow: dating}\n",
        ["4:12: " + IN_QUOTES % ("null", "null", "nothing at all"), "4:26: " + IN_QUOTES % ("4.10", "4.10", "the number 4.1")],
    ),
    "quoted_words_are_no_trap": (EVERYONE_SAFE + "  - {name: 'no', clause: '4.10', allow: dating}\n", []),
    "numbers_where_numbers_belong": (EVERYONE_SAFE + "log: {flush: 0.50}\nbox: {rate-limit: 0500}\n", []),
    "token_without_encrypted_dns": (
        EVERYONE_SAFE + "devices: {tablet: {group: children, token: hazel-4f7d2c9e81}}\n",
        ["4:37: nobody can use this token: encrypted DNS is not set up (`encrypted` under `box`)"],
    ),
    "token_that_can_be_guessed_and_a_name_that_cannot_be_found": (
        EVERYONE_SAFE
        + "devices: {tablet: {group: children, token: hazel}}\nbox: {encrypted: {name: dns.acorn.example, certificate: a.pem}}\n",
        [
            "4:37: `hazel` is easy to guess, and who guesses it is taken for `tablet`: make it 12 characters or more, such as "  # noqa: ISC004
            "hazel-4f7d2c9e81 with letters of your own",
            "5:19: devices have to find the box as dns.acorn.example: write its address under `names` of `box`",
        ],
    ),
    "token_that_cannot_be_guessed_and_a_name_with_an_address": (
        EVERYONE_SAFE
        + "devices: {tablet: {group: children, token: hazel-4f7d2c9e81}}\n"
        + "box: {names: {dns.acorn.example: 10.0.0.2}, encrypted: {name: dns.acorn.example, certificate: a.pem}}\n",
        [],
    ),
    "device_without_an_address": (
        EVERYONE_SAFE + "devices: {tablet: {group: children}}\n",
        [
            "4:11: `tablet` has neither an address nor a MAC address, so it cannot be recognised: write its MAC address here, or "  # noqa: ISC004
            "give it a fixed address in the router and write that"
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("text, expected", WARNED.values(), ids=WARNED)
def test_a_doubt_is_told_and_the_file_is_used(text, expected):
    assert [f"{remark.line}:{remark.column}: {remark.message}" for remark in read(text, TODAY).warnings] == expected


def test_without_a_day_nothing_is_said_that_depends_on_it():
    for name in ("review_overdue", "approval_over", "approval_to_come", "block_that_closures_open", "window_that_closures_swallow"):
        assert read(WARNED[name][0]).warnings == ()


LUNCH = {
    "named_lunch": ("allow: social-media\n    devices: office\n    when: lunch", 5),
    "a_window_in_setting_hours": ("allow: facebook\n    devices: setting-owned\n    when: mon-fri 12:00-13:00", 5),
    "everyone": ("allow: social-media\n    when: lunch", 4),
    "by_network": ("allow: video-sharing\n    devices: [10.0.0.0/16]\n    when: [sat 10:00-11:00, lunch]", 5),
    "by_device": ("allow: m.facebook.com\n    devices: laptop\n    when: lunch", 5),
    "a_hole_in_a_block": ("block: social-media\n    devices: setting-owned\n    unless: lunch", 5),
    "a_gap_between_two_windows": ("block: social-media\n    devices: office\n    when: [mon-fri 08:00-12:00, mon-fri 13:00-18:00]", 5),
}
NO_LUNCH = {
    "own_phones": "allow: social-media\n    devices: phones\n    when: lunch",
    "the_whole_day": "allow: facebook\n    devices: office\n    when: setting-hours",
    "always": "allow: wikipedia\n    devices: office",
    "not_social": "allow: example.org\n    devices: office\n    when: lunch",
    "an_approved_service": "allow: facebook\n    devices: office\n    when: lunch\n    approval: "
    + APPROVAL % ("2026-09-01", "2027-08-31"),
    "blocked_part_of_the_day": "block: social-media\n    devices: office\n    when: mon-fri 09:00-17:00",
    "closed_days": "block: social-media\n    devices: office\n    unless: closed",
    "after_hours": "allow: social-media\n    devices: office\n    when: 18:00-20:00",
}
PLACES = OFFICE + "devices: {laptop: {group: office, address: 10.0.0.9}}\n"


def lunch_warnings(rule):
    rules = read(PLACES + SETTING + "rules:\n  - " + rule + "\n  - allow: essential\n")
    return [remark for remark in rules.warnings if "clause 4" in remark.message]


@pytest.mark.parametrize("rule, line", LUNCH.values(), ids=LUNCH)
def test_lunch_open_to_a_setting_owned_device_is_warned_of_with_the_clause(rule, line):
    (warning,) = lunch_warnings(rule)
    assert warning.message.endswith("The owner may want it all the same, and then the policy should say so")
    assert "policy clause 4 says never on the setting's devices" in warning.message
    assert warning.line == line + 2


@pytest.mark.parametrize("rule", NO_LUNCH.values(), ids=NO_LUNCH)
def test_what_opens_no_lunch_on_the_settings_devices_is_not_warned_of(rule):
    assert lunch_warnings(rule) == []


def test_reading_depends_on_the_text_alone():
    text = EVERYONE_SAFE + "  - {name: Page, allow: facebook, when: lunch}\n"
    assert read(text).policy.rules == read(text).policy.rules


def test_ten_thousand_devices_are_read():
    devices = "".join(f"  tablet-{at}: {{group: children, address: 10.0.{at // 250}.{at % 250}}}\n" for at in range(10_000))
    assert len(read(NO_RULES + "devices:\n" + devices).policy.devices) == 10_000
