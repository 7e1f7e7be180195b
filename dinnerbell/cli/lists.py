"""`dinnerbell lists`: the lists of one's own, how old they are, and fetching them now."""

import sys

import click

from dinnerbell.cli.common import CLOCK, Where, fail, now, print_json, print_table, suggestion
from dinnerbell.config import ListSource, Rules
from dinnerbell.lists.refresh import refresh as refresh_list
from dinnerbell.lists.status import ListStatus, age_phrase, status_sentence, status_value
from dinnerbell.lists.store import open_lists


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_context
def lists(context: click.Context, as_json: bool) -> None:
    """Show the lists that rules.yaml names under box: lists:, with their source, size and age."""
    if context.invoked_subcommand is not None:
        context.ensure_object(Where)
        context.meta["as_json"] = as_json
        return
    where = context.find_object(Where)
    assert where is not None  # noqa: S101 - main made it
    sources = where.rules().box.lists
    _print(open_lists(where.data, sources).statuses, as_json=as_json)


@lists.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_context
def refresh(context: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Fetch every list, or these, now. What is in force stays in force if that fails. A running box takes what is new by itself."""
    where = context.find_object(Where)
    assert where is not None  # noqa: S101
    rules = where.rules()
    sources = _chosen(rules, names)
    has_failed = False
    for source in sources:
        try:
            state = refresh_list(where.data, source, where.rules_path.parent, CLOCK.wall())
        except OSError as error:
            fail(f"Couldn't write {error.filename or where.data}: {error.strerror}", 1)
        has_failed = has_failed or bool(state.failures)
    _print(open_lists(where.data, sources).statuses, as_json=as_json or context.meta.get("as_json", False))
    sys.exit(1 if has_failed else 0)


def _chosen(rules: Rules, names: tuple[str, ...]) -> list[ListSource]:
    """Return the lists asked for, or end (exit 2)."""
    known = {source.name: source for source in rules.box.lists}
    for name in names:
        if name not in known:
            fail(f"rules.yaml has no list {name!r} under box: lists:{suggestion(name, known)}", 2)
    return [known[name] for name in names] or list(known.values())


def _print(statuses: tuple[ListStatus, ...], *, as_json: bool) -> None:
    if as_json:
        print_json([status_value(each) for each in statuses])
        return
    if not statuses:
        click.echo("rules.yaml names no list under box: lists:")
        return
    rows = [
        [
            each.name,
            each.format or "-",
            f"{each.names:,}" if each.names is not None else "not fetched",
            f"{sum(each.skipped.values()):,}",
            f"{each.bad:,}",
            age_phrase(each.fetched_at, now()) if each.fetched_at else "never",
            each.source,
        ]
        for each in statuses
    ]
    print_table(["LIST", "FORM", "NAMES", "LEFT OUT", "UNREADABLE", "FETCHED", "FROM"], rows)
    for each in statuses:
        for line in _details(each):
            click.echo(line)


def _details(status: ListStatus) -> list[str]:
    lines: list[str] = []
    if status.last_error or status.other_source:
        lines.append(f"\n{status_sentence(status, now())}")
    if status.skipped:
        lines.append(f"\nleft out of {status.name}:")
        lines.extend(f"  {count:>9,}  {reason}" for reason, count in sorted(status.skipped.items(), key=lambda item: -item[1]))
    if status.bad:
        lines.append(f"\nthe first of the lines that can't be read in {status.name}:")
        lines.extend(f"  {line}" for line in status.first_bad)
    return lines
