"""What a name costs that nobody has asked for yet: through the box to a local unbound, in the clear, over TLS and over HTTPS.

    python bench/upstream.py [SECONDS [LATENCIES]]

Every name is asked once, so no cache helps. Latency: one question at a time, as a stub sees it. CPU: of the forwarding process alone,
with up to 50 questions under way. Beside it dnsmasq with its query log, and unbound, which forwards over TLS too.
Needs unbound, dnsmasq and dnsperf from Debian, and trustme. Nothing leaves 127.0.0.1.
"""

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import trustme
from load import cpu_seconds
from peers import RULES

NAME = "dns.acornlane.example"
PLAIN, TLS, HTTPS = 5410, 5411, 5412
_numbers = count()


def start_upstream(folder: Path, stack: ExitStack) -> Path:
    """Start the unbound that knows every name under bench.example; return the file of the authority behind its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    certificate = authority.issue_cert(NAME)
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(str(folder / "chain.pem"), append=True)
    interfaces = "".join(f" interface: 127.0.0.1@{port}\n" for port in (PLAIN, TLS, HTTPS))
    (folder / "upstream.conf").write_text(
        f'server:\n{interfaces} tls-port: {TLS}\n https-port: {HTTPS}\n tls-service-key: "{folder}/key.pem"\n'
        f' tls-service-pem: "{folder}/chain.pem"\n do-daemonize: no\n use-syslog: no\n chroot: ""\n username: ""\n pidfile: ""\n'
        f' directory: "{folder}"\n access-control: 127.0.0.0/8 allow\n incoming-num-tcp: 100\n'
        ' local-zone: "bench.example." redirect\n local-data: "bench.example. 300 A 198.18.0.1"\nremote-control:\n control-enable: no\n'
    )
    start(["unbound", "-c", str(folder / "upstream.conf")], stack)
    return folder / "authority.pem"


def start(command: list[str], stack: ExitStack, **environment: str) -> int:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | environment)
    stack.enter_context(process)
    stack.callback(process.terminate)
    time.sleep(2)
    assert process.poll() is None, command
    return process.pid


def forwarders(folder: Path) -> dict[str, tuple[int, list[str]]]:
    """Return for each forwarder its port and the command that starts it."""
    (folder / "rules.yaml").write_text(RULES)
    found: dict[str, tuple[int, list[str]]] = {}
    ours = {"plain": f"127.0.0.1:{PLAIN}", "TLS": f"tls://127.0.0.1:{TLS}#{NAME}", "HTTPS": f"https://{NAME}:{HTTPS}/dns-query#127.0.0.1"}
    for port, (transport, url) in enumerate(ours.items(), 5420):
        command = [sys.executable, "-m", "dinnerbell", "--rules", str(folder / "rules.yaml"), "--data", str(folder / transport), "run"]
        found[f"dinnerbell, {transport}"] = (port, [*command, "--listen", f"127.0.0.1:{port}", "--upstream", url])
    masq = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--cache-size=10000", "--user=root"]
    masq += [f"--server=127.0.0.1#{PLAIN}", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file", "--port=5430"]
    found["dnsmasq with its log, plain"] = (5430, [*masq, "--log-queries", f"--log-facility={folder / 'dnsmasq.log'}", "--log-async=100"])
    for port, transport, address in ((5431, "plain", f"127.0.0.1@{PLAIN}"), (5432, "TLS", f"127.0.0.1@{TLS}#{NAME}")):
        (folder / f"{port}.conf").write_text(
            f'server:\n interface: 127.0.0.1@{port}\n do-daemonize: no\n chroot: ""\n username: ""\n pidfile: ""\n use-syslog: no\n'
            f' module-config: "iterator"\n do-not-query-localhost: no\n num-threads: 1\n directory: "{folder}"\n'
            f' tls-cert-bundle: "{folder}/authority.pem"\n'
            f'forward-zone:\n name: "."\n forward-addr: {address}\n forward-tls-upstream: {"yes" if transport == "TLS" else "no"}\n'
            "remote-control:\n control-enable: no\n"
        )
        found[f"unbound, {transport}"] = (port, ["unbound", "-c", str(folder / f"{port}.conf")])
    return {name: (port, command) for name, (port, command) in found.items() if shutil.which(command[0])}


def latencies(port: int, times: int) -> list[float]:
    """Ask for `times` new names, one after the other; return milliseconds."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.connect(("127.0.0.1", port))
        for _ in range(times):
            label = b"l%07d" % next(_numbers)
            query = b"\0\1\1\0\0\1\0\0\0\0\0\0\x08" + label + b"\5bench\7example\0\0\1\0\1"
            before = time.perf_counter()
            udp.send(query)
            answer = udp.recv(4096)
            found.append((time.perf_counter() - before) * 1000)
            assert answer[3] & 15 == 0, answer
            time.sleep(0.002)
    return found


def warm_up(port: int) -> None:
    for _ in range(100):
        try:
            latencies(port, 100)
        except OSError:
            time.sleep(0.2)  # it is still starting
        else:
            return
    raise RuntimeError(f"nobody answers on port {port}")


def cost(pid: int, port: int, folder: Path, seconds: int) -> tuple[float, float, float]:
    """Return (microseconds of CPU for each answer, answers a second, parts of the questions lost or failed)."""
    names = folder / "names"
    names.write_text("".join(f"c{next(_numbers):07d}.bench.example A\n" for _ in range(seconds * 20_000)))
    before = cpu_seconds(pid)
    done = subprocess.run(
        ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(names), "-l", str(seconds), "-n", "1", "-q", "50", "-c", "5"],
        capture_output=True,
        text=True,
        check=True,
    )
    used = cpu_seconds(pid) - before
    sent, good, took = (
        float(re.search(pattern, done.stdout)[1])  # type: ignore[index]
        for pattern in (r"Queries sent:\s+(\d+)", r"NOERROR (\d+)", r"Run time \(s\):\s+([\d.]+)")
    )
    return used / good * 1e6, good / took, 1 - good / sent


def main(seconds: int, times: int) -> None:
    print(f"{'forwarder':<30}{'p50':>9}{'p99':>9}{'CPU per question':>19}{'answers/s':>11}{'lost':>7}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = start_upstream(folder, stack)
        for name, (port, command) in forwarders(folder).items():
            with ExitStack() as running:
                pid = start(command, running, SSL_CERT_FILE=str(authority))
                warm_up(port)
                found = sorted(latencies(port, times))
                spent, rate, lost = cost(pid, port, folder, seconds)
            p50, p99 = statistics.median(found), found[len(found) * 99 // 100]
            print(f"{name:<30}{p50:>6.2f} ms{p99:>6.2f} ms{spent:>16.0f} µs{rate:>11,.0f}{lost:>7.1%}")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*given, *(10, 1000)[len(given) :])
