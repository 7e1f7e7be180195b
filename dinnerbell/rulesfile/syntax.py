"""What the YAML parser complains about, as a sentence for someone who has never heard of YAML.

Pure. Keyed on the words of PyYAML's own parser (not libyaml's), which have been stable for years; what is not recognised gets
general advice and the parser's words.
"""

import yaml


def explain(error: yaml.MarkedYAMLError, text: str, line: int, opened: int) -> str:
    """Return advice about the problem at `line`; `opened`: the line in which the broken list, mapping or quote began."""
    problem = error.problem or ""
    context = error.context or ""
    if "cannot start any token" in problem:
        return _odd_start(problem)
    if "expected ',' or" in problem:
        sign = "]" if "']'" in problem else "}"
        opener = "[" if sign == "]" else "{"
        return f"the `{opener}` opened in line {opened} is not closed, or a comma is missing before this: write `, ` between items and `{sign}` at the end"
    for words, advice in _ADVICE:
        if words in problem or words in context:
            return advice.format(opened=opened)
    if "expected <block end>" in problem:
        return _not_lined_up(text, line, opened)
    return f"this line cannot be read ({problem or 'not YAML'}): look at the colons, quotes, brackets and indentation here and in the line above"


_ADVICE = (
    (
        "mapping values are not allowed",
        "there is a colon too many, or the line is indented wrongly: after `key: ` a text with another colon and a space goes in quotes, "
        "and keys of one section start in the same column",
    ),
    ("sequence entries are not allowed", "a list item (- ) cannot stand here: start it on a line of its own, lined up with the other items"),
    ("could not find expected ':'", "this line has no colon: write `key: value`, with a space after the colon"),
    (
        "while scanning a quoted scalar",
        "a quote opened in line {opened} is not closed: put the same quote at its end (inside '...' an apostrophe is written twice)",
    ),
    ("double-quoted scalar", 'a backslash in double quotes has a special meaning: use single quotes, or write it twice ("\\\\")'),
    ("while scanning a simple key", "this line has no colon: write `key: value`, with a space after the colon"),
    ("tag", "a word that starts with ! has a special meaning: put it in quotes"),
    ("anchor", "a word that starts with & has a special meaning: put it in quotes"),
    ("alias", "a word that starts with * has a special meaning: put it in quotes"),
    ("block scalar", "a word that starts with | or > has a special meaning: put it in quotes"),
    ("YAML document", "take the line that starts with % out"),
    ("directive", "take the line that starts with % out"),
    ("<document start>", "take the line `...` or the line that starts with % above this one out: rules.yaml is one document"),
)


def _odd_start(problem: str) -> str:
    if "'\\t'" in problem:
        return "there is a tab here: use spaces (two for each step of indentation)"
    sign = problem.split("'")[1] if problem.count("'") >= 2 else problem
    return f"a word cannot start with {sign}: put it in quotes"


def _not_lined_up(text: str, line: int, opened: int) -> str:
    lines = text.splitlines()
    here = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    if here.startswith("- "):
        return f"this list item is not lined up with what began in line {opened}: items of one list start in the same column"
    return (
        f"this does not go on from what began in line {opened}: keys of one section start in the same column, "
        "and after a closing quote or bracket the line ends"
    )
