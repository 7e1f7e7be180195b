"""Whom the box asks, as its machine's resolvers come and go, and what it says of them."""

import asyncio

import pytest

from dinnerbell.config import Endpoint
from dinnerbell.endpoints import parse_upstream
from dinnerbell.running.whom_to_ask import WhomToAsk
from dinnerbell_dns.upstream import Forwarder
from encrypted import GOOD, dot
from live import NanoUpstream, dead_endpoint, silence

SYSTEM = [parse_upstream("system")]
LISTENING = [Endpoint("127.0.0.1", 53)]


def names(forwarder: Forwarder) -> list[str]:
    return [each.upstream for each in forwarder.status().upstreams]


@pytest.fixture
def resolv_conf(tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 192.168.20.1\n")
    return path


def test_other_resolvers_of_the_machine_are_asked_from_then_on(resolv_conf):
    whom = WhomToAsk(Forwarder(), resolv_conf)
    whom.choose(SYSTEM, LISTENING)
    assert names(whom.forwarder) == ["192.168.20.1:53"]
    resolv_conf.write_text("nameserver 192.168.20.254\nnameserver 127.0.0.1\n")
    whom.look(10.0)
    assert names(whom.forwarder) == ["192.168.20.254:53"], "and never the box itself"


def test_it_is_looked_at_once_a_second(resolv_conf):
    whom = WhomToAsk(Forwarder(), resolv_conf)
    whom.choose(SYSTEM, LISTENING)
    whom.look(10.0)
    resolv_conf.write_text("nameserver 192.168.20.254\n")
    whom.look(10.5)
    assert names(whom.forwarder) == ["192.168.20.1:53"]
    whom.look(11.0)
    assert names(whom.forwarder) == ["192.168.20.254:53"]


def test_a_network_that_comes_later(resolv_conf):
    resolv_conf.unlink()
    whom = WhomToAsk(Forwarder(), resolv_conf)
    whom.choose(SYSTEM, LISTENING)
    assert whom.has_none
    resolv_conf.write_text("nameserver 192.168.20.1\n")
    whom.look(10.0)
    assert not whom.has_none
    assert names(whom.forwarder) == ["192.168.20.1:53"]


def test_what_is_written_does_not_depend_on_the_machine(resolv_conf):
    whom = WhomToAsk(Forwarder(), resolv_conf)
    whom.choose([parse_upstream("tls://9.9.9.9#dns.quad9.net")], LISTENING)
    resolv_conf.unlink()
    whom.look(10.0)
    assert names(whom.forwarder) == ["tls://9.9.9.9#dns.quad9.net"]
    assert not whom.has_none


async def ask(forwarder: Forwarder) -> None:
    await forwarder.ask(b"\3www\7example\0\0\1\0\1", dnssec_ok=False, checking_disabled=False)


def test_one_that_stops_answering_is_told_once_and_when_it_answers_again(resolv_conf):
    with NanoUpstream(silence) as upstream:
        whom = WhomToAsk(Forwarder(), resolv_conf)
        whom.choose([parse_upstream(str(upstream.endpoint))], LISTENING)

        async def work() -> None:
            assert whom.news() == []
            await asyncio.gather(*(ask(whom.forwarder) for _ in range(3)))
            assert whom.news() == [f"{upstream.endpoint} does not answer: no answer in time"]
            assert whom.news() == []
            upstream.say = GOOD
            await ask(whom.forwarder)
            assert whom.news() == [f"{upstream.endpoint} answers again"]
            whom.forwarder.close()

        asyncio.run(work())


def test_a_certificate_that_has_expired_is_told_with_the_clock(authority, serve, resolv_conf):
    upstream = serve(dot(), days=-1).tls()
    whom = WhomToAsk(Forwarder(authorities=authority.file), resolv_conf)
    whom.choose([upstream], LISTENING)

    async def work() -> None:
        await ask(whom.forwarder)
        whom.forwarder.close()

    asyncio.run(work())
    assert whom.news() == [f"{upstream.text} does not answer: its certificate has expired, or the clock of this box is wrong"]


def test_one_that_is_no_longer_asked_is_no_news(resolv_conf):
    dead, other = parse_upstream(str(dead_endpoint())), parse_upstream("192.168.20.9")
    whom = WhomToAsk(Forwarder(), resolv_conf)
    whom.choose([dead], LISTENING)

    async def work() -> None:
        await ask(whom.forwarder)
        assert len(whom.news()) == 1
        whom.choose([other], LISTENING)
        assert whom.news() == []
        whom.forwarder.close()

    asyncio.run(work())
