"""Reads the data files that come with the package: the catalogue and the demo's rules (shell)."""

from functools import cache
from importlib.resources import files

from dinnerbell.catalogue import Catalogue, read_catalogue


@cache
def shipped_catalogue() -> Catalogue:
    """Return the catalogue of this release. Raises CatalogueError if its files contradict each other."""
    return read_catalogue(shipped_texts(), _texts("enforce"))


def shipped_texts() -> dict[str, str]:
    """Return the texts of the catalogue's services: {file name: YAML}."""
    return _texts("services")


def _texts(folder: str) -> dict[str, str]:
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in files("dinnerbell").joinpath(folder).iterdir()
        if entry.name.endswith(".yaml")
    }


def demo_rules_text() -> str:
    """Return the rules of the fictional nursery that the demo plays."""
    return files("dinnerbell").joinpath("demo", "rules.yaml").read_text(encoding="utf-8")
