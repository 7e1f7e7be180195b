"""The slow path: one query in, one reply out, or the question to ask upstream first. No I/O: the server obeys.

The order of judging, and why:

1. class and type that no filter serves      before any work is done for them
2. decide()                                   the policy comes before every cache: nothing kept can outlive a rule
3. refusal, canary                            for every type alike (RFC 8020), ANY included
4. enforce                                    the safe host's answer in place of the name's own
5. names of the box's own, special-use names  answered here: they never leave the box (local.py)
6. ANY                                        RFC 8482: an answer, but a small one
7. HTTPS, where the proxy looks inside        nothing, so that the SNI stays readable
8. the answer, from cache or upstream         judged by where it leads: into the private network (rebinding.py), and by its CNAME and
                                              SVCB targets where only `otherwise` (or a pass) decided
"""

import ipaddress
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dinnerbell.catalogue import BYPASS_KIND
from dinnerbell.config import Endpoint
from dinnerbell.model import Address, Verdict
from dinnerbell.policy import Ask, Decision, Policy, Reason, decide, decide_alias
from dinnerbell.usage import LogKey, log_key
from dinnerbell.words.plain import refusal as refusal_text
from dinnerbell_dns import answers
from dinnerbell_dns.cache import STALE_TTL, Answer, AnswerCache, Key
from dinnerbell_dns.clients import Client
from dinnerbell_dns.local import INTERNET, LocalNames, Place, Route
from dinnerbell_dns.rebinding import PrivateAddresses
from dinnerbell_dns.ruling import Life, lasting, life
from dinnerbell_dns.wire import AA, HEADER, IN, QUESTION_TAIL, TC, Qtype, Query, Rcode, name_wire

HINFO_TTL = 3600
_REDIRECTED = frozenset({Qtype.A, Qtype.AAAA, Qtype.CNAME, Qtype.SVCB, Qtype.HTTPS})
"""Types that lead to an address; a search engine's MX or TXT records are its own."""
_REFUSED_TYPES = frozenset({Qtype.AXFR, Qtype.IXFR, *range(249, 255)})
RESOLVER_ARPA = "resolver.arpa"
TIME_SERVERS = "time-servers"
"""The catalogue's service of those by whom a clock is set."""
_GOOD = (Rcode.NOERROR, Rcode.NXDOMAIN)
_UNBOUND = Life(None, math.inf)


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes to send, how long they stay right, and what to count them under."""

    message: bytes
    fresh: float
    """Seconds for which the same query may be answered with the same bytes; 0: not again."""
    key: LogKey | None
    refused: bool
    verdict: Verdict = Verdict.ALLOW
    is_rebinding: bool = False
    """Withheld because it led into the private network."""
    kept_under: Key | None = None
    """Of the upstream's answer that it renders."""
    lasts: float = 0.0
    """Seconds for which nothing but its TTLs changes, by one each second from `fresh` on; 0: more than that may change."""
    ttls_at: tuple[int, ...] = ()
    """Where they are in what stands behind the message's ID."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question that has to be asked upstream before the query can be answered."""

    key: Key
    question: bytes
    server: Endpoint | None = None
    """The one to ask, for a forwarded zone; None: the upstreams."""
    plain_only: bool = False
    """Ask in the clear: with a wrong clock no certificate looks valid, and these names lead to the right time."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One query on its way: who asks, when, and what upstream has said to it so far."""

    query: Query
    client: Client
    now: float
    """Seconds since 1970."""
    ticks: float
    """The cache's monotonic seconds."""
    limit: int
    """Bytes that the answer may have."""
    asked: Key | None = None
    """What upstream was asked meanwhile, if it was."""
    fetched: Answer | None = None
    """What it said to that; None: nothing in time."""

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


class Answerer:
    """Answers queries by a policy from a cache. State: what is in force (the policy, the local names) and the cache."""

    def __init__(
        self, policy: Policy, cache: AnswerCache, local: LocalNames | None = None, private: PrivateAddresses | None = None
    ) -> None:
        self.policy = policy
        self.cache = cache
        self.local = local or LocalNames()
        self.private = private or PrivateAddresses()

    def answer(self, query: Query, client: Client, now: float, ticks: float, *, tcp: bool) -> Reply | Wanted:
        """Answer at `now` (seconds since 1970); `ticks` are the cache's monotonic seconds."""
        return self._answer(_Turn(query, client, now, ticks, answers.size_limit(query, tcp=tcp)))

    def answer_fetched(  # noqa: PLR0913 - the same question with its answer
        self, query: Query, client: Client, now: float, ticks: float, wanted: Wanted, fetched: Answer | None, *, tcp: bool
    ) -> Reply:
        """Answer with what upstream said meanwhile to `wanted` (None: nothing in time). Judged anew: the window may have ended."""
        turn = _Turn(query, client, now, ticks, answers.size_limit(query, tcp=tcp), wanted.key, fetched)
        found = self._answer(turn)
        if isinstance(found, Wanted):  # the rules changed meanwhile and ask for another name: the stub will ask again
            return _failure(turn, None)
        return found

    def _answer(self, turn: _Turn) -> Reply | Wanted:
        query = turn.query
        if query.qclass != IN or query.qtype in _REFUSED_TYPES:
            return Reply(answers.failure(query, Rcode.REFUSED, limit=turn.limit), 0.0, None, refused=False)
        decision = decide(self.policy, Ask(turn.client.device, query.name, turn.at))
        key = log_key(turn.client.level, turn.client.device, query.name, decision)
        if decision.host == RESOLVER_ARPA:  # RFC 9462 section 6.4: answered here, never forwarded
            message = answers.no_data(query, RESOLVER_ARPA, answers.REFUSAL_TTL, limit=turn.limit, flags=AA)
            return Reply(message, math.inf, key, refused=False)
        if decision.verdict is Verdict.BLOCK:
            return self._refusal(turn, decision, key)
        if decision.verdict is Verdict.ENFORCE and query.qtype in _REDIRECTED:
            found = self._enforce(turn, decision, key)
            return replace(found, verdict=Verdict.ENFORCE) if isinstance(found, Reply) else found
        return self._by_place(turn, decision, key)

    def _by_place(self, turn: _Turn, decision: Decision, key: LogKey | None) -> Reply | Wanted:
        query, route = turn.query, self.local.route(turn.query.name)
        if route.place in (Place.NOWHERE, Place.EMPTY) or (route.is_own and query.qtype != Qtype.ANY):
            span = life(decision, turn.now, cap=answers.OWN_TTL)
            return Reply(_own_answer(query, route, span.cap or 0, turn.limit), span.fresh, key, refused=False)
        if query.qtype == Qtype.ANY:
            span = life(decision, turn.now, cap=HINFO_TTL)
            return Reply(answers.any_hinfo(query, span.cap or 0, limit=turn.limit), span.fresh, key, refused=False)
        return self._forwarded(turn, decision, key, route)

    def _forwarded(self, turn: _Turn, decision: Decision, key: LogKey | None, route: Route) -> Reply | Wanted:
        query = turn.query
        if query.qtype == Qtype.HTTPS and turn.client.device.is_intercepted:
            # an HTTPS record may carry keys that hide the SNI (RFC 9849), and HTTP/3, which the proxy does not see
            span = life(decision, turn.now, cap=answers.REFUSAL_TTL)
            return Reply(answers.no_data(query, query.name, span.cap or 0, limit=turn.limit), span.fresh, key, refused=False)
        cache_key = (query.name, query.qtype, query.dnssec_ok, query.checking_disabled)
        found, age, stale = self._find(turn, cache_key)
        if found is None:
            plain_only = self.policy.clock_is_wrong and decision.service == TIME_SERVERS
            return _failure(turn, key) if turn.asked == cache_key else Wanted(cache_key, query.question, route.server, plain_only)
        if route is INTERNET and self.private.has_any(found.reached):
            message = answers.refusal(query, query.name, answers.REFUSAL_TTL, _REBINDING, limit=turn.limit)
            return Reply(message, 0.0, key, refused=False, is_rebinding=True)  # not kept: each one is counted
        span, refused = life(decision, turn.now), None
        if found.targets:  # whether they are judged depends on what decides, not on the verdict alone
            span = span.shorter(lasting(decision.rule_until, turn.now))
        for of_target in self._of_targets(turn, decision, found.targets):
            span = span.shorter(life(of_target, turn.now))
            refused = of_target if refused is None and of_target.verdict is Verdict.BLOCK else refused
        if refused is not None:  # true as long as this answer is: the name may lead somewhere else then
            within = Life(span.cap, 0.0 if stale else min(span.fresh, found.lifetime - age))
            return self._refusal(turn, refused, log_key(turn.client.level, turn.client.device, query.name, refused), within)
        message = found.render(query, int(age), span.cap, limit=turn.limit, stale=stale)
        reply = Reply(message, 0.0 if stale else _fresh(span, age, found.lifetime), key, refused=False, kept_under=cache_key)
        if stale or span.cap is not None:  # a TTL that reads `cap` does not run down as the others do
            return reply
        start = HEADER.size - 2 + len(query.question)
        ttls_at = () if message[2] & TC >> 8 else tuple(start + at for at, _ in found.ttls)  # cut off, there is none
        return replace(reply, lasts=found.lifetime - age, ttls_at=ttls_at)

    def _of_targets(self, turn: _Turn, decision: Decision, targets: Iterable[str]) -> Iterator[Decision]:
        """Yield what is decided of the targets that count: all where only `otherwise` decided; a way round even under a pass."""
        by_otherwise = decision.reason is Reason.OTHERWISE
        for target in targets if by_otherwise or decision.is_by_pass else ():
            found = decide_alias(self.policy, Ask(turn.client.device, target, turn.at))
            if found is not None and (by_otherwise or BYPASS_KIND in found.kinds):
                yield found

    def _find(self, turn: _Turn, key: Key) -> tuple[Answer | None, float, bool]:
        """Return (answer, age, is it stale); a stale one where upstream failed, be it by silence or by an error (RFC 8767)."""
        fetched = turn.fetched if turn.asked == key else None
        if fetched is not None and fetched.rcode in _GOOD:
            return fetched, 0.0, False
        kept = self.cache.get(key, turn.ticks)
        if kept is not None and (kept[1] < kept[0].lifetime or turn.asked == key):
            return *kept, kept[1] >= kept[0].lifetime
        return fetched, 0.0, False

    def _refusal(self, turn: _Turn, decision: Decision, key: LogKey | None, within: Life = _UNBOUND) -> Reply:
        span = life(decision, turn.now, cap=answers.REFUSAL_TTL).shorter(within)
        text = refusal_text(decision, self.policy, turn.at)
        message = answers.refusal(turn.query, decision.host, span.cap or 0, text, limit=turn.limit)
        return Reply(message, span.fresh, key, refused=decision.reason is not Reason.CANARY, verdict=Verdict.BLOCK)

    def _enforce(self, turn: _Turn, decision: Decision, key: LogKey | None) -> Reply | Wanted:
        query, target = turn.query, decision.engines[0].target
        span = life(decision, turn.now, cap=answers.REFUSAL_TTL)
        ttl = span.cap or 0
        if (address := _address(target)) is not None:
            if query.qtype == (Qtype.A if address.version == 4 else Qtype.AAAA):
                return Reply(answers.direct_address(query, address.packed, ttl, limit=turn.limit), span.fresh, key, refused=False)
            return Reply(answers.no_data(query, query.name, ttl, limit=turn.limit), span.fresh, key, refused=False)
        if query.qtype not in (Qtype.A, Qtype.AAAA):
            return Reply(answers.redirection(query, target, ttl, (), limit=turn.limit), span.fresh, key, refused=False)
        cache_key = (target, query.qtype, False, False)
        found, age, stale = self._find(turn, cache_key)
        if found is None and turn.asked != cache_key:
            return Wanted(cache_key, name_wire(target) + QUESTION_TAIL.pack(query.qtype, IN))
        if found is None or found.rcode != Rcode.NOERROR or self.private.has_any(found.reached):
            return _failure(turn, key)  # never fall back to the host that is not safe
        addresses = [(STALE_TTL if stale else max(0, left - int(age)), packed) for left, packed in found.addresses]
        message = answers.redirection(query, target, ttl, addresses, limit=turn.limit)
        return Reply(message, 0.0 if stale else _fresh(span, age, found.lifetime), key, refused=False, kept_under=cache_key)


_REBINDING = "This name leads into your own network, which is a known attack. Yours? Write its domain under box: forward:"


def _own_answer(query: Query, route: Route, ttl: int, limit: int) -> bytes:
    """Return what the box itself says of a local name (RFC 6761, RFC 6303); `route` is neither INTERNET nor FORWARDED."""
    if route.place is Place.NOWHERE:
        return answers.no_such_name(query, route.zone, ttl, limit=limit)
    values: list[bytes] = []
    if query.qtype in (Qtype.A, Qtype.AAAA):
        version = 4 if query.qtype == Qtype.A else 6
        values = [address.packed for address in route.addresses if address.version == version]
    elif query.qtype == Qtype.PTR:
        values = [name_wire(name) for name in route.names]
    elif query.qtype == Qtype.SOA and route.place is Place.EMPTY:
        return answers.own_zone(query, ttl, limit=limit)
    if values:
        return answers.own_records(query, values, ttl, limit=limit)
    return answers.no_data(query, query.name, ttl, limit=limit, flags=AA)


_NO_UPSTREAM = answers.Ede(answers.EDE_NO_REACHABLE_AUTHORITY, "The internet provider's name servers do not answer")


def _failure(turn: _Turn, key: LogKey | None) -> Reply:
    return Reply(answers.failure(turn.query, Rcode.SERVFAIL, limit=turn.limit, ede=_NO_UPSTREAM), 0.0, key, refused=False)


def _address(target: str) -> Address | None:
    try:
        return ipaddress.ip_address(target)
    except ValueError:
        return None


def _fresh(span: Life, age: float, lifetime: int) -> float:
    """Seconds for which these bytes stay right: to the next whole second of the answer's age, its end, or the span's own end."""
    step = math.floor(age) + 1 - age
    if span.cap is not None and lifetime - age > span.cap:
        step = lifetime - age - span.cap  # every TTL reads `cap` until then
    return min(span.fresh, step, lifetime - age)
