"""The report as a whole, in every format, against gold files. To accept a change: DINNERBELL_ACCEPT=1 pytest tests/test_report_gold.py"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dinnerbell_reports import WeeklyReport, render_csv, render_html, render_json, render_text
from weekly_cast import busy_box

GOLD = Path(__file__).parent / "gold"
ACCEPT = bool(os.environ.get("DINNERBELL_ACCEPT"))
"""Read here: every test's own environment is cleared of such variables (conftest.py)."""
RENDERERS = {"weekly.txt": render_text, "weekly.html": render_html, "weekly.csv": render_csv, "weekly.json": render_json}


@pytest.mark.parametrize("name, render", RENDERERS.items(), ids=RENDERERS)
def test_a_reader_sees_what_was_agreed_on(name: str, render: Callable[[WeeklyReport], str]):
    """The busy week reads exactly as in its gold file, in every format."""
    rendered = render(busy_box().report()).encode()
    path = GOLD / name
    if ACCEPT:
        path.write_bytes(rendered)
    is_same = rendered == path.read_bytes()
    assert is_same, f"{name} changed; look at it, and if that is right: DINNERBELL_ACCEPT=1 pytest {Path(__file__).name}"


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_a_report_depends_on_the_week_alone(render: Callable[[WeeklyReport], str]):
    """The same log in another order gives the same report, byte for byte."""
    box, other = busy_box(), busy_box()
    rows, contacts = list(reversed(other.rows.items())), list(reversed(other.contacts.items()))
    other.rows.clear()
    other.contacts.clear()
    other.rows.update(dict(rows))
    other.contacts.update(contacts)
    is_same = render(other.report()) == render(box.report())
    assert is_same
