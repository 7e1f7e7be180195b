"""The weekly report in one form, from the log: what `report weekly`, `report due` and `demo` write."""

from datetime import datetime

from dinnerbell.cli.common import Where, fail
from dinnerbell.weekly_from_log import RENDERERS, NoEdition, kept_text, weekly_value
from dinnerbell_reports.week import Week

__all__ = ["RENDERERS", "weekly_text"]


def weekly_text(where: Where, week: Week, made_at: datetime, form: str, reader: str = "") -> str:
    """Return the weekly report of one week in one form, from the log in `where`; for the holder of the role `reader`, if given.

    Of a week whose look-ups are deleted in part or as a whole, it is the report that was kept.
    """
    rules = where.rules()
    with where.log() as log:
        try:
            kept = kept_text(log, rules, week, form, reader)
        except NoEdition as problem:
            fail(str(problem), 1)
        if kept is not None:
            return kept
        return RENDERERS[form](weekly_value(log, rules, where.data, where.passes(), week, made_at, reader))
