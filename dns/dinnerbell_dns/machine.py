"""What the box's own machine says of its network: its resolvers and the networks it is on (shell; Linux)."""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from dinnerbell.config import SYSTEM, Endpoint, Upstream
from dinnerbell.model import Address, Network, plain_address

RESOLV_CONF = Path("/etc/resolv.conf")
_ROUTES4, _ROUTES6 = Path("/proc/net/route"), Path("/proc/net/ipv6_route")
_GATEWAY_FLAG = 0x2
_DNS_PORT = 53


def on_link_networks(routes4: Path = _ROUTES4, routes6: Path = _ROUTES6) -> list[Network]:
    """Return the networks that the box reaches without a gateway. A table that cannot be read gives none."""
    found: list[Network] = []
    for line in _lines(routes4)[1:]:
        fields = line.split()
        if len(fields) > 7 and not int(fields[3], 16) & _GATEWAY_FLAG:
            destination, mask = (int.from_bytes(bytes.fromhex(fields[at]), "little") for at in (1, 7))
            if mask:
                found.append(ipaddress.IPv4Network((destination & mask, mask.bit_count())))
    for line in _lines(routes6):
        fields = line.split()
        if len(fields) > 9 and not int(fields[8], 16) & _GATEWAY_FLAG and fields[9] != "lo" and 0 < int(fields[1], 16) < 128:
            found.append(ipaddress.IPv6Network((bytes.fromhex(fields[0]), int(fields[1], 16)), strict=False))
    return found


def upstreams_to_ask(configured: Sequence[Upstream], listening: Iterable[Endpoint], resolv_conf: Path = RESOLV_CONF) -> list[Upstream]:
    """Return whom to ask, `system` replaced by the machine's own resolvers."""
    found: dict[tuple[str, Endpoint | None, str, str], Upstream] = {}
    for upstream in configured:
        if upstream.scheme == SYSTEM:
            these = [Upstream("plain", endpoint, text=str(endpoint)) for endpoint in system_resolvers(listening, resolv_conf)]
        else:
            these = [upstream]
        for each in these:
            found.setdefault((each.scheme, each.endpoint, each.tls_name, each.url), each)
    return list(found.values())


def system_resolvers(listening: Iterable[Endpoint], resolv_conf: Path = RESOLV_CONF) -> list[Endpoint]:
    """Return the machine's own resolvers, as its DHCP lease or its administrator gave them; never the box itself."""
    listening = list(listening)
    found = []
    for line in _lines(resolv_conf):
        fields = line.split()
        if len(fields) > 1 and fields[0] == "nameserver":
            try:
                plain_address(fields[1])
            except ValueError:
                continue
            endpoint = Endpoint(fields[1], _DNS_PORT)
            if not _is_us(endpoint, listening):
                found.append(endpoint)
    return list(dict.fromkeys(found))


def _is_us(endpoint: Endpoint, listening: Iterable[Endpoint]) -> bool:
    asked = plain_address(endpoint.address)
    for own in listening:
        here = plain_address(own.address)
        if own.port == endpoint.port and (here == asked or (here.is_unspecified and _is_local(asked))):
            return True
    return False


def _is_local(address: Address) -> bool:
    """Tell whether the address is this machine's own: only then can a socket be bound to it."""
    if address.is_loopback:
        return address.packed[-1] != 53  # systemd-resolved answers on 127.0.0.53, which a wildcard socket does not take from it
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
        return True


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
