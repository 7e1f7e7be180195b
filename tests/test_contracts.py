"""The import contracts hold, and each of them is proved to bite: a planted breach is caught."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"dinnerbell": ".", "dinnerbell_dns": "dns", "dinnerbell_proxy": "proxy", "dinnerbell_reports": "reports"}


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the tree at `root`, as `make contracts` does over the project."""
    path = ":".join(str(root / folder) for folder in PACKAGES.values())
    script = (
        "import sys; from importlinter.cli import lint_imports_command; sys.argv = ['lint-imports', '--no-cache']; lint_imports_command()"
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packages and the contracts."""
    for package, folder in PACKAGES.items():
        shutil.copytree(ROOT / folder / package, tmp_path / folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_the_contracts_hold(copy):
    """Nothing in the tree breaks them."""
    done = lint(copy)
    assert done.returncode == 0, done.stdout


BREACHES = [
    pytest.param("dinnerbell/policy.py", "import socket", "pure core", id="the_decision_opens_a_socket"),
    pytest.param("dinnerbell/rulesfile/nodes.py", "import os", "pure core", id="the_rules_reader_asks_the_system"),
    pytest.param("dns/dinnerbell_dns/wire.py", "import asyncio", "pure core", id="the_wire_format_waits"),
    pytest.param("dinnerbell/sessions.py", "import dinnerbell.log", "pure core", id="sessions_read_the_log_themselves"),
    pytest.param("reports/dinnerbell_reports/weekly.py", "import time", "Reports are values", id="the_report_reads_the_clock"),
    pytest.param(
        "reports/dinnerbell_reports/weekly.py", "import dinnerbell_dns.server", "Reports are values", id="the_report_knows_the_server"
    ),
    pytest.param("dinnerbell/running/box.py", "import sqlite_utils", "Only the log", id="the_box_writes_the_log_itself"),
    pytest.param("dns/dinnerbell_dns/server.py", "import dinnerbell.cli", "Nobody imports", id="the_server_knows_the_command_line"),
    pytest.param("proxy/dinnerbell_proxy/judge.py", "import socket", "pure core", id="the_proxys_judge_opens_a_socket"),
    pytest.param("proxy/dinnerbell_proxy/watch.py", "import mitmproxy", "Only addon, messages", id="the_watch_needs_the_extra"),
]


@pytest.mark.parametrize("file, line, contract", BREACHES)
def test_a_planted_breach_is_caught(copy, file, line, contract):
    """Each contract bites where it should."""
    path = copy / file
    path.write_text(path.read_text() + f"\n{line}\n")
    done = lint(copy)
    assert done.returncode == 1
    broken = [text for text in done.stdout.splitlines() if "BROKEN" in text]
    assert any(contract in text for text in broken), done.stdout


def test_every_module_of_the_core_is_named_in_a_contract():
    """A new module is either in the pure list or in that of the shells it must not import: nobody slips in between."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    contract = parser["importlinter:contract:pure-core"]
    named = set(contract["source_modules"].split()) | set(contract["forbidden_modules"].split())
    folders = [ROOT / "dinnerbell", ROOT / "dinnerbell/running", ROOT / "dinnerbell/demo", ROOT / "dns/dinnerbell_dns"]
    here = {
        f"{'dinnerbell.' if folder.parent.name == 'dinnerbell' else ''}{folder.name}.{entry.stem}"
        for folder in (*folders, ROOT / "proxy/dinnerbell_proxy")
        for entry in folder.iterdir()
        if (entry.suffix == ".py" and not entry.stem.startswith("__")) or (entry / "__init__.py").exists()
    }
    here |= {f"dinnerbell_dns.transports.{entry.stem}" for entry in (ROOT / "dns/dinnerbell_dns/transports").glob("[!_]*.py")}
    here |= {f"dinnerbell.lists.{entry.stem}" for entry in (ROOT / "dinnerbell/lists").glob("[!_]*.py")}
    here |= {f"dinnerbell.workers.{entry.stem}" for entry in (ROOT / "dinnerbell/workers").glob("[!_]*.py")}
    folders = {"dinnerbell.demo", "dinnerbell.running", "dinnerbell.lists", "dinnerbell.workers", "dinnerbell_dns.transports"}
    assert here - named == folders, "their parts are named one by one"
