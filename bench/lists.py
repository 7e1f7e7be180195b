"""Lists of one's own: compile, memory, start, look-ups and reload, from one thousand to one million names.

    python bench/lists.py [NAMES]

The list is made up from a seed: as long and as alike as real ones. Times are best of five where a line does not say otherwise; memory is
the resident set after 20,000 look-ups all over the list (mapped pages that were touched count, and can be given back by the kernel).
Nothing leaves 127.0.0.1.
"""

import contextlib
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path

import dnslib

from dinnerbell.files import load_rules
from dinnerbell.lists.store import lists_folder, open_list
from dinnerbell.model import Device
from dinnerbell.policy import Ask, decide

AT = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ENDS = ["com"] * 5 + ["net", "org", "info", "co.uk", "de", "ru", "top", "xyz", "io"]
RULES = """
setting: {name: Acorn Lane Nursery}
rules:
  - {name: Essential, clause: 7, allow: essential}
  - {name: Malware, clause: 3, block: %s}
  - {name: Children have no access, clause: 6, block: social-media, devices: children}
log: {unknown: all}
"""
LISTS = "box: {lists: {malware: {from: names.txt}}}\n"


def names_of(count: int) -> list[str]:
    """Return `count` different made-up names."""
    pick = random.Random(4)
    words = ["".join(pick.choices(LETTERS, k=pick.randint(3, 9))) for _ in range(40_000)]
    found: dict[str, None] = {}
    while len(found) < count:
        host = pick.choice(("", "", "www.", "ads.", "cdn.", f"s{pick.randint(0, 99)}."))
        found[f"{host}{pick.choice(words)}{pick.choice(('', '-'))}{pick.choice(words)}.{pick.choice(ENDS)}"] = None
    return list(found)


def write_list(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "names.txt").write_text("\n".join(names) + "\n")
    (folder / "rules.yaml").write_text(RULES % "list:malware" + LISTS)


def compile_in_process(folder: Path) -> tuple[float, float, float]:
    """Compile as the box does. Return (seconds, CPU seconds, peak MB of that process)."""
    before, peak = resource.getrusage(resource.RUSAGE_CHILDREN), 0.0
    started = time.perf_counter()
    arguments = [str(folder / "data"), str(folder), "malware", "names.txt", str(time.time())]
    with subprocess.Popen([sys.executable, "-m", "dinnerbell.lists", *arguments]) as process:
        while process.poll() is None:
            with contextlib.suppress(KeyError, OSError):  # it is just ending
                peak = max(peak, memory(process.pid, "VmHWM"))
            time.sleep(0.01)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak


@contextmanager
def box(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int, float]]:
    """Run the box; give it, its port, and the seconds until it answered."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "dinnerbell", "--rules", str(folder / "rules.yaml"), "--data", str(folder / "data"), "run"]
    with subprocess.Popen([*command, "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = next(text for text in process.stdout if "answering on" in text)
        try:
            yield process, int(line.rpartition(":")[2].split()[0]), time.perf_counter() - started
        finally:
            process.terminate()


def memory(pid: int, key: str) -> float:
    """Return MB: VmRSS, resident; RssFile, of these from files; VmHWM, the most that was resident."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields[key].split()[0]) / 1024


def ask_all(port: int, names: list[str]) -> None:
    """Ask for names that are refused, one after the other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        udp.settimeout(5)
        for name in names:
            udp.send(dnslib.DNSRecord.question(name).pack())
            udp.recv(4096)


def start_and_memory(folder: Path, asked: list[str]) -> tuple[float, float, float]:
    starts = []
    for _ in range(5):
        with box(folder) as (process, port, seconds):
            starts.append(seconds)
            if len(starts) == 5:
                ask_all(port, asked)
                whole, files = memory(process.pid, "VmRSS"), memory(process.pid, "RssFile")
    return min(starts), whole, files


def reload_seconds(folder: Path) -> float:
    """Return how long it takes from saving rules.yaml until the box says that it is in force; best of five."""
    text = (folder / "rules.yaml").read_text()
    found = []
    with box(folder) as (process, _, _):
        assert process.stdout is not None
        for number in range(5):
            time.sleep(0.3)
            started = time.perf_counter()
            (folder / "rules.yaml").write_text(f"{text}# {number}\n")
            next(line for line in process.stdout if "was changed" in line)
            found.append(time.perf_counter() - started)
    return min(found)


def look_up_costs(folders: list[Path], asked: list[list[str]]) -> list[tuple[float, float]]:
    """Return for each folder the microseconds of one question to its list, and of one first decision, about the names asked of it.

    Rounds go through the folders in turn, so that a noisy machine is noisy for all; the best of seven counts. Every name of a round is
    asked for the first time of a policy.
    """
    device = Device("phone", None, (ip_network("10.0.0.1"),))
    opened = [open_list(folder / "data", "malware").names for folder in folders]
    rules = [load_rules(folder / "rules.yaml", date(2026, 11, 22)).rules for folder in folders]
    best = [(float("inf"), float("inf"))] * len(folders)
    for _ in range(7):
        for place, names in enumerate(opened):
            assert names is not None
            policy = replace(rules[place].policy, lists={"malware": names})
            asks = [Ask(device, name, AT) for name in asked[place]]
            started = time.perf_counter()
            for name in asked[place]:
                names.match(name)
            between = time.perf_counter()
            for ask in asks:
                decide(policy, ask)
            ended = time.perf_counter()
            each = 1e6 / len(asks)
            best[place] = min(best[place][0], (between - started) * each), min(best[place][1], (ended - between) * each)
    return best


def delays(folder: Path, asked: list[str]) -> tuple[float, float, float]:
    """Return milliseconds (median, 99 %, longest) of eight seconds of answers to refused names."""
    found = []
    with box(folder) as (_, port, _), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        udp.settimeout(5)
        ends = time.perf_counter() + 8
        for name in asked:
            if time.perf_counter() > ends:
                break
            data = dnslib.DNSRecord.question(name).pack()
            started = time.perf_counter()
            udp.send(data)
            udp.recv(4096)
            found.append((time.perf_counter() - started) * 1000)
            time.sleep(0.001)
    return statistics.median(found), statistics.quantiles(found, n=100)[98], max(found)


def main(largest: int) -> None:
    every = names_of(largest)
    pick = random.Random(5)
    with tempfile.TemporaryDirectory() as text:
        root = Path(text)
        bare = root / "none"
        bare.mkdir()
        (bare / "rules.yaml").write_text(RULES % "nobody.example")
        sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= largest]
        for size in sizes:
            write_list(root / str(size), every[:size])
        folders = [root / str(size) for size in sizes]
        print("".join(f"{head:>12}" for head in ("names", "compile", "CPU", "peak", "on disk")))
        for size, folder in zip(sizes, folders, strict=True):
            seconds, cpu, peak = compile_in_process(folder)
            disk = sum(path.stat().st_size for path in lists_folder(folder / "data").glob("*.t*")) / 1e6
            cells = (f"{size:,}", f"{seconds:.1f} s", f"{cpu:.1f} s", f"{peak:.0f} MB", f"{disk:.2f} MB")
            print("".join(f"{cell:>12}" for cell in cells))
        on_it = [[f"h{number}.{every[pick.randrange(size)]}" for number in range(20_000)] for size in sizes]
        not_on_it = [[f"host{number}.nowhere{number}.example" for number in range(20_000)]] * len(sizes)
        for what, asked in (("under one on the list", on_it), ("not on the list", not_on_it)):
            print(f"\na name {what}:{'list alone':>15}{'decision':>15}")
            for size, costs in zip(sizes, look_up_costs(folders, asked), strict=True):
                print(f"{size:>12,}" + "".join(f"{cost:>12.2f} µs" for cost in costs))
        print(f"\n{'box':<22}{'start':>9}{'memory':>10}{'of it files':>13}{'reload':>10}")
        for name, folder, asked in (("no list", bare, ["nobody.example"]), (f"{largest:,} names", root / str(sizes[-1]), every)):
            chosen = pick.sample(asked, min(len(asked), 20_000))
            start, whole, files = start_and_memory(folder, chosen if len(chosen) > 1 else [f"h{n}.nobody.example" for n in range(20_000)])
            print(f"{name:<22}{start:>7.2f} s{whole:>7.1f} MB{files:>10.1f} MB{reload_seconds(folder):>8.2f} s")
        for when in ("", " while the list is compiled and swapped"):
            if when:
                (root / str(sizes[-1]) / "names.txt").touch()
            middle, high, longest = delays(root / str(sizes[-1]), pick.sample(every, min(len(every), 20_000)))
            print(f"answers{when}: median {middle:.2f} ms, 99 % {high:.2f} ms, longest {longest:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
