"""`dinnerbell status`: what the running box is doing; exit code 1 where none runs."""

import sys
from datetime import UTC, datetime
from typing import Any

import click

from dinnerbell.cli.common import Where, print_json
from dinnerbell.log import LogError, LogReader, usage_path
from dinnerbell.running.status_socket import NotRunning, ask_status


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def status(where: Where, *, as_json: bool) -> None:
    """Show what the running box is doing: rules, look-ups, upstreams, log, clock, passes."""
    try:
        said = ask_status(where.data)
    except NotRunning as problem:
        _not_running(where, str(problem), as_json=as_json)
    if as_json:
        print_json(said["status"])
    else:
        click.echo(said["text"], nl=False)


def _not_running(where: Where, problem: str, *, as_json: bool) -> Any:
    """Say what the data tells of the last box, and end."""
    last: str | None = None
    try:
        with LogReader(usage_path(where.data)) as log:
            minute = log.newest_minute()
            last = None if minute is None else datetime.fromtimestamp(minute * 60, UTC).astimezone().isoformat(timespec="minutes")
        log_text = f"the last minute it logged: {last}" if last else "nothing was logged yet"
    except LogError as error:
        log_text = str(error)
    if as_json:
        print_json({"running": False, "problem": problem, "last_minute": last})
    else:
        click.echo(f"dinnerbell: {problem}; {log_text}", err=True)
    sys.exit(1)
