"""The kinds of value that rules.yaml has: words, days, durations, addresses, and lists of which one may stand alone.

Pure. Each reads what the manager wrote (always text, see nodes.py) or raises ValueError with a sentence. The JSON Schema beside
each is what an editor shows (shown.py).
"""

import ipaddress
import re
from collections.abc import Hashable
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from dinnerbell.model import Address, Network, plain_address
from dinnerbell.moments import FIRST_YEAR, LAST_YEAR
from dinnerbell.names import normalise
from dinnerbell.rulesfile import shown
from dinnerbell.times import BadTime, parse_date, parse_date_range

T = TypeVar("T", bound=Hashable)


class Nothing:
    """What stands for a value that is not written where one is needed: no reader takes it, and messages.py knows it."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING_WRITTEN = Nothing()

_NO_LIST = "one value was expected here, not a list"
_NO_KEYS = "one value was expected here, not keys with values; text with a colon and a space goes in quotes"
NOTHING = "nothing is written after the colon: write a value, or take the line out"


class Part(BaseModel):
    """A mapping of the file: known keys only, and nothing written means empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: Any) -> Any:
        if value is None:
            return {}
        if type(value) is dict and None in value.values():
            return {key: NOTHING_WRITTEN if inner is None and not cls._may_be_empty(key) else inner for key, inner in value.items()}
        return value

    @classmethod
    def _may_be_empty(cls, key: str) -> bool:
        """Tell whether `key:` with nothing after it is an empty section; `devices:` in a rule is not: left out, it means everyone."""
        for name, field in cls.model_fields.items():
            if key == (field.alias or name):
                return isinstance(field.get_default(call_default_factory=True, validated_data={}), (Part, dict, list))
        return True  # no key of ours: that is what is said of it


def word(value: object) -> str:
    """Return the one text that is written here."""
    if value is None or value is NOTHING_WRITTEN:
        raise ValueError(NOTHING)
    if not isinstance(value, str):
        raise ValueError(_NO_LIST if isinstance(value, list) else _NO_KEYS)  # noqa: TRY004 - pydantic understands ValueError only
    if not value.strip():
        raise ValueError("the text between the quotes is empty: write a value, or take the line out")
    return value.strip()


def short_word(value: object) -> str:
    text = word(value)
    if len(text) > 200:
        raise ValueError(f"the text is {len(text)} characters long; at most 200 fit in a report")
    return " ".join(text.split())


def read_day(value: object) -> date:
    return _sensible(parse_date(word(value)))


def read_days(value: object) -> tuple[date, date]:
    """Read a date, or two with .. between them, at most two years apart."""
    first, last = parse_date_range(word(value))
    if (last - first).days > 732:
        raise ValueError(f"{word(value)!r} is longer than two years: is a digit wrong?")
    return _sensible(first), _sensible(last)


def _sensible(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadTime(f"{day.isoformat()!r}: the year must be between {FIRST_YEAR} and {LAST_YEAR}")
    return day


_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}


def read_duration(value: object) -> float:
    """Read 30s, 15m, 2h, 14d, 12w or 3y as seconds."""
    text = word(value)
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([smhdwy])", text.lower())
    if match is None or float(match[1]) == 0:
        raise ValueError(f"{text!r} is not a length of time: write a number and s, m, h, d, w or y, like 30m, 14d or 3y")
    return float(match[1]) * _UNIT_SECONDS[match[2]]


def read_keep_days(value: object) -> int:
    seconds = read_duration(value)
    if seconds % 86400 or seconds > 30 * 365 * 86400:
        raise ValueError(f"{word(value)!r} is not a number of days, weeks or years up to 30 years: write it like 14d, 12w or 3y")
    return int(seconds // 86400)


def read_flush(value: object) -> float:
    text = word(value)
    seconds = float(text) if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text) else read_duration(value)
    if not 0.05 <= seconds <= 60:
        raise ValueError(f"{text!r}: the log is written at least once a minute: write 1s, or a number of seconds up to 60")
    return seconds


def read_count(value: object) -> int:
    text = word(value)
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise ValueError(f"{text!r} is not a whole number above 0")
    return int(text)


_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")


def read_yes(value: object) -> bool:
    text = word(value).lower()
    if text not in _YES + _NO:
        raise ValueError(f"{word(value)!r}: write `true` or `false`")
    return text in _YES


def read_address(value: object) -> Address:
    text = word(value)
    try:
        return plain_address(text)
    except ValueError:
        raise ValueError(f'{text!r} is not an address: write it like 192.168.1.20 or "fd00::31"') from None


def only(address: Address) -> Network:
    """Return the network of one address; made from the number, as its text was read once already."""
    if isinstance(address, ipaddress.IPv4Address):
        return ipaddress.IPv4Network((int(address), 32))
    return ipaddress.IPv6Network((int(address), 128))


def read_network(value: object) -> Network:
    """Read an address or a network in CIDR form."""
    text = word(value)
    if "/" not in text:
        return only(read_address(value))
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f'{text!r} is not a network: write it like 192.168.20.0/24 or "fd00:20::/64"') from None
    if network.network_address != ipaddress.ip_interface(text).ip:
        advice = f"for the whole network write {network}, for one device leave out /{network.prefixlen}"
        raise ValueError(f"{text!r} is an address inside a network: {advice}")
    return network


def read_mac(value: object) -> str:
    text = word(value)
    if re.fullmatch("(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", text):
        return text
    digits = re.sub(r"[:.-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits) or not re.fullmatch(r"(..[:-]){5}..|(....\.){2}....", text):
        raise ValueError(f"{text!r} is not a device's MAC address: six pairs of 0-9 and a-f, like 02:00:00:00:00:20")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def read_token(value: object) -> str:
    """Read one label of a host name, in lower case."""
    text = word(value)
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", text.lower()):
        raise ValueError(f"{text!r} cannot stand in a host name: letters a to z, digits and hyphens only, at most 63")
    return text.lower()


def read_host(value: object) -> str:
    """Read a host of a service: it and everything under it, or with a leading = exactly it."""
    text = word(value)
    name = normalise(text.removeprefix("="))
    if "." not in name:
        raise ValueError(f"{text!r} is a whole top-level domain; a host has a dot, like portal.example.org")
    return "=" + name if text.startswith("=") else name


def read_mail(value: object) -> str:
    text = word(value)
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", text) or len(text) > 254:
        raise ValueError(f"{text!r} is not a mail address: write it like lead@example.org")
    return text


def one_or_many(value: object) -> list[Any]:
    """Let one word stand for a list of one."""
    if value is None:
        raise ValueError(NOTHING)
    if isinstance(value, list) and not value:
        raise ValueError("the list is empty: write what belongs in it, or take the line out")
    return value if isinstance(value, list) else [value]


def several(value: object) -> list[Any]:
    """Like one_or_many, but nothing at all is an empty list."""
    return [] if value is None else value if isinstance(value, list) else [value]


def no_twins(values: list[T] | None) -> list[T] | None:
    seen = set()
    for value in values or ():
        if value in seen:
            raise ValueError(f"{str(getattr(value, 'value', value))!r} is in the list twice")
        seen.add(value)
    return values


_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LENGTH = r"[0-9]{1,6}(?:\.[0-9]{1,3})?\s*[smhdwySMHDWY]"
_NETWORK = shown.text(examples=("192.168.1.20", "192.168.20.0/24", "fd00:20::/64"))
_DAY = shown.text(_DATE, "a date: write it like 2026-12-21", ("2026-12-21",))
_DAYS_ADVICE = "a date, or the first and the last: write them like 2026-12-21..2027-01-01"
_MAC_ADVICE = 'six pairs of 0-9 and a-f, in quotes, like "02:00:00:00:00:20"'

Word = Annotated[str, PlainValidator(short_word), shown.ANY_WORD]
OptionalWord = Annotated[str | None, PlainValidator(short_word), shown.ANY_WORD]
Day = Annotated[date, PlainValidator(read_day), _DAY]
OptionalDay = Annotated[date | None, PlainValidator(read_day), _DAY]
Days = Annotated[tuple[date, date], PlainValidator(read_days), shown.text(rf"{_DATE}\s*(?:\.\.\s*{_DATE})?", _DAYS_ADVICE)]
NetworkField = Annotated[Network, PlainValidator(read_network), _NETWORK]
HostField = Annotated[str, PlainValidator(read_host), shown.text(examples=("portal.example.org", "=www.example.org"))]
Hosts = Annotated[list[HostField], BeforeValidator(several), AfterValidator(no_twins), shown.OneOrMany(may_be_empty=True)]
Networks = Annotated[list[NetworkField], BeforeValidator(several), AfterValidator(no_twins), shown.OneOrMany(may_be_empty=True)]
OptionalMac = Annotated[
    str | None,
    PlainValidator(read_mac),
    shown.text(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}", _MAC_ADVICE),
]
OptionalToken = Annotated[
    str | None,
    PlainValidator(read_token),
    shown.text(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", "letters, digits and hyphens", ("hazel-4f7d2c9e81",)),
]
Mail = Annotated[str, PlainValidator(read_mail), shown.text(r"[^@\s]+@[^@\s]+", "a mail address: write it like lead@example.org")]
KeepDays = Annotated[
    int, PlainValidator(read_keep_days), shown.text(_LENGTH, "a number of days, weeks or years: write it like 14d, 12w or 3y")
]
Flush = Annotated[float, PlainValidator(read_flush), WithJsonSchema({"type": ["string", "number"]})]
Duration = Annotated[float, PlainValidator(read_duration), shown.text(_LENGTH, "a number and s, m, h, d, w or y: write it like 30m or 1d")]
Count = Annotated[int, PlainValidator(read_count), WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]})]
Yes = Annotated[bool, PlainValidator(read_yes), WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string"}]})]
AddressField = Annotated[Address, PlainValidator(read_address), _NETWORK]
