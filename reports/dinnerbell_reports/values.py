"""The weekly report as a value: what each part says, before anybody decides how it looks.

Pure. Part numbers are those of the report's twenty parts; `number` and `heading` of each part stand in the value so that every
renderer calls it the same. Nothing here can name a staff- or visitor-owned device: such devices exist as group totals only.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Light(StrEnum):
    RED = "red"
    """Somebody should look before the next day's opening."""
    AMBER = "amber"
    """Something needs a decision this week."""
    GREEN = "green"
    """Nothing needs a decision."""


class Proof(StrEnum):
    """What a statement rests on."""

    A = "A"
    """The proxy saw pages load."""
    B = "B"
    """Hosts were asked that only the service's own pages and apps ask."""
    C = "C"
    """Page content only: not use."""
    RECORD = "record"
    """The box's own record, or rules.yaml: counted, not inferred."""


class Standing(StrEnum):
    """By what leave a service was used on the setting's devices."""

    APPROVED = "approved"
    """The rule that allowed it has an approval."""
    NAMED = "allowed by name"
    """No approval, but a rule that names the service itself."""
    OPEN = "not named by any rule"
    """No approval, and no rule that names the service: a wide rule, or `otherwise`, let it through."""


class Kept(StrEnum):
    """Whether use is there to be counted."""

    KEPT = "kept"
    OWN = "own devices"
    """Staff's and visitors' own devices: what they use there, where the rules allow it, is not this report's matter."""
    NOT_KEPT = "not kept"
    """`log:` in rules.yaml does not keep allowed look-ups of these devices."""


class Coverage(StrEnum):
    FULL = "full"
    PART = "part"
    """The older look-ups of the week are already deleted: the numbers are too low."""
    NONE = "none"
    """Nothing is kept of that week."""


@dataclass(frozen=True, slots=True)
class Range:
    """Minutes, from what is certain to what is possible."""

    low: int = 0
    high: int = 0

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def __bool__(self) -> bool:
        return self.high > 0


@dataclass(frozen=True, slots=True)
class Person:
    role: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Somebody whom evidence in this report must not reach (policy section 8)."""

    person: Person
    devices: tuple[str, ...]
    """The setting's devices concerned, by name, and groups."""
    other_devices: int
    """How many devices of other owners are concerned: they are not named."""


@dataclass(frozen=True, slots=True)
class Audience:
    readers: tuple[Person, ...]
    withheld: tuple[Withheld, ...]
    left_out: tuple[Withheld, ...] = ()
    """In an edition: the evidence that was left out of it for this reader."""
    number: int = 1
    heading: str = "Who this is for"


@dataclass(frozen=True, slots=True)
class TheVerdict:
    light: Light
    sentence: str
    number: int = 2
    heading: str = "The week in one sentence"


@dataclass(frozen=True, slots=True)
class Gap:
    """Minutes in setting hours in which the box was not answering."""

    start: datetime
    end: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Silent:
    """A named device of the setting that was not heard of all week; `last_seen` None: never."""

    device: str
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class GroupSeen:
    group: str
    devices: int


@dataclass(frozen=True, slots=True)
class WrongTime:
    """A stretch in which the box's clock was wrong, and what opens by time stayed shut."""

    start: datetime | None
    """None: the box was stopped before its clock was set."""
    after: datetime
    """The newest time known before it."""
    minutes: int
    undated: int
    """Look-ups of it whose time nobody knows: only their number is kept."""


@dataclass(frozen=True, slots=True)
class Slowed:
    """A device, or the devices of a group, that asked faster than the rate limit allows."""

    device: str
    """Empty where the device may only be counted."""
    group: str
    lookups: int
    """Over the limit, and not answered."""


@dataclass(frozen=True, slots=True)
class Sight:
    expected: int
    """Named devices of the setting."""
    seen: int
    silent: tuple[Silent, ...]
    others: tuple[GroupSeen, ...]
    """Devices that are not expected by name, by group."""
    setting_minutes: int
    """Minutes of setting hours in the week so far; of the whole week where rules.yaml has no `setting-hours`."""
    up_minutes: int
    percent: float | None
    """None: the setting was closed all week."""
    gaps: tuple[Gap, ...]
    lost: int
    """Look-ups that were answered and could not be kept."""
    answered: int
    refused: int
    until: datetime | None
    """Set where the report was made before the week was over: what it covers ends here."""
    limits: tuple[str, ...]
    """Sentences: what the box cannot or may not see here."""
    wrong_clock: tuple[WrongTime, ...] = ()
    slowed: tuple[Slowed, ...] = ()
    """The loudest first."""
    number: int = 3
    heading: str = "Could we see?"


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that needs a decision, as a question; `facts` is what it rests on."""

    light: Light
    question: str
    facts: str
    proof: Proof
    part: int
    clause: str | None
    owner: Person
    due: date


@dataclass(frozen=True, slots=True)
class Decisions:
    items: tuple[Decision, ...]
    """At most five, the gravest first."""
    also: tuple[Decision, ...]
    """What did not fit into five; the annex shows it."""
    number: int = 4
    heading: str = "What needs a decision"


@dataclass(frozen=True, slots=True)
class UseLine:
    """Use of one service on one device of the setting."""

    device: str
    group: str
    service: str
    evidence: str
    """`signature`, or `pair`: two different hosts of the service stand for one that only it asks."""
    sessions: int
    minutes: Range
    at_lunch: Range | None
    """None: rules.yaml has no time called `lunch`."""
    out_of_hours: Range
    standing: Standing
    rule: str


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """Refusals of one service: on one device of the setting, or (device empty) in one group."""

    device: str
    group: str
    service: str
    by_people: int
    in_background: int
    out_of_hours: int


@dataclass(frozen=True, slots=True)
class DeviceLine:
    device: str
    group: str
    is_seen: bool
    by_people: int
    in_background: int
    page_content: int
    use: Range | None
    """None: not kept."""
    brief: int
    """Minutes in which a service's own host was answered too briefly to count as use."""


@dataclass(frozen=True, slots=True)
class Children:
    devices: tuple[DeviceLine, ...]
    uses: tuple[UseLine, ...]
    refused: tuple[RefusedLine, ...]
    kept: Kept
    number: int = 6
    heading: str = "Children's devices"


@dataclass(frozen=True, slots=True)
class Staff:
    devices: tuple[DeviceLine, ...]
    uses: tuple[UseLine, ...]
    refused: tuple[RefusedLine, ...]
    kept: Kept
    has_lunch: bool
    number: int = 7
    heading: str = "Staff on the setting's devices"


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """One approval of rules.yaml against what was used under it."""

    rule: str
    clause: str | None
    services: tuple[str, ...]
    devices: tuple[str, ...]
    when: str
    purpose: str
    risk_assessment: str
    approved_by: str
    second_reader: str
    starts_on: date
    ends_on: date
    state: str
    """`in force`, `example`, `not yet`, `ended`."""
    sessions: int | None
    minutes: Range | None
    """None: use is not kept."""


@dataclass(frozen=True, slots=True)
class Approvals:
    lines: tuple[ApprovalLine, ...]
    outside: tuple[UseLine, ...]
    """Use, on the setting's devices, of services that have an approval, but not under it."""
    kept: Kept
    number: int = 8
    heading: str = "Official pages: approvals against use"
