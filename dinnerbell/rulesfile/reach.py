"""What takes in what: devices, targets, minutes of the week. For warnings, so every answer "yes" is certain and "no" may be "not sure".

Pure.
"""

from collections.abc import Iterable
from functools import lru_cache

from dinnerbell.catalogue import SOCIAL_KINDS, UMBRELLA, Catalogue, Service
from dinnerbell.model import Action, Device, Group, Network, Owner, Rule, Target, TargetKind
from dinnerbell.names import is_under
from dinnerbell.pages import known_page
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.references import OWNER_WORDS
from dinnerbell.times import MINUTES_A_DAY, TimeSpan, Window

Who = str | Network | None
"""One entry of a rule's `devices`; None: everyone."""


def entries(rule: Rule) -> tuple[Who, ...]:
    return (None,) if rule.devices is None else rule.devices


def takes_in(policy: Policy, rule: Rule, who: Who) -> bool:
    """Tell whether the rule is for every device that `who` stands for."""
    if rule.devices is None or who in rule.devices or set(OWNER_WORDS) <= set(rule.devices):
        return True
    networks = [outer for outer in rule.devices if not isinstance(outer, str)]
    if isinstance(who, str):
        device = policy.devices.get(who)
        if device is not None:
            words = {device.owner.word} | ({device.group.name} if device.group else set())
            return bool(words & set(rule.devices)) or any(_lies_in(inner, networks) for inner in device.addresses)
        group = policy.groups.get(who)
        return group is not None and group.owner.word in rule.devices
    return who is not None and _lies_in(who, networks)


def _lies_in(inner: Network, networks: Iterable[Network]) -> bool:
    return any(inner.version == outer.version and inner.subnet_of(outer) for outer in networks)  # type: ignore[arg-type]


def reaches_setting_owned(policy: Policy, who: Who) -> bool:
    """Tell whether `who` has devices of the setting in it that are not the children's alone."""
    if who is None or who == Owner.SETTING.word:
        return True
    if isinstance(who, str):
        found: Device | Group | None = policy.devices.get(who) or policy.groups.get(who)
        return found is not None and found.owner is Owner.SETTING
    candidates: list[Device | Group] = [*policy.devices.values(), *policy.groups.values()]
    networks = [network for candidate in candidates if candidate.owner is Owner.SETTING for network in candidate.addresses]
    return any(network.version == who.version and network.overlaps(who) for network in networks)


def covers_service(targets: Iterable[Target], service: Service) -> bool:
    words = {target.value for target in targets if target.kind in (TargetKind.SERVICE, TargetKind.KIND)}
    return service.id in words or bool(words & set(service.kinds)) or (service.is_social and UMBRELLA in words)


def covers_target(catalogue: Catalogue, outer: tuple[Target, ...], inner: Target) -> bool:
    """Tell whether every name that `inner` is about is also one that some target of `outer` is about."""
    if inner in outer:
        return True
    if inner.kind is TargetKind.SERVICE:
        return covers_service(outer, catalogue.services[inner.value])
    if inner.kind is TargetKind.KIND:
        return inner.value in SOCIAL_KINDS and Target(TargetKind.KIND, UMBRELLA) in outer
    domain = _domain_of(inner)
    if domain is None:
        return False
    if any(target.kind is TargetKind.DOMAIN and is_under(domain.lstrip("="), target.value) for target in outer):
        return True
    return _services_cover_domain(catalogue, outer, domain)


def _domain_of(target: Target) -> str | None:
    """Return the domain that a target is, or is a page of, as the file writes it."""
    if target.kind is TargetKind.PAGE:
        page = known_page(target.value)
        return f"{'=' if page.is_exact else ''}{page.host}"
    return target.value if target.kind is TargetKind.DOMAIN else None


def _services_cover_domain(catalogue: Catalogue, outer: tuple[Target, ...], domain: str) -> bool:
    match = catalogue.lookup(domain.lstrip("="))
    if match is None or not all(covers_service(outer, claim.service) for claim in match.claims):
        return False
    return domain.startswith("=") or all(covers_service(outer, service) for service in services_under(catalogue, domain))


def services_under(catalogue: Catalogue, domain: str) -> list[Service]:
    """Return the services that have a host at or under a domain."""
    return [
        service
        for service in catalogue.services.values()
        if any(is_under(host.lstrip("="), domain) for hosts in service.hosts.values() for host in hosts)
    ]


def decider_before(policy: Policy, rule: Rule, who: Who, target: Target) -> Rule | None:
    """Return an earlier rule that always decides for `who` what `rule` says of `target`, or None."""
    for earlier in policy.rules[: rule.index]:
        if (
            earlier.action is not Action.ENFORCE
            and not earlier.is_timed
            and takes_in(policy, earlier, who)
            and covers_target(policy.catalogue, earlier.targets, target)
        ):
            return earlier
    return None


def week_minutes(windows: Iterable[Window]) -> frozenset[int]:
    """Return the minutes of an ordinary week (Monday 00:00 is 0) inside any of the windows."""
    return frozenset().union(*(_window_minutes(window.days, window.start, window.end) for window in windows))


@lru_cache(maxsize=256)
def _window_minutes(days: frozenset[int], start: int, end: int) -> frozenset[int]:
    week = 7 * MINUTES_A_DAY
    return frozenset((day * MINUTES_A_DAY + minute) % week for day in days for minute in range(start, end))


def never_holds(rule: Rule, *, has_closed_days: bool) -> bool:
    """Tell whether `when` and `unless` leave the rule no minute at all, on any day."""
    unless_windows = [window for span in rule.unless for window in span.windows]
    closed_too = any(span.is_closed_days for span in rule.unless)
    whole_week = TimeSpan((Window(frozenset(range(7)), 0, MINUTES_A_DAY, ignore_closures=True),))
    return all(
        (span in rule.unless)
        or (span.is_closed_days and not has_closed_days)
        or (not span.is_closed_days and all(_swallowed(window, unless_windows, closed_too=closed_too) for window in span.windows))
        for span in (rule.when if rule.when is not None else (whole_week,))
    )


def _swallowed(window: Window, unless: list[Window], *, closed_too: bool) -> bool:
    if any(other.end > MINUTES_A_DAY for other in [window, *unless]):
        return False  # closures are those of the day a window starts on: past midnight the two may differ
    on_closed_days = closed_too or not window.ignore_closures
    over_it = unless if on_closed_days else [other for other in unless if other.ignore_closures]
    return week_minutes([window]) <= week_minutes(over_it)
