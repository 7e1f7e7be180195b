"""deploy/dinnerbell.service: systemd takes it as it stands, and it starts what there is."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from live import ROOT, command

UNIT = ROOT / "deploy" / "dinnerbell.service"


def section(name: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(UNIT)
    return dict(parser[name])


def test_it_starts_a_command_and_sets_variables_that_there_are():
    service = section("Service")
    words = shlex.split(service["ExecStart"])[1:]
    assert command(*words, "--help").returncode == 0
    variables = {pair.partition("=")[0] for pair in shlex.split(service["Environment"])}
    shown = command("--help").stdout + (ROOT / "README.md").read_text()
    assert {"DINNERBELL_RULES", "DINNERBELL_DATA"} <= variables
    assert all(name in shown for name in variables if name.startswith("DINNERBELL_"))


def test_it_may_bind_port_53_and_nothing_else_that_root_may():
    service = section("Service")
    assert service["AmbientCapabilities"] == service["CapabilityBoundingSet"] == "CAP_NET_BIND_SERVICE"
    hardening = {"DynamicUser": "yes", "ProtectSystem": "strict", "NoNewPrivileges": "yes", "StateDirectory": "dinnerbell"}
    assert service["Type"] == "notify"
    assert hardening.items() <= service.items()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_takes_it(tmp_path: Path):
    text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text(), flags=re.MULTILINE)
    (tmp_path / UNIT.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / UNIT.name], capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
