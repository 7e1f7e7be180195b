"""The protocol as a stub sees it, over real sockets: EDNS, flags, opcodes, classes, sizes. Each row is one promise of an RFC.

The expectations are those of the public suites of dnsdist, unbound and Pi-hole, in our own words.
"""

import struct

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from dinnerbell_dns.udp import MAX_DATAGRAM
from dinnerbell_dns.wire import HEADER
from live import OFFICE_LAPTOP, TABLET, LiveServer, NanoUpstream, connection, datagrams, rcode, receive_message, says

QUESTION = dns.message.make_query("www.example.org", "A").to_wire()[HEADER.size :]
TSIG = b"\1k\0" + struct.pack("!HHIH", 250, 255, 0, 0)


def opt(version: int = 0, flags: int = 0, size: int = 1232, data: bytes = b"") -> bytes:
    """An OPT record (RFC 6891 section 6.1.2)."""
    return b"\0" + struct.pack("!HHBBHH", 41, size, 0, version, flags, len(data)) + data


def query(*tail: bytes, flags: int = 0x100, questions: int = 1, question: bytes = QUESTION, additionals: int | None = None) -> bytes:
    count = len(tail) if additionals is None else additionals
    return HEADER.pack(7, flags, questions, 0, 0, count) + question * questions + b"".join(tail)


@pytest.fixture(scope="module")
def upstream():
    with NanoUpstream(says("@ 300 A 198.18.0.1")) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def server(upstream):
    with LiveServer(upstreams=[upstream.endpoint]) as server:
        yield server


def raw(server: LiveServer, data: bytes, *, tcp: bool = False, source: str = OFFICE_LAPTOP) -> bytes:
    if tcp:
        with connection(server.endpoint, source) as stream:
            stream.sendall(len(data).to_bytes(2, "big") + data)
            return receive_message(stream)
    with datagrams(server.endpoint, source) as udp:
        udp.send(data)
        return udp.recv(65535)


EDNS = {
    "none": (query(), "NOERROR", False),
    "plain": (query(opt()), "NOERROR", True),
    "size_below_512_means_512": (query(opt(size=0)), "NOERROR", True),
    "unknown_option_is_ignored": (query(opt(data=b"\xff\xfe\0\3abc")), "NOERROR", True),
    "cookie_is_ignored": (query(opt(data=b"\0\x0a\0\x08abcdefgh")), "NOERROR", True),
    "reserved_flags_are_ignored": (query(opt(flags=0x7FFF)), "NOERROR", True),
    "behind_another_record": (query(TSIG, opt()), "NOERROR", True),
    "version_1": (query(opt(version=1)), "BADVERS", True),
    "version_255": (query(opt(version=255)), "BADVERS", True),
    "two_of_them": (query(opt(), opt()), "FORMERR", True),
    "owned_by_a_name": (query(b"\1a" + opt()), "FORMERR", True),
    "one_announced_and_none_there": (query(additionals=1), "FORMERR", False),
    "cut_off": (query(opt()[:-2]), "FORMERR", False),
    "with_another_opcode": (query(opt(), flags=0x2100), "NOTIMP", True),
}
HEADERS = {
    "no_question": (query(questions=0), "FORMERR", 0),
    "no_question_but_a_cookie": (query(opt(data=b"\0\x0a\0\x08abcdefgh"), questions=0), "FORMERR", 0),
    "two_questions": (query(questions=2), "FORMERR", 0),
    "an_answer_in_the_query": (HEADER.pack(7, 0x100, 1, 1, 0, 0) + QUESTION * 2 + b"\0\0\0\0\0\4\1\2\3\4", "FORMERR", 1),
    "iquery": (query(flags=0x0900), "NOTIMP", 1),
    "status": (query(flags=0x1100), "NOTIMP", 1),
    "notify": (query(flags=0x2100), "NOTIMP", 1),
    "update": (query(flags=0x2900), "NOTIMP", 1),
    "opcode_15": (query(flags=0x7900), "NOTIMP", 1),
    "reserved_flag": (query(flags=0x0140), "NOERROR", 1),
    "response_flags_in_a_query": (query(flags=0x0583), "NOERROR", 1),
    "bytes_behind_it": (query(b"abc", additionals=0), "NOERROR", 1),
    "chaos": (query(question=QUESTION[:-2] + b"\0\3"), "REFUSED", 1),
    "hesiod": (query(question=QUESTION[:-2] + b"\0\4"), "REFUSED", 1),
    "class_any": (query(question=QUESTION[:-2] + b"\0\xff"), "REFUSED", 1),
    "class_0": (query(question=QUESTION[:-2] + b"\0\0"), "REFUSED", 1),
    "type_0": (query(question=QUESTION[:-4] + b"\0\0\0\1"), "FORMERR", 1),
    "type_opt": (query(question=QUESTION[:-4] + b"\0\x29\0\1"), "FORMERR", 1),
    "axfr": (query(question=QUESTION[:-4] + b"\0\xfc\0\1"), "REFUSED", 1),
    "pointer_in_the_question": (query(question=b"\xc0\x0c\0\1\0\1"), "FORMERR", 0),
    "question_cut_off": (query()[:-3], "FORMERR", 0),
}


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize(("data", "code", "has_opt"), EDNS.values(), ids=EDNS)
def test_edns(server, data, code, has_opt, tcp):
    """An OPT is answered with an OPT of version 0, none with none (RFC 6891 sections 6.1.1, 6.1.3, 7)."""
    answer = dns.message.from_wire(raw(server, data, tcp=tcp))
    assert rcode(answer) == code
    assert (answer.edns, answer.payload) == ((0, 1232) if has_opt else (-1, 0))
    assert [each.name.to_text() for each in answer.question] == ["www.example.org."]
    assert not [option for option in answer.options if option.otype == dns.edns.OptionType.COOKIE]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize(("data", "code", "questions"), HEADERS.values(), ids=HEADERS)
def test_headers(server, data, code, questions, tcp):
    """Id, opcode and RD come back; so does the question, where there is one that can be read."""
    answer = raw(server, data, tcp=tcp)
    id_, flags, asked, *counts = HEADER.unpack_from(answer)
    assert dns.rcode.to_text(flags & 0xF) == code
    assert (id_, asked) == (7, questions)
    assert flags & 0x7900 == int.from_bytes(data[2:4], "big") & 0x7900, "opcode and RD"
    assert (flags & 0x8000, flags & 0x0080, flags & 0x0440) == (0x8000, 0x0080, 0), "QR and RA are set, AA and the reserved bit are not"
    assert code == "NOERROR" or counts[0] == 0


FLAGS = {"nothing": (0, 0, ""), "rd": (0x0100, 0x0100, ""), "cd": (0x0110, 0x0110, "cd"), "do": (0x0100, 0x0100, "do")}


@pytest.mark.parametrize(("sent", "back", "upstream_hears"), FLAGS.values(), ids=FLAGS)
def test_do_and_cd_are_passed_on_and_rd_and_cd_come_back(server, upstream, sent, back, upstream_hears):
    upstream.queries.clear()
    name = f"f{sent}{upstream_hears}.example.org"
    asked = dns.message.make_query(name, "A", want_dnssec=upstream_hears == "do", id=7)
    asked.flags = sent
    answer = raw(server, asked.to_wire())
    assert int.from_bytes(answer[2:4], "big") & 0x0110 == back
    assert bool(dns.message.from_wire(answer).ednsflags & dns.flags.DO) is (upstream_hears == "do")
    [heard] = [dns.message.from_wire(each) for each in upstream.queries]
    assert heard.flags & dns.flags.RD, "upstream is a resolver"
    assert bool(heard.flags & dns.flags.CD) is (upstream_hears == "cd")
    assert bool(heard.ednsflags & dns.flags.DO) is (upstream_hears == "do")


@pytest.mark.parametrize(
    ("asks", "shows"), [pytest.param("", False, id="neither"), pytest.param("ad", True, id="ad"), pytest.param("do", True, id="do")]
)
def test_authentic_data_is_told_to_those_who_ask_for_it(asks, shows):
    """RFC 6840 sections 5.7 and 5.8; an upstream too tells only those who ask, so we always do."""

    def say(data: bytes, over_tcp: bool) -> list[bytes]:
        heard = dns.message.from_wire(data)
        wants = heard.flags & dns.flags.AD or heard.ednsflags & dns.flags.DO
        return list(says("@ 300 A 198.18.0.1", flags=dns.flags.AD if wants else 0)(data, over_tcp))

    with NanoUpstream(say) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
        for _ in range(2):
            flags = dns.flags.RD | (dns.flags.AD if asks == "ad" else 0)
            answer = server.ask("signed.example.org", want_dnssec=asks == "do", flags=flags)
            assert bool(answer.flags & dns.flags.AD) is shows


SIZES = {"no_edns": (None, 512), "512": (512, 512), "1000": (1000, 1000), "1232": (1232, 1232), "4096": (4096, 1232), "100": (100, 512)}


@pytest.mark.parametrize(("announced", "limit"), SIZES.values(), ids=SIZES)
def test_an_answer_fits_what_was_announced_to_the_byte(announced, limit):
    """One byte less and it is whole; one more and it is truncated, with TC and no records (RFC 2181 section 9)."""
    with NanoUpstream(lambda data, over_tcp: []) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
        for size, fits in ((limit, True), (limit + 1, False)):
            question = dns.message.make_query(f"s{size:04}.example.org", "TYPE65280").to_wire()[HEADER.size :]
            message = query(*([opt(size=announced)] if announced is not None else []), question=question)
            rdata = b"x" * (size - len(message) - 12)  # what is asked comes back, and the record has 12 bytes beside its data
            record = b"\xc0\x0c" + struct.pack("!HHIH", 65280, 1, 300, len(rdata)) + rdata
            upstream.say = lambda asked, over_tcp, record=record: [
                asked[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + asked[HEADER.size : len(asked) - len(opt())] + record
            ]
            answer = raw(server, message)
            assert bool(answer[2] & 0x02) is not fits
            assert (len(answer), HEADER.unpack_from(answer)[3]) == ((size, 1) if fits else (len(message), 0))
            assert len(raw(server, message, tcp=True)) == size, "over TCP there is room"


def test_a_datagram_of_every_length_gets_an_answer_or_silence(server):
    """0 to 4,096 bytes: zeros, ones, and a query with bytes behind it. Whatever has room for a header is answered or counted."""
    before = server.server.dropped()
    with datagrams(server.endpoint, TABLET) as udp:
        udp.settimeout(5)
        for body in (b"\0" * 4096, b"\xff" * 4096, query() + b"\xaa" * 4096, query(additionals=3) + b"\0" * 4096):
            for length in range(4097):
                udp.send(body[:length])
                if length % 64 == 63 or length == 4096:
                    udp.send(query(flags=0x0100)[:2] + b"\1\0" + query()[4:])
                    while True:
                        answer = udp.recv(65535)
                        assert answer[2] & 0x80
                        if answer[3] & 0xF == 0 and len(answer) > len(query()):
                            break
                    server.call(int)
    after = server.server.dropped()
    assert after["queue"] == before["queue"]
    assert after["short"] - before["short"] == 4 * 12
    assert after["oversized"] - before["oversized"] == 4, f"of {MAX_DATAGRAM} bytes and more nobody knows the end"
    assert not server.errors
