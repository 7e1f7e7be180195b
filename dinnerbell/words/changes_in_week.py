"""What opens and closes differently in an ordinary week, and for whom, when one rules file takes the place of another.

Pure. Both policies are asked about the same names on the same devices and at the same minutes, and what is told is where the answers
differ: so this cannot miss what a rule does to another one further down. An ordinary week has no closed day and no change of the
clocks, and approvals are as they are on the day of asking; a week of closed days is compared as well.

A device is known by its name, one without a name by its address: what moved from one group to another is compared with itself.

    room-tablet-9     old: in `office`       new: in `children`       both decide: YouTube ...
    192.168.20.7      old: in `staff-phones` new: still there         both decide: Instagram 12:15 on Friday ...
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dinnerbell.catalogue import KINDS, SOCIAL_KINDS, UMBRELLA, Catalogue
from dinnerbell.model import Device, Group, Target, TargetKind, rule_is_for
from dinnerbell.names import is_under
from dinnerbell.policy import CANARIES, Policy
from dinnerbell.times import Closures
from dinnerbell.timetable.groups import NOBODY_NAMED, UNKNOWN, stand_ins
from dinnerbell.timetable.ordinary import closed_around, ordinary_monday, settled
from dinnerbell.timetable.subjects import Label, find_subjects
from dinnerbell.timetable.week import MINUTE, Course, follow, week_days
from dinnerbell.timetable.words import what
from dinnerbell.words.changed_days import Day, Stretch, day_phrases
from dinnerbell.words.wording import is_plural, joined, network_phrase, sentence_case

_MOST_NAMES = 6
_MOST_MEMBERS = 4
_PLURAL = frozenset({"search", *(kind for kind in KINDS if is_plural(Target(TargetKind.KIND, kind)))})

_Week = tuple[Day, ...]
"""What a name's answers are from Monday to Sunday, by the wall clock: the setting's clocks may be others as well."""
_Pair = tuple[_Week, _Week]
"""Old and new."""


@dataclass(frozen=True, slots=True)
class _Probe:
    """One device or address, as each of the files knows it."""

    word: str
    was: Device
    now: Device


@dataclass(frozen=True, slots=True)
class _Difference:
    """What has one and the same change; `closed`: its change on closed days, None where it is the same in both files."""

    subject: str
    is_plural: bool
    pair: _Pair
    closed: _Pair | None


def changes_in_week(old: Policy, new: Policy, today: date) -> tuple[str, ...]:
    """Return one sentence for each group (or part of one) and each thing that opens or closes differently; none: nothing does."""
    week = _Comparison(old, new, today)
    found: dict[str, list[tuple[str, tuple[_Difference, ...]]]] = {}
    moved = []
    for probe in _probes(old, new):
        differences = week.differences(probe)
        was, now = _group_of(probe.was), _group_of(probe.now)
        if was == now or not probe.now.is_named:
            found.setdefault(now, []).append((probe.word, differences))
        else:
            moved.append((f"{probe.word} (was {_in(was)}, now {_in(now)})", differences))
    sentences = [f"{name}: {text}" for name, differences in moved for text in _sentences(differences)]
    for group in dict.fromkeys([*new.groups, *old.groups, UNKNOWN]):
        for name, differences in _together(group, found.get(group, [])):
            sentences.extend(f"{name}: {text}" for text in _sentences(differences))
    return tuple(sentences)


def _group_of(device: Device) -> str:
    return device.group.name if device.group else UNKNOWN


def _in(group: str) -> str:
    return group if group == UNKNOWN else f"in {group}"


def _together(group: str, members: list[tuple[str, tuple[_Difference, ...]]]) -> Iterator[tuple[str, tuple[_Difference, ...]]]:
    """Yield the group's name once for all that have the same changes, and who is meant where they have not."""
    alike: dict[tuple[_Difference, ...], list[str]] = {}
    for word, differences in members:
        alike.setdefault(differences, []).append(word)
    name = sentence_case(group.replace("-", " ")) + (" devices" if group == UNKNOWN else "")
    for differences, words in alike.items():
        words = list(dict.fromkeys(words))  # noqa: PLW2901 - a network may stand in both files
        more = len(words) - _MOST_MEMBERS
        told = joined(words if more <= 1 else [*words[:_MOST_MEMBERS], f"{more} more"])
        yield (name if len(alike) == 1 or (group == UNKNOWN and words == [NOBODY_NAMED]) else f"{name} ({told})"), differences


def _sentences(differences: Iterable[_Difference]) -> Iterator[str]:
    for each in differences:
        phrases = list(day_phrases(*each.pair, are=each.is_plural))
        if each.closed is not None:
            phrases += [f"on closed days {phrase}" for phrase in day_phrases(*each.closed, are=each.is_plural, every="all day")]
        yield f"{each.subject} {'; '.join(phrases)}."


# ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _probes(old: Policy, new: Policy) -> Iterator[_Probe]:
    """Yield all who may be treated differently: every device that has a name in either file, and an address for all others."""
    for name in dict.fromkeys([*new.devices, *old.devices]):
        yield _Probe(name, _named(old, name, new), _named(new, name, old))
    own = {network for policy in (old, new) for device in policy.devices.values() for network in device.addresses}
    for network, address in stand_ins(old, new):
        if network not in own:
            word = NOBODY_NAMED if not network.prefixlen else f"addresses in {network_phrase(network)}"
            yield _Probe(word, old.device_at(address), new.device_at(address))
    for name, group in {**old.groups, **new.groups}.items():
        if not any(_has_members(policy, name) for policy in (old, new)):
            yield _Probe("no device yet", Device(name, old.groups.get(name, group)), Device(name, new.groups.get(name, group)))


def _named(policy: Policy, name: str, other: Policy) -> Device:
    """Return the device as this file knows it; where it has no such name, whoever is at the address that the other file gives it."""
    if name in policy.devices:
        return policy.devices[name]
    addresses = other.devices[name].addresses
    return policy.device_at(addresses[0].network_address) if addresses else Device(name)


def _has_members(policy: Policy, group: str) -> bool:
    found: Group | None = policy.groups.get(group)
    return bool(found and found.addresses) or any(
        device.group is not None and device.group.name == group for device in policy.devices.values()
    )


# ── what and when ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Comparison:
    """Two policies in the same week. Devices to which the same rules apply are compared once."""

    def __init__(self, old: Policy, new: Policy, today: date) -> None:
        self._monday = ordinary_monday((policy.setting.zone for policy in (old, new)), today)
        self._files = tuple(settled(policy, today, Closures()) for policy in (old, new))
        closed = closed_around(self._monday)
        self._closed_files = tuple(settled(policy, today, closed) for policy in (old, new))
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[_Difference, ...]] = {}

    def differences(self, probe: _Probe) -> tuple[_Difference, ...]:
        was, now = (
            tuple(rule.index for rule in policy.rules if rule_is_for(rule, device))
            for policy, device in zip(self._files, (probe.was, probe.now), strict=True)
        )
        found = self._known.get((was, now))
        if found is None:
            found = self._known[was, now] = tuple(self._differences(probe))
        return found

    def _differences(self, probe: _Probe) -> Iterator[_Difference]:
        by_change: dict[tuple[_Pair, _Pair], list[Label]] = {}
        catalogue = self._files[1].catalogue
        for label, change in self._labelled(probe, catalogue):
            by_change.setdefault(change, []).append(label)
        gone = self._files[0].catalogue
        if lost := set(gone.services) - set(catalogue.services):  # services of one's own that the new file has no more
            for label, change in self._labelled(probe, gone):
                if label.id in lost:
                    by_change.setdefault(change, []).append(label)
        for (week, closed), labels in by_change.items():
            shown = closed if closed[0] != closed[1] and not _is_same_change(week, closed) else None
            if week[0] != week[1] or shown is not None:
                told = _told(catalogue, labels)
                subject = what(told, _MOST_NAMES)
                subject = subject[:1].lower() + subject[1:] if told[0].is_broad else subject
                yield _Difference(subject, len(told) > 1 or told[0].id in _PLURAL, week, shown)

    def _labelled(self, probe: _Probe, catalogue: Catalogue) -> Iterator[tuple[Label, tuple[_Pair, _Pair]]]:
        """Yield everything that either file speaks of, with its weeks: (old and new, old and new on closed days)."""
        rules = [rule for policy, device in zip(self._files, (probe.was, probe.now), strict=True) for rule in policy.rules if rule_is_for(rule, device)]  # fmt: skip  # noqa: E501
        both = replace(self._files[1], catalogue=catalogue, rules=tuple(replace(rule, devices=None) for rule in rules))
        subjects = find_subjects(both, probe.now)
        stands_for = _stand_ins(self._files, subjects.names)
        pairs = [self._weeks(files, probe, stands_for) for files in (self._files, self._closed_files)]
        yield from subjects.labelled({name: (pairs[0][name], pairs[1][name]) for name in subjects.names})

    def _weeks(self, files: tuple[Policy, ...], probe: _Probe, stands_for: Mapping[str, str]) -> Mapping[str, _Pair]:
        found = []
        for policy, device in zip(files, (probe.was, probe.now), strict=True):
            days = week_days(self._monday, policy.setting.zone, Closures())
            courses = follow(policy, device, dict.fromkeys(stands_for.values()), days[0].start, days[-1].end)
            found.append({name: tuple(_day(course, day.start) for day in days) for name, course in courses.items()})
        return {name: (found[0][stand_in], found[1][stand_in]) for name, stand_in in stands_for.items()}


def _stand_ins(policies: tuple[Policy, ...], names: Iterable[str]) -> dict[str, str]:
    """Return for each name the one to ask in its stead: of hundreds of services most differ in nothing that a rule could know."""
    targets = {target for policy in policies for rule in policy.rules for target in rule.targets}
    singly = {target.value for target in targets if target.kind is TargetKind.SERVICE}
    domains = {target.value.lstrip("=") for target in targets if target.kind is TargetKind.DOMAIN} | set(CANARIES)
    first: dict[object, str] = {}

    def known_by(catalogue: Catalogue, name: str) -> object:
        if any(is_under(name, domain) for domain in domains) or any(table.longest(name) for table in catalogue.enforce.values()):
            return name
        match = catalogue.lookup(name)
        claims = match.claims if match else ()
        return tuple((claim.service.kinds, claim.service.id if claim.service.id in singly else None) for claim in claims)

    return {name: first.setdefault(tuple(known_by(policy.catalogue, name) for policy in policies), name) for name in names}


def _day(course: Course, start: datetime) -> Day:
    """Return the part of a week that falls on the day that starts at `start`; the clocks do not change, so it has 1440 minutes."""
    end = start + timedelta(days=1)
    return tuple(
        Stretch((max(each.start, start) - start) // MINUTE, (min(each.end, end) - start) // MINUTE, each.state)
        for each in course
        if each.start < end and each.end > start
    )


def _is_same_change(week: _Pair, closed: _Pair) -> bool:
    """Tell whether closed days change as all others do: not worth a word of its own."""
    return week[0][0] == closed[0][0] and week[1][0] == closed[1][0] and all(len(set(each)) == 1 for each in (*week, *closed))


def _told(catalogue: Catalogue, labels: list[Label]) -> list[Label]:
    """Return the labels without the parts of social media where the whole is among them."""
    if not any(label.id == UMBRELLA for label in labels):
        return labels
    social = {id_ for id_, service in catalogue.services.items() if service.is_social} | set(SOCIAL_KINDS)
    return [label for label in labels if label.id not in social]

