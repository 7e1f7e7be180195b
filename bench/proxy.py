"""What the proxy costs beside plain mitmdump, in one run: CPU per request, per tunnel and per megabyte passed through; memory.

Both run the same mitmproxy with the same script that leads every name to a server of this process; ours has the addon with the shipped
rules on top.
CPU time is that of the proxy's process alone; rounds alternate, and the best of each is told: other work on the machine only ever adds.
"""

import asyncio
import contextlib
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[0] = str(ROOT / "tests")  # and not this folder, whose dns.py would hide dnspython

from web import Web  # noqa: E402 - the tests' own servers

ROUNDS = 7
REQUESTS, TUNNELS, MEGABYTES = 1000, 100, 150
MEMORY_REQUESTS = 10_000
TICKS = os.sysconf("SC_CLK_TCK")
LEAD = """\
def server_connect(data):
    if data.server.address and data.server.address[0] != "127.0.0.1":
        data.server.address = ("127.0.0.1", {tls} if data.server.address[1] == 443 else {plain})

def requestheaders(flow):  # so that mitmproxy knows the connection again at the next request
    if flow.response is None:
        port = {tls} if flow.client_conn.tls_established else {plain}
        flow.request.data.host, flow.request.data.port = "127.0.0.1", port
"""
PAGE = "  - {name: Our page, allow: www.facebook.com/AcornLane, devices: office-laptop}\n"
RULES = (ROOT / "rules.yaml").read_text(encoding="utf-8")


class Proxy:
    def __init__(self, folder: Path, name: str, options: list[str]) -> None:
        self.name, self.port = name, _free_port()
        command = [str(Path(sys.executable).parent / "mitmdump"), "-q", "--listen-host", "127.0.0.1", "--listen-port", str(self.port)]
        command += ["--set", f"confdir={folder / 'conf'}", "--set", "ssl_insecure=true", *options, "-s", str(folder / "lead.py")]
        self.output = folder / f"{name}.out"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.1)
        raise SystemExit(f"{name} did not start: {self.output.read_text()}")

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


class Plain:
    """A server in the clear, and behind TLS one that sends as many bytes as it is asked for."""

    def __init__(self, web: Web) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(web.folder / "server.pem")
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.plain, self.tls = (self._serve(context) for context in (None, self._context))

    def _serve(self, context: ssl.SSLContext | None) -> int:
        start = asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=context)
        server = asyncio.run_coroutine_threadsafe(start, self.loop).result(10)
        return int(server.sockets[0].getsockname()[1])

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = int(head.split()[1].rpartition(b"/")[2] or b"1000")
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size)
                await writer.drain()
        writer.close()


def fetch(stream: socket.socket, url: str, host: str) -> None:
    stream.sendall(f"GET {url} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += stream.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    if b" 200 " not in head[:16]:
        raise SystemExit(f"{url}: {head[:100]!r}")
    left = int(head.lower().partition(b"content-length:")[2].split()[0]) - len(body)
    while left > 0:
        left -= len(stream.recv(min(left, 1 << 20)))


def connect(proxy: Proxy) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", proxy.port), 30)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def tunnel(proxy: Proxy, host: str) -> ssl.SSLSocket:
    stream = connect(proxy)
    stream.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += stream.recv(1)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(stream, server_hostname=host)


def in_the_clear(proxy: Proxy) -> None:
    with connect(proxy) as stream:
        for _ in range(REQUESTS):
            fetch(stream, "http://www.example.org/1000", "www.example.org")


def looked_into(proxy: Proxy) -> None:
    with tunnel(proxy, "www.facebook.com") as stream:
        for _ in range(REQUESTS):
            fetch(stream, "/AcornLane/1000", "www.facebook.com")


def passed_tunnels(proxy: Proxy) -> None:
    for _ in range(TUNNELS):
        with tunnel(proxy, "passed.example.org") as stream:
            fetch(stream, "/1000", "passed.example.org")


def passed_bytes(proxy: Proxy) -> None:
    with tunnel(proxy, "passed.example.org") as stream:
        fetch(stream, f"/{MEGABYTES * 1_000_000}", "passed.example.org")


MEASURES = (
    ("a request in the clear", in_the_clear, REQUESTS, "µs", 1e6, 10),
    ("a request looked into (TLS)", looked_into, REQUESTS, "µs", 1e6, 10),
    ("a tunnel passed through", passed_tunnels, TUNNELS, "µs", 1e6, 5),
    ("a megabyte passed through", passed_bytes, MEGABYTES, "µs", 1e6, 5),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        web = Web(folder)
        servers = Plain(web)
        (folder / "lead.py").write_text(LEAD.format(tls=servers.tls, plain=servers.plain))
        rules = RULES.replace("address: 192.168.1.20", "address: 127.0.0.1, proxy: intercept").replace("\nrules:\n", f"\nrules:\n{PAGE}", 1)
        (folder / "rules.yaml").write_text(rules.partition("\nexpect:")[0])
        os.environ |= {"DINNERBELL_RULES": str(folder / "rules.yaml"), "DINNERBELL_DATA": str(folder / "data")}
        addon = ROOT / "proxy/dinnerbell_proxy/addon.py"
        own = {"mitmdump": ["--ignore-hosts", "passed"], "dinnerbell": ["-s", str(addon)]}
        proxies = [Proxy(folder, name, options) for name, options in own.items()]
        time.sleep(2)
        try:
            measure(proxies)
            memory(proxies[1])
        finally:
            for proxy in proxies:
                proxy.stop()
            web.close()


def measure(proxies: list[Proxy]) -> None:
    for label, work, count, unit, scale, budget in MEASURES:
        found: dict[str, list[float]] = {proxy.name: [] for proxy in proxies}
        for round_ in range(ROUNDS + 1):
            for proxy in proxies if round_ % 2 else reversed(proxies):
                before = proxy.cpu_seconds
                work(proxy)
                if round_:  # the first one warms up
                    found[proxy.name].append((proxy.cpu_seconds - before) / count * scale)
        plain, ours = (min(found[proxy.name]) for proxy in proxies)
        print(f"{label}: mitmdump {plain:.0f} {unit}, dinnerbell {ours:.0f} {unit}: {(ours / plain - 1) * 100:+.0f} % (budget +{budget} %)")


def memory(proxy: Proxy) -> None:
    sizes = []
    for done in range(0, MEMORY_REQUESTS + 1, MEMORY_REQUESTS // 4):
        sizes.append(f"{done}: {proxy.megabytes:.0f}")
        with tunnel(proxy, "www.facebook.com") as stream:
            for _ in range(MEMORY_REQUESTS // 4):
                fetch(stream, "/AcornLane/1000", "www.facebook.com")
    print(f"memory (MB) after so many requests more: {', '.join(sizes)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
