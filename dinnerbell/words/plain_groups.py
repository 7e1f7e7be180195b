"""What the rules come to for each group, in plain English: "Staff phones: social media opens mon-thu 12:00-13:00 ...".

Pure. Told from the decisions (timetable/), never from the words of the rules, so it cannot promise what the box does not do. The
week that is told is an ordinary one: no closed day, no change of the clocks, and approvals as they are on the day of asking. Where
closed days come out otherwise, that is said too.

    Tue  open ├ 08:00 closed ── 12:00 open 13:00 ── closed 18:00 ┤ open      "opens 12:00-13:00": a gap between two closed stretches
              └────────────────────── frame ─────────────────────┘           "otherwise closed 08:00-18:00; open at other times"
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from dinnerbell.catalogue import HELPLINE_KIND, SOCIAL_KINDS, UMBRELLA, Catalogue
from dinnerbell.model import Target, TargetKind, Verdict, rule_is_for
from dinnerbell.policy import Policy
from dinnerbell.times import MINUTES_A_DAY, Closures, Window
from dinnerbell.timetable.groups import group_timetables
from dinnerbell.timetable.ordinary import closed_around, ordinary_monday, settled
from dinnerbell.timetable.subjects import OTHERWISE, Label
from dinnerbell.timetable.week import MINUTE, Row, State, Timetable
from dinnerbell.timetable.words import state_phrase, what
from dinnerbell.words.wording import is_plural, joined, sentence_case

_MOST_NAMES = 6
_MOST_MEMBERS = 3
_ANY_MONDAY = date(2026, 1, 12)
"""The week that is told where nobody says what day it is."""
_UNREMARKABLE = (HELPLINE_KIND, "essential", OTHERWISE)
"""Open all week: not worth a word."""
_ALL_DAY = (0, MINUTES_A_DAY)

_Stretch = tuple[int, int, int]
"""A weekday (Monday is 0) and minutes since its 00:00."""


@dataclass(frozen=True, slots=True)
class GroupStory:
    """What one group may do when, or that part of it which has one and the same week."""

    group: str
    name: str
    """As people write it: Staff phones."""
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.name}: {' '.join(self.sentences)}"


def group_stories(policy: Policy, today: date | None = None) -> tuple[GroupStory, ...]:
    """Return the stories of the groups in the order of the file, then that of the unknown devices.

    `today`: approvals are told as they are that day; None: as if all held.
    """
    alike = _alike(policy)
    few = replace(policy, devices={name: policy.devices[name] for name in alike})  # one of each sort
    ordinary = settled(few, today, Closures())
    monday = ordinary_monday((policy.setting.zone,), today or _ANY_MONDAY)
    closed = replace(ordinary, closures=closed_around(monday))
    has_closed_days = policy.closures != Closures() and any(rule.is_timed for rule in ordinary.rules)
    stories = []
    for group in (*policy.groups.values(), None):
        weeks = group_timetables(ordinary, group, monday)
        closed_weeks = group_timetables(closed, group, monday) if has_closed_days else ()
        for week in weeks:
            on_closed_days = next((other for other in closed_weeks if set(week.members) <= set(other.members)), None)
            name = sentence_case(week.group.replace("-", " ")) + (f" ({_whose(week, alike)})" if len(weeks) > 1 else "")
            stories.append(GroupStory(week.group, name, tuple(_sentences(policy.catalogue, week, on_closed_days))))
    return tuple(stories)


def _alike(policy: Policy) -> dict[str, list[str]]:
    """Return the first device of each sort with all that are like it: of one group, with the same rules. There may be thousands."""
    found: dict[tuple[str | None, tuple[int, ...]], list[str]] = {}
    for device in policy.devices.values():
        applying = tuple(rule.index for rule in policy.rules if rule_is_for(rule, device))
        found.setdefault((device.group.name if device.group else None, applying), []).append(device.name)
    return {names[0]: names for names in found.values()}


def _whose(week: Timetable, alike: dict[str, list[str]]) -> str:
    names = [name for member in week.members for name in alike.get(member, [member])]
    return joined(names if len(names) <= _MOST_MEMBERS + 1 else [*names[:_MOST_MEMBERS], f"{len(names) - _MOST_MEMBERS} more"])


def _sentences(catalogue: Catalogue, week: Timetable, on_closed_days: Timetable | None) -> Iterator[str]:
    """Tell of social media as a whole, then of what is treated in another way, the timed before the constant."""
    whole_first = sorted(week.rows, key=lambda row: not _speaks_of(row, UMBRELLA))
    parts = [part for row in whole_first for part in _by_closed_days(row, on_closed_days)]
    for place, (row, closed_row) in enumerate(parts):
        labels = [label for label in row.labels if _is_worth_a_word(catalogue, row, closed_row, label)]
        if not labels:
            continue
        subject = what(labels, _MOST_NAMES)
        phrase = _phrase(row, week, are=len(labels) > 1 or is_plural(Target(TargetKind.KIND, labels[0].id)) or labels[0].id == "search")
        after = ""
        if on_closed_days is not None and closed_row.course != row.course:
            first, mark, rest = phrase.partition(";")
            phrase = f"{first} in term{mark}{rest}"
            then = _short(closed_row, on_closed_days)
            after = "" if (rest, then) == (" otherwise closed", "closed all day") else f" On closed days: {then}."
        yield f"{_lower_first(subject, labels) if place == 0 else subject} {phrase}.{after}"


def _by_closed_days(row: Row, on_closed_days: Timetable | None) -> list[tuple[Row, Row]]:
    """Split a row where closed days tell its labels apart: each part with its row on closed days."""
    if on_closed_days is None:
        return [(row, row)]
    parts: dict[int, tuple[list[Label], Row]] = {}
    for label in row.labels:
        place, closed_row = next(((n, other) for n, other in enumerate(on_closed_days.rows) if _speaks_of(other, label.id)), (-1, row))
        parts.setdefault(place, ([], closed_row))[0].append(label)
    told = [(replace(row, labels=tuple(labels)), closed_row) for labels, closed_row in parts.values()]
    return sorted(told, key=lambda pair: not _speaks_of(pair[0], UMBRELLA))


def _speaks_of(row: Row, id_: str) -> bool:
    return any(label.id == id_ for label in row.labels)


def _is_worth_a_word(catalogue: Catalogue, row: Row, closed_row: Row, label: Label) -> bool:
    """Tell whether to name this: not what is open as everywhere, nor a part of social media where the whole is told with it."""
    if all(each.is_constant and each.course[0].state == State(Verdict.ALLOW) for each in (row, closed_row)) and label.id in _UNREMARKABLE:
        return False
    if not _speaks_of(row, UMBRELLA) or label.id == UMBRELLA:
        return True
    service = catalogue.services.get(label.id)
    return label.id not in SOCIAL_KINDS and not (service is not None and service.is_social)


def _lower_first(subject: str, labels: list[Label]) -> str:
    return subject[:1].lower() + subject[1:] if labels[0].is_broad else subject


def _phrase(row: Row, week: Timetable, *, are: bool) -> str:
    """Return what happens over the week: `opens mon-fri 12:00-13:00; otherwise closed`."""
    be, s = ("are", "") if are else ("is", "s")
    if row.is_constant:
        return f"{be} {state_phrase(row.course[0].state)} at all times"
    stretches = _stretches(row, week)
    shut = [state for state in stretches if state.verdict is Verdict.BLOCK]
    others = [state for state in stretches if state.verdict is not Verdict.BLOCK]
    if len(shut) != 1 or len(others) != 1:
        return f"{be} {_listed(stretches)}"
    frames = _frames(stretches[shut[0]])
    gaps = [each for each in stretches[others[0]] if each[0] in frames and frames[each[0]][0] < each[1] and each[2] < frames[each[0]][1]]
    frame = _windows((day, start, end) for day, (start, end) in frames.items())
    is_always = len(frames) == 7 and set(frames.values()) == {_ALL_DAY}
    rest = "" if is_always else f"; {state_phrase(others[0])} at other times"
    if not gaps:
        return f"{be} closed {frame}{rest}"
    opens = state_phrase(others[0]).replace("open", f"open{s}", 1)
    return f"{opens} {_windows(gaps)}; otherwise closed{'' if is_always else f' {frame}'}{rest}"


def _short(row: Row, week: Timetable) -> str:
    """Return what happens on days that are all alike: `open all day`."""
    return f"{state_phrase(row.course[0].state)} all day" if row.is_constant else _listed(_stretches(row, week))


def _listed(stretches: dict[State, list[_Stretch]]) -> str:
    """Return any course in words: `open mon-fri 12:00-13:00, closed at other times`, the state that lasts longest coming last."""
    most = max(stretches, key=lambda state: sum(end - start for _, start, end in stretches[state]))
    told = [f"{state_phrase(state)} {_windows(each)}" for state, each in stretches.items() if state != most]
    return f"{', '.join(told)}, and {state_phrase(most)} at other times"


def _stretches(row: Row, week: Timetable) -> dict[State, list[_Stretch]]:
    """Return when each state holds. The clocks do not change in this week, so minutes of the day are minutes of the wall."""
    found: dict[State, list[_Stretch]] = {}
    for day in week.days:
        for segment in row.on(day):
            start, end = (segment.start - day.start) // MINUTE, (segment.end - day.start) // MINUTE
            found.setdefault(segment.state, []).append((day.date.weekday(), start, end))
    return found


def _frames(stretches: Iterable[_Stretch]) -> dict[int, tuple[int, int]]:
    """Return for each day the first and the last minute of its stretches."""
    frames: dict[int, tuple[int, int]] = {}
    for day, start, end in stretches:
        first, last = frames.get(day, (start, end))
        frames[day] = min(first, start), max(last, end)
    return frames


def _windows(stretches: Iterable[_Stretch]) -> str:
    """Return stretches as windows, days with the same hours together: `mon-thu 12:00-13:00 and fri 11:30-12:30`."""
    days: dict[tuple[int, int], set[int]] = {}
    for day, start, end in stretches:
        days.setdefault((start, end), set()).add(day)
    windows = [Window(frozenset(on), start, end) for (start, end), on in days.items()]
    windows.sort(key=lambda window: (min(window.days), window.start))
    return joined(str(window).replace("00:00-24:00", "all day") for window in windows)
