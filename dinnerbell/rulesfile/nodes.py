"""YAML text -> plain words, lists and mappings as the manager wrote them, with a place for each key and value.

Pure. YAML is used for its shape only: no word is ever turned into something else (an unquoted 10:11:22:33:44:55 is no number,
17:30 no count of minutes, `on` no truth value). What could mislead a reader is refused: anchors, aliases, tags, merge keys,
duplicate keys, a second document. Depth and size are bounded, so that no file can exhaust the box.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from dinnerbell.config import Remark
from dinnerbell.rulesfile.syntax import explain
from dinnerbell.rulesfile.traps import misread

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 20

_PLAIN = (None, "")
"""The style of a word without quotes, as the one parser and the other report it."""
_TOO_DEEP = f"brackets or indentation are more than {MAX_DEPTH} levels deep: nothing in rules.yaml needs that"

Path = tuple[str | int, ...]
"""Where a value stands: ("rules", 3, "devices", 0)."""

_UNSHOWABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_FAST: Any = getattr(yaml, "CSafeLoader", None)
"""libyaml, twenty times as fast; its complaints are poorer, so a file it refuses is read again by the other one."""


class Place(NamedTuple):
    """A line and column, both counted from 1, and how many characters stand there (0: not known, or several lines)."""

    line: int
    column: int
    width: int = 0

    def remark(self, message: str) -> Remark:
        return Remark(self.line, self.column, message, self.width)


START = Place(1, 1, -1)
"""What is wrong with the file as a whole."""


@dataclass(slots=True)
class Tree:
    """A file's words (str, list, dict; None: nothing written) and where they stand."""

    data: Any = None
    values: dict[Path, int] = field(default_factory=dict)
    """Packed places: `place` and `key_place` read them."""
    keys: dict[Path, int] = field(default_factory=dict)
    unread: set[Path] = field(default_factory=set)
    """Values that were refused already: nothing more is to be said about them."""
    remarks: list[Remark] = field(default_factory=list)
    misread: list["Misread"] = field(default_factory=list)

    def found(self, path: Path) -> Path:
        """Return the nearest path that the file has: steps that are only in the model (a list around one word) are skipped."""
        real: Path = ()
        for step in path:
            if (*real, step) in self.values:
                real = (*real, step)
        return real

    def place(self, path: Path) -> Place:
        """Return where the value at `path` stands (or the nearest thing around it)."""
        packed = self.values.get(self.found(path))
        return START if packed is None else _unpacked(packed)

    def key_place(self, path: Path) -> Place:
        """Return where the key at `path` stands; for an item of a list, the item."""
        real = self.found(path)
        packed = self.keys.get(real) or self.values.get(real)
        return START if packed is None else _unpacked(packed)

    def remark(self, place: Place, message: str) -> None:
        self.remarks.append(place.remark(message))


class Misread(NamedTuple):
    """A word without quotes that other programs take for something else (traps.py)."""

    path: Path
    place: Place
    text: str
    read_as: str
    is_key: bool = False


def read_tree(text: str) -> Tree:
    """Read the text of a rules.yaml. Never raises: what is wrong is in `remarks`, and then `data` may be None."""
    text = text.removeprefix("\ufeff")
    refused = Tree()
    if len(text) > MAX_CHARACTERS:
        size = f"the file has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read"
        refused.remark(START, f"{size}. Long lists of names go to `box.lists`")
        return refused
    for bad in _UNSHOWABLE.finditer(text):
        before = _LINE_END.split(text[: bad.start()])
        message = f"there is an invisible character here (U+{ord(bad.group()):04X}): delete it, or save the file as plain UTF-8 text"
        refused.remark(Place(len(before), len(before[-1]) + 1, 1), message)
    if refused.remarks:
        return refused
    if _FAST is not None:
        try:
            return _Walk(text, _FAST).tree()
        except yaml.YAMLError:
            pass
    walk = _Walk(text, yaml.SafeLoader)
    try:
        return walk.tree()
    except yaml.MarkedYAMLError as error:
        problem = explain(error, text)
        walk.result.data = None
        walk.result.remark(Place(problem.line, problem.column, 1), problem.advice)
        return walk.result


class _TooDeep(Exception):  # noqa: N818 - internal: it ends the walk
    pass


def _place(event: Any) -> Place:
    return _unpacked(_packed(event))


_BITS = 20
"""Enough for any line, column or width of MAX_CHARACTERS."""


def _packed(event: Any) -> int:
    """Return an event's place as one number: a file has two places for every word, and numbers are what Python keeps most cheaply."""
    start, end = event.start_mark, event.end_mark
    line, column = start.line, start.column
    width = end.column - column if end.line == line else 0
    return (line + 1) << 2 * _BITS | (column + 1) << _BITS | width  # type: ignore[no-any-return]


def _unpacked(number: int) -> Place:
    mask = (1 << _BITS) - 1
    return Place(number >> 2 * _BITS, number >> _BITS & mask, number & mask)


def _hides_something(event: Any) -> bool:
    """Tell whether a word stands for a sign that nobody sees: an escape in double quotes can, the text itself has none."""
    return event.style == '"' and _UNSHOWABLE.search(event.value) is not None


class _Walk:
    """One pass over the events of the parser, building the tree."""

    def __init__(self, text: str, loader: Any) -> None:
        self.result = Tree()
        self._events: Iterator[Any] = iter(loader(text).get_event, None)  # yaml.parse without its second look at each event
        self._end: Any = None
        """Where the list or mapping that was read last ends."""

    def tree(self) -> Tree:
        """Walk the whole file. Raises yaml.YAMLError where it is not YAML."""
        try:
            self._documents()
        except _TooDeep:
            self.result.data = None
        return self.result

    def _documents(self) -> None:
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.result.remark(_place(event), "a second document starts here (---): rules.yaml is one; take this line out")
                    return
                self.result.data = self._value((), next(self._events), 0)

    def _value(self, path: Path, event: Any, depth: int) -> Any:
        self.result.values[path] = _packed(event)
        if type(event) is yaml.ScalarEvent and event.anchor is None and event.tag is None and depth <= MAX_DEPTH:
            return self._word(path, event)
        place = _place(event)
        if depth > MAX_DEPTH:
            self.result.remark(place, _TOO_DEEP)
            raise _TooDeep
        if isinstance(event, yaml.AliasEvent):
            self.result.unread.add(path)
            self.result.remark(place, f"`*{event.anchor}` (an alias) is not read here: write the value out, or put the text in quotes")
            return None
        if event.anchor is not None:
            self.result.remark(place, f"`&{event.anchor}` (an anchor) is not read here: take it out, or put the text in quotes")
        if event.tag is not None and event.tag != "!":
            self.result.remark(place, "a word that starts with ! (a tag) is not read here: take it out, or put the text in quotes")
        if isinstance(event, yaml.ScalarEvent):
            return self._word(path, event)
        found: Any = self._list(path, depth) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path, depth)
        end = self._end
        is_one_line = event.flow_style and end.line == event.start_mark.line
        width = end.column + 1 - place.column if is_one_line else 0  # the event's own is that of the bracket, or of nothing
        self.result.values[path] += width - place.width
        return found

    def _word(self, path: Path, event: Any) -> str | None:
        value: str = event.value
        if event.style in _PLAIN:
            if (read_as := misread(value)) is not None:
                self.result.misread.append(Misread(path, _place(event), value, read_as))
            return value or None
        if _hides_something(event):
            self.result.unread.add(path)
            self.result.remark(_place(event), "the text in quotes stands for an invisible character: write it with ordinary letters")
        return value

    def _list(self, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value((*path, len(items)), event, depth + 1))
        self._end = event.end_mark
        return items

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        keys, values = self.result.keys, self.result.values
        while type(event := next(self._events)) is not yaml.MappingEndEvent:
            place = _packed(event)
            key = event.value if type(event) is yaml.ScalarEvent else None
            if problem := self._key_problem(event, key, path, found):
                self._skip(event, depth)
                self._skip(next(self._events), depth)
                self.result.remark(_unpacked(place), problem)
                continue
            here = (*path, str(key))
            keys[here] = place
            if event.style in _PLAIN and (read_as := misread(str(key))) is not None:
                self.result.misread.append(Misread(here, _unpacked(place), str(key), read_as, is_key=True))
            value = found[str(key)] = self._value(here, next(self._events), depth + 1)
            if value is None and here not in self.result.unread:
                values[here] = place  # nothing is written: the key is what can be pointed at
        self._end = event.end_mark
        return found

    def _key_problem(self, event: Any, key: str | None, path: Path, found: dict[str, Any]) -> str | None:
        if key is None:
            return "a word followed by a colon was expected here; text with brackets, braces or * in it goes in quotes"
        if key == "<<" and event.style in _PLAIN:
            return "`<<` (a merge key) is not read here: write the lines out"
        if event.anchor is not None or event.tag not in (None, "!"):
            return f"`{key}` has an anchor (&) or a tag (!) before it: take it out"
        if not key or _hides_something(event):
            return "there is nothing before this colon: write the name of the key, or put the text in quotes"
        if key in found:
            line = _unpacked(self.result.keys[(*path, key)]).line
            return f"`{key}` is here a second time (first in line {line}): one of the two would be lost. Take one out, or join them"
        return None

    def _skip(self, event: Any, depth: int) -> None:
        """Pass over a value that was refused as a whole, without a second complaint about what is in it."""
        if depth > MAX_DEPTH:
            self.result.remark(_place(event), _TOO_DEEP)
            raise _TooDeep
        if isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            while not isinstance(inner := next(self._events), (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                self._skip(inner, depth + 1)
