"""What the trial found, and what was promised and did not hold."""

import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime

RATE, FLOOD_RATE = 300, 400
"""Questions a second: of the counted devices together, and of the flood."""
UNANSWERED_SHARE = 0.001
"""Of the steady devices' questions, while the box was up."""
MEMORY_GROWTH = 1.05
"""The last quarter of the second half over its second quarter."""
MEMORY_JUDGED_FROM = 600.0
"""Seconds of a trial: the flood needs minutes until the caches are full to their bounds."""


@dataclass(slots=True)
class Findings:
    """What is told at the end. `wrong`: what was promised and did not hold."""

    wrong: list[str] = field(default_factory=list)
    losses: list[tuple[int, float]] = field(default_factory=list)
    """Of each kill -9: look-ups answered that are not in the log, and how many seconds before it the oldest of them was answered."""
    clean_stops: int = 0
    back_after: list[float] = field(default_factory=list)
    reloads: list[float] = field(default_factory=list)
    clock_jumps: int = 0
    sent: int = 0
    answered: int = 0
    unanswered: int = 0
    gap: float = 0.0
    delays: list[float] = field(default_factory=list)

    def check(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.wrong.append(sentence)
            print(f"  WRONG: {sentence}", flush=True)

    def tell(self, seconds: float, logged: int, memory: list[list[float]]) -> None:
        """Print the report. `logged`: look-ups; `memory`: MB, second by second, of each run of the box."""
        early, late = parts(memory[-1], 4)[1::2]
        self.check(seconds < MEMORY_JUDGED_FROM or late <= early * MEMORY_GROWTH, f"memory grew from {early:.1f} to {late:.1f} MB")
        self.check(self.unanswered <= self.sent * UNANSWERED_SHARE, f"{self.unanswered} of {self.sent} questions were not answered")
        delays = statistics.quantiles(self.delays, n=100)
        most = max(max(run) for run in memory if run)
        print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {seconds:.0f} s, {RATE} steady questions/s, {FLOOD_RATE} flooding, 100 broken")
        print(f"steady devices   {self.sent:,} asked, {self.answered:,} answered; {self.unanswered} without an answer while the box was up")
        print(f"answers          median {delays[49] * 1000:.1f} ms, 99 % {delays[98] * 1000:.1f} ms; longest pause {self.gap:.2f} s")
        back = max(self.back_after)
        print(f"restarts         {len(self.losses)} kill -9, {self.clean_stops} clean stops; back after {back:.2f} s at most")
        print(f"lost by kill -9  {', '.join(f'{count} ({since:.2f} s)' for count, since in self.losses)}")
        middle, longest = statistics.median(self.reloads), max(self.reloads)
        print(f"rules changed    {len(self.reloads)} times, in force after {middle:.2f} s, {longest:.2f} at most")
        print(f"clock put        {self.clock_jumps} times, by one and two hours")
        print(f"log              {logged:,} look-ups of the steady devices")
        course = " ".join(f"{part:.0f}" for part in parts(memory[-1], 12))
        print(f"memory           {most:.0f} MB at most; the last run in twelve parts: {course}")
        print(f"{len(self.wrong)} things did not hold" if self.wrong else "everything held")
        for sentence in self.wrong:
            print(f"  {sentence}")


def parts(values: list[float], count: int) -> list[float]:
    """Return the medians of `count` stretches of equal length."""
    return [statistics.median(values[len(values) * at // count : len(values) * (at + 1) // count] or [0.0]) for at in range(count)]
