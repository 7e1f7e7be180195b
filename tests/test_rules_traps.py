"""Words without quotes that other programs misread: held against PyYAML, which is one of them."""

from datetime import date

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dinnerbell.rulesfile.traps import misread

TRAPS = {
    "17:30": "the number 1050",
    "10:11:22:33:44:55": "the number 7923433495",
    "0123": "the number 83",
    "0x1F": "the number 31",
    "1_000": "the number 1000",
    "4.10": "the number 4.1",
    "1e3": "the number 1000.0",
    "on": "true",
    "Yes": "true",
    "NO": "false",
    "off": "false",
    "true": "true",
    "null": "nothing at all",
    "~": "nothing at all",
}
NO_TRAPS = (
    *("02:00:00:00:00:20", "aa:bb:cc:dd:ee:ff", "2026-12-21", "2026-11-23 12:30", "08:00-18:00", "mon-fri 08:00-18:00", "07:00"),
    *("192.168.1.20", "192.168.20.0/24", "fd00::31", "0.0.0.0:53", "7", "4.1", "14d", "office", "nobody", "oN", "none", "-", "."),
)


@pytest.mark.parametrize("text, expected", TRAPS.items(), ids=TRAPS)
def test_what_others_see_is_told(text, expected):
    assert misread(text) == expected


@pytest.mark.parametrize("text", NO_TRAPS)
def test_what_others_read_as_we_do_is_no_trap(text):
    assert misread(text) is None


@settings(max_examples=500)
@given(st.text("0123456789:._-+eExXabf", min_size=1, max_size=18) | st.sampled_from(["y", "n", "YES", "No", "oFF", "NULL", "nULL", "~~"]))
@example("1:2:3:4:5:6:7:8")
def test_it_agrees_with_a_program_that_misreads(text):
    """Where PyYAML reads a number, a truth value or nothing, and could not write the word back, that is said, and what it reads."""
    try:
        read = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return
    if isinstance(read, (date, list, dict, str)) or (isinstance(read, float) and ":" in text):
        return
    words = {True: "true", False: "false", None: "nothing at all"}
    expected = words[read] if read is None or isinstance(read, bool) else None if str(read) == text else f"the number {read}"
    assert misread(text) == expected
