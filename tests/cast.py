"""The recurring cast: Acorn Lane Nursery (fictional), who is on its network, and a catalogue that fits on a page.

Built from the product's own values, without rules.yaml, so that a test of the core does not depend on the file's reader.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dinnerbell.catalogue import KINDS, UMBRELLA, Catalogue, read_catalogue
from dinnerbell.model import Action, Approval, Device, Group, Network, Owner, Rule, Setting, Target, TargetKind, Verdict
from dinnerbell.policy import Ask, Decision, Policy, decide
from dinnerbell.times import CLOSED, Closures, TimeSpan, parse_date, parse_window

LONDON = ZoneInfo("Europe/London")
ACORN_LANE = Setting("Acorn Lane Nursery", LONDON)

SERVICES = """
facebook:
  name: Facebook
  kinds: [social-networking]
  evidence: pair
  hosts:
    use: [m.facebook.com]
    companion: [facebook.com, static.xx.fbcdn.net]
    background: [=mqtt.facebook.com]
    embed: [=connect.facebook.net]
    shared: [fbcdn.net]
instagram:
  name: Instagram
  kinds: [photo-sharing, social-networking]
  hosts:
    use: [instagram.com]
    companion: [cdninstagram.com]
    shared: [fbcdn.net]
messenger:
  name: Messenger
  kinds: [messaging]
  hosts:
    use: [messenger.com, =edge-chat.facebook.com]
    shared: [fbcdn.net]
x:
  name: X
  kinds: [social-networking]
  hosts: {use: [x.com], embed: [=platform.twitter.com], background: [=push.x.com]}
youtube:
  name: YouTube
  kinds: [video-sharing]
  hosts: {use: [youtube.com, =youtubei.googleapis.com]}
wordpress:
  name: WordPress
  kinds: [blog]
  hosts: {use: [wordpress.com]}
wikipedia:
  name: Wikipedia
  kinds: [wiki]
  hosts: {use: [wikipedia.org]}
cloud:
  name: Apple's services
  kinds: [essential]
  hosts: {use: [icloud.com]}
relay:
  name: Private Relay
  kinds: [bypass]
  hosts: {use: [=mask.icloud.com]}
learning-journal:
  name: Learning journal
  kinds: [essential]
  hosts: {use: [journal.example]}
childline:
  name: Childline
  kinds: [helpline]
  hosts: {use: [childline.org.uk]}
credit-union:
  name: Credit union
  kinds: [sensitive]
  hosts: {use: [bank.example]}
"""
SAFE_SEARCH = """
google: {name: Google, target: forcesafesearch.google.com, hosts: [=www.google.com, =www.google.co.uk]}
bing: {name: Bing, target: strict.bing.com, hosts: [=www.bing.com]}
"""
YOUTUBE_STRICT = "youtube: {name: YouTube, target: restrict.youtube.com, hosts: [=www.youtube.com, =youtubei.googleapis.com]}"
YOUTUBE_MODERATE = YOUTUBE_STRICT.replace("restrict.", "restrictmoderate.")
ENFORCE = {"safe-search.yaml": SAFE_SEARCH, "youtube-strict.yaml": YOUTUBE_STRICT, "youtube-moderate.yaml": YOUTUBE_MODERATE}

CATALOGUE: Catalogue = read_catalogue({"services.yaml": SERVICES}, ENFORCE)


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


OFFICE = Group("office", Owner.SETTING)
CHILDREN = Group("children", Owner.SETTING, is_children=True)
STAFF_PHONES = Group("staff-phones", Owner.STAFF, addresses=networks("192.168.20.0/24", "fd00:20::/64"))
VISITORS = Group("visitors", Owner.VISITOR, addresses=networks("192.168.30.0/24", "fd00:30::/64"))
GROUPS = {group.name: group for group in (OFFICE, CHILDREN, STAFF_PHONES, VISITORS)}

ROOM_TABLET = Device("room-tablet", CHILDREN, networks("192.168.1.31", "fd00::31"), is_named=True)
OFFICE_LAPTOP = Device("office-laptop", OFFICE, networks("192.168.1.20"), mac="02:00:00:00:00:20", is_named=True)
DEVICES = {device.name: device for device in (ROOM_TABLET, OFFICE_LAPTOP)}
# the next three stand in no file by name: they are known by the address they ask from
STAFF_PHONE = Device("192.168.20.7", STAFF_PHONES, networks("192.168.20.7"))
VISITORS_PHONE = Device("192.168.30.9", VISITORS, networks("192.168.30.9"))
UNKNOWN_DEVICE = Device("192.168.1.77", None, networks("192.168.1.77"))
EVERYONE = (ROOM_TABLET, OFFICE_LAPTOP, STAFF_PHONE, VISITORS_PHONE, UNKNOWN_DEVICE)


def at(text: str, zone: ZoneInfo = LONDON, *, fold: int = 0) -> datetime:
    """Return the instant (UTC) of `YYYY-MM-DD HH:MM[:SS]` on the wall clock; of a doubled one the first (fold=1: the second)."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def span(*windows: str, ignore_closures: bool = False) -> TimeSpan:
    """Return a time made of windows as a manager writes them; `closed` alone is the built-in time."""
    if windows == ("closed",):
        return CLOSED
    parsed = [parse_window(text) for text in windows]
    return TimeSpan(tuple(replace(each, ignore_closures=ignore_closures) for each in parsed))


def closures(*ranges: tuple[str, str] | str, bank_holidays: str | None = None) -> Closures:
    pairs = [(each, each) if isinstance(each, str) else each for each in ranges]
    return Closures(bank_holidays, tuple((parse_date(first), parse_date(last)) for first, last in pairs))


def approval(first: str, last: str) -> Approval:
    return Approval(parse_date(first), parse_date(last), "News", "RA 7", "A. Manager", "B. Reader")


def target(text: str) -> Target:
    if "." in text:
        return Target(TargetKind.DOMAIN, text)
    if text.startswith("list:"):
        return Target(TargetKind.LIST, text.removeprefix("list:"))
    return Target(TargetKind.KIND if text in (*KINDS, UMBRELLA) else TargetKind.SERVICE, text)


Times = TimeSpan | Iterable[TimeSpan] | None


def _spans(times: Times) -> tuple[TimeSpan, ...]:
    return (times,) if isinstance(times, TimeSpan) else tuple(times or ())


def rule(
    action: str,
    what: str | Iterable[str],
    *,
    name: str = "",
    devices: Iterable[str | Network] | None = None,
    when: Times = None,
    unless: Times = None,
    approved: Approval | None = None,
) -> Rule:
    """Return a rule as it stands in a file; `policy` gives it its place."""
    words = (what,) if isinstance(what, str) else tuple(what)
    enforces = action == "enforce"
    return Rule(
        index=-1,
        name=name or f"{action} {' '.join(words)}",
        action=Action(action),
        targets=() if enforces else tuple(target(word) for word in words),
        switches=words if enforces else (),
        devices=None if devices is None else tuple(devices),
        when=None if when is None else _spans(when),
        unless=_spans(unless),
        approval=approved,
    )


def policy(
    *rules: Rule,
    closed: Closures | None = None,
    otherwise: Verdict = Verdict.ALLOW,
    zone: ZoneInfo = LONDON,
    catalogue: Catalogue = CATALOGUE,
    devices: dict[str, Device] | None = None,
    groups: dict[str, Group] | None = None,
) -> Policy:
    """Return Acorn Lane's policy with these rules, in this order."""
    numbered = tuple(replace(each, index=index, line=index + 1) for index, each in enumerate(rules))
    return Policy(
        Setting(ACORN_LANE.name, zone),
        catalogue,
        numbered,
        GROUPS if groups is None else groups,
        DEVICES if devices is None else devices,
        closures=closed or Closures(),
        otherwise=otherwise,
    )


A_MONDAY = at("2026-11-23 12:30")
"""An ordinary Monday at lunch, in winter time."""
A_DAY = date(2026, 11, 23)


def ask(policy_: Policy, device: Device, name: str, when: datetime = A_MONDAY) -> Decision:
    return decide(policy_, Ask(device, name, when))
