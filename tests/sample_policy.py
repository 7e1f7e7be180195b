"""The shipped rules.yaml with the shipped catalogue, one device of each group, and moments of every sort, for tables of names."""

from datetime import date
from pathlib import Path

from dinnerbell.rules import read_rules
from dinnerbell.shipped import shipped_catalogue
from tests.cast import at

SAMPLE = Path(__file__).parents[1] / "rules.yaml"
POLICY = read_rules(SAMPLE.read_text(encoding="utf-8"), catalogue=shipped_catalogue(), today=date(2026, 11, 23)).policy
DEVICES = [POLICY.device_called(text) for text in ("office-laptop", "room-tablet-1", "192.168.20.7", "192.168.30.9", "192.168.1.77")]
"""One of each group of the sample, and a device that nobody has named."""
MOMENTS = [
    at(text)
    for text in ("2026-11-23 07:59", "2026-11-23 09:30", "2026-11-23 12:30", "2026-11-27 13:00", "2026-11-28 10:00", "2026-12-25 12:30")
]
"""Before opening, in setting hours, at lunch, after Friday's early lunch, on a Saturday, on a holiday."""
