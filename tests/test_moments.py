"""An instant is what the setting's own clock reads, and a time that does not exist is refused."""

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.moments import parse_moment
from dinnerbell.times import BadTime

LONDON = ZoneInfo("Europe/London")

GOOD = {
    "winter": ("2026-11-23 12:30", "2026-11-23T12:30:00"),
    "summer": ("2026-07-01 12:30", "2026-07-01T11:30:00"),
    "with_seconds": ("2026-11-23 12:59:59", "2026-11-23T12:59:59"),
    "with_t": ("2026-11-23T12:30", "2026-11-23T12:30:00"),
    "with_small_t": ("2026-11-23t12:30", "2026-11-23T12:30:00"),
    "one_digit_hour": ("2026-11-23 9:05", "2026-11-23T09:05:00"),
    "with_offset": ("2026-11-23 12:30+01:00", "2026-11-23T11:30:00"),
    "with_offset_after_a_space": ("2026-11-23 12:30 -0500", "2026-11-23T17:30:00"),
    "utc": ("2026-07-01T12:30Z", "2026-07-01T12:30:00"),
    "last_minute_before_the_gap": ("2026-03-29 00:59", "2026-03-29T00:59:00"),
    "first_minute_after_the_gap": ("2026-03-29 02:00", "2026-03-29T01:00:00"),
    "doubled_means_the_first": ("2026-10-25 01:30", "2026-10-25T00:30:00"),
    "doubled_second_by_offset": ("2026-10-25 01:30+00:00", "2026-10-25T01:30:00"),
}

BAD = {
    "spring_gap": ("2026-03-29 01:30", "2026-03-29 01:30 does not exist in Europe/London: the clocks go forward over it that night"),
    "no_time": ("2026-11-23", "'2026-11-23' is not a day and a time: write them like 2026-11-23 12:30"),
    "british_date": ("23/11/2026 12:30", "'23/11/2026 12:30' is not a day and a time: write them like 2026-11-23 12:30"),
    "word": ("noon", "'noon' is not a day and a time: write them like 2026-11-23 12:30"),
    "no_such_day": ("2026-02-30 12:00", "'2026-02-30' is not a date in the calendar"),
    "hour_24": ("2026-11-23 24:00", "'24:00' is not a time of day: hours go to 23 and minutes to 59"),
    "minute_60": ("2026-11-23 12:60", "'12:60' is not a time of day: hours go to 23 and minutes to 59"),
    "far_future": ("9999-12-31 23:59", "'9999-12-31 23:59': the year must be between 2000 and 2099"),
    "far_past": ("0001-01-01 00:00", "'0001-01-01 00:00': the year must be between 2000 and 2099"),
    "odd_offset": ("2026-11-23 12:30+25:00", "'+25:00' is not an offset from UTC: write it like +01:00"),
}


@pytest.mark.parametrize("text, expected", GOOD.values(), ids=GOOD)
def test_a_time_is_read_off_the_settings_own_clock(text, expected):
    assert parse_moment(text, LONDON) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("text, message", BAD.values(), ids=BAD)
def test_what_is_no_time_is_refused_with_a_sentence(text, message):
    with pytest.raises(BadTime) as caught:
        parse_moment(text, LONDON)
    assert str(caught.value) == message


YEARS = datetime(2000, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001 - hypothesis wants them naive


@given(st.datetimes(*YEARS), st.sampled_from(["Europe/London", "Pacific/Auckland", "America/Denver"]))
def test_an_instant_that_is_printed_with_its_offset_reads_back_as_itself(moment, zone):
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    local = moment.astimezone(ZoneInfo(zone))
    if 2000 <= local.year <= 2099:
        assert parse_moment(local.isoformat(sep=" "), ZoneInfo(zone)) == moment


@given(st.text(max_size=30) | st.from_regex(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?([+-]\d{2}:\d{2})?"))
def test_any_text_is_an_aware_instant_or_a_bad_time(text):
    with contextlib.suppress(BadTime):
        assert parse_moment(text, LONDON).tzinfo is UTC
