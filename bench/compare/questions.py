"""The internet of the comparison, a zone made here, and the questions that are asked of it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import dns.flags
import dns.message

HOSTS = 600
TTL = 300

TYPES = (
    "A", "AAAA", "MX", "TXT", "SRV", "CAA", "HTTPS", "SVCB", "NS", "SOA", "PTR", "CNAME", "DS", "DNSKEY", "NAPTR", "TLSA",
    "TYPE65280", "SPF",
)  # fmt: skip
SPECIAL = (
    "localhost", "a.localhost", "test", "a.test", "invalid", "a.invalid", "onion", "a.onion", "home.arpa", "a.home.arpa",
    "1.0.0.10.in-addr.arpa",
    "10.in-addr.arpa", "1.0.0.127.in-addr.arpa", "9.9.168.192.in-addr.arpa", "1.1.16.172.in-addr.arpa", "1.1.254.169.in-addr.arpa",
    "1.2.0.192.in-addr.arpa", "1.d.f.ip6.arpa", "0.8.e.f.ip6.arpa", "a.local", "local", "a.internal", "internal", "a.alt", "alt",
    "1.1.64.100.in-addr.arpa", "resolver.arpa", "_dns.resolver.arpa", "1.c.f.ip6.arpa",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    rdtype: str
    kind: str
    """What sort of question it is: printed with a difference."""
    options: tuple[str, ...] = ()
    """Of: plain (no EDNS), do, cd, ad, norec, tcp, chaos, case."""

    def message(self) -> dns.message.Message:
        options = self.options
        query = dns.message.make_query(
            _mixed(self.name) if "case" in options else self.name,
            self.rdtype,
            "CH" if "chaos" in options else "IN",
            use_edns=False if "plain" in options else 0,
            want_dnssec="do" in options,
            payload=1232,
        )
        for option, flag in (("cd", dns.flags.CD), ("ad", dns.flags.AD)):
            query.flags |= flag if option in options else 0
        query.flags &= ~(dns.flags.RD if "norec" in options else 0)
        return query


def _mixed(name: str) -> str:
    return "".join(letter.upper() if at % 2 else letter for at, letter in enumerate(name))


def zone_lines() -> Iterator[str]:
    """Yield the records of the whole internet."""
    yield from ("$ORIGIN .", f"$TTL {TTL}", ". SOA ns.net. hostmaster.net. 1 3600 600 86400 60", ". NS ns.net.", "ns.net. A 198.18.0.53")
    for number in range(HOSTS):
        name = f"host{number}.example.org."
        yield f"{name} A 198.18.{number >> 8}.{number & 255}"
        if number % 2:
            yield f"{name} AAAA 2001:db8::{number:x}"
        if number % 3 == 0:
            yield f"{name} MX 10 mail{number % 7}.example.org."
        if number % 4 == 0:
            yield f'{name} TXT "v=spf1 -all" "{"x" * (number % 200)}"'
        if number % 5 == 0:
            yield f"{name} HTTPS 1 . alpn=h2,h3 ipv4hint=198.18.0.1 ipv6hint=2001:db8::1"
        if number % 6 == 0:
            yield f'{name} CAA 0 issue "ca.example.net"'
            yield f"_sip._tcp.{name} SRV 1 2 5060 host{number}.example.org."
        if number % 7 == 0:
            yield f"{name} TYPE65280 \\# 3 abcdef"
            yield f'{name} NAPTR 10 10 "u" "sip" "!^.*$!sip:a@example.org!" .'
        yield f"alias{number}.example.net. CNAME {name}"
        yield f"second{number}.example.net. CNAME alias{number}.example.net."
        yield f"toward{number}.example.net. CNAME nowhere{number}.example.org."
    for number in range(7):
        yield f"mail{number}.example.org. A 198.18.200.{number}"
    yield "*.wild.example.org. A 198.18.201.1"
    yield '*.wild.example.org. TXT "wild"'
    yield "a.b.c.deep.example.org. A 198.18.202.1"
    yield "moved.example.org. DNAME example.net."
    yield from (f"many.example.org. A 198.18.203.{number}" for number in range(60))
    yield from (f'big.example.org. TXT "{number:03d}{"y" * 200}"' for number in range(20))
    yield "8.8.8.8.in-addr.arpa. PTR dns.example.net."
    yield "loop.example.org. CNAME loop2.example.org."
    yield "loop2.example.org. CNAME loop.example.org."


def questions(count: int, seed: int) -> list[Question]:
    """Return so many questions, the same for the same seed."""
    chance = random.Random(seed)
    found: list[Question] = []
    while len(found) < count:
        name, rdtype, kind = chance.choices(list(_MAKERS), list(_MAKERS.values()))[0](chance)
        options = tuple(option for option, share in _OPTIONS.items() if chance.random() < share)
        if "plain" in options:
            options = tuple(option for option in options if option != "do")
        found.append(Question(name, rdtype, kind, options))
    found += [Question("version.bind", "TXT", "chaos", ("chaos",)), Question("host1.example.org", "A", "no recursion", ("norec",))]
    return found


def _of_host(chance: random.Random) -> tuple[str, str, str]:
    return f"host{chance.randrange(HOSTS)}.example.org", chance.choice(TYPES), "host"


def _of_alias(chance: random.Random) -> tuple[str, str, str]:
    return f"{chance.choice(('alias', 'second', 'toward'))}{chance.randrange(HOSTS)}.example.net", chance.choice(TYPES), "alias"


def _of_nothing(chance: random.Random) -> tuple[str, str, str]:
    name = chance.choice(("nowhere", "a.b.nowhere", "_tcp.nowhere", "x.host1.example.org.nowhere"))
    zone = chance.choice(("example.org", "example.net", "com", "nowhere"))
    return f"{name}{chance.randrange(HOSTS)}.{zone}", chance.choice(TYPES), "nothing"


def _of_wild(chance: random.Random) -> tuple[str, str, str]:
    name = chance.choice((f"w{chance.randrange(HOSTS)}.wild.example.org", "c.deep.example.org", "deep.example.org", "wild.example.org"))
    return name, chance.choice(TYPES), "wildcard"


def _of_dname(chance: random.Random) -> tuple[str, str, str]:
    return f"alias{chance.randrange(HOSTS)}.moved.example.org", chance.choice(("A", "AAAA", "TXT")), "dname"


def _of_special(chance: random.Random) -> tuple[str, str, str]:
    return chance.choice(SPECIAL), chance.choice(("A", "AAAA", "PTR", "SOA", "NS", "TXT")), "special use"


def _of_size(chance: random.Random) -> tuple[str, str, str]:
    return chance.choice((("big.example.org", "TXT", "big"), ("many.example.org", "A", "many")))


def _of_odd(chance: random.Random) -> tuple[str, str, str]:
    names = (".", "org", "\\000\\001.example.org", "a\\.b.example.org", "*.example.org", "*.wild.example.org", "_")
    names += (f"{'x' * 63}.example.org",)
    names += (".".join(["x" * 61] * 4), "xn--bcher-kva.example", "-a.example.org", "loop.example.org", "8.8.8.8.in-addr.arpa")
    return chance.choice(names), chance.choice(TYPES), "odd"


def _of_any(chance: random.Random) -> tuple[str, str, str]:
    return f"host{chance.randrange(HOSTS)}.example.org", chance.choice(("ANY", "AXFR", "MAILB", "RRSIG")), "meta type"


_MAKERS = {
    _of_host: 30, _of_alias: 12, _of_nothing: 8, _of_wild: 6, _of_dname: 3, _of_special: 5, _of_size: 4, _of_odd: 3, _of_any: 2,
}  # fmt: skip
_OPTIONS = {"plain": 0.2, "do": 0.2, "cd": 0.1, "ad": 0.1, "tcp": 0.1, "case": 0.1}
