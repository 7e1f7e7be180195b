"""`dinnerbell services unknown`: names that the setting's devices ask beside a service's hosts and that nothing claims."""

from typing import Any

import click

from dinnerbell.cli.common import CLOCK, Where, print_json, print_table, since_of
from dinnerbell.curating.unclaimed import Candidate, find_unclaimed
from dinnerbell.model import Owner
from dinnerbell.public_suffixes import registrable


@click.command()
@click.option("--since", metavar='"YYYY-MM-DD HH:MM"', help="The setting's local time; seven days ago, if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def unknown(where: Where, since: str | None, as_json: bool) -> None:
    """Show what the catalogue may lack: domains that the setting's own devices ask beside a service. No device is named."""
    policy = where.rules().policy
    first = int(since_of(since, policy.setting.zone).timestamp() // 60)
    with where.log() as log:
        ours = {contact.device for contact in log.contacts() if contact.owner == Owner.SETTING.value}
        rows = log.lookups(first, int(CLOCK.wall() // 60) + 1)
        asked = ((minute, key.device, key.name) for minute, key, _ in rows if key.device in ours)
        found = find_unclaimed(asked, policy.catalogue, registrable)
    if as_json:
        print_json([_value(each) for each in found])
        return
    if not found:
        click.echo("Nothing: no domain that the catalogue does not know is asked beside one service and hardly elsewhere.")
        return
    print_table(["DOMAIN", "BESIDE", "TIMES", "LIFT", "DEVICES", "NAMES"], [_cells(each) for each in found])
    click.echo("TIMES: how often beside the service, of all. LIFT: how many times more often than by chance, at least.")
    click.echo("Asked beside is not owned by: look before you add a host under `services` of rules.yaml, or send it in for the catalogue.")


def _value(each: Candidate) -> dict[str, Any]:
    return {
        "domain": each.domain,
        "service": each.service,
        "occasions": each.occasions,
        "beside": each.beside,
        "by_chance": round(each.by_chance, 3),
        "devices": each.devices,
        "lift": round(each.beside / each.by_chance, 2),
        "score": round(each.score, 2),
        "names": list(each.names),
    }


def _cells(each: Candidate) -> list[str]:
    times = f"{each.beside} of {each.occasions}"
    return [each.domain, each.service, times, f"{each.score:.1f}", str(each.devices), " ".join(each.names)]
