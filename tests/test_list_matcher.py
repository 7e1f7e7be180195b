"""A name is on a list exactly when somebody who reads it line by line would say so; in memory and mapped alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.lists.matcher import FrozenKeys, ListedNames
from dinnerbell.lists.names import key_of

marisa_trie = pytest.importorskip("marisa_trie")

# name: (marked names, asked, what matches)
BOUNDARIES = {
    "itself": (["unetflix.example"], "netflix.example", "netflix.example"),
    "under_it": (["unetflix.example"], "www.netflix.example", "netflix.example"),
    "deep_under_it": (["unetflix.example"], "a.b.c.netflix.example", "netflix.example"),
    "ends_with_it": (["ux.example"], "netflix.example", None),
    "begins_with_it": (["uexample.co"], "example.com", None),
    "its_parent": (["uwww.netflix.example"], "netflix.example", None),
    "exact_itself": (["ea.example"], "a.example", "a.example"),
    "exact_not_under": (["ea.example"], "www.a.example", None),
    "below_not_itself": (["ba.example"], "a.example", None),
    "below": (["ba.example"], "www.a.example", "a.example"),
    "below_needs_a_label": (["ba.example"], "xa.example", None),
    "longest": (["ua.example", "ub.a.example"], "c.b.a.example", "b.a.example"),
    "below_longer_than_under": (["ua.example", "bb.a.example"], "c.b.a.example", "b.a.example"),
    "exact_before_suffix": (["ua.example", "eb.a.example"], "b.a.example", "b.a.example"),
    "exception": (["ua.example", "Uok.a.example"], "www.ok.a.example", None),
    "beside_the_exception": (["ua.example", "Uok.a.example"], "nok.a.example", "a.example"),
    "exact_exception": (["ua.example", "Eok.a.example"], "www.ok.a.example", "a.example"),
    "exception_of_the_same": (["ua.example", "Ua.example"], "a.example", None),
    "exception_of_more": (["uads.a.example", "Ua.example"], "ads.a.example", None),
}


@pytest.mark.parametrize(("marked", "asked", "host"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_labels_are_matched_whole_and_exceptions_win(marked, asked, host):
    assert in_memory(marked).match(asked) == host
    assert as_trie(marked).match(asked) == host


def test_in_lists_for_name_servers_the_longer_of_name_and_exception_decides():
    marked = ["ebad.ok.example", "Bok.example"]
    assert in_memory(marked, is_longest_first=True).match("bad.ok.example") == "bad.ok.example"
    assert in_memory(marked, is_longest_first=True).match("good.ok.example") is None
    assert in_memory(marked).match("bad.ok.example") is None


def test_a_list_knows_how_many_names_it_has():
    assert len(in_memory(["ua.example", "eb.example"])) == 2


def in_memory(marked, *, is_longest_first=False):
    return ListedNames(FrozenKeys(map(key_of, marked)), len(marked), {each[0] for each in marked}, is_longest_first)


def as_trie(marked, *, is_longest_first=False):
    return ListedNames(marisa_trie.Trie(map(key_of, marked)), len(marked), {each[0] for each in marked}, is_longest_first)


def brute_force(marked, name, *, is_longest_first):
    """Read every entry; say what the longest one is that the name is on, unless an exception speaks for it."""

    def longest(marks):
        labels = name.split(".")
        hits = []
        for each in marked:
            host = each[1:].split(".")
            is_same, is_under = labels == host, len(labels) > len(host) and labels[-len(host) :] == host
            if each[0] in marks and {"u": is_same or is_under, "e": is_same, "b": is_under}[each[0].lower()]:
                hits.append(each[1:])
        return max(hits, key=len, default=None)

    listed, spared = longest("ueb"), longest("UEB")
    if listed is None or (spared is not None and (not is_longest_first or len(spared) >= len(listed))):
        return None
    return listed


LABELS = st.sampled_from(["a", "b", "ab", "ba", "a-b", "com", "co", "x"])
NAMES = st.lists(LABELS, min_size=2, max_size=5).map(".".join)
MARKED = st.lists(st.tuples(st.sampled_from("uuebUEB"), NAMES).map("".join), max_size=12)


@given(MARKED, st.lists(NAMES, min_size=1, max_size=8), st.booleans())
def test_the_matcher_says_what_reading_the_whole_list_says(marked, asked, is_longest_first):
    memory, trie = (made(marked, is_longest_first=is_longest_first) for made in (in_memory, as_trie))
    for name in asked:
        expected = brute_force(marked, name, is_longest_first=is_longest_first)
        assert memory.match(name) == expected
        assert trie.match(name) == expected


@given(MARKED, NAMES)
def test_a_trie_and_a_frozenset_are_the_same_keys(marked, name):
    keys = list(map(key_of, marked))
    for mark in "ueb":
        asked = key_of(mark + name)
        assert FrozenKeys(keys).prefixes(asked) == marisa_trie.Trie(keys).prefixes(asked)
        assert (asked in FrozenKeys(keys)) == (asked in marisa_trie.Trie(keys))
