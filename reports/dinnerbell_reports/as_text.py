"""The report as plain text, 80 columns, for mail: the same parts in the order of their numbers.

Pure. Tables hold figures only; what needs words is said in sentences, which a screen reader takes as they come.
"""

from collections.abc import Iterable, Sequence

from dinnerbell_reports.annex_text import annex_text
from dinnerbell_reports.annex_values import DayLine, GroupLine, TrendWeek, WeeklyReport
from dinnerbell_reports.phrases import (
    NOT_KEPT,
    and_list,
    count_text,
    counted,
    day_text,
    days_text,
    grade_text,
    long_day,
    minutes_text,
    moment_text,
    number,
    range_text,
    short_day,
    slowed_text,
    span_text,
    wrong_time_text,
)  # fmt: skip
from dinnerbell_reports.text_page import WIDTH, TextPage
from dinnerbell_reports.values import Coverage, Decision, DeviceLine, Kept, Person, RefusedLine, Sight, UseLine, Withheld

_FIGURES = (24, 8, 8, 8, 11, 11)


def render_text(report: WeeklyReport) -> str:
    page = TextPage()
    page.line(report.setting)
    page.line(f"Weekly monitoring report, {days_text(report.pattern.days[0].day, report.pattern.days[-1].day)}")
    page.line("=" * WIDTH)
    _audience(page, report)
    page.heading(f"2  {report.verdict.heading}")
    page.paragraph(f"{report.verdict.light.value.upper()}: {report.verdict.sentence}")
    _sight(page, report.sight)
    page.heading(f"4  {report.decisions.heading}")
    everything = (*report.decisions.items, *report.decisions.also)
    for place, item in enumerate(everything, start=1):
        _decision(page, place, item)
    if not everything:
        page.line("Nothing this week.")
    _devices(page, report)
    _approvals(page, report)
    _groups(page, report)
    _pattern(page, report)
    annex_text(page, report)
    page.heading(f"20  {report.sign_off.heading}")
    for what, who in (("Read", report.sign_off.reader), ("Countersigned", report.sign_off.countersign)):
        page.line()
        page.paragraph(f"{what}: {person_text(who)}")
        page.line("Signature ______________________________   Date ____________")
    page.line()
    made = f"Made {long_day(report.made_at.date())} at {report.made_at:%H:%M} ({report.zone}) by Dinnerbell"
    page.paragraph(f"{made}, under the {report.policy_title}. The week had {report.week.hours} hours.")
    return page.text()


def person_text(who: Person) -> str:
    return f"{who.name} ({who.role})" if who.name else f"the {who.role}"


def _audience(page: TextPage, report: WeeklyReport) -> None:
    page.paragraph(f"1  {report.audience.heading}: {'; '.join(person_text(who) for who in report.audience.readers)}.")
    page.line("   Confidential: for nobody else.")
    for held in report.audience.withheld:
        page.paragraph(
            f"NOT FOR {person_text(held.person)}: rules.yaml says that evidence about {and_list(_devices_of(held))} goes to someone else. "
            "`dinnerbell report weekly --for ROLE` makes the edition without it."
        )
    for held in report.audience.left_out:
        page.paragraph(
            f"AN EDITION without the evidence about {and_list(_devices_of(held))}: rules.yaml says that it goes to someone else "
            "(policy section 8). No figure in here counts it. The whole report is the one that is signed."
        )


def _devices_of(held: Withheld) -> list[str]:
    unnamed = [f"{counted(held.other_devices, 'device')} that this report does not name"] if held.other_devices else []
    return [*held.devices, *unnamed]


def _sight(page: TextPage, sight: Sight) -> None:
    page.heading(f"3  {sight.heading}")
    percent = f"The box answered in {number(sight.percent or 0)}% of setting hours"
    if sight.percent is None:
        percent = "None of the week's setting hours have passed yet" if sight.until else "The setting was closed in all of this time"
    told = [
        f"{percent}, with {counted(len(sight.gaps), 'gap')} of over 10 minutes.",
        f"{sight.seen} of {counted(sight.expected, 'named device')} of the setting seen.",
        f"{number(sight.lost)} of {counted(sight.answered + sight.refused, 'look-up')} could not be kept.",
    ]
    if sight.until:
        told.append(f"The week is not over: this report ends at {moment_text(sight.until)}.")
    told += [
        f"Not seen all week: {each.device} ({'last seen ' + moment_text(each.last_seen) if each.last_seen else 'never seen'})."
        for each in sight.silent
    ]
    told += [f"Not answering: {span_text(gap.start, gap.end)} ({counted(gap.minutes, 'minute')})." for gap in sight.gaps]
    told += [wrong_time_text(each) for each in sight.wrong_clock]
    told += [slowed_text(each) for each in sight.slowed]
    if sight.others:
        told.append(f"Also seen: {'; '.join(f'{each.group}, ' + counted(each.devices, 'device') for each in sight.others)}.")
    page.items([*told, *sight.limits])


def _decision(page: TextPage, place: int, item: Decision) -> None:
    clause = f", policy {item.clause}" if item.clause else ""
    page.paragraph(item.question, first=f"{place}. ", indent="   ")
    page.paragraph(item.facts, first="   ", indent="   ")
    page.paragraph(
        f"{item.light.value.capitalize()}, evidence {item.proof.value}, part {item.part}{clause}. "
        f"{person_text(item.owner)}, by {long_day(item.due)}.",
        first="   ",
        indent="   ",
    )
    page.line(f"   Decided: {'_' * (WIDTH - 12)}")


def _devices(page: TextPage, report: WeeklyReport) -> None:
    for part, title in (
        (report.children, report.children.heading),
        (report.staff, report.staff.heading + (", lunch included" if report.staff.has_lunch else "")),
    ):
        page.heading(f"{part.number}  {title}")
        if part.kept is not Kept.KEPT:
            page.paragraph("Use is not kept by the setting of log: in rules.yaml; only what was refused can be shown.")
        _device_table(page, part.devices)
        page.items([*_uses(part.uses), *_refusals(part.refused), *_brief(part.devices)])


def _device_table(page: TextPage, devices: Sequence[DeviceLine]) -> None:
    if not devices:
        page.line("No such device is named in rules.yaml, and none was seen.")
        return
    page.table(
        (("", "refused,", "refused,", "page", "use,"), ("Device", "people", "backgr.", "content", "minutes")),
        [
            (
                line.device + ("" if line.is_seen else " (not seen)"),
                number(line.by_people),
                number(line.in_background),
                number(line.page_content),
                range_text(line.use),
            )
            for line in devices
        ],
        (34, *_FIGURES[1:5]),
    )


def _uses(lines: Iterable[UseLine]) -> list[str]:
    found = []
    for line in lines:
        of_these = [f"{minutes_text(line.at_lunch)} at lunch"] if line.at_lunch else []
        of_these += [f"{minutes_text(line.out_of_hours)} out of hours"] if line.out_of_hours else []
        leave = line.standing.value + (f", “{line.rule}”" if line.rule != "otherwise" else "")
        found.append(
            f"{line.service} on {line.device}: {minutes_text(line.minutes)} in {counted(line.sessions, 'session')}"
            f"{', of these ' + and_list(of_these) if of_these else ''}; {leave}; evidence {grade_text(line.evidence)}."
        )
    return found


def _refusals(lines: Iterable[RefusedLine]) -> list[str]:
    return [
        f"{line.service} refused on {line.device or line.group}: {counted(line.by_people, 'episode')} by people"
        f"{f' ({line.out_of_hours} out of hours)' if line.out_of_hours else ''}, {number(line.in_background)} in the background."
        for line in lines
    ]


def _brief(lines: Iterable[DeviceLine]) -> list[str]:
    return [
        f"{line.device}: a social service was reached in {counted(line.brief, 'minute')}, too short to count as use."
        for line in lines
        if line.brief and not line.use
    ]


def _approvals(page: TextPage, report: WeeklyReport) -> None:
    part = report.approvals
    page.heading(f"{part.number}  {part.heading}")
    if not part.lines:
        page.line("rules.yaml holds no approval.")
        return
    page.items(
        f"{and_list(line.services)} ({line.state}): {and_list(line.devices)}, {line.when}. {line.purpose or 'No purpose named'}. "
        f"Risk assessment: {line.risk_assessment or 'none named'}. Approved by {line.approved_by or 'nobody named'}, second reader "
        f"{line.second_reader or 'not named'}, {day_text(line.starts_on)} to {day_text(line.ends_on)}. Used: "
        f"{'not kept' if line.sessions is None else counted(line.sessions, 'session') + ', ' + minutes_text(line.minutes)}."
        for line in part.lines
    )
    if part.outside:
        page.line("Use of the same services beside their approval:")
        page.items(_uses(part.outside))
    elif part.kept is Kept.KEPT:
        page.paragraph("No use of these services on the setting's devices beside their approvals.")


def _groups(page: TextPage, report: WeeklyReport) -> None:
    page.heading(f"{report.groups.number}  {report.groups.heading}")
    page.table(
        (("", "refused,", "refused,", "page", "approved,", "without,"), ("Group", "people", "backgr.", "content", "minutes", "minutes")),
        [_group(line) for line in report.groups.lines],
        _FIGURES,
    )
    page.paragraph(f"{NOT_KEPT}: not counted. What people do on their own devices where the rules allow it is not this report's business.")
    if small := [line.group for line in report.groups.lines if line.is_small]:
        page.paragraph(f"So few devices that a total may point at a person: {and_list(small)}.")


def _group(line: GroupLine) -> tuple[str, ...]:
    counts = (line.by_people, line.in_background, line.page_content)
    return line.group, *(count_text(value) for value in counts), range_text(line.approved), range_text(line.not_approved)


def _pattern(page: TextPage, report: WeeklyReport) -> None:
    page.heading(f"{report.pattern.number}  {report.pattern.heading}")
    page.table(
        (("", "", "refused,", "out of", "use,", "out of"), ("Day", "setting", "people", "hours", "minutes", "hours")),
        [_day(day) for day in report.pattern.days],
        (16, 9, 8, 8, 14, 14),
    )
    page.items(
        f"{short_day(day.day)}: "
        + "; ".join(f"{cell.hour:02d}:00 {_hour(cell.refused, cell.use_up_to)}" for cell in day.cells if cell.refused or cell.use_up_to)
        + "."
        for day in report.pattern.days
        if day.refused or day.use
    )
    page.line()
    page.table(
        (("", "refused,", "approved,", "without,"), ("Week from", "people", "minutes", "minutes")),
        [_trend(week) for week in report.pattern.trend],
        (34, 8, 14, 14),
    )


def _day(day: DayLine) -> tuple[str, ...]:
    setting = "closed" if day.is_closed else "open" if day.has_hours else "not open"
    return (
        short_day(day.day),
        setting,
        number(day.refused),
        number(day.refused_out_of_hours),
        range_text(day.use),
        range_text(day.out_of_hours),
    )


def _hour(refused: int, use_up_to: int) -> str:
    said = [f"{refused} refused"] if refused else []
    return ", ".join([*said, f"up to {counted(use_up_to, 'minute')} of use"] if use_up_to else said)


def _trend(week: TrendWeek) -> tuple[str, ...]:
    label = day_text(week.starts_on) + (" (closed)" if week.is_closed else "") + (" (part kept)" if week.coverage is Coverage.PART else "")
    if week.coverage is Coverage.NONE:
        return f"{label} (not kept)", NOT_KEPT, NOT_KEPT, NOT_KEPT
    return label, number(week.refused), range_text(week.approved), range_text(week.not_approved)
