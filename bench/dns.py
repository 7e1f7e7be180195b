"""CPU per answered query: Dinnerbell beside dnsmasq and unbound, in one run, on loopback, with the same questions.

    python bench/dns.py [SECONDS [ROUNDS]]

Each server answers from its cache; ours writes its usage log, dnsmasq is measured with its query log and without. Rounds go through
the servers in turn, so that a noisy machine is noisy for all; medians are printed, and ratios to dnsmasq with its log.
Needs dnsperf, dnsmasq and unbound from Debian. Nothing leaves 127.0.0.1.
"""

import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dinnerbell.demo.upstream import LocalUpstream

NAMES = 300
RULES = """
setting: {name: Acorn Lane Nursery}
groups: {children: {owner: setting, for: children, addresses: [127.0.0.0/8]}}
rules:
  - {name: Essential, clause: 7, allow: essential}
  - {name: No way round, clause: 3, block: bypass}
  - {name: Children have no access, clause: 6, block: social-media, devices: children}
"""
QUESTIONS = [f"host{number}.example.org A" for number in range(NAMES)] + ["www.instagram.com A", "tapestryjournal.com A"] * 10
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def upstream() -> Iterator[int]:
    """Run a local upstream in a thread of this process; give its port."""
    loop = asyncio.new_event_loop()
    server = LocalUpstream()
    port = loop.run_until_complete(server.start()).port
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def commands(folder: Path, asks: int) -> dict[str, tuple[int, list[str]]]:
    """Return for each server its port and the command that starts it in the foreground."""
    (folder / "rules.yaml").write_text(RULES)
    found: dict[str, tuple[int, list[str]]] = {}
    ours = [sys.executable, "-m", "dinnerbell", "--rules", str(folder / "rules.yaml"), "--data", str(folder / "data"), "run"]
    found["dinnerbell, usage log on"] = (5401, [*ours, "--listen", "127.0.0.1:5401", "--upstream", f"127.0.0.1:{asks}"])
    masq = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--cache-size=10000", "--user=root"]
    masq += [f"--server=127.0.0.1#{asks}", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file"]
    logs = ["--log-queries", f"--log-facility={folder / 'dnsmasq.log'}", "--log-async=100"]
    found["dnsmasq, query log on"] = (5402, [*masq, "--port=5402", *logs])
    found["dnsmasq, no log"] = (5403, [*masq, "--port=5403"])
    (folder / "unbound.conf").write_text(
        f'server:\n interface: 127.0.0.1@5404\n do-daemonize: no\n chroot: ""\n username: ""\n pidfile: ""\n use-syslog: no\n'
        f' module-config: "iterator"\n do-not-query-localhost: no\n num-threads: 1\n directory: "{folder}"\n'
        f'forward-zone:\n name: "."\n forward-addr: 127.0.0.1@{asks}\nremote-control:\n control-enable: no\n'
    )
    found["unbound, no log"] = (5404, ["unbound", "-c", str(folder / "unbound.conf")])
    return {name: (port, command) for name, (port, command) in found.items() if shutil.which(command[0])}


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def load(port: int, questions: Path, seconds: int) -> int:
    """Ask for `seconds`; return how many queries were answered."""
    done = subprocess.run(
        ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(questions), "-l", str(seconds), "-q", "200", "-c", "10"],
        capture_output=True,
        text=True,
        check=True,
    )
    match = re.search(r"Queries completed:\s+(\d+)", done.stdout)
    assert match is not None, done.stdout
    return int(match[1])


def main(seconds: int, rounds: int) -> None:
    costs: dict[str, list[float]] = {}
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        questions = folder / "questions"
        questions.write_text("\n".join(QUESTIONS) + "\n")
        servers = commands(folder, stack.enter_context(upstream()))
        running: dict[str, subprocess.Popen[bytes]] = {}
        for name, (port, command) in servers.items():
            running[name] = stack.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            stack.callback(running[name].terminate)
            subprocess.run(["sleep", "2"], check=True)
            load(port, questions, 1)
        for _ in range(rounds):
            for name, (port, _) in servers.items():
                before = cpu_seconds(running[name].pid)
                answered = load(port, questions, seconds)
                costs.setdefault(name, []).append((cpu_seconds(running[name].pid) - before) / answered * 1e6)
                rates.setdefault(name, []).append(answered / seconds)
    yardstick = statistics.median(costs.get("dnsmasq, query log on", [float("nan")]))
    print(f"{len(QUESTIONS)} names, all cached, {rounds} rounds of {seconds} s, medians")
    print(f"{'server':<28}{'CPU per query':>15}{'of dnsmasq+log':>16}{'queries/s':>12}")
    for name, values in costs.items():
        cost = statistics.median(values)
        print(f"{name:<28}{cost:>12.1f} µs{cost / yardstick:>15.2f}x{statistics.median(rates[name]):>12,.0f}")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*given, *(5, 3)[len(given) :])
