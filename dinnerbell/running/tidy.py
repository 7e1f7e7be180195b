"""`python -m dinnerbell.running.tidy DATA RULES NOW`: what is too old is deleted, after what outlives it is kept (shell).

The box starts it once a day, as a process of its own: it neither delays an answer nor stays in the box's memory, and gives way to
whoever answers. First every full week gets its report, while all of its look-ups are there; then, day by day, sessions are kept in the
place of look-ups; then look-ups, sessions and weeks go that are older than `log.keep` allows.
"""

import contextlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from dinnerbell.config import Rules
from dinnerbell.files import RulesFileError, load_rules
from dinnerbell.grace import make_grace
from dinnerbell.log import LogError, LogReader, usage_path
from dinnerbell.log_keeping import LogKeeping
from dinnerbell.model import Pass
from dinnerbell.pass_store import PassFileError, load_book
from dinnerbell.passes import with_passes
from dinnerbell.retention import days_between, limits
from dinnerbell.sessions import sessionise
from dinnerbell.weekly_from_log import RENDERERS, edition_of, weekly_value
from dinnerbell_reports.week import Week, week_of


def tidy(data: Path, rules: Rules, now: datetime) -> None:
    """Keep and delete as `log.keep` says, at `now`. Raises LogError, sqlite3.Error or PassFileError; then what was done stays done."""
    zone = rules.policy.setting.zone
    passes = load_book(data).passes
    keeping = LogKeeping(usage_path(data))
    try:
        oldest = keeping.oldest_lookup()
        if oldest is not None:
            before = limits(rules.log, now, zone)
            first = max(oldest, before.weeks)  # a clock that was wrong may have left minutes of 1970
            _keep_weeks(data, rules, passes, keeping, week_of(datetime.fromtimestamp(first * 60, UTC), zone), now)
            _keep_sessions(data, rules, passes, keeping, max(oldest, before.sessions), before.lookups)
        _delete(keeping, rules, now)
    finally:
        keeping.close()


def _keep_weeks(  # noqa: PLR0913 - what a report is made of
    data: Path, rules: Rules, passes: tuple[Pass, ...], keeping: LogKeeping, week: Week, now: datetime
) -> None:
    known = keeping.documented()
    readers = {edition_of(rules, role) for role in rules.reports.not_about} | {""}
    while week.end <= now:
        with LogReader(usage_path(data)) as log:
            if week.text not in known and log.has_any(week.minutes):
                values = {reader: weekly_value(log, rules, data, passes, week, now, reader) for reader in readers}
                texts = {(reader, form): render(value) for reader, value in values.items() for form, render in RENDERERS.items()}
                keeping.keep_document(week.text, week.minutes.stop, texts)
        week = week.back(-1)


def _keep_sessions(  # noqa: PLR0913 - what sessions are made of
    data: Path, rules: Rules, passes: tuple[Pass, ...], keeping: LogKeeping, oldest: int, before: int
) -> None:
    policy = with_passes(rules.policy, passes)
    in_grace = make_grace(policy)
    with LogReader(usage_path(data)) as log:
        kept_from = log.kept_from()
        for day in days_between(max(oldest, kept_from), before, policy.setting.zone):
            minutes = range(max(day.start, kept_from), day.stop)
            keeping.keep_sessions(minutes, sessionise(log.usage(minutes.start, minutes.stop), policy.catalogue.services, in_grace))
    keeping.advance(before)


def _delete(keeping: LogKeeping, rules: Rules, now: datetime) -> None:
    before = limits(rules.log, now, rules.policy.setting.zone)
    minute = int(now.timestamp()) // 60
    lookups, sessions = keeping.delete_lookups(before.lookups), keeping.delete_sessions(before.sessions)
    weeks, totals = keeping.delete_weeks(before.weeks)
    for what, limit, count in (
        ("look-ups", before.lookups, lookups),
        ("sessions", before.sessions, sessions),
        ("weekly reports", before.weeks, weeks),
        ("hourly totals", before.weeks, totals),
    ):
        if count:
            keeping.note(minute, what, limit, count)


def main() -> None:
    data, rules_path, now = sys.argv[1:]
    os.nice(15)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("700", encoding="ascii")
    at = datetime.fromtimestamp(float(now), UTC)
    try:
        tidy(Path(data), load_rules(Path(rules_path), at.date()).rules, at)
    except (RulesFileError, LogError, PassFileError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
