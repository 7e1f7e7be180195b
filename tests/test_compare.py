"""The comparison with unbound in its short form: real servers, some hundred questions, and no difference that is not meant."""

import subprocess
import sys

from live import ROOT, environment, tool


def test_every_difference_from_unbound_is_a_meant_one():
    assert tool("unbound")
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "compare"), "400", "7"],
        env=environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "402 questions, seed 7" in done.stdout
    assert int(done.stdout.partition("  the same")[0].split()[-1]) > 300
