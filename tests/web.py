"""The internet of the proxy's tests: real HTTPS servers on loopback (HTTP/1.1, HTTP/2, WebSocket) with certificates of a test authority.

Every name leads here (`Live.lead`, as a resolver would); pages say which name and path was asked for.
"""

import asyncio
import base64
import contextlib
import hashlib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h2.config
import h2.connection
import h2.events
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from live import Loop

_ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
TICK = 0.02


@dataclass(frozen=True)
class Asked:
    host: str
    path: str
    headers: dict[str, str]
    protocol: str


@dataclass
class Web:
    """`port` and `authority` (a file to trust). `asked` is everything that came."""

    folder: Path
    asked: list[Asked] = field(default_factory=list)
    bodies: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Path (without query) to content type and text; what is not here is a page that says its name and path."""

    def __post_init__(self) -> None:
        self._loop = Loop()
        self.authority, chain = _certificates(self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.certificate = ssl.PEM_cert_to_DER_cert(chain.read_text().partition("-----BEGIN EC")[0])
        self._server = self._loop.run(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._loop.call(self._server.close)
        self._loop.errors.clear()  # clients that hang up in the middle are what these tests are about
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            await (self._serve_h2(reader, writer) if protocol == "h2" else self._serve_h1(reader, writer))
        writer.close()

    async def _serve_h1(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for line in lines if line for name, _, value in [line.partition(":")]}
            path = first.split()[1]
            await reader.readexactly(int(headers.get("content-length", "0")))
            self.asked.append(Asked(headers.get("host", ""), path, headers, "h1"))
            if path.startswith("/silent"):
                await asyncio.sleep(3600)
            elif headers.get("upgrade", "").lower() == "websocket":
                await self._websocket(writer, headers["sec-websocket-key"])
            elif path.startswith(("/endless", "/OakLane")) and headers.get("sec-fetch-mode") == "navigate" and "accept" not in headers:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                while True:
                    await _send(writer, b"6\r\ntick\r\n\r\n")
            else:
                kind, text = self._page(headers.get("host", ""), path)
                body = text.encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                writer.write(head + body)
                await writer.drain()

    async def _websocket(self, writer: asyncio.StreamWriter, key: str) -> None:
        accept = base64.b64encode(hashlib.sha1((key + _ACCEPT).encode()).digest()).decode()
        head = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        writer.write(head.encode())
        while True:
            await _send(writer, b"\x81\x04tick")

    async def _serve_h2(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        talk.initiate_connection()
        writer.write(talk.data_to_send())
        while data := await reader.read(65536):
            for event in talk.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    headers = dict(event.headers)
                    self.asked.append(Asked(headers[":authority"], headers[":path"], headers, "h2"))
                    kind, text = self._page(headers[":authority"], headers[":path"])
                    talk.send_headers(event.stream_id, [(":status", "200"), ("content-type", kind)])
                    talk.send_data(event.stream_id, text.encode(), end_stream=True)
            writer.write(talk.data_to_send())
            await writer.drain()

    def _page(self, host: str, path: str) -> tuple[str, str]:
        found = self.bodies.get(path.partition("?")[0])
        return found or ("text/html; charset=utf-8", f"<!doctype html><title>{host}{path}</title><h1>{host}{path}</h1>")


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
    await asyncio.sleep(TICK)


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Return the files of a test authority, and of a certificate and key for every name that the tests use."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in ("Test authority", "The server's own")]
    made = []
    for place, extension in enumerate((x509.BasicConstraints(ca=True, path_length=None), x509.SubjectAlternativeName(_NAMES))):
        builder = x509.CertificateBuilder().subject_name(names[place]).issuer_name(names[0]).public_key(keys[place].public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        builder = builder.not_valid_after(now + timedelta(days=30)).add_extension(extension, critical=place == 0)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
        if place == 0:
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[0].public_key()), critical=False)
            builder = builder.add_extension(_SIGNS, critical=True)
        made.append(builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    secret = keys[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    authority, chain = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(made[0])
    chain.write_bytes(made[1] + secret)
    return authority, chain


_NAMES = [x509.DNSName(name) for name in ("*.facebook.com", "*.xx.fbcdn.net", "*.youtube.com", "*.google.com", "*.instagram.com",
                                          "*.example.org", "bank.example")]  # fmt: skip
_SIGNS = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip
