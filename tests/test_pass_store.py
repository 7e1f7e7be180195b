"""passes.json on the disk: replaced whole, changed by one at a time, watched by the box."""

import json
import os
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from cast import A_MONDAY, target
from dinnerbell.model import Pass
from dinnerbell.pass_book import PassBook
from dinnerbell.pass_store import LOCK, PASSES, PassFileError, PassWatch, change_book, load_book
from dinnerbell.passes import PassRefused


def a_pass(id_: int) -> Pass:
    return Pass(id_, "office-laptop", target("instagram"), A_MONDAY, A_MONDAY + timedelta(minutes=30), "Nicola", "photos")


def give(data: Path) -> PassBook:
    return change_book(data, lambda book: book.with_new(a_pass))


def test_before_the_first_pass_there_is_none(tmp_path):
    assert load_book(tmp_path / "data") == PassBook()


def test_what_was_given_is_there(tmp_path):
    book = give(tmp_path / "data")
    assert book.passes == (a_pass(1),)
    assert load_book(tmp_path / "data") == book
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == sorted([PASSES, LOCK])


def test_two_who_give_at_once_both_give_one(tmp_path):
    """Twelve hands at once: twelve passes with twelve numbers."""
    hands = [threading.Thread(target=give, args=(tmp_path,)) for _ in range(12)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert [each.id for each in load_book(tmp_path).passes] == list(range(1, 13))


def test_a_reader_never_finds_half_a_file(tmp_path):
    give(tmp_path)
    done = threading.Event()

    def write() -> None:
        for _ in range(60):
            give(tmp_path)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = 0
    while not done.is_set():
        count = len(load_book(tmp_path).passes)
        assert count >= seen
        seen = count
    writer.join()


def test_what_is_refused_changes_nothing(tmp_path):
    give(tmp_path)
    before = (tmp_path / PASSES).stat()

    def refuse(book: PassBook) -> PassBook:
        raise PassRefused("no")

    with pytest.raises(PassRefused):
        change_book(tmp_path, refuse)
    change_book(tmp_path, lambda book: book)
    after = (tmp_path / PASSES).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    "content, says",
    [
        pytest.param(b"{", "it is not JSON", id="half_a_file"),
        pytest.param(b"\xff\xfe", "it is not UTF-8 text", id="not_utf_8"),
        pytest.param(b"[]", "delete it to end every pass", id="something_else"),
    ],
)
def test_a_bad_file_is_told_with_what_to_do_and_never_overwritten(tmp_path, content, says):
    (tmp_path / PASSES).write_bytes(content)
    for attempt in (load_book, give):
        with pytest.raises(PassFileError) as bad:
            attempt(tmp_path)
        assert str(bad.value).startswith(f"Couldn't read the passes in {tmp_path / PASSES}: ")
        assert says in str(bad.value)
    assert (tmp_path / PASSES).read_bytes() == content


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(PassFileError, match="Couldn't write the passes in"):
        give(tmp_path / "data")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path):
    (tmp_path / PASSES).mkdir()
    with pytest.raises(PassFileError, match="Is a directory"):
        load_book(tmp_path)


def test_another_user_may_hold_the_lock_that_root_made(tmp_path):
    give(tmp_path)
    assert stat.S_IMODE((tmp_path / LOCK).stat().st_mode) & 0o444  # reading it is enough
    os.chmod(tmp_path / LOCK, 0o444)  # noqa: PTH101
    assert len(give(tmp_path).passes) == 2


class TestWatching:
    def test_nothing_there_is_nothing_new(self, tmp_path):
        watch = PassWatch(tmp_path)
        assert not watch.is_stale()
        assert watch.passes == ()

    def test_a_change_is_seen_once(self, tmp_path):
        watch = PassWatch(tmp_path)
        give(tmp_path)
        assert watch.is_stale()
        watch.read()
        assert (watch.passes, watch.is_stale()) == ((a_pass(1),), False)

    def test_a_bad_file_leaves_the_last_good_passes_and_is_told_once(self, tmp_path):
        watch = PassWatch(tmp_path)
        give(tmp_path)
        watch.read()
        (tmp_path / PASSES).write_text("{")
        with pytest.raises(PassFileError):
            watch.read()
        assert (watch.passes, watch.is_stale()) == ((a_pass(1),), False)

    def test_the_file_taken_away_is_no_pass_at_all(self, tmp_path):
        watch = PassWatch(tmp_path)
        give(tmp_path)
        watch.read()
        (tmp_path / PASSES).unlink()
        assert watch.is_stale()
        watch.read()
        assert watch.passes == ()


def test_the_file_can_be_read_by_a_person(tmp_path):
    give(tmp_path)
    value = json.loads((tmp_path / PASSES).read_text())
    assert value["passes"][0]["why"] == "photos"
    assert value["passes"][0]["starts"] == "2026-11-23T12:30:00+00:00"
