"""Asks one upstream over HTTPS (DoH, RFC 8484), in HTTP/2, with h2: the extra `doh` (shell).

Questions are POSTed: a GET's URL would stand in the logs of whatever the request passes, and its only gain is an HTTP cache that we
have no use for. A GOAWAY ends the connection's work: h2 reads no more answers after it, so what is under way is asked on a new one.
"""

import asyncio
import importlib.util
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dinnerbell.config import Endpoint
from dinnerbell_dns.health import Counts, Trouble, UpstreamFailed
from dinnerbell_dns.transports.bootstrap import Bootstrap
from dinnerbell_dns.transports.messages import Asked, aged, is_answer
from dinnerbell_dns.transports.pool import PATIENCE, Connection, Owner, Patience, Pending, Pool
from dinnerbell_dns.transports.tls import open_tls
from dinnerbell_dns.wire import Faulty

MEDIA_TYPE = "application/dns-message"
MAX_BODY = 65535
MAX_UNREAD = 1 << 17
"""Bytes without a whole frame in them: several times the longest that we allow; h2 itself would wait for 16 MB."""
_REFUSED_STREAM, _CANCEL = 0x7, 0x8
"""RFC 9113 section 7."""
_ROOM_TO_SEND = 4096
"""Bytes of the peer's flow control window: more than any question takes."""


def is_installed() -> bool:
    return importlib.util.find_spec("h2") is not None


class HttpsTransport:
    """A resolver that is asked over HTTPS, at `address` or, without one, where `bootstrap` says that its host is."""

    def __init__(  # noqa: PLR0913 - where, and with what
        self, url: str, address: str, bootstrap: Bootstrap, context: ssl.SSLContext, counts: Counts, patience: Patience = PATIENCE
    ) -> None:
        parts = urlsplit(url.replace("{?dns}", ""))  # a URI template (RFC 8484 section 4.1): its variable is GET's
        self._host, self._port, self._authority = parts.hostname or "", parts.port or 443, parts.netloc
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._address, self._bootstrap, self._context, self._counts, self._patience = address, bootstrap, context, counts, patience
        self._pool = Pool(self._connect, counts, patience)

    def ask(self, asked: Asked) -> "asyncio.Future[bytes]":
        """Return the answer to come. It fails with UpstreamFailed."""
        return self._pool.ask(asked)

    def close(self) -> None:
        self._pool.close()

    async def _connect(self, owner: Owner) -> Connection:
        advice = f"the address of {self._host} could not be found: write it behind the URL, like #9.9.9.9"
        failure = UpstreamFailed(Trouble.NO_ADDRESS, advice)
        for address in [self._address] if self._address else await self._bootstrap.addresses(self._host):
            try:
                return await self._open(address, owner)
            except UpstreamFailed as found:
                failure = found
        raise failure

    async def _open(self, address: str, owner: Owner) -> Connection:
        def make() -> HttpsConnection:
            return HttpsConnection(self._authority, self._path, owner, self._counts, self._patience)

        connection = await open_tls(make, Endpoint(address, self._port), self._host, self._context)
        if connection.transport.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            failure = UpstreamFailed(Trouble.PROTOCOL, "it does not speak HTTP/2")
            connection.give_up(failure)
            raise failure
        return connection


@dataclass(slots=True)
class _Response:
    """What has come of one so far."""

    status: int = 0
    age: int = 0
    is_dns: bool = False
    body: bytearray = field(default_factory=bytearray)


class HttpsConnection(Connection):
    """One HTTP/2 connection: a stream for each question; only one until the server has said how many it takes."""

    is_settled = False

    def __init__(self, authority: str, path: str, owner: Owner, counts: Counts, patience: Patience) -> None:
        from h2.config import H2Configuration  # noqa: PLC0415 - the extra is wanted only here
        from h2.connection import H2Connection  # noqa: PLC0415

        super().__init__(owner, counts, patience)
        self._http: Any = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._unread = 0
        self._responses: dict[int, _Response] = {}
        self._headers = (
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", authority),
            (":path", path),
            ("accept", MEDIA_TYPE),
            ("content-type", MEDIA_TYPE),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._http.initiate_connection()
        self._flush()

    def has_room(self) -> bool:
        if not super().has_room() or not (self.is_settled or not self.pending):
            return False
        streams: int = self._http.remote_settings.max_concurrent_streams
        window: int = self._http.outbound_flow_control_window
        return len(self.pending) < streams and window >= _ROOM_TO_SEND

    def send(self, pending: Pending) -> None:
        pending.message = pending.asked.padded_message(0)  # RFC 8484 section 4.1: an id would only tell requests apart
        stream = self._http.get_next_available_stream_id()
        self._http.send_headers(stream, [*self._headers, ("content-length", str(len(pending.message)))])
        self._http.send_data(stream, pending.message, end_stream=True)
        self._responses[stream] = _Response()
        self.remember(stream, pending)
        self._flush()

    def forget(self, number: int) -> None:
        super().forget(number)
        self._reset(number)

    def data_received(self, data: bytes) -> None:
        from h2.exceptions import ProtocolError  # noqa: PLC0415 - as above

        self._unread += len(data)
        try:
            for event in self._http.receive_data(data):
                self._unread = 0
                self._obey(event)
            if self._unread > MAX_UNREAD:
                self.give_up(UpstreamFailed(Trouble.PROTOCOL, "it does not speak HTTP/2"))
            if self.is_open:
                self._flush()
        except ProtocolError as error:
            self.give_up(UpstreamFailed(Trouble.PROTOCOL, f"its HTTP/2 is broken ({error})"))

    def _obey(self, event: Any) -> None:
        from h2 import events  # noqa: PLC0415 - as above

        match event:
            case events.ResponseReceived():
                self._read_headers(event.stream_id, event.headers)
            case events.DataReceived():
                self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self._read_body(event.stream_id, event.data)
            case events.StreamEnded():
                self._end(event.stream_id)
            case events.StreamReset():
                self._was_reset(event.stream_id, event.error_code)
            case events.RemoteSettingsChanged():
                self.is_settled = True
                self.owner.has_room()
            case events.ConnectionTerminated():
                self.give_up(UpstreamFailed(Trouble.CLOSED, "it ended the connection before it answered (GOAWAY)"))
            case _:
                pass

    def _read_headers(self, stream: int, headers: Iterable[tuple[str, str]]) -> None:
        if (response := self._responses.get(stream)) is None:
            return
        for name, value in headers:
            if name == ":status":
                response.status = int(value) if value.isdecimal() else 0
            elif name == "content-type":
                response.is_dns = value.partition(";")[0].strip().lower() == MEDIA_TYPE
            elif name == "age" and value.isdecimal() and len(value) < 10:
                response.age = int(value)

    def _read_body(self, stream: int, data: bytes) -> None:
        if (response := self._responses.get(stream)) is None:
            return
        response.body += data
        if len(response.body) > MAX_BODY:
            self.settle(stream, UpstreamFailed(Trouble.PROTOCOL, "its answer is longer than DNS allows"))
            self._reset(stream)

    def _end(self, stream: int) -> None:
        response, pending = self._responses.get(stream), self.pending.get(stream)
        if response is None or pending is None:
            return
        if response.status != 200:
            self.settle(stream, UpstreamFailed(Trouble.HTTP, f"it says HTTP {response.status}"))
        elif not response.is_dns or not is_answer(body := bytes(response.body), pending.message):
            self.counts.mismatched += 1
            self.settle(stream, UpstreamFailed(Trouble.PROTOCOL, "what it sends is no answer to what was asked"))
        else:
            try:
                self.settle(stream, aged(body, response.age))
            except Faulty:
                self.settle(stream, UpstreamFailed(Trouble.PROTOCOL, "its answer is broken"))

    def _was_reset(self, stream: int, code: int) -> None:
        if stream in self._responses:
            why = UpstreamFailed(Trouble.HTTP, f"it broke off the request (HTTP/2 error {code:#x})")
            if code == _REFUSED_STREAM:  # RFC 9113 section 8.7: it has not been looked at
                del self._responses[stream]
                self.hand_back([stream], why)
            else:
                self.settle(stream, why)

    def settle(self, number: int, found: bytes | UpstreamFailed) -> None:
        del self._responses[number]
        super().settle(number, found)

    def _reset(self, stream: int) -> None:
        from h2.exceptions import ProtocolError  # noqa: PLC0415 - as above

        self._responses.pop(stream, None)
        try:
            self._http.reset_stream(stream, _CANCEL)
        except ProtocolError:
            return  # it has ended already
        self._flush()

    def _flush(self) -> None:
        self.transport.write(self._http.data_to_send())
