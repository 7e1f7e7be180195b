"""The main job, end to end: unbound as the internet, Dinnerbell in between, and Debian's own stubs on the devices.

The server runs in this process with its clock as an argument, so it is 12:30 when the test says so; every query and every answer
crosses real sockets. Devices are addresses of this machine: 127.0.0.66 is a phone of the staff, 127.0.0.31 the children's tablet.
"""

import json
import re
import signal
from pathlib import Path
from typing import ClassVar

import dns.flags
import dns.rdatatype
import pytest

from dinnerbell.endpoints import parse_upstream
from dinnerbell.log import LogReader, LogWriter, usage_path
from live import (
    ACORN_LANE,
    EVERYONE,
    OFFICE_LAPTOP,
    ROOT,
    STAFF_PHONE,
    STAFF_ROOM_PC,
    STRANGER,
    TABLET,
    VISITORS_PHONE,
    BoxProcess,
    LiveServer,
    LocalUpstreamThread,
    addresses,
    command,
    ede,
    rcode,
    status,
    stub,
    ttls,
)  # fmt: skip

STUBS = pytest.mark.parametrize("program", ["kdig", "dig"])


@pytest.fixture
def acorn(unbound):
    """Acorn Lane at half past twelve on an ordinary Monday, over IPv4 and IPv6."""
    with LiveServer(upstreams=[unbound], listen=["127.0.0.1", "::1"]) as server:
        yield server


def has_address(printed: str, address: str) -> bool:
    return re.search(rf"\s(A|AAAA)\s+{re.escape(address)}\s", printed) is not None


class TestLunch:
    @STUBS
    def test_at_half_past_twelve_a_staff_phone_reaches_instagram_and_a_tablet_does_not(self, acorn, program):
        phone = stub(program, acorn.endpoint, STAFF_PHONE, "www.instagram.com")
        tablet = stub(program, acorn.endpoint, TABLET, "www.instagram.com")
        assert (status(phone), status(tablet)) == ("NOERROR", "NXDOMAIN")
        assert has_address(phone, "198.18.1.1")
        assert not has_address(tablet, "198.18.1.1")

    @STUBS
    def test_the_office_laptop_reaches_facebook_but_not_messenger(self, acorn, program):
        facebook = stub(program, acorn.endpoint, OFFICE_LAPTOP, "www.facebook.com")
        messenger = stub(program, acorn.endpoint, OFFICE_LAPTOP, "www.messenger.com")
        assert has_address(facebook, "198.18.1.2")
        assert status(messenger) == "NXDOMAIN"
        assert status(stub(program, acorn.endpoint, STAFF_ROOM_PC, "www.facebook.com")) == "NXDOMAIN", "only the approved device"

    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    def test_visitors_and_strangers_do_not(self, acorn, tcp):
        for source in (VISITORS_PHONE, STRANGER, TABLET, STAFF_ROOM_PC):
            for rdtype in ("A", "AAAA", "HTTPS"):
                assert rcode(acorn.ask("www.instagram.com", rdtype, source=source, tcp=tcp)) == "NXDOMAIN"

    @pytest.mark.parametrize("rdtype", ["A", "AAAA", "HTTPS"])
    def test_every_type_of_an_open_name_is_answered(self, acorn, rdtype):
        answer = acorn.ask("www.instagram.com", rdtype, source=STAFF_PHONE)
        assert answer.answer[0].rdtype == dns.rdatatype.from_text(rdtype)

    @STUBS
    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    def test_over_ipv6_as_well(self, acorn, program, tcp):
        six = acorn.server.endpoints[1]
        options = ["+tcp"] if tcp else []
        assert has_address(stub(program, six, "::1", "www.facebook.com", "AAAA", *options), "2001:db8::1:2")
        assert status(stub(program, six, "::1", "www.messenger.com", "AAAA", *options)) == "NXDOMAIN"

    @STUBS
    def test_over_tcp_as_well(self, acorn, program):
        assert has_address(stub(program, acorn.endpoint, STAFF_PHONE, "www.instagram.com", "A", "+tcp"), "198.18.1.1")
        assert status(stub(program, acorn.endpoint, TABLET, "www.instagram.com", "A", "+tcp")) == "NXDOMAIN"


class TestOneOClock:
    @pytest.mark.parametrize(
        "second, left",
        [
            ("12:58:30", 60),
            ("12:59:00", 60),
            ("12:59:00.25", 59),
            ("12:59:30", 30),
            ("12:59:58.9", 1),
            ("12:59:59", 1),
            ("12:59:59.5", 0),
            ("12:59:59.999", 0),
        ],
    )
    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    def test_no_answer_outlives_the_window(self, acorn, second, left, tcp):
        acorn.moment.set("2026-11-23 12:58:00")
        acorn.ask("www.instagram.com", source=STAFF_PHONE, tcp=tcp)
        acorn.moment.set(f"2026-11-23 {second}")
        for _ in range(3):
            answer = acorn.ask("www.instagram.com", source=STAFF_PHONE, tcp=tcp)
            assert addresses(answer)
            assert max(ttls(answer)) <= left

    def test_what_is_kept_ready_is_not_sent_later_with_the_same_ttl(self, acorn):
        """Hits of the first cache, tenths of a second apart: at each of them TTL and time together stay within 13:00."""
        acorn.moment.set("2026-11-23 12:59:56")
        end = acorn.moment.seconds + 4
        while acorn.moment.seconds < end - 0.01:
            answer = acorn.ask("www.instagram.com", source=STAFF_PHONE)
            assert addresses(answer)
            assert acorn.moment.seconds + max(ttls(answer)) <= end
            acorn.moment.seconds += 0.1

    @STUBS
    def test_at_one_the_phone_is_refused(self, acorn, program):
        acorn.moment.set("2026-11-23 12:59:59.999")
        assert status(stub(program, acorn.endpoint, STAFF_PHONE, "www.instagram.com")) == "NOERROR"
        acorn.moment.set("2026-11-23 13:00:00")
        assert status(stub(program, acorn.endpoint, STAFF_PHONE, "www.instagram.com")) == "NXDOMAIN"

    def test_a_refusal_does_not_outlive_its_reason_either(self, acorn):
        acorn.moment.set("2026-11-23 11:59:40.5")
        refused = acorn.ask("www.instagram.com", source=STAFF_PHONE)
        assert (rcode(refused), max(ttls(refused))) == ("NXDOMAIN", 19)
        acorn.moment.set("2026-11-23 12:00:00")
        assert addresses(acorn.ask("www.instagram.com", source=STAFF_PHONE))

    def test_on_a_bank_holiday_nobody_has_lunch(self, acorn):
        acorn.moment.set("2026-12-25 12:00")
        assert rcode(acorn.ask("www.instagram.com", source=TABLET)) == "NXDOMAIN"
        assert addresses(acorn.ask("www.instagram.com", source=STAFF_PHONE)), "no setting hours either"


class TestAlways:
    @pytest.mark.parametrize(
        "when", ["2026-11-23 12:30", "2026-11-23 13:00", "2026-11-23 10:00", "2026-11-22 03:00", "2026-12-25 12:00", "2027-03-28 01:30"]
    )
    def test_tapestry_works_for_all_always(self, acorn, when):
        acorn.moment.set(when)
        for source in EVERYONE:
            for rdtype, address in (("A", "198.18.1.4"), ("AAAA", "2001:db8::1:4")):
                assert addresses(acorn.ask("tapestryjournal.com", rdtype, source=source)) == [address]

    @STUBS
    def test_tapestry_works_with_every_stub(self, acorn, program):
        for source in EVERYONE:
            assert has_address(stub(program, acorn.endpoint, source, "tapestryjournal.com"), "198.18.1.4")


class TestRefusals:
    @pytest.mark.parametrize("rdtype", ["A", "AAAA", "HTTPS", "SVCB", "TXT", "MX", "ANY", "NS", "TYPE65280"])
    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    def test_nxdomain_for_every_type_with_the_reason_for_those_who_read_it(self, acorn, rdtype, tcp):
        for _ in range(2):
            answer = acorn.ask("www.instagram.com", rdtype, source=TABLET, tcp=tcp)
            [soa] = answer.authority
            assert (rcode(answer), answer.answer, soa.name.to_text()) == ("NXDOMAIN", [], "instagram.com.")
            assert soa.ttl == soa[0].minimum <= 60
            [(code, text)] = ede(answer)
            assert code == 15
            assert "closed on this device" in text
            assert "policy 6" in text
            assert "Acorn Lane Nursery" in text
            plain = acorn.ask("www.instagram.com", rdtype, source=TABLET, edns=False)
            assert (rcode(plain), plain.edns, ede(plain)) == ("NXDOMAIN", -1, [])

    def test_the_reason_says_until_when(self, acorn):
        acorn.moment.set("2026-11-23 11:30")
        [(_, text)] = ede(acorn.ask("www.instagram.com", source=STAFF_PHONE))
        assert "until 12:00" in text
        assert "policy 4" in text

    def test_any_elsewhere_is_answered_with_hinfo(self, acorn):
        for tcp in (False, True):
            answer = acorn.ask("www.example.org", "ANY", tcp=tcp)
            assert [rrset.rdtype for rrset in answer.answer] == [dns.rdatatype.HINFO]

    @pytest.mark.parametrize("name", ["use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com"])
    def test_canaries_do_not_exist(self, acorn, name):
        for source in EVERYONE:
            for rdtype in ("A", "AAAA", "HTTPS"):
                assert rcode(acorn.ask(name, rdtype, source=source)) == "NXDOMAIN"

    def test_a_name_under_resolver_arpa_is_answered_here_and_never_handed_on(self):
        with LocalUpstreamThread() as upstream, LiveServer(upstreams=[upstream.endpoint]) as server:
            for name in ("_dns.resolver.arpa", "resolver.arpa", "use-application-dns.net", "mask.icloud.com", "www.tiktok.com"):
                for rdtype in ("SVCB", "A"):
                    answer = server.ask(name, rdtype, source=TABLET)
                    assert rcode(answer) == ("NOERROR" if "arpa" in name else "NXDOMAIN")
                    assert not answer.answer
            assert upstream.asked == {}


class TestSafeSearch:
    @pytest.mark.parametrize(
        "name, safe, four, six",
        [
            ("www.google.com", "forcesafesearch.google.com", "198.18.1.6", "2001:db8::1:6"),
            ("www.bing.com", "strict.bing.com", "198.18.1.8", "2001:db8::1:8"),
            ("duckduckgo.com", "safe.duckduckgo.com", "198.18.1.10", None),
        ],
    )
    def test_an_engine_shows_its_safe_host(self, acorn, name, safe, four, six):
        for source in (TABLET, OFFICE_LAPTOP, STRANGER):
            for rdtype, address in (("A", four), ("AAAA", six)):
                for tcp in (False, True):
                    answer = acorn.ask(name, rdtype, source=source, tcp=tcp)
                    assert answer.answer[0][0].target.to_text() == f"{safe}."
                    assert addresses(answer) == ([address] if address else [])
                    assert max(ttls(answer)) <= 60

    @pytest.mark.parametrize("rdtype", ["HTTPS", "SVCB"])
    @pytest.mark.parametrize("name", ["www.google.com", "www.bing.com", "duckduckgo.com"])
    def test_there_is_no_way_round_by_https_records(self, acorn, name, rdtype):
        answer = acorn.ask(name, rdtype, source=TABLET)
        assert not [rrset for rrset in answer.answer if rrset.rdtype in (dns.rdatatype.HTTPS, dns.rdatatype.SVCB)]
        assert not addresses(answer)

    @STUBS
    def test_a_stub_follows_it(self, acorn, program):
        printed = stub(program, acorn.endpoint, TABLET, "www.google.com")
        assert has_address(printed, "198.18.1.6")
        assert not has_address(printed, "198.18.1.5")

    def test_own_phones_search_as_they_like(self, acorn):
        assert addresses(acorn.ask("www.google.com", source=STAFF_PHONE)) == ["198.18.1.5"]


class TestAliases:
    def test_an_alias_of_a_closed_name_is_closed_at_first_and_from_the_cache(self, acorn):
        assert addresses(acorn.ask("alias.example", source=STAFF_PHONE)) == ["198.18.1.1"], "open to this one: and now it is kept"
        for _ in range(3):
            assert rcode(acorn.ask("alias.example", source=TABLET)) == "NXDOMAIN"
        acorn.moment.set("2026-11-23 12:59:30")
        assert max(ttls(acorn.ask("alias.example", source=STAFF_PHONE))) <= 30
        acorn.moment.set("2026-11-23 13:00")
        assert rcode(acorn.ask("alias.example", source=STAFF_PHONE)) == "NXDOMAIN"

    def test_what_a_rule_allows_is_not_judged_by_where_it_leads(self, acorn):
        assert addresses(acorn.ask("alias.tapestryjournal.com", source=TABLET)) == ["198.18.1.1"]

    def test_a_harmless_alias_works(self, acorn):
        assert addresses(acorn.ask("harmless.example", source=TABLET)) == ["198.18.1.11"]

    @STUBS
    def test_a_nurserys_own_site_on_wordpress_keeps_working(self, acorn, program):
        """It is an alias of lb.wordpress.com, as every customer's own domain is; a blog under wordpress.com is refused all the same."""
        for rdtype, address in (("A", "198.18.1.12"), ("AAAA", "2001:db8::1:12")):
            assert has_address(stub(program, acorn.endpoint, TABLET, "ournursery.example", rdtype), address)
        assert status(stub(program, acorn.endpoint, TABLET, "lb.wordpress.com")) == "NXDOMAIN", "asked by its own name it is WordPress"
        assert status(stub(program, acorn.endpoint, TABLET, "ournursery.wordpress.com")) == "NXDOMAIN"

    @pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
    def test_a_services_own_domain_in_a_cdns_map_is_the_service_and_the_map_itself_is_nobodys(self, acorn, tcp):
        for _ in range(2):
            assert addresses(acorn.ask("plain.example", source=TABLET, tcp=tcp)) == ["198.18.1.13"]
            assert rcode(acorn.ask("cloaked.example", source=TABLET, tcp=tcp)) == "NXDOMAIN"
            assert addresses(acorn.ask("cloaked.example", source=STAFF_PHONE, tcp=tcp)) == ["198.18.1.13"], "it is lunch"

    def test_an_https_record_that_leads_to_a_closed_service_is_refused(self, acorn):
        assert rcode(acorn.ask("bound.example", "HTTPS", source=TABLET)) == "NXDOMAIN"
        assert rcode(acorn.ask("bound.example", "HTTPS", source=STAFF_PHONE)) == "NOERROR"


class TestSizes:
    def test_what_does_not_fit_comes_over_tcp(self, acorn):
        for edns in (False, 0):
            short = acorn.ask("big.example", "TXT", edns=edns)
            assert short.flags & dns.flags.TC
            assert not short.answer
        assert len(acorn.ask("big.example", "TXT", tcp=True).answer[0][0].strings) == 12

    @STUBS
    def test_stubs_come_back_over_tcp_by_themselves(self, acorn, program):
        printed = stub(program, acorn.endpoint, OFFICE_LAPTOP, "big.example", "TXT")
        assert status(printed) == "NOERROR"
        assert printed.count('"' + "x" * 200 + '"') == 12

    @STUBS
    def test_upper_case_and_cookies_and_dnssec_are_no_trouble(self, acorn, program):
        options = ["+dnssec", "+cookie=0123456789abcdef"]
        assert has_address(stub(program, acorn.endpoint, STAFF_PHONE, "WWW.Instagram.COM", "A", *options), "198.18.1.1")
        assert status(stub(program, acorn.endpoint, TABLET, "WWW.Instagram.COM", "A", *options)) == "NXDOMAIN"

    @STUBS
    def test_a_name_that_does_not_exist_does_not(self, acorn, program):
        assert status(stub(program, acorn.endpoint, OFFICE_LAPTOP, "nowhere.example")) == "NXDOMAIN"


class TestOwnersExample:
    """The shipped rules follow the policy; one line of them opens lunch on the setting's own devices, as the owner asked."""

    SHIPPED = (ROOT / "rules.yaml").read_text()
    LINE = "    # unless: lunch\n"
    ON_LOOPBACK: ClassVar = {
        "192.168.1.20": "127.0.0.20",
        "192.168.1.31": "127.0.0.31",
        "192.168.20.0/24": "127.0.0.64/27",
        "192.168.30.0/24": "127.0.0.96/27",
        "192.168.20.7": "127.0.0.66",
    }

    def changed(self) -> str:
        assert self.SHIPPED.count(self.LINE) == 1
        return self.SHIPPED.replace(self.LINE, self.LINE.replace("# ", ""))

    def here(self, text: str) -> str:
        """The same rules for devices that live on this machine."""
        for theirs, ours in self.ON_LOOPBACK.items():
            text = text.replace(theirs, ours)
        return text

    @pytest.mark.parametrize("name, address", [("www.instagram.com", "198.18.1.1"), ("www.facebook.com", "198.18.1.2")])
    def test_the_one_line_opens_lunch_on_the_settings_own_device(self, unbound, name, address):
        with LiveServer(self.here(self.changed()), [unbound]) as server:
            assert addresses(server.ask(name, source=OFFICE_LAPTOP)) == [address]
            assert rcode(server.ask("www.instagram.com", source=TABLET)) == "NXDOMAIN", "children's devices stay shut"
            assert rcode(server.ask("www.messenger.com", source=OFFICE_LAPTOP)) == "NXDOMAIN"
            server.moment.set("2026-11-23 13:00:00")
            assert rcode(server.ask("www.instagram.com", source=OFFICE_LAPTOP)) == "NXDOMAIN"
            server.moment.set("2026-11-23 11:59:59")
            assert rcode(server.ask("www.instagram.com", source=OFFICE_LAPTOP)) == "NXDOMAIN"

    def test_without_it_lunch_is_shut_there(self, unbound):
        with LiveServer(self.here(self.SHIPPED), [unbound]) as server:
            assert rcode(server.ask("www.instagram.com", source=OFFICE_LAPTOP)) == "NXDOMAIN"
            assert addresses(server.ask("www.instagram.com", source=STAFF_PHONE)) == ["198.18.1.1"]

    def test_check_warns_with_clause_4(self, tmp_path: Path):
        (tmp_path / "rules.yaml").write_text(self.changed())
        done = command("--rules", tmp_path / "rules.yaml", "check", "--json")
        assert done.returncode == 0
        [warning] = [warning for warning in json.loads(done.stdout)["warnings"] if "clause 4" in warning["message"]]
        assert warning["line"] == self.changed().splitlines().index("    unless: lunch") + 1
        assert "at lunch on the setting's own devices" in warning["message"]
        strict = command("--rules", tmp_path / "rules.yaml", "check", "--strict")
        assert strict.returncode == 1
        assert "clause 4" in strict.stdout


class TestToTheLog:
    def test_what_was_answered_is_what_the_log_and_the_command_show(self, acorn, tmp_path):
        """Queries in, `usage` out: the counts go the way they go in the box."""
        writer = LogWriter(usage_path(tmp_path))
        for minute in range(30, 36):
            acorn.moment.set(f"2024-11-18 10:{minute}")
            for name in ("m.facebook.com", "static.xx.fbcdn.net", "www.facebook.com", "graph.facebook.com"):
                acorn.ask(name, source=OFFICE_LAPTOP)
            acorn.ask("www.instagram.com", source=TABLET)
            writer.write(acorn.counts())
        writer.close()
        with LogReader(usage_path(tmp_path)) as reader:
            assert sum(row.lookups for row in reader.usage(0, 2**40)) == 30
        (tmp_path / "rules.yaml").write_text(ACORN_LANE)
        done = command("--rules", tmp_path / "rules.yaml", "--data", tmp_path, "usage", "--since", "2024-11-18 00:00", "--json")
        assert done.returncode == 0, done.stderr
        [facebook] = [session for session in json.loads(done.stdout) if (session["service"], session["grade"]) == ("facebook", "B")]
        assert facebook["device"] == "office-laptop"
        assert (facebook["start"], facebook["end"]) == ("2024-11-18T10:30:00+00:00", "2024-11-18T10:36:00+00:00")
        assert facebook["minutes_low"] == facebook["minutes_high"] == 6

    def test_the_whole_way_in_a_process_of_its_own(self, unbound, tmp_path):
        (tmp_path / "rules.yaml").write_text(ACORN_LANE + f"box: {{upstream: ['{unbound}'], listen: ['127.0.0.1:0']}}\n")
        assert parse_upstream(str(unbound)).endpoint == unbound
        with BoxProcess(tmp_path / "rules.yaml", tmp_path / "data", listen=["127.0.0.1:0"]) as box:
            assert has_address(stub("kdig", box.endpoint, TABLET, "tapestryjournal.com"), "198.18.1.4")
            assert status(stub("dig", box.endpoint, TABLET, "www.instagram.com")) == "NXDOMAIN"
            assert box.end(signal.SIGTERM) == 0
        with LogReader(usage_path(tmp_path / "data")) as reader:
            assert {(row.device, row.name, row.verdict.value) for row in reader.usage(0, 2**40)} == {
                ("room-tablet-1", "tapestryjournal.com", "allow"), ("room-tablet-1", "www.instagram.com", "block"),
            }  # fmt: skip
