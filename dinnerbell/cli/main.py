"""`dinnerbell [--rules FILE] [--data DIR] COMMAND`. Exit codes: 0 good, 1 the answer is no, 2 wrong usage."""

from pathlib import Path

import click

from dinnerbell import __version__
from dinnerbell.cli.common import LazyGroup, Where

_COMMANDS = {
    "run": "dinnerbell.cli.run:run",
    "edit": "dinnerbell.cli.edit:edit",
    "check": "dinnerbell.cli.check:check",
    "schema": "dinnerbell.cli.schema:schema",
    "why": "dinnerbell.cli.why:why",
    "pass": "dinnerbell.cli.passes:pass_command",
    "timetable": "dinnerbell.cli.timetable:timetable_command",
    "services": "dinnerbell.cli.services:services",
    "lists": "dinnerbell.cli.lists:lists",
    "devices": "dinnerbell.cli.devices:devices",
    "usage": "dinnerbell.cli.usage:usage",
    "history": "dinnerbell.cli.history:history",
    "replay": "dinnerbell.cli.replay:replay_command",
    "report": "dinnerbell.cli.report:report",
    "proxy": "dinnerbell.cli.proxy:proxy",
    "ca": "dinnerbell.cli.ca:ca",
    "status": "dinnerbell.cli.status:status",
    "demo": "dinnerbell.cli.demo:demo",
}


class _Main(LazyGroup):
    commands_at = _COMMANDS


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dinnerbell")
@click.option("--rules", type=click.Path(path_type=Path), envvar="DINNERBELL_RULES", default="rules.yaml", show_default=True, help="The manager's rules.")  # fmt: skip  # noqa: E501
@click.option("--data", type=click.Path(path_type=Path), envvar="DINNERBELL_DATA", default="data", show_default=True, help="Folder of the usage log.")  # fmt: skip  # noqa: E501
@click.pass_context
def main(context: click.Context, rules: Path, data: Path) -> None:
    """DNS filter, usage log and weekly monitoring report for preschools, nurseries and schools."""
    context.obj = Where(rules, data)
