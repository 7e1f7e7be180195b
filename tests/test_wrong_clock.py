"""A clock that can't be right: what it opens (nothing), and where what was counted meanwhile goes (to its true minutes, or nowhere)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dinnerbell
from cast import OFFICE_LAPTOP, ROOM_TABLET, STAFF_PHONE, VISITORS_PHONE, approval, ask, at, rule, span
from cast import policy as policy_of
from dinnerbell.model import Owner, Pass, Target, TargetKind, Verdict
from dinnerbell.passes import with_passes
from dinnerbell.usage import Batch, LogKey
from dinnerbell.words.plain import refusal
from dinnerbell.wrong_clock import ClockWatch, earliest_minute, moved, split

ALLOW, BLOCK, ENFORCE = Verdict.ALLOW, Verdict.BLOCK, Verdict.ENFORCE
LUNCH, SETTING_HOURS = span("mon-fri 12:00-13:00"), span("mon-fri 08:00-18:00")
INSTAGRAM = "www.instagram.com"
KEY = LogKey("office-laptop", "www.example.org", None, None, ALLOW, "otherwise")
NEWEST = 29_900_000
"""The newest minute in the log."""


# ── what fits ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

ALWAYS_BLOCK = rule("block", "social-media")

TABLE = {
    "allow_when": ((rule("allow", "social-media", when=LUNCH), ALWAYS_BLOCK), BLOCK),
    "allow_unless": ((rule("allow", "social-media", unless=SETTING_HOURS), ALWAYS_BLOCK), BLOCK),
    "allow_under_an_approval": ((rule("allow", "social-media", approved=approval("2026-09-01", "2027-08-31")), ALWAYS_BLOCK), BLOCK),
    "allow_always": ((rule("allow", "social-media"), ALWAYS_BLOCK), ALLOW),
    "block_when": ((rule("block", "social-media", when=LUNCH),), BLOCK),
    "block_unless": ((rule("block", "social-media", unless=SETTING_HOURS),), BLOCK),
    "block_under_an_approval": ((rule("block", "social-media", approved=approval("2020-01-01", "2020-01-02")),), BLOCK),
    "a_timed_block_behind_an_allow_for_ever": ((rule("allow", "social-media"), rule("block", "social-media", when=LUNCH)), ALLOW),
    "nothing_about_it": ((), ALLOW),
}


@pytest.mark.parametrize("rules, verdict", TABLE.values(), ids=TABLE)
@pytest.mark.parametrize("when", ["1970-01-01 00:00", "2026-11-23 12:30", "2026-11-22 03:00"])
def test_what_fits_while_the_clock_is_wrong(rules, verdict, when):
    wrong = replace(policy_of(*rules), clock_is_wrong=True)
    decision = ask(wrong, STAFF_PHONE, INSTAGRAM, at(when))
    assert (decision.verdict, decision.until) == (verdict, None)


def test_a_timed_enforce_fits():
    wrong = replace(policy_of(rule("enforce", "safe-search", when=LUNCH)), clock_is_wrong=True)
    assert ask(wrong, ROOM_TABLET, "www.google.com", at("2026-11-23 03:00")).verdict is ENFORCE


def test_a_pass_opens_nothing_and_does_again_once_the_clock_is_right():
    start = at("2026-11-23 12:00").astimezone(UTC)
    target, end = Target(TargetKind.SERVICE, "instagram"), start + timedelta(hours=2)
    given_ = Pass(1, "office-laptop", target, start, end, "Iris", "a photo", "office", Owner.SETTING)
    right = with_passes(policy_of(ALWAYS_BLOCK), [given_])
    wrong = replace(right, clock_is_wrong=True)
    assert ask(right, OFFICE_LAPTOP, INSTAGRAM, at("2026-11-23 12:30")).verdict is ALLOW
    assert ask(wrong, OFFICE_LAPTOP, INSTAGRAM, at("2026-11-23 12:30")).verdict is BLOCK
    assert with_passes(wrong, []).clock_is_wrong


def test_the_refusal_says_why_it_is_closed_now():
    wrong = replace(policy_of(rule("block", "social-media", when=SETTING_HOURS)), clock_is_wrong=True)
    decision = ask(wrong, VISITORS_PHONE, INSTAGRAM, at("1970-01-01 00:00"))
    assert "is closed on this device while the filter's clock is wrong" in refusal(decision, wrong, at("1970-01-01 00:00"))
    always = replace(policy_of(ALWAYS_BLOCK), clock_is_wrong=True)
    assert "clock" not in refusal(ask(always, VISITORS_PHONE, INSTAGRAM), always, at("1970-01-01 00:00"))


# ── when it is wrong ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_release_was_not_made_in_the_future():
    assert datetime.now(UTC).date() >= dinnerbell.RELEASED


@pytest.mark.parametrize(
    "released, newest, expected",
    [
        pytest.param(date(1970, 1, 2), None, 1440, id="nothing_in_the_log"),
        pytest.param(date(1970, 1, 2), 1439, 1440, id="log_older_than_the_release"),
        pytest.param(date(1970, 1, 2), 1500, 1500, id="log_younger"),
    ],
)
def test_the_earliest_minute_is_the_later_of_the_two(released, newest, expected):
    assert earliest_minute(released, newest) == expected


@pytest.mark.parametrize(
    "wall, is_wrong",
    [
        pytest.param(0.0, True, id="1970"),
        pytest.param(NEWEST * 60 - 0.001, True, id="a_moment_before_the_newest_minute"),
        pytest.param(NEWEST * 60.0, False, id="in_the_newest_minute"),
        pytest.param(NEWEST * 60 + 1e9, False, id="decades_later"),
    ],
)
def test_it_is_wrong_while_it_reads_earlier_than_the_newest_minute(wall, is_wrong):
    watch = ClockWatch(NEWEST)
    watch.look(wall, 5.0)
    assert watch.is_wrong is is_wrong
    trusting = ClockWatch(NEWEST, trusted=True)
    trusting.look(wall, 5.0)
    assert not trusting.is_wrong


# ── what was counted meanwhile ───────────────────────────────────────────────────────────────────────────────────────────────────


def batch_of(*minutes: int, ended: tuple[int, int] | None = None) -> Batch:
    batch = Batch()
    if ended:
        for minute in ended:
            batch.alive(minute)
        batch.clock_was_put()
    for minute in minutes:
        batch.add(minute, OFFICE_LAPTOP, KEY, refused=False)
        batch.alive(minute)
    return batch


def lookups(batch: Batch) -> dict[int, int]:
    return {minute: count for (minute, _), count in batch.lookups.items()}


def total(batch: Batch) -> int:
    return sum(answered + refused for answered, refused in batch.traffic.values())


def test_what_a_wrong_clock_counted_goes_to_its_true_minutes_once_it_is_set():
    """The box starts in 1970; four and a half minutes later its clock is set."""
    watch = ClockWatch(NEWEST)
    watch.look(0.0, 1000.0)
    assert watch.is_wrong
    written = watch.receive(batch_of(0, 0, 1), 1060.0)
    assert not written.lookups
    assert not written.traffic
    assert written.last_minute is None
    assert [(each.after_minute, each.undated, each.first_minute) for each in written.wrong_clocks.values()] == [(NEWEST, 3, None)]
    set_to = (NEWEST + 100) * 60 + 30.0
    assert watch.has_news(set_to, 1270.0)
    late = watch.receive(batch_of(4, NEWEST + 100, ended=(0, 4)), 1270.0)
    assert lookups(late) == {NEWEST + 100: 1}
    assert late.ended == []
    watch.look(set_to, 1270.0)
    assert not watch.is_wrong
    dated = watch.dated(NEWEST + 100)
    assert lookups(dated) == {NEWEST + 96: 2, NEWEST + 97: 1, NEWEST + 100: 1}
    assert total(dated) == 4
    assert (dated.ended[0][0], dated.last_minute) == (NEWEST + 96, NEWEST + 100)
    (stretch,) = dated.wrong_clocks.values()
    assert (stretch.undated, stretch.seconds, stretch.first_minute) == (0, 270, NEWEST + 96)
    assert not watch.receive(batch_of(NEWEST + 101), 1300.0).wrong_clocks


def test_a_clock_that_is_put_back_and_catches_up_keeps_its_own_minutes():
    watch = ClockWatch(NEWEST)
    watch.look((NEWEST + 90) * 60.0, 0.0)
    assert lookups(watch.receive(batch_of(NEWEST + 90), 1.0)) == {NEWEST + 90: 1}
    back = (NEWEST + 30) * 60.0
    assert watch.has_news(back, 1.0)
    watch.look(back, 1.0)
    assert watch.is_wrong
    assert lookups(watch.receive(batch_of(NEWEST + 31), 60.0)) == {}
    again = (NEWEST + 90) * 60.0
    assert watch.has_news(again, 3601.0)
    watch.receive(batch_of(NEWEST + 90), 3601.0)
    watch.look(again, 3601.0)
    assert not watch.is_wrong
    assert lookups(watch.dated(NEWEST + 90)) == {NEWEST + 31: 1}


def test_a_stretch_is_noted_when_something_new_was_counted_and_else_once_a_minute():
    watch = ClockWatch(NEWEST)
    watch.look(0.0, 0.0)
    noted = [bool(watch.receive(batch, ticks).wrong_clocks) for batch, ticks in [
        (batch_of(0), 1.0), (Batch(), 2.0), (batch_of(0), 3.0), (Batch(), 62.9), (Batch(), 63.0), (Batch(), 64.0)
    ]]  # fmt: skip
    assert noted == [True, False, True, False, True, False]


def test_a_clock_that_is_put_twice_in_a_moment_brings_no_minute_to_come_into_the_log():
    watch = ClockWatch(NEWEST)
    watch.look(0.0, 0.0)
    watch.receive(batch_of(0, 25_000_000), 10.0)  # it was put meanwhile, and nobody saw when
    watch.look((NEWEST + 5) * 60.0, 10.0)
    dated = watch.dated(NEWEST + 5)
    assert lookups(dated) == {NEWEST + 5: 1}
    assert (dated.dropped, dated.last_minute) == (1, NEWEST + 5)


def test_a_trusted_clock_counts_where_it_stands():
    watch = ClockWatch(NEWEST, trusted=True)
    watch.look(0.0, 0.0)
    assert lookups(watch.receive(batch_of(0), 1.0)) == {0: 1}


minutes_ = st.lists(st.integers(0, 500), max_size=20)


@given(minutes_, minutes_, st.integers(0, 500), st.integers(-300, 5000))
def test_nothing_is_lost_in_parting_and_moving(minutes, ended, at_minute, by):
    batch = batch_of(*minutes, ended=(min(ended), max(ended)) if ended else None)
    batch.dropped = 3
    early, late = split(batch, at_minute)
    assert all(minute < at_minute for minute in lookups(early))
    assert all(minute >= at_minute for minute in lookups(late))
    assert total(early) + total(late) == total(batch) == total(moved(batch, by))
    assert early.dropped + late.dropped == 3
    assert sorted(early.ended + late.ended) == batch.ended
    assert lookups(moved(batch, by)) == {minute + by: count for minute, count in lookups(batch).items()}
    assert moved(moved(batch, by), -by).lookups == batch.lookups
