"""Between mitmproxy's requests and ours: the facts of one, and the answers that take a server's place (shell).

No function here may have the name of a hook: to `mitmdump -s` the module that imports it is an addon, and it would be called as one.
"""

from mitmproxy import connection, http
from mitmproxy.proxy import mode_specs

from dinnerbell.catalogue import Engine
from dinnerbell_proxy.block_page import Answer
from dinnerbell_proxy.safety import make_safe
from dinnerbell_proxy.sight import Fetch

_MOST_BODY = 65_536
"""Bytes of a refused request's body that are waited for, so that it gets an answer; of more the stream is cut."""


def facts(request: http.Request, host: str) -> Fetch:
    """Return what is seen of a request for `host`."""
    headers = request.headers
    return Fetch(
        host,
        request.path,
        headers.get("Sec-Fetch-Dest", ""),
        headers.get("Sec-Fetch-Mode", ""),
        headers.get("Referer", ""),
        headers.get("Origin", ""),
        headers.get("Accept", ""),
    )


def make_response(answer: Answer, request: http.Request, *, closes: bool = False) -> http.Response:
    """Return the answer; `closes`: with it the connection ends (which HTTP/2 has other words for)."""
    headers = {**answer.headers, **({"Connection": "close"} if closes and request.http_version.startswith("HTTP/1") else {})}
    return http.Response.make(answer.status, b"" if request.method == "HEAD" else answer.body.encode(), headers)


def lead(request: http.Request, target: str) -> None:
    """Send a request to another host than the one it names, which is what it goes on asking for.

    Here and not at the gate, so that mitmproxy knows the connection again at the next request: it opens at most five to one host.
    """
    named, authority = request.host_header, request.authority
    request.host = target
    if request.http_version.startswith("HTTP/2"):
        request.authority = authority
    else:
        request.host_header = named


def make_request_safe(request: http.Request, engines: tuple[Engine, ...]) -> None:
    safe = make_safe(engines, request.path)
    if safe.path != request.path:
        request.path = safe.path
    for name, value in safe.headers:
        request.headers[name] = value


def is_short(request: http.Request) -> bool:
    """Tell whether the request's body is surely short enough to be waited for."""
    length = request.headers.get("Content-Length", "0")
    return "Transfer-Encoding" not in request.headers and length.isdecimal() and int(length) <= _MOST_BODY


def says_it_is_short(answer: http.Response) -> bool:
    """Tell whether a response says that its body is short."""
    length = answer.headers.get("Content-Length", "")
    return "Transfer-Encoding" not in answer.headers and length.isdecimal() and int(length) <= _MOST_BODY


def is_asked(client: connection.Client) -> bool:
    """Tell whether the client knows that it talks to a proxy; otherwise its connection was redirected here."""
    return isinstance(client.proxy_mode, mode_specs.RegularMode | mode_specs.UpstreamMode)
