"""`dinnerbell report`: the documents that leadership reads and signs."""

from pathlib import Path

import click

from dinnerbell.cli.common import Where, fail, now, write
from dinnerbell.cli.report_due import due_command
from dinnerbell.cli.weekly_document import RENDERERS, weekly_text
from dinnerbell.rulesfile.messages import did_you_mean, keys_of
from dinnerbell.rulesfile.models import PeopleModel
from dinnerbell_reports.week import BadWeek, last_full_week, parse_week

_LATER = ("pdf",)


@click.group()
def report() -> None:
    """Make the documents."""


@report.command("weekly")
@click.option("--week", "week_text", metavar="YYYY-Www", help="The week; the last full one, if left out.")
@click.option("--format", "form", type=click.Choice([*RENDERERS, *_LATER]), default="text", show_default=True, help="The form of the document.")  # fmt: skip  # noqa: E501
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
        week = parse_week(week_text, zone) if week_text is not None else last_full_week(now(), zone)
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


report.add_command(due_command)
