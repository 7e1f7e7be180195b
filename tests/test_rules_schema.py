"""The schema that editors read: it is the models', it explains every key, and it marks no good file as bad."""

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator

import test_rules
from dinnerbell.cli import main
from dinnerbell.rules import read_rules
from dinnerbell.rulesfile.models import RulesFile
from dinnerbell.rulesfile.schema import rules_schema
from small_catalogue import CATALOGUE, SETTING

ROOT = Path(__file__).parent.parent
SCHEMA = rules_schema()
VALIDATOR = Draft7Validator(SCHEMA)


class Yaml12(yaml.SafeLoader):
    """Reads as editors do (YAML 1.2): numbers, true and false, but no dates, no sixties, no yes and no."""


Yaml12.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), [*first])


def faults(text, loader=Yaml12):
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(yaml.load(text, Loader=loader))]


def test_the_shipped_file_is_what_the_command_prints():
    """If not: dinnerbell schema > rules.schema.json"""
    printed = CliRunner().invoke(main, ["schema"]).output
    assert (ROOT / "rules.schema.json").read_text(encoding="utf-8") == printed
    assert json.loads(printed) == SCHEMA


def test_it_is_a_schema():
    Draft7Validator.check_schema(SCHEMA)


def test_the_sample_names_it_in_its_first_line():
    assert (ROOT / "rules.yaml").read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=./rules.schema.json\n")


@pytest.mark.parametrize("loader", [yaml.BaseLoader, Yaml12])
@pytest.mark.parametrize("path", ["rules.yaml", "dinnerbell/demo/rules.yaml"])
def test_shipped_rules_are_good_by_it(path, loader):
    assert faults((ROOT / path).read_text(encoding="utf-8"), loader) == []


GOOD = {
    **{f"warned_{name}": text for name, (text, _) in test_rules.WARNED.items()},
    **{f"reserved_{name}": text for name, (text, _) in test_rules.RESERVED.items()},
    "empty_sections": SETTING + "rules:\ntimes:\nclosures:\ngroups:\ndevices:\nservices:\nexpect:\nbox:\nlog:\nreports:\n",
    "empty_inner_parts": "setting: {name: A, policy: , people: }\nrules: []\ngroups: {a: {owner: staff, addresses: }}\nlog: {keep: }\n",
    "one_without_a_list": SETTING + "closures: {dates: 2026-12-21}\nrules: [{allow: dating, devices: unknown, when: lunch}]\n",
    "a_time_that_leaves_closures_alone": SETTING + "times: {care: {windows: [07:00-08:00, sat 10:00-11:00], closures: ignore}}\n"
    "rules: [{block: dating, when: [care, {windows: 12:00-13:00}]}]\n",
    "hosts_by_class": SETTING + "services: {a: {name: A, kinds: wiki, hosts: {use: a.example, shared: [b.example]}}}\nrules: []\n",
    "mac_with_hyphens": SETTING + "devices: {a: {group: office, mac: 10-11-22-33-44-AA}}\nrules: []\n",
    "numbers_as_words": "setting: {name: 2022}\nrules: [{name: 7, clause: 4.1, allow: dating}]\nbox: {rate-limit: 7}\nlog: {flush: 2}\n",
}


NOT_SHOWN = {"warned_null_and_a_clause_with_a_zero"}
"""An unquoted `null` is nothing to an editor; `check` warns of it."""


@pytest.mark.parametrize("name", [name for name in GOOD if name not in NOT_SHOWN])
def test_it_is_never_stricter_than_the_reader(name):
    read_rules(GOOD[name], catalogue=CATALOGUE)
    assert faults(GOOD[name]) == []


BAD = {
    "unknown_section": SETTING + "rules: []\nrule: []\n",
    "unknown_key": SETTING + "rules: [{block: dating, divices: office}]\n",
    "no_name": "setting: {}\nrules: []\n",
    "two_actions": SETTING + "rules: [{block: dating, allow: wiki}]\n",
    "no_action": SETTING + "rules: [{name: x}]\n",
    "owner": SETTING + "groups: {a: {owner: me}}\nrules: []\n",
    "date": "setting: {name: A, policy: {dated: 03/10/2022}}\nrules: []\n",
    "mac": SETTING + "devices: {a: {mac: 02:00:00}}\nrules: []\n",
    "keep": SETTING + "rules: []\nlog: {keep: {lookups: two weeks}}\n",
    "otherwise": SETTING + "rules: []\notherwise: deny\n",
    "empty_list": SETTING + "rules: [{block: []}]\n",
    "approval": SETTING + "rules: [{allow: wiki, approval: {purpose: x}}]\n",
}


@pytest.mark.parametrize("name", BAD)
def test_it_marks_what_an_editor_can_know(name):
    assert faults(BAD[name])


def keys_in(part, path=""):
    """Yield every key that the schema knows with what it says of it."""
    for key, value in part.get("properties", {}).items():
        yield f"{path}.{key}", value
        yield from keys_in(value, f"{path}.{key}")
    for inner in (*part.get("anyOf", ()), *(part[key] for key in ("items", "additionalProperties") if isinstance(part.get(key), dict))):
        yield from keys_in(inner, path)


KEYS = dict(keys_in(SCHEMA))


def test_every_key_is_explained_in_a_sentence():
    assert len(KEYS) > 80
    assert [key for key, value in KEYS.items() if not re.fullmatch(r"[A-Z0-9].{8,200}[.?]", value.get("description", ""))] == []


def test_it_has_every_section_of_the_models():
    assert list(SCHEMA["properties"]) == list(RulesFile.model_fields)


def test_the_defaults_it_shows_are_those_of_the_reader():
    """A file that writes every default out means what the shortest file means."""
    written = {
        "setting": {"name": "Acorn Nursery", "timezone": KEYS[".setting.timezone"]["default"]},
        "rules": [],
        "otherwise": KEYS[".otherwise"]["default"],
        "box": {key: KEYS[f".box.{key}"]["default"] for key in ("listen", "upstream", "answer-networks")},
        "log": {key: KEYS[f".log.{key}"]["default"] for key in ("setting-owned", "staff-owned", "visitor-owned", "unknown", "flush")}
        | {"keep": {key: KEYS[f".log.keep.{key}"]["default"] for key in ("lookups", "sessions", "weeks")}},
        "reports": {"weekly": KEYS[".reports.weekly"]["default"]},
    }
    long = read_rules(json.dumps(written), catalogue=CATALOGUE)
    short = read_rules(SETTING + "rules: []\n", catalogue=CATALOGUE)
    assert (long.policy.setting, long.policy.otherwise) == (short.policy.setting, short.policy.otherwise)
    assert (long.box.listen, long.box.answer_networks) == (short.box.listen, short.box.answer_networks)
    assert (long.log, long.reports) == (short.log, short.reports)
