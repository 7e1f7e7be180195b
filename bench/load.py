"""Asking, and what it cost: dnsperf for the load, a prober for how long an answer takes, /proc for the CPU and memory of a server."""

import os
import random
import re
import socket
import statistics
import subprocess
import time
from pathlib import Path

import dnslib

_TICKS = os.sysconf("SC_CLK_TCK")
_UNDER_WAY = 200


def processes(pid: int) -> list[int]:
    """Return a server's process and all those that it started."""
    children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    return [pid, *(each for child in children for each in processes(child))]


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a server, all its processes and threads, also those that have ended."""
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in processes(pid)]
    return sum(int(each) for field in fields for each in field[11:15]) / _TICKS


def memory(pid: int) -> float:
    """Return the resident MB of a server's processes."""
    lines = [line for each in processes(pid) for line in Path(f"/proc/{each}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def ask(port: int, questions: Path, seconds: int, addresses: int = 1, rate: int | None = None) -> int:
    """Ask for `seconds`, from so many addresses, as fast as it goes or `rate` a second. Return how many queries were answered."""
    clients = 10 if addresses == 1 else 1
    command = ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(questions), "-l", str(seconds), "-c", str(clients)]
    command += ["-q", str(_UNDER_WAY // addresses), *(["-Q", str(rate // addresses)] if rate else [])]
    asking = [
        subprocess.Popen([*command, "-a", f"127.0.0.{number}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for number in range(1, addresses + 1)
    ]
    return sum(_completed(each.communicate()[0]) for each in asking)


def warm(port: int, questions: Path, addresses: int = 1) -> None:
    """Ask every question once from each address: what is measured then comes out of caches, however slowly the machine runs."""
    command = ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(questions), "-n", "1", "-q", "20"]
    for number in range(1, addresses + 1):
        subprocess.run([*command, "-a", f"127.0.0.{number}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def _completed(output: str) -> int:
    match = re.search(r"Queries completed:\s+(\d+)", output)
    assert match is not None, output
    return int(match[1])


def cost(pid: int, port: int, questions: Path, seconds: int, addresses: int = 1) -> tuple[float, float]:
    """Return (microseconds of CPU per answered query, answers a second), all of them cached."""
    warm(port, questions, addresses)
    before = cpu_seconds(pid)
    answered = ask(port, questions, seconds, addresses)
    return (cpu_seconds(pid) - before) / answered * 1e6, answered / seconds


def delays(port: int, names: list[str], *, a_second: int) -> tuple[float, float]:
    """Ask for one name after the other, `a_second` at most. Return (median, 99 %) of the milliseconds that an answer took."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        udp.settimeout(2)
        due = time.perf_counter()
        for name in names:
            message = dnslib.DNSRecord.question(name).pack()
            due = max(due + 1 / a_second, time.perf_counter())
            time.sleep(max(0.0, due - time.perf_counter()))
            asked_at = time.perf_counter()
            udp.send(message)
            try:
                while udp.recv(4096)[:2] != message[:2]:
                    pass  # an answer that came too late for the question before
            except TimeoutError:
                pass  # counts with its two seconds
            found.append((time.perf_counter() - asked_at) * 1000)
    return statistics.median(found), statistics.quantiles(found, n=100)[98]


def new_names(count: int) -> list[str]:
    """Return names that nobody has asked for yet."""
    return [f"{random.randbytes(8).hex()}.example.org" for _ in range(count)]
