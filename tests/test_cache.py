"""Upstream's answers, kept: TTLs age, caps hold, stale ones stand in, and no bytes upset the reader (dnspython builds and reads)."""

import ipaddress

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell_dns.cache import MAX_NEGATIVE_TTL, STALE_SECONDS, STALE_TTL, Answer, AnswerCache, read_answer
from dinnerbell_dns.wire import HEADER, MAX_TARGETS, RECORD, Faulty, read_query
from live import addresses, ede, rrset_of, ttls

SOA = "example. {} SOA ns.example. hostmaster.example. 1 3600 600 86400 {}"


def said(*records: str, name: str = "www.example", rdtype: str = "A", authority: str = "", additional: str = "", **parts) -> bytes:
    """Return an upstream's message."""
    query = dns.message.make_query(name, rdtype, use_edns=0)
    answer = dns.message.make_response(query, recursion_available=True)
    answer.answer = [rrset_of(record) for record in records]
    answer.authority = [rrset_of(authority)] if authority else []
    answer.additional = [rrset_of(additional)] if additional else []
    answer.set_rcode(dns.rcode.from_text(parts.get("rcode", "NOERROR")))
    answer.flags |= parts.get("flags", 0)
    return answer.to_wire()


def rendered(
    answer: Answer, age: int = 0, cap: int | None = None, *, stale: bool = False, name: str = "www.example", **options
) -> dns.message.Message:
    query = dns.message.make_query(name, options.pop("rdtype", "A"), **options)
    found = dns.message.from_wire(answer.render(read_query(query.to_wire()), age, cap, limit=4096, stale=stale))
    assert query.is_response(found)
    return found


A = "www.example. {} A 198.18.0.1"


class TestReading:
    def test_an_answer_comes_out_as_it_went_in(self):
        found = read_answer(said(A.format(300), "www.example. 300 A 198.18.0.2", authority="example. 500 NS ns.example."))
        answer = rendered(found)
        assert addresses(answer) == ["198.18.0.1", "198.18.0.2"]
        assert answer.authority[0].rdtype == dns.rdatatype.NS
        assert found.lifetime == 300

    @pytest.mark.parametrize(
        "message, lifetime",
        [
            pytest.param(said(A.format(300), "other.example. 20 A 198.18.0.2"), 20, id="the_shortest_of_its_ttls"),
            pytest.param(said(A.format(0)), 0, id="ttl_zero_is_not_kept"),
            pytest.param(said(A.format(2**31 - 1)), 86400, id="a_day_at_most"),
            pytest.param(said(rcode="NXDOMAIN", authority=SOA.format(300, 60)), 60, id="negative_by_the_soa_minimum"),
            pytest.param(said(rcode="NXDOMAIN", authority=SOA.format(30, 60)), 30, id="negative_by_the_soa_ttl"),
            pytest.param(said(authority=SOA.format(300, 60)), 60, id="no_data"),
            pytest.param(said(authority=SOA.format(90000, 90000)), MAX_NEGATIVE_TTL, id="negative_an_hour_at_most"),
            pytest.param(said(rcode="NXDOMAIN"), 0, id="negative_without_soa"),
            pytest.param(said(), 0, id="nothing_at_all"),
            pytest.param(said(authority="example. 500 NS ns.example."), 0, id="a_referral_is_no_answer"),
            pytest.param(said(rcode="SERVFAIL"), 0, id="servfail"),
            pytest.param(said(A.format(300), rcode="REFUSED"), 0, id="refused"),
            pytest.param(
                said("www.example. 300 CNAME gone.example.", rcode="NXDOMAIN", authority=SOA.format(300, 60)), 60, id="alias_to_nothing"
            ),
        ],
    )
    def test_an_answer_is_kept_as_long_as_it_says(self, message, lifetime):
        assert read_answer(message).lifetime == lifetime

    def test_a_ttl_with_its_top_bit_set_is_zero(self):
        wire = bytearray(said(A.format(300)))
        wire[wire.index(b"\0\0\1\x2c")] = 0x80
        assert read_answer(bytes(wire)).lifetime == 0

    def test_names_it_leads_to_are_found(self):
        found = read_answer(
            said("www.example. 300 CNAME A.Example.", "a.example. 300 CNAME www.instagram.com.", "www.instagram.com. 300 A 198.18.0.1")
        )
        assert found.targets == ("a.example", "www.instagram.com")
        assert found.addresses == ((300, b"\xc6\x12\0\1"),)

    @pytest.mark.parametrize(
        "message, reached",
        [
            pytest.param(said("www.example. 9 A 198.18.0.1", "www.example. 9 AAAA 2001:db8::1"), ["198.18.0.1", "2001:db8::1"], id="both"),
            pytest.param(said("www.example. 9 MX 1 m.example.", additional="m.example. 9 A 10.0.0.1"), ["10.0.0.1"], id="additional"),
            pytest.param(
                said("www.example. 9 HTTPS 1 . alpn=h2 ipv4hint=10.0.0.1,10.0.0.2 port=443 ipv6hint=fd00::1", rdtype="HTTPS"),
                ["10.0.0.1", "10.0.0.2", "fd00::1"],
                id="hints",
            ),
            pytest.param(said("www.example. 9 SVCB 1 a.example. port=8443", rdtype="SVCB"), [], id="no_hints"),
            pytest.param(said("www.example. 9 HTTPS 0 a.example.", rdtype="HTTPS"), [], id="an_alias"),
            pytest.param(said('www.example. 9 TXT "\\010\\000\\000\\001"', rdtype="TXT"), [], id="a_text_that_looks_like_one"),
        ],
    )
    def test_addresses_it_leads_to_are_found(self, message, reached):
        assert [str(ipaddress.ip_address(packed)) for packed in read_answer(message).reached] == reached

    def test_parameters_that_run_past_their_record_are_faulty(self):
        wire = said("www.example. 9 HTTPS 1 . ipv4hint=10.0.0.1", rdtype="HTTPS").replace(b"\0\4\0\4\x0a", b"\0\4\0\5\x0a")
        with pytest.raises(Faulty):
            read_answer(wire)

    def test_the_soa_of_a_negative_answer_says_how_long_that_holds(self):
        """RFC 2308 section 5: a careless server's SOA TTL of an hour beside a MINIMUM of a minute would live an hour on the device."""
        for message in (said(rcode="NXDOMAIN", authority=SOA.format(3600, 60)), said(authority=SOA.format(3600, 60))):
            answer = rendered(read_answer(message), age=20)
            assert [rrset.ttl for rrset in answer.authority] == [40]

    def test_svcb_targets_are_found_and_the_owner_itself_is_none(self):
        records = (
            "www.example. 300 HTTPS 0 www.instagram.com.",
            "www.example. 300 HTTPS 1 . alpn=h2",
            "www.example. 300 SVCB 1 a.example.",
        )
        assert read_answer(said(*records, rdtype="HTTPS")).targets == ("www.instagram.com", "a.example")

    def test_upstreams_opt_is_left_out_and_ours_put_in(self):
        found = read_answer(said(A.format(300), additional="ns.example. 300 A 198.18.0.9"))
        assert rendered(found, use_edns=False).edns == -1
        with_opt = rendered(found, use_edns=0)
        assert (with_opt.edns, with_opt.payload) == (0, 1232)
        assert len(with_opt.additional) == 1

    def test_records_behind_upstreams_opt_are_left_out(self):
        plain = said(A.format(300))
        wire = plain[:10] + b"\0\2" + plain[12:] + b"\0" + RECORD.pack(16, 1, 300, 2) + b"\1x"
        assert not rendered(read_answer(wire)).additional

    def test_the_upper_bits_of_an_rcode_are_read_from_the_opt(self):
        assert read_answer(said(rcode="BADVERS")).rcode == 16

    def test_very_many_targets_are_an_attack(self):
        chain = [f"a{number}.example. 300 CNAME a{number + 1}.example." for number in range(MAX_TARGETS + 1)]
        with pytest.raises(Faulty):
            read_answer(said(*chain))

    @pytest.mark.parametrize("section", [1, 2], ids=["answer", "authority"])
    def test_an_opt_where_none_belongs_is_faulty(self, section):
        """Such an answer was read as having minus one additional record, and broke only when it was sent."""
        question = b"\3www\7example\0\0\1\0\1"
        counts = [1, 0, 0, 0]
        counts[section] = 1
        with pytest.raises(Faulty):
            read_answer(HEADER.pack(1, 0x8180, *counts) + question + b"\0" + RECORD.pack(41, 1232, 0, 0))

    def test_two_opts_are_faulty(self):
        question = b"\3www\7example\0\0\1\0\1"
        with pytest.raises(Faulty):
            read_answer(HEADER.pack(1, 0x8180, 1, 0, 0, 2) + question + (b"\0" + RECORD.pack(41, 1232, 0, 0)) * 2)


QUERY = read_query(dns.message.make_query("www.example", "A").to_wire())


def read_or_faulty(data: bytes) -> Answer | None:
    try:
        found = read_answer(data)
    except Faulty:
        return None
    for age, cap, stale in ((0, None, False), (10**6, 0, True)):
        wire = found.render(QUERY, age, cap, limit=65535, stale=stale)
        assert len(wire) >= 12
    return found


RECORDS = st.lists(
    st.builds(
        lambda owner, kind, ttl, data: owner + RECORD.pack(kind, 1, ttl, len(data)) + data,
        st.sampled_from([b"\0", b"\xc0\x0c", b"\1a\xc0\x0c", b"\xc0\xff", b"\1a\0"]),
        st.sampled_from([1, 2, 5, 6, 16, 28, 41, 46, 64, 65, 255]),
        st.integers(0, 2**32 - 1),
        st.sampled_from([b"", b"\0\0\0\0", b"\xc0\x0c", b"\0\1\xc0\x0c", b"\xc0\x20", b"\0" * 22]) | st.binary(max_size=30),
    ),
    max_size=8,
).map(b"".join)


class TestAnyBytes:
    @given(st.binary(max_size=400))
    def test_any_bytes_are_an_answer_or_faulty(self, data):
        read_or_faulty(data)

    @given(st.integers(0, 0xFFFF), st.lists(st.integers(0, 5), min_size=3, max_size=3), RECORDS, st.binary(max_size=20))
    def test_any_records_are_an_answer_or_faulty(self, flags, counts, body, rest):
        read_or_faulty(HEADER.pack(1, flags, 1, *counts) + QUERY.question + body + rest)


class TestRendering:
    def test_ttls_age(self):
        found = read_answer(said(A.format(300), authority="example. 200 NS ns.example."))
        assert ttls(rendered(found, age=100)) == {200, 100}
        assert ttls(rendered(found, age=250)) == {50, 0}

    def test_no_ttl_is_above_the_cap(self):
        found = read_answer(said(A.format(300), authority="example. 20 NS ns.example."))
        assert ttls(rendered(found, cap=60)) == {60, 20}
        assert ttls(rendered(found, cap=0)) == {0}

    def test_a_stale_answer_says_so_and_is_short(self):
        found = read_answer(said(A.format(300)))
        answer = rendered(found, age=5000, stale=True, use_edns=0)
        assert ttls(answer) == {STALE_TTL}
        assert ede(answer) == [(3, "")]

    def test_a_stale_answer_keeps_within_the_cap(self):
        assert ttls(rendered(read_answer(said(A.format(300))), age=5000, cap=7, stale=True)) == {7}

    @pytest.mark.parametrize(
        "flags, wants, shows",
        [(dns.flags.AD, {"want_dnssec": True}, True), (dns.flags.AD, {"use_edns": False}, False), (0, {"want_dnssec": True}, False)],
    )
    def test_authentic_data_is_told_to_those_who_ask(self, flags, wants, shows):
        found = rendered(read_answer(said(A.format(300), flags=flags)), **wants)
        assert bool(found.flags & dns.flags.AD) is shows

    def test_it_answers_in_the_case_of_whoever_asks(self):
        found = read_answer(said("www.example. 300 A 198.18.0.1"))
        assert rendered(found, name="WwW.eXample").answer[0].name.to_text() == "WwW.eXample."


def kept(cache: AnswerCache, name: str, now: float) -> float | None:
    found = cache.get((name, 1, False, False), now)
    return None if found is None else found[1]


class TestKeeping:
    def test_an_answer_is_found_with_its_age(self):
        cache = AnswerCache()
        cache.put(("www.example", 1, False, False), read_answer(said(A.format(300))), 1000.0)
        assert kept(cache, "www.example", 1000.5) == 0.5
        assert kept(cache, "www.example", 999.0) == 0, "ticks never go back, but an age is never negative"
        assert kept(cache, "other.example", 1000.5) is None
        assert cache.get(("www.example", 28, False, False), 1000.5) is None
        assert cache.get(("www.example", 1, True, False), 1000.5) is None

    def test_an_answer_that_ran_out_stays_a_day_for_a_dead_upstream(self):
        cache = AnswerCache()
        cache.put(("www.example", 1, False, False), read_answer(said(A.format(300))), 0.0)
        assert kept(cache, "www.example", 299 + STALE_SECONDS) == 299 + STALE_SECONDS
        assert kept(cache, "www.example", 300 + STALE_SECONDS) is None
        assert len(cache) == 0

    def test_what_may_not_be_kept_is_not(self):
        cache = AnswerCache()
        cache.put(("www.example", 1, False, False), read_answer(said(rcode="SERVFAIL")), 0.0)
        assert len(cache) == 0

    def test_the_least_recently_used_makes_room(self):
        cache = AnswerCache(2)
        answer = read_answer(said(A.format(300)))
        for name in ("a", "b"):
            cache.put((name, 1, False, False), answer, 0.0)
        kept(cache, "a", 1.0)
        cache.put(("c", 1, False, False), answer, 2.0)
        assert [kept(cache, name, 3.0) is not None for name in "abc"] == [True, False, True]

    def test_it_can_be_emptied(self):
        cache = AnswerCache()
        cache.put(("a", 1, False, False), read_answer(said(A.format(300))), 0.0)
        cache.clear()
        assert len(cache) == 0
