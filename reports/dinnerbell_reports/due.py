"""When the weekly report is due, and which weeks' reports are to be made. Pure.

Mon 00:00 ── 2026-W47 ── Mon 00:00 ─── due: the first `mon 07:00` (reports.weekly) after the week's end
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dinnerbell.config import ReportConfig
from dinnerbell_reports.week import Week, last_full_week

CATCH_UP_WEEKS = 8
"""How far back a report that was not made is made after all: the box was off over the summer, not for a year."""


def due_at(week: Week, config: ReportConfig) -> datetime:
    """Return the instant (aware) from which on the report of `week` is to be there.

    A time of the wall that does not exist on that day (clocks go forward) is the instant at which it would have been.
    """
    day = week.monday + timedelta(days=7 + config.weekly_day)
    return datetime.combine(day, time(config.weekly_minute // 60, config.weekly_minute % 60), week.zone)


def newest_due(now: datetime, config: ReportConfig, zone: ZoneInfo) -> Week:
    """Return the newest week whose report is due at `now` (aware)."""
    newest = last_full_week(now, zone)
    return newest if due_at(newest, config) <= now else newest.back(1)


def weeks_to_make(now: datetime, config: ReportConfig, zone: ZoneInfo, uptime: Sequence[tuple[int, int]]) -> list[Week]:
    """Return the weeks whose report is due, the oldest first: of the last CATCH_UP_WEEKS, those in which the box was up at all.

    `uptime`: [first minute, last minute], both included.
    """
    newest = newest_due(now, config, zone)
    weeks = [newest.back(step) for step in reversed(range(CATCH_UP_WEEKS))]
    return [each for each in weeks if any(first < each.minutes.stop and last >= each.minutes.start for first, last in uptime)]


def is_past_keeping(week: Week, days: int, today: date) -> bool:
    """Tell whether a report is older than `log.keep: weeks` allows: `days` after the week's end."""
    return (today - (week.monday + timedelta(days=7))).days > days

