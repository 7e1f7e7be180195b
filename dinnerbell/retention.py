"""What may be kept for how long (`log.keep`), as minutes and days on the setting's clock. Pure.

    ├── weekly reports and totals: 3y ───────────────────────────────────────────────────────┤
                                          ├── sessions: 90d ─────────────────────────────────┤
                                                                        ├── look-ups: 14d ───┤ today
    deleted                               computed from the look-ups before these go         │

Days are whole ones: what is older than 14 days is what lies before 00:00 of the day 14 days ago. So with 14d a report made on a Monday
still has all look-ups of two whole weeks. Sessions are kept day by day, so one across midnight is kept as two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from dinnerbell.config import LogConfig


@dataclass(frozen=True, slots=True)
class Limits:
    """Minutes since 1970 before which each is deleted."""

    lookups: int
    sessions: int
    weeks: int


def limits(log: LogConfig, now: datetime, zone: ZoneInfo) -> Limits:
    return Limits(*(_minute(now, zone, days) for days in (log.keep_lookups_days, log.keep_sessions_days, log.keep_weeks_days)))


def _minute(now: datetime, zone: ZoneInfo, days: int) -> int:
    day = now.astimezone(zone).date() - timedelta(days=days)
    return int(datetime.combine(day, time(), zone).timestamp()) // 60


def days_between(first: int, before: int, zone: ZoneInfo) -> Iterator[range]:
    """Yield the minutes of each local day of [first, before), both local midnights or any minute of the first day."""
    day = datetime.fromtimestamp(first * 60, zone).date()
    while True:
        start, end = (int(datetime.combine(day + timedelta(days=step), time(), zone).timestamp()) // 60 for step in (0, 1))
        if start >= before:
            return
        yield range(start, min(end, before))
        day += timedelta(days=1)
