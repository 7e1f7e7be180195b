"""The certificate that the box shows to devices: read, tried out, and read anew when its files change (shell).

It is tried out by a handshake with ourselves, in memory: a client that trusts this very certificate checks its dates and its names with
OpenSSL's own rules, which are what devices will go by. So no library that reads certificates is needed.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakKeyDictionary

from dinnerbell_dns.transports.tls import EXPIRED, NOT_YET_VALID

SOON_DAYS = 14
"""So long before its end whoever keeps the box is told."""
_PARTIAL_CHAIN = ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
Mark = tuple[tuple[int, int, int], ...]

server_names: "WeakKeyDictionary[ssl.SSLObject, str]" = WeakKeyDictionary()
"""What each client called the server (SNI), in lower case, for as long as its connection lives: OpenSSL tells it only in passing."""


class BadCertificate(Exception):  # noqa: N818
    """It cannot be shown to anybody; the message says why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    certificate: Path
    key: Path
    pem: str
    """The certificate itself, without its chain."""

    def context(self, alpn: str) -> ssl.SSLContext:
        """Return what to show to clients that speak `alpn`. Raises BadCertificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols([alpn])
        context.sni_callback = _remember_name
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except ssl.SSLError as error:
            why = "the key is not this certificate's" if error.reason == "KEY_VALUES_MISMATCH" else "they are no PEM files"
            raise BadCertificate(f"{_files(self.certificate, self.key)}: {why}") from error
        except OSError as error:
            raise BadCertificate(f"{_files(self.certificate, self.key)}: {error.strerror}") from error
        return context

    def doubt(self, name: str, token: str = "", *, now: float) -> str | None:
        """Return what devices will find wrong with it, in words; None: nothing. `now`: seconds since 1970."""
        for asked in (name, f"{token}.{name}") if token else (name,):
            try:
                ends = self._try_out(asked)
            except ssl.SSLCertVerificationError as error:
                if error.verify_code == EXPIRED:
                    return "the certificate has expired, so devices refuse it: renew it (or the clock of this box is wrong)"
                if error.verify_code == NOT_YET_VALID:
                    return "the certificate is not valid yet, so devices refuse it (or the clock of this box is wrong)"
                advice = f"a certificate for {name} and *.{name} is needed" if asked != name else "get one for that name"
                return f"the certificate is not made out to {asked}, so devices refuse it: {advice}"
            except ssl.SSLError as error:
                return f"the certificate does not work ({error.reason})"
        if ends - now < SOON_DAYS * 86400:
            day = datetime.fromtimestamp(ends, UTC)
            return f"the certificate ends on {day:%a} {day.day} {day:%b %Y}: renew it, or devices will refuse it from then on"
        return None

    def _try_out(self, name: str) -> float:
        """Shake hands with ourselves as `name`; return when the certificate ends, in seconds since 1970. Raises SSLError."""
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.verify_flags |= _PARTIAL_CHAIN  # it is its own authority here: whom devices trust, only they know
        client.load_verify_locations(cadata=self.pem)
        ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
        sides = (
            self.context("dot").wrap_bio(ours, theirs, server_side=True),
            client.wrap_bio(theirs, ours, server_hostname=name),
        )
        for _ in range(4):  # TLS 1.3 takes two turns of each
            for side in reversed(sides):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        found = sides[1].getpeercert() or {}
        return ssl.cert_time_to_seconds(str(found["notAfter"]))


def read_certificate(certificate: Path, key: Path) -> Certificate:
    """Read both files. Raises BadCertificate."""
    try:
        text = certificate.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise BadCertificate(f"{certificate}: {error.strerror}") from error
    start, end = text.find(_BEGIN), text.find(_END)
    if start < 0 or end < start:
        raise BadCertificate(f"{certificate}: there is no certificate in it (it begins with {_BEGIN})")
    return Certificate(certificate, key, text[start : end + len(_END)])


def mark(*paths: Path) -> Mark:
    """Return what changes whenever one of the files is another one."""
    found = []
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((state.st_mtime_ns, state.st_ino, state.st_size))
    return tuple(found)


def _files(certificate: Path, key: Path) -> str:
    return str(certificate) if certificate == key else f"{certificate} and {key}"


def _no_password() -> str:
    raise BadCertificate("the key is locked with a password, which nobody can enter here: save it without one")


def _remember_name(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
    if name and isinstance(connection, ssl.SSLObject):
        server_names[connection] = name.lower()
