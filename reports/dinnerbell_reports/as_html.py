"""The report as one HTML file: styles and pictures inside, nothing loaded from elsewhere; made for paper first.

Names in it come from strangers: autoescape is on for every template, SVG included, and a content security policy in the page forbids
what a slip could load.
"""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dinnerbell_reports import phrases, pictures
from dinnerbell_reports.annex_values import Opening, WeeklyReport
from dinnerbell_reports.printable import visible
from dinnerbell_reports.values import Kept, Light, Proof, Standing


def render_html(report: WeeklyReport) -> str:
    """Return the whole page as text."""
    return (
        _environment()
        .get_template("weekly.html.j2")
        .render(
            r=report,
            strip=pictures.strip(report.pattern),
            refused_trend=pictures.refused_trend(report.pattern),
            use_trend=pictures.use_trend(report.pattern),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("dinnerbell_reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        keep_trailing_newline=True,
    )
    for filter_ in (
        phrases.number, phrases.count_text, phrases.counted, phrases.and_list, phrases.range_text, phrases.minutes_text,
        phrases.day_text, phrases.short_day, phrases.long_day, phrases.days_text, phrases.moment_text, phrases.span_text,
        phrases.wrong_time_text, phrases.refused_file_text, phrases.slowed_text, phrases.grade_text,
    ):  # fmt: skip
        environment.filters[filter_.__name__] = filter_
    environment.globals.update(Kept=Kept, Light=Light, Proof=Proof, Standing=Standing, Opening=Opening, pictures=pictures)
    return environment


def _finalize(value: Any) -> Any:
    """Make what a template prints visible, also of a report that did not come through `weekly`; markup made here passes."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
