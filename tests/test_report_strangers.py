"""What strangers can write into a report, and what must never be read in one: hostile names, and people's own devices."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.model import Device, Verdict
from dinnerbell.usage import LogKey
from dinnerbell_reports import WeeklyReport, render_csv, render_html, render_json, render_text, to_json
from dinnerbell_reports.as_csv import cell
from dinnerbell_reports.printable import visible
from weekly_cast import (
    CHILDREN,
    EVERYTHING,
    MARYS_PHONE,
    OFFICE,
    OFFICIAL_PAGE,
    STAFF_PHONE,
    VISITOR,
    Box,
    busy_box,
    net,
    quiet_box,
    rule,
    rules,
)  # fmt: skip

RENDERERS: dict[str, Callable[[WeeklyReport], str]] = {"html": render_html, "text": render_text, "csv": render_csv, "json": render_json}

SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"
RTL = "tablet\u202egnp.exe"
CONTROL = "pc\x1b[2J\x00\x07\r\nForged: line"
QUOTES = "\"><img src=x onerror=alert(1)>'"
TEMPLATE = "{{ 7 * 7 }}{% raw %}"
STYLE = "</style><style>*{background:url(//evil.example)}"
HOSTILE = {
    "script": SCRIPT, "formula": FORMULA, "rtl": RTL, "control": CONTROL, "quotes": QUOTES, "template": TEMPLATE, "style": STYLE,
}  # fmt: skip


def hostile_box(text: str) -> Box:
    """Return a box where a stranger's text stands everywhere a text can stand."""
    devices = {
        text: Device(text, CHILDREN, net("192.168.1.31"), is_named=True),
        text + "2": Device(text + "2", OFFICE, net("192.168.1.32"), is_named=True),
    }
    office, children = replace(OFFICE, name=text + "-office"), replace(CHILDREN, name=text + "-room")
    devices = {name: replace(device, group=children if device.group is CHILDREN else office) for name, device in devices.items()}
    approved = rule(text, "allow", "facebook", approval=replace(OFFICIAL_PAGE.approval, purpose=text, approved_by=text), when_text=text)
    setting = replace(rules().policy.setting, name=text, policy_title=text)
    box = quiet_box(
        rules(approved, rule("b" + text, "block", "social-media", "bypass"), devices=devices, groups={text: office}, setting=setting)
    )
    for device in devices:
        box.ask(device, "m.facebook.com", "Tue 10:00", minutes=5).ask(device, "tiktokv.eu", "Tue 11:00").ask(
            device, "tunnel.example", "Wed 09:00"
        )
        for minute in (0, 9, 20):  # a host that no catalogue knows, as a broken client or a hand-made packet may ask it
            box.rows[box.minute("Thu 10:00") + minute, LogKey(device, text, None, None, Verdict.BLOCK, "b" + text)] += 1
    return box


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_names_from_strangers_are_only_ever_text(text: str, render: Callable[[WeeklyReport], str]):
    """No control character, nothing that turns text round, in any format; and the name is still there to be read."""
    rendered = render(hostile_box(text).report())
    assert not {sign for sign in rendered if unicodedata.category(sign) in ("Cc", "Cf") and sign not in "\r\n"}
    assert "alert" in rendered or "alert" not in text


def test_in_html_names_are_escaped_everywhere():
    """Headings, cells, SVG titles, the page's title: markup in a name is shown, not obeyed; nor is a template's."""
    html = "".join(render_html(hostile_box(text).report()) for text in HOSTILE.values())
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</style>") == len(HOSTILE)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7 * 7 }}" in html


def test_a_name_cannot_forge_a_line_of_the_text():
    """What looks like a line of its own stays inside the name."""
    text = render_text(hostile_box(CONTROL).report())
    assert "pc[U+001B][2J[U+0000][U+0007]  Forged: line" in text
    assert not [line for line in text.splitlines() if line.startswith("Forged")]


def test_text_that_turns_round_is_made_visible():
    """`tablet` followed by U+202E and `gnp.exe` would read `tabletexe.png`."""
    report = hostile_box(RTL).report()
    assert report.children.devices[0].device == "tablet[U+202E]gnp.exe"
    assert "tablet[U+202E]gnp.exe" in render_html(report)


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+1", "'+1", id="plus"),
        pytest.param("-1", "'-1", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "' =1", id="tab"),
        pytest.param("\r=1", "' =1", id="carriage_return"),
        pytest.param("  =1", "'  =1", id="behind_spaces"),
        pytest.param("\uff1d1", "'\uff1d1", id="full_width"),
        pytest.param("room-tablet", "room-tablet", id="a_hyphen_inside_is_none"),
        pytest.param("", "", id="empty"),
    ],
)
def test_no_cell_is_a_formula(text: str, expected: str):
    """Spreadsheets run what begins like a formula; an apostrophe makes it text."""
    assert cell(text) == expected


@given(st.text())
def test_no_text_at_all_makes_a_formula_or_breaks_the_table(text: str):
    """Any group name leaves the CSV with its columns, and no cell that a spreadsheet would run."""
    assert not cell(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    out = io.StringIO()
    csv.writer(out).writerow([cell(text), 1])
    assert list(csv.reader(io.StringIO(out.getvalue(), newline=""))) == [[cell(text), "1"]]


@given(st.text())
def test_visible_text_is_one_line_and_stays_as_it_is(text: str):
    """Made visible once, a text does not change again, and has no sign that a terminal or browser would act on."""
    shown = visible(text)
    assert visible(shown) == shown
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(sign) for sign in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_peoples_own_devices_are_in_no_format_by_name_or_address(render: Callable[[WeeklyReport], str]):
    """Even where everything is logged, refused, out of hours, silent, new, approved: not one of them can be found in the report."""
    box = busy_box()
    own = replace(OFFICIAL_PAGE, name="own", devices=(MARYS_PHONE, *net("192.168.20.7/32")))
    box.rules = replace(box.rules, log=EVERYTHING, policy=rules(*box.rules.policy.rules, own).policy)
    for device in (MARYS_PHONE, STAFF_PHONE, VISITOR, "192.168.20.99"):
        for name in ("tiktokv.eu", "tunnel.example", "journal.example", "nothing.example", "union.example", "use-application-dns.net"):
            box.ask(device, name, "Sat 11:00", minutes=(0, 3, 10, 31))
    rendered = render(box.report())
    assert not [
        text for text in (MARYS_PHONE, "marys", STAFF_PHONE, VISITOR, "192.168.20.99", "192.168.20.", "192.168.30.") if text in rendered
    ]


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_helplines_and_sensitive_sites_are_in_no_report(render: Callable[[WeeklyReport], str]):
    """Not even where rows of them were in the log, as an older release or an own catalogue may have left them."""
    box = quiet_box(replace(rules(), log=EVERYTHING))
    for name, service in (("childline.example", "childline"), ("union.example", "union")):
        for verdict in (Verdict.ALLOW, Verdict.BLOCK):
            for minute in range(5):
                box.rows[box.minute("Tue 10:00") + minute, LogKey("office-laptop", name, service, None, verdict, "otherwise")] += 1
    rendered = render(box.report())
    assert not [text for text in ("childline", "Childline", "union.example", "A union") if text in rendered]


def test_json_is_plain_and_its_times_have_offsets():
    """Round trip through a parser; every time is ISO 8601 with offset; not kept is null."""
    report = busy_box().report()
    parsed = json.loads(render_json(report))
    assert parsed == to_json(report)
    assert parsed["week"]["start"] == "2026-11-16T00:00:00+00:00"
    assert datetime.fromisoformat(parsed["made_at"]).utcoffset() is not None
    assert parsed["sight"]["gaps"][0]["minutes"] == 41
    phones = next(line for line in parsed["groups"]["lines"] if line["group"] == "staff-phones")
    assert (phones["approved"], phones["by_people"]) == (None, 4)
    assert [parsed[part]["number"] for part in ("verdict", "sight", "children", "staff", "approvals", "groups", "pattern", "reading")] == [
        2, 3, 6, 7, 8, 10, 11, 19,
    ]  # fmt: skip


def test_csv_has_two_tables_and_ranges_as_two_cells():
    """A spreadsheet reads `3-5` as a date, so no range stands in one cell; an empty cell is not nought."""
    rows = list(csv.reader(io.StringIO(render_csv(busy_box().report()), newline="")))
    gap = rows.index([])
    assert {len(row) for row in rows[:gap]} == {11}
    assert {len(row) for row in rows[gap + 1 :]} == {8}
    assert rows[3][:2] == ["2026-W47", "staff-phones"]
    assert rows[3][-4:] == ["", "", "", ""]
    assert len(rows[gap + 2 :]) == 7
