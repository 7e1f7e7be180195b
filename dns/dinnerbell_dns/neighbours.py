"""Who has which address at present: the kernel's neighbour table (ARP, and NDP for IPv6), read over netlink (shell; Linux).

A device is named by its MAC address because addresses change: a phone has several in IPv6 alone. The table knows every device that the
box has exchanged a packet with on a network of its own; behind a router there is only the router. Whoever asks the box was just met.

    before the first packet   whoever has the address is asked for their MAC by the kernel itself, or has asked for ours
    `refresh`, once a second   an address that has gone to another device is told, so that nobody keeps the old one's rules
"""

import ipaddress
import socket
import struct
from collections.abc import Iterator

from dinnerbell.model import Address

MAX_AGE = 1.0
"""Seconds for which the table that was read last is good enough for those who are in it."""
MISS_AGE = 0.02
"""Seconds for which it is good enough for those who are not: a newcomer is no stranger, and a flood of them costs little."""

_NETLINK_ROUTE, _RTM_NEWNEIGH, _RTM_GETNEIGH, _NLMSG_DONE, _NLMSG_ERROR = 0, 28, 30, 3, 2
_REQUEST_DUMP = 0x301
_HEADER, _NDMSG, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BxHiHBB"), struct.Struct("=HH")
_DST, _LLADDR = 1, 2
_WITHOUT_MAC = 0x01 | 0x20 | 0x40
"""NUD_INCOMPLETE, NUD_FAILED, NUD_NOARP (linux/neighbour.h)."""
_TIMEOUT = 0.2


def read_neighbours() -> dict[Address, str]:
    """Return address -> MAC (`02:00:00:00:00:20`) of everybody met on the box's own networks; nothing where the kernel does not tell."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as netlink:
            netlink.settimeout(_TIMEOUT)
            netlink.send(_HEADER.pack(_HEADER.size + _NDMSG.size, _RTM_GETNEIGH, _REQUEST_DUMP, 1, 0) + _NDMSG.pack(0, 0, 0, 0, 0, 0))
            found: dict[Address, str] = {}
            while read_answer(netlink.recv(1 << 16), found):
                pass
            return found
    except (OSError, AttributeError):  # no netlink: another system, or a sandbox without it
        return {}


def read_answer(data: bytes, found: dict[Address, str]) -> bool:
    """Put what one datagram of the kernel's answer says into `found`; tell whether more is to come (rtnetlink(7))."""
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if kind in (_NLMSG_DONE, _NLMSG_ERROR) or length < _HEADER.size:
            return False
        if kind == _RTM_NEWNEIGH and (neighbour := _neighbour(data[_HEADER.size : length])) is not None:
            found[neighbour[0]] = neighbour[1]
        data = data[-(-length // 4) * 4 :]
    return True


def _neighbour(body: bytes) -> tuple[Address, str] | None:
    if len(body) < _NDMSG.size or _NDMSG.unpack_from(body)[3] & _WITHOUT_MAC:
        return None
    parts = dict(_attributes(body[_NDMSG.size :]))
    address, mac = parts.get(_DST, b""), parts.get(_LLADDR, b"")
    if len(address) not in (4, 16) or len(mac) != 6 or not any(mac):
        return None
    return ipaddress.ip_address(address), mac.hex(":")


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            return
        yield kind, data[_ATTRIBUTE.size : length]
        data = data[-(-length // 4) * 4 :]


class Neighbours:
    """The table as it was read last. `ticks` are seconds that only go forward."""

    def __init__(self) -> None:
        self._macs: dict[Address, str] = {}
        self._read_at = self._told_at = float("-inf")
        self._told: dict[Address, str] = {}
        """As it was when `refresh` told of it last."""

    def mac_of(self, address: Address, ticks: float) -> str:
        """Return the MAC address of whoever has `address`, or "": the table does not say."""
        if address not in self._macs and ticks - self._read_at > MISS_AGE:
            self._read(ticks)
        return self._macs.get(address, "")

    def refresh(self, ticks: float) -> frozenset[Address]:
        """Read the table anew, if it is time; return the addresses that have become known or have gone to somebody else."""
        if ticks - self._told_at <= MAX_AGE:
            return frozenset()
        self._told_at = ticks
        self._read(ticks)
        told, self._told = self._told, self._macs
        return frozenset(address for address, mac in self._macs.items() if told.get(address) != mac)

    def _read(self, ticks: float) -> None:
        self._macs, self._read_at = read_neighbours(), ticks
