"""The HTML report as a document: readable by a screen reader, in black and white, and without the network."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest

from dinnerbell.config import LogConfig, LogLevel, ReportConfig
from dinnerbell.model import Owner
from dinnerbell.times import Closures
from dinnerbell_reports import parse_week, render_html, render_text
from dinnerbell_reports.as_json import to_json
from weekly_cast import APPROVAL, EVERYBODY, LONDON, MARYS_PHONE, UNKNOWN, Box, busy_box, quiet_box, rule, rules

VOID = {"meta", "br", "link", "img", "input", "hr", "line", "rect", "circle", "path"}


class Page(HTMLParser):
    """Every element with its attributes, its text and what it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[dict] = []
        self.elements: list[dict] = []
        self.feed(text)
        assert not [each["tag"] for each in self.stack], "left open"

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "text": "", "parents": [each["tag"] for each in self.stack], "children": []}
        for parent in self.stack:
            parent["children"].append(element)
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop()["tag"] == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        for element in self.stack:
            element["text"] += data

    def all(self, *tags: str) -> list[dict]:
        return [element for element in self.elements if element["tag"] in tags]


def refused_only() -> Box:
    log = LogConfig(levels={**LogConfig().levels, Owner.SETTING: LogLevel.REFUSED})
    return quiet_box(replace(rules(), log=log)).ask("room-tablet-1", "tiktokv.eu", "Tue 10:00")


def withheld() -> Box:
    box = quiet_box(rules(reports=ReportConfig(not_about={"manager": ("office-laptop", MARYS_PHONE)})))
    box.ask("room-tablet-1", "journal.example", "Wed 10:00").made_at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return box


def over_new_year() -> Box:
    box = Box(rules(), week=parse_week("2026-W53", LONDON), losses=3)
    box.up = [(box.minute("Tue 09:00"), box.minute("Tue 09:30"))]
    for device in (*EVERYBODY, UNKNOWN):
        box.ask(device, "m.facebook.com", "Mon 10:00", minutes=(0, 1, 9))
    return box


def nothing_holds() -> Box:
    """Return a week without rules that hold: everything is used, open, too short or over-blocked somewhere."""
    page = rule("Page for one desk", "allow", "facebook", devices=("office-laptop",), approval=APPROVAL)
    box = quiet_box(rules(rule("Too wide", "block", "journal.example", "union.example"), page))
    for device in ("office-laptop", "staff-room-pc", "room-tablet-1"):
        box.ask(device, "m.facebook.com", "Mon 10:00", minutes=6).ask(device, "tunnel.example", "Tue 10:00", minutes=3)
        box.ask(device, "union.example", "Tue 10:00").ask(device, "use-application-dns.net", "Tue 10:00")
    return box.ask("room-tablet-2", "tiktokv.eu", "Fri 10:00")


BOXES = {
    "busy": busy_box,
    "quiet": quiet_box,
    "empty": lambda: Box(up=[]),
    "closed": lambda: Box(rules(closures=Closures(None, ((date(2026, 11, 9), date(2026, 11, 22)),))), up=[]),
    "no_times": lambda: quiet_box(rules(times={})),
    "no_devices": lambda: quiet_box(rules(devices={}, groups={})),
    "no_rules": lambda: quiet_box(rules(rule("One", "block", "tiktok"))),
    "refused_only": refused_only,
    "withheld": withheld,
    "over_new_year": over_new_year,
    "nothing_holds": nothing_holds,
}


@pytest.fixture(params=BOXES.values(), ids=BOXES)
def page(request) -> Page:
    return Page(render_html(request.param().report()))


def test_one_h1_and_no_level_is_skipped(page: Page):
    """A screen reader's list of headings is the report's contents."""
    levels = [int(heading["tag"][1]) for heading in page.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_every_part_is_there_with_its_number(page: Page):
    """Parts that are not possible yet are named too."""
    text = page.all("main")[0]["text"]
    ids = {element["attrs"].get("id") for element in page.elements}
    assert {f"part-{number}" for number in (1, 2, 3, 4, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20)} <= ids
    assert "Not in this release" in text
    assert all(name in text for name in ("5 Alerts", "9 Excessive", "17 Actions"))


def test_tables_have_captions_and_scoped_headers(page: Page):
    """Every figure can be told by its row and its column."""
    assert page.all("table")
    for table in page.all("table"):
        inside = [child["tag"] for child in table["children"]]
        assert inside.count("caption") == 1
        assert {child["attrs"].get("scope") for child in table["children"] if child["tag"] == "th"} == {"col", "row"}
        head = sum(1 for child in table["children"] if child["attrs"].get("scope") == "col")
        rows = [child for child in table["children"] if child["tag"] == "tr"][1:]
        assert {sum(1 for cell in row["children"] if cell["tag"] in ("td", "th")) for row in rows} == {head}


def test_pictures_have_a_title_a_description_and_a_table(page: Page):
    """What a picture shows is told in words beside it, and in figures in the annex."""
    pictures = page.all("svg")
    assert len(pictures) == 4
    for picture in pictures:
        titles = [child for child in picture["children"] if child["tag"] == "title"]
        assert picture["attrs"]["role"] == "img"
        assert titles[0]["text"].strip()
        named = {child["attrs"]["id"] for child in picture["children"] if child["tag"] in ("title", "desc")}
        assert set(picture["attrs"]["aria-labelledby"].split()) == named
        assert all(child["text"].strip() for child in picture["children"] if child["tag"] == "desc")
    assert "more-11" in {element["attrs"].get("id") for element in page.elements}


def test_ids_are_unique_and_every_reference_has_its_target(page: Page):
    """aria-labelledby and url(#...) lead somewhere."""
    ids = [element["attrs"]["id"] for element in page.elements if "id" in element["attrs"]]
    assert len(ids) == len(set(ids))
    wanted = {word for element in page.elements for word in (element["attrs"].get("aria-labelledby") or "").split()}
    wanted |= {
        hit for element in page.elements for value in element["attrs"].values() for hit in re.findall(r"url\(#([\w-]+)\)", value or "")
    }
    assert wanted <= set(ids)


def test_nothing_is_loaded_from_elsewhere(page: Page):
    """No script, no link, no image, no address: the file can be kept and mailed as it is."""
    assert not page.all("script", "link", "img", "iframe", "object", "embed", "a", "form", "base", "use", "image")
    assert not [
        name for element in page.elements for name in element["attrs"] if name in ("src", "href", "xlink:href") or name.startswith("on")
    ]
    style = page.all("style")[0]["text"]
    assert "@import" not in style
    assert not re.findall(r"url\((?!#)", style)
    policy = [meta["attrs"]["content"] for meta in page.all("meta") if meta["attrs"].get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_language_is_said(page: Page):
    """A screen reader reads it in British English."""
    assert page.all("html")[0]["attrs"]["lang"] == "en-GB"


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    "front, back",
    [
        ("ink", "paper"), ("soft", "paper"), ("soft", "desk"), ("accent", "paper"), ("ink", "shade"), ("red", "paper"),
        ("red", "red-paper"), ("amber", "amber-paper"), ("green", "green-paper"), ("ink", "amber-paper"), ("soft", "shade"),
    ],
)  # fmt: skip
def test_contrast_is_that_of_wcag_aa(front: str, back: str):
    """Text stands out from its ground by 4.5 to 1 (WCAG 2, 1.4.3)."""
    css = files("dinnerbell_reports").joinpath("templates/weekly.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
    light, dark = sorted((_luminance(colours[front]), _luminance(colours[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("light", ["red", "amber", "green"])
def test_the_verdict_is_a_word_and_a_shape_not_only_a_colour(light: str):
    """On a black and white printer it reads the same."""
    box = quiet_box() if light == "green" else busy_box()
    if light == "red":
        box.up = []
    page = Page(render_html(box.report()))
    (section,) = [element for element in page.all("section") if "verdict" in (element["attrs"].get("class") or "")]
    assert light in [child["text"] for child in section["children"] if child["attrs"].get("class") == "word"]
    assert [child["text"] for child in section["children"] if child["tag"] == "title"] == [light.capitalize()]


@pytest.mark.parametrize("render", [render_html, render_text], ids=["html", "text"])
def test_whom_the_report_must_not_reach_stands_at_its_head(render):
    """Before anything else is read, and without naming a colleague's own device."""
    rendered = render(withheld().report())
    before, _, _ = rendered.partition("Could we see?")
    assert "not for iris wood (manager)" in " ".join(before.lower().split()).replace("<strong>", "")
    assert "1 device that this report does not name" in " ".join(before.split())
    assert MARYS_PHONE not in rendered


@pytest.mark.parametrize("make", BOXES.values(), ids=BOXES)
def test_dns_evidence_is_never_called_an_attempt(make):
    """The word is kept for what a proxy saw (DESIGN section 6)."""
    report = make().report()
    assert "attempt" not in (render_html(report) + render_text(report) + str(to_json(report))).lower()


@pytest.mark.parametrize("make", BOXES.values(), ids=BOXES)
def test_the_text_fits_eighty_columns(make):
    """Mail programs do not break its lines."""
    assert max(len(line) for line in render_text(make().report()).splitlines()) <= 80
