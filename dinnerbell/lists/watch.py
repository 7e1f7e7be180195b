"""The lists as somebody sees them who does not fetch them, the proxy: what the box or a command last put in force (shell)."""

from pathlib import Path

from dinnerbell.config import Rules
from dinnerbell.files import stamp_of
from dinnerbell.lists.state import Stamp
from dinnerbell.lists.store import open_lists, state_path


class ListsWatch:
    def __init__(self, data: Path) -> None:
        self._data = data
        self._stamps: dict[str, Stamp | None] = {}

    def is_stale(self) -> bool:
        """Tell whether a list of the rules given last was fetched, or tried, since then."""
        return any(stamp_of(state_path(self._data, name)) != stamp for name, stamp in self._stamps.items())

    def within(self, rules: Rules) -> Rules:
        """Return the rules with their lists in them, as they are in force now."""
        self._stamps = {source.name: stamp_of(state_path(self._data, source.name)) for source in rules.box.lists}
        return open_lists(self._data, rules.box.lists).within(rules)
