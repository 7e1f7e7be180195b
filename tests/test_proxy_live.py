"""`dinnerbell proxy` as a process, with real clients and real servers on loopback.

Names need not exist: a script that is handed to mitmproxy behind `--` leads every name to the servers here, as a resolver would.
"""

import contextlib
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dinnerbell.config import Endpoint
from dinnerbell.log import LogReader, usage_path
from live import OFFICE_LAPTOP, STAFF_PHONE, STRANGER, TABLET, environment, eventually

pytest.importorskip("mitmproxy", reason="the extra `proxy` is not installed")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SHOWN_TABLET = "127.0.0.32"
"""A tablet that trusts the proxy's certificate: `proxy: intercept`."""
BLOCKED, ALLOWED = "www.instagram.com", "www.example.org"
RULES = """\
setting: {name: Acorn Lane Nursery, timezone: Europe/London, people: {manager: Ada Fern}}
groups:
  office:       {owner: setting}
  children:     {owner: setting, for: children}
  staff-phones: {owner: staff, addresses: [127.0.0.64/27]}
devices:
  office-laptop: {group: office, address: 127.0.0.20}
  room-tablet-1: {group: children, address: 127.0.0.31}
  room-tablet-2: {group: children, address: 127.0.0.32, proxy: intercept}
rules:
  - {name: Children have no access, clause: 6, block: social-media, devices: children}
  - {name: Safe search, clause: 3, enforce: safe-search, devices: children}
box: {answer-networks: [127.0.0.0/25]}
log: {setting-owned: all, staff-owned: refused}
"""
LEAD = """\
def server_connect(data):
    host, port = data.server.address
    if host != "127.0.0.1":
        asked(host)
        data.server.address = ("127.0.0.1", {proxy}) if host == "loop.example" else ("127.0.0.1", {tls} if port == 443 else {plain})

def asked(host):
    with open({asked!r}, "a") as file:
        file.write(host + "\\n")
"""
LEAD_BEHIND = (
    LEAD
    + """
def requestheaders(flow):
    if flow.response is None:
        asked(flow.request.host)
        flow.request.data.host, flow.request.data.port = "127.0.0.1", {plain}
"""
)
"""For a script that comes after the addon: it leads requests before there is a connection, as a resolver that mitmproxy knows would."""


# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Pages(BaseHTTPRequestHandler):
    """A web server that says which host it was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"{self.headers['Host']}{self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """It counts who came."""

    daemon_threads = True
    came = 0

    def get_request(self):
        self.came += 1
        return super().get_request()


class Servers:
    """The internet of these tests: one plain server and one with a certificate."""

    def __init__(self, folder: Path) -> None:
        self.certificate, key = _certificate()
        pem = folder / "server.pem"
        pem.write_bytes(self.certificate + key)
        self.plain = Server(("127.0.0.1", 0), Pages)
        self.tls = Server(("127.0.0.1", 0), Pages)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.tls.socket = context.wrap_socket(self.tls.socket, server_side=True, do_handshake_on_connect=False)
        for server in (self.plain, self.tls):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def came(self) -> int:
        return self.plain.came + self.tls.came

    def close(self) -> None:
        for server in (self.plain, self.tls):
            server.shutdown()
            server.server_close()


def _certificate() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "The server's own")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(ALLOWED)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM), secret


class Proxy:
    """The proxy as a process. `asked` are the names that it asked somebody for."""

    def __init__(self, folder: Path, servers: Servers, *options: str, script: bool = False) -> None:
        self.folder, self.rules, self.data = folder, folder / "rules.yaml", folder / "data"
        self._asked = folder / "asked"
        if not self.rules.exists():
            self.rules.write_text(RULES)
        port = _free_port()
        lead = folder / "lead.py"
        ports = {"proxy": port, "tls": servers.tls.server_port, "plain": servers.plain.server_port}
        lead.write_text((LEAD_BEHIND if script else LEAD).format(**ports, asked=str(self._asked)))
        if script:
            addon = Path(__file__).parent.parent / "proxy/dinnerbell_proxy/addon.py"
            told = ["--listen-host", "127.0.0.1", "--listen-port", str(port), "--set", f"confdir={folder / 'confdir'}"]
            command = [str(Path(sys.executable).parent / "mitmdump"), *told, "-s", str(addon), "-s", str(lead), *options]
        else:
            where = ["--rules", str(self.rules), "--data", str(self.data)]
            served = ["proxy", "--listen", f"127.0.0.1:{port}", "--", "-s", str(lead)]
            command = [sys.executable, "-m", "dinnerbell", *where, *served, *options]
        places = {"DINNERBELL_RULES": str(self.rules), "DINNERBELL_DATA": str(self.data)}
        self.output, self.errors = folder / "output", folder / "errors"
        with self.output.open("w") as output, self.errors.open("w") as errors:
            self.process = subprocess.Popen(command, env={**environment(), **places}, stdout=output, stderr=errors)
        ready = f"dinnerbell: proxying on 127.0.0.1:{port}\n"
        eventually(lambda: ready in self.output.read_text() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.errors.read_text()
        self.endpoint = Endpoint("127.0.0.1", port)

    @property
    def asked(self) -> list[str]:
        return self._asked.read_text().split() if self._asked.exists() else []

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(20) == 0, self.errors.read_text()
        finally:
            self.process.kill()

    @contextlib.contextmanager
    def client(self, source: str) -> Iterator[socket.socket]:
        with socket.create_connection((self.endpoint.address, self.endpoint.port), timeout=10, source_address=(source, 0)) as tcp:
            yield tcp

    def get(self, source: str, url: str, *headers: str, host: str = "") -> "Reply":
        with self.client(source) as tcp:
            return ask(tcp, url, *headers, host=host)

    def tunnel(self, tcp: socket.socket, host: str, port: int = 443) -> int:
        """Send a CONNECT, return the status."""
        tcp.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        return Reply(tcp, method="CONNECT").status


class Reply:
    """One HTTP/1.1 response, read from a socket."""

    def __init__(self, tcp: socket.socket, method: str = "GET") -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            sign = tcp.recv(1)
            if not sign:
                raise ConnectionError(f"hung up after {head!r}")
            head += sign
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip() for line in lines if line for name, _, value in [line.partition(":")]}
        length = 0 if method == "CONNECT" and self.status == 200 else int(self.headers.get("content-length", "0"))
        body = b""
        while len(body) < length and (more := tcp.recv(length - len(body))):
            body += more
        self.body = body.decode()


def ask(tcp: socket.socket, url: str, *headers: str, host: str = "") -> Reply:
    lines = [f"GET {url} HTTP/1.1", f"Host: {host or url.split('/')[2]}", *headers]
    tcp.sendall("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
    return Reply(tcp)


def tls(tcp: socket.socket, name: str | None, authority: Path | None = None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=authority)
    if authority is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(tcp, server_hostname=name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def servers(tmp_path_factory) -> Iterator[Servers]:
    found = Servers(tmp_path_factory.mktemp("servers"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, servers) -> Iterator[Proxy]:
    """One proxy for every test that leaves it as it was."""
    found = Proxy(tmp_path_factory.mktemp("proxy"), servers)
    yield found
    found.end()


@pytest.fixture
def own_proxy(tmp_path, servers) -> Iterator[Proxy]:
    found = Proxy(tmp_path, servers)
    yield found
    found.end()


# ── in the clear ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_tablet_gets_the_page_and_nobody_is_asked(proxy, servers):
    before = servers.came
    reply = proxy.get(TABLET, f"http://{BLOCKED}/", "Accept: text/html", "Sec-Fetch-Dest: document")
    assert reply.status == 403
    assert "Instagram is closed on this device" in reply.body
    assert "Ada Fern" in reply.body
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert servers.came == before


def test_a_picture_of_it_is_refused_without_a_page(proxy):
    reply = proxy.get(TABLET, f"http://{BLOCKED}/like.png", "Accept: image/*", "Sec-Fetch-Dest: image")
    assert (reply.status, reply.body) == (403, "")


def test_the_laptop_passes(proxy):
    reply = proxy.get(OFFICE_LAPTOP, f"http://{BLOCKED}/page?a=1")
    assert (reply.status, reply.body) == (200, f"{BLOCKED}/page?a=1")


def test_each_request_of_a_kept_connection_is_judged(proxy):
    with proxy.client(TABLET) as tcp:
        statuses = [ask(tcp, f"http://{host}/").status for host in (ALLOWED, BLOCKED, "journal.example", BLOCKED, ALLOWED)]
    assert statuses == [200, 403, 200, 403, 200]


def test_a_refused_host_is_not_had_by_another_ones_address(proxy):
    reply = proxy.get(TABLET, f"http://{ALLOWED}/", host=BLOCKED)
    assert reply.status == 403


def test_a_long_refused_upload_is_cut_and_the_proxy_lives(proxy):
    with proxy.client(TABLET) as tcp, contextlib.suppress(ConnectionError):
        head = f"POST http://{BLOCKED}/ HTTP/1.1\r\nHost: {BLOCKED}\r\nContent-Length: 50000000\r\n\r\n"
        tcp.sendall(head.encode())
        with pytest.raises(ConnectionError):
            Reply(tcp)
    assert proxy.get(TABLET, f"http://{ALLOWED}/").status == 200


HOSTILE = [
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="for_nobody"),
    pytest.param(b"GET http://\xff\xfe/ HTTP/1.1\r\nHost: \xff\r\n\r\n", id="no_letters"),
    pytest.param(b"GET http://www.example.org/ HTTP/1.1\r\nHost: a b\r\n\r\n", id="no_host"),
    pytest.param(b"CONNECT <script>:443 HTTP/1.1\r\n\r\n", id="a_host_of_html"),
    pytest.param(b"CONNECT www.example.org:99999 HTTP/1.1\r\n\r\n", id="no_port"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: www.example.org\r\nX: " + b"x" * 300_000 + b"\r\n\r\n", id="a_long_header"),
    pytest.param(b"\x16\x03\x01\x00\x05hello", id="tls_that_is_none"),
    pytest.param(b"\x00" * 1000, id="nothing_at_all"),
]


@pytest.mark.parametrize("data", HOSTILE)
def test_a_hostile_peer_gets_an_error_and_the_proxy_lives(proxy, data):
    with proxy.client(TABLET) as tcp, contextlib.suppress(OSError):
        tcp.settimeout(2)
        tcp.sendall(data)
        with contextlib.suppress(ConnectionError):
            assert Reply(tcp).status >= 400 or b"x" * 300_000 in data
    assert proxy.get(TABLET, f"http://{ALLOWED}/").status == 200


# ── tunnels ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refused_tunnel_is_not_opened(proxy):
    with proxy.client(TABLET) as tcp:
        assert proxy.tunnel(tcp, BLOCKED) == 403


@pytest.mark.parametrize("host, port", [(ALLOWED, 25), ("127.0.0.1", 443), ("192.168.1.1", 443), ("127.1", 443)])
def test_it_is_nobodys_way_elsewhere(proxy, host, port):
    with proxy.client(OFFICE_LAPTOP) as tcp:
        assert proxy.tunnel(tcp, host, port) in (400, 403)


@pytest.mark.parametrize("tunnel", [ALLOWED, "93.184.216.34"])
def test_a_refused_name_in_an_allowed_tunnel_is_hung_up_on(proxy, servers, tunnel):
    before = servers.came
    with proxy.client(TABLET) as tcp:
        assert proxy.tunnel(tcp, tunnel) == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            tls(tcp, BLOCKED)
    assert servers.came == before


@pytest.mark.parametrize("source, name", [(TABLET, ALLOWED), (OFFICE_LAPTOP, BLOCKED), (SHOWN_TABLET, ALLOWED), (TABLET, None)])
def test_what_passes_shows_the_servers_own_certificate_byte_for_byte(proxy, servers, source, name):
    with proxy.client(source) as tcp:
        assert proxy.tunnel(tcp, name or ALLOWED) == 200
        with tls(tcp, name) as inside:
            assert inside.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(servers.certificate.decode())
            assert ask(inside, "/inside", host=name or ALLOWED).body == f"{name or ALLOWED}/inside"


def test_a_device_that_trusts_the_proxy_reads_why(proxy, servers):
    """The page in the site's place, under a certificate of the proxy's, and the site is not asked."""
    before, authority = servers.came, proxy.data / "proxy/mitmproxy-ca-cert.pem"
    with proxy.client(SHOWN_TABLET) as tcp:
        assert proxy.tunnel(tcp, BLOCKED) == 200
        with tls(tcp, BLOCKED, authority) as inside:
            reply = ask(inside, "/", "Accept: text/html", host=BLOCKED)
    assert reply.status == 403
    assert "Instagram is closed on this device" in reply.body
    assert reply.headers["connection"] == "close"
    assert servers.came == before


@pytest.mark.parametrize("host", [ALLOWED, "www.facebook.com"])
def test_another_name_on_that_connection_is_sent_elsewhere(proxy, servers, host):
    before = servers.came
    with proxy.client(SHOWN_TABLET) as tcp:
        assert proxy.tunnel(tcp, BLOCKED) == 200
        with tls(tcp, BLOCKED) as inside:
            assert ask(inside, "/", host=host).status == 421
    assert servers.came == before


def test_tls_to_the_proxy_itself_is_hung_up_on(proxy):
    with proxy.client(TABLET) as tcp, pytest.raises((ssl.SSLError, ConnectionError)):
        tls(tcp, ALLOWED)


def test_strangers_are_not_served(proxy):
    with proxy.client(STRANGER) as tcp, pytest.raises(ConnectionError):
        ask(tcp, f"http://{ALLOWED}/")


def test_a_name_that_leads_back_to_the_proxy_goes_round_once(proxy):
    before = len(proxy.asked)
    with proxy.client(OFFICE_LAPTOP) as tcp, contextlib.suppress(ConnectionError):
        assert ask(tcp, "http://loop.example:8080/").status >= 400
    assert len(proxy.asked) - before == 1


# ── rules and log ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_saved_rules_are_in_force_within_seconds(own_proxy):
    url = f"http://{BLOCKED}/"
    assert own_proxy.get(OFFICE_LAPTOP, url).status == 200
    replacement = own_proxy.folder / "new.yaml"
    replacement.write_text(RULES.replace("devices: children}", "devices: [children, office]}", 1))
    replacement.rename(own_proxy.rules)
    eventually(lambda: _is_refused(own_proxy, url), 10)
    own_proxy.rules.write_text("rules: {")
    eventually(lambda: "the rules that were in force stay in force" in own_proxy.errors.read_text(), 10)
    assert own_proxy.get(OFFICE_LAPTOP, url).status == 403


def _is_refused(proxy: Proxy, url: str) -> bool:
    with contextlib.suppress(ConnectionError):  # what is under way as the rules change is cut
        return proxy.get(OFFICE_LAPTOP, url).status == 403
    return False


def test_what_is_asked_of_the_proxy_is_in_the_usage_log(own_proxy):
    """By device and name as DNS would have it, once a minute however many requests; own phones by what was refused only."""
    started = int(time.time() // 60)
    for _ in range(3):
        own_proxy.get(TABLET, f"http://{BLOCKED}/")
        own_proxy.get(TABLET, f"http://{ALLOWED}/")
        own_proxy.get(STAFF_PHONE, f"http://{BLOCKED}/")
    own_proxy.get(OFFICE_LAPTOP, "http://childline.org.uk/")
    own_proxy.end()
    with LogReader(usage_path(own_proxy.data)) as log:
        rows = list(log.usage(started, started + 10))
        devices = {contact.device for contact in log.contacts()}
        assert log.uptime(started, started + 10) == []
    found = {(row.device, row.name, row.service, row.verdict.value, row.rule) for row in rows}
    assert found == {
        ("room-tablet-1", BLOCKED, "instagram", "block", "Children have no access"),
        ("room-tablet-1", ALLOWED, None, "allow", "otherwise"),
    }
    assert sum(row.lookups for row in rows) <= 2 * len({row.minute for row in rows})
    assert devices == {"room-tablet-1", STAFF_PHONE, "office-laptop"}


def test_a_supervised_restart_loses_no_rule_and_no_log(tmp_path, servers):
    """Killed without a word and started again, as a supervisor would: the same rules, and all but the last second's counts."""
    started = int(time.time() // 60)
    first = Proxy(tmp_path, servers)
    assert first.get(TABLET, f"http://{BLOCKED}/").status == 403
    eventually(lambda: _logged(first, started) == {BLOCKED}, 10)
    first.process.kill()
    first.process.wait(10)
    second = Proxy(tmp_path, servers)
    try:
        assert second.get(TABLET, f"http://{BLOCKED}/").status == 403
        assert second.get(TABLET, f"http://{ALLOWED}/").status == 200
    finally:
        second.end()
    assert _logged(second, started) == {BLOCKED, ALLOWED}


def _logged(proxy: Proxy, since: int) -> set[str]:
    with LogReader(usage_path(proxy.data)) as log:
        return {row.name for row in log.usage(since, since + 10)}


def test_the_same_addon_works_for_mitmdump(tmp_path, servers):
    """And it leads to the safe search host, as DNS does."""
    proxy = Proxy(tmp_path, servers, script=True)
    try:
        assert proxy.get(TABLET, f"http://{BLOCKED}/", "Accept: text/html").status == 403
        assert proxy.get(TABLET, "http://www.google.com/search").body == "www.google.com/search?safe=active"
        assert proxy.asked == ["forcesafesearch.google.com"]
        with proxy.client(TABLET) as tcp:
            for place in range(7):  # mitmproxy opens five connections to one host; a kept one has to be known again
                assert ask(tcp, f"http://www.google.com/{place}").body == f"www.google.com/{place}"
        with proxy.client(TABLET) as tcp:
            assert proxy.tunnel(tcp, "www.google.com") == 200
            with tls(tcp, "www.google.com") as inside:
                assert ask(inside, "/", host="www.google.com").status == 200
        assert set(proxy.asked) == {"forcesafesearch.google.com"}
        assert "google" not in proxy.output.read_text()
        assert "Addon error" not in proxy.output.read_text() + proxy.errors.read_text()
    finally:
        proxy.end()


# ── starting ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def run(*arguments: str, code: str = "from dinnerbell.cli import main; main()") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def test_without_mitmproxy_it_says_what_to_install(tmp_path):
    code = "import sys; sys.modules['mitmproxy'] = None; from dinnerbell.cli import main; main()"
    done = run("--data", str(tmp_path), "proxy", code=code)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "dinnerbell: the proxy needs mitmproxy, which is not installed: pip install 'dinnerbell[proxy]'\n"


def test_bad_rules_and_no_copy_end_it(tmp_path):
    (tmp_path / "rules.yaml").write_text("rules: {")
    done = run("--rules", str(tmp_path / "rules.yaml"), "--data", str(tmp_path), "proxy")
    assert done.returncode == 1
    assert "rules.yaml can't be used and there is no last good copy" in done.stderr


def test_a_port_that_is_taken_ends_it(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("--rules", str(tmp_path / "rules.yaml"), "--data", str(tmp_path), "proxy", "--listen", listen)
    assert done.returncode == 1
    assert done.stderr == f"dinnerbell: Couldn't listen on {listen}: Address already in use\n"


def test_a_bad_address_is_wrong_usage(tmp_path):
    assert run("--data", str(tmp_path), "proxy", "--listen", "nowhere").returncode == 2


def test_the_key_is_for_the_service_only(proxy):
    assert (proxy.data / "proxy/mitmproxy-ca.pem").stat().st_mode & 0o077 == 0
