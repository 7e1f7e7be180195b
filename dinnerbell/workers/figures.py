"""What one process that answers has done since its start, and what several have done together. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from dinnerbell.running.status import CacheState, UpstreamState

_STATES = ("good", "failing", "untried")
"""The first of these that any process found is what all found: who answers one of them is there."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts are since the process's start; keys and values are those of `Status`."""

    queries: Mapping[str, int]
    asked_upstream: int
    failed_upstream: int
    cache: CacheState
    upstreams: tuple[UpstreamState, ...]
    drops: Mapping[str, int]
    memory_bytes: int
    """Of a worker without what it shares with the others: mapped lists and the program."""


def together(own: Figures, others: Iterable[Figures]) -> Figures:
    """Return the figures of all processes as one; upstreams are those that `own` names."""
    every = [own, *others]
    upstreams = [each for figures in every for each in figures.upstreams]
    return Figures(
        queries=_sum(figures.queries for figures in every),
        asked_upstream=sum(figures.asked_upstream for figures in every),
        failed_upstream=sum(figures.failed_upstream for figures in every),
        cache=_caches([figures.cache for figures in every]),
        upstreams=tuple(_one([each for each in upstreams if each.name == mine.name]) for mine in own.upstreams),
        drops=_sum(figures.drops for figures in every),
        memory_bytes=sum(figures.memory_bytes for figures in every),
    )


def ended(figures: Figures) -> Figures:
    """Return what is left of a process that has ended: what it counted, and nothing in memory."""
    cache = replace(figures.cache, answers=0, bound=0, bytes=0, ready=0, clients=0)
    upstreams = tuple(replace(each, state="untried", trouble="", latency_ms=None) for each in figures.upstreams)
    return replace(figures, cache=cache, upstreams=upstreams, memory_bytes=0)


def _sum(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for each in counts:
        found.update(each)
    return dict(found)


def _caches(caches: Sequence[CacheState]) -> CacheState:
    found = CacheState(**{each.name: sum(getattr(cache, each.name) for cache in caches) for each in fields(CacheState)})
    return replace(found, clients=max(cache.clients for cache in caches))  # the same address asks each of them


def _one(found: Sequence[UpstreamState]) -> UpstreamState:
    """Return what several processes found of one upstream."""
    state = next(state for state in _STATES if any(each.state == state for each in found))
    says = [each for each in found if each.state == state]
    timed = [(each.latency_ms, max(1, each.asked - each.failed)) for each in found if each.latency_ms is not None]
    weight = sum(answers for _, answers in timed)
    return replace(
        says[0],
        trouble=next((each.trouble for each in says if each.trouble), ""),
        asked=sum(each.asked for each in found),
        failed=sum(each.failed for each in found),
        mismatched=sum(each.mismatched for each in found),
        latency_ms=sum(latency * answers for latency, answers in timed) / weight if weight else None,
    )
