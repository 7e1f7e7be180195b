"""Debian's unbound as an encrypted upstream: a resolver that others use, over DoT and DoH, asked by the real server."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dinnerbell.endpoints import parse_upstream
from dinnerbell_dns.health import State
from encrypted import NAME
from live import LiveServer, addresses, eventually, rcode, tool

NAMES = 60


def free_port() -> int:
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        return tcp.getsockname()[1]


@contextmanager
def running_unbound(folder: Path, ports: dict[str, int]) -> Iterator[None]:
    records = "\n".join(f'  local-data: "n{number}.acornlane.example. 300 A 198.18.2.{number}"' for number in range(NAMES))
    interfaces = "\n".join(f"  interface: 127.0.0.1@{port}" for port in ports.values())
    (folder / "unbound.conf").write_text(f"""\
server:
{interfaces}
  tls-port: {ports["tls"]}
  https-port: {ports["https"]}
  tls-service-key: "{folder}/key.pem"
  tls-service-pem: "{folder}/chain.pem"
  do-daemonize: no
  use-syslog: no
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  access-control: 127.0.0.0/8 allow
  local-zone: "acornlane.example." static
{records}
remote-control:
  control-enable: no
""")
    with (folder / "out").open("w") as out:
        process = subprocess.Popen([tool("unbound"), "-c", str(folder / "unbound.conf")], stdout=out, stderr=out)
    try:
        eventually(lambda: process.poll() is not None or all(map(is_listening, ports.values())), 20)
        assert process.poll() is None, (folder / "out").read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


def is_listening(port: int) -> bool:
    with socket.socket() as tcp:
        return tcp.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def folder(tmp_path, authority):
    certificate = authority.issue(NAME)
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(tmp_path / "chain.pem", append=True)
    return tmp_path


@pytest.mark.parametrize("scheme", ["tls", "https"])
def test_unbound_answers_over_one_connection_and_after_a_restart(folder, authority, scheme):
    ports = {"tls": free_port(), "https": free_port()}
    upstream = {
        "tls": parse_upstream(f"tls://127.0.0.1:{ports['tls']}#{NAME}"),
        "https": parse_upstream(f"https://{NAME}:{ports['https']}/dns-query#127.0.0.1"),
    }[scheme]
    with LiveServer(upstreams=[upstream], authorities=authority.file) as server:
        with running_unbound(folder, ports):
            for number in range(NAMES // 2):
                assert addresses(server.ask(f"n{number}.acornlane.example", want_dnssec=bool(number % 2))) == [f"198.18.2.{number}"]
            assert rcode(server.ask("nobody.acornlane.example")) == "NXDOMAIN"
            [status] = server.server.forwarder.status().upstreams
            assert (status.state, status.connections, status.failed, status.mismatched) == (State.GOOD, 1, 0, 0)
        with running_unbound(folder, ports):
            eventually(lambda: rcode(server.ask(f"n{NAMES - 1}.acornlane.example")) == "NOERROR", 10)
            for number in range(NAMES // 2, NAMES):
                assert addresses(server.ask(f"n{number}.acornlane.example")) == [f"198.18.2.{number}"]
