"""The sections of rules.yaml, read in the order in which they need one another, into one `Rules` or a list of errors.

Pure. A broken part is left out and reading goes on; its name stays known, so that one slip makes one error.
"""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from dinnerbell.catalogue import Catalogue
from dinnerbell.config import Box, Encrypted, ListSource, LogConfig, Remark, ReportConfig, Rules
from dinnerbell.model import Group, Owner, People, Setting, Verdict
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.build_devices import read_devices, read_groups, report_clashes
from dinnerbell.rulesfile.build_rules import read_rule_list
from dinnerbell.rulesfile.build_services import read_own_services
from dinnerbell.rulesfile.doubts import find_doubts
from dinnerbell.rulesfile.expect import read_expectations, report_failures
from dinnerbell.rulesfile.messages import did_you_mean, keys_of
from dinnerbell.rulesfile.models import ClosuresModel, PeopleModel, RulesFile, SettingModel
from dinnerbell.rulesfile.models_box import BoxModel, EncryptedModel, LogModel, ReportsModel
from dinnerbell.rulesfile.nodes import START, Tree, read_tree
from dinnerbell.rulesfile.reader import Reader
from dinnerbell.rulesfile.references import Known, Times, windows_of
from dinnerbell.rulesfile.reserved import find_inactive
from dinnerbell.rulesfile.zones import find_zone, zone_names
from dinnerbell.times import Closures, TimeSpan, parse_window
from dinnerbell.words.wording import CLOSED_WORD

DEFAULT_ZONE = "Europe/London"
DEFAULT_TIMES = {
    "setting-hours": TimeSpan((parse_window("mon-fri 08:00-18:00"),)),
    "lunch": TimeSpan((parse_window("mon-thu 12:00-13:00"), parse_window("fri 11:30-12:30"))),
}
DEFAULT_GROUPS = {
    "office": Group("office", Owner.SETTING),
    "children": Group("children", Owner.SETTING, is_children=True),
    "staff-phones": Group("staff-phones", Owner.STAFF),
    "visitors": Group("visitors", Owner.VISITOR),
}
"""What the shipped sample names, without its addresses: every setting has its own network."""


def build(text: str, catalogue: Catalogue, today: date | None) -> Rules | list[Remark]:
    """Return the rules, or every error in the file."""
    tree = read_tree(text)
    if isinstance(tree.data, dict):
        rules = _Sections(tree, catalogue, today).read()
        if rules is not None:
            return rules
    elif not tree.remarks:
        tree.remark(START, _NO_SECTIONS if tree.data is None else _NOT_SECTIONS)
    return sorted(set(tree.remarks), key=lambda remark: (remark.line, remark.column, remark.message))


_NO_SECTIONS = "the file is empty: it needs at least `setting:` with a name, and `rules:`"
_NOT_SECTIONS = "the file must start with a section, a word followed by a colon, such as `setting:`"


class _Sections:
    def __init__(self, tree: Tree, catalogue: Catalogue, today: date | None) -> None:
        self.today = today
        self.known = Known(ZoneInfo(DEFAULT_ZONE), catalogue, shipped=catalogue)
        self.reader = Reader(tree, self.known)

    def read(self) -> Rules | None:
        reader, known = self.reader, self.known
        reader.sections()
        setting = self._setting()
        known.lists = set(lists) if isinstance(lists := reader.raw("box", "lists"), dict) else set()
        read_own_services(reader)
        self._times()
        closures = self._closures()
        read_groups(reader, DEFAULT_GROUPS)
        read_devices(reader)
        report_clashes(reader)
        rules = read_rule_list(reader)
        otherwise = self._otherwise()
        expectations = read_expectations(reader)
        box, log, reports = self._box(), self._log(), self._reports()
        self._later()
        if reader.errors or setting is None:
            return None
        policy = Policy(
            setting=setting,
            catalogue=known.catalogue,
            rules=rules,
            groups={name: group for name, group in known.groups.items() if group is not None},
            devices={name: device for name, device in known.devices.items() if device is not None},
            times=dict(known.times),
            closures=closures,
            otherwise=otherwise,
            otherwise_line=reader.line(("otherwise",)) if reader.has("otherwise") else None,
        )
        report_failures(reader, policy, expectations)
        if reader.errors:
            return None
        doubts = find_doubts(reader, policy, box, self.today)
        return Rules(policy, box, log, reports, expectations, doubts, find_inactive(reader, policy))

    def _setting(self) -> Setting | None:
        if not self.reader.has("setting"):
            return None
        model = self.reader.part(SettingModel, ("setting",))
        zone_name = model.timezone if model else self.reader.raw("setting", "timezone")
        zone = find_zone(zone_name) if isinstance(zone_name, str) else None
        if zone is not None:
            self.known.zone = zone
        elif model is not None:
            advice = did_you_mean(model.timezone, zone_names()) or ": write it like Europe/London"
            self.reader.error(("setting", "timezone"), f"there is no time zone {model.timezone!r}{advice}")
        if model is None:
            return None
        people, paper = model.people, model.policy
        return Setting(
            name=model.name,
            zone=self.known.zone,
            policy_title=paper.title,
            policy_dated=paper.dated,
            policy_review_by=paper.review_by,
            people=People(people.manager, people.safeguarding_lead, tuple(people.safeguarding_deputies), people.data_controller),
        )

    def _times(self) -> None:
        reader, known = self.reader, self.known
        if not reader.has("times"):
            known.times = dict(DEFAULT_TIMES)
            return
        names = reader.mapping("times")
        known.times = {name: TimeSpan() for name in names if name != CLOSED_WORD}
        known.reads_times = True
        for name in names:
            if name == CLOSED_WORD:
                reader.error(("times", name), "`closed` has a meaning already (the days of `closures`): choose another name", at_key=True)
                continue
            reader.check_name(("times", name), what="time")
            parts = reader.value(Times, ("times", name))
            if parts is not None:
                known.times[name] = windows_of(parts)
        known.reads_times = False

    def _closures(self) -> Closures:
        if not self.reader.has("closures"):
            return Closures("england")
        model = self.reader.part(ClosuresModel, ("closures",))
        if model is None:
            return Closures()
        region = None if model.bank_holidays == "none" else model.bank_holidays
        return Closures(region, tuple(model.dates))

    def _otherwise(self) -> Verdict:
        if not self.reader.has("otherwise"):
            return Verdict.ALLOW
        verdict = self.reader.value(RulesFile.model_fields["otherwise"].annotation, ("otherwise",))
        return Verdict(verdict or "allow")

    def _box(self) -> Box:
        model = self.reader.part(BoxModel, ("box",)) if self.reader.has("box") else None
        if model is None:
            return Box()
        for name in model.lists:
            self.reader.check_name(("box", "lists", name), what="list")
        usual = Box()
        return Box(
            listen=tuple(model.listen or usual.listen),
            upstream=tuple(model.upstream or usual.upstream),
            answer_networks=tuple(model.answer_networks or usual.answer_networks),
            forward=dict(model.forward),
            names={name: tuple(dict.fromkeys(addresses)) for name, addresses in model.names.items()},
            rate_limit=model.rate_limit or usual.rate_limit,
            lists=tuple(
                ListSource(name, part.from_, part.refresh, self.reader.line(("box", "lists", name))) for name, part in model.lists.items()
            ),
            encrypted=None if model.encrypted is None else _encrypted(model.encrypted),
        )

    def _log(self) -> LogConfig:
        model = self.reader.part(LogModel, ("log",)) if self.reader.has("log") else None
        if model is None:
            return LogConfig()
        levels = {
            Owner.SETTING: model.setting_owned,
            Owner.STAFF: model.staff_owned,
            Owner.VISITOR: model.visitor_owned,
            Owner.UNKNOWN: model.unknown,
        }
        keep = model.keep
        return LogConfig(levels, keep.lookups, keep.sessions, keep.weeks, model.flush)

    def _reports(self) -> ReportConfig:
        model = self.reader.part(ReportsModel, ("reports",)) if self.reader.has("reports") else None
        if model is None:
            return ReportConfig()
        roles = [*keys_of(PeopleModel), *model.to]
        for role in model.not_about:
            if role not in roles:
                self.reader.error(("reports", "not-about", role), f"there is no role `{role}`{did_you_mean(role, roles)}", at_key=True)
        not_about = {role: tuple(devices or ()) for role, devices in model.not_about.items()}
        return ReportConfig(*model.weekly, to=dict(model.to), not_about=not_about)

    def _later(self) -> None:
        """Check the shape of sections whose machinery comes later."""
        for section in ("mail", "fail"):
            if self.reader.has(section) and not (section == "mail" and self.reader.raw(section) is None):
                self.reader.value(RulesFile.__annotations__[section], (section,))


def _encrypted(model: EncryptedModel) -> Encrypted:
    found = Encrypted(model.name, model.certificate, model.key or model.certificate, https=tuple(model.https))
    return replace(found, tls=tuple(model.tls)) if model.tls else found
