"""The status in plain words: what is well is short, what is wrong is said first and with what to do."""

from dataclasses import replace

import pytest

from dinnerbell.running.status import BadFile, ListState, ProcessState, UpstreamState, as_json
from dinnerbell.running.status_words import headline, status_text
from status_cast import CLOCK, GOOD_LOG, QUAD9, RULES, WELL, london

BAD = BadFile(london("2026-11-23 12:03"), ("rules.yaml:7:3: there is no device 'ofice'",), 2, 7)


def test_a_box_that_is_well():
    assert status_text(WELL) == (
        "Dinnerbell 0.1.0 is running: since Sat 21 Nov 08:02 (2 days 4 hours), in one process.\n"
        "Answering on 0.0.0.0:53, [::]:53.\n"
        "Rules: /etc/dinnerbell/rules.yaml, 10 rules in 96 lines, in force since 11:40 (0123456789ab).\n"
        "Look-ups since the start: 12,345 answered, 1,234 refused, 56 made safe. Asked upstream: 900, 2 without an answer.\n"
        "  9.9.9.9:53 (plain): answers in 12 ms; asked 900 times, 2 in vain.\n"
        "Not answered: 3 too short to be a query.\n"
        "In memory: 1,500 answers (about 1.6 MB, at most 20,000) for 23 addresses; 48 MB in all.\n"
        "Log: up to date, last written 0 seconds ago.\n"
        "Clock: Mon 23 Nov 2026 12:30.\n"
        "Passes: 1 open.\n"
        "  4: instagram on office-laptop until 13:00, by Iris Wood: photographs of the fête\n"
    )
    assert headline(WELL) == "Answering; 12,345 answered, 1,234 refused, 56 made safe"


LATE_LOG = replace(GOOD_LOG, lag_seconds=75.0, waiting=812, lost=3, trouble="Couldn't write to the usage log: database is locked")

FIRST = WELL.processes[0]
SECOND = ProcessState(2, 4322, is_answering=True, queries=7, memory_bytes=30_000_000, restarts=1)
DEAD = replace(SECOND, is_answering=False, memory_bytes=0, restarts=2, trouble="signal 9")

TROUBLES = {
    "two_workers": (
        {"workers": 2, "processes": (FIRST, SECOND)},
        (
            "Answering on 0.0.0.0:53, [::]:53.\n"
            "  Worker 1 (process 4321): 13,635 look-ups, 48 MB.\n"
            "  Worker 2 (process 4322): 7 look-ups, 30 MB, started anew 1 time.\n"
        ),
        "Answering",
    ),
    "worker_that_has_ended": (
        {"workers": 1, "processes": (FIRST, DEAD)},
        (
            "in 1 of 2 processes.\nAnswering on 0.0.0.0:53, [::]:53.\n  Worker 1 (process 4321): 13,635 look-ups, 48 MB.\n"
            "  Worker 2 (process 4322): 7 look-ups, not answering (signal 9), started anew 2 times.\n"
        ),
        "Worker 2 has ended, the others answer: signal 9",
    ),
    "worker_that_starts": (
        {"workers": 1, "processes": (FIRST, replace(DEAD, pid=0, queries=0, restarts=0, trouble=""))},
        "Worker 2 (process 0): 0 look-ups, not answering.\n",
        "Answering",
    ),
    "bad_file": (
        {"rules": replace(RULES, bad_file=BAD)},
        "The file of 12:03 can't be used, so the rules of 11:40 are in force. Mend it:\n    rules.yaml:7:3: there is no device 'ofice'\n",
        "rules.yaml can't be used; the rules of 11:40 are in force",
    ),
    "more_errors": (
        {"rules": replace(RULES, source="last-good", bad_file=BAD)},
        "'ofice'\n    and 2 more errors: `dinnerbell check` shows all\n",
        "can't be used",
    ),
    "last_good_copy": ({"rules": replace(RULES, source="last-good")}, "since 11:40, from the last good copy (", "Answering"),
    "wrong_clock": (
        {"clock": replace(CLOCK, now=london("1970-01-01 01:02"), is_wrong=True, wrong_seconds=120)},
        "Clock: wrong for 2 minutes (it reads Thu 1 Jan 1970 01:02). Until it is set, what the rules open by time stays shut",
        "The clock is wrong",
    ),
    "clock_that_was_wrong": (
        {"clock": replace(CLOCK, wrong_seconds=90, is_trusted=True)},
        "12:30, trusted whatever it reads; it was wrong for 1 minute before.",
        "Answering",
    ),
    "log_that_can_not_be_written": (
        {"log": LATE_LOG},
        "database is locked. The oldest has waited for 1 minute. 3 look-ups could not be kept.",
        "database is locked",
    ),
    "log_that_lags": ({"log": replace(GOOD_LOG, lag_seconds=7.5, waiting=1)}, "Log: 1 row waiting, for 7 seconds by now.", "Answering"),
    "nobody_upstream": ({"upstreams": ()}, "Nobody to ask: connect this machine", "Nobody to ask upstream"),
    "silent_upstream": (
        {"upstreams": (replace(QUAD9, state="failing", trouble="silent", latency_ms=None),)},
        "9.9.9.9:53 (plain): does not answer (silent); asked 900 times, 2 in vain.",
        "No upstream answers",
    ),
    "one_of_two_silent": (
        {"upstreams": (QUAD9, UpstreamState("tls://1.1.1.1", "tls", "failing", "refused", 1, 1, None))},
        "tls://1.1.1.1 (tls): does not answer (refused); asked 1 time, 1 in vain.",
        "Answering",
    ),
    "a_list": (
        {"lists": (ListState("malware", 123_456, 90_000.0, None), ListState("ads", 0, None, "not found"))},
        "List malware: 123,456 names, 1 day 1 hour old.\nList ads: 0 names, never fetched. not found.",
        "Answering",
    ),
    "nothing_dropped": ({"drops": {"short": 0}}, "Not answered: none.", "Answering"),
    "unknown_memory": ({"memory_bytes": 0}, "how much in all is not known.", "Answering"),
}


@pytest.mark.parametrize("change, told, first", TROUBLES.values(), ids=TROUBLES)
def test_what_is_wrong_is_said(change, told, first):
    status = replace(WELL, **change)
    assert told in status_text(status)
    assert first in headline(status)


def test_nothing_a_stranger_wrote_moves_the_cursor():
    told = status_text(replace(WELL, upstreams=(replace(QUAD9, trouble="\x1b[2J\u202e"),)))
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_json_has_plain_types_and_words_without_prefixes():
    value = as_json(WELL)
    assert value["running"] is True
    assert value["clock"] == {"now": "2026-11-23T12:30:00+00:00", "wrong": False, "wrong_seconds": 0, "trusted": False}
    assert value["rules"]["bad_file"] is None
    assert value["upstreams"][0] == {
        "name": "9.9.9.9:53", "transport": "plain", "state": "good", "trouble": "", "asked": 900, "failed": 2, "latency_ms": 12.345,
        "mismatched": 0,
    }  # fmt: skip
    assert value["queries"] == {"allow": 12_345, "block": 1_234, "enforce": 56}
