"""The decision: may this device reach this name at this instant, why, and until when?

Pure. DNS and proxy ask the same `decide`.

How a decision falls (DESIGN section 3): helplines and canaries before the rules; then the first allow or block rule that fits,
else `otherwise`; then, if allowed, every enforce rule that fits changes the answer but never decides. A host shared by several
services is decided for each of them: any allow allows. A pass (`passes.py`) is an allow rule that comes before those of the file and
after helplines and canaries; it never speaks of a way round the filter, not even one that shares a kind or a domain with its target.

How it is fast: each device has a view (its rules by target). A name's *track* is the tuple of rules that fit it by target, one for
each service that claims it; tracks are few where names are many, and what a track says over time is kept as one segment (`segments.py`).
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from dinnerbell.catalogue import BYPASS_KIND, HELPLINE_KIND, UMBRELLA, Catalogue, Claim, Engine, HostClass, Match, Service
from dinnerbell.lists.matcher import NameList
from dinnerbell.model import Action, Address, Device, Group, Rule, Setting, Target, TargetKind, Verdict, plain_address, rule_is_for
from dinnerbell.names import HostTable, is_under, judged
from dinnerbell.page_rules import PageRules
from dinnerbell.pages import NO_PAGE, Sight, known_page
from dinnerbell.segments import ALWAYS, Enforced, Segment, Track, find_segment
from dinnerbell.times import Closures, TimeSpan

_MAX_DECIDED = 50_000
"""Decisions kept, some 25 MB: what a setting's devices ask in an hour; a flood of random names starts them anew."""
_MAX_REMEMBERED = 20_000
"""Addresses, views and segments kept in memory: a bound, so that a flood of sources cannot fill it."""


class Reason(StrEnum):
    """What decided."""

    RULE = "rule"
    OTHERWISE = "otherwise"
    HELPLINE = "helpline"
    """A helpline is never refused, whatever the rules say."""
    CANARY = "canary"
    """A name by which software asks whether the network filters: it is told so."""


@dataclass(frozen=True)
class Policy:
    """Everything that decides, compiled from one rules.yaml."""

    setting: Setting
    catalogue: Catalogue
    rules: tuple[Rule, ...]
    groups: Mapping[str, Group] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    times: Mapping[str, TimeSpan] = field(default_factory=dict)
    closures: Closures = field(default_factory=Closures)
    otherwise: Verdict = Verdict.ALLOW
    otherwise_line: int | None = None
    clock_is_wrong: bool = False
    """The box does not know the time (`wrong_clock.py`): no timed allow fits, every other timed rule does. `at` then means nothing."""
    lists: Mapping[str, NameList] = field(default_factory=dict, compare=False)
    """Those that were fetched, by name. A rule about another fits nothing."""
    _views: dict[Device, "_View"] = field(default_factory=dict, init=False, repr=False, compare=False)
    _by_address: dict[Address, Device] = field(default_factory=dict, init=False, repr=False, compare=False)
    _decided: dict[tuple[object, ...], tuple[datetime, datetime | None, "Decision"]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _segments: dict[object, "Segment"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def device_at(self, address: Address, mac: str = "") -> Device:
        """Return who is at `address`, by MAC address, else by the longest matching network, an exact address being the longest.

        `mac`: lower case, with colons; "": nobody knows it. Whom no line of the file takes in is an unknown device.
        """
        if mac and (named := self._by_mac.get(mac)) is not None:
            return named
        found = self._by_address.get(address)
        if found is None:
            found = self._find(address)
            if len(self._by_address) < _MAX_REMEMBERED:
                self._by_address[address] = found
        return found

    def device_with(self, token: str) -> Device | None:
        """Return the device that has this token (lower case); None: nobody has."""
        return self._by_token.get(token)

    def device_called(self, text: str) -> Device | None:
        """Return the device of this name or address, as commands and `expect` write it; None if it is neither."""
        if text in self.devices:
            return self.devices[text]
        try:
            return self.device_at(plain_address(text))
        except ValueError:
            return None

    def _find(self, address: Address) -> Device:
        bits = int(address)
        held = (by_prefix.get(bits >> shift) for version, shift, by_prefix in self._networks if version == address.version)
        found = next((who for who in held if who is not None), None)
        return found if isinstance(found, Device) else Device(str(address), found, (ipaddress.ip_network(address),))

    @property
    def has_macs(self) -> bool:
        """Tell whether any device is known by its MAC address."""
        return bool(self._by_mac)

    @cached_property
    def _by_mac(self) -> dict[str, Device]:
        return {device.mac: device for device in self.devices.values() if device.mac}

    @property
    def tokens(self) -> Iterable[str]:
        return self._by_token

    @cached_property
    def _by_token(self) -> dict[str, Device]:
        return {device.token: device for device in self.devices.values() if device.token}

    @cached_property
    def _networks(self) -> tuple[tuple[int, int, dict[int, Device | Group]], ...]:
        """Return (IP version, bits behind the prefix, prefix -> whose it is), the longest prefixes first: a look-up costs one try each."""
        found: dict[tuple[int, int], dict[int, Device | Group]] = {}
        candidates: tuple[Device | Group, ...] = (*self.devices.values(), *self.groups.values())
        for candidate in candidates:
            for network in candidate.addresses:
                shift = network.max_prefixlen - network.prefixlen
                found.setdefault((network.version, shift), {}).setdefault(int(network.network_address) >> shift, candidate)
        return tuple((version, shift, by_prefix) for (version, shift), by_prefix in sorted(found.items(), key=lambda item: item[0][1]))

    def covers(self, span: TimeSpan, at: datetime) -> bool:
        """Tell whether the instant `at` lies inside `span` on this setting's clock."""
        local = at.astimezone(self.setting.zone)
        return span.holds(local.date(), local.hour * 60 + local.minute, self.closures.closed)

    def watches(self, name: str, match: Match | None) -> bool:
        """Tell whether any rule (for any device) or social service could decide this name."""
        wanted = self._targets
        if match is not None:
            for claim in match.claims:
                service = claim.service
                if service.is_social or (TargetKind.SERVICE, service.id) in wanted:
                    return True
                if any((TargetKind.KIND, kind) in wanted for kind in service.kinds):
                    return True
        if self._target_domains.longest(name) is not None or any(listed.match(name) is not None for listed in self._target_lists):
            return True
        return any(
            (table := self.catalogue.enforce.get(switch)) is not None and table.longest(name) is not None for switch in self._switches
        )

    @cached_property
    def _targets(self) -> frozenset[tuple[TargetKind, str]]:
        return frozenset((target.kind, target.value) for rule in self.rules for target in rule.targets)

    @cached_property
    def _target_domains(self) -> HostTable[bool]:
        table: HostTable[bool] = HostTable()
        for rule in self.rules:
            for target in rule.targets:
                if target.kind is TargetKind.DOMAIN:
                    table.set(target.value, True)
                elif target.kind is TargetKind.PAGE:
                    table.set(known_page(target.value).host, True)
        return table

    @cached_property
    def has_pages(self) -> bool:
        """Whether any rule is about a page: then the URL may matter."""
        return any(target.kind is TargetKind.PAGE for rule in self.rules for target in rule.targets)

    @cached_property
    def _target_lists(self) -> tuple[NameList, ...]:
        named = {target.value for rule in self.rules for target in rule.targets if target.kind is TargetKind.LIST}
        return tuple(self.lists[name] for name in sorted(named & self.lists.keys()))

    @cached_property
    def _switches(self) -> frozenset[str]:
        return frozenset(switch for rule in self.rules for switch in rule.switches)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: this device, this name (normalised), at this instant (aware)."""

    device: Device
    name: str
    at: datetime
    sight: Sight | None = None
    """What is seen beyond the name, where the proxy looks inside; None: nothing, as always in DNS."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to an Ask. For every t in [at, until) the verdict is the same; `until` None: it never changes."""

    verdict: Verdict
    reason: Reason
    rule: Rule | None
    """The rule that decided; None where `reason` is not RULE."""
    service: str | None
    """The deciding service's id."""
    kinds: tuple[str, ...]
    until: datetime | None
    host: str
    """The host that matched (the rule's domain, the list's, or the catalogue's), without =; else the asked name. A block's SOA is owned
    by it."""
    host_class: HostClass | None
    engines: tuple[Engine, ...] = ()
    """What `enforce` turns the name to; the first one answers."""
    enforced_by: tuple[Rule, ...] = ()
    rule_until: datetime | None = None
    """The next instant at which another rule may decide, with the same verdict perhaps: whether targets are judged hangs on it."""
    is_watched: bool = False
    """A rule or a social service could decide this name: its answers live 60 s at most, so that use stays visible."""
    on_list: str | None = None
    """The list of one's own by which the deciding rule fits."""

    @property
    def is_by_pass(self) -> bool:
        return self.rule is not None and self.rule.granted is not None


CANARIES = ("use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com", "resolver.arpa")
"""Firefox's, iCloud Private Relay's and RFC 9462's: by each, software asks whether this network filters."""


def decide(policy: Policy, ask: Ask) -> Decision:
    """Decide one question. Deterministic: what it remembers in the policy follows from the policy alone."""
    decided = policy._decided  # noqa: SLF001 - the policy keeps what this module works out from it
    key: tuple[object, ...] = (ask.device, ask.name)
    if ask.sight is not None and policy.has_pages and ask.device.is_intercepted:
        pages, name = _view(policy, ask.device).pages, judged(ask.name)
        if pages.are_on(name):
            key = (*key, pages.seen_in(name, ask.sight))
    known = decided.get(key)
    if known is not None and ask.at >= known[0] and (known[1] is None or ask.at < known[1]):
        return known[2]
    start, decision = _decide(policy, ask)
    if len(decided) >= _MAX_DECIDED:
        decided.clear()
    decided[key] = start, decision.rule_until, decision
    return decision


def _decide(policy: Policy, ask: Ask) -> tuple[datetime, Decision]:
    """Return the decision, and the instant from which on it is the same (until its `rule_until`)."""
    name = judged(ask.name)
    for canary in CANARIES:
        if is_under(name, canary):
            return ALWAYS, Decision(Verdict.BLOCK, Reason.CANARY, None, None, (), None, canary, None)
    match = policy.catalogue.lookup(name)
    if match is not None and HELPLINE_KIND in match.kinds:
        claim = next(claim for claim in match.claims if HELPLINE_KIND in claim.service.kinds)
        host = match.host.lstrip("=")
        return ALWAYS, Decision(Verdict.ALLOW, Reason.HELPLINE, None, claim.service.id, match.kinds, None, host, claim.host_class)
    return _view(policy, ask.device).decide(name, match, ask.at, ask.sight)


def decide_alias(policy: Policy, ask: Ask) -> Decision | None:
    """Decide the CNAME or SVCB target `ask.name` of a name that only `otherwise` decided; None: it is nobody's.

    The catalogue speaks for exact names and left parts only (`Catalogue.lookup_alias`); a domain that a rule names speaks for
    everything under it, as the manager wrote it, and a list for what it says itself.
    """
    name = judged(ask.name)
    match = policy.catalogue.lookup_alias(name)
    view = _view(policy, ask.device)
    if (match is None and not view.names(name)) or (match is not None and HELPLINE_KIND in match.kinds):
        return None
    return view.decide(name, match, ask.at)[1]


def needs_sight(policy: Policy, ask: Ask) -> bool:
    """Tell whether the name alone does not decide: a rule about a page of it opens it, or may shut it.

    If not, nobody has to look inside; a device without `proxy: intercept` is never looked into.
    """
    if not policy.has_pages or not ask.device.is_intercepted or decide(policy, replace(ask, sight=None)).verdict is Verdict.BLOCK:
        return False
    name = judged(ask.name)
    pages = _view(policy, ask.device).pages
    if not pages.are_on(name):
        return False
    if pages.may_block(name, policy.catalogue.lookup(name)):
        return True
    return decide(policy, replace(ask, sight=NO_PAGE)).verdict is Verdict.BLOCK


def _view(policy: Policy, device: Device) -> "_View":
    view = policy._views.get(device)  # noqa: SLF001 - the policy keeps what this module compiles from it
    if view is None:
        view = _View(policy, device)
        if len(policy._views) < _MAX_REMEMBERED:  # noqa: SLF001
            policy._views[device] = view  # noqa: SLF001
    return view


class _View:
    """The policy as one device sees it: the rules that are for it, by target."""

    __slots__ = ("_by_domain", "_by_list", "_by_target", "_enforce", "_has_passes", "_policy", "_tracks", "pages")

    def __init__(self, policy: Policy, device: Device) -> None:
        self._policy = policy
        self._by_target: dict[Target, set[int]] = {}
        self._by_domain: HostTable[set[int]] = HostTable()
        self._by_list: dict[str, set[int]] = {}
        self._enforce: list[Rule] = []
        self._tracks: dict[str, Track] = {}
        self._has_passes = False
        self.pages = PageRules(policy.catalogue)
        for rule in policy.rules:
            if not rule_is_for(rule, device):
                continue
            self._has_passes = self._has_passes or rule.granted is not None
            if rule.action is Action.ENFORCE:
                self._enforce.append(rule)
            for target in rule.targets:
                if target.kind is not TargetKind.PAGE:
                    self._add(rule.index, target)
                elif device.is_intercepted:  # elsewhere nobody sees a page: the rule is not there
                    self.pages.add(rule, known_page(target.value))

    def _add(self, index: int, target: Target) -> None:
        if target.kind is TargetKind.LIST:
            if target.value in self._policy.lists:
                self._by_list.setdefault(target.value, set()).add(index)
            return
        if target.kind is not TargetKind.DOMAIN:
            self._by_target.setdefault(target, set()).add(index)
            return
        indexes = self._by_domain.get(target.value)
        if indexes is None:
            self._by_domain.set(target.value, indexes := set())
        indexes.add(index)

    def names(self, name: str) -> bool:
        """Tell whether a rule for this device is about the name otherwise than by the catalogue: by its domain, or by a list."""
        return self._by_domain.longest(name) is not None or bool(self._listed(name))

    def _listed(self, name: str) -> list[tuple[str, set[int], str]]:
        """Return (host, indexes of rules, list) for each list with this name on it that rules for this device are about."""
        lists = self._policy.lists
        return [(host, indexes, listed) for listed, indexes in self._by_list.items() if (host := lists[listed].match(name)) is not None]

    def decide(self, name: str, match: Match | None, at: datetime, sight: Sight | None = None) -> tuple[datetime, Decision]:
        by_domain = list(self._by_domain.all_matches(name)) if len(self._by_domain) else []
        listed = self._listed(name) if self._by_list else []
        named = [*by_domain, *((host, indexes) for host, indexes, _ in listed)] if listed else by_domain
        claims: tuple[Claim | None, ...] = match.claims if match else (None,)
        tracks = tuple(self._track(claim.service if claim else None, named) for claim in claims)
        if self.pages:
            tracks = tuple(
                tuple(sorted({*track, *self.pages.fitting(name, claim, sight)})) for track, claim in zip(tracks, claims, strict=True)
            )
        if self._has_passes and match is not None and BYPASS_KIND in match.kinds:
            tracks = tuple(tuple(index for index in track if self._policy.rules[index].granted is None) for track in tracks)
        engines = self._engines(name)
        segment = self._segment(tracks, tuple(engines.items()), at)
        outcome = segment.outcome
        claim = claims[outcome.claim]
        host = next((written for written, indexes in named if outcome.rule in indexes), match.host if match else name)
        decision = Decision(
            verdict=outcome.verdict,
            reason=Reason.OTHERWISE if outcome.rule is None else Reason.RULE,
            rule=None if outcome.rule is None else self._policy.rules[outcome.rule],
            service=claim.service.id if claim else None,
            kinds=match.kinds if match else (),
            until=segment.until,
            host=host.lstrip("="),
            host_class=claim.host_class if claim else None,
            engines=tuple(engines[index] for index in outcome.enforced_by),
            enforced_by=tuple(self._policy.rules[index] for index in outcome.enforced_by),
            rule_until=segment.end,
            is_watched=bool(listed) or self._policy.watches(name, match),
            on_list=next((list_name for _, indexes, list_name in listed if outcome.rule in indexes), None),
        )
        return segment.start, decision

    def _track(self, service: Service | None, named: list[tuple[str, set[int]]]) -> Track:
        track: Track = ()
        if service is not None:
            known = self._tracks.get(service.id)
            if known is None:
                kinds = (*service.kinds, UMBRELLA) if service.is_social else service.kinds
                targets = (Target(TargetKind.SERVICE, service.id), *(Target(TargetKind.KIND, kind) for kind in kinds))
                known = tuple(sorted({index for target in targets for index in self._by_target.get(target, ())}))
                self._tracks[service.id] = known
            track = known
        if not named:
            return track
        return tuple(sorted(set(track).union(*(indexes for _, indexes in named))))

    def _engines(self, name: str) -> dict[int, Engine]:
        """Return, for each enforce rule of this device that knows the name, what it would turn it to."""
        found: dict[int, Engine] = {}
        for rule in self._enforce:
            for switch in rule.switches:
                table = self._policy.catalogue.enforce.get(switch)
                if table is not None and (hit := table.longest(name)) is not None:
                    found.setdefault(rule.index, hit[1])
        return found

    def _segment(self, tracks: tuple[Track, ...], enforce: Enforced, at: datetime) -> Segment:
        segments = self._policy._segments  # noqa: SLF001 - shared by all views: a track says the same for every device
        key = (tracks, enforce)
        known = segments.get(key)
        if known is None or at < known.start or (known.end is not None and at >= known.end):
            if len(segments) >= _MAX_REMEMBERED:
                segments.clear()
            known = segments[key] = find_segment(self._policy, tracks, enforce, at)
        return known
