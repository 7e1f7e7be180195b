"""The weekly report as a value, second half: groups, times, what is new, what cannot be shown yet, and the whole.

Pure; see `values.py`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from dinnerbell_reports.values import (
    Approvals,
    Audience,
    Children,
    Coverage,
    Decisions,
    Kept,
    Person,
    Range,
    RefusedLine,
    Sight,
    Staff,
    TheVerdict,
)


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group's week. None: the log does not keep it."""

    group: str
    owner: str
    devices_seen: int
    by_people: int | None
    in_background: int | None
    page_content: int | None
    approved: Range | None
    not_approved: Range | None
    kept: Kept
    is_small: bool
    """A group of people's own devices so small that its totals may point at somebody."""


@dataclass(frozen=True, slots=True)
class Groups:
    lines: tuple[GroupLine, ...]
    number: int = 10
    heading: str = "Group by group"


class Opening(StrEnum):
    """How an hour lies to the setting's hours."""

    OPEN = "open"
    PART = "part"
    SHUT = "shut"
    SKIPPED = "skipped"
    """The clocks go forward over it."""


@dataclass(frozen=True, slots=True)
class HourCell:
    hour: int
    opening: Opening
    refused: int
    """Refused episodes by people that began in this hour."""
    use_up_to: int
    """Device-minutes of use, at most."""


@dataclass(frozen=True, slots=True)
class DayLine:
    day: date
    is_closed: bool
    """A closure: nobody works here that day."""
    has_hours: bool
    """Setting hours fall on this day."""
    refused: int
    refused_out_of_hours: int
    use: Range | None
    """None: use on the setting's devices is not kept."""
    out_of_hours: Range | None
    cells: tuple[HourCell, ...]


@dataclass(frozen=True, slots=True)
class TrendWeek:
    week: str
    starts_on: date
    coverage: Coverage
    is_closed: bool
    refused: int
    approved: Range | None
    """None: use on the setting's devices is not kept."""
    not_approved: Range | None


@dataclass(frozen=True, slots=True)
class Pattern:
    days: tuple[DayLine, ...]
    trend: tuple[TrendWeek, ...]
    """Oldest first; the last is this week."""
    number: int = 11
    heading: str = "When it happened"


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device of the setting by its name, or one that nobody has named by its address."""

    device: str
    group: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class NewService:
    service: str
    groups: tuple[str, ...]
    what: str
    """`used`, `refused` or `used and refused`."""


@dataclass(frozen=True, slots=True)
class NewGroupDevices:
    group: str
    devices: int


@dataclass(frozen=True, slots=True)
class Newcomers:
    devices: tuple[NewDevice, ...]
    unnamed: tuple[NewDevice, ...]
    own: tuple[NewGroupDevices, ...]
    """Staff's and visitors' own devices: how many."""
    services: tuple[NewService, ...]
    compared_weeks: int
    """How many of the three weeks before are kept to compare with."""
    is_first_week: bool
    """The box began to record in this week: everything would be new."""
    number: int = 12
    heading: str = "New this week"


@dataclass(frozen=True, slots=True)
class OpenBypass:
    """A way round that was answered; device empty: a group's total."""

    device: str
    group: str
    service: str
    lookups: int


@dataclass(frozen=True, slots=True)
class Bypass:
    refused: tuple[RefusedLine, ...]
    open: tuple[OpenBypass, ...]
    told: int
    """Devices of the setting whose software asked whether this network filters, and was told so."""
    number: int = 13
    heading: str = "Signs of a way round"


@dataclass(frozen=True, slots=True)
class SelfTests:
    tested: str
    provider: str
    upstream: tuple[str, ...]
    number: int = 14
    heading: str = "Tests, and who filters upstream"


@dataclass(frozen=True, slots=True)
class PassLine:
    """One pass: what was opened beside the rules, for whom, by whom and why. People's own devices appear by their group."""

    what: str
    whom: str
    starts: datetime
    ends: datetime
    minutes: int
    """How long it was open in this week."""
    by: str
    why: str
    revoked_by: str
    """Empty: it ended by itself."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Other rules came into force."""

    at: datetime
    by: str
    """Empty: the file was changed without `dinnerbell edit`, so nobody said who."""
    why: str


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file was saved as rules.yaml that could not be used: the rules from before stayed in force."""

    at: datetime
    line: int
    """Of the first of its errors. What the error says is not told: it may name somebody's own device."""
    errors: int


@dataclass(frozen=True, slots=True)
class Changes:
    rules: tuple[RuleChange, ...]
    passes: tuple[PassLine, ...]
    refused_files: tuple[RefusedFile, ...] = ()
    number: int = 16
    heading: str = "Rule changes and passes"


@dataclass(frozen=True, slots=True)
class EssentialLine:
    service: str
    hosts: tuple[str, ...]
    """Empty for people's own devices."""
    device: str
    group: str
    lookups: int
    rule: str


@dataclass(frozen=True, slots=True)
class MistakenLine:
    at: datetime
    name: str
    device: str
    """Empty for people's own devices."""
    group: str
    rule: str
    words: str
    """What they wrote, cut to a line."""


@dataclass(frozen=True, slots=True)
class Essential:
    lines: tuple[EssentialLine, ...]
    sensitive_lookups: int
    """Refused look-ups of health, union, banking, faith and advice sites: kept without device and name."""
    mistaken: tuple[MistakenLine, ...] = ()
    """What people said to be closed by mistake, on the page that told them that it is closed."""
    number: int = 15
    heading: str = "Essential services refused"


@dataclass(frozen=True, slots=True)
class Records:
    viewers: str
    deleted: str
    retention: str
    looked_into: str = ""
    """What the proxy decrypted; empty where no device is looked into."""
    number: int = 18
    heading: str = "Who looked, and what was deleted"


@dataclass(frozen=True, slots=True)
class Note:
    term: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Reading:
    notes: tuple[Note, ...]
    number: int = 19
    heading: str = "How to read this"


@dataclass(frozen=True, slots=True)
class SignOff:
    reader: Person
    countersign: Person
    number: int = 20
    heading: str = "Read and signed"


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of the twenty that this release cannot fill."""

    number: int
    heading: str


@dataclass(frozen=True, slots=True)
class WeekSpan:
    text: str
    start: datetime
    end: datetime
    hours: int


@dataclass(frozen=True, slots=True)
class WeeklyReport:
    """All of it. Times are local and aware; every text in it is already safe to print (`printable.py`)."""

    setting: str
    zone: str
    policy_title: str
    week: WeekSpan
    made_at: datetime
    audience: Audience
    verdict: TheVerdict
    sight: Sight
    decisions: Decisions
    children: Children
    staff: Staff
    approvals: Approvals
    groups: Groups
    pattern: Pattern
    newcomers: Newcomers
    bypass: Bypass
    tests: SelfTests
    essential: Essential
    changes: Changes
    records: Records
    reading: Reading
    sign_off: SignOff
    missing: tuple[Missing, ...]
    inactive: tuple[str, ...]
    """Keys of rules.yaml that are understood but not acted on yet."""
