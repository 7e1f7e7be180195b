"""Fetches a list from the web into a file (shell).

Asked with what the server said last time, so that an unchanged list costs one small answer (RFC 9110, 13.1). Everything has a bound:
the time between two pieces, the time of the whole, the size, the redirects; and a redirect never leads from https:// to http://.
Names are looked up by the machine's own resolver, which may be this box: it is answering by then.
"""

import hashlib
import http.client
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO

from dinnerbell import __version__

PIECE_SECONDS = 20.0
WHOLE_SECONDS = 300.0
LARGEST = 128 << 20
"""Bytes: five times the largest lists there are."""
_REDIRECTS = 5
_PIECE = 1 << 16


class FetchError(Exception):
    """The list could not be fetched; the message says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    piece_seconds: float = PIECE_SECONDS
    whole_seconds: float = WHOLE_SECONDS
    largest: int = LARGEST


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the server sent, in the file; or `is_unchanged`."""

    is_unchanged: bool = False
    etag: str = ""
    modified: str = ""
    digest: str = ""


def fetch(url: str, into: Path, *, etag: str = "", modified: str = "", limits: Limits | None = None) -> Fetched:
    """Fetch `url` into the file. Raises FetchError, and OSError where the file can't be written."""
    limits = limits or Limits()
    request = urllib.request.Request(url, headers=_headers(etag, modified))  # noqa: S310 - https or http: rules.yaml was checked
    ends = time.monotonic() + limits.whole_seconds
    try:
        with _opener().open(request, timeout=limits.piece_seconds) as response:
            digest = _receive(response, into, ends, limits)
            return Fetched(etag=response.headers.get("ETag", ""), modified=response.headers.get("Last-Modified", ""), digest=digest)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.NOT_MODIFIED:
                return Fetched(is_unchanged=True, etag=etag, modified=modified)
            raise FetchError(_refused(error)) from None
    except (http.client.HTTPException, urllib.error.URLError, TimeoutError, ssl.SSLError, ConnectionError, ValueError) as error:
        raise FetchError(_why(error)) from None


def _headers(etag: str, modified: str) -> dict[str, str]:
    headers = {"User-Agent": f"dinnerbell/{__version__}", "Accept-Encoding": "identity", "Accept": "text/plain, */*;q=0.5"}
    if etag:
        headers["If-None-Match"] = etag
    if modified:
        headers["If-Modified-Since"] = modified
    return headers


def _receive(response: http.client.HTTPResponse, into: Path, ends: float, limits: Limits) -> str:
    """Write the body to the file and return its SHA-256. Raises FetchError where it is too long, too slow or cut off."""
    wanted = response.headers.get("Content-Length", "")
    if wanted.isdecimal() and int(wanted) > limits.largest:
        raise FetchError(_too_large(limits))
    digest, size = hashlib.sha256(), 0
    with into.open("wb") as file:
        while piece := response.read1(_PIECE):
            size += len(piece)
            if size > limits.largest:
                raise FetchError(_too_large(limits))
            if time.monotonic() > ends:
                raise FetchError(f"it took longer than {limits.whole_seconds:.0f} seconds")
            digest.update(piece)
            file.write(piece)
    if wanted.isdecimal() and size != int(wanted):
        raise FetchError(f"the answer was cut off after {size:,} of {int(wanted):,} bytes")
    return digest.hexdigest()


def _too_large(limits: Limits) -> str:
    return f"it is larger than {limits.largest / (1 << 20):.0f} MB"


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = _REDIRECTS
    max_repeats = 2

    def redirect_request(  # noqa: PLR0913 - urllib's own shape
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith(("https://", "http://")) or (req.full_url.startswith("https://") and not newurl.startswith("https://")):
            raise FetchError(f"the server sends on to {newurl[:200]}, which is not safe: give the address that is meant in rules.yaml")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens web addresses and nothing else: no file://, no ftp://."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _refused(error: urllib.error.HTTPError) -> str:
    hints = {404: ": is the address right?", 410: ": it is gone for good", 401: ": it wants a password", 403: ": it does not let us"}
    return f"the server says {error.code} {error.reason}{hints.get(error.code, '')}"


def _why(error: BaseException) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, socket.gaierror):
        return "its name can't be looked up: has this machine a name server, and is the network there?"
    if isinstance(cause, TimeoutError):
        return "the server did not answer in time"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {cause.verify_message}. Is the clock of this machine right?"
    if isinstance(cause, http.client.IncompleteRead):
        return "the answer was cut off"
    if isinstance(cause, OSError) and cause.errno:
        return f"the server can't be reached: {os.strerror(cause.errno)}"
    return f"the server's answer makes no sense: {str(cause)[:200] or type(cause).__name__}"
