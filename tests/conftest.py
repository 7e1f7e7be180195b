"""Fixtures that several test files share: unbound as the upstream of the end-to-end tests, the demo's upstream elsewhere."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest
from hypothesis import HealthCheck, settings

from dinnerbell.config import Endpoint
from encrypted import Authority, EncryptedUpstream, Handle
from live import LocalUpstreamThread, eventually, tool

settings.register_profile("dinnerbell", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.load_profile("dinnerbell")

ZONE = """\
$ORIGIN .
$TTL 300
. SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60
. NS ns.invalid.
ns.invalid. A 127.0.0.1
www.instagram.com. A 198.18.1.1
www.instagram.com. AAAA 2001:db8::1:1
www.instagram.com. HTTPS 1 . alpn=h2 ipv4hint=198.18.1.1
www.facebook.com. A 198.18.1.2
www.facebook.com. AAAA 2001:db8::1:2
www.messenger.com. A 198.18.1.3
www.messenger.com. AAAA 2001:db8::1:3
tapestryjournal.com. A 198.18.1.4
tapestryjournal.com. AAAA 2001:db8::1:4
www.google.com. A 198.18.1.5
www.google.com. AAAA 2001:db8::1:5
www.google.com. HTTPS 1 . alpn=h2 ipv4hint=198.18.1.5
forcesafesearch.google.com. A 198.18.1.6
forcesafesearch.google.com. AAAA 2001:db8::1:6
www.bing.com. A 198.18.1.7
strict.bing.com. A 198.18.1.8
strict.bing.com. AAAA 2001:db8::1:8
duckduckgo.com. A 198.18.1.9
safe.duckduckgo.com. A 198.18.1.10
alias.example. CNAME www.instagram.com.
alias.tapestryjournal.com. CNAME www.instagram.com.
harmless.example. CNAME www.example.org.
ournursery.example. CNAME lb.wordpress.com.
lb.wordpress.com. A 198.18.1.12
lb.wordpress.com. AAAA 2001:db8::1:12
ournursery.wordpress.com. A 198.18.1.12
cloaked.example. CNAME www.instagram.com.edgekey.net.
www.instagram.com.edgekey.net. CNAME e1.dscb.akamaiedge.net.
plain.example. CNAME e1.dscb.akamaiedge.net.
e1.dscb.akamaiedge.net. A 198.18.1.13
bound.example. HTTPS 0 www.instagram.com.
www.example.org. A 198.18.1.11
www.example.org. TXT "a word"
big.example. TXT ( %s )
"""


@pytest.fixture(scope="session")
def unbound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Debian's unbound, a real recursive resolver whose whole internet is the zone above."""
    folder: Path = tmp_path_factory.mktemp("unbound")
    (folder / "zone").write_text(ZONE % " ".join('"' + "x" * 200 + '"' for _ in range(12)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        port = udp.getsockname()[1]
    (folder / "unbound.conf").write_text(f"""\
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  use-syslog: no
  logfile: ""
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  local-zone: "invalid." transparent
auth-zone:
  name: "."
  zonefile: "{folder}/zone"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
remote-control:
  control-enable: no
""")
    with (folder / "out").open("w") as out:
        process = subprocess.Popen([tool("unbound"), "-c", str(folder / "unbound.conf")], stdout=out, stderr=out)
    endpoint = Endpoint("127.0.0.1", port)
    try:
        eventually(lambda: process.poll() is not None or _answers(endpoint), 20)
        assert process.poll() is None, (folder / "out").read_text()
        yield endpoint
    finally:
        process.terminate()
        process.wait(10)


def _answers(endpoint: Endpoint) -> bool:
    try:
        answer = dns.query.udp(dns.message.make_query("tapestryjournal.com", "A"), endpoint.address, port=endpoint.port, timeout=0.5)
    except (OSError, dns.exception.DNSException):
        return False
    return bool(answer.answer)


@pytest.fixture(scope="module")
def local_upstream() -> Iterator[LocalUpstreamThread]:
    """The demo's upstream; alias.example leads to Instagram."""
    with LocalUpstreamThread({"alias.example": "www.instagram.com", "harmless.example": "www.example.org"}) as upstream:
        yield upstream


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Issues the certificates of encrypted upstreams."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def serve(authority: Authority) -> Iterator[Callable[..., EncryptedUpstream]]:
    """Give a function that starts an upstream: `serve(handler, *names on its certificate, days it is valid)`."""
    started: list[EncryptedUpstream] = []

    def start(handle: Handle, *names: str, days: int = 30, alpn: Sequence[str] = ()) -> EncryptedUpstream:
        started.append(EncryptedUpstream(authority.context(*names, days=days, alpn=alpn), handle))
        return started[-1]

    yield start
    for upstream in started:
        upstream.close()


@pytest.fixture(autouse=True)
def _no_settings_of_the_person_who_runs_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("DINNERBELL_")]:
        monkeypatch.delenv(key)
