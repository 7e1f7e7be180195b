"""Whose name is this? The longest host says, label by label; shared hosts are several services', CDN maps nobody's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cast import CATALOGUE, ENFORCE, SERVICES
from dinnerbell.catalogue import (
    KINDS,
    SOCIAL_KINDS,
    CatalogueError,
    HostClass,
    Service,
    merge_own,
    read_catalogue,
)


def owners(catalogue, name):
    match = catalogue.lookup(name)
    return [f"{claim.service.id}/{claim.host_class}" for claim in match.claims] if match else []


@pytest.mark.parametrize(
    "name, expected",
    [
        pytest.param("instagram.com", ["instagram/use"], id="itself"),
        pytest.param("www.instagram.com", ["instagram/use"], id="under_it"),
        pytest.param("x.com", ["x/use"], id="x"),
        pytest.param("netflix.com", [], id="netflix_is_not_x"),
        pytest.param("push.x.com", ["x/background"], id="exact_before_the_suffix_above"),
        pytest.param("a.push.x.com", ["x/use"], id="exact_is_not_for_what_lies_under_it"),
        pytest.param("icloud.com", ["cloud/use"], id="essential_parent"),
        pytest.param("mask.icloud.com", ["relay/use"], id="bypass_under_an_essential_parent"),
        pytest.param("www.icloud.com", ["cloud/use"], id="its_neighbour_stays_essential"),
        pytest.param("edge-chat.facebook.com", ["messenger/use"], id="messenger_under_facebook"),
        pytest.param("mqtt.facebook.com", ["facebook/background"], id="background_under_companion"),
        pytest.param("www.facebook.com", ["facebook/companion"], id="home_page"),
        pytest.param("scontent.fbcdn.net", ["facebook/shared", "instagram/shared", "messenger/shared"], id="shared"),
        pytest.param("static.xx.fbcdn.net", ["facebook/companion"], id="longer_host_under_a_shared_one"),
        pytest.param("youtubei.googleapis.com", ["youtube/use"], id="exact_host_under_a_shared_parent"),
        pytest.param("fonts.googleapis.com", [], id="the_shared_parent_is_nobodys"),
        pytest.param("googleapis.com", [], id="the_shared_parent_itself"),
        pytest.param("_https.www.instagram.com", ["instagram/use"], id="leading_underscore_label"),
        pytest.param("_8443._https.x.com", ["x/use"], id="two_leading_underscore_labels"),
        pytest.param("com", [], id="top_level"),
        pytest.param("instagram.com.example", [], id="only_a_left_part"),
    ],
)
def test_a_name_belongs_to_its_longest_matching_host(name, expected):
    assert owners(CATALOGUE, name) == expected


def test_a_match_tells_the_host_as_written_and_the_union_of_kinds_in_the_catalogues_order():
    match = CATALOGUE.lookup("scontent.fbcdn.net")
    assert match.host == "fbcdn.net"
    assert match.kinds == ("social-networking", "photo-sharing", "messaging")
    assert CATALOGUE.lookup("edge-chat.facebook.com").host == "=edge-chat.facebook.com"


@pytest.mark.parametrize(
    "target, expected",
    [
        pytest.param("instagram.com", "instagram", id="exact_name"),
        pytest.param("www.instagram.com", "instagram", id="exact_name_with_www"),
        pytest.param("www.instagram.com.edgekey.net", "instagram", id="left_part"),
        pytest.param("instagram.com.edgekey.net", "instagram", id="left_part_alone"),
        pytest.param("cdn-1.www.instagram.com.global.edgekey.net", "instagram", id="left_part_in_the_middle"),
        pytest.param("youtubei.googleapis.com", "youtube", id="exact_host"),
        pytest.param("edge-chat.facebook.com", "messenger", id="exact_host_under_another_service"),
        pytest.param("fbcdn.net", "facebook", id="shared_host_itself"),
        pytest.param("lb.wordpress.com", None, id="somebody_elses_site_on_wordpress"),
        pytest.param("a.lb.wordpress.com", None, id="deeper_under_a_services_domain"),
        pytest.param("scontent.cdninstagram.com", None, id="under_a_companion"),
        pytest.param("e1234.a.akamaiedge.net", None, id="cdn_map"),
        pytest.param("dualstack.n.sni.global.fastly.net", None, id="cdn_map_of_another_kind"),
        pytest.param("notinstagram.com.edgekey.net", None, id="no_whole_label"),
        pytest.param("netflix.com", None, id="no_whole_label_exact"),
        pytest.param("netflix.com.edgekey.net", None, id="x_com_is_not_a_left_part_of_netflix_com"),
        pytest.param("example.instagram.com", None, id="right_end_is_not_a_left_part"),
        pytest.param("com", None, id="top_level"),
        pytest.param("edgekey.net", None, id="two_labels"),
    ],
)
def test_an_alias_stands_for_a_service_by_exact_name_or_left_part_only(target, expected):
    """A site that is merely hosted under a service's domain, or on a shared CDN, is not that service."""
    match = CATALOGUE.lookup_alias(target)
    assert (match and match.claims[0].service.id) == expected


# few labels, so that names meet hosts; "x" and "ex" because text would match where labels do not
names_ = st.lists(st.sampled_from(["x", "ex", "com"]), min_size=2, max_size=4).map(".".join)
hosts_ = st.tuples(st.sampled_from(["", "="]), names_).map("".join)


@st.composite
def services_(draw, prefix, *, own=False):
    """Return services in which a host has one owner, or several that all list it as shared."""
    found = []
    plain = draw(st.lists(hosts_, unique=True, max_size=8))
    shared = draw(st.lists(hosts_.filter(lambda host: host not in plain), unique=True, max_size=3))
    for number in range(draw(st.integers(1, 3))):
        hosts = {HostClass.USE: tuple(plain[number::3]), HostClass.SHARED: tuple(host for host in shared if draw(st.booleans()))}
        found.append(Service(f"{prefix}{number}", prefix, (draw(st.sampled_from(KINDS)),), hosts, own=own))
    return found


def brute_force(services, own, name):
    """Look at every host of every service: the most labels win, then the setting's own, then exact; what is left is shared."""
    labels = name.split(".")
    found = []
    for service in (*services, *own):
        for host_class, hosts in service.hosts.items():
            for host in hosts:
                of_host = host.removeprefix("=").split(".")
                if labels == of_host if host.startswith("=") else labels[-len(of_host) :] == of_host:
                    found.append(((len(of_host), service.own, host.startswith("=")), host, service.id, host_class))
    best = max((rank for rank, *_ in found), default=None)
    winners = {(host, id_) for rank, host, id_, _ in found if rank == best}
    hosts = {host for host, _ in winners}
    if best and best[1]:  # the setting's own claim on a shared host joins the catalogue's
        mine = [host_class for rank, _, _, host_class in found if rank == best]
        theirs = [(host, id_, host_class) for _, host, id_, host_class in found if host in hosts]
        if all(host_class is HostClass.SHARED for host_class in (*mine, *(row[2] for row in theirs))):
            winners |= {(host, id_) for host, id_, _ in theirs}
    return winners


def winners_of(catalogue, name):
    match = catalogue.lookup(name)
    if match is None:
        return set()
    assert len(match.claims) == len({claim.service.id for claim in match.claims}), "a service claims a host once"
    return {(match.host, claim.service.id) for claim in match.claims}


def catalogue_of(services):
    return read_catalogue({}, {}).with_own(services)


@settings(max_examples=200)
@given(services_("s"), st.lists(names_, min_size=1, max_size=12))
def test_the_catalogue_finds_what_comparing_every_host_finds(services, names):
    catalogue = catalogue_of(services)
    for name in names:
        assert winners_of(catalogue, name) == brute_force(services, [], name)


@settings(max_examples=300)
@given(services_("s"), services_("own", own=True), st.lists(names_, min_size=1, max_size=12))
def test_the_settings_own_services_beat_the_catalogue_at_equal_length(services, own, names):
    catalogue = catalogue_of(services).with_own(own)
    assert set(catalogue.services) == {service.id for service in (*services, *own)}
    for name in names:
        assert winners_of(catalogue, name) == brute_force(services, own, name)


def service(id_, *, kinds=("essential",), evidence="use", name="", **hosts):
    return Service(id_, name or id_, kinds, {HostClass(key): tuple(value.split()) for key, value in hosts.items()}, evidence)


def test_an_own_service_takes_a_host_from_the_catalogue():
    own = merge_own(None, service("our-page", use="x.com"))
    catalogue = CATALOGUE.with_own([own])
    assert catalogue.lookup("www.x.com").claims[0].service.id == "our-page"
    assert catalogue.lookup("push.x.com").claims[0].service.id == "x"  # longer, so still the catalogue's
    assert own.own


def test_an_own_suffix_beats_the_catalogues_exact_host_of_the_same_name():
    catalogue = CATALOGUE.with_own([merge_own(None, service("our-relay", use="mask.icloud.com"))])
    assert catalogue.lookup("mask.icloud.com").claims[0].service.id == "our-relay"


def test_a_changed_service_keeps_its_own_exact_and_suffix_host_of_one_name():
    changed = merge_own(None, service("board", use="=board.example", companion="board.example"))
    for own in (changed, merge_own(None, service("board", companion="=board.example", use="board.example"))):
        catalogue = CATALOGUE.with_own([own])
        assert catalogue.lookup("board.example").host == "=board.example"
        assert catalogue.lookup("www.board.example").host == "board.example"


def test_changing_one_of_the_services_that_share_a_host_leaves_it_shared():
    changed = merge_own(CATALOGUE.services["facebook"], service("facebook", kinds=(), evidence="", use="our-page.example"))
    claims = CATALOGUE.with_own([changed]).lookup("scontent.fbcdn.net").claims
    assert {claim.service.id for claim in claims} == {"facebook", "instagram", "messenger"}
    assert next(claim.service for claim in claims if claim.service.id == "facebook") is changed


def test_changes_are_laid_over_the_catalogues_service():
    """Fields given replace, hosts are added, and a host that is given another class leaves its old one."""
    base = CATALOGUE.services["facebook"]
    own = Service("facebook", "", (), {HostClass.USE: ("facebook.com", "our-page.example")}, evidence="")
    merged = merge_own(base, own)
    assert (merged.name, merged.kinds, merged.evidence, merged.own) == ("Facebook", ("social-networking",), "pair", True)
    assert set(merged.hosts[HostClass.USE]) == {"m.facebook.com", "facebook.com", "our-page.example"}
    assert merged.hosts[HostClass.COMPANION] == ("static.xx.fbcdn.net",)
    given = Service("facebook", "Our Facebook", ("forum",), {}, "use", "in", "For the page only")
    merged = merge_own(base, given)
    assert (merged.name, merged.kinds, merged.evidence) == ("Our Facebook", ("forum",), "use")
    assert (merged.age_law, merged.note, merged.hosts) == ("in", "For the page only", base.hosts)


def test_two_own_services_cannot_claim_one_host():
    with pytest.raises(CatalogueError, match=r"x\.com is in two services, one and two"):
        CATALOGUE.with_own([service("one", use="x.com"), service("two", use="x.com")])


def test_the_catalogue_that_is_changed_stays_as_it_was():
    CATALOGUE.with_own([merge_own(None, service("our-page", use="x.com"))])
    assert CATALOGUE.lookup("x.com").claims[0].service.id == "x"


def test_the_umbrella_stands_for_the_kinds_of_policy_section_1():
    assert len(SOCIAL_KINDS) == 12
    social = {id_ for id_, each in CATALOGUE.services.items() if each.is_social}
    assert social == {"facebook", "instagram", "messenger", "x", "youtube", "wordpress", "wikipedia"}


def entry(text):
    return "one: {name: One, kinds: [forum], hosts: {use: [one.example]}}\n" + text


@pytest.mark.parametrize(
    "text, says",
    [
        pytest.param(entry("two: {kinds: [forum], hosts: {use: [one.example]}}"), "in two services, one and two", id="two_owners"),
        pytest.param(entry("two: {kinds: [forum], hosts: {shared: [one.example]}}"), "list it under `shared` in both", id="shared_by_one"),
        pytest.param(entry("two: {kinds: [forums], hosts: {use: [two.example]}}"), "two: kinds must be among", id="no_such_kind"),
        pytest.param(entry("two: {hosts: {use: [two.example]}}"), "two: kinds must be among", id="no_kind"),
        pytest.param(entry("two: {kinds: [forum], hosts: {uses: [two.example]}}"), "uses is no class", id="no_such_class"),
        pytest.param(entry("two: {kinds: [forum]}"), "two: no hosts", id="no_hosts"),
        pytest.param(entry("two: {kinds: [forum], host: {use: [two.example]}}"), "unknown key host", id="unknown_key"),
        pytest.param(entry("two: {kinds: [forum], evidence: none, hosts: {use: [two.example]}}"), "evidence is use or pair", id="evidence"),
        pytest.param(entry("two: {kinds: [forum], hosts: {use: ['*.two.example']}}"), "everything under it", id="wildcard"),
        pytest.param(entry("two: {kinds: [forum], hosts: {use: [com]}}"), "whole top-level domain", id="top_level"),
        pytest.param(entry("one: {kinds: [wiki], hosts: {use: [two.example]}}"), "services.yaml:2: one is there twice", id="service_twice"),
        pytest.param(entry("two: {kinds: [wiki], hosts: {use: [a.example], use: [b.example]}}"), "use is there twice", id="class_twice"),
        pytest.param(entry("two: {kinds: [wiki], hosts: {use: [a.example]}, sources: a.example}"), "list of short texts", id="one_source"),
        pytest.param(entry("two: {kinds: [wiki], hosts: {use: [a.example]}, sources: ['']}"), "list of short texts", id="empty_source"),
        pytest.param(entry("two: {kinds: [wiki], hosts: {use: [a.example]}, sources: [1]}"), "list of short texts", id="source_number"),
        pytest.param("two: [a", "services.yaml:", id="no_yaml"),
        pytest.param("- two", "expected services by id", id="a_list"),
        pytest.param("two: forum", "expected name, kinds and hosts", id="a_word"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_by_name(text, says):
    with pytest.raises(CatalogueError) as caught:
        read_catalogue({"services.yaml": text}, {})
    assert says in str(caught.value)


def test_a_service_in_two_files_is_refused():
    text = "one: {kinds: [forum], hosts: {use: [one.example]}}"
    with pytest.raises(CatalogueError, match=r"b\.yaml: the service one is there twice"):
        read_catalogue({"a.yaml": text, "b.yaml": text}, {})


def test_where_facts_come_from_and_what_dns_cannot_cut_is_kept():
    text = """
one:
  kinds: [forum]
  sources: [help.one.example "Domains to allow", " another.example "]
  note: >
    Its calls carry
    addresses of their own.
  hosts: {use: [one.example]}
"""
    one = read_catalogue({"a.yaml": text}, {}).services["one"]
    assert one.sources == ('help.one.example "Domains to allow"', "another.example")
    assert one.note == "Its calls carry addresses of their own."
    assert merge_own(one, Service("one", "", (), {}, evidence="")).sources == one.sources


def test_hosts_are_read_in_their_one_form():
    catalogue = read_catalogue({"a.yaml": "one: {kinds: [forum], hosts: {use: [WWW.One.Example., =münchen.example]}}"}, {})
    assert catalogue.services["one"].hosts[HostClass.USE] == ("www.one.example", "=xn--mnchen-3ya.example")


def test_the_files_of_enforce_become_switches():
    catalogue = read_catalogue({"services.yaml": SERVICES}, ENFORCE)
    assert set(catalogue.enforce) == {"safe-search", "youtube-strict", "youtube-moderate"}
    host, engine = catalogue.enforce["safe-search"].longest("www.google.co.uk")
    assert (host, engine.id, engine.target) == ("=www.google.co.uk", "google", "forcesafesearch.google.com")
    assert catalogue.enforce["safe-search"].longest("maps.google.com") is None
