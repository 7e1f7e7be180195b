"""What a decision costs, from 10 to 10,000 devices: the first one for a device and name, and the same one again.

    python bench/decide.py

Best of five rounds, in microseconds. The policy is the shipped rules.yaml with more devices in it.
"""

import time
from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

from dinnerbell.files import load_rules
from dinnerbell.model import Device
from dinnerbell.policy import Ask, Policy, decide

NAMES = ("www.instagram.com", "www.google.com", "static.xx.fbcdn.net", "tapestryjournal.com", "example.org")
AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
FIRST = int(ip_address("10.0.0.1"))


def policy_of(count: int) -> Policy:
    """Return the shipped policy with `count` more devices in its groups."""
    policy = load_rules(Path("rules.yaml"), date(2026, 11, 22)).rules.policy
    groups = [policy.groups["office"], policy.groups["children"]]
    more = {
        f"device-{number}": Device(f"device-{number}", groups[number % 2], (ip_network(FIRST + number),), is_named=True)
        for number in range(count)
    }
    return replace(policy, devices={**policy.devices, **more})


def microseconds(policy: Policy, devices: list[Device]) -> float:
    asks = [Ask(device, name, AT) for device in devices for name in NAMES]
    started = time.perf_counter()
    for ask in asks:
        decide(policy, ask)
    return (time.perf_counter() - started) / len(asks) * 1e6


def main() -> None:
    print(f"{'devices':>8}{'first':>10}{'again':>10}")
    for count in (10, 100, 1_000, 10_000):
        first, again = [], []
        for _ in range(5):
            policy = policy_of(count)
            devices = list(policy.devices.values())[:: max(1, count // 500)]
            first.append(microseconds(policy, devices))
            again.append(microseconds(policy, devices))
        print(f"{count:>8}{min(first):>8.1f}µs{min(again):>8.2f}µs")


if __name__ == "__main__":
    main()
