"""What a DNS-over-HTTPS client asks (RFC 8484): read from its headers and body, or answered with a status that says why not. Pure."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

PATH = "/dns-query"
"""And PATH/TOKEN, by which a device is known."""
MEDIA_TYPE = "application/dns-message"
MAX_QUERY = 4096
"""Bytes of a query: no stub's question comes near, padded or not; as over UDP."""
OK, BAD_REQUEST, NOT_FOUND, NOT_ALLOWED, TOO_LARGE, URI_TOO_LONG, WRONG_TYPE, TOO_MANY = 200, 400, 404, 405, 413, 414, 415, 429
"""RFC 9110 section 15.5, RFC 6585 section 4."""


class Refused(Exception):  # noqa: N818
    """A request that gets no DNS answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """A request before its body."""

    token: str
    """From the path, in lower case; "": none."""
    message: bytes | None
    """A GET's query; None: it comes in the body."""


def read_head(headers: Mapping[bytes, bytes]) -> Head:
    """Read a request's headers (names in lower case, HTTP/2's `:method` and `:path` among them). Raises Refused."""
    path, _, query = headers.get(b":path", b"").decode("ascii", "replace").partition("?")
    token = _token(path)
    method = headers.get(b":method")
    if method == b"GET":
        return Head(token, _from_query(query))
    if method != b"POST":
        raise Refused(NOT_ALLOWED)
    media_type = headers.get(b"content-type", b"").decode("ascii", "replace").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise Refused(WRONG_TYPE)
    length = headers.get(b"content-length", b"")
    if length.isdigit() and (len(length) > 9 or int(length) > MAX_QUERY):
        raise Refused(TOO_LARGE)
    return Head(token, None)


def _token(path: str) -> str:
    rest = path.removeprefix(PATH)
    if not path.startswith(PATH) or (rest and not re.fullmatch(r"/[A-Za-z0-9-]{0,63}", rest)):
        raise Refused(NOT_FOUND)
    return rest[1:].lower()


def _from_query(query: str) -> bytes:
    """Return the message in `dns=...`, base64url without padding (RFC 8484 section 4.1); with padding it is understood all the same."""
    found = [text for name, _, text in (part.partition("=") for part in query.split("&")) if name == "dns"]
    if len(found) != 1:
        raise Refused(BAD_REQUEST)
    text = found[0].replace("%3D", "=").replace("%3d", "=").rstrip("=")
    if len(text) > MAX_QUERY * 4 // 3 + 2:
        raise Refused(URI_TOO_LONG)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise Refused(BAD_REQUEST)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Refused(BAD_REQUEST) from None


def answer_headers(status: int, size: int, max_age: int = 0) -> list[tuple[str, str]]:
    """Return a response's headers. An answer is one device's: nobody in between may keep it for others."""
    found = [(":status", str(status)), ("content-length", str(size))]
    if status == OK:
        found += [("content-type", MEDIA_TYPE), ("cache-control", f"private, max-age={max_age}")]
    if status == NOT_ALLOWED:
        found.append(("allow", "GET, POST"))
    return found
