"""The demo's week: a story told as DNS queries, the same for the same seed, wall-clock true on every clock."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from zoneinfo import ZoneInfo

import pytest

from dinnerbell.catalogue import HostClass
from dinnerbell.demo.story import APP_BEATS, CAST, DOINGS, SCENES, SIGNATURES, SYSTEM_BEATS
from dinnerbell.demo.week import DEMO_MONDAY, Query, play, play_weeks
from dinnerbell.names import normalise
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.times import parse_days, parse_window

LONDON = ZoneInfo("Europe/London")
MONDAY = DEMO_MONDAY
BEATS = APP_BEATS + SYSTEM_BEATS
LOOPBACK = IPv4Network("127.0.0.0/8")

WEEKS = {
    "ordinary": MONDAY,
    "clocks_go_back_on_its_sunday": date(2026, 10, 19),
    "after_the_clocks_went_back": date(2026, 10, 26),
    "clocks_go_forward_on_its_sunday": date(2027, 3, 22),
    "over_new_year": date(2026, 12, 28),
}


@pytest.fixture(scope="module")
def week() -> list[Query]:
    return list(play(MONDAY, LONDON))


def local(query: Query) -> datetime:
    return query.at.astimezone(LONDON)


def test_the_same_seed_tells_the_same_week(week):
    assert list(play(MONDAY, LONDON, seed=7)) == week


def test_another_seed_tells_another_week_of_the_same_people(week):
    other = list(play(MONDAY, LONDON, seed=8))
    assert other != week
    assert {query.source for query in other} == {query.source for query in week}


def test_the_week_does_not_hang_on_how_this_process_hashes(week):
    program = (
        "from datetime import date; from zoneinfo import ZoneInfo; from zlib import crc32; from dinnerbell.demo.week import play\n"
        "print(crc32(repr(list(play(date(2026, 11, 16), ZoneInfo('Europe/London')))).encode()))"
    )
    sums = {
        subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}, check=True,
                       capture_output=True, text=True).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(sums) == 1


@pytest.mark.parametrize("monday", WEEKS.values(), ids=WEEKS)
class TestEveryWeek:
    def test_is_in_time_order_and_in_utc(self, monday):
        times = [query.at for query in play(monday, LONDON)]
        assert times == sorted(times)
        assert {at.tzinfo for at in times} == {UTC}

    def test_stays_in_its_seven_days(self, monday):
        days = {local(query).date() for query in play(monday, LONDON)}
        assert days == {monday + timedelta(days=number) for number in range(7)}

    def test_has_a_believable_size(self, monday):
        assert 12_000 <= len(list(play(monday, LONDON))) <= 20_000

    def test_has_people_in_it_by_day_only_and_lunch_at_noon_on_the_wall(self, monday):
        instagram = [
            local(query) for query in play(monday, LONDON) if query.source == CAST["phone-a"].address and "instagram" in query.name
        ]
        assert {at.weekday() for at in instagram} == {0, 1, 2, 3, 4}
        for at in instagram:
            assert (11 if at.weekday() == 4 else 12) <= at.hour < 13

    def test_all_names_can_be_asked(self, monday):
        for name in {query.name for query in play(monday, LONDON)}:
            assert normalise(name) == name


def test_everybody_is_in_it_and_nobody_else(week):
    sources = Counter(query.source for query in week)
    assert set(sources) == {player.address for player in CAST.values()}
    assert all(IPv4Address(source) in LOOPBACK for source in sources)
    assert min(sources.values()) > 20


def test_every_device_asks_as_such_devices_ask(week):
    for player in CAST.values():
        assert {query.qtype for query in week if query.source == player.address} == set(player.asks)


def test_nothing_is_asked_again_while_it_is_known(week):
    last: dict[tuple[str, str, str], datetime] = {}
    for query in week:
        key = query.source, query.name, query.qtype
        assert key not in last or query.at - last[key] >= timedelta(seconds=60)
        last[key] = query.at


def test_people_keep_their_hours(week):
    """At night, and on days off, there are only machines - but for Wednesday evening's leaf cutter."""
    beats = {name for beat in SYSTEM_BEATS for name in beat.asks}
    late = [query for query in week if query.name not in beats and not (7 <= local(query).hour < 19 and local(query).weekday() < 5)]
    assert late
    assert {(query.source, local(query).weekday(), local(query).hour) for query in late} == {(CAST["staff-room-pc"].address, 2, 20)}


def test_guests_come_once(week):
    assert {local(query).strftime("%a") for query in week if query.source == CAST["visitor"].address} == {"Thu"}
    assert {local(query).strftime("%a") for query in week if query.source == CAST["stranger"].address} == {"Fri"}


def test_the_text_of_a_scene_can_be_played():
    for scene in SCENES:
        assert scene.doing in DOINGS
        assert set(scene.who.split()) <= set(CAST)
        assert parse_days(scene.days)
        assert 0 <= scene.weeks_before <= 3
    for beat in BEATS:
        assert set(beat.who.split()) <= set(CAST)
        assert parse_window(beat.when)
    assert {scene.doing for scene in SCENES} == set(DOINGS), "nothing is written that nobody does"


def test_a_week_begins_on_monday():
    with pytest.raises(ValueError, match="not a Monday"):
        next(play(date(2026, 11, 17), LONDON))


@pytest.fixture(scope="module")
def weeks() -> list[Query]:
    return list(play_weeks(MONDAY, LONDON))


class TestFourWeeks:
    def test_are_in_time_order_and_end_with_the_week_itself(self, weeks, week):
        assert weeks == sorted(weeks)
        assert weeks[-len(week) :] == week

    def test_the_weeks_before_are_quieter(self, weeks):
        sizes = Counter((local(query).date() - MONDAY).days // 7 for query in weeks)
        assert sorted(sizes) == [-3, -2, -1, 0]
        assert all(2_000 <= sizes[back] <= 3_300 for back in (-3, -2, -1))

    def test_the_phones_beat_as_often_in_every_week(self, weeks):
        """The report counts what is refused in the background: thinning it would draw a trend that nobody lived."""
        beats = Counter(
            (local(query).date() - MONDAY).days // 7 for query in weeks if query.name == "g.whatsapp.net" and query.qtype == "A"
        )
        assert max(beats.values()) < 1.15 * min(beats.values())

    def test_what_is_new_this_week_was_not_there_before(self, weeks):
        guests = {CAST["visitor"].address, CAST["stranger"].address}
        assert all(local(query).date() >= MONDAY for query in weeks if query.source in guests)

    def test_one_week_is_the_week(self, week):
        assert list(play_weeks(MONDAY, LONDON, weeks=1)) == week


@pytest.mark.parametrize("service,host", [(service, host) for service, hosts in SIGNATURES.items() for host in hosts])
def test_the_shipped_catalogue_takes_the_storys_signatures_as_use(service, host):
    match = shipped_catalogue().lookup(host)
    assert match is not None
    assert [(claim.service.id, claim.host_class) for claim in match.claims] == [(service, HostClass.USE)]


@pytest.mark.parametrize(
    "host,kind",
    [
        ("www.samaritans.org", "helpline"),
        ("www.unison.org.uk", "sensitive"),
        ("www.nhs.uk", "essential"),
        ("www.tapestryjournal.com", "essential"),
        ("www.phonicsplay.co.uk", "essential"),
        ("api.nordvpn.com", "bypass"),
    ],
)
def test_the_shipped_catalogue_knows_what_else_the_story_is_about(week, host, kind):
    assert any(query.name == host for query in week)
    match = shipped_catalogue().lookup(host)
    assert match is not None
    assert kind in match.kinds


def test_the_phones_beats_are_background_to_the_catalogue_or_one_steady_signature():
    for beat in APP_BEATS:
        for name in beat.asks:
            match = shipped_catalogue().lookup(name)
            assert match is not None
            assert match.claims[0].host_class is HostClass.BACKGROUND or name == "i.instagram.com"


def test_page_furniture_is_embed_to_the_catalogue(week):
    for host in ("connect.facebook.net", "platform.twitter.com", "i.ytimg.com", "assets.pinterest.com", "analytics.tiktok.com"):
        assert any(query.name == host for query in week)
        match = shipped_catalogue().lookup(host)
        assert match is not None
        assert match.claims[0].host_class is HostClass.EMBED
