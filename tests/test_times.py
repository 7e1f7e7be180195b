"""Windows are statements about the clock on the wall: these are their edges."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import LONDON, at, closures, policy, span
from dinnerbell.times import (
    BANK_HOLIDAY_REGIONS,
    CLOSED,
    EVERY_DAY,
    BadTime,
    Closures,
    Window,
    clock_text,
    days_text,
    parse_date,
    parse_date_range,
    parse_days,
    parse_window,
)

DENVER, BRUSSELS = ZoneInfo("America/Denver"), ZoneInfo("Europe/Brussels")
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


def inside(windows, text, *, zone=LONDON, fold=0, closed=None, **how):
    """Ask a setting in `zone` whether a wall-clock time lies inside windows, by way of the instant."""
    windows = (windows,) if isinstance(windows, str) else windows
    return policy(zone=zone, closed=closed).covers(span(*windows, **how), at(text, zone, fold=fold))


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("12:00-13:00", Window(EVERY_DAY, 720, 780), id="no_day_is_every_day"),
        pytest.param("mon-fri 08:00-18:00", Window(frozenset(range(5)), 480, 1080), id="day_range"),
        pytest.param("Monday-FRIDAY 8:00-18:00", Window(frozenset(range(5)), 480, 1080), id="long_names_any_case_one_digit"),
        pytest.param("fri-mon 08:00-18:00", Window(frozenset({FRI, SAT, SUN, MON}), 480, 1080), id="range_that_wraps"),
        pytest.param("mon,wed 08:00-18:00", Window(frozenset({MON, WED}), 480, 1080), id="list"),
        pytest.param("mon , wed 08:00 - 18:00", Window(frozenset({MON, WED}), 480, 1080), id="spaces"),
        pytest.param("mon-tue,thu-fri 08:00-18:00", Window(frozenset({MON, TUE, THU, FRI}), 480, 1080), id="list_of_ranges"),
        pytest.param("mon,mon-tue 08:00-18:00", Window(frozenset({MON, TUE}), 480, 1080), id="days_twice"),
        pytest.param("sun-sat 08:00-18:00", Window(EVERY_DAY, 480, 1080), id="range_of_all_from_sunday"),
        pytest.param("wed-wed 08:00-18:00", Window(frozenset({WED}), 480, 1080), id="range_of_one"),
        pytest.param("mon–fri 08:00–18:00", Window(frozenset(range(5)), 480, 1080), id="typeset_dashes"),  # noqa: RUF001
        pytest.param("18:00-24:00", Window(EVERY_DAY, 1080, 1440), id="end_at_24"),
        pytest.param("18:00-00:00", Window(EVERY_DAY, 1080, 1440), id="end_at_0"),
        pytest.param("00:00-24:00", Window(EVERY_DAY, 0, 1440), id="whole_day"),
        pytest.param("22:00-06:00", Window(EVERY_DAY, 1320, 1800), id="past_midnight"),
        pytest.param("00:01-00:00", Window(EVERY_DAY, 1, 1440), id="all_but_a_minute"),
        pytest.param("12:01-12:00", Window(EVERY_DAY, 721, 2160), id="a_minute_less_than_a_day"),
    ],
)
def test_a_window_is_read_as_a_manager_writes_it(text, expected):
    assert parse_window(text) == expected


@pytest.mark.parametrize(
    "text, says",
    [
        pytest.param("", "write it like", id="nothing"),
        pytest.param("lunch", "write it like", id="a_word"),
        pytest.param("mon-fri", "mon-fri 00:00-24:00", id="days_only"),
        pytest.param("08:00", "write it like", id="start_only"),
        pytest.param("08:00-", "write it like", id="no_end"),
        pytest.param("-18:00", "write it like", id="no_start"),
        pytest.param("12:00-12:00", "same minute", id="start_is_end"),
        pytest.param("00:00-00:00", "00:00-24:00", id="midnight_to_midnight"),
        pytest.param("24:00-06:00", "only be an end", id="start_at_24"),
        pytest.param("25:00-07:00", "hours go to 23", id="hour_25"),
        pytest.param("08:00-18:60", "minutes to 59", id="minute_60"),
        pytest.param("08:00-24:01", "hours go to 23", id="past_24"),
        pytest.param("8-18", "write it like", id="no_minutes"),
        pytest.param("1pm-2pm", "1pm is 13:00", id="twelve_hour_clock"),
        pytest.param("12.00-13.00", "with a colon", id="full_stops"),
        pytest.param("12:00-13:00, 14:00-15:00", "several windows are a list", id="two_windows_in_one_text"),
        pytest.param("mno 12:00-13:00", "'mno' is not a day", id="no_such_day"),
        pytest.param("mon wed 12:00-13:00", "is not a day", id="days_without_comma"),
        pytest.param("mon, 12:00-13:00", "write it like", id="comma_too_many"),
        pytest.param("mon-wed-fri 12:00-13:00", "is not a day", id="range_of_three"),
        pytest.param("12:00:00-13:00:00", "write it like", id="seconds"),
    ],
)
def test_what_is_no_window_is_refused_with_advice(text, says):
    with pytest.raises(BadTime) as caught:
        parse_window(text)
    assert says in str(caught.value)


windows_ = st.builds(
    lambda days, start, length: Window(days, start, start + length),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1439),
) | st.just(Window(EVERY_DAY, 0, 1440))


@given(windows_)
def test_what_a_window_prints_reads_back_as_itself(window):
    assert parse_window(str(window)) == window


@given(st.frozensets(st.integers(0, 6), min_size=1))
def test_what_days_print_reads_back_as_them(days):
    assert parse_days(days_text(days)) == days


@given(st.text(alphabet="montuefrisat,- 0123456789:", max_size=24) | st.text(max_size=24))
def test_any_text_is_a_window_or_a_bad_time(text):
    """No other exception, and a window never starts where it ends nor lasts longer than a day."""
    try:
        window = parse_window(text)
    except BadTime:
        return
    assert window.days
    assert 0 <= window.start < 1440
    assert window.start < window.end <= window.start + 1440


@pytest.mark.parametrize(
    "windows, text, expected",
    [
        pytest.param("mon 12:00-13:00", "2026-11-23 11:59:59", False, id="second_before"),
        pytest.param("mon 12:00-13:00", "2026-11-23 12:00:00", True, id="first_second"),
        pytest.param("mon 12:00-13:00", "2026-11-23 12:59:59", True, id="last_second"),
        pytest.param("mon 12:00-13:00", "2026-11-23 13:00:00", False, id="end_is_outside"),
        pytest.param("mon 12:00-13:00", "2026-11-24 12:30", False, id="other_day"),
        pytest.param("mon 12:00-12:01", "2026-11-23 12:00:59", True, id="one_minute_window"),
        pytest.param("mon 12:00-12:01", "2026-11-23 12:01", False, id="one_minute_past_end"),
        pytest.param("mon 00:00-24:00", "2026-11-23 00:00", True, id="whole_day_first_minute"),
        pytest.param("mon 00:00-24:00", "2026-11-23 23:59:59", True, id="whole_day_last_second"),
        pytest.param("mon 00:00-24:00", "2026-11-24 00:00", False, id="whole_day_is_over"),
        pytest.param("mon 00:00-24:00", "2026-11-22 23:59:59", False, id="whole_day_not_yet"),
        pytest.param("fri-mon 12:00-13:00", "2026-11-22 12:30", True, id="wrapped_days_sunday"),
        pytest.param("fri-mon 12:00-13:00", "2026-11-25 12:30", False, id="wrapped_days_wednesday"),
        pytest.param("mon,wed 12:00-13:00", "2026-11-24 12:30", False, id="between_listed_days"),
        pytest.param(("mon-thu 12:00-13:00", "fri 11:30-12:30"), "2026-11-27 11:45", True, id="second_window_of_several"),
        pytest.param(("mon-thu 12:00-13:00", "fri 11:30-12:30"), "2026-11-27 12:45", False, id="first_window_other_day"),
        pytest.param(("10:00-10:15", "12:00-13:00", "15:00-15:15"), "2026-11-23 15:14", True, id="third_window_of_a_day"),
        pytest.param(("10:00-10:15", "12:00-13:00", "15:00-15:15"), "2026-11-23 14:00", False, id="between_windows_of_a_day"),
        pytest.param(("11:00-13:00", "12:00-14:00"), "2026-11-23 13:30", True, id="overlap_is_fine"),
        pytest.param("mon,fri 22:00-06:00", "2026-11-23 21:59:59", False, id="night_not_yet"),
        pytest.param("mon,fri 22:00-06:00", "2026-11-23 22:00", True, id="night_first_minute"),
        pytest.param("mon,fri 22:00-06:00", "2026-11-24 00:00", True, id="night_midnight"),
        pytest.param("mon,fri 22:00-06:00", "2026-11-24 05:59:59", True, id="night_last_second"),
        pytest.param("mon,fri 22:00-06:00", "2026-11-24 06:00", False, id="night_is_over"),
        pytest.param("mon,fri 22:00-06:00", "2026-11-23 03:00", False, id="morning_of_the_day_it_starts"),
        pytest.param("mon,fri 22:00-06:00", "2026-11-24 23:00", False, id="evening_of_the_day_it_ends"),
        pytest.param("mon,fri 22:00-06:00", "2026-11-26 03:00", False, id="night_of_no_listed_day"),
        pytest.param("sun 22:00-06:00", "2026-11-23 05:00", True, id="sunday_night_into_monday"),
        pytest.param("mon 22:00-00:00", "2026-11-23 23:59", True, id="until_midnight"),
        pytest.param("mon 22:00-00:00", "2026-11-24 00:00", False, id="not_past_midnight"),
        pytest.param("mon 12:01-12:00", "2026-11-24 11:59", True, id="nearly_a_day"),
        pytest.param("mon 12:01-12:00", "2026-11-24 12:00", False, id="nearly_a_day_over"),
    ],
)
def test_a_window_holds_from_its_first_second_up_to_its_end(windows, text, expected):
    assert inside(windows, text) is expected


@pytest.mark.parametrize(
    "windows, text, zone, expected",
    [
        # AdGuard Home #8514: time elapsed since midnight is not the time on the wall
        pytest.param("18:00-21:30", "2026-11-01 21:00", DENVER, True, id="denver_evening_of_the_day_with_25_hours"),
        pytest.param("18:00-21:30", "2026-11-01 21:30", DENVER, False, id="denver_end_on_the_day_with_25_hours"),
        pytest.param("18:00-21:30", "2026-11-01 17:30", DENVER, False, id="denver_before_on_the_day_with_25_hours"),
        pytest.param("00:00-08:00", "2027-03-28 08:30", LONDON, False, id="london_morning_of_the_day_with_23_hours"),
        pytest.param("00:00-08:00", "2027-03-28 07:59:59", LONDON, True, id="london_last_second_on_the_day_with_23_hours"),
        pytest.param("sun 12:00-14:00", "2027-03-28 13:59", BRUSSELS, True, id="brussels_sunday_lunch"),
        pytest.param("sun 12:00-14:00", "2027-03-28 14:00", BRUSSELS, False, id="brussels_sunday_lunch_over"),
    ],
)
def test_a_window_follows_the_wall_on_the_days_the_clocks_change(windows, text, zone, expected):
    assert inside(windows, text, zone=zone) is expected


# What the schedules of other filters are tested for, in our words. Where ours means another thing, the row says so.
PEERS = {
    "adguard_home_inside_the_days_range": ("sun 12:00-14:00", "2026-11-22 12:00", BRUSSELS, True),
    "adguard_home_the_end_is_outside": ("sun 12:00-14:00", "2026-11-22 14:00", BRUSSELS, False),
    "adguard_home_same_hour_of_another_day": ("sun 12:00-14:00", "2026-11-23 12:00", BRUSSELS, False),
    "adguard_home_whole_day_to_its_last_second": ("mon 00:00-24:00", "2026-11-23 23:59:59", BRUSSELS, True),
    "adguard_home_8514_denver_autumn": ("18:00-21:30", "2026-11-01 21:00", DENVER, True),
    "adguard_home_8514_london_spring": ("00:00-08:00", "2027-03-28 08:30", LONDON, False),
    "blocky_friday_night_is_fridays": ("fri 22:00-06:00", "2026-11-28 05:59", LONDON, True),
    "blocky_friday_night_is_not_thursdays": ("fri 22:00-06:00", "2026-11-27 03:00", LONDON, False),
    "blocky_saturday_evening_is_no_friday_night": ("fri 22:00-06:00", "2026-11-28 22:30", LONDON, False),
    "blocky_no_day_named_means_every_day": ("22:00-06:00", "2026-11-26 03:00", LONDON, True),
    "blocky_days_as_a_list": ("mon,wed,fri 09:00-17:00", "2026-11-24 10:00", LONDON, False),
    "dnscrypt_proxy_reversed_hours_run_over_midnight": ("mon 21:00-07:00", "2026-11-23 23:00", LONDON, True),
    "dnscrypt_proxy_reversed_hours_of_the_same_morning_are_not_ours": ("mon 21:00-07:00", "2026-11-23 03:00", LONDON, False),
    "dnscrypt_proxy_reversed_hours_of_the_next_morning_are_ours": ("mon 21:00-07:00", "2026-11-24 03:00", LONDON, True),
    "dnscrypt_proxy_two_windows_meet_without_a_gap": (("mon 08:00-12:00", "mon 12:00-17:00"), "2026-11-23 12:00", LONDON, True),
    "eblocker_a_new_day_starts_at_midnight_on_the_wall": (("sat 00:00-24:00", "sun 00:00-24:00"), "2026-11-22 00:00", LONDON, True),
    "eblocker_the_day_of_25_hours_ends_at_its_own_midnight": ("sun 00:00-24:00", "2026-10-25 23:59:59", LONDON, True),
    "eblocker_the_day_after_25_hours_is_another": ("sun 00:00-24:00", "2026-10-26 00:00", LONDON, False),
    "eblocker_the_day_of_23_hours_ends_at_its_own_midnight": ("sun 00:00-24:00", "2027-03-28 23:59:59", LONDON, True),
    "eblocker_the_day_after_23_hours_is_another": ("sun 00:00-24:00", "2027-03-29 00:00", LONDON, False),
}


@pytest.mark.parametrize("windows, text, zone, expected", PEERS.values(), ids=PEERS)
def test_the_cases_of_the_peers(windows, text, zone, expected):
    assert inside(windows, text, zone=zone) is expected


def test_the_zone_is_the_settings_whatever_zone_the_instant_comes_in():
    instant = at("2026-07-06 12:30")
    assert policy().covers(span("12:00-13:00"), instant.astimezone(DENVER))
    assert not policy(zone=DENVER).covers(span("12:00-13:00"), instant)


def covered_minutes(windows, first, last, zone=LONDON):
    """Return the instants (UTC) of whole minutes in [first, last) that lie inside."""
    own = policy(zone=zone)
    minutes = int((last - first).total_seconds()) // 60
    return [moment for step in range(minutes) if own.covers(span(windows), moment := first + timedelta(minutes=step))]


def test_in_spring_the_missing_hour_does_not_happen():
    assert covered_minutes("sun 01:00-02:00", at("2027-03-27 00:00"), at("2027-03-30 00:00")) == []


def test_in_spring_a_window_over_the_missing_hour_is_an_hour_shorter():
    assert len(covered_minutes("sat 22:00-06:00", at("2027-03-27 12:00"), at("2027-03-28 12:00"))) == 7 * 60


def test_in_autumn_the_doubled_hour_happens_twice():
    found = covered_minutes("sun 01:00-02:00", at("2026-10-24 00:00"), at("2026-10-27 00:00"))
    assert (len(found), found[0], found[-1]) == (120, at("2026-10-25 01:00"), at("2026-10-25 01:59", fold=1))


def test_in_autumn_a_part_of_the_doubled_hour_happens_twice_with_a_pause():
    found = covered_minutes("01:15-01:45", at("2026-10-25 00:00"), at("2026-10-25 12:00"))
    assert found[:30] == [at("2026-10-25 01:15") + timedelta(minutes=step) for step in range(30)]
    assert found[30:] == [at("2026-10-25 01:15", fold=1) + timedelta(minutes=step) for step in range(30)]


def test_a_change_of_thirty_minutes_is_followed_too():
    """Lord Howe Island: at 02:00 on 2026-10-04 the clocks go to 02:30."""
    zone = ZoneInfo("Australia/Lord_Howe")
    assert len(covered_minutes("02:00-03:00", at("2026-10-04 00:00", zone), at("2026-10-04 12:00", zone), zone)) == 30
    assert len(covered_minutes("01:00-02:00", at("2027-04-04 00:00", zone), at("2027-04-04 12:00", zone), zone)) == 90


CHRISTMAS = closures(("2026-12-21", "2027-01-01"))


@pytest.mark.parametrize(
    "windows, text, expected",
    [
        pytest.param("mon-fri 08:00-18:00", "2026-12-18 12:00", True, id="last_day_before"),
        pytest.param("mon-fri 08:00-18:00", "2026-12-21 12:00", False, id="first_closed_day"),
        pytest.param("mon-fri 08:00-18:00", "2027-01-01 12:00", False, id="last_closed_day"),
        pytest.param("mon-fri 08:00-18:00", "2027-01-04 12:00", True, id="first_day_after"),
        pytest.param("sun 22:00-06:00", "2026-12-21 05:59", True, id="a_night_that_began_before_runs_on"),
        pytest.param("22:00-06:00", "2026-12-22 03:00", False, id="no_night_starts_on_a_closed_day"),
        pytest.param("fri 22:00-06:00", "2027-01-02 03:00", False, id="the_night_after_the_last_closed_day_never_started"),
        pytest.param("sat 22:00-06:00", "2027-01-03 03:00", True, id="the_next_night_does"),
        pytest.param("closed", "2026-12-20 23:59:59", False, id="closed_not_yet"),
        pytest.param("closed", "2026-12-21 00:00", True, id="closed_from_midnight"),
        pytest.param("closed", "2027-01-01 23:59:59", True, id="closed_to_midnight"),
        pytest.param("closed", "2027-01-02 00:00", False, id="closed_no_more"),
    ],
)
def test_no_window_starts_on_a_closed_day(windows, text, expected):
    assert inside(windows, text, closed=CHRISTMAS) is expected


def test_friday_night_runs_into_a_closed_saturday():
    """It belongs to the day it starts; Saturday's own night does not start."""
    closed = closures("2026-11-28")
    assert inside("22:00-06:00", "2026-11-28 05:59", closed=closed)
    assert not inside("22:00-06:00", "2026-11-28 22:00", closed=closed)
    assert not inside("22:00-06:00", "2026-11-29 05:59", closed=closed)
    assert inside("22:00-06:00", "2026-11-29 22:00", closed=closed)


def test_a_time_can_leave_closures_alone():
    assert inside("mon-fri 08:00-18:00", "2026-12-21 12:00", closed=CHRISTMAS, ignore_closures=True)
    assert inside("22:00-06:00", "2026-12-23 03:00", closed=CHRISTMAS, ignore_closures=True)


def test_without_closures_nothing_is_closed():
    assert not policy().covers(CLOSED, at("2026-12-25 12:00"))


# as published on gov.uk/bank-holidays
@pytest.mark.parametrize(
    "region, open_days, closed_days",
    [
        pytest.param("england", "2026-03-17 2026-11-30 2027-01-04 2026-08-03", "2026-04-06 2026-08-31 2026-12-25 2026-12-28", id="england"),
        pytest.param("wales", "2026-03-02 2026-11-30 2027-07-12", "2027-03-26 2027-03-29 2027-12-27 2027-12-28", id="wales"),
        pytest.param("scotland", "2026-04-06 2026-08-31 2027-03-29", "2026-01-02 2026-08-03 2026-11-30 2027-01-04", id="scotland"),
        pytest.param("northern-ireland", "2026-11-30 2027-01-04", "2026-03-17 2026-04-06 2026-07-13 2027-07-12", id="northern_ireland"),
    ],
)
def test_bank_holidays_are_those_of_the_nation(region, open_days, closed_days):
    days = Closures(region)
    assert [day for day in open_days.split() if days.closed(parse_date(day))] == []
    assert [day for day in closed_days.split() if not days.closed(parse_date(day))] == []


def test_the_four_nations_of_the_united_kingdom_are_known():
    assert set(BANK_HOLIDAY_REGIONS) == {"england", "wales", "scotland", "northern-ireland"}


def test_a_bank_holiday_closes_windows_like_any_other_day():
    closed = closures(bank_holidays="england")
    assert not inside("mon-fri 08:00-18:00", "2026-08-31 12:00", closed=closed)
    assert inside("mon-fri 08:00-18:00", "2026-08-31 12:00", closed=closures(bank_holidays="scotland"))


@given(
    st.lists(st.tuples(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(0, 20)), max_size=4),
    st.sampled_from([None, "england", "scotland"]),
    st.dates(date(2026, 1, 1), date(2028, 11, 30)),
    st.integers(0, 420),
)
def test_the_list_of_closed_days_holds_exactly_the_days_that_are_closed(ranges, region, first, length):
    days = Closures(region, tuple((start, start + timedelta(days=more)) for start, more in ranges))
    last = first + timedelta(days=length)
    each = [first + timedelta(days=step) for step in range(length + 1)]
    assert days.days_between(first, last) == [day for day in each if days.closed(day)]


@pytest.mark.parametrize(
    "text, first, last",
    [
        pytest.param("2026-12-21..2027-01-01", date(2026, 12, 21), date(2027, 1, 1), id="range"),
        pytest.param("2026-12-21", date(2026, 12, 21), date(2026, 12, 21), id="one_day"),
        pytest.param("2026-12-21..2026-12-21", date(2026, 12, 21), date(2026, 12, 21), id="range_of_one"),
        pytest.param(" 2026-12-21 .. 2026-12-22 ", date(2026, 12, 21), date(2026, 12, 22), id="spaces"),
    ],
)
def test_a_range_of_dates_includes_both_ends(text, first, last):
    assert parse_date_range(text) == (first, last)


@pytest.mark.parametrize(
    "text, says",
    [
        pytest.param("21/12/2026", "write it like 2026-12-21", id="slashes"),
        pytest.param("2026-02-30", "not a date in the calendar", id="no_such_day"),
        pytest.param("2026-1-1", "write it like", id="one_digit"),
        pytest.param("20261221", "write it like", id="no_hyphens"),
        pytest.param("2027-01-01..2026-12-21", "ends before it starts", id="backwards"),
        pytest.param("2026-12-21..", "write it like", id="no_end"),
        pytest.param("2026-12-21...2026-12-22", "write it like", id="three_dots"),
    ],
)
def test_what_is_no_date_is_refused_with_advice(text, says):
    with pytest.raises(BadTime) as caught:
        parse_date_range(text)
    assert says in str(caught.value)


@given(st.text(alphabet="0123456789-. ", max_size=24) | st.text(max_size=24))
def test_any_text_is_a_range_of_dates_or_a_bad_time(text):
    try:
        first, last = parse_date_range(text)
    except BadTime:
        return
    assert first <= last


def test_minutes_print_as_a_clock():
    assert [clock_text(minute) for minute in (0, 61, 720, 1439, 1440)] == ["00:00", "01:01", "12:00", "23:59", "24:00"]
