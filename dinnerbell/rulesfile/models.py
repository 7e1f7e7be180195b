"""What may stand in rules.yaml: one pydantic model for each section and each kind of item (those of the box itself: models_box.py).

Pure. These models are the one list of keys: unknown keys, missing ones and the JSON Schema for editors all come from here.
A field's description ends the sentence "this needs `key`: ...", and is what an editor shows.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from dinnerbell.model import Action, Verdict
from dinnerbell.rulesfile import shown
from dinnerbell.rulesfile.fields import (
    Day,
    Days,
    Hosts,
    Networks,
    OptionalDay,
    OptionalMac,
    OptionalToken,
    OptionalWord,
    Part,
    Word,
    one_or_many,
    several,
    word,
)  # fmt: skip
from dinnerbell.rulesfile.messages import did_you_mean
from dinnerbell.rulesfile.models_box import BoxModel, LogModel, ReportsModel
from dinnerbell.rulesfile.references import (
    AskedPlace,
    DeviceName,
    GroupName,
    Kinds,
    Moment,
    OptionalTimes,
    Switches,
    Targets,
    Times,
    Who,
)  # fmt: skip


class PolicyPaper(Part):
    title: Word = Field(default="Social Media Policy", description="what the policy is called, as reports name it")
    dated: OptionalDay = Field(default=None, description="the day of the policy, like 2022-10-03")
    review_by: OptionalDay = Field(
        default=None, alias="review-by", description="when it is to be reviewed; reports remind you when it is overdue"
    )


class PeopleModel(Part):
    manager: Word = Field(default="", description="who manages the setting")
    safeguarding_lead: Word = Field(default="", alias="safeguarding-lead", description="who leads on safeguarding and signs the reports")
    safeguarding_deputies: Annotated[list[Word], BeforeValidator(several), shown.OneOrMany(may_be_empty=True)] = Field(
        default_factory=list, alias="safeguarding-deputies", description="who deputises for the safeguarding lead"
    )
    data_controller: Word = Field(default="", alias="data-controller", description="who answers for personal data")


class SettingModel(Part):
    name: Word = Field(description="what the setting is called, as it stands on reports")
    timezone: Word = Field(default="Europe/London", description="the zone of the clock on the wall, like Europe/London")
    policy: PolicyPaper = Field(default=PolicyPaper(), description="the paper that the rules put into practice")
    people: PeopleModel = Field(default=PeopleModel(), description="whom the reports name; change it when the roles change")
    guidance: Annotated[dict[str, Day], BeforeValidator(lambda value: value or {})] = Field(
        default_factory=dict, description="guidance that documents may name, by title, each with the date of its version"
    )


class ClosuresModel(Part):
    bank_holidays: Literal["england", "wales", "scotland", "northern-ireland", "none"] = Field(
        default="none", alias="bank-holidays", description="whose bank holidays are closed days"
    )
    dates: Annotated[list[Days], BeforeValidator(several), shown.OneOrMany(may_be_empty=True)] = Field(
        default_factory=list, description="other closed days: a date, or the first and the last like 2026-12-21..2027-01-01, both closed"
    )


class GroupModel(Part):
    owner: Literal["setting", "staff", "visitor"] = Field(description="whose devices these are: setting, staff or visitor")
    for_: Literal["children"] | None = Field(
        default=None, alias="for", description="write `children` for the devices children use: nobody can open social media there"
    )
    addresses: Networks = Field(default_factory=list, description="the addresses of this group, like 192.168.20.0/24 for a whole Wi-Fi")


class DeviceModel(Part):
    group: GroupName = Field(default=None, description="the group it belongs to")
    mac: OptionalMac = Field(default=None, description='its MAC address, in quotes, like "02:00:00:00:00:20"; the router shows it')
    address: Networks = Field(default_factory=list, description="its fixed address, like 192.168.1.20; several in [brackets]")
    token: OptionalToken = Field(
        default=None, description="a secret word by which it is known over encrypted DNS; it stands in the name or URL that it is told"
    )
    proxy: Literal["intercept"] | None = Field(
        default=None, description="write `intercept` if the proxy may look into this device's traffic; everyone must be told"
    )


class HostsModel(Part):
    """Hosts by what a look-up of them says (DESIGN section 5); a list alone means `use`."""

    use: Hosts = Field(default_factory=list, description="hosts that are asked for when somebody uses it")
    companion: Hosts = Field(default_factory=list, description="hosts that go with use but prove none")
    background: Hosts = Field(default_factory=list, description="hosts that an app asks for by itself")
    embed: Hosts = Field(default_factory=list, description="hosts that stand in other people's pages")
    shared: Hosts = Field(default_factory=list, description="hosts that several services share")

    @model_validator(mode="before")
    @classmethod
    def _list_is_use(cls, value: Any) -> Any:
        return {"use": value} if isinstance(value, (list, str)) else value


class ServiceModel(Part):
    name: OptionalWord = Field(default=None, description="what people call it")
    kinds: Kinds = Field(
        default_factory=list, description="what it is: messaging, forum, essential ...; `dinnerbell services` lists the kinds"
    )
    hosts: Annotated[HostsModel, shown.Also({"type": "string"}, {"type": "array", "items": {"type": "string"}})] = Field(
        default=HostsModel(), description="its domain names, like [portal.example.org]: each and everything under it"
    )
    evidence: Literal["use", "pair"] | None = Field(
        default=None, description="what counts as use: `use` one such host, `pair` two together"
    )
    under_16_law: Literal["in", "out", "unknown"] | None = Field(
        default=None, alias="under-16-law", description="whether the law on under-16s covers it, as far as is known"
    )
    note: OptionalWord = Field(default=None, description="a note for people")


class ApprovalModel(Part):
    purpose: Word = Field(description="what it is for (policy section 5)")
    risk_assessment: Word = Field(alias="risk-assessment", description="where the formal risk assessment is kept")
    approved_by: Word = Field(alias="approved-by", description="who approved it")
    second_reader: Word = Field(default="", alias="second-reader", description="who reads what is published before it goes out")
    from_: Day = Field(alias="from", description="the first day, like 2026-09-01")
    until: Day = Field(description="the last day, like 2027-08-31")

    @model_validator(mode="after")
    def _in_order(self) -> "ApprovalModel":
        if self.until < self.from_:
            raise ValueError("`until` is before `from`")
        return self


def _read_alert(value: object) -> list[str]:
    return [word(item) for item in one_or_many(value)]


class RuleModel(Part):
    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [action.value]} for action in Action]})

    name: OptionalWord = Field(default=None, description="what the rule is called in reports and answers")
    clause: OptionalWord = Field(default=None, description="the clause of your policy that the rule is there for")
    allow: Targets = Field(
        default=None,
        description="what is open: a service (facebook), a kind (messaging), social-media, essential, a domain (example.org), "
        "or a page, where the proxy looks inside (facebook.com/OurPage)",
    )
    block: Targets = Field(
        default=None,
        description="what is closed: a service (facebook), a kind (messaging), social-media, bypass, a domain (example.org), "
        "or a page, where the proxy looks inside (youtube.com/shorts)",
    )
    enforce: Switches = Field(default=None, description="what is made safe: `safe-search` for search engines, or YouTube's restricted mode")
    devices: Who = Field(
        default=None,
        description="for whom: a device, a group, setting-owned, staff-owned, visitor-owned, unknown or an address; left out, for everyone",
    )
    when: OptionalTimes = Field(
        default=None, description="at which times: a name from `times`, a window such as mon-fri 12:00-13:00, or `closed`; left out, always"
    )
    unless: OptionalTimes = Field(default=None, description="at which times it does not hold: written like `when`")
    approval: ApprovalModel | None = Field(default=None, description="the approval of policy section 5; outside its dates the rule rests")
    alert: Annotated[list[str] | None, PlainValidator(_read_alert), WithJsonSchema({"type": ["boolean", "string", "array"]})] = Field(
        default=None, description="who is told at once when the rule refuses something"
    )


class ExpectModel(Part):
    device: DeviceName = Field(description="the name of a device, or an address")
    name: AskedPlace = Field(description="a domain name, like www.example.org, or a page, like www.facebook.com/OurPage")
    at: Moment = Field(description="a day and a time, like 2026-11-23 12:30")
    verdict: Verdict = Field(description="allow, block or enforce")


def _read_fail(value: object) -> str:
    text = word(value)
    if text not in ("open", "closed"):
        raise ValueError(f"{text!r} is not one of `open` or `closed`{did_you_mean(text, ('open', 'closed'), else_list=0)}")
    return text


class RulesFile(Part):
    """The whole file. The parts are read one by one (build.py), so that one broken part does not hide the others' errors."""

    setting: SettingModel = Field(description="the setting: its name, its policy and its people")
    times: dict[str, Times] = Field(default_factory=dict, description="names for times of the day, to be used in the rules")
    closures: ClosuresModel = Field(default=ClosuresModel(), description="days on which nobody works here: no time begins on them")
    groups: dict[str, GroupModel] = Field(default_factory=dict, description="kinds of devices, each under its name")
    devices: dict[str, DeviceModel] = Field(default_factory=dict, description="devices, each under a name you know it by in the report")
    services: dict[str, ServiceModel] = Field(
        default_factory=dict, description="services that the catalogue does not know, or that you want to change"
    )
    rules: list[RuleModel] = Field(description="the rules, read from the top: the first that fits decides")
    otherwise: Literal["allow", "block"] = Field(default="allow", description="what happens to names that no rule speaks of")
    expect: list[ExpectModel] = Field(default_factory=list, description="what must come out; checked whenever the file is read")
    box: BoxModel = Field(default=BoxModel(), description="the box itself: for whoever keeps it running")
    log: LogModel = Field(default=LogModel(), description="what is written down of each owner's devices, and for how long")
    reports: ReportsModel = Field(default=ReportsModel(), description="the weekly report: when, and to whom")
    mail: dict[str, Word] = Field(default_factory=dict, description="how the box sends mail")
    fail: Annotated[str, PlainValidator(_read_fail), WithJsonSchema({"type": "string", "enum": ["open", "closed"]})] = Field(
        default="open", description="what devices get while nobody upstream answers"
    )
