"""`dinnerbell history`: which rules were in force when, by whom and why, and what changed from one to another."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dinnerbell.files import RulesFile
from dinnerbell.rules import read_rules
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.versions import HISTORY, Edit, Source, digest_of, keep_edit, keep_version, load_versions
from live import ACORN_LANE, command

FRIDAY = ACORN_LANE.replace("fri 11:30-12:30", "fri 12:00-13:00")
NOTED = FRIDAY + "# a note\n"
TEXTS = [ACORN_LANE, FRIDAY, NOTED]
SENTENCE = "Staff phones: social media on Friday now opens 12:00-13:00, was 11:30-12:30."


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Three versions: the first start, an edit of Nicola's in summer, and a start on the last good copy."""
    folder = tmp_path_factory.mktemp("acorn")
    (folder / "rules.yaml").write_text(NOTED)
    keep_edit(
        folder / "data", Edit(datetime(2026, 7, 1, 9, 29, tzinfo=UTC), digest_of(FRIDAY), "Nicola", "lunch is at noon on Fridays too")
    )
    times = [datetime(2026, 1, 5, 7, 0, tzinfo=UTC), datetime(2026, 7, 1, 9, 30, tzinfo=UTC), datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)]
    for text, at, source in zip(TEXTS, times, (Source.RUN, Source.RELOAD, Source.LAST_GOOD), strict=True):
        keep_version(folder / "data", RulesFile(folder / "rules.yaml", text, read_rules(text, catalogue=shipped_catalogue())), at, source)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    def run(*arguments: object, data: str = "data") -> subprocess.CompletedProcess[str]:
        done = command("--rules", folder / "rules.yaml", "--data", folder / data, "history", *arguments)
        assert "Traceback" not in done.stderr
        return done

    return run


def test_the_list_says_from_when_to_when_by_whom_and_why_in_local_time(run):
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "NUMBER  IN FORCE FROM          UNTIL                  CHANGES  BY      WHY\n"
        "3       Mon 23 Nov 2026 12:00  now                    0        -       the last good copy, as rules.yaml was broken at a start\n"
        "2       Wed 01 Jul 2026 10:30  Mon 23 Nov 2026 12:00  1        Nicola  lunch is at noon on Fridays too\n"
        "1       Mon 05 Jan 2026 07:00  Wed 01 Jul 2026 10:30  first    -       -\n"
        "What changed with the last one: dinnerbell history 3\n"
    )


def test_the_list_as_json(run):
    done = run("--json")
    found = json.loads(done.stdout)
    assert [each["number"] for each in found] == [3, 2, 1]
    assert found[1] | {"file": "-"} == {
        "number": 2,
        "from": "2026-07-01T10:30:00+01:00",
        "until": "2026-11-23T12:00:05+00:00",
        "by": "Nicola",
        "why": "lunch is at noon on Fridays too",
        "source": "reload",
        "changes": 1,
        "hash": digest_of(FRIDAY),
        "file": "-",
    }
    assert (found[0]["until"], found[2]["by"], found[2]["changes"]) == (None, None, None)


def test_one_number_says_what_changed_with_it_in_words_and_then_line_by_line(run):
    done = run(2)
    assert done.returncode == 0
    heading = "Version 2, in force from Wed 01 Jul 2026 10:30, by Nicola: lunch is at noon on Fridays too, compared with version 1."
    lines = done.stdout.splitlines()
    assert lines[:7] == [
        heading,
        "",
        "What opens and closes differently, in an ordinary week:",
        f"  {SENTENCE}",
        "",
        "What the rules say otherwise:",
        "  Time `lunch`: now mon-thu 12:00-13:00 and fri 12:00-13:00, was mon-thu 12:00-13:00 and fri 11:30-12:30.",
    ]
    assert lines[8:12] == ["Line by line:", "--- version 1", "+++ version 2", "@@ -1,7 +1,7 @@"]
    assert "-  lunch: [mon-thu 12:00-13:00, fri 11:30-12:30]" in lines
    assert "+  lunch: [mon-thu 12:00-13:00, fri 12:00-13:00]" in lines


def test_two_numbers_are_compared_in_either_direction(run):
    there, back = json.loads(run(1, 3, "--json").stdout), json.loads(run(3, 1, "--json").stdout)
    assert (there["version"]["number"], there["compared_with"], there["opens_and_closes"]) == (3, 1, [SENTENCE])
    assert (back["version"]["number"], back["compared_with"]) == (1, 3)
    assert back["opens_and_closes"] == [SENTENCE.replace("12:00-13:00, was 11:30-12:30", "11:30-12:30, was 12:00-13:00")]
    assert "+# a note" in there["diff"]
    assert "-# a note" in back["diff"]


def test_where_only_a_note_is_new_the_rules_mean_the_same(run):
    assert "The rules mean the same: only notes, or the way they are written, are different." in run(3).stdout
    value = json.loads(run(3, "--json").stdout)
    assert (value["opens_and_closes"], value["changes"]) == ([], [])


def test_the_first_one_has_nothing_before_it(run):
    assert "It is the first on record" in run(1).stdout
    value = json.loads(run(1, "--json").stdout)
    assert (value["compared_with"], value["changes"], value["diff"]) == (None, None, [])


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_text_of_a_version_can_be_had_back(run, number):
    assert run(number, "--text").stdout == TEXTS[number - 1]


WRONG = {
    "not_there": (["7"], "There is no version 7: the history holds versions 1 to 3"),
    "the_second_is_not_there": (["1", "4"], "There is no version 4: the history holds versions 1 to 3"),
    "zero": (["0"], "There is no version 0: the history holds versions 1 to 3"),
    "text_of_which": (["--text"], "--text needs the number of a version"),
    "no_number": (["last"], "'last' is not a valid integer"),
}


@pytest.mark.parametrize("arguments, sentence", WRONG.values(), ids=WRONG)
def test_a_number_that_is_not_there_is_wrong_usage(run, arguments, sentence):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_without_any_history_it_says_how_one_comes_about(run):
    done = run(data="elsewhere")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the box keeps one whenever it puts rules in force" in done.stdout
    assert json.loads(run("--json", data="elsewhere").stdout) == []
    done = run(1, data="elsewhere")
    assert (done.returncode, "is empty, as no box has run with it yet" in done.stderr) == (2, True)


def test_a_version_that_this_release_cannot_read_is_compared_by_its_lines(tmp_path):
    keep_version(tmp_path, RulesFile(tmp_path, "rules: from another time\n", read_rules(ACORN_LANE, catalogue=shipped_catalogue())), datetime(2026, 1, 5, tzinfo=UTC), Source.RUN)  # fmt: skip  # noqa: E501
    keep_version(tmp_path, RulesFile(tmp_path, ACORN_LANE, read_rules(ACORN_LANE, catalogue=shipped_catalogue())), datetime(2026, 1, 6, tzinfo=UTC), Source.RUN)  # fmt: skip  # noqa: E501
    assert load_versions(tmp_path)[1].changes is None
    done = command("--rules", tmp_path / "none.yaml", "--data", tmp_path, "history", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert "only the lines can be compared" in done.stdout
    assert "-rules: from another time" in done.stdout


def test_a_text_that_is_gone_is_said(tmp_path):
    keep_version(tmp_path, RulesFile(tmp_path, ACORN_LANE, read_rules(ACORN_LANE, catalogue=shipped_catalogue())), datetime(2026, 1, 5, tzinfo=UTC), Source.RUN)  # fmt: skip  # noqa: E501
    next((tmp_path / HISTORY).glob("*.yaml")).unlink()
    done = command("--rules", tmp_path / "none.yaml", "--data", tmp_path, "history", 1)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Couldn't read the text of version 1" in done.stderr
