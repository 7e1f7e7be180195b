"""Loud devices over real sockets, in a network of its own with private addresses: slowed, counted, named, and no burden to the others."""

import contextlib
import time

import dns.message
import pytest

from dinnerbell.clock import Clock
from dinnerbell_dns.server import Server
from dinnerbell_dns.upstream import MAX_IN_FLIGHT
from live import (
    ACORN_LANE,
    OFFICE_LAPTOP,
    STAFF_PHONE,
    TABLET,
    LiveServer,
    LocalUpstreamThread,
    Moment,
    NanoUpstream,
    connection,
    datagrams,
    eventually,
    own_network,
    rcode,
    receive_message,
    says,
    silence,
)  # fmt: skip

BOX, LOUD, QUIET = "10.7.0.1", "10.7.0.31", "10.7.0.20"
NURSERY = ACORN_LANE.replace("127.0.0.31", LOUD).replace("127.0.0.20", QUIET)
LIMITED = NURSERY + "box: {rate-limit: 50}\n"


def wire(name: str = "www.example.org", **options) -> bytes:
    return dns.message.make_query(name, "A", **options).to_wire()


@pytest.fixture
def network():
    with own_network(f"{BOX}/24", f"{LOUD}/24", f"{QUIET}/24", "fd07::1/64", "fd07::31/64"), LocalUpstreamThread() as upstream:
        yield upstream


def serve(upstream: LocalUpstreamThread, text: str = LIMITED, listen: str = BOX) -> tuple[LiveServer, Moment]:
    moment = Moment()
    return LiveServer(text, [upstream.endpoint], moment, [listen]), moment


def burst(server: LiveServer, source: str, count: int) -> int:
    """Ask so often at one instant, known names and new ones; return how many answers came."""
    with datagrams(server.endpoint, source) as udp:
        answers = 0
        for number in range(count):
            udp.send(wire("www.example.org" if number % 2 else f"n{number}.example.org"))
            if number % 20 == 19 or number == count - 1:
                server.call(int)  # let it drain; and read, for our own buffer is small
                udp.settimeout(0.3 if number == count - 1 else 0.001)
                with contextlib.suppress(TimeoutError):
                    while udp.recv(4096):
                        answers += 1
        return answers


class TestRateLimit:
    def test_a_loud_device_gets_its_share_and_the_rest_is_dropped_and_counted(self, network):
        server, moment = serve(network)
        with server:
            assert burst(server, LOUD, 200) in (50, 51), "the first look-up makes it known"
            assert burst(server, QUIET, 40) == 40
            moment.seconds += 0.5
            assert burst(server, LOUD, 100) in (24, 25, 26)
            drops = server.server.drops
            assert 220 < drops.limited <= 226
            batch = server.counts()
            assert sum(batch.slowed.values()) == drops.limited
            assert {device for _, device in batch.slowed} == {"room-tablet-1"}
            assert server.counts().slowed == {}, "handed over once"

    def test_a_whole_setting_behind_one_address_is_not_punished(self, network):
        """A thousand look-ups in one moment, as after a power cut, are all answered where the file says nothing."""
        server, _ = serve(network, NURSERY)
        with server:
            assert burst(server, LOUD, 1000) == 1000
            assert server.server.drops.limited == 0

    @pytest.mark.parametrize("listen", ["0.0.0.0", BOX], ids=["wildcard", "one_address"])
    def test_it_holds_on_every_kind_of_socket(self, network, listen):
        server, _ = serve(network, listen=listen)
        with server:
            server.server.endpoints[0] = type(server.endpoint)(BOX, server.port)
            assert burst(server, LOUD, 100) in (50, 51)

    def test_the_boxs_own_machine_has_no_limit(self, network):
        server, _ = serve(network, listen="127.0.0.1")
        with server:
            assert burst(server, STAFF_PHONE, 300) == 300

    def test_a_reload_may_change_it(self, network):
        server, _ = serve(network)
        with server:
            assert burst(server, LOUD, 80) in (50, 51)
            server.use(NURSERY + "box: {rate-limit: 70}\n")
            assert burst(server, LOUD, 100) in (70, 71)

    def test_over_tcp_it_has_to_wait(self, network):
        """Nothing is lost there: what is over the limit is held back until there is room again."""
        with LiveServer(LIMITED, [network.endpoint], Clock(time.time, time.monotonic), [BOX]) as server:
            started = time.monotonic()
            with connection(server.endpoint, LOUD) as tcp:
                message = wire()
                tcp.sendall((len(message).to_bytes(2, "big") + message) * 80)
                for _ in range(80):
                    assert receive_message(tcp)
            assert time.monotonic() - started > 0.4
            assert rcode(server.ask("www.example.org", source=QUIET)) == "NOERROR"
            assert sum(server.counts().slowed.values()) > 0


@pytest.fixture
def served_by():
    def serve_by(say) -> tuple[NanoUpstream, LiveServer]:
        upstream = stack.enter_context(NanoUpstream(say))
        return upstream, stack.enter_context(LiveServer(upstreams=[upstream.endpoint]))

    with contextlib.ExitStack() as stack:
        yield serve_by


class TestRandomSubdomains:
    """A device asks names that nobody knows, of a domain whose servers are dead. Loopback serves: this is no rate limit."""

    def flood(self, server: LiveServer, count: int) -> None:
        with datagrams(server.endpoint, TABLET) as udp:
            for number in range(count):
                udp.send(wire(f"r{number}.flood.example"))
                if number % 50 == 49:
                    server.call(int)

    def test_the_others_are_answered_meanwhile(self, served_by):
        def say(data: bytes, over_tcp: bool) -> list[bytes]:
            return [] if b"flood" in data.lower() else list(says("@ 300 A 198.18.0.1")(data, over_tcp))

        upstream, server = served_by(say)
        self.flood(server, 3 * MAX_IN_FLIGHT)
        for number in range(20):
            started = time.monotonic()
            assert rcode(server.ask(f"n{number}.example.org", source=OFFICE_LAPTOP)) == "NOERROR"
            assert time.monotonic() - started < 0.35, "at once, not at the upstream's second attempt"
        floods = {name for name in map(str.lower, upstream.names) if "flood" in name}
        assert len(floods) <= MAX_IN_FLIGHT / 2, "half of the places, and no more"

    def test_it_is_bounded_and_every_question_that_was_not_asked_is_counted(self, served_by):
        _, server = served_by(silence)
        self.flood(server, 3000)
        assert eventually(lambda: server.server.drops.crowded >= 3000 - 500 - MAX_IN_FLIGHT / 2 - server.server.dropped()["queue"], 10)
        assert len(server.server._tasks) <= 500 + MAX_IN_FLIGHT

    def test_blocked_and_known_names_are_answered_at_once_to_the_loud_one_too(self, served_by):
        upstream, server = served_by(says("@ 300 A 198.18.0.1"))
        server.ask("known.example", source=TABLET)
        upstream.say = silence
        self.flood(server, 2000)
        started = time.monotonic()
        assert rcode(server.ask("known.example", source=TABLET)) == "NOERROR"
        assert rcode(server.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN"
        assert time.monotonic() - started < 1.0


def test_addresses_of_strangers_push_no_device_out(network):
    """Whoever forges sources outside the answered networks fills a room of its own."""
    server, _ = serve(network, NURSERY)
    with server:
        server.ask("www.example.org", source=QUIET)
        core: Server = server.server
        server.call(lambda: [core._client(f"8.{number >> 16}.{number >> 8 & 255}.{number & 255}") for number in range(25_000)])
        assert list(core._clients) == [QUIET]
        assert len(core._strangers) <= 20_000
