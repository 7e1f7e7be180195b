"""Is this name on the list? Asked of the keys of `names.py`, wherever they are kept.

Pure. A name is on a list if the list names it, or something that it lies under, and no exception of the list speaks for it. In lists made
for browsers an exception always wins; in those made for name servers the longer of the two does (`ListFormat.is_longest_first`).
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Protocol

from dinnerbell.lists.names import BELOW, EXACT, UNDER, key_of


class NameList(Protocol):
    """A list of names of one's own, as the decision sees it; a rule is about it as `list:NAME`."""

    def match(self, name: str, /) -> str | None:
        """Return the longest entry that `name` (normalised) is or lies under, without any sign; None: the name is not on the list."""
        ...

    def __len__(self) -> int: ...


class Keys(Protocol):
    """What a list is kept in: a mapped trie, or a frozenset where there is none."""

    def __contains__(self, key: object, /) -> bool: ...

    def prefixes(self, key: str, /) -> list[str]:
        """Return the keys that `key` begins with, the shortest first."""
        ...


class FrozenKeys:
    """Keys in memory: some 146 bytes a name, for machines that have no marisa-trie, and for tests."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = frozenset(keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def prefixes(self, key: str) -> list[str]:
        dots = (at + 1 for at, sign in enumerate(key) if sign == ".")
        return [prefix for end in dots if (prefix := key[:end]) in self._keys]


@dataclass(frozen=True, eq=False, slots=True)
class ListedNames:
    """A list as the decision sees it."""

    keys: Keys
    names: int
    marks: Container[str]
    """The marks that are in use: what is not there need not be looked for."""
    is_longest_first: bool = False

    def match(self, name: str) -> str | None:
        """Return what the list has that `name` (normalised) is or lies under, the longest; None: the name is not on the list."""
        listed = self._longest(name, EXACT, UNDER, BELOW)
        if listed is None:
            return None
        spared = self._longest(name, EXACT.upper(), UNDER.upper(), BELOW.upper())
        if spared is not None and (len(spared) >= len(listed) or not self.is_longest_first):
            return None
        return listed

    def __len__(self) -> int:
        return self.names

    def _longest(self, name: str, exact: str, under: str, below: str) -> str | None:
        if exact in self.marks and key_of(exact + name) in self.keys:
            return name
        found = ""
        if under in self.marks and (prefixes := self.keys.prefixes(key_of(under + name))):
            found = prefixes[-1]
        # without its last dot the name's own key is no prefix of it
        if below in self.marks and (prefixes := self.keys.prefixes(key_of(below + name)[:-1])) and len(prefixes[-1]) > len(found):
            found = prefixes[-1]
        return found[-2:0:-1] if found else None
