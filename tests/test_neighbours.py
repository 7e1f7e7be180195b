"""Devices by MAC address: read from the kernel's own table, on a network of the test's own."""

import ipaddress
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import CHILDREN, OFFICE, networks, policy
from dinnerbell.model import Device
from dinnerbell_dns.neighbours import Neighbours, read_answer, read_neighbours
from namespaces import available, two_rooms

needs_namespaces = pytest.mark.skipif(not available(), reason="needs root and network namespaces")
LAPTOP, TABLET = "02:00:00:00:0a:20", "02:00:00:00:0a:31"

RULES = f"""\
setting: {{name: Acorn Lane Nursery, timezone: Europe/London}}
groups: {{office: {{owner: setting}}, children: {{owner: setting, for: children}}}}
devices:
  office-laptop: {{group: office, mac: "{LAPTOP}"}}
  room-tablet: {{group: children, mac: "{TABLET}", address: 10.77.0.31}}
rules:
  - {{name: The office may, allow: example.org, devices: office}}
  - {{name: Nobody else, block: example.org}}
"""

ASK = """
import sys, dns.message, dns.query, dns.rcode
query = dns.message.make_query(sys.argv[2], "A")
print(dns.rcode.to_text(dns.query.udp(query, sys.argv[1], source=sys.argv[3], timeout=5).rcode()))
"""


def test_a_mac_address_says_who_before_any_address_does():
    laptop = Device("laptop", OFFICE, mac=LAPTOP, is_named=True)
    tablet = Device("tablet", CHILDREN, networks("10.77.0.31"), mac=TABLET, is_named=True)
    own = policy(devices={"laptop": laptop, "tablet": tablet})
    address = ipaddress.ip_address("10.77.0.31")
    assert own.device_at(address, LAPTOP) is laptop
    assert own.device_at(address) is tablet
    assert own.device_at(address, "02:00:00:00:0a:99") is tablet
    assert own.has_macs
    assert not policy(devices={}).has_macs


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data):
    found = {}
    read_answer(data, found)
    assert all(len(mac) == 17 for mac in found.values())


def test_the_table_of_this_machine_can_be_read():
    assert all(mac == mac.lower() and mac.count(":") == 5 for mac in read_neighbours().values())


def test_the_table_is_read_once_a_second_at_most():
    neighbours = Neighbours()
    nobody = ipaddress.ip_address("198.51.100.77")
    assert neighbours.mac_of(nobody, 10.0) == ""
    assert neighbours.refresh(10.0) == frozenset(read_neighbours()), "at first, everybody is news"
    assert neighbours.refresh(10.5) == frozenset(), "too early"
    assert neighbours.refresh(12.0) == frozenset(), "the same as before"


@needs_namespaces
def test_a_device_keeps_its_rules_when_its_address_changes(tmp_path: Path):
    """On a real cable: the laptop by its MAC, on any address and over IPv6; another device on its old address is not it."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    with two_rooms() as (box_room, room):
        box_room.ip("address", "add", "10.77.0.1/24", "dev", box_room.link)
        box_room.ip("address", "add", "fd77::1/64", "dev", box_room.link, "nodad")
        box = subprocess.Popen(
            box_room.command(sys.executable, "-m", "dinnerbell", "--rules", str(rules), "--data", str(tmp_path / "data"), "run",
                             "--listen", "10.77.0.1:53", "--listen", "[fd77::1]:53", "--upstream", "127.0.0.1:9"),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            assert box.stdout is not None
            assert "10.77.0.1:53" in box.stdout.readline()
            assert "fd77::1" in box.stdout.readline()

            held_by: dict[str, str] = {}

            def ask(mac: str, source: str, server: str = "10.77.0.1") -> str:
                room.ip("address", "flush", "dev", room.link)
                room.ip("link", "set", room.link, "down")
                room.ip("link", "set", room.link, "address", mac)
                room.ip("link", "set", room.link, "up")
                length = "64" if ":" in source else "24"
                room.ip("address", "add", f"{source}/{length}", "dev", room.link, *(["nodad"] if ":" in source else []))
                if held_by.get(source) not in (None, mac):  # who takes over an address announces it: RFC 5227 section 2.3
                    room.run(sys.executable, "-c", ASK, server, "anything.example.net", source)
                    time.sleep(1.2)  # the table is looked at once a second
                held_by[source] = mac
                return room.run(sys.executable, "-c", ASK, server, "www.example.org", source).stdout.strip()

            assert ask(LAPTOP, "10.77.0.20") == "SERVFAIL", "let through, to an upstream that is not there"
            assert ask(TABLET, "10.77.0.31") == "NXDOMAIN"
            assert ask(LAPTOP, "10.77.0.99") == "SERVFAIL", "another address of its own"
            assert ask(LAPTOP, "fd77::abcd", "fd77::1") == "SERVFAIL", "an IPv6 address that nobody wrote down"
            assert ask(TABLET, "10.77.0.20") == "NXDOMAIN", "the laptop's first address, on another device"
            assert ask("02:00:00:00:0a:77", "10.77.0.99") == "NXDOMAIN", "a stranger"
        finally:
            box.terminate()
            box.communicate(timeout=20)
