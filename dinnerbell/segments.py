"""What a name's rules say over time, as one segment: the outcome at an instant, from when, and until when.

Pure. A name's *track* is the tuple of rules that fit it by target, one for each service that claims it; tracks are few where names are
many. Of times, only what a track's own rules look at is looked at:

    track (5, 7, 8):   block by 8 ──┤ allow by 7 ├── block by 8 ──────┤ otherwise ...
    Instagram          08:00      12:00        13:00              18:00
    on a staff phone                 └─ segment ──┘ until
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from dinnerbell.catalogue import Engine
from dinnerbell.changes import next_change
from dinnerbell.model import Action, Rule, Verdict
from dinnerbell.times import TimeSpan

if TYPE_CHECKING:  # the policy keeps segments, and so imports this
    from dinnerbell.policy import Policy

ALWAYS = datetime.min.replace(tzinfo=UTC)
Track = tuple[int, ...]
"""The indexes of the allow and block rules that fit a name by device and target: passes, then the file's in its order."""
Enforced = tuple[tuple[int, Engine], ...]
"""The indexes of the enforce rules that fit a name, each with the engine it would turn the name to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules say at one instant."""

    verdict: Verdict
    rule: int | None
    claim: int
    """Which of the services that share the host decided."""
    enforced_by: Track


@dataclass(frozen=True, slots=True)
class Segment:
    """One outcome over [start, end), and the instant its verdict ends (which is later where only the rule changes)."""

    start: datetime
    end: datetime | None
    until: datetime | None
    outcome: Outcome


def find_segment(policy: "Policy", tracks: tuple[Track, ...], enforce: Enforced, at: datetime) -> Segment:
    engines = dict(enforce)

    def outcome_at(instant: datetime) -> Outcome:
        return _outcome(policy, tracks, tuple(engines), instant)

    def answer_at(instant: datetime) -> tuple[Verdict, str | None]:
        outcome = outcome_at(instant)  # another enforce rule with the same safe host is a change of rule alone
        return outcome.verdict, engines[outcome.enforced_by[0]].target if outcome.enforced_by else None

    timed = [rule for index in {*engines, *(index for track in tracks for index in track)} if (rule := policy.rules[index]).is_timed]
    outcome = outcome_at(at)
    if not timed or policy.clock_is_wrong:
        return Segment(ALWAYS, None, None, outcome)
    spans = [span for rule in timed for span in (*(rule.when or ()), *rule.unless)]
    needs_closures = any(span.is_closed_days or not all(window.ignore_closures for window in span.windows) for span in spans)
    marks = frozenset({0}).union(*(span.marks() for span in spans))
    look = partial(
        next_change,
        at=at,
        zone=policy.setting.zone,
        marks=marks,
        dates={day for rule in timed if rule.approval for day in rule.approval.boundaries},
        closures=policy.closures if needs_closures else None,
        instants={instant for rule in timed if rule.granted for instant in (rule.granted.starts, rule.granted.over_at)},
    )
    end = look(outcome_at)
    return Segment(at, end, look(answer_at) if end else None, outcome)


def _outcome(policy: "Policy", tracks: tuple[Track, ...], enforce: Track, at: datetime) -> Outcome:
    fits = _Clock(policy, at).fits
    verdict, decided_by, claim = policy.otherwise, None, 0
    for position, track in enumerate(tracks):
        rule = next((policy.rules[index] for index in track if fits(policy.rules[index])), None)
        verdict_here = policy.otherwise if rule is None else Verdict(rule.action.value)
        if position == 0 or verdict_here is Verdict.ALLOW:
            verdict, decided_by, claim = verdict_here, rule.index if rule else None, position
        if verdict_here is Verdict.ALLOW:
            break  # a shared host is refused only while all of its services are
    applied = tuple(index for index in enforce if fits(policy.rules[index])) if verdict is Verdict.ALLOW else ()
    return Outcome(Verdict.ENFORCE if applied else verdict, decided_by, claim, applied)


class _Clock:
    """One instant read off this setting's wall, and which rules fit then."""

    __slots__ = ("_at", "_closed", "_day", "_is_wrong", "_minute")

    def __init__(self, policy: "Policy", at: datetime) -> None:
        self._at = at
        self._is_wrong = policy.clock_is_wrong
        local = at.astimezone(policy.setting.zone)
        self._day = local.date()
        self._minute = local.hour * 60 + local.minute
        self._closed = policy.closures.closed

    def fits(self, rule: Rule) -> bool:
        if self._is_wrong and rule.is_timed:
            return rule.action is not Action.ALLOW  # what opens by time stays shut; what closes or makes safe by time does so
        if rule.granted is not None and not rule.granted.covers(self._at):
            return False
        if rule.approval is not None and not rule.approval.covers(self._day):
            return False
        if rule.when is not None and not self._inside(rule.when):
            return False
        return not self._inside(rule.unless)

    def _inside(self, spans: tuple[TimeSpan, ...]) -> bool:
        return any(span.holds(self._day, self._minute, self._closed) for span in spans)
