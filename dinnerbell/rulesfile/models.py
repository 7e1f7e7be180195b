"""What may stand in rules.yaml: one pydantic model for each section and each kind of item.

Pure. These models are the one list of keys: unknown keys, missing ones and (later) the JSON Schema for editors all come from here.
A field's description ends the sentence "this needs `key`: ...".
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, field_validator, model_validator

from dinnerbell.config import PRIVATE, Endpoint, LogLevel, Upstream
from dinnerbell.endpoints import parse_endpoint, parse_upstream
from dinnerbell.model import Network, Verdict
from dinnerbell.rulesfile.fields import (
    AddressField,
    Count,
    Day,
    Days,
    Duration,
    Flush,
    Hosts,
    KeepDays,
    Mail,
    Networks,
    OptionalDay,
    OptionalMac,
    OptionalWord,
    Part,
    Word,
    Yes,
    one_or_many,
    read_duration,
    read_network,
    several,
    word,
)  # fmt: skip
from dinnerbell.rulesfile.messages import did_you_mean
from dinnerbell.rulesfile.references import (
    AskedName,
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
from dinnerbell.times import BadTime, parse_days


class PolicyPaper(Part):
    title: Word = "Social Media Policy"
    dated: OptionalDay = None
    review_by: OptionalDay = Field(default=None, alias="review-by")


class PeopleModel(Part):
    manager: Word = ""
    safeguarding_lead: Word = Field(default="", alias="safeguarding-lead")
    safeguarding_deputies: Annotated[list[Word], BeforeValidator(several)] = Field(default_factory=list, alias="safeguarding-deputies")
    data_controller: Word = Field(default="", alias="data-controller")


class SettingModel(Part):
    name: Word = Field(description="what the setting is called, as it stands on reports")
    timezone: Word = "Europe/London"
    policy: PolicyPaper = PolicyPaper()
    people: PeopleModel = PeopleModel()
    guidance: Annotated[dict[str, Day], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)


class ClosuresModel(Part):
    bank_holidays: Literal["england", "wales", "scotland", "northern-ireland", "none"] = Field(default="none", alias="bank-holidays")
    dates: Annotated[list[Days], BeforeValidator(several)] = Field(default_factory=list)


class GroupModel(Part):
    owner: Literal["setting", "staff", "visitor"] = Field(description="whose devices these are: setting, staff or visitor")
    for_: Literal["children"] | None = Field(default=None, alias="for")
    addresses: Networks = Field(default_factory=list)


class DeviceModel(Part):
    group: GroupName = None
    mac: OptionalMac = None
    address: Networks = Field(default_factory=list)
    proxy: Literal["intercept"] | None = None


class HostsModel(Part):
    """Hosts by what a look-up of them says (DESIGN section 5); a list alone means `use`."""

    use: Hosts = Field(default_factory=list)
    companion: Hosts = Field(default_factory=list)
    background: Hosts = Field(default_factory=list)
    embed: Hosts = Field(default_factory=list)
    shared: Hosts = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _list_is_use(cls, value: Any) -> Any:
        return {"use": value} if isinstance(value, (list, str)) else value


class ServiceModel(Part):
    name: OptionalWord = None
    kinds: Kinds = Field(default_factory=list)
    hosts: HostsModel = HostsModel()
    evidence: Literal["use", "pair"] | None = None
    under_16_law: Literal["in", "out", "unknown"] | None = Field(default=None, alias="under-16-law")
    note: OptionalWord = None


class ApprovalModel(Part):
    purpose: Word = Field(description="what it is for (policy section 5)")
    risk_assessment: Word = Field(alias="risk-assessment", description="where the formal risk assessment is kept")
    approved_by: Word = Field(alias="approved-by", description="who approved it")
    second_reader: Word = Field(default="", alias="second-reader")
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
    name: OptionalWord = None
    clause: OptionalWord = None
    allow: Targets = None
    block: Targets = None
    enforce: Switches = None
    devices: Who = None
    when: OptionalTimes = None
    unless: OptionalTimes = None
    approval: ApprovalModel | None = None
    alert: Annotated[list[str] | None, PlainValidator(_read_alert), WithJsonSchema({"type": ["boolean", "string", "array"]})] = None


class ExpectModel(Part):
    device: DeviceName = Field(description="the name of a device, or an address")
    name: AskedName = Field(description="a domain name, like www.example.org")
    at: Moment = Field(description="a day and a time, like 2026-11-23 12:30")
    verdict: Verdict = Field(description="allow, block or enforce")


def _read_endpoint(value: object) -> Endpoint:
    return parse_endpoint(word(value))


def _read_upstream(value: object) -> Upstream:
    return parse_upstream(word(value))


def _read_answer_network(value: object) -> str | Network:
    text = word(value)
    if text == PRIVATE:
        return text
    try:
        return read_network(text)
    except ValueError as error:
        raise ValueError(f"{error}, or `private`") from None


_STRING = WithJsonSchema({"type": "string"})


class ListModel(Part):
    from_: Word = Field(alias="from", description="where it comes from: https://, http:// or a path")
    refresh: Duration = 86400.0

    @field_validator("from_", mode="after")
    @classmethod
    def _web_or_path(cls, text: str) -> str:
        if "://" in text and not text.startswith(("https://", "http://")):
            raise ValueError(f"{text!r}: a list comes from https://, http:// or a path beside rules.yaml")
        return text


class ProviderModel(Part):
    name: Word = Field(description="the upstream provider that filters illegal and adult content")
    iwf_member: Yes = Field(default=False, alias="iwf-member")
    tested: OptionalDay = None


Empty = BeforeValidator(lambda value: {} if value is None else value)


class BoxModel(Part):
    listen: Annotated[list[Annotated[Endpoint, PlainValidator(_read_endpoint), _STRING]] | None, BeforeValidator(one_or_many)] = None
    upstream: Annotated[list[Annotated[Upstream, PlainValidator(_read_upstream), _STRING]] | None, BeforeValidator(one_or_many)] = None
    answer_networks: Annotated[
        list[Annotated[str | Network, PlainValidator(_read_answer_network), _STRING]] | None, BeforeValidator(one_or_many)
    ] = Field(default=None, alias="answer-networks")
    lists: Annotated[dict[str, ListModel], Empty] = Field(default_factory=dict)
    forward: Annotated[dict[AskedName, Annotated[Endpoint, PlainValidator(_read_endpoint), _STRING]], Empty] = Field(default_factory=dict)
    names: Annotated[dict[AskedName, Annotated[list[AddressField], BeforeValidator(one_or_many)]], Empty] = Field(default_factory=dict)
    provider: ProviderModel | None = None
    rate_limit: Count | None = Field(default=None, alias="rate-limit")


class KeepModel(Part):
    lookups: KeepDays = 14
    sessions: KeepDays = 90
    weeks: KeepDays = 3 * 365


class LogModel(Part):
    setting_owned: LogLevel = Field(default=LogLevel.ALL, alias="setting-owned")
    staff_owned: LogLevel = Field(default=LogLevel.REFUSED, alias="staff-owned")
    visitor_owned: LogLevel = Field(default=LogLevel.REFUSED, alias="visitor-owned")
    unknown: LogLevel = LogLevel.REFUSED
    keep: KeepModel = KeepModel()
    flush: Flush = 1.0


def _read_weekly(value: object) -> tuple[int, int]:
    """Read `mon 07:00` as a weekday (Monday is 0) and minutes since 00:00."""
    text = word(value)
    day, _, clock = text.rpartition(" ")
    hours, colon, minutes = clock.partition(":")
    try:
        days = parse_days(day.lower())
    except BadTime:
        days = frozenset()
    if len(days) != 1 or not colon or not (hours.isdecimal() and minutes.isdecimal() and len(hours) <= 2 and len(minutes) == 2):
        raise ValueError(f"{text!r} is not a day and a time: write them like mon 07:00")
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"{clock!r} is not a time of day: hours go to 23 and minutes to 59")
    return next(iter(days)), int(hours) * 60 + int(minutes)


def _read_excessive(value: object) -> dict[str, float]:
    if isinstance(value, dict):
        return {key: read_duration(inner) for key, inner in value.items()}
    return {"all": read_duration(value)}


class ReportsModel(Part):
    weekly: Annotated[tuple[int, int], PlainValidator(_read_weekly), _STRING] = Field(default_factory=lambda: (0, 7 * 60))
    to: Annotated[dict[str, Mail], Empty] = Field(default_factory=dict)
    not_about: Annotated[dict[str, Who], Empty] = Field(default_factory=dict, alias="not-about")
    excessive: Annotated[dict[str, float], PlainValidator(_read_excessive), WithJsonSchema({"type": ["string", "object"]})] = Field(
        default_factory=dict
    )


def _read_fail(value: object) -> str:
    text = word(value)
    if text not in ("open", "closed"):
        raise ValueError(f"{text!r} is not one of `open` or `closed`{did_you_mean(text, ('open', 'closed'), else_list=0)}")
    return text


class RulesFile(Part):
    """The whole file. The parts are read one by one (build.py), so that one broken part does not hide the others' errors."""

    setting: SettingModel
    times: dict[str, Times] = Field(default_factory=dict)
    closures: ClosuresModel = ClosuresModel()
    groups: dict[str, GroupModel] = Field(default_factory=dict)
    devices: dict[str, DeviceModel] = Field(default_factory=dict)
    services: dict[str, ServiceModel] = Field(default_factory=dict)
    rules: list[RuleModel]
    otherwise: Literal["allow", "block"] = "allow"
    expect: list[ExpectModel] = Field(default_factory=list)
    box: BoxModel = BoxModel()
    log: LogModel = LogModel()
    reports: ReportsModel = ReportsModel()
    mail: dict[str, Word] = Field(default_factory=dict)
    fail: Annotated[str, PlainValidator(_read_fail), _STRING] = "open"
