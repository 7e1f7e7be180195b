"""A real web server on loopback and port 0, that answers as the test says."""

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Handling = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """Serves `handle`; `asked` has (path, headers) of every request."""

    def __init__(self, handle: Handling, tls: ssl.SSLContext | None = None) -> None:
        self.handle = handle
        self.asked: list[tuple[str, dict[str, str]]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append((self.path, dict(self.headers)))
                web.handle(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # those who ask may hang up
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/list.txt"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sends(body: str | bytes, status: int = 200, **headers: str) -> Handling:
    """Return a handling that sends this body; `ETag`, `Last_Modified` and others as keywords."""
    data = body.encode() if isinstance(body, str) else body

    def handle(request: BaseHTTPRequestHandler) -> None:
        etag = headers.get("ETag")
        if status == 200 and etag and request.headers.get("If-None-Match") == etag:
            request.send_response(304)
            request.send_header("ETag", etag)
            request.end_headers()
            return
        request.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | {key.replace("_", "-"): value for key, value in headers.items()}).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)

    return handle
