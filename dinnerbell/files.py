"""Reads rules.yaml and keeps the last good copy of it (shell)."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dinnerbell.config import Remark, Rules
from dinnerbell.rules import RulesError, decode_rules, read_rules
from dinnerbell.rulesfile.nodes import MAX_CHARACTERS
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.words.excerpt import told

LAST_GOOD = "last-good-rules.yaml"
_MAX_BYTES = 4 * (MAX_CHARACTERS + 1)
"""UTF-8 takes four bytes for a sign at most."""


class RulesFileError(Exception):
    """rules.yaml can't be used: `remarks` are all its errors; a file that can't be read has one, at 1:1.

    As text: each with its place, and under it the line of the file, the part in question underlined.
    """

    def __init__(self, path: Path, remarks: tuple[Remark, ...], text: str = "") -> None:
        super().__init__(path, remarks, text)
        self.path = path
        self.remarks = remarks
        self._text = text

    def __str__(self) -> str:
        return self.told(str(self.path))

    def told(self, file_name: str) -> str:
        """Return all of it under the name that a person knows the file by."""
        return "\n".join(told(remark, file_name, self._text) for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class RulesFile:
    path: Path
    text: str
    rules: Rules


def load_rules(path: Path, today: date) -> RulesFile:
    """Read one rules file. Raises RulesFileError with every error in it."""
    return rules_file_of(path, read_rules_data(path), today)


def read_rules_data(path: Path) -> bytes:
    """Return what lies on the disk. Raises RulesFileError."""
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)  # of more than that the reader says so; a device file has no end
    except OSError as error:
        raise RulesFileError(path, (Remark(1, 1, f"Couldn't read the rules: {error.strerror}"),)) from None


def rules_file_of(path: Path, data: bytes, today: date) -> RulesFile:
    """Return what the bytes of a rules file mean. Raises RulesFileError with every error in them."""
    try:
        text = decode_rules(data)
        return RulesFile(path, text, read_rules(text, catalogue=shipped_catalogue(), today=today))
    except RulesError as error:
        raise RulesFileError(path, error.remarks, data.decode("utf-8", errors="replace")) from None


def keep_last_good(data: Path, rules_file: RulesFile) -> None:
    """Keep a copy that the box can start on when the file is bad after a power cut. Raises OSError."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / LAST_GOOD
    if path.exists() and path.read_text(encoding="utf-8", errors="replace") == rules_file.text:
        return
    replace_text(path, rules_file.text)


def replace_text(path: Path, text: str) -> None:
    """Put `text` in the place of the file, on the disk: after a power cut there is the old file or the new one. Raises OSError."""
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See to it that the folder's names are on the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """Return what tells that a file was changed or replaced; None: it is not there at present."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
