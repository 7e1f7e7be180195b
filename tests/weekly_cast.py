"""Acorn Lane Nursery (fictional) and one of its weeks, for the tests of the report.

Rows are made as the box makes them: each look-up is decided by the policy and kept or dropped by the log's own rule, so a test
says what devices did, never what the log should hold.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dinnerbell.catalogue import KINDS, UMBRELLA, Catalogue, read_catalogue
from dinnerbell.config import LogConfig, LogLevel, ReportConfig, Rules
from dinnerbell.log import Contact
from dinnerbell.model import Action, Approval, Device, Group, Network, Owner, Pass, People, Rule, Setting, Target, TargetKind, Verdict
from dinnerbell.policy import Ask, Policy, decide
from dinnerbell.proxied import Looked, Mistaken, PagesSeen
from dinnerbell.times import Closures, TimeSpan, parse_window
from dinnerbell.usage import Deletion, LogKey, Traffic, Usage, WrongClock, log_key
from dinnerbell_reports.annex_values import RefusedFile, RuleChange, TrendWeek, WeeklyReport
from dinnerbell_reports.week import Week, parse_week
from dinnerbell_reports.weekly import weekly

LONDON = ZoneInfo("Europe/London")

SERVICES = """
facebook:
  name: Facebook
  kinds: [social-networking]
  hosts:
    use: [static.xx.fbcdn.net, m.facebook.com]
    companion: [facebook.com]
    background: [=mqtt.facebook.com]
    embed: [=connect.facebook.net]
instagram:
  name: Instagram
  kinds: [photo-sharing]
  hosts:
    use: [i.instagram.com]
    companion: [instagram.com]
    background: [=edge-mqtt.instagram.com]
    embed: [=embed.instagram.com]
youtube:
  name: YouTube
  kinds: [video-sharing]
  hosts: {use: [=youtubei.googleapis.com, m.youtube.com], companion: [youtube.com], embed: [=i.ytimg.com]}
tiktok: {name: TikTok, kinds: [video-sharing], hosts: {use: [tiktokv.eu], companion: [tiktok.com], embed: [=analytics.tiktok.com]}}
messenger: {name: Messenger, kinds: [messaging], hosts: {use: [messenger.com]}}
snapchat: {name: Snapchat, kinds: [messaging, photo-sharing], hosts: {use: [sc-gw.com], background: [=push.snapchat.com]}}
wikipedia: {name: Wikipedia, kinds: [wiki], hosts: {use: [wikipedia.org]}}
pinterest: {name: Pinterest, kinds: [photo-sharing], evidence: pair, hosts: {companion: [pinterest.com, pinimg.com]}}
journal: {name: Learning journal, kinds: [essential], hosts: {use: [journal.example]}}
classroom: {name: Class messages, kinds: [essential, messaging], hosts: {use: [class.example]}}
vpn: {name: A private tunnel, kinds: [bypass], hosts: {use: [tunnel.example], background: [=beat.tunnel.example]}}
childline: {name: Childline, kinds: [helpline], hosts: {use: [childline.example]}}
union: {name: A union, kinds: [sensitive], hosts: {use: [union.example]}}
"""
CATALOGUE: Catalogue = read_catalogue({"services.yaml": SERVICES}, {})


def net(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


OFFICE = Group("office", Owner.SETTING)
CHILDREN = Group("children", Owner.SETTING, is_children=True)
STAFF_PHONES = Group("staff-phones", Owner.STAFF, addresses=net("192.168.20.0/24"))
VISITORS = Group("visitors", Owner.VISITOR, addresses=net("192.168.30.0/24"))
GROUPS = {group.name: group for group in (OFFICE, CHILDREN, STAFF_PHONES, VISITORS)}

DEVICES = {
    name: Device(name, group, net(address), is_named=True)
    for name, group, address in (
        ("office-laptop", OFFICE, "192.168.1.20"),
        ("staff-room-pc", OFFICE, "192.168.1.21"),
        ("room-tablet-1", CHILDREN, "192.168.1.31"),
        ("room-tablet-2", CHILDREN, "192.168.1.32"),
        ("marys-own-phone", STAFF_PHONES, "192.168.20.9"),
    )
}
STAFF_PHONE, MARYS_PHONE, VISITOR, UNKNOWN = "192.168.20.7", "marys-own-phone", "192.168.30.9", "192.168.1.77"

SETTING_HOURS = TimeSpan((parse_window("mon-fri 08:00-18:00"),))
LUNCH = TimeSpan((parse_window("mon-fri 12:00-13:00"),))
TIMES = {"setting-hours": SETTING_HOURS, "lunch": LUNCH}

APPROVAL = Approval(
    date(2026, 9, 1),
    date(2027, 8, 31),
    "News for families, with photographs by consent",
    "RA 2026-14, read 28 August",
    "Iris Wood",
    "Tom Field",
)


def target(word: str) -> Target:
    if "." in word:
        return Target(TargetKind.DOMAIN, word)
    return Target(TargetKind.KIND if word in (*KINDS, UMBRELLA) else TargetKind.SERVICE, word)


def rule(
    name: str,
    action: str,
    *words: str,
    devices: tuple[str, ...] | None = None,
    when: TimeSpan | None = None,
    approval: Approval | None = None,
    clause: str | None = None,
    when_text: str = "",
) -> Rule:
    targets = tuple(target(word) for word in words)
    spans = None if when is None else (when,)
    return Rule(-1, name, Action(action), targets, (), devices, spans, (), approval, clause, when_text=when_text)


ESSENTIALS = rule("Essential services always work", "allow", "essential", clause="7")
NO_WAY_ROUND = rule("No way round this policy on our network", "block", "bypass", clause="3")
CHILDREN_NONE = rule(
    "Children, and devices nobody has named yet, have no access", "block", UMBRELLA, devices=("children", "unknown"), clause="6"
)
OFFICIAL_PAGE = rule(
    "The official Facebook page", "allow", "facebook", devices=("office-laptop",), when=SETTING_HOURS, approval=APPROVAL, clause="5",
    when_text="setting-hours",
)  # fmt: skip
REFERENCE = rule("Reference sites for work", "allow", "wikipedia", "pinterest", devices=("office",), clause="3")
NO_PERSONAL_USE = rule(
    "No personal use on the setting's devices, lunch included", "block", UMBRELLA, devices=("setting-owned",), clause="4"
)
OWN_AT_LUNCH = rule("Own phones may use social media at lunch", "allow", UMBRELLA, devices=("staff-phones",), when=LUNCH, clause="4")
NOT_IN_HOURS = rule("Not in setting hours", "block", UMBRELLA, devices=("staff-phones", "visitors"), when=SETTING_HOURS, clause="4")
ALL_RULES = (ESSENTIALS, NO_WAY_ROUND, CHILDREN_NONE, OFFICIAL_PAGE, REFERENCE, NO_PERSONAL_USE, OWN_AT_LUNCH, NOT_IN_HOURS)

PEOPLE = People("Iris Wood", "Hannah Reed", ("Tom Field", "Iris Wood"), "Iris Wood")
EVERYTHING = LogConfig(levels=dict.fromkeys(Owner, LogLevel.ALL))


def rules(
    *listed: Rule,
    closures: Closures | None = None,
    times: dict[str, TimeSpan] | None = None,
    devices: dict[str, Device] | None = None,
    groups: dict[str, Group] | None = None,
    setting: Setting | None = None,
    log: LogConfig | None = None,
    reports: ReportConfig | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> Rules:
    """Return Acorn Lane's rules: all of them, or those listed."""
    policy = Policy(
        setting=setting or Setting("Acorn Lane Nursery", LONDON, policy_dated=date(2026, 9, 1), people=PEOPLE),
        catalogue=catalogue,
        rules=tuple(replace(each, index=index, line=index + 40) for index, each in enumerate(listed or ALL_RULES)),
        groups=GROUPS if groups is None else groups,
        devices=DEVICES if devices is None else devices,
        times=TIMES if times is None else times,
        closures=closures or Closures(),
        otherwise=Verdict.ALLOW,
    )
    return Rules(policy, log=log or LogConfig(), reports=reports or ReportConfig())


WEEK = parse_week("2026-W47", LONDON)
"""Monday 16 to Sunday 22 November 2026: an ordinary week, in winter time."""
MADE_AT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@dataclass
class Box:
    """A box that has been running: what its log holds after devices asked."""

    rules: Rules = field(default_factory=rules)
    week: Week = WEEK
    rows: Counter[tuple[int, LogKey]] = field(default_factory=Counter)
    traffic: Counter[tuple[int, str, bool]] = field(default_factory=Counter)
    contacts: dict[str, tuple[int, int]] = field(default_factory=dict)
    up: list[tuple[int, int]] | None = None
    """None: without a break in all four weeks."""
    losses: int = 0
    wrong_clocks: Sequence[WrongClock] = ()
    kept_from: int = 0
    slowed: Mapping[str, int] = field(default_factory=dict)
    looked: Sequence[Looked] = ()
    mistaken: Sequence[Mistaken] = ()
    pages_seen: Sequence[PagesSeen] = ()
    made_at: datetime | None = None
    """None: on the Monday after the week, at 7."""

    def minute(self, when: str, back: int = 0) -> int:
        """Return the minute of `Tue 12:30` in the week (or one before)."""
        day_word, clock = when.split()
        day = self.week.back(back).days[("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day_word)]
        wall = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=self.week.zone)
        return int(wall.timestamp()) // 60

    def ask(self, device: str, name: str, when: str, *, minutes: int | Iterable[int] = 1, count: int = 1, back: int = 0) -> "Box":
        """Let a device ask a name at `when` and in the minutes after; `minutes`: how many, or which offsets."""
        start = self.minute(when, back)
        for offset in range(minutes) if isinstance(minutes, int) else minutes:
            self._ask(device, name, start + offset, count)
        return self

    def _ask(self, text: str, name: str, minute: int, count: int) -> None:
        policy = self.rules.policy
        device = policy.device_called(text) or Device(text)
        decision = decide(policy, Ask(device, name, datetime.fromtimestamp(minute * 60, UTC)))
        key = log_key(self.rules.log.levels[device.owner], device, name, decision)
        if key is not None:
            self.rows[minute, key] += count
        self.traffic[minute // 60, device.name, decision.verdict is Verdict.BLOCK] += count
        first, last = self.contacts.get(device.name, (minute, minute))
        self.contacts[device.name] = (min(first, minute), max(last, minute))

    def known_since(self, weeks: int, *devices: str) -> "Box":
        """Let devices have been here for some weeks: they are not new."""
        for device in devices:
            self.ask(device, "journal.example", "Mon 08:30", back=weeks)
        return self

    def usage(self) -> list[Usage]:
        return [Usage(minute, *key, count) for (minute, key), count in self.rows.items()]

    def hours(self) -> list[Traffic]:
        keys = sorted({(hour, device) for hour, device, _ in self.traffic})
        return [Traffic(hour, device, self.traffic[hour, device, False], self.traffic[hour, device, True]) for hour, device in keys]

    def seen(self) -> list[Contact]:
        found = []
        for name, (first, last) in self.contacts.items():
            device = self.rules.policy.device_called(name) or Device(name)
            found.append(Contact(name, device.group.name if device.group else "", device.owner.value, first, last))
        return found

    def uptime(self) -> Sequence[tuple[int, int]]:
        return [(self.week.back(3).minutes.start, self.week.minutes.stop - 1)] if self.up is None else self.up

    def report(
        self,
        *,
        passes: Sequence[Pass] = (),
        rule_changes: Sequence[RuleChange] = (),
        refused_files: Sequence[RefusedFile] = (),
        kept_trend: Sequence[TrendWeek] = (),
        deletions: Sequence[Deletion] = (),
        reader: str = "",
    ) -> WeeklyReport:
        return weekly(
            self.rules,
            self.week,
            rows=self.usage(),
            traffic=self.hours(),
            contacts=self.seen(),
            uptime=self.uptime(),
            losses=self.losses,
            made_at=self.made_at or self.week.end.astimezone(UTC) + timedelta(hours=7),
            passes=passes,
            rule_changes=rule_changes,
            refused_files=refused_files,
            reader=reader,
            wrong_clocks=self.wrong_clocks,
            kept_from=self.kept_from,
            kept_trend=kept_trend,
            deletions=deletions,
            slowed=self.slowed,
            looked=self.looked,
            mistaken=self.mistaken,
            pages_seen=self.pages_seen,
        )


EVERYBODY = ("office-laptop", "staff-room-pc", "room-tablet-1", "room-tablet-2", MARYS_PHONE, STAFF_PHONE, VISITOR)


def quiet_box(rules_: Rules | None = None) -> Box:
    """Return a box on which every named device did its work this week and before, and nothing else."""
    box = Box(rules_ or rules()).known_since(3, *EVERYBODY)
    for device in EVERYBODY:
        box.ask(device, "journal.example", "Tue 09:00", count=20)
    return box


def busy_box() -> Box:
    """Return the week of the gold files: a little of everything a nursery's week brings."""
    box = Box(replace(rules(closures=Closures(None, ((date(2026, 11, 20), date(2026, 11, 20)),)))))
    everybody = tuple(device for device in EVERYBODY if device != "room-tablet-2")
    for back in (3, 2, 1, 0):
        box.known_since(back, *everybody)
        for number, day in enumerate(("Mon", "Tue", "Wed", "Thu")):
            for device in everybody:
                box.ask(device, "journal.example", f"{day} 09:0{number}", minutes=range(0, 300, 20), count=3)
            box.ask(
                "office-laptop",
                "static.xx.fbcdn.net",
                f"{day} {10 + number % 2}:15",
                minutes=(0, 1, 2, 4, 5, 8, 9 + number + back),
                back=back,
            )
            box.ask("office-laptop", "connect.facebook.net", f"{day} 14:20", minutes=(0, 30, 61), back=back)
            box.ask(STAFF_PHONE, "i.instagram.com", f"{day} 12:05", minutes=20, back=back)
        box.ask(STAFF_PHONE, "i.instagram.com", "Wed 10:10", minutes=(0, 2, 9), back=back)
        box.ask(MARYS_PHONE, "edge-mqtt.instagram.com", "Tue 08:00", minutes=range(0, 480, 30), back=back)
        box.ask("room-tablet-1", "m.youtube.com", "Tue 10:40", minutes=(0,) if back else (0, 1, 6, 13), back=back)
        box.ask("room-tablet-1", "i.ytimg.com", "Mon 11:00", minutes=(0, 40), back=back)
    box.known_since(3, "room-tablet-2")
    box.ask("staff-room-pc", "wikipedia.org", "Tue 12:20", minutes=(0, 1, 3, 4, 8, 9, 12, 13))
    box.ask("staff-room-pc", "pinterest.com", "Wed 18:10", minutes=(0, 2, 3, 5)).ask(
        "staff-room-pc", "pinimg.com", "Wed 18:10", minutes=(0, 2, 3, 5)
    )
    box.ask("staff-room-pc", "tiktokv.eu", "Thu 12:31", minutes=(0, 7)).ask("staff-room-pc", "tiktokv.eu", "Thu 15:02")
    box.ask("office-laptop", "messenger.com", "Mon 16:20", minutes=(0, 1))
    box.ask("office-laptop", "i.instagram.com", "Thu 11:50")
    box.ask(MARYS_PHONE, "sc-gw.com", "Thu 10:02", minutes=(0, 8))
    box.ask(VISITOR, "tiktokv.eu", "Tue 15:30").ask(VISITOR, "tunnel.example", "Tue 15:33")
    box.ask("office-laptop", "tunnel.example", "Thu 16:45")
    box.ask(UNKNOWN, "journal.example", "Wed 13:10").ask(UNKNOWN, "tiktokv.eu", "Wed 13:20", minutes=(0, 6))
    box.looked = [Looked("office-laptop", 14, 2)]
    box.pages_seen = [PagesSeen("office-laptop", "facebook", 31, 2, 48_200_000), PagesSeen(STAFF_PHONE, "instagram", 5, 1, 900)]
    box.mistaken = [
        Mistaken(box.minute("Tue 10:44"), "room-tablet-1", "m.youtube.com", "Children and unknown devices", "song for <circle> time"),
        Mistaken(box.minute("Wed 10:10"), STAFF_PHONE, "i.instagram.com", "Not in setting hours"),
    ]
    start = box.week.minutes.start
    box.up = [
        (box.week.back(3).minutes.start, box.minute("Wed 14:04")),
        (box.minute("Wed 14:46"), box.minute("Thu 09:00")),
        (box.minute("Thu 09:06"), box.week.minutes.stop - 1),
    ]
    assert start < box.up[0][1]
    return box
