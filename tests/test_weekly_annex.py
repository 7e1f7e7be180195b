"""Parts 1, 2, 4, 13 to 18 and 20: readers, verdict, decisions, ways round, over-blocking, and what is honestly not there."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dinnerbell.config import Endpoint, Remark, ReportConfig, Rules, Upstream
from dinnerbell.model import Owner, Pass, People, Setting, Target, TargetKind
from dinnerbell.times import Closures
from dinnerbell.usage import Deletion
from dinnerbell_reports import render_html, render_text
from dinnerbell_reports.annex_values import RefusedFile, RuleChange
from dinnerbell_reports.values import Decision, Light, Person, Proof
from weekly_cast import (
    ESSENTIALS,
    MARYS_PHONE,
    PEOPLE,
    STAFF_PHONE,
    UNKNOWN,
    VISITOR,
    Box,
    busy_box,
    quiet_box,
    rule,
    rules,
)


def decisions(box: Box) -> list[Decision]:
    part = box.report().decisions
    return [*part.items, *part.also]


def not_about(role: str, *devices: str) -> Rules:
    return rules(reports=ReportConfig(not_about={role: devices}))


def test_a_quiet_week_is_green_and_asks_nothing():
    """Green means that nothing needs a decision, and says how much could be seen."""
    report = quiet_box().report()
    assert report.verdict.light is Light.GREEN
    assert report.verdict.sentence == "Nothing needs a decision; the box could see 100% of setting hours."
    assert report.decisions.items == ()


def test_a_tap_on_a_link_is_amber_though_the_filter_held():
    """A refused episode on a tablet is asked about, and the question leaves open who it was."""
    report = quiet_box().ask("room-tablet-1", "m.youtube.com", "Tue 10:00").report()
    (item,) = report.decisions.items
    assert (report.verdict.light, item.proof, item.owner) == (Light.AMBER, Proof.B, Person("safeguarding lead", "Hannah Reed"))
    assert item.question == "Was it a child or an adult who asked for this on room-tablet-1?"
    assert report.verdict.sentence.startswith("1 thing needs a decision;")


def test_at_most_five_decisions_and_the_rest_is_not_lost():
    """The gravest five on page one, what is left in the annex, all of them in the verdict."""
    report = busy_box().report()
    assert (len(report.decisions.items), len(report.decisions.also)) == (5, 2)
    assert report.verdict.sentence.startswith("7 things need a decision")


def test_decisions_are_due_on_days_on_which_the_setting_is_open():
    """Five open days on, closures left out."""
    closed = Closures(None, ((date(2026, 11, 24), date(2026, 11, 27)),))
    (item,) = decisions(quiet_box(rules(closures=closed)).ask("room-tablet-1", "tiktokv.eu", "Tue 10:00"))
    assert item.due == date(2026, 12, 4)


def test_every_decision_is_a_question_with_owner_evidence_and_part():
    """Never a conclusion, never about nobody."""
    for item in decisions(busy_box()):
        assert item.question.endswith("?")
        assert item.owner.name
        assert item.facts
        assert item.part in range(1, 21)


@pytest.mark.parametrize(
    "asks, expected",
    [
        pytest.param([("office-laptop", "tunnel.example", 1)], [("office-laptop", 1, 0)], id="by_a_person"),
        pytest.param([("office-laptop", "beat.tunnel.example", range(0, 300, 30))], [("office-laptop", 0, 10)], id="in_the_background"),
        pytest.param([(STAFF_PHONE, "tunnel.example", 1), (MARYS_PHONE, "tunnel.example", 1)], [("", 2, 0)], id="own_phones_are_a_total"),
        pytest.param([(UNKNOWN, "tunnel.example", 1), (VISITOR, "journal.example", 1)], [("", 1, 0)], id="nobody_has_named_it"),
    ],
)
def test_signs_of_a_way_round(asks, expected):
    """Refused tunnels and relays: the setting's devices by name, all others by group."""
    box = quiet_box()
    for device, name, minutes in asks:
        box.ask(device, name, "Tue 10:00", minutes=minutes)
    part = box.report().bypass
    assert [(line.device, line.by_people, line.in_background) for line in part.refused] == expected


def test_a_way_round_that_is_open_is_a_question():
    """Without the rule the tunnel is answered: the report says on which device, and asks."""
    box = quiet_box(rules(ESSENTIALS)).ask("office-laptop", "tunnel.example", "Tue 10:00", minutes=3, count=2)
    box.ask(STAFF_PHONE, "tunnel.example", "Tue 10:00")
    report = box.report()
    assert [(each.device, each.lookups) for each in report.bypass.open] == [("office-laptop", 6)]
    assert [item.question for item in report.decisions.items] == ["Should this way round the filter stay open?"]


def test_a_browser_that_asks_whether_we_filter_is_no_episode():
    """Firefox and iCloud ask by themselves; they are told, and nobody is accused."""
    report = quiet_box().ask("office-laptop", "use-application-dns.net", "Tue 10:00", minutes=(0, 9, 23)).report()
    assert (report.bypass.told, report.bypass.refused, report.staff.refused) == (1, (), ())
    assert report.verdict.light is Light.GREEN


def test_essential_services_refused_are_over_blocking():
    """By device and name where it is the setting's; by group, without names, where it is people's own."""
    box = quiet_box(rules(rule("Too wide", "block", "example.org", "journal.example")))
    box.ask(STAFF_PHONE, "journal.example", "Tue 10:00", count=3).ask("room-tablet-1", "journal.example", "Tue 10:00", count=2)
    report = box.report()
    lines = {(line.service, line.device, line.group): line for line in report.essential.lines}
    tablet, phones = lines["Learning journal", "room-tablet-1", "children"], lines["Learning journal", "", "staff-phones"]
    assert (tablet.hosts, tablet.rule, phones.hosts) == (("journal.example",), "Too wide", ())
    assert [item.question for item in decisions(box)] == ["Which rule should let these essential services through?"]
    assert not any((*(line.by_people for line in report.groups.lines), *report.children.refused))  # our fault, nobody's episode


def test_sensitive_sites_refused_are_a_number_without_a_device():
    """A union's site behind a block is over-blocking; whose device it was is never kept."""
    report = (
        quiet_box(rules(rule("Too wide", "block", "union.example"))).ask("office-laptop", "union.example", "Tue 10:00", count=4).report()
    )
    assert report.essential.sensitive_lookups == 4
    assert report.staff.refused == ()
    assert report.groups.lines[0].by_people == 0


def test_the_report_is_for_those_whom_the_file_names():
    """Somebody with several roles stands there once."""
    assert quiet_box().report().audience.readers == (
        Person("safeguarding lead", "Hannah Reed"),
        Person("manager, deputy safeguarding lead, data controller", "Iris Wood"),
        Person("deputy safeguarding lead", "Tom Field"),
    )


def test_without_names_the_roles_stand():
    """A file without people still says for whom the report is."""
    report = quiet_box(rules(setting=Setting("Acorn Lane Nursery", rules().policy.setting.zone))).report()
    assert report.audience.readers == (Person("safeguarding lead"), Person("manager"))
    assert (report.sign_off.reader, report.sign_off.countersign) == (Person("safeguarding lead"), Person("manager"))


def test_evidence_about_a_leader_goes_to_someone_else_in_every_role():
    """The manager is deputy and controller too: all three are withheld, and somebody else countersigns and decides."""
    box = quiet_box(not_about("manager", "office-laptop", MARYS_PHONE)).ask("office-laptop", "tunnel.example", "Tue 10:00")
    report = box.report()
    assert [person.name for person in report.audience.readers] == ["Hannah Reed", "Tom Field"]
    (held,) = report.audience.withheld
    assert (held.person, held.devices, held.other_devices) == (Person("manager", "Iris Wood"), ("office-laptop",), 1)
    assert (report.sign_off.reader.name, report.sign_off.countersign.name) == ("Hannah Reed", "Tom Field")
    assert {item.owner.name for item in decisions(box)} == {"Hannah Reed"}


def test_nobody_signs_twice():
    """Where one person holds both roles, a second leader countersigns."""
    setting = replace(rules().policy.setting, people=People("Iris Wood", "Iris Wood", ("Tom Field",)))
    report = quiet_box(rules(setting=setting)).report()
    assert (report.sign_off.reader.name, report.sign_off.countersign.name) == ("Iris Wood", "Tom Field")
    alone = quiet_box(rules(setting=replace(setting, people=People("Iris Wood", "Iris Wood")))).report()
    assert alone.sign_off.countersign.name == ""


def test_a_policy_that_is_overdue_for_review_is_asked_about():
    """Section 7: reviewed each year."""
    setting = replace(rules().policy.setting, policy_review_by=date(2026, 11, 22), people=PEOPLE)
    assert [item.question for item in decisions(quiet_box(rules(setting=setting)))] == ["When will the policy be reviewed?"]


def test_what_this_release_cannot_show_is_named():
    """Not tested, not shown to be filtered, not kept, not in this release: never left out, never faked."""
    report = quiet_box(replace(rules(), inactive=(Remark(80, 3, "lists: not active yet"),))).report()
    assert report.tests.tested.startswith("Not tested this week")
    assert report.tests.provider.startswith("Illegal and adult content: not shown to be filtered")
    assert "not kept yet in this release" in report.records.viewers
    assert [each.number for each in report.missing] == [5, 9, 17]
    assert report.inactive == ("lists: not active yet",)


def test_what_was_deleted_is_told():
    """By kind, with the day before which; and what is kept for how long, whether or not anything was deleted."""
    box = quiet_box()
    before = box.minute("Mon 00:00")
    deletions = [Deletion(before + day * 1440 + 160, "look-ups", before + (day - 14) * 1440, 1000 + day) for day in range(3)]
    told = box.report(deletions=[*deletions, Deletion(before + 160, "weekly reports", before - 3 * 365 * 1440, 1)]).records
    assert told.deleted == (
        "Deleted this week, as rules.yaml says: 3,003 look-ups of before 4 November 2026 and 1 weekly report of before 17 November 2023."
    )
    assert told.retention.startswith("Look-ups are kept for 14 days, sessions for 90 days, weekly reports and totals for 1095 days.")
    assert box.report().records.deleted == "Nothing was deleted this week."


def test_the_upstream_is_named_without_what_may_be_a_key():
    """An account's token in a DoH address does not go to print."""
    upstream = (
        Upstream("https", url="https://user:pass@dns.example/0a1b2c"),
        Upstream("tls", Endpoint("192.0.2.1", 853), "dns.example"),
        Upstream("plain", Endpoint("192.0.2.53")),
        Upstream("system", text="system"),
    )
    report = quiet_box(replace(rules(), box=replace(rules().box, upstream=upstream))).report()
    assert report.tests.upstream == ("dns.example", "dns.example", "192.0.2.53:53", "the network's own resolver")


def test_passes_and_rule_changes_of_the_week_are_told():
    """What was opened beside the rules, by whom and why; a phone of somebody's own appears by its group only."""
    box = quiet_box()
    started = (box.week.start + timedelta(days=1, hours=10)).astimezone(UTC)
    laptop = Pass(
        id=1,
        device="office-laptop",
        group="office",
        owner=Owner.SETTING,
        target=Target(TargetKind.SERVICE, "facebook"),
        starts=started,
        ends=started + timedelta(minutes=30),
        by="Maya",
        why="an open day",
    )
    phone = replace(laptop, id=2, device=STAFF_PHONE, group="staff-phones", owner=Owner.STAFF, revoked_at=started + timedelta(minutes=5))
    long_ago = replace(laptop, id=3, starts=started - timedelta(days=9), ends=started - timedelta(days=8))
    before, during = RuleChange(box.week.start - timedelta(hours=1), "", ""), RuleChange(started, "Maya", "new lunch")
    part = box.report(passes=(laptop, replace(phone, revoked_by="Ann"), long_ago), rule_changes=(before, during)).changes
    assert part.rules == (during,)
    assert [(line.what, line.whom, line.minutes, line.by, line.revoked_by) for line in part.passes] == [
        ("Facebook", "office-laptop", 30, "Maya", ""),
        ("Facebook", "staff-phones", 5, "Maya", "Ann"),
    ]


def test_a_file_that_could_not_be_used_is_in_part_16_without_what_it_said():
    """Of this week only; the error itself may name somebody's own device."""
    box = quiet_box()
    refused = [
        RefusedFile(datetime(2026, 11, 18, 12, 3, tzinfo=UTC), 7, 3),
        RefusedFile(datetime(2026, 11, 19, 9, 0, tzinfo=UTC), 12, 1),
        RefusedFile(datetime(2026, 11, 9, 9, 0, tzinfo=UTC), 99, 1),
    ]
    report = box.report(refused_files=refused)
    assert report.changes.refused_files == tuple(refused[:2])
    told = " ".join(render_text(report).split())
    assert "Wed 18 Nov 12:03: a file was saved that can't be used (3 errors, the first in line 7). The rules from before" in told
    assert "(1 error in line 12)" in told
    assert "(1 error in line 12)" in render_html(report)
    assert "99" not in told
