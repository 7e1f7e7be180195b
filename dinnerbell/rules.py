"""rules.yaml: text -> Rules, or every error at once, each with line and column.

Pure: no file is read here and no clock. The work is done in `rulesfile/`; this is its one door.
"""

import re
from datetime import date

from dinnerbell.catalogue import Catalogue
from dinnerbell.config import Remark, Rules
from dinnerbell.rulesfile.build import build


class RulesError(ValueError):
    """The file is not good. `remarks`: everything that is wrong with it, in the order of its lines."""

    def __init__(self, remarks: tuple[Remark, ...]) -> None:
        super().__init__("\n".join(remark.text("rules.yaml") for remark in remarks))
        self.remarks = remarks


def read_rules(text: str, *, catalogue: Catalogue, today: date | None = None) -> Rules:
    """Return what the text of a rules.yaml means. Raises RulesError with all its errors.

    `today` is for warnings only (a lapsed approval, an overdue review): nothing that depends on it is an error.
    """
    built = build(text, catalogue, today)
    if isinstance(built, Rules):
        return built
    raise RulesError(tuple(built))


def decode_rules(data: bytes) -> str:
    """Return the text of a rules.yaml as it lies on the disk. Raises RulesError where it is not UTF-8 text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RulesError((Remark(1, 1, "the file is saved as UTF-16: save it as UTF-8 (in Notepad: Save as, Encoding: UTF-8)", -1),))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = re.split("\r\n|[\r\n\x85\u2028\u2029]", data[: error.start].decode("utf-8", errors="replace"))
        message = "there is a letter here that is not UTF-8: save the file as UTF-8 (in Notepad: Save as, Encoding: UTF-8)"
        raise RulesError((Remark(len(before), len(before[-1].removeprefix("\ufeff")) + 1, message, 1),)) from None
