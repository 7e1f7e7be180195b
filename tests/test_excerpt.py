"""The line under an error: the manager sees which words are meant."""

import pytest

from dinnerbell.config import Remark
from dinnerbell.words.excerpt import WIDEST, excerpt, told

LINES = "setting:\n  name: Acorn   # ours\n\n\tx: 1\n" + "a" * 150 + "b" * 150 + "\n保育園: x\n"

SHOWN = {
    "a_word": (Remark(2, 9, "", 5), ("  |   name: Acorn   # ours", "  |         ^^^^^")),
    "to_the_end_of_the_line_without_its_note": (Remark(2, 3, ""), ("  |   name: Acorn   # ours", "  |   ^^^^^^^^^^^")),
    "an_empty_line": (Remark(3, 1, "", 1), ()),
    "a_tab_is_a_space": (Remark(4, 1, "", 1), ("  |  x: 1", "  | ^")),
    "beyond_the_end_of_the_line": (Remark(1, 99, "", 5), ("  | setting:", "  |         ^")),
    "beyond_the_end_of_the_file": (Remark(99, 1, "", 5), ()),
    "the_file_as_a_whole": (Remark(1, 1, "", -1), ()),
    "wide_letters_take_two_columns": (Remark(6, 6, "", 1), ("  | 保育園: x", "  |         ^")),
    "more_than_the_line_has": (Remark(6, 6, "", 9), ("  | 保育園: x", "  |         ^")),
}


@pytest.mark.parametrize("remark, expected", SHOWN.values(), ids=SHOWN)
def test_the_text_in_question_is_underlined(remark, expected):
    assert excerpt(remark, LINES) == expected


def test_a_long_line_is_cut_on_both_sides_of_the_error():
    line, marks = excerpt(Remark(5, 151, "", 3), LINES)
    assert len(line) <= WIDEST + len("  | ")
    assert line.startswith("  | ...aaa")
    assert line.endswith("b...")
    assert line[marks.index("^") :].startswith("bbb")
    assert marks.count("^") == 3


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    assert excerpt(Remark(2, 1, "", 1), "\ufeffa\r\nb\r\n") == ("  | b", "  | ^")
    assert excerpt(Remark(1, 1, "", 1), "\ufeffa\r\n") == ("  | a", "  | ^")


def test_signs_that_a_terminal_would_obey_are_not_printed():
    assert excerpt(Remark(1, 1, "", 1), "\x1b[31mx") == ("  | ?[31mx", "  | ^")


def test_the_message_comes_first_and_as_ever():
    assert told(Remark(1, 1, "wrong", 1), "rules.yaml", "x") == "rules.yaml:1:1: wrong\n  | x\n  | ^"
    assert told(Remark(1, 1, "gone"), "rules.yaml", "") == "rules.yaml:1:1: gone"
