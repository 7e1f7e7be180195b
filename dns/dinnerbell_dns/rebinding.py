"""Tells whether an answer leads a public name into the private network (DNS rebinding). Pure.

A page from the internet may give its own name the address of a printer, or of the very device that reads it, and then talk to that.
`private` is what DESIGN section 3 calls so; beside it what reaches a private host in other clothes: 0.0.0.0 and :: (the device itself),
and IPv4 inside IPv6 (RFC 4291 section 2.5.5.2, RFC 6052). Documentation ranges never count, though a network may be numbered with them.
"""

import ipaddress
from collections.abc import Iterable

from dinnerbell.model import Network
from dinnerbell_dns.clients import PRIVATE_NETWORKS

_THIS_HOST = ("0.0.0.0/8", "::/128")
_DOCUMENTATION = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
"""RFC 5737, RFC 3849, RFC 9637."""
_V4_IN_V6 = (bytes(10) + b"\xff\xff", b"\0\x64\xff\x9b" + bytes(8))
"""::ffff:0:0/96 and 64:ff9b::/96."""

_Range = tuple[int, int]
"""First and last address, as numbers."""


class PrivateAddresses:
    """The private networks, `on_link` being those of the box's own interfaces, by the first byte of their addresses."""

    def __init__(self, on_link: Iterable[Network] = ()) -> None:
        self._ranges: dict[tuple[int, int], list[_Range]] = {}
        for network in (*PRIVATE_NETWORKS, *map(ipaddress.ip_network, _THIS_HOST), *on_link):
            first, last = network.network_address.packed, network.broadcast_address.packed
            for byte in range(first[0], last[0] + 1):
                self._ranges.setdefault((len(first), byte), []).append((int.from_bytes(first, "big"), int.from_bytes(last, "big")))

    def has_any(self, addresses: Iterable[bytes]) -> bool:
        """Tell whether one of these packed addresses is private."""
        return any(self._has(packed) for packed in addresses)

    def _has(self, packed: bytes) -> bool:
        if packed[:12] in _V4_IN_V6 and len(packed) == 16:
            packed = packed[12:]
        near = self._ranges.get((len(packed), packed[0])) if packed else None
        if near is None:
            return False
        number = int.from_bytes(packed, "big")
        return any(first <= number <= last for first, last in near) and not _is_documentation(len(packed), number)


_DOCUMENTATION_RANGES = [
    (network.max_prefixlen // 8, int(network.network_address), int(network.broadcast_address))
    for network in map(ipaddress.ip_network, _DOCUMENTATION)
]


def _is_documentation(size: int, number: int) -> bool:
    return any(size == each_size and first <= number <= last for each_size, first, last in _DOCUMENTATION_RANGES)
