"""The demo's upstream: a real DNS server on loopback that answers any name, always the same (dnspython is the foreign oracle)."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.config import Endpoint
from dinnerbell.demo.upstream import LocalUpstream, address_of, address_v6_of

ALIASES = {"shop.example": "www.example.net", "a.example": "b.example", "b.example": "c.example", "gone.example": "x.nx.example",
           "round.example": "round.example"}  # fmt: skip


class Running:
    """An upstream in a thread with a loop of its own, as a server has one."""

    def __init__(self) -> None:
        self.upstream = LocalUpstream(ALIASES)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.endpoint: Endpoint = self.call(self.upstream.start())

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def close(self) -> None:
        self.call(self.upstream.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def ask(self, name: str, qtype: str = "A", *, tcp: bool = False, **options) -> dns.message.Message:
        query = dns.message.make_query(name, qtype, **options)
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(query, self.endpoint.address, port=self.endpoint.port, timeout=5)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.close()


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
class TestAnswers:
    def test_an_address_is_the_same_every_time(self, running, tcp):
        first, again = running.ask("www.instagram.com", tcp=tcp), running.ask("WWW.Instagram.COM", tcp=tcp)
        assert (
            [str(record) for record in first.answer[0]]
            == [str(record) for record in again.answer[0]]
            == [str(address_of("www.instagram.com"))]
        )
        assert str(address_of("www.instagram.com")).startswith(("198.18.", "198.19."))
        assert first.answer[0].ttl == 300
        assert str(again.question[0].name) == "WWW.Instagram.COM.", "the question comes back as it was asked (0x20)"

    def test_an_ipv6_address_is_from_the_documentation_range(self, running, tcp):
        answer = running.ask("www.instagram.com", "AAAA", tcp=tcp)
        assert [str(record) for record in answer.answer[0]] == [str(address_v6_of("www.instagram.com"))]
        assert str(address_v6_of("www.instagram.com")).startswith("2001:db8:")

    @pytest.mark.parametrize("qtype", ["HTTPS", "TXT", "MX", "CNAME", "ANY", "TYPE65400"])
    def test_other_types_are_nodata_with_an_soa(self, running, tcp, qtype):
        answer = running.ask("www.bbc.co.uk", qtype, tcp=tcp)
        assert answer.rcode() == dns.rcode.NOERROR
        assert not answer.answer
        assert [rrset.rdtype for rrset in answer.authority] == [dns.rdatatype.SOA]

    @pytest.mark.parametrize("name", ["nx.example", "a.b.nx.example", "anything.invalid"])
    def test_some_names_do_not_exist(self, running, tcp, name):
        answer = running.ask(name, tcp=tcp)
        assert answer.rcode() == dns.rcode.NXDOMAIN
        assert answer.authority[0].rdtype == dns.rdatatype.SOA

    def test_an_alias_is_followed(self, running, tcp):
        answer = running.ask("shop.example", tcp=tcp)
        assert answer.resolve_chaining().canonical_name.to_text() == "www.example.net."
        assert str(answer.answer[1][0]) == str(address_of("www.example.net"))

    def test_an_alias_of_an_alias_is_followed(self, running, tcp):
        assert running.ask("a.example", "AAAA", tcp=tcp).resolve_chaining().canonical_name.to_text() == "c.example."

    def test_an_alias_asked_for_itself_is_given_alone(self, running, tcp):
        assert [rrset.to_text() for rrset in running.ask("a.example", "CNAME", tcp=tcp).answer] == ["a.example. 300 IN CNAME b.example."]

    def test_an_alias_has_nodata_for_https_and_still_says_where_it_leads(self, running, tcp):
        answer = running.ask("shop.example", "HTTPS", tcp=tcp)
        assert answer.answer[0].rdtype == dns.rdatatype.CNAME
        assert answer.authority[0].rdtype == dns.rdatatype.SOA

    def test_an_alias_of_nothing_is_nxdomain(self, running, tcp):
        answer = running.ask("gone.example", tcp=tcp)
        assert answer.rcode() == dns.rcode.NXDOMAIN
        assert answer.answer[0].rdtype == dns.rdatatype.CNAME

    def test_an_alias_of_itself_ends(self, running, tcp):
        assert running.ask("round.example", tcp=tcp).answer

    def test_edns_is_answered_with_edns_and_plain_without(self, running, tcp):
        assert running.ask("www.bbc.co.uk", tcp=tcp, use_edns=0, payload=1232).edns == 0
        assert running.ask("www.bbc.co.uk", tcp=tcp).edns == -1

    def test_the_root_has_nodata(self, running, tcp):
        assert running.ask(".", "NS", tcp=tcp).authority

    def test_the_longest_name_is_answered(self, running, tcp):
        name = ".".join(["a" * 63] * 3 + ["b" * 61])
        assert str(running.ask(name, tcp=tcp).answer[0][0]) == str(address_of(name))


def test_a_tcp_only_name_is_truncated_over_udp_and_whole_over_tcp(running):
    assert running.ask("big.tc.example").flags & dns.flags.TC
    assert not running.ask("big.tc.example").answer
    assert running.ask("big.tc.example", tcp=True).answer


def test_a_silent_name_is_counted_and_not_answered(running):
    query = dns.message.make_query("w.silent.example", "A").to_wire()
    before = running.upstream.questions
    assert running.upstream.reply(query) is None
    assert running.upstream.questions == before + 1


def test_questions_are_counted_by_name(running):
    before = running.upstream.questions
    assert running.upstream.asked["count.example"] == 0
    running.ask("count.example")
    running.ask("COUNT.example", "AAAA")
    assert running.upstream.asked["count.example"] == 2
    assert running.upstream.questions == before + 2


def test_several_questions_on_one_connection(running):
    queries = [dns.message.make_query(f"host{number}.example", "A") for number in range(20)]
    with socket.create_connection((running.endpoint.address, running.endpoint.port), timeout=5) as connection:
        for query in queries:
            dns.query.send_tcp(connection, query.to_wire())
        for query in queries:
            answer, _ = dns.query.receive_tcp(connection)
            assert query.is_response(answer)


QUESTION = b"\x01a\x00\x00\x01\x00\x01"

MALFORMED = {
    "empty": b"",
    "short_header": b"\x00" * 11,
    "no_question": struct.pack("!6H", 1, 0x0100, 0, 0, 0, 0),
    "two_questions": struct.pack("!6H", 1, 0x0100, 2, 0, 0, 0) + QUESTION * 2,
    "a_response": struct.pack("!6H", 1, 0x8180, 1, 0, 0, 0) + QUESTION,
    "opcode_update": struct.pack("!6H", 1, 5 << 11, 1, 0, 0, 0) + QUESTION,
    "label_64": struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x40" + b"a" * 64 + b"\x00\x00\x01\x00\x01",
    "compression_loop": struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c\x00\x01\x00\x01",
    "name_unended": struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x05abc",
    "name_over_255": struct.pack("!6H", 1, 0, 1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 4 + b"\x00\x00\x01\x00\x01",
    "type_missing": struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x01a\x00\x00",
    "class_chaos": struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x01a\x00\x00\x10\x00\x03",
    "dot_in_label": struct.pack("!6H", 1, 0, 1, 0, 0, 0) + b"\x03a.b\x00\x00\x01\x00\x01",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_question_is_dropped_and_the_next_one_is_answered(running, data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect((running.endpoint.address, running.endpoint.port))
        client.send(data)
        query = dns.message.make_query("after.example", "A")
        client.send(query.to_wire())
        assert query.is_response(dns.message.from_wire(client.recv(4096))), "the first thing to come back is the good question's answer"


@pytest.mark.parametrize(
    "sent", [b"", b"\x00", b"\x00\x20abc", b"\x00\x00", b"\xff\xff"], ids=["nothing", "half_length", "half", "zero", "long"]
)
def test_a_broken_conversation_harms_nobody(running, sent):
    with socket.create_connection((running.endpoint.address, running.endpoint.port), timeout=5) as connection:
        connection.sendall(sent)
    assert running.ask("after.example", tcp=True).answer


def test_it_stops_while_somebody_is_connected_and_starts_again():
    running = Running()
    with socket.create_connection((running.endpoint.address, running.endpoint.port), timeout=5) as connection:
        dns.query.send_tcp(connection, dns.message.make_query("a.example", "A").to_wire())
        dns.query.receive_tcp(connection)
        running.call(running.upstream.stop())
        assert connection.recv(1) == b""
    running.call(running.upstream.stop())
    running.endpoint = running.call(running.upstream.start())
    assert running.ask("www.bbc.co.uk").answer
    running.close()


@given(st.binary(max_size=600))
def test_any_bytes_are_an_answer_or_nothing(data):
    answer = LocalUpstream().reply(data)
    assert answer is None or answer[:2] == data[:2]


_LABELS = st.lists(st.binary(min_size=1, max_size=63).filter(lambda label: b"." not in label), max_size=3)


@given(_LABELS, st.integers(0, 65535), st.booleans(), st.booleans())
def test_any_question_gets_an_answer_that_dnspython_reads(labels, qtype, over_tcp, has_opt):
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\x00"
    question = name + struct.pack("!2H", qtype, 1)
    opt = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00" if has_opt else b""
    upstream = LocalUpstream(ALIASES)
    answer = upstream.reply(struct.pack("!6H", 7, 0x0100, 1, 0, 0, int(has_opt)) + question + opt, over_tcp=over_tcp)
    assert answer is not None
    assert answer[12 : 12 + len(question)] == question
    if qtype not in (41, 249, 250, 251, 252):  # meta types: dnspython reads these by rules of their own
        message = dns.message.from_wire(answer)
        assert message.flags & dns.flags.QR
        assert message.edns == (0 if has_opt else -1)
