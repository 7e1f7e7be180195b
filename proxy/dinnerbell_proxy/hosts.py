"""Hosts as clients of a proxy write them, and which of them lie inside the network. Pure."""

import ipaddress
import re
from functools import lru_cache

from dinnerbell.model import Address, plain_address
from dinnerbell.names import BadName, normalise

_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
                 "224.0.0.0/3", "::/128", "::1/128", "64:ff9b:1::/48", "fc00::/7", "fe80::/9", "ff00::/8")
)  # fmt: skip
"""This machine, RFC 1918, RFC 6598, link-local, ULA, site-local, and what is no single machine (RFC 6890). Documentation ranges are not."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052


@lru_cache(maxsize=4096)
def host_name(text: str) -> str:
    """Return a host as it is judged: a normalised name, or an address in its one usual form. Raises BadName.

    127.1, 2130706433 and 0x7f000001 are addresses to getaddrinfo and names to nobody: they are no way round either.
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(plain_address(bare))
    except ValueError:
        name = normalise(bare)
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise BadName(f"{text!r} is neither a name nor an address")
    return name


def authority_host(authority: str) -> str:
    """Return the host of a Host header or :authority: what stands before the port (RFC 3986 section 3.2)."""
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::[0-9]*)?", authority.strip())
    return match[1] if match else authority


@lru_cache(maxsize=4096)
def is_local(name: str) -> bool:
    """Tell whether a judged name is this machine's or an address that the internet does not lead to."""
    try:
        address = plain_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return is_inside(address)


def is_inside(address: Address) -> bool:
    """Tell whether an address lies inside the network, also where an IPv6 address only carries such a one (6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.sixtofour or (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None)
        if carried is not None:
            address = carried
    return any(address.version == network.version and address in network for network in _INSIDE)
