"""Local names over real sockets: what never leaves the box, what has a server of its own, and what may not lead into the network."""

import dns.flags
import dns.rdatatype
import pytest

from dinnerbell.config import Endpoint
from live import (
    ACORN_LANE,
    TABLET,
    LiveServer,
    LocalUpstreamThread,
    NanoUpstream,
    addresses,
    ede,
    rcode,
    says,
    silence,
    ttls,
)  # fmt: skip


@pytest.fixture(scope="module")
def router():
    """The server of the setting's own network: every address it gives is private."""
    with NanoUpstream(says("@ 300 A 192.168.1.77")) as router:
        yield router


@pytest.fixture(scope="module")
def served(router):
    with LocalUpstreamThread() as internet:
        text = ACORN_LANE + (
            f'box:\n  forward: {{lan: "{router.endpoint}", 168.192.in-addr.arpa: "{router.endpoint}"}}\n'
            "  names: {printer.lan: [192.168.1.9, 'fd00::9'], nas.internal: 192.168.1.10, www.tiktok.com: 192.168.1.11}\n"
        )
        with LiveServer(text, [internet.endpoint]) as server:
            yield server, internet


def shown(answer) -> tuple[str, list[str]]:
    return rcode(answer), [record.to_text() for rrset in answer.answer for record in rrset]


TABLE = {
    "localhost": ("localhost", "A", "NOERROR", ["127.0.0.1"]),
    "localhost_v6": ("localhost", "AAAA", "NOERROR", ["::1"]),
    "under_localhost": ("a.b.LOCALHOST", "A", "NOERROR", ["127.0.0.1"]),
    "localhost_has_no_mx": ("localhost", "MX", "NOERROR", []),
    "localhost_in_reverse": ("1.0.0.127.in-addr.arpa", "PTR", "NOERROR", ["localhost."]),
    "local": ("tv.local", "A", "NXDOMAIN", []),
    "local_has_no_soa": ("local", "SOA", "NXDOMAIN", []),
    "any_of_local": ("tv.local", "ANY", "NXDOMAIN", []),
    "internal": ("x.internal", "AAAA", "NXDOMAIN", []),
    "onion": ("x.onion", "HTTPS", "NXDOMAIN", []),
    "home_arpa": ("x.home.arpa", "A", "NXDOMAIN", []),
    "home_arpa_itself": ("home.arpa", "A", "NOERROR", []),
    "private_reverse": ("1.0.0.10.in-addr.arpa", "PTR", "NXDOMAIN", []),
    "private_reverse_v6": ("1.d.f.ip6.arpa", "PTR", "NXDOMAIN", []),
    "a_private_zone_itself": ("10.in-addr.arpa", "NS", "NOERROR", []),
    "own_name": ("Printer.LAN", "A", "NOERROR", ["192.168.1.9"]),
    "own_name_v6": ("printer.lan", "AAAA", "NOERROR", ["fd00::9"]),
    "own_name_other_type": ("printer.lan", "HTTPS", "NOERROR", []),
    "own_name_without_v6": ("nas.internal", "AAAA", "NOERROR", []),
    "own_name_any": ("nas.internal", "ANY", "NOERROR", ['"RFC8482" ""']),
    "own_name_in_reverse": ("9.1.168.192.in-addr.arpa", "PTR", "NOERROR", ["printer.lan."]),
    "forwarded": ("tv.lan", "A", "NOERROR", ["192.168.1.77"]),
    "under_an_own_name": ("www.printer.lan", "A", "NOERROR", ["192.168.1.77"]),
    "forwarded_any": ("tv.lan", "ANY", "NOERROR", ['"RFC8482" ""']),
    "a_blocked_name_stays_blocked": ("www.tiktok.com", "A", "NXDOMAIN", []),
}


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize(("name", "rdtype", "code", "records"), TABLE.values(), ids=TABLE)
def test_local_names_are_answered_here(served, name, rdtype, code, records, tcp):
    server, internet = served
    for _ in range(2):
        answer = server.ask(name, rdtype, source=TABLET, tcp=tcp)
        assert shown(answer) == (code, records)
        assert answer.question[0].name.to_text() == name + "."
        assert all(0 < ttl <= 3600 for ttl in ttls(answer))
        assert records or [rrset.rdtype for rrset in answer.authority] == [dns.rdatatype.SOA], "nothing is kept without an SOA (RFC 2308)"
    assert set(internet.asked) <= {"www.example.org"}, "what is local never leaves the box"


def test_the_box_is_the_authority_for_its_own_names_and_for_no_others(served):
    server, _ = served
    for name in ("localhost", "tv.local", "10.in-addr.arpa", "printer.lan"):
        assert server.ask(name).flags & dns.flags.AA
    for name in ("tv.lan", "www.example.org", "www.tiktok.com"):
        assert not server.ask(name, source=TABLET).flags & dns.flags.AA


def test_who_asks_a_private_zone_for_its_soa_gets_it(served):
    server, _ = served
    assert [rrset.rdtype for rrset in server.ask("10.in-addr.arpa", "SOA").answer] == [dns.rdatatype.SOA]


def test_a_private_reverse_zone_can_be_forwarded(served, router):
    server, _ = served
    router.queries.clear()
    server.ask("50.1.168.192.in-addr.arpa", "PTR")
    assert router.names == ["50.1.168.192.in-addr.arpa"]


def test_other_servers_for_a_zone_are_asked_from_the_reload_on(router):
    """What the old one said is forgotten with it."""

    def text(server: Endpoint) -> str:
        return ACORN_LANE + f'box: {{forward: {{lan: "{server}"}}}}\n'

    with NanoUpstream(says("@ 300 A 192.168.1.88")) as other, LiveServer(text(router.endpoint)) as server:
        assert addresses(server.ask("tv.lan")) == ["192.168.1.77"]
        server.use(text(other.endpoint))
        assert addresses(server.ask("tv.lan")) == ["192.168.1.88"]
        server.use(ACORN_LANE + "box: {names: {tv.lan: 192.168.1.99}}\n")
        assert addresses(server.ask("tv.lan")) == ["192.168.1.99"]


def test_a_zone_whose_server_is_dead_harms_no_other_name():
    with NanoUpstream(silence) as dead, LocalUpstreamThread() as internet:
        with LiveServer(ACORN_LANE + f'box: {{forward: {{lan: "{dead.endpoint}"}}}}\n', [internet.endpoint]) as server:
            assert rcode(server.ask("tv.lan")) == "SERVFAIL"
            assert rcode(server.ask("www.example.org")) == "NOERROR"
        assert list(internet.asked) == ["www.example.org"], "a forwarded name goes nowhere else, not even then"


INSIDE = {
    "an_address": (["@ 300 A 192.168.1.1"], "A"),
    "one_among_public_ones": (["@ 300 A 198.18.0.1", "@ 300 A 10.1.2.3"], "A"),
    "loopback": (["@ 300 A 127.0.0.1"], "A"),
    "this_host": (["@ 300 A 0.0.0.0"], "A"),
    "link_local": (["@ 300 A 169.254.169.254"], "A"),
    "ipv6": (["@ 300 AAAA fd00::1"], "AAAA"),
    "ipv6_loopback": (["@ 300 AAAA ::1"], "AAAA"),
    "ipv4_in_ipv6": (["@ 300 AAAA ::ffff:192.168.1.1"], "AAAA"),
    "behind_an_alias": (["@ 300 CNAME inside.example.net.", "inside.example.net. 300 A 192.168.1.1"], "A"),
    "a_hint": (["@ 300 HTTPS 1 . alpn=h2 ipv4hint=192.168.1.1"], "HTTPS"),
    "an_ipv6_hint": (["@ 300 SVCB 1 . port=443 ipv6hint=2001:db8::1,fd00::1"], "SVCB"),
}


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize(("records", "rdtype"), INSIDE.values(), ids=INSIDE)
def test_no_public_name_leads_into_the_network(records, rdtype, tcp):
    with NanoUpstream(says(*records)) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
        for _ in range(2):
            answer = server.ask("rebind.example.org", rdtype, tcp=tcp)
            assert shown(answer) == ("NXDOMAIN", [])
            assert max(ttls(answer)) <= 60
            [(code, text)] = ede(answer)
            assert code == 15
            assert "box: forward" in text
        assert server.server.drops.rebinding == 2
        assert len(upstream.queries) == 1, "it is kept, and judged each time"


def test_documentation_addresses_are_no_private_ones():
    """192.0.2.0/24 may be a network that a box lives in, and is what examples are made of."""
    records = ["@ 300 A 192.0.2.1", "@ 300 A 198.51.100.1", "@ 300 A 203.0.113.1"]
    with NanoUpstream(says(*records)) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
        assert addresses(server.ask("www.example.org")) == ["192.0.2.1", "198.51.100.1", "203.0.113.1"]


def test_a_safe_host_inside_the_network_is_no_safe_host():
    with NanoUpstream(says("@ 300 A 192.168.1.1")) as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
        assert shown(server.ask("www.google.com", source=TABLET)) == ("SERVFAIL", [])
