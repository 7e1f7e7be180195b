"""One pass over the tree: validates parts with their models and collects every error at its place.

Pure (it holds the list of errors while a file is read; nothing outlives that).
"""

import re
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from dinnerbell.config import Remark
from dinnerbell.rulesfile.messages import did_you_mean, keys_of, nearest, remarks_of
from dinnerbell.rulesfile.models import RulesFile
from dinnerbell.rulesfile.nodes import START, Path, Tree
from dinnerbell.rulesfile.references import Known

M = TypeVar("M", bound=BaseModel)


class Reader:
    """A tree, the errors found in it, and what its names mean so far."""

    def __init__(self, tree: Tree, known: Known) -> None:
        self.tree = tree
        self.known = known

    @property
    def errors(self) -> list[Remark]:
        return self.tree.remarks

    def error(self, path: Path, message: str, *, at_key: bool = False) -> None:
        if self.tree.found(path) not in self.tree.unread:
            self.tree.remark(self.tree.key_place(path) if at_key else self.tree.place(path), message)

    def line(self, path: Path) -> int:
        """Return the line that a reader would call that of this item: its key's, or where it starts."""
        return self.tree.key_place(path).line

    def has(self, *path: str | int) -> bool:
        return path in self.tree.values

    def raw(self, *path: str | int) -> Any:
        """Return what is written at `path`, or None."""
        data = self.tree.data
        for step in path:
            if isinstance(data, dict) and isinstance(step, str):
                data = data.get(step)
            elif isinstance(data, list) and isinstance(step, int) and step < len(data):
                data = data[step]
            else:
                return None
        return data

    def sections(self) -> None:
        """Report keys at the top that are no sections, and the two that must be there."""
        names = keys_of(RulesFile)
        meant = set()
        for key in self.tree.data:
            if key not in names:
                self.error((key,), f"`{key}` is not a section of rules.yaml{did_you_mean(key, names, else_list=20)}", at_key=True)
                meant.add(nearest(key, names))
        for key, need in (("setting", "the name of the setting"), ("rules", "the list of rules, or `rules: []`")):
            if key not in self.tree.data and key not in meant:
                self.tree.remark(self.tree.place(())._replace(width=START.width), f"the section `{key}` is missing: {need}")

    def mapping(self, section: str) -> dict[str, Any]:
        data = self.raw(section)
        if isinstance(data, dict):
            return data
        if data is not None:
            self.error((section,), f"`{section}`: names with a colon were expected here, one a line, indented by two spaces")
        return {}

    def sequence(self, section: str) -> list[Any]:
        data = self.raw(section)
        if isinstance(data, list):
            return data
        if data is not None:
            self.error((section,), f"`{section}`: a list was expected here, each item starting with `- `")
        return []

    def part(self, model: type[M], path: Path) -> M | None:
        """Return the part at `path`, or None after reporting everything that is wrong with it."""
        try:
            return model.model_validate(self.raw(*path), context=self.known)
        except ValidationError as error:
            self.errors.extend(remarks_of(error, self.tree, path, model))
            return None

    def value(self, kind: Any, path: Path) -> Any:
        """Like `part`, for a type that is no model."""
        try:
            return TypeAdapter(kind).validate_python(self.raw(*path), context=self.known)
        except ValidationError as error:
            self.errors.extend(remarks_of(error, self.tree, path, kind))
            return None

    def check_name(self, path: Path, *, what: str) -> None:
        """Report a name that could be taken for something else, or that commands and reports could not carry."""
        name = str(path[-1])
        if not re.fullmatch(r"\w(?:[\w .'-]{0,61}[\w'])?", name) or name.isdecimal() or _is_address(name):
            message = f"{name!r} cannot be the name of a {what}: use letters, digits and hyphens, like `{_example(name)}`"
            self.error(path, message, at_key=True)


def _is_address(name: str) -> bool:
    return re.fullmatch(r"[0-9.]+", name) is not None


def _example(name: str) -> str:
    cleaned = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return cleaned[:40].rstrip("-") if re.search("[a-z]", cleaned) else f"name-{cleaned[:20]}".rstrip("-")
