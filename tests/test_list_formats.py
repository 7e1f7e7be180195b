"""A list in any form becomes the names that its author meant, and what is no list is refused with the lines that show it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.lists.formats import BAD_LEAST, BadList, ListFormat, ListReader
from dinnerbell.lists.names import SkipReason

L63, L64 = "a" * 63, "a" * 64
LONGEST = ".".join(["a" * 49] * 5) + ".dev"


def read(text):
    """Return (format, marked names, skipped, bad lines) of a list; BadList if it is none."""
    reader = ListReader(text.splitlines(keepends=True))
    names = list(reader.marked_names())
    reader.check()
    return reader.format, names, dict(reader.skipped), [each.number for each in reader.first_bad]


# name: (form, text, marked names: u under, b below, e exact, capitals are exceptions)
FORMS = {
    "hosts": ("hosts", "0.0.0.0 ads.example.com\n127.0.0.1\tt.example.net\n", "eads.example.com et.example.net"),
    "hosts_several_on_a_line": ("hosts", "0.0.0.0 a.example b.example c.example\n", "ea.example eb.example ec.example"),
    "hosts_ipv6_sinks": ("hosts", ":: a.example\n::1 b.example\n0:0:0:0:0:0:0:0 c.example\n", "ea.example eb.example ec.example"),
    "hosts_with_bare_names": ("hosts", "0.0.0.0 a.example\n0.0.0.0 b.example\nc.example\n", "ea.example eb.example ec.example"),
    "hosts_trailing_comment": ("hosts", "0.0.0.0 a.example # who: b.example\n0.0.0.0 c.example#d\n", "ea.example ec.example"),
    "domains": ("domains", "example.com\nad.tracker.example\n", "uexample.com uad.tracker.example"),
    "domains_wildcards": ("domains", "*.a.example\n.b.example\n=c.example\n", "ua.example ub.example ec.example"),
    "domains_with_final_dot": ("domains", "a.example.\n", "ua.example"),
    "domains_upper_case": ("domains", "ADS.Example.COM\n", "uads.example.com"),
    "domains_comments": ("domains", "# x\n! y\n; z\n// w\na.example # x\nb.example ; y\n", "ua.example ub.example"),
    "domains_with_adblock_exception": ("domains", "a.example\nb.example\n@@||ok.a.example^\n", "ua.example ub.example Uok.a.example"),
    "adblock": ("adblock", "[Adblock Plus 2.0]\n! title\n||a.example^\n@@||ok.a.example^\n", "ua.example Uok.a.example"),
    "adblock_without_caret": ("adblock", "||a.example\n||b.example^|\n", "ua.example ub.example"),
    "adblock_subdomains_only": ("adblock", "||a.example^\n||*.b.example^\n", "ua.example bb.example"),
    "adblock_exact": ("adblock", "||a.example^\n|b.example^\nc.example\n", "ua.example eb.example ec.example"),
    "adblock_important": ("adblock", "||a.example^$important\n@@||b.example^$important\n", "ua.example Ub.example"),
    "adblock_hosts_line": ("adblock", "||a.example^\n||b.example^\n0.0.0.0 c.example\n", "ua.example ub.example ec.example"),
    "dnsmasq": (
        "dnsmasq",
        ("server=/a.example/\naddress=/b.example/0.0.0.0\naddress=/c.example/#\nlocal=/d.example/\n"
         "address=/e.example/f.example/::\nserver=/ok.a.example/#\n"),
        "ua.example ub.example uc.example ud.example ue.example uf.example Uok.a.example",
    ),
    "unbound": (
        "unbound",
        ('server:\nlocal-zone: "a.example" always_nxdomain\nlocal-zone: "ok.a.example." transparent\n'
         'local-data: "b.example A 0.0.0.0"\n'),
        "ua.example Uok.a.example eb.example",
    ),
    "rpz": (
        "rpz",
        ("$TTL 60\n@ SOA localhost. root.localhost. 1 2 3 4 5\n  NS localhost.\na.example CNAME .\n*.a.example CNAME .\n"
         "ok.a.example CNAME rpz-passthru.\nb.example CNAME *.\nc.example 60 IN A 0.0.0.0\nd.example CNAME rpz-drop. ; gone\n"),
        "ea.example ba.example Eok.a.example eb.example ec.example ed.example",
    ),
    "rpz_soa_over_lines": (
        "rpz",
        "@ 60 IN SOA localhost. root.localhost. (\n 2026 ; serial\n 3600\n 60 )\na.example CNAME .\n",
        "ea.example",
    ),
    "rpz_origin": (
        "rpz",
        "$ORIGIN rpz.local.\n@ SOA a. b. 1 2 3 4 5\na.example CNAME .\n*.b.example.rpz.local. CNAME .\n",
        "ea.example bb.example",
    ),
    "rpz_owner_carried_on": ("rpz", "a.example CNAME rpz-passthru.\nb.example A 0.0.0.0\n AAAA ::\n", "Ea.example eb.example eb.example"),
    "rpz_cname_to_itself": ("rpz", "a.example CNAME .\nok.a.example CNAME ok.a.example.\n", "ea.example Eok.a.example"),
    "crlf": ("domains", "a.example\r\nb.example\r\n", "ua.example ub.example"),
    "cr_only": ("domains", "a.example\rb.example\r", "ua.example ub.example"),
    "no_newline_at_the_end": ("domains", "a.example\nb.example", "ua.example ub.example"),
    "idn": (
        "domains",
        "m\u00fcnchen.example\n\u043f\u0440\u0438\u043c\u0435\u0440.example\nxn--mnchen-3ya.example\n",
        "uxn--mnchen-3ya.example uxn--e1afmkfd.example uxn--mnchen-3ya.example",
    ),
    "idn_hosts": ("hosts", "0.0.0.0 b\u00fccher.example\n", "exn--bcher-kva.example"),
    "underscore_inside": ("domains", "my_host.example\na._b.example\n", "umy_host.example ua._b.example"),
    "digits_and_hyphens": (
        "domains",
        "4chan.example\n1-2.3com.example\nxn--p1ai.example\n",
        "u4chan.example u1-2.3com.example uxn--p1ai.example",
    ),
    "label_of_63": ("domains", f"{L63}.example\n", f"u{L63}.example"),
    "name_of_253": ("domains", f"{LONGEST}\n", f"u{LONGEST}"),
}  # fmt: skip


@pytest.mark.parametrize(("form", "text", "names"), FORMS.values(), ids=FORMS)
def test_each_form_is_found_by_itself_and_read_as_its_author_meant(form, text, names):
    assert read(text) == (ListFormat(form), names.split(), {}, [])


OWN, ONE_LABEL, ADDRESS = SkipReason.OWN, SkipReason.ONE_LABEL, SkipReason.ADDRESS
ELSEWHERE, BROWSER, CONDITION = SkipReason.ELSEWHERE, SkipReason.BROWSER, SkipReason.CONDITION
# name: (a line, the form around it, why it names nothing for this box)
LEFT_OUT = {
    "localhost": ("127.0.0.1 localhost", "hosts", OWN),
    "localdomain": ("127.0.0.1 localhost.localdomain", "hosts", OWN),
    "broadcasthost": ("255.255.255.255 broadcasthost", "hosts", OWN),
    "ip6_allnodes": ("ff02::1 ip6-allnodes", "hosts", OWN),
    "link_local_zone": ("fe80::1%lo0 localhost", "hosts", OWN),
    "sink_as_a_name": ("0.0.0.0 0.0.0.0", "hosts", ADDRESS),
    "redirected": ("216.239.38.120 www.google.com", "hosts", ELSEWHERE),
    "tld": ("com", "domains", ONE_LABEL),
    "wildcard_tld": ("*.zip", "domains", ONE_LABEL),
    "address": ("192.0.2.7", "domains", ADDRESS),
    "ipv6_address": ("2001:db8::7", "domains", ADDRESS),
    "service_label": ("_dmarc.example.com", "domains", SkipReason.SERVICE_LABEL),
    "cosmetic": ("example.com##.ad", "adblock", BROWSER),
    "cosmetic_exception": ("example.com#@#.ad", "adblock", BROWSER),
    "generic_cosmetic": ("##.banner", "adblock", BROWSER),
    "path": ("||example.com/ads/", "adblock", BROWSER),
    "pattern": ("-banner-ad.", "adblock", BROWSER),
    "regex": ("/^ads?[0-9]+\\./", "adblock", BROWSER),
    "wildcard_inside": ("||ads*.example.com^", "adblock", BROWSER),
    "third_party": ("||facebook.com^$third-party", "adblock", BROWSER),
    "popup": ("||example.com^$popup", "adblock", BROWSER),
    "for_some_pages": ("||example.com^$domain=a.example|b.example", "adblock", BROWSER),
    "exception_for_scripts": ("@@||example.com^$script", "adblock", BROWSER),
    "adblock_address": ("||192.0.2.7^", "adblock", ADDRESS),
    "adblock_tld": ("||zip^", "adblock", ONE_LABEL),
    "one_type": ("||example.com^$dnstype=AAAA", "adblock", CONDITION),
    "rewrite": ("||example.com^$dnsrewrite=192.0.2.7", "adblock", CONDITION),
    "switched_off": ("||example.com^$badfilter", "adblock", CONDITION),
    "one_client": ("||example.com^$client=tv", "adblock", CONDITION),
    "rpz_walled_garden": ("www.google.com CNAME forcesafesearch.google.com.", "rpz", ELSEWHERE),
    "rpz_address_trigger": ("32.7.2.0.192.rpz-ip CNAME .", "rpz", CONDITION),
    "rpz_name_server_trigger": ("ns.example.rpz-nsdname CNAME .", "rpz", CONDITION),
    "rpz_tcp_only": ("example.com CNAME rpz-tcp-only.", "rpz", CONDITION),
    "rpz_everything": ("* CNAME .", "rpz", CONDITION),
    "rpz_tld": ("*.zip CNAME .", "rpz", ONE_LABEL),
    "dnsmasq_everything": ("address=/#/0.0.0.0", "dnsmasq", CONDITION),
    "dnsmasq_elsewhere": ("address=/example.com/192.0.2.7", "dnsmasq", ELSEWHERE),
    "dnsmasq_forward": ("server=/example.com/192.0.2.7", "dnsmasq", ELSEWHERE),
    "dnsmasq_other_setting": ("cache-size=1000", "dnsmasq", CONDITION),
    "unbound_elsewhere": ('local-data: "example.com A 192.0.2.7"', "unbound", ELSEWHERE),
    "unbound_other_setting": ("verbosity: 1", "unbound", CONDITION),
}
AROUND = {
    "hosts": "0.0.0.0 a.example\n0.0.0.0 b.example\n",
    "domains": "a.example\nb.example\n",
    "adblock": "||a.example^\n||b.example^\n",
    "rpz": "a.example CNAME .\nb.example CNAME .\n",
    "dnsmasq": "server=/a.example/\nserver=/b.example/\n",
    "unbound": 'local-zone: "a.example" static\nlocal-zone: "b.example" static\n',
}


@pytest.mark.parametrize(("line", "around", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_line_that_names_nothing_for_dns_is_left_out_and_counted(line, around, why):
    _, names, skipped, bad = read(AROUND[around] + line + "\n")
    assert len(names) == 2
    assert (skipped, bad) == ({why: 1}, [])


BAD = {
    "label_of_64": f"{L64}.example",
    "name_of_254": f"b{LONGEST}",
    "space_inside": "ex ample.com",
    "url": "https://example.com/path",
    "port": "example.com:443",
    "empty_label": "a..example",
    "hyphen_first": "-a.example",
    "number_at_the_end": "example.123",
    "bad_address": "0.0.0.0.0 example.com",
    "control_sign": "exam\x00ple.com",
    "other_bytes": "exam\ufffdple.com",
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_one_bad_line_is_told_with_its_number_and_does_not_lose_the_list(line):
    _, names, _, bad = read(f"a.example\n{line}\nb.example\n")
    assert names == ["ua.example", "ub.example"]
    assert bad == [2]


def test_the_limits_of_the_rows_are_those_of_the_standard():
    assert (len(L63), len(L64), len(LONGEST)) == (63, 64, 253)


@pytest.mark.parametrize("page", ["<!DOCTYPE html>\n<p>404", "\n\n  <html><body>", "<?xml version='1.0'?>\n<a/>"])
def test_a_web_page_is_no_list(page):
    with pytest.raises(BadList, match=r"web page.*\n  line 1 "):
        read(page)


def test_a_packed_file_is_no_list():
    with pytest.raises(BadList, match="packed"):
        read(b"\x1f\x8b\x08\x00abc".decode("utf-8", errors="replace"))


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "@@||ok.example^\n", "192.0.2.1\n192.0.2.2\n"])
def test_a_list_without_a_name_is_refused(text):
    with pytest.raises(BadList, match="no name"):
        read(text)


def test_what_was_left_out_of_a_list_without_names_is_told():
    with pytest.raises(BadList, match="2 left out: addresses"):
        read("192.0.2.1\n192.0.2.2\n")


def bad_lines(good, bad):
    return "".join(f"host{number}.example\n" for number in range(good)) + "not a name\n" * bad


def test_too_many_bad_lines_refuse_the_list_and_the_first_are_shown():
    with pytest.raises(BadList) as caught:
        read(bad_lines(100, BAD_LEAST))
    assert "10 of 110 lines" in str(caught.value)
    assert "\n  line 101 (not a name): one name was expected" in str(caught.value)
    assert str(caught.value).count("\n  line ") == 5


AT_THE_LIMIT = {"few": (100, BAD_LEAST - 1), "five_percent": (BAD_LEAST * 19, BAD_LEAST), "as_many": (5, 5)}


@pytest.mark.parametrize(("good", "bad"), AT_THE_LIMIT.values(), ids=AT_THE_LIMIT)
def test_up_to_the_limit_bad_lines_are_left_out(good, bad):
    assert len(read(bad_lines(good, bad))[1]) == good


def test_more_bad_lines_than_names_refuse_a_short_list_too():
    with pytest.raises(BadList):
        read(bad_lines(2, 3))


def test_the_form_is_that_of_most_lines_not_of_the_first():
    text = "portal.example\n" + "".join(f"0.0.0.0 host{number}.example\n" for number in range(5))
    assert read(text)[0] is ListFormat.HOSTS


def test_a_page_of_comments_does_not_hide_the_form():
    assert read("# a comment\n" * 1000 + "||a.example^\n")[0] is ListFormat.ADBLOCK


KNOWN_LINES = [line for line, *_ in LEFT_OUT.values()] + list(BAD.values())
KNOWN_LINES += [line for _, text, _ in FORMS.values() for line in text.splitlines()]
SIGNS = "ab.*|@^$#=/ \t:;(){}\"'<>0129-_"
LINES = st.one_of(st.sampled_from(KNOWN_LINES), st.text(max_size=40), st.text(alphabet=SIGNS, max_size=30))


@given(st.lists(LINES, max_size=30))
def test_any_lines_are_a_list_or_its_one_error(lines):
    reader = ListReader(lines)
    try:
        names = list(reader.marked_names())
        reader.check()
    except BadList:
        return
    assert all(marked[0] in "ubeUBE" and marked[1:].isascii() and "." in marked for marked in names)
    assert all(len(marked) <= 254 for marked in names)
    assert reader.found == sum(marked[0].islower() for marked in names) > 0
    assert all(before.number < after.number for before, after in pairwise(reader.first_bad))
