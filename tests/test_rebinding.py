"""Which addresses no public name may lead to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell_dns.rebinding import PrivateAddresses

ON_LINK = [ipaddress.ip_network(text) for text in ("198.19.7.0/24", "203.0.113.0/24", "2a00:1:2:3::/64", "128.0.0.0/6")]

PRIVATE = (
    "10.0.0.0", "10.255.255.255", "127.0.0.1", "127.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1", "169.254.169.254",
    "0.0.0.0",
    "0.1.2.3", "::", "::1", "fe80::1", "febf::1", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::192.168.1.1",
)  # fmt: skip
PUBLIC = (
    "9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
    "8.8.8.8",
    "198.18.0.1", "100.64.0.1", "::2", "2a00::1", "fec0::1", "fbff::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "198.19.7.1", "2a00:1:2:3::5",
)  # fmt: skip
DOCUMENTATION = ("192.0.2.1", "198.51.100.255", "203.0.113.0", "2001:db8::1", "3fff:fff::1")
OF_THIS_NETWORK = ("198.19.7.1", "198.19.7.255", "2a00:1:2:3::5", "128.0.0.1", "131.255.255.255", "::ffff:198.19.7.9")


def is_private(text: str, on_link=()) -> bool:
    return PrivateAddresses(on_link).has_any([ipaddress.ip_address(text).packed])


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses(text):
    assert is_private(text)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses(text):
    assert not is_private(text)


@pytest.mark.parametrize("text", DOCUMENTATION)
def test_documentation_ranges_are_none_also_where_the_box_itself_lives_in_one(text):
    assert not is_private(text)
    assert not is_private(text, [*ON_LINK, ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("2001:db8::/32")])


@pytest.mark.parametrize("text", OF_THIS_NETWORK)
def test_networks_of_the_boxs_own_interfaces_are_private(text):
    assert is_private(text, ON_LINK)


def test_one_private_address_among_many_is_enough():
    packed = [ipaddress.ip_address(text).packed for text in ("8.8.8.8", "2a00::1", "192.168.1.1")]
    assert PrivateAddresses().has_any(packed)
    assert not PrivateAddresses().has_any(packed[:2])
    assert not PrivateAddresses().has_any([])


@given(st.binary(max_size=20))
def test_any_bytes_are_looked_at(packed):
    PrivateAddresses(ON_LINK).has_any([packed])


@given(st.ip_addresses())
def test_it_agrees_with_a_plain_search(address):
    plain = address.ipv4_mapped or address if address.version == 6 else address
    networks = ["0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
    networks += ["::/127", "fc00::/7", "fe80::/10"]
    expected = any(plain in ipaddress.ip_network(text) for text in networks if ipaddress.ip_network(text).version == plain.version)
    if address not in ipaddress.ip_network("64:ff9b::/96"):
        assert is_private(str(address)) is expected
