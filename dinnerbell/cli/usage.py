"""`dinnerbell usage`: sessions, page content and refused episodes."""

from typing import Any
from zoneinfo import ZoneInfo

import click

from dinnerbell.cli.common import CLOCK, Where, device_of, iso, print_json, print_table, since_of
from dinnerbell.grace import make_grace
from dinnerbell.passes import with_passes
from dinnerbell.sessions import Grade, Session, sessionise


@click.command()
@click.option("--device", metavar="D", help="A device's name or address; every device, if left out.")
@click.option("--since", metavar='"YYYY-MM-DD HH:MM"', help="The setting's local time; seven days ago, if left out.")
@click.option("--all", "show_all", is_flag=True, help="Also what was refused in the background, and page content.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def usage(where: Where, device: str | None, since: str | None, show_all: bool, as_json: bool) -> None:
    """Show what was used, as ranges of minutes with the strength of the evidence. Refused look-ups have 0 minutes."""
    policy = with_passes(where.rules().policy, where.passes())  # an app that has not noticed the end of a pass makes no episode
    zone = policy.setting.zone
    first = int(since_of(since, zone).timestamp() // 60)
    only = device_of(policy, device).name if device else None
    with where.log() as log:
        rows = list(log.usage(max(first, log.kept_from()), int(CLOCK.wall() // 60) + 1, only))
        kept = log.sessions(first, only)  # of days whose look-ups are deleted
    found = [*kept, *sessionise(rows, policy.catalogue.services, make_grace(policy))]
    if as_json:
        print_json([_value(session, zone) for session in found])
        return
    heads = ["DEVICE", "SERVICE", "START", "END", "MINUTES", "GRADE", "VERDICT", "LOOK-UPS"]
    shown = [session for session in found if show_all or session.grade in (Grade.A, Grade.B)]
    print_table(heads, [_cells(session, zone) for session in shown])
    if len(shown) < len(found):
        click.echo(f"Not shown: {len(found) - len(shown)} more, refused in the background or page content (--all shows them).")


def _value(session: Session, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "device": session.device,
        "service": session.service,
        "start": iso(session.start, zone),
        "end": iso(session.end, zone),
        "minutes_low": session.minutes_low,
        "minutes_high": session.minutes_high,
        "grade": session.grade.value,
        "verdict": session.verdict.value,
        "lookups": session.lookups,
    }


def _cells(session: Session, zone: ZoneInfo) -> list[str]:
    low, high = session.minutes_low, session.minutes_high
    minutes = str(low) if low == high else f"{low}-{high}"
    start, end = (instant.astimezone(zone) for instant in (session.start, session.end))
    return [
        session.device, session.service, f"{start:%a %d %b %H:%M}", f"{end:%H:%M}", minutes, session.grade.value, session.verdict.value,
        str(session.lookups),
    ]  # fmt: skip
