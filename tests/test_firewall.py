"""The firewall recipe: nftables itself takes it, twice over, and it says what the page beside it says."""

import shutil
import subprocess
from pathlib import Path

import pytest

RECIPE = Path(__file__).parent.parent / "deploy/firewall/proxy.nft"


def in_a_network_of_its_own(*commands: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", "sh", "-ec", "\n".join(commands)],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _nft() -> None:
    if not shutil.which("nft", path="/usr/sbin:/usr/bin:/sbin"):
        pytest.skip("nft is not installed (tests/install-tools)")
    done = in_a_network_of_its_own("nft list ruleset")
    if done.returncode:
        pytest.skip(f"no network namespace with nftables here: {done.stderr.strip()}")


def test_nftables_takes_the_recipe_and_takes_it_again():
    done = in_a_network_of_its_own(f"nft -f {RECIPE}", f"nft -f {RECIPE}", "nft list ruleset")
    assert done.returncode == 0, done.stderr
    assert "udp dport { 80, 443 } reject" in done.stdout
    assert "tcp dport { 80, 443 } redirect to :8080" in done.stdout
    assert done.stdout.count("table inet dinnerbell") == 1
