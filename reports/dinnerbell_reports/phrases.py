"""Numbers, days and lists as an English reader expects them; every renderer says them the same way.

Pure.
"""

from collections.abc import Sequence
from datetime import date, datetime

from dinnerbell_reports.annex_values import RefusedFile
from dinnerbell_reports.values import Range, Slowed, WrongTime
from dinnerbell_reports.who import NOBODY

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

NOT_KEPT = "\u2013"
"""A dash: not zero, but not counted or not kept."""


def number(value: float) -> str:
    """Return 12,345 or 98.5: never in powers of ten."""
    return f"{value:,.1f}".removesuffix(".0")


def count_text(value: int | None) -> str:
    return NOT_KEPT if value is None else number(value)


def counted(count: int, noun: str) -> str:
    """Return `1 episode`, `2 episodes`."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def and_list(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def range_text(minutes: Range | None) -> str:
    """Return `35 to 60`, `12`, `none`, or a dash for what is not kept."""
    if minutes is None:
        return NOT_KEPT
    if not minutes.high:
        return "none"
    return str(minutes.low) if minutes.low == minutes.high else f"{minutes.low:,} to {minutes.high:,}"


def minutes_text(minutes: Range | None) -> str:
    """Return the range with its unit: `35 to 60 minutes`, `1 minute`, `none`, `not kept`."""
    if minutes is None:
        return "not kept"
    if not minutes.high:
        return "none"
    return f"{range_text(minutes)} {'minute' if minutes.high == 1 else 'minutes'}"


def day_text(day: date) -> str:
    """Return `23 November 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """Return `Mon 23 Nov`."""
    return f"{_DAYS[day.weekday()][:3]} {day.day} {_MONTHS[day.month - 1][:3]}"


def long_day(day: date) -> str:
    """Return `Monday 23 November 2026`."""
    return f"{_DAYS[day.weekday()]} {day_text(day)}"


def days_text(first: date, last: date) -> str:
    """Return `23 to 29 November 2026`, saying month and year once where they are the same."""
    if first.year != last.year:
        return f"{day_text(first)} to {day_text(last)}"
    if first.month != last.month:
        return f"{first.day} {_MONTHS[first.month - 1]} to {day_text(last)}"
    return f"{first.day} to {day_text(last)}"


def moment_text(at: datetime) -> str:
    """Return `Mon 23 Nov 12:30`."""
    return f"{short_day(at.date())} {at:%H:%M}"


def span_text(start: datetime, end: datetime) -> str:
    """Return `Mon 23 Nov 12:30 to 13:10`, naming the second day only where it is another."""
    return f"{moment_text(start)} to {end:%H:%M}" if start.date() == end.date() else f"{moment_text(start)} to {moment_text(end)}"


def refused_file_text(each: RefusedFile) -> str:
    """Return the sentence about a file that was saved as rules.yaml and could not be used."""
    what = counted(each.errors, "error") + (", the first" if each.errors > 1 else "")
    refused = f"{moment_text(each.at)}: a file was saved that can't be used ({what} in line {each.line})."
    return f"{refused} The rules from before stayed in force."


def wrong_time_text(each: WrongTime) -> str:
    """Return the sentence about a stretch in which the box's clock was wrong."""
    length = counted(each.minutes, "minute") if each.minutes else "less than a minute"
    if each.start is not None:
        return f"The box's clock was wrong for {length} from {moment_text(each.start)}: what opens by time stayed shut."
    verb = "is" if each.undated == 1 else "are"
    undated = f"{counted(each.undated, 'look-up')} of that time can't be dated and {verb} not in this report"
    return f"After {moment_text(each.after)} the box ran for {length} with a wrong clock, and was stopped before it was set: {undated}."


def slowed_text(each: Slowed) -> str:
    """Return the sentence about a device that asked faster than the rate limit allows."""
    who = each.device or f"A device of {each.group}"
    if not each.device and each.group == NOBODY:
        who = "A device nobody has named"
    return f"{who} asked too fast and was slowed down: {counted(each.lookups, 'look-up')} not answered. An app on it may be broken."


def grade_text(evidence: str) -> str:
    """Return the grade of a session by what it rests on: a page that the proxy saw, a signature, or the pair that stands for one."""
    return {"page": "A", "pair": "B (pair)"}.get(evidence, "B")
