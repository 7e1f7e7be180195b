"""`dinnerbell report weekly`: the document that leadership reads and signs."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from dinnerbell.bad_files import load_bad_versions
from dinnerbell.cli.common import Where, fail, now, write
from dinnerbell.rulesfile.messages import did_you_mean, keys_of
from dinnerbell.rulesfile.models import PeopleModel
from dinnerbell.versions import load_versions
from dinnerbell_reports import WeeklyReport, render_csv, render_html, render_json, render_text, weekly
from dinnerbell_reports.annex_values import RefusedFile, RuleChange
from dinnerbell_reports.week import BadWeek, Week, last_full_week, parse_week
from dinnerbell_reports.weekly import TREND_WEEKS

_RENDERERS: dict[str, Callable[[WeeklyReport], str]] = {
    "html": render_html,
    "text": render_text,
    "csv": render_csv,
    "json": render_json,
}
_LATER = ("pdf",)


@click.group()
def report() -> None:
    """Make the documents."""


@report.command("weekly")
@click.option("--week", "week_text", metavar="YYYY-Www", help="The week; the last full one, if left out.")
@click.option("--format", "form", type=click.Choice([*_RENDERERS, *_LATER]), default="text", show_default=True, help="The form of the document.")  # fmt: skip  # noqa: E501
@click.option("--json", "as_json", is_flag=True, help="Print the value itself: the same as --format json.")
@click.option("--for", "reader", metavar="ROLE", default="", help="The edition for one reader, such as manager, without what reports.not-about keeps from them.")  # fmt: skip  # noqa: E501
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file; to the terminal, if left out.")
@click.pass_obj
def weekly_command(where: Where, week_text: str | None, form: str, as_json: bool, reader: str, out: Path | None) -> None:  # noqa: PLR0913 - its options
    """Make the weekly report."""
    if form in _LATER:
        fail("--format pdf is not in this release: make html, and print it to PDF from the browser", 2)
    zone = where.rules().policy.setting.zone
    try:
        week = parse_week(week_text, zone) if week_text else last_full_week(now(), zone)
    except BadWeek as error:
        fail(str(error), 2)
    _check_role(where, reader)
    text = weekly_text(where, week, now(), "json" if as_json else form, reader)
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    write(out, text)
    click.echo(f"The weekly report {week}: {out.resolve()}")


def _check_role(where: Where, reader: str) -> None:
    rules = where.rules()
    roles = list(dict.fromkeys([*keys_of(PeopleModel), *rules.reports.to, *rules.reports.not_about]))
    if reader and reader not in roles:
        fail(f"--for: there is no role `{reader}`{did_you_mean(reader, roles, else_list=len(roles))}", 2)


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
    return _RENDERERS[form](value)


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
