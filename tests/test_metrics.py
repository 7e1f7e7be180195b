"""The metrics against Prometheus's own parser, and what they must not say."""

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from dinnerbell.running.metrics import metrics_text
from dinnerbell.running.status import ListState
from status_cast import QUAD9, WELL


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
            assert (family.type == "counter") == sample.name.endswith("_total")
    return found


def test_prometheus_reads_what_the_status_says():
    found = samples(metrics_text(WELL))
    for verdict, count in WELL.queries.items():
        assert found["dinnerbell_queries_total", frozenset({("verdict", verdict)})] == count
    assert found["dinnerbell_drops_total", frozenset({("cause", "short")})] == 3
    assert found["dinnerbell_upstream_latency_seconds", frozenset({("upstream", "9.9.9.9:53"), ("transport", "plain")})] == 0.012345
    assert found["dinnerbell_start_time_seconds", frozenset()] == int(WELL.since.timestamp())
    assert found["dinnerbell_log_trouble", frozenset()] == 0
    assert found["dinnerbell_clock_wrong", frozenset()] == 0
    assert found["dinnerbell_passes_open", frozenset()] == 1


def test_labels_of_any_text_come_through():
    name = 'a"b\\c\nd\u00e9 {x="1"} 2'
    upstream = replace(QUAD9, name=name, latency_ms=None)
    found = samples(metrics_text(replace(WELL, upstreams=(upstream,), lists=(ListState(name, 7, None, None),))))
    assert found["dinnerbell_list_names", frozenset({("list", name)})] == 7
    assert found["dinnerbell_upstream_up", frozenset({("upstream", name), ("transport", "plain")})] == 1
    assert not any(metric in ("dinnerbell_upstream_latency_seconds", "dinnerbell_list_age_seconds") for metric, _ in found)


def test_no_device_and_no_person_is_in_them():
    text = metrics_text(WELL)
    assert "office-laptop" not in text
    assert "Iris" not in text
