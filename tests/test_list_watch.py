"""The proxy judges by the lists that the box, or a command, put in force."""

import time

from dinnerbell.clock import Clock
from dinnerbell.config import ListSource
from dinnerbell.lists.refresh import refresh
from dinnerbell_proxy.watch import RulesInForce
from live import ACORN_LANE

RULES = ACORN_LANE.replace("rules:\n", "rules:\n  - {name: Malware, block: list:malware}\n")
RULES += "box: {lists: {malware: {from: names.txt}}}\n"
SOURCE = ListSource("malware", "names.txt")


def test_the_proxy_takes_a_list_that_was_fetched_meanwhile(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "names.txt").write_text("evil.example\n")
    rules = RulesInForce(tmp_path / "rules.yaml", tmp_path / "data", Clock(time.time, time.monotonic))
    rules.start()
    assert not rules.rules.policy.lists
    refresh(tmp_path / "data", SOURCE, tmp_path, time.time())
    rules.look()
    assert rules.rules.policy.lists["malware"].match("www.evil.example") == "evil.example"
    (tmp_path / "names.txt").write_text("worse.example\n")
    refresh(tmp_path / "data", SOURCE, tmp_path, time.time())
    rules.look()
    assert rules.rules.policy.lists["malware"].match("www.evil.example") is None
    assert rules.rules.policy.lists["malware"].match("worse.example") == "worse.example"
    in_force = rules.rules
    rules.look()
    assert rules.rules is in_force, "and nothing is read again while nothing changes"
