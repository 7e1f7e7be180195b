"""Where names belong: the manager's own, zones with a server of their own, special-use names, and the internet's."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.config import Box, Encrypted, Endpoint
from dinnerbell_dns.local import LocalNames, Place

ROUTER, SCHOOL = Endpoint("192.168.1.1"), Endpoint("10.0.0.53")
BOX = Box(
    forward={
        "lan": ROUTER, "school.lan": SCHOOL, "168.192.in-addr.arpa": ROUTER, "5.168.192.in-addr.arpa": SCHOOL,
        "intranet.example.org": SCHOOL,
        "home.arpa": ROUTER, "arpa": SCHOOL,
    },
    names={
        "printer.lan": (ipaddress.ip_address("192.168.1.9"), ipaddress.ip_address("fd00::9")),
        "nas.internal": (ipaddress.ip_address("192.168.1.10"),),
        "scanner.internal": (ipaddress.ip_address("192.168.1.9"),),
    },
)  # fmt: skip

LOCALHOSTS = ("localhost", "a.localhost", "x.y.localhost")
NOWHERE = (
    "local", "tv.local", "_airplay._tcp.local", "internal", "a.internal", "test", "a.b.test", "invalid", "a.invalid", "onion",
    "duskgytldkxiuqc6.onion", "alt", "a.alt", "a.home.arpa", "1.0.0.10.in-addr.arpa", "b._dns-sd._udp.0.0.168.192.in-addr.arpa",
    "7.1.16.172.in-addr.arpa", "7.1.31.172.in-addr.arpa", "1.1.254.169.in-addr.arpa", "2.0.0.127.in-addr.arpa", "9.1.64.100.in-addr.arpa",
    "9.1.127.100.in-addr.arpa", "1.2.0.192.in-addr.arpa", "1.100.51.198.in-addr.arpa", "1.113.0.203.in-addr.arpa", "0.0.0.0.in-addr.arpa",
    "1.d.f.ip6.arpa", "1.c.f.ip6.arpa", "0.8.e.f.ip6.arpa", "0.b.e.f.ip6.arpa", "1.8.b.d.0.1.0.0.2.ip6.arpa",
)  # fmt: skip
EMPTY = (
    "home.arpa", "10.in-addr.arpa", "16.172.in-addr.arpa", "168.192.in-addr.arpa", "255.255.255.255.in-addr.arpa", "d.f.ip6.arpa",
    "0." * 32 + "ip6.arpa",
)  # fmt: skip
OTHERS = (
    "", "org", "localhost.example.org", "mylocal", "mylocalhost", "test.example.org", "local.example.org", "example", "www.example.com",
    "arpa",
    "in-addr.arpa", "1.1.15.172.in-addr.arpa", "1.1.32.172.in-addr.arpa", "1.1.63.100.in-addr.arpa", "1.1.128.100.in-addr.arpa",
    "8.8.8.8.in-addr.arpa", "1.0.11.in-addr.arpa", "1.167.192.in-addr.arpa", "1.c.e.f.ip6.arpa", "1.7.e.f.ip6.arpa", "1.0.0.2.ip6.arpa",
    "ipv4only.arpa", "110.in-addr.arpa",
)  # fmt: skip


def belongs(name: str, box: Box | None = None) -> str:
    return LocalNames(box).route(name).place.name


@pytest.mark.parametrize("place, names", [("OWN", LOCALHOSTS), ("NOWHERE", NOWHERE), ("EMPTY", EMPTY), ("INTERNET", OTHERS)])
def test_special_use_names_belong_to_nobody_on_the_internet(place, names):
    assert {name: belongs(name) for name in names} == dict.fromkeys(names, place)


FORWARDED = {
    "the_zone_itself": ("lan", ROUTER),
    "under_it": ("tv.lan", ROUTER),
    "the_longest_zone": ("office.school.lan", SCHOOL),
    "a_public_domain": ("www.intranet.example.org", SCHOOL),
    "a_private_reverse_zone": ("1.1.168.192.in-addr.arpa", ROUTER),
    "a_longer_one_within": ("1.5.168.192.in-addr.arpa", SCHOOL),
    "the_reverse_zone_itself": ("168.192.in-addr.arpa", ROUTER),
    "a_special_use_name_at_equal_length": ("a.home.arpa", ROUTER),
    "what_no_special_zone_holds": ("8.8.8.8.in-addr.arpa", SCHOOL),
}


@pytest.mark.parametrize("name, server", FORWARDED.values(), ids=FORWARDED)
def test_a_forwarded_zone_goes_to_its_server(name, server):
    route = LocalNames(BOX).route(name)
    assert (route.place, route.server) == (Place.FORWARDED, server)


def test_a_shorter_forwarded_zone_does_not_take_a_special_use_name_out():
    """`arpa` is forwarded: 10.in-addr.arpa is longer, and stays."""
    assert belongs("1.0.0.10.in-addr.arpa", BOX) == "NOWHERE"
    assert belongs("10.in-addr.arpa", BOX) == "EMPTY"


def test_own_names_are_exact_and_come_before_zones():
    local = LocalNames(BOX)
    assert [str(address) for address in local.route("printer.lan").addresses] == ["192.168.1.9", "fd00::9"]
    assert local.route("www.printer.lan").server == ROUTER
    assert belongs("nas.internal", BOX) == "OWN"
    assert belongs("www.nas.internal", BOX) == "NOWHERE"


def test_the_names_under_which_devices_ask_the_box_lead_where_its_own_does():
    names = {"dns.acorn.example": (ipaddress.ip_address("192.168.1.2"),), "set.dns.acorn.example": (ipaddress.ip_address("192.168.1.3"),)}
    local = LocalNames(Box(names=names, encrypted=Encrypted("dns.acorn.example", "a.pem", "a.pem")), ["hazel-4f7d2c9e81", "set"])
    assert [str(address) for address in local.route("hazel-4f7d2c9e81.dns.acorn.example").addresses] == ["192.168.1.2"]
    assert [str(address) for address in local.route("set.dns.acorn.example").addresses] == ["192.168.1.3"]
    assert local.route("nobody.dns.acorn.example").place.name == "INTERNET"
    assert LocalNames(Box(names=names), ["hazel"]).route("hazel.dns.acorn.example").place.name == "INTERNET"


def test_addresses_of_own_names_point_back_to_them_also_from_a_forwarded_zone():
    local = LocalNames(BOX)
    assert local.route("9.1.168.192.in-addr.arpa").names == ("printer.lan", "scanner.internal")
    assert local.route(ipaddress.ip_address("fd00::9").reverse_pointer).names == ("printer.lan",)
    assert local.route("1.0.0.127.in-addr.arpa").names == ("localhost",)
    assert local.route("1." + "0." * 31 + "ip6.arpa").names == ("localhost",)


PRIVATE_PARTS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10")


@given(st.ip_addresses())
def test_a_reverse_name_that_stays_here_is_of_no_address_on_the_internet(address):
    """Python's list is the registry's of special-purpose addresses."""
    if belongs(address.reverse_pointer) != "INTERNET":
        assert not address.is_global


@given(st.sampled_from(PRIVATE_PARTS).flatmap(lambda text: st.ip_addresses(network=text)))
def test_no_reverse_name_of_a_private_address_leaves_the_box(address):
    assert belongs(address.reverse_pointer) != "INTERNET"
