"""The README is true: its commands exist and run as written, its examples say what they say."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
PORT = 5335


def test_every_make_command_of_the_readme_exists():
    """What a reader types is there."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`?\bmake ([a-z]+)\b", README))
    assert {"run", "test", "demo", "help"} <= named
    assert named <= targets


def test_the_table_lists_exactly_the_commands_that_exist():
    """No command is promised that is not there, and none is kept from the reader."""
    done = subprocess.run([sys.executable, "-m", "dinnerbell", "--help"], capture_output=True, text=True, check=True)
    exist = set(re.findall(r"^  ([a-z]+)  ", done.stdout.split("Commands:")[1], re.MULTILINE))
    listed = set(re.findall(r"^\| `dinnerbell ([a-z]+)", README, re.MULTILINE))
    assert listed == exist


def test_every_link_and_picture_is_there():
    """A broken picture is the first thing a newcomer sees."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What git knows of this tree, as a clean checkout would have it."""
    if not (ROOT / ".git").exists():
        pytest.skip("this tree is no checkout")
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def _port_is_taken() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return True
        return False


def test_make_run_serves_the_shipped_rules(checkout):
    """The README's first command, copied from it, on a clean checkout: a children's service is refused, the log is in ./data."""
    command = next(block for block in BLOCKS if "make run" in block).strip()
    assert command == "make run"
    if _port_is_taken():
        pytest.skip(f"somebody is on 127.0.0.1:{PORT} already")
    running = subprocess.Popen(
        [*command.split(), f"PYTHON={sys.executable}"], cwd=checkout, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert running.stdout is not None
        line = next(text for text in running.stdout if "answering on" in text)
        assert line == f"dinnerbell: answering on 127.0.0.1:{PORT} (udp, tcp)\n"
        answer = dns.query.udp(dns.message.make_query("www.instagram.com", "A"), "127.0.0.1", port=PORT, timeout=5)
        assert answer.rcode() == dns.rcode.NXDOMAIN
        time.sleep(1.5)
        assert (checkout / "data/usage.db").exists()
    finally:
        os.killpg(running.pid, signal.SIGINT)  # the whole group, as Ctrl-C in a terminal does
        running.wait(timeout=20)
        running.stdout.close()
    assert running.returncode in (0, 2, -signal.SIGINT)


def test_the_examples_say_what_they_say():
    """`why` prints what the README shows, line by line; dots stand for what is left out."""
    block = re.search(r"```console\n\$ dinnerbell why ([^\n]+)\n(.*?)```", README, re.DOTALL)
    assert block is not None
    done = subprocess.run(
        [sys.executable, "-m", "dinnerbell", "why", *shlex.split(block[1])], cwd=ROOT, capture_output=True, text=True, check=True
    )
    shown = [line for line in block[2].splitlines() if line.strip() != "..."]
    assert len(shown) > 4
    printed = iter(done.stdout.splitlines())
    for line in shown:
        assert any(each.startswith(line.removesuffix("...")) for each in printed), line


def test_the_mistake_that_is_shown_is_told_like_that(tmp_path):
    """`check` says of a misspelt group what the README shows."""
    good = (ROOT / "rules.yaml").read_text(encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(
        good.replace("room-tablet-1: {group: children", "room-tablet-1: {group: chldren"), encoding="utf-8"
    )
    done = subprocess.run([sys.executable, "-m", "dinnerbell", "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] in README
