"""The proxy's rulings: the DNS server's verdicts, and what a proxy does with them at each step that carries a name."""

import ipaddress
from dataclasses import replace
from datetime import datetime, timedelta

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import A_MONDAY, at
from dinnerbell.config import LogLevel
from dinnerbell.model import Device
from dinnerbell.names import BadName
from dinnerbell_dns.answerer import Answerer, Wanted
from dinnerbell_dns.cache import AnswerCache
from dinnerbell_dns.clients import Client
from dinnerbell_dns.wire import Query, read_query
from dinnerbell_proxy.hosts import authority_host, host_name, is_local
from dinnerbell_proxy.judge import (
    Case,
    Step,
    judge_connect,
    judge_decrypted,
    judge_hello,
    judge_request,
)
from dinnerbell_proxy.ledger import Ledger
from live import ACORN_LANE, EVERYONE, OFFICE_LAPTOP, STAFF_PHONE, TABLET, rules_of

POLICY = rules_of().policy
BLOCKED, ALLOWED, ENFORCED = "www.instagram.com", "www.example.org", "www.google.com"
ADDRESS = "93.184.216.34"


def device(address: str, *, intercepted: bool = False) -> Device:
    return replace(POLICY.device_at(ipaddress.ip_address(address)), is_intercepted=intercepted)


def case(address: str = TABLET, when: datetime = A_MONDAY, *, intercepted: bool = False) -> Case:
    return Case(POLICY, device(address, intercepted=intercepted), when)


# ── one policy, two ways to ask it ───────────────────────────────────────────────────────────────────────────────────────────

_HOSTS = sorted({host.lstrip("=") for service in POLICY.catalogue.services.values() for hosts in service.hosts.values() for host in hosts})
_CANARIES = ["use-application-dns.net", "mask.icloud.com", "resolver.arpa", "_dns.resolver.arpa"]
NAMES = st.one_of(
    st.sampled_from(_HOSTS),
    st.builds("{}.{}".format, st.sampled_from(["www", "a.b", "xn--bcher-kva"]), st.sampled_from(_HOSTS)),
    st.sampled_from([*_CANARIES, ALLOWED, ENFORCED, "www.bing.com", "childline.org.uk", "localhost.example", "yandex.ru"]),
    st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){1,3}", fullmatch=True),
)
TIMES = st.integers(0, 14 * 24 * 60).map(lambda minutes: at("2026-11-20 00:00") + timedelta(minutes=minutes))


@given(address=st.sampled_from(EVERYONE), name=NAMES, when=TIMES, intercepted=st.booleans())
def test_dns_and_proxy_agree_on_every_ask(address, name, when, intercepted):
    """What the DNS server refuses, the proxy refuses at every step; what it forwards, passes; what it makes safe, is as safe here."""
    asker = case(address, when, intercepted=intercepted)
    reply = _dns_answer(asker, name)
    refused = Step.SHOW if intercepted else Step.REFUSE
    for ruling, step in (
        (judge_connect(asker, name, 443), refused),
        (judge_hello(asker, name, name, ADDRESS), refused),
        (judge_hello(asker, None, name, ADDRESS), refused),
        (judge_hello(asker, name, None, ADDRESS), refused),
        (judge_request(asker, (name, name), 80), Step.REFUSE),
        (judge_request(asker, (name,), None), Step.REFUSE),
    ):
        passed = Step.LOOK if intercepted and reply.target and step is Step.SHOW else Step.PASS  # it adds the engine's own switch inside
        assert ruling.step in ((passed, Step.PASS) if reply.forwards else (step, Step.REFUSE))
        if reply.forwards:
            assert ruling.target == reply.target
    decrypted = judge_decrypted(asker, name, name)
    assert decrypted.step is (Step.ELSEWHERE if reply.forwards else Step.REFUSE)


class _Reply:
    """What the DNS server does with a name: does it lead anywhere, and to a safe host?"""

    def __init__(self, *, forwards: bool, target: str | None) -> None:
        self.forwards, self.target = forwards, target


def _dns_answer(asker: Case, name: str) -> _Reply:
    query = read_query(dns.message.make_query(name, "A").to_wire())
    assert isinstance(query, Query)
    answerer = Answerer(POLICY, AnswerCache())
    found = answerer.answer(query, Client(asker.device, LogLevel.ALL), asker.at.timestamp(), 0.0, tcp=True)
    if isinstance(found, Wanted):
        return _Reply(forwards=True, target=None if found.key[0] == name else found.key[0])
    answer = dns.message.from_wire(found.message)
    addresses = [record.address for rrset in answer.answer for record in rrset]  # Yandex's safe host is given as an address
    return _Reply(forwards=bool(addresses), target=addresses[0] if addresses else None)


# ── at each step ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("port, step", [(443, Step.PASS), (8443, Step.PASS), (80, Step.PASS), (25, Step.REFUSE), (22, Step.REFUSE), (8080, Step.REFUSE)])  # fmt: skip  # noqa: E501
def test_tunnels_lead_to_the_web_only(port, step):
    assert judge_connect(case(), ALLOWED, port).step is step


CONNECTS = [
    pytest.param(TABLET, BLOCKED, False, Step.REFUSE, id="refused"),
    pytest.param(TABLET, BLOCKED, True, Step.SHOW, id="refused_on_a_device_that_trusts_the_proxy"),
    pytest.param(TABLET, ALLOWED, True, Step.PASS, id="allowed_is_never_decrypted"),
    pytest.param(TABLET, "WWW.Instagram.COM.", False, Step.REFUSE, id="however_it_is_written"),
    pytest.param(TABLET, "ｉnstagram.com", False, Step.REFUSE, id="full_width_letters"),  # noqa: RUF001 - the trick itself
    pytest.param(STAFF_PHONE, BLOCKED, False, Step.PASS, id="own_phone_at_lunch"),
    pytest.param(TABLET, ADDRESS, False, Step.PASS, id="a_bare_address_is_a_name_that_nobody_knows"),
    pytest.param(TABLET, "[2606:2800:21f::1]", False, Step.PASS, id="a_bare_ipv6_address"),
    pytest.param(TABLET, "192.168.1.1", False, Step.REFUSE, id="the_router"),
    pytest.param(TABLET, "127.0.0.1", False, Step.REFUSE, id="the_box_itself"),
    pytest.param(TABLET, "[::ffff:127.0.0.1]", False, Step.REFUSE, id="the_box_in_ipv6_clothes"),
    pytest.param(TABLET, "localhost", False, Step.REFUSE, id="the_box_by_name"),
    pytest.param(TABLET, "127.1", False, Step.MALFORMED, id="a_short_address"),
    pytest.param(TABLET, "2130706433", False, Step.MALFORMED, id="an_address_as_a_number"),
    pytest.param(TABLET, "0x7f000001", False, Step.MALFORMED, id="an_address_as_hex"),
    pytest.param(TABLET, "a b", False, Step.MALFORMED, id="no_name_at_all"),
    pytest.param(TABLET, "", False, Step.MALFORMED, id="nothing"),
]


@pytest.mark.parametrize("address, host, intercepted, step", CONNECTS)
def test_a_connect_is_judged_by_its_host(address, host, intercepted, step):
    assert judge_connect(case(address, intercepted=intercepted), host, 443).step is step


HELLOS = [
    pytest.param(BLOCKED, ALLOWED, Step.REFUSE, id="a_refused_name_behind_an_allowed_tunnel"),
    pytest.param(ALLOWED, BLOCKED, Step.REFUSE, id="an_allowed_name_in_a_refused_tunnel"),
    pytest.param(BLOCKED, ADDRESS, Step.REFUSE, id="a_refused_name_by_its_address"),
    pytest.param(ALLOWED, "other.example", Step.PASS, id="two_allowed_names"),
    pytest.param(None, ALLOWED, Step.PASS, id="no_sni"),
    pytest.param(None, None, Step.PASS, id="only_an_address"),
]


@pytest.mark.parametrize("sni, asked, step", HELLOS)
def test_a_hello_is_judged_by_every_name_it_carries(sni, asked, step):
    assert judge_hello(case(), sni, asked, ADDRESS).step is step


def test_the_page_is_about_the_name_that_is_refused():
    ruling = judge_hello(case(), ALLOWED, BLOCKED, ADDRESS)
    assert ruling.about is not None
    assert ruling.about.name == BLOCKED


def test_safe_search_is_not_lost_by_asking_for_the_address():
    """A tunnel to an address with the engine's SNI leads to the engine's safe host, as a look-up would have."""
    assert judge_hello(case(), ENFORCED, ADDRESS, ADDRESS).target == "forcesafesearch.google.com"
    assert judge_request(case(), ("other.example", ENFORCED), 80).target == "forcesafesearch.google.com"


REQUESTS = [
    pytest.param((ALLOWED, ALLOWED), 80, Step.PASS, id="as_usual"),
    pytest.param((BLOCKED, ALLOWED), 80, Step.REFUSE, id="a_refused_host_behind_an_allowed_address"),
    pytest.param((ALLOWED, BLOCKED), 80, Step.REFUSE, id="an_allowed_host_behind_a_refused_address"),
    pytest.param((None, ALLOWED), 80, Step.PASS, id="http_1_0"),
    pytest.param((None, None), 80, Step.MALFORMED, id="for_nobody"),
    pytest.param(("user@" + ALLOWED, ALLOWED), 80, Step.MALFORMED, id="no_host"),
    pytest.param((ALLOWED,), 25, Step.REFUSE, id="the_mail_server"),
    pytest.param((ALLOWED,), 8080, Step.PASS, id="another_web_server"),
    pytest.param(("192.168.1.1",), 80, Step.REFUSE, id="the_router"),
    pytest.param(("192.168.1.1",), None, Step.PASS, id="the_router_on_a_redirected_connection"),
]


@pytest.mark.parametrize("hosts, port, step", REQUESTS)
def test_a_request_is_judged_by_every_host_it_names(hosts, port, step):
    assert judge_request(case(), hosts, port).step is step


DECRYPTED = [
    pytest.param(BLOCKED, BLOCKED, Step.REFUSE, id="the_page"),
    pytest.param(None, BLOCKED, Step.REFUSE, id="http_1_0"),
    pytest.param("www.facebook.com", BLOCKED, Step.ELSEWHERE, id="another_refused_host"),
    pytest.param(ALLOWED, BLOCKED, Step.ELSEWHERE, id="an_allowed_host"),
    pytest.param(ALLOWED, ALLOWED, Step.ELSEWHERE, id="allowed_meanwhile"),
    pytest.param("a b", BLOCKED, Step.MALFORMED, id="no_host"),
]


@pytest.mark.parametrize("host, expected, step", DECRYPTED)
def test_what_is_decrypted_reaches_nobody(host, expected, step):
    assert judge_decrypted(case(intercepted=True), host, expected).step is step


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_a_bad_name(text):
    try:
        name = host_name(text)
    except BadName:
        return
    assert host_name(name) == name
    assert is_local(name) in (True, False)


@given(st.text(max_size=60))
def test_any_host_header_has_a_host_or_is_no_name(text):
    assert isinstance(authority_host(text), str)


AUTHORITIES = [
    ("example.org", "example.org"),
    ("example.org:8080", "example.org"),
    ("example.org:", "example.org"),
    ("[::1]:80", "[::1]"),
    ("[::1]", "[::1]"),
    ("a:b:c", "a:b:c"),
]


@pytest.mark.parametrize("authority, host", AUTHORITIES)
def test_the_port_is_not_part_of_the_host(authority, host):
    assert authority_host(authority) == host


def test_the_device_that_may_be_shown_a_page_is_named_in_the_rules():
    text = ACORN_LANE.replace("address: 127.0.0.31}", "address: 127.0.0.31, proxy: intercept}")
    devices = rules_of(text).policy.devices
    assert {name for name, each in devices.items() if each.is_intercepted} == {"room-tablet-1"}


# ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

MINUTE = int(A_MONDAY.timestamp() // 60)


def test_a_name_is_counted_once_a_minute_as_a_stub_would_ask_for_it():
    ledger, asker = Ledger(), case(OFFICE_LAPTOP)
    for minute in (MINUTE, MINUTE, MINUTE + 1):
        for name in (ALLOWED, BLOCKED):
            ledger.note(asker.device, LogLevel.ALL, asker.judge(name), minute)
    batch = ledger.take()
    assert {(minute, key.name, key.verdict.value): count for (minute, key), count in batch.lookups.items()} == {
        (minute, *row): 1 for minute in (MINUTE, MINUTE + 1) for row in ((ALLOWED, "allow"), (BLOCKED, "block"))
    }
    assert list(batch.traffic.values()) == [[2, 2]]
    assert not ledger.take()


def test_the_log_level_holds_for_the_proxy_too():
    ledger, asker = Ledger(), case(OFFICE_LAPTOP)
    assert ledger.note(asker.device, LogLevel.REFUSED, asker.judge(ALLOWED), MINUTE) is None
    assert ledger.note(asker.device, LogLevel.ALL, asker.judge("childline.org.uk"), MINUTE) is None
    assert ledger.note(asker.device, LogLevel.NONE, asker.judge(BLOCKED), MINUTE) is None
    noted = ledger.note(asker.device, LogLevel.REFUSED, asker.judge(BLOCKED), MINUTE + 1)
    assert noted is not None
    assert noted.device == "office-laptop"
    batch = ledger.take()
    assert [key.name for _, key in batch.lookups] == [BLOCKED]
    assert batch.last_minute is None  # whether DNS was answering is not the proxy's to say
