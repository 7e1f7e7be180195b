"""The rules about pages, as one device sees them: which of them fit a name, or a URL. Pure.

    what is asked                                 allow facebook.com/AcornLane        block youtube.com/shorts
    the name alone (DNS, SNI): a host of it       fits: the proxy will judge the page does not fit: the rest of the site is not its business
    the name alone: its service's other hosts     fits: the page loads from them      does not fit
    a URL of the page                             fits                                fits
    another URL, opened from the page             fits, on its service's hosts        does not fit
    another URL                                   does not fit                        does not fit

So a URL is never open where its name is shut: what DNS refuses, the proxy refuses. A page that somebody opens (a navigation) is judged by
its own URL alone; what a page loads is judged by the page that loads it.

Limits: a page's scripts may fetch what they like from the page's own service; hosts of other services are judged by themselves.
Services that nobody looks into (`NEVER_INSIDE`) have no pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dinnerbell.catalogue import HELPLINE_KIND, SENSITIVE_KIND, Catalogue, Claim, Match
from dinnerbell.model import Action, Rule
from dinnerbell.pages import Page, Sight

ESSENTIAL_KIND = "essential"
NEVER_INSIDE = frozenset({ESSENTIAL_KIND, HELPLINE_KIND, SENSITIVE_KIND})
"""Kinds that nobody looks into, whatever the rules say: learning journals, banks, health, unions, counselling, helplines."""


_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _PageRule:
    rule: Rule
    page: Page
    services: frozenset[str]
    """Whose page it is: their hosts are what it loads from."""


class PageRules:
    """Empty (false) for nearly every device."""

    __slots__ = ("_catalogue", "_reaching", "_rules")

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._rules: list[_PageRule] = []
        self._reaching: dict[str, tuple[_PageRule, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, rule: Rule, page: Page) -> None:
        match = self._catalogue.lookup(page.host)
        if match is None or NEVER_INSIDE.isdisjoint(match.kinds):
            self._rules.append(_PageRule(rule, page, frozenset(claim.service.id for claim in match.claims) if match else frozenset()))

    def seen_in(self, name: str, sight: Sight) -> tuple[int, ...]:
        """Return the indexes of the rules of this name that fit what is seen: of all that is in a URL, only this can matter."""
        return tuple(each.rule.index for each in self._of(name) if _fits(each, name, sight))

    def are_on(self, name: str) -> bool:
        """Tell whether any rule could speak of this name, or of what a page loads from it."""
        return bool(self._of(name))

    def _of(self, name: str) -> tuple[_PageRule, ...]:
        if not self._rules:
            return ()
        known = self._reaching.get(name)
        if known is None:
            match = self._catalogue.lookup(name)
            services = frozenset(claim.service.id for claim in match.claims) if match else frozenset()
            known = tuple(each for each in self._rules if each.page.is_on(name) or not services.isdisjoint(each.services))
            if len(self._reaching) >= _MOST_REMEMBERED:
                self._reaching.clear()
            self._reaching[name] = known
        return known

    def fitting(self, name: str, claim: Claim | None, sight: Sight | None) -> Iterator[int]:
        """Yield the indexes of the rules that fit this name (as this service claims it), as far as is seen of it."""
        if claim is not None and not NEVER_INSIDE.isdisjoint(claim.service.kinds):
            return
        for each in self._rules:
            is_reached = each.page.is_on(name) or (claim is not None and claim.service.id in each.services)
            if is_reached and (each.rule.action is Action.ALLOW if sight is None else _fits(each, name, sight)):
                yield each.rule.index

    def may_block(self, name: str, match: Match | None) -> bool:
        """Tell whether a page of this host may be shut."""
        if match is not None and not NEVER_INSIDE.isdisjoint(match.kinds):
            return False
        return any(each.rule.action is Action.BLOCK and each.page.is_on(name) for each in self._rules)


def _fits(each: _PageRule, name: str, sight: Sight) -> bool:
    """Tell whether a rule fits what is seen: the URL is of its page, or (where it opens) the page that loads it is."""
    if each.page.holds(name, sight.path):
        return True
    return each.rule.action is Action.ALLOW and sight.opener is not None and each.page.holds(*sight.opener)
