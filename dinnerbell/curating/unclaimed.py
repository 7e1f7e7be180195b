"""Names that are asked beside a service's hosts and that nothing claims, ranked: what the catalogue's next edition may lack.

Pure. Devices come in to be told apart; none goes out.

How it counts. Looks within five minutes of each other on one device are one *occasion*, for a page that is open asks again and
again. An occasion is *beside* a service if it begins in the same minute as a look-up of one of the service's `use` or `companion`
hosts on that device, or in the next:

    service   . . S S . . . . . . S . .      beside: its minutes and the ones after them
    domain    . . . d d . . . . . . . .  d   two occasions: the first is beside, the second is not

What chance alone would give is, device by device, the share of the device's busy minutes that are beside the service: where
somebody has YouTube open all day, everything is beside it, and that says nothing. The score is the lift, the share of the
domain's occasions that are beside over what chance would give, with Wilson's lower bound in the share's place: three out of three
say less than thirty out of thirty. The bound is at three standard deviations, because every domain is held against every service.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

from dinnerbell.catalogue import HELPLINE_KIND, SENSITIVE_KIND, Catalogue, HostClass
from dinnerbell.names import is_under, judged
from dinnerbell.sessions import MAX_GAP

MIN_BESIDE = 3
"""Occasions: below that a coincidence looks like a habit."""
MIN_SHARE = 0.5
"""Of a domain's occasions: what is mostly asked elsewhere (fonts, advertisements) is nobody's."""
DEVIATIONS = 3.0
MAX_NAMES = 5
"""Shown of a domain."""
PRIVATE_KINDS = frozenset({HELPLINE_KIND, SENSITIVE_KIND})
"""Nothing is learnt about what people ask beside these."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registrable domain that nothing claims, and the service that it is most tied to."""

    domain: str
    service: str
    occasions: int
    beside: int
    by_chance: float
    """Occasions that chance alone would have put beside the service."""
    devices: int
    """How many devices asked it beside the service. Which ones is nobody's business here."""
    score: float
    """How many times more often than by chance it is beside the service, at least."""
    names: tuple[str, ...]
    """The names that were asked in most minutes, at most five."""

    @property
    def share(self) -> float:
        return self.beside / self.occasions


def find_unclaimed(
    asked: Iterable[tuple[int, str, str]], catalogue: Catalogue, registrable: Callable[[str], str | None]
) -> list[Candidate]:
    """Return candidates, the strongest first. `asked`: (minute, device, name), in any order, again and again if need be."""
    reading = _Reading(catalogue, registrable)
    for minute, device, name in asked:
        reading.take(minute, device, name)
    found = [candidate for domain in reading.domains if (candidate := reading.best(domain)) is not None]
    return sorted(found, key=lambda each: (-each.score, -each.beside, each.domain))


def beginnings(minutes: Iterable[int]) -> list[int]:
    """Return the first minutes of the occasions."""
    found: list[int] = []
    last: int | None = None
    for minute in sorted(minutes):
        if last is None or minute - last - 1 > MAX_GAP:
            found.append(minute)
        last = minute
    return found


def lower_share(part: int, whole: int) -> float:
    """Return Wilson's lower bound of part/whole at DEVIATIONS."""
    z2 = DEVIATIONS * DEVIATIONS
    share = part / whole
    spread = DEVIATIONS * sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole))
    return max(0.0, (share + z2 / (2 * whole) - spread) / (1 + z2 / whole))


class _Reading:
    """The log, taken in row by row: minutes by device and by what was asked."""

    def __init__(self, catalogue: Catalogue, registrable: Callable[[str], str | None]) -> None:
        self._catalogue = catalogue
        self._registrable = registrable
        self._known: dict[str, tuple[tuple[str, ...], str | None]] = {}
        self._busy: dict[str, set[int]] = defaultdict(set)
        self._services: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        """Device -> minute -> the services that it is beside."""
        self.domains: dict[str, dict[str, set[int]]] = {}
        """Domain -> device -> minutes."""
        self._names: dict[str, Counter[str]] = defaultdict(Counter)
        self._counts: dict[str, Counter[str]] = {}
        """Device -> the busy minutes beside each service, counted once all rows are in."""

    def take(self, minute: int, device: str, name: str) -> None:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._read(name)
        services, domain = known
        self._busy[device].add(minute)
        for service in services:
            self._services[device][minute].add(service)
            self._services[device][minute + 1].add(service)
        if domain is not None:
            minutes = self.domains.setdefault(domain, {}).setdefault(device, set())
            minutes.add(minute)
            self._names[domain][name] += 1

    def _read(self, name: str) -> tuple[tuple[str, ...], str | None]:
        """Return the services whose use or companion host it is, and the domain to learn about (None: it is claimed, or nobody's)."""
        match = self._catalogue.lookup(name)
        if match is None:
            host = judged(name)
            return (), None if is_under(host, "arpa") else self._registrable(host)  # reverse look-ups and the like: no site (RFC 3172)
        if PRIVATE_KINDS & set(match.kinds):
            return (), None
        return tuple(claim.service.id for claim in match.claims if claim.host_class in (HostClass.USE, HostClass.COMPANION)), None

    def best(self, domain: str) -> Candidate | None:
        """Return the service that the domain is most tied to, or None if it is tied to none."""
        occasions = {device: beginnings(minutes) for device, minutes in self.domains[domain].items()}
        whole = sum(map(len, occasions.values()))
        beside: Counter[str] = Counter()
        devices: Counter[str] = Counter()
        for device, starts in occasions.items():
            here = Counter(service for start in starts for service in self._services[device].get(start, ()))
            beside += here
            devices.update(here.keys())
        found = [
            self._candidate(domain, service, (whole, part, devices[service]), occasions)
            for service, part in beside.items()
            if part >= MIN_BESIDE and part / whole >= MIN_SHARE
        ]
        return min((each for each in found if each.score > 1), key=lambda each: (-each.score, each.service), default=None)

    def _candidate(self, domain: str, service: str, counts: tuple[int, int, int], occasions: Mapping[str, list[int]]) -> Candidate:
        whole, part, devices = counts
        by_chance = sum(len(starts) * self._chance(device, service) for device, starts in occasions.items())
        score = lower_share(part, whole) * whole / by_chance
        names = sorted(self._names[domain].items(), key=lambda item: (-item[1], item[0]))
        return Candidate(domain, service, whole, part, by_chance, devices, score, tuple(name for name, _ in names[:MAX_NAMES]))

    def _chance(self, device: str, service: str) -> float:
        """Return the share of the device's busy minutes that are beside the service."""
        counts = self._counts.get(device)
        if counts is None:
            services = self._services[device]
            counts = self._counts[device] = Counter(each for minute in self._busy[device] for each in services.get(minute, ()))
        return counts[service] / len(self._busy[device])
