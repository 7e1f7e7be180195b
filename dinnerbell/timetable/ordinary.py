"""The ordinary week: what the rules come to when nothing is closed, no clock changes, and approvals are as they are today.

Pure. What is told of the rules in words (plain_groups.py, changes_in_week.py) is told of such a week, and beside it of one of closed days.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from dinnerbell.model import Rule
from dinnerbell.policy import Policy
from dinnerbell.times import Closures
from dinnerbell.timetable.week import week_days


def ordinary_monday(zones: Iterable[ZoneInfo], today: date) -> date:
    """Return the Monday of the week of `today`, or of the first week after it in which no clock of these zones changes."""
    zones = tuple(zones)
    monday = today - timedelta(days=today.weekday())
    while any(day.shifts for zone in zones for day in week_days(monday, zone, Closures())):
        monday += timedelta(weeks=1)
    return monday


def closed_around(monday: date) -> Closures:
    """Return closures that swallow this week, and enough on both sides for windows that run over midnight."""
    return Closures(None, ((monday - timedelta(days=7), monday + timedelta(days=13)),))


def settled(policy: Policy, today: date | None, closures: Closures) -> Policy:
    """Return the policy with these closures, in which approvals hold or do not, as they do on `today`; None: as if all held."""
    return replace(policy, closures=closures, rules=tuple(_approved(rule, today) for rule in policy.rules))


def _approved(rule: Rule, today: date | None) -> Rule:
    if rule.approval is None:
        return rule
    holds = today is None or rule.approval.covers(today)
    return replace(rule, approval=None) if holds else replace(rule, approval=None, when=())  # no time at all: it never fits
