"""Editions: the report for somebody whom part of the evidence must not reach (policy section 8).

Pure. What is withheld never gets into the value: the log's rows go by before anything is counted, so no total, no trend and no question
can give it away. The whole report is what is read and signed; an edition is a copy of it without those devices.

    not-about: {manager: office-laptop}          whole report       for the lead and the deputy, who sign
                                                 edition            for the manager: nothing of office-laptop in it
"""

from collections.abc import Callable
from dataclasses import replace

from dinnerbell.config import Rules
from dinnerbell.model import Device, is_among
from dinnerbell_reports.people import roles_kept_from


def withheld_from(rules: Rules, reader: str) -> Callable[[str], bool]:
    """Return what tells whether evidence about a device (its name or address) is kept from the holder of the role `reader`.

    "" is the reader of the whole report. What is kept from somebody in one role is kept from that person in every role.
    """
    kept = [word for role in roles_kept_from(rules, reader) for word in rules.reports.not_about[role]]

    def is_withheld(text: str) -> bool:
        device = rules.policy.device_called(text)
        return is_among(device if device is not None else Device(text), kept)

    return is_withheld if kept else lambda _: False


def without(rules: Rules, is_withheld: Callable[[str], bool]) -> Rules:
    """Return the rules with those devices not named: what is not looked at is not missed either (part 3)."""
    devices = {name: device for name, device in rules.policy.devices.items() if not is_withheld(name)}
    return rules if len(devices) == len(rules.policy.devices) else replace(rules, policy=replace(rules.policy, devices=devices))
