"""Words without quotes that mean one thing here and another to most programs that read YAML.

Pure. Here every word stays what the manager wrote. But a file has other readers: an editor that formats it on saving, a script, a
helper's favourite tool. To them (YAML 1.1, as PyYAML and Ruby read it) `no` is "false", 17:30 the number 1050, and the MAC address
10:11:22:33:44:55 another number; saved by them, the word is gone. Dates and numbers that come back as they were are no trap.
"""

import re

_WORDS = {
    **dict.fromkeys(("yes", "on", "true"), "true"),
    **dict.fromkeys(("no", "off", "false"), "false"),
    **dict.fromkeys(("null", "~"), "nothing at all"),
}
_LONGEST_WORD = max(map(len, _WORDS))
_NUMBER_STARTS = frozenset("0123456789+-.")
_SIXTIES = re.compile(r"([-+]?)([1-9][0-9_]*(?::[0-5]?[0-9])+)")
_WHOLE = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F_]+"), 16),
    (re.compile(r"[-+]?0b[01_]+"), 2),
    (re.compile(r"[-+]?0[0-7_]+"), 8),
    (re.compile(r"[-+]?(?:0|[1-9][0-9_]*)"), 10),
)
_BROKEN = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_ANY = re.compile("|".join(pattern.pattern for pattern in (_SIXTIES, *(whole for whole, _ in _WHOLE), _BROKEN)))
"""One look at the many words that begin like a number and are none, such as addresses."""
_MOST_DIGITS = 40


def misread(text: str) -> str | None:
    """Return what other programs read where `text` stands without quotes, if they could not write it back as it was."""
    if text[:1] not in _NUMBER_STARTS:
        read_as = _WORDS.get(text.lower()) if len(text) <= _LONGEST_WORD else None
        return read_as if read_as is not None and text in (text.lower(), text.upper(), text.title()) else None
    if len(text) > _MOST_DIGITS or _ANY.fullmatch(text) is None:
        return None
    number = _number(text)
    return None if number in (None, text) else f"the number {number}"


def _number(text: str) -> str | None:
    """Return the number that YAML 1.1 reads, as it would be written back; None: it reads a word, as we do."""
    if (match := _SIXTIES.fullmatch(text)) is not None:
        total = 0
        for part in match[2].replace("_", "").split(":"):
            total = total * 60 + int(part)
        return str(-total if match[1] == "-" else total)
    for pattern, base in _WHOLE:
        if pattern.fullmatch(text) is not None:
            digits = re.sub("[_]|^([-+]?)0[xXb]", r"\1", text)
            return str(int(digits, base)) if digits.strip("+-") else None
    return repr(float(text.replace("_", ""))) if _BROKEN.fullmatch(text) is not None else None
