"""What a name is and why: the hosts that fit it, the one that decides, what a look-up of it says, and what would refuse it.

Pure. It asks the catalogue what the decisions ask; what a device may do with the name at a given hour is `dinnerbell why`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dinnerbell.catalogue import HELPLINE_KIND, SENSITIVE_KIND, UMBRELLA, Catalogue, Claim, HostClass, Match
from dinnerbell.model import Rule, Target, TargetKind
from dinnerbell.names import HostTable, is_under, judged
from dinnerbell.pages import known_page
from dinnerbell.policy import CANARIES, Policy


@dataclass(frozen=True, slots=True)
class AliasReading:
    """How a name is judged where another name is an alias of it."""

    match: Match
    is_left_part: bool
    """The listed host is a left part of the name (www.example.com.cdn.net); else it is the name itself, with or without www."""


@dataclass(frozen=True, slots=True)
class Turned:
    """An `enforce` switch that answers the name with its engine's safe host."""

    switch: str
    engine: str
    target: str


@dataclass(frozen=True, slots=True)
class Naming:
    """A rule that names this name, by one of its targets, for some device."""

    rule: Rule
    by: tuple[str, ...]
    """The targets, as the file writes them; an enforce rule's switches."""


@dataclass(frozen=True, slots=True)
class Explanation:
    name: str
    judged_as: str
    """Without leading _labels (_https.example.org is judged as example.org)."""
    canary: str | None
    matches: tuple[Match, ...]
    """Every host that fits, longest first: the first one decides."""
    longer: tuple[Match, ...]
    """Listed hosts under the name: each decides for its own names, whatever the name itself is."""
    alias: AliasReading | None
    turned: tuple[Turned, ...]
    targets: tuple[str, ...]
    """What a rule can write to be about this name, narrowest first; of a shared host, each service's."""
    rules: tuple[Naming, ...]

    @property
    def match(self) -> Match | None:
        return self.matches[0] if self.matches else None

    @property
    def is_helpline(self) -> bool:
        return self.match is not None and HELPLINE_KIND in self.match.kinds

    @property
    def is_sensitive(self) -> bool:
        return self.match is not None and SENSITIVE_KIND in self.match.kinds

    @property
    def is_use(self) -> bool:
        """Whether a look-up of the name alone can stand for a person's use (of a `pair` service: one half of it)."""
        return self.match is not None and any(_counts(claim) for claim in self.match.claims)


def _counts(claim: Claim) -> bool:
    is_half = claim.service.evidence == "pair" and claim.host_class is HostClass.COMPANION
    return claim.host_class is HostClass.USE or is_half


def explain(catalogue: Catalogue, name: str, policy: Policy | None = None) -> Explanation:
    """Return what `name` (normalised) is. `policy` (None: no rules yet) is asked which rules name it."""
    host = judged(name)
    matches = tuple(catalogue.matches(host))
    return Explanation(
        name=name,
        judged_as=host,
        canary=next((canary for canary in CANARIES if is_under(host, canary)), None),
        matches=matches,
        longer=tuple(_longer(catalogue, host)),
        alias=_alias(catalogue, host),
        turned=tuple(_turned(catalogue, host)),
        targets=tuple(_targets(matches[0] if matches else None, host)),
        rules=tuple(_namings(policy, catalogue, host)) if policy else (),
    )


def _longer(catalogue: Catalogue, name: str) -> Iterator[Match]:
    listed = {host for service in catalogue.services.values() for hosts in service.hosts.values() for host in hosts}
    for host in sorted(listed):
        if host.removeprefix("=") != name and is_under(host.removeprefix("="), name):
            match = next((match for match in catalogue.matches(host.removeprefix("=")) if match.host == host), None)
            if match is not None:  # else one of the setting's own services has taken its place
                yield match


def _alias(catalogue: Catalogue, name: str) -> AliasReading | None:
    match = catalogue.lookup_alias(name)
    if match is None:
        return None
    return AliasReading(match, match.host.removeprefix("=") not in (name, name.removeprefix("www.")))


def _turned(catalogue: Catalogue, name: str) -> Iterator[Turned]:
    for switch, table in catalogue.enforce.items():
        found = table.longest(name)
        if found is not None:
            yield Turned(switch, found[1].name, found[1].target)


def _targets(match: Match | None, name: str) -> Iterator[str]:
    yield f"={name}"
    yield name
    if match is not None:
        yield from (claim.service.id for claim in match.claims)
        yield from match.kinds
        if any(claim.service.is_social for claim in match.claims):
            yield UMBRELLA


def _namings(policy: Policy, catalogue: Catalogue, name: str) -> Iterator[Naming]:
    match = catalogue.lookup(name)
    words = set(_targets(match, name)) if match else set()
    for rule in policy.rules:
        by = tuple(_written(target) for target in rule.targets if _is_about(policy, target, name, words))
        switches = tuple(switch for switch in rule.switches if _turns(catalogue, switch, name))
        if by or switches:
            yield Naming(rule, by or switches)


def _written(target: Target) -> str:
    return f"list:{target.value}" if target.kind is TargetKind.LIST else target.value


def _is_about(policy: Policy, target: Target, name: str, words: set[str]) -> bool:
    kind, value = target.kind, target.value
    if kind is TargetKind.LIST:
        return value in policy.lists and policy.lists[value].match(name) is not None
    if kind is TargetKind.PAGE:
        return known_page(value).is_on(name)
    if kind is TargetKind.DOMAIN:
        table: HostTable[bool] = HostTable()
        table.set(value, True)
        return table.longest(name) is not None
    return value in words


def _turns(catalogue: Catalogue, switch: str, name: str) -> bool:
    table = catalogue.enforce.get(switch)
    return table is not None and table.longest(name) is not None
