"""Warnings about encrypted DNS: tokens that can be guessed or are of no use, and a name that no device would find. Pure."""

from collections.abc import Iterator

from dinnerbell.config import Box
from dinnerbell.names import is_under
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.nodes import Path

SHORT_TOKEN = 12
"""Characters. Below that a child's name with a number does, and whoever guesses a token is taken for that device."""


def encrypted_doubts(policy: Policy, box: Box) -> Iterator[tuple[Path, str]]:
    for device in policy.devices.values():
        path: Path = ("devices", device.name, "token")
        if device.token and box.encrypted is None:
            yield path, "nobody can use this token: encrypted DNS is not set up (`encrypted` under `box`)"
        elif device.token and len(device.token) < SHORT_TOKEN:
            advice = f"make it {SHORT_TOKEN} characters or more, such as {device.token}-4f7d2c9e81 with letters of your own"
            yield path, f"`{device.token}` is easy to guess, and who guesses it is taken for `{device.name}`: {advice}"
    if box.encrypted is not None and not _is_found(box.encrypted.name, box):
        name = box.encrypted.name
        yield ("box", "encrypted", "name"), f"devices have to find the box as {name}: write its address under `names` of `box`"


def _is_found(name: str, box: Box) -> bool:
    return name in box.names or any(is_under(name, zone) for zone in box.forward)
