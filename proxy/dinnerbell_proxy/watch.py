"""The rules in force: rules.yaml, the passes and the lists of names, watched as the box watches them (shell).

A good change holds from the next request on; a bad one is told on the console and leaves the last good policy in force.
"""

import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from dinnerbell.clock import Clock
from dinnerbell.config import Rules
from dinnerbell.files import LAST_GOOD, RulesFileError, load_rules
from dinnerbell.lists.watch import ListsWatch
from dinnerbell.model import Network
from dinnerbell.pass_store import PassFileError, PassWatch
from dinnerbell.passes import with_passes
from dinnerbell.running.rules_watch import SETTLE_SECONDS, RulesWatch
from dinnerbell_dns.clients import answered_networks
from dinnerbell_dns.machine import on_link_networks

LOOK_SECONDS = 0.2
"""Two looks and the reading are well within the second in which a change has to be in force."""


@dataclass(slots=True)
class RulesInForce:
    """`start` it, then `look` from time to time. `rules` are those in force, with the passes in them."""

    path: Path
    data: Path
    clock: Clock
    rules: Rules = field(init=False)
    networks: tuple[Network, ...] = field(default=(), init=False)
    """Whose connections are taken."""
    _file_rules: Rules = field(init=False)
    _watch: RulesWatch = field(init=False)
    _passes: PassWatch = field(init=False)
    _lists: ListsWatch = field(init=False)

    def start(self) -> None:
        """Read the rules; if they are bad, the box's last good copy. Raises RulesFileError where there is none either."""
        self._watch, self._passes, self._lists = RulesWatch(self.path), PassWatch(self.data), ListsWatch(self.data)
        try:
            while (rules_file := self._watch.read(self._today())) is None:
                time.sleep(SETTLE_SECONDS)  # somebody is just saving it
            self._file_rules = rules_file.rules
        except RulesFileError as error:
            self._file_rules = self._last_good(error)
        self._read_passes()
        self._use()

    def look(self) -> None:
        """Read again what was changed."""
        changed = self._passes.is_stale()
        if changed:
            self._read_passes()
        if self._watch.is_ready(self.clock.ticks()):
            changed = self._reload() or changed
        if changed or self._lists.is_stale():
            self._use()

    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock.wall(), UTC).date()

    def _last_good(self, error: RulesFileError) -> Rules:
        copy = self.data / LAST_GOOD
        if not copy.exists():
            raise error
        try:
            rules = load_rules(copy, self._today()).rules
        except RulesFileError:
            raise error from None
        say(f"{error}\n{self.path} can't be used; running on the last good copy of it, {copy}", error=True)
        return rules

    def _reload(self) -> bool:
        try:
            rules_file = self._watch.read(self._today())
        except RulesFileError as error:
            say(f"{error}\n{self.path} can't be used; the rules that were in force stay in force", error=True)
            return False
        if rules_file is None:
            return False  # it changed under the reading
        self._file_rules = rules_file.rules
        say(f"{self.path} was changed: {len(self._file_rules.policy.rules)} rules are in force")
        return True

    def _read_passes(self) -> None:
        try:
            self._passes.read()
        except PassFileError as error:
            say(f"{error}; the passes that were in force stay in force", error=True)

    def _use(self) -> None:
        rules = self._file_rules
        self.networks = answered_networks(rules.box.answer_networks, on_link_networks())
        self.rules = self._lists.within(replace(rules, policy=with_passes(rules.policy, self._passes.passes)))


def say(message: str, *, error: bool = False) -> None:
    """Tell whoever watches the console, at once."""
    print(f"dinnerbell: {message}", file=sys.stderr if error else sys.stdout, flush=True)
