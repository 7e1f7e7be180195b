"""The story behind a decision: which rules speak of this name, which of them were passed over and why, and which decided.

Pure. Told by `decide` itself: each rule is put into a policy of its own and asked, so this cannot say anything but what decides.

    3  Children have no access        passed over: it is for children and unknown devices
    8  Own phones at lunch            passed over: its time is lunch, which begins at 12:00
    9  Not in setting hours           decides
       7 other rules do not speak of Instagram
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from dinnerbell.model import Action, Approval, Rule, TargetKind, Verdict, rule_is_for
from dinnerbell.policy import Ask, Decision, Policy, Reason, decide
from dinnerbell.times import Closures
from dinnerbell.words.wording import times_words, until_phrase, who_phrase


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that speaks of the name."""

    rule: Rule
    why_not: str
    """Why it was passed over, as a clause: "it is for children"; "" where it decided, or modified what was decided."""


@dataclass(frozen=True, slots=True)
class Story:
    steps: tuple[Step, ...]
    """In the order in which they were asked, up to the one that decided; then the enforce rules."""
    silent: int
    """How many of the rules that were asked do not speak of the name."""


def story(policy: Policy, ask: Ask, decision: Decision) -> Story:
    """Return how `decision`, which is `decide(policy, ask)`, came about. Empty where it fell before the rules."""
    if decision.reason not in (Reason.RULE, Reason.OTHERWISE):
        return Story((), 0)
    decided = decision.rule.index if decision.rule is not None else len(policy.rules)
    rules = sorted(policy.rules, key=lambda rule: rule.index)  # passes come first
    asked = [rule for rule in rules if rule.action is not Action.ENFORCE and rule.index <= decided]
    if decision.verdict is not Verdict.BLOCK:  # what is refused is not modified
        asked += [rule for rule in rules if rule.action is Action.ENFORCE]
    steps, silent = [], 0
    for rule in asked:
        if not _speaks_of(policy, rule, ask):
            silent += rule.granted is None  # a pass for something else is nobody's business here
        elif rule.index == decided or rule in decision.enforced_by:
            steps.append(Step(rule, ""))
        elif why_not := _why_not(policy, rule, ask):
            steps.append(Step(rule, why_not))
    return Story(tuple(steps), silent)


def _speaks_of(policy: Policy, rule: Rule, ask: Ask) -> bool:
    """Tell whether the rule's targets take in the name, whoever asks and whenever."""
    always = replace(rule, devices=None, when=None, unless=(), approval=None, granted=None)
    if rule.action is Action.BLOCK:
        always = replace(always, action=Action.ALLOW)  # of a shared host any allow allows: so each of its services can be heard
    anyone = replace(ask, device=replace(ask.device, is_intercepted=True))
    decision = decide(_alone(policy, always), anyone)
    return decision.verdict is Verdict.ENFORCE or decision.reason is Reason.RULE


def _alone(policy: Policy, rule: Rule) -> Policy:
    """Return the policy with this rule only, whose decision shows whether it fits."""
    against = Verdict.BLOCK if rule.action is Action.ALLOW else Verdict.ALLOW
    return replace(policy, rules=(replace(rule, index=0),), otherwise=against)


def _why_not(policy: Policy, rule: Rule, ask: Ask) -> str:
    if not rule_is_for(rule, ask.device):
        return f"it is for {who_phrase(rule)}"
    return next(_reasons(policy, rule, ask), "")


def _reasons(policy: Policy, rule: Rule, ask: Ask) -> Iterator[str]:
    day = ask.at.astimezone(policy.setting.zone).date()
    if rule.granted is not None and not rule.granted.covers(ask.at):
        yield "the pass is over" if ask.at >= rule.granted.starts else f"the pass begins at {_moment(policy, rule.granted.starts, ask.at)}"
    if policy.clock_is_wrong and rule.is_timed:
        yield "it hangs on the time, and the clock is wrong at present"
    if rule.approval is not None and not rule.approval.covers(day):
        yield _of_approval(rule.approval, is_over=day > rule.approval.ends_on)
    if rule.when is not None and not any(policy.covers(span, ask.at) for span in rule.when):
        open_days = replace(policy, closures=Closures())
        is_closed = any(open_days.covers(span, ask.at) for span in rule.when)
        yield f"its time is {times_words(rule)[0]}{', and this is a closed day' if is_closed else ''}{_next(policy, rule, ask)}"
    if any(policy.covers(span, ask.at) for span in rule.unless):
        yield f"it does not hold during {times_words(rule)[1]}{_next(policy, rule, ask)}"
    if any(target.kind is TargetKind.PAGE for target in rule.targets):
        yield "it is about pages, and only the proxy sees those" if not ask.device.is_intercepted else "it is about another page"
    if rule.granted is not None:
        yield "a pass never opens a way round the filter"
    if (match := policy.catalogue.lookup(ask.name)) is not None and len(match.claims) > 1:
        yield "the name serves several services, and another of them is open"


def _of_approval(approval: Approval, *, is_over: bool) -> str:
    day = approval.ends_on if is_over else approval.starts_on
    return f"its approval {'ended on' if is_over else 'begins on'} {day.day} {day:%B %Y}"


def _next(policy: Policy, rule: Rule, ask: Ask) -> str:
    """Return when it will fit next, if it ever does within sight."""
    until = decide(_alone(policy, rule), ask).until
    return f"; next {_moment(policy, until, ask.at)}" if until is not None else ""


def _moment(policy: Policy, instant: datetime, at: datetime) -> str:
    return until_phrase(instant, at, policy.setting.zone)
