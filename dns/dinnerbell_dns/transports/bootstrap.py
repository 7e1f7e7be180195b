"""Finds the address of a DoH server by asking plain resolvers directly: never the box itself, which would ask the DoH server (shell)."""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from dinnerbell.config import Endpoint
from dinnerbell_dns.cache import read_answer
from dinnerbell_dns.health import Counts, UpstreamFailed
from dinnerbell_dns.transports.messages import Asked, is_good
from dinnerbell_dns.transports.plain import PlainTransport
from dinnerbell_dns.wire import IN, QUESTION_TAIL, Faulty, Qtype, name_wire

PATIENCE = 1.0
"""Seconds for one resolver; then the next is asked."""
KEEP_LOW, KEEP_HIGH = 60, 86_400
"""Seconds that addresses are kept at least and at most, whatever their TTL."""


@dataclass(eq=False)
class Bootstrap:
    """Asks `servers` in turn. What was found is kept, and used on if nobody answers later."""

    servers: Sequence[Endpoint] = ()
    _found: dict[str, tuple[float, list[str]]] = field(default_factory=dict)
    """Host -> (until when, addresses)."""

    async def addresses(self, host: str) -> list[str]:
        """Return the host's addresses, IPv4 first; none if nobody knows."""
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        now = asyncio.get_running_loop().time()
        until, kept = self._found.get(host, (0.0, []))
        if now < until:
            return kept
        for server in self.servers:
            seconds, addresses = await _ask(server, host)
            if addresses:
                self._found[host] = (now + min(max(seconds, KEEP_LOW), KEEP_HIGH), addresses)
                return addresses
        return kept


async def _ask(server: Endpoint, host: str) -> tuple[int, list[str]]:
    """Return (seconds to keep, addresses)."""
    transport = PlainTransport(server, Counts())
    answers = [transport.ask(Asked(name_wire(host) + QUESTION_TAIL.pack(qtype, IN))) for qtype in (Qtype.A, Qtype.AAAA)]
    await asyncio.wait(answers, timeout=PATIENCE)
    lifetimes, addresses = [KEEP_HIGH], []
    for answer in answers:
        if not answer.done():
            answer.cancel()
            continue
        try:
            message = answer.result()
            found = read_answer(message)
        except (UpstreamFailed, Faulty):
            continue
        if is_good(message) and found.addresses:
            lifetimes.append(found.lifetime)
            addresses += [str(ipaddress.ip_address(packed)) for _, packed in found.addresses]
    return min(lifetimes), addresses
