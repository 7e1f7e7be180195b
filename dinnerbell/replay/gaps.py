"""What a replay could not decide again because the log did not keep it, counted where it can be.

Pure. Rows that were read and had to be left are one part; the other is what never became a row: beside the rows the log keeps each
device's look-ups by the hour, so what is in the totals and not in the rows was counted and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from dinnerbell.config import LogLevel
from dinnerbell.model import Action, Owner, TargetKind, Verdict
from dinnerbell.policy import Policy
from dinnerbell.replay.judge import Count, Meaning
from dinnerbell.replay.values import Gap, LogFacts, Why
from dinnerbell.replay.who import Who

_ROW_GAPS = (Why.KIND_ONLY, Why.REFUSED_AS_ALIAS, Why.REFUSED_BY_LIST, Why.DEVICE_GONE)


def find_gaps(counts: Mapping[Meaning, Count], new: Policy, facts: LogFacts, who: Callable[[str], Who]) -> Iterator[Gap]:
    """Yield the gaps, what weighs most for a manager first."""
    if facts.starts is not None and facts.starts > facts.since:
        yield Gap(Why.BEFORE_THE_LOG, until=facts.starts)
    yield from _totals(counts, facts, who)
    for why in _ROW_GAPS:
        found = [count for meaning, count in counts.items() if meaning.gap is why]
        if found:
            yield Gap(why, sum(count.rows for count in found), sum(count.lookups for count in found))
    if facts.losses:
        yield Gap(Why.LOST, lookups=facts.losses)
    for rule in new.rules:
        if any(target.kind is TargetKind.LIST and target.value not in new.lists for target in rule.targets):
            yield Gap(Why.LIST_NOT_FETCHED, line=rule.line)
    unspoken = [count for meaning, count in counts.items() if meaning.is_unspoken]
    if unspoken and any(rule.action is Action.BLOCK for rule in new.rules):
        yield Gap(Why.ALIAS_UNKNOWN, sum(count.rows for count in unspoken), sum(count.lookups for count in unspoken))


def _totals(counts: Mapping[Meaning, Count], facts: LogFacts, who: Callable[[str], Who]) -> Iterator[Gap]:
    """Yield, for each owner of whom not every name is logged, what is known as totals only.

    Not for those of whom every name is: what is missing there are the helplines, and how many there were is nobody's business.
    """
    kept: Counter[tuple[str, bool]] = Counter()
    for meaning, count in counts.items():
        # what the box answers for itself (canaries) is a refusal to the device and an answer in the totals
        kept[meaning.device, meaning.verdict is Verdict.BLOCK and not meaning.is_built_in] += count.lookups
    asked: Counter[tuple[str, bool]] = Counter()
    for each in facts.traffic:
        asked[each.device, False] += each.answered
        asked[each.device, True] += each.refused
    missing: Counter[tuple[Owner, bool]] = Counter()
    for (device, is_refused), lookups in asked.items():
        missing[who(device).owner, is_refused] += max(0, lookups - kept[device, is_refused])
    is_at_most = facts.since % 60 != 0
    for owner in Owner:
        level = facts.levels.get(owner, LogLevel.REFUSED)
        if level is LogLevel.ALL:
            continue
        if lookups := missing[owner, False]:
            yield Gap(Why.ANSWERED_AS_TOTAL, lookups=lookups, owner=owner, level=level, is_at_most=is_at_most)
        if level is LogLevel.NONE and (lookups := missing[owner, True]):
            yield Gap(Why.REFUSED_AS_TOTAL, lookups=lookups, owner=owner, level=level, is_at_most=is_at_most)
