"""The public suffix list that comes with the library publicsuffixlist, offline (shell: it reads that package's data file).

Imported by the commands that need it and by nothing that `run` loads: reading the list takes a tenth of a second.
"""

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _list() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def public_suffix(name: str) -> str | None:
    """Return the public suffix of `name`, the list's private section included; None: no registry is known under which it lies."""
    return _list().publicsuffix(name)


def registrable(name: str) -> str | None:
    """Return the part of `name` that somebody registered (example.co.uk, ournursery.github.io); None: it is a suffix, or unknown."""
    return _list().privatesuffix(name)
