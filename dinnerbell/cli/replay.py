"""`dinnerbell replay NEW_RULES`: what another rules file would have decided of what the log kept."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from dinnerbell.cli.common import CLOCK, SINCE_DAYS, Where, iso, print_json, since_of
from dinnerbell.config import Rules
from dinnerbell.log import LogReader
from dinnerbell.model import Owner
from dinnerbell.passes import with_passes
from dinnerbell.policy import Policy
from dinnerbell.replay import Gap, LogFacts, Noted, Replay, Row, describe, replay

PROGRESS_SECONDS = 2.0
_ROWS_A_LOOK = 0x3FFF
"""Rows between two looks at the clock, less one: a mask."""


@click.command("replay")
@click.argument("new_rules", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--since", metavar='"YYYY-MM-DD HH:MM"', help="The setting's local time; seven days ago, if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def replay_command(where: Where, new_rules: Path, since: str | None, as_json: bool) -> None:
    """Say what would have been decided differently under NEW_RULES, a rules file that is not in force. Nothing is changed."""
    rules, passes = where.rules_with_lists(), where.passes()
    old = with_passes(rules.policy, passes)
    # what was opened by a pass would have been under any file
    new = with_passes(Where(new_rules, where.data).rules_with_lists().policy, passes)
    zone = old.setting.zone
    first, after = int(since_of(since, zone).timestamp() // 60), int(CLOCK.wall() // 60) + 1
    with where.log() as log:
        result = replay_log(log, rules, old, new, first, after)
    if as_json:
        print_json(_value(result, new_rules, zone))
        return
    window = f"since {datetime.fromtimestamp(first * 60, zone):%a %d %b %Y %H:%M}" if since else f"of the last {SINCE_DAYS} days"
    click.echo(describe(result, new_rules.name, old, new, window))


def replay_log(log: LogReader, rules: Rules, old: Policy, new: Policy, first: int, after: int) -> Replay:  # noqa: PLR0913 - one question
    """Decide the minutes [first, after) of the log again, with progress on stderr. `rules`: the file in force."""
    return replay(_watched(log.lookups(first, after), first, after), old, new, _facts(log, first, after, rules))


def _facts(log: LogReader, first: int, after: int, rules: Rules) -> LogFacts:
    """Return what the log knows beside its rows, for the minutes [first, after)."""
    uptime = log.uptime(first, after)
    return LogFacts(
        since=first,
        until=after,
        noted={contact.device: Noted(contact.group, _owner(contact.owner)) for contact in log.contacts()},
        traffic=tuple(log.traffic(first // 60, -(-after // 60))),
        losses=log.losses(first, after),
        starts=min((start for start, _ in uptime), default=None),
        levels=rules.log.levels,
    )


def _owner(text: str) -> Owner:
    return Owner(text) if text in set(Owner) else Owner.UNKNOWN


def _watched(rows: Iterable[Row], first: int, after: int) -> Iterator[Row]:
    """Pass rows on and say on stderr how far they are: a line that grows on a terminal, else one every two seconds."""
    is_terminal = sys.stderr.isatty()
    pause = PROGRESS_SECONDS / 10 if is_terminal else PROGRESS_SECONDS
    due = CLOCK.ticks() + pause
    has_line = False
    for count, row in enumerate(rows):
        if not count & _ROWS_A_LOOK and CLOCK.ticks() >= due:
            due = CLOCK.ticks() + pause
            has_line = is_terminal
            done = 100 * (row[0] - first) // max(1, after - first)
            start, end = ("\r", "") if is_terminal else ("", "\n")
            click.echo(f"{start}  {done:>3} % of the time, {count:,} rows{end}", nl=False, err=True)
        yield row
    if has_line:
        click.echo(err=True)


def _value(result: Replay, new_rules: Path, zone: ZoneInfo) -> dict[str, Any]:
    def instant(minute: int) -> str:
        return iso(datetime.fromtimestamp(minute * 60, UTC), zone)

    def gap(found: Gap) -> dict[str, Any]:
        return {
            "why": found.why.value,
            "owner": found.owner.word if found.owner else None,
            "level": found.level.value if found.level else None,
            "rows": found.rows,
            "lookups": found.lookups,
            "at_most": found.is_at_most,
            "line": found.line,
            "until": instant(found.until) if found.until is not None else None,
        }

    return {
        "new_rules": str(new_rules),
        "since": instant(result.since),
        "until": instant(result.until),
        **{name: getattr(result, name)._asdict() for name in ("read", "changed", "unjudged", "drifted", "built_in")},
        "directions": [
            {
                "from": direction.was.value,
                "to": direction.becomes.value,
                "rows": direction.rows,
                "lookups": direction.lookups,
                "groups": [{"group": group or None, "lookups": lookups} for group, lookups in direction.groups],
                "devices": [{"device": device, "lookups": lookups} for device, lookups in direction.devices],
                "names": [{"name": name, "lookups": lookups} for name, lookups in direction.names],
            }
            for direction in result.directions
        ],
        "changes": [
            {
                "group": change.group or None,
                "owner": change.owner.word,
                "service": change.service,
                "domain": change.domain,
                "from": change.was.value,
                "to": change.becomes.value,
                "hour": change.hour,
                "rows": change.rows,
                "lookups": change.lookups,
            }
            for change in result.changes
        ],
        "not_redecided": [gap(found) for found in result.gaps],
        "small_groups": list(result.small_groups),
    }
