"""What a cached query costs as devices and lists grow, and what a long list takes of memory and start.

    python bench/scale.py [NAMES]                                                  (1000000; `make bench LONG=1`)

Devices: ours alone, with so many in rules.yaml, asked from ten of their addresses. Lists: a made-up list (`lists.py`) of one thousand names
and of NAMES, ours compiled before as the box does it, the others in the form that each has for it. One question in seven is for a name
on the list, the rest for 300 that are not. Medians of three rounds of 2 s that go through the servers in turn. Nothing leaves 127.0.0.1.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from lists import compile_in_process, names_of
from load import cost, memory
from peers import RULES, Peer, dinnerbell, dnsdist, dnsmasq_with_log, dnsmasq_without_log, is_installed, local_upstream, running, unbound

from dns import QUESTIONS

ADDRESSES = 10
WITH_LISTS = (dinnerbell, dnsmasq_with_log, dnsmasq_without_log, unbound, dnsdist)


def rules_with(devices: int) -> str:
    """Return rules with so many devices, the first ones on loopback."""
    lines = [f"  device-{number}: {{group: children, address: {address_of(number)}}}" for number in range(devices)]
    return RULES.replace("rules:\n", "devices:\n" + "\n".join(lines) + "\nrules:\n").replace(", addresses: [127.0.0.0/8]", "")


def address_of(number: int) -> str:
    return f"127.0.0.{number + 1}" if number < 200 else f"10.0.{number // 250}.{number % 250 + 1}"


def in_turn(started: dict[str, tuple[int, Peer]], questions: Path, addresses: int) -> dict[str, float]:
    """Return of each server the CPU microseconds per query."""
    found: dict[str, list[float]] = {name: [] for name in started}
    for _ in range(3):
        for name, (pid, peer) in started.items():
            found[name].append(cost(pid, peer.port, questions, 2, addresses)[0])
    return {name: statistics.median(costs) for name, costs in found.items()}


def devices(folder: Path, upstream: int) -> None:
    questions = folder / "questions"
    questions.write_text("\n".join(QUESTIONS) + "\n")
    with ExitStack() as stack:
        started = {}
        for count in (10, 100, 1_000, 10_000):
            own = folder / f"devices-{count}"
            own.mkdir()
            peer = dinnerbell(own, upstream, rules=rules_with(count))
            started[f"{count:,} devices"] = stack.enter_context(running(peer))[0], peer
        sizes = {name: memory(pid) for name, (pid, _) in started.items()}
        print(f"\nDinnerbell, asked from {ADDRESSES} addresses, all cached\n{'':<28}{'CPU per query':>15}{'memory':>12}")
        for name, each in in_turn(started, questions, ADDRESSES).items():
            print(f"{name:<28}{each:>12.1f} µs{sizes[name]:>9.0f} MB")


def lists(folder: Path, upstream: int, names: list[str]) -> None:
    folder.mkdir()
    (folder / "names.txt").write_text("\n".join(names) + "\n")
    questions = folder / "questions"
    questions.write_text("\n".join([*QUESTIONS, *(f"{name} A" for name in names[:: len(names) // 50])]) + "\n")
    with ExitStack() as stack:
        started, starts, sizes = {}, {}, {}
        for make in WITH_LISTS:
            peer = prepared(make, folder, upstream)
            if is_installed(peer):
                pid, starts[peer.name] = stack.enter_context(running(peer))
                started[peer.name] = pid, peer
        costs = in_turn(started, questions, 1)
        for name, (pid, _) in started.items():
            sizes[name] = memory(pid)
        print(f"\na list of {len(names):,} names\n{'server':<28}{'CPU per query':>15}{'start':>10}{'memory':>12}")
        for name, each in costs.items():
            print(f"{name:<28}{each:>12.1f} µs{starts[name]:>8.2f} s{sizes[name]:>9.0f} MB")


def prepared(make: Callable[[Path, int, Path | None], Peer], folder: Path, upstream: int) -> Peer:
    """Return a server with the list in `folder`; ours has compiled it already."""
    own = folder / make.__name__
    own.mkdir()
    if make is dinnerbell:
        (own / "names.txt").write_text((folder / "names.txt").read_text())
        compile_in_process(own)
        return make(own, upstream, Path("names.txt"))
    return make(own, upstream, folder / "names.txt")


def main(largest: int) -> None:
    with tempfile.TemporaryDirectory() as text, local_upstream() as upstream:
        devices(Path(text), upstream)
        every = names_of(largest)
        for count in (1_000, largest):
            lists(Path(text) / str(count), upstream, every[:count])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
