"""What the rules come to for each group, in plain English: told from the decisions, on an ordinary week and on closed days."""

from datetime import date
from pathlib import Path

import pytest

from dinnerbell.rules import read_rules
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.words.plain_groups import group_stories
from small_catalogue import CATALOGUE, SETTING

TODAY = date(2026, 11, 22)
PHONES = SETTING + "groups: {staff-phones: {owner: staff, addresses: 10.0.1.0/24}}\n"
IN_TERM = "closures: {bank-holidays: england}\n"
ALWAYS = "closures: {bank-holidays: none}\n"


def told(text, today=TODAY):
    return {story.name: story.text for story in group_stories(read_rules(text, catalogue=CATALOGUE).policy, today)}


WEEKS = {
    "nothing_said": ("rules: []\n", "social media is open at all times."),
    "closed_for_good": ("rules:\n  - block: social-media\n", "social media is closed at all times."),
    "closed_in_hours": (
        ALWAYS + "rules:\n  - {block: social-media, when: mon-fri 08:00-18:00}\n",
        "social media is closed mon-fri 08:00-18:00; open at other times.",
    ),
    "open_at_lunch": (
        ALWAYS + "rules:\n  - {allow: social-media, when: lunch}\n  - {block: social-media, when: setting-hours}\n",
        "social media opens mon-thu 12:00-13:00 and fri 11:30-12:30; otherwise closed mon-fri 08:00-18:00; open at other times.",
    ),
    "open_at_lunch_in_term": (
        IN_TERM + "rules:\n  - {allow: social-media, when: lunch}\n  - {block: social-media, when: setting-hours}\n",
        (
            "social media opens mon-thu 12:00-13:00 and fri 11:30-12:30 in term; otherwise closed mon-fri 08:00-18:00; open at other times."
            " On closed days: open all day."
        ),
    ),
    "open_at_lunch_only": (
        ALWAYS + "rules:\n  - {block: social-media, unless: 12:00-13:00}\n",
        "social media opens 12:00-13:00; otherwise closed.",
    ),
    "closed_on_closed_days_as_otherwise": (
        IN_TERM + "rules:\n  - {block: social-media, unless: 12:00-13:00}\n",
        "social media opens 12:00-13:00 in term; otherwise closed.",
    ),
    "closed_on_closed_days_only": (
        IN_TERM + "rules:\n  - {block: social-media, when: closed}\n",
        "social media is open at all times in term. On closed days: closed all day.",
    ),
    "alike_in_term_and_apart_on_closed_days": (
        IN_TERM + "rules:\n  - {block: a.example, when: closed}\n  - {block: b.example, unless: closed}\n  - {block: social-media}\n",
        (
            "social media is closed at all times. b.example is closed at all times in term. On closed days: open all day. "
            "a.example is open at all times in term. On closed days: closed all day."
        ),
    ),
    "hours_that_closed_days_end_and_hours_that_they_do_not": (
        IN_TERM
        + "times: {all-year: {windows: 08:00-09:00, closures: ignore}}\n"
        + "rules:\n  - {block: a.example, when: 08:00-09:00}\n  - {block: b.example, when: all-year}\n",
        (
            "social media is open at all times. "
            "a.example is closed 08:00-09:00 in term; open at other times. On closed days: open all day. "
            "b.example is closed 08:00-09:00; open at other times."
        ),
    ),
    "one_of_social_media_apart_on_closed_days": (
        IN_TERM + "rules:\n  - {block: messenger, when: closed}\n",
        "social media is open at all times. Messenger is open at all times in term. On closed days: closed all day.",
    ),
    "essential_services_closed_on_closed_days": (
        IN_TERM + "rules:\n  - {block: essential, when: closed}\n",
        "social media is open at all times. Essential services are open at all times in term. On closed days: closed all day.",
    ),
    "whole_days": (
        ALWAYS + "rules:\n  - {block: social-media, when: mon-fri 00:00-24:00}\n",
        "social media is closed mon-fri all day; open at other times.",
    ),
    "over_midnight": (
        ALWAYS + "rules:\n  - {block: social-media, when: fri 22:00-06:00}\n",
        "social media is closed fri 22:00-24:00 and sat 00:00-06:00; open at other times.",
    ),
    "several_windows_a_day": (
        ALWAYS + "rules:\n  - {block: social-media, when: mon-fri 08:00-18:00, unless: [10:00-10:15, 12:00-13:00]}\n",
        "social media opens mon-fri 10:00-10:15 and mon-fri 12:00-13:00; otherwise closed mon-fri 08:00-18:00; open at other times.",
    ),
    "a_service_apart": (
        ALWAYS + "rules:\n  - {allow: wikipedia}\n  - {block: messenger}\n  - {block: social-media, when: setting-hours}\n",
        (
            "social media is closed mon-fri 08:00-18:00; open at other times. "
            "Wikipedia is open at all times. Messenger is closed at all times."
        ),
    ),
    "one_that_is_as_the_whole_is_not_named": (
        "rules:\n  - {block: messenger}\n  - {block: social-media}\n",
        "social media is closed at all times.",
    ),
    "another_kind_goes_along": (
        "rules:\n  - {block: bypass}\n  - {block: social-media}\n",
        "social media and ways round the filter are closed at all times.",
    ),
    "safe_search": (
        "rules:\n  - {enforce: safe-search}\n",
        "social media is open at all times. Search engines are open with safe search at all times.",
    ),
    "safe_search_at_times_and_closed_at_times": (
        ALWAYS + "rules:\n  - {block: www.google.com, when: 20:00-24:00}\n  - {enforce: safe-search, when: mon-fri 08:00-18:00}\n",
        (
            "social media is open at all times. Search engines and www.google.com are open with safe search mon-fri 08:00-18:00, "
            "closed 20:00-24:00, and open at other times."
        ),
    ),
    "everything_else_is_closed": (
        "rules:\n  - {allow: essential}\notherwise: block\n",
        "social media and everything else are closed at all times.",
    ),
}


@pytest.mark.parametrize("rules, expected", WEEKS.values(), ids=WEEKS)
def test_a_groups_week_is_told_in_a_few_sentences(rules, expected):
    assert told(PHONES + rules)["Staff phones"] == f"Staff phones: {expected}"


def test_every_group_has_its_story_and_the_unknown_come_last():
    text = SETTING + "rules:\n  - {block: social-media, devices: [children, unknown]}\n"
    assert told(text) == {
        "Office": "Office: social media is open at all times.",
        "Children": "Children: social media is closed at all times.",
        "Staff phones": "Staff phones: social media is open at all times.",
        "Visitors": "Visitors: social media is open at all times.",
        "Unknown": "Unknown: social media is closed at all times.",
    }


def test_a_group_whose_devices_differ_has_a_story_for_each():
    devices = "".join(f"  tablet-{at}: {{group: children, address: 10.0.0.{at}}}\n" for at in range(1, 9))
    stories = told(SETTING + "devices:\n" + devices + "rules:\n  - {allow: wiki, devices: tablet-2}\n  - {block: social-media}\n")
    assert [name for name in stories if name.startswith("Children")] == [
        "Children (tablet-1, tablet-3, tablet-4 and 4 more)",
        "Children (tablet-2)",
    ]


APPROVAL = "{purpose: N, risk-assessment: R, approved-by: Jo, from: 2026-09-01, until: 2026-12-31}"
PAGE = f"{PHONES}rules:\n  - {{allow: facebook, approval: {APPROVAL}}}\n  - {{block: social-media}}\n"


@pytest.mark.parametrize("today, is_open", [(date(2026, 8, 31), False), (date(2026, 9, 1), True), (date(2027, 1, 1), False), (None, True)])
def test_an_approval_is_told_as_of_the_day(today, is_open):
    assert ("Facebook is open at all times." in told(PAGE, today)["Staff phones"]) == is_open


@pytest.mark.parametrize("today", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 25)])
def test_neither_a_change_of_the_clocks_nor_a_closed_week_shows(today):
    text = PHONES + IN_TERM + "rules:\n  - {block: social-media, when: 01:00-02:00}\n"
    story = "Staff phones: social media is closed 01:00-02:00 in term; open at other times. On closed days: open all day."
    assert told(text, today)["Staff phones"] == story


def test_the_shipped_rules_say_what_the_policy_says():
    sample = Path(__file__).parent.parent / "rules.yaml"
    rules = read_rules(sample.read_text(encoding="utf-8"), catalogue=shipped_catalogue(), today=TODAY)
    stories = {story.group: story.text for story in group_stories(rules.policy, TODAY)}
    assert stories["staff-phones"].startswith(
        "Staff phones: social media opens mon-thu 12:00-13:00 and fri 11:30-12:30 in term; otherwise closed mon-fri 08:00-18:00; "
        "open at other times. On closed days: open all day."
    )
    assert stories["children"].startswith("Children: social media and ways round the filter are closed at all times.")
    assert "Facebook opens mon-fri 08:00-18:00 in term; otherwise closed." in stories["office"]


def test_thousands_of_devices_alike_are_one_story():
    devices = "".join(f"  t{at}: {{group: children, address: 10.0.{at // 250}.{at % 250}}}\n" for at in range(5_000))
    stories = told(SETTING + "devices:\n" + devices + "rules:\n  - {block: social-media, when: lunch}\n")
    assert len(stories) == 5
