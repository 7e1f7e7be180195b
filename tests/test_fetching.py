"""Between cache and upstream: merging, stale answers and what is fetched ahead, through the server over real sockets."""

import asyncio
import dataclasses
import threading
import time

import dns.message
import pytest

from dinnerbell_dns.answerer import Wanted
from dinnerbell_dns.cache import POPULAR, AnswerCache
from dinnerbell_dns.fetching import MAX_WAITING, Fetcher
from dinnerbell_dns.upstream import Forwarder
from encrypted import dot
from live import (
    STAFF_PHONE,
    TABLET,
    LiveServer,
    Moment,
    NanoUpstream,
    addresses,
    ede,
    eventually,
    rcode,
    rules_of,
    says,
    silence,
    ttls,
)  # fmt: skip

FIRST, SECOND = says("@ 300 A 198.18.0.1"), says("@ 300 A 198.18.0.2")


@pytest.fixture
def upstream():
    with NanoUpstream(FIRST) as upstream:
        yield upstream


@pytest.fixture
def server(upstream):
    with LiveServer(upstreams=[upstream.endpoint]) as server:
        yield server


class Held:
    """A saying that answers only when it is let go."""

    def __init__(self, say) -> None:
        self._say, self.go = say, threading.Event()

    def __call__(self, data: bytes, over_tcp: bool) -> list[bytes]:
        self.go.wait(5)
        return list(self._say(data, over_tcp))


def counts(server):
    return server.server.fetcher.counts


class TestStale:
    """RFC 8767: an old answer is better than none, and better than a long wait."""

    def test_a_device_does_not_wait_long_and_the_refresh_goes_on(self, server, upstream):
        server.ask("www.example.org")
        server.moment.seconds += 400
        upstream.say = held = Held(SECOND)
        answer = server.ask("www.example.org")
        assert (addresses(answer), ttls(answer), [code for code, _ in ede(answer)]) == (["198.18.0.1"], {30}, [3])
        assert counts(server).stale == 1
        held.go.set()
        eventually(lambda: not server.server.fetcher._asking)
        answer = server.ask("www.example.org")
        assert (addresses(answer), ttls(answer)) == (["198.18.0.2"], {300})

    def test_a_new_answer_in_time_is_the_one_given(self, server, upstream):
        server.ask("www.example.org")
        server.moment.seconds += 400
        upstream.say = SECOND
        assert addresses(server.ask("www.example.org")) == ["198.18.0.2"]
        assert counts(server).stale == 0

    def test_after_a_failed_refresh_nobody_waits_for_the_next(self, server, upstream):
        server.ask("www.example.org")
        server.moment.seconds += 400
        upstream.say = silence
        server.ask("www.example.org")
        eventually(lambda: not server.server.fetcher._asking)
        started = time.monotonic()
        for _ in range(5):
            assert addresses(server.ask("www.example.org")) == ["198.18.0.1"]
        assert time.monotonic() - started < 0.5, "five times 0.6 s would be 3"
        upstream.say = SECOND
        eventually(lambda: addresses(server.ask("www.example.org")) == ["198.18.0.2"])

    @pytest.mark.parametrize("trouble", [silence, says(rcode="SERVFAIL")], ids=["silent", "servfail"])
    def test_it_never_crosses_a_change_of_what_is_allowed(self, server, upstream, trouble):
        """Allowed at lunch, and kept; at 13:00 it is refused, whatever upstream says or does not say."""
        server.moment.set("2026-11-23 12:50")
        assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NOERROR"
        upstream.say = trouble
        server.moment.set("2026-11-23 12:59:59.5")
        answer = server.ask("www.instagram.com", source=STAFF_PHONE)
        assert (addresses(answer), ttls(answer)) == (["198.18.0.1"], {0}), "stale, and not a second longer than lunch"
        server.moment.set("2026-11-23 13:00")
        assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NXDOMAIN"

    def test_a_window_that_ends_while_upstream_is_waited_for(self, server, upstream):
        server.moment.set("2026-11-23 12:50")
        server.ask("www.instagram.com", source=STAFF_PHONE)
        server.moment.set("2026-11-23 12:59:59.9")
        held = Held(SECOND)

        def strike_one(data: bytes, over_tcp: bool) -> list[bytes]:
            server.moment.set("2026-11-23 13:00:00.1")
            return held(data, over_tcp)

        upstream.say = strike_one
        assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NXDOMAIN"
        held.go.set()


class TestPopular:
    def ask_often(self, server, name="www.example.org"):
        for _ in range(POPULAR):
            server.ask(name)

    def refresh(self, server):
        server.call(server.server.refresh_popular)
        eventually(lambda: not server.server.fetcher._asking)

    def test_what_is_asked_often_is_fetched_anew_before_it_ends(self, server, upstream):
        """All but the first of these queries are answered by the first cache: its hits count."""
        self.ask_often(server)
        self.refresh(server)
        assert len(upstream.queries) == 1, "not before its end is near"
        server.moment.seconds += 298
        self.refresh(server)
        assert upstream.names == ["www.example.org"] * 2
        assert counts(server).refreshed == 1
        server.moment.seconds += 10
        assert ttls(server.ask("www.example.org")) == {290}
        assert len(upstream.queries) == 2

    def test_what_nobody_asks_any_more_is_let_go(self, server, upstream):
        self.ask_often(server)
        for _ in range(5):
            server.moment.seconds += 298
            self.refresh(server)
        assert len(upstream.queries) == 2

    def test_what_is_asked_seldom_is_not(self, server, upstream):
        server.ask("www.example.org")
        server.ask("www.example.org")
        server.moment.seconds += 298
        self.refresh(server)
        assert len(upstream.queries) == 1

    def test_what_lives_for_seconds_only_is_not(self, server, upstream):
        upstream.say = says("@ 5 A 198.18.0.1")
        for _ in range(10):
            server.ask("www.example.org")
        server.moment.seconds += 4
        self.refresh(server)
        assert len(upstream.queries) == 1

    def test_what_is_refused_is_not(self, server, upstream):
        for _ in range(10):
            server.ask("www.tiktok.com", source=TABLET)
        server.moment.seconds += 58
        self.refresh(server)
        assert not upstream.queries

    def test_a_dead_upstream_is_not_asked_ahead(self, server, upstream):
        self.ask_often(server)
        upstream.say = silence
        for number in range(3):
            server.ask(f"n{number}.example")
        assert server.server.forwarder.is_down
        server.moment.seconds += 298
        before = len(upstream.queries)
        self.refresh(server)
        assert len(upstream.queries) == before


class TestMerging:
    def test_waiting_for_the_same_is_counted_and_bounded(self):
        async def many(forwarder):
            fetcher = Fetcher(forwarder, AnswerCache(), Moment().clock)
            wanted = Wanted(("www.example.org", 1, False, False), b"\3www\7example\3org\0\0\1\0\1")
            found = await asyncio.gather(*(fetcher.fetch(wanted) for _ in range(MAX_WAITING + 10)))
            fetcher.stop()
            assert fetcher.waiting == 0
            return found, fetcher.counts

        held = Held(FIRST)
        with NanoUpstream(held) as upstream:
            threading.Timer(0.2, held.go.set).start()
            found, counted = asyncio.run(many(Forwarder([upstream.endpoint])))
            assert (counted.fetched, counted.merged, counted.overload) == (1, MAX_WAITING - 1, 10)
            assert sum(answer is not None for answer in found) == MAX_WAITING
            assert len(upstream.queries) == 1


class TestWrongClock:
    def test_time_servers_are_asked_for_in_the_clear_and_nothing_else_is(self, authority, serve):
        """No certificate may look valid until the clock is right; and it becomes right by the time servers."""
        expired = serve(dot(), days=-1)
        rules = rules_of()
        rules = dataclasses.replace(rules, policy=dataclasses.replace(rules.policy, clock_is_wrong=True))
        with NanoUpstream(FIRST) as plain, LiveServer(rules, authorities=authority.file) as server:
            server.call(server.server.forwarder.use, [expired.tls()], [plain.endpoint])
            assert addresses(server.ask("0.debian.pool.ntp.org")) == ["198.18.0.1"]
            assert rcode(server.ask("www.example.org")) == "SERVFAIL"
            assert plain.names == ["0.debian.pool.ntp.org"]
            assert "clock" in server.server.forwarder.status().upstreams[0].trouble_text


def test_a_broken_answer_is_counted(server, upstream):
    upstream.say = lambda data, over_tcp: [message[:-2] for message in FIRST(data, over_tcp)]
    assert rcode(server.ask("www.example.org")) == "SERVFAIL"
    assert counts(server).broken == 1
    assert dns.message.from_wire(upstream.queries[0]).question
