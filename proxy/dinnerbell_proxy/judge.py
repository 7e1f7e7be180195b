"""What becomes of a host that a client asks the proxy for: passed, refused, or shown why not. Pure.

The verdict on a name is `decide`'s, with the same `Ask` as the DNS server's; here is only what a proxy does with it at each step
that carries a name:

    CONNECT shop.example:443 ──► TLS ClientHello (SNI shop.example) ──► GET / (Host: shop.example)
    judge_connect                judge_hello                            judge_request, or judge_decrypted

Least interception: what is allowed passes through by its SNI, undecrypted, whoever asks. Only what is refused, on a device that
rules.yaml lists with `proxy: intercept`, is decrypted, and only to show the page that says why: no server is asked for it.

Limits: a name behind another one's SNI (domain fronting, encrypted ClientHello) is not seen in what passes through; CNAME targets are
judged by the DNS server only.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dinnerbell.model import Device, Verdict, plain_address
from dinnerbell.names import BadName, normalise
from dinnerbell.policy import Ask, Decision, Policy, decide

CONNECT_PORTS = (80, 443, 8443)
"""Where tunnels lead: the web (80 for WebSockets). A proxy that opens any port is everybody's way to the mail server."""
_LOWEST_FREE_PORT = 1024
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Step(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    """Let it through."""
    REFUSE = "refuse"
    """Answer with a refusal; where there is nothing to answer in (TLS that stays closed to us), hang up."""
    SHOW = "show"
    """Refused, and this device lets the proxy speak for the site: decrypt, so that the refusal can be read."""
    ELSEWHERE = "elsewhere"
    """This connection is not for that name: 421 (RFC 9110 section 15.5.20), and the browser comes again on one that is."""
    MALFORMED = "malformed"
    """There is no name in it that could be judged: 400."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A name, as it was decided."""

    name: str
    decision: Decision

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
        return self.step is Step.PASS

    @property
    def target(self) -> str | None:
        """Return the safe host to connect to in place of the one asked for: `enforce`, as DNS answers it. None: as asked."""
        engines = (engine for each in self.judged for engine in each.decision.engines)
        return next((engine.target for engine in engines), None) if self.is_open else None


@dataclass(frozen=True, slots=True)
class Case:
    """Who asks, and when."""

    policy: Policy
    device: Device
    at: datetime

    def judge(self, text: str) -> Judged:
        """Judge a host as it was written. Raises BadName."""
        name = host_name(text)
        return Judged(name, decide(self.policy, Ask(self.device, name, self.at)))


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


def judge_request(case: Case, hosts: Iterable[str | None], port: int | None) -> Ruling:
    """Rule on a request that came in the clear: by its Host header, its URL's host, the tunnel's; every name of `hosts` is judged.

    `port`: where the client asks the proxy to go; None: the connection was redirected here, and leads where it led anyway.
    """
    try:
        judged = _judge_each(case, hosts)
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


_LOCAL = "The proxy does not lead to this network's own devices: ask them directly."
_MISDIRECTED = "This connection was made for another name."


def _judge_each(case: Case, hosts: Iterable[str | None]) -> tuple[Judged, ...]:
    judged = (case.judge(host) for host in dict.fromkeys(hosts) if host)
    return tuple({each.name: each for each in judged}.values())


def _ruling(case: Case, judged: tuple[Judged, ...]) -> Ruling:
    if not any(each.is_refused for each in judged):
        return Ruling(Step.PASS, judged)
    return Ruling(Step.SHOW if case.device.is_intercepted else Step.REFUSE, judged)


def _sentence(error: BadName) -> str:
    return f"{str(error)[:1].upper()}{str(error)[1:]}."


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


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


def is_local(name: str) -> bool:
    """Tell whether a judged name is this machine's or an address that the internet does not lead to."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return not address.is_global or address.is_multicast
