"""Every host that a file lists, with its line: what lint points at.

Pure. It reads the files' shape only and passes over what is not as it should be: reading them as a catalogue or as rules says that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dinnerbell.catalogue import HostClass
from dinnerbell.names import BadName, normalise
from dinnerbell.rulesfile.nodes import Path, Tree, read_tree


@dataclass(frozen=True, slots=True)
class Listed:
    """One host as a file lists it; with a leading = it is exact."""

    file: str
    line: int
    service: str
    host_class: HostClass
    host: str

    @property
    def name(self) -> str:
        return self.host.removeprefix("=")

    @property
    def is_suffix(self) -> bool:
        return not self.host.startswith("=")


@dataclass(frozen=True, slots=True)
class Entry:
    """One service as a file writes it, or changes it."""

    file: str
    line: int
    id: str
    hosts: tuple[Listed, ...]
    own: bool
    """It stands in the setting's rules.yaml."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What the YAML itself says wrong, such as a key that stands twice."""

    file: str
    line: int
    message: str


def read_entries(text: str, file: str, *, own: bool = False) -> tuple[list[Entry], list[Slip]]:
    """Return the services of one file of the catalogue, or (`own`) of a rules.yaml, and what is wrong with its YAML."""
    tree = read_tree(text)
    top: Path = ("services",) if own else ()
    data = tree.data if isinstance(tree.data, dict) else {}
    section = data.get("services") if own else data
    entries = [
        Entry(file, tree.key_place((*top, id_)).line, id_, tuple(_hosts(tree, (*top, id_), written, file)), own)
        for id_, written in (section.items() if isinstance(section, dict) else ())
        if isinstance(written, dict)
    ]
    return entries, [Slip(file, remark.line, remark.message) for remark in tree.remarks]


def _hosts(tree: Tree, path: Path, written: Mapping[str, Any], file: str) -> Iterator[Listed]:
    hosts = written.get("hosts")
    by_class = hosts.items() if isinstance(hosts, dict) else [("use", hosts)]  # rules.yaml: a list alone means `use`
    for class_name, listed in by_class:
        for at, host in enumerate(listed if isinstance(listed, list) else [listed]):
            try:
                name = normalise(host.removeprefix("="))
                host_class = HostClass(class_name)
            except (AttributeError, BadName, ValueError):
                continue
            line = tree.place((*path, "hosts", class_name, at)).line
            yield Listed(file, line, str(path[-1]), host_class, "=" + name if host.startswith("=") else name)
