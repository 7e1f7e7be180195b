"""Who is asking, and whether they are answered at all."""

import ipaddress

import pytest

from dinnerbell.config import LogLevel
from dinnerbell.model import Device
from dinnerbell_dns.clients import MAX_ENTRIES, UNLIMITED, Client, answered_networks, is_answered

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


class TestRateLimit:
    """A bucket of one second's look-ups."""

    @staticmethod
    def taken(client: Client, now: float, asked: int) -> int:
        return sum(client.take(now) for _ in range(asked))

    def test_one_seconds_worth_at_once_and_then_as_many_as_have_run_in(self):
        client = Client(Device("tablet"), LogLevel.ALL, rate=128, filled_at=5.0, left=128)
        assert [self.taken(client, now, 500) for now in (5.0, 5.0, 5.125, 5.126, 5.135, 6.135, 99.0)] == [128, 0, 16, 0, 1, 128, 128]

    def test_who_keeps_within_it_never_feels_it(self):
        client = Client(Device("tablet"), LogLevel.ALL, rate=100, filled_at=0.0, left=100)
        assert all(client.take(number / 100) for number in range(10_000))

    def test_who_asks_twice_as_fast_gets_half(self):
        client = Client(Device("tablet"), LogLevel.ALL, rate=100, filled_at=0.0, left=100)
        assert self.taken(client, 0.0, 100) == 100
        assert abs(sum(client.take(number / 200) for number in range(1, 4001)) - 2000) <= 2

    def test_a_clock_that_was_put_back_starts_anew(self):
        client = Client(Device("tablet"), LogLevel.ALL, rate=10, filled_at=1000.0, left=0)
        assert self.taken(client, 3.0, 5) == 0
        assert self.taken(client, 4.0, 50) == 10

    def test_the_boxs_own_machine_has_no_limit(self):
        client = Client(Device("self"), LogLevel.ALL, left=UNLIMITED, rate=UNLIMITED)
        client.left = 1
        assert self.taken(client, 1.0, 5) == 5
