"""Part 10: group by group, the whole setting on one table; and part 11: when it happened, in the week and over four weeks.

Pure.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from dinnerbell.config import Rules
from dinnerbell.model import Owner
from dinnerbell.usage import Traffic, Usage
from dinnerbell_reports.annex_values import DayLine, GroupLine, Groups, HourCell, Pattern, TrendWeek
from dinnerbell_reports.annex_values import Opening as HourOpening
from dinnerbell_reports.devices import minutes_of, total
from dinnerbell_reports.evidence import Evidence
from dinnerbell_reports.opening import Opening, has_hours, minute_of, span_of
from dinnerbell_reports.values import Coverage, Kept, Standing
from dinnerbell_reports.week import Week, at_minute
from dinnerbell_reports.who import NOBODY, Who, keeps_refusals, keeps_use

SMALL_GROUP = 3
"""Of fewer devices than this a group's total may point at a person."""

_OWNER_WORDS = {
    Owner.SETTING: "the setting's",
    Owner.STAFF: "staff's own",
    Owner.VISITOR: "visitors' own",
    Owner.UNKNOWN: "not known",
}


def groups(rules: Rules, seen: frozenset[Who], evidence: Evidence) -> Groups:
    """Return part 10: every group of rules.yaml in its order, groups it no longer has, and devices nobody has named."""
    found: dict[str, Owner] = {group.name: group.owner for group in rules.policy.groups.values()}
    everyone = (
        seen | {each.who for each in evidence.refusals} | {each.who for each in evidence.contents} | {use.who for use in evidence.uses}
    )
    for who in sorted(everyone, key=lambda who: who.group):
        if who.group != NOBODY:
            found.setdefault(who.group, who.owner)
    found[NOBODY] = Owner.UNKNOWN
    return Groups(tuple(_line(rules, group, owner, seen, evidence) for group, owner in found.items()))


def _line(rules: Rules, group: str, owner: Owner, seen: frozenset[Who], evidence: Evidence) -> GroupLine:
    kept = keeps_use(rules.log, owner)
    refusals = [each for each in evidence.refusals if each.who.group == group] if keeps_refusals(rules.log, owner) else None
    people = None if refusals is None else sum(1 for each in refusals if each.by_people)
    uses = [use for use in evidence.uses if use.who.group == group]
    count = sum(1 for who in seen if who.group == group)
    return GroupLine(
        group=group,
        owner=_OWNER_WORDS[owner],
        devices_seen=count,
        by_people=people,
        in_background=None if refusals is None or people is None else len(refusals) - people,
        page_content=None if refusals is None else sum(1 for each in evidence.contents if each.who.group == group),
        approved=total(minutes_of(use) for use in uses if use.standing is Standing.APPROVED) if kept is Kept.KEPT else None,
        not_approved=total(minutes_of(use) for use in uses if use.standing is not Standing.APPROVED) if kept is Kept.KEPT else None,
        kept=kept,
        is_small=owner is not Owner.SETTING and 0 < count < SMALL_GROUP,
    )


def pattern(rules: Rules, week: Week, opening: Opening, evidence: Evidence, trend: tuple[TrendWeek, ...]) -> Pattern:
    """Return part 11. Episodes stand in the hour they began in, minutes of use in the hour they lie in."""
    kept = keeps_use(rules.log, Owner.SETTING) is Kept.KEPT
    refused: Counter[tuple[date, int]] = Counter()
    shut: Counter[date] = Counter()
    for each in evidence.refusals:
        if each.by_people:
            local = each.session.start.astimezone(week.zone)
            refused[local.date(), local.hour] += 1
            shut[local.date()] += opening.is_out_of_hours(minute_of(each.session.start))
    minutes: Counter[tuple[date, int]] = Counter()
    for use in evidence.uses:
        for minute in span_of(use.session):
            local = at_minute(minute, week.zone)
            minutes[local.date(), local.hour] += 1
    open_minutes, all_minutes = _minutes_by_hour(week, opening)
    days = []
    for day in week.days:
        uses = [use for use in evidence.uses if use.session.start.astimezone(week.zone).date() == day]
        cells = tuple(
            HourCell(hour, _opening(open_minutes[day, hour], all_minutes[day, hour]), refused[day, hour], minutes[day, hour])
            for hour in range(24)
        )
        days.append(
            DayLine(
                day=day,
                is_closed=rules.policy.closures.closed(day),
                has_hours=any(cell.opening in (HourOpening.OPEN, HourOpening.PART) for cell in cells),
                refused=sum(cell.refused for cell in cells),
                refused_out_of_hours=shut[day],
                use=total(minutes_of(use) for use in uses) if kept else None,
                out_of_hours=total(opening.out_of_hours(use.session) for use in uses) if kept else None,
                cells=cells,
            )
        )
    return Pattern(tuple(days), trend)


def _minutes_by_hour(week: Week, opening: Opening) -> tuple[Counter[tuple[date, int]], Counter[tuple[date, int]]]:
    """Return how many minutes of each wall-clock hour are setting hours, and how many there are (0 in the spring gap)."""
    open_minutes: Counter[tuple[date, int]] = Counter()
    all_minutes: Counter[tuple[date, int]] = Counter()
    for quarter in range(week.minutes.start, week.minutes.stop, 15):
        local = at_minute(quarter, week.zone)
        key = local.date(), local.hour
        all_minutes[key] += 15
        if opening.setting is not None:
            open_minutes[key] += sum(1 for minute in range(quarter, quarter + 15) if minute in opening.setting)
    return open_minutes, all_minutes


def _opening(open_minutes: int, all_minutes: int) -> HourOpening:
    if all_minutes == 0:
        return HourOpening.SKIPPED
    if open_minutes == 0:
        return HourOpening.SHUT
    return HourOpening.OPEN if open_minutes == all_minutes else HourOpening.PART


def trend_week(rules: Rules, week: Week, evidence: Evidence, coverage: Coverage) -> TrendWeek:
    kept = keeps_use(rules.log, Owner.SETTING) is Kept.KEPT
    return TrendWeek(
        week=week.text,
        starts_on=week.monday,
        coverage=coverage,
        is_closed=not any(has_hours(rules.policy, day) for day in week.days),
        refused=sum(1 for each in evidence.refusals if each.by_people),
        approved=total(minutes_of(use) for use in evidence.uses if use.standing is Standing.APPROVED) if kept else None,
        not_approved=total(minutes_of(use) for use in evidence.uses if use.standing is not Standing.APPROVED) if kept else None,
    )


def coverage(
    week: Week, rows: Sequence[Usage], traffic: Sequence[Traffic], uptime: Sequence[tuple[int, int]], kept_from: int
) -> Coverage:
    """Say how much of a week's look-ups is still kept, so that what was deleted does not read as a quiet week.

    Look-ups are deleted sooner than hourly totals are, so a week with totals and without look-ups is either quiet or deleted: the
    minute before which look-ups are deleted, `kept_from`, decides.
    """
    recorded = [each.hour * 60 for each in traffic if each.hour * 60 in week.minutes]
    was_up = any(first < week.minutes.stop and last >= week.minutes.start for first, last in uptime)
    if not (rows or recorded or was_up) or week.minutes.stop <= kept_from:
        return Coverage.NONE
    return Coverage.PART if any(minute < kept_from for minute in recorded) else Coverage.FULL
