"""Decides one row of the log again, and says what it is counted as.

Pure. A judgement holds for a stretch of minutes, until one of the two files may say something else: `run.replay` keeps it that long.
What is kept of a row must hold for the whole stretch, so it is made of the verdict and of what a name is at any time (its service,
a rule's domain), never of which rule decided: a change of rule alone does not end a stretch (DESIGN section 3, `until`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import NamedTuple

from dinnerbell.model import Action, Device, TargetKind, Verdict, rule_is_for
from dinnerbell.names import HostTable, is_under, judged
from dinnerbell.policy import Ask, Decision, Policy, Reason
from dinnerbell.replay.values import LogFacts, Why
from dinnerbell.replay.who import make_who
from dinnerbell.usage import BUILT_IN, OTHERWISE, LogKey

Decide = Callable[[Policy, Ask], Decision]

MAX_REMEMBERED = 200_000
"""Decisions kept: a bound for a log full of random names. Beyond it some are made again, none is lost."""
_FOR_EVER = 1 << 62


class Meaning(NamedTuple):
    """What a row is counted as."""

    device: str
    verdict: Verdict
    """As logged."""
    is_built_in: bool
    gap: Why | None = None
    becomes: Verdict | None = None
    """None: it stays as it was, or could not be decided again."""
    service: str | None = None
    domain: str | None = None
    name: str = ""
    """Only where neither service nor domain says what it is, and the device is the setting's own."""
    is_drifted: bool = False
    is_unspoken: bool = False
    """Answered because no rule spoke of the name; whose alias it is was not kept."""


class Count:
    """Look-ups of one meaning; by hour of the local day where they change."""

    __slots__ = ("by_hour", "lookups", "rows", "rows_by_hour")

    def __init__(self, *, is_change: bool) -> None:
        self.rows = 0
        self.lookups = 0
        self.by_hour = [0] * 24 if is_change else []
        self.rows_by_hour = [0] * 24 if is_change else []


@dataclass(slots=True)
class Judgement:
    """Where rows of one key are counted in the minutes [since, until)."""

    key: LogKey
    since: int
    until: int
    is_change: bool
    count: Count


class _Timeline:
    """One policy's decisions, each asked for once in its stretch.

    All that a decision depends on of a device is which rules are for it: the tablets of one group share theirs.
    """

    def __init__(self, policy: Policy, decide: Decide) -> None:
        self._policy = policy
        self._decide = decide
        self._known: dict[tuple[int, str], tuple[int, int, Decision]] = {}
        self._kinds: dict[str, int] = {}
        self._kind_of_rules: dict[tuple[int, ...], int] = {}

    def at(self, device_text: str, device: Device, name: str, minute: int) -> tuple[int, int, Decision]:
        """Return (first minute, end, decision) of a stretch that holds `minute`."""
        kind = self._kinds.get(device_text)
        if kind is None:
            rules = tuple(rule.index for rule in self._policy.rules if rule_is_for(rule, device))
            kind = self._kinds[device_text] = self._kind_of_rules.setdefault(rules, len(self._kind_of_rules))
        key = (kind, name)
        known = self._known.get(key)
        if known is None or not known[0] <= minute < known[1]:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            decision = self._decide(self._policy, Ask(device, name, datetime.fromtimestamp(minute * 60, UTC)))
            until = _FOR_EVER if decision.until is None else ceil(decision.until.timestamp() / 60)
            known = self._known[key] = (minute, until, decision)
        return known


class Judge:
    """Judges rows, and keeps the counts that they go to."""

    def __init__(self, old: Policy, new: Policy, facts: LogFacts, decide: Decide) -> None:
        self.counts: dict[Meaning, Count] = {}
        self.who = make_who(old, new, facts.noted)
        self._policies = (old, new)
        self._old = _Timeline(old, decide)
        self._new = _Timeline(new, decide)
        self._domains = _rule_domains(old, new)
        self._granted = {rule.name for rule in new.rules if rule.granted is not None}

    def __call__(self, minute: int, key: LogKey) -> Judgement:
        since, until, meaning = self._meaning(minute, key)
        is_change = meaning.becomes is not None
        count = self.counts.get(meaning)
        if count is None:
            count = self.counts[meaning] = Count(is_change=is_change)
        return Judgement(key, since, until, is_change, count)

    def _meaning(self, minute: int, key: LogKey) -> tuple[int, int, Meaning]:
        same = Meaning(key.device, key.verdict, key.rule == BUILT_IN)
        if not key.device:
            return 0, _FOR_EVER, same._replace(gap=Why.KIND_ONLY)
        who = self.who(key.device)
        if who.new is None:
            return 0, _FOR_EVER, same._replace(gap=Why.DEVICE_GONE)
        if key.rule in self._granted:  # opened by a pass, which stands above any file; it begins and ends within a minute
            return 0, _FOR_EVER, same
        since, until, after = self._new.at(key.device, who.new, key.name, minute)
        unexplained = self._why_unexplained(key)
        if unexplained is not None:
            return since, until, self._of_unexplained(same, key, after, unexplained)
        before: Decision | None = None
        if who.old is not None:
            old_since, old_until, before = self._old.at(key.device, who.old, key.name, minute)
            since, until = max(since, old_since), min(until, old_until)
        meaning = same._replace(is_drifted=before is not None and before.verdict is not key.verdict)
        if after.verdict is not key.verdict or _is_other_safe_host(key.verdict, before, after):
            return since, until, self._changed(meaning, key, after.verdict)
        return since, until, meaning._replace(is_unspoken=key.verdict is Verdict.ALLOW and key.rule == OTHERWISE)

    def _of_unexplained(self, same: Meaning, key: LogKey, after: Decision, why: Why) -> Meaning:
        if after.verdict is Verdict.BLOCK:
            return same  # refused for its own sake: what else it is makes no difference
        if not _settles_it(after):
            return same._replace(gap=why)
        return self._changed(same, key, after.verdict)

    def _changed(self, meaning: Meaning, key: LogKey, becomes: Verdict) -> Meaning:
        service, domain = self._subject(key)
        name = key.name if not service and not domain and self.who(key.device).label else ""
        return meaning._replace(becomes=becomes, service=service, domain=domain, name=name)

    def _subject(self, key: LogKey) -> tuple[str | None, str | None]:
        """Return what the name is at any time: the service logged, or in either catalogue; else the domain of a rule."""
        if key.service is not None:
            return key.service, None
        for policy in reversed(self._policies):
            if (match := policy.catalogue.lookup(key.name)) is not None:
                return match.claims[0].service.id, None
        found = self._domains.longest(judged(key.name))
        return None, found[0].lstrip("=") if found else None

    def _why_unexplained(self, key: LogKey) -> Why | None:
        """Return why a refusal does not follow from the name itself (an alias of another's, DESIGN section 4; a list), or None."""
        if key.verdict is not Verdict.BLOCK or key.rule in (BUILT_IN, OTHERWISE):
            return None
        name = judged(key.name)
        if key.service is not None:
            matches = [match for policy in self._policies if (match := policy.catalogue.lookup(name)) is not None]
            is_own = any(claim.service.id == key.service for match in matches for claim in match.claims)
            return None if is_own else Why.REFUSED_AS_ALIAS
        rules = [rule for policy in self._policies for rule in policy.rules if rule.name == key.rule and rule.action is Action.BLOCK]
        targets = [target for rule in rules for target in rule.targets]
        if not targets or any(target.kind is TargetKind.DOMAIN and _is_for(target.value, name) for target in targets):
            return None
        lists = {target.value for target in targets if target.kind is TargetKind.LIST}
        fetched = [policy.lists[each] for policy in self._policies for each in lists & policy.lists.keys()]
        if any(each.match(name) is not None for each in fetched):
            return None
        return Why.REFUSED_BY_LIST if lists else Why.REFUSED_AS_ALIAS


def _is_for(domain: str, name: str) -> bool:
    return name == domain[1:] if domain.startswith("=") else is_under(name, domain)


def _settles_it(decision: Decision) -> bool:
    """Tell whether aliases are not looked at while this verdict lasts: a helpline, a safe host or an untimed rule settles it.

    A timed rule is not enough: when its window ends, `otherwise` may go on with the same verdict, and then aliases count.
    """
    if decision.verdict is Verdict.ENFORCE or decision.reason is Reason.HELPLINE:
        return True
    return decision.rule is not None and not decision.rule.is_timed


def _is_other_safe_host(logged: Verdict, before: Decision | None, after: Decision) -> bool:
    """Tell whether a safe answer becomes another one. The log keeps no safe host: the file in force says which it was."""
    if logged is not Verdict.ENFORCE or before is None or not before.engines or not after.engines:
        return False
    return before.engines[0].target != after.engines[0].target


def _rule_domains(*policies: Policy) -> HostTable[bool]:
    table: HostTable[bool] = HostTable()
    for policy in policies:
        for rule in policy.rules:
            for target in rule.targets:
                if target.kind is TargetKind.DOMAIN:
                    table.set(target.value, True)
    return table
