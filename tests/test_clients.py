"""Who is asking, and whether they are answered at all."""

import ipaddress

import pytest

from dinnerbell.config import LogLevel
from dinnerbell.model import Device
from dinnerbell_dns.clients import MAX_ENTRIES, Client, answered_networks, is_answered

NET = ipaddress.ip_network


@pytest.mark.parametrize(
    "address, answered",
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("172.16.0.1", True), ("172.31.255.255", True), ("172.32.0.1", False),
        ("192.168.20.7", True), ("169.254.1.1", True), ("100.64.0.1", False), ("8.8.8.8", False), ("192.0.2.1", False),
        ("::1", True), ("fe80::1", True), ("fd00:20::7", True), ("2001:db8::1", False), ("::", False),
    ],
)  # fmt: skip
def test_private_means_loopback_private_link_local_and_ula(address, answered):
    assert is_answered(ipaddress.ip_address(address), answered_networks(["private"], [])) is answered


def test_the_networks_of_the_boxs_own_interfaces_are_private_too():
    on_link = [NET("198.51.100.0/24"), NET("2001:db8:1::/64")]
    found = answered_networks(["private"], on_link)
    assert is_answered(ipaddress.ip_address("198.51.100.9"), found)
    assert is_answered(ipaddress.ip_address("2001:db8:1::9"), found)
    assert not is_answered(ipaddress.ip_address("198.51.101.9"), found)


def test_only_what_the_file_names_is_answered():
    found = answered_networks([NET("127.0.0.0/28")], [NET("10.0.0.0/8")])
    assert found == (NET("127.0.0.0/28"),)


def test_a_client_with_very_many_names_starts_its_cache_anew():
    client = Client(Device("tablet"), LogLevel.ALL)
    kept = [client.keep(number.to_bytes(4, "big"), b"answer", 1.0, None, refused=False) for number in range(MAX_ENTRIES + 5)]
    assert len(client.entries) <= MAX_ENTRIES
    assert client.entries[kept.index(kept[-1]).to_bytes(4, "big")] is kept[-1]
