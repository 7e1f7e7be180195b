"""What opens and closes differently is told for whom and when, and is what the decisions say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinnerbell.policy import Ask, decide
from dinnerbell.rules import read_rules
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.timetable.subjects import find_subjects
from dinnerbell.words.changes_in_week import _stand_ins, changes_in_week
from small_catalogue import CATALOGUE

TODAY = date(2026, 11, 23)
FILE = """\
setting: {name: Acorn Nursery}
times: {setting-hours: mon-fri 08:00-18:00, lunch: [mon-thu 12:00-13:00, fri 11:30-12:30]}
closures: {bank-holidays: england, dates: [2026-12-21..2027-01-01]}
groups:
  office: {owner: setting}
  children: {owner: setting, for: children}
  staff-phones: {owner: staff, addresses: 192.168.20.0/24}
  visitors: {owner: visitor, addresses: 192.168.30.0/24}
devices:
  office-laptop: {group: office, address: 192.168.1.20}
  office-pc: {group: office, address: 192.168.1.21}
  room-tablet: {group: children, address: 192.168.1.31}
services:
  portal: {name: Portal, kinds: [blog], hosts: [portal.example]}
rules:
  - {name: Essential, allow: essential}
  - {name: No way round, block: bypass}
  - {name: Children, block: social-media, devices: [children, unknown]}
  - {name: Our page, allow: facebook, devices: office-laptop, when: setting-hours}
  - {name: Setting, block: social-media, devices: setting-owned}
  - {name: Lunch, allow: social-media, devices: staff-phones, when: lunch}
  - {name: Hours, block: social-media, devices: [staff-phones, visitors], when: setting-hours}
  - {name: Games, block: games.example, devices: office}
  - {name: Safe search, enforce: safe-search, devices: office}
otherwise: allow
"""
HOURS = "  - {name: Hours, block: social-media, devices: [staff-phones, visitors], when: setting-hours}\n"
LUNCH = "  - {name: Lunch, allow: social-media, devices: staff-phones, when: lunch}\n"
SETTING = "  - {name: Setting, block: social-media, devices: setting-owned}\n"


def policy(text, catalogue=CATALOGUE):
    return read_rules(text, catalogue=catalogue).policy


def told(*swap: str, today: date = TODAY) -> list[str]:
    assert swap[0] in FILE
    return list(changes_in_week(policy(FILE), policy(FILE.replace(*swap)), today))


ROWS = {
    "nothing": (("name: Lunch", "name: Own phones at lunch"), []),
    "the_order_of_rules_that_do_not_meet": ((LUNCH + HOURS, LUNCH + HOURS.replace("Hours", "Working hours")), []),
    "lunch_on_friday": (
        ("fri 11:30-12:30", "fri 12:00-13:00"),
        ["Staff phones: social media on Friday now opens 12:00-13:00, was 11:30-12:30."],
    ),
    "lunch_for_visitors_too": (
        ("devices: staff-phones, when: lunch", "devices: [staff-phones, visitors], when: lunch"),
        [
            (
                "Visitors: social media from Monday to Thursday now opens 12:00-13:00, was closed 08:00-18:00 throughout; "
                "on Friday now opens 11:30-12:30, was closed 08:00-18:00 throughout."
            )
        ],
    ),
    "no_lunch_any_more": (
        (LUNCH, ""),
        [
            (
                "Staff phones: social media from Monday to Thursday no longer opens 12:00-13:00: now closed 08:00-18:00 throughout; "
                "on Friday no longer opens 11:30-12:30: now closed 08:00-18:00 throughout."
            )
        ],
    ),
    "rules_in_another_order": (
        (LUNCH + HOURS, HOURS + LUNCH),
        [
            (
                "Staff phones: social media from Monday to Thursday no longer opens 12:00-13:00: now closed 08:00-18:00 throughout; "
                "on Friday no longer opens 11:30-12:30: now closed 08:00-18:00 throughout."
            )
        ],
    ),
    "lunch_on_the_setting's_devices": (
        (SETTING, SETTING.replace("}", ", unless: lunch}")),
        [
            (
                "Office: social media from Monday to Thursday now opens 12:00-13:00, was closed all day; "
                "on Friday now opens 11:30-12:30, was closed all day."
            )
        ],
    ),
    "longer_hours": (
        ("setting-hours: mon-fri 08:00-18:00", "setting-hours: mon-fri 08:00-17:00"),
        [
            "Office (office-laptop): Facebook from Monday to Friday now opens 08:00-17:00, was 08:00-18:00.",
            (
                "Staff phones: social media from Monday to Thursday is now closed 08:00-12:00 and 13:00-17:00 (else open), "
                "was closed 08:00-12:00 and 13:00-18:00 (else open); on Friday is now closed 08:00-11:30 and 12:30-17:00 (else open), "
                "was closed 08:00-11:30 and 12:30-18:00 (else open)."
            ),
            "Visitors: social media from Monday to Friday is now closed 08:00-17:00 (else open), was closed 08:00-18:00 (else open).",
        ],
    ),
    "one_device_of_a_group": (
        (", devices: office-laptop, when: setting-hours", ", devices: office, when: setting-hours"),
        ["Office (office-pc): Facebook from Monday to Friday now opens 08:00-18:00, was closed all day."],
    ),
    "a_service_that_was_never_named": (
        (LUNCH, LUNCH + "  - {name: Film, allow: vimeo, devices: visitors}\n"),
        ["Visitors: Vimeo from Monday to Friday is now open all day, was closed 08:00-18:00 (else open)."],
    ),
    "a_rule_that_an_earlier_one_never_lets_decide": (
        (LUNCH, "  - {name: Work, allow: [vimeo, wikipedia], devices: children}\n" + LUNCH),
        [],
    ),
    "several_services": (
        ("rules:\n", "rules:\n  - {name: Work, allow: [vimeo, wikipedia], devices: children}\n"),
        ["Children: Vimeo and Wikipedia are now open at all times, were closed."],
    ),
    "a_domain": (
        ("block: games.example, devices: office", "block: chess.example, devices: office"),
        ["Office: games.example is now open at all times, was closed.", "Office: chess.example is now closed at all times, was open."],
    ),
    "safe_search": (
        ("enforce: safe-search, devices: office", "enforce: safe-search, devices: children"),
        [
            "Office: search engines are now open at all times, were open with safe search.",
            "Children: search engines are now open with safe search at all times, were open.",
        ],
    ),
    "otherwise": (
        ("otherwise: allow", "otherwise: block"),
        [
            "Office: search engines are now closed at all times, were open with safe search.",
            "Office: everything else is now closed at all times, was open.",
            "Children: everything else is now closed at all times, was open.",
            (
                "Staff phones: social media from Monday to Thursday is now open 12:00-13:00 (else closed), was closed 08:00-12:00 and "
                "13:00-18:00 (else open); on Friday is now open 11:30-12:30 (else closed), was closed 08:00-11:30 and 12:30-18:00 "
                "(else open); "
                "on Saturday and Sunday is now closed all day, was open; on closed days is now closed all day, was open."
            ),
            "Staff phones: everything else is now closed at all times, was open.",
            (
                "Visitors: social media from Monday to Friday is now closed all day, was closed 08:00-18:00 (else open); "
                "on Saturday and Sunday is now closed all day, was open; on closed days is now closed all day, was open."
            ),
            "Visitors: everything else is now closed at all times, was open.",
            "Unknown devices: everything else is now closed at all times, was open.",
        ],
    ),
    "closed_days_alone": (
        (HOURS, HOURS + "  - {name: Holidays, block: social-media, devices: visitors, when: closed}\n"),
        ["Visitors: social media on closed days is now closed all day, was open."],
    ),
    "a_device_moves": (
        ("room-tablet: {group: children", "room-tablet: {group: office"),
        [
            "room-tablet (was in children, now in office): games.example is now closed at all times, was open.",
            "room-tablet (was in children, now in office): search engines are now open with safe search at all times, were open.",
        ],
    ),
    "a_device_gets_a_name": (
        ("devices:\n", "devices:\n  nicolas-phone: {group: office, address: 192.168.20.7}\n"),
        [
            (
                "nicolas-phone (was in staff-phones, now in office): social media from Monday to Thursday is now closed all day, "
                "was closed "
                "08:00-12:00 and 13:00-18:00 (else open); on Friday is now closed all day, was closed 08:00-11:30 and 12:30-18:00 "
                "(else open); "
                "on Saturday and Sunday is now closed all day, was open; on closed days is now closed all day, was open."
            ),
            "nicolas-phone (was in staff-phones, now in office): games.example is now closed at all times, was open.",
            "nicolas-phone (was in staff-phones, now in office): search engines are now open with safe search at all times, were open.",
        ],
    ),
    "a_device_is_renamed": (("office-pc", "front-desk"), []),
    "a_device_is_gone": (
        ("  office-pc: {group: office, address: 192.168.1.21}\n", ""),
        [
            "Unknown devices (office-pc): games.example is now open at all times, was closed.",
            "Unknown devices (office-pc): search engines are now open at all times, were open with safe search.",
        ],
    ),
    "more_addresses": (
        ("addresses: 192.168.30.0/24", "addresses: [192.168.30.0/24, 192.168.31.0/24]"),
        [
            (
                "Visitors (addresses in 192.168.31.0/24): social media from Monday to Friday is now closed 08:00-18:00 (else "
                "open), was closed "
                "all day; on Saturday and Sunday is now open all day, was closed; on closed days is now open all day, was closed."
            )
        ],
    ),
    "a_service_of_one's_own_is_gone": (
        ("services:\n  portal: {name: Portal, kinds: [blog], hosts: [portal.example]}\n", ""),
        [
            "Office: Portal is now open at all times, was closed.",
            "Children: Portal is now open at all times, was closed.",
            (
                "Staff phones: Portal from Monday to Thursday is now open all day, was closed 08:00-12:00 and 13:00-18:00 (else open); "
                "on Friday is now open all day, was closed 08:00-11:30 and 12:30-18:00 (else open)."
            ),
            "Visitors: Portal from Monday to Friday is now open all day, was closed 08:00-18:00 (else open).",
            "Unknown devices: Portal is now open at all times, was closed.",
        ],
    ),
    "over_midnight": (
        ("rules:\n", "rules:\n  - {name: Night, allow: vimeo, devices: children, when: fri 22:00-06:00}\n"),
        [
            (
                "Children: Vimeo on Friday is now open 22:00-24:00 (else closed), was closed all day; "
                "on Saturday is now open 00:00-06:00 (else closed), was closed all day."
            )
        ],
    ),
}


@pytest.mark.parametrize("swap, expected", ROWS.values(), ids=ROWS)
def test_who_gets_what_when(swap, expected):
    assert told(*swap) == expected


APPROVED = "when: setting-hours, approval: {purpose: P, risk-assessment: R, approved-by: J, from: 2026-09-01, until: 2027-08-31}"


def test_an_approval_counts_as_it_is_on_the_day():
    swap = ("office-laptop, when: setting-hours", "office-laptop, " + APPROVED)
    assert told(*swap, today=date(2026, 11, 23)) == []
    assert told(*swap, today=date(2027, 9, 1)) == [
        "Office (office-laptop): Facebook from Monday to Friday no longer opens 08:00-18:00: now closed all day."
    ]


def test_the_week_is_an_ordinary_one_even_when_the_clocks_change():
    assert told("fri 11:30-12:30", "fri 12:00-13:00", today=date(2027, 3, 24)) == ROWS["lunch_on_friday"][1]


def test_other_clocks_alone_change_nothing_by_the_wall():
    assert told("setting: {name: Acorn Nursery}", "setting: {name: Acorn Nursery, timezone: Asia/Tokyo}") == []


def test_a_group_without_any_device_is_told_as_it_would_be():
    text = FILE.replace("groups:\n", "groups:\n  trainees: {owner: staff}\n")
    new = text.replace("devices: [children, unknown]", "devices: [children, unknown, trainees]")
    assert changes_in_week(policy(text), policy(new), TODAY) == ("Trainees: social media is now closed at all times, was open.",)


@pytest.mark.parametrize("swap", [row[0] for row in ROWS.values() if row[1]], ids=[name for name, row in ROWS.items() if row[1]])
def test_what_has_changed_one_way_has_changed_the_other_way_too(swap):
    assert changes_in_week(policy(FILE.replace(*swap)), policy(FILE), TODAY)


def test_the_services_that_are_not_asked_would_have_answered_the_same():
    """Hundreds of services are asked by a few that stand for them: each of them, by its own name, on every device and at all hours."""
    text = FILE.replace("allow: facebook", "allow: [facebook, youtube, mask.icloud.com]").replace("games.example", "wikipedia.org")
    rules = policy(text, shipped_catalogue())
    other = policy(
        text.replace("kinds: [blog]", "kinds: [dating]").replace("hosts: [portal.example]", "hosts: [reddit.com]"), shipped_catalogue()
    )
    devices = [*rules.devices.values(), *(rules.device_called(address) for address in ("192.168.20.7", "192.168.30.7", "10.0.0.1"))]
    names = {name for device in devices for name in find_subjects(rules, device).names}
    stand_ins = _stand_ins((rules, other), names)
    assert len(names) > 300
    assert len(set(stand_ins.values())) < len(names) / 4
    hours = [datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hour, minutes=10) for hour in (9, 12, 24 * 4 + 11)]
    for each in (rules, other):
        for device in devices:
            for at in hours:
                for name, stand_in in stand_ins.items():
                    one, two = (decide(each, Ask(device, text, at)) for text in (name, stand_in))
                    assert (one.verdict, one.until) == (two.verdict, two.until), (name, stand_in)


WINDOWS = ["setting-hours", "lunch", "closed", "fri 12:00-13:00", "22:00-06:00", "fri-sun 00:00-24:00"]
RULES = st.lists(
    st.builds(
        "{{{}: {}, devices: {}{}}}".format,
        st.sampled_from(["allow", "block"]),
        st.sampled_from(["social-media", "facebook", "messaging", "essential", "bypass", "games.example", "[vimeo, chat.example]"]),
        st.sampled_from(["office", "office-pc", "children", "staff-owned", "192.168.20.0/26", "[visitors, unknown]"]),
        st.one_of(st.just(""), st.builds(", {}: {}".format, st.sampled_from(["when", "unless"]), st.sampled_from(WINDOWS))),
    ),
    max_size=5,
)
NAMES = [
    "m.facebook.com",
    "instagram.com",
    "messenger.com",
    "teams.example",
    "somevpn.example",
    "games.example",
    "chat.example",
    "other.example",
]
DEVICES = ["office-laptop", "office-pc", "room-tablet", "192.168.20.1", "192.168.20.200", "192.168.30.1", "10.0.0.1"]


@settings(max_examples=40)
@given(RULES, RULES)
def test_something_is_told_if_and_only_if_an_answer_differs(old, new):
    """The oracle asks every half hour of an ordinary week and of a closed one, on a device of each sort."""
    head = FILE.partition("rules:\n")[0] + "rules:\n"
    was, becomes = (policy(head + "".join(f"  - {rule}\n" for rule in rules) or head) for rules in (old, new))
    sentences = changes_in_week(was, becomes, TODAY)
    differs = False
    for monday in (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 12, 24, tzinfo=UTC)):
        for step in range(7 * 48 if monday.month == 11 else 48):
            at = monday + timedelta(minutes=30 * step)
            for device in DEVICES:
                for name in NAMES:
                    one, two = (decide(each, Ask(each.device_called(device), name, at)).verdict for each in (was, becomes))
                    differs = differs or one is not two
    assert bool(sentences) == differs, sentences
