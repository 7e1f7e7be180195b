"""`dinnerbell services explain NAME`: what a name is and why."""

from typing import Any

import click

from dinnerbell.catalogue import Match
from dinnerbell.cli.common import Where, place_of, print_json
from dinnerbell.curating.explain import Explanation, explain
from dinnerbell.curating.explain_words import CLASS_PHRASES, told
from dinnerbell.shipped import shipped_catalogue


@click.command("explain")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def explain_command(where: Where, name: str, as_json: bool) -> None:
    """Say what NAME is and why: its service and class, the hosts that fit, and what a rule would have to name to refuse it."""
    policy = where.rules_with_lists().policy if where.rules_path.exists() else None
    found = explain(policy.catalogue if policy else shipped_catalogue(), place_of(name)[0], policy)
    if as_json:
        print_json(_value(found))
    else:
        click.echo(told(found))


def _value(found: Explanation) -> dict[str, Any]:
    match = found.match
    return {
        "name": found.name,
        "judged_as": found.judged_as,
        "host": match.host if match else None,
        "services": _claims(match) if match else [],
        "kinds": list(match.kinds) if match else [],
        "counts_as_use": found.is_use,
        "canary": found.canary,
        "helpline": found.is_helpline,
        "sensitive": found.is_sensitive,
        "considered": [_considered(each) for each in found.matches],
        "longer": [_considered(each) for each in found.longer],
        "as_alias": None if found.alias is None else {**_considered(found.alias.match), "left_part": found.alias.is_left_part},
        "enforce": [{"switch": each.switch, "engine": each.engine, "target": each.target} for each in found.turned],
        "targets": list(found.targets),
        "rules": [
            {"name": each.rule.name, "line": each.rule.line, "action": each.rule.action.value, "by": list(each.by)} for each in found.rules
        ],
    }


def _considered(match: Match) -> dict[str, Any]:
    return {"host": match.host, "services": [{"id": claim.service.id, "class": claim.host_class.value} for claim in match.claims]}


def _claims(match: Match) -> list[dict[str, Any]]:
    return [
        {
            "id": claim.service.id,
            "name": claim.service.name,
            "kinds": list(claim.service.kinds),
            "class": claim.host_class.value,
            "meaning": CLASS_PHRASES[claim.host_class],
            "evidence": claim.service.evidence,
            "under_16_law": claim.service.age_law,
            "own": claim.service.own,
            "note": claim.service.note,
            "sources": list(claim.service.sources),
        }
        for claim in match.claims
    ]
