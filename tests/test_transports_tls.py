"""DoT against servers that answer, reorder, lie, hang up and fall silent, with certificates that are and are not what they should be."""

import asyncio
import time

import dns.edns
import dns.message
import pytest

from dinnerbell.config import Endpoint
from dinnerbell.endpoints import parse_upstream
from dinnerbell_dns.health import State, Trouble
from dinnerbell_dns.transports.pool import MAX_CONNECTIONS, PATIENCE, Patience
from dinnerbell_dns.upstream import Forwarder
from encrypted import GOOD, NAME, Authority, dot, framed, read_query
from live import NanoUpstream, addresses, dead_endpoint, eventually, says, silence


def question(number: int = 0) -> bytes:
    return b"\5n%04d\7example\0\0\1\0\1" % number


async def ask(forwarder: Forwarder, number: int = 0) -> dns.message.Message | None:
    message = await forwarder.ask(question(number), dnssec_ok=False, checking_disabled=False)
    return None if message is None else dns.message.from_wire(message)


def run(authority, upstreams, work, patience=PATIENCE):
    """Run `work(forwarder)` in a loop of its own, and hang up."""

    async def there():
        forwarder = Forwarder(upstreams, authorities=authority.file, patience=patience)
        try:
            return await work(forwarder)
        finally:
            forwarder.close()
            await asyncio.sleep(0.01)

    return asyncio.run(there())


class TestAnswering:
    def test_questions_share_a_connection(self, authority, serve):
        upstream = serve(dot())

        async def work(forwarder):
            for number in range(20):
                assert addresses(await ask(forwarder, number)) == ["198.18.0.1"]
            return forwarder.status()

        [status] = run(authority, [upstream.tls()], work).upstreams
        assert (status.transport, status.state, status.asked, status.answered, status.connections) == ("tls", State.GOOD, 20, 20, 1)
        assert sum(status.histogram) == 20
        assert len({query[:2] for query in upstream.queries}) > 15, "ids are random"

    def test_answers_may_come_in_any_order(self, authority, serve):
        async def backwards(upstream, reader, writer, number):
            queries = [await read_query(upstream, reader) for _ in range(30)]
            for query in reversed(queries):
                name = dns.message.from_wire(query).question[0].name.to_text()
                address = f"198.18.0.{int(name[1:5])}"
                writer.write(framed(next(iter(says(f"@ 300 A {address}")(query, True)))))
            await reader.read()

        upstream = serve(backwards)
        answers = run(authority, [upstream.tls()], lambda forwarder: asyncio.gather(*(ask(forwarder, number) for number in range(30))))
        assert [addresses(answer) for answer in answers] == [[f"198.18.0.{number}"] for number in range(30)]

    def test_an_answer_may_come_in_pieces(self, authority, serve):
        async def crumbs(upstream, reader, writer, number):
            data = framed(next(iter(GOOD(await read_query(upstream, reader), True))))
            for at in range(len(data)):
                writer.write(data[at : at + 1])
                await writer.drain()
            await reader.read()

        assert addresses(run(authority, [serve(crumbs).tls()], ask)) == ["198.18.0.1"]

    def test_questions_are_padded_to_blocks(self, authority, serve):
        """RFC 8467: the length says nothing of the name."""
        upstream = serve(dot())
        run(authority, [upstream.tls()], ask)
        [query] = upstream.queries
        assert len(query) == 128
        [option] = dns.message.from_wire(query).options
        assert option.otype == dns.edns.PADDING

    def test_an_address_may_stand_in_place_of_the_name(self, authority, serve):
        upstream = serve(dot(), "127.0.0.1")
        assert addresses(run(authority, [upstream.tls("127.0.0.1")], ask)) == ["198.18.0.1"]

    def test_an_idle_connection_is_closed_and_opened_anew(self, authority, serve):
        upstream = serve(dot())

        async def work(forwarder):
            await ask(forwarder)
            await asyncio.to_thread(eventually, lambda: not upstream.open)
            assert addresses(await ask(forwarder)) == ["198.18.0.1"]

        run(authority, [upstream.tls()], work, Patience(idle=0.05, dead=0.05))
        assert upstream.connections == 2


class TestCertificates:
    @pytest.mark.parametrize(
        "names, days, name, trouble",
        [
            pytest.param(("other.example",), 30, NAME, Trouble.CERTIFICATE_NAME, id="another_name"),
            pytest.param((NAME,), 30, "127.0.0.1", Trouble.CERTIFICATE_NAME, id="another_address"),
            pytest.param((NAME,), -1, NAME, Trouble.CERTIFICATE_DATE, id="expired"),
        ],
    )
    def test_a_wrong_one_is_not_asked(self, authority, serve, names, days, name, trouble):
        upstream = serve(dot(), *names, days=days)

        async def work(forwarder):
            assert await ask(forwarder) is None
            return forwarder.status()

        [status] = run(authority, [upstream.tls(name)], work).upstreams
        assert (status.state, status.trouble) == (State.FAILING, trouble)
        assert status.trouble_text.startswith("its certificate ")
        assert not upstream.queries

    def test_an_unknown_authority_is_not_trusted(self, tmp_path, authority, serve):
        upstream = serve(dot())

        async def work(forwarder):
            assert await ask(forwarder) is None
            return forwarder.status().upstreams[0].trouble

        assert run(Authority(tmp_path), [upstream.tls()], work) is Trouble.CERTIFICATE_ISSUER

    def test_one_that_is_mended_is_asked_again(self, authority, serve):
        bad = serve(dot(), days=-1)

        async def work(forwarder):
            assert await ask(forwarder) is None
            bad.renew(authority.context())
            assert addresses(await ask(forwarder)) == ["198.18.0.1"]
            return forwarder.status().upstreams[0]

        status = run(authority, [bad.tls()], work, Patience(reconnect=0.0))
        assert (status.state, status.trouble, status.trouble_text) == (State.GOOD, Trouble.NONE, "")


async def close_mid_answer(upstream, reader, writer, number):
    query = await read_query(upstream, reader)
    data = framed(next(iter(GOOD(query, True))))
    writer.write(data[:20] if number == 1 else data)
    await writer.drain()
    if number > 1:
        await reader.read()


async def close_at_once(upstream, reader, writer, number):
    await read_query(upstream, reader)


async def close_before_the_question(upstream, reader, writer, number):
    writer.close()


async def silent(upstream, reader, writer, number):
    while True:
        await read_query(upstream, reader)


async def silent_at_first(upstream, reader, writer, number):
    await (silent if number == 1 else dot())(upstream, reader, writer, number)


class TestTrouble:
    def test_an_answer_broken_off_is_asked_for_again_on_a_new_connection(self, authority, serve):
        upstream = serve(close_mid_answer)

        async def work(forwarder):
            assert addresses(await ask(forwarder)) == ["198.18.0.1"]
            return forwarder.status()

        status = run(authority, [upstream.tls()], work)
        assert (status.failed, upstream.connections, len(upstream.queries)) == (0, 2, 2)

    @pytest.mark.parametrize("handle", [close_at_once, close_before_the_question], ids=["after_the_question", "before_it"])
    def test_one_that_always_hangs_up_has_failed(self, authority, serve, handle):
        upstream = serve(handle)

        async def work(forwarder):
            assert await ask(forwarder) is None
            return forwarder.status()

        status = run(authority, [upstream.tls()], work)
        assert (status.failed, status.upstreams[0].trouble) == (1, Trouble.CLOSED)
        assert upstream.connections < 10

    def test_all_that_was_under_way_is_asked_again(self, authority, serve):
        async def hang_up_on_ten(upstream, reader, writer, number):
            if number > 1:
                await dot()(upstream, reader, writer, number)
            for _ in range(10):
                await read_query(upstream, reader)

        upstream = serve(hang_up_on_ten)
        answers = run(authority, [upstream.tls()], lambda forwarder: asyncio.gather(*(ask(forwarder, number) for number in range(10))))
        assert [addresses(answer) for answer in answers] == [["198.18.0.1"]] * 10
        assert upstream.connections == 2

    def test_a_connection_that_fell_silent_is_left_for_a_new_one(self, authority, serve):
        """Half-open TCP: the peer went away without a word; nobody says so."""
        upstream = serve(silent_at_first)
        assert addresses(run(authority, [upstream.tls()], ask)) == ["198.18.0.1"]
        assert upstream.connections == 2

    def test_one_that_never_answers_is_silent_and_its_connections_are_few(self, authority, serve):
        upstream = serve(silent)

        async def work(forwarder):
            assert await asyncio.gather(*(ask(forwarder, number) for number in range(150))) == [None] * 150
            return forwarder.status()

        started = time.monotonic()
        status = run(authority, [upstream.tls()], work)
        assert time.monotonic() - started < 3.5
        assert status.failed == 150
        assert status.upstreams[0].trouble is Trouble.SILENT
        assert upstream.connections <= MAX_CONNECTIONS

    LIES = {  # noqa: RUF012
        "another_id": lambda message: bytes([message[0] ^ 1]) + message[1:],
        "another_name": lambda message: message[:13] + b"x" + message[14:],
        "no_response": lambda message: message[:2] + b"\1\0" + message[4:],
        "cut_off": lambda message: message[:15],
        "nothing": lambda message: b"",
    }

    @pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
    def test_a_lie_is_counted_and_the_truth_waited_for(self, authority, serve, lie):
        upstream = serve(dot(lambda query, over_tcp: [lie(next(iter(GOOD(query, True)))), *GOOD(query, True)]))

        async def work(forwarder):
            assert addresses(await ask(forwarder)) == ["198.18.0.1"]
            return forwarder.status().upstreams[0].mismatched

        assert run(authority, [upstream.tls()], work) == 1

    def test_nobody_there_is_known_at_once(self, authority):
        async def work(forwarder):
            assert await ask(forwarder) is None
            return forwarder.status().upstreams[0].trouble

        assert run(authority, [parse_upstream(f"tls://{dead_endpoint()}#{NAME}")], work) is Trouble.UNREACHABLE

    def test_a_server_that_speaks_no_tls_is_told_as_such(self, authority):
        async def parrot(reader, writer):
            await reader.read(10)
            writer.write(b"220 mail.example ESMTP\r\n")
            await writer.drain()
            writer.close()

        async def work(forwarder):
            server = await asyncio.start_server(parrot, "127.0.0.1", 0)
            async with server:
                forwarder.use([parse_upstream(f"tls://127.0.0.1:{server.sockets[0].getsockname()[1]}#{NAME}")])
                assert await ask(forwarder) is None
                return forwarder.status().upstreams[0].trouble

        assert run(authority, [], work) is Trouble.PROTOCOL

    def test_a_long_answer_is_taken_whole(self, authority, serve):
        records = [f'@ 300 TXT "{number:04d}{"x" * 200}"' for number in range(250)]
        upstream = serve(dot(says(*records)))
        answer = run(authority, [upstream.tls()], ask)
        assert sum(len(rrset) for rrset in answer.answer) == 250


class TestBesideOthers:
    def test_a_plain_one_stands_in_where_the_encrypted_one_is_gone(self, authority):
        with NanoUpstream(GOOD) as plain:
            upstreams = [parse_upstream(f"tls://{dead_endpoint()}#{NAME}"), parse_upstream(str(plain.endpoint))]
            assert addresses(run(authority, upstreams, ask)) == ["198.18.0.1"]

    def test_it_is_not_asked_while_the_encrypted_one_answers(self, authority, serve):
        upstream = serve(dot())
        with NanoUpstream(GOOD) as plain:

            async def work(forwarder):
                for number in range(20):
                    await ask(forwarder, number)

            run(authority, [parse_upstream(str(plain.endpoint)), upstream.tls()], work)
            assert not plain.queries
            assert len(upstream.queries) == 20

    def test_names_of_time_servers_go_out_in_the_clear(self, authority, serve):
        upstream = serve(dot())

        async def work(forwarder):
            forwarder.use([upstream.tls()], [plain.endpoint])
            await forwarder.ask(question(), dnssec_ok=False, checking_disabled=False, plain_only=True)

        with NanoUpstream(GOOD) as plain:
            run(authority, [], work)
            assert len(plain.queries) == 1
        assert not upstream.queries

    def test_without_plain_ones_the_encrypted_ones_are_asked_for_time_in_the_clear(self, authority):
        """On port 53 of the same address: nobody listens there in this test, and that is told, not hung on."""

        async def work(forwarder):
            found = await forwarder.ask(question(), dnssec_ok=False, checking_disabled=False, plain_only=True)
            return found, [each.endpoint for each in forwarder._plain_lines]

        assert run(authority, [parse_upstream(f"tls://127.0.0.9:853#{NAME}")], work) == (None, [Endpoint("127.0.0.9", 53)])

    def test_other_upstreams_from_now_on(self, authority, serve):
        first, second = serve(silent), serve(dot())

        async def work(forwarder):
            waiting = asyncio.ensure_future(ask(forwarder))
            await asyncio.to_thread(eventually, lambda: first.queries)
            forwarder.use([second.tls()])
            assert addresses(await ask(forwarder, 1)) == ["198.18.0.1"]
            assert await waiting is None
            await asyncio.to_thread(eventually, lambda: not first.open)

        run(authority, [first.tls()], work)

    def test_what_is_known_of_one_that_stays_is_kept(self, authority, serve):
        upstream = serve(dot())

        async def work(forwarder):
            await ask(forwarder)
            with NanoUpstream(silence) as other:
                forwarder.use([upstream.tls(), other.endpoint])
                await ask(forwarder, 1)
            return forwarder.status().upstreams[0]

        status = run(authority, [upstream.tls()], work)
        assert (status.answered, status.connections) == (2, 1)
