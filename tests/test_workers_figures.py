"""Several processes told of as one."""

from dataclasses import replace

import pytest

from dinnerbell.running.status import CacheState
from dinnerbell.workers.figures import Figures, ended, together
from status_cast import QUAD9

FIGURES = Figures(
    queries={"allow": 10, "block": 2, "enforce": 0},
    asked_upstream=5,
    failed_upstream=1,
    cache=CacheState(answers=4, bound=100, bytes=4000, ready=6, clients=3, stale=1, refreshed=2, merged=3),
    upstreams=(QUAD9,),
    drops={"short": 1, "network": 0},
    memory_bytes=30_000_000,
)


def test_counts_add_up_and_an_address_is_not_counted_twice():
    found = together(FIGURES, [FIGURES, FIGURES])
    assert found.queries == {"allow": 30, "block": 6, "enforce": 0}
    assert (found.asked_upstream, found.failed_upstream, found.memory_bytes) == (15, 3, 90_000_000)
    assert found.cache == CacheState(answers=12, bound=300, bytes=12_000, ready=18, clients=3, stale=3, refreshed=6, merged=9)
    assert found.drops == {"short": 3, "network": 0}
    assert (found.upstreams[0].asked, found.upstreams[0].failed) == (2700, 6)


def test_alone_it_is_as_it_was():
    assert together(FIGURES, []) == FIGURES


STATES = [
    pytest.param(("good", "failing"), ("good", ""), id="who_answers_one_is_there"),
    pytest.param(("failing", "good"), ("good", ""), id="in_either_order"),
    pytest.param(("untried", "failing"), ("failing", "silent"), id="who_was_not_asked_knows_nothing"),
    pytest.param(("untried", "untried"), ("untried", ""), id="nobody_asked"),
]


@pytest.mark.parametrize("states, expected", STATES)
def test_an_upstream_is_as_well_as_any_process_finds_it(states, expected):
    found = [
        replace(FIGURES, upstreams=(replace(QUAD9, state=state, trouble="silent" if state == "failing" else "", latency_ms=None),))
        for state in states
    ]
    (one,) = together(found[0], found[1:]).upstreams
    assert ((one.state, one.trouble), one.latency_ms) == (expected, None)


def test_latency_weighs_by_answers():
    slow = replace(FIGURES, upstreams=(replace(QUAD9, asked=300, failed=0, latency_ms=40.0),))
    fast = replace(FIGURES, upstreams=(replace(QUAD9, asked=100, failed=0, latency_ms=20.0),))
    assert together(slow, [fast]).upstreams[0].latency_ms == 35.0


def test_an_upstream_that_is_asked_no_more_is_not_told_of():
    assert together(replace(FIGURES, upstreams=()), [FIGURES]).upstreams == ()


def test_of_a_process_that_ended_the_counts_stay_and_the_memory_is_free():
    found = together(replace(FIGURES, memory_bytes=1), [ended(FIGURES)])
    assert found.queries["allow"] == 20
    assert (found.cache.answers, found.cache.bound, found.cache.stale, found.memory_bytes) == (4, 100, 2, 1)
    assert (found.upstreams[0].state, found.upstreams[0].latency_ms) == ("good", pytest.approx(12.345))
