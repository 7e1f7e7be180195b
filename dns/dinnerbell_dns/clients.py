"""Who is asking: one `Client` for each source address, with its device, its log level and the first cache. Pure.

The first cache is per client and keyed by the query's own bytes behind the ID, so a repeated question costs one look-up, a
two-byte splice and a send. Each entry counts its own hits; the log collects them once a second.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dinnerbell.config import PRIVATE, LogLevel
from dinnerbell.model import Address, Device, Network, Verdict
from dinnerbell.usage import LogKey

MAX_CLIENTS = 20_000
MAX_ENTRIES = 2_000
"""Entries of one client's first cache; a client with more names than that starts it anew."""

PRIVATE_NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fe80::/10", "fc00::/7")
)
"""Loopback, RFC 1918, link-local (RFC 3927, RFC 4291) and ULA (RFC 4193)."""


@dataclass(slots=True, eq=False)
class Entry:
    """One rendered answer, for the query whose bytes it is kept under."""

    client: "Client"
    reply: bytes
    """Everything behind the ID."""
    fresh_until: float
    """Monotonic seconds; after that its TTLs are no longer right."""
    key: LogKey | None
    refused: bool
    verdict: Verdict = Verdict.ALLOW
    hits: int = 0


@dataclass(slots=True, eq=False)
class Client:
    device: Device
    level: LogLevel
    entries: dict[bytes, Entry] = field(default_factory=dict)

    def keep(  # noqa: PLR0913 - what an entry is
        self, question: bytes, reply: bytes, fresh_until: float, key: LogKey | None, *, refused: bool, verdict: Verdict = Verdict.ALLOW
    ) -> Entry:
        """Remember the answer to the query whose bytes behind the ID are `question`."""
        if len(self.entries) >= MAX_ENTRIES:
            self.entries.clear()
        entry = self.entries[question] = Entry(self, reply, fresh_until, key, refused, verdict)
        return entry


def answered_networks(configured: Sequence[str | Network], on_link: Iterable[Network]) -> tuple[Network, ...]:
    """Return the networks whose queries are answered; `on_link` are those of the box's own interfaces."""
    found: list[Network] = []
    for item in configured:
        if item == PRIVATE:
            found += [*PRIVATE_NETWORKS, *on_link]
        elif not isinstance(item, str):
            found.append(item)
    return tuple(dict.fromkeys(found))


def is_answered(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
