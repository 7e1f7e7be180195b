"""Names are compared label by label, in one form."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinnerbell.names import BadName, HostTable, is_under, judged, normalise, parents

LABEL_63 = "a" * 63
NAME_253 = ".".join([LABEL_63, LABEL_63, LABEL_63, "a" * 61])


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("example.org", "example.org", id="plain"),
        pytest.param("WWW.Example.ORG", "www.example.org", id="upper_case"),
        pytest.param("example.org.", "example.org", id="final_dot"),
        pytest.param("  example.org\n", "example.org", id="spaces_around"),
        pytest.param("_dmarc.example.org", "_dmarc.example.org", id="underscore_label"),
        pytest.param("a_b.example.org", "a_b.example.org", id="underscore_inside"),
        pytest.param("3.example.org", "3.example.org", id="digit_label"),
        pytest.param("localhost", "localhost", id="one_label"),
        pytest.param("xn--mnchen-3ya.example", "xn--mnchen-3ya.example", id="a_label_stays"),
        pytest.param("münchen.example", "xn--mnchen-3ya.example", id="international"),
        pytest.param("MÜNCHEN.example", "xn--mnchen-3ya.example", id="international_upper_case"),
        pytest.param("bücher。example", "xn--bcher-kva.example", id="ideographic_full_stop"),
        pytest.param(LABEL_63 + ".org", LABEL_63 + ".org", id="label_of_63"),
        pytest.param(NAME_253, NAME_253, id="name_of_253"),
        pytest.param(NAME_253 + ".", NAME_253, id="name_of_253_and_final_dot"),
    ],
)
def test_a_written_name_is_brought_to_its_one_form(text, expected):
    assert normalise(text) == expected


@pytest.mark.parametrize(
    "text, says",
    [
        pytest.param("", "empty", id="nothing"),
        pytest.param(" . ", "empty", id="only_a_dot"),
        pytest.param("a..example.org", "empty part", id="two_dots"),
        pytest.param(".example.org", "empty part", id="leading_dot"),
        pytest.param("a" * 64 + ".org", "at most 63", id="label_of_64"),
        pytest.param("a." + NAME_253, "at most 253", id="name_too_long"),
        pytest.param("https://example.org/page", "leave out https://", id="url"),
        pytest.param("example.org/page", "leave out", id="path"),
        pytest.param("*.example.org", "everything under it already", id="wildcard"),
        pytest.param("exa mple.org", "' '", id="space_inside"),
        pytest.param("-example.org", "hyphen", id="hyphen_first"),
        pytest.param("example-.org", "hyphen", id="hyphen_last"),
        pytest.param("example.org:443", "':'", id="port"),
        pytest.param("user@example.org", "'@'", id="mail_address"),
        pytest.param("\U0001f600\u0000.example", "", id="what_idna_refuses"),
    ],
)
def test_what_is_no_name_is_refused_with_a_reason_for_a_person(text, says):
    with pytest.raises(BadName) as caught:
        normalise(text)
    assert says in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_becomes_a_name_or_a_bad_name(text):
    """No other exception; what comes out goes in again unchanged and fits into a DNS message."""
    try:
        name = normalise(text)
    except BadName:
        return
    assert normalise(name) == name
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-_.")
    assert len(name) <= 253
    assert all(0 < len(label) < 64 for label in name.split("."))


def test_parents_go_from_the_name_up_to_the_top_level():
    assert list(parents("a.b.example.org")) == ["a.b.example.org", "b.example.org", "example.org", "org"]
    assert list(parents("org")) == ["org"]


@pytest.mark.parametrize(
    "name, parent, expected",
    [
        pytest.param("x.com", "x.com", True, id="itself"),
        pytest.param("www.x.com", "x.com", True, id="under_it"),
        pytest.param("a.b.x.com", "x.com", True, id="deep_under_it"),
        pytest.param("netflix.com", "x.com", False, id="netflix_is_not_x"),
        pytest.param("ikea.com", "ea.com", False, id="ikea_is_not_ea"),
        pytest.param("booking.com", "king.com", False, id="booking_is_not_king"),
        pytest.param("onenote.com", "note.com", False, id="onenote_is_not_note"),
        pytest.param("com", "x.com", False, id="its_parent"),
        pytest.param("x.com.example", "x.com", False, id="only_on_the_left"),
        pytest.param("x.co", "x.com", False, id="shorter"),
    ],
)
def test_under_is_meant_label_by_label(name, parent, expected):
    assert is_under(name, parent) is expected


@pytest.mark.parametrize(
    "name, expected",
    [
        pytest.param("_https.example.org", "example.org", id="svcb_of_a_host"),
        pytest.param("_8443._https.example.org", "example.org", id="two_labels"),
        pytest.param("_dns.resolver.arpa", "resolver.arpa", id="discovery_of_designated_resolvers"),
        pytest.param("www._tcp.example.org", "www._tcp.example.org", id="only_leading_ones"),
        pytest.param("example.org", "example.org", id="none"),
        pytest.param("_tcp", "_tcp", id="nothing_behind_it"),
    ],
)
def test_leading_underscore_labels_are_not_part_of_the_host(name, expected):
    assert judged(name) == expected


def test_of_the_hosts_that_match_the_longest_counts_and_exact_beats_suffix():
    table: HostTable[str] = HostTable()
    table.set("icloud.com", "cloud")
    table.set("mask.icloud.com", "suffix")
    table.set("=mask.icloud.com", "exact")
    assert table.longest("www.icloud.com") == ("icloud.com", "cloud")
    assert table.longest("mask.icloud.com") == ("=mask.icloud.com", "exact")
    assert table.longest("a.mask.icloud.com") == ("mask.icloud.com", "suffix")
    assert table.longest("unmask.icloud.com") == ("icloud.com", "cloud")
    assert table.longest("noticloud.com") is None
    assert [host for host, _ in table.all_matches("mask.icloud.com")] == ["=mask.icloud.com", "mask.icloud.com", "icloud.com"]


def test_exact_and_suffix_are_kept_forgotten_and_counted_apart():
    table: HostTable[int] = HostTable()
    table.set("example.org", 1)
    table.set("=example.org", 2)
    assert (table.get("example.org"), table.get("=example.org"), len(table)) == (1, 2, 2)
    table.discard("=example.org")
    assert (table.get("example.org"), table.get("=example.org"), len(table)) == (1, None, 1)
    table.discard("=example.org")  # forgetting twice is no error
    assert table.longest("example.org") == ("example.org", 1)


# few labels, so that hosts and names meet; "x" and "ex" so that text would match where labels do not
labels = st.sampled_from(["a", "x", "ex", "www", "com"])
names_ = st.lists(labels, min_size=1, max_size=5).map(".".join)
hosts_ = st.tuples(st.sampled_from(["", "="]), names_).map("".join)


def brute_force(hosts: dict[str, int], name: str) -> list[tuple[str, int]]:
    """Compare labels from the right, host by host; longest first, exact before suffix."""
    wanted = name.split(".")[::-1]
    found = []
    for host, value in hosts.items():
        labels_of_host = host.lstrip("=").split(".")[::-1]
        if wanted == labels_of_host if host.startswith("=") else wanted[: len(labels_of_host)] == labels_of_host:
            found.append((len(labels_of_host), host.startswith("="), host, value))
    return [(host, value) for _, _, host, value in sorted(found, reverse=True)]


@settings(max_examples=300)
@given(st.dictionaries(hosts_, st.integers(), max_size=12), st.lists(names_, max_size=12))
def test_the_table_finds_what_comparing_every_host_finds(hosts, names):
    table: HostTable[int] = HostTable()
    for host, value in hosts.items():
        table.set(host, value)
    assert len(table) == len(hosts)
    for name in names:
        expected = brute_force(hosts, name)
        assert list(table.all_matches(name)) == expected
        assert table.longest(name) == (expected[0] if expected else None)


@given(names_, names_)
def test_under_means_that_the_labels_at_the_right_end_agree(name, parent):
    assert is_under(name, parent) == bool(brute_force({parent: 0}, name))
