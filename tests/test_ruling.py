"""From a decision to seconds: nothing that was said may be true longer than the decision behind it."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.model import Verdict
from dinnerbell.policy import Decision, Reason
from dinnerbell_dns.ruling import WATCHED_TTL, Life, life

ONE_O_CLOCK = datetime(2026, 11, 23, 13, tzinfo=UTC)
NOW = ONE_O_CLOCK.timestamp()
OPEN = Decision(Verdict.ALLOW, Reason.RULE, None, None, (), ONE_O_CLOCK, "instagram.com", None)


@pytest.mark.parametrize(
    "left, cap, expected",
    [
        pytest.param(3600, None, Life(3600, 0), id="an_hour"),
        pytest.param(3600, 60, Life(60, 3540), id="an_hour_capped"),
        pytest.param(60.5, 60, Life(60, 0.5), id="capped_by_both"),
        pytest.param(59.25, 60, Life(59, 0.25), id="rounded_down"),
        pytest.param(1.0, None, Life(1, 0), id="last_second"),
        pytest.param(0.5, None, Life(0, 0.5), id="half_a_second_is_none"),
        pytest.param(0, None, Life(0, 0), id="at_the_change"),
        pytest.param(-5, None, Life(0, 0), id="a_clock_that_jumped"),
    ],
)
def test_a_life_ends_with_the_decision(left, cap, expected):
    assert life(OPEN, NOW - left, cap=cap) == expected


def test_a_decision_that_never_changes_sets_no_bound():
    assert life(replace(OPEN, until=None), NOW) == Life(None, math.inf)
    assert life(replace(OPEN, until=None), NOW, cap=3600) == Life(3600, math.inf)


def test_a_watched_name_is_asked_again_within_a_minute():
    assert life(replace(OPEN, until=None, is_watched=True), NOW) == Life(WATCHED_TTL, math.inf)
    assert life(replace(OPEN, is_watched=True), NOW - 100, cap=3600) == Life(60, 40)
    assert life(replace(OPEN, is_watched=True), NOW - 100, cap=5) == Life(5, 95)


@given(st.floats(0, 100_000), st.none() | st.integers(0, 5000), st.booleans(), st.floats(0, 1))
def test_bytes_that_are_still_fresh_never_outlive_the_change(left, cap, watched, part):
    found = life(replace(OPEN, is_watched=watched), NOW - left, cap=cap)
    sent = NOW - left + found.fresh * part  # at any moment at which they may still be sent
    assert sent + found.cap <= NOW + 1e-6
    assert cap is None or found.cap <= cap


@given(*[st.builds(Life, st.none() | st.integers(0, 100), st.floats(0, 100))] * 2)
def test_the_shorter_of_two_lives_is_bounded_by_both(one, other):
    both = one.shorter(other)
    assert both == other.shorter(one)
    for each in (one, other):
        assert both.fresh <= each.fresh
        assert each.cap is None or both.cap <= each.cap


def test_until_of_another_zone_is_the_same_instant():
    assert life(replace(OPEN, until=ONE_O_CLOCK + timedelta(hours=1)), NOW).cap == 3600
