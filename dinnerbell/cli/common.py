"""What several commands share: where the files are, the clock, errors that say what to do, JSON."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, NoReturn
from zoneinfo import ZoneInfo

import click

from dinnerbell.catalogue import Catalogue
from dinnerbell.clock import Clock
from dinnerbell.config import Rules
from dinnerbell.files import RulesFileError, load_rules
from dinnerbell.lists.status import status_sentence
from dinnerbell.lists.store import open_lists
from dinnerbell.log import LogError, LogReader, usage_path
from dinnerbell.model import Device, Pass, plain_address
from dinnerbell.moments import parse_moment
from dinnerbell.names import BadName
from dinnerbell.pages import Sight, host_and_sight
from dinnerbell.pass_store import PassFileError, load_book
from dinnerbell.policy import Policy
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.times import BadTime
from dinnerbell_dns.neighbours import read_neighbours

CLOCK = Clock(time.time, time.monotonic)
"""The one place where the machine's clock is read."""
SINCE_DAYS = 7


class LazyGroup(click.Group):
    """Imports a command when it is asked for: `why` need not wait for the report's templates."""

    commands_at: ClassVar[Mapping[str, str]] = {}
    """Command -> module:name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = self.commands_at.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101
        return command


def now() -> datetime:
    return datetime.fromtimestamp(CLOCK.wall(), UTC)


def fail(message: str, code: int) -> NoReturn:
    """End with an error on stderr: 1, the answer is no; 2, the command was used wrongly."""
    click.echo(f"dinnerbell: {message}", err=True)
    sys.exit(code)


@dataclass(frozen=True, slots=True)
class Where:
    """The files that this call is about."""

    rules_path: Path
    data: Path

    def rules(self) -> Rules:
        """Return the rules, or end with every error of the file (exit 1)."""
        try:
            return load_rules(self.rules_path, now().date()).rules
        except RulesFileError as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    def catalogue(self) -> Catalogue:
        """Return the catalogue with the setting's own services in it, if there are rules."""
        return self.rules().policy.catalogue if self.rules_path.exists() else shipped_catalogue()

    def rules_with_lists(self) -> Rules:
        """Return the rules with the lists of names that were fetched in them, and say on stderr which were not; or end (exit 1)."""
        rules = self.rules()
        opened = open_lists(self.data, rules.box.lists)
        for each in opened.statuses:
            if not each.is_fetched:
                click.echo(f"dinnerbell: {status_sentence(each, now())}", err=True)
        return opened.within(rules)

    def passes(self) -> tuple[Pass, ...]:
        """Return every pass on record, or none and a word on stderr: what the rules say can be told without them."""
        try:
            return load_book(self.data).passes
        except PassFileError as error:
            click.echo(f"dinnerbell: {error}", err=True)
            return ()

    def log(self) -> LogReader:
        """Open the usage log, or end saying why not (exit 1)."""
        try:
            return LogReader(usage_path(self.data))
        except LogError as error:
            fail(str(error), 1)


def device_of(policy: Policy, text: str) -> Device:
    """Return the device a command names, or end (exit 2)."""
    device = policy.device_called(text)
    if device is not None and policy.has_macs and text not in policy.devices:
        address = plain_address(text)
        device = policy.device_at(address, read_neighbours().get(address, ""))  # as the box sees it, if this is the box
    if device is None:
        fail(f"{text!r} is neither a device of the rules nor an address{suggestion(text, policy.devices)}", 2)
    return device


def place_of(text: str) -> tuple[str, Sight | None]:
    """Return the domain name of what a command gives as a name or a URL, and the page of it if there is one, or end (exit 2)."""
    try:
        return host_and_sight(text)
    except BadName as error:
        fail(str(error), 2)


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant a command gives in the setting's local time, or end (exit 2)."""
    try:
        return parse_moment(text, zone)
    except BadTime as error:
        fail(str(error), 2)


def since_of(text: str | None, zone: ZoneInfo) -> datetime:
    return moment_of(text, zone) if text is not None else now() - timedelta(days=SINCE_DAYS)


def suggestion(word: str, among: Any) -> str:
    close = get_close_matches(word, list(among), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def iso(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant as commands print it: ISO 8601 in the setting's local time, with offset."""
    return instant.astimezone(zone).isoformat(timespec="seconds")


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(heads: list[str], rows: list[list[str]]) -> None:
    """Print rows under their heads in columns; text from strangers without control characters."""
    cells = [[_plain(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def write(path: Path, text: str) -> None:
    """Write a document, or end saying why not (exit 1)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"Couldn't write {path}: {error.strerror}", 1)
