"""`dinnerbell services`: the catalogue, with the setting's own services and changes in it, and the commands that keep it true."""

from collections.abc import Mapping
from typing import Any, ClassVar

import click

from dinnerbell.catalogue import Service
from dinnerbell.cli.common import LazyGroup, Where, fail, print_json, print_table, suggestion

_SHOW = "show"


class _IdOrCommand(LazyGroup):
    """`services`, `services ID` and `services COMMAND`: a word that is no command is an id (lint refuses ids that are commands)."""

    commands_at: ClassVar[Mapping[str, str]] = {
        _SHOW: "dinnerbell.cli.services:show",
        "lint": "dinnerbell.cli.services_lint:lint",
        "explain": "dinnerbell.cli.services_explain:explain_command",
        "unknown": "dinnerbell.cli.services_unknown:unknown",
        "table": "dinnerbell.cli.services_table:table",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = [word for word in args if not word.startswith("-")]
        if words and words[0] in self.commands_at:
            args = [words[0], *args[: args.index(words[0])], *args[args.index(words[0]) + 1 :]]  # `services --json lint`
        elif words or not any(word in ctx.help_option_names for word in args):
            args = [_SHOW, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_IdOrCommand, options_metavar="[--json] [ID] | [OPTIONS]", subcommand_metavar="COMMAND [ARGS]...")
def services() -> None:
    """List the services that rules can name, or show one; COMMANDs look after the catalogue."""


@click.command(hidden=True)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def show(where: Where, id_: str | None, as_json: bool) -> None:
    """List the services that rules can name, or show one."""
    known = where.catalogue().services
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
