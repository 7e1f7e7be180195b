"""The messages that go to upstreams and come back: made, padded, given random case, matched. Pure; random bits are arguments."""

from collections.abc import Iterator
from dataclasses import dataclass

from dinnerbell_dns.answers import UDP_SIZE
from dinnerbell_dns.wire import AD, CD, HEADER, MAX_NAME, QR, QUESTION_TAIL, RD, RECORD, Faulty, Qtype, Rcode, question_end, records

PADDING_OPTION = 12
PADDED_TO = 128
"""Bytes that the length of a query over an encrypted transport is a multiple of (RFC 8467 section 4.1)."""
CASE_BITS = MAX_NAME
_DO = 0x8000


@dataclass(frozen=True, slots=True)
class Asked:
    """What an upstream is asked."""

    question: bytes
    """Name, type and class, uncompressed."""
    dnssec_ok: bool = False
    checking_disabled: bool = False

    def message(self, id_: int) -> bytes:
        """Return a query with EDNS."""
        return self._head(id_) + RECORD.pack(Qtype.OPT, UDP_SIZE, _DO if self.dnssec_ok else 0, 0)

    def padded_message(self, id_: int) -> bytes:
        """Return a query whose length says little about the name in it (RFC 7830, RFC 8467)."""
        head = self._head(id_)
        size = len(head) + RECORD.size + 4
        padding = -size % PADDED_TO
        option = PADDING_OPTION.to_bytes(2, "big") + padding.to_bytes(2, "big") + bytes(padding)
        return head + RECORD.pack(Qtype.OPT, UDP_SIZE, _DO if self.dnssec_ok else 0, len(option)) + option

    def _head(self, id_: int) -> bytes:
        # AD: whoever asks us may want to know whether it is authentic, and the answer is kept for all (RFC 6840 section 5.7)
        return HEADER.pack(id_, RD | AD | (CD if self.checking_disabled else 0), 1, 0, 0, 1) + self.question + b"\0"


def random_case(question: bytes, bits: int) -> bytes:
    """Return the question with each letter of its name in the case that a bit of `bits` says (0x20, draft-vixie-dnsext-dns0x20).

    A length is below 64 and so never a letter: the bytes can be taken as they come.
    """
    name_end = len(question) - QUESTION_TAIL.size
    name = bytearray(question[:name_end])
    for at, byte in enumerate(name):
        if 0x41 <= byte & 0xDF <= 0x5A:
            name[at] = byte & 0xDF | (0x20 if bits >> at & 1 else 0)
    return bytes(name) + question[name_end:]


def is_answer(answer: bytes, message: bytes) -> bool:
    """Tell whether `answer` is a response with the id of our `message` and its very question (the case of its letters apart)."""
    if len(answer) < HEADER.size or answer[:2] != message[:2]:
        return False
    _, flags, questions, *_ = HEADER.unpack_from(answer)
    if not flags & QR or questions != 1:
        return False
    try:
        end = question_end(message)
    except Faulty:
        return False
    name_end = end - QUESTION_TAIL.size  # a type is a number: 0x41 is HTTPS and 0x61 is not
    is_name = answer[HEADER.size : name_end].lower() == message[HEADER.size : name_end].lower()
    return is_name and answer[name_end:end] == message[name_end:end]


def keeps_case(answer: bytes, message: bytes) -> bool:
    """Tell whether an answer's question is the message's to the letter. `is_answer` has said yes to it."""
    return answer.startswith(message[HEADER.size : question_end(message)], HEADER.size)


def rcode_of(answer: bytes) -> int:
    return int(HEADER.unpack_from(answer)[1] & 0xF)


def is_good(answer: bytes) -> bool:
    """Tell whether a resolver knew: there is such a name, or there is none. Anything else another one may know better."""
    return rcode_of(answer) in (Rcode.NOERROR, Rcode.NXDOMAIN)


def aged(answer: bytes, seconds: int) -> bytes:
    """Return the answer with every TTL `seconds` shorter: what it spent in an HTTP cache (RFC 8484 section 5.1). Raises Faulty."""
    if seconds <= 0:
        return answer
    older = bytearray(answer)
    for at, ttl in _ttls(answer):
        older[at : at + 4] = max(0, ttl - seconds).to_bytes(4, "big")
    return bytes(older)


def _ttls(answer: bytes) -> Iterator[tuple[int, int]]:
    for record in records(answer, question_end(answer)):
        if record.rtype != Qtype.OPT:
            yield record.ttl_at, record.ttl
