"""What a device's timetable has to speak of, and by which domain names it is asked about.

Pure. Three sorts, all judged by their decisions: broad words (social media, and every kind that a rule for this device names),
single services and domains that such a rule names, and what no rule names. A broad word has the week that most of its services
have; a service that has another is named on its own. So the grid reads as people read: the particular overrides the general.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from dinnerbell.catalogue import HELPLINE_KIND, UMBRELLA, Catalogue, HostClass, Service
from dinnerbell.model import Device, Rule, Target, TargetKind, rule_is_for
from dinnerbell.names import is_under
from dinnerbell.policy import Policy
from dinnerbell.words.wording import target_phrase

C = TypeVar("C")

OTHERWISE = "otherwise"
EVERYTHING_ELSE = "nothing-speaks-of-this.invalid"
"""A name that no catalogue and no rule can know (RFC 6761): what `otherwise` says."""

_SEARCH = "safe-search"
_ENGINE_DOORS = ("www.google.com", "www.bing.com", "duckduckgo.com", "yandex.com")
"""The front doors of the engines that have a safe form; a test holds them against the shipped data."""


@dataclass(frozen=True, slots=True)
class Label:
    """One thing that a row is about. `id`: as rules write it (facebook, social-media, example.org), or search, search:bing, otherwise."""

    id: str
    text: str
    is_broad: bool = False
    """Many services under one word: those that are named elsewhere in the timetable are not meant."""


@dataclass(frozen=True, slots=True)
class _Broad:
    label: Label
    services: tuple[str, ...]
    typical: tuple[str, ...]
    """Those of `services` that speak for the word: named neither singly nor by a narrower word, if there are any."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """What to ask (`names`), and what the answers are about (`labelled`)."""

    broad: tuple[_Broad, ...]
    services: Mapping[str, str]
    """Service id -> the name it is asked by."""
    named: tuple[str, ...]
    """Ids of the services that a rule names, in the order of the file."""
    domains: tuple[tuple[Label, str], ...]
    """Domains that a rule names, each with the name it is asked by."""
    engines: tuple[tuple[Label, str], ...]
    """The search engines that a rule makes safe."""
    undrawn: tuple[str, ...]
    """Targets that no name stands for: what a list names is not in the catalogue."""
    catalogue: Catalogue

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.services.values(), *(name for _, name in (*self.domains, *self.engines)), EVERYTHING_ELSE]))

    def labelled(self, courses: Mapping[str, C]) -> Iterator[tuple[Label, C]]:
        """Yield everything that is to be named with its course, in the order of reading."""
        typical = {broad.label.id: _most_common(courses[self.services[id_]] for id_ in broad.typical) for broad in self.broad}
        for broad in self.broad:
            yield broad.label, typical[broad.label.id]
        for id_ in dict.fromkeys([*self.named, *self._surprises(courses, typical)]):
            yield Label(id_, self.catalogue.services[id_].name), courses[self.services[id_]]
        for label, name in (*self.domains, *self._engine_labels(courses)):
            yield label, courses[name]
        yield Label(OTHERWISE, "everything else", is_broad=True), courses[EVERYTHING_ELSE]

    def _engine_labels(self, courses: Mapping[str, C]) -> tuple[tuple[Label, str], ...]:
        if len({courses[name] for _, name in self.engines}) == 1:
            return ((Label("search", "search engines", is_broad=True), self.engines[0][1]),)
        return self.engines

    def _surprises(self, courses: Mapping[str, C], typical: Mapping[str, C]) -> list[str]:
        """Return the services whose week a reader would not guess from the broad words over them, by name."""
        found = []
        for id_, name in self.services.items():
            over = [broad.label.id for broad in self.broad if id_ in broad.services]
            narrow = [word for word in over if word != UMBRELLA] or over
            if narrow and any(typical[word] != courses[name] for word in narrow):
                found.append(id_)
        return sorted(found, key=lambda id_: self.catalogue.services[id_].name.casefold())


def _most_common(courses: Iterable[C]) -> C:
    return Counter(courses).most_common(1)[0][0]


def find_subjects(policy: Policy, device: Device) -> Subjects:
    """Return what this device's timetable speaks of."""
    catalogue = policy.catalogue
    rules = [rule for rule in policy.rules if rule_is_for(rule, device)]
    targets = list(dict.fromkeys(target for rule in rules for target in rule.targets))
    named = [target.value for target in targets if target.kind is TargetKind.SERVICE and target.value in catalogue.services]
    domains = [target for target in targets if target.kind is TargetKind.DOMAIN]
    broad = list(_broad(catalogue, [target.value for target in targets if target.kind is TargetKind.KIND], set(named)))
    ids = dict.fromkeys([*(id_ for each in broad for id_ in each.services), *named])
    taken = [domain.value.lstrip("=") for domain in domains]
    return Subjects(
        broad=tuple(broad),
        services={id_: _name_for(catalogue, catalogue.services[id_], taken) for id_ in ids},
        named=tuple(named),
        domains=tuple(_domains(domains)),
        engines=tuple(_engines(catalogue, rules)),
        undrawn=tuple(target_phrase(catalogue, target) for target in targets if target.kind in (TargetKind.LIST, TargetKind.PAGE)),
        catalogue=catalogue,
    )


def _broad(catalogue: Catalogue, kinds: list[str], named: set[str]) -> Iterator[_Broad]:
    """Yield social media, the kinds that rules name, and the helplines, which no rule can close."""
    narrow = {id_ for kind in kinds if kind != UMBRELLA for id_ in _of_kind(catalogue, kind)}
    for word in dict.fromkeys([UMBRELLA, *kinds, HELPLINE_KIND]):
        services = _of_kind(catalogue, word)
        particular = named | (narrow if word == UMBRELLA else set())
        typical = [id_ for id_ in services if id_ not in particular] or [id_ for id_ in services if id_ not in named] or services
        if services:
            phrase = target_phrase(catalogue, Target(TargetKind.KIND, word))
            yield _Broad(Label(word, phrase, is_broad=True), tuple(services), tuple(typical))


def _of_kind(catalogue: Catalogue, word: str) -> list[str]:
    services = catalogue.services.values()
    return [service.id for service in services if (service.is_social if word == UMBRELLA else word in service.kinds)]


def _name_for(catalogue: Catalogue, service: Service, taken: list[str]) -> str:
    """Return a name to ask a service by: a host that is its alone and that no rule names by itself, a sign of use if it has one.

    google.com stands for the search engine, not for Google's sign-in; YouTube is asked by a name that its restricted mode changes.
    """
    hosts = [
        host
        for host_class in HostClass  # in the enum's order: `use` comes first
        for host in sorted(service.hosts.get(host_class, ()), key=lambda host: service.id not in _engines_of(catalogue, host))
    ]
    for host in hosts:
        name = host.lstrip("=")
        match = catalogue.lookup(name)
        if (
            match is not None
            and [claim.service.id for claim in match.claims] == [service.id]
            and not any(is_under(name, domain) for domain in taken)
            and _engines_of(catalogue, host) <= {service.id}
        ):
            return name
    return hosts[0].lstrip("=")


def _engines_of(catalogue: Catalogue, host: str) -> set[str]:
    """Return the ids of the engines that an `enforce` switch knows by this name."""
    return {found[1].id for table in catalogue.enforce.values() if (found := table.longest(host.lstrip("="))) is not None}


def _domains(domains: list[Target]) -> Iterator[tuple[Label, str]]:
    for domain in domains:
        name = domain.value.lstrip("=")
        yield Label(domain.value, f"exactly {name}" if domain.value.startswith("=") else name), name


def _engines(catalogue: Catalogue, rules: list[Rule]) -> Iterator[tuple[Label, str]]:
    """Yield the search engines where a rule makes them safe: one label for each, as rules may name them singly."""
    table = catalogue.enforce.get(_SEARCH)
    if table is None or not any(_SEARCH in rule.switches for rule in rules):
        return
    for name in _ENGINE_DOORS:
        if (found := table.longest(name)) is not None:
            yield Label(f"search:{found[1].id}", found[1].name), name
