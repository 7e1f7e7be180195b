"""Pads answers over encrypted transports, so that their length says little about the name (RFC 7830, RFC 8467). Pure."""

from dinnerbell_dns.transports.messages import PADDING_OPTION
from dinnerbell_dns.wire import HEADER, Faulty, Qtype, Record, question_end, records

ANSWER_BLOCK = 468
"""Bytes that the length of a padded answer is a multiple of (RFC 8467 section 4.1)."""
_MAX_SIZE = 65535


def padded(query: bytes, answer: bytes) -> bytes:
    """Return `answer`, padded if `query` was; as it is where no OPT of ours stands at its end to carry the padding."""
    if not _is_padded(query):
        return answer
    opt = _opt(answer)
    if opt is None or opt.end != len(answer):
        return answer
    size = len(answer) + 4
    padding = min(-size % ANSWER_BLOCK, _MAX_SIZE - size)
    if padding < 0:
        return answer
    length = opt.end - opt.rdata_at + 4 + padding
    option = PADDING_OPTION.to_bytes(2, "big") + padding.to_bytes(2, "big") + bytes(padding)
    return answer[: opt.rdata_at - 2] + length.to_bytes(2, "big") + answer[opt.rdata_at :] + option


def _is_padded(query: bytes) -> bool:
    opt = _opt(query)
    at = opt.rdata_at if opt else len(query)
    while opt and at + 4 <= opt.end:
        if int.from_bytes(query[at : at + 2], "big") == PADDING_OPTION:
            return True
        at += 4 + int.from_bytes(query[at + 2 : at + 4], "big")
    return False


def _opt(message: bytes) -> Record | None:
    """Return the OPT of a message with one question; None: it has none, or is broken."""
    if len(message) < HEADER.size:
        return None
    try:
        return next((record for record in records(message, question_end(message)) if record.rtype == Qtype.OPT), None)
    except Faulty:
        return None


def smallest_ttl(answer: bytes) -> int:
    """Return the least TTL of all records but OPT, in seconds: how long the whole may be kept (RFC 8484 section 5.1). None: 0."""
    try:
        ttls = [record.ttl for record in records(answer, question_end(answer)) if record.rtype != Qtype.OPT]
    except Faulty:
        return 0
    return min(ttls, default=0)
