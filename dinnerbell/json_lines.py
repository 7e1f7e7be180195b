"""Files of one JSON object a line, which are only added to: a power cut leaves at most half a line (shell)."""

import json
import os
from pathlib import Path
from typing import Any

from dinnerbell.files import sync_folder


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return a file's lines as values; {} for one that is half written or no object. Raises OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    found = []
    for line in data.decode("utf-8", errors="replace").split("\n"):
        if line.strip():
            try:
                value = json.loads(line)
            except ValueError:
                value = None
            found.append(value if isinstance(value, dict) else {})
    return found


def append_line(path: Path, value: dict[str, Any]) -> None:
    """Add a line, on the disk. Half a line that a power cut left is ended first."""
    is_new = not path.exists()
    with path.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            start = b"" if file.read(1) == b"\n" else b"\n"
        else:
            start = b""
        file.write(start + json.dumps(value, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync_folder(path.parent)
