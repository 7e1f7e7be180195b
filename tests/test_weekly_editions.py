"""Editions: what is kept from a leader is in no figure and no question of the report made for them (policy section 8)."""

import dataclasses
import ipaddress
import json

import pytest

from dinnerbell.config import ReportConfig
from dinnerbell_reports import render_html, render_json, render_text
from dinnerbell_reports.values import Person
from weekly_cast import MARYS_PHONE, STAFF_PHONE, Box, busy_box, quiet_box, rules


def bare(report) -> dict:
    """Return the value without part 1, which says what was left out."""
    value = json.loads(render_json(report))
    del value["audience"]
    return value


def keeping(box: Box, **not_about: tuple) -> Box:
    found = {role.replace("_", "-"): words for role, words in not_about.items()}
    return dataclasses.replace(box, rules=dataclasses.replace(box.rules, reports=ReportConfig(not_about=found)))


def without_device(name: str) -> Box:
    """Return the busy week in a nursery that never had the device."""
    box = busy_box()
    policy = box.rules.policy
    devices = {key: device for key, device in policy.devices.items() if key != name}
    box.rules = dataclasses.replace(box.rules, policy=dataclasses.replace(policy, devices=devices))
    box.rows = type(box.rows)({key: count for key, count in box.rows.items() if key[1].device != name})
    box.traffic = type(box.traffic)({key: count for key, count in box.traffic.items() if key[1] != name})
    box.contacts = {key: span for key, span in box.contacts.items() if key != name}
    return box


def test_an_edition_is_the_report_of_a_nursery_without_the_device():
    """Totals, trends, pattern, questions, silent devices: nothing gives the device away."""
    edition = bare(keeping(busy_box(), manager=("staff-room-pc",)).report(reader="manager"))
    nobody_barred = bare(without_device("staff-room-pc").report())
    for decisions in (edition["decisions"], nobody_barred["decisions"]):
        for item in (*decisions["items"], *decisions["also"]):
            item.pop("owner")
    edition.pop("sign_off")
    nobody_barred.pop("sign_off")
    assert edition == nobody_barred


def test_the_whole_report_has_it_all():
    assert bare(keeping(busy_box(), manager=()).report()) == bare(busy_box().report())
    whole = keeping(busy_box(), manager=("staff-room-pc",)).report()
    assert "staff-room-pc" in {line.device for line in whole.staff.devices}
    assert whole.audience.left_out == ()


def test_an_edition_says_whose_it_is_and_what_is_not_in_it():
    report = keeping(busy_box(), manager=("staff-room-pc", MARYS_PHONE)).report(reader="manager")
    assert [person.name for person in report.audience.readers] == ["Iris Wood"]
    (held,) = report.audience.left_out
    assert (held.devices, held.other_devices, report.audience.withheld) == (("staff-room-pc",), 1, ())
    for text in (render_text(report), render_html(report)):
        assert "without the evidence about staff-room-pc and 1 device that this report does not name" in " ".join(text.split())
        assert MARYS_PHONE not in text


@pytest.mark.parametrize("role", ["safeguarding-deputies", "data-controller"])
def test_what_is_kept_from_the_manager_is_kept_in_every_role_of_hers(role):
    report = keeping(busy_box(), manager=("staff-room-pc",)).report(reader=role)
    assert "staff-room-pc" not in {line.device for line in report.staff.devices}


def test_a_reader_from_whom_nothing_is_kept_gets_the_whole_report():
    box = keeping(busy_box(), manager=("staff-room-pc",))
    assert box.report(reader="safeguarding-lead") == box.report()


WORDS = {
    "group": (("office",), {"room-tablet-1", "room-tablet-2"}),
    "address": ((ipaddress.ip_network("192.168.1.20"),), {"staff-room-pc", "room-tablet-1", "room-tablet-2"}),
    "owner": (("setting-owned",), set()),
    "nothing": ((), {"office-laptop", "staff-room-pc", "room-tablet-1", "room-tablet-2"}),
}


@pytest.mark.parametrize("words, left", WORDS.values(), ids=WORDS)
def test_devices_are_kept_by_name_group_owner_or_address(words, left):
    report = keeping(busy_box(), manager=words).report(reader="manager")
    assert {line.device for line in (*report.staff.devices, *report.children.devices)} == left


def test_one_own_phone_is_kept_out_of_its_groups_total():
    box = quiet_box(rules()).ask(STAFF_PHONE, "i.instagram.com", "Tue 10:00")
    line = {each.group: each for each in keeping(box, manager=(ipaddress.ip_network(STAFF_PHONE),)).report(reader="manager").groups.lines}
    assert (line["staff-phones"].devices_seen, line["staff-phones"].by_people) == (1, 0)


def test_a_role_outside_the_people_has_an_edition_too():
    report = keeping(busy_box(), chair=("office",)).report(reader="chair")
    assert report.audience.readers == (Person("chair"),)
    assert not report.staff.devices
