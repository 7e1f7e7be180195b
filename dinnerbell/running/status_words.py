"""A box's status in plain words, for whoever keeps it running. Pure; control characters of strangers are made visible."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dinnerbell.running.status import BadFile, PassState, ProcessState, Status, UpstreamState
from dinnerbell.words.wording import sentence_case

DROP_WORDS = {
    "short": "too short to be a query",
    "response": "answers nobody asked for",
    "oversized": "too long",
    "network": "from networks that are not answered",
    "unsent": "answers that could not be sent",
    "faulty": "broken, answered with an error",
    "limited": "from devices that asked too much",
    "crowded": "that found no place upstream, behind others of the same device",
    "queue": "that came faster than they could be read",
    "evicted": "TCP connections closed to make room",
    "overload": "not asked upstream, because too many were under way or nobody was there",
    "rebinding": "answers that led into your own network",
}
_STATES = {"good": "answers", "failing": "does not answer", "untried": "not asked yet"}
_LONG_LAG = 5.0
"""Seconds a count may wait before that is worth a word."""


def status_text(status: Status) -> str:
    """Return the status as lines."""
    return "\n".join(_visible(line) for line in _lines(status)) + "\n"


def headline(status: Status) -> str:
    """Return the status as one line, the gravest thing first."""
    trouble = [*_troubles(status)]
    return _visible(trouble[0] if trouble else f"Answering; {_queries(status)}")


def _troubles(status: Status) -> Iterator[str]:
    if status.clock.is_wrong:
        yield "The clock is wrong: what the rules open by time stays shut"
    if status.rules.bad_file is not None:
        yield f"{status.rules.file} can't be used; the rules of {_moment(status.rules.since, status.clock.now)} are in force"
    if status.log.trouble:
        yield status.log.trouble
    if status.encrypted_trouble:
        yield sentence_case(status.encrypted_trouble)
    for each in status.processes:
        if not each.is_answering and each.restarts:
            yield f"Worker {each.number} has ended, the others answer: {each.trouble}"
    if not status.upstreams:
        yield "Nobody to ask upstream: only refusals are answered"
    elif all(each.state == "failing" for each in status.upstreams):
        yield "No upstream answers: only refusals and what is in memory are answered"


def _lines(status: Status) -> Iterator[str]:
    now = status.clock.now
    yield f"Dinnerbell {status.version} is running: since {_moment(status.since, now)} ({_length(status.seconds)}), {_workers(status)}."
    yield f"Answering on {', '.join(status.listening)}."
    if status.encrypted_trouble:
        yield f"  {sentence_case(status.encrypted_trouble)}."
    if len(status.processes) > 1:
        yield from map(_process, status.processes)
    yield from _rules(status)
    yield f"Look-ups since the start: {_queries(status)}. Asked upstream: {_number(status.asked_upstream)}, {_failed(status)}."
    for each in status.upstreams:
        yield f"  {_upstream(each)}"
    if not status.upstreams:
        yield "  Nobody to ask: connect this machine to its network, or write an address under box: upstream:"
    dropped = [f"{_number(count)} {DROP_WORDS.get(cause, cause)}" for cause, count in status.drops.items() if count]
    yield f"Not answered: {'; '.join(dropped) or 'none'}."
    cache = status.cache
    share = f"about {_size(cache.bytes)}, at most {_number(cache.bound)}"
    memory = f"{_size(status.memory_bytes)} in all" if status.memory_bytes else "how much in all is not known"
    if cache.stale:
        yield f"Answered with what had run out, because upstream was late or silent: {_counted(cache.stale, 'look-up')}."
    yield f"In memory: {_counted(cache.answers, 'answer')} ({share}) for {_counted(cache.clients, 'address', 'addresses')}; {memory}."
    yield _log(status)
    for each_list in status.lists:
        age = "never fetched" if each_list.age_seconds is None else f"{_length(int(each_list.age_seconds))} old"
        yield f"List {each_list.name}: {_counted(each_list.names, 'name')}, {age}{f'. {each_list.trouble}' if each_list.trouble else ''}."
    yield _clock(status)
    yield from _passes(status.passes, now)


def _workers(status: Status) -> str:
    if status.workers < len(status.processes):
        return f"in {status.workers} of {len(status.processes)} processes"
    return "in one process" if status.workers == 1 else f"in {status.workers} processes"


def _process(each: ProcessState) -> str:
    now = _size(each.memory_bytes) if each.is_answering else f"not answering{f' ({each.trouble})' if each.trouble else ''}"
    anew = f", started anew {_counted(each.restarts, 'time')}" if each.restarts else ""
    return f"  Worker {each.number} (process {each.pid}): {_counted(each.queries, 'look-up')}, {now}{anew}."


def _rules(status: Status) -> Iterator[str]:
    rules, now = status.rules, status.clock.now
    copy = ", from the last good copy" if rules.source == "last-good" else ""
    size = f"{_counted(rules.rules, 'rule')} in {_counted(rules.lines, 'line')}"
    yield f"Rules: {rules.file}, {size}, in force since {_moment(rules.since, now)}{copy} ({rules.hash})."
    if rules.bad_file is not None:
        yield from _bad_file(rules.bad_file, rules.since, now)


def _bad_file(bad: BadFile, since: datetime, now: datetime) -> Iterator[str]:
    yield f"  The file of {_moment(bad.at, now)} can't be used, so the rules of {_moment(since, now)} are in force. Mend it:"
    for error in bad.errors:
        yield f"    {error}"
    if bad.more:
        yield f"    and {_counted(bad.more, 'more error', 'more errors')}: `dinnerbell check` shows all"


def _queries(status: Status) -> str:
    count = status.queries
    return f"{_number(count['allow'])} answered, {_number(count['block'])} refused, {_number(count['enforce'])} made safe"


def _failed(status: Status) -> str:
    return f"{_number(status.failed_upstream)} without an answer" if status.failed_upstream else "all answered"


def _upstream(each: UpstreamState) -> str:
    latency = "" if each.latency_ms is None else f" in {each.latency_ms:.0f} ms"
    trouble = f" ({each.trouble})" if each.trouble else ""
    asked = f"asked {_counted(each.asked, 'time')}, {_number(each.failed)} in vain"
    return f"{each.name} ({each.transport}): {_STATES.get(each.state, each.state)}{latency}{trouble}; {asked}."


def _log(status: Status) -> str:
    log = status.log
    lost = f" {_counted(log.lost, 'look-up')} could not be kept." if log.lost else ""
    if log.trouble:
        return f"Log: {log.trouble}. The oldest has waited for {_length(int(log.lag_seconds))}.{lost}"
    if log.lag_seconds > _LONG_LAG:
        return f"Log: {_counted(log.waiting, 'row')} waiting, for {_length(int(log.lag_seconds))} by now.{lost}"
    last = "nothing written yet" if log.written_seconds_ago is None else f"last written {_length(int(log.written_seconds_ago))} ago"
    return f"Log: up to date, {last}.{lost}"


def _clock(status: Status) -> str:
    clock = status.clock
    reads = f"{clock.now:%a} {clock.now.day} {clock.now:%b %Y %H:%M}"
    if clock.is_wrong:
        return (
            f"Clock: wrong for {_length(clock.wrong_seconds)} (it reads {reads}). Until it is set, what the rules open by time stays shut, "
            "and what they close by time is closed. If it is right, start with --trust-clock."
        )
    before = f"; it was wrong for {_length(clock.wrong_seconds)} before" if clock.wrong_seconds else ""
    return f"Clock: {reads}{', trusted whatever it reads' if clock.is_trusted else ''}{before}."


def _passes(passes: Sequence[PassState], now: datetime) -> Iterator[str]:
    yield "Passes: none open." if not passes else f"Passes: {len(passes)} open."
    for each in passes:
        yield f"  {each.id}: {each.target} on {each.device} until {_moment(each.until, now)}, by {each.by}: {each.why}"


def _moment(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%a} {at.day} {at:%b %H:%M}"


def _length(seconds: int) -> str:
    """Return the one or two greatest units: `3 days 4 hours`, `12 minutes`, `5 seconds`."""
    units = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
    for place, (unit, size) in enumerate(units):
        if seconds >= size or size == 1:
            count, rest = divmod(seconds, size)
            if size in (86400, 3600) and (lesser := rest // units[place + 1][1]):
                return f"{_counted(count, unit)} {_counted(lesser, units[place + 1][0])}"
            return _counted(count, unit)
    raise AssertionError("seconds end it")


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{_number(count)} {one if count == 1 else many or one + 's'}"


def _number(count: int) -> str:
    return f"{count:,}"


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"


def _visible(line: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in line)
