"""`dinnerbell services`: the catalogue, with the setting's own services and changes in it."""

from typing import Any

import click

from dinnerbell.catalogue import Service
from dinnerbell.cli.common import Where, fail, print_json, print_table, suggestion
from dinnerbell.shipped import shipped_catalogue


@click.command()
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def services(where: Where, id_: str | None, as_json: bool) -> None:
    """List the services that rules can name, or show one."""
    catalogue = where.rules().policy.catalogue if where.rules_path.exists() else shipped_catalogue()
    known = catalogue.services
    if id_ is not None and id_ not in known:
        fail(f"{id_!r} is no service{suggestion(id_, known)}", 2)
    shown = [known[id_]] if id_ is not None else sorted(known.values(), key=lambda service: service.id)
    if as_json:
        print_json([_value(service) for service in shown])
    elif id_ is not None:
        _show(shown[0])
    else:
        rows = [[service.id, service.name, ", ".join(service.kinds)] for service in shown]
        print_table(["SERVICE", "NAME", "KINDS"], rows)


def _value(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name,
        "kinds": list(service.kinds),
        "evidence": service.evidence,
        "hosts": {host_class.value: list(hosts) for host_class, hosts in service.hosts.items() if hosts},
    }


def _show(service: Service) -> None:
    click.echo(f"{service.id}: {service.name} ({', '.join(service.kinds)})")
    for host_class, hosts in service.hosts.items():
        for host in hosts:
            click.echo(f"  {host_class.value:<11}{host}")
    if service.note:
        click.echo(f"  note: {service.note}")
    if service.sources:
        click.echo(f"  sources: {', '.join(service.sources)}")
