"""Padding of answers, by dnspython's eye, and the least TTL; any bytes at all leave the answer as it is."""

import dns.edns
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell_dns.padding import ANSWER_BLOCK, padded, smallest_ttl


def query(*options: dns.edns.Option, **more) -> dns.message.Message:
    return dns.message.make_query("www.example.org", "A", **{"use_edns": 0, "options": list(options)} | more)


def answered(asked: dns.message.Message, *ttls: int) -> bytes:
    answer = dns.message.make_response(asked, pad=0)
    for number, ttl in enumerate(ttls):
        answer.answer.append(dns.rrset.from_text(f"host{number}.example.org.", ttl, "IN", "A", f"198.18.0.{number}"))
    return answer.to_wire(max_size=65535)


PADDED = query(dns.edns.GenericOption(10, b"cookie!!"), dns.edns.GenericOption(12, bytes(30)))


@pytest.mark.parametrize("records", [0, 1, 20, 60])
def test_an_answer_to_a_padded_query_is_a_multiple_of_468_and_says_the_same(records):
    plain = answered(PADDED, *[60] * records)
    found = padded(PADDED.to_wire(), plain)
    assert len(found) % ANSWER_BLOCK == 0
    assert 0 <= len(found) - len(plain) - 4 < ANSWER_BLOCK
    assert dns.message.from_wire(found).answer == dns.message.from_wire(plain).answer
    assert [option.otype for option in dns.message.from_wire(found).options] == [12]


def test_an_answer_of_every_length_up_to_the_longest_fits():
    for size in (*range(65400, 65520, 7), 65524, 65530, 65535):
        option = dns.edns.GenericOption(65001, bytes(size - len(answered(PADDED)) - 4))
        answer = dns.message.make_response(PADDED, pad=0)
        answer.use_edns(0, options=[option])
        wire = answer.to_wire(max_size=65535)
        assert len(wire) == size
        assert len(padded(PADDED.to_wire(), wire)) <= 65535


@pytest.mark.parametrize(
    "asked", [query(), query(dns.edns.GenericOption(10, b"cookie!!")), query(use_edns=False, options=None)], ids=["opt", "cookie", "none"]
)
def test_an_answer_to_any_other_query_stays_as_it_is(asked):
    plain = answered(PADDED, 60)
    assert padded(asked.to_wire(), plain) == plain


def test_an_answer_without_an_opt_stays_as_it_is():
    plain = answered(query(use_edns=False, options=None), 60)
    assert padded(PADDED.to_wire(), plain) == plain


@pytest.mark.parametrize("ttls, expected", [((300, 20, 60), 20), ((0, 60), 0), ((), 0)], ids=["least", "zero", "no_record"])
def test_the_least_ttl(ttls, expected):
    assert smallest_ttl(answered(PADDED, *ttls)) == expected


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes(query_bytes, answer_bytes):
    found = padded(query_bytes, answer_bytes)
    assert found == answer_bytes or len(found) % ANSWER_BLOCK == 0
    if len(answer_bytes) >= 12:
        assert smallest_ttl(answer_bytes) >= 0


@given(st.binary(max_size=60))
def test_a_query_with_any_options_is_read(rdata):
    wire = bytearray(query().to_wire())
    wire[-2:] = len(rdata).to_bytes(2, "big")
    plain = answered(PADDED, 60)
    found = padded(bytes(wire) + rdata, plain)
    assert found == plain or len(found) % ANSWER_BLOCK == 0
