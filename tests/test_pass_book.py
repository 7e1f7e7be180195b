"""The book of passes: what is written is read again, what is over is dropped, and what is no such book is told, never believed."""

import contextlib
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import A_MONDAY, target
from dinnerbell.model import Owner, Pass
from dinnerbell.pass_book import KEEP, BadBook, PassBook, read_book, write_book
from dinnerbell.passes import PassRefused


def a_pass(id_: int = 1, minutes: int = 30, **more) -> Pass:
    return Pass(id_, "office-laptop", target("instagram"), A_MONDAY, A_MONDAY + timedelta(minutes=minutes), "Nicola", "photos", "office",
                Owner.SETTING, **more)  # fmt: skip


BOOK = PassBook((a_pass(1), a_pass(3, revoked_at=A_MONDAY, revoked_by="Zoë Ünal")), 9)
lines = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.isprintable)
instants = st.integers(0, 10**9).map(lambda seconds: A_MONDAY + timedelta(seconds=seconds))
passes = st.builds(
    lambda id_, device, what, starts, seconds, by, why, group, owner, over: Pass(
        id_, device, target(what), starts, starts + timedelta(seconds=seconds), by, why, group, owner,
        *((starts + timedelta(seconds=over), by) if over is not None else ()),
    ),
    st.integers(1, 10**6), lines, st.sampled_from(["instagram", "social-media", "blog", "x.example", "=y.example"]), instants,
    st.integers(1, 43200), lines, lines, lines | st.just(""), st.sampled_from(Owner), st.none() | st.integers(0, 50000),
)  # fmt: skip


@given(st.lists(passes, max_size=5, unique_by=lambda each: each.id), st.integers(0, 10))
def test_what_is_written_is_read_again(some, more):
    some.sort(key=lambda each: each.id)
    book = PassBook(tuple(some), (some[-1].id if some else 0) + 1 + more)
    assert read_book(write_book(book)) == book


def test_numbers_are_never_given_again():
    book = PassBook()
    for number in (1, 2, 3):
        book = book.with_new(a_pass)
        assert book.passes[-1].id == number
    later = book.kept(A_MONDAY + KEEP + timedelta(days=1))
    assert later.passes == ()
    assert later.with_new(a_pass).passes[0].id == 4


@pytest.mark.parametrize(
    "after, kept",
    [
        pytest.param(KEEP + timedelta(minutes=30) - timedelta(seconds=1), 1, id="ninety_days_not_over"),
        pytest.param(KEEP + timedelta(minutes=30), 0, id="ninety_days_over"),
        pytest.param(timedelta(), 1, id="open"),
    ],
)
def test_what_is_over_is_kept_for_ninety_days(after, kept):
    assert len(PassBook((a_pass(),), 2).kept(A_MONDAY + after).passes) == kept


def test_only_the_one_that_is_meant_is_changed():
    changed = BOOK.with_changed(3, lambda each: a_pass(each.id, 60))
    assert changed.passes == (BOOK.passes[0], a_pass(3, 60))
    with pytest.raises(PassRefused, match="there is no pass 2"):
        BOOK.with_changed(2, lambda each: each)


def entry(**changes) -> str:
    value = json.loads(write_book(PassBook((a_pass(),), 2)))
    value["passes"][0] |= changes
    return json.dumps(value)


@pytest.mark.parametrize(
    "text, says",
    [
        pytest.param("", "it is not JSON", id="empty"),
        pytest.param('{"version": 1, "next": 2, "pas', "it is not JSON", id="half"),
        pytest.param("[]", "a book of passes of version 1", id="a_list"),
        pytest.param('{"version": 2, "next": 1, "passes": []}', "of version 1", id="a_later_version"),
        pytest.param('{"version": 1, "next": 1}', "of version 1", id="no_passes"),
        pytest.param('{"version": 1, "passes": []}', "`next` is not a number", id="no_next"),
        pytest.param('{"version": 1, "next": true, "passes": []}', "`next` is not a number", id="next_is_true"),
        pytest.param('{"version": 1, "next": 1, "passes": [7]}', "pass 1 is not an entry", id="a_number_for_a_pass"),
        pytest.param(entry(ends="2027-11-23T12:30:00+00:00"), "not between a second and 12 hours", id="open_for_a_year"),
        pytest.param(entry(ends="2026-11-23T12:30:00+00:00"), "not between a second and 12 hours", id="over_before_it_began"),
        pytest.param(entry(ends="2026-11-23T13:00:00"), "`ends` is not an instant with its offset", id="no_offset"),
        pytest.param(entry(ends="9999-12-31T23:59:59-12:00"), "`ends` is not an instant", id="the_end_of_all_days"),
        pytest.param(entry(ends="soon"), "`ends` is not an instant", id="soon"),
        pytest.param(entry(ends=12), "`ends` is not a line of text", id="a_number_for_an_instant"),
        pytest.param(entry(kind="list"), "`kind` is none of service, kind, domain", id="a_list_as_target"),
        pytest.param(entry(kind=["service"]), "`kind` is none of", id="kind_is_a_list"),
        pytest.param(entry(owner="nobody"), "`owner` is none of setting, staff", id="no_such_owner"),
        pytest.param(entry(by=""), "`by` is not a line of text", id="nobody"),
        pytest.param(entry(why="a\x1bb"), "`why` is not a line of text", id="a_control_character"),
        pytest.param(entry(id=2), "not in order", id="a_number_that_is_still_to_come"),
        pytest.param(entry(id=0), "`id` is not a number from 1 on", id="zero"),
        pytest.param(entry(revoked_at="2026-11-23T12:40:00+00:00"), "`revoked_by` is not a line of text", id="revoked_by_nobody"),
        pytest.param(entry(revoked_at=None), "`revoked_at` is not a line of text", id="revoked_at_null"),
    ],
)
def test_what_is_no_book_is_told(text, says):
    with pytest.raises(BadBook) as bad:
        read_book(text)
    assert says in str(bad.value)


def test_two_of_one_number_are_no_book():
    value = json.loads(write_book(BOOK))
    value["passes"][1]["id"] = 1
    with pytest.raises(BadBook, match="not in order"):
        read_book(json.dumps(value))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(st.text() | json_values.map(json.dumps))
def test_any_text_is_a_book_or_no_book(text):
    with contextlib.suppress(BadBook):
        read_book(text)


@given(st.sampled_from(["id", "device", "group", "owner", "kind", "target", "starts", "ends", "by", "why", "revoked_at"]), json_values)
def test_any_entry_is_a_pass_or_no_pass(key, value):
    try:
        (read,) = read_book(entry(**{key: value})).passes
    except BadBook:
        return
    assert read.ends > read.starts
    assert read_book(write_book(PassBook((read,), 2))).passes == (read,)


def test_nested_without_end_is_no_book():
    with pytest.raises(BadBook):
        read_book("[" * 100_000)


def test_an_instant_may_be_written_with_any_offset_and_is_a_whole_second():
    (read,) = read_book(entry(starts="2026-11-23T14:30:00.9+02:00", ends="2026-11-23T12:59:59.5Z")).passes
    assert (read.starts, read.ends) == (A_MONDAY, A_MONDAY + timedelta(minutes=29, seconds=59))
