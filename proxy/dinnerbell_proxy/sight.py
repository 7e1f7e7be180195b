"""What a request is seen to be where the proxy looks inside: a page that somebody opens, or something that a page loads. Pure.

    a person opens   https://www.facebook.com/AcornLane     Sec-Fetch-Mode: navigate      judged by itself, remembered as opened
    the page loads   https://static.xx.fbcdn.net/a.css      Referer: https://www.facebook.com/        judged by the page
    the sheet loads  https://static.xx.fbcdn.net/b.woff     Referer: https://static.xx.fbcdn.net/a.css   judged by the page too

Browsers send other hosts no more of a page's URL than its host (strict-origin-when-cross-origin), and some pages let them send nothing:
so each device's last opened page of a host is remembered, and what was loaded by it stands for it.

Limits: a single-page application that only draws another page is not seen moving; what it then loads is, by its Referer, where it is sent
in full (the page's own host). Who writes headers by hand can pretend; devices are managed, and this is no defence against their makers.
"""

from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlsplit

from dinnerbell.pages import Sight

_PAGES = frozenset({"document", "iframe", "frame", "embed", "object"})
_LOADERS = frozenset({"style", "script", "worker", "sharedworker", "serviceworker", "manifest"})
"""Sec-Fetch-Dest (W3C Fetch Metadata) of what loads more by itself."""
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Fetch:
    """The facts of a request. Headers that were not sent are empty."""

    host: str
    """The name that is judged."""
    path: str
    destination: str = ""
    """Sec-Fetch-Dest."""
    mode: str = ""
    """Sec-Fetch-Mode."""
    referer: str = ""
    origin: str = ""
    accept: str = ""

    @property
    def is_navigation(self) -> bool:
        """Whether somebody opens it as a page (or a page in a page) of its own, and not a page loads it as a part."""
        if self.destination or self.mode:
            return self.destination in _PAGES or self.mode == "navigate"
        return not (self.referer or self.origin) or "text/html" in self.accept  # a WebSocket sends its Origin alone

    @property
    def is_page(self) -> bool:
        """Whether a person opens it in a window."""
        if self.destination:
            return self.destination == "document"
        return self.is_navigation and "text/html" in self.accept


class Opened:
    """What each device has open, as far as that can be known. Bounded; what is forgotten is asked for again by opening the page."""

    def __init__(self) -> None:
        self._by_host: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()
        """(device, host) to the page (host, path) that was last opened there, or that loads from there; host "": the last of all."""
        self._loaded: OrderedDict[tuple[str, str, str], tuple[str, str]] = OrderedDict()
        """(device, host, path) of a style sheet, script or worker to the page it belongs to."""

    def sight(self, device: str, fetch: Fetch) -> Sight:
        return Sight(fetch.path, None if fetch.is_navigation else self._opener(device, fetch))

    def remember(self, device: str, fetch: Fetch, sight: Sight) -> None:
        """Take note of a request that passed."""
        if sight.opener is None:
            for host in (fetch.host, ""):
                _put(self._by_host, (device, host), (fetch.host, fetch.path))
            return
        if fetch.host != sight.opener[0]:
            _put(self._by_host, (device, fetch.host), sight.opener)
        if fetch.destination in _LOADERS:
            _put(self._loaded, (device, fetch.host, _bare(fetch.path)), sight.opener)

    def _opener(self, device: str, fetch: Fetch) -> tuple[str, str] | None:
        host, path = _host_and_path(fetch.referer or fetch.origin)
        if not host:  # a browser that was told to send no Referer; nothing else is believed to be one
            return self._by_host.get((device, "")) if fetch.destination or fetch.mode else None
        if path in ("", "/"):
            return self._by_host.get((device, host))
        return self._loaded.get((device, host, _bare(path)), (host, path))


def _put(table: OrderedDict, key: tuple[str, ...], page: tuple[str, str]) -> None:  # type: ignore[type-arg]
    table[key] = page
    table.move_to_end(key)
    if len(table) > _MOST_REMEMBERED:
        table.popitem(last=False)


def _bare(path: str) -> str:
    return path.partition("?")[0]


def _host_and_path(url: str) -> tuple[str, str]:
    """Return host and path with query of a Referer or Origin; empty where there is none in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    return host, f"{parts.path}?{parts.query}" if parts.query else parts.path
