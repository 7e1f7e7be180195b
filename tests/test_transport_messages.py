"""Messages to and from upstreams: any bytes in, a value or Faulty out; dnspython reads what is made."""

import contextlib

import dns.edns
import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell_dns.transports.messages import CASE_BITS, PADDED_TO, Asked, aged, is_answer, keeps_case, random_case
from dinnerbell_dns.wire import Faulty
from live import says, ttls

LABEL = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=63)
QUESTIONS = st.builds(
    lambda labels, qtype: b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0" + qtype.to_bytes(2, "big") + b"\0\1",
    st.lists(LABEL, max_size=3),
    st.integers(1, 0xFF00),
)


@given(QUESTIONS, st.integers(0, 0xFFFF), st.booleans(), st.booleans())
def test_what_is_asked_reads_as_such_padded_or_not(question, id_, dnssec_ok, checking_disabled):
    asked = Asked(question, dnssec_ok, checking_disabled)
    for data in (asked.message(id_), asked.padded_message(id_)):
        message = dns.message.from_wire(data)
        flags = bool(message.flags & dns.flags.CD), bool(message.ednsflags & dns.flags.DO)
        assert (message.id, *flags) == (id_, checking_disabled, dnssec_ok)
        assert data[12 : 12 + len(question)] == question
    assert len(data) % PADDED_TO == 0
    assert [option.otype for option in message.options] == [dns.edns.PADDING]


@given(QUESTIONS, st.integers(0, (1 << CASE_BITS) - 1))
def test_random_case_changes_letters_of_the_name_and_nothing_else(question, bits):
    found = random_case(question, bits)
    assert found.lower()[:-4] == question.lower()[:-4]
    assert found[-4:] == question[-4:], "a type is no letter"


def test_each_letter_has_a_bit_of_its_own():
    question = b"\3abc\2de\0\0\1\0\1"
    assert len({random_case(question, bits) for bits in range(1 << 8)}) == 2**5


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda tail: b"\0\7\x81\x80\0\1\0\0\0\0\0\0" + tail))
def test_any_bytes_are_an_answer_or_not(data):
    message = Asked(b"\3www\7example\0\0\1\0\1").message(7)
    if is_answer(data, message):
        keeps_case(data, message)


@given(st.binary(min_size=12, max_size=80), st.integers(0, 1 << 31))
def test_any_bytes_age_or_are_faulty(data, seconds):
    with contextlib.suppress(Faulty):
        assert len(aged(data, seconds)) == len(data)


@pytest.mark.parametrize("seconds, left", [(0, 300), (100, 200), (299, 1), (300, 0), (10**6, 0)])
def test_ttls_age_to_0_and_the_opt_stays(seconds, left):
    query = Asked(b"\3www\7example\0\0\1\0\1", dnssec_ok=True).message(7)
    answer = next(iter(says("@ 300 A 198.18.0.1", authority="example. 300 NS ns.example.")(query, True)))
    found = dns.message.from_wire(aged(answer, seconds))
    assert ttls(found) == {left}
    assert found.ednsflags == dns.message.from_wire(answer).ednsflags
