"""Fifty edits under a thousand queries a second: none is lost, and none is judged by half a file or by a bad one."""

import signal
import socket
import threading
import time
from pathlib import Path

import dns.message

from dinnerbell.versions import load_versions
from live import ACORN_LANE, OFFICE_LAPTOP, BoxProcess, LocalUpstreamThread, datagrams, eventually, rcode

QUERIES_A_BURST = 10
BURST_SECONDS = 0.01
EDITS = 50

HEAD, _, TAIL = ACORN_LANE.partition("log: ")
PADDING = "".join(f"  - {{name: Filler {number}, block: filler-{number}.example}}\n" for number in range(12))
ALWAYS = "  - {name: The last rule of every good version, block: closed.example}\n"


def good(number: int) -> str:
    """A good version; every other one closes turn.example. Cut off anywhere, it would let closed.example through."""
    turn = "  - {name: Turn, block: turn.example}\n" if number % 2 else ""
    return f"{HEAD}{turn}{PADDING}{ALWAYS}# {number}\n"


def bad(number: int) -> str:
    """A file with one mistake at its end. If anybody judged by it, open.example would be refused."""
    text = good(number).replace("rules:\n", "rules:\n  - {name: Never in force, block: open.example}\n")
    return text + "log: {setting-owned: evrything}\n"


def save(path: Path, text: str, how: str) -> None:
    """Save as editors do: write over, put another file in place, or empty it and write in two goes."""
    if how == "replaced":
        other = path.with_name("rules.yaml.swp")
        other.write_text(text)
        other.replace(path)
    elif how == "in_two_goes":
        cut = text.index("\n", len(text) // 2) + 1  # after a whole rule: half of it is a good file, and another policy
        with path.open("w") as file:
            file.write(text[:cut])
            file.flush()
            time.sleep(0.02)
            file.write(text[cut:])
    else:
        path.write_text(text)


class Client:
    """Asks a thousand times a second from one socket, and remembers what it asked and what came back."""

    NAMES = ("closed.example", "open.example", "turn.example", "www.tapestryjournal.com")

    def __init__(self, udp: socket.socket) -> None:
        self.udp = udp
        self.asked = 0
        self.answers: dict[str, dict[int, int]] = {name: {} for name in self.NAMES}
        self.seen: set[int] = set()
        self._wire = [dns.message.make_query(name, "A", id=0).to_wire()[2:] for name in self.NAMES]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._ask, self._listen)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            for _ in range(QUERIES_A_BURST):
                self.udp.send(self.asked.to_bytes(2, "big") + self._wire[self.asked % len(self.NAMES)])
                self.asked += 1
            due += BURST_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))

    def _listen(self) -> None:
        quiet_since = None
        while quiet_since is None or time.monotonic() - quiet_since < 1.0:
            try:
                data = self.udp.recv(4096)
            except TimeoutError:
                quiet_since = (quiet_since or time.monotonic()) if self._stop.is_set() else None
                continue
            number = int.from_bytes(data[:2], "big")
            self.seen.add(number)
            found = self.answers[self.NAMES[number % len(self.NAMES)]]
            found[data[3] & 15] = found.get(data[3] & 15, 0) + 1

    def finish(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)


def test_fifty_edits_under_a_thousand_queries_a_second(tmp_path):
    rules, data = tmp_path / "rules.yaml", tmp_path / "data"
    rules.write_text(good(0))
    with LocalUpstreamThread() as upstream, BoxProcess(rules, data, upstreams=[upstream.endpoint]) as box:
        for name in Client.NAMES:
            box.ask(name)
        with datagrams(box.endpoint, OFFICE_LAPTOP, timeout=0.1) as udp:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            client = Client(udp)
            started = time.monotonic()
            try:
                for number in range(1, EDITS + 1):
                    how = ("written", "replaced", "in_two_goes")[number % 3]
                    said, told = box.output.count("was changed"), box.errors.count("stay in force")
                    if number % 2:
                        save(rules, good((number + 1) // 2), how)
                        eventually(lambda said=said: box.output.count("was changed") > said)
                    else:
                        save(rules, bad(number), how)
                        eventually(lambda told=told: box.errors.count("stay in force") > told)
                seconds = time.monotonic() - started
            finally:
                client.finish()
        print(f"{client.asked} queries, {client.asked / seconds:.0f} a second, {EDITS} edits in {seconds:.1f} s")  # noqa: T201 - for -s
        assert client.asked < 65536, "the queries' numbers came round"
        assert client.asked / seconds > 500, "this machine had no time for it"
        assert sorted(set(range(client.asked)) - client.seen) == []
        refused = {name: sorted(codes) for name, codes in client.answers.items()}
        assert refused == {"closed.example": [3], "open.example": [0], "turn.example": [0, 3], "www.tapestryjournal.com": [0]}
        assert rcode(box.ask("turn.example")) == ("NXDOMAIN" if (EDITS // 2) % 2 else "NOERROR")
        assert box.end(signal.SIGTERM) == 0
    kept = load_versions(data)
    assert [each.changes for each in kept] == [None, *[1] * (EDITS // 2)], "every good version, and nothing but those"
