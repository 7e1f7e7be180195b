"""What is learnt of an upstream from its answers; time is a number."""

import pytest

from dinnerbell_dns.health import BACK_OFF_HIGH, BUCKETS_MS, HEDGE_HIGH, HEDGE_LOW, LOOK_AGAIN, Health, State, Trouble, UpstreamFailed
from dinnerbell_dns.race import Line, line_up

SILENT = UpstreamFailed(Trouble.SILENT, "no answer in time")
REFUSED = UpstreamFailed(Trouble.UNREACHABLE, "nobody answers there")


def test_an_untried_one_is_looked_at_at_once():
    health = Health()
    assert (health.state, health.latency, health.hedge) == (State.UNTRIED, None, HEDGE_HIGH)
    assert health.look_at < 0


def test_an_answer_makes_it_good_and_forgets_the_trouble():
    health = Health()
    for _ in range(5):
        health.failed(SILENT, 10.0)
    health.answered(0.02, 20.0)
    assert (health.state, health.trouble, health.trouble_text, health.look_at) == (State.GOOD, Trouble.NONE, "", 20.0 + LOOK_AGAIN)


def test_silence_three_times_in_a_row_is_failing():
    health = Health()
    health.answered(0.02, 0.0)
    for state in (State.GOOD, State.GOOD, State.FAILING):
        health.failed(SILENT, 1.0)
        assert health.state is state
    assert health.trouble is Trouble.SILENT


def test_nobody_there_is_failing_at_once():
    health = Health()
    health.failed(REFUSED, 1.0)
    assert health.state is State.FAILING


def test_the_back_off_doubles_and_ends_at_a_minute():
    health, waits = Health(), []
    for _ in range(12):
        health.failed(REFUSED, 100.0)
        waits.append(health.look_at - 100.0)
    assert waits[:7] == [1, 2, 4, 8, 16, 32, BACK_OFF_HIGH]
    assert set(waits[7:]) == {BACK_OFF_HIGH}


def test_the_hedge_is_learnt_from_the_slowest_twentieth():
    health = Health()
    for number in range(64):
        health.answered(0.3 if number % 16 == 15 else 0.1, float(number))
    assert health.hedge == 0.3


@pytest.mark.parametrize("seconds, hedge", [(0.001, HEDGE_LOW), (1.5, HEDGE_HIGH)], ids=["fast", "slow"])
def test_the_hedge_has_bounds(seconds, hedge):
    health = Health()
    for number in range(64):
        health.answered(seconds, float(number))
    assert health.hedge == hedge


def test_being_outrun_counts_as_being_slow_and_in_the_end_as_failing():
    health = Health()
    health.answered(0.01, 0.0)
    before = health.latency
    health.outrun(0.01, 1.0)
    assert (health.latency, health.state) == (before, State.GOOD), "it had hardly been given time"
    for _ in range(3):
        health.outrun(0.4, 1.0)
    assert health.latency > before
    assert health.state is State.FAILING


@pytest.mark.parametrize("milliseconds, at", [(0.2, 0), (1.0, 0), (1.1, 1), (99, 6), (2000, len(BUCKETS_MS) - 1), (2001, len(BUCKETS_MS))])
def test_latencies_are_counted_in_buckets(milliseconds, at):
    health = Health()
    health.answered(milliseconds / 1000, 0.0)
    assert health.histogram.index(1) == at


class NoTransport:
    def ask(self, asked):
        raise NotImplementedError

    def close(self):
        pass


def line(name: str, scheme: str = "plain", latency: float | None = None, *, failing: bool = False) -> Line:
    health = Health()
    if latency is not None:
        health.answered(latency, 0.0)
    if failing:
        health.failed(REFUSED, 0.0)
    return Line(name, scheme, NoTransport(), health)


ORDERS = {
    "as_written_while_unknown": ([line("a"), line("b")], "a b", ""),
    "the_fastest_first": ([line("a", latency=0.2), line("b", latency=0.1)], "b a", ""),
    "known_before_unknown": ([line("a"), line("b", latency=0.1)], "b a", ""),
    "failing_last": ([line("a", latency=0.001, failing=True), line("b", latency=0.1)], "b a", ""),
    "encrypted_before_plain": ([line("a", latency=0.001), line("b", "tls", 0.1), line("c", "https")], "b c", "a"),
    "plain_while_no_encrypted_one_works": ([line("a", latency=0.1), line("b", "tls", failing=True)], "a", "b"),
    "all_failing": ([line("a", failing=True), line("b", "tls", failing=True)], "b", "a"),
}


@pytest.mark.parametrize("lines, near, far", ORDERS.values(), ids=ORDERS)
def test_whom_to_ask_in_which_order(lines, near, far):
    assert tuple(" ".join(each.name for each in group) for group in line_up(lines)) == (near, far)
