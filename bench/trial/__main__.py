"""A long load with everything that goes wrong: does the answering go on, is memory bounded, is nothing lost that was counted?

    python bench/trial [SECONDS]                                            (3600; `make trial`, TRIAL_SECONDS)

Five devices ask steadily, from 50 other addresses names that nobody has asked for yet flood in, and noise and broken questions come over
UDP and TCP. Meanwhile, by turns:

    first half     rules change, clock + 1 h, clock - 1 h, kill -9 or SIGTERM, and again
    second half    the same without restarts: one process, whose memory can be followed

Prints a report; exit code 1: something that was promised did not hold. Nothing leaves 127.0.0.1.
"""

import asyncio
import random
import signal
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from asking import Account, Device, flood, fuzz, question, steadily
from box import ADDRESSES, Box
from findings import FLOOD_RATE, RATE, Findings

from dinnerbell.demo.upstream import LocalUpstream

NAMES = [*(f"host{number}.example.org" for number in range(100)), *["www.instagram.com", "tapestryjournal.com"] * 10]
CHANGING = ("one.example", "two.example")
WRITTEN_WITHIN = 1.5
"""Seconds: a batch is taken each second and then written; what a kill -9 may lose."""
ENFORCED_WITHIN = 1.0


@dataclass(slots=True)
class Trial:
    box: Box
    devices: list[Device]
    account: Account
    found: Findings = field(default_factory=Findings)
    logged_before: int = 0
    started: float = 0.0

    def close_account(self, *, stopped_at: float, killed: bool) -> None:
        """Compare what this run of the box answered with what it wrote. The box is down."""
        account, found = self.account, self.found
        totals, rows, lost = self.box.logged()
        logged, self.logged_before = totals - self.logged_before, totals
        found.check(rows + lost >= totals, f"{totals} look-ups in the totals, {rows} in the rows, {lost} told as lost")
        found.check(logged <= len(account.sent), f"{logged} look-ups in the log, only {len(account.sent)} were asked")
        answered = len(account.answered)
        if killed:
            since = 0.0 if logged >= answered else stopped_at - account.answered[logged]
            found.losses.append((max(0, answered - logged), since))
            found.check(since <= WRITTEN_WITHIN, f"kill -9 lost {answered - logged} look-ups, the oldest answered {since:.2f} s before")
        else:
            found.clean_stops += 1
            found.check(logged >= answered, f"a clean stop: {answered} answered, only {logged} in the log")
        self.sum_up(stopped_at)

    def sum_up(self, stopped_at: float) -> None:
        account, found = self.account, self.found
        inside = [moment for moment in account.answered if moment <= stopped_at]
        found.gap = max([found.gap, *(after - before for before, after in pairwise(inside))])
        found.sent += len(account.sent)
        found.answered += len(account.answered) + account.errors
        found.unanswered += sum(self.started <= moment < stopped_at - 0.05 for moment in account.unanswered)
        found.delays += random.sample(list(account.delays), min(len(account.delays), 20_000))
        self.account = Account()
        for device in self.devices:
            device.account = self.account

    async def restart(self, number: signal.Signals) -> None:
        loop = asyncio.get_running_loop()
        stopped_at = loop.time()
        await self.box.stop(number)
        ended_at = loop.time()
        for device in self.devices:
            device.give_up(ended_at)
        self.close_account(stopped_at=stopped_at, killed=number == signal.SIGKILL)
        await self.box.start()
        self.started = loop.time()
        self.found.back_after.append(self.started - ended_at)

    async def reload(self, blocked: str) -> None:
        """Block another name; note how long it takes until it is refused."""
        loop = asyncio.get_running_loop()
        saved = loop.time()
        self.box.write_rules(blocked)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as udp:
            udp.bind(("127.0.0.66", 0))
            udp.connect(("127.0.0.1", self.box.port))
            while loop.time() < saved + 10:
                with suppress(TimeoutError, OSError):
                    udp.send(struct.pack("!H", 1) + question(blocked))
                    answer = await asyncio.wait_for(loop.sock_recv(udp, 4096), 0.5)
                    if b"\xc6\x12" not in answer and b"\xc6\x13" not in answer:  # 198.18.0.0/15: what the upstream says
                        break
                await asyncio.sleep(0.01)
        self.found.reloads.append(loop.time() - saved)
        self.found.check(self.found.reloads[-1] <= ENFORCED_WITHIN, f"a change of the rules took {self.found.reloads[-1]:.2f} s")

    async def play(self, seconds: float) -> None:
        """Let things go wrong, one after the other, in the order that the head of this file gives."""
        loop = asyncio.get_running_loop()
        ends, half, step = loop.time() + seconds, loop.time() + seconds / 2, min(10.0, seconds / 24)
        turn = 0
        while loop.time() < ends - step:
            what = turn % 4
            if what == 0:
                await self.reload(CHANGING[turn // 4 % 2])
            elif what in (1, 2):
                self.box.put_clock(3600 if what == 1 else -3600)
                self.found.clock_jumps += 1
            elif loop.time() < half:
                await self.restart(signal.SIGKILL if turn // 4 % 2 == 0 else signal.SIGTERM)
            turn += 1
            await asyncio.sleep(step)
        await asyncio.sleep(max(0.0, ends - loop.time()))

    async def watch_memory(self) -> None:
        while True:
            with suppress(FileNotFoundError, ProcessLookupError, IndexError):
                self.box.look()
            await asyncio.sleep(1)


@contextmanager
def upstream() -> Iterator[int]:
    """Run the local upstream in a thread; give its port."""
    loop, server = asyncio.new_event_loop(), LocalUpstream()
    port = loop.run_until_complete(server.start()).port
    threading.Thread(target=loop.run_forever, daemon=True).start()
    yield port
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)


async def run(box: Box, seconds: float) -> Trial:
    loop, account, devices, pick = asyncio.get_running_loop(), Account(), [], random.Random(7)
    await box.start()
    for address in ADDRESSES:
        asked = pick.sample([question(name) for name in NAMES], len(NAMES))
        _, device = await loop.create_datagram_endpoint(
            lambda asked=asked: Device(account, asked), local_addr=(address, 0), remote_addr=("127.0.0.1", box.port)
        )
        devices.append(device)
    trial = Trial(box, devices, account, started=loop.time())
    work = [steadily(devices, RATE), flood(box.port, FLOOD_RATE, pick), fuzz(box.port, pick), trial.watch_memory()]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        await trial.play(seconds)
        tasks[0].cancel()
        await asyncio.sleep(2)
        for task in tasks[1:]:
            task.cancel()
    for device in devices:
        device.give_up(loop.time())
    stopped_at = loop.time()
    await box.stop(signal.SIGTERM)
    trial.close_account(stopped_at=stopped_at, killed=False)
    return trial


def main(seconds: float) -> int:
    with tempfile.TemporaryDirectory() as folder, upstream() as asks, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.close()
        box = Box(Path(folder), port, asks)
        box.write_rules(CHANGING[1])
        box.put_clock(0)
        try:
            trial = asyncio.run(run(box, seconds))
        finally:
            box.kill()
        trial.found.tell(seconds, trial.logged_before, box.memory)
    return 1 if trial.found.wrong else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3600))
