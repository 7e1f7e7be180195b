"""Upstreams over TLS and HTTPS for the tests: real servers on loopback, with certificates of an authority of the test's own."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import trustme

from dinnerbell.config import Endpoint, Upstream
from dinnerbell.endpoints import parse_upstream
from live import Loop, Saying, says

NAME = "dns.acornlane.example"
GOOD = says("@ 300 A 198.18.0.1")


@dataclass
class Authority:
    """Issues certificates; `file` is what a client has to trust."""

    folder: Path
    ca: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self.file = str(self.folder / "authority.pem")
        self.ca.cert_pem.write_to_path(self.file)

    def issue(self, *names: str, days: int = 30) -> trustme.LeafCert:
        """A certificate for these names and addresses; `days` below 0: it has expired."""
        now = datetime.now(UTC)
        return self.ca.issue_cert(*(names or (NAME,)), not_before=now - timedelta(days=60), not_after=now + timedelta(days=days))

    def context(self, *names: str, days: int = 30, alpn: Iterable[str] = ()) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.issue(*names, days=days).configure_cert(context)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


class EncryptedUpstream:
    """Serves connections in a thread of its own, one after `handle` (reader, writer, number of the connection)."""

    def __init__(self, context: ssl.SSLContext, handle: "Handle") -> None:
        self.handle = handle
        self.connections = 0
        self.open = 0
        self.queries: list[bytes] = []
        self._loop = Loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = self._listen(context, 0)
        self.endpoint = Endpoint("127.0.0.1", self._server.sockets[0].getsockname()[1])

    def _listen(self, context: ssl.SSLContext, port: int) -> asyncio.Server:
        found: asyncio.Server = self._loop.run(asyncio.start_server(self._accept, "127.0.0.1", port, ssl=context))
        return found

    def renew(self, context: ssl.SSLContext) -> None:
        """Show another certificate from the next connection on."""
        self._loop.call(self._server.close)
        self._server = self._listen(context, self.endpoint.port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer, self.connections))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.open += 1
        try:
            await self.handle(self, reader, writer, number)
        except (OSError, EOFError, h2.exceptions.ProtocolError):
            pass
        finally:
            self.open -= 1
            writer.transport.abort()

    def restart(self, handle: "Handle") -> None:
        """Hang up on everybody, and serve otherwise from now on."""
        self.handle = handle
        self._loop.call(lambda: [task.cancel() for task in self._tasks])

    def tls(self, name: str = NAME) -> Upstream:
        return parse_upstream(f"tls://{self.endpoint}#{name}")

    def https(self, name: str = NAME, path: str = "/dns-query") -> Upstream:
        return parse_upstream(f"https://{name}:{self.endpoint.port}{path}#127.0.0.1")

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self) -> None:
        self._loop.run(self._stop())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Handle = Callable[[EncryptedUpstream, asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


async def read_query(upstream: EncryptedUpstream, reader: asyncio.StreamReader) -> bytes:
    data = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    upstream.queries.append(data)
    return data


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def dot(say: Saying = GOOD) -> Handle:
    """A DoT server that answers every question at once."""

    async def handle(upstream: EncryptedUpstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            for message in say(await read_query(upstream, reader), True):
                writer.write(framed(message))

    return handle


@dataclass
class Http:
    """One HTTP/2 connection, as a server sees it."""

    upstream: EncryptedUpstream
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int
    h2: Any = field(init=False)
    requests: int = 0

    def __post_init__(self) -> None:
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.bodies: dict[int, bytearray] = {}
        self.headers: dict[int, dict[str, str]] = {}
        self.endless: set[int] = set()
        """Streams whose answers go on for as long as they are read."""

    def answer(self, stream: int, body: bytes, status: int = 200, **headers: str) -> None:
        fields = {"content-type": "application/dns-message"} | {key.replace("_", "-"): value for key, value in headers.items()}
        self.h2.send_headers(stream, [(":status", str(status)), *fields.items()])
        self.h2.send_data(stream, body, end_stream=True)

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    async def serve(self, respond: "Respond", **settings: int) -> None:
        self.h2.initiate_connection()
        if settings:
            self.h2.update_settings({getattr(h2.settings.SettingCodes, key): value for key, value in settings.items()})
        self.flush()
        while data := await self.reader.read(65536):
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self.bodies[event.stream_id], self.headers[event.stream_id] = bytearray(), dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    self.bodies[event.stream_id] += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    self.requests += 1
                    self.upstream.queries.append(bytes(self.bodies[event.stream_id]))
                    respond(self, event.stream_id, bytes(self.bodies[event.stream_id]))
                elif isinstance(event, h2.events.StreamReset):
                    self.endless.discard(event.stream_id)
            for stream in self.endless:
                while size := min(self.h2.local_flow_control_window(stream), 16384):
                    self.h2.send_data(stream, bytes(size))
            self.flush()


Respond = Callable[[Http, int, bytes], None]


def doh(respond: Respond | None = None, **settings: int) -> Handle:
    """A DoH server. Without `respond` it answers every question at once."""

    async def handle(upstream: EncryptedUpstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await Http(upstream, reader, writer, number).serve(respond or well, **settings)

    return handle


def well(http: Http, stream: int, query: bytes) -> None:
    http.answer(stream, next(iter(GOOD(query, True))))
