"""Reads rules.yaml and keeps the last good copy of it (shell)."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dinnerbell.config import Remark, Rules
from dinnerbell.rules import RulesError, decode_rules, read_rules
from dinnerbell.shipped import shipped_catalogue

LAST_GOOD = "last-good-rules.yaml"


class RulesFileError(Exception):
    """rules.yaml can't be used: `remarks` are all its errors; a file that can't be read has one, at 1:1."""

    def __init__(self, path: Path, remarks: tuple[Remark, ...]) -> None:
        super().__init__("\n".join(remark.text(str(path)) for remark in remarks))
        self.path = path
        self.remarks = remarks


@dataclass(frozen=True, slots=True)
class RulesFile:
    path: Path
    text: str
    rules: Rules


def load_rules(path: Path, today: date) -> RulesFile:
    """Read one rules file. Raises RulesFileError with every error in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RulesFileError(path, (Remark(1, 1, f"Couldn't read the rules: {error.strerror}"),)) from None
    try:
        text = decode_rules(data)
        return RulesFile(path, text, read_rules(text, catalogue=shipped_catalogue(), today=today))
    except RulesError as error:
        raise RulesFileError(path, error.remarks) from None


def keep_last_good(data: Path, rules_file: RulesFile) -> None:
    """Keep a copy that the box can start on when the file is bad after a power cut. Raises OSError."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / LAST_GOOD
    if path.exists() and path.read_text(encoding="utf-8", errors="replace") == rules_file.text:
        return
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(rules_file.text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
