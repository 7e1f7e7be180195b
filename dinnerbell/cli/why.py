"""`dinnerbell why NAME DEVICE`: the decision and its reason."""

from typing import Any

import click

from dinnerbell.cli.common import Where, device_of, iso, moment_of, now, place_of, print_json
from dinnerbell.model import Action
from dinnerbell.passes import with_passes
from dinnerbell.policy import Ask, Decision, Policy, Reason, decide, needs_sight
from dinnerbell.usage import rule_name
from dinnerbell.words.passed_over import Story, story
from dinnerbell.words.plain import sentence


@click.command()
@click.argument("name")
@click.argument("device")
@click.option("--at", "at_text", metavar='"YYYY-MM-DD HH:MM"', help="The setting's local time; now, if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def why(where: Where, name: str, device: str, at_text: str | None, as_json: bool) -> None:
    """Say whether DEVICE (a name or an address) may reach NAME (or a page, as a URL), by which rule, and until when."""
    policy = with_passes(where.rules_with_lists().policy, where.passes())
    zone = policy.setting.zone
    at = moment_of(at_text, zone) if at_text is not None else now()
    host, sight = place_of(name)
    ask = Ask(device_of(policy, device), host, at, sight)
    decision = decide(policy, ask)
    value = as_value(policy, ask, decision)
    if as_json:
        print_json(value)
        return
    click.echo(f"{value['name']} on {ask.device.name} at {value['at']}: {value['verdict'].upper()}")
    click.echo(f"  {value['reason']}")
    if ask.sight is None and needs_sight(policy, ask):
        click.echo("  only some of its pages: the proxy judges each one; ask again with the page")
    for label in ("service", "rule", "clause", "line", "until"):
        if value[label] is not None:
            click.echo(f"  {label}: {value[label]}")
    if value["until"] is None:
        click.echo("  until: this does not change")
    _tell(story(policy, ask, decision))


def _tell(how: Story) -> None:
    """Print which rules were asked, from the top, and what became of each."""
    if not how.steps:
        return
    click.echo("  rules that speak of it, from the top:")
    for step in how.steps:
        number = "pass" if step.rule.granted is not None else str(step.rule.index + 1)
        fate = f"passed over: {step.why_not}" if step.why_not else "makes it safe" if step.rule.action is Action.ENFORCE else "decides"
        click.echo(f"  {number:>4}  {step.rule.name}: {fate}")
    if how.silent:
        click.echo(f"        {how.silent} other{' speaks' if how.silent == 1 else 's speak'} of something else")


def as_value(policy: Policy, ask: Ask, decision: Decision) -> dict[str, Any]:
    """Return the decision as `why --json` prints it."""
    zone = policy.setting.zone
    decided_at = decision.rule.line or None if decision.rule else None  # a pass stands in no file
    return {
        "name": ask.name + (ask.sight.path if ask.sight else ""),
        "device": ask.device.name,
        "at": iso(ask.at, zone),
        "verdict": decision.verdict.value,
        "service": decision.service,
        "kinds": list(decision.kinds),
        "rule": rule_name(decision),
        "clause": decision.rule.clause if decision.rule else None,
        "line": policy.otherwise_line if decision.reason is Reason.OTHERWISE else decided_at,
        "reason": sentence(decision, policy, ask.at, ask.device),
        "until": iso(decision.until, zone) if decision.until else None,
    }
