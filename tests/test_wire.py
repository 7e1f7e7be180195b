"""The reader of messages: any bytes give a value or its one exception, and the work is bounded (dnspython is the foreign oracle)."""

import struct
import sys

import dns.edns
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dinnerbell.names import normalise
from dinnerbell_dns.wire import (
    HEADER,
    MAX_HOPS,
    RD,
    Edns,
    Faulty,
    Qtype,
    Query,
    Rcode,
    Silent,
    name_wire,
    question_end,
    read_name,
    read_query,
    records,
)  # fmt: skip

QUESTION = b"\3www\7example\3org\0\0\1\0\1"
OPT = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)


def header(flags: int = RD, questions: int = 1, answers: int = 0, authorities: int = 0, additionals: int = 0) -> bytes:
    return HEADER.pack(0x1234, flags, questions, answers, authorities, additionals)


def read(data: bytes) -> Query | str:
    """Return the query, or in a word what is done about it."""
    try:
        return read_query(data)
    except Silent as silent:
        return f"silent: {silent}"
    except Faulty as faulty:
        return faulty.rcode.name


def test_a_query_is_read_with_what_it_needs_to_be_answered():
    message = dns.message.make_query("WwW.Example.ORG", "HTTPS", use_edns=0, payload=4096, want_dnssec=True, id=7)
    found = read_query(message.to_wire())
    assert (found.id, found.name, found.qtype, found.qclass) == (7, "www.example.org", Qtype.HTTPS, 1)
    assert found.edns == Edns(4096, dnssec_ok=True)
    assert found.question.startswith(b"\3WwW\7Example\3ORG\0"), "the case of the question is kept"
    assert not found.checking_disabled


GOOD = {
    "plain": header() + QUESTION,
    "with_an_opt": header(additionals=1) + QUESTION + OPT,
    "opt_with_a_cookie": header(additionals=1) + QUESTION + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 12) + b"\0\x0a\0\x08" + b"c" * 8,
    "the_root": header() + b"\0\0\2\0\1",
    "longest_name": header() + (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"a" * 61 + b"\0\0\1\0\1",
    "most_labels": header() + b"\1a" * 127 + b"\0\0\1\0\1",
    "longest_label": header() + b"\x3f" + b"a" * 63 + b"\0\0\1\0\1",
    "a_type_nobody_knows": header() + b"\1a\0\xff\x00\0\1",
}
BAD = {
    "nothing": (b"", "silent: short"),
    "one_byte": (b"\0", "silent: short"),
    "eleven_bytes": (header()[:11], "silent: short"),
    "a_response": (header(0x8180) + QUESTION, "silent: response"),
    "a_response_of_another_opcode": (header(0xA000) + QUESTION, "silent: response"),
    "iquery": (header(0x0800) + QUESTION, "NOTIMP"),
    "status": (header(0x1000) + QUESTION, "NOTIMP"),
    "notify": (header(0x2000) + QUESTION, "NOTIMP"),
    "update": (header(0x2800) + QUESTION, "NOTIMP"),
    "header_only": (header(questions=0), "FORMERR"),
    "header_only_that_promises_a_question": (header(), "FORMERR"),
    "no_question": (header(questions=0) + QUESTION, "FORMERR"),
    "two_questions": (header(questions=2) + QUESTION * 2, "FORMERR"),
    "an_answer_in_it": (header(answers=1) + QUESTION + OPT, "FORMERR"),
    "an_authority_in_it": (header(authorities=1) + QUESTION + OPT, "FORMERR"),
    "sixty_thousand_additionals": (header(additionals=60000) + QUESTION + OPT * 5, "FORMERR"),
    "label_of_64": (header() + b"\x40" + b"a" * 64 + b"\0\0\1\0\1", "FORMERR"),
    "label_of_191": (header() + b"\xbf" + b"a" * 191 + b"\0\0\1\0\1", "FORMERR"),
    "name_of_256": (header() + (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\0\0\1\0\1", "FORMERR"),
    "name_of_128_labels": (header() + b"\1a" * 128 + b"\0\0\1\0\1", "FORMERR"),
    "pointer_to_itself": (header() + b"\xc0\x0c\0\1\0\1", "FORMERR"),
    "pointer_forwards": (header() + b"\xc0\x20\0\1\0\1" + b"\1a\0" * 9, "FORMERR"),
    "pointer_behind_a_label": (header() + b"\1a\xc0\x0c\0\1\0\1", "FORMERR"),
    "name_without_end": (header() + b"\3www\7example", "FORMERR"),
    "label_past_the_end": (header() + b"\3ww", "FORMERR"),
    "no_type": (header() + b"\1a\0", "FORMERR"),
    "half_a_class": (header() + b"\1a\0\0\1\0", "FORMERR"),
    "type_zero": (header() + b"\1a\0\0\0\0\1", "FORMERR"),
    "type_opt": (header() + b"\1a\0\0\x29\0\1", "FORMERR"),
    "opt_missing": (header(additionals=1) + QUESTION, "FORMERR"),
    "opt_cut_off": (header(additionals=1) + QUESTION + OPT[:-1], "FORMERR"),
    "opt_data_past_the_end": (header(additionals=1) + QUESTION + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 9) + b"12345678", "FORMERR"),
    "two_opts": (header(additionals=2) + QUESTION + OPT * 2, "FORMERR"),
    "opt_with_a_name": (header(additionals=1) + QUESTION + b"\1a" + OPT, "FORMERR"),
    "edns_of_the_future": (header(additionals=1) + QUESTION + b"\0" + struct.pack("!HHIH", 41, 1232, 1 << 16, 0), "BADVERS"),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_a_good_query_is_read(data):
    assert isinstance(read(data), Query)


@pytest.mark.parametrize(("data", "outcome"), BAD.values(), ids=BAD)
def test_a_bad_query_gets_the_right_code_or_silence(data, outcome):
    assert read(data) == outcome


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(data):
    assert isinstance(read(data), Query | str)


@given(st.integers(0, 0xFFFF), st.lists(st.integers(0, 3), min_size=4, max_size=4), st.binary(max_size=300))
@example(0, [1, 0, 0, 0], QUESTION)
def test_any_bytes_behind_a_header_that_looks_right_are_read_or_refused(flags, counts, tail):
    assert isinstance(read(header(flags & 0x07FF, *counts) + tail), Query | str)


LABELS = st.lists(st.binary(min_size=1, max_size=63), max_size=6).filter(lambda labels: sum(map(len, labels)) + len(labels) < 255)


@given(LABELS, st.integers(1, 0xFFFF).filter(lambda number: number != 41), st.booleans(), st.booleans())
def test_whatever_dnspython_asks_is_read_as_it_was_meant(labels, qtype, has_opt, dnssec):
    name = dns.name.Name([*labels, b""])
    message = dns.message.make_query(name, qtype, use_edns=0 if has_opt or dnssec else False, want_dnssec=dnssec)
    found = read_query(message.to_wire())
    assert (found.id, found.qtype) == (message.id, qtype)
    assert found.question[:-4].lower() == name.to_wire().lower()
    assert (found.edns is not None, found.dnssec_ok) == (has_opt or dnssec, dnssec)
    assert found.name == found.name.lower()
    assert len(found.name.split(".")) == max(1, len(labels)), "a dot inside a label is not a dot between two"


def test_two_names_that_differ_are_never_read_alike():
    texts = {read_query(header() + wire + b"\0\1\0\1").name for wire in (b"\3a.b\0", b"\1a\1b\0", b"\5a\\046\0", b"\4a\\.b\0")}
    assert len(texts) == 4


@given(st.lists(st.sampled_from(["a", "www", "xn--bcher-kva", "_https", "x-1", "a" * 63]), min_size=1, max_size=3).map(".".join))
def test_a_host_name_survives_the_way_to_the_wire_and_back(name):
    assert read_query(header() + name_wire(name) + b"\0\1\0\1").name == normalise(name)


# ── names that may be compressed ─────────────────────────────────────────────────────────────────────────────────────────────


def name_at(data: bytes, at: int) -> str | None:
    try:
        return read_name(data, at)
    except Faulty:
        return None


def test_a_compressed_name_is_followed():
    assert name_at(header() + QUESTION + b"\1x\xc0\x10", len(header() + QUESTION)) == "x.example.org"


POINTERS = {
    "to_itself": b"\xc0\x0c",
    "forwards": b"\xc0\x10\0\0\1a\0",
    "in_a_circle": b"\1a\xc0\x10\1b\xc0\x0c",
    "cut_in_half": b"\xc0",
    "past_the_end": b"\xff\xff",
    "past_the_end_behind_a_label": b"\1a\xff\xff",
    "a_label_of_64": b"\x40" + b"a" * 64 + b"\0",
    "no_end": b"\1a\1b",
}


@pytest.mark.parametrize("data", POINTERS.values(), ids=POINTERS)
def test_a_pointer_that_does_not_lead_backwards_is_refused(data):
    assert name_at(header() + data, len(header())) is None


def chain(length: int) -> tuple[bytes, int]:
    """A name, and `length` pointers each to the one before; returns (message, where the last one is)."""
    data = header() + b"\1a\0\0"
    target = len(header())
    for _ in range(length):
        at = len(data)
        data += struct.pack("!H", 0xC000 | target)
        target = at
    return data, target


def test_a_chain_of_pointers_is_followed_a_few_steps_and_no_further():
    assert name_at(*chain(MAX_HOPS)) == "a"
    assert name_at(*chain(MAX_HOPS + 1)) is None
    assert name_at(*chain(8000)) is None


@given(st.binary(max_size=300), st.integers(0, 320))
def test_any_bytes_are_a_name_or_faulty(data, at):
    found = name_at(data, at)
    assert found is None or len(found) <= 4 * 255


@given(st.binary(max_size=120), st.integers(12, 100))
def test_a_name_is_read_as_dnspython_reads_it(data, at):
    message = b"\0" * 12 + data
    found = name_at(message, at)
    if found is not None:
        theirs, _ = dns.name.from_wire(message, at)
        assert found.count(".") == max(0, len(theirs.labels) - 2)


@given(st.binary(max_size=300))
def test_any_bytes_have_records_or_are_faulty(data):
    try:
        end = question_end(data)
        found = list(records(data, end))
    except Faulty:
        return
    assert all(record.end <= len(data) for record in found)


# ── work is counted, not timed ───────────────────────────────────────────────────────────────────────────────────────────────


def lines_run(function, *arguments) -> int:
    """Return how many lines of Python a call executes, ours and others'."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count


HOSTILE = {
    "most_labels": header() + b"\1a" * 127 + b"\0\0\1\0\1",
    "labels_of_odd_bytes": header() + (b"\x3f" + b"\0" * 63) * 3 + b"\0\0\1\0\1",
    "labels_without_end": header() + b"\1a" * 2000,
    "additionals_with_long_names": header(additionals=4) + b"\1a\0\0\1\0\1" + (b"\1a" * 126 + b"\0" + b"\0\1\0\1\0\0\0\0\0\0") * 4,
    "four_thousand_zeros": header() + b"\0" * 4000,
    "four_thousand_pointers": header() + b"\xc0\x0c" * 2000,
    "a_long_option": header(additionals=1) + QUESTION + b"\0" + struct.pack("!HHIH", 41, 1232, 0, 3900) + b"\0" * 3900,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_no_datagram_costs_more_than_its_length_allows(data):
    assert lines_run(read, data) <= 40 * len(data) + 2000


def test_no_name_costs_more_than_its_length_allows():
    for data, at in (
        chain(8000),
        chain(MAX_HOPS),
        (b"\0" * 12 + b"\1a" * 127 + b"\0", 12),
        (b"\0" * 12 + b"\x3f" + b"\xff" * 63 + b"\0", 12),
    ):
        assert lines_run(name_at, data, at) <= 2000


def test_rcodes_are_those_of_the_registry():
    assert [int(code) for code in Rcode] == [0, 1, 2, 3, 4, 5, 16]
