"""What a rules file says otherwise than another, thing by thing, in words a manager reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.rules import read_rules
from dinnerbell.words.changes_in_words import changes_in_words
from small_catalogue import CATALOGUE

FILE = """\
setting:
  name: Acorn Nursery
  policy: {title: Social Media Policy, dated: 2025-09-01, review-by: 2027-09-01}
  people: {manager: Ann, safeguarding-deputies: [Bob]}
times: {setting-hours: mon-fri 08:00-18:00, lunch: [mon-thu 12:00-13:00, fri 11:30-12:30]}
closures: {bank-holidays: england, dates: [2026-12-21..2027-01-01]}
groups:
  office: {owner: setting}
  children: {owner: setting, for: children}
  staff-phones: {owner: staff, addresses: 192.168.20.0/24}
devices:
  office-laptop: {group: office, address: 192.168.1.20}
  room-tablet: {group: children, address: 192.168.1.31}
services:
  portal: {name: Portal, kinds: [essential], hosts: [portal.example]}
rules:
  - {name: Essential, clause: 7, allow: essential}
  - {name: No way round, clause: 3, block: bypass}
  - {name: Children, clause: 6, block: social-media, devices: [children, unknown]}
  - name: Our page
    allow: facebook
    devices: office-laptop
    when: setting-hours
    approval: {purpose: EXAMPLE, risk-assessment: R, approved-by: J, from: 2026-09-01, until: 2027-08-31}
  - {name: Lunch, clause: 4, allow: social-media, devices: staff-phones, when: lunch}
  - {name: Hours, clause: 4, block: social-media, devices: [staff-phones, office], when: setting-hours, unless: closed}
  - {block: games.example, devices: office}
  - {name: Safe search, clause: 3, enforce: safe-search, devices: office}
otherwise: allow
expect:
  - {device: office-laptop, name: portal.example, at: 2026-11-23 12:30, verdict: allow}
box: {upstream: [9.9.9.9]}
log: {setting-owned: all, keep: {lookups: 7d}}
reports: {weekly: mon 07:00, to: {manager: ann@example.org}}
"""


def rules(text):
    return read_rules(text, catalogue=CATALOGUE)


def changed(*swaps: tuple[str, str]) -> tuple[str, ...]:
    text = FILE
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new)
    return changes_in_words(rules(FILE), rules(text))


HOURS = "  - {name: Hours, clause: 4, block: social-media, devices: [staff-phones, office], when: setting-hours, unless: closed}\n"
GAMES = "  - {block: games.example, devices: office}\n"
LUNCH = "  - {name: Lunch, clause: 4, allow: social-media, devices: staff-phones, when: lunch}\n"
BYPASS = "  - {name: No way round, clause: 3, block: bypass}\n"

ROWS = {
    # the same
    "a_note": (("rules:\n", "# a note\nrules:\n"), []),
    "the_order_of_words": (("[staff-phones, office]", "[office, staff-phones]"), []),
    "the_way_a_time_is_written": (("mon-fri 08:00-18:00", "mon-fri 08:00 - 18:00"), []),
    # the setting
    "the_name": (("Acorn Nursery", "Birch Nursery"), ["Name of the setting: now Birch Nursery, was Acorn Nursery."]),
    "the_review": (("2027-09-01", "2028-09-01"), ["Review of the policy by: now 1 September 2028, was 1 September 2027."]),
    "the_manager": (("manager: Ann,", "manager: Zoe,"), ["Manager: now Zoe, was Ann."]),
    "no_deputies": ((", safeguarding-deputies: [Bob]", ""), ["Safeguarding deputies: now nothing, was Bob."]),
    "the_clocks": (
        ("setting:\n", "setting:\n  timezone: Europe/Dublin\n"),
        ["Clocks: now Europe/Dublin, was Europe/London."],
    ),
    # times and closed days
    "a_window": (
        ("fri 11:30-12:30", "fri 12:00-13:00"),
        ["Time `lunch`: now mon-thu 12:00-13:00 and fri 12:00-13:00, was mon-thu 12:00-13:00 and fri 11:30-12:30."],
    ),
    "a_new_time": (("times: {", "times: {tea: 16:00-16:30, "), ["New time `tea`: 16:00-16:30."]),
    "a_time_on_closed_days_too": (
        ("setting-hours: mon-fri 08:00-18:00", "setting-hours: {windows: mon-fri 08:00-18:00, closures: ignore}"),
        ["Time `setting-hours`: now mon-fri 08:00-18:00 (closed days too), was mon-fri 08:00-18:00."],
    ),
    "bank_holidays": (("england", "scotland"), ["Bank holidays: now scotland, was england."]),
    "closed_days": (
        ("2026-12-21..2027-01-01", "2026-12-22..2027-01-01, 2027-02-15"),
        [
            "Closed days added: 22 December 2026 to 1 January 2027 and 15 February 2027.",
            "No longer closed: 21 December 2026 to 1 January 2027.",
        ],
    ),
    # groups and devices
    "a_group's_owner": (
        ("staff-phones: {owner: staff", "staff-phones: {owner: visitor"),
        ["Group `staff-phones` is of: now visitors' devices, was staff's own devices."],
    ),
    "a_group_is_for_children": (
        ("office: {owner: setting}", "office: {owner: setting, for: children}"),
        ["Group `office` is of: now the setting's devices, used by children, was the setting's devices."],
    ),
    "a_group's_addresses": (
        ("addresses: 192.168.20.0/24", "addresses: [192.168.20.0/24, 192.168.21.0/24]"),
        ["Addresses of group `staff-phones`: now 192.168.20.0/24 and 192.168.21.0/24, was 192.168.20.0/24."],
    ),
    "a_new_group": (
        ("groups:\n", "groups:\n  visitors: {owner: visitor, addresses: 192.168.30.0/24}\n"),
        ["New group `visitors`: visitors' devices, addresses 192.168.30.0/24."],
    ),
    "a_new_device": (
        ("devices:\n", "devices:\n  printer: {group: office, address: 192.168.1.9}\n"),
        ["New device `printer` in group `office`, at 192.168.1.9."],
    ),
    "a_device_is_gone": (
        ("  room-tablet: {group: children, address: 192.168.1.31}\n", ""),
        ["Device `room-tablet` is gone: it was in group `children`."],
    ),
    "a_device_moves": (
        ("room-tablet: {group: children", "room-tablet: {group: office"),
        ["Device `room-tablet` moves from group `children` to group `office`."],
    ),
    "a_device's_address": (("192.168.1.31", "192.168.1.32"), ["Address of device `room-tablet`: now 192.168.1.32, was 192.168.1.31."]),
    # services
    "a_new_service": (
        ("services:\n", "services:\n  chess: {name: Chess, kinds: [online-gaming], hosts: [chess.example]}\n"),
        ["New service: Chess (online gaming): chess.example."],
    ),
    "a_service's_hosts": (
        ("hosts: [portal.example]", "hosts: [portal.example, www.portal.test]"),
        ["Hosts of service Portal: www.portal.test (use) added."],
    ),
    "a_service's_kind": (
        ("kinds: [essential]", "kinds: [essential, blog]"),
        ["Kinds of service Portal: now essential services and blogs, was essential services."],
    ),
    "a_change_to_the_catalogue": (
        ("services:\n", "services:\n  vimeo: {kinds: [essential]}\n"),
        ["Change to the catalogue: Vimeo (essential services): vimeo.com."],
    ),
    # rules
    "a_new_rule": (
        (GAMES, GAMES + "  - {name: Chat, block: messenger, devices: office}\n"),
        ["New rule 8 'Chat': closes Messenger, always, for office, read before 'Safe search'."],
    ),
    "a_new_rule_at_the_end": (
        ("otherwise:", "  - {name: Chat, block: messenger, when: lunch}\notherwise:"),
        ["New rule 9 'Chat': closes Messenger, during lunch, for everyone, the last one read."],
    ),
    "a_new_rule_at_the_top": (
        ("rules:\n", "rules:\n  - {name: Chat, block: messenger}\n"),
        ["New rule 1 'Chat': closes Messenger, always, for everyone, read before 'Essential', 'No way round', 'Children' and 5 more."],
    ),
    "a_rule_is_gone": (
        (BYPASS, ""),
        ["Rule 'No way round' is gone (it was number 2): it closes ways round the filter, always, for everyone."],
    ),
    "a_rule_moves": (
        (LUNCH + HOURS, HOURS + LUNCH),
        ["Rule 'Hours' moves from place 6 to place 5, read before 'Lunch', 'block games.example (rule 7)' and 'Safe search'."],
    ),
    "a_rule_is_renamed": (("name: Lunch", "name: Own phones"), ["Rule 5 'Own phones': now called so, was called 'Lunch'."]),
    "a_rule_without_a_name": (
        ("block: games.example", "block: [games.example, chess.example]"),
        ["Rule 7 'block games.example, chess.example (rule 7)': now closes games.example and chess.example, was games.example."],
    ),
    "what": (("allow: facebook", "allow: [facebook, instagram]"), ["Rule 4 'Our page': now opens Facebook and Instagram, was Facebook."]),
    "open_to_closed": (
        ("allow: facebook", "block: facebook"),
        ["Rule 4 'Our page': now closes Facebook, where it opened Facebook before."],
    ),
    "exactly": (
        ("block: games.example", "block: =games.example"),
        ["Rule 7 'block =games.example (rule 7)': now closes exactly games.example, was games.example."],
    ),
    "whom": (
        ("devices: staff-phones,", "devices: [staff-phones, visitor-owned],"),
        ["Rule 5 'Lunch': now for staff-phones and visitors' devices, was for staff-phones."],
    ),
    "everyone": (("devices: [children, unknown]", ""), ["Rule 3 'Children': now for everyone, was for children and unknown devices."]),
    "when": (
        ("devices: staff-phones, when: lunch", "devices: staff-phones, when: mon-fri 12:00-13:00"),
        ["Rule 5 'Lunch': now during mon-fri 12:00-13:00, was during lunch."],
    ),
    "always": (("devices: staff-phones, when: lunch", "devices: staff-phones"), ["Rule 5 'Lunch': now always, was during lunch."]),
    "unless": ((", unless: closed", ""), ["Rule 6 'Hours': now during setting-hours, was during setting-hours, unless closed."]),
    "clause": (("name: Children, clause: 6", "name: Children"), ["Rule 3 'Children': now for no clause, was for clause 6."]),
    "an_approval_is_real": (("purpose: EXAMPLE", "purpose: News"), ["Rule 4 'Our page': approval, purpose: now News, was EXAMPLE."]),
    "an_approval_is_longer": (
        ("until: 2027-08-31", "until: 2027-09-30"),
        ["Rule 4 'Our page': now approved from 1 September 2026 until 30 September 2027, was from 1 September 2026 until 31 August 2027."],
    ),
    "an_approval_is_gone": (
        ("    approval: {purpose: EXAMPLE, risk-assessment: R, approved-by: J, from: 2026-09-01, until: 2027-08-31}\n", ""),
        ["Rule 4 'Our page': needs no approval any more, was approved from 1 September 2026 until 31 August 2027."],
    ),
    # the rest
    "otherwise": (("otherwise: allow", "otherwise: block"), ["What no rule speaks of: now closed, was open."]),
    "expect": (
        (
            "12:30, verdict: allow}\n",
            "12:30, verdict: allow}\n  - {device: room-tablet, name: m.facebook.com, at: 2026-11-23 12:30, verdict: block}\n",
        ),
        ["Lines of `expect`: 1 added."],
    ),
    "upstream": (("9.9.9.9", "149.112.112.112"), ["The box asks: now 149.112.112.112, was 9.9.9.9."]),
    "local_names": (
        ("upstream: [9.9.9.9]", "upstream: [9.9.9.9], names: {a.lan: 10.0.0.9}, forward: {lan: 10.0.0.1}, rate-limit: 50"),
        [
            "Look-ups a second that one device may make: now 50, was 1000.",
            "Names of your own: now a.lan (10.0.0.9), was nothing.",
            "Domains that another server answers for: now lan (10.0.0.1:53), was nothing.",
        ],
    ),
    "encrypted": (
        ("upstream: [9.9.9.9]", "upstream: [9.9.9.9], encrypted: {name: dns.a.example, certificate: a.pem, tls: 0.0.0.0:853}"),
        ["Encrypted DNS for devices: now dns.a.example on 0.0.0.0:853 (tls), with the certificate a.pem and the key a.pem, was nothing."],
    ),
    "log": (
        ("setting-owned: all, keep: {lookups: 7d}", "setting-owned: watched, keep: {lookups: 14d}"),
        [
            "Logged of the setting's devices: now names that a rule could decide, was every name.",
            "Look-ups are kept: now 14 days, was 7 days.",
        ],
    ),
    "report": (("mon 07:00", "tue 08:30"), ["The weekly report is made: now Tuesday 08:30, was Monday 07:00."]),
    "whom_it_goes_to": (
        ("ann@example.org", "zoe@example.org"),
        ["The report for the manager goes to: now zoe@example.org, was ann@example.org."],
    ),
}


@pytest.mark.parametrize("swap, expected", ROWS.values(), ids=ROWS)
def test_each_change_is_one_sentence(swap, expected):
    assert list(changed(swap)) == expected


def test_a_rule_can_change_in_several_ways_at_once():
    told = changed(
        ("clause: 4, allow: social-media, devices: staff-phones, when: lunch", "clause: 4.1, allow: [facebook], devices: office")
    )
    assert told == (
        (
            "Rule 5 'Lunch': now opens Facebook, was social media; now for office, was for staff-phones; now always, was during lunch; "
            "now for clause 4.1, was for clause 4."
        ),
    )


LINES = [f"  - {{name: Rule {letter}, block: {letter}.example}}\n" for letter in "abcdefg"]


@given(st.permutations(range(len(LINES))))
def test_the_fewest_rules_are_said_to_have_moved(order):
    """Without them, all others stand in the order they stood in; with one fewer they would not."""
    head = "setting: {name: Acorn}\nrules:\n"
    told = changes_in_words(rules(head + "".join(LINES)), rules(head + "".join(LINES[place] for place in order)))
    moved = {sentence.split("'")[1] for sentence in told}
    rest = [place for place in order if f"Rule {'abcdefg'[place]}" not in moved]
    assert rest == sorted(rest)
    longest = [1] * len(order)
    for end in range(len(order)):
        longest[end] += max((longest[start] for start in range(end) if order[start] < order[end]), default=0)
    assert len(moved) == len(order) - max(longest)


@pytest.mark.parametrize("swap", [swap for swap, expected in ROWS.values() if expected], ids=[name for name, row in ROWS.items() if row[1]])
def test_what_has_changed_one_way_has_changed_the_other_way_too(swap):
    assert changes_in_words(rules(FILE.replace(*swap)), rules(FILE))
