"""The values a policy is made of: owners, groups, devices, targets, approvals, rules, the setting and its people.

Pure. `rules.py` makes them from the manager's file; `policy.py` decides with them.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dinnerbell.times import TimeSpan

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def plain_address(text: str) -> Address:
    """Return an address without its zone id, IPv4 in IPv6 clothes (::ffff:192.0.2.1) as IPv4. Raises ValueError."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


class Verdict(StrEnum):
    ALLOW = "allow"
    BLOCK = "block"
    ENFORCE = "enforce"
    """Allowed, with a safe host's answer in place of the name's own."""


class Owner(StrEnum):
    SETTING = "setting"
    STAFF = "staff"
    VISITOR = "visitor"
    UNKNOWN = "unknown"

    @property
    def word(self) -> str:
        """Return the word that rules use for the devices of this owner."""
        return "unknown" if self is Owner.UNKNOWN else f"{self.value}-owned"


class Action(StrEnum):
    ALLOW = "allow"
    BLOCK = "block"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    owner: Owner
    is_children: bool = False
    addresses: tuple[Network, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the file, or an address that is not in it (then `name` is the address)."""

    name: str
    group: Group | None = None
    addresses: tuple[Network, ...] = ()
    mac: str | None = None
    is_named: bool = False
    """Written in rules.yaml by name; otherwise known by its address only."""
    line: int = 0
    is_intercepted: bool = False
    """`proxy: intercept`: it trusts the proxy's certificate, so that a refusal can be shown in the site's place."""
    token: str = ""
    """A secret word by which it is known over encrypted DNS, wherever in the network it is; "": none."""

    def __hash__(self) -> int:
        return hash(self.name)  # a key in every decision: hashing all of it would cost more than deciding

    @property
    def owner(self) -> Owner:
        return self.group.owner if self.group else Owner.UNKNOWN


class TargetKind(StrEnum):
    SERVICE = "service"
    KIND = "kind"
    LIST = "list"
    DOMAIN = "domain"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule is about: a service id, a kind (or `social-media`), a list, a domain (with a leading = exactly it), or a page of a
    site (`pages.py`).
    """

    kind: TargetKind
    value: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Policy section 5: formal approval before use. Outside [starts_on, ends_on] (both included) its rule does not fit."""

    starts_on: date
    ends_on: date
    purpose: str = ""
    risk_assessment: str = ""
    approved_by: str = ""
    second_reader: str = ""
    line: int = 0

    @property
    def is_example(self) -> bool:
        return "EXAMPLE" in (self.purpose, self.risk_assessment, self.approved_by, self.second_reader)

    def covers(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on

    @property
    def boundaries(self) -> tuple[date, date]:
        """Return the two days at whose start it begins and ceases to cover."""
        return self.starts_on, self.ends_on + timedelta(days=1) if self.ends_on < date.max else date.max


@dataclass(frozen=True, slots=True)
class Pass:
    """One target opened on one device for a while, by a person, for a reason. `passes.py` says which may be given.

    starts                 revoked_at        ends
      ├── open ─────────────┤ (or) ───────────┤ over, by itself
    """

    id: int
    device: str
    """Its name in rules.yaml, or its address."""
    target: Target
    starts: datetime
    """Instants are whole seconds, UTC."""
    ends: datetime
    by: str
    why: str
    group: str = ""
    """The device's group and owner when the pass was given: what a report may say of it hangs on them."""
    owner: Owner = Owner.UNKNOWN
    revoked_at: datetime | None = None
    revoked_by: str = ""

    @property
    def over_at(self) -> datetime:
        return self.ends if self.revoked_at is None else min(self.ends, self.revoked_at)

    def covers(self, at: datetime) -> bool:
        return self.starts <= at < self.over_at


@dataclass(frozen=True, slots=True)
class Rule:
    index: int
    """Its place: `policy.rules[rule.index]` is this rule. That of a pass counts from the end (-1 is the last), and so sorts first."""
    name: str
    action: Action
    targets: tuple[Target, ...] = ()
    switches: tuple[str, ...] = ()
    """For `enforce`: safe-search, youtube-strict, youtube-moderate."""
    devices: tuple[str | Network, ...] | None = None
    """Names of devices, groups and owners' words, and networks; None: every device."""
    when: tuple[TimeSpan, ...] | None = None
    unless: tuple[TimeSpan, ...] = ()
    approval: Approval | None = None
    clause: str | None = None
    line: int = 0
    when_text: str = ""
    """`when` and `unless` as the manager wrote them."""
    granted: Pass | None = None
    """The pass that this rule stands for: it is in no file, and fits while the pass is open."""

    @property
    def is_timed(self) -> bool:
        return self.when is not None or bool(self.unless) or self.approval is not None or self.granted is not None


def rule_is_for(rule: Rule, device: Device) -> bool:
    """Tell whether the rule's `devices` take in this device."""
    return rule.devices is None or is_among(device, rule.devices)


def is_among(device: Device, listed: Iterable[str | Network]) -> bool:
    """Tell whether `listed` (devices, groups, owners' words, addresses and networks, as rules.yaml lists them) takes in this device."""
    words = {device.owner.word} | ({device.name} if device.is_named else set()) | ({device.group.name} if device.group else set())
    for wanted in listed:
        if isinstance(wanted, str):
            if wanted in words:
                return True
        elif any(_inside(network, wanted) for network in device.addresses):
            return True
    return False


def _inside(network: Network, outer: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and network.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and network.subnet_of(outer)


@dataclass(frozen=True, slots=True)
class People:
    manager: str = ""
    safeguarding_lead: str = ""
    safeguarding_deputies: tuple[str, ...] = ()
    data_controller: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    zone: ZoneInfo
    policy_title: str = "Social Media Policy"
    policy_dated: date | None = None
    policy_review_by: date | None = None
    people: People = People()
