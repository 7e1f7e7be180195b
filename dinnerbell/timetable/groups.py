"""Whose timetables there are: a group's devices, put together where their weeks are the same.

Pure. A rule can name a single device or a part of a group's addresses, so a group may have several weeks. Named devices are asked
one by one. Addresses are endless, but networks lie inside each other or apart, never across, and what decides at an address is
which of the networks written in the file it lies in. So one address for each network, lying in none that is narrower, stands for all:

    192.168.20.0/24 (the group)   ├●──────────┬───────────────────┤     ● asked: the first address in no narrower network
    192.168.20.64/26 (a rule)                 ├●─────────┤
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from dinnerbell.model import Address, Device, Group, Network, Owner, rule_is_for
from dinnerbell.policy import Policy
from dinnerbell.timetable.week import Row, Timetable, timetable
from dinnerbell.words.wording import network_phrase

_ANYWHERE = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
UNKNOWN = Owner.UNKNOWN.word
NOBODY_NAMED = "any device that nobody has named"


def group_timetables(policy: Policy, group: Group | None, monday: date) -> tuple[Timetable, ...]:
    """Return the weeks of a group (None: of the unknown devices), one for each that differs, in the order of the file."""
    name = group.name if group else UNKNOWN
    by_rules: dict[tuple[int, ...], Timetable] = {}
    by_rows: dict[tuple[Row, ...], tuple[Timetable, dict[str, None]]] = {}  # a dict for its order: there may be thousands of members
    for member, device in _members(policy, group):
        applying = tuple(rule.index for rule in policy.rules if rule_is_for(rule, device))  # all that a decision knows of a device
        if applying not in by_rules:
            by_rules[applying] = timetable(policy, device, monday)
        one = by_rules[applying]
        by_rows.setdefault(one.rows, (one, {}))[1][member] = None
    return tuple(replace(one, name=name, group=name, members=tuple(members)) for one, members in by_rows.values())


def _members(policy: Policy, group: Group | None) -> Iterator[tuple[str, Device]]:
    """Yield the words for each member of the group and the device that answers for it; for an empty group, one as it would be."""
    is_empty = True
    for device in policy.devices.values():
        if device.group == group:
            is_empty = False
            yield device.name, device
    for network, address in stand_ins(policy):
        device = policy.device_at(address)
        if device.group == group and not device.is_named:
            is_empty = False
            yield _phrase(network, policy), device
    if is_empty and group is not None:
        yield "no device yet", Device(group.name, group)


def _phrase(network: Network, policy: Policy) -> str:
    if network in _ANYWHERE:
        return NOBODY_NAMED
    parts = [who for rule in policy.rules for who in rule.devices or () if not isinstance(who, str)]
    parts.extend(each for group in policy.groups.values() for each in group.addresses)
    other = "other " if any(_is_narrower(part, network) for part in parts) else ""
    return f"{other}addresses in {network_phrase(network)}" if network.num_addresses > 1 else network_phrase(network)


def stand_ins(*policies: Policy) -> Iterator[tuple[Network, Address]]:
    """Yield every network written in the files, and the two that hold all addresses, each with an address in no narrower one."""
    networks = list(dict.fromkeys([*_ANYWHERE, *(network for policy in policies for network in _networks(policy))]))
    for network in networks:
        if (address := _own_address(network, networks)) is not None:
            yield network, address


def _networks(policy: Policy) -> list[Network]:
    """Return every network written in the file; groups come first, for the order of reading."""
    groups = [network for group in policy.groups.values() for network in group.addresses]
    devices = [network for device in policy.devices.values() for network in device.addresses]
    rules = [who for rule in policy.rules for who in rule.devices or () if not isinstance(who, str)]
    return [*groups, *devices, *rules]


def _own_address(network: Network, networks: list[Network]) -> Address | None:
    """Return the first address of `network` that lies in no narrower one; None: they fill it."""
    if network.prefixlen == network.max_prefixlen:
        return network.network_address
    narrower = sorted({(int(each.network_address), int(each.broadcast_address)) for each in networks if _is_narrower(each, network)})
    first = int(network.network_address)
    for start, end in narrower:
        if start > first:
            break
        first = max(first, end + 1)
    if first > int(network.broadcast_address):
        return None
    return ipaddress.IPv4Address(first) if network.version == 4 else ipaddress.IPv6Address(first)


def _is_narrower(inner: Network, outer: Network) -> bool:
    return (
        inner.version == outer.version
        and inner.prefixlen > outer.prefixlen
        and int(outer.network_address) <= int(inner.network_address) <= int(outer.broadcast_address)
    )
