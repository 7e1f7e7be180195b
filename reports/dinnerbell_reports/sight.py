"""Part 3, could we see? A quiet week means nothing if the box was off or a tablet was on another network.

Pure.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from dinnerbell.config import Rules
from dinnerbell.model import Owner
from dinnerbell.usage import Traffic, Usage, WrongClock
from dinnerbell_reports.opening import Opening, stretches
from dinnerbell_reports.values import Gap, GroupSeen, Kept, Sight, Silent, Slowed, WrongTime
from dinnerbell_reports.week import Week, at_minute
from dinnerbell_reports.who import Contact, Registry, Who, keeps_refusals, keeps_use, who_is

_MIN_WRONG = 60
"""Seconds: less is a clock that was put back by a moment."""
MIN_GAP = 10
"""Minutes: a restart for an update is shorter."""


def devices_seen(week: Week, registry: Registry, rows: Iterable[Usage], traffic: Iterable[Traffic]) -> frozenset[Who]:
    hours = range(week.minutes.start // 60, week.minutes.stop // 60)
    texts = {each.device for each in traffic if each.hour in hours} | {row.device for row in rows if row.device}
    return frozenset(registry.who(text) for text in texts)


def sight(  # noqa: PLR0913 - the facts of one part
    rules: Rules,
    week: Week,
    opening: Opening,
    seen: frozenset[Who],
    *,
    traffic: Sequence[Traffic],
    contacts: Iterable[Contact],
    uptime: Iterable[tuple[int, int]],
    losses: int,
    made_at: datetime,
    wrong_clocks: Iterable[WrongClock] = (),
    slowed: Iterable[tuple[Who, int]] = (),
) -> Sight:
    """Return part 3. Of a week that is not over, only what lies before `made_at` is looked at."""
    named = [who for device in rules.policy.devices.values() if (who := who_is(device)).is_setting]
    last = {contact.device: contact.last_minute for contact in contacts}
    until = min(week.minutes.stop, int(made_at.timestamp()) // 60)
    wanted = {minute for minute in (week.minutes if opening.setting is None else opening.setting) if minute < until}
    up = {minute for first, last_minute in uptime for minute in range(max(first, week.minutes.start), min(last_minute + 1, until))}
    gaps = [(first, end) for first, end in stretches(wanted - up) if end - first + 1 > MIN_GAP]
    hours = range(week.minutes.start // 60, week.minutes.stop // 60)
    named_keys = {who.key for who in named}
    others = Counter(who.group for who in seen if who.key not in named_keys)
    zone = week.zone
    wrong = [each for each in wrong_clocks if each.undated or each.seconds >= _MIN_WRONG]
    return Sight(
        expected=len(named),
        seen=sum(1 for who in named if who in seen),
        silent=tuple(Silent(who.label, at_minute(last[who.key], zone) if who.key in last else None) for who in named if who not in seen),
        others=tuple(GroupSeen(group, count) for group, count in sorted(others.items())),
        setting_minutes=len(wanted),
        up_minutes=len(wanted & up),
        percent=round(100 * len(wanted & up) / len(wanted), 1) if wanted else None,
        gaps=tuple(Gap(at_minute(first, zone), at_minute(end + 1, zone), end - first + 1) for first, end in gaps),
        lost=losses,
        answered=sum(each.answered for each in traffic if each.hour in hours),
        refused=sum(each.refused for each in traffic if each.hour in hours),
        until=made_at.astimezone(zone) if until < week.minutes.stop else None,
        limits=_limits(rules, opening),
        wrong_clock=tuple(_wrong_time(each, week) for each in wrong),
        slowed=_slowed(slowed),
    )


def _slowed(counts: Iterable[tuple[Who, int]]) -> tuple[Slowed, ...]:
    """Return who was too loud: the setting's devices by name, the others by group."""
    found: Counter[tuple[str, str]] = Counter()
    for who, lookups in counts:
        found[who.label, who.group] += lookups
    return tuple(Slowed(label, group, lookups) for (label, group), lookups in found.most_common())


def _wrong_time(each: WrongClock, week: Week) -> WrongTime:
    start = None if each.first_minute is None else at_minute(each.first_minute, week.zone)
    return WrongTime(start, at_minute(each.after_minute, week.zone), round(each.seconds / 60), each.undated)


_OWNERS = {
    Owner.SETTING: "the setting's devices",
    Owner.STAFF: "staff's own devices",
    Owner.VISITOR: "visitors' own devices",
    Owner.UNKNOWN: "devices nobody has named",
}


def _limits(rules: Rules, opening: Opening) -> tuple[str, ...]:
    log = rules.log
    found = ["Only devices that ask this box are seen: nothing off site, on mobile data or through a tunnel that was already open."]
    refused_only = [words for owner, words in _OWNERS.items() if keeps_use(log, owner) is not Kept.KEPT and keeps_refusals(log, owner)]
    nothing = [words for owner, words in _OWNERS.items() if not keeps_refusals(log, owner)]
    if refused_only:
        found.append(f"Only refused look-ups are counted of {_and(refused_only)}.")
    if nothing:
        found.append(f"Nothing but totals is kept of {_and(nothing)}.")
    if opening.setting is None:
        found.append("rules.yaml has no time called setting-hours, so whole days are counted and nothing shows as out of hours.")
    return tuple(found)


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
