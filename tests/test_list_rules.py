"""A list of one's own is a target like any other: in its place among the rules, at any time, for aliases too."""

from dataclasses import replace

import pytest

from cast import A_MONDAY, STAFF_PHONE, ask, at, policy, rule, span
from dinnerbell.curating.explain import explain
from dinnerbell.curating.explain_words import told
from dinnerbell.lists.matcher import FrozenKeys, ListedNames
from dinnerbell.lists.names import key_of
from dinnerbell.model import Verdict
from dinnerbell.passes import with_passes
from dinnerbell.policy import Ask, decide, decide_alias
from dinnerbell.rules import RulesError, read_rules
from dinnerbell.rulesfile.expect import list_failures
from dinnerbell.words.plain import refusal, sentence
from small_catalogue import CATALOGUE

ALLOW, BLOCK = Verdict.ALLOW, Verdict.BLOCK


def listed(*marked):
    return ListedNames(FrozenKeys(map(key_of, marked)), len(marked), {each[0] for each in marked})


def with_list(*rules, malware=("uevil.example", "Uok.evil.example", "eexact.example"), **options):
    return replace(policy(*rules, **options), lists={"malware": listed(*malware)})


BLOCKED = with_list(rule("block", "list:malware"))


@pytest.mark.parametrize(
    ("name", "verdict", "host"),
    [
        pytest.param("evil.example", BLOCK, "evil.example", id="itself"),
        pytest.param("www.evil.example", BLOCK, "evil.example", id="under_it"),
        pytest.param("_https._tcp.evil.example", BLOCK, "evil.example", id="leading_underscores"),
        pytest.param("ok.evil.example", ALLOW, "ok.evil.example", id="exception"),
        pytest.param("devil.example", ALLOW, "devil.example", id="by_label"),
        pytest.param("exact.example", BLOCK, "exact.example", id="exact"),
        pytest.param("www.exact.example", ALLOW, "www.exact.example", id="not_under_exact"),
    ],
)
def test_a_rule_about_a_list_is_about_the_names_on_it(name, verdict, host):
    decision = ask(BLOCKED, STAFF_PHONE, name)
    assert (decision.verdict, decision.host) == (verdict, host)
    assert decision.on_list == ("malware" if verdict is BLOCK else None)
    assert decision.is_watched == (verdict is BLOCK)


def test_an_earlier_rule_decides_before_the_list_and_a_later_one_does_not():
    both = with_list(rule("allow", "www.evil.example"), rule("block", "list:malware"), rule("allow", "evil.example"))
    assert ask(both, STAFF_PHONE, "www.evil.example").verdict is ALLOW
    assert ask(both, STAFF_PHONE, "evil.example").verdict is BLOCK


def test_essential_names_stay_open_where_the_first_rule_says_so_and_only_there():
    shut, names = rule("block", "list:malware"), ("ujournal.example",)
    assert ask(with_list(rule("allow", "essential"), shut, malware=names), STAFF_PHONE, "journal.example").verdict is ALLOW
    assert ask(with_list(shut, malware=names), STAFF_PHONE, "journal.example").verdict is BLOCK


def test_a_list_of_what_is_open_where_all_else_is_shut():
    open_list = with_list(rule("allow", "list:malware"), otherwise=BLOCK)
    assert ask(open_list, STAFF_PHONE, "www.evil.example").verdict is ALLOW
    assert ask(open_list, STAFF_PHONE, "else.example").verdict is BLOCK


def test_a_rule_about_a_list_has_times_like_any_other():
    timed = with_list(rule("block", "list:malware", when=span("12:00-13:00")))
    decision = ask(timed, STAFF_PHONE, "evil.example", at("2026-11-23 12:30"))
    assert (decision.verdict, decision.until) == (BLOCK, at("2026-11-23 13:00"))


def test_a_list_that_was_not_fetched_fits_nothing():
    decision = ask(policy(rule("block", "list:malware")), STAFF_PHONE, "evil.example")
    assert (decision.verdict, decision.is_watched) == (ALLOW, False)


def test_an_alias_of_a_listed_name_is_judged_as_the_list_says():
    assert decide_alias(BLOCKED, Ask(STAFF_PHONE, "cdn.evil.example", A_MONDAY)).verdict is BLOCK
    assert decide_alias(BLOCKED, Ask(STAFF_PHONE, "www.exact.example", A_MONDAY)) is None
    assert decide_alias(BLOCKED, Ask(STAFF_PHONE, "ok.evil.example", A_MONDAY)) is None


def test_passes_do_not_lose_the_lists():
    assert ask(with_passes(BLOCKED, []), STAFF_PHONE, "evil.example").verdict is BLOCK


def test_why_tells_the_list_and_the_refused_device_is_told_the_name():
    decision = ask(BLOCKED, STAFF_PHONE, "www.evil.example")
    assert "decides, because evil.example is on the list malware." in sentence(decision, BLOCKED, A_MONDAY, STAFF_PHONE)
    assert refusal(decision, BLOCKED, A_MONDAY).startswith("evil.example is closed on this device")


def test_the_decision_for_a_name_is_looked_up_once():
    class Counting:
        asked = 0

        def match(self, name):
            self.asked += 1

        def __len__(self):
            return 0

    counting = Counting()
    counted = replace(policy(rule("block", "list:malware")), lists={"malware": counting})
    decide(counted, Ask(STAFF_PHONE, "fine.example", A_MONDAY))
    once = counting.asked
    decide(counted, Ask(STAFF_PHONE, "fine.example", A_MONDAY))
    assert counting.asked == once > 0


# ── rules.yaml ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

HEAD = "setting: {name: Acorn}\nbox: {lists: {malware: {from: malware.txt}}}\n"


def read(text):
    return read_rules(text, catalogue=CATALOGUE)


def warnings(text):
    return [remark.message for remark in read(text).warnings]


def test_a_list_can_refuse_an_essential_name_unless_an_earlier_rule_allows_them():
    told = "rule 1 'block list:malware (rule 1)' can refuse an essential service, should the list malware name one: put a rule"
    assert warnings(HEAD + "rules:\n  - block: list:malware\n")[0].startswith(told)
    assert not warnings(HEAD + "rules:\n  - allow: essential\n  - block: list:malware\n")
    assert warnings(HEAD + "rules:\n  - {allow: essential, when: 08:00-09:00}\n  - block: list:malware\n")


def test_a_list_that_no_rule_names_is_told():
    assert warnings(HEAD + "rules: []\n") == [
        "no rule names the list `malware`, so it changes nothing: write `list:malware` in a rule, or leave it out"
    ]


def test_a_list_over_http_is_told():
    text = HEAD.replace("malware.txt", "http://lists.example/x") + "rules:\n  - allow: essential\n  - block: list:malware\n"
    assert warnings(text) == ["the list `malware` comes over http:// and can be changed on its way: use https:// if the server has it"]


EXPECT = HEAD + "rules:\n  - allow: essential\n  - block: list:malware\n  - block: shut.example\nexpect:\n  - "


def test_what_a_list_may_bring_about_is_no_error_of_the_file():
    rules = read(EXPECT + "{device: 10.0.0.1, name: evil.example, at: 2026-11-23 12:00, verdict: block}\n")
    told = list_failures(rules)
    assert [remark.line for remark in told] == [8]
    assert "block was expected for evil.example" in told[0].message
    fetched = replace(rules, policy=replace(rules.policy, lists={"malware": listed("uevil.example")}))
    assert list_failures(fetched) == ()


@pytest.mark.parametrize("name, verdict", [("shut.example", "allow"), ("tapestryjournal.com", "block")], ids=["shut_anyway", "open_anyway"])
def test_what_no_list_can_bring_about_is_an_error(name, verdict):
    with pytest.raises(RulesError, match="was expected for"):
        read(EXPECT + f"{{device: 10.0.0.1, name: {name}, at: 2026-11-23 12:00, verdict: {verdict}}}\n")


def test_services_explain_names_the_rule_and_the_list():
    found = explain(BLOCKED.catalogue, "www.evil.example", BLOCKED)
    assert [naming.by for naming in found.rules] == [("list:malware",)]
    assert "judged by the rule below that names its domain or a list" in told(found)
    assert not explain(BLOCKED.catalogue, "ok.evil.example", BLOCKED).rules
