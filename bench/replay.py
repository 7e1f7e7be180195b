"""How fast is `dinnerbell replay`? Makes a log of a million counted rows and measures three whole commands; no test depends on it.

    python bench/replay.py [ROWS] [DEVICES]

A nursery far larger than any: by default 1,000,000 rows in one week of opening hours, 40 devices, half of them the setting's own,
6,000 names, the most popular most often, of which every tenth is a service's. Every name of every device is logged, so that the
log is as large as a log can be.
"""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dinnerbell.config import LogLevel
from dinnerbell.files import load_rules
from dinnerbell.log import LogReader, LogWriter, usage_path
from dinnerbell.model import Device
from dinnerbell.policy import Ask, Decision, decide
from dinnerbell.replay import LogFacts, replay
from dinnerbell.shipped import demo_rules_text
from dinnerbell.usage import Batch, log_key

MONDAY = datetime(2026, 11, 9, tzinfo=UTC)
DAYS = 7
RUNS = 3
BATCH_ROWS = 50_000


def main() -> None:
    """Make the log, measure, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    devices = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    with tempfile.TemporaryDirectory() as folder_text:
        folder = Path(folder_text)
        old, new = folder / "rules.yaml", folder / "new.yaml"
        old.write_text(_rules(devices), encoding="utf-8")
        new.write_text(_rules(devices).replace("mon-thu 12:00-13:00", "mon-thu 12:15-13:15"), encoding="utf-8")
        started = time.perf_counter()
        _fill(folder, old, count)
        size = usage_path(folder).stat().st_size / 1e6
        print(f"{count:,} rows of {devices} devices, {size:.0f} MB, made in {time.perf_counter() - started:.0f} s")
        _measure_parts(folder, old, new)
        _measure_command(folder, old, new, count)


def _rules(devices: int) -> str:
    """Return the demo's rules with more devices: tablets for children, and staff's phones by their network."""
    text = demo_rules_text()
    more = "".join(f"  tablet-{number}: {{group: children, address: 127.0.1.{number}}}\n" for number in range(devices // 2))
    start, _, rest = text.partition("devices:\n")
    rest = rest[: rest.index("\nexpect:")] + rest[rest.index("\nlog:") :]
    return start + "devices:\n" + more + rest


def _fill(folder: Path, rules_path: Path, count: int) -> None:
    policy = load_rules(rules_path, date(2026, 11, 16)).rules.policy
    chance = random.Random(7)
    hosts = [host.lstrip("=") for service in policy.catalogue.services.values() for listed in service.hosts.values() for host in listed]
    social = chance.sample(hosts, 600)
    names = [social[number // 10] if number % 10 == 3 else f"host-{number}.example-{number % 900}.net" for number in range(6000)]
    tablets = [device for name, device in policy.devices.items() if name.startswith("tablet-")]
    phones = [policy.device_called(f"127.0.0.{64 + number % 32}") for number in range(len(tablets))]
    everyone = [device for device in (*tablets, *phones) if device is not None]
    log = LogWriter(usage_path(folder))
    known: dict[tuple[Device, str], tuple[datetime, Decision]] = {}
    open_minutes = [day * 1440 + minute for day in range(5) for minute in range(450, 1080)]  # 07:30 to 18:00
    batch, per_minute, made, first = Batch(), count / len(open_minutes), 0, int(MONDAY.timestamp()) // 60
    for turn, step in enumerate(open_minutes):
        at = MONDAY + timedelta(minutes=step)
        batch.alive(first + step)
        wanted = round(per_minute * (turn + 1)) - made
        rows: set[tuple[Device, str]] = set()
        while len(rows) < wanted:
            rows.add((chance.choice(everyone), names[min(int(chance.paretovariate(0.5)) - 1, len(names) - 1)]))
        for device, name in sorted(rows, key=lambda row: (row[0].name, row[1])):
            until, decision = known.get((device, name), (at, None))
            if decision is None or until <= at:
                decision = decide(policy, Ask(device, name, at))
                known[device, name] = (decision.until or datetime.max.replace(tzinfo=UTC), decision)
            key = log_key(LogLevel.ALL, device, name, decision)
            batch.add(first + step, device, key, refused=False, count=chance.randint(1, 4))
        made += wanted
        if len(batch.lookups) >= BATCH_ROWS:
            log.write(batch)
            batch = Batch()
    log.write(batch)
    log.close()


def _measure_parts(folder: Path, old_path: Path, new_path: Path) -> None:
    old, new = (load_rules(path, date(2026, 11, 16)).rules.policy for path in (old_path, new_path))
    first = int(MONDAY.timestamp()) // 60
    after = first + DAYS * 1440
    with LogReader(usage_path(folder)) as log:
        started = time.process_time()
        rows = sum(1 for _ in log.lookups(first, after))
        read = time.process_time() - started
        asked = 0

        def counted(policy: object, ask: Ask) -> Decision:
            nonlocal asked
            asked += 1
            return decide(policy, ask)  # type: ignore[arg-type]  # it is the policy that replay hands on

        started = time.process_time()
        result = replay(log.lookups(first, after), old, new, LogFacts(first, after), decide=counted)
        judged = time.process_time() - started - read
    print(f"CPU: reading {read / rows * 1e6:.2f} us a row, deciding again {judged / rows * 1e6:.2f} us a row")
    print(f"{asked:,} decisions for {rows:,} rows; {result.changed.rows:,} rows changed")


def _measure_command(folder: Path, old: Path, new: Path, count: int) -> None:
    command = [sys.executable, "-m", "dinnerbell", "--rules", str(old), "--data", str(folder)]
    command += ["replay", str(new), "--since", "2026-11-09 00:00", "--json"]
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - started)
    median = statistics.median(seconds)
    print(f"whole command: {median:.2f} s (median of {RUNS}: {', '.join(f'{each:.2f}' for each in sorted(seconds))})")
    print(f"{count / median:,.0f} rows a second, {median / count * 1e6:.2f} us a row")


if __name__ == "__main__":
    main()
