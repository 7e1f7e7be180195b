"""From look-ups to use: nobody is said to have used what a page or a device asked for by itself.

Times are minutes after 09:00 on a Monday. `x` has a signature host, `facebook` needs a pair (see cast.py).
"""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cast import CATALOGUE, at
from dinnerbell.catalogue import HostClass
from dinnerbell.model import Verdict
from dinnerbell.sessions import Grade, sessionise
from dinnerbell.usage import BUILT_IN, Usage

NINE = at("2026-11-23 09:00")
FIRST_MINUTE = int(NINE.timestamp()) // 60
NAMES = {
    HostClass.USE: "x.com",
    HostClass.COMPANION: "api.x.com",
    HostClass.BACKGROUND: "push.x.com",
    HostClass.EMBED: "platform.twitter.com",
    HostClass.SHARED: "cdn.example",
    None: "shop.example",
}


def asked(host_class, *minutes, name=None, device="office-laptop", service="x", verdict=Verdict.ALLOW, lookups=1, rule="otherwise"):
    host_class = HostClass(host_class) if host_class else None
    return [
        Usage(FIRST_MINUTE + minute, device, name or NAMES[host_class], service, host_class, verdict, rule, lookups) for minute in minutes
    ]


def refused(host_class, *minutes, **how):
    return asked(host_class, *minutes, verdict=Verdict.BLOCK, **how)


def never(device, name, minute):
    return False


def sessions(*rows, in_grace=never):
    return sessionise([row for some in rows for row in some], CATALOGUE.services, in_grace)


def minutes_of(session):
    """Return [first, end) in minutes after nine."""
    return tuple(int((instant - NINE).total_seconds()) // 60 for instant in (session.start, session.end))


def shape(*rows, **how):
    """Return (start, end, low, high, grade) of each session."""
    return [(*minutes_of(each), each.minutes_low, each.minutes_high, each.grade.value) for each in sessions(*rows, **how)]


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param([asked("use", 0, 1)], [(0, 2, 2, 2, "B")], id="two_minutes"),
        pytest.param([asked("use", 0)], [], id="one_minute_is_no_session"),
        pytest.param([asked("use", 0, lookups=50)], [], id="one_busy_minute_is_no_session"),
        pytest.param([asked("use", 0, 6)], [(0, 7, 2, 7, "B")], id="gap_of_five_is_joined"),
        pytest.param([asked("use", 0, 7)], [], id="gap_of_six_is_not"),
        pytest.param([asked("use", 0, 1, 8, 9)], [(0, 2, 2, 2, "B"), (8, 10, 2, 2, "B")], id="two_sessions"),
        pytest.param([asked("use", 0, 6, 12, 13)], [(0, 14, 4, 14, "B")], id="gaps_of_five_one_after_the_other"),
        pytest.param([asked("use", 0), asked("companion", 1)], [(0, 2, 2, 2, "B")], id="companion_in_the_next_minute_lengthens"),
        pytest.param([asked("use", 0), asked("companion", 0)], [], id="companion_in_the_same_minute_adds_none"),
        pytest.param([asked("use", 1), asked("companion", 0)], [], id="companion_in_the_minute_before_adds_none"),
        pytest.param([asked("use", 0), asked("companion", 2)], [], id="companion_two_minutes_later_adds_none"),
        pytest.param([asked("use", 0), asked("companion", 1, 2, 3)], [(0, 2, 2, 2, "B")], id="companions_do_not_carry_each_other"),
        pytest.param([asked("companion", *range(30))], [], id="companions_alone_are_nothing"),
        pytest.param([asked("background", *range(30))], [], id="background_hosts_are_nothing"),
        pytest.param([asked("use", 0), asked("background", 1)], [], id="background_does_not_lengthen"),
        pytest.param([asked("shared", *range(30))], [], id="shared_hosts_are_nothing"),
        pytest.param([asked("use", 0), asked("shared", 1)], [], id="shared_does_not_lengthen"),
        pytest.param([asked("use", 0), asked("embed", 1)], [(1, 2, 0, 0, "C")], id="embed_does_not_lengthen"),
        pytest.param([asked("use", 0, 1, verdict=Verdict.ENFORCE)], [(0, 2, 2, 2, "B")], id="enforced_use_is_use"),
        pytest.param([asked("use", 0, 6), asked("companion", 7)], [(0, 8, 3, 8, "B")], id="occupied_and_bridged_with_a_companion"),
    ],
)
def test_a_session_is_minutes_in_which_a_person_used_the_service(rows, expected):
    """Gaps are empty minutes between; low is occupied, high is occupied and bridged; the end is that of the last occupied minute."""
    assert shape(*rows) == expected


def test_the_drawing_in_the_modules_docstring_is_true():
    assert shape(asked("use", 0, 3, 9), asked("companion", 1, 4, 10)) == [(0, 11, 6, 11, "B")]


def test_devices_and_services_are_kept_apart():
    rows = [
        asked("use", 0, 2, 4),
        asked("use", 1, 3, 5, device="room-tablet"),
        asked("use", 10, 11, service="instagram", name="instagram.com"),
    ]
    found = sessions(*rows)
    assert [(each.device, each.service, *minutes_of(each)) for each in found] == [
        ("office-laptop", "x", 0, 5),
        ("room-tablet", "x", 1, 6),
        ("office-laptop", "instagram", 10, 12),
    ]


def test_one_minute_each_of_two_services_is_a_session_of_neither():
    assert sessions(asked("use", 0), asked("use", 1, service="instagram", name="instagram.com")) == []


def test_look_ups_of_a_session_are_those_between_its_ends_but_not_of_embeds():
    rows = [asked("use", 0, 5, lookups=3), asked("companion", 2, lookups=2), asked("embed", 3, lookups=7), asked("companion", 9)]
    assert [(each.lookups, each.verdict) for each in sessions(*rows)] == [(8, Verdict.ALLOW)]


def pair(*minutes_and_names, host_class="companion", **how):
    return [row for minute, name in minutes_and_names for row in asked(host_class, minute, name=name, service="facebook", **how)]


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param([pair((0, "a"), (0, "b"), (1, "a"), (1, "b"))], [(0, 2, 2, 2, "B")], id="pairs_in_two_minutes"),
        pytest.param([pair((0, "a"), (0, "b"))], [], id="one_pair_is_one_minute"),
        pytest.param([pair((0, "a"), (1, "b"))], [(0, 2, 2, 2, "B")], id="pair_over_two_minutes_second_lengthens"),
        pytest.param([pair((0, "a"), (2, "b"))], [], id="two_minutes_apart_is_no_pair"),
        pytest.param([pair(*((minute, "a") for minute in range(9)))], [], id="one_name_many_times_is_no_pair"),
        pytest.param([pair((0, "a"), (0, "b"), (6, "a"), (6, "b"))], [(0, 7, 2, 7, "B")], id="pairs_are_joined_like_visits"),
        pytest.param(
            [pair(*((minute, "a") for minute in range(9))), asked("embed", *range(9), name="b", service="facebook")],
            [(0, 9, 0, 0, "C")],
            id="an_embed_is_not_the_other_half",
        ),
        pytest.param(
            [pair(*((minute, "a") for minute in range(9))), asked("background", *range(9), name="b", service="facebook")],
            [],
            id="background_is_not_the_other_half",
        ),
        pytest.param(
            [pair((0, "a"), (1, "a")), pair((0, "b"), (1, "b"), host_class="use")], [(0, 2, 2, 2, "B")], id="use_and_companion_pair"
        ),
        pytest.param(
            [asked("companion", 0, 1, name="a", service="x"), asked("companion", 0, 1, name="b", service="x")],
            [],
            id="only_services_that_say_so",
        ),
    ],
)
def test_where_a_service_has_no_signature_two_different_hosts_stand_for_one(rows, expected):
    assert shape(*rows) == expected


FIVES = range(0, 30, 5)


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param([asked("use", *FIVES)], [], id="six_touches_five_apart"),
        pytest.param([asked("use", *range(0, 600, 5))], [], id="all_day"),
        pytest.param([asked("use", *range(0, 36, 6))], [], id="six_touches_six_apart"),
        pytest.param([asked("use", 0, 5, 10, 15, 20)], [(0, 21, 5, 21, "B")], id="five_touches_are_a_person"),
        pytest.param([asked("use", 0, 5, 11, 16, 22, 27)], [], id="a_little_unsteady"),
        pytest.param([asked("use", *range(0, 24, 4))], [(0, 21, 6, 21, "B")], id="four_minutes_apart_are_a_person"),
        pytest.param([asked("use", 0, 5, 10, 15, 20, 24)], [(0, 25, 6, 25, "B")], id="one_interval_of_four"),
        pytest.param([asked("use", *FIVES), asked("use", 11)], [(0, 26, 7, 26, "B")], id="two_minutes_running"),
        pytest.param([asked("use", *FIVES), asked("companion", 12)], [(0, 26, 6, 26, "B")], id="another_host_of_the_service_meanwhile"),
        pytest.param([asked("use", *FIVES), asked("use", 10, name="www.x.com")], [(0, 26, 6, 26, "B")], id="another_name_in_a_beat"),
        pytest.param([asked("use", *FIVES, lookups=4)], [], id="beats_of_several_look_ups"),
        pytest.param([asked("use", *FIVES), asked("use", 60, 61)], [(60, 62, 2, 2, "B")], id="a_person_after_the_beat"),
        pytest.param([asked("use", *FIVES), asked("embed", 12)], [(12, 13, 0, 0, "C")], id="embeds_come_from_pages"),
        pytest.param(
            [asked("use", *FIVES), asked("use", *FIVES, service="instagram", name="instagram.com")], [], id="two_services_each_beating"
        ),
    ],
)
def test_a_steady_beat_is_the_device_talking_to_itself(rows, expected):
    """Six or more touches of one minute, at least five apart, at steady intervals, and no other host of the service."""
    assert shape(*rows) == expected


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param([asked("embed", 0)], [(0, 1, 0, 0, "C")], id="one"),
        pytest.param([asked("embed", 0, 6)], [(0, 7, 0, 0, "C")], id="stretch"),
        pytest.param([asked("embed", 0, 7)], [(0, 1, 0, 0, "C"), (7, 8, 0, 0, "C")], id="two_stretches"),
        pytest.param([asked("embed", *range(120))], [(0, 120, 0, 0, "C")], id="two_hours_are_still_no_minutes"),
        pytest.param([asked("use", 0, 5), asked("embed", 2, 3)], [(0, 6, 2, 6, "B")], id="inside_a_session_they_say_nothing_new"),
        pytest.param([asked("use", 0, 5), asked("embed", 9)], [(0, 6, 2, 6, "B"), (9, 10, 0, 0, "C")], id="after_a_session"),
    ],
)
def test_embeds_are_page_content_and_never_minutes(rows, expected):
    assert shape(*rows) == expected


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param([refused("use", 0)], [(0, 1, 0, 0, "B")], id="once"),
        pytest.param([refused("use", 0, 1, 4)], [(0, 5, 0, 0, "B")], id="one_for_five_minutes"),
        pytest.param([refused("use", 0, 4, 5)], [(0, 5, 0, 0, "B"), (5, 6, 0, 0, "B")], id="the_next_five_minutes_are_another"),
        pytest.param(
            [refused("use", *range(12))],
            [(0, 5, 0, 0, "B"), (5, 10, 0, 0, "B"), (10, 12, 0, 0, "B")],
            id="an_app_that_keeps_trying",
        ),
        pytest.param([refused("companion", 0, 1)], [(0, 2, 0, 0, "background")], id="companions_alone"),
        pytest.param([refused("background", 0)], [(0, 1, 0, 0, "background")], id="background_host"),
        pytest.param([refused("companion", 0), refused("use", 1)], [(0, 2, 0, 0, "B")], id="with_a_use_host"),
        pytest.param([refused("embed", *range(60))], [], id="embeds_none"),
        pytest.param([refused("shared", *range(60))], [], id="shared_none"),
        pytest.param(
            [refused("use", *FIVES)], [(minute, minute + 1, 0, 0, "background") for minute in FIVES], id="a_use_host_asked_at_a_steady_beat"
        ),
        pytest.param(
            [refused("use", *FIVES[:5])], [(minute, minute + 1, 0, 0, "B") for minute in FIVES[:5]], id="five_touches_are_no_beat"
        ),
        pytest.param([refused(None, 0, service=None)], [(0, 1, 0, 0, "B")], id="a_domain_that_a_rule_names"),
        pytest.param(
            [refused("companion", 0, name="a", service="facebook"), refused("companion", 1, name="b", service="facebook")],
            [(0, 2, 0, 0, "B")],
            id="a_pair_stands_for_a_use_host",
        ),
        pytest.param([refused("companion", 0, 1, service="facebook")], [(0, 2, 0, 0, "background")], id="no_pair"),
    ],
)
def test_refusals_are_episodes_of_no_minutes(rows, expected):
    """One for each device, service and five minutes; in the background unless a `use` host was asked irregularly."""
    assert shape(*rows) == expected
    assert {each.verdict for each in sessions(*rows)} <= {Verdict.BLOCK}


def test_a_canary_is_software_asking_and_accuses_nobody():
    """Firefox asks for it at every start."""
    found = sessions(refused(None, 0, 40, 47, service=None, name="use-application-dns.net", rule=BUILT_IN))
    assert {each.grade for each in found} <= {Grade.BACKGROUND}


def test_episodes_are_counted_by_device_and_service():
    found = sessions(
        refused("use", 0, 1),
        refused("use", 2, device="room-tablet"),
        refused("use", 3, service="instagram", name="instagram.com", lookups=2),
    )
    assert [(each.device, each.service, each.lookups) for each in found] == [
        ("office-laptop", "x", 2),
        ("room-tablet", "x", 1),
        ("office-laptop", "instagram", 2),
    ]


def test_a_domain_without_a_service_goes_by_its_name():
    assert [each.service for each in sessions(refused(None, 0, service=None))] == ["shop.example"]
    assert sessions(asked(None, 0, 1, 2, service=None)) == []


def test_in_grace_a_refusal_is_no_episode():
    """The app has not noticed yet that the window ended at 9:00."""

    def in_grace(device, name, minute):
        return (device, name) == ("office-laptop", "x.com") and 0 <= minute - FIRST_MINUTE < 15

    rows = refused("use", 0, 7, 14, 15)
    assert shape(rows, in_grace=in_grace) == [(15, 16, 0, 0, "B")]
    assert len(sessions(refused("use", 0, device="room-tablet"), in_grace=in_grace)) == 1
    assert shape(asked("use", 0, 1), in_grace=in_grace) == [(0, 2, 2, 2, "B")]  # what was allowed is use, grace or not


def test_a_session_ends_where_refusal_begins():
    assert shape(asked("use", 0, 1, 2), refused("use", 3, 4)) == [(0, 3, 3, 3, "B"), (3, 5, 0, 0, "B")]


def test_what_is_kept_by_kind_only_is_nobodys():
    assert sessions(asked("use", *range(30), device=""), refused("use", 40, device="")) == []


def test_nothing_comes_of_nothing():
    assert sessions() == []


def test_a_session_can_run_through_midnight_and_a_change_of_clocks():
    """Minutes are whole ones since 1970: an hour that happens twice is two hours."""
    start = int(at("2026-10-25 00:30").timestamp()) // 60 - FIRST_MINUTE
    (found,) = sessions(asked("use", *range(start, start + 150, 3)))
    assert (found.start, found.end) == (at("2026-10-25 00:30"), at("2026-10-25 01:58", fold=1))
    assert (found.minutes_low, found.minutes_high) == (50, 148)


rows_ = st.lists(
    st.builds(
        lambda minute, device, service, host_class, name, verdict, lookups: Usage(
            FIRST_MINUTE + minute, device, f"{name}.{service}.example", service, host_class, verdict, "r", lookups
        ),
        st.integers(0, 60) | st.integers(0, 12).map(lambda step: 5 * step),
        st.sampled_from(["room-tablet", "office-laptop", ""]),
        st.sampled_from(["x", "facebook"]),
        st.sampled_from([*HostClass, HostClass.USE, HostClass.USE, HostClass.COMPANION]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([Verdict.ALLOW, Verdict.ALLOW, Verdict.ENFORCE, Verdict.BLOCK]),
        st.integers(1, 5),
    ),
    max_size=60,
)


@settings(max_examples=300)
@given(rows_, st.randoms(use_true_random=False))
def test_what_the_rows_show_does_not_depend_on_their_order(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert sessions(shuffled) == sessions(rows)


@settings(max_examples=300)
@given(rows_)
def test_minutes_are_a_range_that_the_clock_allows(rows):
    """Low is no more than high, high is the time from start to end, and only grade B has minutes."""
    found = sessions(rows)
    for each in found:
        assert each.device
        if each.grade is Grade.B and each.verdict is Verdict.ALLOW:
            assert 2 <= each.minutes_low <= each.minutes_high
            assert timedelta(minutes=each.minutes_high) == each.end - each.start
        else:
            assert (each.minutes_low, each.minutes_high) == (0, 0)
            assert each.end > each.start
    assert [each.start for each in found] == sorted(each.start for each in found)
    # sessions of one device and service never meet: six empty minutes or more lie between
    for device, service in {(each.device, each.service) for each in found}:
        mine = [each for each in found if (each.device, each.service, each.grade, each.verdict) == (device, service, "B", Verdict.ALLOW)]
        assert all(later.start - earlier.end > timedelta(minutes=5) for earlier, later in pairwise(mine))
        episodes = [each for each in found if (each.device, each.service, each.verdict) == (device, service, Verdict.BLOCK)]
        assert all(later.start - earlier.start >= timedelta(minutes=5) for earlier, later in pairwise(episodes))
        assert all(each.end - each.start <= timedelta(minutes=5) for each in episodes)


@settings(max_examples=200)
@given(rows_)
def test_without_a_use_host_or_a_pair_there_is_no_use(rows):
    harmless = [row for row in rows if row.service == "x" and row.host_class is not HostClass.USE]
    assert all(each.grade in (Grade.C, Grade.BACKGROUND) for each in sessions(harmless))
