"""What differs between two answers, and which differences are meant."""

from collections.abc import Callable
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from questions import TTL, Question

Facts = dict[str, object]


def facts(answer: dns.message.Message) -> Facts:
    flags = {flag: bool(answer.flags & getattr(dns.flags, flag)) for flag in ("QR", "AA", "TC", "RD", "RA", "AD", "CD")}
    sections = {
        name: {(rrset.name.canonicalize(), rrset.rdtype, record.to_text().lower()) for rrset in section for record in rrset}
        for name, section in zip(("answer", "authority", "additional"), answer.sections[1:], strict=True)
    }
    return {
        **flags, **sections,
        "rcode": dns.rcode.to_text(answer.rcode()),
        "question": [(each.name.to_text(), each.rdtype, each.rdclass) for each in answer.question],
        "edns": answer.edns, "do": bool(answer.ednsflags & dns.flags.DO),
        "ttl": max((rrset.ttl for section in answer.sections[1:] for rrset in section), default=0) <= max(TTL, 3600),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    question: Question
    ours: Facts
    theirs: Facts

    @property
    def keys(self) -> set[str]:
        return {key for key in self.ours if self.ours[key] != self.theirs[key]}

    def __str__(self) -> str:
        lines = (f"  {key}: ours {self.ours[key]}, unbound's {self.theirs[key]}" for key in sorted(self.keys))
        return "\n".join([str(self.question), *lines])


def meaning_of(difference: Difference) -> str:
    """Return what is meant by it, or NOT_MEANT."""
    return next((meaning for meaning, fits in MEANT if difference.ours["ttl"] and fits(difference)), NOT_MEANT)


def _has_no_records(each: Difference) -> bool:
    return each.question.rdtype == "ANY" and each.keys <= {"answer", "authority", "ttl"} and _types(each.ours["answer"]) == {"HINFO"}


def _is_refused(each: Difference) -> bool:
    return each.question.rdtype in ("AXFR", "MAILB") and each.keys <= {"RA", "AD", "rcode"} and each.ours["rcode"] == "REFUSED"


def _is_chaos(each: Difference) -> bool:
    return "chaos" in each.question.options and each.ours["rcode"] == "REFUSED"


def _is_without_recursion(each: Difference) -> bool:
    return "norec" in each.question.options and each.theirs["rcode"] == "REFUSED" and each.ours["rcode"] == "NOERROR"


def _is_theirs_forwarded(each: Difference) -> bool:
    zones = ("local", "internal", "alt", "c.f.ip6.arpa", "resolver.arpa")
    return any(f".{each.question.name}".endswith(f".{zone}") for zone in zones) and each.theirs["AA"] is False and each.ours["AA"] is True


def _is_our_soa(each: Difference) -> bool:
    soas = _types(each.ours["authority"]) == _types(each.theirs["authority"]) == {"SOA"}
    return each.question.kind == "special use" and soas and each.keys <= {"authority", "ttl"}


def _is_of_the_zone(each: Difference) -> bool:
    is_zone = each.question.kind == "special use" and each.question.rdtype in ("SOA", "NS") and each.ours["AA"] is each.theirs["AA"] is True
    return is_zone and each.keys <= {"answer", "authority", "ttl"}


def _is_top(each: Difference) -> bool:
    return each.question.name in ("test", "invalid", "onion") and (each.ours["rcode"], each.theirs["rcode"]) == ("NXDOMAIN", "NOERROR")


def _is_longer(each: Difference) -> bool:
    return each.question.kind == "special use" and each.keys == {"ttl"}


def _types(records: object) -> set[str]:
    assert isinstance(records, set)
    return {dns.rdatatype.to_text(rdtype) for _, rdtype, _ in records}


MEANT: tuple[tuple[str, Callable[[Difference], bool]], ...] = (
    ("ANY gets one HINFO record (RFC 8482); unbound gives what it has", _has_no_records),
    ("AXFR and MAILB are refused and RA stays set: recursion is there, a zone to hand out is not", _is_refused),
    ("version.bind is nobody's business: classes other than IN are refused", _is_chaos),
    ("RD=0 is answered like RD=1: a device has nobody else to ask", _is_without_recursion),
    ("local, internal, alt, c.f.ip6.arpa and resolver.arpa never leave the box; unbound 1.17 asks upstream", _is_theirs_forwarded),
    ("special-use zones have an SOA of our own, kept 60 s (unbound: 3 h): they change with rules.yaml", _is_our_soa),
    ("who asks such a zone for its SOA or NS gets our SOA, no NS record, and below its top nothing", _is_of_the_zone),
    ("test, invalid and onion themselves do not exist, as nothing under them does (RFC 6761); unbound has zones there", _is_top),
    ("localhost is kept 60 s, not 3 h", _is_longer),
)
"""What each difference is, and how it is known. The first that fits, names it."""
NOT_MEANT = "NOT MEANT"
