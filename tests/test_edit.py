"""`dinnerbell edit` as a manager uses it: a real terminal, a real program as the editor, and a real box that takes what she wrote."""

import contextlib
import json
import os
import pty
import re
import select
import shlex
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from dinnerbell.files import LAST_GOOD
from dinnerbell.log import LogWriter, usage_path
from dinnerbell.model import plain_address
from dinnerbell.policy import Ask, decide
from dinnerbell.usage import Batch, log_key
from dinnerbell.versions import EDITS, HISTORY, digest_of
from live import ACORN_LANE, BoxProcess, LocalUpstreamThread, command, environment, eventually, rcode, rules_of

FRIDAY = ACORN_LANE.replace("fri 11:30-12:30", "fri 12:00-13:00")
BROKEN = ACORN_LANE.replace("allow: essential", "allow: esential")
CLOSED = ACORN_LANE.replace("rules:\n", "rules:\n  - {name: Not now, block: example.org}\n")
SENTENCE = "Staff phones: social media on Friday now opens 12:00-13:00, was 11:30-12:30."


@pytest.fixture
def rules(tmp_path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(ACORN_LANE)
    path.chmod(0o640)
    return path


def editor(folder: Path, *steps: str) -> str:
    """Make an editor that writes the next of these texts each time it is opened, and return its command.

    A step that begins with ! is run by the shell instead; $1 is the file.
    """
    for number, step in enumerate(steps, 1):
        (folder / f"step-{number}").write_text(step)
    script = folder / "an editor.sh"
    script.write_text(
        f"#!/bin/sh\ncd {shlex.quote(str(folder))}\necho x >> opened\nn=$(wc -l < opened | tr -d ' ')\n"
        'case "$(head -c 1 step-$n)" in\n!) tail -c +2 step-$n > run; . ./run ;;\n*) cat step-$n > "$2" ;;\nesac\n'
    )
    script.chmod(0o755)
    return f"{shlex.quote(str(script))} --wait"


def _as_from_a_shell() -> None:
    """Take ctrl-c, as a program that a person starts does; what a script starts in the background ignores it, and so would we."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """`dinnerbell edit` in a terminal of its own."""

    running: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, rules: Path, *arguments: str, **variables: str) -> None:
        self.said = ""
        self._heard = 0
        mine, its = pty.openpty()
        environ = environment(TERM="dumb", **variables)
        for name in {"VISUAL", "EDITOR"} - set(variables):
            environ.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dinnerbell", "--rules", str(rules), "--data", str(rules.parent / "data"), "edit", *arguments],
            env=environ, stdin=its, stdout=its, stderr=its, start_new_session=True, preexec_fn=_as_from_a_shell,  # noqa: PLW1509 - a signal's disposition only
        )  # fmt: skip
        os.close(its)
        self._mine = mine
        Terminal.running.append(self.process)

    def answer(self, question: str, text: str) -> None:
        self.wait_for(question)
        self.type(text + "\n")

    def wait_for(self, question: str) -> None:
        """Read on until it is asked, once more than it was before."""
        ends_at = time.monotonic() + 30
        while (found := self.said.find(question, self._heard)) < 0:
            assert time.monotonic() < ends_at, self.said
            assert self._read(), f"it ended without asking {question!r}: {self.said}"
        self._heard = found + len(question)

    def type(self, text: str) -> None:
        os.write(self._mine, text.encode())

    def interrupt(self) -> None:
        """Press ctrl-c, again if need be: one that comes just as the line editor goes to sleep is noticed with the next key."""
        for _ in range(10):
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(3)
                return

    def _read(self) -> bool:
        """Read what it said, or wait a little for it; False: the other side hung up."""
        if not select.select([self._mine], [], [], 1.0)[0]:
            return True
        try:
            data = os.read(self._mine, 65536)
        except OSError:  # EIO
            return False
        self.said += data.decode().replace("\r\n", "\n")
        return bool(data)

    def end(self) -> int:
        ends_at = time.monotonic() + 30
        while self._read():
            assert time.monotonic() < ends_at, self.said
        os.close(self._mine)
        return self.process.wait(30)


@pytest.fixture(autouse=True)
def _nobody_is_left_waiting():
    yield
    while Terminal.running:
        process = Terminal.running.pop()
        process.kill()
        process.wait()


def copies(rules: Path) -> list[Path]:
    return sorted(rules.parent.glob("rules-edit-*.yaml"))


def edits(rules: Path) -> list[dict[str, str]]:
    path = rules.parent / "data" / HISTORY / EDITS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class TestInATerminal:
    @pytest.mark.parametrize("variable", ["VISUAL", "EDITOR"])
    def test_she_sees_what_changes_says_yes_and_who_and_why_are_kept(self, rules, tmp_path, variable):
        terminal = Terminal(rules, **{variable: editor(tmp_path, FRIDAY)})
        terminal.answer("Apply? [yes/no]", "yes")
        terminal.answer("Your name:", "Nicola")
        terminal.answer("Why is it changed?", "one lunch for all")
        assert terminal.end() == 0
        assert SENTENCE in terminal.said
        assert "Applied." in terminal.said
        assert rules.read_text() == FRIDAY
        assert stat.S_IMODE(rules.stat().st_mode) == 0o640
        assert copies(rules) == []
        (edit,) = edits(rules)
        assert (edit["by"], edit["why"], edit["hash"]) == ("Nicola", "one lunch for all", digest_of(FRIDAY))

    def test_visual_comes_before_editor(self, rules, tmp_path):
        terminal = Terminal(rules, VISUAL=editor(tmp_path, ACORN_LANE), EDITOR="false")
        assert terminal.end() == 0

    def test_mistakes_are_shown_with_their_line_and_she_edits_again(self, rules, tmp_path):
        terminal = Terminal(rules, "--by", "Nicola", "--why", "lunch", EDITOR=editor(tmp_path, BROKEN, FRIDAY))
        terminal.answer("Edit again? [yes/no]", "perhaps")
        terminal.wait_for("Please write yes or no.")
        terminal.answer("Edit again? [yes/no]", "y")
        terminal.answer("Apply? [yes/no]", "y")
        assert terminal.end() == 0
        assert re.search(r"rules-edit-\w+\.yaml:\d+:\d+: .*esential", terminal.said)
        assert "There is a mistake in it. The rules in force stay in force." in terminal.said
        assert rules.read_text() == FRIDAY

    def test_when_she_gives_up_nothing_she_wrote_is_lost(self, rules, tmp_path):
        terminal = Terminal(rules, EDITOR=editor(tmp_path, BROKEN))
        terminal.answer("Edit again? [yes/no]", "no")
        assert terminal.end() == 1
        (copy,) = copies(rules)
        assert copy.read_text() == BROKEN
        assert f"kept in {copy}" in terminal.said.replace("\n", "")
        assert rules.read_text() == ACORN_LANE
        assert edits(rules) == []

    def test_when_she_says_no_nothing_is_applied_and_her_copy_stays(self, rules, tmp_path):
        terminal = Terminal(rules, EDITOR=editor(tmp_path, FRIDAY))
        terminal.answer("Apply? [yes/no]", "no")
        assert terminal.end() == 1
        assert [copy.read_text() for copy in copies(rules)] == [FRIDAY]
        assert rules.read_text() == ACORN_LANE

    @pytest.mark.parametrize("how", ["ctrl-c", "ctrl-d"])
    @pytest.mark.parametrize("question", ["Edit again?", "Apply?", "Your name:", "Why is it changed?"])
    def test_to_break_off_at_any_question_loses_nothing(self, rules, tmp_path, question, how):
        text = BROKEN if question == "Edit again?" else FRIDAY
        terminal = Terminal(rules, EDITOR=editor(tmp_path, text))
        before = {"Apply?": {}, "Your name:": {"Apply?": "yes"}, "Why is it changed?": {"Apply?": "yes", "Your name:": "Nicola"}}
        for asked, answer in before.get(question, {}).items():
            terminal.answer(asked, answer)
        terminal.wait_for(question)
        if how == "ctrl-c":
            terminal.interrupt()
        else:
            terminal.type("\x04")
        assert terminal.end() == 1
        assert [copy.read_text() for copy in copies(rules)] == [text]
        assert "Traceback" not in terminal.said
        assert rules.read_text() == ACORN_LANE
        assert edits(rules) == []

    def test_an_editor_that_changes_nothing_leaves_no_trace(self, rules, tmp_path):
        terminal = Terminal(rules, EDITOR=editor(tmp_path, "!true\n"))
        assert terminal.end() == 0
        assert "Nothing was changed." in terminal.said
        assert copies(rules) == []

    def test_an_editor_that_puts_another_file_in_place_is_read(self, rules, tmp_path):
        (tmp_path / "friday").write_text(FRIDAY)
        terminal = Terminal(rules, "--yes", "--by", "N", "--why", "w", EDITOR=editor(tmp_path, '!cp friday other; mv other "$2"\n'))
        assert terminal.end() == 0
        assert rules.read_text() == FRIDAY

    def test_an_editor_that_fails_changes_nothing_and_the_copy_stays(self, rules, tmp_path):
        terminal = Terminal(rules, EDITOR=editor(tmp_path, '!cat step-1 > "$2"; exit 3\n'))
        assert terminal.end() == 1
        assert "ended with an error (3)" in terminal.said
        assert len(copies(rules)) == 1
        assert rules.read_text() == ACORN_LANE

    def test_a_file_that_somebody_else_changed_meanwhile_is_not_overwritten(self, rules, tmp_path):
        (tmp_path / "friday").write_text(FRIDAY)
        terminal = Terminal(rules, "--by", "N", "--why", "w", EDITOR=editor(tmp_path, '!cat friday > "$2"; echo "# mine" >> rules.yaml\n'))
        terminal.answer("Apply? [yes/no]", "yes")
        assert terminal.end() == 1
        assert "was changed by somebody else meanwhile" in terminal.said
        assert rules.read_text() == ACORN_LANE + "# mine\n"
        assert [copy.read_text() for copy in copies(rules)] == [FRIDAY]
        assert edits(rules) == []

    @pytest.mark.parametrize("program", ["no-such-editor", "'half a word"])
    def test_an_editor_that_is_not_there_is_wrong_usage(self, rules, program):
        terminal = Terminal(rules, EDITOR=program)
        assert terminal.end() == 2
        assert "there is no such program here" in terminal.said
        assert copies(rules) == []

    def test_no_editor_at_all_is_wrong_usage(self, rules, tmp_path):
        (tmp_path / "empty").mkdir()
        terminal = Terminal(rules, PATH=str(tmp_path / "empty"))
        assert terminal.end() == 2
        assert "no editor was found" in terminal.said

    def test_a_name_that_is_no_word_is_asked_for_again(self, rules, tmp_path):
        terminal = Terminal(rules, "--yes", EDITOR=editor(tmp_path, FRIDAY))
        terminal.answer("Your name:", "   ")
        terminal.wait_for("Please write a word or two.")
        terminal.answer("Your name:", "Nicola")
        terminal.answer("Why is it changed?", "lunch")
        assert terminal.end() == 0
        assert edits(rules)[0]["by"] == "Nicola"


@pytest.fixture
def run(rules):
    def run(text: str, *arguments: str, path: Path = rules) -> subprocess.CompletedProcess[str]:
        (rules.parent / "edited.yaml").write_bytes(text.encode())
        done = subprocess.run(
            [sys.executable, "-m", "dinnerbell", "--rules", str(path), "--data", str(rules.parent / "data"), "edit", "--from",
             str(rules.parent / "edited.yaml"), *arguments],
            env=environment(), capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert copies(rules) == []
        return done

    return run


NICOLA = ("--yes", "--by", "Nicola", "--why", "lunch")


class TestFromAFile:
    def test_it_is_applied_and_told(self, run, rules):
        done = run(FRIDAY, *NICOLA)
        assert (done.returncode, done.stderr) == (0, "")
        assert SENTENCE in done.stdout
        assert rules.read_text() == FRIDAY
        assert edits(rules)[0]["by"] == "Nicola"

    def test_without_yes_it_only_tells(self, run, rules):
        done = run(FRIDAY)
        assert (done.returncode, SENTENCE in done.stdout) == (1, True)
        assert "Nothing was applied." in done.stdout
        assert rules.read_text() == ACORN_LANE

    def test_a_broken_one_is_not_applied(self, run, rules):
        done = run(BROKEN, *NICOLA)
        assert done.returncode == 1
        assert re.search(r"edited\.yaml:\d+:\d+: .*esential", done.stdout)
        assert rules.read_text() == ACORN_LANE

    def test_the_same_text_is_no_change(self, run):
        done = run(ACORN_LANE, *NICOLA)
        assert (done.returncode, done.stdout) == (0, "Nothing was changed.\n")

    def test_a_new_note_means_the_same_and_is_applied(self, run, rules):
        done = run(ACORN_LANE + "# note\n", *NICOLA)
        assert "The rules mean the same" in done.stdout
        assert rules.read_text().endswith("# note\n")

    @pytest.mark.parametrize("text", [FRIDAY.replace("\n", "\r\n"), "\ufeff" + FRIDAY], ids=["crlf", "bom"])
    def test_the_bytes_are_hers(self, run, rules, text):
        assert run(text, *NICOLA).returncode == 0
        assert rules.read_bytes() == text.encode()

    def test_only_new_warnings_are_shown_in_full(self, run, rules):
        lunch = "block: social-media, devices: setting-owned"
        done = run(ACORN_LANE.replace(lunch, lunch + ", unless: lunch"), *NICOLA)
        assert "Warnings:\n  line " in done.stdout
        assert "clause 4" in done.stdout
        done = run(rules.read_text() + "# note\n", *NICOLA)
        assert re.search(r"Warnings:\n  \d+ as before \(`dinnerbell check` shows (it|them)\)\n\n", done.stdout)

    def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(self, run, rules):
        link = rules.parent / "link.yaml"
        link.symlink_to(rules)
        assert run(FRIDAY, *NICOLA, path=link).returncode == 0
        assert link.is_symlink()
        assert rules.read_text() == FRIDAY

    def test_where_the_file_is_bad_it_is_compared_with_the_last_good_copy(self, run, rules):
        rules.write_text(BROKEN)
        (rules.parent / "data").mkdir()
        (rules.parent / "data" / LAST_GOOD).write_text(ACORN_LANE)
        done = run(FRIDAY, *NICOLA)
        assert done.returncode == 0
        assert "compared with the last good copy" in done.stdout
        assert SENTENCE in done.stdout

    def test_where_there_is_nothing_good_to_compare_with_all_is_told(self, run, rules):
        rules.write_text(BROKEN)
        done = run(FRIDAY, *NICOLA)
        assert done.returncode == 0
        assert "this is all that they say" in done.stdout
        assert "Rules, read from the top" in done.stdout

    def test_who_and_why_are_one_line(self, run, rules):
        run(FRIDAY, "--yes", "--by", "Nicola\n\x1b[31mS", "--why", "x" * 1000)
        assert (edits(rules)[0]["by"], len(edits(rules)[0]["why"])) == ("Nicola [31mS", 300)

    def test_where_who_and_why_cannot_be_kept_nothing_is_applied(self, run, rules):
        (rules.parent / "data").write_text("a file where the folder should be")
        done = run(FRIDAY, *NICOLA)
        assert done.returncode == 1
        assert "Couldn't keep who and why" in done.stderr
        assert rules.read_text() == ACORN_LANE


WRONG_USAGE = {
    "no_terminal": ([], "edit needs a terminal"),
    "yes_without_who": (["--from", "rules.yaml", "--yes", "--why", "w"], "--yes needs --by NAME"),
    "yes_without_why": (["--from", "rules.yaml", "--yes", "--by", "N"], "--yes needs --by NAME"),
    "nobody": (["--from", "rules.yaml", "--yes", "--by", " ", "--why", "w"], "--by is empty"),
    "no_such_file": (["--from", "none.yaml"], "does not exist"),
}


@pytest.mark.parametrize("arguments, sentence", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_is_said_and_nothing_is_done(rules, arguments, sentence):
    done = command("--rules", rules, "edit", *arguments, cwd=rules.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert rules.read_text() == ACORN_LANE


def test_rules_that_are_not_there_are_wrong_usage(rules):
    done = command("--rules", "none.yaml", "edit", "--from", "rules.yaml", cwd=rules.parent)
    assert done.returncode == 2
    assert "There are no rules in none.yaml" in done.stderr


def test_last_week_is_told_where_there_is_a_log(run, rules):
    """Three look-ups at lunch an hour ago, on a phone: closed under the new rules. The command reads the machine's clock."""
    old = ACORN_LANE.replace("when: setting-hours}", "when: 00:00-24:00}").replace(
        "devices: staff-phones, when: lunch", "devices: staff-phones"
    )
    rules.write_text(old)
    policy = rules_of(old).policy
    device = policy.device_at(plain_address("127.0.0.66"))
    moment = time.time() - 3600
    batch = Batch()
    decision = decide(policy, Ask(device, "www.instagram.com", datetime.fromtimestamp(moment, UTC)))
    for _ in range(3):
        batch.add(
            int(moment // 60), device, log_key(rules_of(old).log.levels[device.owner], device, "www.instagram.com", decision), refused=False
        )
    writer = LogWriter(usage_path(rules.parent / "data"))
    writer.write(batch)
    writer.close()
    done = run(old.replace("allow: social-media, devices: staff-phones", "block: social-media, devices: staff-phones"))
    assert "Last week again:" in done.stdout
    assert (
        "Under the new rules, 3 look-ups of the last 7 days would have been refused that were answered: staff-phones 3 (Instagram)."
        in done.stdout
    )


def test_a_running_box_takes_it_and_its_history_says_who_and_why(rules):
    data = rules.parent / "data"
    with LocalUpstreamThread() as upstream, BoxProcess(rules, data, upstreams=[upstream.endpoint]) as box:
        assert rcode(box.ask("www.example.org")) == "NOERROR"
        (rules.parent / "new.yaml").write_text(CLOSED)
        done = command("--rules", rules, "--data", data, "edit", "--from", rules.parent / "new.yaml", *NICOLA)
        assert done.returncode == 0, done.stderr
        eventually(lambda: rcode(box.ask("www.example.org")) == "NXDOMAIN")

        def listed() -> list[dict[str, object]]:
            return json.loads(command("--rules", rules, "--data", data, "history", "--json").stdout)

        eventually(lambda: len(listed()) == 2)
        newest, first = listed()
        assert (newest["by"], newest["why"], newest["source"], newest["changes"]) == ("Nicola", "lunch", "reload", 1)
        assert (first["by"], first["source"], first["until"]) == (None, "run", newest["from"])
        assert box.errors == ""
