"""Which rules are new, gone, moved or altered between two files, in plain words.

Pure. A rule is known by its name; one that was renamed, or never had a name, by what it says. The order counts, for the first rule that
fits decides: a rule has moved where others, that keep their order among themselves, now stand on its other side.

    old   A B C D E      the longest run that keeps its order: A B C E, so D moved
    new   A D B C E
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from dinnerbell.model import Action, Approval, Rule
from dinnerbell.policy import Policy
from dinnerbell.words.wording import SWITCH_PHRASES, joined, target_phrase, who_phrase

_MOST_NAMES = 3
_DOES = {Action.ALLOW: "opens", Action.BLOCK: "closes", Action.ENFORCE: "switches on"}
_DID = {Action.ALLOW: "opened", Action.BLOCK: "closed", Action.ENFORCE: "switched on"}


@dataclass(frozen=True, slots=True)
class _Pair:
    was: Rule
    now: Rule


def rule_changes(old: Policy, new: Policy) -> Iterator[str]:
    """Yield a sentence for each rule that is new, moved or altered, in the new order; then for each that is gone."""
    pairs = {pair.now.index: pair for pair in _pairs(old.rules, new.rules)}
    moved = _moved(sorted(pairs.values(), key=lambda pair: pair.now.index))
    for rule in new.rules:
        pair = pairs.get(rule.index)
        if pair is None:
            yield f"New rule {rule.index + 1} '{rule.name}': {_says(new, rule)}{_reads(new, rule)}."
            continue
        if pair in moved:
            yield f"Rule '{rule.name}' moves from place {pair.was.index + 1} to place {rule.index + 1}{_reads(new, rule)}."
        if parts := list(_parts(old, new, pair)):
            yield f"Rule {rule.index + 1} '{rule.name}': {'; '.join(parts)}."
    known = {pair.was.index for pair in pairs.values()}
    for rule in old.rules:
        if rule.index not in known:
            yield f"Rule '{rule.name}' is gone (it was number {rule.index + 1}): it {_says(old, rule)}."


def _pairs(old: tuple[Rule, ...], new: tuple[Rule, ...]) -> list[_Pair]:
    """Put each rule beside what it was: first by name, then by what it says, then by what it is about."""
    left, found = list(old), []
    alike: tuple[Callable[[Rule, Rule], bool], ...] = (
        lambda was, now: was.name == now.name and not _is_nameless(now),
        lambda was, now: _bare(was) == _bare(now),
        lambda was, now: was.action is now.action and bool(_about(was) & _about(now)),
    )
    waiting = list(new)
    for is_alike in alike:
        for now in list(waiting):
            was = next((rule for rule in left if is_alike(rule, now)), None)
            if was is not None:
                found.append(_Pair(was, now))
                left.remove(was)
                waiting.remove(now)
    return found


def _about(rule: Rule) -> set[str]:
    return {*(target.value.lstrip("=") for target in rule.targets), *rule.switches}


def _is_nameless(rule: Rule) -> bool:
    """Tell whether the reader made the name up, from what the rule does and its place."""
    return rule.name.endswith(f"(rule {rule.index + 1})")


def _bare(rule: Rule) -> Rule:
    approval = replace(rule.approval, line=0) if rule.approval else None
    return replace(rule, index=0, name="", line=0, when_text="", approval=approval)


def _moved(pairs: list[_Pair]) -> list[_Pair]:
    """Return the fewest pairs without which all others keep their order: those outside a longest rising run of old places."""
    ends: list[int] = []
    lengths = []
    for pair in pairs:
        place = bisect_left(ends, pair.was.index)
        ends[place : place + 1] = [pair.was.index]
        lengths.append(place + 1)
    kept, wanted, below = [], len(ends), None
    for pair, length in zip(reversed(pairs), reversed(lengths), strict=True):
        if length == wanted and (below is None or pair.was.index < below):
            kept.append(pair)
            wanted, below = wanted - 1, pair.was.index
    return [pair for pair in pairs if pair not in kept]


def _reads(policy: Policy, rule: Rule) -> str:
    """Say where the rule stands: what comes after it can only decide where it does not fit."""
    after = [f"'{other.name}'" for other in policy.rules[rule.index + 1 :]]
    if not after:
        return ", the last one read"
    more = len(after) - _MOST_NAMES
    return f", read before {joined(after if more <= 1 else [*after[:_MOST_NAMES], f'{more} more'])}"


def _says(policy: Policy, rule: Rule) -> str:
    return f"{_what(policy, rule)}, {_when(rule)}, for {who_phrase(rule)}{_approved(rule.approval)}"


def _what(policy: Policy, rule: Rule) -> str:
    return f"{_DOES[rule.action]} {_objects(policy, rule)}"


def _objects(policy: Policy, rule: Rule) -> str:
    if rule.action is Action.ENFORCE:
        return joined(SWITCH_PHRASES.get(switch, switch) for switch in rule.switches)
    return joined(("exactly " if target.value.startswith("=") else "") + target_phrase(policy.catalogue, target) for target in rule.targets)


def _when(rule: Rule) -> str:
    if rule.when is None:
        return f"always, {rule.when_text}" if rule.unless else "always"
    return f"during {rule.when_text}"


def _approved(approval: Approval | None) -> str:
    return f", while approved {_dates(approval)}" if approval else ""


def _dates(approval: Approval) -> str:
    return f"from {_day(approval.starts_on)} until {_day(approval.ends_on)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _parts(old: Policy, new: Policy, pair: _Pair) -> Iterator[str]:
    was, now = pair.was, pair.now
    if was.name != now.name and not (_is_nameless(was) and _is_nameless(now)):
        yield f"now called so, was called '{was.name}'"
    if (was.action, {*was.targets, *was.switches}) != (now.action, {*now.targets, *now.switches}):
        yield f"now {_what(new, now)}, {_was(old, was, now)}"
    if set(was.devices or ["everyone"]) != set(now.devices or ["everyone"]):
        yield f"now for {who_phrase(now)}, was for {who_phrase(was)}"
    if (was.when_text, was.when, was.unless) != (now.when_text, now.when, now.unless) and _when(was) != _when(now):
        yield f"now {_when(now)}, was {_when(was)}"
    if was.clause != now.clause:
        yield f"now for {_clause(now)}, was for {_clause(was)}"
    yield from _approval(was.approval, now.approval)


def _clause(rule: Rule) -> str:
    return f"clause {rule.clause}" if rule.clause else "no clause"


def _was(old: Policy, was: Rule, now: Rule) -> str:
    if was.action is now.action:
        return f"was {_objects(old, was)}"
    return f"where it {_DID[was.action]} {_objects(old, was)} before"


def _approval(was: Approval | None, now: Approval | None) -> Iterator[str]:
    if now is None:
        if was is not None:
            yield f"needs no approval any more, was approved {_dates(was)}"
        return
    if was is None:
        yield f"only while approved, {_dates(now)}"
        return
    if _dates(was) != _dates(now):
        yield f"now approved {_dates(now)}, was {_dates(was)}"
    for key in ("purpose", "risk_assessment", "approved_by", "second_reader"):
        before, after = getattr(was, key), getattr(now, key)
        if before != after:
            yield f"approval, {key.replace('_', ' ')}: now {after or 'nothing'}, was {before or 'nothing'}"
