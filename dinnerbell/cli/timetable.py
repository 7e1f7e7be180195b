"""`dinnerbell timetable`: what is open when, group by group, as the decisions say it."""

import sys
from pathlib import Path
from typing import Any

import click

from dinnerbell.cli.common import Where, fail, iso, now, print_json, suggestion, write
from dinnerbell.policy import Policy
from dinnerbell.timetable.groups import UNKNOWN, group_timetables
from dinnerbell.timetable.html import render_html
from dinnerbell.timetable.text import ASCII, BLOCKS, render_text
from dinnerbell.timetable.week import Day, Row, Timetable, timetable
from dinnerbell_reports.week import BadWeek, Week, parse_week, week_of


@click.command("timetable")
@click.argument("whom", metavar="[DEVICE|GROUP]", required=False)
@click.option("--week", "week_text", metavar="YYYY-Www", help="The week; this one, if left out.")
@click.option("--format", "form", type=click.Choice(["text", "html"]), default="text", show_default=True, help="A grid for the terminal, or a page to print.")  # fmt: skip  # noqa: E501
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file; to the terminal, if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def timetable_command(  # noqa: PLR0913 - one parameter for each option
    where: Where, whom: str | None, week_text: str | None, form: str, out: Path | None, as_json: bool
) -> None:
    """Draw what is open when for one device, one group (or `unknown`), or everybody."""
    policy = where.rules_with_lists().policy
    zone = policy.setting.zone
    try:
        week = parse_week(week_text, zone) if week_text is not None else week_of(now(), zone)
    except BadWeek as error:
        fail(str(error), 2)
    found = _timetables(policy, whom, week)
    if as_json:
        print_json(as_value(policy, week, found))
    elif out is not None:
        write(out, render_html(policy.setting.name, found) if form == "html" else render_text(policy.setting.name, found))
        click.echo(f"The timetable of {week}: {out.resolve()}")
    else:
        click.echo(render_html(policy.setting.name, found) if form == "html" else _for_terminal(policy.setting.name, found), nl=False)


def _timetables(policy: Policy, whom: str | None, week: Week) -> list[Timetable]:
    """Return the timetables asked for, or end (exit 2)."""
    if whom is None:
        return [each for group in [*policy.groups.values(), None] for each in group_timetables(policy, group, week.monday)]
    if whom in policy.groups or whom == UNKNOWN:
        return list(group_timetables(policy, policy.groups.get(whom), week.monday))
    device = policy.device_called(whom)
    if device is None:
        known = [*policy.devices, *policy.groups, UNKNOWN]
        fail(f"{whom!r} is neither a device or group of the rules, nor an address{suggestion(whom, known)}", 2)
    return [timetable(policy, device, week.monday)]


def _for_terminal(setting: str, found: list[Timetable]) -> str:
    """Return the grids in the signs that this terminal has."""
    encoding = sys.stdout.encoding or "ascii"
    text = render_text(setting, found, BLOCKS)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return render_text(setting, found, ASCII).encode(encoding, "replace").decode(encoding)
    return text


def as_value(policy: Policy, week: Week, found: list[Timetable]) -> dict[str, Any]:
    """Return the timetables as `timetable --json` prints them."""
    return {
        "setting": policy.setting.name,
        "week": week.text,
        "timezone": week.zone.key,
        "start": iso(week.start, week.zone),
        "end": iso(week.end, week.zone),
        "days": [_day(day) for day in found[0].days],
        "timetables": [
            {
                "name": each.name,
                "group": each.group,
                "devices": list(each.members),
                "rows": [_row(row, week) for row in each.rows],
                "not_shown": list(each.undrawn),
            }
            for each in found
        ],
    }


def _day(day: Day) -> dict[str, Any]:
    return {"date": day.date.isoformat(), "minutes": day.minutes, "closed": day.closed}


def _row(row: Row, week: Week) -> dict[str, Any]:
    return {
        "what": [{"id": label.id, "name": label.text} for label in row.labels],
        "segments": [
            {
                "start": iso(segment.start, week.zone),
                "end": iso(segment.end, week.zone),
                "verdict": segment.state.verdict.value,
                "enforce": list(segment.state.switches),
            }
            for segment in row.course
        ],
    }
