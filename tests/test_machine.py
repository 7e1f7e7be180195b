"""What the machine says of its network, read from copies of Linux's own files."""

import ipaddress
from pathlib import Path

import pytest

from dinnerbell.config import Endpoint
from dinnerbell.endpoints import parse_upstream
from dinnerbell_dns.machine import on_link_networks, upstreams_to_ask

ROUTES4 = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0114A8C0	0003	0	0	100	00000000	0	0	0
eth0	0014A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
wlan0	006433C6	00000000	0001	0	0	600	00FFFFFF	0	0	0
eth0	00000A0A	0114A8C0	0003	0	0	0	0000FFFF	0	0	0
ppp0	00000000	00000000	0001	0	0	700	00000000	0	0	0
"""
NOWHERE = "0" * 32
ROUTES6 = "".join(
    f"{destination:0<32} {length} {NOWHERE} 00 {gateway:0>32} 00000100 00000001 00000000 {flags} {interface:>8}\n"
    for destination, length, gateway, flags, interface in (
        ("20010db80001", "40", "", "00000001", "eth0"),
        ("fe80", "40", "", "00000001", "eth0"),
        ("", "00", "fe800000000000000000000000000001", "00000003", "eth0"),
        ("20010db80009", "40", "fe800000000000000000000000000001", "00000003", "eth0"),
        (NOWHERE[:-1] + "1", "80", "", "80200001", "lo"),
        ("", "00", "", "00200200", "lo"),
    )
)


def test_networks_without_a_gateway_are_on_link(tmp_path: Path):
    (tmp_path / "route").write_text(ROUTES4)
    (tmp_path / "ipv6_route").write_text(ROUTES6)
    assert {str(network) for network in on_link_networks(tmp_path / "route", tmp_path / "ipv6_route")} == {
        "192.168.20.0/24", "198.51.100.0/24", "2001:db8:1::/64", "fe80::/64",
    }  # fmt: skip


def test_a_default_route_never_makes_the_whole_internet_on_link(tmp_path: Path):
    (tmp_path / "route").write_text(ROUTES4)
    found = on_link_networks(tmp_path / "route", tmp_path / "none")
    assert not any(ipaddress.ip_address("8.8.8.8") in network for network in found)


def test_a_table_that_is_not_there_gives_no_network(tmp_path: Path):
    assert on_link_networks(tmp_path / "none", tmp_path / "none") == []


def test_this_machines_own_tables_can_be_read():
    assert all(network.prefixlen > 0 for network in on_link_networks())


@pytest.fixture
def resolv_conf(tmp_path: Path) -> Path:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# made by DHCP\nsearch acornlane.example\nnameserver 192.168.20.1\nnameserver 192.168.20.1\n nameserver fe80::1%eth0\n"
        "nameserver nonsense\nnameserver\noptions edns0\nnameserver 127.0.0.1\nnameserver 127.0.0.53\n"
    )
    return path


def upstreams(resolv_conf: Path, *texts: str, listening: tuple[Endpoint, ...] = ()) -> list[str]:
    return [each.text for each in upstreams_to_ask([parse_upstream(text) for text in texts], listening, resolv_conf)]


def test_system_is_the_machines_own_resolvers_each_once(resolv_conf):
    assert upstreams(resolv_conf, "system") == ["192.168.20.1:53", "[fe80::1%eth0]:53", "127.0.0.1:53", "127.0.0.53:53"]


@pytest.mark.parametrize("own", ["127.0.0.1", "0.0.0.0"])
def test_system_is_never_the_box_itself(resolv_conf, own):
    assert "127.0.0.1:53" not in upstreams(resolv_conf, "system", listening=(Endpoint(own, 53),))


def test_the_machines_stub_resolver_is_another_one(resolv_conf):
    assert "127.0.0.53:53" in upstreams(resolv_conf, "system", listening=(Endpoint("0.0.0.0", 53),))


def test_another_port_is_another_server(resolv_conf):
    assert "127.0.0.1:53" in upstreams(resolv_conf, "system", listening=(Endpoint("127.0.0.1", 5335),))


def test_what_is_written_is_asked_in_its_order_each_once(resolv_conf):
    texts = ["9.9.9.9", "[2620:fe::fe]:53", "tls://9.9.9.9#dns.quad9.net", "127.0.0.1:5300", "9.9.9.9:53", "https://dns.example/q"]
    assert upstreams(resolv_conf, *texts) == [text for text in texts if text != "9.9.9.9:53"]


def test_what_is_written_and_the_machines_own_too_is_asked_once(resolv_conf):
    assert upstreams(resolv_conf, "192.168.20.1", "system").count("192.168.20.1:53") == 0
    assert upstreams(resolv_conf, "192.168.20.1", "system")[0] == "192.168.20.1"


def test_a_machine_without_resolvers_has_none(tmp_path):
    assert upstreams(tmp_path / "none", "system") == []
