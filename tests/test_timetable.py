"""The timetable: what is open when, as the decisions say it, in grids that hide nothing."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cast import (
    EVERYONE,
    LONDON,
    OFFICE,
    OFFICE_LAPTOP,
    ROOM_TABLET,
    STAFF_PHONE,
    STAFF_PHONES,
    UNKNOWN_DEVICE,
    VISITORS_PHONE,
    approval,
    closures,
    networks,
    policy,
    rule,
    span,
)
from dinnerbell.files import load_rules
from dinnerbell.model import Device, Verdict
from dinnerbell.policy import Ask, Policy, decide
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.timetable.axis import axis_of
from dinnerbell.timetable.groups import group_timetables
from dinnerbell.timetable.html import render_html
from dinnerbell.timetable.subjects import _ENGINE_DOORS, find_subjects
from dinnerbell.timetable.text import ASCII, render_text
from dinnerbell.timetable.week import Timetable, timetable, week_days
from dinnerbell.timetable.words import hours, notes, week_dates, what, who

ROOT = Path(__file__).parent.parent
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def monday(week: str) -> date:
    year, number = week.split("-W")
    return date.fromisocalendar(int(year), int(number), 1)


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load_rules(ROOT / "rules.yaml", date(2026, 11, 23)).rules.policy


def drawn(own: Policy, device: Device | str, week: str) -> Timetable:
    asked = own.device_called(device) if isinstance(device, str) else device
    assert asked is not None
    return timetable(own, asked, monday(week))


def told(table: Timetable, subject: str) -> dict[str, str]:
    """Return the exact times of the seven days, in words, of the row that is about `subject`."""
    [row] = [row for row in table.rows if subject in [label.id for label in row.labels]]
    return {weekday: hours(row, day, table.zone) for weekday, day in zip(WEEKDAYS, table.days, strict=True)}


def week_of(mon_fri: str, sat_sun: str, **others: str) -> dict[str, str]:
    return {**dict.fromkeys(WEEKDAYS[:5], mon_fri), **dict.fromkeys(WEEKDAYS[5:], sat_sun), **others}


LUNCH = "closed 08:00-12:00, 13:00-18:00, else open"
FRIDAY_LUNCH = "closed 08:00-11:30, 12:30-18:00, else open"
OFFICE_HOURS = "open 08:00-18:00, else closed"


@pytest.mark.parametrize(
    "device, week, subject, expected",
    [
        pytest.param("192.168.20.7", "2026-W48", "social-media", week_of(LUNCH, "open all day", fri=FRIDAY_LUNCH), id="lunch_of_staff"),
        pytest.param("192.168.30.7", "2026-W48", "social-media", week_of("closed 08:00-18:00, else open", "open all day"), id="visitors"),
        pytest.param("office-laptop", "2026-W48", "facebook", week_of(OFFICE_HOURS, "closed all day"), id="official_page"),
        pytest.param("office-laptop", "2026-W48", "messenger", week_of(*["closed all day"] * 2), id="messenger_never"),
        pytest.param("office-laptop", "2026-W48", "wikipedia", week_of(*["open all day"] * 2), id="reference_sites"),
        pytest.param("office-laptop", "2026-W48", "search", week_of(*["open with safe search all day"] * 2), id="safe_search"),
        pytest.param("room-tablet-1", "2026-W48", "social-media", week_of(*["closed all day"] * 2), id="children_never"),
        pytest.param("192.168.20.7", "2026-W48", "bypass", week_of(*["closed all day"] * 2), id="no_way_round_at_lunch_either"),
        pytest.param("10.1.2.3", "2026-W48", "social-media", week_of(*["closed all day"] * 2), id="nobody_knows_it"),
        pytest.param("192.168.20.7", "2026-W53", "social-media", week_of(*["open all day"] * 2), id="between_the_years"),
        pytest.param("office-laptop", "2026-W53", "facebook", week_of(*["closed all day"] * 2), id="no_page_between_the_years"),
        pytest.param("192.168.20.7", "2027-W01", "social-media", week_of(LUNCH, "open all day", fri=FRIDAY_LUNCH), id="the_week_after"),
        pytest.param(
            "192.168.20.7", "2026-W36", "social-media",
            week_of(LUNCH, "open all day", mon="open all day", fri=FRIDAY_LUNCH), id="a_bank_holiday_monday",
        ),
        pytest.param(
            "office-laptop", "2026-W36", "facebook", week_of(OFFICE_HOURS, "closed all day", mon="closed all day"), id="approved_on_tuesday"
        ),
    ],
)  # fmt: skip
def test_the_shipped_policy_has_the_hours_that_the_policy_promises(shipped, device, week, subject, expected):
    assert told(drawn(shipped, device, week), subject) == expected


NIGHT = "closed 01:00-02:00, else open"


@pytest.mark.parametrize(
    "windows, week, expected, minutes",
    [
        pytest.param("01:00-02:00", "2026-W48", week_of(NIGHT, NIGHT), 1440, id="an_ordinary_night"),
        pytest.param("01:00-02:00", "2027-W12", week_of(NIGHT, NIGHT, sun="open all day"), 1380, id="spring_the_hour_is_missing"),
        pytest.param(
            "01:00-02:00", "2026-W43", week_of(NIGHT, NIGHT, sun="closed 01:00 (1st)-02:00 (2nd), else open"), 1500,
            id="autumn_the_hour_comes_twice",
        ),
        pytest.param(
            "sun 01:15-01:45", "2026-W43",
            week_of("open all day", "open all day", sun="closed 01:15 (1st)-01:45 (1st), 01:15 (2nd)-01:45 (2nd), else open"), 1500,
            id="autumn_a_part_of_the_hour_twice",
        ),
        pytest.param(
            "sun 01:30-03:00", "2026-W43",
            week_of("open all day", "open all day", sun="closed 01:30 (1st)-02:00 (1st), 01:30 (2nd)-03:00, else open"), 1500,
            id="autumn_the_clock_goes_back_out_of_the_window",
        ),
        pytest.param(
            "sun 00:30-01:30", "2027-W12", week_of("open all day", "open all day", sun="closed 00:30-01:00, else open"), 1380,
            id="spring_ends_where_the_gap_begins",
        ),
        pytest.param(
            "sun 22:00-06:00", "2026-W48",
            week_of("open all day", "open all day", mon="closed 00:00-06:00, else open", sun="closed 22:00-24:00, else open"), 1440,
            id="over_sunday_midnight",
        ),
        pytest.param("mon-fri 00:00-24:00", "2026-W48", week_of("closed all day", "open all day"), 1440, id="whole_days"),
    ],
)  # fmt: skip
def test_a_window_is_drawn_as_the_wall_clock_has_it(windows, week, expected, minutes):
    table = drawn(policy(rule("block", "social-media", when=span(windows))), STAFF_PHONE, week)
    assert told(table, "social-media") == expected
    assert [day.minutes for day in table.days] == [1440] * 6 + [minutes]


def test_an_approval_that_starts_on_wednesday_opens_on_wednesday():
    own = policy(
        rule("allow", "facebook", when=span("mon-fri 08:00-18:00"), approved=approval("2026-11-25", "2026-11-26")),
        rule("block", "social-media"),
    )
    assert told(drawn(own, OFFICE_LAPTOP, "2026-W48"), "facebook") == week_of(
        "closed all day", "closed all day", wed=OFFICE_HOURS, thu=OFFICE_HOURS
    )


def test_a_night_runs_into_a_closed_day_and_none_begins_on_it():
    own = policy(rule("block", "social-media", when=span("22:00-06:00")), closed=closures("2026-11-26"))
    assert told(drawn(own, STAFF_PHONE, "2026-W48"), "social-media") == week_of(
        "open 06:00-22:00, else closed",
        "open 06:00-22:00, else closed",
        thu="closed 00:00-06:00, else open",
        fri="closed 22:00-24:00, else open",
    )


# --- what is in the rows


def labels(table: Timetable) -> list[str]:
    return [what(row.labels) for row in table.rows]


def test_a_service_that_a_rule_treats_otherwise_has_its_own_row(shipped):
    """And one that a rule names but treats alike stands beside the umbrella, so that its rule is seen."""
    assert labels(drawn(shipped, "office-laptop", "2026-W48")) == [
        "Facebook",
        "Social media, ways round the filter and Messenger",
        "Essential services, helplines, Wikipedia, Vimeo, Pinterest and everything else",
        "Search engines",
    ]


def test_a_kind_that_a_rule_names_is_a_word_of_its_own():
    own = policy(rule("allow", "messaging", when=span("12:00-13:00")), rule("block", "social-media"))
    table = drawn(own, STAFF_PHONE, "2026-W48")
    assert labels(table) == ["Messaging", "Social media", "Helplines and everything else"]


def test_a_service_of_two_kinds_is_named_where_the_kinds_disagree():
    """Instagram is photo sharing and social networking: no reader could tell which of the two words means it."""
    own = policy(
        rule("allow", "photo-sharing", when=span("12:00-13:00")),
        rule("allow", "social-networking", when=span("15:00-16:00")),
        rule("block", "social-media"),
    )
    table = drawn(own, STAFF_PHONE, "2026-W48")
    assert told(table, "instagram")["mon"] == "open 12:00-13:00, 15:00-16:00, else closed"
    assert told(table, "social-networking")["mon"] == "open 15:00-16:00, else closed"


def test_a_service_that_an_enforce_rule_changes_is_told_apart_from_the_umbrella():
    own = policy(rule("enforce", "youtube-strict", when=span("08:00-18:00")))
    table = drawn(own, OFFICE_LAPTOP, "2026-W48")
    assert told(table, "youtube")["mon"] == "with YouTube's strict restricted mode 08:00-18:00, else open"
    assert told(table, "social-media")["mon"] == "open all day"


def test_a_domain_keeps_its_letters_and_a_list_is_said_not_to_be_shown():
    own = policy(rule("block", ["list:malware", "shop.example", "=www.shop.example"], when=span("08:00-09:00")))
    table = drawn(own, OFFICE_LAPTOP, "2026-W48")
    assert labels(table)[0] == "shop.example and exactly www.shop.example"
    assert table.undrawn == ("what the list malware names",)
    assert "Not shown here: what the list malware names." in render_text("Acorn Lane Nursery", [table])


def test_a_service_is_asked_by_a_sign_of_use_that_no_rule_and_no_engine_speaks_for():
    own = policy(rule("block", ["m.facebook.com", "facebook"]))
    assert find_subjects(own, STAFF_PHONE).services["facebook"] == "facebook.com"
    assert find_subjects(policy(rule("block", "facebook")), STAFF_PHONE).services["facebook"] == "m.facebook.com"
    google = policy(rule("allow", "essential"), catalogue=shipped_catalogue())
    table = google.catalogue.enforce["safe-search"]
    assert all(table.longest(name) is None for name in find_subjects(google, STAFF_PHONE).services.values())


def test_every_engine_of_the_shipped_safe_search_is_asked():
    table = shipped_catalogue().enforce["safe-search"]
    assert [found[1].id for name in _ENGINE_DOORS if (found := table.longest(name))] == ["google", "bing", "duckduckgo", "yandex"]


# --- whose rows they are


def test_a_group_whose_devices_differ_has_one_timetable_for_each_difference():
    pc = replace(OFFICE_LAPTOP, name="staff-room-pc", addresses=networks("192.168.1.21"))
    own = policy(
        rule("allow", "facebook", devices=["office-laptop"], when=span("08:00-18:00")),
        rule("block", "social-media"),
        devices={each.name: each for each in (OFFICE_LAPTOP, pc, replace(pc, name="printer", addresses=networks("192.168.1.22")))},
    )
    tables = group_timetables(own, OFFICE, monday("2026-W48"))
    assert [who(table) for table in tables] == ["office: office-laptop", "office: staff-room-pc and printer"]


def test_a_rule_for_a_part_of_the_group_s_addresses_shows():
    own = policy(rule("block", "social-media", devices=networks("192.168.20.0/26", "192.168.20.200")))
    tables = group_timetables(own, STAFF_PHONES, monday("2026-W48"))
    assert [who(table) for table in tables] == [
        "staff-phones: other addresses in 192.168.20.0/24 and addresses in fd00:20::/64",
        "staff-phones: addresses in 192.168.20.0/26 and 192.168.20.200",
    ]
    for table, verdict in zip(tables, (Verdict.ALLOW, Verdict.BLOCK), strict=True):
        assert table.rows[0].course[0].state.verdict is verdict


def test_unknown_devices_and_an_empty_group_have_a_timetable_too():
    own = policy(rule("block", "social-media", devices=["unknown"]), devices={})
    [unknown] = group_timetables(own, None, monday("2026-W48"))
    [office] = group_timetables(own, OFFICE, monday("2026-W48"))
    assert who(unknown) == "unknown: any device that nobody has named"
    assert told(unknown, "social-media")["mon"] == "closed all day"
    assert who(office) == "office: no device yet"
    assert told(office, "social-media")["mon"] == "open all day"


# --- the days


def test_a_closed_day_says_why():
    days = week_days(monday("2026-W52"), LONDON, closures(("2026-12-21", "2027-01-01"), bank_holidays="england"))
    assert [day.closed for day in days[3:6]] == ["closure from 21 Dec to 1 Jan", "Christmas Day", "Boxing Day"]
    assert week_days(monday("2026-W48"), LONDON, closures("2026-11-26"))[3].closed == "closure"
    assert week_days(monday("2026-W48"), LONDON, closures())[3].closed is None


@pytest.mark.parametrize(
    "week, expected",
    [
        pytest.param("2026-W48", [], id="ordinary"),
        pytest.param("2027-W12", ["Sun 28 Mar: the clocks go forward, and 01:00-02:00 does not happen."], id="spring"),
        pytest.param(
            "2026-W43",
            ["Sun 25 Oct: the clocks go back, and 01:00-02:00 comes twice (1st, 2nd); on the other days its second place is blank."],
            id="autumn",
        ),
    ],
)
def test_the_notes_say_where_the_clocks_change(week, expected):
    assert list(notes(drawn(policy(), STAFF_PHONE, week))) == expected


@pytest.mark.parametrize(
    "week, expected",
    [
        pytest.param("2026-W48", "Monday 23 to Sunday 29 November 2026", id="one_month"),
        pytest.param("2026-W49", "Monday 30 November to Sunday 6 December 2026", id="two_months"),
        pytest.param("2026-W53", "Monday 28 December 2026 to Sunday 3 January 2027", id="two_years"),
    ],
)
def test_the_week_is_dated_in_full(week, expected):
    assert week_dates(drawn(policy(), STAFF_PHONE, week)) == expected


def test_a_week_starts_on_monday():
    with pytest.raises(ValueError, match="no Monday"):
        timetable(policy(), STAFF_PHONE, date(2026, 11, 24))


# --- the grids


def line(text: str, day: str) -> str:
    return next(each for each in text.splitlines() if each.startswith(day))


def grid(own: Policy, week: str) -> str:
    return render_text("Acorn Lane Nursery", [drawn(own, STAFF_PHONE, week)], ASCII)


def test_each_half_hour_has_its_sign_and_a_shorter_stretch_is_not_hidden():
    own = policy(rule("block", "social-media", when=span("09:00-10:30", "12:05-12:10")))
    assert line(grid(own, "2026-W48"), "Mon") == f"Mon 23  {'#' * 18}...{'#' * 3}/{'#' * 23} closed 09:00-10:30, 12:05-12:10, else open"


def test_the_missing_hour_is_blank_and_the_doubled_one_is_drawn_twice():
    own = policy(rule("block", "social-media", when=span("01:00-02:00")))
    spring, autumn = grid(own, "2027-W12"), grid(own, "2026-W43")
    assert line(spring, "Sat").startswith(f"Sat 27  ##..{'#' * 44} ")
    assert line(spring, "Sun 28  ").startswith(f"Sun 28  ##  {'#' * 44} ")
    assert line(autumn, "Sat").startswith(f"Sat 24  ##..  {'#' * 44} ")
    assert line(autumn, "Sun 25  ").startswith(f"Sun 25  ##....{'#' * 44} ")


def test_the_grids_of_the_shipped_policy_fit_a_terminal_and_need_no_letters_beyond_ascii(shipped):
    tables = [drawn(shipped, device, week) for device in ("office-laptop", "192.168.20.7") for week in ("2026-W48", "2026-W43", "2026-W52")]
    for table in tables:
        assert max(map(len, render_text("Pippins Preschool", [table]).splitlines())) <= 102
        assert render_text("Pippins Preschool", [table], ASCII).isascii()


def svgs(page: str) -> list[ET.Element]:
    return [ET.fromstring(found) for found in re.findall(r'<svg class="grid".*?</svg>', page, re.DOTALL)]


def test_every_picture_of_the_page_has_a_title_and_says_in_words_what_it_draws(shipped):
    page = render_html("Pippins Preschool", [drawn(shipped, "192.168.20.7", "2026-W48"), drawn(shipped, "office-laptop", "2026-W48")])
    pictures = svgs(page)
    assert len(pictures) == 2
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    for picture in pictures:
        title, desc = picture.find("title"), picture.find("desc")
        assert title is not None
        assert desc is not None
        assert picture.get("role") == "img"
        assert picture.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert "Friday 27 November: closed 08:00-11:30, 12:30-18:00, else open." in ET.tostring(pictures[0], encoding="unicode")


def test_a_minute_is_wide_enough_to_be_seen_and_stays_on_the_line():
    own = policy(rule("block", "social-media", when=span("00:00-00:01", "12:00-12:01", "23:59-24:00")))
    [picture] = svgs(render_html("Acorn Lane Nursery", [drawn(own, STAFF_PHONE, "2026-W48")]))
    shut = [rect for rect in picture.iter("rect") if rect.get("class") == "shut"]
    assert len(shut) == 21
    for rect in shut:
        assert float(rect.get("width", "0")) >= 3
        assert 78 <= float(rect.get("x", "0")) <= 78 + 366 - 3 + 0.01


def test_the_page_loads_nothing_and_no_name_becomes_markup():
    evil = '<script>alert("1")</script>\x1b&'
    group = replace(OFFICE, name=evil)
    device = replace(OFFICE_LAPTOP, name=evil, group=group)
    own = policy(rule("block", "facebook", when=span("08:00-09:00")), devices={evil: device}, groups={evil: group})
    own = replace(own, setting=replace(own.setting, name=evil))
    page = render_html(own.setting.name, group_timetables(own, group, monday("2026-W48")))
    assert "<script" not in page
    assert "\x1b" not in page
    assert page.count("&lt;script&gt;") >= 3
    assert not re.search(r"(src|href)=|url\((?!#)|@import|https?:", page)


# --- against the decisions themselves, minute by minute

# what is drawn, and a name that a person would use for it
NAMES = {
    "social-media": "wordpress.com",
    "facebook": "www.facebook.com",
    "youtube": "youtubei.googleapis.com",
    "search": "www.google.com",
    "m.facebook.com": "m.facebook.com",
    "otherwise": "other.example",
}
clocks = st.tuples(st.integers(0, 23), st.sampled_from([0, 0, 15, 30, 59])).map(lambda clock: "{:02}:{:02}".format(*clock))
windows = (
    st.tuples(st.sampled_from(["", "mon-fri ", "sun ", "fri-mon "]), clocks, clocks | st.just("24:00"))
    .filter(lambda window: window[1] != window[2])
    .map(lambda window: f"{window[0]}{window[1]}-{window[2]}")
)
spans = st.lists(windows, min_size=1, max_size=3).map(lambda texts: span(*texts)) | st.just(span("closed"))
MONDAYS = [monday(week) for week in ("2026-W43", "2027-W12", "2026-W52", "2026-W48", "2026-W17", "2026-W44")]


@st.composite
def weeks(draw):
    """Return (policy, Monday): one near which clocks change or the setting closes."""
    first = draw(st.sampled_from(MONDAYS))
    days = st.integers(-2, 8).map(lambda step: first + timedelta(days=step))
    rules = []
    for _ in range(draw(st.integers(1, 5))):
        action = draw(st.sampled_from(["allow", "block", "block", "enforce"]))
        named = ["social-media", "facebook", "video-sharing", "m.facebook.com"]
        targets = ["safe-search", "youtube-strict"] if action == "enforce" else named
        approved = draw(st.none() | st.tuples(days, days).map(sorted))
        rules.append(
            rule(
                action,
                draw(st.sampled_from(targets)),
                when=draw(st.none() | spans),
                unless=draw(st.none() | st.none() | spans),
                approved=approved and approval(*map(str, approved)),
            )
        )
    closed = [(str(start), str(end)) for start, end in draw(st.lists(st.tuples(days, days).map(sorted), max_size=2))]
    zone = draw(st.sampled_from(["Europe/London", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana"]))
    otherwise = draw(st.sampled_from([Verdict.ALLOW, Verdict.BLOCK]))
    return policy(*rules, closed=closures(*closed, bank_holidays="england"), otherwise=otherwise, zone=ZoneInfo(zone)), first


def pick(table: Timetable, subject: str):
    return next((row for row in table.rows if subject in [label.id for label in row.labels]), None)


@settings(max_examples=25)
@given(weeks(), st.sampled_from([STAFF_PHONE, OFFICE_LAPTOP, ROOM_TABLET]), st.sampled_from(sorted(NAMES)))
def test_each_minute_of_the_grid_is_what_the_decision_of_that_minute_says(drawn_week, device, subject):
    own, first = drawn_week
    table = timetable(own, device, first)
    start, end = (datetime.combine(first + timedelta(days=days), datetime.min.time(), table.zone).astimezone(UTC) for days in (0, 7))
    assert (table.days[0].start, table.days[-1].end) == (start, end)
    for row in table.rows:
        assert (row.course[0].start, row.course[-1].end) == (start, end)
        assert all(one.end == next_.start and one.state != next_.state for one, next_ in pairwise(row.course))
    row = pick(table, subject)
    if row is None:
        return
    at = start
    for segment in row.course:
        while at < segment.end:
            assert decide(own, Ask(device, NAMES[subject], at)).verdict is segment.state.verdict
            at += timedelta(minutes=1)


@settings(max_examples=25)
@given(weeks())
def test_every_service_has_the_week_of_the_word_that_a_reader_looks_for(drawn_week):
    """Its own name, else the narrower words over it, else social media: at noon and at midnight of each day."""
    own, first = drawn_week
    table = timetable(own, STAFF_PHONE, first)
    labelled = {label.id: row for row in table.rows for label in row.labels}
    for id_, name in find_subjects(own, STAFF_PHONE).services.items():
        service = own.catalogue.services[id_]
        words = [id_] if id_ in labelled else [kind for kind in service.kinds if kind in labelled] or ["social-media"]
        for word in words:
            for segment in labelled[word].course:
                assert decide(own, Ask(STAFF_PHONE, name, segment.start)).verdict is segment.state.verdict


@settings(max_examples=25)
@given(weeks())
def test_what_is_drawn_of_a_day_is_as_long_as_the_day_and_nothing_overlaps(drawn_week):
    own, first = drawn_week
    table = timetable(own, STAFF_PHONE, first)
    axis = axis_of(table)
    for row in table.rows:
        for day in table.days:
            pieces = list(axis.pieces(row, day))
            assert sum(piece.end - piece.start for piece in pieces) == day.minutes
            assert all(one.end <= next_.start for one, next_ in pairwise(pieces))
            assert pieces[0].start >= 0
            assert pieces[-1].end <= axis.length
    render_text("Acorn Lane Nursery", [table])
    assert len(svgs(render_html("Acorn Lane Nursery", [table]))) == sum(not row.is_constant for row in table.rows)


def test_the_cast_has_a_timetable_each():
    for device in EVERYONE:
        assert drawn(policy(rule("block", "social-media")), device, "2026-W48").rows
    assert drawn(policy(), UNKNOWN_DEVICE, "2026-W48").group == "unknown"
    assert drawn(policy(), VISITORS_PHONE, "2026-W48").group == "visitors"


# --- the command


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dinnerbell", "--rules", str(ROOT / "rules.yaml"), "timetable", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("", "dns", "reports")), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_without_a_device_the_command_draws_every_group_and_the_unknown():
    done = run("--week", "2026-W48")
    assert done.returncode == 0, done.stderr
    for heading in ("office: office-laptop", "children: room-tablet-1", "staff-phones: ", "visitors: ", "unknown: "):
        assert f"\n{heading}" in done.stdout
    assert "Mon 23  ████████████████········██··········████████████ closed 08:00-12:00, 13:00-18:00, else open" in done.stdout


def test_a_terminal_without_block_letters_gets_plain_ones():
    done = run("192.168.20.7", "--week", "2026-W48", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert line(done.stdout, "Fri") == f"Fri 27  {'#' * 16}{'.' * 7}##{'.' * 11}{'#' * 12} {FRIDAY_LUNCH}"


def test_json_is_the_value_itself():
    value = json.loads(run("office-laptop", "--week", "2026-W43", "--json").stdout)
    assert {key: value[key] for key in ("setting", "week", "timezone", "start", "end")} == {
        "setting": "Pippins Preschool", "week": "2026-W43", "timezone": "Europe/London",
        "start": "2026-10-19T00:00:00+01:00", "end": "2026-10-26T00:00:00+00:00",
    }  # fmt: skip
    assert value["days"][-1] == {"date": "2026-10-25", "minutes": 1500, "closed": None}
    [table] = value["timetables"]
    assert (table["name"], table["group"], table["devices"]) == ("office-laptop", "office", ["office-laptop"])
    facebook = table["rows"][0]
    assert facebook["what"] == [{"id": "facebook", "name": "Facebook"}]
    assert facebook["segments"][1] == {
        "start": "2026-10-19T08:00:00+01:00", "end": "2026-10-19T18:00:00+01:00", "verdict": "allow", "enforce": [],
    }  # fmt: skip


def test_a_page_is_written_where_out_says(tmp_path):
    out = tmp_path / "new" / "week.html"
    done = run("staff-phones", "--week", "2026-W52", "--format", "html", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert str(out) in done.stdout
    assert "Christmas Day" in out.read_text(encoding="utf-8")


def test_a_place_that_can_t_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("staff-phones", "--out", str(tmp_path / "file" / "week.txt"))
    assert done.returncode == 1
    assert done.stderr.startswith("dinnerbell: Couldn't write ")


@pytest.mark.parametrize(
    "arguments, message",
    [
        pytest.param(["office-lptop"], "did you mean 'office-laptop'?", id="a_device_misspelt"),
        pytest.param(["staff-phone"], "did you mean 'staff-phones'?", id="a_group_misspelt"),
        pytest.param(["unknwon"], "did you mean 'unknown'?", id="unknown_misspelt"),
        pytest.param(["192.168.1.999"], "nor an address", id="no_address"),
        pytest.param(["office", "--week", "2026-W54"], "the weeks of 2026 go from 2026-W01 to 2026-W53", id="no_such_week"),
    ],
)
def test_a_wrong_word_is_refused_with_advice(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not done.stdout


def test_this_week_is_what_is_drawn_if_none_is_named():
    assert re.search(r"^Week 20[0-9]{2}-W[0-9]{2}, ", run("unknown").stdout, re.MULTILINE)
