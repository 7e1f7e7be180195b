"""A new rules.yaml in the making: a copy beside the file, and putting it in the file's place (shell).

The copy lies beside the file for two reasons: what the rules name by a path is found from there as well, and a file can be put in
another's place in one step only on the same disk. Nothing is lost on the way: the copy stays until it is in force or thrown away.
"""

import os
import shutil
import tempfile
from pathlib import Path

from dinnerbell.files import sync_folder


class DraftError(Exception):
    """The file can't be read, copied or replaced; the message says why and what to do."""


class Draft:
    """One edit of one rules file."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises DraftError."""
        self.path = path.resolve()
        """What a link leads to: the link itself stays."""
        self.original = self._on_disk()

    def _on_disk(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise DraftError(f"Couldn't read {self.path}: {error.strerror}") from None

    def copy(self, data: bytes) -> Path:
        """Put a copy to be edited beside the file. Raises DraftError."""
        try:
            handle, name = tempfile.mkstemp(prefix=f"{self.path.stem}-edit-", suffix=self.path.suffix, dir=self.path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        except OSError as error:
            raise DraftError(f"Couldn't make a copy in {self.path.parent}: {error.strerror}. {_ASK_THE_OWNER}") from None
        return Path(name)

    def is_stale(self) -> bool:
        """Tell whether somebody else changed the file meanwhile. Raises DraftError."""
        return self._on_disk() != self.original

    def put_in_place(self, data: bytes) -> None:
        """Replace the file by `data`, on the disk, with its permissions and owner. Raises DraftError: then nothing is changed."""
        new = self.copy(data)
        try:
            status = self.path.stat()
            os.chown(new, status.st_uid, status.st_gid)
            shutil.copystat(self.path, new)  # permissions, access lists; its time as well, so:
            os.utime(new)
            with new.open("rb") as file:
                os.fsync(file.fileno())
            new.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise DraftError(f"Couldn't replace {self.path}: {error.strerror}. {_ASK_THE_OWNER}") from None


_ASK_THE_OWNER = "Run this command as the user whose file it is (with `sudo`, if that is root)"
