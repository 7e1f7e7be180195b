"""What lint must find, each planted in a small catalogue; and what it must leave alone."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.catalogue import CatalogueError, read_catalogue
from dinnerbell.cli.services import services
from dinnerbell.curating.lint import COMMANDS, find_clashes, find_faults, inside_essential
from dinnerbell.curating.listing import read_entries
from dinnerbell.public_suffixes import public_suffix, registrable
from dinnerbell.rules import read_rules

GOOD = """\
cloud: {name: Cloud, kinds: [essential], hosts: {use: [icloud.com, =login.social.com]}}
relay: {name: Relay, kinds: [bypass], hosts: {use: [mask.icloud.com]}}
social: {name: Social, kinds: [chatroom], hosts: {use: [m.social.com], companion: [social.com, api.m.social.com], shared: [cdn.net]}}
pictures: {name: Pictures, kinds: [photo-sharing], evidence: pair, hosts: {companion: [pictures.co.uk], shared: [cdn.net]}}
film: {name: Film, kinds: [video-sharing], hosts: {use: [film.com, =filmi.googleapis.com]}}
line: {name: Line, kinds: [helpline], hosts: {use: [line.org.uk]}}
blogs: {name: Blogs, kinds: [blog], hosts: {use: [blogspot.com]}}
"""
RULES = "setting: {name: Acorn Nursery}\nrules: []\nservices:\n"


def find(catalogue_text, own_text=None):
    """Run lint as the command does: clashes first, and faults only in what can be read."""
    entries, slips = read_entries(catalogue_text, "a.yaml")
    if own_text is not None:
        more, more_slips = read_entries(own_text, "rules.yaml", own=True)
        entries, slips = entries + more, slips + more_slips
    found = find_clashes(entries)
    if found or slips:
        return [*slips, *found]
    shipped = catalogue = read_catalogue({"a.yaml": catalogue_text}, {})
    if own_text is not None:
        catalogue = read_rules(own_text, catalogue=shipped).policy.catalogue
    return find_faults(entries, shipped, catalogue, public_suffix)


def test_a_good_catalogue_is_left_alone():
    """Also what looks wrong and is meant: a longer host in an essential zone, an exact essential host under a social suffix, a
    companion under a use host, a whole public suffix that is one service, an exact host under a shared parent."""
    assert find(GOOD) == []


def plant(line):
    return GOOD + line + "\n"


NEXT = GOOD.count("\n") + 1


@pytest.mark.parametrize(
    "line, code, says",
    [
        pytest.param("two: {kinds: [forum], hosts: {use: [film.com]}}", "claimed-twice", "film.com is also in film (a.yaml:5)", id="twice"),
        pytest.param("two: {kinds: [forum], hosts: {shared: [film.com]}}", "claimed-twice", "`shared` in both", id="shared_by_one_only"),
        pytest.param("two: {kinds: [forum], hosts: {use: [cdn.net]}}", "claimed-twice", "cdn.net is also in social", id="use_of_a_shared"),
        pytest.param("two: {kinds: [forum], hosts: {use: [two.org], companion: [two.org]}}", "twice", "keep one", id="in_two_classes"),
        pytest.param("lint: {kinds: [forum], hosts: {use: [two.org]}}", "bad-id", "a word of `dinnerbell services lint`", id="command"),
        pytest.param("forum: {kinds: [forum], hosts: {use: [two.org]}}", "bad-id", "the name of a kind", id="kind_as_id"),
        pytest.param("Two: {kinds: [forum], hosts: {use: [two.org]}}", "bad-id", "small letters", id="capitals"),
        pytest.param("two: {kinds: [forum], hosts: {use: [googleapis.com]}}", "shared-parent", "with = in front", id="shared_parent"),
        pytest.param("two: {kinds: [forum], hosts: {use: [x.wp.com]}}", "shared-parent", "write =x.wp.com", id="suffix_in_shared_parent"),
        pytest.param("two: {kinds: [forum], hosts: {use: [github.io]}}", "public-suffix", "thousands of strangers'", id="private_section"),
        pytest.param("two: {kinds: [essential], hosts: {use: [sch.uk]}}", "public-suffix", "own names under it", id="every_schools"),
        pytest.param("two: {kinds: [forum], hosts: {use: [co.uk]}}", "public-suffix", "co.uk is a public suffix", id="registry"),
        pytest.param("two: {kinds: [forum], hosts: {use: [two.cmo]}}", "unknown-suffix", "no names under .cmo", id="misspelt"),
        pytest.param("two: {kinds: [forum], hosts: {use: [two.org, www.two.org]}}", "unreachable", "www.two.org says", id="behind"),
        pytest.param("two: {kinds: [forum], hosts: {use: [two.org, =two.org]}}", "unreachable", "=two.org says nothing", id="exact_behind"),
        pytest.param("two: {kinds: [forum], hosts: {use: [a.b.two.org, two.org]}}", "unreachable", "a.b.two.org says", id="deep_behind"),
        pytest.param("two: {kinds: [forum], hosts: {companion: [two.org]}}", "no-evidence", "two has no `use` host", id="no_use_host"),
        pytest.param("two: {kinds: [forum], evidence: pair, hosts: {use: [=two.org]}}", "no-evidence", "no two", id="a_pair_of_one"),
        pytest.param("two: {kinds: [forum], hosts: {use: [=icloud.com]}}", "takes-essential", "away from Cloud", id="exact_thief"),
        pytest.param("two: {kinds: [forum], hosts: {use: [www.icloud.com]}}", "takes-essential", "www.icloud.com away", id="the_door"),
        pytest.param("two: {kinds: [forum], hosts: {use: [=line.org.uk]}}", "takes-essential", "which is never refused", id="helpline"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found_in_its_line(line, code, says):
    findings = find(plant(line))
    assert [(found.code, found.file, found.line) for found in findings] == [(code, "a.yaml", NEXT)]
    assert says in findings[0].message


@pytest.mark.parametrize(
    "own, code, line, says",
    [
        pytest.param("  page: {name: P, kinds: [forum], hosts: [appspot.com]}", "shared-parent", 4, "every customer", id="shared_parent"),
        pytest.param("  page: {name: P, kinds: [forum], hosts: [icloud.com]}", "takes-essential", 4, "away from Cloud", id="own_suffix"),
        pytest.param("  cloud: {kinds: [forum]}", "takes-essential", 4, "add `essential`", id="own_kinds"),
        pytest.param("  page: {name: P, kinds: [wiki],\n    hosts: [a.org,\n     www.a.org]}", "unreachable", 6, "take it out", id="line"),
        pytest.param("  page: {name: P, kinds: [forum], hosts: {companion: [p.org]}}", "no-evidence", 4, "`evidence: pair`", id="evidence"),
        pytest.param("  lint: {name: P, kinds: [forum], hosts: [p.org]}", "bad-id", 4, "choose another id", id="command"),
    ],
)  # fmt: skip
def test_own_services_are_looked_at_too(own, code, line, says):
    findings = find(GOOD, RULES + own + "\n")
    assert {(found.code, found.file, found.line) for found in findings} == {(code, "rules.yaml", line)}
    assert says in findings[0].message


@pytest.mark.parametrize(
    "own",
    [
        pytest.param("  page: {name: P, kinds: [essential], hosts: [nas.local, portal.example]}", id="a_machine_of_ones_own"),
        pytest.param("  film: {hosts: {companion: [film-cdn.org]}}", id="a_host_more"),
        pytest.param("  page: {name: P, kinds: [forum], hosts: [film.com]}", id="taken_from_a_social_service"),
        pytest.param("  portal: {name: P, kinds: [essential], hosts: [film.com]}", id="made_essential"),
    ],
)
def test_what_a_setting_may_do_is_left_alone(own):
    assert find(GOOD, RULES + own + "\n") == []


def test_a_service_twice_in_one_file_is_told_with_both_lines_and_does_not_load():
    text = plant("film: {name: Film, kinds: [video-sharing], hosts: {use: [other.com]}}")
    [slip] = find(text)
    assert slip.line == NEXT
    assert "first in line 5" in slip.message
    with pytest.raises(CatalogueError, match=rf"a\.yaml:{NEXT}: film is there twice"):
        read_catalogue({"a.yaml": text}, {})


def test_a_service_in_two_files_names_both():
    entries = [*read_entries(GOOD, "a.yaml")[0], *read_entries("film: {kinds: [forum], hosts: {use: [f.org]}}", "b.yaml")[0]]
    [found] = find_clashes(entries)
    assert (found.code, found.file, found.line) == ("id-twice", "b.yaml", 1)
    assert "a.yaml:5" in found.message


def test_meant_hosts_inside_an_essential_zone_are_told_for_information():
    entries, _ = read_entries(GOOD, "a.yaml")
    [inside] = inside_essential(entries, read_catalogue({"a.yaml": GOOD}, {}))
    assert (inside.host, inside.service, inside.zone, inside.essential) == ("mask.icloud.com", "relay", "icloud.com", "cloud")


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_gives_entries_or_slips_and_never_an_exception(text):
    read_entries(text, "a.yaml")
    read_entries("services:\n  " + text, "rules.yaml", own=True)


@pytest.mark.parametrize(
    "name, suffix, registered",
    [
        pytest.param("www.acorn.co.uk", "co.uk", "acorn.co.uk", id="two_labels"),
        pytest.param("acorn.sch.uk", "acorn.sch.uk", None, id="every_school_is_a_registry"),
        pytest.param("a.b.github.io", "github.io", "b.github.io", id="private_section"),
        pytest.param("x.d111.cloudfront.net", "cloudfront.net", "d111.cloudfront.net", id="cdn"),
        pytest.param("nas.local", None, None, id="no_registry"),
    ],
)
def test_public_suffixes_come_from_the_list_with_its_private_section(name, suffix, registered):
    assert (public_suffix(name), registrable(name)) == (suffix, registered)


def run(*words, cwd):
    command = [sys.executable, "-m", "dinnerbell", "services", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_the_shipped_catalogue_and_the_shipped_rules_have_nothing_to_mend():
    done = run("lint", cwd=Path(__file__).parent.parent)
    assert done.returncode == 0, done.stdout


def test_the_command_lints_the_settings_own_services(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES + "  page: {name: P, kinds: [forum], hosts: [wp.com]}\n")
    done = run("lint", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(r"^rules\.yaml:4: wp\.com is in wp\.com, .*\[shared-parent\]$", done.stdout, re.MULTILINE)
    value = json.loads(run("lint", "--json", cwd=tmp_path).stdout)
    assert not value["ok"]
    assert {"code": "shared-parent", "file": "rules.yaml", "line": 4, "service": "page", "host": "wp.com"}.items() <= next(
        found for found in value["findings"] if found["file"] == "rules.yaml"
    ).items()


def test_broken_rules_are_told_as_every_command_does(tmp_path):
    (tmp_path / "rules.yaml").write_text("setting: {name: A}\nruls: []\n")
    done = run("lint", cwd=tmp_path)
    assert done.returncode == 1
    assert "rules.yaml:2:1: `ruls` is not a section" in done.stderr


def test_every_subcommand_is_a_word_that_no_service_may_have():
    assert set(services.commands_at) <= set(COMMANDS)


def test_starting_the_box_reads_no_public_suffix_list():
    code = "import sys, dinnerbell.cli.run, dinnerbell.running.box; sys.exit('publicsuffixlist' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
