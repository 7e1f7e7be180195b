"""rules.yaml as the box sees it: says when another file lies there, and reads it whole or not at all (shell).

An editor may put a new file in the place of the old one, or a link that leads elsewhere; or it empties the old one and writes into
it, in one go or in several. So a file is read only when two looks found it the same, and what was read counts only if it is still the
same after the reading. A file that is empty or gone gets longer: both are what a file looks like halfway through being saved.

    rules.yaml   ████ old ████│  (empty)  │██ half ██│████████████ whole ████████████
    looks               │         │         │         │         │
                       same     another   another   another   settled: read, from the next query on in force
"""

from datetime import date
from pathlib import Path

from dinnerbell.files import RulesFile, RulesFileError, read_rules_data, rules_file_of, stamp_of

SETTLE_SECONDS = 0.08
"""How long a file has to lie still: longer than a writer pauses between two pieces, and than the tick of a file's time (4 to 10 ms)."""
BARE_SECONDS = 2.0
"""How long one that is empty or gone has to stay so, before it is anything to speak of."""

_Stamp = tuple[int, int, int] | None
_NOTHING: _Stamp = (-1, -1, -1)
"""No file has this stamp."""


class RulesWatch:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._taken: _Stamp = _NOTHING
        """Of the file that was read last, good or bad."""
        self._met: _Stamp = _NOTHING
        self._met_at = 0.0

    def forget(self) -> None:
        """Take whatever lies there for another file, as SIGHUP asks."""
        self._taken = _NOTHING

    def is_ready(self, ticks: float) -> bool:
        """Tell whether a file lies still that is another than the one that was read last. `ticks`: seconds that only go forward."""
        stamp = stamp_of(self.path)
        if stamp == self._taken:
            self._met = _NOTHING
            return False
        if stamp != self._met:
            self._met, self._met_at = stamp, ticks
            return False
        return ticks - self._met_at >= (BARE_SECONDS if stamp is None or not stamp[1] else SETTLE_SECONDS)

    def read(self, today: date) -> RulesFile | None:
        """Read the file; None: it changed under the reading, look again. Raises RulesFileError with every error in it."""
        stamp = stamp_of(self.path)
        try:
            data = read_rules_data(self.path)
        except RulesFileError:
            self._taken = stamp
            raise
        if stamp_of(self.path) != stamp:
            self._met = _NOTHING
            return None
        self._taken = stamp
        return rules_file_of(self.path, data, today)
