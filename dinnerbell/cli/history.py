"""`dinnerbell history`: every version of the rules that was in force, and what changed from one to another."""

from collections.abc import Sequence
from datetime import datetime
from difflib import unified_diff
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from dinnerbell.cli.common import Where, fail, iso, now, print_json, print_table
from dinnerbell.config import Rules
from dinnerbell.files import LAST_GOOD, RulesFileError, load_rules
from dinnerbell.rules import RulesError, read_rules
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.versions import Source, Version, VersionError, load_versions, version_text
from dinnerbell.words.changes_in_week import changes_in_week
from dinnerbell.words.changes_in_words import changes_in_words

_UTC = ZoneInfo("UTC")
"""For times where no rules.yaml says which clocks the setting goes by."""
NOTHING_DIFFERENT = "Nothing opens or closes differently in an ordinary week."
NO_CHANGE = "The rules mean the same: only notes, or the way they are written, are different."
_SOURCES = {Source.LAST_GOOD: "the last good copy, as rules.yaml was broken at a start"}


@click.command()
@click.argument("number", type=int, required=False)
@click.argument("other", type=int, required=False)
@click.option("--text", "as_text", is_flag=True, help="Print the rules of version NUMBER as they were.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def history(where: Where, number: int | None, other: int | None, as_text: bool, as_json: bool) -> None:
    """List the versions of the rules that were in force; or say what changed with version NUMBER, or from NUMBER to OTHER."""
    try:
        versions = load_versions(where.data)
    except OSError as error:
        fail(f"Couldn't read the history in {where.data}: {error.strerror}", 1)
    zone = _zone(where)
    try:
        if number is None:
            if as_text:
                fail("--text needs the number of a version: dinnerbell history 3 --text", 2)
            _list(versions, where, zone, as_json=as_json)
        elif as_text:
            click.echo(version_text(where.data, _called(versions, number, where.data)), nl=False)
        else:
            _show(versions, number, other, where.data, zone, as_json=as_json)
    except VersionError as error:
        fail(str(error), 1)


def _zone(where: Where) -> ZoneInfo:
    for path in (where.rules_path, where.data / LAST_GOOD):
        try:
            return load_rules(path, now().date()).rules.policy.setting.zone
        except RulesFileError:
            continue
    return _UTC


def _called(versions: Sequence[Version], number: int, data: Path) -> Version:
    """Return the version of this number, or end (exit 2)."""
    found = next((version for version in versions if version.number == number), None)
    if found is None:
        fail(f"There is no version {number}: {_there_are(versions, data)}", 2)
    return found


def _there_are(versions: Sequence[Version], data: Path) -> str:
    if not versions:
        return f"the history in {data} is empty, as no box has run with it yet"
    first, last = versions[0].number, versions[-1].number
    return f"the history holds version {first} only" if first == last else f"the history holds versions {first} to {last}"


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _list(versions: Sequence[Version], where: Where, zone: ZoneInfo, *, as_json: bool) -> None:
    ends: dict[int, datetime | None] = {
        version.number: after.at if after else None for version, after in zip_longest(versions, versions[1:])
    }
    if as_json:
        print_json([as_value(version, ends[version.number], zone) for version in reversed(versions)])
        return
    if not versions:
        click.echo(f"No version of the rules is on record in {where.data}: the box keeps one whenever it puts rules in force.")
        return
    rows = [
        [
            str(version.number),
            f"{version.at.astimezone(zone):%a %d %b %Y %H:%M}",
            "now" if (end := ends[version.number]) is None else f"{end.astimezone(zone):%a %d %b %Y %H:%M}",
            "first" if version == versions[0] else "?" if version.changes is None else str(version.changes),
            version.by or "-",
            version.why or _SOURCES.get(version.source, "-"),
        ]
        for version in reversed(versions)
    ]
    print_table(["NUMBER", "IN FORCE FROM", "UNTIL", "CHANGES", "BY", "WHY"], rows)
    if len(versions) > 1:
        click.echo(f"What changed with the last one: dinnerbell history {versions[-1].number}")


def as_value(version: Version, end: datetime | None, zone: ZoneInfo) -> dict[str, Any]:
    """Return a version as `history --json` prints it."""
    return {
        "number": version.number,
        "from": iso(version.at, zone),
        "until": iso(end, zone) if end else None,
        "by": version.by or None,
        "why": version.why or None,
        "source": version.source.value,
        "changes": version.changes,
        "hash": version.digest,
        "file": version.file,
    }


# ── one of them ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(  # noqa: PLR0913 - what a command was told
    versions: Sequence[Version], number: int, other: int | None, data: Path, zone: ZoneInfo, *, as_json: bool
) -> None:
    new = _called(versions, number if other is None else other, data)
    if other is None:
        before = [version for version in versions if version.number < new.number]
        old = before[-1] if before else None
    else:
        old = _called(versions, number, data)
    after = next((version for version in versions if version.number > new.number), None)
    texts = [version_text(data, version) if version else "" for version in (old, new)]
    differences = _differences(texts) if old else None
    lines = _diff(old, new, texts) if old else []
    if as_json:
        week, rules = differences or (None, None)
        print_json(
            {
                "version": as_value(new, after.at if after else None, zone),
                "compared_with": old.number if old else None,
                "opens_and_closes": week,
                "changes": rules,
                "diff": lines,
            }
        )
        return
    click.echo("\n".join(_heading(new, old, zone)))
    if old is None:
        click.echo(f"It is the first on record, so there is nothing to compare it with. Its text: dinnerbell history {new.number} --text")
        return
    click.echo()
    if differences is None:
        click.echo("One of the two was written for another release and can't be read by this one: only the lines can be compared.")
    else:
        click.echo("\n".join(told(*differences)))
    click.echo("\n".join(["", "Line by line:", *lines]))


def _heading(new: Version, old: Version | None, zone: ZoneInfo) -> list[str]:
    by = f", by {_plain(new.by)}" if new.by else ""
    why = f": {_plain(new.why)}" if new.why else ""
    compared = f", compared with version {old.number}" if old else ""
    return [f"Version {new.number}, in force from {new.at.astimezone(zone):%a %d %b %Y %H:%M}{by}{why}{compared}."]


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _differences(texts: Sequence[str]) -> tuple[list[str], list[str]] | None:
    try:
        old, new = (read_rules(text, catalogue=shipped_catalogue()) for text in texts)
    except RulesError:
        return None
    return differences(old, new)


def differences(old: Rules, new: Rules) -> tuple[list[str], list[str]]:
    """Return what opens and closes differently as things are today, and what the file says otherwise; a sentence each."""
    return list(changes_in_week(old.policy, new.policy, now().date())), list(changes_in_words(old, new))


def told(week: Sequence[str], rules: Sequence[str]) -> list[str]:
    """Return differences as lines for a terminal: what it comes to first."""
    if not rules and not week:
        return [NO_CHANGE]
    lines = ["What opens and closes differently, in an ordinary week:", *(f"  {line}" for line in week)] if week else [NOTHING_DIFFERENT]
    return [_plain(line) for line in [*lines, "", "What the rules say otherwise:", *(f"  {line}" for line in rules)]]


def _diff(old: Version, new: Version, texts: Sequence[str]) -> list[str]:
    before, after = (text.splitlines() for text in texts)
    return [_plain(line) for line in unified_diff(before, after, f"version {old.number}", f"version {new.number}", lineterm="")]
