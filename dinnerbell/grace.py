"""Grace: a refusal in the first quarter of an hour after a window ended is an app that has not noticed, not an episode.

Pure. `sessions.sessionise` takes the function made here.

    window    ...open──────┤ 13:00
    asked                  ├ 13:00 ──────── 13:14 ┤ in grace
                                                  ├ 13:15 ... a refusal counts

A pass (`passes.with_passes`) is such a window, which may end within a minute: so a minute is judged by its last second.

How it is fast: a verdict can change only at the marks of the rules' windows, at midnight, with a pass and where the clocks change, so
most minutes have no change in the quarter of an hour before them and are answered without deciding; and between two changes one
decision stands for all minutes and for every device that the same rules are for.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from dinnerbell.changes import day_instants
from dinnerbell.model import Device, Verdict, rule_is_for
from dinnerbell.policy import Ask, Policy, decide
from dinnerbell.sessions import GRACE_MINUTES, Grace

_MAX_REMEMBERED = 50_000


def make_grace(policy: Policy) -> Grace:
    """Return `in_grace(device, name, minute)`: under this policy, did a window that allowed the name end within 15 minutes before?

    A device text that is neither a name of the file nor an address is never in grace. Nor is a refusal that the policy would not
    make today: then the rules have changed since, and what they say of the quarter of an hour before proves nothing.
    """
    changes = _Changes(policy)
    by_rules: dict[tuple[int, ...], Device] = {}

    @lru_cache(maxsize=_MAX_REMEMBERED)
    def like(text: str) -> Device | None:
        """Return the first device seen for which the same rules are: it decides for all of them."""
        device = policy.device_called(text)
        return (
            None if device is None else by_rules.setdefault(tuple(rule.index for rule in policy.rules if rule_is_for(rule, device)), device)
        )

    @lru_cache(maxsize=_MAX_REMEMBERED)
    def refuses(device: Device, name: str, change: int) -> bool:
        return decide(policy, Ask(device, name, datetime.fromtimestamp(change * 60 + 59, UTC))).verdict is Verdict.BLOCK

    def in_grace(text: str, name: str, minute: int) -> bool:
        recent = changes.in_the_quarter_to(minute)
        device = like(text) if recent else None
        if device is None or not refuses(device, name, recent[-1]):
            return False
        return not all(refuses(device, name, change) for change in (changes.last_by(recent[0] - 1), *recent[:-1]))

    return in_grace


class _Changes:
    """The minutes at which a verdict of this policy can change."""

    def __init__(self, policy: Policy) -> None:
        timed = [rule for rule in policy.rules if rule.is_timed]
        self._is_timed = bool(timed)
        self._marks = frozenset({0}).union(*(span.marks() for rule in timed for span in (*(rule.when or ()), *rule.unless)))
        granted = [rule.granted for rule in timed if rule.granted is not None]
        self._passes = sorted({int(instant.timestamp()) // 60 for each in granted for instant in (each.starts, each.over_at)})
        self._zone = policy.setting.zone
        self._days: dict[date, tuple[int, ...]] = {}
        self._hours: dict[int, tuple[int, ...]] = {}

    def in_the_quarter_to(self, minute: int) -> tuple[int, ...]:
        """Return the changes in (minute - 15, minute], in order."""
        if not self._is_timed:
            return ()
        near = self._hours.get(minute // 60)
        if near is None:
            first = minute // 60 * 60 - GRACE_MINUTES
            near = self._hours[minute // 60] = tuple(
                change for change in self._around(minute) if first < change < first + GRACE_MINUTES + 60
            )
        return tuple(change for change in near if minute - GRACE_MINUTES < change <= minute) if near else ()

    def last_by(self, minute: int) -> int:
        """Return the last change at or before `minute`."""
        changes = self._around(minute)
        return changes[bisect_right(changes, minute) - 1]

    def _around(self, minute: int) -> list[int]:
        day = datetime.fromtimestamp(minute * 60, self._zone).date()
        return sorted({change for step in (-1, 0, 1) for change in self._of(day + timedelta(days=step))})

    def _of(self, day: date) -> tuple[int, ...]:
        known = self._days.get(day)
        if known is None:
            minutes = {int(instant.timestamp()) // 60 for instant in day_instants(day, self._zone, self._marks)}
            first, after = (int(datetime.combine(day + timedelta(days=step), time(), self._zone).timestamp()) // 60 for step in (0, 1))
            minutes.update(change for change in self._passes if first <= change < after)
            known = self._days[day] = tuple(sorted(minutes))
        return known
