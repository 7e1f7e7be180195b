"""The weekly report of one week from the disk: made anew while its look-ups are there, as it was kept once they are deleted (shell)."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dinnerbell.bad_files import load_bad_versions
from dinnerbell.config import Rules
from dinnerbell.log import LogReader
from dinnerbell.model import Pass
from dinnerbell.running.console import say
from dinnerbell.versions import load_versions
from dinnerbell_reports import WeeklyReport, render_csv, render_html, render_json, render_text, weekly
from dinnerbell_reports.annex_values import RefusedFile, RuleChange, TrendWeek
from dinnerbell_reports.people import roles_kept_from
from dinnerbell_reports.values import Coverage, Range
from dinnerbell_reports.week import Week
from dinnerbell_reports.weekly import TREND_WEEKS

RENDERERS: Mapping[str, Callable[[WeeklyReport], str]] = {
    "html": render_html,
    "text": render_text,
    "csv": render_csv,
    "json": render_json,
}


class NoEdition(Exception):  # noqa: N818
    """A report of the week was kept, but none without what is kept from this reader."""


def edition_of(rules: Rules, reader: str) -> str:
    """Return the role under which the report for `reader` is kept: "" is the whole one, which most readers get."""
    return reader if roles_kept_from(rules, reader) else ""


def kept_text(log: LogReader, rules: Rules, week: Week, form: str, reader: str) -> str | None:
    """Return the report that was kept of a week of which look-ups are deleted; None: make it from the log. Raises NoEdition."""
    if week.minutes.start >= log.kept_from():
        return None
    edition = edition_of(rules, reader)
    found = log.document(week.text, edition, form)
    if found is None and edition and log.document(week.text, "", form) is not None:
        raise NoEdition(f"{week}: the look-ups are deleted, and no edition for {reader} was kept; the whole report is not for this reader")
    return found


def weekly_value(  # noqa: PLR0913 - what a report is made of
    log: LogReader, rules: Rules, data: Path, passes: Sequence[Pass], week: Week, made_at: datetime, reader: str = ""
) -> WeeklyReport:
    """Return the weekly report from the log, for the holder of the role `reader`, if given."""
    first, after = week.back(TREND_WEEKS - 1).minutes.start, week.minutes.stop
    edition = edition_of(rules, reader)
    kept_from = log.kept_from()
    return weekly(
        rules,
        week,
        rows=list(log.usage(max(first, kept_from), after)),
        traffic=list(log.traffic(first // 60, -(-after // 60))),
        contacts=log.contacts(),
        uptime=log.uptime(first, after),
        losses=log.losses(week.minutes.start, after),
        made_at=made_at,
        passes=passes,
        rule_changes=_rule_changes(data),
        refused_files=_refused_files(data),
        reader=reader,
        wrong_clocks=log.wrong_clocks(week.minutes.start, after),
        slowed=log.slowed(week.minutes.start // 60, -(-after // 60)),
        kept_from=kept_from,
        kept_trend=[found for back in range(TREND_WEEKS) if (found := _kept_trend(log, week.back(back), edition)) is not None],
        deletions=log.deletions(week.minutes.start, after),
        looked=log.looked(week.minutes.start // 60, -(-after // 60)),
        mistaken=log.mistaken(week.minutes.start, after),
        pages_seen=log.pages_seen(week.minutes.start, after),
    )


def _kept_trend(log: LogReader, week: Week, edition: str) -> TrendWeek | None:
    """Return what the trend says of a week, from the report that was kept of it."""
    text = log.document(week.text, edition, "json")
    if text is None:
        return None
    try:
        found = json.loads(text)["pattern"]["trend"][-1]
        return TrendWeek(
            week=str(found["week"]),
            starts_on=date.fromisoformat(found["starts_on"]),
            coverage=Coverage(found["coverage"]),
            is_closed=bool(found["is_closed"]),
            refused=int(found["refused"]),
            approved=_range(found["approved"]),
            not_approved=_range(found["not_approved"]),
        )
    except (KeyError, IndexError, TypeError, ValueError):  # another release's
        return None


def _range(found: Any) -> Range | None:
    return None if found is None else Range(int(found["low"]), int(found["high"]))


def _rule_changes(data: Path) -> list[RuleChange]:
    """Return when other rules came into force; the first version is a beginning, not a change."""
    try:
        versions = load_versions(data)
    except OSError as error:
        say(str(error), error=True)
        return []
    return [RuleChange(version.at, version.by, version.why) for version in versions[1:]]


def _refused_files(data: Path) -> list[RefusedFile]:
    try:
        return [RefusedFile(bad.at, bad.line, bad.errors) for bad in load_bad_versions(data)]
    except OSError as error:
        say(str(error), error=True)
        return []
