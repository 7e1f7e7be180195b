"""`dinnerbell report due`: makes the weekly reports that are due and not made yet. The running box calls it (weekly_job.py).

DATA/reports/weekly-2026-W47.html              the whole report, for those who sign
DATA/reports/weekly-2026-W47-manager.html      an edition, for whom `reports.not-about` names
DATA/reports/weekly-2026-W47.json              the value, for whoever wants to count on
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import click

from dinnerbell.cli.common import Where, fail, moment_of, now
from dinnerbell.cli.weekly_document import weekly_text
from dinnerbell.config import Rules
from dinnerbell_reports.due import is_past_keeping, weeks_to_make
from dinnerbell_reports.week import BadWeek, Week, parse_week

FOLDER = "reports"
NICENESS = 15


@click.command("due")
@click.option("--at", "at_text", metavar='"YYYY-MM-DD HH:MM"', help="As if it were then; now, if left out.")
@click.pass_obj
def due_command(where: Where, at_text: str | None) -> None:
    """Make the weekly reports that are due and not there yet, into DATA/reports; take away those past `log.keep: weeks`."""
    os.nice(NICENESS)  # whatever else this machine does comes first
    rules = where.rules()
    zone = rules.policy.setting.zone
    at = moment_of(at_text, zone) if at_text is not None else now()
    folder = where.data / FOLDER
    with where.log() as log:
        uptime = log.uptime(0, int(at.timestamp()) // 60 + 1)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for week in weeks_to_make(at, rules.reports, zone, uptime):
            if not (folder / f"weekly-{week}.html").exists():
                for name, form, reader in _documents(rules, week):
                    _put(folder / name, weekly_text(where, week, at, form, reader))
                click.echo(f"the weekly report {week} is made: {(folder / f'weekly-{week}.html').resolve()}")
        for path, week in _kept(folder, rules):
            if is_past_keeping(week, rules.log.keep_weeks_days, at.astimezone(zone).date()):
                path.unlink()
                click.echo(f"{path.name} was deleted: it is older than `log.keep: weeks` in rules.yaml")
    except OSError as error:
        fail(f"Couldn't keep the weekly report in {folder}: {error.strerror}", 1)


def _documents(rules: Rules, week: Week) -> Iterator[tuple[str, str, str]]:
    """Yield (file name, form, reader), the whole report last: it stands for all of them having been made."""
    for role, devices in rules.reports.not_about.items():
        if devices:
            yield f"weekly-{week}-{role}.html", "html", role
    yield f"weekly-{week}.json", "json", ""
    yield f"weekly-{week}.html", "html", ""


def _put(path: Path, text: str) -> None:
    """Write a document that only its owner may read: there are people in it. Raises OSError."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _kept(folder: Path, rules: Rules) -> Iterator[tuple[Path, Week]]:
    for path in sorted(folder.glob("weekly-*")):
        with contextlib.suppress(BadWeek):
            yield path, parse_week(path.name[len("weekly-") :][:8], rules.policy.setting.zone)

