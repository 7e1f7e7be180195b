"""The policy and its decisions in plain English: what `check` and `why` print, and the sentence that a refused device gets.

Pure. Nothing is decided here: these are words about what was decided.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from dinnerbell.config import Box, Encrypted, Remark, Rules
from dinnerbell.model import Action, Device, Group, Owner, Rule, Target, TargetKind, Verdict
from dinnerbell.names import is_under
from dinnerbell.policy import Decision, Policy, Reason
from dinnerbell.rulesfile.expect import failures
from dinnerbell.words.plain_groups import group_stories
from dinnerbell.words.wording import (
    OWNER_PHRASES,
    SWITCH_PHRASES,
    is_plural,
    joined,
    network_phrase,
    pass_phrase,
    rule_reference,
    sentence_case,
    target_phrase,
    times_words,
    until_phrase,
    who_phrase,
)  # fmt: skip

_RULES_TITLE = "Rules, read from the top; the first that fits decides:"
_GROUPS_TITLE = "What they come to for each group, read off the decisions themselves:"
REFUSAL_BYTES = 200
"""EXTRA-TEXT (RFC 8914) has to fit a UDP answer beside everything else."""


def describe(rules: Rules, today: date | None = None, lists: Sequence[str] = ()) -> str:
    """Return what a good file means, as text: the setting, the rules one by one, what they come to for each group, then warnings and
    inactive keys. `today`: approvals are told as they are that day (None: as if all held). `lists`: a sentence for each list of names.
    """
    policy = rules.policy
    blocks = [
        "\n".join(_setting(policy)),
        "\n".join([_RULES_TITLE, *(_rule(policy, rule) for rule in policy.rules), _otherwise(policy)]),
        "\n".join([_GROUPS_TITLE, *(f"  {story.text}" for story in group_stories(policy, today))]),
        "\n".join(["Groups and devices:", *_groups(policy)]),
    ]
    if notes := list(_notes(policy)):
        blocks.append("\n".join(["Good to know:", *(f"  {note}" for note in notes)]))
    if names := list(_local_names(rules.box)):
        blocks.append("\n".join(["Names of your own:", *(f"  {line}" for line in names)]))
    if rules.box.encrypted is not None:
        blocks.append("\n".join(["Encrypted DNS:", *(f"  {line}" for line in _encrypted(rules.box.encrypted, policy))]))
    if lists:
        blocks.append("\n".join(["Lists of your own:", *(f"  {sentence_case(line)}." for line in lists)]))
    if rules.expectations:
        blocks.append(_expected(len(rules.expectations), sum(1 for _ in failures(policy, rules.expectations))))
    blocks.extend(
        "\n".join([title, *(f"  line {remark.line}, column {remark.column}: {remark.message}" for remark in remarks)])
        for title, remarks in _remark_blocks(rules)
        if remarks
    )
    return "\n\n".join(blocks)


def _local_names(box: Box) -> Iterator[str]:
    for name, addresses in box.names.items():
        yield f"{name} is {joined(map(str, addresses))}."
    for zone, server in box.forward.items():
        yield f"{zone} and everything under it is asked of {server}, and may lead into your network."


def _encrypted(encrypted: Encrypted, policy: Policy) -> Iterator[str]:
    name = encrypted.name
    yield f"DNS over TLS for {name} on {joined(map(str, encrypted.tls))}, with the certificate in {encrypted.certificate}."
    if encrypted.https:
        yield f"DNS over HTTPS at https://{name}/dns-query on {joined(map(str, encrypted.https))}."
    named = [device.name for device in policy.devices.values() if device.token]
    if named:
        yield f"Known by a token, whatever their address is: {joined(named)}. Every other device is known by its address as always."


def _expected(count: int, failed: int) -> str:
    if failed:
        return f"What must come out: {count - failed} of {count} lines of `expect` came out right; see the warnings."
    return f"What must come out: {'the one line' if count == 1 else f'all {count} lines'} of `expect` came out right."


def _remark_blocks(rules: Rules) -> tuple[tuple[str, tuple[Remark, ...]], ...]:
    return ("Warnings:", rules.warnings), ("Not active yet:", rules.inactive)


def _setting(policy: Policy) -> Iterator[str]:
    setting = policy.setting
    yield f"{setting.name} (clocks of {setting.zone.key})"
    dated = f" of {_long(setting.policy_dated)}" if setting.policy_dated else ""
    review = f", to be reviewed by {_long(setting.policy_review_by)}" if setting.policy_review_by else ""
    yield f"Policy: {setting.policy_title}{dated}{review}."
    for name, span in policy.times.items():
        windows = joined(str(window) + (" (closed days too)" if window.ignore_closures else "") for window in span.windows)
        yield f"Time `{name}`: {windows}."
    closures = policy.closures
    days = [f"bank holidays ({closures.bank_holidays})"] if closures.bank_holidays else []
    days.extend(_long(first) if first == last else f"{_long(first)} to {_long(last)}" for first, last in closures.ranges)
    yield f"Closed days, on which no time begins: {'; '.join(days) or 'none'}."


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _rule(policy: Policy, rule: Rule) -> str:
    return f"{rule.index + 1:>3}. {rule.name} {rule_reference(rule)}: {_what(policy, rule)}, {_when(rule)}, for {who_phrase(rule)}."


def _what(policy: Policy, rule: Rule) -> str:
    if rule.action is Action.ENFORCE:
        return f"{joined(SWITCH_PHRASES.get(switch, switch) for switch in rule.switches)} is switched on"
    phrases = [_with_reach(policy, target) for target in rule.targets]
    verb = "are" if len(phrases) > 1 or is_plural(rule.targets[0]) else "is"
    return f"{joined(phrases)} {verb} {'open' if rule.action is Action.ALLOW else 'closed'}"


def _with_reach(policy: Policy, target: Target) -> str:
    phrase = target_phrase(policy.catalogue, target)
    if target.kind is not TargetKind.DOMAIN:
        return phrase
    return f"exactly {phrase}" if target.value.startswith("=") else f"{phrase} (and everything under it)"


def _when(rule: Rule) -> str:
    when, unless = times_words(rule)
    times = (f"during {when}" if when else "always") + (f", unless during {unless}" if unless else "")
    if rule.approval is None:
        return times
    example = " (an EXAMPLE still)" if rule.approval.is_example else ""
    return f"{times}, while approved from {_long(rule.approval.starts_on)} until {_long(rule.approval.ends_on)}{example}"


def _otherwise(policy: Policy) -> str:
    line = f" (line {policy.otherwise_line})" if policy.otherwise_line else ""
    return f"     Otherwise{line}: what no rule speaks of is {'open' if policy.otherwise is Verdict.ALLOW else 'closed'}."


def _groups(policy: Policy) -> Iterator[str]:
    for group in policy.groups.values():
        names = [device.name for device in policy.devices.values() if device.group is not None and device.group.name == group.name]
        members = [*names, *([f"whatever has an address in {joined(map(network_phrase, group.addresses))}"] if group.addresses else [])]
        yield f"  {group.name} ({_group_owner(group)}): {joined(members) or 'nothing yet'}."
    alone = [device.name for device in policy.devices.values() if device.group is None]
    yield f"  unknown: {''.join(f'{name}, ' for name in alone)}every device that is in none of these."


def _group_owner(group: Group) -> str:
    return OWNER_PHRASES[group.owner.word] + (", used by children" if group.is_children else "")


def _notes(policy: Policy) -> Iterator[str]:
    """Say what DNS cannot do where a rule might make one think it could."""
    if any(rule.action is Action.BLOCK and _names_service(rule, "messenger") for rule in policy.rules):
        yield "Closing Messenger shuts messenger.com, the app and live chat, not the inbox inside Facebook or Business Suite."
    seen = [device.name for device in policy.devices.values() if device.is_intercepted]
    if policy.has_pages and seen:
        way = "if the web is reached through the proxy alone: in DNS their sites' names are open there"
        yield f"Rules about pages hold on {joined(seen)}, {way}. deploy/firewall/proxy.nft refuses the way past it."
    if any(rule.action is Action.ALLOW and _names_service(rule, "facebook") for rule in policy.rules):
        yield "Where Facebook is open, nobody can tell from here whether it is used for the official page or personally."


def _names_service(rule: Rule, id_: str) -> bool:
    return Target(TargetKind.SERVICE, id_) in rule.targets


def sentence(decision: Decision, policy: Policy, at: datetime, device: Device) -> str:
    """Return why a device gets this answer, for `why`: who, what, until when, and which rule says so."""
    service = policy.catalogue.services.get(decision.service) if decision.service else None
    subject = service.name if service else decision.host
    whom = device.name + (f" ({device.group.name})" if device.group else " (unknown)" if device.owner is Owner.UNKNOWN else "")
    until = f" until {until_phrase(decision.until, at, policy.setting.zone)}" if decision.until else ""
    return f"{subject} is {_state(decision)} on {whom}{until}: {_because(decision, policy)}."


def _state(decision: Decision) -> str:
    if decision.verdict is Verdict.BLOCK:
        return "closed"
    if decision.verdict is Verdict.ENFORCE:
        switches = [switch for rule in decision.enforced_by for switch in rule.switches]
        return f"open with {joined(SWITCH_PHRASES.get(switch, switch) for switch in dict.fromkeys(switches))}"
    return "open"


def _because(decision: Decision, policy: Policy) -> str:
    if decision.reason is Reason.HELPLINE:
        return "helplines are never refused, whatever the rules say"
    if decision.reason is Reason.CANARY:
        return "by this name software asks whether the network filters, and the honest answer is yes"
    if decision.rule is not None and decision.rule.granted is not None:
        because = pass_phrase(decision.rule.granted, policy.setting.zone)
    elif decision.rule is not None:
        on_list = f", because {decision.host} is on the list {decision.on_list}" if decision.on_list else ""
        because = f"rule {decision.rule.index + 1} '{decision.rule.name}' {rule_reference(decision.rule)} decides{on_list}"
    else:
        line = f" (line {policy.otherwise_line})" if policy.otherwise_line else ""
        because = f"no rule fits, and otherwise{line} everything is {'open' if policy.otherwise is Verdict.ALLOW else 'closed'}"
    enforcing = [f"rule {rule.index + 1} '{rule.name}' {rule_reference(rule)}" for rule in decision.enforced_by]
    return because + (f"; {joined(enforcing)} makes it safe" if enforcing else "")


def refusal(decision: Decision, policy: Policy, at: datetime) -> str:
    """Return the sentence that goes with a refused look-up (EDE, RFC 8914), at most REFUSAL_BYTES of UTF-8.

    "Social media is closed on this device until 12:00, policy 4, Pippins Preschool". If it is too long the setting's name is cut
    first, then what the sentence is about.
    """
    subject, verb = _subject(decision, policy)
    until = f" until {until_phrase(decision.until, at, policy.setting.zone)}" if decision.until else ""
    if policy.clock_is_wrong and decision.rule is not None and decision.rule.is_timed:
        until = " while the filter's clock is wrong"
    clause = f", policy {decision.rule.clause}" if decision.rule is not None and decision.rule.clause else ""
    tail = _cut(f" {verb} closed on this device{until}{clause}", REFUSAL_BYTES - 20)
    told = _cut(subject, REFUSAL_BYTES - _size(tail)) + tail
    room = REFUSAL_BYTES - _size(told) - 2
    return told + (f", {_cut(policy.setting.name, room)}" if room >= 4 else "")


def _subject(decision: Decision, policy: Policy) -> tuple[str, str]:
    """Return what the deciding rule closes, in its own words, and the verb that goes with it."""
    if decision.reason is Reason.RULE and decision.rule is not None:
        target = _deciding_target(decision, decision.rule, policy)
        if target is not None:
            phrase = target_phrase(policy.catalogue, target)
            return (phrase if target.kind is TargetKind.DOMAIN else sentence_case(phrase)), "are" if is_plural(target) else "is"
    service = policy.catalogue.services.get(decision.service) if decision.service else None
    return (service.name if service else decision.host), "is"


def _deciding_target(decision: Decision, rule: Rule, policy: Policy) -> Target | None:
    service = policy.catalogue.services.get(decision.service) if decision.service else None
    wanted = [service.id, *service.kinds, *(("social-media",) if service.is_social else ())] if service else []
    domains = [target for target in rule.targets if target.kind is TargetKind.DOMAIN and is_under(decision.host, target.value.lstrip("="))]
    named = [target for word in wanted for target in rule.targets if target.value == word and target.kind is not TargetKind.DOMAIN]
    return next(iter([*domains, *named]), None)


def _size(text: str) -> int:
    return len(text.encode())


def _cut(text: str, size: int) -> str:
    """Return `text` in at most `size` bytes of UTF-8, with three dots where something is missing."""
    if _size(text) <= size:
        return text
    return text.encode()[: max(size - 3, 0)].decode(errors="ignore").rstrip(" ,") + "..."
