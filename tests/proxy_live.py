"""The proxy in this process, with the test's own clock: mitmproxy with the addon in a thread, and a client for it."""

import asyncio
import socket
import ssl
import threading
from pathlib import Path
from typing import Self

from mitmproxy import options
from mitmproxy.tools.dump import DumpMaster

from dinnerbell_proxy.addon import DinnerbellAddon
from dinnerbell_proxy.authority import CA_FOLDER, certificate_path, make_authority
from live import Moment, eventually
from web import Web

LAPTOP, OTHER_LAPTOP, PHONE = "127.0.0.20", "127.0.0.21", "127.0.0.66"
RULES = """\
setting: {name: Acorn Lane Nursery, timezone: Europe/London, people: {manager: Ada Fern}}
times: {lunch: 12:00-13:00}
groups:
  office:       {owner: setting}
  staff-phones: {owner: staff, addresses: [127.0.0.64/27]}
devices:
  office-laptop: {group: office, address: 127.0.0.20, proxy: intercept}
  other-laptop:  {group: office, address: 127.0.0.21}
services:
  credit-union: {name: Credit union, kinds: [sensitive], hosts: [bank.example]}
rules:
  - {name: Our Facebook page, clause: 5, allow: www.facebook.com/AcornLane, devices: office-laptop}
  - {name: The other group's page at lunch, clause: 5, allow: www.facebook.com/OakLane, devices: office-laptop, when: lunch}
  - {name: No short videos, clause: 3, block: www.youtube.com/shorts, devices: office}
  - {name: Work, clause: 3, allow: youtube, devices: office}
  - {name: Instagram at lunch, clause: 4, allow: instagram, when: lunch}
  - {name: No personal use, clause: 4, block: social-media}
  - {name: Safe, clause: 3, enforce: [safe-search, youtube-strict], devices: office}
box: {answer-networks: [127.0.0.0/25]}
log: {setting-owned: all, staff-owned: refused}
"""


class Lead:
    """Leads every name to the tests' server, as a resolver would."""

    def __init__(self, port: int) -> None:
        self.port = port

    def server_connect(self, data) -> None:
        if data.server.address and data.server.address[0] != "127.0.0.1":
            data.server.address = ("127.0.0.1", self.port)


class Live:
    """The proxy. `moment` is its clock. One at a time: mitmproxy has one global master."""

    def __init__(self, folder: Path, web: Web, rules: str = RULES, when: str = "2026-11-23 12:30", *, leads: bool = True) -> None:
        self.moment = Moment(when)
        self.data, self.rules = folder / "data", folder / "rules.yaml"
        self.rules.write_text(rules)
        self.web, self._leads = web, leads
        self.addon = DinnerbellAddon(self.rules, self.data, self.moment.clock)
        self.addon.start()
        make_authority(self.data, "Acorn Lane Nursery")
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        assert self._ready.wait(30)
        eventually(lambda: bool(self.master.addons.get("proxyserver").listen_addrs()), 30)
        self.port: int = self.master.addons.get("proxyserver").listen_addrs()[0][1]

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        chosen = options.Options(listen_host="127.0.0.1", listen_port=0, confdir=str(self.data / CA_FOLDER))
        self.master = DumpMaster(chosen, with_termlog=False, with_dumper=False)
        self.master.options.ssl_verify_upstream_trusted_ca = str(self.web.authority)
        self.master.addons.add(self.addon)
        if self._leads:
            self.master.addons.add(Lead(self.web.port))
        self._ready.set()
        await self.master.run()
        await self.master.addons.get("proxyserver").servers.update([])  # mitmproxy leaves its listening sockets to the end of the process

    @property
    def authority(self) -> Path:
        return certificate_path(self.data)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.master.shutdown)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self, source: str = LAPTOP) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10, source_address=(source, 0))

    def tunnel(self, host: str, source: str = LAPTOP, *, name: str | None = None) -> ssl.SSLSocket:
        """Open a tunnel and TLS in it, trusting the proxy's authority and the servers'. Raises OSError where it is closed."""
        tcp = self.connect(source)
        tcp.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        if not (head := _head(tcp)).startswith(b"HTTP/1.1 200"):
            tcp.close()
            raise ConnectionError(head.decode())
        context = ssl.create_default_context(cafile=self.web.authority)
        context.load_verify_locations(self.authority)
        return context.wrap_socket(tcp, server_hostname=name or host)

    def get(self, url: str, *headers: str, source: str = LAPTOP) -> tuple[int, str]:
        """Open https://`url` in a tunnel of its own, as a page unless the headers say else. Return status and body."""
        host, _, path = url.partition("/")
        with self.tunnel(host, source) as inside:
            return ask(inside, host, f"/{path}", *headers)


PAGE = ("Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate", "Accept: text/html")


def ask(tcp: socket.socket, host: str, path: str, *headers: str, method: str = "GET", body: str = "") -> tuple[int, str]:
    tcp.sendall("\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *(headers or PAGE), "", body]).encode())
    head = _head(tcp).decode("latin-1")
    fields = {name.lower(): value.strip() for line in head.split("\r\n") for name, _, value in [line.partition(":")]}
    read = b""
    while "content-length" in fields and len(read) < int(fields["content-length"]):
        read += tcp.recv(65536)
    return int(head.split()[1]), read.decode()


def _head(tcp: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        sign = tcp.recv(1)
        if not sign:
            raise ConnectionError(f"hung up after {head!r}")
        head += sign
    return head
