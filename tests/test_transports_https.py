"""DoH against servers that answer, refuse, say goodbye and talk nonsense, over real HTTP/2; and how its address is found."""

import asyncio
import re
import subprocess
import sys

import dns.message
import pytest

from dinnerbell.endpoints import parse_upstream
from dinnerbell_dns.health import State, Trouble
from dinnerbell_dns.transports.pool import MAX_CONNECTIONS
from dinnerbell_dns.upstream import Forwarder
from encrypted import GOOD, NAME, Http, doh, dot, well
from live import NanoUpstream, addresses, eventually, says, silence, ttls

H2 = ("h2",)


def question(number: int = 0) -> bytes:
    return b"\5n%04d\7example\0\0\1\0\1" % number


async def ask(forwarder: Forwarder, number: int = 0) -> dns.message.Message | None:
    message = await forwarder.ask(question(number), dnssec_ok=False, checking_disabled=False)
    return None if message is None else dns.message.from_wire(message)


def run(authority, upstreams, work, bootstrap=()):
    """Run `work(forwarder)` in a loop of its own, and hang up."""

    async def there():
        forwarder = Forwarder(upstreams, bootstrap, authorities=authority.file)
        try:
            return await work(forwarder)
        finally:
            forwarder.close()
            await asyncio.sleep(0.01)

    return asyncio.run(there())


def failing(authority, upstream, **options):
    """Ask one upstream that can't answer, and return what `status` says of it."""

    async def work(forwarder):
        assert await ask(forwarder) is None
        return forwarder.status().upstreams[0]

    return run(authority, [upstream], work, **options)


class TestAnswering:
    def test_questions_share_a_connection(self, authority, serve):
        upstream = serve(doh(), alpn=H2)

        async def work(forwarder):
            answers = await asyncio.gather(*(ask(forwarder, number) for number in range(40)))
            return answers, forwarder.status().upstreams[0]

        answers, status = run(authority, [upstream.https()], work)
        assert [addresses(answer) for answer in answers] == [["198.18.0.1"]] * 40
        assert (status.transport, status.state, status.answered, status.connections) == ("https", State.GOOD, 40, 1)

    def test_it_is_a_post_of_a_padded_message_with_id_0(self, authority, serve):
        seen = []

        def respond(http: Http, stream: int, query: bytes) -> None:
            seen.append(http.headers[stream])
            well(http, stream, query)

        upstream = serve(doh(respond), alpn=H2)
        run(authority, [upstream.https(path="/ask{?dns}")], ask)
        [headers], [query] = seen, upstream.queries
        assert (headers[":method"], headers[":path"], headers[":authority"]) == ("POST", "/ask", f"{NAME}:{upstream.endpoint.port}")
        assert headers["content-type"] == headers["accept"] == "application/dns-message"
        assert (query[:2], len(query)) == (b"\0\0", 128)

    def test_an_answer_may_come_in_pieces(self, authority, serve):
        def crumbs(http: Http, stream: int, query: bytes) -> None:
            body = next(iter(GOOD(query, True)))
            http.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/dns-message")])
            for at in range(0, len(body), 7):
                http.h2.send_data(stream, body[at : at + 7])
                http.flush()
            http.h2.end_stream(stream)

        assert addresses(run(authority, [serve(doh(crumbs), alpn=H2).https()], ask)) == ["198.18.0.1"]

    def test_the_age_of_a_cached_answer_is_taken_off_its_ttls(self, authority, serve):
        def respond(http: Http, stream: int, query: bytes) -> None:
            http.answer(stream, next(iter(GOOD(query, True))), age="100")

        assert ttls(run(authority, [serve(doh(respond), alpn=H2).https()], ask)) == {200}

    def test_no_more_streams_than_the_server_allows(self, authority, serve):
        """The rest goes over further connections, a few of them."""
        most = {}

        def count(http: Http, stream: int, query: bytes) -> None:
            most[http.number] = max(most.get(http.number, 0), http.h2.open_inbound_streams)
            well(http, stream, query)

        upstream = serve(doh(count, MAX_CONCURRENT_STREAMS=3), alpn=H2)

        async def work(forwarder):
            await ask(forwarder)
            await asyncio.gather(*(ask(forwarder, number) for number in range(60)))

        run(authority, [upstream.https()], work)
        assert max(most.values()) <= 3
        assert upstream.connections <= MAX_CONNECTIONS


def goodbye_first(http: Http, stream: int, query: bytes) -> None:
    if http.number == 1:
        http.h2.close_connection(last_stream_id=0)
        http.flush()
    else:
        well(http, stream, query)


def refuse_first(http: Http, stream: int, query: bytes) -> None:
    if http.requests == 1:
        http.h2.reset_stream(stream, 0x7)
    else:
        well(http, stream, query)


class TestTrouble:
    @pytest.mark.parametrize("respond, connections", [(goodbye_first, 2), (refuse_first, 1)], ids=["goaway", "stream_refused"])
    def test_what_the_server_did_not_look_at_is_asked_again(self, authority, serve, respond, connections):
        upstream = serve(doh(respond), alpn=H2)

        async def work(forwarder):
            assert addresses(await ask(forwarder)) == ["198.18.0.1"]
            return forwarder.status()

        status = run(authority, [upstream.https()], work)
        assert (status.failed, upstream.connections, len(upstream.queries)) == (0, connections, 2)

    def test_goodbye_with_many_under_way(self, authority, serve):
        def respond(http: Http, stream: int, query: bytes) -> None:
            if http.number > 1:
                well(http, stream, query)
            elif http.requests == 10:
                http.h2.close_connection(last_stream_id=5)

        upstream = serve(doh(respond), alpn=H2)
        answers = run(authority, [upstream.https()], lambda forwarder: asyncio.gather(*(ask(forwarder, number) for number in range(10))))
        assert [addresses(answer) for answer in answers] == [["198.18.0.1"]] * 10
        assert upstream.connections == 2

    @pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
    def test_a_status_that_is_no_answer_is_told(self, authority, serve, status):
        upstream = serve(doh(lambda http, stream, query: http.answer(stream, b"sorry", status, content_type="text/plain")), alpn=H2)
        found = failing(authority, upstream.https())
        assert (found.trouble, found.trouble_text) == (Trouble.HTTP, f"it says HTTP {status}")

    NONSENSE = {  # noqa: RUF012
        "a_page": lambda http, stream, query: http.answer(stream, b"<p>Log in</p>", content_type="text/html"),
        "another_question": lambda http, stream, query: http.answer(stream, next(iter(GOOD(query, True))).replace(b"n0000", b"n0001")),
        "another_id": lambda http, stream, query: http.answer(stream, b"\0\1" + next(iter(GOOD(query, True)))[2:]),
        "nothing": lambda http, stream, query: http.answer(stream, b""),
        "more_than_dns_allows": lambda http, stream, query: flood(http, stream),
        "broken_records_with_an_age": lambda http, stream, query: http.answer(stream, next(iter(GOOD(query, True)))[:-3], age="5"),
    }

    @pytest.mark.parametrize("respond", NONSENSE.values(), ids=NONSENSE)
    def test_nonsense_is_no_answer(self, authority, serve, respond):
        upstream = serve(doh(respond), alpn=H2)
        assert failing(authority, upstream.https()).trouble is Trouble.PROTOCOL

    def test_after_an_answer_that_never_ends_the_connection_is_used_on(self, authority, serve):
        def respond(http: Http, stream: int, query: bytes) -> None:
            if http.requests == 1:
                flood(http, stream)
            else:
                well(http, stream, query)

        upstream = serve(doh(respond), alpn=H2)

        async def work(forwarder):
            assert await ask(forwarder) is None
            assert addresses(await ask(forwarder, 1)) == ["198.18.0.1"]

        run(authority, [upstream.https()], work)
        assert upstream.connections == 1

    def test_one_that_resets_every_request_has_failed(self, authority, serve):
        upstream = serve(doh(lambda http, stream, query: http.h2.reset_stream(stream, 0x2)), alpn=H2)
        assert failing(authority, upstream.https()).trouble is Trouble.HTTP

    def test_broken_http_2_is_told(self, authority, serve):
        async def parrot(upstream, reader, writer, number):
            await reader.read(10)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 6000)
            await reader.read()

        assert failing(authority, serve(parrot, alpn=H2).https()).trouble is Trouble.PROTOCOL

    def test_a_server_without_http_2_is_told(self, authority, serve):
        found = failing(authority, serve(dot()).https())
        assert (found.trouble, found.trouble_text) == (Trouble.PROTOCOL, "it does not speak HTTP/2")

    def test_a_certificate_for_another_name_is_not_asked(self, authority, serve):
        upstream = serve(doh(), "other.example", alpn=H2)
        assert failing(authority, upstream.https()).trouble is Trouble.CERTIFICATE_NAME
        assert not upstream.queries

    def test_one_that_fell_silent_is_asked_on_a_new_connection(self, authority, serve):
        upstream = serve(doh(lambda http, stream, query: None if http.number == 1 else well(http, stream, query)), alpn=H2)
        assert addresses(run(authority, [upstream.https()], ask)) == ["198.18.0.1"]
        assert upstream.connections == 2


def flood(http: Http, stream: int) -> None:
    http.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/dns-message")])
    http.endless.add(stream)


class TestAddress:
    """Where the server is: written behind the URL, an address itself, or asked of plain resolvers, never of the box."""

    @pytest.fixture
    def upstream(self, serve):
        return serve(doh(), NAME, "127.0.0.1", alpn=H2)

    def test_a_plain_resolver_is_asked_for_the_name_once(self, authority, upstream):
        def say(data: bytes, over_tcp: bool) -> list[bytes]:
            is_a = dns.message.from_wire(data).question[0].rdtype == 1
            return list((says("@ 300 A 127.0.0.1") if is_a else says())(data, over_tcp))

        with NanoUpstream(silence) as first, NanoUpstream(say) as second:
            url = parse_upstream(f"https://{NAME}:{upstream.endpoint.port}/dns-query")

            async def work(forwarder):
                await ask(forwarder)  # the first resolver is silent, so this one may be too late
                assert addresses(await ask(forwarder, 1)) == ["198.18.0.1"]

            run(authority, [url], work, [first.endpoint, second.endpoint])
            assert second.names == [NAME, NAME], "A and AAAA"

    def test_nobody_knows_the_name(self, authority, upstream):
        url = parse_upstream(f"https://{NAME}:{upstream.endpoint.port}/dns-query")
        with NanoUpstream(says(rcode="NXDOMAIN")) as plain:
            found = failing(authority, url, bootstrap=[plain.endpoint])
        assert found.trouble is Trouble.NO_ADDRESS
        assert "#9.9.9.9" in found.trouble_text

    def test_the_host_may_be_an_address(self, authority, upstream):
        url = parse_upstream(f"https://127.0.0.1:{upstream.endpoint.port}/dns-query")
        assert addresses(run(authority, [url], ask)) == ["198.18.0.1"]

    def test_the_next_address_is_tried_where_nobody_answers(self, authority, upstream):
        def say(data: bytes, over_tcp: bool) -> list[bytes]:
            is_a = dns.message.from_wire(data).question[0].rdtype == 1
            return list((says("@ 300 A 127.0.0.2", "@ 300 A 127.0.0.1") if is_a else says())(data, over_tcp))

        with NanoUpstream(say) as plain:
            url = parse_upstream(f"https://{NAME}:{upstream.endpoint.port}/dns-query")
            assert addresses(run(authority, [url], ask, [plain.endpoint])) == ["198.18.0.1"]


def test_without_the_extra_the_rest_works_and_the_sentence_says_what_to_install(tmp_path):
    """A Python that cannot find h2, as after a plain `pip install dinnerbell`."""
    program = (
        "import sys; sys.modules['h2'] = None\n"
        "import importlib.util; found = importlib.util.find_spec\n"
        "import dinnerbell_dns.upstream\n"
        "from dinnerbell.endpoints import parse_upstream\n"
        "from dinnerbell.running.whom_to_ask import WhomToAsk\n"
        "WhomToAsk(dinnerbell_dns.upstream.Forwarder()).choose([parse_upstream('https://dns.example/q')], [])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert re.search(r"CannotAsk: .*pip install 'dinnerbell\[doh\]'", done.stderr), done.stderr


def test_connections_end_with_the_forwarder(authority, serve):
    upstream = serve(doh(), alpn=H2)
    run(authority, [upstream.https()], ask)
    eventually(lambda: not upstream.open)
