"""Grace: a refusal in the first quarter of an hour after a window ended is an app that has not noticed, not an episode.

Pure. `sessions.sessionise` takes the function made here.

    window    ...open──────┤ 13:00
    asked                  ├ 13:00 ──────── 13:14 ┤ in grace
                                                  ├ 13:15 ... a refusal counts
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from dinnerbell.changes import day_instants
from dinnerbell.model import Device, Verdict
from dinnerbell.policy import Ask, Decision, Policy, decide
from dinnerbell.sessions import GRACE_MINUTES, Grace

_MAX_REMEMBERED = 50_000


def make_grace(policy: Policy) -> Grace:
    """Return `in_grace(device, name, minute)`: under this policy, did a window that allowed the name end within 15 minutes before?

    A device text that is neither a name of the file nor an address is never in grace. Nor is a refusal that the policy would not
    make today: then the rules have changed since, and what they say of the quarter of an hour before proves nothing.
    """
    near_a_change = _near_a_change(policy)

    @lru_cache(maxsize=_MAX_REMEMBERED)
    def device_called(text: str) -> Device | None:
        return policy.device_called(text)

    @lru_cache(maxsize=_MAX_REMEMBERED)
    def in_grace(device_text: str, name: str, minute: int) -> bool:
        if not near_a_change(minute):  # cheap, and true of nearly all: deciding is left to the rest
            return False
        device = device_called(device_text)
        if device is None:
            return False
        asked_at = datetime.fromtimestamp(minute * 60, UTC)
        if decide(policy, Ask(device, name, asked_at)).verdict is not Verdict.BLOCK:
            return False
        before = decide(policy, Ask(device, name, asked_at - timedelta(minutes=GRACE_MINUTES)))
        return before.verdict is not Verdict.BLOCK or _opens_by(before, asked_at)

    return in_grace


def _opens_by(before: Decision, asked_at: datetime) -> bool:
    """Tell whether a refusal ended before `asked_at`: a whole window lies within the quarter of an hour."""
    return before.until is not None and before.until <= asked_at


def _near_a_change(policy: Policy) -> Callable[[int], bool]:
    """Return a test of a minute: does any instant at which this policy can change lie in the quarter of an hour up to it?"""
    timed = [rule for rule in policy.rules if rule.is_timed]
    marks = frozenset({0}).union(*(span.marks() for rule in timed for span in (*(rule.when or ()), *rule.unless)))
    zone = policy.setting.zone

    @lru_cache(maxsize=4096)
    def minutes_of(day: date) -> tuple[int, ...]:
        return tuple(int(instant.timestamp()) // 60 for instant in day_instants(day, zone, marks))

    def near(minute: int) -> bool:
        if not timed:
            return False
        local = datetime.fromtimestamp(minute * 60, zone).date()
        before = datetime.fromtimestamp((minute - GRACE_MINUTES) * 60, zone).date()
        return any(minute - GRACE_MINUTES < change <= minute for day in {before, local} for change in minutes_of(day))

    return near
