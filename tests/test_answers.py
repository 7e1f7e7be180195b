"""The answers Dinnerbell builds itself, read by dnspython as a stranger would."""

import struct

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell_dns.answers import (
    PLAIN_UDP_SIZE,
    TCP_SIZE,
    UDP_SIZE,
    Ede,
    any_hinfo,
    direct_address,
    failure,
    fault_reply,
    no_data,
    owner_pointer,
    redirection,
    refusal,
    reply,
    size_limit,
)  # fmt: skip
from dinnerbell_dns.wire import HEADER, Qtype, Query, Rcode, read_query
from live import ede, ttls

TYPES = ["A", "AAAA", "HTTPS", "SVCB", "TXT", "MX", "NS", "SOA", "CNAME", "ANY", "TYPE65000"]


def asked(name: str = "www.instagram.com", rdtype: str = "A", **options) -> tuple[dns.message.Message, Query]:
    message = dns.message.make_query(name, rdtype, **options)
    return message, read_query(message.to_wire())


def heard(message: dns.message.Message, wire: bytes) -> dns.message.Message:
    """Return the answer as the asker reads it: it must be the answer to what was asked, with nothing behind it."""
    answer = dns.message.from_wire(wire)
    assert message.is_response(answer)
    assert answer.flags & dns.flags.RA
    assert bool(answer.flags & dns.flags.RD) == bool(message.flags & dns.flags.RD)
    return answer


@pytest.mark.parametrize("rdtype", TYPES)
def test_a_refusal_is_nxdomain_for_every_type_with_the_closed_host_and_the_reason(rdtype):
    message, query = asked(rdtype=rdtype, use_edns=0)
    answer = heard(message, refusal(query, "instagram.com", 42, "Social media is closed", limit=1232))
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert not answer.answer
    [soa] = answer.authority
    assert (soa.name.to_text(), soa.ttl, soa[0].minimum) == ("instagram.com.", 42, 42)
    assert ede(answer) == [(15, "Social media is closed")]


def test_without_an_opt_there_is_no_opt_in_the_answer():
    message, query = asked(use_edns=False)
    answer = heard(message, refusal(query, "instagram.com", 42, "Social media is closed", limit=512))
    assert answer.edns == -1
    assert not ede(answer)


@pytest.mark.parametrize(
    "name, owner, expected",
    [
        pytest.param("www.instagram.com", "instagram.com", "instagram.com.", id="parent"),
        pytest.param("www.instagram.com", "www.instagram.com", "www.instagram.com.", id="the_name_itself"),
        pytest.param("WWW.InstaGram.com", "instagram.com", "InstaGram.com.", id="in_the_case_asked"),
        pytest.param("alias.example", "instagram.com", "alias.example.", id="not_a_parent"),
        pytest.param("notinstagram.com", "instagram.com", "notinstagram.com.", id="not_a_parent_by_labels"),
        pytest.param("_https.www.instagram.com", "instagram.com", "instagram.com.", id="below_an_underscore"),
        pytest.param(".", "", ".", id="root"),
    ],
)
def test_the_soa_is_owned_by_the_matched_host_or_else_by_the_asked_name(name, owner, expected):
    message, query = asked(name)
    answer = heard(message, refusal(query, owner, 1, "", limit=512))
    assert str(answer.authority[0].name) == expected


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=8), st.integers(0, 8))
def test_the_owner_is_found_in_any_name(labels, drop):
    name = dns.name.Name([*labels, b""])
    message = dns.message.make_query(name, "A")
    query = read_query(message.to_wire())
    owner = ".".join(query.name.split(".")[drop:])
    pointer = struct.unpack("!H", owner_pointer(query, owner))[0] & 0x3FFF
    found, _ = dns.name.from_wire(message.to_wire(), pointer)
    assert found == (dns.name.Name([*labels[drop:], b""]) if owner else name)


def test_the_case_of_the_question_is_kept():
    _, query = asked("wWw.INSTAgram.com", use_edns=0)
    wire = refusal(query, "instagram.com", 1, "", limit=512)
    assert b"\3wWw\x09INSTAgram\3com" in wire


def test_any_is_answered_small():
    message, query = asked(rdtype="ANY", use_edns=0)
    answer = heard(message, any_hinfo(query, 3600, limit=512))
    [rrset] = answer.answer
    assert rrset.rdtype == dns.rdatatype.HINFO
    assert rrset[0].cpu == b"RFC8482"
    assert rrset.ttl == 3600


@pytest.mark.parametrize("rdtype, packed", [("A", b"\xc6\x12\0\1"), ("AAAA", b"\x20\1\x0d\xb8" + b"\0" * 11 + b"\1")], ids=["A", "AAAA"])
def test_a_redirection_names_the_safe_host_and_gives_its_addresses(rdtype, packed):
    message, query = asked("www.google.com", rdtype, use_edns=0)
    answer = heard(message, redirection(query, "forcesafesearch.google.com", 60, [(300, packed), (7, packed[:-1] + b"\2")], limit=1232))
    cname, found = answer.answer
    assert cname[0].target.to_text() == "forcesafesearch.google.com."
    assert found.name.to_text() == "forcesafesearch.google.com."
    assert len(found) == 2
    assert cname.ttl == 60
    assert ttls(answer) <= {60, 7}, "no TTL above its own, none above ours"


@pytest.mark.parametrize("rdtype", ["HTTPS", "SVCB", "AAAA"])
def test_a_redirection_without_addresses_is_no_data_at_the_safe_host(rdtype):
    message, query = asked("www.google.com", rdtype, use_edns=0)
    answer = heard(message, redirection(query, "forcesafesearch.google.com", 60, (), limit=1232))
    assert answer.rcode() == dns.rcode.NOERROR
    assert [rrset.rdtype for rrset in answer.answer] == [dns.rdatatype.CNAME]
    assert answer.authority[0].rdtype == dns.rdatatype.SOA
    assert answer.authority[0].name.to_text() == "forcesafesearch.google.com."


def test_one_address_of_the_vendors_stands_for_the_name():
    message, query = asked("yandex.com")
    answer = heard(message, direct_address(query, b"\xd5\xb4\xc1\x38", 60, limit=512))
    assert answer.answer[0][0].to_text() == "213.180.193.56"


def test_no_data_says_that_the_name_exists():
    message, query = asked("_dns.resolver.arpa", "SVCB")
    answer = heard(message, no_data(query, "resolver.arpa", 60, limit=512))
    assert answer.rcode() == dns.rcode.NOERROR
    assert not answer.answer
    assert answer.authority[0].name.to_text() == "resolver.arpa."


def test_a_failure_says_what_failed():
    message, query = asked(use_edns=0)
    answer = heard(message, failure(query, Rcode.SERVFAIL, limit=512, ede=Ede(22, "nobody answers")))
    assert answer.rcode() == dns.rcode.SERVFAIL
    assert ede(answer) == [(22, "nobody answers")]


@pytest.mark.parametrize(
    "options, tcp, expected",
    [
        pytest.param({"use_edns": False}, False, PLAIN_UDP_SIZE, id="without_edns"),
        pytest.param({"use_edns": 0, "payload": 100}, False, 512, id="less_than_512_means_512"),
        pytest.param({"use_edns": 0, "payload": 800}, False, 800, id="as_they_say"),
        pytest.param({"use_edns": 0, "payload": 65535}, False, UDP_SIZE, id="never_above_ours"),
        pytest.param({"use_edns": 0, "payload": 512}, True, TCP_SIZE, id="tcp"),
    ],
)
def test_the_size_of_an_answer_is_bounded_by_both_sides(options, tcp, expected):
    assert size_limit(asked(**options)[1], tcp=tcp) == expected


def test_the_reason_is_left_out_before_the_answer_is():
    message, query = asked(use_edns=0)
    tail = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, 250) + b"\xf9" + b"x" * 249
    size = len(reply(query, 0, (1, 0, 0), tail, limit=1232))
    wire = reply(query, 0, (1, 0, 0), tail, limit=size, ede=Ede(15, "a reason"))
    answer = heard(message, wire)
    assert len(wire) <= size
    assert answer.answer
    assert not answer.flags & dns.flags.TC
    assert not ede(answer)


def test_what_does_not_fit_is_sent_truncated_and_empty():
    _, query = asked(use_edns=0)
    tail = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, 250) + b"\xf9" + b"x" * 249
    wire = reply(query, 0, (1, 0, 0), tail, limit=200, ede=Ede(15, "a reason"))
    answer = dns.message.from_wire(wire)
    assert answer.flags & dns.flags.TC
    assert not answer.answer
    assert answer.edns == 0
    assert len(wire) <= 200


def test_dnssec_ok_and_checking_disabled_are_echoed():
    message, query = asked(use_edns=0, want_dnssec=True)
    answer = heard(message, failure(query, 0, limit=512))
    assert answer.ednsflags & dns.flags.DO
    message.flags |= dns.flags.CD
    again = dns.message.from_wire(failure(read_query(message.to_wire()), 0, limit=512))
    assert again.flags & dns.flags.CD


@pytest.mark.parametrize("code", [Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS])
def test_an_error_keeps_the_id_and_the_opcode(code):
    wire = fault_reply(HEADER.pack(77, 0x2900, 3, 2, 1, 9) + b"junk", code)
    answer = dns.message.from_wire(wire)
    assert (answer.id, answer.rcode(), answer.opcode()) == (77, int(code), 5)
    assert answer.flags & dns.flags.QR
    assert answer.flags & dns.flags.RD


def test_every_type_has_a_number_of_the_registry():
    assert all(dns.rdatatype.to_text(kind) == kind.name for kind in Qtype)
