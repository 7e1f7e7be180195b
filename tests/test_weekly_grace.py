"""Grace: the quarter of an hour after a window has ended, and nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from dinnerbell.grace import make_grace
from dinnerbell.model import Verdict
from dinnerbell.policy import Ask, Policy, decide
from dinnerbell.times import Closures, TimeSpan, parse_window
from weekly_cast import APPROVAL, LUNCH, SETTING_HOURS, STAFF_PHONE, UNKNOWN, VISITOR, rule, rules

LONDON = ZoneInfo("Europe/London")


def minute(text: str, *, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold).timestamp()) // 60


def policy(*windows: str) -> Policy:
    span = TimeSpan(tuple(parse_window(window) for window in windows))
    return rules(rule("open", "allow", "social-media", when=span), rule("shut", "block", "social-media")).policy


@pytest.mark.parametrize(
    "device, when, expected",
    [
        pytest.param(STAFF_PHONE, "2026-11-17 12:59", False, id="still_open"),
        pytest.param(STAFF_PHONE, "2026-11-17 13:00", True, id="first_minute"),
        pytest.param(STAFF_PHONE, "2026-11-17 13:14", True, id="last_minute"),
        pytest.param(STAFF_PHONE, "2026-11-17 13:15", False, id="one_minute_past"),
        pytest.param(STAFF_PHONE, "2026-11-17 08:03", True, id="the_evening_before_was_open"),
        pytest.param(STAFF_PHONE, "2026-11-17 10:00", False, id="in_the_middle_of_the_morning"),
        pytest.param(VISITOR, "2026-11-17 13:05", False, id="a_visitor_has_no_lunch_window"),
        pytest.param(UNKNOWN, "2026-11-17 13:05", False, id="nor_has_a_device_nobody_has_named"),
        pytest.param("room-tablet-1", "2026-11-17 13:05", False, id="nor_has_a_tablet"),
        pytest.param("a-device-that-is-gone", "2026-11-17 13:05", False, id="not_a_device"),
    ],
)
def test_only_the_quarter_after_this_devices_window_is_grace(device: str, when: str, expected: bool):
    """An app that has not noticed the end of lunch makes no episode; anything later, or anybody else, does."""
    assert make_grace(rules().policy)(device, "i.instagram.com", minute(when)) is expected


@pytest.mark.parametrize(
    "windows, when, fold, expected",
    [
        pytest.param(("12:00-12:05",), "2026-11-17 12:10", 0, True, id="a_whole_window_lies_within_the_quarter"),
        pytest.param(("22:00-24:00",), "2026-11-18 00:05", 0, True, id="a_window_that_ends_at_midnight"),
        pytest.param(("22:00-06:00",), "2026-11-18 06:14", 0, True, id="a_window_past_midnight"),
        pytest.param(("00:00-01:30",), "2026-10-25 01:10", 1, False, id="autumn_it_opened_again"),
        pytest.param(("00:00-01:30",), "2026-10-25 01:35", 1, True, id="autumn_the_second_half_past_one"),
        pytest.param(("00:30-01:30",), "2027-03-28 02:05", 0, True, id="spring_the_window_ended_in_the_gap"),
    ],
)
def test_grace_follows_the_clock_on_the_wall(windows: tuple[str, ...], when: str, fold: int, expected: bool):
    """Midnight and both days on which the clocks change are no exceptions."""
    assert make_grace(policy(*windows))(STAFF_PHONE, "i.instagram.com", minute(when, fold=fold)) is expected


def test_a_closed_day_opens_no_window_to_end():
    """On a closure lunch does not happen, so nothing refused at 13:05 is in grace."""
    shut = rule("shut", "block", "social-media")
    lunch = rule("lunch", "allow", "social-media", when=LUNCH)
    closed = rules(lunch, shut, closures=Closures(None, ((date(2026, 11, 17), date(2026, 11, 17)),))).policy
    assert not make_grace(closed)(STAFF_PHONE, "i.instagram.com", minute("2026-11-17 13:05"))
    assert make_grace(closed)(STAFF_PHONE, "i.instagram.com", minute("2026-11-18 13:05"))


def test_an_approval_that_lapses_at_midnight_leaves_a_quarter_of_grace():
    """The end of an approval is the end of a window."""
    lapsing = replace(APPROVAL, ends_on=date(2026, 11, 17))
    approved = rules(rule("page", "allow", "facebook", approval=lapsing), rule("shut", "block", "social-media")).policy
    in_grace = make_grace(approved)
    assert [in_grace("office-laptop", "m.facebook.com", minute(f"2026-11-18 00:{past:02d}")) for past in (0, 14, 15)] == [True, True, False]


def test_rules_changed_since_excuse_nothing():
    """A refusal that today's rules would not make is no end of a window: it stays an episode."""
    opened = rules(rule("open", "allow", "instagram"), rule("hours", "block", "tiktok", when=SETTING_HOURS)).policy
    assert not make_grace(opened)("office-laptop", "i.instagram.com", minute("2026-11-17 08:05"))


@pytest.mark.parametrize("day", ["2026-10-25", "2027-03-28", "2026-11-17"], ids=["autumn", "spring", "ordinary"])
def test_grace_is_what_a_sweep_minute_by_minute_finds(day: str):
    """Refused now, and let through at some minute of the fifteen before: no more and no less, for every minute of two days."""
    swept = policy("00:10-00:20", "00:50-01:30", "02:00-03:00", "12:00-12:05", "12:12-12:14", "18:00-18:20", "23:50-24:00")
    device = swept.device_called(STAFF_PHONE)
    first = minute(f"{day} 00:00") - 60
    span = range(first, first + 27 * 60)
    refused = {
        each: decide(swept, Ask(device, "tiktokv.eu", datetime.fromtimestamp(each * 60, UTC))).verdict is Verdict.BLOCK
        for each in range(first - 15, span.stop)
    }
    in_grace = make_grace(swept)
    found = [each for each in span if in_grace(STAFF_PHONE, "tiktokv.eu", each)]
    assert found == [each for each in span if refused[each] and not all(refused[before] for before in range(each - 15, each))]


def test_rules_without_times_have_no_grace():
    """Where nothing opens, nothing ends."""
    assert not make_grace(rules(rule("shut", "block", "social-media")).policy)(STAFF_PHONE, "tiktokv.eu", minute("2026-11-17 00:00"))
