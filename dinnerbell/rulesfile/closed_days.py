"""Warnings about closed days: no window begins on them, which can be more, or less, than was meant.

Pure. Both depend on the day: a closure comes and goes. What is looked at is the twelve months that begin today.

    Fri 18 Dec          Mon 21 Dec (closed)      Mon 4 Jan
    08:00 ███ 18:00     no window begins         08:00 ███ 18:00      a rule that blocks `when: setting-hours`: open on the 21st
"""

from collections.abc import Iterator
from datetime import date, timedelta

from dinnerbell.model import Action, Rule, Verdict
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.rulesfile.reach import covers_target, entries, never_holds, takes_in, week_minutes
from dinnerbell.rulesfile.reader import Reader
from dinnerbell.times import TimeSpan, Window

Doubt = tuple[Path, str]


def time_doubts(reader: Reader, policy: Policy, today: date | None) -> Iterator[Doubt]:
    """Warn of windows that never begin, because every one of their days is closed: once for a time with a name, else in its rule."""
    if today is None:
        return
    places: dict[TimeSpan, tuple[Path, str]] = {}
    for rule in policy.rules:
        for key, spans in (("unless", rule.unless), ("when", rule.when or ())):
            places.update(dict.fromkeys(spans, (("rules", rule.index, key), "")))
    for name, span in policy.times.items():
        if span in places or reader.has("times", name):
            places[span] = (("times", name) if reader.has("times", name) else ("closures",), f" of `{name}`")
    for span, (path, whose) in places.items():
        swallowed = [window for window in span.windows if _first_day(policy, window, today, closed=False) is None]
        if swallowed:
            yield path, f"`{swallowed[0]}`{whose} begins on no day of the next twelve months: all its days are closed (`closures`)"


def closed_day_doubts(policy: Policy, rule: Rule, today: date | None) -> Iterator[Doubt]:
    """Warn of a rule that blocks at times and so closes nothing on a closed day; `unless: closed` says that this is meant."""
    if today is None or rule.action is not Action.BLOCK or rule.when is None or any(span.is_closed_days for span in rule.unless):
        return
    if any(span.is_closed_days for span in rule.when) or never_holds(rule, has_closed_days=True) or _is_closed_otherwise(policy, rule):
        return
    days = [_first_day(policy, window, today, closed=True) for span in rule.when for window in span.windows if not window.ignore_closures]
    if any(days):
        day = min(day for day in days if day)
        told = f"rests on closed days, and what it blocks is open then (the next: {day:%a} {day.day} {day:%B} {day.year})"
        advice = "If that is meant, write `unless: closed` in the rule; if not, `closures: ignore` at its time"
        yield ("rules", rule.index, "when"), f"rule {rule.index + 1} {rule.name!r} {told}. {advice}"


def _first_day(policy: Policy, window: Window, today: date, *, closed: bool) -> date | None:
    """Return the first day of the twelve months on which the window would begin and the setting is closed (or is not)."""
    is_closed = policy.closures.closed
    for step in range(366):
        day = today + timedelta(days=step)
        if day.weekday() in window.days and (is_closed(day) and not window.ignore_closures) == closed:
            return day
    return None


def _is_closed_otherwise(policy: Policy, rule: Rule) -> bool:
    """Tell whether what the rule blocks is blocked without it, on every day."""
    if policy.otherwise is Verdict.BLOCK:
        return True
    minutes = week_minutes(window for span in rule.when or () for window in span.windows)
    blocks = [other for other in policy.rules if other is not rule and _blocks_throughout(other, minutes)]
    return all(
        any(takes_in(policy, other, who) and covers_target(policy.catalogue, other.targets, target) for other in blocks)
        for who in entries(rule)
        for target in rule.targets
    )


def _blocks_throughout(rule: Rule, minutes: frozenset[int]) -> bool:
    """Tell whether the rule blocks in these minutes of the week, closed days or not."""
    if rule.action is not Action.BLOCK or rule.approval is not None or rule.unless:
        return False
    if rule.when is None:
        return True
    return minutes <= week_minutes(window for span in rule.when for window in span.windows if window.ignore_closures)
