"""The catalogue: which service a domain name belongs to, and what a look-up of it says about use.

Pure: texts in, values out; `shipped.py` reads the files. A name belongs to its longest matching host, exact beats suffix at
equal length, the setting's own services beat the catalogue, and a host stands in two services only where its class is `shared`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import yaml

from dinnerbell.catalogue_yaml import load_strict, told
from dinnerbell.names import BadName, HostTable, judged, normalise

SOCIAL_KINDS = (
    "social-networking", "video-sharing", "photo-sharing", "messaging", "chatroom", "forum", "bulletin-board", "blog", "wiki",
    "online-gaming", "live-streaming", "dating",
)  # fmt: skip
"""Policy section 1's words; a target `social-media` means all of them."""
UMBRELLA = "social-media"
OTHER_KINDS = ("essential", "bypass", "helpline", "sensitive", "search-without-safety")
KINDS = SOCIAL_KINDS + OTHER_KINDS
_RANK = {kind: rank for rank, kind in enumerate(KINDS)}

ENFORCEABLE = ("safe-search", "youtube-strict", "youtube-moderate")

HELPLINE_KIND = "helpline"
BYPASS_KIND = "bypass"
SENSITIVE_KIND = "sensitive"


class HostClass(StrEnum):
    """What a look-up of a host says (DESIGN section 5)."""

    USE = "use"
    """A person is using the service: counts as use, grade B."""
    COMPANION = "companion"
    """The service's own CDN, API or home page: counts only beside `use`."""
    BACKGROUND = "background"
    """Push and keep-alive: never use."""
    EMBED = "embed"
    """Like buttons and log-in kits on other people's pages: refused with the service, never use, never an episode."""
    SHARED = "shared"
    """Serves several services: refused only while all of them are."""


class CatalogueError(ValueError):
    """A catalogue file contradicts itself or another; the message names file, service and host."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `hosts` maps a class to hosts, each a suffix or, written with a leading =, exact."""

    id: str
    name: str
    kinds: tuple[str, ...]
    hosts: Mapping[HostClass, tuple[str, ...]]
    evidence: str = "use"
    """`use`: a `use` host is a signature; `pair`: two different hosts within two minutes stand for one."""
    age_law: str = "unknown"
    """The under-16 law's position: `in`, `out` or `unknown`."""
    note: str = ""
    """What a person should know, above all what DNS cannot cut."""
    sources: tuple[str, ...] = ()
    """Where its facts come from, short: a vendor's page, or the host of an independent source."""
    own: bool = False
    """Written, or changed, in the setting's rules.yaml."""

    @property
    def is_social(self) -> bool:
        return any(kind in SOCIAL_KINDS for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Claim:
    """One service's claim on a host."""

    service: Service
    host_class: HostClass


@dataclass(frozen=True, slots=True)
class Match:
    """What a name is: the host that matched (as written, = for exact) and who claims it (several only where shared)."""

    host: str
    claims: tuple[Claim, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The union of the services' kinds, in the catalogue's order."""
        return tuple(sorted({kind for claim in self.claims for kind in claim.service.kinds}, key=lambda kind: _RANK[kind]))


@dataclass(frozen=True, slots=True)
class Engine:
    """One search or video engine that an `enforce` switch turns to its safe host."""

    id: str
    name: str
    target: str
    """The vendor-documented host (or address) that the engine's own names are answered with."""
    header: str = ""
    """The vendor-documented request header that does the same, `Name: value`, where the proxy looks inside."""
    parameter: str = ""
    """The vendor-documented URL parameter that does the same, `name=value`."""
    paths: tuple[str, ...] = ()
    """Where the parameter belongs: paths, each with all under it."""


@dataclass(frozen=True)
class Catalogue:
    """Services by id, names to services, and the engines of each `enforce` switch."""

    services: Mapping[str, Service]
    enforce: Mapping[str, HostTable[Engine]] = field(default_factory=dict)
    _table: HostTable[tuple[Claim, ...]] = field(default_factory=HostTable)

    def lookup(self, name: str) -> Match | None:
        """Return what `name` (normalised) belongs to, or None."""
        found = self._table.longest(judged(name))
        return Match(*found) if found else None

    def matches(self, name: str) -> Iterator[Match]:
        """Yield every host that fits `name` (normalised), longest first: the first one decides."""
        for found in self._table.all_matches(judged(name)):
            yield Match(*found)

    def lookup_alias(self, name: str) -> Match | None:
        """Return the service that a CNAME or SVCB target stands for, or None.

        A target is judged more narrowly than a question (DESIGN section 5): by a listed host's exact name (with or without
        www.), or where a service's own domain is a left part of it (www.example.com.cdn.net). A name that merely lies under a
        service's domain is not: a nursery's own site that is an alias of lb.wordpress.com keeps working.
        """
        for candidate in (name, name.removeprefix("www.")):
            for host in ("=" + candidate, candidate):
                if (claims := self._table.get(host)) is not None:
                    return Match(host, claims)
        labels = name.split(".")
        for first in range(len(labels) - 2):
            for last in range(min(len(labels) - 1, first + self._most_labels), first + 1, -1):
                part = ".".join(labels[first:last])
                if (claims := self._table.get(part)) is not None:
                    return Match(part, claims)
        return None

    @cached_property
    def _most_labels(self) -> int:
        every = (host for service in self.services.values() for hosts in service.hosts.values() for host in hosts)
        return max((host.count(".") + 1 for host in every), default=0)

    def with_own(self, own: Iterable[Service]) -> "Catalogue":
        """Return a catalogue in which the setting's own services (already merged by `merge_own`) come first.

        Raises CatalogueError where two of the setting's own services claim one host.
        """
        own = list(own)
        own_ids = {service.id for service in own}
        services = {id_: service for id_, service in self.services.items() if id_ not in own_ids}
        table = _table(services.values())
        own_table = _table(own)
        for host, claims in _entries(own, own_table):
            others = table.get(host) or ()
            if all(claim.host_class is HostClass.SHARED for claim in (*claims, *others)):
                own_claims = {claim.service.id for claim in claims}
                claims = (*claims, *(claim for claim in others if claim.service.id not in own_claims))  # noqa: PLW2901 - still shared
            table.set(host, claims)
            if not host.startswith("=") and own_table.get("=" + host) is None:
                table.discard("=" + host)  # at equal length an exact host would win: the setting's own word comes first
        ordered = {**self.services, **{service.id: service for service in own}}
        return Catalogue(ordered, self.enforce, table)


def _entries(services: Iterable[Service], table: HostTable[tuple[Claim, ...]]) -> Iterable[tuple[str, tuple[Claim, ...]]]:
    for service in services:
        for hosts in service.hosts.values():
            for host in hosts:
                yield host, table.get(host) or ()


def _table(services: Iterable[Service]) -> HostTable[tuple[Claim, ...]]:
    table: HostTable[tuple[Claim, ...]] = HostTable()
    for service in services:
        for host_class, hosts in service.hosts.items():
            for host in hosts:
                claim = Claim(service, host_class)
                before = table.get(host) or ()
                if before and not (host_class is HostClass.SHARED and before[0].host_class is HostClass.SHARED):
                    raise CatalogueError(
                        f"{host} is in two services, {before[0].service.id} and {service.id}: "
                        "give it to one of them, or list it under `shared` in both"
                    )
                table.set(host, (*before, claim))
    return table


def merge_own(base: Service | None, own: Service) -> Service:
    """Return the setting's own service, or its changes laid over the catalogue's: fields given replace, hosts are added.

    A host that the setting moves to another class leaves its old one.
    """
    if base is None:
        return replace(own, own=True)
    new = {host for hosts in own.hosts.values() for host in hosts}
    merged = {host_class: tuple(host for host in hosts if host not in new) for host_class, hosts in base.hosts.items()}
    for host_class, hosts in own.hosts.items():
        merged[host_class] = merged.get(host_class, ()) + hosts
    return replace(
        base,
        name=own.name or base.name,
        kinds=own.kinds or base.kinds,
        hosts=merged,
        evidence=own.evidence or base.evidence,
        age_law=base.age_law if own.age_law == "unknown" else own.age_law,
        note=own.note or base.note,
        own=True,
    )


def read_catalogue(services: Mapping[str, str], enforce: Mapping[str, str]) -> Catalogue:
    """Return the catalogue from the texts of its files: {file name: YAML}. Raises CatalogueError naming the file."""
    found: dict[str, Service] = {}
    for file_name, text in sorted(services.items()):
        for id_, entry in _mapping(text, file_name).items():
            if id_ in found:
                raise CatalogueError(f"{file_name}: the service {id_} is there twice")
            found[str(id_)] = _service(str(id_), entry, file_name)
    switches: dict[str, HostTable[Engine]] = {}
    for file_name, text in sorted(enforce.items()):
        table: HostTable[Engine] = HostTable()
        for id_, entry in _mapping(text, file_name).items():
            switches_inside = str(entry.get("header") or ""), str(entry.get("parameter") or ""), tuple(map(str, entry.get("paths") or ()))
            engine = Engine(str(id_), str(entry["name"]), str(entry["target"]), *switches_inside)
            for host in entry["hosts"]:
                table.set(_host(host, file_name), engine)
        switches[file_name.removesuffix(".yaml")] = table
    return Catalogue(found, switches, _table(found.values()))


def _mapping(text: str, file_name: str) -> dict[Any, Any]:
    try:
        data = load_strict(text)
    except yaml.YAMLError as error:
        raise CatalogueError(told(error, file_name)) from None
    if not isinstance(data, dict):
        raise CatalogueError(f"{file_name}: expected services by id")
    return data


_LONGEST_SOURCE = 200
_KEYS = {"name", "kinds", "evidence", "under-16-law", "note", "sources", "hosts"}


def _service(id_: str, entry: Any, file_name: str) -> Service:
    where = f"{file_name}: {id_}"
    if not isinstance(entry, dict):
        raise CatalogueError(f"{where}: expected name, kinds and hosts")
    if unknown := set(entry) - _KEYS:
        raise CatalogueError(f"{where}: unknown key {min(map(str, unknown))}")
    kinds = tuple(entry.get("kinds") or ())
    if not kinds or (unknown := set(kinds) - set(KINDS)):
        raise CatalogueError(f"{where}: kinds must be among {', '.join(KINDS)}")
    evidence, age_law = entry.get("evidence", "use"), entry.get("under-16-law", "unknown")
    if evidence not in ("use", "pair") or age_law not in ("in", "out", "unknown"):
        raise CatalogueError(f"{where}: evidence is use or pair; under-16-law is in, out or unknown")
    hosts: dict[HostClass, tuple[str, ...]] = {}
    if not isinstance(entry.get("hosts", {}), dict):
        raise CatalogueError(f"{where}: expected `hosts:` by class, such as `use: [example.org]`")
    for name, listed in entry.get("hosts", {}).items():
        try:
            host_class = HostClass(name)
        except ValueError:
            raise CatalogueError(f"{where}: {name} is no class; classes are {', '.join(HostClass)}") from None
        hosts[host_class] = tuple(_host(host, where) for host in listed or ())
    if not any(hosts.values()):
        raise CatalogueError(f"{where}: no hosts")
    note = " ".join(str(entry.get("note") or "").split())
    return Service(id_, str(entry.get("name") or id_), kinds, hosts, evidence, age_law, note, _sources(entry, where))


def _sources(entry: Mapping[str, Any], where: str) -> tuple[str, ...]:
    listed = entry.get("sources") or []
    if not isinstance(listed, list) or not all(isinstance(each, str) and 0 < len(each.strip()) <= _LONGEST_SOURCE for each in listed):
        raise CatalogueError(f"{where}: sources is a list of short texts (to {_LONGEST_SOURCE} characters), such as [help.example.com]")
    return tuple(each.strip() for each in listed)


def _host(host: Any, where: str) -> str:
    text = str(host)
    try:
        name = normalise(text.removeprefix("="))
    except BadName as error:
        raise CatalogueError(f"{where}: {error}") from None
    if "." not in name:
        raise CatalogueError(f"{where}: {name} is a whole top-level domain; a host has a dot")
    return "=" + name if text.startswith("=") else name
