"""`dinnerbell pass`: gives, lists, revokes; refuses with a sentence and the right exit code. Its clock is the machine's own."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from dinnerbell.cli.main import main
from dinnerbell.files import LAST_GOOD
from dinnerbell.pass_store import PASSES
from live import ACORN_LANE


@pytest.fixture
def run(tmp_path: Path):
    """Run `dinnerbell ...` on Acorn Lane's rules: (exit code, stdout, stderr)."""
    (tmp_path / "rules.yaml").write_text(ACORN_LANE)

    def call(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["--rules", str(tmp_path / "rules.yaml"), "--data", str(tmp_path / "data"), *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return call


def give(run, device="office-laptop", what="instagram", *more: str) -> tuple[int, str, str]:
    return run("pass", device, what, "--for", "30m", "--by", "Nicola Example", "--why", "photos", *more)


def test_giving_says_what_is_open_where_until_when_and_how_to_end_it(run):
    code, out, _ = give(run)
    first, second, third = out.splitlines()
    assert code == 0
    assert re.fullmatch(r"Pass 1: Instagram is let through on office-laptop \(office\) until .*, then it ends by itself\.", first)
    assert second == "Given by Nicola Example: photos."
    assert "dinnerbell pass --revoke 1 --by NAME" in third


def test_its_value(run, tmp_path):
    code, out, _ = give(run, "127.0.0.66", "social-media", "--json")
    value = json.loads(out)
    assert code == 0
    assert list(value) == ["id", "device", "group", "target", "starts", "ends", "by", "why", "state", "problem", "revoked_at", "revoked_by"]
    assert (value["device"], value["group"], value["target"], value["state"]) == ("127.0.0.66", "staff-phones", "social-media", "open")
    starts, ends = (datetime.fromisoformat(value[key]) for key in ("starts", "ends"))
    assert ends - starts == timedelta(minutes=30)
    assert abs(datetime.now(UTC) - starts) < timedelta(minutes=1)
    assert (tmp_path / "data" / PASSES).exists()


@pytest.mark.parametrize(
    "arguments, code, says",
    [
        pytest.param(("room-tablet-1", "instagram", "--for", "30m"), 1, "for children", id="a_childrens_tablet"),
        pytest.param(("127.0.0.31", "instagram", "--for", "30m"), 1, "for children", id="by_its_address"),
        pytest.param(("office-laptop", "bypass", "--for", "30m"), 1, "no pass opens", id="ways_round"),
        pytest.param(("office-laptop", "nordvpn", "--for", "30m"), 1, "NordVPN is a way round", id="a_way_round"),
        pytest.param(("office-laptop", "youtube-mirrors", "--for", "30m"), 1, "is a way round", id="youtubes_other_doors"),
        pytest.param(("office-laptop", "dns.google", "--for", "30m"), 1, "is a way round", id="a_domain_of_one"),
        pytest.param(("office-laptop", "instagrm", "--for", "30m"), 1, "did you mean 'instagram'?", id="unknown_target"),
        pytest.param(("office-lptop", "instagram", "--for", "30m"), 2, "did you mean 'office-laptop'?", id="unknown_device"),
        pytest.param(("office-laptop", "instagram", "--for", "13h"), 2, "at most 12 hours", id="too_long"),
        pytest.param(("office-laptop", "instagram", "--for", "0m"), 2, "at least a second", id="no_time"),
        pytest.param(("office-laptop", "instagram", "--for", "30"), 2, "write it like 30m", id="no_unit"),
        pytest.param(("office-laptop", "instagram"), 2, "--for is missing", id="no_duration"),
        pytest.param(("office-laptop",), 2, "TARGET is missing", id="no_target"),
        pytest.param((), 2, "DEVICE is missing", id="nothing"),
        pytest.param(("office-laptop", "instagram", "--for", "30m", "--list"), 2, "--list does not go with DEVICE", id="give_and_list"),
        pytest.param(("office-laptop", "--revoke", "1"), 2, "--revoke does not go with DEVICE", id="give_and_revoke"),
        pytest.param(("--list", "--revoke", "1"), 2, "--revoke does not go with", id="list_and_revoke"),
        pytest.param(("--all",), 2, "--all goes with --list", id="all_alone"),
        pytest.param(("--revoke", "x"), 2, "Invalid value for '--revoke'", id="no_number"),
        pytest.param(("--revoke", "5"), 1, "there is no pass 5", id="no_such_pass"),
    ],
)
def test_what_is_refused(run, tmp_path, arguments, code, says):
    """1: the answer is no; 2: wrong usage. Nothing is on stdout, and nothing is given."""
    who = () if arguments[:1] in (("--list",), ("--all",)) and "--revoke" not in arguments else ("--by", "Nicola")
    why = ("--why", "photos") if "--revoke" not in arguments and "--list" not in arguments and arguments != ("--all",) else ()
    found, out, error = run("pass", *arguments, *who, *why)
    assert (found, out) == (code, "")
    assert says in error
    assert not (tmp_path / "data" / PASSES).exists()


@pytest.mark.parametrize("missing", ["--by", "--why"])
def test_nobody_gives_one_without_name_and_reason(run, missing):
    options = {"--by": "Nicola", "--why": "photos"}
    del options[missing]
    code, _, error = run("pass", "office-laptop", "instagram", "--for", "30m", *(part for pair in options.items() for part in pair))
    assert (code, f"{missing} is missing" in error) == (2, True)


class TestListing:
    def test_none(self, run):
        assert run("pass", "--list") == (0, "No pass is open.\n", "")
        assert run("pass", "--list", "--all") == (0, "No pass was given in the last 90 days.\n", "")
        assert run("pass", "--list", "--json") == (0, "[]\n", "")

    def test_the_open_ones_and_with_all_those_that_are_over(self, run):
        give(run)
        give(run, "127.0.0.66", "x.com")
        assert run("pass", "--revoke", "1", "--by", "Julie Example")[0] == 0
        _, out, _ = run("pass", "--list")
        heads, row, rest = out.splitlines()
        assert heads.split() == ["ID", "DEVICE", "TARGET", "FROM", "UNTIL", "STATE", "BY", "WHY"]
        assert row.split()[:3] == ["2", "127.0.0.66", "x.com"]
        assert rest == "Not shown: 1 that are over (--all shows them)."
        _, out, _ = run("pass", "--list", "--all")
        assert ["revoked" in line for line in out.splitlines()] == [False, True, False]
        values = json.loads(run("pass", "--list", "--all", "--json")[1])
        assert [(value["id"], value["state"], value["revoked_by"]) for value in values] == [
            (1, "revoked", "Julie Example"),
            (2, "open", None),
        ]
        assert [value["id"] for value in json.loads(run("pass", "--list", "--json")[1])] == [2]

    def test_one_that_the_rules_no_longer_allow_is_shown_as_such(self, run, tmp_path):
        give(run)
        (tmp_path / "rules.yaml").write_text(ACORN_LANE.replace("office-laptop: {group: office", "office-laptop: {group: children"))
        _, out, _ = run("pass", "--list")
        assert "not in force" in out.splitlines()[1]
        assert out.splitlines()[2].startswith("Pass 1 is not in force: office-laptop is in the group children")
        assert json.loads(run("pass", "--list", "--json")[1])[0]["problem"].startswith("office-laptop is in the group children")


class TestRevoking:
    def test_it_ends_at_once(self, run):
        give(run)
        code, out, _ = run("pass", "--revoke", "1", "--by", "Julie Example")
        assert (code, out.startswith("Pass 1 is revoked: the rules are back in force on office-laptop (office).")) == (0, True)
        assert run("pass", "--revoke", "1", "--by", "Julie")[::2] == (1, "dinnerbell: pass 1 is over: Julie Example revoked it already\n")

    def test_what_else_is_open_there_is_said(self, run):
        give(run)
        give(run, "office-laptop", "vimeo")
        give(run, "127.0.0.66", "tiktok")
        out = run("pass", "--revoke", "1", "--by", "Julie Example")[1]
        assert out.startswith("Pass 1 is revoked. Still open on office-laptop (office): 2 (vimeo). ")

    def test_its_value(self, run):
        give(run)
        value = json.loads(run("pass", "--revoke", "1", "--by", "Julie Example", "--json")[1])
        assert (value["state"], value["revoked_by"]) == ("revoked", "Julie Example")

    def test_with_rules_that_are_being_mended_it_can_still_be_ended(self, run, tmp_path):
        give(run)
        (tmp_path / "rules.yaml").write_text("settin:")
        assert give(run)[0] == 1
        assert run("pass", "--list")[0] == 0
        (tmp_path / "data" / LAST_GOOD).write_text(ACORN_LANE)
        assert "+0" in json.loads(run("pass", "--list", "--json")[1])[0]["ends"]
        assert run("pass", "--revoke", "1", "--by", "Julie", "--json")[0] == 0


class TestWhy:
    def test_it_says_who_opened_it_and_until_when(self, run):
        given = json.loads(give(run, "office-laptop", "instagram", "--json")[1])
        value = json.loads(run("why", "www.instagram.com", "office-laptop", "--json")[1])
        assert (value["verdict"], value["rule"], value["line"], value["clause"]) == ("allow", "Pass 1: photos", None, None)
        assert value["until"] == given["ends"]
        assert "pass 1, given by Nicola Example from" in value["reason"]

    @pytest.mark.parametrize("offset, verdict", [(-1, "allow"), (0, "block")], ids=["last_second", "over"])
    def test_at_another_time(self, run, offset, verdict):
        given = json.loads(give(run, "office-laptop", "instagram", "--json")[1])
        at = datetime.fromisoformat(given["ends"]) + timedelta(seconds=offset)
        value = json.loads(run("why", "www.instagram.com", "office-laptop", "--json", "--at", at.strftime("%Y-%m-%d %H:%M:%S%z"))[1])
        assert value["verdict"] == verdict

    def test_no_line_is_printed_for_what_stands_in_no_file(self, run):
        give(run)
        _, out, _ = run("why", "www.instagram.com", "office-laptop")
        assert "  rule: Pass 1: photos" in out.splitlines()
        assert "  line:" not in out

    def test_what_it_does_not_open(self, run):
        give(run, "office-laptop", "video-sharing")
        assert json.loads(run("why", "www.youtube.com", "office-laptop", "--json")[1])["rule"] == "Pass 1: photos"
        value = json.loads(run("why", "yewtu.be", "office-laptop", "--json")[1])
        assert (value["verdict"], value["rule"]) == ("block", "No way round this policy")

    def test_a_bad_file_of_passes_is_told_and_the_rules_are_explained_all_the_same(self, run, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / PASSES).write_text("{")
        code, out, error = run("why", "www.instagram.com", "office-laptop", "--json")
        assert (code, json.loads(out)["verdict"]) == (0, "block")
        assert "Couldn't read the passes in" in error
        assert give(run)[::2] == (1, error)


def test_the_reason_that_is_kept_is_one_line(run):
    run("pass", "office-laptop", "instagram", "--for", "1h", "--by", " Nicola\tExample ", "--why", "photos\nfor us")
    value = json.loads(run("pass", "--list", "--json")[1])[0]
    assert (value["by"], value["why"]) == ("Nicola Example", "photos for us")
