"""Warnings about names that must always work: rules, `otherwise: block` and services of one's own that can take them away.

Pure. Certain where it speaks: a rule is safe only where an earlier one, without times, allows the same for each of its devices.
"""

from collections.abc import Iterator

from dinnerbell.catalogue import Catalogue, Service
from dinnerbell.model import Action, Owner, Rule, Target, TargetKind, Verdict
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.rulesfile.reach import Who, covers_service, entries, services_under, takes_in
from dinnerbell.rulesfile.reader import Reader
from dinnerbell.rulesfile.references import OWNER_WORDS

Doubt = tuple[Path, str]
_KIND = "essential"
ESSENTIAL = Target(TargetKind.KIND, _KIND)


def rule_essentials(policy: Policy, rule: Rule) -> Iterator[Doubt]:
    if rule.action is not Action.BLOCK:
        return
    for target in rule.targets:
        victim = _essential_victim(policy, rule, target)
        if victim is not None:
            advice = "put a rule `allow: essential` for the same devices, without times, above it"
            yield ("rules", rule.index), f"rule {rule.index + 1} {rule.name!r} can refuse {victim}: {advice}"
            return


def _essential_victim(policy: Policy, rule: Rule, target: Target) -> str | None:
    """Return an essential service that the rule can refuse because no earlier rule always allows it."""
    if target == ESSENTIAL:
        return None if _is_safe(policy, rule, ESSENTIAL) else "all essential services"
    if target.kind is TargetKind.LIST:  # nobody knows today what will be on it tomorrow
        return None if _is_safe(policy, rule, ESSENTIAL) else f"an essential service, should the list {target.value} name one"
    if target.kind is TargetKind.DOMAIN:
        match = policy.catalogue.lookup(target.value.lstrip("="))
        hit = [claim.service for claim in match.claims] if match else []
        if not target.value.startswith("="):
            hit.extend(services_under(policy.catalogue, target.value))
    else:
        hit = [service for service in policy.catalogue.services.values() if covers_service((target,), service)]
    for service in hit:
        if _KIND not in service.kinds:
            continue
        if not _is_safe(policy, rule, Target(TargetKind.SERVICE, service.id)):
            return f"{service.name}, which is essential"
    return None


def _is_safe(policy: Policy, rule: Rule, target: Target) -> bool:
    """Tell whether for each of the rule's devices an earlier rule always allows the target."""
    earlier = policy.rules[: rule.index]
    return all(any(_always_allows(policy, other, who, target) for other in earlier) for who in entries(rule))


def _always_allows(policy: Policy, rule: Rule, who: Who, target: Target) -> bool:
    if rule.action is not Action.ALLOW or rule.is_timed or not takes_in(policy, rule, who):
        return False
    if target in rule.targets:
        return True
    return target.kind is TargetKind.SERVICE and covers_service(rule.targets, policy.catalogue.services[target.value])


def otherwise_essentials(policy: Policy) -> Iterator[Doubt]:
    if policy.otherwise is not Verdict.BLOCK:
        return
    left_out = [word for word in OWNER_WORDS if not any(_always_allows(policy, rule, word, ESSENTIAL) for rule in policy.rules)]
    if left_out:
        whom = "everyone" if len(left_out) == len(Owner) else " and ".join(f"`{word}`" for word in left_out)
        advice = f"put a rule `allow: essential` for {whom}, without times, above"
        yield ("otherwise",), f"`otherwise: block` can refuse essential services: {advice}"


def own_service_essentials(reader: Reader, policy: Policy) -> Iterator[Doubt]:
    """Warn of a service of the setting's own that takes a listed name, or its door with www., away from an essential one.

    A longer host inside an essential zone is not spoken of: that is how a site is told from its landlord, and it is meant.
    """
    for service in policy.catalogue.services.values():
        if service.own and _KIND not in service.kinds:
            victim = _robbed(reader.known.shipped, service)
            if victim is not None:
                name, owner = victim
                advice = f"add `{_KIND}` to its kinds, or list a longer name that is meant"
                yield ("services", service.id), f"`{service.id}` takes {name} from {owner.name}, which is essential: {advice}"


def _robbed(shipped: Catalogue, service: Service) -> tuple[str, Service] | None:
    for name in (host.removeprefix("=") for hosts in service.hosts.values() for host in hosts):
        match = next(shipped.matches(name), None)
        if match is None or _KIND not in match.kinds:
            continue
        if match.host.removeprefix("=") in (name, name.removeprefix("www.")):
            return name, next(claim.service for claim in match.claims if _KIND in claim.service.kinds)
    return None
