"""The report as JSON: the value itself, in plain types.

Pure. Times are ISO 8601, local, with offset; parts carry their number and heading; `null` means not kept or not known, never zero.
"""

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from dinnerbell_reports.annex_values import WeeklyReport


def to_json(report: WeeklyReport) -> dict[str, Any]:
    """Return the report as dicts, lists, texts, numbers, booleans and None."""
    plain: dict[str, Any] = _plain(report)
    return plain


def render_json(report: WeeklyReport) -> str:
    return json.dumps(to_json(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value
