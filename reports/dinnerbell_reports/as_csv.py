"""The report's figures as CSV (RFC 4180): the group table, then the days.

Pure. A cell can be no formula: one that begins as a spreadsheet's formula does is led by an apostrophe. Ranges are two cells, for a
spreadsheet would read `3-5` as a date.
"""

import csv
import io
from collections.abc import Iterable

from dinnerbell_reports.annex_values import WeeklyReport
from dinnerbell_reports.printable import visible
from dinnerbell_reports.values import Range

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Beginnings that spreadsheets run (OWASP, CSV injection); `cell` folds their full-width forms to these first."""
_WIDE = str.maketrans("＝＋－＠", "=+-@")  # noqa: RUF001 - the look-alikes are the point

_GROUP_HEAD = (
    "week", "group", "owner", "devices seen", "refused by people", "refused in background", "page content",
    "approved minutes low", "approved minutes high", "not approved minutes low", "not approved minutes high",
)  # fmt: skip
_DAY_HEAD = (
    "day", "closed", "refused by people", "of these out of hours", "use minutes low", "use minutes high",
    "out of hours minutes low", "out of hours minutes high",
)  # fmt: skip

Value = str | int | bool | None


def render_csv(report: WeeklyReport) -> str:
    """Return two tables with an empty row between. An empty cell means: not counted, or not kept."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_GROUP_HEAD)
    for line in report.groups.lines:
        figures = (line.devices_seen, line.by_people, line.in_background, line.page_content)
        writer.writerow(_cells((report.week.text, line.group, line.owner, *figures, *_range(line.approved), *_range(line.not_approved))))
    writer.writerow(())
    writer.writerow(_DAY_HEAD)
    for day in report.pattern.days:
        refused = (day.refused, day.refused_out_of_hours)
        writer.writerow(_cells((day.day.isoformat(), day.is_closed, *refused, *_range(day.use), *_range(day.out_of_hours))))
    return out.getvalue()


def _range(minutes: Range | None) -> tuple[int | None, int | None]:
    return (None, None) if minutes is None else (minutes.low, minutes.high)


def _cells(values: Iterable[Value]) -> list[Value]:
    return [("yes" if value else "no") if isinstance(value, bool) else cell(value) if isinstance(value, str) else value for value in values]


def cell(text: str) -> str:
    """Return the text as a cell that no spreadsheet runs. Leading spaces do not hide a formula."""
    shown = visible(text)
    is_formula = any(each.translate(_WIDE).lstrip().startswith(_FORMULA) for each in (text, shown))
    return "'" + shown if is_formula else shown
