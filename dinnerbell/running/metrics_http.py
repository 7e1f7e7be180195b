"""GET /metrics over HTTP, on a loopback address only: a few lines of a protocol that is simple where it is small (shell).

One request for each connection, its head 8 KiB at most and within 5 seconds. A page in some browser on this machine cannot read it under
a name of its own (DNS rebinding): the Host has to be an address or localhost.
"""

import asyncio
import contextlib
import ipaddress
from collections.abc import Callable

from dinnerbell.config import Endpoint
from dinnerbell.running.metrics import CONTENT_TYPE

MAX_HEAD = 8192
MAX_CONNECTIONS = 16
PATIENCE = 5.0


class MetricsServer:
    """Serves what `say` returns at the time."""

    def __init__(self, say: Callable[[], str]) -> None:
        self._say = say
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self, endpoint: Endpoint) -> Endpoint:
        """Listen, and return where, with the port that 0 became. Raises OSError."""
        try:
            self._server = await asyncio.start_server(self._serve, endpoint.address, endpoint.port, limit=MAX_HEAD)
        except OSError as error:
            raise OSError(error.errno, f"Couldn't serve metrics on {endpoint}: {error.strerror or error}") from error
        return Endpoint(endpoint.address, self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open > MAX_CONNECTIONS:
                writer.transport.abort()
                return
            with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
                async with asyncio.timeout(PATIENCE):
                    writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                    await writer.drain()
        finally:
            self._open -= 1
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        target, _, version = rest.partition(" ")
        if not version.startswith("HTTP/1."):
            return _message("400 Bad Request", "This is no HTTP/1 request.\n")
        hosts = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")]
        if not all(_is_ours(host) for host in hosts):
            return _message("421 Misdirected Request", "Ask by address, or as localhost.\n")
        if method not in ("GET", "HEAD"):
            return _message("405 Method Not Allowed", "Only GET and HEAD.\n", "Allow: GET, HEAD\r\n")
        if target.partition("?")[0] != "/metrics":
            return _message("404 Not Found", "The metrics are at /metrics.\n")
        message = _message("200 OK", self._say(), kind=CONTENT_TYPE)
        return message if method == "GET" else message[: message.index(b"\r\n\r\n") + 4]

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()


def _is_ours(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _message(status: str, text: str, more: str = "", *, kind: str = "text/plain; charset=utf-8") -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    return head.encode() + body
