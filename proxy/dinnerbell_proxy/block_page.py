"""The page that a refused device gets: what, why, until when, whom to ask; for calls that are no pages, JSON or nothing. Pure.

It stands in the place of somebody else's page, so it loads nothing, runs nothing, is kept in no cache, and every word of it that comes
from a file or from the network goes through `_safe`. It is read by staff, parents and visitors: it accuses nobody.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from types import MappingProxyType

from dinnerbell.model import Device, Owner, People, Rule, Setting
from dinnerbell.policy import Decision, Policy, Reason
from dinnerbell.proxied import MAX_WORDS
from dinnerbell.usage import LogKey
from dinnerbell.words.plain import refusal
from dinnerbell.words.wording import joined, until_phrase, who_phrase

MISTAKEN_PATH = "/.well-known/dinnerbell/closed-by-mistake"
"""Where the page's form goes, on whatever host the page stands for."""
_PAGE_DESTINATIONS = frozenset({"document", "iframe", "frame", "embed", "object"})
"""Sec-Fetch-Dest (W3C Fetch Metadata) of what a person looks at."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'"
_HEADERS = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Language": "en-GB",
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal, as it is told."""

    policy: Policy
    device: Device
    name: str
    decision: Decision
    at: datetime
    noted: LogKey | None = None
    """What the usage log keeps of it; None: only that something was refused."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str


def answer_refused(refused: Refused, destination: str | None, accept: str) -> Answer:
    """Return the 403 for a request with these Sec-Fetch-Dest (None: not sent) and Accept headers."""
    if destination in _PAGE_DESTINATIONS or (destination is None and "text/html" in accept):
        return _answer(403, "text/html; charset=utf-8", block_page(refused))
    if "application/json" in accept:
        return _answer(403, "application/json", _json(refused))
    return _answer(403, "text/plain; charset=utf-8", "")


def answer_thanks(refused: Refused) -> Answer:
    """Return the answer to somebody who has said that it is closed by mistake."""
    return _answer(200, "text/html; charset=utf-8", thanks_page(refused))


def answer_plainly(status: int, sentence: str) -> Answer:
    """Return an answer that nobody sees as a page: to a CONNECT, or to a request that is none."""
    return _answer(status, "text/plain; charset=utf-8", f"{sentence}\n" if sentence else "")


def _answer(status: int, content_type: str, body: str) -> Answer:
    return Answer(status, {"Content-Type": content_type, **_HEADERS}, body)


def _json(refused: Refused) -> str:
    decision, zone = refused.decision, refused.policy.setting.zone
    value = {
        "refused": refused.name,
        "message": refusal(decision, refused.policy, refused.at),
        "until": decision.until.astimezone(zone).isoformat(timespec="seconds") if decision.until else None,
    }
    return json.dumps(value, ensure_ascii=False) + "\n"


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def block_page(refused: Refused) -> str:
    """Return the page, whole."""
    setting = refused.policy.setting
    title = f"{_subject(refused)} is closed on this device"
    return framed(
        title,
        setting.name,
        [
            f"<h1>{_safe(title)}</h1>",
            f'<p class="until">{_until(refused)}</p>',
            "<dl>",
            *(f"<div><dt>{term}</dt><dd>{text}</dd></div>" for term, text in _rows(refused)),
            "</dl>",
            *_form(refused),
            '<p class="calm">Seeing this page is nothing against you: pages and apps often ask for other sites by themselves.</p>',
        ],
        _footer(refused),
    )


def thanks_page(refused: Refused) -> str:
    """Return what somebody sees who has said that something is closed by mistake."""
    setting = refused.policy.setting
    whom = setting.people.manager or f"whoever is in charge at {setting.name}"
    return framed(
        "Thank you",
        setting.name,
        [
            "<h1>Thank you</h1>",
            f'<p class="until">It is written down for {_safe(whom)}, and the weekly report has it.</p>',
            f"<p>Until somebody decides, {_safe(_subject(refused))} stays closed. If it is urgent, ask in person.</p>",
        ],
        _footer(refused),
    )


def framed(title: str, setting: str, lines: Sequence[str], footer: str) -> str:
    """Return a page: `lines` and `footer` are markup, the rest is text."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en-GB">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_safe(title)} - {_safe(setting)}</title>",
            '<link rel="icon" href="data:,">',
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            f'<p class="over">{_safe(setting)}</p>',
            *lines,
            "</main>",
            f"<footer>{footer}</footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _form(refused: Refused) -> Iterator[str]:
    """Yield the form that says: closed by mistake. It goes to the page's own address, where the proxy takes it."""
    people = refused.policy.setting.people
    is_own = refused.device.owner in (Owner.STAFF, Owner.VISITOR)
    noted = "your words and the site" if is_own else f"your words, the site and {refused.device.name}"
    yield f'<form method="post" action="{MISTAKEN_PATH}">'
    yield '<label for="words">Closed by mistake? Say what you need it for</label>'
    yield f'<input id="words" name="words" maxlength="{MAX_WORDS}" autocomplete="off">'
    yield f"<button>Tell {_safe(people.manager or 'whoever is in charge')}</button>"
    yield f"<p>The weekly report will have {_safe(noted)}.</p>"
    yield "</form>"


def _subject(refused: Refused) -> str:
    service = refused.policy.catalogue.services.get(refused.decision.service or "")
    return service.name if service else refused.name


def _until(refused: Refused) -> str:
    until, zone = refused.decision.until, refused.policy.setting.zone
    if until is None:
        return "It stays closed all day, every day."
    phrase = until_phrase(until, refused.at, zone) + (" today" if _is_today(refused, until) else "")
    return f'It is closed until <time datetime="{until.astimezone(zone).isoformat(timespec="seconds")}">{_safe(phrase)}</time>.'


def _is_today(refused: Refused, until: datetime) -> bool:
    zone = refused.policy.setting.zone
    return until.astimezone(zone).date() == refused.at.astimezone(zone).date()


def _rows(refused: Refused) -> Iterator[tuple[str, str]]:
    yield "Why", _why(refused)
    yield "Whom to ask", _whom(refused.policy.setting)
    yield "What is noted", _noted(refused)


def _why(refused: Refused) -> str:
    decision, setting = refused.decision, refused.policy.setting
    if decision.reason is Reason.RULE and decision.rule is not None:
        return f"<q>{_safe(decision.rule.name)}</q><br>{_safe(_source(decision.rule, setting))}"
    if decision.reason is Reason.CANARY:
        return "By this name, software asks whether the network here filters. It does, and says so."
    return _safe(f"No rule of {setting.name} opens it, and what no rule speaks of is closed on this network.")


def _source(rule: Rule, setting: Setting) -> str:
    dated = f" of {_long(setting.policy_dated)}" if setting.policy_dated else ""
    clause = f", clause {rule.clause}" if rule.clause else ""
    return f"{setting.policy_title}{dated}{clause}. This rule is for {who_phrase(rule)}."


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _whom(setting: Setting) -> str:
    people = list(_people(setting.people))
    if not people:
        return _safe(f"If you need it for your work, or it should be open: whoever is in charge at {setting.name}.")
    return f"If you need it for your work, or it should be open: {joined(people, 'or')}."


def _people(people: People) -> Iterator[str]:
    if people.manager:
        yield f"<strong>{_safe(people.manager)}</strong> (manager)"
    if people.safeguarding_lead and people.safeguarding_lead != people.manager:
        yield f"<strong>{_safe(people.safeguarding_lead)}</strong> (safeguarding lead)"


def _noted(refused: Refused) -> str:
    if refused.noted is None:
        return "That this device was refused something, not what."
    if not refused.noted.device:
        return "That something of this kind was asked for, neither by which device nor by what name."
    is_own = refused.device.owner in (Owner.STAFF, Owner.VISITOR)
    reports = " Reports show people's own devices as one sum for the group." if is_own else " The weekly report is drawn from it."
    return _safe(f"That {refused.device.name} asked for {refused.name}.{reports}")


def _footer(refused: Refused) -> str:
    """Return what whoever looks into it needs to know."""
    rule = refused.decision.rule
    local = refused.at.astimezone(refused.policy.setting.zone)
    facts = [refused.name, refused.device.name, f"{local:%d.%m.%Y %H:%M}", *([f"rule {rule.index + 1}, line {rule.line}"] if rule else [])]
    return " · ".join(f"<span>{_safe(fact)}</span>" for fact in facts)


def _safe(text: str) -> str:
    """Return text as it may stand in the page: no markup, and no signs that turn the line round or do not print."""
    return escape("".join(sign if sign.isprintable() else " " for sign in text))


_STYLE = """
:root { color-scheme: light; --ink: #20292b; --soft: #55605f; --line: #d9ddd8; --desk: #ece9e2; --accent: #1f5f68;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, "Liberation Serif", serif;
  --sans: "Avenir Next", "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
* { box-sizing: border-box; }
html { background: var(--desk); }
body { margin: 0; padding: 24px 16px; color: var(--ink); font: 1.0625rem/1.55 var(--sans); overflow-wrap: anywhere; }
main { max-width: 40rem; margin: 6vh auto 0; padding: 2.25rem 2.5rem 1.75rem; background: #fff; border-top: 6px solid var(--accent); }
.over { margin: 0; color: var(--soft); font-size: .8125rem; letter-spacing: .07em; text-transform: uppercase; }
h1 { margin: .25rem 0 .5rem; font: 600 2rem/1.2 var(--serif); letter-spacing: -.01em; }
.until { margin: 0 0 1.5rem; font-size: 1.25rem; color: var(--accent); } time { font-weight: 600; }
dl { margin: 0; } dl div { display: grid; grid-template-columns: 8.5rem 1fr; padding: .75rem 0; border-top: 1px solid var(--line); }
form { display: grid; grid-template-columns: 1fr auto; gap: .5rem .75rem; margin: .25rem 0 1rem; padding-top: 1rem; }
form { border-top: 1px solid var(--line); }
form label, form p { grid-column: 1 / -1; margin: 0; } form p { color: var(--soft); font-size: .9375rem; }
input, button { font: inherit; padding: .5rem .75rem; border: 1px solid #6b7775; border-radius: 3px; min-width: 0; }
button { color: #fff; background: var(--accent); border-color: var(--accent); cursor: pointer; }
:focus-visible { outline: 3px solid #c47a00; outline-offset: 2px; }
dt { color: var(--soft); } dd { margin: 0; } q { font-weight: 600; quotes: none; }
.calm { margin: .5rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .9375rem; }
footer { max-width: 40rem; margin: .75rem auto; color: var(--soft); font-size: .8125rem; text-align: center; }
@media (max-width: 34rem) { main { margin-top: 0; padding: 1.5rem 1.25rem; } h1 { font-size: 1.625rem; } dl div { display: block; } }
"""
