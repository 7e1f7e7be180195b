"""Every version that was in force is kept with its time, who and why, and a power cut takes nothing that was kept."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell import versions
from dinnerbell.files import LAST_GOOD, RulesFile
from dinnerbell.rules import read_rules
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.versions import (
    EDITS,
    HISTORY,
    INDEX,
    Edit,
    Source,
    VersionError,
    digest_of,
    keep_edit,
    keep_version,
    load_versions,
    version_text,
)
from live import ACORN_LANE, TABLET, BoxProcess, eventually, rcode

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
A = "setting: {name: Acorn}\nrules:\n  - {name: One, block: facebook}\n"
B = A + "  - {name: Two, block: instagram}\n"
C = B + "  - {name: Three, block: youtube}\notherwise: block\n"


def rules_file(text: str) -> RulesFile:
    return RulesFile(Path("rules.yaml"), text, read_rules(text, catalogue=shipped_catalogue()))


def kept(data: Path, *texts: str, source: Source = Source.RELOAD) -> list[versions.Version | None]:
    """Put texts in force, a minute apart."""
    before = len(load_versions(data))
    return [keep_version(data, rules_file(text), NOON + timedelta(minutes=before + step), source) for step, text in enumerate(texts)]


def test_each_version_has_its_number_time_text_and_how_many_changes_it_made(tmp_path):
    kept(tmp_path, A, source=Source.RUN)
    kept(tmp_path, B, C)
    found = load_versions(tmp_path)
    assert [(each.number, each.at, each.source, each.changes) for each in found] == [
        (1, NOON, Source.RUN, None),
        (2, NOON + timedelta(minutes=1), Source.RELOAD, 1),
        (3, NOON + timedelta(minutes=2), Source.RELOAD, 2),
    ]
    assert [version_text(tmp_path, each) for each in found] == [A, B, C]
    assert found[1].file == f"0002-20261123T120100Z-{digest_of(B)[:8]}.yaml"


def test_what_is_in_force_already_is_no_new_version_and_what_comes_back_is(tmp_path):
    assert [each and each.number for each in kept(tmp_path, A, A, B, B, A)] == [1, None, 2, None, 3]


@pytest.mark.parametrize("text", [A.replace("\n", "\r\n"), "\ufeff" + A, A.replace("Acorn", "Äcørn")], ids=["crlf", "bom", "umlauts"])
def test_a_text_is_kept_byte_for_byte(tmp_path, text):
    (version,) = kept(tmp_path, text)
    assert (tmp_path / HISTORY / version.file).read_bytes() == text.encode()
    assert version_text(tmp_path, version) == text
    assert kept(tmp_path, text) == [None]


class TestWhoAndWhy:
    def test_an_edit_speaks_of_the_version_that_its_text_becomes(self, tmp_path):
        kept(tmp_path, A)
        keep_edit(tmp_path, Edit(NOON, digest_of(B), "Nicola", "lunch moved"))
        kept(tmp_path, B)
        assert [(each.by, each.why) for each in load_versions(tmp_path)] == [("", ""), ("Nicola", "lunch moved")]

    def test_it_speaks_of_no_later_one_that_has_the_same_text(self, tmp_path):
        """By hand back to what Nicola had made: that was not Nicola."""
        keep_edit(tmp_path, Edit(NOON, digest_of(A), "Nicola", "first"))
        kept(tmp_path, A, B, A)
        assert [each.by for each in load_versions(tmp_path)] == ["Nicola", "", ""]

    def test_of_several_edits_while_the_box_was_off_the_one_that_came_into_force_counts(self, tmp_path):
        kept(tmp_path, A)
        for text, by in ((B, "Nicola"), (C, "Julie")):
            keep_edit(tmp_path, Edit(NOON, digest_of(text), by, "-"))
        kept(tmp_path, C, B)
        assert [each.by for each in load_versions(tmp_path)] == ["", "Julie", ""]

    def test_the_newest_of_two_edits_to_the_same_text_counts(self, tmp_path):
        for by in ("Nicola", "Julie"):
            keep_edit(tmp_path, Edit(NOON, digest_of(A), by, "-"))
        assert kept(tmp_path, A)[0].by == "Julie"

    def test_edits_that_were_begun_anew_are_read(self, tmp_path):
        for text in (A, B):
            keep_edit(tmp_path, Edit(NOON, digest_of(text), "Nicola", "-"))
        kept(tmp_path, A, B)
        (tmp_path / HISTORY / EDITS).unlink()
        keep_edit(tmp_path, Edit(NOON, digest_of(C), "Julie", "-"))
        assert kept(tmp_path, C)[0].by == "Julie"


class TestPowerCuts:
    @pytest.mark.parametrize("cut", [1, 10, 60, 150])
    def test_half_a_line_costs_no_version(self, tmp_path, cut):
        """What the line said is told from the file's name; who and why are lost with it, and the number stays."""
        kept(tmp_path, A, B)
        index = tmp_path / HISTORY / INDEX
        index.write_bytes(index.read_bytes()[:-cut])
        found = load_versions(tmp_path)
        assert [(each.number, each.digest, each.at) for each in found] == [
            (1, digest_of(A), NOON),
            (2, digest_of(B), NOON + timedelta(minutes=1)),
        ]
        assert kept(tmp_path, B, C)[1].number == 3
        assert [each.number for each in load_versions(tmp_path)] == [1, 2, 3]
        assert json.loads(index.read_text().splitlines()[-1])["number"] == 3

    def test_the_whole_index_can_be_lost(self, tmp_path):
        kept(tmp_path, A, B)
        (tmp_path / HISTORY / INDEX).unlink()
        assert [(each.number, each.source) for each in load_versions(tmp_path)] == [(1, Source.UNKNOWN), (2, Source.UNKNOWN)]
        assert kept(tmp_path, B) == [None]

    def test_what_a_cut_left_behind_is_cleared_away(self, tmp_path):
        kept(tmp_path, A)
        (tmp_path / HISTORY / "0002-20261123T120100Z-00000000.new").write_text("half")
        kept(tmp_path, B)
        assert sorted(path.suffix for path in (tmp_path / HISTORY).iterdir()) == [".jsonl", ".yaml", ".yaml"]

    @given(st.binary(max_size=200))
    def test_no_rubbish_in_the_index_is_more_than_passed_over(self, tmp_path_factory, rubbish):
        data = tmp_path_factory.mktemp("data")
        kept(data, A)
        with (data / HISTORY / INDEX).open("ab") as file:
            file.write(rubbish)
        assert [each.digest for each in load_versions(data)][:1] == [digest_of(A)]
        assert kept(data, B)[0].number == 2

    @pytest.mark.parametrize(
        "line",
        ["[]", "null", "{}", '{"number": 9}', '{"number": 9, "at": "noon", "hash": "x", "file": "0009-20261123T120000Z-00000000.yaml"}'],
    )
    def test_a_line_that_says_too_little_is_passed_over(self, tmp_path, line):
        kept(tmp_path, A)
        with (tmp_path / HISTORY / INDEX).open("a") as file:
            file.write(line + "\n")
        assert [each.number for each in load_versions(tmp_path)] == [1]


def test_a_text_that_was_tampered_with_or_is_gone_is_said(tmp_path):
    kept(tmp_path, A, B)
    first, second = load_versions(tmp_path)
    (tmp_path / HISTORY / first.file).write_text(C)
    (tmp_path / HISTORY / second.file).unlink()
    with pytest.raises(VersionError, match=r"version 1: .* was changed after it was written"):
        version_text(tmp_path, first)
    with pytest.raises(VersionError, match="Couldn't read the text of version 2"):
        version_text(tmp_path, second)


def test_three_years_and_a_thousand_versions_are_kept(tmp_path):
    """An index of a busy script: older ones go beyond three years, and the last thousand stay however old they are."""
    folder = tmp_path / HISTORY
    folder.mkdir()

    def written(number: int, at: datetime) -> str:
        name = f"{number:04}-{at:%Y%m%dT%H%M%SZ}-{digest_of(A)[:8]}.yaml"
        (folder / name).write_text(A)
        line = {"number": number, "at": at.isoformat(), "hash": digest_of(A), "file": name, "source": "reload"}
        return json.dumps({**line, "changes": None, "by": "", "why": "", "edit": 0}) + "\n"

    ages = [timedelta(days=2000)] * 50 + [timedelta(days=1000)] * 1100
    (folder / INDEX).write_text("".join(written(number, NOON - age) for number, age in enumerate(ages, 1)))
    kept(tmp_path, B)
    found = load_versions(tmp_path)
    assert [found[0].number, found[-1].number, len(found)] == [51, 1151, 1101]
    assert len(list(folder.glob("*.yaml"))) == 1101
    keep_version(tmp_path, rules_file(C), NOON + timedelta(days=2000), Source.RELOAD)
    assert [load_versions(tmp_path)[0].number, len(load_versions(tmp_path))] == [153, 1000]


def test_without_a_box_there_is_no_history(tmp_path):
    assert load_versions(tmp_path / "nowhere") == ()


class TestTheBox:
    """`dinnerbell run` as a process."""

    CLOSED = ACORN_LANE.replace("rules:\n", "rules:\n  - {name: Not now, block: example.org}\n")

    @pytest.fixture
    def start(self, tmp_path, local_upstream):
        def start() -> BoxProcess:
            return BoxProcess(tmp_path / "rules.yaml", tmp_path / "data", upstreams=[local_upstream.endpoint])

        (tmp_path / "rules.yaml").write_text(ACORN_LANE)
        return start

    def test_it_keeps_a_version_at_the_start_at_each_change_and_after_a_broken_start(self, start, tmp_path):
        rules, data = tmp_path / "rules.yaml", tmp_path / "data"

        def sources() -> list[str]:
            return [each.source.value for each in load_versions(data)]

        with start() as box:
            assert sources() == ["run"]
            rules.write_text("rules: nonsense")
            eventually(lambda: "stay in force" in box.errors)
            rules.write_text(self.CLOSED)
            eventually(lambda: sources() == ["run", "reload"])
            rules.write_text(ACORN_LANE)
            eventually(lambda: sources() == ["run", "reload", "reload"])
        with start():
            assert sources() == ["run", "reload", "reload"], "a restart with the same rules changes nothing"
        rules.write_text("")
        with start() as box:
            assert "running on the last good copy" in box.errors
            assert len(sources()) == 3, "the last good copy was in force already"
        (data / LAST_GOOD).write_text(self.CLOSED)
        with start():
            assert sources()[3:] == ["last-good"]

    @pytest.mark.parametrize("how", ["its_target_is_written", "it_leads_elsewhere"])
    def test_rules_behind_a_link_are_followed(self, start, tmp_path, how):
        rules, real, other = (tmp_path / name for name in ("rules.yaml", "real.yaml", "other.yaml"))
        rules.rename(real)
        rules.symlink_to(real)
        with start() as box:
            assert rcode(box.ask("www.example.org")) == "NOERROR"
            if how == "its_target_is_written":
                real.write_text(self.CLOSED)
            else:
                other.write_text(self.CLOSED)
                (tmp_path / "link").symlink_to(other)
                (tmp_path / "link").replace(rules)
            eventually(lambda: rcode(box.ask("www.example.org")) == "NXDOMAIN")

    def test_a_file_that_is_gone_for_good_is_said_and_the_rules_stay(self, start, tmp_path):
        with start() as box:
            (tmp_path / "rules.yaml").unlink()
            eventually(lambda: "Couldn't read the rules" in box.errors, 10)
            assert "stay in force" in box.errors
            assert rcode(box.ask("www.tiktok.com", source=TABLET)) == "NXDOMAIN"

    def test_a_history_that_cannot_be_written_stops_nothing(self, start, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / HISTORY).write_text("a file where the folder should be")
        with start() as box:
            assert "Couldn't keep this version of the rules" in box.errors
            (tmp_path / "rules.yaml").write_text(self.CLOSED)
            eventually(lambda: rcode(box.ask("www.example.org")) == "NXDOMAIN")
