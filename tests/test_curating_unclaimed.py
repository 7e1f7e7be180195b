"""What is asked beside a service and claimed by nothing: ranked, against a slow reading of the same words, and without devices."""

import json
import subprocess
import sys
import time
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinnerbell.catalogue import HostClass, read_catalogue
from dinnerbell.curating.unclaimed import beginnings, find_unclaimed, lower_share
from dinnerbell.log import LogWriter, usage_path
from dinnerbell.model import Device, Group, Owner, Verdict
from dinnerbell.public_suffixes import registrable
from dinnerbell.usage import Batch, LogKey

CATALOGUE = read_catalogue(
    {
        "a.yaml": """
film: {name: Film, kinds: [video-sharing], hosts: {use: [film.com], companion: [film-home.com], background: [push.film.com], embed: [player.net]}}
chat: {name: Chat, kinds: [messaging], hosts: {use: [chat.com]}}
line: {name: Line, kinds: [helpline], hosts: {use: [line.org]}}
union: {name: Union, kinds: [sensitive], hosts: {use: [union.org]}}
"""  # noqa: E501
    },
    {},
)


def visits(name, *minutes, device="tablet"):
    return [(minute, device, name) for minute in minutes]


QUIET = visits("weather.org", *range(0, 3000, 7))
"""What else the tablet does: minutes that are beside nothing."""
HOURS = tuple(range(60, 60 * 21, 60))


def found_in(*rows):
    return find_unclaimed([row for group in rows for row in group], CATALOGUE, registrable)


class TestNamedCases:
    def test_what_is_asked_in_the_same_and_in_the_next_minute_is_found(self):
        next_minute = visits("img.film-pictures.net", *(minute + 1 for minute in HOURS))
        [found] = found_in(QUIET, visits("www.film.com", *HOURS), next_minute)
        assert (found.domain, found.service, found.occasions, found.beside, found.devices) == ("film-pictures.net", "film", 20, 20, 1)
        assert found.names == ("img.film-pictures.net",)
        assert found.share == 1
        assert 3 < found.score < 20 / found.by_chance

    @pytest.mark.parametrize(
        "service_host, other",
        [
            pytest.param("www.film.com", [minute + 2 for minute in HOURS], id="two_minutes_later"),
            pytest.param("www.film.com", [minute - 1 for minute in HOURS], id="the_minute_before"),
            pytest.param("push.film.com", HOURS, id="background_says_nothing"),
            pytest.param("player.net", HOURS, id="embeds_say_nothing"),
            pytest.param("www.line.org", HOURS, id="nothing_is_learnt_beside_a_helpline"),
            pytest.param("www.union.org", HOURS, id="nor_beside_a_private_matter"),
            pytest.param("www.film.com", HOURS[:2], id="twice_is_a_coincidence"),
            pytest.param("www.film.com", [*HOURS[:5], *(minute + 30 for minute in HOURS[:6])], id="mostly_asked_elsewhere"),
        ],
    )
    def test_what_is_not_beside_is_not_found(self, service_host, other):
        assert found_in(QUIET, visits(service_host, *HOURS), visits("cdn.film-pictures.net", *other)) == []

    @pytest.mark.parametrize(
        "name", ["www.chat.com", "nas.local", "printer", "co.uk", "41.1.168.192.in-addr.arpa"], ids=lambda name: name.replace(".", "_")
    )
    def test_what_is_claimed_or_belongs_to_nobody_is_not_found(self, name):
        assert found_in(QUIET, visits("www.film.com", *HOURS), visits(name, *HOURS)) == []

    def test_a_page_that_stays_open_is_one_occasion(self):
        rows = visits("www.film.com", *range(100, 160)), visits("a.film-pictures.net", *range(100, 160, 2))
        assert found_in(QUIET, *rows) == []
        assert beginnings([100, 105, 111, 118]) == [100, 118]

    def test_where_somebody_is_always_in_a_service_everything_is_beside_it_and_that_says_nothing(self):
        assert found_in(visits("www.film.com", *range(3000)), visits("a.film-pictures.net", *HOURS)) == []

    def test_names_are_grouped_by_what_somebody_registered(self):
        names = [f"{host}.b.co.uk" for host in "abcdefg"], ["x.d1.cloudfront.net", "x.d2.cloudfront.net"]
        rows = [visits(name, *HOURS) for group in names for name in group]
        found = {each.domain: each.names for each in found_in(QUIET, visits("www.film.com", *HOURS), *rows)}
        assert set(found) == {"b.co.uk", "d1.cloudfront.net", "d2.cloudfront.net"}
        assert found["b.co.uk"] == tuple(f"{host}.b.co.uk" for host in "abcde")

    def test_more_evidence_ranks_first(self):
        rows = visits("www.film.com", *HOURS), visits("little.net", *HOURS[:3]), visits("much.net", *HOURS)
        found = found_in(QUIET, *rows)
        assert [each.domain for each in found] == ["much.net", "little.net"]

    def test_devices_are_counted_and_told_apart(self):
        here = QUIET, visits("film.com", *HOURS), visits("pics.net", *HOURS)
        there = [[(minute, "laptop", name) for minute, _, name in group] for group in here]
        elsewhere = visits("pics.net", *HOURS, device="an-old-phone"), visits("weather.org", *HOURS, device="an-old-phone")
        [found] = found_in(*here, *there, *elsewhere)
        assert (found.occasions, found.beside, found.devices) == (60, 40, 2)


def slow(rows):
    """The same words read slowly: every occasion, every service, minute by minute."""
    rows = set(rows)
    devices = {device for _, device, _ in rows}
    domains = {registrable(name) for _, _, name in rows if CATALOGUE.lookup(name) is None} - {None}

    def is_beside(device, minute, service):
        return any(
            who == device and when in (minute, minute - 1) and claim.service.id == service
            and claim.host_class in (HostClass.USE, HostClass.COMPANION) and not {"helpline", "sensitive"} & set(claim.service.kinds)
            for when, who, name in rows for claim in (CATALOGUE.lookup(name).claims if CATALOGUE.lookup(name) else ())
        )  # fmt: skip

    result = {}
    for domain in domains:
        occasions = []
        for device in devices:
            its_own = [(when, name) for when, who, name in rows if who == device and registrable(name) == domain]
            minutes = sorted({when for when, name in its_own if not CATALOGUE.lookup(name)})
            occasions += [(device, minute) for at, minute in enumerate(minutes) if at == 0 or minute - minutes[at - 1] > 6]
        options = {}
        for service in ("chat", "film"):
            beside = [(device, minute) for device, minute in occasions if is_beside(device, minute, service)]
            if len(beside) < 3 or 2 * len(beside) < len(occasions):
                continue
            chance = 0.0
            for device, _ in occasions:
                busy = {when for when, who, _ in rows if who == device}
                chance += sum(is_beside(device, minute, service) for minute in busy) / len(busy)
            score = lower_share(len(beside), len(occasions)) * len(occasions) / chance
            if score > 1:
                options[service] = score, len(occasions), len(beside), len({device for device, _ in beside})
        if options:
            result[domain] = options
    return result


NAMES = ["film.com", "film-home.com", "push.film.com", "chat.com", "union.org", "pics.net", "a.pics.net", "b.org", "fonts.dev", "nas.local"]
ROWS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["tablet", "laptop"]), st.sampled_from(NAMES)), max_size=40)
BURSTS = st.lists(st.tuples(st.integers(0, 40).map(lambda at: at * 9), st.sampled_from(NAMES[:4]), st.sampled_from(NAMES[5:])), max_size=25)


@given(ROWS, BURSTS, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_the_slow_reading_in_any_order(rows, bursts, random):
    rows = rows + [(at + step, "tablet", name) for at, one, other in bursts for step, name in ((0, one), (random.randint(0, 2), other))]
    rows += visits("weather.org", *range(1000, 1100, 3))
    random.shuffle(rows)
    found = {each.domain: each for each in find_unclaimed(rows, CATALOGUE, registrable)}
    expected = slow(rows)
    assert set(found) == set(expected)
    for domain, options in expected.items():
        each = found[domain]
        score, *counts = options[each.service]
        assert isclose(each.score, score)
        assert isclose(score, max(score for score, *_ in options.values()))
        assert [each.occasions, each.beside, each.devices] == counts


@pytest.mark.parametrize("part, whole, low", [(3, 3, 0.25), (30, 30, 0.769), (50, 100, 0.356), (0, 5, 0.0)])
def test_the_bound_is_wilsons(part, whole, low):
    """(E. B. Wilson, 1927; at three standard deviations.)"""
    assert lower_share(part, whole) == pytest.approx(low, abs=0.001)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    (folder / "rules.yaml").write_text("setting: {name: Acorn Nursery}\nrules: []\n")
    now = int(time.time() // 60)
    batch = Batch()
    devices = Device("room-tablet-1", Group("children", Owner.SETTING)), Device("192.168.20.7", Group("staff-phones", Owner.STAFF))
    for device in devices:
        for hour in range(1, 21):
            minute = now - 60 * hour
            pictures = "img.mumsnet-pictures.org" if device.owner is Owner.SETTING else "img.private-life.org"
            elsewhere = [(minute + 10 * step, "weather.org") for step in range(1, 6)]
            for at, name in ((minute, "www.mumsnet.com"), (minute, pictures), *elsewhere):
                batch.add(at, device, LogKey(device.name, name, None, None, Verdict.ALLOW, "otherwise"), refused=False)
    batch.alive(now)
    writer = LogWriter(usage_path(folder))
    writer.write(batch)
    writer.close()
    return folder


class TestTheCommand:
    """Over a real log: the setting's devices only, and none of them by name."""

    def run(self, data, *words):
        command = [sys.executable, "-m", "dinnerbell", "--rules", data / "rules.yaml", "--data", data, "services", "unknown", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def test_it_names_domains_and_no_device(self, data):
        done = self.run(data)
        assert done.returncode == 0, done.stderr
        assert "mumsnet-pictures.org  mumsnet  20 of 20" in done.stdout
        for private in ("room-tablet-1", "192.168.20.7", "private-life"):
            assert private not in done.stdout

    def test_json_holds_the_figures(self, data):
        [found] = json.loads(self.run(data, "--json").stdout)
        assert (found["domain"], found["service"], found["beside"], found["devices"]) == ("mumsnet-pictures.org", "mumsnet", 20, 1)
        assert found["names"] == ["img.mumsnet-pictures.org"]
        assert found["lift"] > found["score"] > 3
        assert set(found) == {"domain", "service", "occasions", "beside", "by_chance", "devices", "lift", "score", "names"}

    def test_since_bounds_the_minutes(self, data):
        done = self.run(data, "--since", "2030-01-01 00:00")
        assert "Nothing: no domain" in done.stdout
