"""Names that are nobody's on the internet: the manager's own, zones with a server of their own, and special-use names. Pure.

Where a name belongs, the first that fits:

1. `localhost` and what lies under it        this device itself (RFC 6761 section 6.3); nobody can forward it
2. `box.names`, exactly; and the addresses   the manager's word; what lies under such a name goes its own way
3. the longest zone, either one of           `box.forward` (at equal length it wins) or a special-use name, which is answered here:
                                             what asks for it leaks the network's inside and learns nothing outside
4. everything else                           the internet's

Rules are judged before any of this: a blocked name stays blocked.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from dinnerbell.config import Box, Endpoint
from dinnerbell.model import Address
from dinnerbell.names import parents

LOCALHOST = "localhost"
_LOOPBACK: tuple[Address, ...] = (ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1"))

_NO_SUCH_NAMES = ("invalid", "test", "local", "onion", "alt", "internal")
"""RFC 6761 sections 6.2 and 6.4, RFC 6762, RFC 7686, RFC 9476, ICANN's resolution 2024.07.29.06. Nothing exists there, the name itself
included: an SOA for `local` would make devices switch off their own multicast DNS (RFC 6762 appendix G).
"""

_REVERSE_V4 = (
    "0", "10", "127", "254.169", "168.192", *(f"{second}.172" for second in range(16, 32)), *(f"{second}.100" for second in range(64, 128)),
    "2.0.192", "100.51.198", "113.0.203", "255.255.255.255",
)  # fmt: skip
_REVERSE_V6 = ("0." * 32, "1." + "0." * 31, "c.f.", "d.f.", *(f"{digit}.e.f." for digit in "89ab"), "8.b.d.0.1.0.0.2.")
_EMPTY_ZONES = ("home.arpa", *(f"{zone}.in-addr.arpa" for zone in _REVERSE_V4), *(f"{zone}ip6.arpa" for zone in _REVERSE_V6))
"""RFC 8375, RFC 6303 section 4, RFC 7793, and c.f.ip6.arpa, the other half of RFC 4193. The zone exists and has nothing in it."""


class Place(Enum):
    INTERNET = auto()
    """Asked of the upstreams."""
    FORWARDED = auto()
    """Asked of `Route.server`."""
    OWN = auto()
    """Has `Route.addresses`."""
    POINTER = auto()
    """Is an address in reverse: PTR is `Route.names`."""
    EMPTY = auto()
    """Is a zone of ours with nothing in it: it exists."""
    NOWHERE = auto()
    """Does not exist."""


@dataclass(frozen=True, slots=True)
class Route:
    place: Place
    zone: str = ""
    """The zone that decided it."""
    server: Endpoint | None = None
    addresses: tuple[Address, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Tell whether the box itself answers."""
        return self.place not in (Place.INTERNET, Place.FORWARDED)


INTERNET = Route(Place.INTERNET)


class LocalNames:
    """Where names belong, by `box.names`, `box.forward` and the names under which devices ask the box itself (`box.encrypted`)."""

    def __init__(self, box: Box | None = None, tokens: Iterable[str] = ()) -> None:
        """`tokens`: of devices that ask the box under names of their own."""
        box = box or Box()
        names: Mapping[str, tuple[Address, ...]] = box.names
        pointers: dict[str, list[str]] = {address.reverse_pointer: [LOCALHOST] for address in _LOOPBACK}
        for name, addresses in names.items():
            for address in addresses:
                pointers.setdefault(address.reverse_pointer, []).append(name)
        self._exact = {zone: Route(Place.EMPTY, zone) for zone in _EMPTY_ZONES if zone not in box.forward}
        self._exact |= {pointer: Route(Place.POINTER, pointer, names=tuple(found)) for pointer, found in pointers.items()}
        self._exact |= {name: Route(Place.OWN, name, addresses=tuple(addresses)) for name, addresses in names.items()}
        if box.encrypted is not None and (own := self._exact.get(box.encrypted.name)) is not None:
            for token in tokens:  # each device's own name for the box leads where the box's name does
                name = f"{token}.{box.encrypted.name}"
                self._exact.setdefault(name, Route(Place.OWN, name, addresses=own.addresses))
        self._zones = {zone: Route(Place.NOWHERE, zone) for zone in (*_NO_SUCH_NAMES, *_EMPTY_ZONES)}
        self._zones |= {zone: Route(Place.FORWARDED, zone, server) for zone, server in box.forward.items()}
        self._zones[LOCALHOST] = Route(Place.OWN, LOCALHOST, addresses=_LOOPBACK)

    def route(self, name: str) -> Route:
        """Return where `name` (lower case, without the final dot) belongs."""
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        for parent in parents(name):
            if (route := self._zones.get(parent)) is not None:
                return route
        return INTERNET
