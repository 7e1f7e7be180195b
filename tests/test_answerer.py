"""The slow path, one query at a time: the order of judging, CNAME targets, safe search, and what upstream said meanwhile.

No socket is opened: the answerer is a function of the policy, the cache, the query and the time.
"""

import contextlib
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import ClassVar

import dns.message
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import OFFICE_LAPTOP, ROOM_TABLET, STAFF_PHONE, at, policy, rule, span
from dinnerbell.config import LogLevel
from dinnerbell.model import Device, Verdict
from dinnerbell.policy import Policy
from dinnerbell_dns.answerer import Answerer, Reply, Wanted
from dinnerbell_dns.cache import AnswerCache, read_answer
from dinnerbell_dns.clients import Client
from dinnerbell_dns.wire import Faulty, read_query
from live import addresses, ede, rcode, rrset_of, ttls
from test_wire import lines_run

LUNCH = span("mon-thu 12:00-13:00")
SOCIAL_AT_LUNCH = (rule("allow", "social-media", when=LUNCH), rule("block", "social-media"))
NOON = "2026-11-23 12:30"


@dataclass
class Conversation:
    """One device's queries to an answerer, and an upstream that says what the test lays down."""

    policy: Policy
    device: Device = STAFF_PHONE
    says: dict[str, list[str]] = field(default_factory=dict)
    """Name to the records that upstream gives for it; a name that is not here gets SERVFAIL."""
    when: str = NOON
    later: str | None = None
    """The time at which upstream's answer is there, if it took long."""
    dead: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answerer = Answerer(self.policy, AnswerCache())
        self.client = Client(self.device, LogLevel.ALL)

    def reply(self, name: str, rdtype: str = "A", **options) -> Reply:
        query = read_query(dns.message.make_query(name, rdtype, **options).to_wire())
        now = at(self.when).timestamp()
        found = self.answerer.answer(query, self.client, now, now, tcp=False)
        if isinstance(found, Reply):
            return found
        self.asked.append(found.key[0])
        if self.later:
            self.when = self.later
        now = at(self.when).timestamp()
        answer = None
        with contextlib.suppress(Faulty):
            answer = None if self.dead else read_answer(self._upstream(found))
        if answer:
            self.answerer.cache.put(found.key, answer, now)
        return self.answerer.answer_fetched(query, self.client, now, now, found, answer, tcp=False)

    def _upstream(self, wanted: Wanted) -> bytes:
        asked = dns.message.make_query(wanted.key[0], wanted.key[1])
        assert wanted.question.lower() == asked.to_wire()[12:].lower()
        answer = dns.message.make_response(asked)
        if wanted.key[0] not in self.says:
            answer.set_rcode(2)
        answer.answer = [rrset_of(record) for record in self.says.get(wanted.key[0], ())]
        return answer.to_wire()

    def ask(self, name: str, rdtype: str = "A", **options) -> dns.message.Message:
        return dns.message.from_wire(self.reply(name, rdtype, **({"use_edns": 0} | options)).message)


def a(name: str, address: str = "198.18.0.1", ttl: int = 300) -> str:
    return f"{name}. {ttl} A {address}"


def cname(name: str, target: str, ttl: int = 300) -> str:
    return f"{name}. {ttl} CNAME {target}."


class TestOrder:
    def test_classes_and_types_that_no_filter_serves_are_refused(self):
        talk = Conversation(policy())
        assert rcode(talk.ask("version.bind", "TXT", rdclass="CH")) == "REFUSED"
        assert [rcode(talk.ask("example.org", kind)) for kind in ("AXFR", "IXFR", "MAILB", "TSIG")] == ["REFUSED"] * 4

    @pytest.mark.parametrize("rdtype", ["A", "AAAA", "HTTPS", "SVCB", "TXT", "MX", "ANY"])
    def test_a_refusal_comes_before_anything_else(self, rdtype):
        talk = Conversation(policy(rule("block", "social-media")))
        answer = talk.ask("www.instagram.com", rdtype)
        assert rcode(answer) == "NXDOMAIN"
        assert not talk.asked

    def test_any_is_answered_small_and_asks_nobody(self):
        talk = Conversation(policy(rule("enforce", "safe-search")))
        for name in ("example.org", "www.google.com"):
            answer = talk.ask(name, "ANY")
            assert answer.answer[0].rdtype == dns.rdatatype.HINFO
        assert not talk.asked

    @pytest.mark.parametrize("name", ["use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"])
    def test_a_canary_does_not_exist(self, name):
        talk = Conversation(policy(rule("allow", name)))
        assert rcode(talk.ask(name)) == "NXDOMAIN"

    @pytest.mark.parametrize("name", ["resolver.arpa", "_dns.resolver.arpa", "x.resolver.arpa"])
    def test_resolver_arpa_is_answered_here(self, name):
        talk = Conversation(policy())
        answer = talk.ask(name, "SVCB")
        assert (rcode(answer), answer.answer, talk.asked) == ("NOERROR", [], [])


class TestAliases:
    """CNAME targets are judged where only `otherwise` decided, on every answer, cached or not."""

    CLOAKED: ClassVar = {"alias.example": [cname("alias.example", "www.instagram.com"), a("www.instagram.com")]}

    def test_an_alias_of_a_closed_service_is_closed_at_first_and_from_the_cache(self):
        talk = Conversation(policy(rule("block", "instagram")), says=self.CLOAKED)
        for _ in range(2):
            answer = talk.ask("alias.example")
            assert rcode(answer) == "NXDOMAIN"
            assert answer.authority[0].name.to_text() == "alias.example."
            assert ede(answer)[0][0] == 15
        assert talk.asked == ["alias.example"]

    def test_the_second_of_two_targets_counts_too(self):
        records = [cname("alias.example", "cdn.example"), cname("cdn.example", "www.instagram.com"), a("www.instagram.com")]
        assert rcode(Conversation(policy(rule("block", "instagram")), says={"alias.example": records}).ask("alias.example")) == "NXDOMAIN"

    def test_an_https_record_that_leads_there_is_closed(self):
        talk = Conversation(policy(rule("block", "instagram")), says={"alias.example": ["alias.example. 300 HTTPS 0 www.instagram.com."]})
        assert rcode(talk.ask("alias.example", "HTTPS")) == "NXDOMAIN"

    def test_a_rule_that_allows_the_asked_name_ends_the_matter(self):
        talk = Conversation(policy(rule("allow", "alias.example"), rule("block", "instagram")), says=self.CLOAKED)
        assert addresses(talk.ask("alias.example")) == ["198.18.0.1"]

    def test_an_alias_opens_and_closes_with_its_target(self):
        talk = Conversation(policy(*SOCIAL_AT_LUNCH), says=self.CLOAKED, when="2026-11-23 12:59:50")
        assert ttls(talk.ask("alias.example")) == {10}
        talk.when = "2026-11-23 13:00:00"
        assert rcode(talk.ask("alias.example")) == "NXDOMAIN"

    def test_a_refusal_of_an_alias_never_outlives_a_rule_that_opens_the_asked_name(self):
        """The strictest wins and `until` is the earliest: at 13:00 the asked name itself is allowed."""
        rules = (rule("allow", "alias.example", when=span("mon-fri 13:00-14:00")), rule("block", "instagram"))
        talk = Conversation(policy(*rules), says=self.CLOAKED, when="2026-11-23 12:59:50.5")
        reply = talk.reply("alias.example")
        assert ttls(dns.message.from_wire(reply.message)) == {9}
        assert reply.fresh <= 9.5

    def test_an_alias_that_a_rule_opens_never_outlives_that_rule(self):
        rules = (rule("allow", "alias.example", when=LUNCH), rule("block", "instagram"))
        talk = Conversation(policy(*rules), says=self.CLOAKED, when="2026-11-23 12:59:50.5")
        assert ttls(talk.ask("alias.example")) == {9}

    def test_of_several_targets_the_strictest_wins_and_the_earliest_change_bounds_it(self):
        rules = (rule("block", "x", when=span("mon-fri 13:00-14:00")), rule("block", "instagram"))
        records = [cname("alias.example", "x.com"), cname("x.com", "www.instagram.com")]
        talk = Conversation(policy(*rules), says={"alias.example": records}, when="2026-11-23 12:59:50.5")
        answer = talk.ask("alias.example")
        assert rcode(answer) == "NXDOMAIN"
        assert ttls(answer) == {9}

    def test_a_refusal_of_an_alias_is_judged_anew_when_upstreams_answer_runs_out(self):
        """The alias may lead somewhere else by then: bytes kept for ever would refuse it for ever."""
        talk = Conversation(policy(rule("block", "instagram")), says={"alias.example": [cname("alias.example", "www.instagram.com", 20)]})
        assert talk.reply("alias.example").fresh <= 20
        talk.when = "2026-11-23 12:30:05"
        assert talk.reply("alias.example").fresh <= 15

    def test_nobodys_target_changes_nothing(self):
        talk = Conversation(
            policy(rule("block", "instagram")), says={"a.example": [cname("a.example", "b.cdn.example"), a("b.cdn.example")]}
        )
        assert ttls(talk.ask("a.example")) == {300}


class TestSafeSearch:
    SAYS: ClassVar = {
        "forcesafesearch.google.com": [a("forcesafesearch.google.com", "198.18.9.9")],
        "www.google.com": [a("www.google.com", "198.18.1.1")],
    }
    RULE = rule("enforce", "safe-search")

    def test_the_engine_is_answered_with_its_safe_host(self):
        talk = Conversation(policy(self.RULE), says=self.SAYS)
        answer = talk.ask("www.google.com")
        assert answer.answer[0][0].target.to_text() == "forcesafesearch.google.com."
        assert addresses(answer) == ["198.18.9.9"]
        assert max(ttls(answer)) <= 60
        assert talk.asked == ["forcesafesearch.google.com"]

    @pytest.mark.parametrize("rdtype", ["HTTPS", "SVCB", "CNAME"])
    def test_no_other_type_is_a_way_round(self, rdtype):
        talk = Conversation(policy(self.RULE), says=self.SAYS)
        answer = talk.ask("www.google.com", rdtype)
        assert [rrset.rdtype for rrset in answer.answer] == [dns.rdatatype.CNAME]
        assert not talk.asked

    def test_without_the_safe_host_there_is_no_answer_rather_than_an_unsafe_one(self):
        for talk in (
            Conversation(policy(self.RULE), dead=True),
            Conversation(policy(self.RULE), says={"www.google.com": [a("www.google.com")]}),
        ):
            answer = talk.ask("www.google.com")
            assert rcode(answer) == "SERVFAIL"
            assert not addresses(answer)

    def test_a_rule_that_begins_while_upstream_is_asked_lets_no_unsafe_address_through(self):
        """What was asked for is the engine's own name; its addresses must not be handed out as the safe host's."""
        talk = Conversation(
            policy(rule("enforce", "safe-search", when=LUNCH)), says=self.SAYS, when="2026-11-23 11:59:59.9", later="2026-11-23 12:00:00"
        )
        answer = talk.ask("www.google.com")
        assert talk.asked == ["www.google.com"]
        assert "198.18.1.1" not in addresses(answer)
        assert rcode(answer) == "SERVFAIL", "the stub asks again, and is answered safely"
        assert addresses(talk.ask("www.google.com")) == ["198.18.9.9"]

    def test_a_rule_that_ends_while_upstream_is_asked_mixes_no_answers(self):
        talk = Conversation(
            policy(rule("enforce", "safe-search", when=LUNCH)), says=self.SAYS, when="2026-11-23 12:59:59.9", later="2026-11-23 13:00:00"
        )
        assert rcode(talk.ask("www.google.com")) == "SERVFAIL"
        assert addresses(talk.ask("www.google.com")) == ["198.18.1.1"]


class TestTime:
    SAYS: ClassVar = {"www.instagram.com": [a("www.instagram.com")]}

    @pytest.mark.parametrize(
        "when, ttl",
        [("12:00:00", 60), ("12:58:59", 60), ("12:59:00", 60), ("12:59:00.5", 59), ("12:59:58.001", 1), ("12:59:59", 1), ("12:59:59.5", 0)],
    )
    def test_a_ttl_never_exceeds_the_seconds_to_the_end_of_the_window(self, when, ttl):
        talk = Conversation(policy(*SOCIAL_AT_LUNCH), says=self.SAYS, when=f"2026-11-23 {when}")
        assert ttls(talk.ask("www.instagram.com")) == {ttl}

    def test_a_refusal_never_outlives_the_start_of_the_window(self):
        talk = Conversation(policy(*SOCIAL_AT_LUNCH), when="2026-11-23 11:59:30.5")
        [soa] = talk.ask("www.instagram.com").authority
        assert (soa.ttl, soa[0].minimum) == (29, 29)

    def test_upstreams_answer_is_judged_when_it_is_there_not_when_it_was_asked_for(self):
        talk = Conversation(policy(*SOCIAL_AT_LUNCH), says=self.SAYS, when="2026-11-23 12:59:59.5", later="2026-11-23 13:00:00")
        assert rcode(talk.ask("www.instagram.com")) == "NXDOMAIN"

    @given(st.floats(0, 200), st.integers(1, 400), st.floats(0, 1))
    def test_kept_bytes_are_right_as_long_as_they_are_kept(self, before, ttl, part):
        """Seconds before 13:00, upstream's TTL, and at which part of their life the bytes are sent again."""
        talk = Conversation(policy(*SOCIAL_AT_LUNCH), says={"www.instagram.com": [a("www.instagram.com", ttl=ttl)]})
        one_o_clock = at("2026-11-23 13:00").timestamp()
        query = read_query(dns.message.make_query("www.instagram.com", "A").to_wire())
        talk.reply("www.instagram.com")
        key = ("www.instagram.com", 1, False, False)
        stored = one_o_clock - before
        talk.answerer.cache.put(key, talk.answerer.cache.get(key, at(NOON).timestamp())[0], stored)
        now = stored + before * part * 0.999
        found = talk.answerer.answer(query, talk.client, now, now, tcp=False)
        if isinstance(found, Wanted):
            assert now - stored >= ttl, "only what ran out is asked again"
            return
        answer = dns.message.from_wire(found.message)
        if rcode(answer) == "NXDOMAIN":
            assert now >= one_o_clock - 1e-6, "instants are whole microseconds"
            return
        [said] = ttls(answer)
        last_sent = now + found.fresh * 0.999
        assert last_sent + said <= one_o_clock + 1e-3
        assert last_sent - stored + said <= ttl + 1, "TTLs are whole seconds"

    @given(ttl=st.integers(2, 90_000), other=st.integers(1, 90_000), age=st.floats(0, 1), moments=st.lists(st.floats(0, 1.05), max_size=5))
    def test_a_kept_answer_counts_down_to_what_would_be_rendered_anew(self, ttl, other, age, moments):
        says = [cname("www.example.org", "host.example.org", ttl), a("host.example.org", ttl=other)]
        talk = Conversation(policy(), says={"www.example.org": says})
        query = read_query(dns.message.make_query("www.example.org", "A").to_wire())
        talk.reply("www.example.org")
        stored, lifetime = at(NOON).timestamp(), min(ttl, other, 86_400)
        now = stored + age * lifetime * 0.999
        found = talk.answerer.answer(query, talk.client, now, now, tcp=False)
        kept = talk.client.keep(b"query", found.message[2:], now + found.fresh, found.key, refused=False)
        kept.ends_at, kept.ttls_at = now + found.lasts, found.ttls_at
        for now in sorted(now + part * (lifetime + stored - now) for part in moments):
            anew = talk.answerer.answer(query, talk.client, now, now, tcp=False)
            if now < kept.fresh_until or kept.count_down(now):
                assert isinstance(anew, Reply)
                assert abs(now - stored - round(now - stored)) < 1e-6 or kept.reply == anew.message[2:], "but for a hair beside the second"
            else:
                assert isinstance(anew, Wanted) or stored + lifetime - now < 1e-6

    def test_what_a_window_or_a_watched_name_bounds_never_counts_down_by_itself(self):
        talk = Conversation(policy(*SOCIAL_AT_LUNCH), says={"www.instagram.com": [a("www.instagram.com", ttl=30)]})
        assert talk.reply("www.instagram.com").lasts == 0


class TestUpstreamTrouble:
    def test_a_dead_upstream_is_servfail_with_the_reason(self):
        answer = Conversation(policy(), dead=True).ask("www.example.org")
        assert rcode(answer) == "SERVFAIL"
        assert ede(answer)[0][0] == 22

    @pytest.mark.parametrize("trouble", ["silent", "servfail"])
    def test_an_answer_that_ran_out_stands_in(self, trouble):
        """A router whose line is down says SERVFAIL as often as nothing."""
        talk = Conversation(policy(), says={"www.example.org": [a("www.example.org")]})
        talk.ask("www.example.org")
        talk.when, talk.dead = "2026-11-23 14:30", trouble == "silent"
        talk.says.clear()
        answer = talk.ask("www.example.org")
        assert addresses(answer) == ["198.18.0.1"]
        assert ttls(answer) == {30}
        assert [code for code, _ in ede(answer)] == [3]

    @pytest.mark.parametrize("trouble", ["silent", "servfail"])
    def test_the_safe_host_that_ran_out_stands_in(self, trouble):
        talk = Conversation(policy(TestSafeSearch.RULE), says=dict(TestSafeSearch.SAYS))
        talk.ask("www.google.com")
        talk.when, talk.dead = "2026-11-23 14:30", trouble == "silent"
        talk.says.clear()
        assert addresses(talk.ask("www.google.com")) == ["198.18.9.9"]

    def test_a_stale_answer_never_crosses_a_change(self):
        talk = Conversation(policy(*SOCIAL_AT_LUNCH), says={"www.instagram.com": [a("www.instagram.com", ttl=10)]})
        talk.ask("www.instagram.com")
        talk.dead, talk.when = True, "2026-11-23 12:59:55"
        assert ttls(talk.ask("www.instagram.com")) == {5}
        talk.when = "2026-11-23 13:00"
        assert rcode(talk.ask("www.instagram.com")) == "NXDOMAIN"

    def test_a_stale_answer_is_not_kept_in_the_first_cache(self):
        talk = Conversation(policy(), says={"www.example.org": [a("www.example.org")]})
        talk.ask("www.example.org")
        talk.when, talk.dead = "2026-11-23 14:30", True
        assert talk.reply("www.example.org").fresh == 0

    def test_an_error_of_upstreams_is_passed_on_where_nothing_is_known(self):
        assert rcode(Conversation(policy()).ask("www.example.org")) == "SERVFAIL"


class TestCounting:
    def test_an_answer_is_counted_under_what_decided_it(self):
        talk = Conversation(policy(rule("block", "instagram", name="No pictures")), ROOM_TABLET)
        reply = talk.reply("www.instagram.com")
        assert (reply.key.device, reply.key.name, reply.key.service, reply.key.verdict, reply.key.rule) == (
            "room-tablet", "www.instagram.com", "instagram", Verdict.BLOCK, "No pictures",
        )  # fmt: skip
        assert reply.refused

    def test_a_refused_alias_is_counted_under_the_name_that_was_asked(self):
        talk = Conversation(policy(rule("block", "instagram")), OFFICE_LAPTOP, says=TestAliases.CLOAKED)
        reply = talk.reply("alias.example")
        assert (reply.key.name, reply.key.service, reply.refused) == ("alias.example", "instagram", True)

    def test_a_canary_is_no_refusal(self):
        assert not Conversation(policy()).reply("mask.icloud.com").refused


class TestWork:
    """A bound on the work of one answer, counted in lines: no name and no answer stalls the box."""

    RULES = (*SOCIAL_AT_LUNCH, rule("enforce", "safe-search"), rule("block", "a.example"))

    @pytest.mark.parametrize(
        "name", ["a." * 126 + "b", "_a." * 84 + "b", ("\\000" * 63 + ".") * 3 + "b"], ids=["labels", "underscores", "odd_bytes"]
    )
    def test_the_longest_name_is_judged_in_bounded_work(self, name):
        talk = Conversation(policy(*self.RULES), dead=True)
        query = read_query(dns.message.make_query(name, "A").to_wire())
        now = at(NOON).timestamp()
        assert lines_run(partial(talk.answerer.answer, query, talk.client, now, now, tcp=False)) <= 12_000

    @pytest.mark.parametrize(
        "count, labels", [(1, 126), (16, 30), (60, 14), (60, 120)], ids=["one_long", "some", "many_short", "many_long"]
    )
    def test_an_answer_full_of_long_targets_is_judged_in_bounded_work(self, count, labels):
        names = ["a." * (labels - 1) + f"x{number}" for number in range(count)]
        records = [cname("alias.example", names[0]), *(cname(one, other) for one, other in pairwise(names))]
        talk = Conversation(policy(*self.RULES), says={"alias.example": records})
        query, now = read_query(dns.message.make_query("alias.example", "A").to_wire()), at(NOON).timestamp()
        talk.answerer.answer(query, talk.client, now, now, tcp=False)
        wanted = Wanted(("alias.example", 1, False, False), query.question)
        message = talk._upstream(wanted)

        def read_and_judge() -> None:
            try:
                answer = read_answer(message)
            except Faulty:
                answer = None
            talk.answerer.answer_fetched(query, talk.client, now, now, wanted, answer, tcp=False)

        assert lines_run(read_and_judge) <= 60_000


def test_a_device_that_the_proxy_looks_into_gets_no_https_records():
    """They could hide the name it connects to; its addresses it gets, and other devices get both (FIELD section 7)."""
    says = {"www.example.org": ["www.example.org. 300 A 198.51.100.7"], "only.example": ["only.example. 300 HTTPS 1 . alpn=h3"]}
    looked_into = Conversation(policy(), replace(OFFICE_LAPTOP, is_intercepted=True), says)
    answer = looked_into.ask("only.example", "HTTPS")
    assert (rcode(answer), answer.answer, looked_into.asked) == ("NOERROR", [], [])
    assert [record.rdtype.name for record in answer.authority] == ["SOA"]
    assert addresses(looked_into.ask("www.example.org")) == ["198.51.100.7"]
    assert Conversation(policy(), OFFICE_LAPTOP, says).ask("only.example", "HTTPS").answer != []
