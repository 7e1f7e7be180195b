"""From a week's log rows to what they are evidence of: uses, refusals, page content, ways round, over-blocking.

Pure. What may not be counted is dropped here, before anything is: helplines, what was decided before the rules (a browser asking
whether the network filters is no person), allowed look-ups of people's own devices, and use of what is no social medium.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from dinnerbell.catalogue import HELPLINE_KIND, SENSITIVE_KIND, HostClass, Service
from dinnerbell.model import Owner, Rule, Target, TargetKind, Verdict
from dinnerbell.policy import Policy
from dinnerbell.sessions import Grace, Grade, Session, sessionise
from dinnerbell.usage import BUILT_IN, Usage
from dinnerbell_reports.opening import span_of
from dinnerbell_reports.values import Standing
from dinnerbell_reports.who import Registry, Who

ESSENTIAL_KIND = "essential"
BYPASS_KIND = "bypass"


@dataclass(frozen=True, slots=True)
class Use:
    who: Who
    session: Session
    service: str
    """The service's name."""
    evidence: str
    standing: Standing
    rule: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An episode of refused look-ups. A name of no service is its own service."""

    who: Who
    session: Session
    service: str
    kinds: tuple[str, ...]

    @property
    def by_people(self) -> bool:
        return self.session.grade is not Grade.BACKGROUND


@dataclass(frozen=True, slots=True)
class Content:
    """Somebody else's page had a service's button or picture on it."""

    who: Who
    session: Session


@dataclass(frozen=True, slots=True)
class Evidence:
    uses: tuple[Use, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    contents: tuple[Content, ...] = ()
    brief: Counter[Who] = field(default_factory=Counter)
    """Minutes in which a social service's own host was answered outside any session."""
    open_bypass: Counter[tuple[Who, str]] = field(default_factory=Counter)
    """(device, service's name) -> look-ups of a way round that were answered."""
    told: frozenset[Who] = frozenset()
    """Devices of the setting whose software asked whether this network filters."""
    over_blocked: tuple[tuple[Who, Usage], ...] = ()
    """Refused look-ups of essential services."""
    sensitive_refused: int = 0


class Witness:
    """Reads rows under one policy. Holds what is the same for all weeks."""

    def __init__(self, policy: Policy, registry: Registry, in_grace: Grace) -> None:
        self._policy = policy
        self._registry = registry
        self._in_grace = in_grace
        self._rules = {rule.name: rule for rule in reversed(policy.rules)}

    def clause_of(self, rule_name: str) -> str | None:
        rule = self._rules.get(rule_name)
        return rule.clause if rule is not None else None

    def gather(self, rows: Iterable[Usage]) -> Evidence:
        """Return what the rows of one week show. Sessions are cut at the week's ends: each week stands alone."""
        sorted_ = _Rows()
        for row in rows:
            self._sort(row, sorted_)
        services = self._policy.catalogue.services
        uses, contents, brief = self._uses(sorted_.allowed)
        buttons = [replace(row, verdict=Verdict.ALLOW) for row in sorted_.refused if row.host_class is HostClass.EMBED]
        contents += [Content(self._registry.who(each.device), each) for each in sessionise(buttons, services, self._in_grace)]
        return Evidence(
            tuple(uses),
            tuple(self._refusals(sorted_.refused)),
            tuple(contents),
            brief,
            sorted_.open_bypass,
            frozenset(sorted_.told),
            tuple(sorted_.over_blocked),
            sorted_.sensitive_refused,
        )

    def _sort(self, row: Usage, into: "_Rows") -> None:
        service = self._service(row)
        kinds = service.kinds if service else ()
        refused = row.verdict is Verdict.BLOCK
        if HELPLINE_KIND in kinds:
            return
        if row.service == SENSITIVE_KIND or SENSITIVE_KIND in kinds or not row.device:
            into.sensitive_refused += row.lookups if refused else 0
            return
        who = self._registry.who(row.device)
        id_ = service.id if service else row.service
        if (row.device, row.service) != (who.key, id_):  # an address that has been given a name since, a service another id
            row = replace(row, device=who.key, service=id_)
        if refused and row.rule == BUILT_IN:
            if who.is_setting:
                into.told.add(who)
        elif refused and ESSENTIAL_KIND in kinds:  # the filter's fault and nobody's episode
            into.over_blocked.append((who, row))
        elif refused:
            into.refused.append(row)
        elif service is not None and who.owner not in (Owner.STAFF, Owner.VISITOR):
            if BYPASS_KIND in kinds:
                into.open_bypass[who, service.name] += row.lookups
            elif service.is_social and ESSENTIAL_KIND not in kinds:
                into.allowed.append(row)

    def _service(self, row: Usage) -> Service | None:
        """Return the row's service as the catalogue has it today; for an id that is gone, the one that has the name now."""
        if row.service is None:
            return None
        found = self._policy.catalogue.services.get(row.service)
        if found is None and (match := self._policy.catalogue.lookup(row.name)) is not None:
            found = match.claims[0].service
        return found

    def _uses(self, rows: Sequence[Usage]) -> tuple[list[Use], list[Content], Counter[Who]]:
        by_use = _by(rows, lambda row: (row.device, row.service or ""))
        uses: list[Use] = []
        contents: list[Content] = []
        touched = {(row.device, row.service or "", row.minute) for row in rows if row.host_class is HostClass.USE}
        for session in sessionise(rows, self._policy.catalogue.services, self._in_grace):
            who = self._registry.who(session.device)
            if session.grade is Grade.C:
                contents.append(Content(who, session))
                continue
            span = span_of(session)
            uses.append(self._use(who, session, _within(by_use[session.device, session.service], span)))
            touched -= {(session.device, session.service, minute) for minute in span}
        brief = Counter(self._registry.who(device) for device, minute in {(device, minute) for device, _, minute in touched})
        return uses, contents, brief

    def _use(self, who: Who, session: Session, rows: Sequence[Usage]) -> Use:
        """Say by what leave a session was: by the rule of its own hosts, and only if all of them agree."""
        speaking = [row for row in rows if row.is_page] or _of(rows, HostClass.USE) or _of(rows, HostClass.COMPANION)
        names: Counter[str] = Counter()
        for row in speaking:
            names[row.rule] += row.lookups
        standings = {self._standing(name, session.service) for name in names}
        standing = next((each for each in (Standing.OPEN, Standing.NAMED) if each in standings), Standing.APPROVED)
        rule = max((name for name in names if self._standing(name, session.service) is standing), key=lambda name: names[name], default="")
        service = self._policy.catalogue.services.get(session.service)
        evidence = "page" if session.grade is Grade.A else "pair" if service is not None and service.evidence == "pair" else "signature"
        return Use(who, session, service.name if service else session.service, evidence, standing, rule)

    def _standing(self, rule_name: str, service: str) -> Standing:
        rule = self._rules.get(rule_name)
        if rule is not None and rule.approval is not None:
            return Standing.APPROVED
        return Standing.NAMED if rule is not None and names_itself(rule, service) else Standing.OPEN

    def _refusals(self, rows: Sequence[Usage]) -> Iterable[Refusal]:
        services = self._policy.catalogue.services
        for session in sessionise(rows, services, self._in_grace):
            service = services.get(session.service)
            title, kinds = (service.name, service.kinds) if service else (session.service, ())
            yield Refusal(self._registry.who(session.device), session, title, kinds)


@dataclass(slots=True)
class _Rows:
    """A week's rows on their way, sorted by what they can be evidence of."""

    allowed: list[Usage] = field(default_factory=list)
    refused: list[Usage] = field(default_factory=list)
    open_bypass: Counter[tuple[Who, str]] = field(default_factory=Counter)
    told: set[Who] = field(default_factory=set)
    over_blocked: list[tuple[Who, Usage]] = field(default_factory=list)
    sensitive_refused: int = 0


def names_itself(rule: Rule, service: str) -> bool:
    """Tell whether the rule speaks of this very service or of single domains: somebody thought of it, and wrote it down."""
    kinds = (TargetKind.DOMAIN, TargetKind.PAGE)
    return any(target.kind in kinds or target == Target(TargetKind.SERVICE, service) for target in rule.targets)


def _of(rows: Iterable[Usage], host_class: HostClass) -> list[Usage]:
    return [row for row in rows if row.host_class is host_class]


def _by(rows: Iterable[Usage], key: Callable[[Usage], tuple[str, str]]) -> dict[tuple[str, str], list[Usage]]:
    found: dict[tuple[str, str], list[Usage]] = defaultdict(list)
    for row in sorted(rows, key=_minute):
        found[key(row)].append(row)
    return found


def _within(rows: Sequence[Usage], span: range) -> Sequence[Usage]:
    """Return the rows (by minute) of the span."""
    return rows[bisect_left(rows, span.start, key=_minute) : bisect_left(rows, span.stop, key=_minute)]


def _minute(row: Usage) -> int:
    return row.minute
