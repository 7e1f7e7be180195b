"""What the YAML parser complains about, as a sentence for someone who has never heard of YAML.

Pure. Keyed on the words of PyYAML's own parser (not libyaml's), which have been stable for years; what is not recognised gets
general advice and the parser's words.
"""

from typing import NamedTuple

import yaml


class Problem(NamedTuple):
    """Where to look (counted from 1) and what to do."""

    line: int
    column: int
    advice: str


def explain(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """Return where the cause of the parser's complaint is and what to do about it."""
    context_mark, problem_mark = error.context_mark, error.problem_mark
    mark = problem_mark or context_mark
    words = f"{error.context or ''}; {error.problem or ''}"
    if context_mark is not None and ("unexpected end of stream" in words or "could not find expected ':'" in words):
        mark = context_mark  # the quote that opened, the line without a colon: not where the parser gave up
    if mark is None:
        return Problem(1, 1, _general(words))
    opened = context_mark.line + 1 if context_mark else mark.line + 1
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    return Problem(mark.line + 1, mark.column + 1, _advice(words, opened, line[: mark.column].rstrip(), line[mark.column :]))


def _advice(words: str, opened: int, before: str, rest: str) -> str:
    if "cannot start any token" in words:
        return _odd_start(words)
    if before.endswith(("'", '"')) and ("expected ',' or" in words or "<block end>" in words):
        return _QUOTED[before[-1]]
    if "expected ',' or" in words:
        opener, sign = ("[", "]") if "']'" in words else ("{", "}")
        missing = f"the `{opener}` opened in line {opened} is not closed, or a comma is missing before this"
        return f"{missing}: write `, ` between items and `{sign}` at the end"
    for known, advice in _ADVICE:
        if known in words:
            return advice
    if "expected <block end>" in words:
        return _ITEM_NOT_LINED_UP if rest.startswith("- ") else _KEY_NOT_LINED_UP
    return _general(words)


def _odd_start(words: str) -> str:
    if "'\\t'" in words:
        return "there is a tab here: use spaces (two for each step of indentation)"
    sign = words.split("'")[1] if words.count("'") >= 2 else "this sign"
    return f"a word cannot start with {sign}: put it in quotes"


def _general(words: str) -> str:
    advice = "look at the colons, quotes, brackets and indentation here and in the line above"
    return f"this line cannot be read ({words.strip('; ') or 'not YAML'}): {advice}"


_QUOTED = {
    "'": "the text in quotes ended before this: inside '...' an apostrophe is written twice, or use \"...\" around it",
    '"': "the text in quotes ended before this: put the quotes around all of it",
}
_ITEM_NOT_LINED_UP = "this list item is not lined up with the lines above: items of one list start in the same column"
_KEY_NOT_LINED_UP = (
    "this is not lined up with the lines above: keys of one section start in the same column, "
    "and after a closing quote or bracket the line ends"
)
_COLON_TOO_MANY = (
    "there is a colon too many, or the line is indented wrongly: a text with a colon and a space goes in quotes, "
    "and keys of one section start in the same column"
)
_ADVICE = (
    ("mapping values are not allowed", _COLON_TOO_MANY),
    (
        "sequence entries are not allowed",
        "a list item (- ) cannot stand here: start it on a line of its own, lined up with the other items",
    ),
    ("could not find expected ':'", "this line has no colon: write `key: value`, with a space after the colon"),
    (
        "unexpected end of stream",
        "the quote opened here is not closed: put the same quote at its end (inside '...' an apostrophe is written twice)",
    ),
    ("double-quoted scalar", 'a backslash in double quotes has a special meaning: use single quotes, or write it twice ("\\\\")'),
    ("tag", "a word that starts with ! has a special meaning: put it in quotes"),
    ("anchor", "a word that starts with & has a special meaning: put it in quotes"),
    ("alias", "a word that starts with * has a special meaning: put it in quotes"),
    ("block scalar", "a word that starts with | or > has a special meaning: put it in quotes"),
    ("YAML document", "take the line that starts with % out"),
    ("directive", "take the line that starts with % out"),
    ("<document start>", "take the line `...` or the line that starts with % above this one out: rules.yaml is one document"),
)
"""Words of the parser, and what to do."""
