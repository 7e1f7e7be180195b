"""Asks one upstream over TLS (DoT, RFC 7858): the certificate is verified, questions are pipelined and answered in any order (shell)."""

import asyncio
import secrets
import ssl
from collections.abc import Callable
from typing import TypeVar

from dinnerbell.config import Endpoint
from dinnerbell_dns.health import Counts, Trouble, UpstreamFailed
from dinnerbell_dns.transports.messages import Asked, is_answer
from dinnerbell_dns.transports.pool import PATIENCE, Connection, Owner, Patience, Pending, Pool

NOT_YET_VALID, EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64
"""OpenSSL's X509_V_ERR_ numbers."""
_SHUTDOWN_SECONDS = 1.0
C = TypeVar("C", bound=Connection)


class TlsTransport:
    """A resolver that is asked over TLS; `name` is what its certificate must be made out to (a name or an address)."""

    def __init__(self, endpoint: Endpoint, name: str, context: ssl.SSLContext, counts: Counts, patience: Patience = PATIENCE) -> None:
        self._endpoint, self._name, self._context, self._counts, self._patience = endpoint, name, context, counts, patience
        self._pool = Pool(self._connect, counts, patience)

    def ask(self, asked: Asked) -> "asyncio.Future[bytes]":
        """Return the answer to come. It fails with UpstreamFailed."""
        return self._pool.ask(asked)

    def close(self) -> None:
        self._pool.close()

    async def _connect(self, owner: Owner) -> Connection:
        def make() -> TlsConnection:
            return TlsConnection(owner, self._counts, self._patience)

        return await open_tls(make, self._endpoint, self._name, self._context)


class TlsConnection(Connection):
    """Length-prefixed messages (RFC 7766), each known by an id of its own."""

    def __init__(self, owner: Owner, counts: Counts, patience: Patience) -> None:
        super().__init__(owner, counts, patience)
        self._received = bytearray()

    def send(self, pending: Pending) -> None:
        number = secrets.randbits(16)
        while number in self.pending:
            number = secrets.randbits(16)
        pending.message = pending.asked.padded_message(number)
        self.remember(number, pending)
        self.transport.write(len(pending.message).to_bytes(2, "big") + pending.message)

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        at = 0
        while len(received) >= at + 2 and len(received) >= (end := at + 2 + int.from_bytes(received[at : at + 2], "big")):
            self._take(bytes(received[at + 2 : end]))
            at = end
        del received[:at]

    def _take(self, message: bytes) -> None:
        number = int.from_bytes(message[:2], "big")
        pending = self.pending.get(number)
        if pending is None or not is_answer(message, pending.message):
            self.counts.mismatched += 1
        else:
            self.settle(number, message)


async def open_tls(factory: Callable[[], C], endpoint: Endpoint, name: str, context: ssl.SSLContext) -> C:
    """Return an open connection whose certificate is made out to `name`. Raises UpstreamFailed."""
    try:
        _, connection = await asyncio.get_running_loop().create_connection(
            factory, endpoint.address, endpoint.port, ssl=context, server_hostname=name, ssl_shutdown_timeout=_SHUTDOWN_SECONDS
        )
    except ssl.SSLCertVerificationError as error:
        raise _certificate_failure(error, name) from error
    except ssl.SSLError as error:
        raise UpstreamFailed(Trouble.PROTOCOL, f"TLS with it failed ({error.reason or error})") from error
    except OSError as error:
        raise UpstreamFailed(Trouble.UNREACHABLE, f"nobody answers there ({error.strerror or error})") from error
    return connection


def _certificate_failure(error: ssl.SSLCertVerificationError, name: str) -> UpstreamFailed:
    if error.verify_code in (NOT_YET_VALID, EXPIRED):
        is_old = error.verify_code == EXPIRED
        text = f"its certificate {'has expired' if is_old else 'is not valid yet'}, or the clock of this box is wrong"
        return UpstreamFailed(Trouble.CERTIFICATE_DATE, text)
    if error.verify_code in (_OTHER_NAME, _OTHER_ADDRESS):
        return UpstreamFailed(Trouble.CERTIFICATE_NAME, f"its certificate is not made out to {name}: somebody else may be answering")
    text = f"its certificate is not from an issuer that this machine trusts ({error.verify_message})"
    return UpstreamFailed(Trouble.CERTIFICATE_ISSUER, text)


def tls_context(authorities: str | None = None) -> ssl.SSLContext:
    """Return whom to trust: the authorities in that file, or those that this machine trusts (SSL_CERT_FILE names others)."""
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
