"""Dinnerbell's reports: the weekly report as a value, and renderers that show it.

`weekly` is pure; so are the renderers, but for the templates that `render_html` reads from this package.
"""

from dinnerbell_reports.annex_values import WeeklyReport
from dinnerbell_reports.as_csv import render_csv
from dinnerbell_reports.as_html import render_html
from dinnerbell_reports.as_json import render_json, to_json
from dinnerbell_reports.as_text import render_text
from dinnerbell_reports.week import BadWeek, Week, last_full_week, parse_week, week_of
from dinnerbell_reports.weekly import TREND_WEEKS, weekly

__all__ = [
    "TREND_WEEKS",
    "BadWeek",
    "Week",
    "WeeklyReport",
    "last_full_week",
    "parse_week",
    "render_csv",
    "render_html",
    "render_json",
    "render_text",
    "to_json",
    "week_of",
    "weekly",
]
