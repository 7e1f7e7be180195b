"""Every counted row of the log, decided again at its own minute by another rules file.

Pure. What really happened is the verdict in the log; a change is a row whose logged verdict (or safe host) is not what the new
file would have said. A minute is the unit of the log and of the rules: windows begin and end on whole minutes, so a row lies
wholly inside or outside of each, and nothing is cut.

How it is fast: a decision holds until its `until`, and the same device asks the same names all day. So each key of the log is
judged once for each stretch, and every further row of it costs one look into a dict and two additions:

    office-laptop, youtube.com      ├── judged ─────────┤── judged ──┤── judged ────────
    rows of the log                 │ + + ++  +   ++ +  │ +  + ++    │  ++ +  +  ++
                                  08:00               12:00        13:00             `until` of either file
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from dinnerbell.model import Owner, Verdict
from dinnerbell.policy import Policy, decide
from dinnerbell.replay.gaps import find_gaps
from dinnerbell.replay.judge import MAX_REMEMBERED, Count, Decide, Judge, Judgement, Meaning
from dinnerbell.replay.values import Change, Direction, LogFacts, Replay, Tally
from dinnerbell.replay.who import Who
from dinnerbell.usage import LogKey

Row = tuple[int, LogKey, int]
"""Minute (since 1970 UTC), what was counted, how many look-ups. `LogReader.lookups` yields them."""

TOP = 10
"""How many devices and names a direction lists."""
SMALL_GROUP = 3
"""Fewer devices than this, and a group's total may point at a person."""


def replay(rows: Iterable[Row], old: Policy, new: Policy, facts: LogFacts, *, decide: Decide = decide) -> Replay:
    """Decide `rows` again under `new`; `old` is the file in force. Rows may come in any order; by minute is fast."""
    judge = Judge(old, new, facts, decide)
    # by identity: the log's reader gives all rows of a key one value, and to hash its six fields a million times would be half the
    # work. A judgement holds its key, so no other key can come by its id; a key that comes twice is only judged twice.
    judgements: dict[int, Judgement] = {}
    zone = old.setting.zone
    hour, hour_minute = 0, -1
    for minute, key, lookups in rows:
        judgement = judgements.get(id(key))
        if judgement is None or not judgement.since <= minute < judgement.until:
            if len(judgements) >= MAX_REMEMBERED:
                judgements.clear()
            judgement = judgements[id(key)] = judge(minute, key)
        count = judgement.count
        count.rows += 1
        count.lookups += lookups
        if judgement.is_change:
            if minute != hour_minute:
                hour, hour_minute = datetime.fromtimestamp(minute * 60, zone).hour, minute
            count.rows_by_hour[hour] += 1
            count.by_hour[hour] += lookups
    return _summary(judge, new, facts)


def _summary(judge: Judge, new: Policy, facts: LogFacts) -> Replay:
    counts = judge.counts
    devices = {meaning.device for meaning in counts if meaning.device} | {each.device for each in facts.traffic}
    changes = _changes(counts, judge.who)
    return Replay(
        since=facts.since,
        until=facts.until,
        read=_tally(counts, lambda _: True),
        changed=_tally(counts, lambda meaning: meaning.becomes is not None),
        unjudged=_tally(counts, lambda meaning: meaning.gap is not None),
        drifted=_tally(counts, lambda meaning: meaning.is_drifted),
        built_in=_tally(counts, lambda meaning: meaning.is_built_in),
        directions=_directions(counts, judge.who),
        changes=changes,
        gaps=tuple(find_gaps(counts, new, facts, judge.who)),
        small_groups=_small_groups(map(judge.who, devices), {change.group for change in changes}),
    )


def _tally(counts: Mapping[Meaning, Count], fits: Callable[[Meaning], bool]) -> Tally:
    found = [count for meaning, count in counts.items() if fits(meaning)]
    return Tally(sum(count.rows for count in found), sum(count.lookups for count in found))


def _changes(counts: Mapping[Meaning, Count], who: Callable[[str], Who]) -> tuple[Change, ...]:
    found: dict[tuple[str, Owner, str | None, str | None, Verdict, Verdict, int], list[int]] = defaultdict(lambda: [0, 0])
    for meaning, count in counts.items():
        if meaning.becomes is None:
            continue
        whose = who(meaning.device)
        for hour, rows in enumerate(count.rows_by_hour):
            if rows:
                both = found[whose.group, whose.owner, meaning.service, meaning.domain, meaning.verdict, meaning.becomes, hour]
                both[0] += rows
                both[1] += count.by_hour[hour]
    changes = [Change(*key, rows=rows, lookups=lookups) for key, (rows, lookups) in found.items()]
    return tuple(sorted(changes, key=_order))


def _order(change: Change) -> tuple[object, ...]:
    direction = _DIRECTIONS.index((change.was, change.becomes))
    return direction, change.group, change.owner, change.service or "~", change.domain or "~", change.hour


def _directions(counts: Mapping[Meaning, Count], who: Callable[[str], Who]) -> tuple[Direction, ...]:
    found = []
    for was, becomes in _DIRECTIONS:
        here = {meaning: count for meaning, count in counts.items() if (meaning.verdict, meaning.becomes) == (was, becomes)}
        if not here:
            continue
        groups: Counter[str] = Counter()
        devices: Counter[str] = Counter()
        names: Counter[str] = Counter()
        for meaning, count in here.items():
            whose = who(meaning.device)
            groups[whose.group] += count.lookups
            devices[whose.label] += count.lookups
            names[meaning.name] += count.lookups
        rows, lookups = _tally(here, lambda _: True)
        del devices[""], names[""]  # what may only be counted is in its group's total
        found.append(Direction(was, becomes, rows, lookups, _most(groups), _most(devices)[:TOP], _most(names)[:TOP]))
    return tuple(found)


def _most(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


_DIRECTIONS = (
    (Verdict.ALLOW, Verdict.BLOCK),
    (Verdict.ENFORCE, Verdict.BLOCK),
    (Verdict.BLOCK, Verdict.ALLOW),
    (Verdict.BLOCK, Verdict.ENFORCE),
    (Verdict.ENFORCE, Verdict.ALLOW),
    (Verdict.ALLOW, Verdict.ENFORCE),
    (Verdict.ENFORCE, Verdict.ENFORCE),
)
"""As a manager wants to hear of them: first what would stop working, then what would open."""


def _small_groups(everyone: Iterable[Who], changed: set[str]) -> tuple[str, ...]:
    own = Counter(whose.group for whose in everyone if whose.owner in (Owner.STAFF, Owner.VISITOR))
    return tuple(sorted(group for group, devices in own.items() if devices < SMALL_GROUP and group in changed))
