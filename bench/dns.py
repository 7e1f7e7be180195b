"""CPU per answered query and delays: Dinnerbell beside Debian's DNS servers, in one run, on loopback, with the same questions.

    python bench/dns.py [SECONDS [ROUNDS]]                                                   (3 3: some minutes; `make bench`)

Each server answers from its cache; ours writes its usage log, dnsmasq is measured with its query log and without, the others write none.
Rounds go through the servers in turn, so that a noisy machine is noisy for all; medians are printed, and ratios to dnsmasq with its log
and to unbound. Delays are measured by a prober of its own beside half of the load that dnsmasq with its log can carry, the same for all.
What is not installed is left out. Needs dnsperf from Debian. Nothing leaves 127.0.0.1.
"""

import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from load import cost, delays, new_names
from peers import EVERY, Peer, is_installed, local_upstream, running

NAMES = 300
QUESTIONS = [f"host{number}.example.org A" for number in range(NAMES)] + ["www.instagram.com A", "tapestryjournal.com A"] * 10
YARDSTICK, AIM = "dnsmasq, query log on", "unbound, no log"
_PROBES = 1500


def start_all(folder: Path, stack: ExitStack) -> dict[Peer, int]:
    """Start every server that is installed; return their processes' numbers."""
    upstream = stack.enter_context(local_upstream())
    found: dict[Peer, int] = {}
    for make in EVERY:
        own = folder / make.__name__
        own.mkdir()
        peer = make(own, upstream, None)
        if is_installed(peer):
            found[peer], _ = stack.enter_context(running(peer))
    return found


def compare_costs(servers: dict[Peer, int], questions: Path, seconds: int, rounds: int, addresses: int) -> dict[str, float]:
    """Print the table of CPU per query; return the answers a second."""
    found: dict[Peer, list[tuple[float, float]]] = {peer: [] for peer in servers}
    for _ in range(rounds):
        for peer, pid in servers.items():
            found[peer].append(cost(pid, peer.port, questions, seconds, addresses))
    costs = {peer.name: statistics.median(each for each, _ in pairs) for peer, pairs in found.items()}
    rates = {peer.name: statistics.median(each for _, each in pairs) for peer, pairs in found.items()}
    print(f"\n{len(QUESTIONS)} questions, all cached, asked from {addresses} addresses; {rounds} rounds of {seconds} s, medians")
    print(f"{'server':<28}{'CPU per query':>15}{'of dnsmasq+log':>16}{'of unbound':>12}{'queries/s':>12}")
    for name, each in costs.items():
        ratios = each / costs.get(YARDSTICK, float("nan")), each / costs.get(AIM, float("nan"))
        print(f"{name:<28}{each:>12.1f} µs{ratios[0]:>15.2f}x{ratios[1]:>11.2f}x{rates[name]:>12,.0f}")
    return rates


def compare_delays(servers: dict[Peer, int], questions: Path, rate: int) -> None:
    """Print how long answers take beside `rate` cached queries a second."""
    cached = [f"host{number % NAMES}.example.org" for number in range(_PROBES)]
    print(f"\ndelays beside {rate:,} cached queries a second; {_PROBES} probes of each, 300 a second")
    print(f"{'server':<28}{'cached: median':>16}{'99 %':>10}{'new name: median':>20}{'99 %':>10}")
    for peer in servers:
        command = ["dnsperf", "-s", "127.0.0.1", "-p", str(peer.port), "-d", str(questions), "-l", "600", "-c", "10", "-Q", str(rate)]
        with Popen(command, stdout=PIPE, stderr=DEVNULL) as load:
            known = delays(peer.port, cached, a_second=300)
            new = delays(peer.port, new_names(_PROBES), a_second=300)
            load.terminate()
            load.communicate()
        print(f"{peer.name:<28}{known[0]:>13.2f} ms{known[1]:>7.2f} ms{new[0]:>17.2f} ms{new[1]:>7.2f} ms")


def main(seconds: int, rounds: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        questions = folder / "questions"
        questions.write_text("\n".join(QUESTIONS) + "\n")
        servers = start_all(folder, stack)
        rates = compare_costs(servers, questions, seconds, rounds, 1)
        compare_costs(servers, questions, seconds, rounds, 50)
        compare_delays(servers, questions, int(rates.get(YARDSTICK, min(rates.values())) / 2))


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*given, *(3, 3)[len(given) :])
