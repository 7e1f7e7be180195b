"""The shipped rules.yaml is the setting's policy: it loads with the shipped catalogue, and what it promises comes true."""

import ipaddress
from datetime import date
from pathlib import Path

import pytest

from dinnerbell.config import Endpoint, LogLevel
from dinnerbell.model import Action, Owner, Verdict
from dinnerbell.moments import parse_moment
from dinnerbell.policy import Ask, decide
from dinnerbell.rules import read_rules
from dinnerbell.shipped import shipped_catalogue

SAMPLE = Path(__file__).parent.parent / "rules.yaml"
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def rules():
    return read_rules(SAMPLE.read_text(encoding="utf-8"), catalogue=shipped_catalogue(), today=TODAY)


def verdict(rules, device, name, at):
    moment = parse_moment(at, rules.policy.setting.zone)
    return decide(rules.policy, Ask(rules.policy.device_called(device), name, moment)).verdict


def test_the_setting_and_its_people_are_those_of_the_policy(rules):
    setting = rules.policy.setting
    assert (setting.name, setting.zone.key, setting.policy_title) == ("Pippins Preschool", "Europe/London", "Social Media Policy")
    assert (setting.policy_dated, setting.policy_review_by) == (date(2022, 10, 3), date(2023, 10, 3))
    assert setting.people.safeguarding_lead == "Julie O'Neill"
    assert setting.people.safeguarding_deputies == ("Rachel French", "Nicola Setford")


def test_the_rules_are_those_of_the_policy_in_its_order(rules):
    told = [
        (rule.clause, rule.action.value, [target.value for target in rule.targets] or list(rule.switches), rule.devices, rule.when_text)
        for rule in rules.policy.rules
    ]
    assert told == [
        ("7", "allow", ["essential"], None, ""),
        ("3", "block", ["bypass"], None, ""),
        ("6", "block", ["social-media"], ("children", "unknown"), ""),
        ("5", "block", ["messenger"], ("office",), ""),
        ("5", "allow", ["facebook"], ("office-laptop",), "setting-hours"),
        ("3", "allow", ["wikipedia", "vimeo", "pinterest"], ("office",), ""),
        ("4", "block", ["social-media"], ("setting-owned",), ""),
        ("4", "allow", ["social-media"], ("staff-phones",), "lunch"),
        ("4", "block", ["social-media"], ("staff-phones", "visitors"), "setting-hours"),
        ("3", "enforce", ["safe-search"], ("setting-owned", "unknown"), ""),
    ]
    assert rules.policy.rules[7].name == "Own phones may use social media at lunch"
    assert rules.policy.otherwise is Verdict.ALLOW


def test_groups_and_devices_are_those_of_the_policy(rules):
    groups = rules.policy.groups
    assert {name: (group.owner, group.is_children) for name, group in groups.items()} == {
        "office": (Owner.SETTING, False),
        "children": (Owner.SETTING, True),
        "staff-phones": (Owner.STAFF, False),
        "visitors": (Owner.VISITOR, False),
    }
    assert groups["visitors"].addresses == (ipaddress.ip_network("192.168.30.0/24"), ipaddress.ip_network("fd00:30::/64"))
    laptop = rules.policy.devices["office-laptop"]
    assert (laptop.group, laptop.mac) == (groups["office"], "02:00:00:00:00:20")
    assert rules.policy.device_called("fd00::31").name == "room-tablet-1"


def test_times_and_closures_are_those_of_the_policy(rules):
    assert [str(window) for window in rules.policy.times["lunch"].windows] == ["mon-thu 12:00-13:00", "fri 11:30-12:30"]
    assert rules.policy.closures.bank_holidays == "england"
    assert rules.policy.closures.ranges[0] == (date(2026, 12, 21), date(2027, 1, 1))


def test_the_box_the_log_and_the_reports_are_as_the_design_says(rules):
    assert rules.box.listen == (Endpoint("0.0.0.0", 53), Endpoint("::", 53))
    assert [upstream.scheme for upstream in rules.box.upstream] == ["system"]
    assert rules.log.levels[Owner.SETTING] is LogLevel.ALL
    assert (rules.log.keep_lookups_days, rules.log.keep_sessions_days, rules.log.keep_weeks_days) == (14, 90, 1095)
    assert (rules.reports.weekly_day, rules.reports.weekly_minute) == (0, 7 * 60)


def test_what_it_expects_comes_true(rules):
    assert [verdict(rules, e.device, e.name, e.at.isoformat()) for e in rules.expectations] == [e.verdict for e in rules.expectations]
    assert len(rules.expectations) == 6


def test_its_warnings_are_the_overdue_review_the_example_approval_and_the_closed_days(rules):
    assert [remark.message for remark in rules.warnings] == [
        "the review of Social Media Policy was due by 2023-10-03: review it, then write the next date here",
        "the approval of rule 5 'The official Facebook page' still says EXAMPLE: policy section 5 asks for a real one before use",
        (
            "rule 9 'Not in setting hours' rests on closed days, and what it blocks is open then (the next: Mon 21 December 2026). "
            "If that is meant, write `unless: closed` in the rule; if not, `closures: ignore` at its time"
        ),
    ]


def test_check_says_which_of_its_keys_are_not_active_yet(rules):
    keys = [remark.message.split("`")[1] for remark in rules.inactive]
    assert all("understood and checked, but not active yet" in remark.message for remark in rules.inactive)
    assert set(keys) <= {"mac", "log.keep", "reports.weekly", "reports.to"}


def one_line_change(before, after):
    text = SAMPLE.read_text(encoding="utf-8")
    assert text.count(before) == 1
    changed = text.replace(before, after)
    assert sum(old != new for old, new in zip(text.splitlines(), changed.splitlines(), strict=True)) == 1
    return read_rules(changed, catalogue=shipped_catalogue(), today=TODAY)


def test_the_owners_one_line_opens_lunch_on_the_settings_devices_and_warns_with_the_clause():
    rules = one_line_change("    # unless: lunch\n", "    unless: lunch\n")
    assert verdict(rules, "office-laptop", "www.instagram.com", "2026-11-23 12:30") is Verdict.ALLOW
    assert verdict(rules, "office-laptop", "www.instagram.com", "2026-11-23 13:00") is Verdict.BLOCK
    assert verdict(rules, "room-tablet-1", "www.instagram.com", "2026-11-23 12:30") is Verdict.BLOCK
    (warning,) = [remark for remark in rules.warnings if "clause 4" in remark.message]
    assert "opens social media at lunch on the setting's own devices" in warning.message


def test_a_lunch_rule_that_comes_too_late_warns_with_the_clause_and_names_what_forestalls_it():
    rules = one_line_change("    devices: staff-phones  ", "    devices: [staff-phones, office]  ")
    assert verdict(rules, "office-laptop", "www.instagram.com", "2026-11-23 12:30") is Verdict.BLOCK
    (warning,) = [remark for remark in rules.warnings if "clause 4" in remark.message]
    assert "As it stands it opens nothing there: rule 7" in warning.message
    assert any("never decides for `office`" in remark.message for remark in rules.warnings)


def test_every_rule_is_for_somebody(rules):
    assert all(rule.action in Action for rule in rules.policy.rules)
    assert len({rule.name for rule in rules.policy.rules}) == len(rules.policy.rules)
