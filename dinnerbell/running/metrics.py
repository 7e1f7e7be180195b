"""A box's status as Prometheus reads it (text format 0.0.4). Pure.

Whoever may scrape sees how much, never who or what: no device, name or pass is in here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dinnerbell.running.status import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[Mapping[str, str], float]
"""(labels, value)"""


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    kind: str
    """counter or gauge."""
    help: str
    samples: Sequence[Sample]


def metrics_text(status: Status) -> str:
    return "".join(_text(metric) for metric in _metrics(status) if metric.samples)


def _one(value: float) -> list[Sample]:
    return [({}, value)]


def _of_each(status: Status, what: str) -> list[Sample]:
    return [({"worker": str(each.number)}, getattr(each, what)) for each in status.processes]


def _by(label: str, counts: Mapping[str, int]) -> list[Sample]:
    return [({label: key}, count) for key, count in counts.items()]


def _metrics(status: Status) -> Iterable[Metric]:
    log, rules, cache = status.log, status.rules, status.cache
    upstreams = [({"upstream": each.name, "transport": each.transport}, each) for each in status.upstreams]
    return (
        Metric("dinnerbell_build_info", "gauge", "The release that is running.", [({"version": status.version}, 1)]),
        Metric("dinnerbell_start_time_seconds", "gauge", "When it was started, since 1970.", _one(int(status.since.timestamp()))),
        Metric("dinnerbell_uptime_seconds", "gauge", "How long it has been running.", _one(status.seconds)),
        Metric("dinnerbell_workers", "gauge", "Processes that answer.", _one(status.workers)),
        Metric("dinnerbell_worker_queries_total", "counter", "Queries answered, by process; 1 is the box.", _of_each(status, "queries")),
        Metric("dinnerbell_worker_restarts_total", "counter", "Times it ended and was started anew.", _of_each(status, "restarts")),
        Metric("dinnerbell_resident_memory_bytes", "gauge", "Memory in use; 0: not known.", _one(status.memory_bytes)),
        Metric("dinnerbell_queries_total", "counter", "Queries answered, by verdict.", _by("verdict", status.queries)),
        Metric("dinnerbell_drops_total", "counter", "Queries that got no answer or an error, by cause.", _by("cause", status.drops)),
        Metric("dinnerbell_upstream_questions_total", "counter", "Questions that upstream was asked.", _one(status.asked_upstream)),
        Metric("dinnerbell_upstream_unanswered_total", "counter", "Of these, those nobody answered.", _one(status.failed_upstream)),
        Metric("dinnerbell_upstream_attempts_total", "counter", "Times it was asked.", [(names, each.asked) for names, each in upstreams]),
        Metric("dinnerbell_upstream_failures_total", "counter", "Times in vain.", [(names, each.failed) for names, each in upstreams]),
        Metric(
            "dinnerbell_upstream_mismatches_total", "counter", "Messages from it that answered no question: forged, late or broken.",
            [(names, each.mismatched) for names, each in upstreams],
        ),
        Metric("dinnerbell_upstream_up", "gauge", "0: it is silent.", [(names, each.state != "failing") for names, each in upstreams]),
        Metric(
            "dinnerbell_upstream_latency_seconds", "gauge", "How long it takes to answer, a moving average.",
            [(names, each.latency_ms / 1000) for names, each in upstreams if each.latency_ms is not None],
        ),
        Metric("dinnerbell_cache_answers", "gauge", "Upstream's answers in memory.", _one(cache.answers)),
        Metric("dinnerbell_cache_answers_limit", "gauge", "The most there may be.", _one(cache.bound)),
        Metric("dinnerbell_cache_bytes", "gauge", "Their size, estimated.", _one(cache.bytes)),
        Metric("dinnerbell_cache_stale_total", "counter", "Look-ups answered with what had run out.", _one(cache.stale)),
        Metric("dinnerbell_cache_refreshed_total", "counter", "Popular answers fetched before they ended.", _one(cache.refreshed)),
        Metric("dinnerbell_merged_queries_total", "counter", "Look-ups that waited for another one's answer.", _one(cache.merged)),
        Metric("dinnerbell_clients", "gauge", "Addresses that asked since the rules changed last.", _one(cache.clients)),
        Metric("dinnerbell_log_lag_seconds", "gauge", "Age of the oldest count that is not in the log yet.", _one(log.lag_seconds)),
        Metric("dinnerbell_log_trouble", "gauge", "1: the log can't be written at present.", _one(log.trouble is not None)),
        Metric("dinnerbell_log_lost_lookups_total", "counter", "Look-ups answered that could not be kept.", _one(log.lost)),
        Metric("dinnerbell_rules_info", "gauge", "The rules in force.", [({"hash": rules.hash, "source": rules.source}, 1)]),
        Metric("dinnerbell_rules_in_force_since_seconds", "gauge", "Since when, since 1970.", _one(int(rules.since.timestamp()))),
        Metric("dinnerbell_rules", "gauge", "How many rules there are.", _one(rules.rules)),
        Metric("dinnerbell_rules_file_bad", "gauge", "1: the file that lies there can't be used.", _one(rules.bad_file is not None)),
        Metric("dinnerbell_list_names", "gauge", "Names on a list.", [({"list": each.name}, each.names) for each in status.lists]),
        Metric(
            "dinnerbell_list_age_seconds", "gauge", "How old a list is.",
            [({"list": each.name}, each.age_seconds) for each in status.lists if each.age_seconds is not None],
        ),
        Metric("dinnerbell_clock_wrong", "gauge", "1: the clock can't be right.", _one(status.clock.is_wrong)),
        Metric("dinnerbell_passes_open", "gauge", "Passes in force.", _one(len(status.passes))),
    )  # fmt: skip


def _text(metric: Metric) -> str:
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
    for labels, value in metric.samples:
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{metric.name}{'{' + inner + '}' if inner else ''} {float(value):.17g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
