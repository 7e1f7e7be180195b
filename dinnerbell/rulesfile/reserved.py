"""Keys that are read and checked, whose machinery this release does not have: `check` says so for each that the file uses.

Pure.
"""

from collections.abc import Iterator

from dinnerbell.config import Remark
from dinnerbell.policy import Policy
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.rulesfile.reader import Reader

_KEYS: tuple[tuple[Path, str], ...] = (
    (("setting", "guidance"), "documents do not name it yet"),
    (("box", "provider"), "reports go on saying that illegal and adult content is not shown to be filtered"),
    (("reports", "to"), "no mail is sent"),
    (("reports", "excessive"), "no report speaks of excessive use"),
    (("mail",), "no mail is sent"),
    (("fail",), "when nobody upstream answers, devices get an error"),
)


def find_inactive(reader: Reader, policy: Policy) -> tuple[Remark, ...]:
    found = [
        _remark(reader, path, _dotted(path), consequence)
        for path, consequence in _KEYS
        if reader.has(*path) and reader.raw(*path) not in (None, {}, [])
    ]
    found.extend(_of_rules(reader, policy))
    return tuple(sorted(found, key=lambda remark: (remark.line, remark.column)))


def _of_rules(reader: Reader, policy: Policy) -> Iterator[Remark]:
    for rule in policy.rules:
        path: Path = ("rules", rule.index)
        if reader.has(*path, "alert"):
            yield _remark(reader, (*path, "alert"), f"`alert` of rule {rule.index + 1}", "nobody is told at once; the weekly report has it")
        for switch in rule.switches:
            if switch not in policy.catalogue.enforce:
                yield _remark(reader, (*path, "enforce"), f"`{switch}` in rule {rule.index + 1}", "nothing is enforced by it")


def _remark(reader: Reader, path: Path, what: str, consequence: str) -> Remark:
    place = reader.tree.place(path) if isinstance(path[-1], int) else reader.tree.key_place(path)
    return place.remark(f"{what} is understood and checked, but not active yet in this release: {consequence}")


def _dotted(path: Path) -> str:
    return f"`{'.'.join(str(step) for step in path)}`"
