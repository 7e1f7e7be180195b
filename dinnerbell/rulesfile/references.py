"""Values that name something else in the file or the catalogue: targets, devices, times, moments.

Pure. pydantic hands `Known` to each reader as its context, so that a name that nobody knows is reported with all the other errors.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal, cast
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema, model_validator

from dinnerbell.catalogue import ENFORCEABLE, KINDS, UMBRELLA, Catalogue
from dinnerbell.model import Device, Group, Network, Owner, Target, TargetKind
from dinnerbell.moments import parse_moment
from dinnerbell.names import BadName, normalise
from dinnerbell.pages import is_page, read_page
from dinnerbell.rulesfile import shown
from dinnerbell.rulesfile.fields import Part, no_twins, one_or_many, read_address, read_network, word
from dinnerbell.rulesfile.messages import did_you_mean, nearest
from dinnerbell.times import CLOSED, DAY_NAMES, BadTime, TimeSpan, parse_window
from dinnerbell.words.wording import CLOSED_WORD

OWNER_WORDS = tuple(owner.word for owner in Owner)


@dataclass(slots=True)
class Known:
    """What the names of this file mean, as far as it has been read. Names whose own entry is broken count as known."""

    zone: ZoneInfo
    catalogue: Catalogue
    shipped: Catalogue
    """The catalogue without the setting's own services."""
    services: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    times: dict[str, TimeSpan] = field(default_factory=dict)
    groups: dict[str, Group | None] = field(default_factory=dict)
    devices: dict[str, Device | None] = field(default_factory=dict)
    reads_times: bool = False
    """The section `times` itself is being read: a time cannot be made of another."""

    @property
    def who(self) -> list[str]:
        return [*self.devices, *self.groups, *OWNER_WORDS]


def _known(info: ValidationInfo) -> Known:
    return cast(Known, info.context)


def read_target(value: object, info: ValidationInfo) -> Target:
    """Read what a rule is about: service id, kind, `social-media`, list:NAME, a domain, or a page of a site."""
    text, known = word(value), _known(info)
    if text.startswith("list:"):
        name = text.removeprefix("list:").strip()
        if name not in known.lists:
            raise ValueError(f"there is no list `{name}` under `lists` of `box`{did_you_mean(name, known.lists)}")
        return Target(TargetKind.LIST, name)
    if text in known.services:
        return Target(TargetKind.SERVICE, text)
    if text in KINDS or text == UMBRELLA:
        return Target(TargetKind.KIND, text)
    if is_page(text):
        return Target(TargetKind.PAGE, read_page(text).text)
    if "." in text or text.startswith("="):
        return Target(TargetKind.DOMAIN, _domain(text))
    raise ValueError(f"{text!r} is no service, kind or domain{_meant_target(text, known)}")


def _domain(text: str) -> str:
    try:
        name = normalise(text.removeprefix("="))
    except BadName:
        if text.startswith("*."):
            raise ValueError(f"{text!r}: leave out the `*.`: a domain stands for everything under it already") from None
        raise
    if "." not in name:
        raise ValueError(f"{text!r} is a whole top-level domain; a domain has a dot, like example.org")
    return ("=" if text.startswith("=") else "") + name


def _meant_target(text: str, known: Known) -> str:
    by_name = {service.name.lower(): service.id for service in known.catalogue.services.values()}
    close = by_name.get(text.lower()) or nearest(text, [*known.services, *KINDS, UMBRELLA])
    if close is None and (name := nearest(text, by_name)) is not None:
        close = by_name[name]
    return f"; did you mean `{close}`?" if close else "; `dinnerbell services` lists what there is, or write a domain like example.org"


def read_who(value: object, info: ValidationInfo) -> str | Network:
    """Read a device, a group, an owner's word, an address or a network."""
    text, known = word(value), _known(info)
    if text in known.devices or text in known.groups or text in OWNER_WORDS:
        return text
    if "/" in text:
        return read_network(text)
    try:
        return ipaddress.ip_network(read_address(text))
    except ValueError:
        raise ValueError(f"{text!r} is no device, group or address{did_you_mean(text, known.who, else_list=12)}") from None


def read_device(value: object, info: ValidationInfo) -> str:
    """Read one device: its name, or an address."""
    text, known = word(value), _known(info)
    if text in known.devices:
        return text
    try:
        read_address(text)
    except ValueError:
        if text in known.groups or text in OWNER_WORDS:
            raise ValueError(f"{text!r} is a group; write one device of it, or an address that belongs to it") from None
        raise ValueError(f"{text!r} is no device and no address{did_you_mean(text, known.devices)}") from None
    return text


def read_group(value: object, info: ValidationInfo) -> str:
    text, known = word(value), _known(info)
    if text not in known.groups:
        raise ValueError(f"there is no group {text!r}{did_you_mean(text, known.groups)}")
    return text


def read_span(value: object, info: ValidationInfo) -> TimeSpan:
    """Read a window, or (in rules) the name of a time."""
    text, known = word(value), _known(info)
    if len(re.findall(r"[0-9]\s*[-\u2013]\s*[0-9]", text)) > 1:
        raise BadTime(f"{text!r} is more than one window: write them as a list, [mon-thu 12:00-13:00, fri 11:30-12:30]")
    if known.reads_times:
        if text == CLOSED_WORD or text in known.times:
            raise BadTime(f"{text!r} is a name; under `times` write the windows themselves, like mon-fri 08:00-18:00")
        return TimeSpan((parse_window(text),))
    if text == CLOSED_WORD:
        return CLOSED
    if text in known.times:
        return known.times[text]
    is_name = not any(sign.isdigit() for sign in text) and text[:3].lower() not in DAY_NAMES
    if is_name or nearest(text, known.times) is not None:
        raise BadTime(f"{text!r} is no time that this file names{did_you_mean(text, [*known.times, CLOSED_WORD])}")
    return TimeSpan((parse_window(text),))


def read_local_moment(value: object, info: ValidationInfo) -> datetime:
    return parse_moment(word(value), _known(info).zone)


def read_asked_name(value: object) -> str:
    return normalise(word(value))


def read_asked_place(value: object) -> str:
    """Read a name, or a page as a rule writes it."""
    text = word(value)
    return read_page(text).text if is_page(text) else normalise(text)


def read_switch(value: object) -> str:
    text = word(value)
    if text not in ENFORCEABLE:
        raise ValueError(f"{text!r} is nothing that can be enforced{did_you_mean(text, ENFORCEABLE)}")
    return text


def read_kind(value: object) -> str:
    text = word(value)
    if text == UMBRELLA:
        raise ValueError(f"{text!r} is the word for all of policy section 1: write the kind itself, like `messaging` or `forum`")
    if text not in KINDS:
        raise ValueError(f"{text!r} is no kind{did_you_mean(text, KINDS, else_list=len(KINDS))}")
    return text


_WINDOW = shown.text_schema(examples=("mon-fri 08:00-18:00", "12:00-13:00", "22:00-06:00"))
_TARGET = shown.known_or_text((UMBRELLA, *KINDS), ("facebook", "example.org", "=www.example.org", "facebook.com/AcornLane", "list:malware"))
_WHO = shown.known_or_text(OWNER_WORDS, ("office-laptop", "staff-phones", "192.168.1.20", "192.168.20.0/24"))
Span = Annotated[TimeSpan, PlainValidator(read_span), WithJsonSchema(_WINDOW)]


class TimePart(Part):
    """One piece of a time: windows (or names), perhaps untouched by closures."""

    windows: Annotated[list[Span], BeforeValidator(one_or_many), shown.OneOrMany()] = Field(
        description="a window such as mon-fri 08:00-18:00, or several in [brackets]"
    )
    closures: Literal["ignore"] | None = Field(default=None, description="write `ignore` if this time begins on closed days too")

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"windows": value}


def _parts(value: object) -> list[Any]:
    return one_or_many(value)


_Part = Annotated[TimePart, shown.Also(_WINDOW, {"type": "array", "items": _WINDOW})]
Targets = Annotated[
    list[Annotated[Target, PlainValidator(read_target), _TARGET]] | None,
    BeforeValidator(one_or_many),
    AfterValidator(no_twins),
    shown.OneOrMany(),
]
Who = Annotated[
    list[Annotated[str | Network, PlainValidator(read_who), _WHO]] | None,
    BeforeValidator(one_or_many),
    AfterValidator(no_twins),
    shown.OneOrMany(),
]
Switches = Annotated[
    list[Annotated[str, PlainValidator(read_switch), WithJsonSchema({"type": "string", "enum": list(ENFORCEABLE)})]] | None,
    BeforeValidator(one_or_many),
    AfterValidator(no_twins),
    shown.OneOrMany(),
]
Times = Annotated[list[_Part], BeforeValidator(_parts), shown.OneOrMany()]
OptionalTimes = Annotated[list[_Part] | None, BeforeValidator(_parts), shown.OneOrMany()]
DeviceName = Annotated[str, PlainValidator(read_device), shown.text(examples=("office-laptop", "192.168.20.7"))]
GroupName = Annotated[str | None, PlainValidator(read_group), shown.text(examples=("office", "children"))]
Moment = Annotated[datetime, PlainValidator(read_local_moment), shown.text(examples=("2026-11-23 12:30",))]
AskedName = Annotated[str, PlainValidator(read_asked_name), shown.text(examples=("www.example.org",))]
AskedPlace = Annotated[str, PlainValidator(read_asked_place), shown.text(examples=("www.example.org", "www.facebook.com/AcornLane"))]
Kinds = Annotated[
    list[Annotated[str, PlainValidator(read_kind), WithJsonSchema({"type": "string", "enum": list(KINDS)})]],
    BeforeValidator(one_or_many),
    AfterValidator(no_twins),
    shown.OneOrMany(),
]


def windows_of(parts: Iterable[TimePart]) -> TimeSpan:
    """Return the windows of `times: NAME:` as one span."""
    return TimeSpan(tuple(window for span in spans_of(parts) for window in span.windows))


def spans_of(parts: Iterable[TimePart]) -> tuple[TimeSpan, ...]:
    """Return the spans of `when` or `unless`, untouched by closures where the manager says so."""
    spans: list[TimeSpan] = []
    for part in parts:
        for span in part.windows:
            if part.closures == "ignore" and not span.is_closed_days:
                spans.append(TimeSpan(tuple(replace(window, ignore_closures=True) for window in span.windows)))
            else:
                spans.append(span)
    return tuple(spans)
