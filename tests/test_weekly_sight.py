"""Part 3, could we see? And parts 11 and 12: the week's shape, its trend, and what is new in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dinnerbell.config import LogConfig, LogLevel
from dinnerbell.model import Owner
from dinnerbell.times import Closures
from dinnerbell.usage import WrongClock
from dinnerbell_reports import parse_week, render_html, render_text
from dinnerbell_reports.annex_values import Opening, TrendWeek
from dinnerbell_reports.values import Coverage, Light, Range, Slowed
from weekly_cast import EVERYBODY, LONDON, MARYS_PHONE, STAFF_PHONE, UNKNOWN, VISITOR, Box, quiet_box, rules

A_WEEK_OFF = Closures(None, ((date(2026, 11, 16), date(2026, 11, 22)),))


def test_a_box_that_never_stopped_saw_everything():
    """With uptime in every minute of setting hours there is nothing to ask."""
    sight = quiet_box().report().sight
    assert (sight.percent, sight.gaps, sight.lost, sight.until) == (100.0, (), 0, None)
    assert (sight.expected, sight.seen, sight.silent) == (4, 4, ())
    assert {each.group: each.devices for each in sight.others} == {"staff-phones": 2, "visitors": 1}


@pytest.mark.parametrize(
    "down, gaps, percent",
    [
        pytest.param(("Wed 10:00", "Wed 10:10"), [], 99.7, id="ten_minutes_are_a_restart"),
        pytest.param(("Wed 10:00", "Wed 10:11"), [11], 99.6, id="eleven_are_a_gap"),
        pytest.param(("Wed 17:55", "Thu 08:05"), [], 99.7, id="five_at_either_end_of_a_night"),
        pytest.param(("Wed 17:40", "Thu 08:20"), [20, 20], 98.7, id="a_night_is_two_gaps_of_setting_hours"),
        pytest.param(("Sat 00:00", "Sun 23:59"), [], 100.0, id="the_weekend_is_not_setting_hours"),
    ],
)
def test_gaps_are_those_of_setting_hours(down: tuple[str, str], gaps: list[int], percent: float):
    """Only minutes in which children may be here count, and a gap is over ten minutes."""
    box = quiet_box()
    box.up = [(box.week.minutes.start, box.minute(down[0]) - 1), (box.minute(down[1]), box.week.minutes.stop - 1)]
    sight = box.report().sight
    assert [gap.minutes for gap in sight.gaps] == gaps
    assert sight.percent == percent


def test_a_box_that_was_off_all_week_is_red_and_claims_nothing():
    """No record is not a quiet week, and the silence of devices then says nothing about them."""
    box = Box().known_since(3, *EVERYBODY)
    box.up = []
    report = box.report()
    assert (report.sight.percent, report.verdict.light) == (0.0, Light.RED)
    asked = [item.question for item in report.decisions.items]
    assert asked == ["What stopped the box, and were devices online without the filter meanwhile?"]
    assert report.pattern.trend[-1].coverage is Coverage.NONE


def test_an_empty_log_still_makes_a_report():
    """A box that was just installed, with rules and nothing else."""
    box = Box()
    box.up = []
    report = box.report()
    assert report.verdict.light is Light.RED
    assert (report.sight.answered, report.newcomers.compared_weeks) == (0, 0)
    assert [week.coverage for week in report.pattern.trend] == [Coverage.NONE] * 4


def test_a_week_in_which_the_setting_was_closed_is_green_without_a_percentage():
    """With no setting hours there is no share of them; a box switched off for the holidays is nothing to ask about."""
    box = Box(rules(closures=A_WEEK_OFF))
    box.up = []
    report = box.report()
    assert (report.sight.percent, report.verdict.light) == (None, Light.GREEN)
    assert all(day.is_closed for day in report.pattern.days)
    assert report.pattern.trend[-1].is_closed


def test_without_setting_hours_whole_days_count_and_the_report_says_so():
    """A file that has no `setting-hours` gets no invented ones."""
    report = quiet_box(rules(times={})).report()
    assert report.sight.setting_minutes == 7 * 24 * 60
    assert any("no time called setting-hours" in limit for limit in report.sight.limits)
    assert report.staff.has_lunch is False


def test_a_week_that_is_not_over_is_judged_up_to_now():
    """On Wednesday at noon, Thursday's silence is no gap."""
    box = quiet_box()
    box.made_at = datetime(2026, 11, 18, 12, tzinfo=UTC)
    box.up = [(box.week.minutes.start, box.minute("Wed 11:59"))]
    sight = box.report().sight
    assert (sight.percent, sight.setting_minutes) == (100.0, 24 * 60)
    assert sight.until == box.made_at


def test_a_week_that_has_not_begun_is_not_called_closed():
    box = quiet_box()
    box.made_at = datetime(2026, 11, 13, 12, tzinfo=UTC)
    report = box.report()
    assert "none of its setting hours have passed yet" in report.verdict.sentence
    assert "None of the week's setting hours have passed yet" in render_text(report)
    assert "no setting hours have passed" in render_html(report)
    assert not any("closed in all of this time" in text for text in (render_text(report), render_html(report)))


def test_silent_devices_are_asked_about_by_name():
    """A named device of the setting that was not heard of is silent, with the last time it was heard of."""
    box = Box().known_since(2, *EVERYBODY)
    box.ask("office-laptop", "journal.example", "Mon 09:00")
    sight = box.report().sight
    assert [each.device for each in sight.silent] == ["staff-room-pc", "room-tablet-1", "room-tablet-2"]
    assert sight.silent[0].last_seen == datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


def test_a_loud_device_is_named_if_it_is_the_settings_own():
    """Others only as devices of their group (DESIGN section 6); two of a group are one line."""
    box = quiet_box()
    box.slowed = {STAFF_PHONE: 40, "room-tablet-1": 1200, MARYS_PHONE: 5, "10.9.9.9": 7}
    sight = box.report().sight
    assert sight.slowed == (
        Slowed("room-tablet-1", "children", 1200),
        Slowed("", "staff-phones", 45),
        Slowed("", "devices nobody has named", 7),
    )
    for text in (render_text(box.report()), render_html(box.report())):
        plain = " ".join(text.split())
        assert "room-tablet-1 asked too fast and was slowed down: 1,200 look-ups not answered" in plain
        assert "A device of staff-phones asked too fast and was slowed down: 45 look-ups" in plain
        assert "A device nobody has named asked too fast" in plain
        assert STAFF_PHONE not in plain


def test_look_ups_that_were_lost_are_owned_up_to():
    """A full disk is a question of its own."""
    box = quiet_box()
    box.losses = 17
    report = box.report()
    assert report.sight.lost == 17
    assert "Is the box's disk full or failing?" in [item.question for item in report.decisions.items]


@pytest.mark.parametrize(
    "week, hours_of_use, one_o_clock",
    [
        pytest.param("2026-W43", {1: 100}, Opening.OPEN, id="autumn_one_o_clock_happens_twice"),
        pytest.param("2027-W12", {0: 0, 2: 60, 3: 40}, Opening.SKIPPED, id="spring_one_o_clock_does_not_happen"),
    ],
)
def test_hours_are_the_walls_on_the_days_the_clocks_change(week: str, hours_of_use: dict[int, int], one_o_clock: Opening):
    """A hundred minutes of use from the second hour of Sunday on lie where the clock on the wall showed them."""
    box = Box(rules(), week=parse_week(week, LONDON))
    sunday = int(datetime.combine(box.week.days[6], datetime.min.time(), LONDON).timestamp()) // 60
    start = sunday + 60 - box.minute("Mon 00:00")
    box.ask("office-laptop", "wikipedia.org", "Mon 00:00", minutes=range(start, start + 100))
    cells = box.report().pattern.days[6].cells
    assert {cell.hour: cell.use_up_to for cell in cells if cell.use_up_to} == {hour: used for hour, used in hours_of_use.items() if used}
    assert (cells[1].opening is Opening.SKIPPED) is (one_o_clock is Opening.SKIPPED)


@pytest.mark.parametrize("week, minutes", [("2026-W43", 169 * 60), ("2027-W12", 167 * 60)])
def test_uptime_counts_the_hours_a_week_has(week: str, minutes: int):
    """Without setting hours, a week in which the clocks change has an hour more or less to be seen in."""
    box = Box(rules(times={}), week=parse_week(week, LONDON))
    sight = box.report().sight
    assert (sight.setting_minutes, sight.up_minutes) == (minutes, minutes)


def test_use_out_of_hours_is_shown_never_dropped():
    """An evening's use is use; what of it lies outside setting hours is told as bounds."""
    box = quiet_box()
    box.ask("staff-room-pc", "wikipedia.org", "Wed 17:50", minutes=(0, 4, 8, 12, 16, 19))
    box.ask("staff-room-pc", "wikipedia.org", "Sat 11:00", minutes=4)
    report = box.report()
    assert [line.out_of_hours for line in report.staff.uses] == [Range(4, 14)]
    assert [day.out_of_hours for day in report.pattern.days][2:6] == [Range(0, 10), Range(), Range(), Range(4, 4)]
    assert "Who was using the setting's device out of hours, and where?" in [item.question for item in report.decisions.items]


def test_refusals_on_a_closed_day_are_out_of_hours():
    """The strip knows closures: Friday's tablet was refused on a day on which nobody works here."""
    box = quiet_box(rules(closures=Closures(None, ((date(2026, 11, 20), date(2026, 11, 20)),))))
    box.ask("room-tablet-1", "tiktokv.eu", "Fri 10:00")
    day = box.report().pattern.days[4]
    assert (day.is_closed, day.has_hours, day.refused, day.refused_out_of_hours) == (True, False, 1, 1)


def test_the_trend_is_four_weeks_each_as_its_own_report_had_it():
    """Episodes of earlier weeks are counted in their week, oldest first."""
    box = quiet_box()
    for back, times in ((3, 1), (2, 2), (1, 0), (0, 3)):
        for hour in range(times):
            box.ask("room-tablet-1", "tiktokv.eu", f"Tue {10 + hour}:00", back=back)
    trend = box.report().pattern.trend
    assert [week.refused for week in trend] == [1, 2, 0, 3]
    assert [week.week for week in trend] == ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]


def test_weeks_that_were_deleted_are_not_quiet_weeks():
    """Look-ups go after 14 days, hourly totals later: a week of totals alone is `not kept`, one half gone is `part`."""
    box = quiet_box()
    for back in (3, 2, 1, 0):
        box.ask("room-tablet-1", "tiktokv.eu", "Mon 09:00", back=back).ask("room-tablet-1", "tiktokv.eu", "Fri 09:00", back=back)
    box.made_at = box.week.end.astimezone(UTC) + timedelta(days=1)
    cutoff = int(box.made_at.timestamp()) // 60 - 14 * 24 * 60
    for key in [key for key in box.rows if key[0] < cutoff]:
        del box.rows[key]
    box.kept_from = cutoff
    report = box.report()
    assert [week.coverage for week in report.pattern.trend] == [Coverage.NONE, Coverage.NONE, Coverage.PART, Coverage.FULL]
    assert report.newcomers.compared_weeks == 1


def test_the_trend_of_a_deleted_week_comes_from_the_report_that_was_kept():
    """Only where look-ups are gone: what is still there is counted anew."""
    box = quiet_box()
    box.kept_from = box.week.back(1).minutes.start
    kept = [TrendWeek(box.week.back(back).text, box.week.back(back).monday, Coverage.FULL, False, 77, None, None) for back in (0, 1, 2)]
    trend = box.report(kept_trend=kept).pattern.trend
    assert [(week.coverage, week.refused) for week in trend] == [
        (Coverage.NONE, 0), (Coverage.FULL, 77), (Coverage.FULL, 0), (Coverage.FULL, 0)
    ]  # fmt: skip


def test_new_devices_are_named_only_where_they_are_the_settings():
    """People's own devices are counted; one that nobody has named is told by the address it can be found at."""
    box = quiet_box()
    box.ask("192.168.20.44", "tiktokv.eu", "Tue 10:00").ask("192.168.30.45", "tiktokv.eu", "Tue 10:00")
    box.ask(UNKNOWN, "nothing.example", "Tue 10:01")
    new = box.report().newcomers
    assert [each.device for each in new.unnamed] == [UNKNOWN]
    assert {each.group: each.devices for each in new.own} == {"staff-phones": 1, "visitors": 1}
    assert (new.devices, new.is_first_week) == ((), False)


def test_in_the_first_week_nothing_is_called_new():
    """When recording begins, all is new: the report says that once, and asks nothing."""
    box = Box()
    for device in (*EVERYBODY, UNKNOWN):
        box.ask(device, "journal.example", "Mon 09:00", minutes=5)
    box.up = [(box.minute("Mon 07:30"), box.week.minutes.stop - 1)]
    report = box.report()
    assert (report.newcomers.is_first_week, report.newcomers.compared_weeks, report.newcomers.services) == (True, 0, ())
    assert not [item for item in report.decisions.items if item.part == 12]


def test_new_services_are_those_of_the_settings_devices():
    """Which services people's own phones ask for is theirs to know."""
    box = quiet_box()
    box.ask("room-tablet-1", "tiktokv.eu", "Tue 10:00").ask("room-tablet-1", "tiktokv.eu", "Tue 10:00", back=1)
    box.ask("staff-room-pc", "messenger.com", "Tue 10:00").ask("staff-room-pc", "wikipedia.org", "Tue 10:00", minutes=3)
    box.ask(STAFF_PHONE, "sc-gw.com", "Tue 10:00").ask(VISITOR, "sc-gw.com", "Tue 10:00")
    services = box.report().newcomers.services
    assert [(each.service, each.groups, each.what) for each in services] == [
        ("Messenger", ("office",), "refused"),
        ("Wikipedia", ("office",), "used"),
    ]


def test_what_the_log_does_not_keep_is_said_and_never_shown_as_nought():
    """With `log: {setting-owned: refused}` use is unknown, not none."""
    levels = {**LogConfig().levels, Owner.SETTING: LogLevel.REFUSED, Owner.VISITOR: LogLevel.NONE}
    box = quiet_box(replace(rules(), log=LogConfig(levels=levels)))
    box.ask("office-laptop", "m.facebook.com", "Tue 10:00", minutes=9).ask(VISITOR, "tiktokv.eu", "Tue 10:00")
    report = box.report()
    assert report.staff.devices[0].use is None
    assert report.approvals.lines[0].minutes is None
    assert {day.use for day in report.pattern.days} == {None}
    assert {week.approved for week in report.pattern.trend} == {None}
    by_group = {line.group: line for line in report.groups.lines}
    assert (by_group["office"].approved, by_group["visitors"].by_people, by_group["office"].by_people) == (None, None, 0)
    assert "Nothing but totals is kept of visitors' own devices." in report.sight.limits


def test_a_wrong_clock_is_owned_up_to():
    """Since when, if that is known; else after when, and how many look-ups have no time. Some seconds are nothing to speak of."""
    box = quiet_box()
    box.wrong_clocks = [
        WrongClock(box.minute("Mon 17:00"), 720, 0, box.minute("Tue 07:58")),
        WrongClock(box.minute("Wed 17:00"), 40, 0, box.minute("Wed 17:00")),
        WrongClock(box.minute("Fri 17:58"), 29, 1),
        WrongClock(box.minute("Fri 17:58"), 300, 1234),
    ]
    report = box.report()
    told = " ".join(render_text(report).split())
    assert "The box's clock was wrong for 12 minutes from Tue 17 Nov 07:58: what opens by time stayed shut." in told
    assert "17:00" not in told
    assert len(report.sight.wrong_clock) == 3
    assert "for less than a minute with a wrong clock, and was stopped before it was set: 1 look-up of that time can't" in told
    assert "for 5 minutes with a wrong clock, and was stopped before it was set: 1,234 look-ups of that time can't be dated" in told
    assert "1,234 look-ups of that time" in render_html(report)
