"""What systemd hears, over a real datagram socket, by path and in the abstract name space."""

import os
import secrets
import signal
import socket
from pathlib import Path

import pytest

from dinnerbell.running.notify import Notify
from live import ACORN_LANE, BoxProcess, eventually


class Systemd:
    """A socket that listens as systemd does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        while True:
            try:
                self.heard.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self.heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path):
    systemd = Systemd(f"@dinnerbell-{secrets.token_hex(8)}" if request.param == "abstract" else str(tmp_path / "n"))
    yield systemd
    systemd.close()


def test_each_message_is_one_datagram_of_lines(systemd):
    notify = Notify({"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "9000000"}, pid=7)
    notify.ready("fine\nreally")
    notify.reloading(1.5)
    notify.alive(2.0, "ok")
    notify.stopping()
    assert systemd.listen() == [
        "READY=1\nSTATUS=fine really", "RELOADING=1\nMONOTONIC_USEC=1500000", "WATCHDOG=1\nSTATUS=ok", "STOPPING=1"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "environment, seconds",
    [
        pytest.param({"WATCHDOG_USEC": "9000000"}, 9.0, id="for_everybody"),
        pytest.param({"WATCHDOG_USEC": "9000000", "WATCHDOG_PID": "7"}, 9.0, id="for_us"),
        pytest.param({"WATCHDOG_USEC": "9000000", "WATCHDOG_PID": "8"}, None, id="for_another"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="no_number"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="never"),
        pytest.param({}, None, id="none"),
    ],
)
def test_the_watchdog_is_fed_three_times_in_its_time(environment, seconds):
    notify = Notify({"NOTIFY_SOCKET": "/nowhere/at/all"} | environment, pid=7)
    assert notify.watchdog_seconds == seconds
    assert notify.is_due(0.0)
    notify.alive(0.0, "nobody hears it")
    every = 3.0 if seconds else 60.0
    assert (notify.is_due(every - 0.1), notify.is_due(every)) == (False, True)


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"WATCHDOG_USEC": "1"}])
def test_without_systemd_nothing_is_said(environment):
    notify = Notify(environment, os.getpid())
    assert not notify.is_due(1e9)
    notify.ready("x")


def test_a_box_says_when_it_answers_reloads_and_stops(tmp_path: Path, systemd, local_upstream):
    rules = tmp_path / "rules.yaml"
    rules.write_text(ACORN_LANE)
    environment = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "600000"}
    with BoxProcess(rules, tmp_path / "data", upstreams=[local_upstream.endpoint], variables=environment) as box:
        eventually(lambda: any(each.startswith("READY=1\nSTATUS=Answering") for each in systemd.listen()))
        assert "RELOADING=1" not in "".join(systemd.listen())
        eventually(lambda: sum("WATCHDOG=1" in each for each in systemd.listen()) >= 3)
        before = len(systemd.listen())
        box.signal(signal.SIGHUP)
        eventually(lambda: any(each.startswith("READY=1") for each in systemd.listen()[before:]))
        later = [each.partition("=")[0] for each in systemd.listen()[before:] if "WATCHDOG" not in each]
        assert later[:2] == ["RELOADING", "READY"]
        box.end(signal.SIGTERM)
        assert "STOPPING=1" in systemd.listen()
