"""`expect`: what the manager says must come out, and whether it does.

Pure. Evaluated only when everything else is good: a decision under half a policy says nothing.
"""

from dinnerbell.config import Expectation, Remark
from dinnerbell.model import Verdict
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
    """Report each expectation that does not come true, with what came out instead and why."""
    for expectation in expectations:
        device = policy.device_called(expectation.device)
        if device is None:
            continue  # its device was reported
        name, sight = host_and_sight(expectation.name)
        decision = decide(policy, Ask(device, name, expectation.at, sight))
        if decision.verdict is not expectation.verdict:
            remark = Remark(expectation.line, expectation.column, _failure(expectation, decision, policy))
            reader.errors.append(remark)


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
        return f"rule {decision.rule.index + 1} {decision.rule.name!r} (line {decision.rule.line}) decides"
    if decision.reason is Reason.HELPLINE:
        return "it belongs to a helpline, and helplines are never refused"
    if decision.reason is Reason.CANARY:
        return "by this name software asks whether the network filters, and it is always told so"
    line = f" (line {policy.otherwise_line})" if policy.otherwise_line else ""
    return f"no rule fits, and `otherwise`{line} is {policy.otherwise.value}"
