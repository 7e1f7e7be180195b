"""Lists on the disk: compiled beside the old ones and put in force by one rename; opened mapped, not read (shell).

    DATA/lists/malware.json            the state: what is in force, and how the last attempt went. Replaced whole: this is the swap.
    DATA/lists/malware-1f3a90c2.trie   the names in force, mapped by every process that asks (4 to 6 MB for a million names)
    DATA/lists/malware.lock            held by whoever fetches

A file that a state names is never written to. One that no state names any more is removed by the next swap; who has it mapped keeps it.
"""

import contextlib
import fcntl
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dinnerbell.config import ListSource, Rules
from dinnerbell.files import replace_text, sync_folder
from dinnerbell.lists.formats import ListReader
from dinnerbell.lists.matcher import FrozenKeys, Keys, ListedNames
from dinnerbell.lists.names import key_of
from dinnerbell.lists.state import BadState, Compiled, ListState, read_state, write_state
from dinnerbell.lists.status import ListStatus, list_status

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

FOLDER = "lists"
TRIE, TEXT = "trie", "text"
_BLOCK = 1 << 20


def marisa() -> Any | None:
    """Return the module marisa_trie, or None where there is none (no wheel for 32-bit ARM)."""
    try:
        import marisa_trie  # noqa: PLC0415 - 2 ms and 1 MB that a box without lists need not pay
    except ImportError:
        return None
    return marisa_trie


def stem_of(name: str) -> str:
    """Return the file name, without ending, under which a list is kept: its own where that is a plain one."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return plain if plain == name else f"{plain}-{sha256(name.encode()).hexdigest()[:8]}"


def lists_folder(data: Path) -> Path:
    return data / FOLDER


def state_path(data: Path, name: str) -> Path:
    return lists_folder(data) / f"{stem_of(name)}.json"


def load_state(data: Path, name: str) -> ListState | None:
    """Return what is known of a list; None: nothing, or nothing that can be read (it is fetched again then)."""
    try:
        return read_state(state_path(data, name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadState):
        return None


def keep_state(data: Path, name: str, state: ListState) -> None:
    """Put the state in force, on the disk. Raises OSError."""
    replace_text(state_path(data, name), write_state(state))


@contextmanager
def locked(data: Path, name: str) -> Iterator[None]:
    """Be the only one who fetches this list. Raises OSError."""
    folder = lists_folder(data)
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{stem_of(name)}.lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# ── compile ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def compile_list(data: Path, name: str, source: str, lines: Iterable[str]) -> Compiled:
    """Write the names beside those in force, on the disk. Raises BadList and OSError."""
    reader = ListReader(lines)
    keys = map(key_of, reader.marked_names())
    folder = lists_folder(data)
    new = folder / f"{stem_of(name)}.part"
    library = marisa()
    try:
        count = _write_trie(library, keys, new) if library is not None else _write_text(keys, new)
        reader.check()
        size, crc = _size_and_crc(new)
        kind = TRIE if library is not None else TEXT
        final = folder / f"{stem_of(name)}-{crc:08x}.{kind}"
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(final)
        sync_folder(folder)
    finally:
        new.unlink(missing_ok=True)
    return Compiled(
        file=final.name,
        kind=kind,
        size=size,
        crc=crc,
        source=source,
        format=reader.format.value,
        is_longest_first=reader.format.is_longest_first,
        names=count - len(reader.exceptions),
        exceptions=len(reader.exceptions),
        marks="".join(sorted(reader.marks)),
        skipped={reason.value: skipped for reason, skipped in reader.skipped.items()},
        bad=reader.bad,
        first_bad=tuple(str(each) for each in reader.first_bad),
    )


def _write_trie(library: Any, keys: Iterable[str], path: Path) -> int:
    trie = library.Trie(keys)
    trie.save(str(path))
    return len(trie)


def _write_text(keys: Iterable[str], path: Path) -> int:
    different: AbstractSet[str] = set(keys)
    path.write_text("\n".join(sorted(different)), encoding="ascii")
    return len(different)


def remove_old(data: Path, name: str, in_force: Compiled | None) -> None:
    """Remove compiled files of this list that are no longer in force. What can't be removed stays."""
    pattern = re.compile(re.escape(stem_of(name)) + r"-[0-9a-f]{8}\.(trie|text)")
    with contextlib.suppress(OSError):
        for path in lists_folder(data).iterdir():
            if pattern.fullmatch(path.name) and (in_force is None or path.name != in_force.file):
                path.unlink(missing_ok=True)


# ── open ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class OpenedList:
    """A list as it lies on the disk: its state, and its names ready to be asked."""

    state: ListState | None = None
    names: ListedNames | None = None
    trouble: str | None = None
    """Why the names can't be used although they were fetched."""


def open_list(data: Path, name: str) -> OpenedList:
    """Open what is in force of a list. Nothing is fetched."""
    opened = _open(data, name)
    if opened.trouble is not None and load_state(data, name) != opened.state:
        return _open(data, name)  # it was swapped between the reading of its state and the opening of its file
    return opened


@dataclass(frozen=True, slots=True)
class OpenedLists:
    """The lists of one rules.yaml, as they lie on the disk."""

    statuses: tuple[ListStatus, ...]
    names: Mapping[str, ListedNames]
    """Those that were fetched."""

    def within(self, rules: Rules) -> Rules:
        """Return the rules with these lists in them."""
        return replace(rules, policy=replace(rules.policy, lists=self.names)) if self.names else rules


def open_lists(data: Path, sources: Iterable[ListSource]) -> OpenedLists:
    """Open what is in force of each list. Nothing is fetched."""
    opened = [(source, open_list(data, source.name)) for source in sources]
    return OpenedLists(
        tuple(list_status(source, each.state, each.trouble) for source, each in opened),
        {source.name: each.names for source, each in opened if each.names is not None},
    )


def _open(data: Path, name: str) -> OpenedList:
    state = load_state(data, name)
    if state is None or state.compiled is None:
        return OpenedList(state)
    made = state.compiled
    path = lists_folder(data) / made.file
    try:
        if _size_and_crc(path) != (made.size, made.crc):
            return OpenedList(state, trouble=f"{path} is damaged; it will be fetched again")
        keys = _open_keys(path, made.kind)
    except (OSError, ValueError, RuntimeError) as error:
        return OpenedList(state, trouble=f"Couldn't open {path}: {getattr(error, 'strerror', None) or error}; it will be fetched again")
    return OpenedList(state, ListedNames(keys, made.names, made.marks, made.is_longest_first))


def _open_keys(path: Path, kind: str) -> Keys:
    if kind == TEXT:
        return FrozenKeys(path.read_text(encoding="ascii").split("\n"))
    library = marisa()
    if library is None:
        raise ValueError("marisa-trie is not installed here")
    trie: Keys = library.Trie().mmap(str(path))
    return trie


def _size_and_crc(path: Path) -> tuple[int, int]:
    """Return how long a file is and its CRC-32. Not asked of a damaged trie: it may end the process. 2 ms for a million names."""
    size = crc = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            size += len(block)
            crc = zlib.crc32(block, crc)
    return size, crc
