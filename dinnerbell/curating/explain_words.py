"""An explanation in plain sentences, for the manager.

Pure.
"""

from collections.abc import Iterator

from dinnerbell.catalogue import HELPLINE_KIND, Claim, HostClass, Match
from dinnerbell.curating.explain import Explanation
from dinnerbell.model import Action
from dinnerbell.words.wording import KIND_PHRASES, SWITCH_PHRASES, joined

CLASS_PHRASES = {
    HostClass.USE: "only its own pages or app ask this name, so a look-up says that somebody is using it",
    HostClass.COMPANION: "its home page, pictures or interface: refused with it, and a sign of use only beside one of its `use` hosts",
    HostClass.BACKGROUND: "push messages or keep-alive, which a phone in a pocket asks too: refused with it, never counted as use",
    HostClass.EMBED: "a button, pixel or player on other people's pages: refused with it, never counted as use",
    HostClass.SHARED: "it serves several services, so it is refused only where all of them are; never counted as use",
}
_PAIR = "its home page or pictures: this service has no better sign, so two different ones of its hosts within two minutes count as use"
_LAW = {"in": "A law that sets 16 as the age for social media would cover it.", "out": "A law that sets 16 as the age would not cover it."}
_SHOWN = 8


def told(found: Explanation) -> str:
    """Return the explanation as text of several lines."""
    return "\n".join(
        [
            *_what(found),
            *_considered(found),
            *(line for claim in (found.match.claims if found.match else ()) for line in _about(claim)),
            *_alias(found),
            *_refusing(found),
        ]
    )


def _what(found: Explanation) -> Iterator[str]:
    name = found.name
    if found.judged_as != name:
        yield f"{name} is judged as {found.judged_as}: labels that begin with _ are not part of the host."
    if found.canary:
        yield f"{name} is a canary ({found.canary}): by it, software asks whether this network filters. It is told so, before every rule."
    match = found.match
    if match is None:
        yield f"{name} is in no service of the catalogue."
        return
    names = joined(claim.service.name for claim in match.claims)
    yield f"{name} belongs to {names} ({joined(KIND_PHRASES[kind] for kind in match.kinds)})."
    if found.is_helpline:
        yield "It is a helpline: never refused, whatever the rules say, and never logged by device."
    elif found.is_sensitive:
        yield "It is a private matter: the log keeps the kind only, neither the name nor the device."


def _considered(found: Explanation) -> Iterator[str]:
    if not found.matches:
        yield from _longer(found)
        return
    first, *shorter = found.matches
    yield f"  decided by  {_host(first)}"
    for match in shorter:
        yield f"  also fits   {_host(match)}: {_owners(match)}; a longer host comes first"
    for host_class in dict.fromkeys(claim.host_class for claim in first.claims):
        claims = [claim for claim in first.claims if claim.host_class is host_class]
        is_pair = host_class is HostClass.COMPANION and all(claim.service.evidence == "pair" for claim in claims)
        names = joined(claim.service.name for claim in claims)
        yield f"  class       {host_class.value} of {names}: {_PAIR if is_pair else CLASS_PHRASES[host_class]}"
    yield from _longer(found)


def _longer(found: Explanation) -> Iterator[str]:
    if found.longer:
        some = joined([f"{match.host} ({_owners(match)})" for match in found.longer[:_SHOWN]])
        rest = f", and {len(found.longer) - _SHOWN} more" if len(found.longer) > _SHOWN else ""
        yield f"  under it    other hosts are listed, each for itself: {some}{rest}"


def _host(match: Match) -> str:
    return f"{match.host} (this name only)" if match.host.startswith("=") else f"{match.host} (and everything under it)"


def _owners(match: Match) -> str:
    return joined(f"{claim.service.id}, {claim.host_class.value}" for claim in match.claims)


def _about(claim: Claim) -> Iterator[str]:
    service = claim.service
    facts = ["Written or changed in your rules.yaml."] if service.own else []
    facts += [_LAW[service.age_law]] if service.age_law in _LAW else []
    facts += [service.note] if service.note else []
    facts += [f"Sources: {', '.join(service.sources)}."] if service.sources else []
    if facts:
        yield f"  {service.id:<11} {' '.join(facts)}"


def _alias(found: Explanation) -> Iterator[str]:
    yield f"  as alias    where another name is an alias (CNAME) of it and only `otherwise` decided, that one {_alias_answer(found)}"


def _alias_answer(found: Explanation) -> str:
    reading = found.alias
    if reading is not None and HELPLINE_KIND in reading.match.kinds:
        return "is answered: a helpline is never refused"
    if reading is not None:
        why = f"{reading.match.host} is a left part of it" if reading.is_left_part else f"{reading.match.host} is listed"
        return f"is judged as {_names(reading.match)}: {why}"
    if any(target.startswith("list:") or ("." in target and "/" not in target) for naming in found.rules for target in naming.by):
        return "is judged by the rule below that names its domain or a list that it is on"
    is_what = "nobody's" if found.match is None else f"not taken for {_names(found.match)}"
    return f"is {is_what}, and answered: only listed names and left parts count there"


def _names(match: Match) -> str:
    return joined(claim.service.name for claim in match.claims)


def _refusing(found: Explanation) -> Iterator[str]:
    for turned in found.turned:
        switch = SWITCH_PHRASES.get(turned.switch, turned.switch)
        yield f"  enforce     {switch} (`{turned.switch}`) answers it with {turned.target} ({turned.engine})"
    if not found.canary and not found.is_helpline:
        shared = found.match is not None and len(found.match.claims) > 1
        every = " A rule must refuse every one of its services." if shared else ""
        yield f"  to refuse   a rule can name it by {joined([f'`{target}`' for target in found.targets], 'or')}.{every}"
    for naming in found.rules:
        action = "switches on" if naming.rule.action is Action.ENFORCE else f"{naming.rule.action.value}s"
        by = joined(f"`{target}`" for target in naming.by)
        yield f"  rule {naming.rule.index + 1:<6} {naming.rule.name} (line {naming.rule.line}) {action} {by}"
    if found.rules:
        yield "The first rule that fits decides; `dinnerbell why NAME DEVICE` says which one that is on a device, and when."
