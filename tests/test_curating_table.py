"""docs/catalogue.md is the catalogue: every service, under its kind, with what DNS cannot cut."""

import re
from pathlib import Path

import pytest

from dinnerbell.catalogue import KINDS, read_catalogue
from dinnerbell.curating.table import catalogue_page
from dinnerbell.shipped import shipped_catalogue

PAGE = Path(__file__).parent.parent / "docs" / "catalogue.md"


def test_the_page_is_of_this_catalogue():
    is_current = PAGE.read_text(encoding="utf-8") == catalogue_page(shipped_catalogue())
    assert is_current, "dinnerbell/services has changed: run `make catalogue` (or `dinnerbell services table > docs/catalogue.md`)"


def test_every_service_has_one_row_under_a_kind_of_its_own():
    text = catalogue_page(shipped_catalogue())
    sections = {section.partition("\n")[0]: section for section in text.split("\n## ")[1:]}
    rows = {kind: re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", section, re.MULTILINE) for kind, section in sections.items()}
    assert list(sections) == [kind for kind in KINDS if kind in sections]
    found = {id_: (kind, name) for kind, listed in rows.items() for id_, name in listed}
    services = shipped_catalogue().services
    assert sum(map(len, rows.values())) == len(found) == len(services)
    for id_, (kind, name) in found.items():
        assert kind in services[id_].kinds
        assert name == services[id_].name


@pytest.mark.parametrize(
    "entry, row",
    [
        pytest.param("{name: A, kinds: [forum, blog], hosts: {use: [a.org, b.org]}}",
            "| `a` | A | blog | not known | use (2 hosts) |  |", id="use"),
        pytest.param("{name: A, kinds: [forum], evidence: pair, under-16-law: in, hosts: {companion: [a.org, b.org]}}",
            "| `a` | A |  | in | pair |  |", id="pair"),
        pytest.param("{name: A, kinds: [essential], note: Not | all., hosts: {use: [a.org]}}", r"| `a` | A |  |  | listed | Not \| all. |",
            id="a_bar_in_a_note"),
    ],
)  # fmt: skip
def test_a_row_says_law_evidence_and_what_dns_cannot_cut(entry, row):
    page = catalogue_page(read_catalogue({"a.yaml": f"a: {entry}"}, {}))
    assert row in page.splitlines()
    assert "Services: 1, of them social media:" in page
