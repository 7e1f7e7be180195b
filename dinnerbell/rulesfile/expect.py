"""`expect`: what the manager says must come out, and whether it does.

Pure. Evaluated only when everything else is good: a decision under half a policy says nothing. What is on a list of names is not written in
the file and changes by itself, so a line that some content of the lists makes true is no error of the file: `check` warns if it fails.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from dinnerbell.config import Expectation, Remark, Rules
from dinnerbell.model import TargetKind, Verdict
from dinnerbell.pages import host_and_sight
from dinnerbell.policy import Ask, Decision, Policy, Reason, decide
from dinnerbell.rulesfile.models import ExpectModel
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.rulesfile.reader import Reader


def read_expectations(reader: Reader) -> tuple[Expectation, ...]:
    found = []
    for index in range(len(reader.sequence("expect"))):
        path: Path = ("expect", index)
        model = reader.part(ExpectModel, path)
        if model is not None:
            place = reader.tree.place(path)
            found.append(Expectation(model.device, model.name, model.at, model.verdict, place.line, place.column))
    return tuple(found)


def report_failures(reader: Reader, policy: Policy, expectations: tuple[Expectation, ...]) -> None:
    """Report each expectation that cannot come true, with what came out instead and why."""
    reader.errors.extend(failures(policy, [each for each in expectations if not _hangs_on_lists(policy, each)]))


def failures(policy: Policy, expectations: Iterable[Expectation]) -> Iterator[Remark]:
    """Yield a remark for each expectation that does not come true under this policy, with the lists that are in it."""
    for expectation in expectations:
        decision = _decision(policy, expectation)
        if decision is not None and decision.verdict is not expectation.verdict:
            yield Remark(expectation.line, expectation.column, _failure(expectation, decision, policy))


def list_failures(rules: Rules) -> tuple[Remark, ...]:
    """Return a warning for each expectation that hangs on lists and does not come true with those that are in the policy."""
    return tuple(
        replace(each, message=f"{each.message}; what the lists have on them at present decides that, so it is no error")
        for each in failures(rules.policy, rules.expectations)
    )


def _decision(policy: Policy, expectation: Expectation) -> Decision | None:
    """Return what comes out; None: its device is not known, which was reported."""
    device = policy.device_called(expectation.device)
    if device is None:
        return None
    name, sight = host_and_sight(expectation.name)
    return decide(policy, Ask(device, name, expectation.at, sight))


@dataclass(frozen=True, slots=True)
class _EveryName:
    """A list that has every name on it."""

    def match(self, name: str) -> str | None:
        return name

    def __len__(self) -> int:
        return 1


_MOST_LISTS = 6
"""More lists in the rules than these are not tried in all combinations."""


def _hangs_on_lists(policy: Policy, expectation: Expectation) -> bool:
    """Tell whether it fails with nothing on any list and comes true with the name on some of them."""
    named = sorted({target.value for rule in policy.rules for target in rule.targets if target.kind is TargetKind.LIST})
    for has_name in product((False, True), repeat=min(len(named), _MOST_LISTS)):
        lists = {name: _EveryName() for name, has in zip(named, has_name, strict=False) if has}
        decision = _decision(replace(policy, lists=lists), expectation)
        if decision is None or decision.verdict is expectation.verdict:
            return bool(lists)
    return False


def _failure(expectation: Expectation, decision: Decision, policy: Policy) -> str:
    local = expectation.at.astimezone(policy.setting.zone)
    return (
        f"{expectation.verdict.value} was expected for {expectation.name} on {expectation.device} at {local:%a %Y-%m-%d %H:%M}, "
        f"but {decision.verdict.value} comes out: {_because(decision, policy)}"
    )


def _because(decision: Decision, policy: Policy) -> str:
    if decision.verdict is Verdict.ENFORCE and decision.enforced_by:
        rule = decision.enforced_by[0]
        return f"rule {rule.index + 1} {rule.name!r} (line {rule.line}) applies"
    if decision.rule is not None:
        because = f" (it is on the list {decision.on_list})" if decision.on_list else ""
        return f"rule {decision.rule.index + 1} {decision.rule.name!r} (line {decision.rule.line}) decides{because}"
    if decision.reason is Reason.HELPLINE:
        return "it belongs to a helpline, and helplines are never refused"
    if decision.reason is Reason.CANARY:
        return "by this name software asks whether the network filters, and it is always told so"
    line = f" (line {policy.otherwise_line})" if policy.otherwise_line else ""
    return f"no rule fits, and `otherwise`{line} is {policy.otherwise.value}"
