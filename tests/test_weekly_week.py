"""Weeks: Monday to Monday on the setting's clock, also where the clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from dinnerbell_reports import BadWeek, last_full_week, parse_week, week_of

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    "text, hours, start, end",
    [
        pytest.param("2026-W47", 168, "2026-11-16T00:00:00+00:00", "2026-11-23T00:00:00+00:00", id="ordinary"),
        pytest.param("2026-W43", 169, "2026-10-19T00:00:00+01:00", "2026-10-26T00:00:00+00:00", id="clocks_go_back"),
        pytest.param("2027-W12", 167, "2027-03-22T00:00:00+00:00", "2027-03-29T00:00:00+01:00", id="clocks_go_forward"),
        pytest.param("2026-W53", 168, "2026-12-28T00:00:00+00:00", "2027-01-04T00:00:00+00:00", id="week_53_ends_in_the_next_year"),
        pytest.param("2026W7", 168, "2026-02-09T00:00:00+00:00", "2026-02-16T00:00:00+00:00", id="written_short"),
        pytest.param(" 2026-w07 ", 168, "2026-02-09T00:00:00+00:00", "2026-02-16T00:00:00+00:00", id="written_small"),
    ],
)
def test_a_week_runs_from_monday_to_monday(text: str, hours: int, start: str, end: str):
    """Both ends are local midnights, and the hours between are counted, not assumed."""
    week = parse_week(text, LONDON)
    assert (week.hours, week.start.isoformat(), week.end.isoformat()) == (hours, start, end)
    assert len(week.minutes) == hours * 60
    assert parse_week(week.text, LONDON) == week


@pytest.mark.parametrize(
    "text, advice",
    [
        pytest.param("47", "write it like 2026-W47", id="number_only"),
        pytest.param("2026-11-16", "write it like 2026-W47", id="a_date"),
        pytest.param("2025-W53", "go from 2025-W01 to 2025-W52", id="week_53_of_a_short_year"),
        pytest.param("2026-W00", "go from 2026-W01 to 2026-W53", id="week_0"),
        pytest.param("0001-W01", "between 2000 and 2099", id="long_ago"),
        pytest.param("", "write it like 2026-W47", id="nothing"),
    ],
)
def test_what_is_no_week_is_refused_with_advice(text: str, advice: str):
    """A slip of the finger is answered by how to write it right."""
    with pytest.raises(BadWeek, match=advice):
        parse_week(text, LONDON)


@pytest.mark.parametrize(
    "now, expected",
    [
        pytest.param("2026-11-22T23:59:59+00:00", "2026-W46", id="last_second_of_sunday"),
        pytest.param("2026-11-23T00:00:00+00:00", "2026-W47", id="monday_midnight"),
        pytest.param("2026-08-16T22:30:00+00:00", "2026-W32", id="sunday_late_in_summer_time"),
        pytest.param("2026-08-16T23:00:00+00:00", "2026-W33", id="already_monday_in_summer_time"),
        pytest.param("2027-01-04T07:00:00+00:00", "2026-W53", id="after_new_year"),
    ],
)
def test_the_last_full_week_is_over_on_the_settings_clock(now: str, expected: str):
    """It is the newest week whose Sunday has ended where the setting is, not in UTC."""
    assert last_full_week(datetime.fromisoformat(now), LONDON).text == expected


def test_the_week_of_an_instant_starts_on_its_monday():
    """Every instant of a week leads to the same Monday."""
    assert {week_of(datetime(2026, 11, day, 12, tzinfo=UTC), LONDON).monday for day in range(16, 23)} == {date(2026, 11, 16)}
