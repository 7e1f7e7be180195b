"""The rules, in the order of the file.

Pure.
"""

from dinnerbell.model import Action, Approval, Rule, Target
from dinnerbell.rulesfile.models import ApprovalModel, RuleModel
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.rulesfile.reader import Reader
from dinnerbell.rulesfile.references import spans_of
from dinnerbell.words.wording import CLOSED_WORD

_ACTIONS = tuple(action.value for action in Action)


def read_rule_list(reader: Reader) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    names: dict[str, int] = {}
    for index in range(len(reader.sequence("rules"))):
        rule = _rule(reader, index)
        if rule is None:
            continue
        if rule.name in names:
            message = f"rule {index + 1} has the name of the rule in line {names[rule.name]}: reports could not tell them apart"
            reader.error(("rules", index, "name"), message)
        names.setdefault(rule.name, rule.line)
        rules.append(rule)
    return tuple(rules)


def _rule(reader: Reader, index: int) -> Rule | None:
    path: Path = ("rules", index)
    written = reader.raw(*path)
    actions = [key for key in _ACTIONS if isinstance(written, dict) and key in written]
    if isinstance(written, dict) and len(actions) != 1:
        _report_actions(reader, path, actions)
    model = reader.part(RuleModel, path)
    if model is None or len(actions) != 1:
        return None
    action = Action(actions[0])
    targets = tuple({Action.ALLOW: model.allow, Action.BLOCK: model.block}.get(action) or ())
    switches = tuple(model.enforce or ())
    what = ", ".join(target_text(target) for target in targets) or ", ".join(switches)
    if action is Action.ENFORCE and model.alert is not None:
        reader.error((*path, "alert"), "`alert` goes with allow and block: a rule that enforces refuses nothing", at_key=True)
    return Rule(
        index=index,
        name=model.name or f"{action.value} {what} (rule {index + 1})",
        action=action,
        targets=targets,
        switches=switches,
        devices=None if model.devices is None else tuple(model.devices),
        when=None if model.when is None else spans_of(model.when),
        unless=() if model.unless is None else spans_of(model.unless),
        approval=_approval(reader, path, model.approval) if model.approval else None,
        clause=model.clause,
        line=reader.line(path),
        when_text=_when_text(reader, path),
    )


def _report_actions(reader: Reader, path: Path, actions: list[str]) -> None:
    number = int(path[1]) + 1
    if not actions:
        reader.error(path, f"rule {number} does nothing: it needs one of `allow`, `block` or `enforce`")
    else:
        both = " and ".join(f"`{action}`" for action in actions)
        reader.error((*path, actions[1]), f"rule {number} has {both}: a rule does one thing, make it two rules", at_key=True)


def _approval(reader: Reader, path: Path, model: ApprovalModel) -> Approval:
    return Approval(
        starts_on=model.from_,
        ends_on=model.until,
        purpose=model.purpose,
        risk_assessment=model.risk_assessment,
        approved_by=model.approved_by,
        second_reader=model.second_reader,
        line=reader.line((*path, "approval")),
    )


def target_text(target: Target) -> str:
    """Return a target as the file writes it."""
    return f"list:{target.value}" if target.kind.value == "list" else target.value


def _when_text(reader: Reader, path: Path) -> str:
    when, unless = (_words(reader.raw(*path, key)) for key in ("when", "unless"))
    return ", ".join(part for part in (when, f"unless {unless}" if unless else "") if part)


def _words(written: object) -> str:
    if isinstance(written, list):
        return ", ".join(_words(item) for item in written)
    if isinstance(written, dict):
        ignoring = written.get("closures") == "ignore" and written.get("windows") != CLOSED_WORD
        return _words(written.get("windows")) + (" (closed days too)" if ignoring else "")
    return " ".join(str(written).split()) if written is not None else ""
