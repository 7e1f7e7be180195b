"""When does this next change? Exactly then: on ordinary days, when the clocks change, and after closures."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cast import LONDON, STAFF_PHONE, approval, ask, at, closures, policy, rule, span
from dinnerbell.changes import day_instants, next_change


def change(windows, text, *, zone=LONDON, fold=0, closed=None, **how):
    """Return when being inside these windows next changes, seen from a wall-clock time, on the wall again (or None)."""
    when = span(*([windows] if isinstance(windows, str) else windows), **how)
    own = policy(rule("block", "instagram", when=when), zone=zone, closed=closed)
    until = ask(own, STAFF_PHONE, "instagram.com", at(text, zone, fold=fold)).until
    return until and until.astimezone(zone).strftime("%Y-%m-%d %H:%M %z")


@pytest.mark.parametrize(
    "windows, text, expected",
    [
        pytest.param("12:00-13:00", "2026-11-23 11:59:59", "2026-11-23 12:00 +0000", id="a_second_before"),
        pytest.param("12:00-13:00", "2026-11-23 12:00", "2026-11-23 13:00 +0000", id="at_the_start_it_is_the_end"),
        pytest.param("12:00-13:00", "2026-11-23 13:00", "2026-11-24 12:00 +0000", id="at_the_end_it_is_the_next_start"),
        pytest.param("mon 12:00-13:00", "2026-11-23 12:30", "2026-11-23 13:00 +0000", id="inside"),
        pytest.param("mon 12:00-13:00", "2026-11-23 13:30", "2026-11-30 12:00 +0000", id="a_week_later"),
        pytest.param("mon 12:00-13:00", "2026-11-23 11:00", "2026-11-23 12:00 +0000", id="later_today"),
        pytest.param("22:00-06:00", "2026-11-23 23:00", "2026-11-24 06:00 +0000", id="past_midnight"),
        pytest.param("fri 22:00-06:00", "2026-11-28 06:00", "2026-12-04 22:00 +0000", id="from_the_end_of_a_night"),
        pytest.param("mon 00:00-24:00", "2026-11-23 12:00", "2026-11-24 00:00 +0000", id="midnight"),
        pytest.param(("mon 00:00-24:00", "tue 00:00-12:00"), "2026-11-23 12:00", "2026-11-24 12:00 +0000", id="windows_that_touch"),
        pytest.param(("11:00-13:00", "12:00-14:00"), "2026-11-23 11:30", "2026-11-23 14:00 +0000", id="windows_that_overlap"),
        pytest.param("00:00-24:00", "2026-11-23 12:00", None, id="always_never_changes"),
        pytest.param(("00:00-12:00", "12:00-24:00"), "2026-11-23 11:00", None, id="always_in_two_pieces"),
    ],
)
def test_a_window_changes_at_its_start_and_its_end(windows, text, expected):
    assert change(windows, text) == expected


@pytest.mark.parametrize(
    "windows, text, fold, expected",
    [
        pytest.param("sun 01:00-02:00", "2027-03-27 12:00", 0, "2027-04-04 01:00 +0100", id="the_missing_hour_waits_a_week"),
        pytest.param("sun 01:30-02:30", "2027-03-28 00:30", 0, "2027-03-28 02:00 +0100", id="a_start_in_the_gap_is_its_end"),
        pytest.param("sun 00:30-01:30", "2027-03-28 00:45", 0, "2027-03-28 02:00 +0100", id="an_end_in_the_gap_is_its_end"),
        pytest.param("sun 00:00-24:00", "2027-03-27 12:00", 0, "2027-03-28 00:00 +0000", id="the_eve_of_spring_day"),
        pytest.param("sun 00:00-24:00", "2027-03-28 12:00", 0, "2027-03-29 00:00 +0100", id="the_end_of_spring_day"),
        pytest.param("sun 00:00-00:30", "2027-03-27 12:00", 0, "2027-03-28 00:00 +0000", id="before_the_gap_from_the_eve"),
        pytest.param("sun 00:00-24:00", "2026-10-24 12:00", 0, "2026-10-25 00:00 +0100", id="the_eve_of_autumn_day"),
        pytest.param("sun 01:00-02:00", "2026-10-25 01:30", 0, "2026-10-25 02:00 +0000", id="the_doubled_hour_is_two_hours"),
        pytest.param("sun 01:15-01:45", "2026-10-25 01:30", 0, "2026-10-25 01:45 +0100", id="first_half_of_a_doubled_window"),
        pytest.param("sun 01:15-01:45", "2026-10-25 01:50", 0, "2026-10-25 01:15 +0000", id="it_comes_again"),
        pytest.param("sun 01:15-01:45", "2026-10-25 01:30", 1, "2026-10-25 01:45 +0000", id="second_half_of_a_doubled_window"),
        pytest.param("sun 01:30-03:00", "2026-10-25 01:40", 0, "2026-10-25 01:00 +0000", id="the_clock_goes_back_out_of_the_window"),
        pytest.param("mon 00:30-01:00", "2026-10-25 12:00", 0, "2026-10-26 00:30 +0000", id="the_day_after"),
    ],
)
def test_changes_where_the_clocks_change_are_found_to_the_minute(windows, text, fold, expected):
    assert change(windows, text, fold=fold) == expected


@pytest.mark.parametrize(
    "zone, windows, text, expected",
    [
        pytest.param("Australia/Lord_Howe", "sun 02:00-02:30", "2026-10-03 12:00", "2026-10-11 02:00 +1100", id="half_an_hour_is_missing"),
        pytest.param("Australia/Lord_Howe", "sun 02:15-03:00", "2026-10-03 12:00", "2026-10-04 02:30 +1100", id="a_start_in_half_a_gap"),
        pytest.param("Australia/Lord_Howe", "sun 01:30-02:00", "2027-04-04 01:45", "2027-04-04 02:00 +1030", id="half_an_hour_twice"),
        pytest.param("America/Denver", "sun 00:00-24:00", "2026-10-31 09:00", "2026-11-01 00:00 -0600", id="denver_eve_of_autumn_day"),
        pytest.param("Asia/Kathmandu", "sun 02:00-02:30", "2026-10-03 12:00", "2026-10-04 02:00 +0545", id="quarter_of_an_hour_offset"),
        pytest.param("Africa/Cairo", "fri 00:00-02:00", "2026-04-23 12:00", "2026-04-24 01:00 +0300", id="the_missing_hour_is_midnight"),
        pytest.param("Africa/Cairo", "thu 23:30-24:00", "2026-10-29 23:45", "2026-10-29 23:00 +0200", id="the_evening_hour_twice"),
        pytest.param("America/Havana", "sun 00:00-00:30", "2026-10-31 12:00", "2026-11-01 00:00 -0400", id="the_midnight_hour_twice"),
    ],
)
def test_other_zones_have_other_gaps(zone, windows, text, expected):
    assert change(windows, text, zone=ZoneInfo(zone)) == expected


CHRISTMAS = closures(("2026-12-21", "2027-01-01"))


@pytest.mark.parametrize(
    "windows, text, closed, expected",
    [
        pytest.param("mon-fri 08:00-18:00", "2026-12-18 18:00", CHRISTMAS, "2027-01-04 08:00 +0000", id="over_the_holidays"),
        pytest.param("mon-fri 00:00-24:00", "2026-12-18 12:00", CHRISTMAS, "2026-12-19 00:00 +0000", id="before_the_holidays"),
        pytest.param("00:00-24:00", "2026-11-23 12:00", CHRISTMAS, "2026-12-21 00:00 +0000", id="always_ends_when_they_begin"),
        pytest.param("00:00-24:00", "2026-12-25 12:00", CHRISTMAS, "2027-01-02 00:00 +0000", id="always_begins_when_they_end"),
        pytest.param("00:00-24:00", "2027-01-02 12:00", CHRISTMAS, None, id="never_after_the_last_closure"),
        pytest.param("22:00-06:00", "2026-12-20 23:00", CHRISTMAS, "2026-12-21 06:00 +0000", id="into_the_first_closed_day"),
        pytest.param("22:00-06:00", "2026-12-21 06:00", CHRISTMAS, "2027-01-02 22:00 +0000", id="no_night_on_a_closed_day"),
        pytest.param("22:00-21:59", "2026-12-20 21:58", CHRISTMAS, "2026-12-20 21:59 +0000", id="nearly_a_day_and_closures"),
        pytest.param("closed", "2026-11-23 12:00", CHRISTMAS, "2026-12-21 00:00 +0000", id="closed_begins"),
        pytest.param("closed", "2026-12-22 12:00", CHRISTMAS, "2027-01-02 00:00 +0000", id="closed_ends"),
        pytest.param("closed", "2027-01-02 12:00", CHRISTMAS, None, id="never_closed_again"),
        pytest.param("closed", "2026-11-23 12:00", None, None, id="never_closed"),
        pytest.param("closed", "2026-09-01 12:00", closures(bank_holidays="england"), "2026-12-25 00:00 +0000", id="the_next_bank_holiday"),
        pytest.param("mon 00:00-24:00", "2026-08-30 12:00", closures(bank_holidays="england"), "2026-09-07 00:00 +0100", id="a_monday_off"),
        pytest.param("00:00-24:00", "2026-11-23 12:00", closures("2199-12-31"), "2199-12-31 00:00 +0000", id="far_away"),
    ],
)
def test_closures_move_the_next_change(windows, text, closed, expected):
    assert change(windows, text, closed=closed) == expected


def test_a_time_that_leaves_closures_alone_does_not_change_for_them():
    assert change("00:00-24:00", "2026-12-18 12:00", closed=CHRISTMAS, ignore_closures=True) is None
    assert change("mon-fri 08:00-18:00", "2026-12-21 12:00", closed=CHRISTMAS, ignore_closures=True) == "2026-12-21 18:00 +0000"


def approved_change(first, last, text):
    own = policy(rule("allow", "instagram", approved=approval(first, last)), rule("block", "instagram"))
    until = ask(own, STAFF_PHONE, "instagram.com", at(text)).until
    return until and until.astimezone(LONDON).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    "first, last, text, expected",
    [
        pytest.param("2026-09-01", "2027-08-31", "2026-08-31 23:59", "2026-09-01 00:00", id="begins"),
        pytest.param("2026-09-01", "2027-08-31", "2026-09-01 00:00", "2027-09-01 00:00", id="ends_after_its_last_day"),
        pytest.param("2026-09-01", "2027-08-31", "2027-08-31 23:59", "2027-09-01 00:00", id="on_its_last_day"),
        pytest.param("2026-09-01", "2027-08-31", "2027-09-01 00:00", None, id="lapsed_for_good"),
        pytest.param("2080-01-01", "2080-01-01", "2026-09-01 00:00", "2080-01-01 00:00", id="in_half_a_century"),
        pytest.param("2026-09-01", "9999-12-31", "2026-09-01 00:00", None, id="until_the_end_of_the_calendar"),
        pytest.param("9999-12-31", "9999-12-31", "2026-09-01 00:00", None, id="from_the_end_of_the_calendar"),
    ],
)
def test_an_approval_changes_at_midnight(first, last, text, expected):
    assert approved_change(first, last, text) == expected


def test_an_approved_window_waits_for_its_first_day():
    approved = rule("allow", "instagram", when=span("wed 12:00-13:00"), approved=approval("2027-06-01", "2027-06-30"))
    own = policy(approved, rule("block", "instagram"))
    assert ask(own, STAFF_PHONE, "instagram.com", at("2026-11-23 12:00")).until == at("2027-06-02 12:00")
    assert ask(own, STAFF_PHONE, "instagram.com", at("2027-06-30 13:00")).until is None


@pytest.mark.parametrize(
    "last, expected",
    [
        pytest.param("2199-12-31", "2200-01-01 08:00 +0000", id="for_centuries"),
        pytest.param("9999-12-31", None, id="for_good"),
    ],
)
def test_a_setting_that_has_closed_for_very_long_is_still_answered_at_once(last, expected):
    """A closure of centuries is no reason to look at each of its days (it took minutes before)."""
    closed = closures(("2026-09-01", last))
    assert change("mon-fri 08:00-18:00", "2026-11-23 12:00", closed=closed) == expected


def test_what_does_not_change_is_asked_a_few_times_only():
    """The search ends after an ordinary week: it does not walk through the calendar."""
    asked = []

    def never(instant):
        asked.append(instant)
        return 0

    start = at("2026-11-23 12:00")
    assert next_change(never, start, zone=LONDON, marks=frozenset({0, 480, 1080}), dates=[], closures=None) is None
    assert asked[-1] - start < timedelta(days=10)
    assert asked == sorted(asked)


@pytest.mark.parametrize(
    "zone, day",
    [
        pytest.param("Europe/London", date(2027, 3, 27), id="london_spring"),
        pytest.param("Europe/London", date(2026, 10, 24), id="london_autumn"),
        pytest.param("Africa/Cairo", date(2026, 4, 23), id="cairo_spring"),
        pytest.param("Africa/Cairo", date(2026, 10, 28), id="cairo_autumn"),
        pytest.param("America/Nuuk", date(2026, 10, 23), id="nuuk_autumn_back_over_midnight"),
        pytest.param("Australia/Lord_Howe", date(2027, 4, 3), id="lord_howe_autumn"),
        pytest.param("Pacific/Apia", date(2011, 12, 28), id="apia_without_30_december_2011"),
    ],
)
def test_the_instants_of_days_follow_each_other(zone, day):
    """Four days around a change: in order, none twice, and the change itself among them."""
    zone = ZoneInfo(zone)
    marks = frozenset({0, 15, 60, 90, 120, 150, 720, 1439})
    days = [day + timedelta(days=step) for step in range(4)]
    instants = [instant for each in days for instant in day_instants(each, zone, marks)]
    assert instants == sorted(set(instants))
    first = datetime.combine(days[0], datetime.min.time(), zone).astimezone(UTC)
    offsets = [(first + timedelta(minutes=step)).astimezone(zone).utcoffset() for step in range(-1, 60 * 80)]
    changes = [first + timedelta(minutes=step) for step in range(60 * 80) if offsets[step] != offsets[step + 1]]
    assert changes
    assert set(changes) <= set(instants)
