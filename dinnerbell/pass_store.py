"""Keeps the book of passes in DATA/passes.json, and watches it for the running box (shell).

The command line writes, the box reads. A writer holds a lock beside the file, so that two who give a pass at once both give one; the
file is replaced whole, so that the box never reads half of it, and is on the disk before anyone is told that the pass is given.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dinnerbell.files import replace_text, stamp_of
from dinnerbell.model import Pass
from dinnerbell.pass_book import BadBook, PassBook, read_book, write_book

PASSES = "passes.json"
LOCK = "passes.lock"


class PassFileError(Exception):
    """passes.json can't be read or written; the message says why and what to do."""


def load_book(data: Path) -> PassBook:
    """Read the book of passes; none there: an empty one. Raises PassFileError."""
    path = data / PASSES
    try:
        return read_book(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return PassBook()
    except OSError as error:
        raise PassFileError(f"Couldn't read the passes in {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PassFileError(f"Couldn't read the passes in {path}: it is not UTF-8 text") from None
    except BadBook as error:
        raise PassFileError(f"Couldn't read the passes in {path}: {error}. Mend the file, or delete it to end every pass") from None


def change_book(data: Path, change: Callable[[PassBook], PassBook]) -> PassBook:
    """Change the book of passes and return it, on the disk. Raises PassFileError, and what `change` raises: then nothing is written."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with _locked(data):
            before = load_book(data)
            book = change(before)
            if book != before:
                replace_text(data / PASSES, write_book(book))
    except OSError as error:
        raise PassFileError(f"Couldn't write the passes in {data / PASSES}: {error.strerror}") from None
    return book


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    handle = os.open(data / LOCK, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class PassWatch:
    """passes.json as the box sees it: what it last held that was good."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._seen: tuple[int, int, int] | None = None
        self.passes: tuple[Pass, ...] = ()

    def is_stale(self) -> bool:
        """Tell whether the file is another than the one that was read last."""
        return stamp_of(self._data / PASSES) != self._seen

    def read(self) -> None:
        """Read the passes anew. Raises PassFileError: then the last good ones stay."""
        self._seen = stamp_of(self._data / PASSES)  # before it is read: what is written meanwhile is seen next time
        self.passes = load_book(self._data).passes
