"""`dinnerbell demo`: a believable week of a nursery that does not exist, through the real server, and its report."""

import asyncio
import shutil
import sys
import webbrowser
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import click

from dinnerbell.cli.common import CLOCK, Where, fail, now, write
from dinnerbell.cli.weekly_document import weekly_text
from dinnerbell.demo.player import Played, play
from dinnerbell.demo.week import DEMO_MONDAY, play_weeks
from dinnerbell.files import load_rules
from dinnerbell.shipped import demo_rules_text
from dinnerbell_reports.week import BadWeek, Week, parse_week

FOLDER = "demo"
"""Under the data folder, so that the setting's own log is never touched."""


@click.command()
@click.option("--week", "week_text", metavar="YYYY-Www", help="The week to play; one in November 2026, if left out.")
@click.option("--weeks", type=click.IntRange(1, 4), default=4, show_default=True, help="How many weeks up to it, for the trend.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another week.")
@click.option("--open/--no-open", "open_it", default=False, help="Open the report in the browser.")
@click.pass_obj
def demo(where: Where, week_text: str | None, weeks: int, seed: int, open_it: bool) -> None:
    """Play a week of a fictional nursery as real DNS queries on loopback, and write its weekly report."""
    folder = where.data / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rules_path = folder / "rules.yaml"
    rules_path.write_text(demo_rules_text(), encoding="utf-8")
    rules = load_rules(rules_path, now().date()).rules
    zone = rules.policy.setting.zone
    week = _week(week_text, zone)
    click.echo(f"Playing {weeks} weeks of {rules.policy.setting.name}, up to {week}, through the real server on loopback.")
    progress = _Progress(week.monday + timedelta(weeks=1 - weeks), weeks * 7)
    script = play_weeks(week.monday, zone, weeks=weeks, seed=seed)
    played = asyncio.run(play(rules, script, folder, progress.day))
    progress.end(played)
    made_at = week.end + timedelta(hours=7)
    path = folder / f"weekly-{week}.html"
    write(path, weekly_text(Where(rules_path, folder), week, made_at, "html"))
    click.echo(f"The report: {path.resolve()}")
    click.echo(f"More of it: dinnerbell --rules {rules_path} --data {folder} usage --since '{week.monday} 00:00'")
    if open_it:
        webbrowser.open(path.resolve().as_uri())


def _week(text: str | None, zone: ZoneInfo) -> Week:
    if text is None:
        return Week(DEMO_MONDAY, zone)
    try:
        return parse_week(text, zone)
    except BadWeek as error:
        fail(str(error), 2)


class _Progress:
    """A line that grows on a terminal; a line a day where the output goes to a file."""

    def __init__(self, first: date, days: int) -> None:
        self._first = first
        self._days = days
        self._started = CLOCK.ticks()
        self._is_terminal = sys.stderr.isatty()

    def day(self, day: date, played: Played) -> None:
        done = (day - self._first).days + 1
        bar = "#" * (30 * done // self._days)
        end = "\r" if self._is_terminal else "\n"
        click.echo(f"  [{bar:<30}] {day:%a %d %b %Y}  {played.queries:>6} queries", nl=False, err=True)
        click.echo(end, nl=False, err=True)

    def end(self, played: Played) -> None:
        if self._is_terminal:
            click.echo(err=True)
        seconds = CLOCK.ticks() - self._started
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(played.outcomes.items()))
        click.echo(f"{played.queries} queries in {seconds:.1f} s: {outcomes}; {played.unanswered} without an answer.")
