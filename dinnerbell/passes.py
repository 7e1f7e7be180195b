"""Passes: one target opened on one device for a while, by a person who says why; it ends by itself.

Pure. A pass becomes an allow rule of the policy (`with_passes`), so `decide` needs to know nothing else about it: it comes before the
rules of the file, and `until` knows its end to the second. Two things no pass opens: a device of a group that is for children, and a
way round the filter. Both are looked at when it is given and again whenever it is put to work, because rules.yaml may have changed
since; that a host of a way round stays shut although it shares a kind or a domain with the target is `policy.py`'s part.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from math import ceil

from dinnerbell.catalogue import BYPASS_KIND, KINDS, UMBRELLA, Catalogue
from dinnerbell.model import Action, Device, Owner, Pass, Rule, Target, TargetKind
from dinnerbell.names import BadName, is_under, judged, normalise
from dinnerbell.policy import CANARIES, Policy

MAX_DURATION = timedelta(hours=12)
"""What lasts longer than a day at work is no exception: it belongs in rules.yaml, where others read it."""
MAX_BY, MAX_WHY = 80, 200
"""Characters: the reason is a part of the rule's name in the log."""


class BadRequest(ValueError):  # noqa: N818 - the message says what is wrong with what was written
    """The pass is not written as it should be: no reason, a duration that is none."""


class PassRefused(Exception):  # noqa: N818
    """This pass is not given, or not revoked; the message is a sentence for the manager."""


@dataclass(frozen=True, slots=True)
class Request:
    """A pass as somebody asks for it."""

    device: str
    target: str
    duration: timedelta
    by: str
    why: str


def give(policy: Policy, request: Request, id_: int, now: datetime) -> Pass:
    """Return the pass that `request` asks for, from `now` on. Raises BadRequest or PassRefused."""
    by, why = _line(request.by, "who gives the pass (--by)", MAX_BY), _line(request.why, "why it is given (--why)", MAX_WHY)
    if not timedelta() < request.duration <= MAX_DURATION:
        raise BadRequest("a pass lasts at least a second and at most 12 hours: what is needed for longer belongs in rules.yaml")
    device, target = _device(policy, request.device), read_target(policy.catalogue, request.target)
    problem = objection(policy, device.name, target)
    if problem is not None:
        raise PassRefused(problem)
    starts = now.astimezone(UTC).replace(microsecond=0)
    ends = starts + timedelta(seconds=max(1, int(request.duration.total_seconds())))
    group = device.group.name if device.group else ""
    return Pass(id_, device.name, target, starts, ends, by, why, group, device.owner)


def revoke(given: Pass, by: str, now: datetime) -> Pass:
    """Return the pass ended at `now`. Raises PassRefused where it is over already."""
    by = _line(by, "who revokes the pass (--by)", MAX_BY)
    if given.revoked_at is not None:
        raise PassRefused(f"pass {given.id} is over: {given.revoked_by} revoked it already")
    if now >= given.ends:
        raise PassRefused(f"pass {given.id} is over: it ended by itself")
    return replace(given, revoked_at=now.astimezone(UTC).replace(microsecond=0), revoked_by=by)


_DURATION = re.compile(r"(?:(\d{1,6})\s*h)?\s*(?:(\d{1,6})\s*m(?:in)?)?\s*(?:(\d{1,6})\s*s)?", re.IGNORECASE | re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read 30m, 2h, 90s or 1h30m. Raises BadRequest."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise BadRequest(f"{text!r} is not a duration: write it like 30m, 2h or 90s")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _line(text: str, what: str, limit: int) -> str:
    """Return a person's words as one line."""
    line = " ".join(text.split())
    if not line:
        raise BadRequest(f"say {what}: the report tells leadership")
    if len(line) > limit or not line.isprintable():
        raise BadRequest(f"say {what} in one line of at most {limit} letters")
    return line


# ── what may be opened ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _device(policy: Policy, text: str) -> Device:
    device = policy.device_called(text)
    if device is None:
        raise PassRefused(f"{text!r} is neither a device of the rules nor an address{_did_you_mean(text, policy.devices)}")
    return device


def read_target(catalogue: Catalogue, text: str) -> Target:
    """Read what a pass is to open, as rules.yaml writes it: a service, a kind, `social-media` or a domain. Raises PassRefused."""
    text = text.strip()
    if text in catalogue.services:
        return Target(TargetKind.SERVICE, text)
    if text in KINDS or text == UMBRELLA:
        return Target(TargetKind.KIND, text)
    if text.startswith("list:"):
        raise PassRefused("a pass opens a service, a kind or a domain, not a list")
    if "." not in text:
        by_name = {service.name.lower(): service.id for service in catalogue.services.values()}
        meant = by_name.get(text.lower())
        hint = f"; did you mean '{meant}'?" if meant else _did_you_mean(text.lower(), [*catalogue.services, *KINDS, UMBRELLA])
        raise PassRefused(f"{text!r} is no service, kind or domain{hint or '; `dinnerbell services` lists what there is'}")
    try:
        name = normalise(text.removeprefix("="))
    except BadName as error:
        raise PassRefused(str(error)) from None
    if "." not in name:
        raise PassRefused(f"{text!r} is a whole top-level domain; a domain has a dot, like example.org")
    return Target(TargetKind.DOMAIN, "=" + name if text.startswith("=") else name)


def objection(policy: Policy, device_text: str, target: Target) -> str | None:
    """Return why this target is not opened on this device under this policy, as a sentence; None: nothing speaks against it."""
    device = policy.device_called(device_text)
    if device is None:
        return f"{device_text} is no longer a device of the rules"
    if device.group is not None and device.group.is_children:
        return f"{device.name} is in the group {device.group.name}, which is for children: no pass opens anything there"
    if target.kind is TargetKind.SERVICE:
        return _objection_to_service(policy.catalogue, target.value)
    if target.kind is TargetKind.DOMAIN:
        return _objection_to_domain(policy.catalogue, judged(target.value.removeprefix("=")))
    is_fit = target.kind is TargetKind.KIND and target.value != BYPASS_KIND
    return None if is_fit else "ways round the filter are what the rules are there to close: no pass opens them"


def _objection_to_service(catalogue: Catalogue, id_: str) -> str | None:
    service = catalogue.services.get(id_)
    if service is None:
        return f"there is no service {id_} any more"
    return _way_round(service.name) if BYPASS_KIND in service.kinds else None


def _objection_to_domain(catalogue: Catalogue, name: str) -> str | None:
    if any(is_under(name, canary) for canary in CANARIES):
        return f"by {name} software asks whether this network filters, and the answer stays yes: no pass opens it"
    match = catalogue.lookup(name)
    if match is None or BYPASS_KIND not in match.kinds:
        return None
    return _way_round(next(claim.service.name for claim in match.claims if BYPASS_KIND in claim.service.kinds))


def _way_round(name: str) -> str:
    return f"{name} is a way round the filter: no pass opens it"


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word[:100], list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else ""


# ── put to work ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def with_passes(policy: Policy, passes: Iterable[Pass]) -> Policy:
    """Return the policy in which these passes, and no others, are in force. Those that it objects to are left out.

    Passes that are over may be among them: then the policy tells of the past what was so.
    """
    rules = tuple(rule for rule in policy.rules if rule.granted is None)
    given = [each for each in passes if objection(policy, each.device, each.target) is None]
    if not given and len(rules) == len(policy.rules):
        return policy
    granted = (_rule(policy, each, index) for index, each in enumerate(given, -len(given)))
    return replace(policy, rules=(*rules, *granted))


def _rule(policy: Policy, given: Pass, index: int) -> Rule:
    device = policy.device_called(given.device)
    return Rule(
        index=index,
        name=f"Pass {given.id}: {given.why}",
        action=Action.ALLOW,
        targets=(given.target,),
        devices=(given.device,) if device is None or device.is_named else device.addresses,
        granted=given,
    )


# ── told ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def state(given: Pass, at: datetime) -> str:
    """Return `open`, `ended` (by itself) or `revoked`."""
    return "open" if given.covers(at) else "revoked" if given.revoked_at is not None else "ended"


@dataclass(frozen=True, slots=True)
class PassUse:
    """What a report says of one pass. Devices that are not the setting's own appear by group only (DESIGN section 6)."""

    id: int
    device: str | None
    group: str
    owner: Owner
    target: Target
    by: str
    why: str
    starts: datetime
    over_at: datetime
    minutes: int
    """How long it was open between the two instants asked about, rounded up."""
    is_revoked: bool
    revoked_by: str


def passes_of_week(passes: Iterable[Pass], start: datetime, end: datetime) -> tuple[PassUse, ...]:
    """Return the passes that were open in [start, end), in the order they were given."""
    return tuple(
        PassUse(
            id=each.id,
            device=each.device if each.owner is Owner.SETTING else None,
            group=each.group,
            owner=each.owner,
            target=each.target,
            by=each.by,
            why=each.why,
            starts=each.starts,
            over_at=each.over_at,
            minutes=ceil(max(timedelta(), min(each.over_at, end) - max(each.starts, start)) / timedelta(minutes=1)),
            is_revoked=each.revoked_at is not None,
            revoked_by=each.revoked_by,
        )
        for each in sorted(passes, key=lambda one: (one.starts, one.id))
        if each.starts < end and (each.over_at > start or each.starts >= start)
    )
