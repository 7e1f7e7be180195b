"""The weekly report makes itself: when it is due, which weeks are missing, and that the running box does it."""

import stat
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from cast import LONDON, at
from dinnerbell.config import ReportConfig
from dinnerbell.files import LAST_GOOD
from dinnerbell_reports.due import CATCH_UP_WEEKS, due_at, is_past_keeping, newest_due, weeks_to_make
from dinnerbell_reports.week import parse_week
from live import ACORN_LANE, BoxProcess, command, eventually

MONDAYS = ReportConfig()
THURSDAYS = ReportConfig(weekly_day=3, weekly_minute=16 * 60 + 30)
SUNDAY_NIGHTS = ReportConfig(weekly_day=6, weekly_minute=90)


@pytest.mark.parametrize(
    "config, now, expected",
    [
        pytest.param(MONDAYS, "2026-11-23 06:59", "2026-W46", id="monday_before_seven"),
        pytest.param(MONDAYS, "2026-11-23 07:00", "2026-W47", id="monday_at_seven"),
        pytest.param(MONDAYS, "2026-11-29 23:59", "2026-W47", id="the_sunday_after"),
        pytest.param(THURSDAYS, "2026-11-26 16:29", "2026-W46", id="thursday_too_early"),
        pytest.param(THURSDAYS, "2026-11-26 16:30", "2026-W47", id="thursday"),
        pytest.param(THURSDAYS, "2026-12-01 12:00", "2026-W47", id="the_tuesday_after"),
        pytest.param(SUNDAY_NIGHTS, "2027-03-28 00:59", "2027-W10", id="before_an_hour_that_does_not_exist"),
        pytest.param(SUNDAY_NIGHTS, "2027-03-28 02:30", "2027-W11", id="an_hour_that_does_not_exist"),
        pytest.param(MONDAYS, "2027-01-04 07:00", "2026-W53", id="over_new_year"),
    ],
)
def test_a_report_is_due_at_its_time_after_the_week(config, now, expected):
    week = newest_due(at(now), config, LONDON)
    assert week.text == expected
    assert due_at(week, config) <= at(now) < due_at(week.back(-1), config)


def minutes(first: str, last: str) -> tuple[int, int]:
    return int(at(first).timestamp()) // 60, int(at(last).timestamp()) // 60


@pytest.mark.parametrize(
    "uptime, expected",
    [
        pytest.param([], [], id="never_up"),
        pytest.param([("2026-11-16 00:00", "2026-11-22 23:59")], ["2026-W47"], id="last_week"),
        pytest.param([("2026-11-15 23:59", "2026-11-16 00:00")], ["2026-W46", "2026-W47"], id="one_minute_of_each"),
        pytest.param([("2026-11-23 00:00", "2026-11-23 06:00")], [], id="this_week_is_not_over"),
        pytest.param(
            [("2026-11-02 08:00", "2026-11-03 08:00"), ("2026-11-17 08:00", "2026-11-18 08:00")],
            ["2026-W45", "2026-W47"],
            id="a_week_off",
        ),
        pytest.param([("2025-01-01 00:00", "2026-11-23 06:00")], [f"2026-W{week}" for week in range(40, 48)], id="only_so_far_back"),
    ],
)
def test_the_weeks_in_which_the_box_was_up_get_a_report(uptime, expected):
    found = weeks_to_make(at("2026-11-23 07:30"), MONDAYS, LONDON, [minutes(*stretch) for stretch in uptime])
    assert [week.text for week in found] == expected
    assert len(expected) <= CATCH_UP_WEEKS


def test_a_report_is_kept_for_as_long_as_the_rules_say():
    week = parse_week("2026-W47", ZoneInfo("Europe/London"))
    assert not is_past_keeping(week, 30, date(2026, 12, 23))
    assert is_past_keeping(week, 30, date(2026, 12, 24))


EIGHT_DAYS = 8 * 86_400


def test_the_box_makes_last_weeks_report_and_the_editions_for_those_it_is_kept_from(tmp_path, local_upstream):
    """A week later the report is there, for its owner only; a second start makes nothing again, and an old one goes."""
    rules, data, clock = tmp_path / "rules.yaml", tmp_path / "data", tmp_path / "clock"
    text = ACORN_LANE.replace("rules:\n", "reports: {not-about: {manager: room-tablet-1}}\nrules:\n", 1)
    text = text.replace("unknown: refused}", "unknown: refused, keep: {weeks: 30d}}")
    rules.write_text(text)
    clock.write_text("0")
    folder = data / "reports"
    with BoxProcess(rules, data, upstreams=[local_upstream.endpoint], clock=clock) as box:
        box.ask("www.example.org")
        eventually((data / "usage.db").exists)
        clock.write_text(str(EIGHT_DAYS))
        eventually(lambda: len(list(folder.glob("weekly-*.html"))) == 2, 40)
        eventually(lambda: "the weekly report" in box.output, 10)
        assert box.errors == ""
    (whole,) = folder.glob("weekly-????-W??.html")
    assert stat.S_IMODE(whole.stat().st_mode) == 0o600
    assert "Weekly monitoring report" in whole.read_text()
    (edition,) = folder.glob("weekly-*-manager.html")
    assert "without the evidence about room-tablet-1" in " ".join(edition.read_text().split())
    assert len(list(folder.glob("weekly-*.json"))) == 1
    made_at = whole.stat().st_mtime_ns
    (folder / "weekly-2020-W01.html").write_text("long ago")
    done = command("--rules", data / LAST_GOOD, "--data", data, "report", "due", "--at", "2026-11-23 12:00")
    assert (done.returncode, done.stderr) == (0, "")
    assert "weekly-2020-W01.html was deleted" in done.stdout
    assert whole.stat().st_mtime_ns == made_at
