"""The servers that the bench compares: one function for each, which writes its configuration and says how it is started.

Each answers on one port of 127.0.0.1 out of a cache, and forwards to the same upstream; one thread, no DNSSEC (the upstream is no root).
`names`: a file with a name a line, that it is to refuse with all that is under them. Nothing leaves 127.0.0.1.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dnslib

RULES = """
setting: {name: Acorn Lane Nursery}
groups: {children: {owner: setting, for: children, addresses: [127.0.0.0/8]}}
rules:
  - {name: Essential, clause: 7, allow: essential}
  - {name: No way round, clause: 3, block: bypass}
  - {name: Children have no access, clause: 6, block: social-media, devices: children}
"""
LISTED = "  - {name: Malware, clause: 3, block: 'list:malware'}\nbox: {lists: {malware: {from: %s}}}\n"
_UPSTREAM = """
import asyncio
from dinnerbell.demo.upstream import LocalUpstream
async def main():
    print((await LocalUpstream().start()).port, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    port: int
    command: tuple[str, ...]


Make = Callable[[Path, int, Path | None], Peer]
"""(an empty folder of its own, the upstream's port, listed names)"""


def dinnerbell(folder: Path, upstream: int, names: Path | None = None, rules: str = RULES) -> Peer:
    (folder / "rules.yaml").write_text(rules + (LISTED % names if names else ""))
    port = free_port()
    ours = [sys.executable, "-m", "dinnerbell", "--rules", str(folder / "rules.yaml"), "--data", str(folder / "data"), "run"]
    command = (*ours, "--listen", f"127.0.0.1:{port}", "--upstream", f"127.0.0.1:{upstream}")
    return Peer("Dinnerbell, usage log on", port, command)


def two_workers(folder: Path, upstream: int, names: Path | None = None) -> Peer:
    """The second answers some seconds after the first."""
    peer = dinnerbell(folder, upstream, names)
    return Peer("Dinnerbell, two workers", peer.port, (*peer.command, "--workers", "2"))


def dnsmasq_without_log(folder: Path, upstream: int, names: Path | None = None) -> Peer:
    port = free_port()
    (folder / "dnsmasq.conf").write_text("".join(f"local=/{name}/\n" for name in _read(names)))
    command = ["dnsmasq", "--keep-in-foreground", f"--conf-file={folder / 'dnsmasq.conf'}", "--no-resolv", "--no-hosts", "--user=root"]
    command += [f"--server=127.0.0.1#{upstream}", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file", f"--port={port}"]
    return Peer("dnsmasq, no log", port, (*command, "--cache-size=10000"))


def dnsmasq_with_log(folder: Path, upstream: int, names: Path | None = None) -> Peer:
    peer = dnsmasq_without_log(folder, upstream, names)
    logs = ["--log-queries", f"--log-facility={folder / 'dnsmasq.log'}", "--log-async=100"]
    return Peer("dnsmasq, query log on", peer.port, (*peer.command, *logs))


def unbound(folder: Path, upstream: int, names: Path | None = None) -> Peer:
    port = free_port()
    (folder / "unbound.conf").write_text(
        f'server:\n interface: 127.0.0.1@{port}\n do-daemonize: no\n chroot: ""\n username: ""\n pidfile: ""\n use-syslog: no\n'
        f' access-control: 127.0.0.0/8 allow\n module-config: "iterator"\n do-not-query-localhost: no\n num-threads: 1\n'
        f' directory: "{folder}"\n'
        + "".join(f' local-zone: "{name}" always_nxdomain\n' for name in _read(names))
        + f'forward-zone:\n name: "."\n forward-addr: 127.0.0.1@{upstream}\nremote-control:\n control-enable: no\n'
    )
    return Peer("unbound, no log", port, ("unbound", "-c", str(folder / "unbound.conf")))


def dnsdist(folder: Path, upstream: int, names: Path | None = None) -> Peer:
    port = free_port()
    lines = [
        f'setLocal("127.0.0.1:{port}")', f'newServer("127.0.0.1:{upstream}")', "getServer(0):setUp()", 'setSecurityPollSuffix("")',
        'getPool(""):setCache(newPacketCache(10000))',
    ]  # fmt: skip
    if names:
        lines += ["local listed = newSuffixMatchNode()", f'for name in io.lines("{names}") do listed:add(newDNSName(name)) end']
        lines += ["addAction(SuffixMatchNodeRule(listed, true), RCodeAction(DNSRCode.NXDOMAIN))"]
    (folder / "dnsdist.conf").write_text("\n".join(lines) + "\n")
    return Peer("dnsdist, no log", port, ("dnsdist", "--supervised", "--disable-syslog", "-C", str(folder / "dnsdist.conf")))


def recursor(folder: Path, upstream: int, names: Path | None = None) -> Peer:  # noqa: ARG001 - has no list of its own
    port = free_port()
    options = {
        "config-dir": folder, "socket-dir": folder, "local-address": "127.0.0.1", "local-port": port, "daemon": "no", "dnssec": "off",
        "forward-zones-recurse": f".=127.0.0.1:{upstream}", "threads": 1, "security-poll-suffix": "", "disable-syslog": "yes",
        "quiet": "yes", "allow-from": "127.0.0.0/8", "write-pid": "no",
    }  # fmt: skip
    return Peer("pdns-recursor, no log", port, ("pdns_recursor", *(f"--{key}={value}" for key, value in options.items())))


def knot_resolver(folder: Path, upstream: int, names: Path | None = None) -> Peer:  # noqa: ARG001 - is not compared with lists
    port = free_port()
    (folder / "kresd.conf").write_text(
        f"net.listen('127.0.0.1', {port}, {{kind = 'dns'}})\ntrust_anchors.remove('.')\ncache.size = 100 * MB\n"
        f"policy.add(policy.all(policy.STUB('127.0.0.1@{upstream}')))\n"
    )
    return Peer("knot-resolver, no log", port, ("kresd", "-n", "-c", str(folder / "kresd.conf"), str(folder)))


EVERY: tuple[Make, ...] = (dinnerbell, two_workers, dnsmasq_with_log, dnsmasq_without_log, unbound, dnsdist, recursor, knot_resolver)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        return int(udp.getsockname()[1])


def _read(names: Path | None) -> list[str]:
    return names.read_text().split() if names else []


@contextmanager
def local_upstream() -> Iterator[int]:
    """Run the local upstream in a process of its own; give its port."""
    with subprocess.Popen([sys.executable, "-c", _UPSTREAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def running(peer: Peer) -> Iterator[tuple[int, float]]:
    """Start a server; give its process's number, and the seconds until it answered. Raises OSError: it ended, or never answered."""
    started = time.perf_counter()
    with subprocess.Popen(peer.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not answers(peer.port):
                if process.poll() is not None or time.perf_counter() > started + 120:
                    raise OSError(f"{peer.name} does not answer: {' '.join(peer.command)}")
            yield process.pid, time.perf_counter() - started
        finally:
            process.terminate()


def answers(port: int) -> bool:
    """Ask once for a name that every upstream knows; wait a fiftieth of a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        udp.settimeout(0.05)
        try:
            udp.send(dnslib.DNSRecord.question("host1.example.org").pack())
            return udp.recv(4096)[3] & 0xF == 0
        except TimeoutError:
            return False
        except OSError:
            time.sleep(0.01)
            return False


def is_installed(peer: Peer) -> bool:
    return shutil.which(peer.command[0], path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") is not None
