"""What rules.yaml says beside the policy: how the box listens and asks, what is logged, who gets the reports.

Pure values, made by `rules.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dinnerbell.model import Address, Network, Owner, Verdict
from dinnerbell.policy import Policy


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and port to listen on or to ask; `address` without brackets."""

    address: str
    port: int = 53

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


SYSTEM = "system"
"""As an upstream: the resolvers of the machine or its DHCP lease, never the box itself."""
PRIVATE = "private"
"""As an answer network: loopback, RFC 1918, link-local, ULA and the on-link networks of the box's own interfaces."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One resolver to ask. `scheme`: system, plain (UDP, and TCP on truncation), tls (RFC 7858) or https (RFC 8484)."""

    scheme: str
    endpoint: Endpoint | None = None
    """For plain and tls."""
    tls_name: str = ""
    url: str = ""
    text: str = ""
    """As the manager wrote it."""


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list of names of one's own, for rules to name as `list:NAME`."""

    name: str
    source: str
    """https://, http:// or a path, relative to rules.yaml; as the manager wrote it."""
    refresh_seconds: float = 86400.0
    line: int = 0

    @property
    def is_web(self) -> bool:
        return self.source.startswith(("https://", "http://"))


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Encrypted DNS for devices: DoT (RFC 7858) and DoH (RFC 8484), with a certificate of the setting's."""

    name: str
    """What the certificate is made out to, and devices are told to ask; a device's token stands before it as one more label."""
    certificate: str
    """Path of the certificate with its chain, relative to rules.yaml; as the manager wrote it."""
    key: str
    tls: tuple[Endpoint, ...] = (Endpoint("0.0.0.0", 853), Endpoint("::", 853))
    https: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    listen: tuple[Endpoint, ...] = (Endpoint("0.0.0.0"), Endpoint("::"))
    upstream: tuple[Upstream, ...] = (Upstream(SYSTEM, text=SYSTEM),)
    answer_networks: tuple[str | Network, ...] = (PRIVATE,)
    forward: Mapping[str, Endpoint] = field(default_factory=dict)
    """Zones that a server of their own answers for; the longest that fits. Only there may a name lead to a private address."""
    names: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """Names of the setting's own, each exactly, with their addresses."""
    rate_limit: int = 1000
    """Look-ups a second that one address may make; the box's own machine any number."""
    lists: tuple[ListSource, ...] = ()
    encrypted: Encrypted | None = None


class LogLevel(StrEnum):
    """What is logged of a device's look-ups (DESIGN section 6)."""

    ALL = "all"
    """Every name."""
    WATCHED = "watched"
    """Names that a rule or a social service could decide."""
    REFUSED = "refused"
    NONE = "none"
    """Counts only."""


@dataclass(frozen=True, slots=True)
class LogConfig:
    levels: Mapping[Owner, LogLevel] = field(
        default_factory=lambda: {
            Owner.SETTING: LogLevel.ALL,
            Owner.STAFF: LogLevel.REFUSED,
            Owner.VISITOR: LogLevel.REFUSED,
            Owner.UNKNOWN: LogLevel.REFUSED,
        }
    )
    keep_lookups_days: int = 14
    keep_sessions_days: int = 90
    keep_weeks_days: int = 3 * 365
    flush_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class ReportConfig:
    weekly_day: int = 0
    """Monday is 0."""
    weekly_minute: int = 7 * 60
    """Since 00:00, local time."""
    to: Mapping[str, str] = field(default_factory=dict)
    """Role to mail address."""
    not_about: Mapping[str, tuple[str | Network, ...]] = field(default_factory=dict)
    """Role to the devices (or groups, owners' words, networks) whose evidence goes to someone else (policy section 8)."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line of `expect`: what the manager says must come out."""

    device: str
    name: str
    """A name, or a page as a rule writes it."""
    at: datetime
    verdict: Verdict
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Remark:
    """An error or a warning about the file: where, and a sentence that says what to do. Lines and columns count from 1."""

    line: int
    column: int
    message: str
    width: int = 0
    """How many characters it is about; 0: what stands from `column` to the end of the line; below 0: the file as a whole."""

    def text(self, file_name: str) -> str:
        return f"{file_name}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Rules:
    """One good rules.yaml."""

    policy: Policy
    box: Box = field(default_factory=Box)
    log: LogConfig = field(default_factory=LogConfig)
    reports: ReportConfig = field(default_factory=ReportConfig)
    expectations: tuple[Expectation, ...] = ()
    warnings: tuple[Remark, ...] = ()
    inactive: tuple[Remark, ...] = ()
    """Keys that are understood and checked, whose machinery this release does not have yet."""
