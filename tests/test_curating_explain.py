"""What a name is and why, for the manager: the deciding host, the class, the alias, and what a rule would have to name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cast import CATALOGUE
from dinnerbell.curating.explain import explain
from dinnerbell.curating.explain_words import told
from dinnerbell.model import Target, TargetKind
from dinnerbell.rules import read_rules

RULES = """\
setting: {name: Acorn Nursery}
rules:
  - {name: Essentials, allow: essential}
  - {name: Messenger, block: messenger}
  - {name: One page, allow: =www.facebook.com}
  - {name: Social media, block: social-media}
  - {name: Maps, block: mirror.example}
  - {name: A page, allow: www.facebook.com/acorn}
  - {name: Safe search, enforce: safe-search}
services:
  our-page: {name: Our page, kinds: [blog], note: The page of the nursery., hosts: [page.example]}
"""
POLICY = read_rules(RULES, catalogue=CATALOGUE).policy


def of(name):
    return explain(POLICY.catalogue, name, POLICY)


@pytest.mark.parametrize(
    "name, says",
    [
        pytest.param("edge-chat.facebook.com", ["belongs to Messenger (messaging)", "=edge-chat.facebook.com (this name only)",
            "also fits   facebook.com (and everything under it): facebook, companion", "use of Messenger: only its own pages",
            "=edge-chat.facebook.com is listed", "Messenger (line 4) blocks `messenger`", "Social media (line 6) blocks `social-media`"],
            id="exact_host"),
        pytest.param("www.facebook.com", ["companion of Facebook: its home page or pictures: this service has no better sign",
            "(line 5) allows `=www.facebook.com`",
            "A page (line 8) allows `www.facebook.com/acorn`"], id="half_of_a_pair"),
        pytest.param("scontent.fbcdn.net", ["belongs to Facebook, Instagram and Messenger", "shared of Facebook, Instagram and Messenger:",
            "A rule must refuse every one of its services.", "not taken for Facebook, Instagram and Messenger, and answered"], id="shared"),
        pytest.param("x.com", ["push.x.com (x, background)"], id="longer_hosts_are_told"),
        pytest.param("mask.icloud.com", ["is a canary", "belongs to", "also fits   icloud.com"], id="canary"),
        pytest.param("www.google.com", ["(`safe-search`) answers it with forcesafesearch.google.com", "switches on `safe-search`"],
            id="enforce"),
        pytest.param("_https.www.instagram.com", ["is judged as www.instagram.com", "belongs to Instagram"], id="underscore_labels"),
        pytest.param("unheard-of.example", ["is in no service of the catalogue", "is nobody's, and answered",
            "by `=unheard-of.example` or `unheard-of.example`"], id="nobodys"),
        pytest.param("www.wordpress.com.cdn.example", ["is in no service", "judged as WordPress: wordpress.com is a left part of it"],
            id="left_part"),
        pytest.param("lb.wordpress.com", ["belongs to WordPress", "not taken for WordPress, and answered"], id="under_it_only"),
        pytest.param("www.mirror.example", ["judged by the rule below that names its domain", "blocks `mirror.example`"], id="domain"),
        pytest.param("page.example", ["belongs to Our page (blogs)", "Written or changed in your rules.yaml. The page of the nursery."],
            id="own_service"),
    ],
)  # fmt: skip
def test_an_explanation_says(name, says):
    text = told(of(name))
    for part in says:
        assert part in text


def test_a_helpline_is_said_to_be_never_refused_and_no_rule_is_offered():
    helpline = next(service for service in CATALOGUE.services.values() if "helpline" in service.kinds)
    host = next(host for hosts in helpline.hosts.values() for host in hosts).removeprefix("=")
    text = told(of(host))
    assert "never refused, whatever the rules say, and never logged by device" in text
    assert "to refuse" not in text
    assert "is answered: a helpline is never refused" in text


LABEL = st.sampled_from(["www", "m", "x", "instagram", "facebook", "edge-chat", "fbcdn", "net", "com", "icloud", "mask", "example", "cdn"])


@given(st.lists(LABEL, min_size=1, max_size=5).map(".".join))
@settings(max_examples=300)
def test_it_says_what_the_decisions_go_by(name):
    """The deciding host is lookup's, every rule it names would fit by that target, and no other would."""
    found = of(name)
    match = POLICY.catalogue.lookup(name)
    assert found.match == match
    assert found.alias is None or found.alias.match == POLICY.catalogue.lookup_alias(name)
    assert {naming.rule.name for naming in found.rules if naming.by == ("www.facebook.com/acorn",)} == (
        {"A page"} if name == "www.facebook.com" else set()
    )
    words = {naming.rule.name for naming in found.rules}
    for rule in (rule for rule in POLICY.rules if rule.name != "A page"):
        services = match.claims if match else ()
        by_service = any(
            Target(TargetKind.SERVICE, claim.service.id) in rule.targets
            or any(Target(TargetKind.KIND, kind) in rule.targets for kind in claim.service.kinds)
            or (claim.service.is_social and Target(TargetKind.KIND, "social-media") in rule.targets)
            for claim in services
        )
        by_domain = any(
            target.kind is TargetKind.DOMAIN and (f"={name}" == target.value or name == target.value or name.endswith("." + target.value))
            for target in rule.targets
        )
        turned = any(POLICY.catalogue.enforce[switch].longest(name) for switch in rule.switches)
        assert (rule.name in words) == (by_service or by_domain or bool(turned))
    told(found)


def run(*words, cwd):
    command = [sys.executable, "-m", "dinnerbell", "services", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_needs_no_rules_and_names_the_shipped_catalogues_services(tmp_path):
    value = json.loads(run("explain", "www.instagram.com", "--json", cwd=tmp_path).stdout)
    assert value["services"][0]["id"] == "instagram"
    assert (value["services"][0]["class"], value["rules"]) == ("companion", [])
    assert value["counts_as_use"] == (value["services"][0]["evidence"] == "pair"), "a home page is half of a pair, or nothing"
    assert "social-media" in value["targets"]
    done = run("explain", "no name", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not a domain name" in done.stderr


def test_the_command_names_the_rules(tmp_path):
    (tmp_path / "rules.yaml").write_text("setting: {name: A}\nrules:\n  - {name: No, block: forum}\n")
    value = json.loads(run("explain", "www.mumsnet.com", "--json", cwd=tmp_path).stdout)
    assert value["rules"] == [{"name": "No", "line": 3, "action": "block", "by": ["forum"]}]


ROOT = Path(__file__).parent.parent


def test_the_readmes_example_is_what_the_command_says():
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("$ dinnerbell services explain ")[1].split("```")[0]
    name, *lines = block.strip().splitlines()
    said = run("explain", name, cwd=ROOT).stdout.splitlines()
    assert lines.pop() == "  ..."
    assert lines == said[: len(lines)]
