"""Encrypted DNS for devices: listeners for DoT and DoH, and the certificate they show, renewed when its files change (shell).

Whatever is wrong with it, plain DNS goes on: troubles are told, not raised. A device may be known by a token, the first label of the name
under which it asks the box (DoT and DoH) or the last part of its path (DoH). A token that nobody has says nothing: then the address does.
"""

import errno
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dinnerbell.config import Encrypted, Endpoint
from dinnerbell_dns.certificate import BadCertificate, Certificate, Mark, mark, read_certificate, server_names
from dinnerbell_dns.doh import DohListener
from dinnerbell_dns.listener import Listener, Peer
from dinnerbell_dns.padding import padded
from dinnerbell_dns.tcp import TcpListener
from dinnerbell_dns.transports.https import is_installed

IDLE_SECONDS = 30.0
"""Longer than over TCP: what a phone asks comes in bursts, and each new connection is a handshake for both sides."""
DOUBT_SECONDS = 3600.0
"""So often the certificate's dates are looked at."""
NEEDS_EXTRA = (
    "box: encrypted: https: DNS over HTTPS needs a library that is not installed, so it is not answered: "
    "run pip install 'dinnerbell[doh]', then start again; DNS over TLS needs none"
)
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
TLS, HTTPS = "tls", "https"
_ALPN = {TLS: "dot", HTTPS: "h2"}
AnswerStream = Callable[[bytes, str, str], Awaitable[bytes | None]]
"""(message, source address, token) -> the answer; None: it deserves none."""


@dataclass(frozen=True, slots=True)
class News:
    text: str
    is_trouble: bool = True


@dataclass(eq=False)
class EncryptedDns:
    """`use` says what is wanted; `look` is to be called once a second. Both return what there is to tell."""

    answer: AnswerStream
    is_welcome: Callable[[str], bool]
    idle_seconds: float = IDLE_SECONDS
    endpoints: list[tuple[str, Endpoint]] = field(default_factory=list)
    """(tls or https, where)"""
    _wanted: Encrypted | None = None
    _folder: Path = Path()
    _token: str = ""
    _contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    _listeners: list[Listener] = field(default_factory=list)
    _certificate: Certificate | None = None
    _mark: Mark = ()
    _failure: str = ""
    """Why not all that is wanted is there; "": it is."""
    _is_whole: bool = False
    _doubt: str = ""
    """What devices will find wrong with the certificate."""
    _untold: str = ""
    """A trouble that may be over at the next look: files that are being replaced, one after the other."""
    _doubted_at: float = 0.0

    @property
    def evicted(self) -> int:
        return sum(listener.evicted for listener in self._listeners)

    @property
    def trouble(self) -> str:
        """What is wrong at present; "": nothing."""
        return self._failure or self._doubt

    async def use(self, wanted: Encrypted | None, folder: Path, token: str, now: float) -> list[News]:
        """Answer as `wanted` says from now on (None: nowhere).

        `folder`: what its paths are relative to; `token`: of any device, "" if none has one; `now`: seconds since 1970.
        """
        self._token = token
        if (wanted, folder) == (self._wanted, self._folder) and self._is_whole:
            return []
        await self.stop()
        self._wanted, self._folder = wanted, folder
        if wanted is None:
            return []
        self._mark = mark(*self._paths(wanted))
        self._failure = self._read(wanted)
        if self._failure:
            return [News(self._failure)]
        return [*self._listen(wanted), *self._doubts(wanted, now)]

    def look(self, now: float) -> list[News]:
        """Read the certificate if its files have changed, and doubt it from time to time."""
        wanted = self._wanted
        if wanted is None:
            return []
        found = mark(*self._paths(wanted))
        if found == self._mark:
            if self._untold:
                self._failure, self._untold = self._untold, ""
                return [News(self._failure)]
            return [*self._doubts(wanted, now)] if not 0 <= now - self._doubted_at < DOUBT_SECONDS else []
        self._mark = found
        self._untold = self._read(wanted)
        if self._untold:
            return []
        self._failure = ""
        news = [News("encrypted DNS: the certificate was changed, the new one is shown from now on", is_trouble=False)]
        return [*news, *([] if self._listeners else self._listen(wanted)), *self._doubts(wanted, now)]

    async def stop(self) -> None:
        for listener in self._listeners:
            await listener.stop()
        self._listeners.clear()
        self.endpoints.clear()
        self._contexts.clear()
        self._certificate, self._wanted = None, None
        self._failure = self._doubt = self._untold = ""
        self._is_whole = False

    def _paths(self, wanted: Encrypted) -> tuple[Path, Path]:
        return self._folder / wanted.certificate, self._folder / wanted.key

    def _read(self, wanted: Encrypted) -> str:
        """Read the certificate and show it from now on; return what is wrong, and the one before is shown on."""
        try:
            certificate = read_certificate(*self._paths(wanted))
            contexts = {kind: certificate.context(alpn) for kind, alpn in _ALPN.items()}
        except BadCertificate as problem:
            what = "so the one before is shown on" if self._contexts else "so only plain DNS is answered"
            return f"encrypted DNS: couldn't use the certificate: {problem}, {what}. Mend the file: it is looked at again by itself"
        self._certificate = certificate
        self._contexts.update(contexts)
        return ""

    def _listen(self, wanted: Encrypted) -> Iterator[News]:
        self._is_whole = True
        for kind, endpoints in ((TLS, wanted.tls), (HTTPS, wanted.https)):
            if kind == HTTPS and endpoints and not is_installed():
                self._failure, self._is_whole = NEEDS_EXTRA, False
                yield News(NEEDS_EXTRA)
                continue
            for endpoint in endpoints:
                listener = self._listener(kind)
                try:
                    bound = Endpoint(endpoint.address, listener.start(endpoint))
                except OSError as error:
                    if endpoint.address == "::" and len(endpoints) > 1 and error.errno in _NO_IPV6:
                        continue  # a machine whose IPv6 is switched off still has the rest
                    advice = "plain DNS goes on. Free that port or write another one, then save rules.yaml again"
                    self._failure, self._is_whole = f"Couldn't listen on {endpoint} ({kind}): {error.strerror or error}; {advice}", False
                    yield News(self._failure)
                    continue
                self._listeners.append(listener)
                self.endpoints.append((kind, bound))
                yield News(f"answering on {bound} ({kind})", is_trouble=False)

    def _listener(self, kind: str) -> Listener:
        def context() -> ssl.SSLContext:
            return self._contexts[kind]

        if kind == TLS:
            return TcpListener(answer=self._answer, context=context, is_welcome=self.is_welcome, idle_seconds=self.idle_seconds)
        return DohListener(answer=self._answer, context=context, is_welcome=self.is_welcome, idle_seconds=self.idle_seconds)

    def _doubts(self, wanted: Encrypted, now: float) -> Iterator[News]:
        self._doubted_at = now
        if self._certificate is None:
            return
        found = self._certificate.doubt(wanted.name, self._token, now=now)
        before, self._doubt = self._doubt, f"encrypted DNS: {found}" if found else ""
        if self._doubt and self._doubt != before:
            yield News(self._doubt)

    async def _answer(self, message: bytes, peer: Peer, token: str = "") -> bytes | None:
        answer = await self.answer(message, peer.source, token or self._token_in_name(peer))
        return None if answer is None else padded(message, answer)

    def _token_in_name(self, peer: Peer) -> str:
        """Return the label before the box's name under which this client asks it; "": none."""
        tls = peer.tls
        if tls is None or self._wanted is None:
            return ""
        label, _, rest = server_names.get(tls, "").partition(".")
        return label if rest == self._wanted.name else ""
