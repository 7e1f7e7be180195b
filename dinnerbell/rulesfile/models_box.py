"""What may stand in the sections of rules.yaml about the box itself: `box`, `log` and `reports`.

Pure. As in models.py, a description ends the sentence "this needs `key`: ...", and is what an editor shows.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, field_validator

from dinnerbell.config import PRIVATE, Endpoint, LogLevel, Upstream
from dinnerbell.endpoints import BadEndpoint, parse_endpoint, parse_server, parse_upstream
from dinnerbell.model import Network
from dinnerbell.names import is_under
from dinnerbell.rulesfile import shown
from dinnerbell.rulesfile.fields import (
    AddressField,
    Count,
    Duration,
    Flush,
    KeepDays,
    Mail,
    OptionalDay,
    Part,
    Word,
    Yes,
    one_or_many,
    read_duration,
    read_network,
    several,
    word,
)  # fmt: skip
from dinnerbell.rulesfile.references import Who, read_asked_name
from dinnerbell.times import BadTime, parse_days


def _read_endpoint(value: object) -> Endpoint:
    return parse_endpoint(word(value))


def _read_tls_endpoint(value: object) -> Endpoint:
    return parse_endpoint(word(value), port=853)


def _read_https_endpoint(value: object) -> Endpoint:
    return parse_endpoint(word(value), port=443)


def _read_server_name(value: object) -> str:
    name = read_asked_name(value)
    if "." not in name:
        raise ValueError(f"{word(value)!r} is no host name with a domain: write it like dns.acornlane.example")
    return name


def _read_upstream(value: object) -> Upstream:
    return parse_upstream(word(value))


def _read_server(value: object) -> Endpoint:
    try:
        return parse_server(word(value))
    except BadEndpoint:
        raise ValueError(f"{word(value)!r} is not the address of a server: write it like 192.168.1.1 or 192.168.1.1:5353") from None


def _read_local_name(value: object) -> str:
    name = read_asked_name(value)
    if (fixed := next((zone for zone in _FIXED_NAMES if is_under(name, zone)), None)) is not None:
        raise ValueError(f"the box always answers {fixed} itself: take this line out")
    return name


def _read_local_names(value: object) -> object:
    if not isinstance(value, dict):
        return {} if value is None else value
    seen: dict[str, object] = {}
    for text in value:
        name = text.rstrip(".").lower() if isinstance(text, str) else text
        if name in seen:
            raise ValueError(f"`{seen[name]}` and `{text}` are one name: write it once")
        seen[name] = text
    return value


def _read_answer_network(value: object) -> str | Network:
    text = word(value)
    if text == PRIVATE:
        return text
    try:
        return read_network(text)
    except ValueError as error:
        raise ValueError(f"{error}, or `private`") from None


ServerName = Annotated[str, PlainValidator(_read_server_name), shown.text(examples=("dns.acornlane.example",))]
TlsEndpoint = Annotated[Endpoint, PlainValidator(_read_tls_endpoint), shown.text(examples=("0.0.0.0:853", "[::]:853"))]
HttpsEndpoint = Annotated[Endpoint, PlainValidator(_read_https_endpoint), shown.text(examples=("0.0.0.0:443", "[::]:443"))]


class ListModel(Part):
    from_: Word = Field(alias="from", description="where it comes from: https://, http:// or a path")
    refresh: Duration = Field(default=86400.0, description="how often it is fetched anew", json_schema_extra={"default": "1d"})

    @field_validator("from_", mode="after")
    @classmethod
    def _web_or_path(cls, text: str) -> str:
        if "://" in text and not text.startswith(("https://", "http://")):
            raise ValueError(f"{text!r}: a list comes from https://, http:// or a path beside rules.yaml")
        return text


class EncryptedModel(Part):
    name: ServerName = Field(description="the host name on the certificate, which devices are told to ask, like dns.acornlane.example")
    certificate: Word = Field(description="the file with the certificate and its chain (PEM), such as /etc/dinnerbell/fullchain.pem")
    key: Word | None = Field(default=None, description="the file with its private key; left out, it stands in the certificate's file")
    tls: Annotated[list[TlsEndpoint] | None, BeforeValidator(one_or_many), shown.OneOrMany()] = Field(
        default=None,
        description="where it answers DNS over TLS: address:port",
        json_schema_extra={"default": ["0.0.0.0:853", "[::]:853"]},
    )
    https: Annotated[list[HttpsEndpoint], BeforeValidator(several), shown.OneOrMany(may_be_empty=True)] = Field(
        default_factory=list, description="where it answers DNS over HTTPS, like 0.0.0.0:443; left out: nowhere"
    )


class ProviderModel(Part):
    name: Word = Field(description="the upstream provider that filters illegal and adult content")
    iwf_member: Yes = Field(default=False, alias="iwf-member", description="whether it is a member of the Internet Watch Foundation")
    tested: OptionalDay = Field(default=None, description="when its filter was last tested, like 2026-11-01")


Empty = BeforeValidator(lambda value: {} if value is None else value)
EndpointField = Annotated[Endpoint, PlainValidator(_read_endpoint), shown.text(examples=("0.0.0.0:53", "[::]:53"))]
UpstreamField = Annotated[
    Upstream,
    PlainValidator(_read_upstream),
    shown.known_or_text(("system",), ("9.9.9.9", "tls://9.9.9.9#dns.quad9.net", "https://dns.quad9.net/dns-query#9.9.9.9")),
]
AnswerField = Annotated[str | Network, PlainValidator(_read_answer_network), shown.known_or_text((PRIVATE,), ("192.168.0.0/16",))]


ServerField = Annotated[Endpoint, PlainValidator(_read_server), shown.text(examples=("192.168.1.1",))]
LocalName = Annotated[str, PlainValidator(_read_local_name), shown.text(examples=("printer.internal",))]
LocalNames = BeforeValidator(_read_local_names)
_FIXED_NAMES = ("localhost", "resolver.arpa", "use-application-dns.net")


class BoxModel(Part):
    listen: Annotated[list[EndpointField] | None, BeforeValidator(one_or_many), shown.OneOrMany()] = Field(
        default=None, description="where it answers: address:port", json_schema_extra={"default": ["0.0.0.0:53", "[::]:53"]}
    )
    upstream: Annotated[list[UpstreamField] | None, BeforeValidator(one_or_many), shown.OneOrMany()] = Field(
        default=None,
        description=(
            "whom it asks: `system` (what the router says), an address such as 9.9.9.9, or encrypted tls://ADDRESS#NAME "
            "or https://NAME/PATH (with #ADDRESS behind it, if the name cannot be found otherwise)"
        ),
        json_schema_extra={"default": ["system"]},
    )
    answer_networks: Annotated[list[AnswerField] | None, BeforeValidator(one_or_many), shown.OneOrMany()] = Field(
        default=None,
        alias="answer-networks",
        description="who gets an answer: `private` is every device on your own network",
        json_schema_extra={"default": [PRIVATE]},
    )
    lists: Annotated[dict[str, ListModel], Empty] = Field(
        default_factory=dict, description="lists of names to use in rules as list:NAME, each under its name"
    )
    forward: Annotated[dict[LocalName, ServerField], LocalNames] = Field(
        default_factory=dict, description="domains that another resolver answers for, such as your router for names at home"
    )
    names: Annotated[dict[LocalName, Annotated[list[AddressField], BeforeValidator(one_or_many), shown.OneOrMany()]], LocalNames] = Field(
        default_factory=dict, description="names of your own with their addresses, such as a printer's"
    )
    provider: ProviderModel | None = Field(default=None, description="who filters illegal and adult content upstream, for the report")
    rate_limit: Count | None = Field(
        default=None, alias="rate-limit", description="how many look-ups a second one device may make before it has to wait"
    )
    encrypted: EncryptedModel | None = Field(
        default=None, description="encrypted DNS for your devices: `name` and `certificate`, and where it answers: `tls`, `https`"
    )


class KeepModel(Part):
    lookups: KeepDays = Field(default=14, description="how long single look-ups are kept", json_schema_extra={"default": "14d"})
    sessions: KeepDays = Field(default=90, description="how long times of use are kept", json_schema_extra={"default": "90d"})
    weeks: KeepDays = Field(default=3 * 365, description="how long the weekly reports are kept", json_schema_extra={"default": "3y"})


_LEVELS = "all (every name), watched (names that a rule could decide), refused, or none"


class LogModel(Part):
    setting_owned: LogLevel = Field(default=LogLevel.ALL, alias="setting-owned", description=f"of the setting's devices: {_LEVELS}")
    staff_owned: LogLevel = Field(default=LogLevel.REFUSED, alias="staff-owned", description=f"of staff's own devices: {_LEVELS}")
    visitor_owned: LogLevel = Field(default=LogLevel.REFUSED, alias="visitor-owned", description=f"of visitors' devices: {_LEVELS}")
    unknown: LogLevel = Field(default=LogLevel.REFUSED, description=f"of devices nobody has named: {_LEVELS}")
    keep: KeepModel = Field(default=KeepModel(), description="how long it is kept, like 14d, 12w or 3y")
    flush: Flush = Field(default=1.0, description="how often it is written to the disk", json_schema_extra={"default": "1s"})


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


_WEEKLY = shown.text(r".+\s\S{1,2}:\S{2}", "a day and a time: write them like mon 07:00", ("mon 07:00",))


class ReportsModel(Part):
    weekly: Annotated[tuple[int, int], PlainValidator(_read_weekly), _WEEKLY] = Field(
        default_factory=lambda: (0, 7 * 60),
        description="when the weekly report is made: a day and a time",
        json_schema_extra={"default": "mon 07:00"},
    )
    to: Annotated[dict[str, Mail], Empty] = Field(default_factory=dict, description="who gets it: a role and a mail address")
    not_about: Annotated[dict[str, Who], Empty] = Field(
        default_factory=dict,
        alias="not-about",
        description="a role and [devices]: keeps evidence about a leader's own device from that leader",
    )
    excessive: Annotated[dict[str, float], PlainValidator(_read_excessive), WithJsonSchema({"type": ["string", "object"]})] = Field(
        default_factory=dict, description="how much use in a week the report calls excessive, like 30m"
    )
