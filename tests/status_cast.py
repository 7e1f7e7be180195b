"""A box at Acorn Lane Nursery that is well, for the tests of what it says of itself."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dinnerbell.running.status import CacheState, ClockState, LogState, PassState, ProcessState, RulesState, Status, UpstreamState

LONDON = ZoneInfo("Europe/London")


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


GOOD_LOG = LogState(written_seconds_ago=0.6, lag_seconds=0.0, waiting=0, lost=0, trouble=None)
RULES = RulesState("/etc/dinnerbell/rules.yaml", london("2026-11-23 11:40"), "reload", "0123456789ab", 96, 10, None)
CLOCK = ClockState(london("2026-11-23 12:30"), is_wrong=False, wrong_seconds=0, is_trusted=False)
QUAD9 = UpstreamState("9.9.9.9:53", "plain", "good", "", 900, 2, 12.345)
WELL = Status(
    version="0.1.0",
    since=london("2026-11-21 08:02"),
    seconds=188_880,
    workers=1,
    processes=(ProcessState(1, 4321, True, 13_635, 48_200_000),),
    memory_bytes=48_200_000,
    listening=("0.0.0.0:53", "[::]:53"),
    queries={"allow": 12_345, "block": 1_234, "enforce": 56},
    asked_upstream=900,
    failed_upstream=2,
    cache=CacheState(1_500, 20_000, 1_650_000, 4_000, 23),
    upstreams=(QUAD9,),
    drops={"short": 3, "network": 0},
    log=GOOD_LOG,
    rules=RULES,
    lists=(),
    clock=CLOCK,
    passes=(PassState(4, "office-laptop", "instagram", london("2026-11-23 13:00"), "Iris Wood", "photographs of the fête"),),
)
