"""Parts 6, 7 and 8: the setting's own devices, by name: children's, staff's, and what section 5 has approved.

Pure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from dinnerbell.config import Rules
from dinnerbell.model import Approval, Network, Owner, Rule
from dinnerbell.policy import Policy
from dinnerbell_reports.evidence import Evidence, Refusal, Use, names_itself
from dinnerbell_reports.opening import Opening, minute_of
from dinnerbell_reports.values import (
    ApprovalLine,
    Approvals,
    Children,
    DeviceLine,
    Kept,
    Range,
    RefusedLine,
    Staff,
    Standing,
    UseLine,
)
from dinnerbell_reports.week import Week
from dinnerbell_reports.who import Who, keeps_use, who_is


def minutes_of(use: Use) -> Range:
    return Range(use.session.minutes_low, use.session.minutes_high)


def total(ranges: Iterable[Range]) -> Range:
    return sum(ranges, Range())


def children(rules: Rules, opening: Opening, seen: frozenset[Who], evidence: Evidence) -> Children:
    devices = _devices(rules.policy, seen, evidence, lambda who: who.is_children)
    mine, kept = set(devices), keeps_use(rules.log, Owner.SETTING)
    return Children(
        tuple(_device_line(who, seen, evidence, kept) for who in devices),
        use_lines((use for use in evidence.uses if use.who in mine), opening),
        refused_lines((each for each in evidence.refusals if each.who in mine), opening),
        kept,
    )


def staff(rules: Rules, opening: Opening, seen: frozenset[Who], evidence: Evidence) -> Staff:
    devices = _devices(rules.policy, seen, evidence, lambda who: not who.is_children)
    mine, kept = set(devices), keeps_use(rules.log, Owner.SETTING)
    return Staff(
        tuple(_device_line(who, seen, evidence, kept) for who in devices),
        use_lines((use for use in evidence.uses if use.who in mine), opening),
        refused_lines((each for each in evidence.refusals if each.who in mine), opening),
        kept,
        has_lunch=opening.lunch is not None,
    )


def _devices(policy: Policy, seen: frozenset[Who], evidence: Evidence, wanted: Callable[[Who], bool]) -> list[Who]:
    """Return the setting's devices that rules.yaml names, in its order, then the others that were seen."""
    named = [who_is(device) for device in policy.devices.values()]
    found = seen | {use.who for use in evidence.uses} | {each.who for each in evidence.refusals} | {each.who for each in evidence.contents}
    others = sorted(found - set(named), key=lambda who: (who.group, who.label))
    return [who for who in (*named, *others) if who.is_setting and wanted(who)]


def _device_line(who: Who, seen: frozenset[Who], evidence: Evidence, kept: Kept) -> DeviceLine:
    refusals = [each for each in evidence.refusals if each.who == who]
    people = sum(1 for each in refusals if each.by_people)
    return DeviceLine(
        device=who.label,
        group=who.group,
        is_seen=who in seen,
        by_people=people,
        in_background=len(refusals) - people,
        page_content=sum(1 for each in evidence.contents if each.who == who),
        use=total(minutes_of(use) for use in evidence.uses if use.who == who) if kept is Kept.KEPT else None,
        brief=evidence.brief[who],
    )


def use_lines(uses: Iterable[Use], opening: Opening) -> tuple[UseLine, ...]:
    """Return uses by device, service, standing and rule, the longest first."""
    by_line: dict[tuple[str, str, str, str, Standing, str], list[Use]] = defaultdict(list)
    for use in uses:
        by_line[use.who.label, use.who.group, use.service, use.evidence, use.standing, use.rule].append(use)
    lines = [
        UseLine(
            device=device,
            group=group,
            service=service,
            evidence=kind,
            sessions=len(found),
            minutes=total(minutes_of(use) for use in found),
            at_lunch=None if opening.lunch is None else total(opening.at_lunch(use.session) or Range() for use in found),
            out_of_hours=total(opening.out_of_hours(use.session) for use in found),
            standing=standing,
            rule=rule,
        )
        for (device, group, service, kind, standing, rule), found in by_line.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.minutes.high, -line.minutes.low, line.device, line.service, line.rule)))


def refused_lines(refusals: Iterable[Refusal], opening: Opening) -> tuple[RefusedLine, ...]:
    """Return refusals by device (or, of devices that may not be named, by group) and service, the most first."""
    by_line: dict[tuple[str, str, str], list[Refusal]] = defaultdict(list)
    for each in refusals:
        by_line[each.who.label, each.who.group, each.service].append(each)
    lines = [
        RefusedLine(
            device=device,
            group=group,
            service=service,
            by_people=sum(1 for each in found if each.by_people),
            in_background=sum(1 for each in found if not each.by_people),
            out_of_hours=sum(1 for each in found if each.by_people and opening.is_out_of_hours(minute_of(each.session.start))),
        )
        for (device, group, service), found in by_line.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.by_people, -line.in_background, line.group, line.device, line.service)))


def approvals(rules: Rules, week: Week, opening: Opening, evidence: Evidence) -> Approvals:
    """Return part 8: each approval of rules.yaml with what was used under it, and use of the same services beside it."""
    approved = [rule for rule in rules.policy.rules if rule.approval is not None]
    titles = {use.service for use in evidence.uses for rule in approved if _is_about(rule, use, rules.policy)}
    kept = keeps_use(rules.log, Owner.SETTING)
    outside = (use for use in evidence.uses if use.standing is not Standing.APPROVED and use.who.is_setting and use.service in titles)
    return Approvals(
        tuple(
            _approval_line(rules.policy, rule, rule.approval, week, evidence.uses if kept is Kept.KEPT else None)
            for rule in approved
            if rule.approval is not None
        ),
        use_lines(outside, opening),
        kept,
    )


def _is_about(rule: Rule, use: Use, policy: Policy) -> bool:
    service = policy.catalogue.services.get(use.session.service)
    return service is not None and names_itself(rule, service.id)


def _approval_line(policy: Policy, rule: Rule, approval: Approval, week: Week, uses: Sequence[Use] | None) -> ApprovalLine:
    mine = None if uses is None else [use for use in uses if use.standing is Standing.APPROVED and use.rule == rule.name]
    services = policy.catalogue.services
    return ApprovalLine(
        rule=rule.name,
        clause=rule.clause,
        services=tuple(services[target.value].name if target.value in services else target.value for target in rule.targets),
        devices=("every device",) if rule.devices is None else tuple(_device_word(policy, word) for word in rule.devices),
        when=rule.when_text or "at any time",
        purpose=approval.purpose.rstrip(" ."),
        risk_assessment=approval.risk_assessment.rstrip(" ."),
        approved_by=approval.approved_by.rstrip(" ."),
        second_reader=approval.second_reader.rstrip(" ."),
        starts_on=approval.starts_on,
        ends_on=approval.ends_on,
        state=_state(approval, week.days[0], week.days[-1]),
        sessions=None if mine is None else len(mine),
        minutes=None if mine is None else total(minutes_of(use) for use in mine),
    )


def _device_word(policy: Policy, word: str | Network) -> str:
    """Return a rule's device as the report may print it: people's own devices are not named."""
    if isinstance(word, str):
        device = policy.devices.get(word)
    else:
        device = policy.device_called(str(word.network_address)) if word.num_addresses == 1 else None
    if device is None or device.owner is Owner.SETTING:
        return str(word)
    return f"one {device.owner.word} device" if device.owner is not Owner.UNKNOWN else "one device nobody has named"


def _state(approval: Approval, monday: date, sunday: date) -> str:
    if approval.ends_on < monday:
        return "ended"
    if approval.starts_on > sunday:
        return "not yet"
    return "example" if approval.is_example else "in force"
