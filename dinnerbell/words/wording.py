"""The words that a decision, a rule and a target are spoken of with: "social media", "the setting's devices", "until Mon 08:00".

Pure. For managers, staff and parents; nothing here decides anything.
"""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from dinnerbell.catalogue import UMBRELLA, Catalogue
from dinnerbell.model import Network, Owner, Pass, Rule, Target, TargetKind

KIND_PHRASES = {
    UMBRELLA: "social media",
    "social-networking": "social networking",
    "video-sharing": "video sharing",
    "photo-sharing": "photo sharing",
    "messaging": "messaging",
    "chatroom": "chat rooms",
    "forum": "forums",
    "bulletin-board": "bulletin boards",
    "blog": "blogs",
    "wiki": "wikis",
    "online-gaming": "online gaming",
    "live-streaming": "live streaming",
    "dating": "dating",
    "essential": "essential services",
    "bypass": "ways round the filter",
    "helpline": "helplines",
    "sensitive": "sensitive services",
    "search-without-safety": "search without safety",
}
_PLURAL = frozenset({"chatroom", "forum", "bulletin-board", "blog", "wiki", "essential", "bypass", "helpline", "sensitive"})

SWITCH_PHRASES = {
    "safe-search": "safe search",
    "youtube-strict": "YouTube's strict restricted mode",
    "youtube-moderate": "YouTube's moderate restricted mode",
}

OWNER_PHRASES = {
    Owner.SETTING.word: "the setting's devices",
    Owner.STAFF.word: "staff's own devices",
    Owner.VISITOR.word: "visitors' devices",
    Owner.UNKNOWN.word: "unknown devices",
}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

CLOSED_WORD = "closed"
"""The name of a time that every file has: the closed days."""


def joined(parts: Iterable[str], joiner: str = "and") -> str:
    """Return `a, b and c`."""
    words = list(parts)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joiner} {words[-1]}" if words else ""


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def target_phrase(catalogue: Catalogue, target: Target) -> str:
    """Return a target in plain words: a kind's phrase, a service's name, a domain as it is."""
    if target.kind is TargetKind.KIND:
        return KIND_PHRASES.get(target.value, target.value)
    if target.kind is TargetKind.SERVICE:
        service = catalogue.services.get(target.value)
        return service.name if service else target.value
    if target.kind is TargetKind.LIST:
        return f"what the list {target.value} names"
    return target.value.lstrip("=")


def is_plural(target: Target) -> bool:
    return target.kind is TargetKind.KIND and target.value in _PLURAL


def who_phrase(rule: Rule) -> str:
    """Return whom a rule is for: "children and unknown devices"."""
    if rule.devices is None:
        return "everyone"
    return joined(OWNER_PHRASES.get(who, who) if isinstance(who, str) else network_phrase(who) for who in rule.devices)


def times_words(rule: Rule) -> tuple[str, str]:
    """Return the times of `when` and of `unless` as the file writes them: ("lunch", "closed days"); "" where there are none."""
    when, _, unless = rule.when_text.rpartition("unless ") if rule.unless else (rule.when_text, "", "")
    return _days_off(when.rstrip(", ")) if rule.when is not None else "", _days_off(unless) if unless else ""


def _days_off(times: str) -> str:
    """Return `closed`, which is a word of the file, as people say it."""
    return joined("closed days" if time == CLOSED_WORD else time for time in times.split(", "))


def network_phrase(network: Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def until_phrase(until: datetime, at: datetime, zone: ZoneInfo) -> str:
    """Return the end as short as it is clear: 12:00 today, Mon 08:00 within six days, else 7 Dec 08:00."""
    end, start = until.astimezone(zone), at.astimezone(zone)
    clock = f"{end:%H:%M:%S}" if end.second else f"{end:%H:%M}"  # only a pass ends between two minutes
    days = (end.date() - start.date()).days
    if days == 0:
        return clock
    if 0 < days < 7:
        return f"{_DAYS[end.weekday()]} {clock}"
    year = "" if end.year == start.year else f" {end.year}"
    return f"{end.day} {_MONTHS[end.month - 1]}{year} {clock}"


def rule_reference(rule: Rule) -> str:
    """Return where a rule stands: (clause 4, line 41)."""
    clause = f"clause {rule.clause}, " if rule.clause else ""
    return f"({clause}line {rule.line})"


def pass_phrase(given: Pass, zone: ZoneInfo) -> str:
    """Return who opened something, for how long and what for: "pass 7, given by Nicola from 12:07 until 12:37 (photos), opens it"."""
    until = until_phrase(given.over_at, given.starts, zone)
    return f"pass {given.id}, given by {given.by} from {given.starts.astimezone(zone):%H:%M} until {until} ({given.why}), opens it"
