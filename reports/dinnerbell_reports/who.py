"""Whose a device is, and whether the report may call it by name.

Pure. The privacy of the report is made here: `label` is empty for every device that is not the setting's own, so what is built on
it can only count such devices by group (DESIGN section 6).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from dinnerbell.config import LogConfig, LogLevel
from dinnerbell.model import Device, Group, Owner
from dinnerbell.policy import Policy
from dinnerbell_reports.values import Kept

NOBODY = "devices nobody has named"


class Contact(Protocol):
    """A device that has asked, as the log keeps it (`dinnerbell.log.Contact`, which a pure module may not import)."""

    @property
    def device(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def first_minute(self) -> int: ...
    @property
    def last_minute(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Who:
    """One device. `key` is what evidence is joined by and never printed; `label` is empty where the device may only be counted."""

    key: str
    label: str
    group: str
    owner: Owner
    is_children: bool

    @property
    def is_setting(self) -> bool:
        return self.owner is Owner.SETTING


class Registry:
    """Device texts of the log -> Who. By today's rules.yaml; for what it no longer knows, by what the log noted at the time."""

    def __init__(self, policy: Policy, contacts: Iterable[Contact]) -> None:
        self._policy = policy
        self._contacts = {contact.device: contact for contact in contacts}
        self._known: dict[str, Who] = {}

    def who(self, text: str) -> Who:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._find(text)
        return found

    def _find(self, text: str) -> Who:
        device = self._policy.device_called(text)
        if device is not None:
            return who_is(device)
        contact = self._contacts.get(text)
        owner = Owner(contact.owner) if contact is not None and contact.owner in set(Owner) else Owner.UNKNOWN
        group = f"{contact.group} (no longer in rules.yaml)" if contact is not None and contact.group else NOBODY
        known = self._policy.groups.get(contact.group) if contact is not None else None
        if known is not None:
            return _who(text, known)
        return Who(text, text if owner is Owner.SETTING else "", group, owner, is_children=False)


def who_is(device: Device) -> Who:
    if device.group is None:
        return Who(device.name, "", NOBODY, Owner.UNKNOWN, is_children=False)
    return _who(device.name, device.group)


def _who(key: str, group: Group) -> Who:
    return Who(key, key if group.owner is Owner.SETTING else "", group.name, group.owner, group.is_children)


def keeps_use(log: LogConfig, owner: Owner) -> Kept:
    """Tell whether use on devices of this owner is there to be counted."""
    if owner in (Owner.STAFF, Owner.VISITOR):
        return Kept.OWN
    return Kept.KEPT if _level(log, owner) in (LogLevel.ALL, LogLevel.WATCHED) else Kept.NOT_KEPT


def keeps_refusals(log: LogConfig, owner: Owner) -> bool:
    return _level(log, owner) is not LogLevel.NONE


def _level(log: LogConfig, owner: Owner) -> LogLevel:
    return log.levels.get(owner, LogLevel.ALL if owner is Owner.SETTING else LogLevel.REFUSED)
