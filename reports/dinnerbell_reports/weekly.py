"""The weekly report: everything the log knows of one week, as one value. Renderers only show it.

Pure: the log's rows, the rules and the time of making go in, a WeeklyReport comes out; nothing is read, asked or written.

    rows ─► Witness.gather ─► Evidence ─┬─► parts 6 7 8 10 11 12 13 15 ─┬─► questions ─► parts 4, 2
    traffic, contacts, uptime ──────────┴─► part 3 ─────────────────────┘
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from dinnerbell.config import Rules
from dinnerbell.grace import make_grace
from dinnerbell.model import Pass
from dinnerbell.passes import with_passes
from dinnerbell.proxied import Looked, Mistaken, PagesSeen
from dinnerbell.usage import Deletion, Traffic, Usage, WrongClock
from dinnerbell_reports import annex
from dinnerbell_reports.annex_values import RefusedFile, RuleChange, TrendWeek, WeeklyReport, WeekSpan
from dinnerbell_reports.changes import changes
from dinnerbell_reports.decisions import drawn_up, verdict
from dinnerbell_reports.devices import approvals, children, staff
from dinnerbell_reports.edition import withheld_from, without
from dinnerbell_reports.evidence import Witness
from dinnerbell_reports.groups import coverage, groups, pattern, trend_week
from dinnerbell_reports.opening import opening
from dinnerbell_reports.people import audience, audience_of_edition, roles_kept_from, sign_off, staffing
from dinnerbell_reports.printable import printable
from dinnerbell_reports.questions import Facts
from dinnerbell_reports.reading import reading
from dinnerbell_reports.sight import devices_seen, sight
from dinnerbell_reports.values import Coverage
from dinnerbell_reports.week import Week
from dinnerbell_reports.who import Contact, Registry

TREND_WEEKS = 4


def weekly(  # noqa: PLR0913 - what the log holds
    rules: Rules,
    week: Week,
    *,
    rows: Sequence[Usage],
    traffic: Sequence[Traffic],
    contacts: Sequence[Contact],
    uptime: Sequence[tuple[int, int]],
    losses: int,
    made_at: datetime,
    passes: Sequence[Pass] = (),
    rule_changes: Sequence[RuleChange] = (),
    reader: str = "",
    wrong_clocks: Sequence[WrongClock] = (),
    refused_files: Sequence[RefusedFile] = (),
    kept_from: int = 0,
    kept_trend: Sequence[TrendWeek] = (),
    deletions: Sequence[Deletion] = (),
    looked: Sequence[Looked] = (),
    mistaken: Sequence[Mistaken] = (),
    pages_seen: Sequence[PagesSeen] = (),
    slowed: Mapping[str, int] | None = None,
) -> WeeklyReport:
    """Return the report of `week`.

    `rows`, `traffic` and `uptime` ([first minute, last minute], both included): of this week and the three before, in any order;
    `contacts`: every device ever seen; `losses`: look-ups of this week that could not be kept; `made_at`: aware; `passes`: those
    given and not dropped yet; `rule_changes`: when other rules came into force, in order; `wrong_clocks`: of this week; `refused_files`:
    saved as rules.yaml and of no use, in order; `slowed`: this week's look-ups over the rate limit, by device; `looked`,
    `mistaken` and `pages_seen`: what the proxy decrypted this week, what people told it to be closed by mistake, what it saw; `reader`: a
    role, for the edition without the evidence that is kept from its holder; "" for the whole report.
    """
    is_withheld = withheld_from(rules, reader)
    named = without(rules, is_withheld)
    rows = [row for row in rows if not is_withheld(row.device)]
    traffic = [each for each in traffic if not is_withheld(each.device)]
    contacts = [each for each in contacts if not is_withheld(each.device)]
    passes = [each for each in passes if not is_withheld(each.device)]
    policy = with_passes(rules.policy, passes)
    registry = Registry(policy, contacts)
    witness = Witness(policy, registry, make_grace(policy))
    weeks = [week.back(step) for step in range(TREND_WEEKS)]
    rows_of = _by_week(rows, weeks)
    evidence = {each: witness.gather(rows_of[each]) for each in weeks}
    kept = {each: coverage(each, rows_of[each], traffic, uptime, kept_from) for each in weeks}

    now = evidence[week]
    before = [evidence[each] for each in weeks[1:] if kept[each] is not Coverage.NONE]
    seen = devices_seen(week, registry, rows_of[week], traffic)
    open_ = opening(policy, week)
    people = staffing(rules)
    loud = [(registry.who(device), lookups) for device, lookups in (slowed or {}).items() if not is_withheld(device)]
    part_3 = sight(
        named, week, open_, seen,
        traffic=traffic, contacts=contacts, uptime=uptime, losses=losses, made_at=made_at, wrong_clocks=wrong_clocks, slowed=loud,
    )  # fmt: skip
    is_first = annex.first_week(week, contacts, before, seen)
    facts = Facts(
        rules=rules,
        sight=part_3,
        children=children(named, open_, seen, now),
        staff=staff(named, open_, seen, now),
        approvals=approvals(rules, week, open_, now),
        newcomers=annex.newcomers(week, registry, contacts, now, before, is_first_week=is_first),
        bypass=annex.bypass(open_, now),
        essential=annex.essential(rules, week, registry, now, [each for each in mistaken if not is_withheld(each.device)]),
        clause_of=witness.clause_of,
        made_on=made_at.astimezone(week.zone).date(),
    )
    part_4 = drawn_up(facts, people)
    told = {each.week: each for each in kept_trend}
    trend = tuple(
        told[each.text] if kept[each] is not Coverage.FULL and each.text in told else trend_week(rules, each, evidence[each], kept[each])
        for each in reversed(weeks)
    )
    return printable(
        WeeklyReport(
            setting=policy.setting.name,
            zone=week.zone.key,
            policy_title=policy.setting.policy_title,
            week=WeekSpan(week.text, week.start, week.end, week.hours),
            made_at=made_at.astimezone(week.zone),
            audience=audience_of_edition(rules, reader) if roles_kept_from(rules, reader) else audience(people),
            verdict=verdict(part_4, part_3),
            sight=part_3,
            decisions=part_4,
            children=facts.children,
            staff=facts.staff,
            approvals=facts.approvals,
            groups=groups(rules, seen, now),
            pattern=pattern(rules, week, open_, now, trend),
            newcomers=facts.newcomers,
            bypass=facts.bypass,
            tests=annex.tests(rules),
            essential=facts.essential,
            changes=changes(policy.catalogue, week, passes, rule_changes, refused_files),
            records=annex.records(
                named,
                week,
                deletions,
                [each for each in looked if not is_withheld(each.device)],
                [each for each in pages_seen if registry.who(each.device).is_setting and not is_withheld(each.device)],
            ),
            reading=reading(),
            sign_off=sign_off(people),
            missing=annex.MISSING,
            inactive=tuple(remark.message for remark in rules.inactive),
        )
    )


def _by_week(rows: Sequence[Usage], weeks: Sequence[Week]) -> dict[Week, list[Usage]]:
    """Return each week's rows. A session across midnight on Sunday is two: each week's report stands alone."""
    found: dict[Week, list[Usage]] = defaultdict(list)
    spans = [(week, week.minutes) for week in weeks]
    for row in rows:
        for week, minutes in spans:
            if row.minute in minutes:
                found[week].append(row)
                break
    return found
