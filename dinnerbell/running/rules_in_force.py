"""Which rules are in force: the file's, or where that is bad the last good ones; and the passes beside them (shell).

A good file is kept as the last good copy and as a version; a bad one is told on the console, in `status` and in the next report, and
changes nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from dinnerbell.bad_files import BadVersion, keep_bad_version
from dinnerbell.config import Rules
from dinnerbell.files import LAST_GOOD, RulesFile, RulesFileError, keep_last_good, load_rules
from dinnerbell.model import Pass
from dinnerbell.pass_store import PassFileError, PassWatch
from dinnerbell.passes import objection, with_passes
from dinnerbell.running.console import say
from dinnerbell.running.rules_watch import SETTLE_SECONDS, RulesWatch
from dinnerbell.running.status import BadFile, RulesState
from dinnerbell.versions import Source, digest_of, keep_version, load_versions

_SHOWN_ERRORS = 5


@dataclass(slots=True)
class RulesInForce:
    path: Path
    data: Path
    now: Callable[[], datetime]
    """The time for records, UTC."""
    file: RulesFile = field(init=False)
    source: Source = Source.RUN
    since: datetime = field(init=False)
    bad: BadFile | None = None
    """What lies at `path`, if that can't be used."""
    watch: RulesWatch = field(init=False)
    passes: PassWatch = field(init=False)
    _before: Rules | None = None
    """What was in force before, until the version of now is kept."""

    def __post_init__(self) -> None:
        self.watch = RulesWatch(self.path)
        self.passes = PassWatch(self.data)

    def start(self) -> None:
        """Read the file, or the last good copy where it is bad. Raises RulesFileError where that is not to be had either."""
        try:
            while (rules_file := self.watch.read(self.now().date())) is None:
                time.sleep(SETTLE_SECONDS)  # somebody is just saving it
        except RulesFileError as error:
            rules_file = self._last_good(error)
            self.source = Source.LAST_GOOD
            self.bad = _bad_file(error, self.now())
        self.file, self.since = rules_file, self.now()
        self.read_passes()

    def _last_good(self, error: RulesFileError) -> RulesFile:
        copy = self.data / LAST_GOOD
        if not copy.exists():
            raise error
        try:
            rules_file = load_rules(copy, self.now().date())
        except RulesFileError:
            raise error from None
        say(f"{error}\n{self.path} can't be used; running on the last good copy of it, {copy}", error=True)
        return rules_file

    def read_again(self) -> bool:
        """Read the file that lies there now, and tell whether other rules are in force. A bad one is said. May take a while."""
        try:
            rules_file = self.watch.read(self.now().date())
        except RulesFileError as error:
            say(f"{error}\n{self.path} can't be used; the rules that were in force stay in force", error=True)
            bad = _bad_file(error, self.now())
            if self.bad is None or (bad.errors, bad.more) != (self.bad.errors, self.bad.more):
                self._keep_bad(bad)
            self.bad = bad
            return False
        if rules_file is None:
            return False  # it changed under the reading
        self._before, self.file, self.source, self.since, self.bad = self.file.rules, rules_file, Source.RELOAD, self.now(), None
        return True

    def keep(self) -> None:
        """Keep what is in force as the last good copy and as a version; what can't be kept is said."""
        if self.bad is not None:
            self._keep_bad(self.bad)
        if self.source is not Source.LAST_GOOD:
            try:
                keep_last_good(self.data, self.file)
            except OSError as error:
                say(f"Couldn't keep a copy of the rules in {self.data}: {error}", error=True)
        try:
            version = keep_version(self.data, self.file, self.now(), self.source, self._before)
            if version is None and self.source is not Source.RELOAD:
                self.since = load_versions(self.data)[-1].at  # the same text was in force before the box was stopped
        except OSError as error:
            say(f"Couldn't keep this version of the rules in the history in {self.data}: {error}", error=True)
        self._before = None

    def _keep_bad(self, bad: BadFile) -> None:
        try:
            keep_bad_version(self.data, BadVersion(bad.at, bad.line, len(bad.errors) + bad.more))
        except OSError as error:
            say(f"Couldn't write down in {self.data} that the file is bad: {error}", error=True)

    # ── the passes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def read_passes(self) -> None:
        try:
            self.passes.read()
        except PassFileError as error:
            say(f"{error}; the passes that were in force stay in force", error=True)

    def open_passes(self) -> list[Pass]:
        """Return the passes that are not over and that the rules allow."""
        return [each for each in self._passes() if objection(self.file.rules.policy, each.device, each.target) is None]

    def _passes(self) -> list[Pass]:
        now = self.now()
        return [each for each in self.passes.passes if each.over_at > now]

    def rules(self, *, clock_is_wrong: bool) -> Rules:
        """Return the rules with the passes that are not over in them, and say which of those the rules do not allow."""
        rules, passes = self.file.rules, self._passes()
        for each in passes:
            if (problem := objection(rules.policy, each.device, each.target)) is not None:
                say(f"pass {each.id} is not in force: {problem}", error=True)
        return replace(rules, policy=replace(with_passes(rules.policy, passes), clock_is_wrong=clock_is_wrong))

    # ── told ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def state(self) -> RulesState:
        zone, text = self.file.rules.policy.setting.zone, self.file.text
        bad = None if self.bad is None else replace(self.bad, at=self.bad.at.astimezone(zone))
        return RulesState(
            file=str(self.path),
            since=self.since.astimezone(zone),
            source=self.source.value,
            hash=digest_of(text)[:12],
            lines=len(text.splitlines()),
            rules=len(self.file.rules.policy.rules),
            bad_file=bad,
        )


def _bad_file(error: RulesFileError, at: datetime) -> BadFile:
    errors = tuple(remark.text(str(error.path)) for remark in error.remarks)
    return BadFile(at, errors[:_SHOWN_ERRORS], max(0, len(errors) - _SHOWN_ERRORS), error.remarks[0].line)
