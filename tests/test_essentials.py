"""Whatever can refuse a name that must always work is warned of, and where nothing is said, nothing is refused.

The property at the end asks every essential name, of every kind of device, by day, by night and on a closed day.
"""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinnerbell.catalogue import read_catalogue
from dinnerbell.model import Verdict
from dinnerbell.policy import Ask, decide
from dinnerbell.rules import RulesError, read_rules

CATALOGUE = read_catalogue(
    {
        "a.yaml": """
cloud: {name: Cloud, kinds: [essential], hosts: {use: [cloud.com], companion: [=update.shared.com]}}
bank: {name: Bank, kinds: [essential, sensitive], hosts: {use: [bank.co.uk]}}
teams: {name: Teams, kinds: [messaging, essential], hosts: {use: [teams.com]}}
relay: {name: Relay, kinds: [bypass], hosts: {use: [=mask.cloud.com]}}
social: {name: Social, kinds: [social-networking], hosts: {use: [social.com], shared: [both.net]}}
chat: {name: Chat, kinds: [messaging], hosts: {use: [chat.social.com], shared: [both.net]}}
"""
    },
    {},
)
START = "setting: {name: Acorn Nursery}\n"
GROUPS = """\
groups: {office: {owner: setting, addresses: 10.0.0.0/24}, children: {owner: setting, for: children, addresses: 10.0.3.0/24},
  phones: {owner: staff, addresses: 10.0.1.0/24}, visitors: {owner: visitor, addresses: 10.0.2.0/24}}
"""
NAMES = ["cloud.com", "www.cloud.com", "update.shared.com", "bank.co.uk", "www.bank.co.uk", "teams.com", "a.teams.com"]
DEVICES = ["10.0.0.1", "10.0.0.77", "10.0.3.1", "10.0.1.1", "10.0.2.1", "10.9.9.9"]
TIMES = [datetime.fromisoformat(text) for text in ("2026-11-23T12:30+00:00", "2026-11-23T23:30+00:00", "2026-12-25T12:30+00:00")]


def read(text):
    return read_rules(START + GROUPS + text, catalogue=CATALOGUE)


def warnings(rules):
    return [remark.message for remark in rules.warnings if "can refuse" in remark.message or "which is essential:" in remark.message]


@pytest.mark.parametrize(
    "text, says",
    [
        pytest.param("rules: [{block: cloud}]", ["can refuse Cloud, which is essential"], id="service"),
        pytest.param("rules: [{block: essential}]", ["can refuse all essential services"], id="kind"),
        pytest.param("rules: [{block: sensitive}]", ["can refuse Bank, which is essential"], id="another_kind_of_it"),
        pytest.param("rules: [{block: social-media}]", ["can refuse Teams, which is essential"], id="umbrella"),
        pytest.param("rules: [{block: cloud.com}]", ["can refuse Cloud, which is essential"], id="its_domain"),
        pytest.param("rules: [{block: =www.cloud.com}]", ["can refuse Cloud, which is essential"], id="one_name_in_its_zone"),
        pytest.param("rules: [{block: a.b.bank.co.uk}]", ["can refuse Bank, which is essential"], id="a_name_under_it"),
        pytest.param("rules: [{block: shared.com}]", ["can refuse Cloud, which is essential"], id="a_parent_of_its_exact_host"),
        pytest.param("rules: [{block: co.uk}]", ["can refuse Bank, which is essential"], id="a_whole_registry"),
        pytest.param("rules: [{block: =shared.com}]", [], id="the_parent_itself_only"),
        pytest.param("rules: [{block: =mask.cloud.com}]", [], id="a_bypass_host_in_its_zone"),
        pytest.param("rules: [{block: [social, chat, bypass]}]", [], id="what_is_not_essential"),
        pytest.param("rules: [{block: cloud, when: 12:00-13:00}]", ["can refuse Cloud, which is essential"], id="only_at_times"),
        pytest.param("rules: [{allow: essential, when: 12:00-13:00}, {block: cloud}]", ["can refuse Cloud"], id="allowed_only_at_times"),
        pytest.param("rules: [{allow: essential, devices: office}, {block: cloud}]", ["can refuse Cloud"], id="allowed_only_to_some"),
        pytest.param("rules: [{allow: essential, devices: setting-owned}, {block: cloud, devices: office}]", [], id="allowed_to_more"),
        pytest.param("rules: [{allow: essential}, {block: [cloud, sensitive, co.uk]}]", [], id="allowed_to_everyone"),
        pytest.param("rules: [{allow: cloud}, {block: cloud.com}]", [], id="the_service_alone_allowed"),
        pytest.param("rules: []\notherwise: block", ["`otherwise: block` can refuse essential services"], id="otherwise"),
        pytest.param("rules: [{allow: essential}]\notherwise: block", [], id="otherwise_after_essentials"),
        pytest.param("rules: [{allow: essential, devices: [setting-owned, staff-owned, visitor-owned]}]\notherwise: block",
            ["put a rule `allow: essential` for `unknown`"], id="otherwise_for_strangers"),
        pytest.param("rules: [{block: portal}]\nservices: {portal: {name: Portal, kinds: [essential], hosts: [portal.org]}}",
            ["can refuse Portal, which is essential"], id="own_essential_service"),
        pytest.param("rules: [{block: forum}]\nservices: {portal: {name: Portal, kinds: [essential, forum], hosts: [portal.org]}}",
            ["can refuse Portal, which is essential"], id="own_essential_service_by_kind"),
        pytest.param("rules: [{allow: essential}, {block: forum}]\nservices: {board: {name: Board, kinds: [forum], hosts: [bank.co.uk]}}",
            ["`board` takes bank.co.uk from Bank, which is essential: add `essential` to its kinds"], id="own_service_takes_its_host"),
        pytest.param("rules: []\nservices: {board: {name: Board, kinds: [forum], hosts: [www.cloud.com]}}",
            ["`board` takes www.cloud.com from Cloud"], id="own_service_takes_its_door"),
        pytest.param("rules: []\nservices: {board: {name: Board, kinds: [forum], hosts: [ours.cloud.com, com.com]}}", [],
            id="own_service_inside_its_zone_is_meant"),
        pytest.param("rules: []\nservices: {bank: {kinds: [sensitive]}}", ["`bank` takes bank.co.uk from Bank"], id="kinds_taken_away"),
        pytest.param("rules: []\nservices: {bank: {hosts: [bank.com]}}", [], id="a_host_added"),
        pytest.param("rules: []\nservices: {board: {name: Board, kinds: [essential, forum], hosts: [bank.co.uk]}}", [],
            id="still_essential"),
    ],
)  # fmt: skip
def test_what_can_refuse_an_essential_name_is_warned_of(text, says):
    told = warnings(read(text))
    assert len(told) == len(says)
    assert all(part in message for part, message in zip(says, told, strict=True))


def test_the_warning_stands_at_the_own_service():
    text = START + "rules: []\nservices:\n  board: {name: B, kinds: [forum], hosts: [bank.co.uk]}\n"
    [warning] = read_rules(text, catalogue=CATALOGUE).warnings
    assert (warning.line, warning.column) == (4, 3)


TARGETS = ["essential", "sensitive", "social-media", "messaging", "bypass", "cloud", "bank", "teams", "social", "cloud.com", "=teams.com",
    "shared.com", "co.uk", "a.teams.com", "board", "portal"]  # fmt: skip
WHO = [None, "office", "setting-owned", "[children, unknown]", "staff-owned", "phones", "visitors", "10.0.0.0/25", "unknown",
    "[setting-owned, staff-owned, visitor-owned, unknown]"]  # fmt: skip
WHEN = [None, None, "12:00-13:00", "mon-fri 08:00-18:00"]
RULE = st.tuples(
    st.sampled_from(["allow", "block"]), st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2, unique=True), st.sampled_from(WHO),
    st.sampled_from(WHEN),
)  # fmt: skip
OWN = """\
services:
  board: {name: Board, kinds: [forum], hosts: [%s]}
  portal: {name: Portal, kinds: [essential, wiki], hosts: [portal.org]}
"""


@given(
    st.booleans(),
    st.lists(RULE, max_size=4),
    st.sampled_from(["board.org", "bank.co.uk", "www.cloud.com", "=teams.com", "ours.cloud.com"]),
    st.sampled_from(["allow", "block"]),
)
@settings(max_examples=400, deadline=None)
def test_where_nothing_is_said_no_essential_name_is_ever_refused(essentials_first, written, host, otherwise):
    lines = ["rules:", "  - {name: first, block: dating}", *(["  - {name: essentials, allow: essential}"] if essentials_first else [])]
    for number, (action, targets, who, when) in enumerate(written):
        more = (f", devices: {who}" if who else "") + (f", when: '{when}'" if when else "")
        lines.append(f"  - {{name: r{number}, {action}: [{', '.join(targets)}]{more}}}")
    text = "\n".join(lines) + "\n" + OWN % host + f"otherwise: {otherwise}\n"
    try:
        rules = read(text)
    except RulesError as error:
        raise AssertionError(text) from error
    refused = [
        (name, device, at)
        for name in [*NAMES, "portal.org"]
        for device in DEVICES
        for at in TIMES
        if decide(rules.policy, Ask(rules.policy.device_called(device), name, at)).verdict is Verdict.BLOCK
    ]
    assert warnings(rules) or not refused, text
