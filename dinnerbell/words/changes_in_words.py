"""What one rules.yaml says otherwise than another, in plain words: rules, devices, groups, times, closed days, the log.

Pure. Compared are the values, not the lines: a note, another order of the sections or another way to write the same time is no change.
What opens and closes differently because of it is `changes_in_week.py`'s to tell.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar

from dinnerbell.config import Box, Expectation, LogLevel, Rules
from dinnerbell.model import Device, Group, Owner, Setting, Verdict
from dinnerbell.policy import Policy
from dinnerbell.times import TimeSpan, clock_text
from dinnerbell.words.changes_in_rules import rule_changes
from dinnerbell.words.wording import KIND_PHRASES, OWNER_PHRASES, joined, network_phrase

T = TypeVar("T")

_LEVEL_PHRASES = {
    LogLevel.ALL: "every name",
    LogLevel.WATCHED: "names that a rule could decide",
    LogLevel.REFUSED: "refusals only",
    LogLevel.NONE: "numbers only",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def changes_in_words(old: Rules, new: Rules) -> tuple[str, ...]:
    """Return one sentence for each thing that `new` says otherwise, in the order of the file; none: they mean the same."""
    return tuple(_changes(old, new))


def _changes(old: Rules, new: Rules) -> Iterator[str]:
    yield from _setting(old.policy.setting, new.policy.setting)
    yield from _times(old.policy, new.policy)
    yield from _closures(old.policy, new.policy)
    yield from _groups(old.policy, new.policy)
    yield from _devices(old.policy, new.policy)
    yield from _services(old.policy, new.policy)
    yield from rule_changes(old.policy, new.policy)
    yield from _other("What no rule speaks of", _open(old.policy.otherwise), _open(new.policy.otherwise))
    yield from _expectations(old.expectations, new.expectations)
    yield from _box(old, new)
    yield from _log(old, new)
    yield from _reports(old, new)


def _other(what: str, old: object, new: object) -> Iterator[str]:
    """Say that something is now another."""
    if old != new:
        yield f"{what}: now {new or 'nothing'}, was {old or 'nothing'}."


def _both(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[str, T | None, T | None]]:
    """Yield every name with what it was and what it is, where that differs; the new file's order, then what is gone."""
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield name, before, after


def _setting(old: Setting, new: Setting) -> Iterator[str]:
    yield from _other("Name of the setting", old.name, new.name)
    yield from _other("Clocks", old.zone.key, new.zone.key)
    yield from _other("Title of the policy", old.policy_title, new.policy_title)
    yield from _other("Date of the policy", _day(old.policy_dated), _day(new.policy_dated))
    yield from _other("Review of the policy by", _day(old.policy_review_by), _day(new.policy_review_by))
    was, now = old.people, new.people
    yield from _other("Manager", was.manager, now.manager)
    yield from _other("Safeguarding lead", was.safeguarding_lead, now.safeguarding_lead)
    yield from _other("Safeguarding deputies", joined(was.safeguarding_deputies), joined(now.safeguarding_deputies))
    yield from _other("Data controller", was.data_controller, now.data_controller)


def _times(old: Policy, new: Policy) -> Iterator[str]:
    for name, before, after in _both(old.times, new.times):
        if after is None:
            yield f"Time `{name}` is gone (it was {_windows(before)})."
        elif before is None:
            yield f"New time `{name}`: {_windows(after)}."
        else:
            yield from _other(f"Time `{name}`", _windows(before), _windows(after))


def _windows(span: TimeSpan | None) -> str:
    windows = span.windows if span else ()
    return joined(str(window) + (" (closed days too)" if window.ignore_closures else "") for window in windows) or "closed days"


def _closures(old: Policy, new: Policy) -> Iterator[str]:
    yield from _other("Bank holidays", old.closures.bank_holidays, new.closures.bank_holidays)
    before, after = old.closures.ranges, new.closures.ranges
    if added := [_days(*each) for each in after if each not in before]:
        yield f"Closed days added: {joined(added)}."
    if gone := [_days(*each) for each in before if each not in after]:
        yield f"No longer closed: {joined(gone)}."


def _groups(old: Policy, new: Policy) -> Iterator[str]:
    for name, before, after in _both(*({name: replace(group, line=0) for name, group in each.groups.items()} for each in (old, new))):
        if after is None:
            yield f"Group `{name}` is gone."
        elif before is None:
            yield f"New group `{name}`: {_group(after)}."
        else:
            yield from _other(f"Group `{name}` is of", _owner(before), _owner(after))
            yield from _other(f"Addresses of group `{name}`", _networks(before), _networks(after))


def _group(group: Group) -> str:
    addresses = f", addresses {_networks(group)}" if group.addresses else ""
    return f"{_owner(group)}{addresses}"


def _owner(group: Group) -> str:
    return OWNER_PHRASES[group.owner.word] + (", used by children" if group.is_children else "")


def _networks(what: Group | Device) -> str:
    return joined(map(network_phrase, what.addresses))


def _devices(old: Policy, new: Policy) -> Iterator[str]:
    for name, before, after in _both(*({name: _as_written(device) for name, device in each.devices.items()} for each in (old, new))):
        if after is None:
            yield f"Device `{name}` is gone: it was in {_group_of(before)}."
        elif before is None:
            places = [*([_networks(after)] if after.addresses else []), *([f"MAC {after.mac}"] if after.mac else [])]
            places += ["a token"] if after.token else []
            yield f"New device `{name}` in {_group_of(after)}, at {joined(places)}."
        else:
            if _group_of(before) != _group_of(after):
                yield f"Device `{name}` moves from {_group_of(before)} to {_group_of(after)}."
            yield from _other(f"Address of device `{name}`", _networks(before), _networks(after))
            yield from _other(f"MAC address of device `{name}`", before.mac, after.mac)
            if before.token != after.token:  # the word itself is a secret
                yield f"Device `{name}` {'is known by another token' if after.token else 'has no token any more'}."


def _as_written(device: Device) -> Device:
    """Return the device by itself: what its group says is told of the group."""
    group = Group(device.group.name, Owner.UNKNOWN) if device.group else None
    return replace(device, line=0, group=group)


def _group_of(device: Device | None) -> str:
    return f"group `{device.group.name}`" if device and device.group else "no group"


def _services(old: Policy, new: Policy) -> Iterator[str]:
    before, after = ({id_: service for id_, service in each.catalogue.services.items() if service.own} for each in (old, new))
    for id_, was, now in _both(before, after):
        if was is None and now is not None:
            hosts = [host for hosts in now.hosts.values() for host in hosts]
            verb = "Change to the catalogue" if id_ in old.catalogue.services else "New service"
            yield f"{verb}: {now.name} ({_kinds(now.kinds)}): {joined(hosts)}."
        elif was is not None and now is None:
            verb = "is as in the catalogue again" if id_ in new.catalogue.services else "is gone"
            yield f"Service {was.name} {verb}."
        elif was is not None and now is not None:
            yield from _other(f"Name of service `{id_}`", was.name, now.name)
            yield from _other(f"Kinds of service {now.name}", _kinds(was.kinds), _kinds(now.kinds))
            hosts_was, hosts_now = ({(host, kind.value) for kind, hosts in each.hosts.items() for host in hosts} for each in (was, now))
            if hosts_was != hosts_now:
                added = [f"{host} ({kind}) added" for host, kind in sorted(hosts_now - hosts_was)]
                gone = [f"{host} ({kind}) gone" for host, kind in sorted(hosts_was - hosts_now)]
                yield f"Hosts of service {now.name}: {joined([*added, *gone])}."
            if (was.evidence, was.age_law, was.note) != (now.evidence, now.age_law, now.note):
                yield f"What the report says of service {now.name} is another."


def _kinds(kinds: Iterable[str]) -> str:
    return joined(KIND_PHRASES.get(kind, kind) for kind in kinds)


def _expectations(old: tuple[Expectation, ...], new: tuple[Expectation, ...]) -> Iterator[str]:
    before, after = ({replace(each, line=0, column=0) for each in listed} for listed in (old, new))
    told = [f"{len(each)} {word}" for each, word in ((after - before, "added"), (before - after, "taken away")) if each]
    if told:
        yield f"Lines of `expect`: {joined(told)}."


def _names(box: Box) -> str:
    return joined(f"{name} ({joined(map(str, addresses))})" for name, addresses in box.names.items())


def _forwarded(box: Box) -> str:
    return joined(f"{zone} ({server})" for zone, server in box.forward.items())


def _encrypted(box: Box) -> str:
    if box.encrypted is None:
        return ""
    of = box.encrypted
    places = [*(f"{each} (tls)" for each in of.tls), *(f"{each} (https)" for each in of.https)]
    return f"{of.name} on {joined(places)}, with the certificate {of.certificate} and the key {of.key}"


def _box(old: Rules, new: Rules) -> Iterator[str]:
    was, now = old.box, new.box
    if was.listen != now.listen:
        yield from _other("The box answers on", joined(map(str, was.listen)), joined(map(str, now.listen)))
    yield from _other("The box asks", joined(each.text for each in was.upstream), joined(each.text for each in now.upstream))
    yield from _other("Look-ups a second that one device may make", str(was.rate_limit), str(now.rate_limit))
    yield from _other("Names of your own", _names(was), _names(now))
    yield from _other("Domains that another server answers for", _forwarded(was), _forwarded(now))
    yield from _other("Encrypted DNS for devices", _encrypted(was), _encrypted(now))
    yield from _other("The box answers devices in", joined(map(str, was.answer_networks)), joined(map(str, now.answer_networks)))


def _log(old: Rules, new: Rules) -> Iterator[str]:
    for owner, phrase in ((owner, OWNER_PHRASES[owner.word]) for owner in Owner):
        yield from _other(f"Logged of {phrase}", _LEVEL_PHRASES[old.log.levels[owner]], _LEVEL_PHRASES[new.log.levels[owner]])
    for what, key in (("Look-ups", "keep_lookups_days"), ("Sessions", "keep_sessions_days"), ("Weekly sums", "keep_weeks_days")):
        yield from _other(f"{what} are kept", f"{getattr(old.log, key)} days", f"{getattr(new.log, key)} days")
    yield from _other("The log is written every", f"{old.log.flush_seconds:g} s", f"{new.log.flush_seconds:g} s")


def _reports(old: Rules, new: Rules) -> Iterator[str]:
    was, now = (f"{_DAYS[each.reports.weekly_day]} {clock_text(each.reports.weekly_minute)}" for each in (old, new))
    yield from _other("The weekly report is made", was, now)
    for role, before, after in _both(old.reports.to, new.reports.to):
        yield from _other(f"The report for the {role.replace('-', ' ')} goes to", before, after)
    for role, without, with_ in _both(old.reports.not_about, new.reports.not_about):
        yield from _other(f"Kept from the {role.replace('-', ' ')}", joined(map(str, without or ())), joined(map(str, with_ or ())))


def _open(verdict: Verdict) -> str:
    return "open" if verdict is Verdict.ALLOW else "closed"


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def _days(first: date, last: date) -> str:
    return _day(first) if first == last else f"{_day(first)} to {_day(last)}"
