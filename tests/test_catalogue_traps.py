"""The traps that broke published lists (FIELD section 4), those that test_catalogue_data.py has not, and every host's label boundary.

The whole shipped catalogue is held against a slow matcher that knows nothing of tables: labels are compared one by one.
"""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinnerbell.catalogue import SOCIAL_KINDS, HostClass
from dinnerbell.shipped import shipped_catalogue

CATALOGUE = shipped_catalogue()
META = {"facebook", "instagram", "messenger", "threads"}


def claims_of(name):
    match = CATALOGUE.lookup(name)
    return {(claim.service.id, claim.host_class.value) for claim in match.claims} if match else set()


def kinds_of(name):
    match = CATALOGUE.lookup(name)
    return set(match.kinds) if match else set()


@pytest.mark.parametrize(
    "name, claims",
    [
        pytest.param("scontent-lhr6-1.fbcdn.net", {(id_, "shared") for id_ in META}, id="fbcdn_net_serves_four"),
        pytest.param("lookaside.fbsbx.com", {(id_, "shared") for id_ in META}, id="fbsbx_com_serves_four"),
        pytest.param("a.edge-chat.facebook.com", {("facebook", "companion")}, id="messengers_hosts_under_facebook_com_are_exact"),
        pytest.param("restrict.youtube.com", {("youtube", "companion")}, id="youtubes_restricted_host_lies_under_youtube_com"),
        pytest.param("restrictmoderate.youtube.com", {("youtube", "companion")}, id="and_the_moderate_one"),
    ],
)
def test_a_name_is_claimed_by_these_and_no_others(name, claims):
    assert claims_of(name) == claims


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a.youtubei.googleapis.com", id="youtubes_exact_host_is_not_a_zone"),
        pytest.param("www.googleapis.com", id="its_shared_parent"),
        pytest.param("lh5.ggpht.com", id="the_pictures_of_others_in_ggpht_com"),
        pytest.param("platform.linkedin.com", id="microsoft_365_asks_linkedin"),
        pytest.param("secure.skype.com", id="teams_asks_skype"),
        pytest.param("title.mgt.xboxlive.com", id="the_store_asks_xboxlive"),
        pytest.param("login.live.com", id="everyones_sign_in"),
        pytest.param("wordpress.org", id="wordpress_org_is_software"),
        pytest.param("i2.wp.com", id="jetpacks_pictures"),
        pytest.param("nurseryname.disqus.com", id="comments_on_school_sites"),
        pytest.param("secure.gravatar.com", id="pictures_beside_comments"),
        pytest.param("www.internetmatters.org", id="safety_advice"),
        pytest.param("www.moneysavingexpert.com", id="the_site_of_the_forum"),
        pytest.param("maps.google.com", id="maps"),
    ],
)
def test_what_is_needed_stays_open_when_social_media_is_shut(name):
    assert not kinds_of(name) & {*SOCIAL_KINDS, "bypass"}


@pytest.mark.parametrize("id_", ["whatsapp", "telegram"])
def test_what_carries_addresses_of_its_own_says_so(id_):
    """DNS cannot cut it whole; the sentence stands in `services ID`, `explain` and the table."""
    assert "carries addresses of its own" in CATALOGUE.services[id_].note
    assert "firewall" in CATALOGUE.services[id_].note


# --- label boundaries: 100 % of them ------------------------------------------------------------------------------------

EVERY = [(service, host) for service in CATALOGUE.services.values() for hosts in service.hosts.values() for host in hosts]


def test_no_host_reaches_across_a_label_boundary():
    """netflix.com is not x.com: for every host of the catalogue, letters glued before it make another name."""
    wrong = []
    for _, host in EVERY:
        match = CATALOGUE.lookup("zq" + host.removeprefix("="))
        if match is not None and match.host == host:
            wrong.append(host)
    assert not wrong


def test_no_host_is_seen_in_the_left_part_of_a_question():
    """instagram.com.example is example's, whatever it calls itself: only alias targets are read so."""
    assert not [host for _, host in EVERY if CATALOGUE.lookup(host.removeprefix("=") + ".nobody-lists-this.example")]


def test_a_suffix_stands_for_what_lies_under_it_and_an_exact_host_does_not():
    wrong = []
    for service, host in EVERY:
        match = CATALOGUE.lookup("zq." + host.removeprefix("="))
        is_its_own = match is not None and match.host == host and service.id in {claim.service.id for claim in match.claims}
        if is_its_own == host.startswith("="):
            wrong.append(host)
    assert not wrong


@cache
def flat():
    """(labels, is exact, host, service id, class) of everything."""
    return [
        (host.removeprefix("=").split("."), host.startswith("="), host, service.id, host_class.value)
        for service in CATALOGUE.services.values()
        for host_class, hosts in service.hosts.items()
        for host in hosts
    ]


def slow_lookup(name):
    """The most labels win; of equally many, the exact host."""
    labels = name.split(".")
    while labels[0].startswith("_") and len(labels) > 1:
        labels = labels[1:]
    fits = [row for row in flat() if (labels == row[0] if row[1] else labels[-len(row[0]) :] == row[0])]
    best = max(((len(row[0]), row[1]) for row in fits), default=None)
    return {(row[2], row[3], row[4]) for row in fits if (len(row[0]), row[1]) == best}


def slow_alias(name):
    """The name itself, or without www., as listed (exact first); else the first, then longest, run of labels before its right end."""
    for listed in ("=" + name, name, "=" + name.removeprefix("www."), name.removeprefix("www.")):
        if found := {(row[2], row[3], row[4]) for row in flat() if row[2] == listed}:
            return found
    labels = name.split(".")
    runs = [
        (at, -len(row[0]), row[2])
        for row in flat()
        if not row[1]
        for at in range(len(labels) - len(row[0]))
        if labels[at : at + len(row[0])] == row[0]
    ]
    return {(row[2], row[3], row[4]) for row in flat() if runs and row[2] == min(runs)[2]}


def as_rows(match):
    return {(match.host, claim.service.id, claim.host_class.value) for claim in match.claims} if match else set()


LABELS = st.sampled_from(["www", "a", "_https", "cdn-1", "m", "com", "co", "uk", "net", "x", "facebook", "edgekey", "n"])


@st.composite
def names_(draw):
    """Names near listed hosts: the host itself, under it, over it, glued, or inside a CDN's map."""
    name = draw(st.sampled_from(EVERY))[1].removeprefix("=")
    for _ in range(draw(st.integers(0, 3))):
        turn = draw(st.sampled_from(["under", "over", "glued", "map", "underscore", "double"]))
        labels = name.split(".")
        if turn == "under":
            name = f"{draw(LABELS)}.{name}"
        elif turn == "over" and len(labels) > 2:
            name = ".".join(labels[1:])
        elif turn == "glued":
            name = f"no{name}"
        elif turn == "map":
            name = f"{name}.{draw(LABELS)}.{draw(st.sampled_from(['net', 'com', 'edgekey.net', 'global.fastly.net']))}"
        elif turn == "underscore":
            name = f"_8443._https.{name}"
        else:
            name = f"{draw(st.sampled_from(EVERY))[1].removeprefix('=')}.{name}"
    return name


@given(names_())
@settings(max_examples=300, deadline=None)
def test_looking_up_is_what_a_slow_matcher_says(name):
    assert as_rows(CATALOGUE.lookup(name)) == slow_lookup(name)


@given(names_().filter(lambda name: not name.startswith("_")))
@settings(max_examples=300, deadline=None)
def test_alias_targets_are_what_a_slow_matcher_says(name):
    assert as_rows(CATALOGUE.lookup_alias(name)) == slow_alias(name)


@given(st.lists(LABELS, min_size=1, max_size=5).map(".".join))
@settings(max_examples=150, deadline=None)
def test_names_of_common_labels_too(name):
    assert as_rows(CATALOGUE.lookup(name)) == slow_lookup(name)


# --- what an alias stands for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target, service",
    [
        pytest.param("www.instagram.com", "instagram", id="the_front_door"),
        pytest.param("www.instagram.com.edgekey.net", "instagram", id="its_own_domain_in_a_cdns_map"),
        pytest.param("cdn.instagram.com.global.example.net", "instagram", id="in_the_middle"),
        pytest.param("lb.wordpress.com", None, id="every_customers_balancer"),
        pytest.param("ournursery.wordpress.com", None, id="a_customers_own_name"),
        pytest.param("ext-cust.squarespace.com", None, id="a_website_builder"),
        pytest.param("custom.domains.tumblr.com", None, id="a_customers_door_of_tumblr"),
        pytest.param("ghs.googlehosted.com", None, id="googles_balancer"),
        pytest.param("e1234.dscb.akamaiedge.net", None, id="a_map_that_names_nobody"),
        pytest.param("d111abc.cloudfront.net", None, id="a_distribution_that_names_nobody"),
        pytest.param("star-mini.c10r.facebook.com", None, id="under_a_companion_is_not_exact"),
        pytest.param("netflix.com.edgesuite.net", None, id="x_com_is_no_left_part_of_netflix_com"),
    ],
)
def test_an_alias_target_is_a_service_only_by_exact_name_or_left_part(target, service):
    match = CATALOGUE.lookup_alias(target)
    social = {claim.service.id for claim in match.claims if claim.service.is_social} if match else set()
    assert social == ({service} if service else set())


def test_shared_hosts_count_as_no_ones_use():
    """However many services share a host: no claim on it is a `use` claim."""
    for _, host in EVERY:
        match = next(CATALOGUE.matches(host.removeprefix("=")))
        if len(match.claims) > 1:
            assert {claim.host_class for claim in match.claims} == {HostClass.SHARED}
