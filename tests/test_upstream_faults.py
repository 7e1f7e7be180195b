"""Upstreams that fail in every way that is known, behind the real server: the answering goes on, and every loss is counted.

Each fault stands once beside a good upstream (every name is answered, the fault is counted) and once alone (SERVFAIL in time, what is
refused is refused as ever, and when the fault is mended the answers come back).
"""

import contextlib
import time

import dns.flags
import pytest

from dinnerbell_dns.health import State, UpstreamStatus
from encrypted import GOOD, Http, doh, dot, framed, read_query, well
from live import STAFF_PHONE, TABLET, LiveServer, NanoUpstream, addresses, dead_endpoint, eventually, rcode, says, silence


def forged(change):
    """A plain saying: what comes back is not what was asked."""
    return lambda data, over_tcp: [change(message) for message in says("@ 300 A 6.6.6.6")(data, over_tcp)]


PLAIN = {
    "silent": silence,
    "refusing": says(rcode="REFUSED"),
    "failing": says(rcode="SERVFAIL"),
    "wrong_id": forged(lambda message: bytes([message[0] ^ 1]) + message[1:]),
    "wrong_question": forged(lambda message: message[:13] + b"x" + message[14:]),
    "no_response": lambda data, over_tcp: [data],
    "cut_off": forged(lambda message: message[:20]),
    "truncating_and_silent_over_tcp": lambda data, over_tcp: [] if over_tcp else list(says(flags=dns.flags.TC)(data, False)),
}


async def close_mid_answer(upstream, reader, writer, number):
    data = framed(next(iter(GOOD(await read_query(upstream, reader), True))))
    writer.write(data[:20])
    await writer.drain()


async def close_at_once(upstream, reader, writer, number):
    pass


async def say_nothing(upstream, reader, writer, number):
    while await reader.read(4096):
        pass


async def send_rubbish(upstream, reader, writer, number):
    await read_query(upstream, reader)
    writer.write(b"\xff" * 300_000)
    await reader.read()


TLS = {
    "closing_mid_answer": close_mid_answer,
    "closing_at_once": close_at_once,
    "silent": say_nothing,
    "rubbish": send_rubbish,
    "wrong_id": dot(lambda query, over_tcp: [b"\0\0" + message[2:] for message in GOOD(query, True)]),
    "refusing": dot(says(rcode="REFUSED")),
}


def goodbye(http: Http, stream: int, query: bytes) -> None:
    http.h2.close_connection(last_stream_id=0)


def endless(http: Http, stream: int, query: bytes) -> None:
    http.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/dns-message")])
    http.endless.add(stream)


HTTPS = {
    "goaway": doh(goodbye),
    "http_500": doh(lambda http, stream, query: http.answer(stream, b"", 500)),
    "a_page_to_log_in": doh(lambda http, stream, query: http.answer(stream, b"<p>Log in", content_type="text/html")),
    "huge_answer": doh(endless),
    "reset": doh(lambda http, stream, query: http.h2.reset_stream(stream, 0x2)),
    "refused_streams": doh(lambda http, stream, query: http.h2.reset_stream(stream, 0x7)),
    "silent": doh(lambda http, stream, query: None),
    "closing_at_once": close_at_once,
}
FAULTS = [("plain", name) for name in PLAIN] + [("tls", name) for name in TLS] + [("https", name) for name in HTTPS]
NAMES = [f"n{number}.acornlane.example" for number in range(6)]


class Faulty:
    """An upstream with a fault that can be mended."""

    def __init__(self, scheme: str, name: str, serve, stack) -> None:
        self._scheme = scheme
        if scheme == "plain":
            self._real = stack.enter_context(NanoUpstream(PLAIN[name]))
            self.upstream = self._real.endpoint
        else:
            self._real = serve({"tls": TLS, "https": HTTPS}[scheme][name], alpn=("h2",) if scheme == "https" else ())
            self.upstream = getattr(self._real, scheme)()

    def mend(self) -> None:
        if self._scheme == "plain":
            self._real.say = GOOD
        else:
            self._real.restart(dot() if self._scheme == "tls" else doh(well))


@pytest.fixture
def faulty(request, serve):
    with contextlib.ExitStack() as stack:
        yield Faulty(*request.param, serve, stack)


def losses(status: UpstreamStatus) -> int:
    return status.failed + status.mismatched + status.case_lost


@pytest.mark.parametrize("faulty", FAULTS, ids=[f"{scheme}-{name}" for scheme, name in FAULTS], indirect=True)
class TestFault:
    def test_beside_a_good_one_every_name_is_answered(self, faulty, authority, serve):
        with NanoUpstream(GOOD) as good, LiveServer(upstreams=[faulty.upstream, good.endpoint], authorities=authority.file) as server:
            for name in NAMES:
                assert addresses(server.ask(name)) == ["198.18.0.1"]
            bad = server.server.forwarder.status().upstreams[0]
            assert bad.answered == 0
            eventually(lambda: losses(server.server.forwarder.status().upstreams[0]))
            assert server.server.forwarder.status().failed == 0

    def test_alone_it_is_told_in_time_and_works_again_when_mended(self, faulty, authority):
        with LiveServer(upstreams=[faulty.upstream], authorities=authority.file) as server:
            started = time.monotonic()
            assert rcode(server.ask(NAMES[0])) in ("SERVFAIL", "REFUSED")
            assert time.monotonic() - started < 2.5
            assert rcode(server.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN"
            status = server.server.forwarder.status()
            assert losses(status.upstreams[0]) or status.upstreams[0].answered, "a refusal is an answer where nobody has a better one"
            faulty.mend()
            eventually(lambda: addresses(server.ask(NAMES[1])) == ["198.18.0.1"], 10)
            assert server.server.forwarder.status().upstreams[0].state is State.GOOD
            assert rcode(server.ask("www.instagram.com", source=STAFF_PHONE)) == "NOERROR"


def test_nobody_there_beside_a_good_one():
    with NanoUpstream(GOOD) as good, LiveServer(upstreams=[dead_endpoint(), good.endpoint]) as server:
        for name in NAMES:
            assert addresses(server.ask(name)) == ["198.18.0.1"]
        assert server.server.forwarder.status().upstreams[0].state is State.FAILING


def test_a_slow_one_is_overtaken_and_then_asked_second(authority):
    def slowly(data: bytes, over_tcp: bool) -> list[bytes]:
        time.sleep(0.5)
        return list(GOOD(data, over_tcp))

    with NanoUpstream(slowly) as slow, NanoUpstream(GOOD) as fast, LiveServer(upstreams=[slow.endpoint, fast.endpoint]) as server:
        for name in NAMES:
            assert addresses(server.ask(name)) == ["198.18.0.1"]
        assert fast.names == NAMES
        assert len(slow.queries) <= 2


def test_one_that_comes_back_is_noticed_by_a_real_question():
    """Failing, it is asked beside the good one, after a second; and then it may lead again."""
    with (
        NanoUpstream(says(rcode="SERVFAIL")) as ill,
        NanoUpstream(GOOD) as good,
        LiveServer(upstreams=[ill.endpoint, good.endpoint]) as server,
    ):

        def state() -> State:
            server.ask(f"n{time.monotonic_ns()}.example")
            return server.server.forwarder.status().upstreams[0].state

        eventually(lambda: state() is State.FAILING, 20)
        ill.say = GOOD
        eventually(lambda: state() is State.GOOD, 20)
