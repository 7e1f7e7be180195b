"""`dinnerbell edit`: changes rules.yaml with a look at what will come of it before it does.

open in an editor ─► check ─► what changes, for whom, when ─► last week under it ─► Apply? ─► who and why ─► in force
        ▲              │ mistakes                                                     │ no
        └─ Edit again? ┴─ no ─► kept beside rules.yaml, nothing applied ◄─────────────┘
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click

from dinnerbell.cli.common import CLOCK, SINCE_DAYS, Where, fail, now
from dinnerbell.cli.history import differences, told
from dinnerbell.cli.replay import replay_log
from dinnerbell.config import Remark, Rules
from dinnerbell.draft import Draft, DraftError
from dinnerbell.files import LAST_GOOD, RulesFile, RulesFileError, load_rules, rules_file_of
from dinnerbell.log import LogError, LogReader, usage_path
from dinnerbell.passes import with_passes
from dinnerbell.replay import summarise
from dinnerbell.versions import Edit, digest_of, keep_edit
from dinnerbell.words.plain import describe

_MOST_SIGNS = 300
"""Of who and why: a line in a report."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the command was told beforehand, so that it need not ask."""

    by: str | None
    why: str | None
    yes: bool


@click.command()
@click.option("--from", "source", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Take this edited file instead of opening an editor.")  # fmt: skip  # noqa: E501
@click.option("--by", metavar="NAME", help="Who changes the rules; asked for, if left out.")
@click.option("--why", metavar="TEXT", help="Why; asked for, if left out.")
@click.option("--yes", is_flag=True, help="Apply without asking.")
@click.pass_obj
def edit(where: Where, source: Path | None, by: str | None, why: str | None, yes: bool) -> None:
    """Open the rules in an editor, check them, show what changes for whom and when, and put them in force if you say yes.

    Nothing is in force before you say so, and nothing you wrote is lost if you say no.
    """
    if source is None and not sys.stdin.isatty():
        fail("edit needs a terminal, to open an editor in; --from FILE takes a file that was edited elsewhere", 2)
    if yes and not sys.stdin.isatty() and (by is None or why is None):
        fail("--yes needs --by NAME and --why TEXT as well, as there is no terminal to ask in", 2)
    answers = _Told(_line("--by", by), _line("--why", why), yes)
    if not where.rules_path.exists():
        fail(f"There are no rules in {where.rules_path}: say which file is meant, dinnerbell --rules FILE edit", 2)
    try:
        draft = Draft(where.rules_path)
        if source is not None:
            sys.exit(_from_file(where, draft, source, answers))
        command = _editor()
        copy = draft.copy(draft.original)
    except DraftError as error:
        fail(str(error), 1)
    code = 1
    try:
        code = _in_editor(where, draft, copy, command, answers)
    except (click.Abort, KeyboardInterrupt):  # Ctrl-C, or the terminal is gone
        click.echo()
    except DraftError as error:
        click.echo(f"dinnerbell: {error}", err=True)
    if code == 0:
        copy.unlink(missing_ok=True)
    else:
        click.echo(f"Nothing was applied. What you wrote is kept in {copy}; to go on with it: dinnerbell edit --from {copy}")
    sys.exit(code)


def _line(option: str, text: str | None) -> str | None:
    """Return who or why as one line, or end (exit 2) where nothing stands there."""
    if text is None:
        return None
    line = _one_line(text)
    if not line:
        fail(f"{option} is empty", 2)
    return line


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_MOST_SIGNS]


# ── the text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _editor() -> list[str]:
    """Return the command of the person's editor, or end (exit 2)."""
    for name in ("VISUAL", "EDITOR"):
        if wanted := os.environ.get(name, "").strip():
            command = _words(wanted)
            if not command or not shutil.which(command[0]):
                fail(f"{name} says that your editor is {wanted!r}, and there is no such program here; try: {name}=nano dinnerbell edit", 2)
            return command
    found = next((program for program in ("nano", "vi") if shutil.which(program)), None)
    if found is None:
        fail("no editor was found: install nano, or say which one is yours: EDITOR=... dinnerbell edit", 2)
    return [found]


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quotation mark without its other half
        return []


def _in_editor(where: Where, draft: Draft, copy: Path, command: list[str], answers: _Told) -> int:
    while True:
        code = subprocess.run([*command, str(copy)], check=False).returncode  # noqa: S603 - her own editor, by her own wish
        if code:
            click.echo(f"dinnerbell: the editor {command[0]} ended with an error ({code})", err=True)
            return 1
        try:
            data = copy.read_bytes()
        except OSError as error:
            raise DraftError(f"Couldn't read {copy} after the editor: {error.strerror}") from None
        rules_file = _checked(copy, data)
        if rules_file is not None:
            return _offer(where, draft, data, rules_file, answers)
        if not _says_yes("Edit again?"):
            return 1


def _from_file(where: Where, draft: Draft, source: Path, answers: _Told) -> int:
    try:
        data = source.read_bytes()
    except OSError as error:
        raise DraftError(f"Couldn't read {source}: {error.strerror}") from None
    rules_file = _checked(source, data)
    try:
        code = _offer(where, draft, data, rules_file, answers) if rules_file is not None else 1
    except (click.Abort, KeyboardInterrupt):
        click.echo()
        code = 1
    if code:
        click.echo("Nothing was applied.")
    return code


def _checked(path: Path, data: bytes) -> RulesFile | None:
    """Return the rules; None: they have mistakes, which are shown."""
    try:
        return rules_file_of(path, data, now().date())
    except RulesFileError as error:
        click.echo(error.told(path.name))
        count = len(error.remarks)
        click.echo(f"There {'is a mistake' if count == 1 else f'are {count} mistakes'} in it. The rules in force stay in force.")
        return None


# ── what will come of it ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _offer(where: Where, draft: Draft, data: bytes, rules_file: RulesFile, answers: _Told) -> int:
    """Show what would change, and apply it if that is wanted. Returns the exit code."""
    if data == draft.original:
        click.echo("Nothing was changed.")
        return 0
    old = _in_force(where, draft)
    _show(where, old, rules_file.rules)
    if not answers.yes:
        if not sys.stdin.isatty():
            click.echo("To apply it: the same command with --yes --by NAME --why TEXT")
            return 1
        if not _says_yes("Apply?"):
            return 1
    by, why = answers.by or _asked("Your name:"), answers.why or _asked("Why is it changed? (leadership reads this)")
    if draft.is_stale():
        click.echo(f"dinnerbell: {where.rules_path} was changed by somebody else meanwhile, so it is not overwritten: see what it says now", err=True)  # fmt: skip  # noqa: E501
        return 1
    try:
        keep_edit(where.data, Edit(now(), digest_of(rules_file.text), by, why))
    except OSError as error:
        raise DraftError(f"Couldn't keep who and why in {where.data}: {error.strerror}") from None
    draft.put_in_place(data)
    click.echo("Applied. A running box has it in force within a second, one that is off when it starts; `dinnerbell history` lists it.")
    return 0


def _in_force(where: Where, draft: Draft) -> Rules | None:
    """Return the rules that the new ones come after; None: there are none that can be read."""
    try:
        return rules_file_of(draft.path, draft.original, now().date()).rules
    except RulesFileError:
        copy = where.data / LAST_GOOD
        try:
            rules = load_rules(copy, now().date()).rules
        except RulesFileError:
            return None
        click.echo(f"{where.rules_path} has mistakes at present, so this is compared with the last good copy, {copy}.\n")
        return rules


def _show(where: Where, old: Rules | None, new: Rules) -> None:
    if old is None:
        click.echo(f"There are no good rules to compare with, so this is all that they say:\n\n{describe(new)}\n")
        return
    click.echo("\n".join([*told(*differences(old, new)), ""]))
    known = {remark.message for remark in (*old.warnings, *old.inactive)}
    _show_remarks("Warnings:", new.warnings, known)
    _show_remarks("Not active yet:", new.inactive, known)
    _show_last_week(where, old, new)


def _show_remarks(title: str, remarks: Iterable[Remark], known: set[str]) -> None:
    """Show what is new; what was there before is counted."""
    listed = list(remarks)
    lines = [f"  line {remark.line}: {remark.message}" for remark in listed if remark.message not in known]
    if before := len(listed) - len(lines):
        lines.append(f"  {before} as before (`dinnerbell check` shows {'it' if before == 1 else 'them'})")
    if lines:
        click.echo("\n".join([title, *lines, ""]))


def _show_last_week(where: Where, old: Rules, new: Rules) -> None:
    path = usage_path(where.data)
    if not path.exists():
        return
    passes = where.passes()  # what was opened by a pass would have been under any file
    was, becomes = (with_passes(each.policy, passes) for each in (old, new))
    after = int(CLOCK.wall() // 60) + 1
    first = after - SINCE_DAYS * 24 * 60
    try:
        with LogReader(path) as log:
            result = replay_log(log, replace(old, policy=was), was, becomes, first, after)
    except LogError as error:
        click.echo(f"What it would have changed last week can't be told: {error}\n")
        return
    window = f"of the last {SINCE_DAYS} days"
    click.echo(f"Last week again:\n{summarise(result, 'the new rules', was, becomes, window)}\n")


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _says_yes(question: str) -> bool:
    while True:
        answer = str(click.prompt(f"{question} [yes/no]", prompt_suffix=" ", default="", show_default=False)).strip().lower()
        if answer in ("yes", "y", "no", "n"):
            return answer.startswith("y")
        click.echo("Please write yes or no.")


def _asked(question: str) -> str:
    while not (answer := _one_line(str(click.prompt(question, prompt_suffix=" ", default="", show_default=False)))):
        click.echo("Please write a word or two.")
    return answer
