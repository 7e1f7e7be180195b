"""The forwarder against resolvers that answer, lie, truncate, refuse or keep silent: each a real server on loopback."""

import asyncio
import socket
import time
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from dinnerbell.config import Endpoint
from dinnerbell_dns.race import DEADLINE
from dinnerbell_dns.upstream import MAX_IN_FLIGHT, Forwarder
from live import LocalUpstreamThread, NanoUpstream, addresses, dead_endpoint, eventually, rcode, says, silence

QUESTION = b"\3www\7example\0\0\1\0\1"
GOOD = says("@ 300 A 198.18.0.1")


def asked(
    *upstreams: Endpoint, question: bytes = QUESTION, forwarder: Forwarder | None = None, **flags: bool
) -> dns.message.Message | None:
    """Ask once, and return what came back as dnspython reads it."""
    chosen = forwarder or Forwarder(upstreams)

    async def ask() -> bytes | None:
        try:
            return await chosen.ask(question, **({"dnssec_ok": False, "checking_disabled": False} | flags))
        finally:
            chosen.close()

    message = asyncio.run(ask())
    return None if message is None else dns.message.from_wire(message)


def test_an_answer_comes_back():
    with NanoUpstream(GOOD) as upstream:
        assert addresses(asked(upstream.endpoint)) == ["198.18.0.1"]
        [query] = [dns.message.from_wire(query) for query in upstream.queries]
        assert query.flags == dns.flags.RD | dns.flags.AD
        assert (query.edns, query.payload, query.ednsflags) == (0, 1232, 0)


def test_over_ipv6_too():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.bind(("::1", 0))

        async def ask() -> bytes | None:
            async def answer() -> None:
                query, source = await asyncio.to_thread(udp.recvfrom, 4096)
                udp.sendto(next(iter(GOOD(query, False))), source)

            task = asyncio.ensure_future(answer())
            found = await Forwarder([Endpoint("::1", udp.getsockname()[1])]).ask(QUESTION, dnssec_ok=False, checking_disabled=False)
            await task
            return found

        assert asyncio.run(ask()) is not None


def test_dnssec_ok_and_checking_disabled_are_handed_on():
    with NanoUpstream(GOOD) as upstream:
        asked(upstream.endpoint, dnssec_ok=True, checking_disabled=True)
        query = dns.message.from_wire(upstream.queries[0])
        assert query.ednsflags & dns.flags.DO
        assert query.flags & dns.flags.CD


def test_each_question_has_an_id_of_its_own():
    with NanoUpstream(GOOD) as upstream:
        for _ in range(20):
            asked(upstream.endpoint)
        assert len({query[:2] for query in upstream.queries}) > 15


def first_a_lie(lie):
    """A saying: the lie, and then the truth in a datagram of its own."""

    def say(data: bytes, over_tcp: bool) -> list[bytes]:
        truth = next(iter(GOOD(data, over_tcp)))
        return [*([lie(data, next(iter(says("@ 300 A 6.6.6.6")(data, over_tcp))))]), truth]

    return say


LIES = {
    "wrong_id": lambda query, lie: bytes([lie[0] ^ 1]) + lie[1:],
    "wrong_name": lambda query, lie: lie[:15] + b"x" + lie[16:],
    "wrong_type": lambda query, lie: lie[:25] + b"\0\x1c" + lie[27:],
    "a_type_that_differs_as_letters_do": lambda query, lie: lie[:25] + b"\0\x61" + lie[27:],
    "wrong_class": lambda query, lie: lie[:27] + b"\0\3" + lie[29:],
    "no_response": lambda query, lie: query,
    "no_question": lambda query, lie: lie[:4] + b"\0\0" + lie[6:],
    "two_questions": lambda query, lie: lie[:4] + b"\0\2" + lie[6:],
    "cut_off": lambda query, lie: lie[:20],
    "three_bytes": lambda query, lie: lie[:3],
    "nothing": lambda query, lie: b"",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_counted_and_the_truth_waited_for(lie):
    with NanoUpstream(first_a_lie(lie)) as upstream:
        forwarder = Forwarder([upstream.endpoint])
        question = QUESTION if lie is not LIES["a_type_that_differs_as_letters_do"] else QUESTION[:-4] + b"\0\x41\0\1"
        answer = asked(forwarder=forwarder, question=question)
        assert addresses(answer) == ["198.18.0.1"]
        assert forwarder.status().upstreams[0].mismatched == 1


def test_another_sender_is_not_heard():
    """The socket is connected: what does not come from the upstream's own address and port never reaches it."""
    with NanoUpstream(silence) as upstream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:

        def forge(data: bytes, over_tcp: bool) -> list[bytes]:
            for port in ports():
                stranger.sendto(next(iter(says("@ 300 A 6.6.6.6")(data, over_tcp))), ("127.0.0.1", port))
            return list(GOOD(data, over_tcp))

        def ports() -> list[int]:
            lines = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
            wanted = f"0100007F:{upstream.endpoint.port:04X}"
            return [int(line.split()[1].split(":")[1], 16) for line in lines if line.split()[2] == wanted]

        upstream.say = forge
        assert addresses(asked(upstream.endpoint)) == ["198.18.0.1"]


def lower(data: bytes, over_tcp: bool) -> list[bytes]:
    """What a server says that writes every name in small letters."""
    return [message[:12] + message[12 : len(data) - 11].lower() + message[len(data) - 11 :] for message in GOOD(data, over_tcp)]


class TestRandomCase:
    """0x20: whoever forges an answer has to guess the case of every letter too."""

    def test_letters_are_asked_in_random_case(self):
        with NanoUpstream(GOOD) as upstream:
            for _ in range(10):
                asked(upstream.endpoint, question=b"\x0dabcdefghijklm\7example\0\0\1\0\1")
            names = {query[13:26] for query in upstream.queries}
            assert {name.lower() for name in names} == {b"abcdefghijklm"}
            assert len(names) > 5

    def test_an_answer_in_another_case_is_not_taken(self):
        """The forger knows id, port and name, and not the case; the truth is asked for again, from another port."""

        def forge(data: bytes, over_tcp: bool) -> list[bytes]:
            upstream.say = GOOD
            return [message[:13] + message[13:16].swapcase() + message[16:] for message in says("@ 300 A 6.6.6.6")(data, over_tcp)]

        with NanoUpstream(forge) as upstream:
            forwarder = Forwarder([upstream.endpoint])
            assert addresses(asked(forwarder=forwarder)) == ["198.18.0.1"]
            [status] = forwarder.status().upstreams
            assert (status.case_lost, status.keeps_case, len(upstream.queries)) == (1, True, 2)

    def test_a_server_that_loses_the_case_is_noticed_and_asked_without(self):
        with NanoUpstream(lower) as upstream:
            forwarder = Forwarder([upstream.endpoint])
            question = b"\x14abcdefghijklmnopqrst\7example\0\0\1\0\1"
            for _ in range(10):
                assert addresses(asked(forwarder=forwarder, question=question)) == ["198.18.0.1"]
            [status] = forwarder.status().upstreams
            assert (status.case_lost, status.keeps_case) == (3, False)
            assert [query[13:33] for query in upstream.queries[-7:]] == [question[1:21]] * 7
            assert len(upstream.queries) == 13

    def test_one_that_keeps_it_now_and_then_is_not_given_up(self):
        with NanoUpstream(GOOD) as upstream:
            forwarder = Forwarder([upstream.endpoint])
            for say in (lower, lower, GOOD, lower, lower, GOOD):
                upstream.say = say
                assert asked(forwarder=forwarder, question=b"\x14abcdefghijklmnopqrst\7example\0\0\1\0\1") is not None
            assert forwarder.status().upstreams[0].keeps_case


def test_a_truncated_answer_is_asked_for_over_tcp():
    def say(data: bytes, over_tcp: bool) -> list[bytes]:
        return list(GOOD(data, over_tcp) if over_tcp else says(flags=dns.flags.TC)(data, over_tcp))

    with NanoUpstream(say) as upstream:
        assert addresses(asked(upstream.endpoint)) == ["198.18.0.1"]
        assert upstream.over_tcp == 1


def test_the_demos_upstream_says_it_over_tcp_too():
    with LocalUpstreamThread() as upstream:
        assert len(addresses(asked(upstream.endpoint, question=b"\1a\2tc\7example\0\0\1\0\1"))) == 1


def test_a_refusal_is_asked_elsewhere_at_once():
    with NanoUpstream(says(rcode="REFUSED")) as refusing, NanoUpstream(GOOD) as good:
        forwarder = Forwarder([refusing.endpoint, good.endpoint])
        assert addresses(asked(forwarder=forwarder)) == ["198.18.0.1"]
        for _ in range(5):
            asked(forwarder=forwarder)
        assert len(refusing.queries) < 3, "the one that answered is asked first from then on"


def test_an_error_is_returned_only_if_nobody_has_anything_better():
    with NanoUpstream(says(rcode="SERVFAIL")) as failing, NanoUpstream(says(rcode="REFUSED")) as refusing:
        assert rcode(asked(failing.endpoint, refusing.endpoint)) in ("SERVFAIL", "REFUSED")
        assert (len(failing.queries), len(refusing.queries)) == (1, 1)


def test_there_being_no_such_name_is_an_answer():
    with NanoUpstream(says(rcode="NXDOMAIN")) as first, NanoUpstream(silence) as second:
        assert rcode(asked(first.endpoint, second.endpoint)) == "NXDOMAIN"


def test_a_second_upstream_is_asked_beside_a_silent_one():
    with NanoUpstream(silence) as silent, NanoUpstream(GOOD) as good:
        assert addresses(asked(silent.endpoint, good.endpoint)) == ["198.18.0.1"]
        eventually(lambda: len(silent.queries) == 1)


def test_a_lost_datagram_is_sent_again():
    def deaf_at_first(data: bytes, over_tcp: bool) -> list[bytes]:
        return list(GOOD(data, over_tcp)) if len(upstream.queries) > 1 else []

    with NanoUpstream(deaf_at_first) as upstream:
        assert addresses(asked(upstream.endpoint)) == ["198.18.0.1"]


def test_nobody_there_is_known_at_once():
    started = time.monotonic()
    assert asked(dead_endpoint(), dead_endpoint()) is None
    assert time.monotonic() - started < DEADLINE


def test_without_upstreams_there_is_no_answer():
    forwarder = Forwarder([])
    assert asked(forwarder=forwarder) is None
    assert forwarder.status().overload == 1


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_silence_ends_in_time_and_a_flood_of_questions_leaves_sockets_for_others():
    """A stub gives up soon after two seconds; and a box has some thousand sockets for everything."""
    most = 0

    async def flood(endpoint: Endpoint) -> list[bytes | None]:
        nonlocal most
        forwarder = Forwarder([endpoint])
        before = open_files()
        questions = [
            forwarder.ask(bytes([3]) + b"%03d" % number + b"\0\0\1\0\1", dnssec_ok=False, checking_disabled=False) for number in range(600)
        ]
        gathered = asyncio.gather(*questions)
        while not gathered.done():
            most = max(most, open_files() - before)
            await asyncio.sleep(0.05)
        assert forwarder.status().overload == 600 - MAX_IN_FLIGHT
        return await gathered

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        started = time.monotonic()
        assert set(asyncio.run(flood(Endpoint("127.0.0.1", silent.getsockname()[1])))) == {None}
        assert time.monotonic() - started < 2.5
    assert most < 900
