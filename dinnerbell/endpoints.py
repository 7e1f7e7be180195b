"""Where to listen and whom to ask, as a person writes it: `0.0.0.0:53`, `[::]:53`, `tls://9.9.9.9#dns.quad9.net`.

Pure. Used by rules.yaml and by the command line alike.
"""

import ipaddress
import re
from urllib.parse import urlsplit

from dinnerbell.config import SYSTEM, Endpoint, Upstream
from dinnerbell.names import BadName, normalise


class BadEndpoint(ValueError):  # noqa: N818 - it names what was given, as the message does
    """The text is no address with a port, or no resolver; the message says how to write one."""


def parse_endpoint(text: str, *, port: int = 53) -> Endpoint:
    """Read ADDR, ADDR:PORT, [ADDR6] or [ADDR6]:PORT. Raises BadEndpoint. Port 0 means: any free one (tests)."""
    text = text.strip()
    match = re.fullmatch(r"\[(?P<six>[^\]]*)\](?::(?P<port6>[0-9]{1,5}))?|(?P<four>[^:\[\]]*)(?::(?P<port4>[0-9]{1,5}))?", text)
    address = (match["six"] or match["four"]) if match else text  # a bare IPv6 address has colons and no port
    try:
        ipaddress.ip_address(address or "")
    except ValueError:
        raise BadEndpoint(f'{text!r} is not an address: write it like 0.0.0.0:{port} or "[::]:{port}"') from None
    if match is not None and match["six"] is not None and ":" not in match["six"]:
        raise BadEndpoint(f"{text!r}: brackets are for IPv6 addresses only")
    number = int((match["port6"] or match["port4"] or port) if match else port)
    if number > 65535:
        raise BadEndpoint(f"{text!r}: a port is at most 65535")
    return Endpoint(address or "", number)


def parse_upstream(text: str) -> Upstream:
    """Read `system`, ADDR[:PORT], tls://ADDR[:PORT]#NAME or https://HOST/PATH[#ADDR]. Raises BadEndpoint."""
    text = text.strip()
    if text == SYSTEM:
        return Upstream(SYSTEM, text=text)
    if text.startswith("https://"):
        return _https(text)
    if text.startswith("tls://"):
        return _tls(text)
    try:
        return Upstream("plain", parse_server(text), text=text)
    except BadEndpoint:
        advice = "write system, an address like 192.0.2.1, tls://192.0.2.1#name or https://name/dns-query"
        raise BadEndpoint(f"{text!r} is no resolver: {advice}") from None


def parse_server(text: str, port: int = 53) -> Endpoint:
    """Read the address of a resolver: ADDR or ADDR:PORT. Raises BadEndpoint."""
    endpoint = parse_endpoint(text, port=port)
    if endpoint.port == 0 or ipaddress.ip_address(endpoint.address).is_unspecified:
        raise BadEndpoint(f"{text!r} cannot be asked: write the resolver's own address")
    return endpoint


def _tls(text: str) -> Upstream:
    address, sign, name = text.removeprefix("tls://").partition("#")
    if not sign or not name:
        raise BadEndpoint(f"{text!r}: the name on the resolver's certificate is missing: write it like tls://9.9.9.9#dns.quad9.net")
    try:
        return Upstream("tls", parse_server(address, 853), tls_name=_certificate_name(name), text=text)
    except BadName as error:
        raise BadEndpoint(str(error)) from None


def _certificate_name(text: str) -> str:
    """Read what the certificate is made out to: a host name, or an address. Raises BadName."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return normalise(text)


def _https(text: str) -> Upstream:
    url, sign, address = text.partition("#")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0 or parts.username is not None or not url.isascii() or not url.isprintable() or " " in url or len(url) > 2000:
        raise BadEndpoint(f"{text!r} is not an address on the web: write it like https://dns.example.net/dns-query")
    if not sign:
        return Upstream("https", url=url, text=text)
    try:
        endpoint = parse_server(f"[{address}]" if ":" in address else address, port or 443)
    except BadEndpoint:
        raise BadEndpoint(f"{text!r}: behind the # stands the address of {host}, like #9.9.9.9, or nothing") from None
    if endpoint.port != (port or 443):
        raise BadEndpoint(f"{text!r}: a port stands behind the name: https://{host}:{endpoint.port}/...")
    return Upstream("https", endpoint, tls_name=host, url=url, text=text)
