"""Time zones by name.

Pure but for the zone data that comes with Python's tzdata, which zoneinfo reads.
"""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


def find_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name in zone_names() else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def zone_names() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))
