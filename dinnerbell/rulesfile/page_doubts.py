"""Warnings about rules for pages: they have an effect only on devices that the proxy looks into.

Pure.
"""

from collections.abc import Iterator

from dinnerbell.model import Action, Rule, TargetKind, rule_is_for
from dinnerbell.page_rules import NEVER_INSIDE
from dinnerbell.pages import known_page
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.words.wording import joined

_ADVICE = "write `proxy: intercept` at the devices it is for, and let them trust the proxy's certificate"


def page_doubts(policy: Policy, rule: Rule) -> Iterator[tuple[Path, str]]:
    pages = [known_page(target.value) for target in rule.targets if target.kind is TargetKind.PAGE]
    if not pages:
        return
    path: Path = ("rules", rule.index)
    called = f"rule {rule.index + 1} {rule.name!r}"
    meant = [device for device in policy.devices.values() if rule_is_for(rule, device)]
    blind = [f"`{device.name}`" for device in meant if not device.is_intercepted and rule.devices and device.name in rule.devices]
    remains = "the site stays as other rules have it" if rule.action is Action.BLOCK else "the whole site stays closed there"
    if not any(device.is_intercepted for device in meant):
        yield path, f"{called} has no effect without the proxy: DNS sees no pages, so {remains}; {_ADVICE}"
    elif blind:
        yield path, f"{called} has no effect on {joined(blind)}, which the proxy does not look into: {_ADVICE}"
    for page in pages:
        match = policy.catalogue.lookup(page.host)
        if match is not None and not NEVER_INSIDE.isdisjoint(match.kinds):
            yield path, f"{called}: nobody looks into {page.host} ({joined(match.kinds)}), so the proxy cannot tell its pages apart"
