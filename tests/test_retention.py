"""Retention: what is too old goes, and what outlives it is kept first: sessions in the place of look-ups, reports in the place of weeks."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cast import at
from dinnerbell.config import LogConfig
from dinnerbell.grace import make_grace
from dinnerbell.log import LogReader, LogWriter, usage_path
from dinnerbell.policy import Ask, decide
from dinnerbell.retention import days_between, limits
from dinnerbell.running.tidy import tidy
from dinnerbell.sessions import sessionise
from dinnerbell.usage import Batch, log_key
from dinnerbell.weekly_from_log import NoEdition, edition_of, kept_text, weekly_value
from dinnerbell_reports import render_json, render_text
from dinnerbell_reports.values import Coverage
from dinnerbell_reports.week import parse_week
from live import ACORN_LANE, BoxProcess, command, eventually, rules_of

LONDON = ZoneInfo("Europe/London")
RULES = rules_of(ACORN_LANE + "reports: {not-about: {manager: office-laptop}}\n")
NOW = at("2026-11-23 02:40")
"""A Monday, when it runs: look-ups from Monday 9 November on may stay."""


def minute(text: str) -> int:
    return int(at(text).timestamp()) // 60


def record(data: Path, asked: list[tuple[str, str, str]], rules=RULES) -> None:
    """Write down, as the box does, that devices asked names at local times."""
    writer = LogWriter(usage_path(data))
    for when, device_name, name in asked:
        device = rules.policy.device_called(device_name)
        decision = decide(rules.policy, Ask(device, name, at(when)))
        batch = Batch()
        key = log_key(rules.log.levels[device.owner], device, name, decision)
        batch.add(minute(when), device, key, refused=decision.verdict.value == "block")
        batch.alive(minute(when))
        writer.write(batch)
    writer.close()


def visit(day: str, device: str = "office-laptop", name: str = "static.xx.fbcdn.net", hour: int = 10) -> list[tuple[str, str, str]]:
    return [(f"{day} {hour:02}:{step:02}", device, name) for step in (0, 1, 3)]


WEEKS = [
    *visit("2026-10-27"),
    *visit("2026-11-03"),
    *visit("2026-11-04", "room-tablet-1", "www.tiktok.com"),
    *visit("2026-11-08", "room-tablet-1", "only.old.example"),
    *visit("2026-11-09"),
    *visit("2026-11-17"),
    ("2026-11-17 11:00", "room-tablet-1", "newest.example"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    record(tmp_path, WEEKS)
    return tmp_path


def rows(data: Path) -> list[tuple[int, str]]:
    with LogReader(usage_path(data)) as log:
        return [(row.minute, row.name) for row in log.usage(0, 2**40)]


def sessions(data: Path, since: str = "2026-01-01 00:00"):
    """Return all sessions, as `usage` puts them together."""
    with LogReader(usage_path(data)) as log:
        live = sessionise(log.usage(log.kept_from(), 2**40), RULES.policy.catalogue.services, make_grace(RULES.policy))
        return [*log.sessions(minute(since)), *live]


# ── how long ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "now, expected",
    [
        pytest.param("2026-11-23 02:40", "2026-11-09 00:00", id="at_night"),
        pytest.param("2026-11-23 23:59", "2026-11-09 00:00", id="the_whole_day_long"),
        pytest.param("2026-11-24 00:00", "2026-11-10 00:00", id="a_day_later"),
        pytest.param("2026-10-30 12:00", "2026-10-16 00:00", id="over_the_change_of_clocks"),
    ],
)
def test_days_are_whole_ones_on_the_settings_clock(now, expected):
    found = limits(LogConfig(), at(now), LONDON)
    assert found.lookups == minute(expected)
    assert found.sessions < found.lookups
    assert found.weeks < found.sessions


def test_days_between_follow_the_walls_clock():
    days = list(days_between(minute("2026-10-24 15:00"), minute("2026-10-27 00:00"), LONDON))
    assert [len(day) for day in days] == [1440, 1500, 1440]
    assert days[0].start == minute("2026-10-24 00:00")
    assert list(days_between(10, 10, LONDON)) == [range(-60, 10)] or not list(days_between(0, -60, LONDON))


# ── what goes and what stays ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_look_ups_go_and_their_sessions_stay(data):
    before, found = rows(data), sessions(data)
    tidy(data, RULES, NOW)
    assert rows(data) == [row for row in before if row[0] >= minute("2026-11-09 00:00")]
    assert sessions(data) == found
    assert [each for each in sessions(data) if each.device == "room-tablet-1"]
    assert "only.old.example" not in names(data)


def names(data: Path) -> set[str]:
    with closing(sqlite3.connect(usage_path(data))) as log:
        return {name for (name,) in log.execute("select name from names")}


def test_a_second_run_changes_nothing_and_the_next_day_goes_on_from_there(data):
    tidy(data, RULES, NOW)
    first = rows(data), sessions(data), deletions(data)
    tidy(data, RULES, NOW)
    assert (rows(data), sessions(data), deletions(data)) == first
    tidy(data, RULES, NOW + timedelta(days=1))
    assert (len(rows(data)), sessions(data)) == (4, first[1])
    assert len(deletions(data)) == 2


def deletions(data: Path):
    with LogReader(usage_path(data)) as log:
        return [(each.what, each.before, each.count) for each in log.deletions(0, 2**40)]


def test_what_was_deleted_is_on_record(data):
    tidy(data, RULES, NOW)
    assert deletions(data) == [("look-ups", minute("2026-11-09 00:00"), 12)]


def test_sessions_go_after_their_time_and_weeks_after_theirs(data):
    tidy(data, RULES, NOW)
    tidy(data, RULES, at("2027-02-10 02:40"))
    assert [each.start for each in sessions(data)] == [at("2026-11-17 10:00").astimezone(UTC)]
    tidy(data, RULES, at("2029-11-30 02:40"))
    assert sessions(data) == []
    with LogReader(usage_path(data)) as log:
        assert log.document("2026-W45", "", "text") is None
        assert list(log.traffic(0, 2**40)) == []
        assert log.uptime(0, 2**40) == []
    assert {what for what, _, _ in deletions(data)} == {"look-ups", "sessions", "weekly reports", "hourly totals"}


def test_after_a_long_time_off_it_catches_up_in_one_run(data):
    found = sessions(data)
    tidy(data, RULES, at("2027-01-11 09:00"))
    assert rows(data) == []
    assert sessions(data) == [each for each in found if each.start >= at("2026-10-13 00:00")]


def test_an_empty_log_is_no_trouble(tmp_path):
    LogWriter(usage_path(tmp_path)).close()
    tidy(tmp_path, RULES, NOW)
    assert deletions(tmp_path) == []


# ── weekly reports ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def text_of(data: Path, week_text: str, reader: str = "", made_at: datetime = NOW) -> str:
    week = parse_week(week_text, LONDON)
    with LogReader(usage_path(data)) as log:
        return kept_text(log, RULES, week, "text", reader) or render_text(weekly_value(log, RULES, data, (), week, made_at, reader))


def test_a_week_keeps_the_report_that_was_made_of_it(data):
    whole, edition = text_of(data, "2026-W45"), text_of(data, "2026-W45", "manager")
    assert whole != edition
    tidy(data, RULES, NOW)
    assert text_of(data, "2026-W45", made_at=NOW + timedelta(days=99)) == whole
    assert text_of(data, "2026-W45", "manager", NOW + timedelta(days=99)) == edition
    assert text_of(data, "2026-W45", "safeguarding-lead") == whole


def test_a_week_whose_look_ups_are_there_is_made_anew(data):
    tidy(data, RULES, NOW)
    assert "3 December" in text_of(data, "2026-W47", made_at=at("2026-12-03 09:00"))


def test_a_reader_from_whom_something_is_kept_since_never_gets_the_whole_report(data):
    others = rules_of()
    tidy(data, others, NOW)
    assert edition_of(RULES, "manager") == "manager"
    with LogReader(usage_path(data)) as log, pytest.raises(NoEdition, match="no edition for manager was kept"):
        kept_text(log, RULES, parse_week("2026-W45", LONDON), "text", "manager")


def test_the_trend_goes_on_over_weeks_that_are_deleted(data):
    with LogReader(usage_path(data)) as log:
        full = weekly_value(log, RULES, data, (), parse_week("2026-W47", LONDON), NOW).pattern.trend
    tidy(data, RULES, NOW)
    with LogReader(usage_path(data)) as log:
        value = weekly_value(log, RULES, data, (), parse_week("2026-W47", LONDON), NOW)
    assert value.pattern.trend == full
    assert [each.coverage for each in full] == [Coverage.FULL] * 4
    assert "12 look-ups of before 9 November" not in render_json(value), "that was deleted in the week after"


def test_only_full_weeks_are_kept(data):
    record(data, visit("2026-11-23", hour=1))
    tidy(data, RULES, NOW)
    with LogReader(usage_path(data)) as log:
        assert log.document("2026-W47", "", "json")
        assert log.document("2026-W48", "", "json") is None


def test_minutes_of_1970_that_a_trusted_clock_left_are_no_trouble(data):
    record(data, [("1970-01-01 12:00", "office-laptop", "www.example.org")])
    found = sessions(data, "1970-01-01 01:00")
    tidy(data, RULES, NOW)
    assert sessions(data) == found
    assert min(rows(data))[0] >= minute("2026-11-09 00:00")


# ── beside a box ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_writer_that_knows_a_name_which_was_deleted_writes_it_anew(data):
    """The proxy and the box have each their own writer, and remember ids."""
    writer = LogWriter(usage_path(data))
    device = RULES.policy.device_called("room-tablet-1")
    old = Batch()
    for name, when in (("only.old.example", "2026-11-08 10:30"), ("newest.example", "2026-11-17 12:00")):
        decision = decide(RULES.policy, Ask(device, name, at(when)))
        old.add(minute(when), device, log_key(RULES.log.levels[device.owner], device, name, decision), refused=False)
    writer.write(old)
    tidy(data, RULES, NOW)
    assert "only.old.example" not in names(data)
    late = Batch()
    decision = decide(RULES.policy, Ask(device, "only.old.example", NOW))
    key = log_key(RULES.log.levels[device.owner], device, "only.old.example", decision)
    late.add(minute("2026-11-23 09:00"), device, key, refused=False)
    writer.write(late)
    writer.close()
    assert (minute("2026-11-23 09:00"), "only.old.example") in rows(data)


def test_the_running_box_does_it_by_itself_and_goes_on_answering(tmp_path, local_upstream):
    """Rows of long ago, a box that starts: some moments later they are gone, and `usage` and the report still know of them."""
    rules, data = tmp_path / "rules.yaml", tmp_path / "data"
    rules.write_text(ACORN_LANE)
    past = datetime.now(LONDON) - timedelta(days=30)
    record(data, visit(f"{past:%Y-%m-%d}"))
    (tmp_path / "clock").write_text("0")
    with BoxProcess(rules, data, "--tidy-after", "0.2", upstreams=[local_upstream.endpoint], clock=tmp_path / "clock") as box:
        eventually(lambda: deletions(data), 150)  # its process gives way to everything else on the machine
        box.ask("www.example.org")
        eventually(lambda: any(name == "www.example.org" for _, name in rows(data)))
        assert not [name for _, name in rows(data) if name == "static.xx.fbcdn.net"]
        assert box.errors == ""
    told = command("--rules", rules, "--data", data, "usage", "--since", f"{past:%Y-%m-%d} 00:00")
    assert "Facebook" in told.stdout or "facebook" in told.stdout
    report = command("--rules", rules, "--data", data, "report", "weekly", "--week", f"{past:%G-W%V}")
    assert (report.returncode, "office-laptop" in report.stdout) == (0, True), report.stderr


def test_a_box_whose_clock_is_wrong_deletes_nothing(tmp_path, local_upstream):
    """Its idea of what is old is not worth anything."""
    rules, data = tmp_path / "rules.yaml", tmp_path / "data"
    rules.write_text(ACORN_LANE)
    now = datetime.now(LONDON)
    record(data, [*visit(f"{now - timedelta(days=30):%Y-%m-%d}"), *visit(f"{now:%Y-%m-%d}", hour=0)])
    (tmp_path / "clock").write_text(str(-3 * 86400))
    with BoxProcess(rules, data, "--tidy-after", "0.1", upstreams=[local_upstream.endpoint], clock=tmp_path / "clock") as box:
        eventually(lambda: "--trust-clock" in box.errors)
        eventually(lambda: box.ask("www.example.org"))
    assert len(rows(data)) == 6
