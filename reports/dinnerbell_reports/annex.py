"""Parts 12 to 19, the annex: what is new, ways round, over-blocking, and honestly what this release does not know.

Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from dinnerbell.config import Rules, Upstream
from dinnerbell.model import Owner
from dinnerbell.proxied import Looked, Mistaken, PagesSeen
from dinnerbell.usage import Deletion
from dinnerbell_reports.annex_values import (
    Bypass,
    Essential,
    EssentialLine,
    Missing,
    MistakenLine,
    Newcomers,
    NewDevice,
    NewGroupDevices,
    NewService,
    OpenBypass,
    Records,
    SelfTests,
)
from dinnerbell_reports.devices import refused_lines
from dinnerbell_reports.evidence import BYPASS_KIND, Evidence
from dinnerbell_reports.opening import Opening
from dinnerbell_reports.phrases import and_list, counted, day_text
from dinnerbell_reports.week import Week, at_minute
from dinnerbell_reports.who import Contact, Registry, Who

MISSING = (
    Missing(5, "Alerts already sent, and what came of them"),
    Missing(9, "Excessive use, by the setting's own number"),
    Missing(17, "Actions opened, carried and closed"),
)
"""Named in the report, so that nobody takes their absence for good news."""


def newcomers(  # noqa: PLR0913 - the facts of one part
    week: Week, registry: Registry, contacts: Iterable[Contact], evidence: Evidence, before: Sequence[Evidence], *, is_first_week: bool
) -> Newcomers:
    """Return part 12. `before`: the evidence of those of the three weeks before that are kept."""
    first_seen = {registry.who(contact.device): contact.first_minute for contact in contacts if contact.first_minute in week.minutes}
    fresh = sorted(first_seen.items(), key=lambda item: (item[1], item[0].key))
    own = Counter(who.group for who, _ in fresh if who.owner in (Owner.STAFF, Owner.VISITOR))
    return Newcomers(
        devices=tuple(NewDevice(who.label, who.group, at_minute(minute, week.zone)) for who, minute in fresh if who.is_setting),
        # by its address alone a device that nobody has named can be found and named; what it did is not told
        unnamed=tuple(NewDevice(who.key, who.group, at_minute(minute, week.zone)) for who, minute in fresh if who.owner is Owner.UNKNOWN),
        own=tuple(NewGroupDevices(group, count) for group, count in sorted(own.items())),
        services=_new_services(evidence, before) if before else (),
        compared_weeks=len(before),
        is_first_week=is_first_week,
    )


def _new_services(evidence: Evidence, before: Sequence[Evidence]) -> tuple[NewService, ...]:
    """Return services seen first this week on the setting's devices; which ones people's own devices ask for is theirs to know."""
    known = {use.service for week in before for use in week.uses} | {each.service for week in before for each in week.refusals}
    used: dict[str, set[str]] = defaultdict(set)
    refused: dict[str, set[str]] = defaultdict(set)
    for use in evidence.uses:
        if use.who.is_setting:
            used[use.service].add(use.who.group)
    for each in evidence.refusals:
        if each.who.is_setting and each.by_people:
            refused[each.service].add(each.who.group)
    return tuple(
        NewService(
            service,
            tuple(sorted(used.get(service, set()) | refused.get(service, set()))),
            " and ".join(word for word, found in (("used", used), ("refused", refused)) if service in found),
        )
        for service in sorted({*used, *refused} - known)
    )


def bypass(opening: Opening, evidence: Evidence) -> Bypass:
    opened: Counter[tuple[str, str, str]] = Counter()
    for (who, service), lookups in evidence.open_bypass.items():
        opened[who.label, who.group, service] += lookups
    return Bypass(
        refused_lines((each for each in evidence.refusals if BYPASS_KIND in each.kinds), opening),
        tuple(OpenBypass(*key, lookups) for key, lookups in sorted(opened.items(), key=lambda item: (-item[1], item[0]))),
        len(evidence.told),
    )


def tests(rules: Rules) -> SelfTests:
    return SelfTests(
        tested="Not tested this week: this release cannot yet run the filter's own tests.",
        provider="Illegal and adult content: not shown to be filtered. This box decides by name, device and time; the lists of the "
        "Internet Watch Foundation and of counter-terrorism police cannot be applied there. Ask who filters upstream of it, and for proof.",
        upstream=tuple(_upstream(each) for each in rules.box.upstream),
    )


def _upstream(upstream: Upstream) -> str:
    """Return who answers, without what may stand behind the host in an address: it can be an account's key."""
    if upstream.endpoint is not None:
        return upstream.tls_name or str(upstream.endpoint)
    if upstream.url:
        return upstream.url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return "the network's own resolver" if upstream.scheme == "system" else upstream.scheme


def essential(rules: Rules, week: Week, registry: Registry, evidence: Evidence, mistaken: Iterable[Mistaken]) -> Essential:
    services = rules.policy.catalogue.services
    hosts: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    lookups: Counter[tuple[str, str, str, str]] = Counter()
    for who, row in evidence.over_blocked:
        service = services.get(row.service or "")
        key = (service.name if service else row.name, who.label, who.group, row.rule)
        lookups[key] += row.lookups
        if who.is_setting:
            hosts[key].add(row.name)
    lines = [
        EssentialLine(service, tuple(sorted(hosts[service, device, group, rule])), device, group, count, rule)
        for (service, device, group, rule), count in sorted(lookups.items(), key=lambda item: (-item[1], item[0]))
    ]
    said = [(each, registry.who(each.device)) for each in mistaken]
    told = [MistakenLine(at_minute(each.minute, week.zone), each.name, who.label, who.group, each.rule, each.words) for each, who in said]
    return Essential(tuple(lines), evidence.sensitive_refused, tuple(told))


def records(rules: Rules, week: Week, deletions: Iterable[Deletion], looked: Sequence[Looked], seen: Sequence[PagesSeen]) -> Records:
    """Return part 18. `deletions`, `looked` and `seen` (of the setting's own devices): of this week."""
    log = rules.log
    counts: Counter[str] = Counter()
    latest: dict[str, int] = {}
    for each in deletions:
        counts[each.what] += each.count
        latest[each.what] = max(each.before, latest.get(each.what, 0))
    told = [
        f"{counted(count, what.removesuffix('s'))} of before {day_text(at_minute(latest[what], week.zone).date())}"
        for what, count in counts.items()
    ]
    return Records(
        viewers="Who looked at data about single devices: not kept yet in this release.",
        deleted=f"Deleted this week, as rules.yaml says: {and_list(told)}." if told else "Nothing was deleted this week.",
        retention=f"Look-ups are kept for {log.keep_lookups_days} days, sessions for {log.keep_sessions_days} days, weekly reports and "
        f"totals for {log.keep_weeks_days} days. What is older is deleted every day while the box runs.",
        looked_into=" ".join(part for part in (_looked_into(rules, looked), *_pages_seen(rules, seen)) if part),
    )


def _looked_into(rules: Rules, looked: Sequence[Looked]) -> str:
    """Return what the proxy decrypted. Only the setting's own devices that rules.yaml names are ever looked into."""
    named = [name for name, device in rules.policy.devices.items() if device.is_intercepted]
    if not named and not looked:
        return ""
    into, shown = sum(each.into for each in looked), sum(each.shown for each in looked)
    whose = f" of {and_list(sorted(each.device for each in looked))}" if looked else ""
    may = f"The proxy may look into {and_list(named)}. " if named else ""
    why = "only to show why something is closed"
    return f"{may}It looked into {counted(into, 'connection')}{whose} this week, and opened {shown} more {why}."


def _pages_seen(rules: Rules, seen: Sequence[PagesSeen]) -> Iterator[str]:
    for each in seen:
        service = rules.policy.catalogue.services.get(each.service)
        refused = f", and refused {each.refused} more" if each.refused else ""
        size = f" ({each.size / 1_000_000:.1f} MB)" if each.size else ""
        name = service.name if service else each.service
        yield f"On {each.device} it saw {counted(each.opened, 'page')} of {name} opened{size}{refused}."


def first_week(week: Week, contacts: Sequence[Contact], before: Sequence[Evidence], seen: frozenset[Who]) -> bool:
    """Tell whether the box began to record in this week."""
    return bool(seen) and not before and all(contact.first_minute >= week.minutes.start for contact in contacts)
