"""The weekly report in one form, from the log: what `report weekly`, `report due` and `demo` write."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from dinnerbell.bad_files import load_bad_versions
from dinnerbell.cli.common import Where
from dinnerbell.versions import load_versions
from dinnerbell_reports import WeeklyReport, render_csv, render_html, render_json, render_text, weekly
from dinnerbell_reports.annex_values import RefusedFile, RuleChange
from dinnerbell_reports.week import Week
from dinnerbell_reports.weekly import TREND_WEEKS

RENDERERS: dict[str, Callable[[WeeklyReport], str]] = {
    "html": render_html,
    "text": render_text,
    "csv": render_csv,
    "json": render_json,
}


def weekly_text(where: Where, week: Week, made_at: datetime, form: str, reader: str = "") -> str:
    """Return the weekly report of one week in one form, from the log in `where`; for the holder of the role `reader`, if given."""
    first, after = week.back(TREND_WEEKS - 1).minutes.start, week.minutes.stop
    with where.log() as log:
        value = weekly(
            where.rules(),
            week,
            rows=list(log.usage(first, after)),
            traffic=list(log.traffic(first // 60, -(-after // 60))),
            contacts=log.contacts(),
            uptime=log.uptime(first, after),
            losses=log.losses(week.minutes.start, after),
            made_at=made_at,
            passes=where.passes(),
            rule_changes=_rule_changes(where.data),
            refused_files=_refused_files(where.data),
            reader=reader,
            wrong_clocks=log.wrong_clocks(week.minutes.start, after),
            slowed=log.slowed(week.minutes.start // 60, -(-after // 60)),
        )
    return RENDERERS[form](value)


def _rule_changes(data: Path) -> list[RuleChange]:
    """Return when other rules came into force; the first version is a beginning, not a change."""
    try:
        versions = load_versions(data)
    except OSError as error:
        click.echo(f"dinnerbell: {error}", err=True)
        return []
    return [RuleChange(version.at, version.by, version.why) for version in versions[1:]]


def _refused_files(data: Path) -> list[RefusedFile]:
    try:
        return [RefusedFile(bad.at, bad.line, bad.errors) for bad in load_bad_versions(data)]
    except OSError as error:
        click.echo(f"dinnerbell: {error}", err=True)
        return []
