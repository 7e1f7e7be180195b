"""The warning that the policy asks for: lunch opened on the setting's own devices.

Pure. Policy clause 4 allows personal use on a lunch break "and not on the setting's devices"; the owner may want it all the same, so
it works and is warned of. It can be written in three ways, and each is looked for:

    allow: social-media, devices: office,        when: lunch            the lunch window itself
    block: social-media, devices: setting-owned, unless: lunch          a hole in a rule that blocks
    block: social-media, devices: office,        when: [.. -12:00, 13:00- ..]     a gap between two windows
"""

from collections.abc import Iterator

from dinnerbell.catalogue import SOCIAL_KINDS, UMBRELLA
from dinnerbell.model import Action, Rule, Target, TargetKind
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.rulesfile.reach import Who, decider_before, entries, reaches_setting_owned, week_minutes
from dinnerbell.rulesfile.reader import Reader
from dinnerbell.times import MINUTES_A_DAY, TimeSpan, parse_window

_USUAL_HOURS = TimeSpan((parse_window("mon-fri 08:00-18:00"),))
"""Where the file has no time called `setting-hours`."""


def lunch_doubts(reader: Reader, policy: Policy, rule: Rule) -> Iterator[tuple[Path, str]]:
    key = _opening_key(policy, rule)
    if key is None or not any(_is_social(policy, target) for target in rule.targets):
        return
    whose = [who for who in entries(rule) if reaches_setting_owned(policy, who)]
    if not whose:
        return
    path: Path = ("rules", rule.index, key) if reader.has("rules", rule.index, key) else ("rules", rule.index)
    message = (
        f"rule {rule.index + 1} {rule.name!r} opens social media at lunch on the setting's own devices: policy clause 4 says never on the "
        "setting's devices. The owner may want it all the same, and then the policy should say so"
    )
    yield path, message + _still_shut(policy, rule, whose)


def _opening_key(policy: Policy, rule: Rule) -> str | None:
    """Return `when` or `unless`, whichever opens a lunch window, or None."""
    if rule.action is Action.ALLOW:
        is_approved_service = rule.approval is not None and all(target.kind is TargetKind.SERVICE for target in rule.targets)
        return "when" if not is_approved_service and any(_is_lunch(policy, span) for span in rule.when or ()) else None
    if rule.action is Action.BLOCK:
        if any(_is_lunch(policy, span) for span in rule.unless):
            return "unless"
        return "when" if _has_gap(policy, rule) else None
    return None


def _hours(policy: Policy) -> frozenset[int]:
    return week_minutes(policy.times.get("setting-hours", _USUAL_HOURS).windows)


def _is_lunch(policy: Policy, span: TimeSpan) -> bool:
    """Tell whether a span is the time called `lunch`, or lies inside the setting's hours and leaves some of a day's out."""
    if not span.windows:
        return False
    if span.windows == policy.times.get("lunch", TimeSpan()).windows:
        return True
    hours, minutes = _hours(policy), week_minutes(span.windows)
    days = {minute // MINUTES_A_DAY for minute in minutes}
    return minutes <= hours and any(minute // MINUTES_A_DAY in days for minute in hours - minutes)


def _has_gap(policy: Policy, rule: Rule) -> bool:
    """Tell whether a rule that blocks leaves minutes open between two that it shuts, on one day, within the setting's hours."""
    hours = _hours(policy)
    shut = week_minutes(window for span in rule.when or () for window in span.windows) & hours
    days = ([minute for minute in shut if minute // MINUTES_A_DAY == day] for day in range(7))
    return any(minutes and not hours.intersection(range(min(minutes), max(minutes))) <= shut for minutes in days)


def _is_social(policy: Policy, target: Target) -> bool:
    if target.kind is TargetKind.SERVICE:
        return policy.catalogue.services[target.value].is_social
    if target.kind is TargetKind.DOMAIN:
        match = policy.catalogue.lookup(target.value.lstrip("="))
        return match is not None and any(claim.service.is_social for claim in match.claims)
    return target.value == UMBRELLA or target.value in SOCIAL_KINDS


def _still_shut(policy: Policy, rule: Rule, whose: list[Who]) -> str:
    """Add that an earlier rule forestalls the opening, where that is certain."""
    if rule.action is not Action.ALLOW:
        return ""
    deciders = [decider_before(policy, rule, who, target) for who in whose for target in rule.targets]
    blocks = [decider for decider in deciders if decider is not None and decider.action is Action.BLOCK]
    if len(blocks) < len(deciders):
        return ""
    first = min(blocks, key=lambda block: block.index)
    return f". As it stands it opens nothing there: rule {first.index + 1} {first.name!r} (line {first.line}) shuts it before"
