"""`dinnerbell pass`: opens one thing on one device for a while, lists who was given what, revokes."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from dinnerbell.cli.common import Where, device_of, fail, iso, now, print_json, print_table
from dinnerbell.files import LAST_GOOD, RulesFileError, load_rules
from dinnerbell.model import Pass
from dinnerbell.pass_book import PassBook
from dinnerbell.pass_store import PassFileError, change_book, load_book
from dinnerbell.passes import BadRequest, PassRefused, Request, give, objection, parse_duration, revoke, state
from dinnerbell.policy import Policy
from dinnerbell.words.wording import joined, sentence_case, target_phrase, until_phrase

_UTC = ZoneInfo("UTC")
"""For times where no rules.yaml says which clocks the setting goes by."""


@click.command("pass")
@click.argument("device", required=False)
@click.argument("target", required=False)
@click.option("--for", "duration", metavar="30m|2h|90s", help="How long; it ends by itself. At most 12 hours.")
@click.option("--by", metavar="NAME", help="Who gives, or revokes, the pass.")
@click.option("--why", metavar="TEXT", help="What it is needed for: the report tells leadership.")
@click.option("--list", "as_list", is_flag=True, help="List the passes that are open.")
@click.option("--all", "show_all", is_flag=True, help="With --list: also those that are over (kept for 90 days).")
@click.option("--revoke", "revoked_id", metavar="ID", type=click.IntRange(1), help="End this pass now.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def pass_command(  # noqa: PLR0913 - one parameter an option
    where: Where,
    device: str | None,
    target: str | None,
    duration: str | None,
    by: str | None,
    why: str | None,
    as_list: bool,
    show_all: bool,
    revoked_id: int | None,
    as_json: bool,
) -> None:
    """Open TARGET (a service, a kind or a domain) on DEVICE (a name or an address) for a while.

    Never on a device that is for children, and never a way round the filter. It is in the log and in the weekly report.
    """
    asked_for = {"DEVICE": device, "TARGET": target, "--for": duration, "--why": why}
    written = [word for word, value in asked_for.items() if value is not None]
    try:
        if revoked_id is not None:
            _refuse_mixture("--revoke", [*written, *(["--list"] if as_list else []), *(["--all"] if show_all else [])])
            _revoke(where, revoked_id, _given("--by", by), as_json=as_json)
        elif as_list:
            _refuse_mixture("--list", [*written, *(["--by"] if by is not None else [])])
            _list(where, show_all=show_all, as_json=as_json)
        elif show_all:
            fail("--all goes with --list", 2)
        else:
            texts = [_given(word, value) for word, value in {**asked_for, "--by": by}.items()]
            _give(where, Request(texts[0], texts[1], parse_duration(texts[2]), by=texts[4], why=texts[3]), as_json=as_json)
    except BadRequest as error:
        fail(str(error), 2)
    except (PassRefused, PassFileError) as error:
        fail(str(error), 1)


def _refuse_mixture(option: str, others: list[str]) -> None:
    if others:
        fail(f"{option} does not go with {others[0]}", 2)


def _given(word: str, value: str | None) -> str:
    if value is None:
        fail(f"{word} is missing: dinnerbell pass DEVICE TARGET --for 30m --by NAME --why TEXT (or --list, or --revoke ID --by NAME)", 2)
    return value


def _give(where: Where, request: Request, *, as_json: bool) -> None:
    policy = where.rules().policy
    device_of(policy, request.device)
    at = now()
    book = change_book(where.data, lambda book: book.kept(at).with_new(lambda id_: give(policy, request, id_, at)))
    given = book.passes[-1]
    if as_json:
        print_json(as_value(given, policy, policy.setting.zone, at))
        return
    what, until = sentence_case(target_phrase(policy.catalogue, given.target)), until_phrase(given.ends, at, policy.setting.zone)
    click.echo(f"Pass {given.id}: {what} is let through on {_whose(given)} until {until}, then it ends by itself.")
    click.echo(f"Given by {given.by}: {given.why}.")
    click.echo(f"The device may take a minute to notice. To end it sooner: dinnerbell pass --revoke {given.id} --by NAME")


def _revoke(where: Where, id_: int, by: str, *, as_json: bool) -> None:
    at = now()

    def change(book: PassBook) -> PassBook:
        return book.with_changed(id_, lambda given: revoke(given, by, at)).kept(at)

    book = change_book(where.data, change)
    given = next(each for each in book.passes if each.id == id_)
    if as_json:
        policy = _policy(where)
        print_json(as_value(given, policy, policy.setting.zone if policy else _UTC, at))
        return
    others = [each for each in book.passes if each.device == given.device and each.covers(at)]
    if others:
        still = joined(f"{each.id} ({each.target.value})" for each in others)
        click.echo(f"Pass {id_} is revoked. Still open on {_whose(given)}: {still}. The device may take a minute to notice.")
        return
    click.echo(f"Pass {id_} is revoked: the rules are back in force on {_whose(given)}. The device may take a minute to notice.")


def _list(where: Where, *, show_all: bool, as_json: bool) -> None:
    passes, policy, at = load_book(where.data).passes, _policy(where), now()
    zone = policy.setting.zone if policy else _UTC
    shown = [each for each in passes if show_all or each.covers(at)]
    if as_json:
        print_json([as_value(each, policy, zone, at) for each in shown])
        return
    if shown:
        heads = ["ID", "DEVICE", "TARGET", "FROM", "UNTIL", "STATE", "BY", "WHY"]
        print_table(heads, [_cells(each, policy, zone, at) for each in shown])
    else:
        click.echo("No pass is open." if not show_all else "No pass was given in the last 90 days.")
    for each in shown:
        if each.covers(at) and (problem := _objection(policy, each)):
            click.echo(f"Pass {each.id} is not in force: {problem}.")
    if len(shown) < len(passes):
        click.echo(f"Not shown: {len(passes) - len(shown)} that are over (--all shows them).")


def _policy(where: Where) -> Policy | None:
    """Return the policy, or the last good copy's: a pass can be looked at, and revoked, while rules.yaml is being mended."""
    for path in (where.rules_path, where.data / LAST_GOOD):
        try:
            return load_rules(path, now().date()).rules.policy
        except RulesFileError:
            continue
    return None


def _objection(policy: Policy | None, given: Pass) -> str | None:
    return objection(policy, given.device, given.target) if policy else None


def _whose(given: Pass) -> str:
    return f"{given.device} ({given.group or 'unknown'})"


def _cells(given: Pass, policy: Policy | None, zone: ZoneInfo, at: datetime) -> list[str]:
    return [
        str(given.id),
        given.device,
        given.target.value,
        f"{given.starts.astimezone(zone):%a %d %b %H:%M}",
        until_phrase(given.over_at, given.starts, zone),
        "not in force" if given.covers(at) and _objection(policy, given) else state(given, at),
        given.by,
        given.why,
    ]


def as_value(given: Pass, policy: Policy | None, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
    """Return a pass as `pass --json` prints it. `problem`: why an open one is not in force."""
    return {
        "id": given.id,
        "device": given.device,
        "group": given.group or None,
        "target": given.target.value,
        "starts": iso(given.starts, zone),
        "ends": iso(given.ends, zone),
        "by": given.by,
        "why": given.why,
        "state": state(given, at),
        "problem": _objection(policy, given) if given.covers(at) else None,
        "revoked_at": iso(given.revoked_at, zone) if given.revoked_at else None,
        "revoked_by": given.revoked_by or None,
    }
