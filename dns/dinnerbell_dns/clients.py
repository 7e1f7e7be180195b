"""Who is asking: one `Client` for each source address, with its device, its log level and the first cache. Pure.

The first cache is per client and keyed by the query's own bytes behind the ID, so a repeated question costs one look-up, a
two-byte splice and a send. Each entry counts its own hits; the log collects them once a second.

The rate limit is a bucket of one second's look-ups, filled again only when it is found empty: a look-up costs one decrement. It is per
address, and wide enough that a whole setting behind one address does not feel it.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dinnerbell.config import PRIVATE, LogLevel
from dinnerbell.model import Address, Device, Network, Verdict
from dinnerbell.usage import LogKey
from dinnerbell_dns.cache import Key

MAX_CLIENTS = 20_000
MAX_ENTRIES = 2_000
"""Entries of one client's first cache; a client with more names than that starts it anew."""

MAX_KEPT = 100_000
"""Entries of all clients together, some 40 MB: thousands of devices with names that never come again cannot fill the memory."""
UNLIMITED = 1 << 29
"""As a rate: more than any machine can ask in a second."""

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
    """Monotonic seconds; after that its TTLs are no longer right, and `count_down` may put them right."""
    key: LogKey | None
    refused: bool
    verdict: Verdict = Verdict.ALLOW
    hits: int = 0
    kept_under: Key | None = None
    """Of the upstream's answer that it renders: its hits make that one popular."""
    ends_at: float = 0.0
    """Monotonic seconds: until then nothing but its TTLs changes, by one each second from `fresh_until` on."""
    ttls_at: tuple[int, ...] = ()
    """Where they are in `reply`."""

    def count_down(self, now: float) -> bool:
        """Bring the TTLs down to what they are at `now` (monotonic seconds); False: it has to be judged anew.

        fresh_until - 1     fresh_until      + 1        ...        ends_at
         │ as rendered ───────┤ - 1 ───────────┤ - 2 ───── ... ──────┤ run out
        """
        if now >= self.ends_at:
            return False
        passed = int(now - self.fresh_until) + 1
        reply = bytearray(self.reply)
        for at in self.ttls_at:
            reply[at : at + 4] = (int.from_bytes(reply[at : at + 4], "big") - passed).to_bytes(4, "big")
        self.reply = bytes(reply)
        self.fresh_until += passed
        return True


@dataclass(slots=True, eq=False)
class Client:
    device: Device
    level: LogLevel
    rate: int = UNLIMITED
    """Look-ups a second."""
    filled_at: float = 0.0
    """Monotonic seconds: when the bucket was filled."""
    left: int = 0
    """Look-ups left in the bucket; below 0 it is empty."""
    slowed: int = 0
    """Look-ups over the limit that the log does not know of yet."""
    entries: dict[bytes, Entry] = field(default_factory=dict)

    def refill(self, now: float) -> bool:
        """Fill the bucket with what has run in since, and take one out; False: there is none. `now`: monotonic seconds."""
        self.filled_at = min(self.filled_at, now)  # another clock, or the same one put back
        due = int((now - self.filled_at) * self.rate)
        if not due:
            self.left = -1  # below 0 also for who looks later
            return False
        self.filled_at = now if due >= self.rate else self.filled_at + due / self.rate
        self.left = min(due, self.rate) - 1
        return True

    def take(self, now: float) -> bool:
        """Take one look-up out of the bucket; False: over the limit."""
        self.left -= 1
        return self.left >= 0 or self.refill(now)

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
