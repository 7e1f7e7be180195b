"""Whose a row of the log is, under the file in force and under the new one.

Pure. The log keeps a device by its name in the file of the day, or by its address. A name that the new file has is that device; one
that it does not have is looked for at the addresses that the file in force gives it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from dinnerbell.model import Device, Owner
from dinnerbell.policy import Policy
from dinnerbell.replay.values import Noted


@dataclass(frozen=True, slots=True)
class Who:
    group: str
    """In the file in force, else as the log noted it; empty: in none."""
    owner: Owner
    label: str
    """The name to print; empty where the device may only be counted."""
    old: Device | None
    """In the file in force; None: it knows neither the name nor an address of it. Likewise `new`."""
    new: Device | None


def make_who(old: Policy, new: Policy, noted: Mapping[str, Noted]) -> Callable[[str], Who]:
    """Return a function from the log's device text to whose it is."""

    @cache
    def who(text: str) -> Who:
        before = old.device_called(text)
        after = new.device_called(text) or _at_its_addresses(new, before)
        note = noted.get(text)
        known = before or after
        if before is None and note is not None:
            group, owner = note
        else:
            group, owner = (known.group.name if known and known.group else ""), known.owner if known else Owner.UNKNOWN
        owners = {device.owner for device in (before, after) if device is not None} | ({note.owner} if note else set())
        return Who(group, owner, text if owners == {Owner.SETTING} else "", before, after)

    return who


def _at_its_addresses(new: Policy, before: Device | None) -> Device | None:
    """Return who the new file says is where `before` was; a device that the file names, if one of its addresses leads to one."""
    if before is None:
        return None
    found = [new.device_at(network.network_address) for network in before.addresses]
    return next((device for device in found if device.is_named), found[0] if found else None)
