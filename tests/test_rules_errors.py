"""A broken rules.yaml: every error at once, each with its line and column and a sentence that says what to do.

The files stand in broken_rules.py, and what `check` says about each in gold/rules_errors.txt, word for word and underlined.
To accept a change: DINNERBELL_ACCEPT=1 pytest tests/test_rules_errors.py
Fuzzed at the end: any text is rules, or the one error.
"""

# ruff: noqa: E501 - a message stands on one line, as it is printed

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broken_rules import BROKEN
from dinnerbell.rules import RulesError, decode_rules, read_rules
from dinnerbell.words.excerpt import excerpt, told
from dinnerbell.words.plain import describe
from small_catalogue import CATALOGUE, SETTING

GOLD = Path(__file__).parent / "gold" / "rules_errors.txt"
HEAD = "=== "


def printed(text):
    """Return what `check` prints about a broken file called rules.yaml."""
    with pytest.raises(RulesError) as caught:
        read_rules(text, catalogue=CATALOGUE)
    return "\n".join(told(remark, "rules.yaml", text) for remark in caught.value.remarks) + "\n"


if os.environ.get("DINNERBELL_ACCEPT"):  # read here: every test's own environment is cleared of such variables (conftest.py)
    GOLD.write_text("".join(f"{HEAD}{name}\n{printed(text)}\n" for name, text in BROKEN.items()), encoding="utf-8")
AGREED = dict(part.split("\n", 1) for part in GOLD.read_text(encoding="utf-8").split(HEAD)[1:])


def said(text):
    """Return everything that is said about a broken file."""
    with pytest.raises(RulesError) as caught:
        read_rules(text, catalogue=CATALOGUE)
    return [f"{remark.line}:{remark.column}: {remark.message}" for remark in caught.value.remarks]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_with_every_error_at_its_place_and_underlined(name):
    assert printed(BROKEN[name]) + "\n" == AGREED[name]


def test_the_gold_file_has_every_broken_file_and_no_other():
    assert len(BROKEN) >= 60
    assert list(AGREED) == list(BROKEN)


def test_windows_line_ends_do_not_move_the_errors():
    text = BROKEN["several_errors_at_once"]
    assert said(text.replace("\n", "\r\n")) == said(text)


def test_a_byte_order_mark_does_not_move_the_errors():
    text = BROKEN["unknown_zone"]
    assert said("\ufeff" + text) == said(text)


def test_the_error_prints_one_line_for_each_remark():
    with pytest.raises(RulesError) as caught:
        read_rules(SETTING + "rules: none\ntimes: always\n", catalogue=CATALOGUE)
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == ["rules.yaml:2:8", "rules.yaml:3:8"]


def test_a_huge_file_is_refused_without_being_read():
    (message,) = said("#" * 1_000_001)
    assert message.startswith("1:1: the file has 1,000,001 characters; at most 1,000,000 are read")


def test_a_file_that_is_not_utf_8_is_refused_at_the_letter():
    with pytest.raises(RulesError) as caught:
        decode_rules("setting:\n  name: Cr\u00e8che\n".encode("latin-1"))
    (remark,) = caught.value.remarks
    assert (remark.line, remark.column) == (2, 11)
    assert remark.message == "there is a letter here that is not UTF-8: save the file as UTF-8 (in Notepad: Save as, Encoding: UTF-8)"


def test_a_file_saved_as_utf_16_is_refused_with_advice():
    with pytest.raises(RulesError) as caught:
        decode_rules("setting: {name: X}".encode("utf-16"))
    assert "UTF-16: save it as UTF-8" in caught.value.remarks[0].message


def test_utf_8_text_is_decoded_as_it_stands():
    assert decode_rules("name: Crèche".encode()) == "name: Crèche"


SAMPLE = (Path(__file__).parent.parent / "rules.yaml").read_text(encoding="utf-8")
SNIPPETS = [
    *[":", ",", "-", "#", "'", '"', "[", "]", "{", "}", "*", "&", "!", "|", ">", "%", "@", "\t", "\n", "~", "<<", "?", "\\", "/", "=", ".."], "\n", " ", "\u00e9", "\u2028", "0", "9", "99999999999",
    "closed", "unknown", "social-media", "list:x", "=x.com", "fd00::/64", "22:00-06:00", "ignore", "9999-12-31", "00:00-24:00", "block",
]  # fmt: skip


def rules_or_error(text):
    try:
        rules = read_rules(text, catalogue=CATALOGUE, today=date(2026, 11, 22))
    except RulesError as error:
        remarks = error.remarks
    else:
        assert describe(rules, date(2026, 11, 22))
        return
    assert remarks
    assert all(remark.line >= 1 and remark.column >= 1 and remark.width >= -1 and remark.message for remark in remarks)
    for shown in (excerpt(remark, text) for remark in remarks):
        assert not shown or (len(shown) == 2 and shown[1].strip(" |").strip("^") == "")
    assert list(remarks) == sorted(remarks, key=lambda remark: (remark.line, remark.column, remark.message))


@given(st.text(max_size=200))
def test_any_text_is_rules_or_the_one_error(text):
    rules_or_error(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_the_one_error(data):
    try:
        text = decode_rules(data)
    except RulesError as error:
        text = str(error)
    assert text or not data


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 12), st.sampled_from(SNIPPETS) | st.text(max_size=3)), max_size=4))
def test_any_change_of_the_sample_is_rules_or_the_one_error(changes):
    text = SAMPLE
    for at, removed, snippet in changes:
        text = text[:at] + snippet + text[at + removed :]
    rules_or_error(text)


WORDS = st.sampled_from(
    [*SNIPPETS, "setting", "rules", "times", "groups", "devices", "office", "x", "lunch", "1", "mon 07:00", "2026-11-23 12:30", ""]
)
TREES = st.recursive(st.none() | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8)
SECTIONS = [
    "setting",
    "times",
    "closures",
    "groups",
    "devices",
    "services",
    "rules",
    "otherwise",
    "expect",
    "box",
    "log",
    "reports",
    "mail",
    "fail",
]
RULE_KEYS = ["name", "clause", "allow", "block", "enforce", "devices", "when", "unless", "approval", "alert"]


def flow(tree):
    """Write a tree of words as YAML on one line."""
    if isinstance(tree, list):
        return "[" + ", ".join(flow(item) for item in tree) + "]"
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in tree.items()) + "}"
    return "" if tree is None else "'" + tree.replace("'", "''") + "'"


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(SECTIONS), TREES), st.lists(st.dictionaries(st.sampled_from(RULE_KEYS), TREES), max_size=3))
def test_any_value_under_any_key_is_rules_or_the_one_error(sections, rules):
    rules_or_error(flow({"setting": {"name": "Acorn Nursery"}, "rules": rules, **sections}))
