"""Parts 6, 7, 8 and 10: children's devices, staff on the setting's devices, approvals, groups."""

from dataclasses import replace
from datetime import date

import pytest

from dinnerbell_reports import weekly
from dinnerbell_reports.annex_values import GroupLine
from dinnerbell_reports.values import Kept, Light, Range, Standing
from weekly_cast import (
    APPROVAL,
    CHILDREN_NONE,
    ESSENTIALS,
    EVERYTHING,
    LUNCH,
    MARYS_PHONE,
    NO_PERSONAL_USE,
    OFFICIAL_PAGE,
    REFERENCE,
    STAFF_PHONE,
    UNKNOWN,
    VISITOR,
    Box,
    quiet_box,
    rule,
    rules,
)

LUNCH_FOR_ALL = rule("Lunch on our devices too", "allow", "social-media", devices=("office", "staff-phones"), when=LUNCH, clause="4")


def group(box: Box, name: str) -> GroupLine:
    return next(line for line in box.report().groups.lines if line.group == name)


@pytest.mark.parametrize(
    "name, minutes, people, background, content",
    [
        pytest.param("tiktokv.eu", (0,), 1, 0, 0, id="one_refused_visit"),
        pytest.param("tiktokv.eu", (0, 1, 4), 1, 0, 0, id="within_five_minutes_is_one_episode"),
        pytest.param("tiktokv.eu", (0, 5, 11), 3, 0, 0, id="one_episode_for_each_five_minutes"),
        pytest.param("tiktokv.eu", range(0, 420, 30), 0, 14, 0, id="a_steady_beat_is_background"),
        pytest.param("push.snapchat.com", (0, 7, 9), 0, 2, 0, id="push_is_background"),
        pytest.param("tiktok.com", (0, 1, 2), 0, 1, 0, id="a_home_page_alone_is_background"),
        pytest.param("analytics.tiktok.com", range(3), 0, 0, 1, id="refused_buttons_are_page_content"),
        pytest.param("journal.example", range(60), 0, 0, 0, id="the_learning_journal_is_no_social_medium"),
        pytest.param("class.example", range(60), 0, 0, 0, id="nor_is_an_essential_service_with_messages"),
        pytest.param("childline.example", range(60), 0, 0, 0, id="a_helpline_is_nobodys_business"),
        pytest.param("union.example", range(60), 0, 0, 0, id="nor_is_a_union"),
        pytest.param("nothing.example", range(60), 0, 0, 0, id="a_name_of_no_service"),
    ],
)
def test_a_childrens_device_under_the_rules(name, minutes, people, background, content):
    """What a tablet's look-ups are counted as: episodes only where a person may have asked, and never minutes."""
    line = quiet_box().ask("room-tablet-1", name, "Tue 10:00", minutes=minutes).report().children.devices[0]
    assert (line.by_people, line.in_background, line.page_content) == (people, background, content)
    assert (line.use, line.brief) == (Range(), 0)


@pytest.mark.parametrize(
    "name, minutes, use, content, brief",
    [
        pytest.param("tiktokv.eu", (0,), Range(), 0, 1, id="one_minute_visit_is_no_session"),
        pytest.param("tiktokv.eu", (0, 2), Range(2, 3), 0, 0, id="two_minutes_are"),
        pytest.param("tiktokv.eu", (0, 6), Range(2, 7), 0, 0, id="a_gap_of_five_minutes_is_bridged"),
        pytest.param("tiktokv.eu", (0, 7), Range(), 0, 2, id="a_gap_of_six_is_not"),
        pytest.param("analytics.tiktok.com", range(30), Range(), 1, 0, id="buttons_alone_are_page_content"),
        pytest.param("tiktok.com", range(30), Range(), 0, 0, id="a_home_page_alone_is_nothing"),
        pytest.param("pinterest.com", range(9), Range(), 0, 0, id="half_a_pair_is_nothing"),
    ],
)
def test_a_device_that_nothing_is_refused_to(name, minutes, use, content, brief):
    """Use needs a signature (or a pair) in two minutes; embeds never make minutes."""
    line = quiet_box(rules(ESSENTIALS)).ask("room-tablet-1", name, "Tue 10:00", minutes=minutes).report().children.devices[0]
    assert (line.use, line.page_content, line.brief) == (use, content, brief)


def test_use_on_a_childrens_device_is_red():
    """The one thing that must not happen: its question comes first, is due by the next open day, and asks why."""
    report = quiet_box(rules(ESSENTIALS)).ask("room-tablet-1", "tiktokv.eu", "Tue 10:00", minutes=9).report()
    first = report.decisions.items[0]
    assert (report.verdict.light, first.light, first.part) == (Light.RED, Light.RED, 6)
    assert first.question == "Why did social media work on room-tablet-1, and who was using it?"
    assert "9 minutes" in first.facts
    assert "otherwise: allow" in first.facts
    assert first.due == date(2026, 11, 24)
    assert "before the setting next opens" in report.verdict.sentence


def test_a_short_answer_on_a_childrens_device_asks_for_a_rule():
    """Too short to count as use, yet it was answered: a rule is missing."""
    report = quiet_box(rules(ESSENTIALS)).ask("room-tablet-1", "tiktokv.eu", "Tue 10:00").report()
    assert [item.question for item in report.decisions.items] == ["Is a rule missing for room-tablet-1?"]


@pytest.mark.parametrize(
    "listed, name, standing, asked",
    [
        pytest.param((OFFICIAL_PAGE,), "m.facebook.com", Standing.APPROVED, False, id="approved"),
        pytest.param((REFERENCE,), "wikipedia.org", Standing.NAMED, False, id="allowed_by_name"),
        pytest.param((LUNCH_FOR_ALL, NO_PERSONAL_USE), "tiktokv.eu", Standing.OPEN, True, id="let_through_by_a_wide_rule"),
        pytest.param((CHILDREN_NONE,), "tiktokv.eu", Standing.OPEN, True, id="no_rule_speaks_of_it"),
        pytest.param((rule("A domain", "allow", "tiktokv.eu"),), "tiktokv.eu", Standing.NAMED, False, id="allowed_by_domain"),
    ],
)
def test_use_on_the_settings_devices_says_by_what_leave(listed, name, standing, asked):
    """Approved, named by a rule, or neither: only the last is a question."""
    box = quiet_box(rules(*listed)).ask("office-laptop", name, "Tue 12:10", minutes=8)
    report = box.report()
    (line,) = report.staff.uses
    assert (line.standing, line.minutes, line.at_lunch) == (standing, Range(8, 8), Range(8, 8))
    assert bool([item for item in report.decisions.items if item.part == 7]) is asked
    office = group(box, "office")
    expected = (Range(8, 8), Range()) if standing is Standing.APPROVED else (Range(), Range(8, 8))
    assert (office.approved, office.not_approved) == expected


def test_the_owners_lunch_on_setting_devices_shows_as_lunch():
    """The one-line change works, and the report says how much of it was lunch and which clause the rule stands for."""
    box = quiet_box(rules(LUNCH_FOR_ALL, NO_PERSONAL_USE)).ask("staff-room-pc", "tiktokv.eu", "Tue 12:30", minutes=range(0, 28, 3))
    report = box.report()
    (line,) = report.staff.uses
    assert (line.rule, line.at_lunch, line.out_of_hours) == (LUNCH_FOR_ALL.name, line.minutes, Range())
    (item,) = [item for item in report.decisions.items if item.part == 7]
    assert item.clause == "4"
    assert "at lunch" in item.facts


def test_refusals_just_after_lunch_are_no_episodes():
    """The app had not noticed that lunch is over."""
    box = quiet_box(rules(LUNCH_FOR_ALL, NO_PERSONAL_USE)).ask("staff-room-pc", "tiktokv.eu", "Tue 13:00", minutes=(0, 7, 14))
    assert box.report().staff.refused == ()
    assert box.ask("staff-room-pc", "tiktokv.eu", "Tue 13:15").report().staff.refused[0].by_people == 1


@pytest.mark.parametrize(
    "change, state, asked",
    [
        pytest.param({}, "in force", "", id="in_force"),
        pytest.param({"purpose": "EXAMPLE"}, "example", "Who approves this use", id="still_an_example"),
        pytest.param({"ends_on": date(2026, 11, 10)}, "ended", "Should this approval be renewed?", id="ended"),
        pytest.param({"ends_on": date(2026, 12, 10)}, "in force", "Should this approval be renewed?", id="ends_within_a_month"),
        pytest.param({"starts_on": date(2027, 1, 1)}, "not yet", "", id="not_yet"),
    ],
)
def test_an_approval_has_a_state(change, state, asked):
    """What section 5 asks for is checked each week against the calendar, in time to renew it."""
    page = replace(OFFICIAL_PAGE, approval=replace(APPROVAL, **change))
    report = quiet_box(rules(page, NO_PERSONAL_USE)).report()
    assert [line.state for line in report.approvals.lines] == [state]
    questions = [item.question for item in report.decisions.items]
    assert len(questions) == bool(asked)
    assert all(question.startswith(asked) for question in questions)


def test_approved_use_stands_against_its_approval():
    """Part 8 counts what was used under the approval, and what of the same service was used beside it."""
    box = quiet_box(rules(OFFICIAL_PAGE, rule("By the way", "allow", "facebook", devices=("staff-room-pc",)), NO_PERSONAL_USE))
    box.ask("office-laptop", "m.facebook.com", "Tue 10:00", minutes=(0, 1, 5)).ask(
        "office-laptop", "m.facebook.com", "Wed 10:00", minutes=2
    )
    box.ask("staff-room-pc", "m.facebook.com", "Wed 10:00", minutes=4)
    part = box.report().approvals
    assert [(line.sessions, line.minutes) for line in part.lines] == [(2, Range(5, 8))]
    assert [(line.device, line.minutes, line.rule) for line in part.outside] == [("staff-room-pc", Range(4, 4), "By the way")]


def test_an_approval_for_somebodys_own_device_does_not_name_it():
    """rules.yaml may name a colleague's phone; the report does not."""
    own = replace(OFFICIAL_PAGE, devices=(MARYS_PHONE, "office"))
    assert quiet_box(rules(own)).report().approvals.lines[0].devices == ("one staff-owned device", "office")


def test_a_session_under_two_rules_is_approved_only_if_all_of_it_is():
    """Half an approval is none."""
    box = quiet_box(rules(OFFICIAL_PAGE, rule("Evenings", "allow", "facebook"))).ask(
        "office-laptop", "m.facebook.com", "Tue 17:55", minutes=10
    )
    (line,) = box.report().staff.uses
    assert (line.standing, line.rule, line.out_of_hours) == (Standing.NAMED, "Evenings", Range(5, 5))


def test_a_pair_is_told_apart_from_a_signature():
    """The report says what its grade rests on."""
    box = (
        quiet_box().ask("office-laptop", "pinterest.com", "Tue 10:00", minutes=4).ask("office-laptop", "pinimg.com", "Tue 10:00", minutes=4)
    )
    assert [(line.service, line.evidence) for line in box.report().staff.uses] == [("Pinterest", "pair")]


def test_peoples_own_devices_are_group_totals_of_refusals():
    """Their use is not counted, even where the log keeps it: it is not this report's business."""
    box = quiet_box(replace(rules(), log=EVERYTHING))
    box.ask(STAFF_PHONE, "i.instagram.com", "Tue 12:10", minutes=30).ask(MARYS_PHONE, "i.instagram.com", "Tue 10:00")
    box.ask(VISITOR, "tiktokv.eu", "Tue 10:00")
    phones, visitors = group(box, "staff-phones"), group(box, "visitors")
    assert (phones.by_people, phones.approved, phones.not_approved, phones.kept) == (1, None, None, Kept.OWN)
    assert (visitors.by_people, visitors.is_small, phones.devices_seen) == (1, True, 2)
    assert all(not day.use for day in box.report().pattern.days)


def test_devices_nobody_has_named_have_a_line_of_their_own():
    """They are counted together, and where they are few the report warns that a total may point at somebody."""
    line = group(quiet_box().ask(UNKNOWN, "tiktokv.eu", "Tue 10:00"), "devices nobody has named")
    assert (line.by_people, line.devices_seen, line.owner, line.is_small) == (1, 1, "not known", True)


def test_a_device_that_left_the_file_keeps_its_owner():
    """What rules.yaml no longer knows is told by what the log noted at the time: a colleague's old phone does not get a name."""
    box = quiet_box().ask(MARYS_PHONE, "i.instagram.com", "Tue 10:00")
    contacts = box.seen()
    without = rules(devices={name: device for name, device in box.rules.policy.devices.items() if name != MARYS_PHONE})
    report = weekly(
        without, box.week, rows=box.usage(), traffic=box.hours(), contacts=contacts, uptime=box.uptime(), losses=0, made_at=box.week.end
    )
    assert [line.by_people for line in report.groups.lines if line.group == "staff-phones"] == [1]
    assert MARYS_PHONE not in {line.device for line in (*report.staff.devices, *report.children.devices)}


def test_an_address_that_was_given_a_name_is_that_device():
    """Rows logged by address before the manager named the tablet belong to the tablet."""
    box = quiet_box(rules(devices={})).ask("192.168.1.31", "tiktokv.eu", "Tue 10:00")
    box.rules = rules()
    assert [line.by_people for line in box.report().children.devices] == [1, 0]


def test_a_service_that_got_another_id_is_told_by_its_new_name():
    """Rows logged under an id that the catalogue has since dropped still count, as what the name is today."""
    box = quiet_box(rules(ESSENTIALS)).ask("office-laptop", "tiktokv.eu", "Tue 10:00", minutes=4)
    renamed = {
        (minute, key._replace(service="musically" if key.service == "tiktok" else key.service)): n for (minute, key), n in box.rows.items()
    }
    box.rows.clear()
    box.rows.update(renamed)
    assert [(line.service, line.minutes) for line in box.report().staff.uses] == [("TikTok", Range(4, 4))]
