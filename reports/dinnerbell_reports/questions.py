"""What the parts leave to decide: each `_about_*` looks at one part and asks, it never concludes.

Pure. A question names the device, group or rule; its facts say how much, and what let it through or held it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dinnerbell.config import Rules
from dinnerbell_reports.annex_values import Bypass, Essential, Newcomers
from dinnerbell_reports.people import LEAD, MANAGER
from dinnerbell_reports.phrases import and_list, counted, day_text, minutes_text, number
from dinnerbell_reports.sight import MIN_GAP
from dinnerbell_reports.values import (
    Approvals,
    Children,
    DeviceLine,
    Light,
    Proof,
    Range,
    RefusedLine,
    Sight,
    Staff,
    Standing,
    UseLine,
)

BLIND_PERCENT = 80
"""Below this share of setting hours a quiet report is no evidence of a quiet week."""
EXPIRY_DAYS = 30
"""An approval that ends within this time is asked about while there is time to renew it."""
MOST_NAMES = 4
"""Names in one sentence; the parts have them all."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The parts that questions are drawn from."""

    rules: Rules
    sight: Sight
    children: Children
    staff: Staff
    approvals: Approvals
    newcomers: Newcomers
    bypass: Bypass
    essential: Essential
    clause_of: Callable[[str], str | None]
    """A rule's name -> the clause of the policy that it stands for."""
    made_on: date


@dataclass(frozen=True, slots=True)
class Asked:
    light: Light
    question: str
    facts: str
    proof: Proof
    part: int
    role: str
    clause: str | None = None


def _about_children(facts: Facts) -> Iterator[Asked]:
    uses, refused = facts.children.uses, [line for line in facts.children.refused if line.by_people]
    if uses:
        question = f"Why did social media work on {_devices(uses)}, and who was using it?"
        told = f"{_services(uses)}: {minutes_text(_sum(line.minutes for line in uses))}. Let through by {_rules(uses)}."
        yield Asked(Light.RED, question, told, Proof.B, 6, LEAD, facts.clause_of(uses[0].rule))
    if refused:
        question = f"Was it a child or an adult who asked for this on {_devices(refused)}?"
        yield Asked(Light.AMBER, question, f"{_episodes(refused)}. The filter held.", Proof.B, 6, LEAD)
    brief = [line for line in facts.children.devices if line.brief and not line.use]
    if brief:
        told = f"A social service was reached in {counted(sum(line.brief for line in brief), 'minute')}, too short to count as use."
        yield Asked(Light.AMBER, f"Is a rule missing for {_devices(brief)}?", told, Proof.B, 6, MANAGER)


def _about_sight(facts: Facts) -> Iterator[Asked]:
    sight = facts.sight
    if sight.percent is None:  # closed: nobody was there to see
        return
    unseen = counted(sight.setting_minutes - sight.up_minutes, "minute")
    if sight.percent < BLIND_PERCENT:
        told = f"The box answered in {number(sight.percent)}% of setting hours; in {unseen} nothing could be seen."
        question = "What stopped the box, and were devices online without the filter meanwhile?"
        yield Asked(Light.RED, question, told, Proof.RECORD, 3, MANAGER)
    elif sight.gaps:
        told = f"{counted(len(sight.gaps), 'gap')} of over {MIN_GAP} minutes in setting hours; {unseen} not seen in all."
        yield Asked(Light.AMBER, "Was the internet off too, or were devices online without the filter?", told, Proof.RECORD, 3, MANAGER)
    if sight.lost:
        told = f"{counted(sight.lost, 'look-up')} answered but not written down."
        yield Asked(Light.AMBER, "Is the box's disk full or failing?", told, Proof.RECORD, 3, MANAGER)
    if sight.silent and (sight.percent or sight.seen):  # of a box that was off all week, the devices' silence says nothing
        verb = "Was" if len(sight.silent) == 1 else "Were"
        question = f"{verb} {_some([each.device for each in sight.silent])} off all week, or online by another way?"
        told = f"{len(sight.silent)} of {counted(sight.expected, 'named device')} did not ask this box once."
        yield Asked(Light.AMBER, question, told, Proof.RECORD, 3, MANAGER)


def _about_bypass(facts: Facts) -> Iterator[Asked]:
    opened, refused = facts.bypass.open, [line for line in facts.bypass.refused if line.by_people]
    if opened:
        what, where = and_list(sorted({each.service for each in opened})), _some(sorted({each.device or each.group for each in opened}))
        told = f"{what}, {where}: {counted(sum(each.lookups for each in opened), 'look-up')} answered."
        yield Asked(Light.AMBER, "Should this way round the filter stay open?", told, Proof.RECORD, 13, MANAGER)
    if refused:
        where = _some(sorted({line.device or line.group for line in refused}))
        told = f"{_episodes(refused)}. Some apps ask for this by themselves."
        yield Asked(Light.AMBER, f"Is there an app that goes round the filter here: {where}?", told, Proof.B, 13, LEAD)


def _about_newcomers(facts: Facts) -> Iterator[Asked]:
    unnamed = facts.newcomers.unnamed
    if unnamed and not facts.newcomers.is_first_week:
        told = f"First seen this week: {_some([each.device for each in unnamed])}."
        question = "Whose is this device, and should it be on this network?"
        if len(unnamed) > 1:
            question = "Whose are these devices, and should they be on this network?"
        yield Asked(Light.AMBER, question, told, Proof.RECORD, 12, MANAGER)


def _about_staff(facts: Facts) -> Iterator[Asked]:
    wide = [line for line in facts.staff.uses if line.standing is Standing.OPEN]
    if wide:
        lunch = _sum(line.at_lunch for line in wide if line.at_lunch is not None)
        told = f"{_services(wide)} on {_devices(wide)}: {minutes_text(_sum(line.minutes for line in wide))}"
        told += f", {minutes_text(lunch)} of it at lunch" if lunch else ""
        question = "Was this use for work, and if so, should it have an approval?"
        yield Asked(Light.AMBER, question, f"{told}. Let through by {_rules(wide)}.", Proof.B, 7, MANAGER, facts.clause_of(wide[0].rule))
    late = [line for line in facts.staff.uses if line.out_of_hours]
    if late:
        told = f"{_services(late)} on {_devices(late)}: {minutes_text(_sum(line.out_of_hours for line in late))} out of hours."
        yield Asked(Light.AMBER, "Who was using the setting's device out of hours, and where?", told, Proof.B, 7, MANAGER)


def _about_approvals(facts: Facts) -> Iterator[Asked]:
    example = [line for line in facts.approvals.lines if line.state == "example"]
    if example:
        used = _sum(line.minutes for line in example if line.minutes)
        told = f"{_quoted(line.rule for line in example)}: rules.yaml still says EXAMPLE."
        told += f" Used this week: {minutes_text(used)}." if used else ""
        question = "Who approves this use, for what purpose, on which risk assessment?"
        yield Asked(Light.AMBER, question, told, Proof.RECORD, 8, MANAGER, example[0].clause)
    soon = facts.made_on + timedelta(days=EXPIRY_DAYS)
    ending = [line for line in facts.approvals.lines if line.starts_on <= facts.made_on and line.ends_on <= soon]
    if ending:
        told = f"{_quoted(line.rule for line in ending)}: approved until {day_text(min(line.ends_on for line in ending))}."
        yield Asked(Light.AMBER, "Should this approval be renewed?", told, Proof.RECORD, 8, MANAGER, ending[0].clause)


def _about_the_rest(facts: Facts) -> Iterator[Asked]:
    lines, sensitive = facts.essential.lines, facts.essential.sensitive_lookups
    if lines or sensitive:
        counts = {and_list(sorted({line.service for line in lines})): sum(line.lookups for line in lines)} if lines else {}
        if sensitive:
            counts["Health, union, banking, faith or advice"] = sensitive
        told = " ".join(f"{what}: {counted(count, 'look-up')} refused." for what, count in counts.items())
        yield Asked(Light.AMBER, "Which rule should let these essential services through?", told, Proof.RECORD, 15, MANAGER)
    if said := facts.essential.mistaken:
        told = f"{and_list(sorted({each.name for each in said}))}: whoever met the page that closes it says so."
        yield Asked(Light.AMBER, "Is this closed by mistake?", told, Proof.RECORD, 15, MANAGER)
    setting = facts.rules.policy.setting
    if setting.policy_review_by is not None and setting.policy_review_by < facts.made_on:
        told = f"The {setting.policy_title} was due for review by {day_text(setting.policy_review_by)}."
        yield Asked(Light.AMBER, "When will the policy be reviewed?", told, Proof.RECORD, 1, MANAGER)


ASKERS = (_about_children, _about_sight, _about_bypass, _about_newcomers, _about_staff, _about_approvals, _about_the_rest)
"""Children first, then whether we could see at all, then ways round and in, then staff, then paper."""


def _devices(lines: Sequence[UseLine] | Sequence[RefusedLine] | Sequence[DeviceLine]) -> str:
    return _some(sorted({line.device for line in lines}))


def _some(names: Sequence[str]) -> str:
    """Return names as a list, all of them while they are few."""
    return and_list(names if len(names) <= MOST_NAMES else [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"])


def _services(lines: Sequence[UseLine] | Sequence[RefusedLine]) -> str:
    return _some(list(dict.fromkeys(line.service for line in lines)))


def _rules(lines: Sequence[UseLine]) -> str:
    names = dict.fromkeys(line.rule for line in lines)
    return and_list(["no rule (the file ends in “otherwise: allow”)" if name == "otherwise" else f"“{name}”" for name in names])


def _quoted(names: Iterable[str]) -> str:
    return and_list([f"“{name}”" for name in names])


def _episodes(lines: Sequence[RefusedLine]) -> str:
    return f"{counted(sum(line.by_people for line in lines), 'refused episode')}: {_services(lines)}"


def _sum(ranges: Iterable[Range]) -> Range:
    return sum(ranges, Range())
