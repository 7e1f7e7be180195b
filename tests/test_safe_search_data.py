"""The shipped safe-search switches: every engine with a switch of its vendor's is turned, and nothing else is (FIELD section 4)."""

import ipaddress

import pytest

from dinnerbell.catalogue import ENFORCEABLE
from dinnerbell.names import normalise
from dinnerbell.shipped import shipped_catalogue

CATALOGUE = shipped_catalogue()
GOOGLE, BING, DUCK, BRAVE = "forcesafesearch.google.com", "strict.bing.com", "safe.duckduckgo.com", "forcesafe.search.brave.com"
YANDEX = "213.180.193.56"
"""The address of the family search: what Yandex documents is an address."""
STRICT, MODERATE = "restrict.youtube.com", "restrictmoderate.youtube.com"


def target_of(switch_name, name):
    found = CATALOGUE.enforce[switch_name].longest(normalise(name))
    return found[1].target if found else None


def kinds_of(name):
    match = CATALOGUE.lookup(normalise(name))
    return set(match.kinds) if match else set()


def test_every_switch_of_the_contract_has_a_file():
    assert set(CATALOGUE.enforce) == set(ENFORCEABLE)


@pytest.mark.parametrize(
    ("switch_name", "name", "target"),
    [
        pytest.param("safe-search", "www.google.com", GOOGLE, id="Google"),
        pytest.param("safe-search", "google.com", GOOGLE, id="Google without www"),
        pytest.param("safe-search", "www.google.co.uk", GOOGLE, id="Google in the United Kingdom"),
        pytest.param("safe-search", "www.google.co.jp", GOOGLE, id="Google in Japan"),
        pytest.param("safe-search", "www.google.cat", GOOGLE, id="Google in Catalan"),
        pytest.param("safe-search", "google.com.au", GOOGLE, id="Google in Australia without www"),
        pytest.param("safe-search", "mail.google.com", None, id="mail is not search"),
        pytest.param("safe-search", "classroom.google.com", None, id="Classroom is not search"),
        pytest.param("safe-search", "translate.google.co.uk", None, id="translation is not search"),
        pytest.param("safe-search", "www.bing.com", BING, id="Bing"),
        pytest.param("safe-search", "bing.com", BING, id="Bing without www"),
        pytest.param("safe-search", "duckduckgo.com", DUCK, id="DuckDuckGo"),
        pytest.param("safe-search", "www.duckduckgo.com", DUCK, id="DuckDuckGo with www"),
        pytest.param("safe-search", "start.duckduckgo.com", DUCK, id="DuckDuckGo's start page"),
        pytest.param("safe-search", "html.duckduckgo.com", DUCK, id="DuckDuckGo without scripts"),
        pytest.param("safe-search", "lite.duckduckgo.com", DUCK, id="DuckDuckGo lite"),
        pytest.param("safe-search", "external-content.duckduckgo.com", None, id="DuckDuckGo's picture host is not search"),
        pytest.param("safe-search", "search.brave.com", BRAVE, id="Brave, at the host its page for administrators names"),
        pytest.param("safe-search", "brave.com", None, id="Brave's own site is not search"),
        pytest.param("safe-search", "www.ecosia.org", "strict-safe-search.ecosia.org", id="Ecosia"),
        pytest.param("safe-search", "pixabay.com", "safesearch.pixabay.com", id="Pixabay"),
        pytest.param("safe-search", "cdn.pixabay.com", None, id="Pixabay's pictures on other pages"),
        pytest.param("safe-search", "api.qwant.com", "safeapi.qwant.com", id="Qwant's results"),
        pytest.param("safe-search", "www.qwant.com", None, id="Qwant's page itself: its safe host serves data, no page"),
        pytest.param("safe-search", "www.startpage.com", "safe.startpage.com", id="Startpage"),
        pytest.param("safe-search", "yandex.com", YANDEX, id="Yandex documents an address"),
        pytest.param("safe-search", "www.yandex.com.tr", YANDEX, id="Yandex in Turkey"),
        pytest.param("safe-search", "ya.ru", YANDEX, id="Yandex's short name"),
        pytest.param("safe-search", "яндекс.рф", YANDEX, id="Yandex in Cyrillic"),
        pytest.param("safe-search", "mail.yandex.com", None, id="Yandex's mail is not search"),
        pytest.param("safe-search", "www.youtube.com", None, id="YouTube has switches of its own"),
        *(
            pytest.param(switch, name, target, id=f"{name} {switch}")
            for switch, target in (("youtube-strict", STRICT), ("youtube-moderate", MODERATE))
            for name in (
                "www.youtube.com",
                "m.youtube.com",
                "youtubei.googleapis.com",
                "youtube.googleapis.com",
                "www.youtube-nocookie.com",
            )
        ),
        pytest.param("youtube-strict", "rr1---sn-abc.googlevideo.com", None, id="the films themselves are left alone"),
        pytest.param("youtube-strict", "accounts.youtube.com", None, id="Google sign-in is left alone"),
    ],
)
def test_an_engine_is_turned_to_its_vendors_safe_host(switch_name, name, target):
    assert target_of(switch_name, name) == target


@pytest.mark.parametrize("switch_name", ENFORCEABLE)
def test_no_safe_host_is_turned_itself_or_refused_as_unsafe(switch_name):
    """A target that is rewritten would chase itself; one of another kind than its engine would be refused with it."""
    targets = {engine.target for table in CATALOGUE.enforce.values() for engine in table._exact.values()}
    assert targets
    for target in targets:
        assert CATALOGUE.enforce[switch_name].longest(target) is None
        try:
            ipaddress.ip_address(target)
        except ValueError:
            assert not kinds_of(target) & {"bypass", "search-without-safety"}


def test_an_engine_that_is_turned_is_not_refused_as_unsafe():
    """A setting that refuses the engines without a switch keeps all those that have one."""
    turned = CATALOGUE.enforce["safe-search"]._exact
    assert [name for name in turned if "search-without-safety" in kinds_of(name)] == []


@pytest.mark.parametrize("switch_name", ENFORCEABLE)
def test_switches_turn_exact_hosts_only(switch_name):
    """A suffix would turn mail and documents to the search engine."""
    assert not CATALOGUE.enforce[switch_name]._under


def test_all_of_googles_country_addresses_are_turned_with_and_without_www():
    """About 190 of them: a rule for www.google.com alone is got round by typing another country."""
    hosts = [host for host, engine in CATALOGUE.enforce["safe-search"]._exact.items() if engine.id == "google"]
    bare = {host for host in hosts if host.startswith("google.")}
    assert len(bare) >= 185
    assert {"www." + host for host in bare} | bare == set(hosts)


@pytest.mark.parametrize(
    "name",
    [
        "uk.search.yahoo.com",
        "eu.startpage.com",
        "lite.qwant.com",
        "www.mojeek.com",
        "www.baidu.com",
        "noai.duckduckgo.com",
        "cn.bing.com",
        "searx.be",
        "www.ask.com",
        "kagi.com",
    ],
)
def test_an_engine_without_a_switch_is_listed(name):
    assert kinds_of(name) == {"search-without-safety"}
