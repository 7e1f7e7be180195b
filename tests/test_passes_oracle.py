"""decide() with passes against the oracle of test_policy_oracle: it walks minute by minute, and second by second where a pass turns.

A pass is drawn as plain values. The product gets it as a `Pass` in the policy; the oracle reads it word by word: its device, its
target, its stretch of seconds, and never a device that is for children.

    at ├── the same answer at every minute ──┬ a pass turns in this one: every second ┬── ... ──┤ until: another answer
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cast import EVERYONE, LONDON, OFFICE_LAPTOP, ROOM_TABLET, STAFF_PHONE, at, target
from dinnerbell.model import Device, Pass
from dinnerbell.passes import with_passes
from dinnerbell.policy import Ask, decide
from test_policy_oracle import (
    CLAIMS,
    MAX_EXAMPLES,
    RULES,
    TARGETS,
    UNDER,
    ZONES,
    Drawn,
    DrawnRule,
    DrawnWindow,
    Oracle,
    cases,
    names,
    product_answer,
    product_policy,
)  # fmt: skip

WEEK_AND_MORE = timedelta(days=9)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@dataclass(frozen=True)
class DrawnPass:
    device: Device
    what: str
    starts: datetime
    ends: datetime
    revoked: datetime | None

    @property
    def turns(self) -> tuple[datetime, datetime]:
        return self.starts, min(self.ends, self.revoked or self.ends)

    def is_open(self, instant: datetime) -> bool:
        first, after = self.turns
        return first <= instant < after

    def product(self, number: int) -> Pass:
        return Pass(number, self.device.name, target(self.what), self.starts, self.ends, "Nicola", "why", revoked_at=self.revoked)


@st.composite
def drawn_passes(draw, noon):
    """Passes of the twelve hours at most that a pass may last, near the instants that are asked about."""
    starts = noon + timedelta(seconds=draw(st.integers(-3 * 86400, 4 * 86400)))
    seconds = draw(st.integers(1, 43200) | st.integers(1, 3600) | st.just(43200))
    revoked = draw(st.none() | st.none() | st.integers(0, seconds + 10).map(lambda after: starts + timedelta(seconds=after)))
    return DrawnPass(
        draw(st.sampled_from([OFFICE_LAPTOP, STAFF_PHONE, *EVERYONE])), draw(st.sampled_from(TARGETS)), starts,
        starts + timedelta(seconds=seconds), revoked,
    )  # fmt: skip


@st.composite
def cases_with_passes(draw, zones):
    """Return (policy, passes, instants): those of the case, and some within seconds of where a pass turns."""
    drawn, instants = draw(cases(zones))
    passes = draw(st.lists(drawn_passes(instants[0]), min_size=1, max_size=4))
    turns = [turn for each in passes for turn in each.turns]
    near = draw(st.sampled_from(turns)) + timedelta(seconds=draw(st.integers(-3, 3)))
    return drawn, tuple(passes), [*instants, near]


class PassOracle(Oracle):
    def __init__(self, drawn, passes, device, name):
        super().__init__(drawn, device, name)
        self.claims = [claim | UNDER.get(name, set()) for claim in CLAIMS[name]]
        self.passes = [each for each in passes if each.device == device and device != ROOM_TABLET]
        self.turning = {turn.replace(second=0) for each in self.passes for turn in each.turns}

    def answer(self, instant):
        opened = {each.what for each in self.passes if each.is_open(instant)}
        wall = instant.astimezone(self.drawn.zone).replace(tzinfo=None, fold=0, second=0, microsecond=0)
        if not any(claim & opened for claim in self.claims):
            return super().answer(instant)
        for each, safe_host in self.enforce:
            if self.fits(each, wall):
                return "enforce", safe_host
        return "allow", None

    def first_change(self, at, sweep):
        now = self.answer(at)
        minute = at.replace(second=0, microsecond=0)
        while minute <= at + sweep:
            steps = range(60) if minute in self.turning else range(1)
            for second in steps:
                moment = minute + timedelta(seconds=second)
                if moment > at and self.answer(moment) != now:
                    return moment
            minute += MINUTE
        return None


def check(drawn, passes, instants, device, name, sweep=WEEK_AND_MORE):
    policy = with_passes(product_policy(drawn), [each.product(number) for number, each in enumerate(passes, 1)])
    oracle = PassOracle(drawn, passes, device, name)
    for at_ in instants:
        decision = decide(policy, Ask(device, name, at_))
        now = oracle.answer(at_)
        assert product_answer(decision) == now
        change = oracle.first_change(at_, sweep)
        if decision.until is None or decision.until > at_ + sweep:
            assert change is None
            if decision.until is not None:
                assert oracle.answer(decision.until) != now
                assert oracle.answer(decision.until - SECOND) == now
        else:
            assert decision.until == change
            assert product_answer(decide(policy, Ask(device, name, change))) == oracle.answer(change)


sweeps = st.sampled_from([timedelta(hours=30), timedelta(days=2), timedelta(days=4), WEEK_AND_MORE])
devices = st.sampled_from([OFFICE_LAPTOP, STAFF_PHONE, *EVERYONE])


@settings(RULES, max_examples=MAX_EXAMPLES)
@given(cases_with_passes(["Europe/London"]), devices, names, sweeps)
def test_in_london_the_answer_and_its_end_are_what_every_second_says(case, device, name, sweep):
    check(*case, device, name, sweep)


@settings(RULES, max_examples=MAX_EXAMPLES)
@given(cases_with_passes(ZONES[1:]), devices, names, sweeps)
def test_in_other_zones_the_answer_and_its_end_are_what_every_second_says(case, device, name, sweep):
    check(*case, device, name, sweep)


windows = st.builds(
    DrawnWindow,
    st.frozensets(st.integers(0, 6), min_size=1, max_size=2),
    st.tuples(st.integers(0, 23), st.sampled_from([0, 30])),
    st.tuples(st.integers(0, 23), st.sampled_from([0, 30])),
    st.booleans(),
).filter(lambda window: window.start != window.end)


@settings(RULES, max_examples=MAX_EXAMPLES)
@given(windows, st.integers(-1440, 3 * 1440), st.integers(1, 43200), st.integers(-1440, 1440))
def test_what_one_pass_hides_of_one_window_is_not_forgotten(window, offset, seconds, minutes):
    """Few rules, so that a change that is missed is not hidden behind another."""
    drawn = Drawn(LONDON, (DrawnRule("block", ("instagram",), None, ((window,),), (), None),), (), False, "allow")
    noon = datetime.combine(date(2026, 11, 24), time(12), UTC)
    starts = noon + timedelta(minutes=offset, seconds=23)
    one = DrawnPass(STAFF_PHONE, "instagram", starts, starts + timedelta(seconds=seconds), None)
    check(drawn, (one,), [noon + timedelta(minutes=minutes), starts], STAFF_PHONE, "www.instagram.com")


def test_the_oracle_itself_can_say_both():
    drawn = Drawn(LONDON, (DrawnRule("block", ("instagram",), None, None, (), None),), (), False, "allow")
    one = DrawnPass(STAFF_PHONE, "instagram", at("2026-11-23 12:00:10"), at("2026-11-23 12:10"), at("2026-11-23 12:05:05"))
    oracle = PassOracle(drawn, (one,), STAFF_PHONE, "www.instagram.com")
    times = ["12:00:09", "12:00:10", "12:05:04", "12:05:05"]
    assert [oracle.answer(at(f"2026-11-23 {each}"))[0] for each in times] == ["block", "allow", "allow", "block"]
    assert oracle.first_change(at("2026-11-23 11:00"), WEEK_AND_MORE) == at("2026-11-23 12:00:10")
    assert PassOracle(drawn, (one,), ROOM_TABLET, "www.instagram.com").passes == []
