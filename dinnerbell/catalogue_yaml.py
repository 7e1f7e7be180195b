"""The YAML of the catalogue's files: read strictly, and with the line of every service and host.

Pure. YAML itself lets a key stand twice and keeps the last one: a service written twice would lose its first half without a word.
"""

from typing import Any

import yaml

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_BASE):  # type: ignore[misc]
    """The safe loader, but a key that stands twice in one mapping is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is there twice: join the two", key.start_mark)
            if isinstance(key.value, str):
                seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def load_strict(text: str) -> Any:
    """Return the value of a YAML text. Raises yaml.YAMLError, also for a key that stands twice."""
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a safe loader


def told(error: yaml.YAMLError, file_name: str) -> str:
    """Return a YAML error as FILE:LINE: cause."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"{file_name}: {error}"
    return f"{file_name}:{mark.line + 1}: {getattr(error, 'problem', None) or error}"
