"""One page of a site as a rule names it (`facebook.com/AcornLane`, `youtube.com/watch?v=dQw4w9WgXcQ`), and whether a URL is of it.

Pure. Only the proxy sees a URL; to DNS such a rule can do no more than leave the host open, and only for devices that the proxy
looks into. A page is its path and everything under it, part by part; the query parameters that the rule names must all be there.

Paths are compared without regard to case, as the sites themselves do with names of pages; a parameter's value (a video's id) is exact.
"""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from dinnerbell.names import BadName, is_under, normalise

_SCHEMES = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Sight:
    """What the proxy sees of a request where it looks inside."""

    path: str
    """Path and query, as the request writes them."""
    opener: tuple[str, str] | None = None
    """Host and path of the page that loads it; None: somebody opens it as a page of its own."""


NO_PAGE = Sight("/")
"""A page that no rule is about: a rule names a path or a parameter."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its host (and what lies under it; `is_exact`: it alone), the parts of its path, and the parameters it must have."""

    host: str
    parts: tuple[str, ...]
    parameters: frozenset[tuple[str, str]] = frozenset()
    is_exact: bool = False

    @property
    def text(self) -> str:
        """Return it as the file writes it."""
        query = "&".join(f"{name}={value}" for name, value in sorted(self.parameters))
        return f"{'=' if self.is_exact else ''}{self.host}/{'/'.join(self.parts)}{f'?{query}' if query else ''}"

    def is_on(self, name: str) -> bool:
        """Tell whether the page is one of the host `name` (normalised)."""
        return name == self.host if self.is_exact else is_under(name, self.host)

    def holds(self, name: str, path: str) -> bool:
        """Tell whether the URL with this host and this path (with its query, as the request writes it) is of the page.

        A parameter that stands in it twice is a trick (which of the two does the site read?): then it is not.
        """
        parts, parameters = _read(path)
        if not self.is_on(name) or parts is None or parts[: len(self.parts)] != tuple(part.lower() for part in self.parts):
            return False
        given: dict[str, set[str]] = {}
        for key, value in parameters:
            given.setdefault(key, set()).add(value)
        return all(given.get(key) == {value} for key, value in self.parameters)


def read_page(text: str) -> Page:
    """Read what a rule or a person writes: a host, a slash and a path, perhaps with a query. Raises BadName with the reason."""
    bare = text.strip()
    for scheme in _SCHEMES:
        bare = bare.removeprefix(scheme)
    bare = bare.partition("#")[0]
    is_exact = bare.startswith("=")
    host, slash, path = bare.removeprefix("=").partition("/")
    name = normalise(host)
    if not slash or "." not in name:
        raise BadName(f"{text!r} is no page: write its host and its path, like example.org/page")
    written, _, query = path.partition("?")
    parts, parameters = tuple(part for part in unquote(written).split("/") if part), frozenset(parse_qsl(query, keep_blank_values=True))
    if any(part in (".", "..") for part in parts) or "\\" in path:
        raise BadName(f"{text!r} is no page: leave out `.`, `..` and backslashes")
    if not parts and not parameters:
        raise BadName(f"{text!r} is a whole site: write {name}, without the slash")
    return Page(name, parts, parameters, is_exact)


known_page = lru_cache(maxsize=1024)(read_page)
"""The page of a target, which was read once already."""


def is_page(text: str) -> bool:
    """Tell whether somebody wrote a page and not only a host."""
    bare = text.strip()
    for scheme in _SCHEMES:
        bare = bare.removeprefix(scheme)
    host, _, path = bare.partition("/")
    return "." in host and bool(path.partition("#")[0])


def split_url(text: str) -> tuple[str, str | None]:
    """Return host and path of what a person wrote as a name or as a URL; the path is None where there is none."""
    bare = text.strip()
    for scheme in _SCHEMES:
        bare = bare.removeprefix(scheme)
    host, slash, path = bare.partition("/")
    return host, f"/{path.partition('#')[0]}" if slash and path else None


def host_and_sight(text: str) -> tuple[str, Sight | None]:
    """Return the host of what a person wrote as a name or a URL, normalised, and what the proxy would see of it. Raises BadName."""
    host, path = split_url(text)
    return normalise(host), None if path is None else Sight(path)


def _read(path: str) -> tuple[tuple[str, ...] | None, list[tuple[str, str]]]:
    """Return the parts of a URL's path in lower case, dots resolved as servers do, and its parameters. None: a path with tricks in it.

    A slash or a backslash that comes out only when it is decoded is such a trick: servers differ in whether it parts anything.
    """
    written, _, query = path.partition("?")
    parts: list[str] = []
    for raw in written.split("/"):
        part = unquote(raw).lower()
        if "/" in part or "\\" in part or "\0" in part:
            return None, []
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts), parse_qsl(query, keep_blank_values=True)
