"""The box under trial: a process of its own, with a clock that can be put, its memory, and what its log says."""

import asyncio
import os
import signal
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"
RULES = """
setting: {name: Acorn Lane Nursery}
groups: {office: {owner: setting, addresses: [127.0.0.0/24]}}
rules:
  - {name: Essential, clause: 7, allow: essential}
  - {name: No way round, clause: 3, block: bypass}
  - {name: No personal use, clause: 4, block: social-media, devices: office}
  - {name: Changes all the time, clause: 4, block: %s}
log: {setting-owned: all, unknown: refused}
"""
ADDRESSES = [f"127.0.0.{number}" for number in range(20, 25)]
"""Of the devices whose look-ups are counted."""


@dataclass(slots=True)
class Box:
    """Runs one after the other on the same port, rules and log. Its clock is trusted: put back, it would hold the counts back, too."""

    folder: Path
    port: int
    upstream: int
    process: asyncio.subprocess.Process | None = None
    memory: list[list[float]] = field(default_factory=list)
    """MB, second by second, of each run."""

    def write_rules(self, blocked: str) -> None:
        """As an editor does it: another file in the place of the old one."""
        (self.folder / "new.yaml").write_text(RULES % blocked)
        (self.folder / "new.yaml").rename(self.folder / "rules.yaml")

    def put_clock(self, seconds: int) -> None:
        (self.folder / "new.offset").write_text(str(seconds))
        (self.folder / "new.offset").rename(self.folder / "offset")

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "box_at", str(self.folder / "offset"), "--rules", str(self.folder / "rules.yaml"),
            "--data", str(self.folder / "data"), "run", "--listen", f"127.0.0.1:{self.port}", "--upstream", f"127.0.0.1:{self.upstream}",
            "--trust-clock", env=os.environ | {"PYTHONPATH": str(TESTS)}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        while b"answering on" not in (line := await self.process.stdout.readline()):
            assert line, "the box ended at its start"
        self.memory.append([])

    async def stop(self, number: signal.Signals) -> None:
        """Send the signal, and wait for the end."""
        assert self.process is not None
        self.process.send_signal(number)
        assert self.process.stdout is not None
        await self.process.stdout.read()
        await self.process.wait()

    def kill(self) -> None:
        """Leave nothing behind, whatever went wrong."""
        if self.process is not None and self.process.returncode is None:
            os.kill(self.process.pid, signal.SIGKILL)

    def look(self) -> None:
        """Note how much memory it takes."""
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        self.memory[-1].append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)

    def logged(self) -> tuple[int, int, int]:
        """Return of the counted devices the look-ups in the hourly totals and those by minute and name; and what the log says was lost."""
        with sqlite3.connect(f"file:{self.folder / 'data' / 'usage.db'}?mode=ro", uri=True) as log:
            ours = f"device in (select id from devices where name in ({', '.join('?' * len(ADDRESSES))}))"
            totals = log.execute(f"select coalesce(sum(answered + refused), 0) from traffic where {ours}", ADDRESSES).fetchone()[0]
            rows = log.execute(f"select coalesce(sum(lookups), 0) from lookups where {ours}", ADDRESSES).fetchone()[0]
            lost = log.execute("select coalesce(sum(lookups), 0) from losses").fetchone()[0]
        log.close()
        return totals, rows, lost
