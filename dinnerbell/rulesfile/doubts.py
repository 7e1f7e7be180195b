"""Warnings: what is allowed but probably not meant. They never keep a file from being used.

Pure. Each is certain where it speaks (reach.py), and silent where it cannot be sure. `today` None: nothing is said that depends on it.
"""

from collections.abc import Iterator
from datetime import date

from dinnerbell.catalogue import HELPLINE_KIND
from dinnerbell.config import Box, Remark
from dinnerbell.model import Action, Rule, Target, TargetKind
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.build_devices import address_text
from dinnerbell.rulesfile.closed_days import closed_day_doubts, time_doubts
from dinnerbell.rulesfile.encrypted_doubts import encrypted_doubts
from dinnerbell.rulesfile.essentials import otherwise_essentials, own_service_essentials, rule_essentials
from dinnerbell.rulesfile.lunch import lunch_doubts
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.rulesfile.page_doubts import page_doubts
from dinnerbell.rulesfile.reach import (
    Who,
    decider_before,
    entries,
    never_holds,
)  # fmt: skip
from dinnerbell.rulesfile.reader import Reader

Doubt = tuple[Path, str]


def find_doubts(reader: Reader, policy: Policy, box: Box, today: date | None) -> tuple[Remark, ...]:
    """Return the warnings about a file without errors, in the order of its lines."""
    doubts = [*_paper(policy, today), *_things(policy), *_lists(reader, policy), *encrypted_doubts(policy, box)]
    doubts.extend(time_doubts(reader, policy, today))
    for rule in policy.rules:
        doubts.extend(_approval(rule, today))
        doubts.extend(_idle(policy, rule))
        doubts.extend(page_doubts(policy, rule))
        doubts.extend(rule_essentials(policy, rule))
        doubts.extend(lunch_doubts(reader, policy, rule))
        doubts.extend(closed_day_doubts(policy, rule, today))
    doubts.extend(otherwise_essentials(policy))
    doubts.extend(own_service_essentials(reader, policy))
    places = ((reader.tree.key_place(path), message) for path, message in doubts)
    remarks = [*(place.remark(message) for place, message in places), *_misread(reader)]
    return tuple(sorted(remarks, key=lambda doubt: (doubt.line, doubt.column)))


def called(rule: Rule) -> str:
    return f"rule {rule.index + 1} {rule.name!r}"


_NUMBERS_AND_YES = ("iwf-member", "alert", "rate-limit", "flush")
"""Keys whose values are numbers or yes and no here too."""


def _misread(reader: Reader) -> Iterator[Remark]:
    """Warn of words that other programs take for something else: saved by one of them, the file would mean something else here too."""
    for path, place, text, read_as, is_key in reader.tree.misread:
        if is_key or not (path[-1] in _NUMBERS_AND_YES or path[0] == "mail"):
            yield place.remark(f'put `{text}` in quotes, like "{text}": other programs that read this file see {read_as} here')


def _paper(policy: Policy, today: date | None) -> Iterator[Doubt]:
    review_by = policy.setting.policy_review_by
    if today is not None and review_by is not None and review_by < today:
        title = policy.setting.policy_title
        yield ("setting", "policy", "review-by"), f"the review of {title} was due by {review_by}: review it, then write the next date here"


def _things(policy: Policy) -> Iterator[Doubt]:
    for group in policy.groups.values():
        if group.line and not group.addresses and not any(device.group is group for device in policy.devices.values()):
            yield ("groups", group.name), f"the group `{group.name}` has no device and no address, so nothing is ever in it"
    for device in policy.devices.values():
        if device.group is None:
            yield ("devices", device.name), f"`{device.name}` is in no group: rules for `unknown` devices are for it too. Give it a group"
        if not device.addresses and not device.mac and not device.token:
            lacks = "has neither an address nor a MAC address, so it cannot be recognised"
            advice = "write its MAC address here, or give it a fixed address in the router and write that"
            yield ("devices", device.name), f"`{device.name}` {lacks}: {advice}"


def _lists(reader: Reader, policy: Policy) -> Iterator[Doubt]:
    named = {target.value for rule in policy.rules for target in rule.targets if target.kind is TargetKind.LIST}
    for name in sorted(reader.known.lists):
        path: Path = ("box", "lists", name)
        if name not in named:
            yield path, f"no rule names the list `{name}`, so it changes nothing: write `list:{name}` in a rule, or leave it out"
        source = reader.raw(*path, "from")
        if isinstance(source, str) and source.strip().startswith("http://"):
            yield (*path, "from"), f"the list `{name}` comes over http:// and can be changed on its way: use https:// if the server has it"


def _approval(rule: Rule, today: date | None) -> Iterator[Doubt]:
    approval = rule.approval
    if approval is None:
        return
    path: Path = ("rules", rule.index, "approval")
    if approval.is_example:
        yield path, f"the approval of {called(rule)} still says EXAMPLE: policy section 5 asks for a real one before use"
    if approval.ends_on >= _a_year_after(approval.starts_on):
        yield path, f"the approval of {called(rule)} lasts longer than a year: the policy is reviewed yearly, so end it by then"
    if today is not None and today > approval.ends_on:
        yield path, f"the approval of {called(rule)} ended on {approval.ends_on}: the rule has no effect until it is renewed"
    if today is not None and today < approval.starts_on:
        yield path, f"the approval of {called(rule)} begins on {approval.starts_on}: until then the rule has no effect"


def _a_year_after(day: date) -> date:
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _idle(policy: Policy, rule: Rule) -> Iterator[Doubt]:
    """Warn of a rule that can never fit, or that an earlier one always forestalls."""
    path: Path = ("rules", rule.index)
    has_closed_days = policy.closures.bank_holidays is not None or bool(policy.closures.ranges)
    if never_holds(rule, has_closed_days=has_closed_days):
        yield path, f"{called(rule)} can never fit: `when` and `unless` leave it no minute ({rule.when_text})"
        return
    if rule.action is Action.ENFORCE:
        return
    if rule.action is Action.BLOCK and Target(TargetKind.KIND, HELPLINE_KIND) in rule.targets:
        yield path, f"{called(rule)}: helplines are never refused, whatever the rules say"
    forestalled = {who: _forestalling(policy, rule, who) for who in entries(rule)}
    if all(forestalled.values()):
        first = min({earlier.index for found in forestalled.values() for earlier in found})
        yield path, f"{called(rule)} never decides: {_always_before(policy.rules[first])}"
        return
    for who, found in forestalled.items():
        contrary = [earlier for earlier in found if earlier.action is not rule.action]
        if contrary:
            yield path, f"{called(rule)} never decides for {who_text(who)}: {_always_before(contrary[0])}"


def _always_before(earlier: Rule) -> str:
    return f"{called(earlier)} (line {earlier.line}) always decides before it"


def _forestalling(policy: Policy, rule: Rule, who: Who) -> list[Rule]:
    """Return the earlier rules that together always decide for `who`; empty if they leave anything to this one."""
    found = [decider_before(policy, rule, who, target) for target in rule.targets]
    return [earlier for earlier in found if earlier is not None] if all(found) else []


def who_text(who: Who) -> str:
    return "everyone" if who is None else f"`{who if isinstance(who, str) else address_text(who)}`"
