"""The annex of the report as plain text: parts 12 to 19. Pure; see `as_text.py`."""

from dinnerbell_reports.annex_values import RuleChange, WeeklyReport
from dinnerbell_reports.phrases import and_list, counted, moment_text, number, refused_file_text
from dinnerbell_reports.text_page import TextPage


def annex_text(page: TextPage, report: WeeklyReport) -> None:
    _newcomers(page, report)
    _bypass(page, report)
    page.heading(f"{report.tests.number}  {report.tests.heading}")
    page.items([report.tests.tested, report.tests.provider, f"Look-ups are passed on to: {and_list(report.tests.upstream)}."])
    _essential(page, report)
    _changes(page, report)
    page.heading(f"{report.records.number}  {report.records.heading}")
    records = report.records
    page.items([records.viewers, records.deleted, records.retention, *([records.looked_into] if records.looked_into else [])])
    page.heading("Not in this release")
    page.items(f"{each.number} {each.heading}" for each in report.missing)
    page.line("These parts are empty, not good news.")
    if report.inactive:
        page.line("In rules.yaml, understood but not acted on yet:")
        page.items(report.inactive)
    page.heading(f"{report.reading.number}  {report.reading.heading}")
    page.items(f"{note.term}: {note.meaning}" for note in report.reading.notes)


def _newcomers(page: TextPage, report: WeeklyReport) -> None:
    part = report.newcomers
    page.heading(f"{part.number}  {part.heading}")
    told = ["The box began to record this week, so every device is new."] if part.is_first_week else []
    told += [f"Device: {each.device} ({each.group}), first seen {moment_text(each.first_seen)}." for each in part.unnamed + part.devices]
    if not part.unnamed + part.devices:
        told.append("No new device of the setting, and none that nobody has named.")
    told += [f"{each.group}: {counted(each.devices, 'device')} seen for the first time." for each in part.own]
    if not part.compared_weeks:
        told.append("No earlier week is kept, so new services cannot be told from old ones.")
    else:
        weeks = counted(part.compared_weeks, "earlier week")
        told += [f"Service not seen in {weeks}: {each.service} ({and_list(each.groups)}: {each.what})." for each in part.services]
        told += [] if part.services else [f"No service on the setting's devices that was not seen in {weeks} as well."]
    page.items(told)


def _bypass(page: TextPage, report: WeeklyReport) -> None:
    part = report.bypass
    page.heading(f"{part.number}  {part.heading}")
    told = [
        f"{line.service} refused, {line.device or line.group}: {counted(line.by_people, 'episode')} by people, "
        f"{number(line.in_background)} in the background."
        for line in part.refused
    ]
    told = told or ["No way round the filter was asked for and refused."]
    told += [f"{each.service} answered, {each.device or each.group}: {counted(each.lookups, 'look-up')}." for each in part.open]
    if part.told:
        told.append(
            f"On {counted(part.told, 'device')} of the setting a browser or system asked whether this network filters, and was told so. "
            "That is normal."
        )
    page.items(told)


def _essential(page: TextPage, report: WeeklyReport) -> None:
    part = report.essential
    page.heading(f"{part.number}  {part.heading}")
    told = [
        f"{line.service}, {line.device or line.group}: {counted(line.lookups, 'look-up')} refused by “{line.rule}”"
        f"{' (' + ', '.join(line.hosts) + ')' if line.hosts else ''}."
        for line in part.lines
    ]
    told = told or ["None was refused."]
    if part.sensitive_lookups:
        what = counted(part.sensitive_lookups, "look-up")
        told.append(f"Health, union, banking, faith or advice sites: {what} refused. It is not kept by which device.")
    for said in part.mistaken:
        words = f": “{said.words}”" if said.words else ""
        told.append(f"“Closed by mistake?” {said.at:%a %H:%M}, {said.device or said.group}: {said.name}, by “{said.rule}”{words}.")
    page.items(told)


def _changes(page: TextPage, report: WeeklyReport) -> None:
    part = report.changes
    page.heading(f"{part.number}  {part.heading}")
    told = [f"{moment_text(each.at)}: other rules came into force{_said(each)}." for each in part.rules]
    told = told or ["The rules did not change, as far as the history in the box's data tells."]
    told += [refused_file_text(each) for each in part.refused_files]
    for line in part.passes:
        early = f"; ended early by {line.revoked_by}" if line.revoked_by else ""
        minutes = counted(line.minutes, "minute")
        told.append(f"Pass: {line.what}, {line.whom}, {moment_text(line.starts)}, {minutes}. {line.by}: “{line.why}”{early}.")
    page.items(told if part.passes else [*told, "No pass was given."])


def _said(change: RuleChange) -> str:
    if not change.by:
        return "; nobody wrote down who changed them and why (`dinnerbell edit` asks)"
    return f", by {change.by}" + (f": “{change.why}”" if change.why else "")
