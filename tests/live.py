"""Real servers for the tests, on loopback and port 0, and real clients: Dinnerbell in a thread or a process, upstreams with a will.

Nothing here replaces a part of Dinnerbell: a `LiveServer` is the server itself, with the clock it takes as an argument.
"""

import asyncio
import ctypes
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

import dinnerbell
from cast import at
from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint, Rules, Upstream
from dinnerbell.demo.upstream import LocalUpstream
from dinnerbell.rules import read_rules
from dinnerbell.shipped import shipped_catalogue
from dinnerbell_dns.server import Server
from dinnerbell_dns.upstream import Forwarder

OFFICE_LAPTOP, STAFF_ROOM_PC, TABLET = "127.0.0.20", "127.0.0.21", "127.0.0.31"
STAFF_PHONE, VISITORS_PHONE, STRANGER = "127.0.0.66", "127.0.0.98", "127.0.0.200"
EVERYONE = (OFFICE_LAPTOP, STAFF_ROOM_PC, TABLET, STAFF_PHONE, VISITORS_PHONE, STRANGER)

ACORN_LANE = """\
setting: {name: Acorn Lane Nursery, timezone: Europe/London}
times:
  setting-hours: mon-fri 08:00-18:00
  lunch: [mon-thu 12:00-13:00, fri 11:30-12:30]
closures: {bank-holidays: england}
groups:
  office:       {owner: setting}
  children:     {owner: setting, for: children}
  staff-phones: {owner: staff, addresses: [127.0.0.64/27]}
  visitors:     {owner: visitor, addresses: [127.0.0.96/27]}
devices:
  office-laptop: {group: office, address: [127.0.0.20, "::1"]}
  staff-room-pc: {group: office, address: 127.0.0.21}
  room-tablet-1: {group: children, address: 127.0.0.31}
rules:
  - {name: Essential services always work, clause: 7, allow: essential}
  - {name: No way round this policy, clause: 3, block: bypass}
  - {name: Children and unknown devices, clause: 6, block: social-media, devices: [children, unknown]}
  - {name: No private messaging with families, clause: 5, block: messenger, devices: office}
  - {name: The official Facebook page, clause: 5, allow: facebook, devices: office-laptop, when: setting-hours}
  - {name: No personal use on the setting's devices, clause: 4, block: social-media, devices: setting-owned}
  - {name: Own phones at lunch, clause: 4, allow: social-media, devices: staff-phones, when: lunch}
  - {name: Not in setting hours, clause: 4, block: social-media, devices: [staff-phones, visitors], when: setting-hours}
  - {name: Safe search, clause: 3, enforce: safe-search, devices: [setting-owned, unknown]}
log: {setting-owned: all, staff-owned: all, visitor-owned: refused, unknown: refused}
"""
"""Acorn Lane Nursery, which does not exist; everybody in it lives on this machine."""


@cache
def rules_of(text: str = ACORN_LANE) -> Rules:
    return read_rules(text, catalogue=shipped_catalogue())


class Moment:
    """A clock that stands still where the test puts it; both of its hands move together."""

    def __init__(self, text: str = "2026-11-23 12:30") -> None:
        self.set(text)

    def set(self, text: str) -> None:
        """Put it to `YYYY-MM-DD HH:MM[:SS[.f]]` in London."""
        self.seconds = at(text).timestamp()

    def read(self) -> float:
        return self.seconds

    @property
    def clock(self) -> Clock:
        return Clock(self.read, self.read)


class Loop:
    """An event loop in a thread. What its exception handler was told is in `errors`: no test leaves any there."""

    def __init__(self) -> None:
        self.errors: list[dict[str, Any]] = []
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda _, context: self.errors.append(context))
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(15)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        async def there() -> Any:
            return function(*arguments)

        return self.run(there())

    def close(self) -> None:
        self.run(_settle())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()
        assert not self.errors, self.errors


async def _settle() -> None:
    """Let what was cancelled or hung up come to its end, as asyncio.run does."""
    for _ in range(10):
        await asyncio.sleep(0)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for _ in range(10):
        await asyncio.sleep(0)  # what is closed says so a turn or two later


class LiveServer:
    """Dinnerbell's server in this process, with its own loop and the test's clock."""

    def __init__(
        self,
        rules: Rules | str = ACORN_LANE,
        upstreams: Sequence[Endpoint | Upstream] = (),
        clock: Clock | Moment | None = None,
        listen: Sequence[str] = ("127.0.0.1",),
        authorities: str | None = None,
    ) -> None:
        self.moment = clock if isinstance(clock, Moment) else Moment()
        chosen = clock if isinstance(clock, Clock) else self.moment.clock
        self._loop = Loop()
        parsed = rules_of(rules) if isinstance(rules, str) else rules
        for chance in reversed(range(10)):
            self.server = Server(parsed, Forwarder(upstreams, authorities=authorities), chosen)
            try:
                self._loop.run(self.server.start([Endpoint(address, 0) for address in listen]))
                break
            except OSError:  # the port that UDP got was somebody's TCP port
                if not chance:
                    raise
        self.address, self.port = self.server.endpoints[0].address, self.server.endpoints[0].port

    @property
    def endpoint(self) -> Endpoint:
        return self.server.endpoints[0]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self._loop.errors

    def use(self, text: str) -> None:
        self._loop.call(self.server.use, rules_of(text))

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return self._loop.call(function, *arguments)

    def counts(self) -> Any:
        """Return the batch that would go to the log now."""
        return self._loop.call(self.server.take_counts)

    def stop(self) -> None:
        self._loop.run(self.server.stop())

    def close(self) -> None:
        self.stop()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, name: str, rdtype: str = "A", **options: Any) -> dns.message.Message:
        answer = ask(self.endpoint, name, rdtype, **options)
        self._loop.call(int)  # an answer is counted just after it was sent: let that be done before the test moves the clock
        return answer


def ask(
    endpoint: Endpoint,
    name: str,
    rdtype: str = "A",
    *,
    source: str | None = OFFICE_LAPTOP,
    tcp: bool = False,
    edns: int | bool = 0,
    **options: Any,
) -> dns.message.Message:
    """Ask with dnspython, from `source`. `edns=False`: without an OPT."""
    query = dns.message.make_query(name, rdtype, use_edns=edns, **options)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, endpoint.address, port=endpoint.port, timeout=5, source=source if ":" not in endpoint.address else None)


def rcode(answer: dns.message.Message) -> str:
    return dns.rcode.to_text(answer.rcode())


def addresses(answer: dns.message.Message) -> list[str]:
    return [record.to_text() for rrset in answer.answer if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA) for record in rrset]


def ttls(answer: dns.message.Message) -> set[int]:
    return {rrset.ttl for section in answer.sections[1:] for rrset in section if rrset.rdtype != dns.rdatatype.OPT}


def ede(answer: dns.message.Message) -> list[tuple[int, str]]:
    return [(option.code, option.text or "") for option in answer.options if isinstance(option, dns.edns.EDEOption)]


@contextmanager
def datagrams(endpoint: Endpoint, source: str = OFFICE_LAPTOP, timeout: float = 5.0) -> Iterator[socket.socket]:
    """A UDP socket bound to `source` and connected to the server."""
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        if family == socket.AF_INET:
            udp.bind((source, 0))
        udp.connect((endpoint.address, endpoint.port))
        udp.settimeout(timeout)
        yield udp


@contextmanager
def connection(endpoint: Endpoint, source: str = OFFICE_LAPTOP, timeout: float = 5.0) -> Iterator[socket.socket]:
    with socket.create_connection((endpoint.address, endpoint.port), timeout=timeout, source_address=(source, 0)) as tcp:
        yield tcp


def receive_message(tcp: socket.socket) -> bytes:
    """Return the next length-prefixed message; b"" if they hung up."""
    head = _exactly(tcp, 2)
    return _exactly(tcp, int.from_bytes(head, "big")) if head else b""


def _exactly(tcp: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        try:
            more = tcp.recv(size - len(data))
        except ConnectionResetError:
            return b""
        if not more:
            return b""
        data += more
    return data


def eventually(fact: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Return what `fact` says once it is true; fail if it never is."""
    ends_at = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < ends_at, "this never came true"
        time.sleep(0.005)
    return found


@contextmanager
def own_network(*addresses: str) -> Iterator[None]:
    """Let this thread, and what it starts, live in a network of its own, where these addresses are this machine's. Root only."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(_CLONE_NEWNET):
            pytest.skip(f"no network of its own: {os.strerror(ctypes.get_errno())}")
        try:
            for order in ("link set lo up", *(f"address add {address} dev lo" for address in addresses)):
                subprocess.run([tool("ip"), *order.split()], check=True)
            yield
        finally:
            libc.setns(before, _CLONE_NEWNET)
    finally:
        os.close(before)


_CLONE_NEWNET = 0x40000000


# ── upstreams ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class LocalUpstreamThread:
    """The demo's upstream, running."""

    def __init__(self, aliases: dict[str, str] | None = None) -> None:
        self.local = LocalUpstream(aliases or {})
        self._loop = Loop()
        self.endpoint: Endpoint = self._loop.run(self.local.start())

    @property
    def asked(self) -> dict[str, int]:
        return dict(self.local.asked)

    def close(self) -> None:
        self._loop.run(self.local.stop())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Saying = Callable[[bytes, bool], Iterable[bytes]]
"""(query, over TCP?) -> the messages to send back, in order."""


class NanoUpstream:
    """A DNS server that says what a function tells it to say, true or not."""

    def __init__(self, say: Saying) -> None:
        self.say = say
        self.queries: list[bytes] = []
        self.over_tcp = 0
        for _ in range(20):
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.bind(("127.0.0.1", 0))
            self.endpoint = Endpoint("127.0.0.1", self._udp.getsockname()[1])
            self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self._tcp.bind(("127.0.0.1", self.endpoint.port))
                break
            except OSError:
                self._udp.close()
                self._tcp.close()
        self._tcp.listen(50)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()

    def _serve_udp(self) -> None:
        while True:
            data, source = self._udp.recvfrom(65535)
            if data == b"stop":
                return
            self.queries.append(data)
            for message in self.say(data, False):
                self._udp.sendto(message, source)

    def _serve_tcp(self) -> None:
        while True:
            tcp, _ = self._tcp.accept()
            with tcp:
                tcp.settimeout(5)
                data = receive_message(tcp)
                if data == b"stop":
                    return
                if data:
                    self.over_tcp += 1
                    for message in self.say(data, True):
                        tcp.sendall(len(message).to_bytes(2, "big") + message)

    @property
    def names(self) -> list[str]:
        """What was asked, in order; in lower case, because Dinnerbell asks in random case."""
        return [dns.message.from_wire(query).question[0].name.to_text(omit_final_dot=True).lower() for query in self.queries]

    def close(self) -> None:
        with datagrams(self.endpoint, "127.0.0.1") as udp, connection(self.endpoint, "127.0.0.1") as tcp:
            udp.send(b"stop")
            tcp.sendall(b"\0\4stop")
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def says(*records: str, rcode: str = "NOERROR", authority: str = "", flags: int = 0) -> Saying:
    """Return a saying that answers every question with these records (`@` at the start: the name asked)."""

    def say(data: bytes, over_tcp: bool) -> list[bytes]:
        query = dns.message.from_wire(data)
        asked = query.question[0].name.to_text()
        answer = dns.message.make_response(query, recursion_available=True)
        answer.set_rcode(dns.rcode.from_text(rcode))
        answer.flags |= flags
        for record in records:
            answer.answer.append(rrset_of(asked + record[1:] if record[0] == "@" else record))
        if authority:
            answer.authority.append(rrset_of(authority))
        return [answer.to_wire(max_size=65535 if over_tcp else 0)]

    return say


def rrset_of(text: str) -> dns.rrset.RRset:
    """Read `name ttl type rdata`."""
    name, ttl, rdtype, rdata = text.split(maxsplit=3)
    return dns.rrset.from_text(name, int(ttl), "IN", rdtype, rdata)


def silence(data: bytes, over_tcp: bool) -> list[bytes]:
    return []


def dead_endpoint() -> Endpoint:
    """An address where nobody listens, and that refuses at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        return Endpoint("127.0.0.1", udp.getsockname()[1])


# ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

ROOT = Path(dinnerbell.__file__).parent.parent


def environment(**more: str) -> dict[str, str]:
    """The environment of a child that has to find the packages that this process found."""
    path = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path if entry)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DINNERBELL_")}
    return kept | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"} | more


def command(*arguments: object, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `dinnerbell ...` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "dinnerbell", *map(str, arguments)],
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
    )


class BoxProcess:
    """`dinnerbell run` as a person starts it."""

    def __init__(
        self,
        rules: Path,
        data: Path,
        *arguments: str,
        upstreams: Sequence[Endpoint] = (),
        listen: Sequence[str] = ("127.0.0.1:0",),
        clock: Path | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        """`clock`: a file with seconds that its clock is to be ahead of the machine's (`box_at.py`)."""
        options = [part for text in listen for part in ("--listen", text)]
        options += [part for endpoint in upstreams for part in ("--upstream", str(endpoint))]
        program = ["box_at", str(clock)] if clock else ["dinnerbell"]
        self.lines: list[str] = []
        self.error_lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", *program, "--rules", str(rules), "--data", str(data), "run", *options, *arguments],
            env=environment(**variables or {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.error_lines))
        ]
        for reader in self._readers:
            reader.start()
        eventually(lambda: len(self._ready()) >= len(listen) or self.process.poll() is not None, 60)
        if self.process.poll() is not None:
            code = self.ended()
            raise AssertionError(f"it ended with {code}: {self.errors}")
        self.endpoints = [Endpoint(match[1].strip("[]"), int(match[2])) for match in self._ready()]

    @property
    def endpoint(self) -> Endpoint:
        return self.endpoints[0]

    def _read(self, stream: Any, lines: list[str]) -> None:
        lines.extend(iter(stream.readline, ""))

    def _ready(self) -> list[re.Match[str]]:
        return [match for line in list(self.lines) if (match := re.fullmatch(r"dinnerbell: answering on (.+):(\d+) \(udp, tcp\)\n", line))]

    @property
    def output(self) -> str:
        return "".join(self.lines)

    @property
    def errors(self) -> str:
        return "".join(self.error_lines)

    def ask(self, name: str, rdtype: str = "A", **options: Any) -> dns.message.Message:
        return ask(self.endpoint, name, rdtype, **options)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, number: int) -> int:
        """Send a signal, wait for the end, return the exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end, read what it said last, return the exit code."""
        code = self.process.wait(20)
        for reader, stream in zip(self._readers, (self.process.stdout, self.process.stderr), strict=True):
            reader.join(5)
            stream.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.ended()


def tool(name: str) -> str:
    """Return where one of Debian's programs is."""
    found = shutil.which(name, path=os.environ["PATH"] + os.pathsep + "/usr/sbin:/sbin")
    assert found, f"{name} is not installed: run tests/install-tools"
    return found


def stub(program: str, endpoint: Endpoint, source: str, name: str, rdtype: str = "A", *options: str) -> str:
    """Ask with kdig or dig, and return what it prints."""
    bound = ["-b", source] if ":" not in endpoint.address else []
    done = subprocess.run(
        [tool(program), *bound, f"@{endpoint.address}", "-p", str(endpoint.port), name, rdtype, *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout + done.stderr


def status(printed: str) -> str:
    """Return the rcode that kdig or dig printed."""
    match = re.search(r"status: (\w+)", printed)
    return match[1] if match else printed
