"""DNS over HTTPS for devices (RFC 8484), in HTTP/2 with h2: the extra `doh` (shell).

What one connection may cost is bounded: so many requests under way (a stream that is reset keeps its place until its answer is there, so
opening and resetting gains nothing), a short body for each, an answer kept only until its window lets it out, and no time without a
whole request but the idle time.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from dinnerbell_dns.doh_request import BAD_REQUEST, MAX_QUERY, OK, TOO_LARGE, TOO_MANY, Head, Refused, answer_headers, read_head
from dinnerbell_dns.listener import MAX_PIPELINED, Listener, Peer
from dinnerbell_dns.padding import smallest_ttl
from dinnerbell_dns.wire import HEADER, QR

MAX_HEADERS = 16384
"""Bytes of one request's headers: the longest query in a GET takes some 5,500."""
_CHUNK = 2048
"""Bytes read before others have their turn: some 200 frames of the smallest kind."""
MAX_REFUSED = 32
"""Requests of one connection that were none; then it is closed."""
_NO_ERROR = 0x0
"""RFC 9113 section 7."""

AnswerHttps = Callable[[bytes, Peer, str], Awaitable[bytes | None]]
"""(message, whose, token in the path) -> the answer; None: it deserves none."""


@dataclass(eq=False, kw_only=True)
class DohListener(Listener):
    answer: AnswerHttps

    async def talk(self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if peer.tls is None or peer.tls.selected_alpn_protocol() != "h2":
            return  # HTTP/1.1: no system's DoH client needs it
        await _Conversation(self, peer, reader, writer).run()


@dataclass(slots=True)
class _Request:
    head: Head
    body: bytearray = field(default_factory=bytearray)


class _Conversation:
    """One HTTP/2 connection."""

    def __init__(self, listener: DohListener, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from h2.config import H2Configuration  # noqa: PLC0415 - the extra is wanted only here
        from h2.connection import H2Connection  # noqa: PLC0415
        from h2.settings import SettingCodes  # noqa: PLC0415

        self._listener, self._peer, self._reader, self._writer = listener, peer, reader, writer
        self._http: Any = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        settings = {SettingCodes.MAX_CONCURRENT_STREAMS: MAX_PIPELINED, SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEADERS}
        self._http.local_settings.update(settings)
        self._requests: dict[int, _Request] = {}
        self._unsent: dict[int, bytes] = {}
        """What is left of answers whose windows are closed."""
        self._room = asyncio.Semaphore(MAX_PIPELINED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused = 0

    async def run(self) -> None:
        from h2.exceptions import ProtocolError  # noqa: PLC0415 - as above

        try:
            await self._converse()
        except (TimeoutError, ProtocolError):
            with contextlib.suppress(ProtocolError):
                self._http.close_connection()
            self._writer.write(self._http.data_to_send())  # GOAWAY, so that they need not guess
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._listener.idle_seconds)

    async def _converse(self) -> None:
        loop, idle_seconds = asyncio.get_running_loop(), self._listener.idle_seconds
        self._http.initiate_connection()
        async with asyncio.timeout(idle_seconds) as patience:
            await self._flush()
            while self._refused <= MAX_REFUSED and (data := await self._reader.read(_CHUNK)):
                for event in self._http.receive_data(data):
                    stream, asked = self._receive(event)
                    if asked is None:
                        continue
                    patience.reschedule(loop.time() + idle_seconds)
                    self._listener.spoke(self._peer)
                    await self._room.acquire()
                    self._answer_soon(stream, *asked)
                self._pump()
                await self._flush()
                await asyncio.sleep(0)
            self._http.close_connection()
            await self._flush()

    def _receive(self, event: Any) -> tuple[int, tuple[bytes, str] | None]:
        """Take in one event; return its stream and, where a request is complete, (message, token)."""
        from h2 import events  # noqa: PLC0415 - as above

        stream = getattr(event, "stream_id", 0)
        try:
            if isinstance(event, events.RequestReceived):
                self._requests[stream] = _Request(read_head(dict(event.headers)))
            elif isinstance(event, events.DataReceived):
                self._http.acknowledge_received_data(event.flow_controlled_length, stream)
                if (request := self._requests.get(stream)) is not None:
                    request.body += event.data
                    if len(request.body) > MAX_QUERY:
                        raise Refused(TOO_LARGE)  # noqa: TRY301 - one way out for all of them
            elif isinstance(event, events.StreamEnded) and (request := self._requests.pop(stream, None)) is not None:
                head = request.head
                return stream, (bytes(request.body) if head.message is None else head.message, head.token)
            elif isinstance(event, events.StreamReset):
                self._requests.pop(stream, None)
                if self._unsent.pop(stream, None) is not None:
                    self._room.release()
        except Refused as refused:
            self._refuse(stream, refused.status)
        return stream, None

    def _refuse(self, stream: int, status: int) -> None:
        from h2.exceptions import ProtocolError  # noqa: PLC0415 - as above

        self._refused += 1
        self._requests.pop(stream, None)
        with contextlib.suppress(ProtocolError):  # they have given it up meanwhile
            self._http.send_headers(stream, answer_headers(status, 0), end_stream=True)
            self._http.reset_stream(stream, _NO_ERROR)  # RFC 9113 section 8.1: the rest of it, if there is one, is not wanted

    def _answer_soon(self, stream: int, message: bytes, token: str) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(stream, message, token))
        for among in (self._tasks, self._listener.answering):
            among.add(task)
            task.add_done_callback(among.discard)

    async def _answer(self, stream: int, message: bytes, token: str) -> None:
        from h2.exceptions import ProtocolError  # noqa: PLC0415 - as above

        is_kept = False
        try:
            answer = await self._listener.answer(message, self._peer, token)
            if answer is None:
                self._refuse(stream, TOO_MANY if _is_query(message) else BAD_REQUEST)
            else:
                self._http.send_headers(stream, answer_headers(OK, len(answer), smallest_ttl(answer)))
                self._unsent[stream] = answer
                is_kept = True
                self._pump()
            await self._flush()
        except ProtocolError:
            pass  # they have given it up meanwhile
        except (OSError, TimeoutError):
            self._writer.transport.abort()
        finally:
            if not is_kept:
                self._room.release()

    def _pump(self) -> None:
        """Send what the windows let out."""
        from h2.exceptions import ProtocolError  # noqa: PLC0415 - as above

        for stream, rest in list(self._unsent.items()):
            try:
                while rest and (size := min(self._http.local_flow_control_window(stream), self._http.max_outbound_frame_size)) > 0:
                    self._http.send_data(stream, rest[:size], end_stream=size >= len(rest))
                    rest = rest[size:]  # noqa: PLW2901 - what is left of it
            except ProtocolError:
                rest = b""  # noqa: PLW2901 - they have given it up
            if rest:
                self._unsent[stream] = rest
            else:
                del self._unsent[stream]
                self._room.release()

    async def _flush(self) -> None:
        self._writer.write(self._http.data_to_send())
        async with asyncio.timeout(self._listener.idle_seconds):
            await self._writer.drain()


def _is_query(message: bytes) -> bool:
    return len(message) >= HEADER.size and not int.from_bytes(message[2:4], "big") & QR
