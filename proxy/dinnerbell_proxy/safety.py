"""`enforce` inside a request that the proxy sees: the engine's own switch, as its maker documents it. Pure.

Beside it the connection still goes to the engine's safe host, as DNS would lead it there: two locks for one door.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

from dinnerbell.catalogue import Engine


@dataclass(frozen=True, slots=True)
class Safe:
    """What a request becomes: its path and query, and headers to set."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()


def make_safe(engines: Iterable[Engine], path: str) -> Safe:
    """Return a request for `path` (with its query) as these engines ought to get it."""
    headers: dict[str, str] = {}
    for engine in engines:
        if engine.header:
            name, _, value = engine.header.partition(":")
            headers.setdefault(name.strip(), value.strip())  # the first is the one that answers
        if engine.parameter and _is_search(engine, path):
            path = _with_parameter(path, engine.parameter)
    return Safe(path, tuple(headers.items()))


def _is_search(engine: Engine, path: str) -> bool:
    bare = path.partition("?")[0].lower()
    return any(bare == each or (each != "/" and bare.startswith(f"{each}/")) for each in engine.paths)


def _with_parameter(path: str, parameter: str) -> str:
    """Return the path with this one value for the parameter, whatever it asked for; all else stays as it was written."""
    name, _, value = parameter.partition("=")
    bare, _, query = path.partition("?")
    rest = [part for part in query.split("&") if part and unquote_plus(part.partition("=")[0]).lower() != name]
    return f"{bare}?{'&'.join([*rest, f'{quote_plus(name)}={quote_plus(value)}'])}"
