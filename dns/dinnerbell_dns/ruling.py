"""From a decision to seconds: how long an answer may live, on the device and in the box's own first cache. Pure.

An answer's TTL is at most the whole seconds to `until` (rounded down), so nothing that was allowed outlives the window:

    now              until - 2      until - 1        until
     │ TTL 3 ──────────┤ TTL 2 ───────┤ TTL 1 ─────────┤ TTL 0 is never needed: the next answer is another one
     └─ the rendered bytes are right until the next whole second before `until`: then they are rendered anew
"""

import math
from dataclasses import dataclass
from datetime import datetime

from dinnerbell.policy import Decision

WATCHED_TTL = 60
"""Seconds: names that a rule or a social service could decide are asked again within a minute, so that use stays visible."""


@dataclass(frozen=True, slots=True)
class Life:
    """How long an answer may live."""

    cap: int | None
    """The most seconds that its TTLs may say; None: no bound of ours."""
    fresh: float
    """Seconds for which bytes rendered now stay right."""

    def shorter(self, other: "Life") -> "Life":
        """Return the life of an answer that both bound."""
        cap = other.cap if self.cap is None else self.cap if other.cap is None else min(self.cap, other.cap)
        return Life(cap, min(self.fresh, other.fresh))


def life(decision: Decision, now: float, *, cap: int | None = None) -> Life:
    """Return the life of an answer to `decision` at `now` (seconds since 1970); `cap`: a bound on the TTL beside its own."""
    if decision.is_watched:
        cap = WATCHED_TTL if cap is None else min(cap, WATCHED_TTL)
    return lasting(decision.until, now, cap=cap)


def lasting(until: datetime | None, now: float, *, cap: int | None = None) -> Life:
    """Return the life of what ends at `until` (None: never), no TTL above `cap`."""
    if until is None:
        return Life(cap, math.inf)
    left = max(0.0, until.timestamp() - now)
    whole = math.floor(left)
    if cap is not None and whole > cap:
        return Life(cap, left - cap)
    return Life(whole, left - whole)
