"""A replay in words for a manager: first what would have been different, then where and when, then what nobody can know.

Pure. Devices of staff and visitors are spoken of by group only; the values that come in hold no name of theirs.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from dinnerbell.catalogue import Catalogue
from dinnerbell.config import LogLevel
from dinnerbell.model import Verdict
from dinnerbell.policy import Policy
from dinnerbell.replay.values import Change, Direction, Gap, Replay, Why
from dinnerbell.words.wording import OWNER_PHRASES, joined, sentence_case

NO_GROUP = "devices in no group"
NO_SERVICE = "other names"

_OUTCOMES = {
    (Verdict.ALLOW, Verdict.BLOCK): "refused that {were} answered",
    (Verdict.ENFORCE, Verdict.BLOCK): "refused that {were} given a safe answer",
    (Verdict.BLOCK, Verdict.ALLOW): "answered that {were} refused",
    (Verdict.BLOCK, Verdict.ENFORCE): "given a safe answer that {were} refused",
    (Verdict.ENFORCE, Verdict.ALLOW): "answered as usual that {were} given a safe answer",
    (Verdict.ALLOW, Verdict.ENFORCE): "given a safe answer that {were} answered as usual",
    (Verdict.ENFORCE, Verdict.ENFORCE): "given another safe answer than they were",
}
_MAX_SERVICES = 3
_MAX_COLUMNS = 12


def describe(result: Replay, new_name: str, old: Policy, new: Policy, window: str) -> str:
    """Return the whole replay as text. `new_name`: of the new file; `window`: "of the last 7 days"."""
    catalogues = (new.catalogue, old.catalogue)
    blocks = [summarise(result, new_name, old, new, window)]
    blocks.extend("\n".join(_table(result, direction, catalogues)) for direction in result.directions)
    if gaps := [_gap(gap, old) for gap in result.gaps]:
        blocks.append("\n".join(["What could not be decided again, because the log did not keep it:", *(f"  {gap}" for gap in gaps)]))
    return "\n\n".join(blocks)


def summarise(result: Replay, new_name: str, old: Policy, new: Policy, window: str) -> str:
    """Return the sentences alone, without the tables."""
    return "\n".join(_summary(result, new_name, (new.catalogue, old.catalogue), window))


def _summary(result: Replay, new_name: str, catalogues: Sequence[Catalogue], window: str) -> Iterator[str]:
    if not result.read.rows:
        yield f"The log holds no look-ups {window}, so there is nothing to decide again."
        return
    for direction in result.directions:
        changes = [change for change in result.changes if (change.was, change.becomes) == (direction.was, direction.becomes)]
        outcome = _OUTCOMES[direction.was, direction.becomes].format(were="was" if direction.lookups == 1 else "were")
        where = "; ".join(_group(group, lookups, changes, catalogues) for group, lookups in direction.groups)
        yield f"Under {new_name}, {_lookups(direction.lookups)} {window} would have been {outcome}: {where}."
    same = result.read.lookups - result.changed.lookups - result.unjudged.lookups
    if result.directions:
        if same:
            yield f"{_lookups(same)} would have come out as they did."
        yield "These are look-ups, not visits: a refused app asks again and again, and one that is answered goes on to ask for more."
    else:
        yield f"Under {new_name}, nothing would have been different: {_lookups(same)} {window} would have come out as they did."
    if result.drifted.lookups:
        yield (
            f"The rules have changed since: of {_lookups(result.drifted.lookups)} the file in force says something else today "
            "than was done then. The comparison is with what was done."
        )
    if result.small_groups:
        yield f"So few devices are in {joined(result.small_groups)} that a total may point at a person."
    if unknown := sum(gap.lookups or 0 for gap in result.gaps if gap.why in (Why.ANSWERED_AS_TOTAL, Why.REFUSED_AS_TOTAL)):
        yield f"Beside these, the log keeps the number only of {_lookups(unknown)}: nobody can say what the new rules would make of them."


def _group(group: str, lookups: int, changes: list[Change], catalogues: Sequence[Catalogue]) -> str:
    services: dict[str, int] = defaultdict(int)
    for change in changes:
        if change.group == group:
            services[subject(change, catalogues)] += change.lookups
    most = sorted(services, key=lambda name: (-services[name], name))
    more = [f"{len(most) - _MAX_SERVICES} more"] if len(most) > _MAX_SERVICES else []
    return f"{group or NO_GROUP} {_number(lookups)} ({joined([*most[:_MAX_SERVICES], *more])})"


def subject(change: Change, catalogues: Sequence[Catalogue]) -> str:
    """Return what a change is about in words: a service's name, a rule's domain, or neither."""
    if change.service is None:
        return change.domain or NO_SERVICE
    found = next((catalogue.services[change.service] for catalogue in catalogues if change.service in catalogue.services), None)
    return found.name if found else change.service


def _table(result: Replay, direction: Direction, catalogues: Sequence[Catalogue]) -> Iterator[str]:
    outcome = _OUTCOMES[direction.was, direction.becomes].format(were="were")
    changes = [change for change in result.changes if (change.was, change.becomes) == (direction.was, direction.becomes)]
    hours = {change.hour for change in changes}
    step = 1 if max(hours) - min(hours) < _MAX_COLUMNS else 2
    columns = range(min(hours) // step * step, max(hours) + 1, step)
    steps = "" if step == 1 else " (each column is two hours)"
    yield f"{sentence_case(outcome)}, by hour of the day{steps}:"
    rows = []
    found: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        found[change.group, subject(change, catalogues)].append(change)
    for (group, what), listed in found.items():
        cells = [sum(change.lookups for change in listed if column <= change.hour < column + step) for column in columns]
        rows.append([group or NO_GROUP, what, _number(sum(cells)), *(_number(cell) if cell else "-" for cell in cells)])
    yield from _aligned([["group", "service", "look-ups", *(f"{column:02d}:00" for column in columns)], *rows])
    if direction.devices:
        yield f"The setting's devices: {_list(direction.devices)}."
    if direction.names:
        yield f"The names among them that belong to no service: {_list(direction.names)}."


def _list(counted: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {_number(lookups)}" for name, lookups in counted)


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        words = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        yield "  " + "  ".join([*words, *numbers]).rstrip()


def _lookups(count: int) -> str:
    return "1 look-up" if count == 1 else f"{_number(count)} look-ups"


def _number(count: int) -> str:
    return f"{count:,}"


_KEPT = {
    LogLevel.WATCHED: "only names that a rule or a social service could decide are logged",
    LogLevel.REFUSED: "only refusals are logged",
    LogLevel.NONE: "no look-ups are logged",
}


def _gap(gap: Gap, old: Policy) -> str:
    count = _lookups(gap.lookups or 0)
    if gap.why is Why.BEFORE_THE_LOG:
        first = datetime.fromtimestamp((gap.until or 0) * 60, old.setting.zone)
        day = f"{first:%a} {first.day} {first:%b %Y %H:%M}"
        return f"Before {day} the log holds nothing: the box was not running, or its log is not kept so long."
    if gap.why in (Why.ANSWERED_AS_TOTAL, Why.REFUSED_AS_TOTAL):
        verb = "answered" if gap.why is Why.ANSWERED_AS_TOTAL else "refused"
        whose = OWNER_PHRASES[gap.owner.word] if gap.owner else "some devices"
        most = "up to " if gap.is_at_most else ""
        kept = _KEPT.get(gap.level or LogLevel.NONE, "")
        outcome = "refused" if gap.why is Why.ANSWERED_AS_TOTAL else "answered"
        return f"{sentence_case(whose)}: {most}{count} {verb} of which the log keeps the number only ({kept}): any might be {outcome} now."
    return {
        Why.KIND_ONLY: f"{count} of sensitive services (health, banking, faith and the like): kept without device and name.",
        Why.REFUSED_AS_ALIAS: f"{count} refused because the name is another name of something closed: of what, the log does not keep.",
        Why.REFUSED_BY_LIST: f"{count} refused because a list named them: what the list said then is not kept.",
        Why.DEVICE_GONE: f"{count} of devices that neither file names any more.",
        Why.LOST: f"{count} answered while the log could not be written.",
        Why.LIST_NOT_FETCHED: f"The rule in line {gap.line} of the new file names a list not fetched yet: it was taken to fit nothing.",
        Why.ALIAS_UNKNOWN: (
            f"{count} answered for names that no rule spoke of: where such a name is another name of a service, "
            "the new rules may refuse it, and the log does not keep that."
        ),
    }[gap.why]
