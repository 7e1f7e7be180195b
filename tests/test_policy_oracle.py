"""decide() against an oracle that knows no shortcuts: it reads the wall clock of every minute and walks the rules from the top.

The oracle shares no time code with the product. A policy is drawn as plain tuples; the product gets it as a manager would write
it (texts of windows, dates), the oracle as it was drawn. Both are asked at the same instants, around the days on which clocks
change, closures and approvals:

    at ├── the same answer at every minute ──┤ until: another answer
       └── oracle: minute by minute, ten days at most ──────────────►
"""

import os
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cast import EVERYONE, LONDON, OFFICE_LAPTOP, ROOM_TABLET, STAFF_PHONE, UNKNOWN_DEVICE, VISITORS_PHONE, networks, rule
from cast import policy as policy_of
from dinnerbell.model import Approval, Verdict
from dinnerbell.policy import Ask, decide
from dinnerbell.times import CLOSED, Closures, TimeSpan, parse_window

LONG_SWEEP = timedelta(days=10)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# --- what is drawn


@dataclass(frozen=True)
class DrawnWindow:
    """Weekdays, (hour, minute) of start and end; an end of (24, 0) or one before the start runs to or past midnight."""

    days: frozenset[int]
    start: tuple[int, int]
    end: tuple[int, int]
    ignores_closures: bool

    def text(self):
        days = "" if len(self.days) == 7 else ",".join(DAYS[day] for day in sorted(self.days)) + " "
        return "{}{:02}:{:02}-{:02}:{:02}".format(days, *self.start, *self.end)


@dataclass(frozen=True)
class DrawnRule:
    action: str
    what: tuple[str, ...]
    devices: tuple[str, ...] | None
    when: tuple[tuple[DrawnWindow, ...] | str, ...] | None
    """Times: each a tuple of windows, or `closed`."""
    unless: tuple[tuple[DrawnWindow, ...] | str, ...]
    approval: tuple[date, date] | None


@dataclass(frozen=True)
class Drawn:
    zone: ZoneInfo
    rules: tuple[DrawnRule, ...]
    closed: tuple[tuple[date, date], ...]
    bank_holidays: bool
    otherwise: str


# Who each name belongs to in the cast's catalogue: (services that share it, kinds). The oracle's own table, written by hand.
SOCIAL = "social-media"
FACEBOOK = {"facebook", "social-networking", SOCIAL}
INSTAGRAM = {"instagram", "photo-sharing", "social-networking", SOCIAL}
MESSENGER = {"messenger", "messaging", SOCIAL}
YOUTUBE = {"youtube", "video-sharing", SOCIAL}
CLAIMS = {
    "www.instagram.com": [INSTAGRAM],
    "edge-chat.facebook.com": [MESSENGER],
    "scontent.fbcdn.net": [FACEBOOK, INSTAGRAM, MESSENGER],
    "www.youtube.com": [YOUTUBE],
    "www.google.com": [set()],
    "journal.example": [{"learning-journal", "essential"}],
    "a.shop.example": [set()],
    "_https.a.shop.example": [set()],
}
UNDER = {"a.shop.example": {"shop.example"}, "_https.a.shop.example": {"shop.example"}, "www.instagram.com": {"=www.instagram.com"}}
SAFE_HOSTS = {
    ("safe-search", "www.google.com"): "forcesafesearch.google.com",
    ("youtube-strict", "www.youtube.com"): "restrict.youtube.com",
    ("youtube-moderate", "www.youtube.com"): "restrictmoderate.youtube.com",
}
WORDS = {
    ROOM_TABLET: {"room-tablet", "children", "setting-owned", "192.168.1.0/24", "fd00::/64"},
    OFFICE_LAPTOP: {"office-laptop", "office", "setting-owned", "192.168.1.0/24"},
    STAFF_PHONE: {"staff-phones", "staff-owned"},
    VISITORS_PHONE: {"visitors", "visitor-owned"},
    UNKNOWN_DEVICE: {"unknown", "192.168.1.0/24"},
}
TARGETS = sorted(set().union(*(claim for claims in CLAIMS.values() for claim in claims), *UNDER.values()))
# gov.uk/bank-holidays, England: those that fall near the instants that are drawn
ENGLAND = {
    date(2025, 12, 25), date(2025, 12, 26), date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 4),
    date(2026, 8, 31), date(2026, 12, 25), date(2026, 12, 26), date(2026, 12, 28), date(2027, 1, 1), date(2027, 3, 26), date(2027, 3, 29),
    date(2027, 5, 3), date(2027, 12, 25), date(2027, 12, 26), date(2027, 12, 27), date(2027, 12, 28),
}  # fmt: skip

ZONES = ["Europe/London", "America/Denver", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo", "America/Havana"]
# in one zone or another; the anchors add Christmas, New Year, Easter and a plain day
CLOCK_CHANGES = [
    date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 4, 24), date(2026, 10, 4), date(2026, 10, 25), date(2026, 10, 29),
    date(2026, 11, 1), date(2027, 3, 14), date(2027, 3, 28), date(2027, 4, 4), date(2027, 10, 31),
]  # fmt: skip
ANCHORS = [*CLOCK_CHANGES, date(2026, 12, 24), date(2027, 1, 1), date(2027, 3, 26), date(2026, 6, 17)]

clocks = st.tuples(st.sampled_from([0, 0, 1, 1, 2, 2, 3, 8, 12, 13, 18, 22, 23]), st.sampled_from([0, 0, 0, 15, 30, 45, 59]))
windows = st.builds(
    DrawnWindow,
    st.frozensets(st.integers(0, 6), min_size=1) | st.just(frozenset(range(7))) | st.just(frozenset({6})),
    clocks,
    clocks | st.just((24, 0)),
    st.sampled_from([False, False, False, True]),
).filter(lambda window: window.start != window.end)
times = st.lists(windows, min_size=1, max_size=3).map(tuple) | st.just("closed")


@st.composite
def drawn_rules(draw, anchor):
    action = draw(st.sampled_from(["allow", "allow", "block", "block", "enforce"]))
    words = st.sampled_from(["safe-search", "youtube-strict", "youtube-moderate"] if action == "enforce" else TARGETS)
    who = st.sampled_from(sorted(set().union(*WORDS.values())))
    approval = None
    if draw(st.integers(0, 3)) == 0:
        first = anchor + timedelta(days=draw(st.integers(-5, 8)))
        approval = (first, first + timedelta(days=draw(st.integers(0, 12))))
    return DrawnRule(
        action,
        tuple(draw(st.lists(words, min_size=1, max_size=1 if action == "enforce" else 3, unique=True))),
        draw(st.none() | st.lists(who, min_size=1, max_size=3, unique=True).map(tuple)),
        draw(st.none() | st.lists(times, min_size=1, max_size=2).map(tuple)),
        draw(st.just(()) | st.just(()) | st.lists(times, min_size=1, max_size=2).map(tuple)),
        approval,
    )


@st.composite
def cases(draw, zones):
    """Return (policy, anchor day, instants of whole seconds near it)."""
    anchor = draw(st.sampled_from(ANCHORS))
    closed = [
        (first, first + timedelta(days=more))
        for first, more in draw(
            st.lists(st.tuples(st.integers(-4, 9).map(lambda step: anchor + timedelta(days=step)), st.integers(0, 11)), max_size=2)
        )
    ]
    drawn = Drawn(
        ZoneInfo(draw(st.sampled_from(zones))),
        tuple(draw(st.lists(drawn_rules(anchor), min_size=1, max_size=6))),
        tuple(closed),
        draw(st.booleans()),
        draw(st.sampled_from(["allow", "allow", "block"])),
    )
    noon = datetime.combine(anchor, time(12), drawn.zone).astimezone(UTC)
    seconds = st.integers(-3 * 86400, 2 * 86400) | st.integers(-60, 60).map(lambda step: step * 900)
    return drawn, [noon + timedelta(seconds=draw(seconds)) for _ in range(2)]


# --- the product's side


def product_time(time_):
    if time_ == "closed":
        return CLOSED
    parsed = [(window, parse_window(window.text())) for window in time_]
    return TimeSpan(tuple(type(read)(read.days, read.start, read.end, window.ignores_closures) for window, read in parsed))


def product_policy(drawn):
    rules = [
        rule(
            each.action,
            each.what,
            devices=None if each.devices is None else [networks(word)[0] if "/" in word else word for word in each.devices],
            when=None if each.when is None else [product_time(time_) for time_ in each.when],
            unless=[product_time(time_) for time_ in each.unless],
            approved=Approval(*each.approval) if each.approval else None,
        )
        for each in drawn.rules
    ]
    closed = Closures("england" if drawn.bank_holidays else None, drawn.closed)
    return policy_of(*rules, closed=closed, otherwise=Verdict(drawn.otherwise), zone=drawn.zone)


def product_answer(decision):
    return decision.verdict.value, decision.engines[0].target if decision.engines else None


# --- the oracle


class Oracle:
    """The drawn policy for one device and one name, read word by word."""

    def __init__(self, drawn, device, name):
        self.drawn = drawn
        mine = [each for each in drawn.rules if each.devices is None or WORDS[device] & set(each.devices)]
        domains = UNDER.get(name, set())
        self.by_claim = [
            [each for each in mine if each.action != "enforce" and (claim | domains) & set(each.what)] for claim in CLAIMS[name]
        ]
        self.enforce = [(each, SAFE_HOSTS[each.what[0], name]) for each in mine if (each.what[0], name) in SAFE_HOSTS]
        self.remembered, self.answers = {}, {}

    def closed(self, day):
        return any(first <= day <= last for first, last in self.drawn.closed) or (self.drawn.bank_holidays and day in ENGLAND)

    def stretch(self, window, day):
        """Return from when to when (wall clock) the window that starts on `day` lasts, or None."""
        if day.weekday() not in window.days or (self.closed(day) and not window.ignores_closures):
            return None
        starts = datetime.combine(day, time(*window.start))
        ends = datetime.combine(day, time()) + timedelta(hours=window.end[0], minutes=window.end[1])
        return starts, ends if ends > starts else ends + timedelta(days=1)

    def in_window(self, window, wall):
        today = wall.date()
        for day in (today, today - timedelta(days=1)):  # it may have started yesterday
            if (id(window), day) not in self.remembered:
                self.remembered[id(window), day] = self.stretch(window, day)
            stretch = self.remembered[id(window), day]
            if stretch and stretch[0] <= wall < stretch[1]:
                return True
        return False

    def in_time(self, time_, wall):
        return self.closed(wall.date()) if time_ == "closed" else any(self.in_window(window, wall) for window in time_)

    def fits(self, each, wall):
        if each.approval and not each.approval[0] <= wall.date() <= each.approval[1]:
            return False
        if each.when is not None and not any(self.in_time(time_, wall) for time_ in each.when):
            return False
        return not any(self.in_time(time_, wall) for time_ in each.unless)

    def answer(self, instant):
        wall = instant.astimezone(self.drawn.zone).replace(tzinfo=None, fold=0, second=0, microsecond=0)
        if wall not in self.answers:
            self.answers[wall] = self.read_off(wall)
        return self.answers[wall]

    def read_off(self, wall):
        verdicts = [next((each.action for each in rules if self.fits(each, wall)), self.drawn.otherwise) for rules in self.by_claim]
        if "allow" not in verdicts:
            return "block", None
        for each, safe_host in self.enforce:
            if self.fits(each, wall):
                return "enforce", safe_host
        return "allow", None

    def first_change(self, at, sweep):
        """Return the first whole minute after `at` with another answer, or None in all of the sweep."""
        now = self.answer(at)
        moment = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while moment <= at + sweep:
            if self.answer(moment) != now:
                return moment
            moment += timedelta(minutes=1)
        return None


def check(drawn, instants, device, name, sweep=LONG_SWEEP):
    policy = product_policy(drawn)
    oracle = Oracle(drawn, device, name)
    for at in instants:
        decision = decide(policy, Ask(device, name, at))
        now = oracle.answer(at)
        assert product_answer(decision) == now
        change = oracle.first_change(at, sweep)
        if decision.until is None or decision.until > at + sweep:
            assert change is None
            if decision.until is not None:
                assert oracle.answer(decision.until) != now
                assert oracle.answer(decision.until - timedelta(minutes=1)) == now
        else:
            assert decision.until == change
            assert product_answer(decide(policy, Ask(device, name, change))) == oracle.answer(change)


MAX_EXAMPLES = int(os.environ.get("DINNERBELL_TEST_EXAMPLES", "40"))
"""More of them: DINNERBELL_TEST_EXAMPLES=1500 (a quarter of an hour)."""
RULES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
devices = st.sampled_from(EVERYONE)
names = st.sampled_from(sorted(CLAIMS))
sweeps = st.sampled_from([timedelta(days=2), timedelta(days=4), LONG_SWEEP])


@settings(RULES, max_examples=MAX_EXAMPLES)
@given(cases(["Europe/London"]), devices, names, sweeps)
def test_in_london_the_answer_and_its_end_are_what_every_minute_says(case, device, name, sweep):
    check(*case, device, name, sweep)


@settings(RULES, max_examples=MAX_EXAMPLES)
@given(cases(ZONES[1:]), devices, names, sweeps)
def test_in_other_zones_the_answer_and_its_end_are_what_every_minute_says(case, device, name, sweep):
    check(*case, device, name, sweep)


def one_window(window, *, closed=(), zone=LONDON):
    return Drawn(zone, (DrawnRule("block", (SOCIAL,), None, ((window,),), (), None),), tuple(closed), False, "allow")


@settings(RULES, max_examples=3 * MAX_EXAMPLES)
@given(windows, st.sampled_from(CLOCK_CHANGES), st.sampled_from(ZONES), st.integers(-2 * 1440, 1440))
def test_one_window_alone_near_a_change_of_clocks(window, anchor, zone, minutes):
    """Few rules, so that a change that is missed is not hidden behind another."""
    drawn = one_window(window, zone=ZoneInfo(zone))
    at = datetime.combine(anchor, time(12), drawn.zone).astimezone(UTC) + timedelta(minutes=minutes)
    check(drawn, [at], STAFF_PHONE, "www.instagram.com")


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("2026-11-23 12:30", ("block", None), id="inside"),
        pytest.param("2026-11-23 13:00", ("allow", None), id="end"),
        pytest.param("2026-11-24 12:30", ("allow", None), id="closed"),
    ],
)
def test_the_oracle_itself_can_say_both(text, expected):
    """An oracle that always said `allow` would agree with nothing, or with everything."""
    drawn = one_window(DrawnWindow(frozenset(range(5)), (12, 0), (13, 0), ignores_closures=False), closed=[(date(2026, 11, 24),) * 2])
    oracle = Oracle(drawn, STAFF_PHONE, "www.instagram.com")
    assert oracle.answer(datetime.fromisoformat(text).replace(tzinfo=LONDON)) == expected


# --- while the clock is wrong

STRICTER = {"allow": 0, "enforce": 1, "block": 2}


def strictest(drawn, device, name):
    """Return the strictest verdict of all worlds in which each timed rule fits or does not, whatever its times say."""
    oracle = Oracle(drawn, device, name)
    mine = [each for rules in oracle.by_claim for each in rules] + [each for each, _ in oracle.enforce]
    timed = {id(each): each for each in mine if each.when is not None or each.unless or each.approval}
    found = set()
    for world in range(2 ** len(timed)):
        fitting = {key for place, key in enumerate(timed) if world >> place & 1}
        oracle.fits = lambda each, wall, fitting=fitting: id(each) in fitting or id(each) not in timed
        found.add(oracle.read_off(None)[0])
    return max(found, key=STRICTER.__getitem__)


@settings(RULES, max_examples=3 * MAX_EXAMPLES)
@given(cases(["Europe/London"]), devices, names)
def test_while_the_clock_is_wrong_the_answer_is_the_strictest_that_the_times_could_bring(case, device, name):
    """Timed allows do not fit and timed blocks do: no more is open than at any moment of any week, and it never ends by itself."""
    drawn, instants = case
    right = product_policy(drawn)
    wrong = replace(right, clock_is_wrong=True)
    expected = strictest(drawn, device, name)
    for at in instants:
        decision = decide(wrong, Ask(device, name, at))
        assert decision.verdict.value == expected
        assert (decision.until, decision.rule_until) == (None, None)
        assert STRICTER[expected] >= STRICTER[decide(right, Ask(device, name, at)).verdict.value]
