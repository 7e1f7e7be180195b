"""What is wrong with the catalogue, the setting's own services included: a file, a line, and a sentence that says what to do.

Pure; the public suffix list is an argument. Two passes, for files that contradict each other cannot be read as one catalogue:
`find_clashes` looks at what is written, `find_faults` at what the names then come to.

What is harmful and what is meant, where hosts of two services lie under each other: the longest host decides. A suffix of a
social service above an essential host (facebook.com above an essential exact host) takes nothing away; a longer host inside an
essential zone (mask.icloud.com, bypass, in icloud.com) is how a service is told from its vendor, and is only counted. Harmful is
what makes an essential service's *own listed host*, or its door with www., somebody else's.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dinnerbell.catalogue import HELPLINE_KIND, KINDS, UMBRELLA, Catalogue, Claim, HostClass, Service
from dinnerbell.curating.listing import Entry, Listed
from dinnerbell.names import is_under

PublicSuffix = Callable[[str], str | None]
"""name -> its public suffix, private section included; None: no such registry."""

COMMANDS = ("lint", "explain", "unknown", "table", "show")
"""Words that stand where an id may stand in `dinnerbell services ID`."""

SHARED_PARENTS = frozenset(
    (
        # FIELD section 4: each one broke a published list
        "googleapis.com", "ggpht.com", "googleusercontent.com", "gstatic.com", "gvt1.com", "appspot.com", "akamaihd.net",
        "akamaized.net", "edgesuite.net", "edgekey.net", "cloudfront.net", "fastly.net", "amazonaws.com", "azureedge.net", "wp.com",
        # maps and edges of the same sort that the public suffix list does not have
        "akamai.net", "akamaiedge.net", "cloudflare.net", "trafficmanager.net", "azurefd.net", "windows.net", "fastlylb.net",
        "llnwd.net", "footprint.net", "cdn77.org", "b-cdn.net", "hwcdn.net", "edgecastcdn.net",
    )
)
"""Zones in which every customer has a label: only exact hosts may be listed under them."""

WHOLE_ZONES = frozenset(
    (
        # the state's own: nobody else can register there
        "gov.uk", "nhs.uk", "police.uk", "gov.scot", "mygov.scot", "mod.uk", "gov.wales", "llyw.cymru",
        # every page in the zone is the one service, or the one tool, itself
        "blogspot.com", "bearblog.dev", "discordsays.com", "translate.goog", "torproject.net", "withgoogle.com", "carrd.co",
        "hatenablog.com", "hatenablog.jp", "hatenadiary.com", "hatenadiary.jp", "playstation-cloud.com", "withyoutube.com",
    )
)
"""Public suffixes that are one service as a whole. Every other one (github.io, sch.uk) is thousands of strangers' sites."""

SPECIAL_USE = frozenset(["example", "test", "invalid", "localhost", "local", "internal", "arpa", "lan", "home"])
"""No registry has these; a setting's own machines may (RFC 6761, 6762, 8375; `lan` and `home` are what routers use)."""


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    file: str
    line: int
    service: str
    host: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Inside:
    """A host that lies inside an essential service's zone and is another's because it is longer: meant, and worth a look."""

    host: str
    service: str
    zone: str
    essential: str


def find_clashes(entries: Sequence[Entry]) -> list[Finding]:
    """Return what keeps the files from being one catalogue, and ids that commands could not tell from their own words."""
    found: list[Finding] = []
    first: dict[tuple[str, bool], Entry] = {}
    for entry in entries:
        before = first.setdefault((entry.id, entry.own), entry)
        if before is not entry:
            message = f"{entry.id} stands in {before.file}:{before.line} already: join the two"
            found.append(_about(entry, "id-twice", message))
        if problem := _id_problem(entry.id):
            found.append(_about(entry, "bad-id", f"{entry.id} {problem}: choose another id"))
    for own in (False, True):  # the setting's own services may take a host from the catalogue; they come first
        found += _claimed_twice(host for entry in entries if entry.own is own for host in entry.hosts)
    return found


def _id_problem(id_: str) -> str | None:
    if id_ in COMMANDS:
        return f"is a word of `dinnerbell services {id_}`"
    if id_ in KINDS or id_ == UMBRELLA:
        return "is the name of a kind"
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", id_):
        return "is not made of small letters, digits and hyphens"
    return None


def _claimed_twice(hosts: Iterable[Listed]) -> Iterator[Finding]:
    first: dict[str, Listed] = {}
    for host in hosts:
        before = first.setdefault(host.host, host)
        if before is host:
            continue
        place = f"{before.file}:{before.line}"
        if before.service == host.service:
            yield _host_finding(host, "twice", f"{host.host} stands twice in {host.service} (first in {place}): keep one")
        elif not (before.host_class is HostClass.SHARED and host.host_class is HostClass.SHARED):
            message = f"{host.host} is also in {before.service} ({place}): give it to one of them, or list it under `shared` in both"
            yield _host_finding(host, "claimed-twice", message)


def find_faults(entries: Sequence[Entry], shipped: Catalogue, catalogue: Catalogue, public_suffix: PublicSuffix) -> list[Finding]:
    """Return what is wrong with hosts and services of files that can be read.

    `shipped` is the catalogue without the setting's own services, `catalogue` with them (the same, where it has none).
    """
    found = [fault for entry in entries for host in entry.hosts for fault in _host_faults(host, entry.own, catalogue, public_suffix)]
    found += [fault for entry in entries for fault in _evidence(entry, catalogue.services[entry.id])]
    found += _taken(entries, shipped, catalogue)
    return found


def _host_faults(host: Listed, own: bool, catalogue: Catalogue, public_suffix: PublicSuffix) -> Iterator[Finding]:
    suffix = public_suffix(host.name)
    top = host.name.rpartition(".")[2]
    parent = next((parent for parent in SHARED_PARENTS if is_under(host.name, parent)), None)
    if suffix is None and not (own and top in SPECIAL_USE):
        yield _host_finding(host, "unknown-suffix", f"{host.host}: there are no names under .{top} on the internet: check the spelling")
    elif host.is_suffix and parent is not None:
        advice = "list the service's own names under it, each with = in front" if host.name == parent else f"write ={host.name}"
        message = f"{host.host} is in {parent}, where every customer has a label, so refusing it as a whole hits strangers: {advice}"
        yield _host_finding(host, "shared-parent", message)
    elif host.is_suffix and suffix == host.name and host.name not in WHOLE_ZONES:
        message = f"{host.host} is a public suffix: the sites under it are thousands of strangers'. List the service's own names under it"
        yield _host_finding(host, "public-suffix", message)
    wider = _wider(host, catalogue)
    if wider is not None:
        message = f"{host.host} says nothing that {wider} does not say already (same service, same class): take it out"
        yield _host_finding(host, "unreachable", message)


def _wider(host: Listed, catalogue: Catalogue) -> str | None:
    """Return the next longest host for the names that this one decides, if it says just the same."""
    probe = "a-label-that-nobody-lists." + host.name if host.is_suffix else host.name
    matches = list(catalogue.matches(probe))
    if len(matches) < 2 or matches[0].host != host.host:
        return None  # nothing behind it, or one of the setting's own services has taken its place
    return matches[1].host if _said(matches[0].claims) == _said(matches[1].claims) else None


def _said(claims: Iterable[Claim]) -> set[tuple[str, HostClass]]:
    return {(claim.service.id, claim.host_class) for claim in claims}


def _evidence(entry: Entry, service: Service) -> Iterator[Finding]:
    uses, companions = service.hosts.get(HostClass.USE, ()), service.hosts.get(HostClass.COMPANION, ())
    if service.evidence == "pair":
        pairs = (*uses, *companions)
        if len(pairs) < 2 and all(host.startswith("=") for host in pairs):
            message = f"{entry.id} says `evidence: pair` and has no two `use` or `companion` hosts: nobody could ever be seen using it"
            yield _about(entry, "no-evidence", message)
    elif not uses:
        message = f"{entry.id} has no `use` host, so nobody could ever be seen using it: list one, or write `evidence: pair`"
        yield _about(entry, "no-evidence", message)


_PROTECTED: Mapping[str, str] = {"essential": "must always work", HELPLINE_KIND: "is never refused"}


def _taken(entries: Sequence[Entry], shipped: Catalogue, catalogue: Catalogue) -> Iterator[Finding]:
    """Find listed hosts of services that must work, and their doors with www., that are somebody else's when they are looked up."""
    by_host = {host.host: host for entry in entries for host in entry.hosts}  # the setting's own come last and win
    own = {entry.id: entry for entry in entries if entry.own}
    services = {**shipped.services, **{id_: catalogue.services[id_] for id_ in own if id_ not in shipped.services}}
    for service in services.values():
        for kind in set(_PROTECTED) & set(service.kinds):
            for name in _doors(service):
                match = catalogue.lookup(name)
                if match is None or kind in match.kinds:
                    continue
                thief = match.claims[0].service.id
                rest = f"{name} away from {service.name}, which {_PROTECTED[kind]}"
                if thief == service.id:
                    yield _about(own[thief], "takes-essential", f"`kinds` of {thief} takes {rest}: add `{kind}` to them")
                elif match.host in by_host:
                    listed = by_host[match.host]
                    message = f"{listed.host} ({thief}) takes {rest}: take it out, or list a longer host that is meant"
                    yield _host_finding(listed, "takes-essential", message)


def _doors(service: Service) -> Iterator[str]:
    for host_class, hosts in service.hosts.items():
        for host in hosts if host_class is not HostClass.SHARED else ():
            yield host.removeprefix("=")
            if not host.startswith(("=", "www.")):
                yield "www." + host


def inside_essential(entries: Iterable[Entry], catalogue: Catalogue) -> list[Inside]:
    """Return the hosts that are meant to be another's inside an essential zone, in the order of the files."""
    found = []
    for host in (host for entry in entries for host in entry.hosts):
        matches = list(catalogue.matches(host.name))
        if not matches or matches[0].host != host.host or "essential" in matches[0].kinds:
            continue
        zone = next((match for match in matches[1:] if "essential" in match.kinds), None)
        if zone is not None:
            found.append(Inside(host.host, host.service, zone.host, zone.claims[0].service.id))
    return found


def _about(entry: Entry, code: str, message: str) -> Finding:
    return Finding(code, entry.file, entry.line, entry.id, None, message)


def _host_finding(host: Listed, code: str, message: str) -> Finding:
    return Finding(code, host.file, host.line, host.service, host.host, message)
