"""Reads the figures of a process that answers off its server (shell)."""

import resource
from pathlib import Path

from dinnerbell.model import Verdict
from dinnerbell.running.status import CacheState, UpstreamState
from dinnerbell.workers.figures import Figures
from dinnerbell_dns.health import UpstreamStatus
from dinnerbell_dns.server import Server

_STATM = Path("/proc/self/statm")


def figures_of(server: Server, *, with_shared: bool) -> Figures:
    """Return what this process has done since its start. `with_shared`: its memory with what it shares, to be counted once."""
    forwarder, answered = server.forwarder.status(), server.answered
    return Figures(
        queries={verdict.value: answered.get(verdict, 0) for verdict in Verdict},
        asked_upstream=forwarder.asked,
        failed_upstream=forwarder.failed,
        cache=_cache(server),
        upstreams=tuple(map(_upstream, forwarder.upstreams)),
        drops={**server.dropped(), "overload": forwarder.overload + server.fetcher.counts.overload},
        memory_bytes=_memory_bytes(with_shared=with_shared),
    )


def _cache(server: Server) -> CacheState:
    cache, fetched = server.cache, server.fetcher.counts
    return CacheState(
        answers=len(cache),
        bound=cache.bound,
        bytes=cache.estimated_bytes(),
        ready=server.ready_answers,
        clients=server.clients,
        stale=fetched.stale,
        refreshed=fetched.refreshed,
        merged=fetched.merged,
    )


def _upstream(each: UpstreamStatus) -> UpstreamState:
    return UpstreamState(
        name=each.upstream,
        transport=each.transport,
        state=each.state.value,
        trouble=each.trouble_text or each.trouble.value,
        asked=each.asked,
        failed=each.failed,
        latency_ms=each.latency_ms,
        mismatched=each.mismatched,
    )


def _memory_bytes(*, with_shared: bool) -> int:
    """Return what is resident; 0: not known."""
    try:
        _, resident, shared, *_ = map(int, _STATM.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return 0
    return (resident if with_shared else resident - shared) * resource.getpagesize()
