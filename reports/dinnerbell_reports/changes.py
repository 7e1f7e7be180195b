"""Part 16: rules that changed in this week, and passes: what was opened beside the rules.

Pure.
"""

from collections.abc import Iterable
from dataclasses import replace

from dinnerbell.catalogue import Catalogue
from dinnerbell.model import Pass
from dinnerbell.passes import PassUse, passes_of_week
from dinnerbell.words.wording import sentence_case, target_phrase
from dinnerbell_reports.annex_values import Changes, PassLine, RefusedFile, RuleChange
from dinnerbell_reports.week import Week


def changes(
    catalogue: Catalogue,
    week: Week,
    passes: Iterable[Pass],
    rule_changes: Iterable[RuleChange],
    refused_files: Iterable[RefusedFile] = (),
) -> Changes:
    """Return part 16. `rule_changes` and `refused_files`: of any time, in order."""
    return Changes(
        tuple(change for change in rule_changes if week.start <= change.at < week.end),
        tuple(_line(catalogue, week, each) for each in passes_of_week(passes, week.start, week.end)),
        tuple(replace(each, at=each.at.astimezone(week.zone)) for each in refused_files if week.start <= each.at < week.end),
    )


def _line(catalogue: Catalogue, week: Week, use: PassUse) -> PassLine:
    return PassLine(
        what=sentence_case(target_phrase(catalogue, use.target)),
        whom=use.device or use.group or "a device nobody has named",
        starts=use.starts.astimezone(week.zone),
        ends=use.over_at.astimezone(week.zone),
        minutes=use.minutes,
        by=use.by,
        why=use.why,
        revoked_by=use.revoked_by,
    )
