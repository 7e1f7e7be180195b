"""From look-ups to use: sessions as ranges of minutes, episodes of refusal, and how strong the evidence is.

Pure. A look-up is not a person: pages ask for like-buttons, phones keep connections alive. So (DESIGN section 6):

    minute      0   1   2   3   4   5   6   7   8   9  10
    use         ■           ■                       ■           a signature host: somebody is using the service
    companion       □       □                           □       lengthens a `use` look-up of the same or the minute before
    occupied    ■   ■       ■                       ■   ■       5 minutes
    bridged             ·       ·   ·   ·   ·                   gaps of up to 5 minutes are joined: 5 minutes
    session     [───────────────────────────────────────)       5 to 10 minutes, grade B

A page that the proxy saw opened is a visit too, and the session it stands in is grade A: the minutes are the same minutes, so nothing is
counted twice. A visit of one minute is no session. Embeds alone are page content (grade C), never minutes. Beats (six or more single-minute
touches of one host, at least 5 minutes apart, at steady intervals) are the device talking to itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from dinnerbell.catalogue import HostClass, Service
from dinnerbell.model import Verdict
from dinnerbell.usage import BUILT_IN, Usage

MAX_GAP = 5
"""Empty minutes that a session bridges; also the spacing of beats and of refused episodes, in minutes."""
MIN_OCCUPIED = 2
BEAT_TOUCHES = 6
BEAT_VARIATION = 0.25
GRACE_MINUTES = 15
"""After a window ends, refused look-ups are the app not having noticed: no episode."""


class Grade(StrEnum):
    """How strong the evidence is that a person used the service."""

    A = "A"
    """The proxy saw pages load."""
    B = "B"
    """Signature hosts were asked, or the pair that stands for one."""
    C = "C"
    """Page content only: not use."""
    BACKGROUND = "background"
    """Refused, and nothing says that a person was there."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session (allowed), one stretch of page content (grade C) or one episode (refused). [start, end), UTC."""

    device: str
    service: str
    start: datetime
    end: datetime
    minutes_low: int
    minutes_high: int
    grade: Grade
    verdict: Verdict
    lookups: int


Grace = Callable[[str, str, int], bool]
"""(device, name, minute) -> did a window that allowed this end in the 15 minutes before?"""


def sessionise(rows: Iterable[Usage], services: Mapping[str, Service], in_grace: Grace) -> list[Session]:
    """Return what the rows (of any order) show, by start. Rows without a device (kept by kind only) are nobody's."""
    allowed: dict[tuple[str, str], list[Usage]] = defaultdict(list)
    refused: dict[tuple[str, str], list[Usage]] = defaultdict(list)
    for row in rows:
        if not row.device:
            continue
        if row.verdict is Verdict.BLOCK:
            refused[row.device, row.service or row.name].append(row)
        elif row.service is not None:
            allowed[row.device, row.service].append(row)
    found: list[Session] = []
    pairs = {id_ for id_, service in services.items() if service.evidence == "pair"}
    for (device, service), group in allowed.items():
        found += _sessions(device, service, sorted(group, key=_by_minute), needs_pair=service in pairs)
    for (device, service), group in refused.items():
        found += _episodes(device, service, sorted(group, key=_by_minute), in_grace, needs_pair=service in pairs)
    return sorted(found, key=lambda session: (session.start, session.device, session.service))


def _count(rows: Iterable[Usage]) -> int:
    return sum(row.lookups for row in rows if not row.is_page)


def _by_minute(row: Usage) -> int:
    return row.minute


def _sessions(device: str, service: str, rows: Sequence[Usage], *, needs_pair: bool) -> list[Session]:
    visits = _pair_minutes(rows) if needs_pair else {row.minute for row in rows if row.host_class is HostClass.USE}
    visits -= _beats(rows)
    opened = {row.minute for row in rows if row.is_page}
    visits |= opened  # the proxy saw a page: whatever the look-ups look like, somebody was there
    companions = {row.minute for row in rows if row.host_class in (HostClass.COMPANION, HostClass.USE)}
    occupied = visits | {minute for minute in companions if minute - 1 in visits}
    found = []
    spans: list[tuple[int, int]] = []
    for stretch in _stretches(sorted(occupied)):
        if len(stretch) >= MIN_OCCUPIED:
            first, last = stretch[0], stretch[-1]
            spans.append((first, last))
            lookups = _count(row for row in rows if first <= row.minute <= last and row.host_class is not HostClass.EMBED)
            grade = Grade.A if opened & set(stretch) else Grade.B
            found.append(_session(device, service, first, last, (len(stretch), last - first + 1), grade, Verdict.ALLOW, lookups))
    embeds = [row for row in rows if row.host_class is HostClass.EMBED and not any(first <= row.minute <= last for first, last in spans)]
    for stretch in _stretches(sorted({row.minute for row in embeds})):
        lookups = sum(row.lookups for row in embeds if stretch[0] <= row.minute <= stretch[-1])
        found.append(_session(device, service, stretch[0], stretch[-1], (0, 0), Grade.C, Verdict.ALLOW, lookups))
    return found


def _session(  # noqa: PLR0913 - a row's fields
    device: str, service: str, first: int, last: int, minutes: tuple[int, int], grade: Grade, verdict: Verdict, lookups: int
) -> Session:
    return Session(device, service, at_minute(first), at_minute(last + 1), *minutes, grade, verdict, lookups)


def at_minute(minute: int) -> datetime:
    """Return the instant (UTC) at which a minute since 1970 begins."""
    return datetime.fromtimestamp(minute * 60, UTC)


def _pair_minutes(rows: Sequence[Usage]) -> set[int]:
    """Return the minutes in which two different use or companion hosts were asked, in it or in it and the next."""
    names: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        if row.host_class in (HostClass.USE, HostClass.COMPANION):
            names[row.minute].add(row.name)
    found = set()
    for minute, here in names.items():
        if len(here | names.get(minute + 1, set())) > 1:
            found.add(minute)
    return found


def _stretches(minutes: Sequence[int]) -> list[list[int]]:
    """Split sorted minutes where more than MAX_GAP empty ones lie between two."""
    stretches: list[list[int]] = []
    for minute in minutes:
        if stretches and minute - stretches[-1][-1] - 1 <= MAX_GAP:
            stretches[-1].append(minute)
        else:
            stretches.append([minute])
    return stretches


def _beats(rows: Sequence[Usage]) -> set[int]:
    """Return the minutes that are a device's own steady beat, with no other host of the service asked meanwhile."""
    touches = [row for row in rows if row.host_class is not HostClass.EMBED and not row.is_page]
    minutes = sorted({row.minute for row in touches})
    beats: set[int] = set()
    start = 0
    while start + BEAT_TOUCHES <= len(minutes):
        run = _steady_run(minutes, start)
        if len(run) < BEAT_TOUCHES:
            start += 1
            continue
        if len({row.name for row in touches if run[0] <= row.minute <= run[-1]}) == 1:
            beats.update(run)
        start += len(run)
    return beats


def _steady_run(minutes: Sequence[int], start: int) -> Sequence[int]:
    """Return the longest run from `start` of BEAT_TOUCHES or more, at least MAX_GAP apart, whose intervals vary by less than allowed."""
    count = sum_ = squares = 0
    last = start
    for end in range(start + 1, len(minutes)):
        interval = minutes[end] - minutes[end - 1]
        if interval < MAX_GAP:
            break
        count, sum_, squares = count + 1, sum_ + interval, squares + interval * interval
        # standard deviation / mean < v, kept in whole numbers: n * squares - sum^2 < (v * sum)^2
        if count + 1 >= BEAT_TOUCHES and count * squares - sum_ * sum_ < (BEAT_VARIATION * sum_) ** 2:
            last = end
    return minutes[start : last + 1]


def _episodes(device: str, service: str, rows: Sequence[Usage], in_grace: Grace, *, needs_pair: bool) -> list[Session]:
    """Return refused episodes: one per five minutes; background unless a `use` host was asked irregularly."""
    beats = _beats(rows)
    asked = {row.minute for row in rows if row.host_class in (HostClass.USE, None) and row.rule != BUILT_IN}  # a canary is no person
    people = asked | (_pair_minutes(rows) if needs_pair else set())
    people -= beats
    groups: list[list[Usage]] = []
    for row in rows:
        if row.host_class in (HostClass.EMBED, HostClass.SHARED) or in_grace(row.device, row.name, row.minute):
            continue
        if groups and row.minute < groups[-1][0].minute + MAX_GAP:
            groups[-1].append(row)
        else:
            groups.append([row])
    found = []
    for group in groups:
        grade = Grade.B if any(row.minute in people for row in group) else Grade.BACKGROUND
        grade = Grade.A if any(row.is_page for row in group) else grade
        lookups = _count(group)
        found.append(_session(device, service, group[0].minute, group[-1].minute, (0, 0), grade, Verdict.BLOCK, lookups))
    return found
