"""Asks the resolvers upstream: the fastest first, another one where it is slow, encrypted ones before plain ones (shell).

`race.py` is one question's way; `health.py` what is learnt of each upstream; `transports/` how each is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dinnerbell.config import Endpoint, Upstream
from dinnerbell_dns.health import Counts, Health, State, UpstreamStatus
from dinnerbell_dns.race import Line, Race, Transport, line_up
from dinnerbell_dns.transports.bootstrap import Bootstrap
from dinnerbell_dns.transports.https import HttpsTransport
from dinnerbell_dns.transports.messages import Asked
from dinnerbell_dns.transports.plain import PlainTransport
from dinnerbell_dns.transports.pool import PATIENCE, Patience
from dinnerbell_dns.transports.tls import TlsTransport, tls_context

MAX_IN_FLIGHT = 200
"""Questions under way at once; with a dead plain upstream each holds MAX_ATTEMPTS sockets, and a box has 1,024 of them."""
_PLAIN_PORT = 53


@dataclass(frozen=True, slots=True)
class ForwarderStatus:
    """What went out and what became of it, as `status` and the metrics show it."""

    upstreams: tuple[UpstreamStatus, ...]
    asked: int
    """Questions; each may have taken several attempts, which the upstreams count."""
    failed: int
    """Questions that nobody answered in time."""
    overload: int
    """Questions not asked, because too many were under way."""
    in_flight: int


class Forwarder:
    """The upstreams in use. An `Endpoint` stands for a plain one."""

    def __init__(
        self,
        upstreams: Sequence[Upstream | Endpoint] = (),
        bootstrap: Sequence[Endpoint] = (),
        *,
        authorities: str | None = None,
        patience: Patience = PATIENCE,
    ) -> None:
        """`bootstrap`: plain resolvers that find DoH servers, and time servers. `authorities`: a file of whom to trust in TLS."""
        self._authorities = authorities
        self._patience = patience
        self._bootstrap = Bootstrap()
        self._lines: dict[Upstream, Line] = {}
        self._plain_lines: dict[Upstream, Line] = {}
        self._asked = self._failed = self._overload = self._in_flight = 0
        self.use(upstreams, bootstrap)

    def use(self, upstreams: Sequence[Upstream | Endpoint], bootstrap: Sequence[Endpoint] = ()) -> None:
        """Ask these from the next question on; what is known of those that stay is kept."""
        chosen = [_plain(each) if isinstance(each, Endpoint) else each for each in upstreams]
        plain = [each for each in chosen if each.scheme == "plain"] or [_plain(each) for each in bootstrap]
        # a resolver that is asked over TLS mostly answers in the clear too: the last way to the time when the clock is wrong
        plain = plain or [_plain(Endpoint(each.endpoint.address, _PLAIN_PORT)) for each in chosen if each.endpoint is not None]
        before = self._lines | self._plain_lines
        self._lines = {each: before.get(each) or self._line(each) for each in chosen}
        self._plain_lines = {each: self._lines.get(each) or before.get(each) or self._line(each) for each in plain}
        self._bootstrap.servers = [each.endpoint for each in plain if each.endpoint is not None]
        for each in before.keys() - self._lines.keys() - self._plain_lines.keys():
            before[each].transport.close()

    def _line(self, upstream: Upstream) -> Line:
        health = Health()
        return Line(upstream.text or str(upstream.endpoint), upstream.scheme, self._transport(upstream, health.counts), health)

    def _transport(self, upstream: Upstream, counts: Counts) -> Transport:
        if upstream.scheme == "https":
            context = tls_context(self._authorities)
            context.set_alpn_protocols(["h2"])
            address = upstream.endpoint.address if upstream.endpoint is not None else ""
            return HttpsTransport(upstream.url, address, self._bootstrap, context, counts, self._patience)
        assert upstream.endpoint is not None, upstream  # noqa: S101 - parse_upstream gave it one
        if upstream.scheme == "tls":
            return TlsTransport(upstream.endpoint, upstream.tls_name, tls_context(self._authorities), counts, self._patience)
        return PlainTransport(upstream.endpoint, counts)

    async def ask(self, question: bytes, *, dnssec_ok: bool, checking_disabled: bool, plain_only: bool = False) -> bytes | None:
        """Return an upstream's message for `question` (name, type, class), or None: nobody gave one in time.

        An error (SERVFAIL, REFUSED) is returned only if no upstream had anything better. `plain_only`: in the clear, for time servers'
        names while the clock is wrong and no certificate looks valid; asked of the plain upstreams or, without any, of the machine's own.
        """
        lines = list((self._plain_lines if plain_only else self._lines).values())
        if self._in_flight >= MAX_IN_FLIGHT or not lines:
            self._overload += 1
            return None
        self._in_flight += 1
        self._asked += 1
        race = Race(Asked(question, dnssec_ok, checking_disabled), *line_up(lines))
        try:
            found = await race.answer
        finally:
            self._in_flight -= 1
            if not race.answer.done() or race.answer.cancelled():
                race.cancel()
        if found is None:
            self._failed += 1
        return found

    @property
    def is_down(self) -> bool:
        """Whether every upstream fails at present: waiting for an answer is probably in vain."""
        return all(line.health.state is State.FAILING for line in self._lines.values())

    def status(self) -> ForwarderStatus:
        return ForwarderStatus(
            tuple(line.status() for line in self._lines.values()), self._asked, self._failed, self._overload, self._in_flight
        )

    def close(self) -> None:
        """Hang up on everybody."""
        for line in (self._lines | self._plain_lines).values():
            line.transport.close()


def _plain(endpoint: Endpoint) -> Upstream:
    return Upstream("plain", endpoint, text=str(endpoint))
