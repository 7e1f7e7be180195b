"""The server over real sockets, with its clock as an argument: who is answered, from which address, what is kept and what is counted."""

import asyncio
import contextlib
import socket
import time
from typing import ClassVar

import dns.flags
import dns.message
import dns.rdatatype
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cast import at
from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint
from dinnerbell.demo.upstream import address_of
from dinnerbell.model import Verdict
from dinnerbell_dns.server import Server
from dinnerbell_dns.tray import SLOTS
from dinnerbell_dns.udp import MAX_DATAGRAM
from dinnerbell_dns.wire import HEADER
from live import (
    ACORN_LANE,
    OFFICE_LAPTOP,
    STAFF_PHONE,
    STRANGER,
    TABLET,
    LiveServer,
    Moment,
    NanoUpstream,
    addresses,
    ask,
    connection,
    datagrams,
    ede,
    eventually,
    rcode,
    receive_message,
    says,
    silence,
    ttls,
)  # fmt: skip


@pytest.fixture
def server(local_upstream):
    with LiveServer(upstreams=[local_upstream.endpoint]) as server:
        yield server


def wire(name: str = "www.tapestryjournal.com", rdtype: str = "A", **options) -> bytes:
    return dns.message.make_query(name, rdtype, **options).to_wire()


class TestAnswering:
    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    def test_a_question_is_answered_at_first_and_again(self, server, tcp):
        for _ in range(3):
            assert addresses(server.ask("www.example.org", tcp=tcp)) == [str(address_of("www.example.org"))]

    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    def test_over_ipv6_too(self, local_upstream, tcp):
        with LiveServer(upstreams=[local_upstream.endpoint], listen=["::1"]) as server:
            for _ in range(2):
                assert addresses(server.ask("www.example.org", tcp=tcp)) == [str(address_of("www.example.org"))]
            assert server.counts().seen.keys() == {"office-laptop"}

    def test_each_device_is_answered_by_its_own_rules(self, server):
        for _ in range(2):
            assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NOERROR"
            assert rcode(server.ask("www.instagram.com", source=TABLET)) == "NXDOMAIN"

    def test_case_is_kept_and_does_not_matter(self, server, local_upstream):
        server.ask("case.example")
        for name in ("CASE.example", "CaSe.ExAmPlE"):
            with datagrams(server.endpoint) as udp:
                query = wire(name)
                udp.send(query)
                assert udp.recv(4096)[12 : len(query)] == query[12:]
        assert local_upstream.asked["case.example"] == 1

    def test_many_who_want_the_same_make_upstream_be_asked_once(self):
        with (
            NanoUpstream(says("@ 300 A 198.18.0.1")) as upstream,
            LiveServer(upstreams=[upstream.endpoint]) as server,
            contextlib.ExitStack() as stack,
        ):
            sockets = [stack.enter_context(datagrams(server.endpoint, f"127.0.0.{number}")) for number in range(20, 60)]
            server.call(lambda: [udp.send(wire("popular.example")) for udp in sockets])
            assert len([udp.recv(4096) for udp in sockets]) == 40
            assert upstream.names == ["popular.example"]

    def test_more_datagrams_than_one_wake_up_takes_are_all_answered(self, server):
        server.ask("www.example.org")
        with datagrams(server.endpoint) as udp:
            ids = set(range(SLOTS + SLOTS // 2))  # as many as the queue of this socket holds
            query = wire("www.example.org")
            server.call(lambda: [udp.send(number.to_bytes(2, "big") + query[2:]) for number in ids])
            assert {int.from_bytes(udp.recv(4096)[:2], "big") for _ in ids} == ids

    def test_a_query_without_edns_gets_512_bytes_and_the_rest_over_tcp(self):
        with (
            NanoUpstream(says("@ 300 TXT " + " ".join(['"' + "x" * 200 + '"'] * 4))) as upstream,
            LiveServer(upstreams=[upstream.endpoint]) as server,
        ):
            for _ in range(2):
                short = server.ask("big.example", "TXT", edns=False)
                assert short.flags & dns.flags.TC
                assert not short.answer
            assert server.ask("big.example", "TXT", edns=0).answer
            assert server.ask("big.example", "TXT", edns=False, tcp=True).answer

    def test_the_answer_leaves_from_the_address_that_was_asked(self, local_upstream):
        """On a wildcard socket too: the stub is connected, and hears nobody else."""
        with LiveServer(upstreams=[local_upstream.endpoint], listen=["0.0.0.0", "::"]) as server:
            for address in ("127.0.0.1", "127.0.0.9"):
                for _ in range(3):
                    with datagrams(Endpoint(address, server.server.endpoints[0].port)) as udp:
                        udp.send(wire("www.example.org"))
                        assert udp.recv(4096)
                    assert addresses(ask(Endpoint(address, server.server.endpoints[0].port), "www.example.org", tcp=True))
            for _ in range(3):
                with datagrams(Endpoint("::1", server.server.endpoints[1].port)) as udp:
                    udp.send(wire("www.example.org"))
                    assert udp.recv(4096)
            for _ in range(2):  # what is refused takes another way out
                assert rcode(ask(Endpoint("127.0.0.9", server.server.endpoints[0].port), "www.tiktok.com", source=TABLET)) == "NXDOMAIN"

    def test_a_port_that_is_taken_is_named(self, server):
        with pytest.raises(OSError, match=f"Couldn't listen on 127.0.0.1:{server.port}: "):
            asyncio.run(Server(server.server.rules, server.server.forwarder, Moment().clock).start([server.endpoint]))


class TestNetworks:
    def test_a_source_outside_the_answered_networks_hears_nothing(self, local_upstream):
        with LiveServer(ACORN_LANE + "box: {answer-networks: [127.0.0.0/28]}\n", [local_upstream.endpoint]) as server:
            with datagrams(server.endpoint, OFFICE_LAPTOP) as outside, datagrams(server.endpoint, "127.0.0.9") as inside:
                outside.send(wire())
                outside.send(b"x")
                inside.send(wire())
                assert inside.recv(4096)
                outside.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    outside.recv(4096)
            assert server.server.drops.network == 2
            with connection(server.endpoint, OFFICE_LAPTOP) as tcp:
                tcp.sendall(b"\0\x0c" + wire()[:12])
                assert receive_message(tcp) == b""
            assert server.counts().traffic.keys() == {(server.moment.seconds // 3600, "127.0.0.9")}


class TestMalformed:
    CODES: ClassVar = {
        "no_question": (HEADER.pack(7, 0x100, 0, 0, 0, 0), 1),
        "two_questions": (HEADER.pack(7, 0x100, 2, 0, 0, 0) + wire()[12:] * 2, 1),
        "label_of_64": (HEADER.pack(7, 0x100, 1, 0, 0, 0) + b"\x40" + b"a" * 64 + b"\0\0\1\0\1", 1),
        "pointer_to_itself": (HEADER.pack(7, 0x100, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", 1),
        "notify": (HEADER.pack(7, 0x2100, 1, 0, 0, 0) + wire()[12:], 4),
        "edns_version_1": (HEADER.pack(7, 0x100, 1, 0, 0, 1) + wire()[12:] + b"\0\0\x29\4\xd0\0\1\0\0\0\0", 16),
    }

    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    @pytest.mark.parametrize(("data", "code"), CODES.values(), ids=CODES)
    def test_a_faulty_query_gets_its_code(self, server, data, code, tcp):
        if tcp:
            with connection(server.endpoint) as stream:
                stream.sendall(len(data).to_bytes(2, "big") + data)
                answer = dns.message.from_wire(receive_message(stream))
        else:
            with datagrams(server.endpoint) as udp:
                udp.send(data)
                answer = dns.message.from_wire(udp.recv(4096))
        assert (answer.id, answer.rcode()) == (7, code)
        assert server.server.drops.faulty == 1

    def test_what_is_no_query_is_dropped_and_counted(self, server):
        with datagrams(server.endpoint) as udp:
            for data in (
                b"",
                b"\0" * 11,
                wire()[:2] + b"\x81\x80" + wire()[4:],
                wire() + b"\0" * (MAX_DATAGRAM - 10),
                wire() + b"\0" * 60_000,
            ):
                udp.send(data)
            query = wire()
            udp.send(query)
            assert udp.recv(4096)[:2] == query[:2], "only the query is answered"
        drops = server.server.drops
        assert (drops.short, drops.response, drops.oversized, drops.faulty) == (2, 1, 2, 0)

    def test_datagrams_of_many_lengths_get_an_answer_or_silence(self, server):
        with datagrams(server.endpoint) as udp:
            for length in [*range(64), *range(64, 4200, 97)]:
                udp.send((wire() + b"\xff" * 4200)[:length])
            query = wire("last.example", id=4242)
            udp.send(query)
            while udp.recv(4096)[:2] != query[:2]:
                pass

    def test_a_response_sent_over_tcp_ends_the_connection(self, server):
        with connection(server.endpoint) as tcp:
            response = wire()[:2] + b"\x81\x80" + wire()[4:]
            tcp.sendall(len(response).to_bytes(2, "big") + response)
            assert receive_message(tcp) == b""


@pytest.fixture(scope="module")
def fuzzed(local_upstream):
    with LiveServer(upstreams=[local_upstream.endpoint]) as server:
        yield server


ANY_MESSAGE = st.binary(max_size=600) | st.builds(
    lambda flags, counts, tail: HEADER.pack(0, flags & 0x7FFF, *counts) + tail,
    st.integers(0, 0xFFFF) | st.just(0x100),
    st.tuples(st.integers(0, 2) | st.just(1), *[st.integers(0, 1) | st.just(0)] * 3),
    st.binary(max_size=80) | st.binary(max_size=40).map(lambda data: b"\3www\x09instagram\3com\0\0\1\0\1" + data),
)


class TestAnyBytes:
    """Whatever comes, the server answers with a code or not at all, its loop hears of no exception, and it answers the next one."""

    @settings(max_examples=150)
    @given(st.lists(ANY_MESSAGE, min_size=1, max_size=5), st.sampled_from([OFFICE_LAPTOP, TABLET, STRANGER]))
    @example([b""], OFFICE_LAPTOP)
    def test_over_udp(self, fuzzed, messages, source):
        with datagrams(fuzzed.endpoint, source) as udp:
            for message in messages:
                udp.send(message)
            query = wire("canary.example", id=0xBEEF)
            udp.send(query)
            while True:
                answer = udp.recv(65535)
                assert answer[2] & 0x80, "every answer is a response"
                if answer[:2] == query[:2] and len(answer) > len(query) and answer[12 : len(query)] == query[12:]:
                    break
        assert not fuzzed.errors

    @settings(max_examples=150)
    @given(st.lists(ANY_MESSAGE, min_size=1, max_size=4), st.binary(max_size=3))
    def test_over_tcp(self, fuzzed, messages, rest):
        with connection(fuzzed.endpoint) as tcp:
            with contextlib.suppress(ConnectionError, BrokenPipeError):
                tcp.sendall(b"".join(len(message).to_bytes(2, "big") + message for message in messages) + rest)
                tcp.shutdown(socket.SHUT_WR)
            while answer := receive_message(tcp):
                assert answer[2] & 0x80
        assert rcode(fuzzed.ask("canary.example", tcp=True)) == "NOERROR"
        assert not fuzzed.errors

    @settings(max_examples=150)
    @given(st.binary(max_size=200), st.lists(st.integers(0, 3), min_size=3, max_size=3), st.integers(0, 0xFFFF), st.booleans())
    def test_from_upstream(self, spoiled, tail, counts, flags, edns):
        upstream, server = spoiled
        upstream.say = lambda data, over_tcp: [
            data[:2]
            + ((flags | 0x8000) & ~0x0200).to_bytes(2, "big")
            + b"\0\1"
            + b"".join(count.to_bytes(2, "big") for count in counts)
            + data[12:-11]
            + tail
        ]
        query = wire(f"n{len(upstream.queries)}.example", use_edns=0 if edns else False)
        with datagrams(server.endpoint) as udp:
            udp.send(query)
            answer = udp.recv(4096)
        assert (answer[:2], answer[2] & 0x80, answer[12 : len(query) - 11 * edns]) == (query[:2], 0x80, query[12 : len(query) - 11 * edns])
        assert not server.errors


@pytest.fixture(scope="module")
def spoiled():
    with NanoUpstream(silence) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
        yield upstream, server


class TestTime:
    def test_a_kept_answer_ages_with_the_clock(self, server):
        assert ttls(server.ask("age.example")) == {300}
        server.moment.seconds += 100.5
        assert ttls(server.ask("age.example")) == {200}
        assert ttls(server.ask("age.example")) == {200}
        server.moment.seconds += 199
        assert ttls(server.ask("age.example")) == {1}
        server.moment.seconds += 0.5
        assert ttls(server.ask("age.example")) == {300}, "it has run out, and was asked anew"

    @pytest.mark.parametrize("second, ttl", [("58.9", 1), ("59", 1), ("59.001", 0), ("59.5", 0), ("59.999", 0)])
    def test_a_kept_answer_never_outlives_the_window_not_by_a_fraction(self, server, second, ttl):
        for when in ("12:30:00", "12:59:57.2", "12:59:58.1", f"12:59:{second}", f"12:59:{second}"):
            server.moment.set(f"2026-11-23 {when}")
            answer = server.ask("www.instagram.com", source=STAFF_PHONE)
        assert ttls(answer) == {ttl}
        server.moment.set("2026-11-23 13:00:00")
        assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NXDOMAIN"

    def test_a_refusal_ends_when_the_window_opens(self, server):
        server.moment.set("2026-11-23 11:59:59.5")
        answer = server.ask("www.instagram.com", source=STAFF_PHONE)
        assert (rcode(answer), ttls(answer)) == ("NXDOMAIN", {0})
        server.moment.set("2026-11-23 12:00:00")
        assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NOERROR"

    def test_work_on_an_answer_never_lengthens_its_life(self, local_upstream):
        """The clock moves while the answer is made (reading the wall stands for the work): its bytes are not kept past 13:00."""
        moment = Moment()
        work = [0.0]

        def wall() -> float:
            now = moment.seconds
            moment.seconds += work[0]
            return now

        with LiveServer(upstreams=[local_upstream.endpoint], clock=Clock(wall, moment.read)) as server:
            server.ask("www.instagram.com", source=STAFF_PHONE)
            moment.set("2026-11-23 12:59:59.2")
            work[0] = 0.1
            assert ttls(server.ask("www.instagram.com", source=STAFF_PHONE)) == {0}
            work[0] = 0.0
            moment.set("2026-11-23 13:00:00.05")
            assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NXDOMAIN"

    @pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"], ids=["one_address", "wildcard"])
    def test_what_was_fresh_at_the_start_of_a_wake_up_is_looked_at_again_after_work(self, local_upstream, address):
        """Two datagrams in one drain: while the first is worked on it strikes 13:00, and the second was answered before."""
        moment = Moment()
        one_o_clock = at("2026-11-23 13:00").timestamp()
        readings_left = [0]

        def wall() -> float:
            before = moment.seconds
            readings_left[0] -= 1
            if readings_left[0] == 0:
                moment.seconds = one_o_clock
            return before

        with LiveServer(upstreams=[local_upstream.endpoint], clock=Clock(wall, moment.read), listen=[address]) as server:
            moment.set("2026-11-23 12:59:59.5")
            query = wire("www.instagram.com", id=1)
            with datagrams(Endpoint("127.0.0.1", server.port), STAFF_PHONE) as udp:
                for _ in range(2):
                    udp.send(query)
                    assert udp.recv(4096)[3] & 15 == 0

                def both() -> None:
                    udp.send(wire("use-application-dns.net", id=2))
                    udp.send(query)
                    readings_left[0] = 2  # the first is that of the wake-up itself

                server.call(both)
                answers = {data[:2]: data[3] & 15 for data in (udp.recv(4096), udp.recv(4096))}
            assert answers == {b"\0\2": 3, b"\0\1": 3}

    def test_a_forgotten_first_cache_is_filled_anew(self, server):
        """What the box does when the wall clock jumps."""
        server.ask("www.instagram.com", source=STAFF_PHONE)
        server.moment.seconds -= 86400 * 2
        server.call(server.server.forget_answers)
        assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NOERROR", "a Saturday"


class TestCounting:
    def test_every_answer_is_counted_under_its_minute_and_its_decision(self, server):
        server.moment.set("2026-11-23 12:58:30")
        for _ in range(5):
            server.ask("www.example.org")
            server.ask("www.instagram.com", source=TABLET)
        server.moment.set("2026-11-23 12:59:30")
        for _ in range(3):
            server.ask("www.example.org")
            server.ask("www.instagram.com", source=TABLET)
            server.ask("www.example.org", tcp=True)
        minute = int(at("2026-11-23 12:58").timestamp() // 60)
        batch = server.counts()
        counted = {(key.device, key.name, key.verdict, when): count for (when, key), count in batch.lookups.items()}
        assert counted == {
            ("office-laptop", "www.example.org", Verdict.ALLOW, minute): 5,
            ("office-laptop", "www.example.org", Verdict.ALLOW, minute + 1): 6,
            ("room-tablet-1", "www.instagram.com", Verdict.BLOCK, minute): 5,
            ("room-tablet-1", "www.instagram.com", Verdict.BLOCK, minute + 1): 3,
        }
        assert batch.traffic == {(minute // 60, "office-laptop"): [11, 0], (minute // 60, "room-tablet-1"): [0, 8]}
        assert server.counts().lookups == {}, "handed over once"

    def test_hits_at_the_turn_of_a_minute_stay_in_theirs(self, server):
        minute = int(server.moment.seconds // 60)
        server.ask("turn.example")
        server.moment.seconds += 59.9
        server.ask("turn.example")
        server.moment.seconds += 0.2
        server.ask("turn.example")
        assert sorted((when, count) for (when, _), count in server.counts().lookups.items()) == [(minute, 2), (minute + 1, 1)]

    def test_what_was_counted_before_a_reload_stays_counted(self, server):
        for _ in range(4):
            server.ask("www.example.org")
        server.use(ACORN_LANE)
        server.ask("www.example.org")
        assert sum(server.counts().lookups.values()) == 5

    def test_queries_that_fail_are_counted_too(self):
        with NanoUpstream(says(rcode="SERVFAIL")) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
            assert rcode(server.ask("www.example.org")) == "SERVFAIL"
            assert sum(server.counts().lookups.values()) == 1


class TestReload:
    def test_other_rules_are_in_force_from_the_next_datagram_on(self, server):
        assert rcode(server.ask("www.example.org")) == "NOERROR"
        server.use(ACORN_LANE.replace("rules:\n", "rules:\n  - {name: Not now, block: example.org}\n"))
        assert rcode(server.ask("www.example.org")) == "NXDOMAIN"
        server.use(ACORN_LANE)
        assert rcode(server.ask("www.example.org")) == "NOERROR"

    def test_a_query_on_its_way_is_judged_by_the_new_rules(self):
        def reload_first(data: bytes, over_tcp: bool) -> list[bytes]:
            server.use(ACORN_LANE.replace("rules:\n", "rules:\n  - {name: Not now, block: example.org}\n"))
            return list(says("@ 300 A 198.18.0.1")(data, over_tcp))

        for tcp in (False, True):
            with NanoUpstream(reload_first) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
                assert rcode(server.ask("www.example.org", tcp=tcp)) == "NXDOMAIN"


class TestUpstreamTrouble:
    """Blocked names are refused as ever, cached ones answered, the rest SERVFAIL within two seconds."""

    @pytest.fixture
    def upstream(self):
        with NanoUpstream(says("@ 300 A 198.18.0.1")) as upstream:
            yield upstream

    @pytest.mark.parametrize("trouble", ["silent", "servfail", "refused", "lying"])
    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    def test_what_can_be_answered_is(self, upstream, trouble, tcp):
        with LiveServer(upstreams=[upstream.endpoint]) as server:
            for name in ("fresh.example", "old.example"):
                server.ask(name, tcp=tcp)
            server.moment.seconds += 200
            server.server.cache.put(
                ("fresh.example", 1, False, False),
                server.server.cache.get(("fresh.example", 1, False, False), server.moment.seconds)[0],
                server.moment.seconds,
            )
            server.moment.seconds += 200
            upstream.say = {
                "silent": silence,
                "servfail": says(rcode="SERVFAIL"),
                "refused": says(rcode="REFUSED"),
                "lying": lambda data, over_tcp: [bytes([data[0] ^ 1]) + data[1:2] + b"\x81\x80" + data[4:]],
            }[trouble]
            started = time.monotonic()
            assert addresses(server.ask("fresh.example", tcp=tcp)) == ["198.18.0.1"]
            assert rcode(server.ask("www.tiktok.com", source=TABLET, tcp=tcp)) == "NXDOMAIN"
            assert time.monotonic() - started < 1.0
            with contextlib.ExitStack() as stack:
                udp = stack.enter_context(datagrams(server.endpoint))
                udp.send(wire("old.example", id=1, use_edns=0))
                udp.send(wire("new.example", id=2, use_edns=0))
                answers = {answer.id: answer for answer in (dns.message.from_wire(udp.recv(4096)) for _ in range(2))}
            assert time.monotonic() - started < 2.5
            assert (addresses(answers[1]), ttls(answers[1]), [code for code, _ in ede(answers[1])]) == (["198.18.0.1"], {30}, [3])
            assert rcode(answers[2]) in ("SERVFAIL", "REFUSED")

    def test_upstream_coming_back_is_used_at_once(self, upstream):
        with LiveServer(upstreams=[upstream.endpoint]) as server:
            upstream.say = says(rcode="SERVFAIL")
            assert rcode(server.ask("www.example.org")) == "SERVFAIL"
            upstream.say = says("@ 300 A 198.18.0.1")
            assert addresses(server.ask("www.example.org")) == ["198.18.0.1"]

    def test_a_truncating_upstream_is_asked_over_tcp(self):
        def say(data: bytes, over_tcp: bool) -> list[bytes]:
            return list(says("@ 300 A 198.18.0.1")(data, over_tcp) if over_tcp else says(flags=dns.flags.TC)(data, over_tcp))

        with NanoUpstream(say) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
            assert addresses(server.ask("www.example.org")) == ["198.18.0.1"]

    def test_the_second_upstream_stands_in(self, upstream):
        with NanoUpstream(says(rcode="REFUSED")) as refusing, LiveServer(upstreams=[refusing.endpoint, upstream.endpoint]) as server:
            assert addresses(server.ask("www.example.org")) == ["198.18.0.1"]

    def test_a_good_client_is_answered_beside_two_hundred_half_open_connections(self, server):
        with contextlib.ExitStack() as stack:
            for number in range(200):
                stack.enter_context(connection(server.endpoint, STRANGER)).sendall(b"\0" if number % 2 else b"")
            for tcp in (True, False, True):
                assert rcode(server.ask("www.tapestryjournal.com", tcp=tcp)) == "NOERROR"

    def test_a_stop_lets_out_what_is_under_way(self):
        with NanoUpstream(silence) as upstream:
            server = LiveServer(upstreams=[upstream.endpoint])
            with datagrams(server.endpoint) as udp, connection(server.endpoint) as tcp:
                udp.send(wire("udp.example"))
                tcp.sendall(len(wire("tcp.example")).to_bytes(2, "big") + wire("tcp.example"))
                eventually(lambda: set(upstream.names) >= {"udp.example", "tcp.example"})
                late = {}

                def say(data: bytes, over_tcp: bool) -> list[bytes]:
                    return late.setdefault(data, list(says("@ 300 A 198.18.0.1")(data, over_tcp)))

                upstream.say = say  # the second attempt is heard
                server.stop()
                assert addresses(dns.message.from_wire(udp.recv(4096))) == ["198.18.0.1"]
                assert addresses(dns.message.from_wire(receive_message(tcp))) == ["198.18.0.1"]
            assert sum(server.counts().lookups.values()) == 2
            server._loop.close()


def test_answers_are_counted_by_verdict(local_upstream):
    """The first of each is worked out, the others come from the client's first cache; over TCP nothing does. A canary is a block."""
    with LiveServer(upstreams=[local_upstream.endpoint]) as server:
        for tcp in (False, False, True):
            server.ask("www.example.org", tcp=tcp)
            server.ask("www.tiktok.com", source=TABLET, tcp=tcp)
            server.ask("www.google.com", source=TABLET, tcp=tcp)
        server.ask("use-application-dns.net")
        assert server.call(lambda: dict(server.server.answered)) == {Verdict.ALLOW: 3, Verdict.BLOCK: 4, Verdict.ENFORCE: 3}
        assert server.call(lambda: server.server.clients) == 2
