"""What becomes of a host that a client asks the proxy for: passed, refused, or shown why not. Pure.

The verdict on a name is `decide`'s, with the same `Ask` as the DNS server's; here is only what a proxy does with it at each step
that carries a name:

    CONNECT shop.example:443 ──► TLS ClientHello (SNI shop.example) ──► GET / (Host: shop.example)
    judge_connect                judge_hello                            judge_request, or judge_decrypted

Least interception: what is allowed passes through by its SNI, undecrypted, whoever asks. Only devices that rules.yaml lists with
`proxy: intercept` are decrypted, and only for two ends: to show why something is refused (no server is asked for it), and where a rule
speaks of what is inside, a page or a search engine's switch. What is essential, of a bank, a doctor, a union or a counsellor, and what
apps pin (`pinned.py`) is never decrypted.

Limits: a name behind another one's SNI (domain fronting, encrypted ClientHello) is not seen in what passes through; CNAME targets are
judged by the DNS server only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dinnerbell.catalogue import Engine
from dinnerbell.model import Device, Verdict
from dinnerbell.names import BadName
from dinnerbell.page_rules import ESSENTIAL_KIND, NEVER_INSIDE
from dinnerbell.pages import Sight
from dinnerbell.policy import Ask, Decision, Policy, decide, needs_sight
from dinnerbell_proxy.hosts import host_name, is_local
from dinnerbell_proxy.pinned import is_pinned

CONNECT_PORTS = (80, 443, 8443)
"""Where tunnels lead: the web (80 for WebSockets). A proxy that opens any port is everybody's way to the mail server."""
_LOWEST_FREE_PORT = 1024


class Step(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    """Let it through."""
    REFUSE = "refuse"
    """Answer with a refusal; where there is nothing to answer in (TLS that stays closed to us), hang up."""
    LOOK = "look"
    """Allowed, as far as the name goes; a rule speaks of what is inside, and this device lets the proxy look: each request is judged."""
    SHOW = "show"
    """Refused, and this device lets the proxy speak for the site: decrypt, so that the refusal can be read."""
    ELSEWHERE = "elsewhere"
    """This connection is not for that name: 421 (RFC 9110 section 15.5.20), and the browser comes again on one that is."""
    MALFORMED = "malformed"
    """There is no name in it that could be judged: 400."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A name, as it was decided, with what was seen beyond it."""

    name: str
    decision: Decision
    sight: Sight | None = None

    @property
    def is_refused(self) -> bool:
        return self.decision.verdict is Verdict.BLOCK


@dataclass(frozen=True, slots=True)
class Ruling:
    """What to do at one step."""

    step: Step
    judged: tuple[Judged, ...] = ()
    """Every name that was judged, for the log."""
    why: str = ""
    """A sentence, where it is not a rule that refuses."""

    @property
    def about(self) -> Judged | None:
        """Return the name that the ruling is about: the first that is refused, else the first."""
        return next((each for each in self.judged if each.is_refused), self.judged[0] if self.judged else None)

    @property
    def is_open(self) -> bool:
        return self.step in (Step.PASS, Step.LOOK)

    @property
    def is_decrypted(self) -> bool:
        return self.step in (Step.LOOK, Step.SHOW)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Return what `enforce` applies to, first the one that answers."""
        return tuple(engine for each in self.judged for engine in each.decision.engines) if self.is_open else ()

    @property
    def target(self) -> str | None:
        """Return the safe host to connect to in place of the one asked for: `enforce`, as DNS answers it. None: as asked."""
        return next((engine.target for engine in self.engines), None)


@dataclass(frozen=True, slots=True)
class Case:
    """Who asks, and when."""

    policy: Policy
    device: Device
    at: datetime

    def judge(self, text: str, sight: Sight | None = None) -> Judged:
        """Judge a host as it was written, and what is seen of the request. Raises BadName."""
        name = host_name(text)
        return Judged(name, decide(self.policy, Ask(self.device, name, self.at, sight)), sight)

    def needs_look(self, judged: Judged) -> bool:
        """Tell whether a rule speaks of what is inside."""
        if not self.device.is_intercepted:
            return False
        is_switched = any(engine.header or engine.parameter for engine in judged.decision.engines)
        return is_switched or needs_sight(self.policy, Ask(self.device, judged.name, self.at))


def judge_connect(case: Case, host: str, port: int) -> Ruling:
    """Rule on a CONNECT to `host`:`port`."""
    if port not in CONNECT_PORTS:
        return Ruling(Step.REFUSE, why=f"The proxy opens no tunnel to port {port}.")
    try:
        judged = case.judge(host)
    except BadName as error:
        return Ruling(Step.MALFORMED, why=_sentence(error))
    if is_local(judged.name):
        return Ruling(Step.REFUSE, why=_LOCAL)
    return _ruling(case, (judged,))


def judge_hello(case: Case, sni: str | None, asked: str | None, address: str) -> Ruling:
    """Rule on a TLS ClientHello for `sni`, in a tunnel to `asked` (None: the connection was redirected here), on its way to `address`.

    Every name it carries is judged; the bare address only where there is no name at all.
    """
    try:
        judged = _judge_each(case, (sni, asked)) or (case.judge(address),)
    except BadName as error:
        return Ruling(Step.REFUSE, why=_sentence(error))
    return _ruling(case, judged)


def judge_request(case: Case, hosts: Iterable[str | None], port: int | None, sight: Sight | None = None) -> Ruling:
    """Rule on a request that came in the clear: by its Host header, its URL's host, the tunnel's; every name of `hosts` is judged.

    `port`: where the client asks the proxy to go; None: the connection was redirected here, and leads where it led anyway.
    """
    try:
        judged = _judge_each(case, hosts, sight)
    except BadName as error:
        return Ruling(Step.MALFORMED, why=_sentence(error))
    if not judged:
        return Ruling(Step.MALFORMED, why="The request does not say which host it is for.")
    if any(each.is_refused for each in judged):
        return Ruling(Step.REFUSE, judged)
    if port is not None and port not in CONNECT_PORTS and port < _LOWEST_FREE_PORT:
        return Ruling(Step.REFUSE, why=f"The proxy asks nobody on port {port}.")
    if port is not None and any(is_local(each.name) for each in judged):
        return Ruling(Step.REFUSE, why=_LOCAL)
    return Ruling(Step.PASS, judged)


def judge_decrypted(case: Case, host: str | None, expected: str | None) -> Ruling:
    """Rule on a request inside TLS that was opened to show a refusal of `expected` (its SNI, else the tunnel's host).

    It never passes: what is meanwhile allowed, or is for another name, comes again on a connection of its own and passes undecrypted.
    """
    try:
        judged = _judge_each(case, (host, expected))
    except BadName as error:
        return Ruling(Step.MALFORMED, why=_sentence(error))
    is_same = len(judged) == 1
    return Ruling(Step.REFUSE if is_same and judged[0].is_refused else Step.ELSEWHERE, judged, "" if is_same else _MISDIRECTED)


def judge_inside(case: Case, host: str | None, expected: str | None, sight: Sight) -> Ruling:
    """Rule on a request inside TLS that was opened because a rule speaks of what is inside, for `expected` (as in `judge_decrypted`).

    Browsers put requests for several names on one HTTP/2 connection: where both names are allowed it passes.
    """
    try:
        judged = _judge_each(case, (host or expected,), sight)
        if expected is not None and host_name(expected) != judged[0].name:
            judged = (*judged, case.judge(expected))
    except BadName as error:
        return Ruling(Step.MALFORMED, why=_sentence(error))
    if not any(each.is_refused for each in judged):
        return Ruling(Step.PASS, judged)
    return Ruling(Step.REFUSE, judged) if len(judged) == 1 else Ruling(Step.ELSEWHERE, judged, _MISDIRECTED)


_LOCAL = "The proxy does not lead to this network's own devices: ask them directly."
_UNSEEN = "Only some pages of this site are open here, and this app does not let anybody see which one it asks for."
_MISDIRECTED = "This connection was made for another name."


def _judge_each(case: Case, hosts: Iterable[str | None], sight: Sight | None = None) -> tuple[Judged, ...]:
    judged = (case.judge(host, sight) for host in dict.fromkeys(hosts) if host)
    return tuple({each.name: each for each in judged}.values())


def _ruling(case: Case, judged: tuple[Judged, ...]) -> Ruling:
    """Return what to do with TLS for these names. Where one of them is not to be decrypted, none is."""
    is_closed_to_us = any(_is_closed_to_us(each) for each in judged)
    if any(each.is_refused for each in judged):
        return Ruling(Step.SHOW if case.device.is_intercepted and not is_closed_to_us else Step.REFUSE, judged)
    if not any(case.needs_look(each) for each in judged):
        return Ruling(Step.PASS, judged)
    if not is_closed_to_us:
        return Ruling(Step.LOOK, judged)
    by_page = any(needs_sight(case.policy, Ask(case.device, each.name, case.at)) for each in judged)
    return Ruling(Step.REFUSE, judged, _UNSEEN) if by_page else Ruling(Step.PASS, judged)  # safe search: by the safe host alone


def _is_closed_to_us(judged: Judged) -> bool:
    """Tell whether this name is never decrypted. A search engine's host may be, for its switch, although the rest is essential."""
    if is_pinned(judged.name):
        return True
    never = NEVER_INSIDE - {ESSENTIAL_KIND} if any(engine.parameter for engine in judged.decision.engines) else NEVER_INSIDE
    return not never.isdisjoint(judged.decision.kinds)


def _sentence(error: BadName) -> str:
    return f"{str(error)[:1].upper()}{str(error)[1:]}."
