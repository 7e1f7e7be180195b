"""rules.yaml is read when it lies still, whole, however it was saved."""

from datetime import date

import pytest

from dinnerbell.files import RulesFileError
from dinnerbell.running.rules_watch import BARE_SECONDS, SETTLE_SECONDS, RulesWatch

TODAY = date(2026, 11, 23)
GOOD = "setting: {name: Acorn}\nrules: []\n"
OTHER = "setting: {name: Birch}\nrules: []\n"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def watch(path):
    """A watch that has read the file."""
    watch = RulesWatch(path)
    assert watch.read(TODAY).text == GOOD
    assert not watch.is_ready(0)
    return watch


def test_a_change_is_ready_at_the_second_look(watch, path):
    path.write_text(OTHER)
    assert not watch.is_ready(1)
    assert not watch.is_ready(1 + SETTLE_SECONDS / 2)
    assert watch.is_ready(1 + SETTLE_SECONDS)
    assert watch.read(TODAY).text == OTHER
    assert not watch.is_ready(2)


def test_one_that_goes_on_changing_is_waited_for(watch, path):
    for step in range(5):
        path.write_text(GOOD + "#" * step)
        assert not watch.is_ready(step)
    assert watch.is_ready(5)


def test_an_empty_file_is_waited_for_as_one_that_is_being_saved(watch, path):
    path.write_text("")
    assert not watch.is_ready(1)
    assert not watch.is_ready(1 + BARE_SECONDS / 2)
    path.write_text(OTHER)
    assert not watch.is_ready(2 + BARE_SECONDS)
    assert watch.is_ready(3 + BARE_SECONDS)


@pytest.mark.parametrize("gone", [True, False])
def test_one_that_stays_empty_or_gone_is_an_error_once(watch, path, gone):
    if gone:
        path.unlink()
    else:
        path.write_text("")
    assert not watch.is_ready(1)
    assert watch.is_ready(1 + BARE_SECONDS)
    with pytest.raises(RulesFileError):
        watch.read(TODAY)
    assert not watch.is_ready(9)
    assert not watch.is_ready(99)


def test_a_bad_file_is_an_error_once_and_the_next_change_is_seen(watch, path):
    path.write_text("rules: nonsense")
    watch.is_ready(1)
    with pytest.raises(RulesFileError):
        watch.read(TODAY)
    assert not watch.is_ready(2)
    path.write_text(GOOD)
    watch.is_ready(3)
    assert watch.is_ready(4)


def test_a_file_put_in_its_place_is_seen_even_with_the_same_time_and_size(watch, path):
    import os  # noqa: PLC0415

    other = path.with_name("new")
    other.write_text(OTHER)
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    watch.is_ready(1)
    assert watch.is_ready(2)
    assert watch.read(TODAY).text == OTHER


@pytest.mark.parametrize("how", ["its_target_is_written", "its_target_is_replaced", "it_leads_elsewhere"])
def test_a_link_is_followed(tmp_path, how):
    first, second, link = (tmp_path / name for name in ("first.yaml", "second.yaml", "rules.yaml"))
    first.write_text(GOOD)
    link.symlink_to(first)
    watch = RulesWatch(link)
    watch.read(TODAY)
    if how == "its_target_is_written":
        first.write_text(OTHER)
    elif how == "its_target_is_replaced":
        second.write_text(OTHER)
        second.replace(first)
    else:
        second.write_text(OTHER)
        (tmp_path / "link").symlink_to(second)
        (tmp_path / "link").replace(link)
    watch.is_ready(1)
    assert watch.is_ready(2)
    assert watch.read(TODAY).text == OTHER


def test_asked_to_forget_it_takes_the_same_file_again(watch):
    watch.forget()
    watch.is_ready(1)
    assert watch.is_ready(2)
    assert watch.read(TODAY).text == GOOD
