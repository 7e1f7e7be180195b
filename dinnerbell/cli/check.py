"""`dinnerbell check`: what rules.yaml means, or everything that is wrong with it."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dinnerbell.cli.common import Where, now, print_json
from dinnerbell.config import Remark
from dinnerbell.files import RulesFileError, load_rules
from dinnerbell.lists.status import status_sentence, status_value
from dinnerbell.lists.store import open_lists
from dinnerbell.rulesfile.expect import list_failures
from dinnerbell.words.plain import describe


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def check(where: Where, file: Path | None, strict: bool, as_json: bool) -> None:
    """Load the rules; print what they mean, or each error as FILE:LINE:COL: message, the text in question underlined."""
    path = file or where.rules_path
    try:
        rules = load_rules(path, now().date()).rules
    except RulesFileError as error:
        if as_json:
            print_json({"ok": False, "errors": _remarks(path, error.remarks), "warnings": [], "inactive": [], "meaning": None, "lists": []})
        else:
            click.echo(str(error))
        sys.exit(1)
    lists = open_lists(where.data, rules.box.lists)
    rules = lists.within(rules)
    rules = replace(rules, warnings=(*rules.warnings, *list_failures(rules)))
    meaning = describe(rules, now().astimezone(rules.policy.setting.zone).date(), [status_sentence(each, now()) for each in lists.statuses])
    is_good = not (strict and rules.warnings)
    if as_json:
        warnings, inactive = _remarks(path, rules.warnings), _remarks(path, rules.inactive)
        statuses = [status_value(each) for each in lists.statuses]
        print_json({"ok": is_good, "errors": [], "warnings": warnings, "inactive": inactive, "meaning": meaning, "lists": statuses})
    else:
        click.echo(meaning)
    sys.exit(0 if is_good else 1)


def _remarks(path: Path, remarks: tuple[Remark, ...]) -> list[dict[str, Any]]:
    return [
        {
            "file": str(path),
            "line": remark.line,
            "column": remark.column,
            "end_column": remark.column + remark.width if remark.width > 0 else None,
            "message": remark.message,
        }
        for remark in remarks
    ]

