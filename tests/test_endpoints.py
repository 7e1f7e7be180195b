"""Addresses to listen on and resolvers to ask are read as people write them, in the file and on the command line."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.config import Endpoint, Upstream
from dinnerbell.endpoints import BadEndpoint, parse_endpoint, parse_upstream

ENDPOINTS = {
    "ipv4_and_port": ("127.0.0.1:5335", Endpoint("127.0.0.1", 5335)),
    "ipv4_alone": ("0.0.0.0", Endpoint("0.0.0.0", 53)),
    "ipv6_in_brackets": ("[::]:53", Endpoint("::", 53)),
    "ipv6_in_brackets_alone": ("[fd00::1]", Endpoint("fd00::1", 53)),
    "ipv6_bare": ("fd00::1", Endpoint("fd00::1", 53)),
    "any_free_port": ("127.0.0.1:0", Endpoint("127.0.0.1", 0)),
}
UPSTREAMS = {
    "system": ("system", Upstream("system", text="system")),
    "plain": ("9.9.9.9", Upstream("plain", Endpoint("9.9.9.9"), text="9.9.9.9")),
    "plain_port": ("127.0.0.1:5353", Upstream("plain", Endpoint("127.0.0.1", 5353), text="127.0.0.1:5353")),
    "tls": ("tls://9.9.9.9#dns.quad9.net", Upstream("tls", Endpoint("9.9.9.9", 853), "dns.quad9.net", text="tls://9.9.9.9#dns.quad9.net")),
    "tls_port": ("tls://[::1]:8853#x.example", Upstream("tls", Endpoint("::1", 8853), "x.example", text="tls://[::1]:8853#x.example")),
    "https": ("https://dns.example/q", Upstream("https", url="https://dns.example/q", text="https://dns.example/q")),
}


@pytest.mark.parametrize("text, expected", ENDPOINTS.values(), ids=ENDPOINTS)
def test_an_address_to_listen_on_is_read(text, expected):
    assert parse_endpoint(text) == expected


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3.4:", "1.2.3.4:99999", "[1.2.3.4]:53", "[::]:x", "::]:53", "1.2.3.4:5:6"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BadEndpoint):
        parse_endpoint(text)


@pytest.mark.parametrize("text, expected", UPSTREAMS.values(), ids=UPSTREAMS)
def test_a_resolver_is_read(text, expected):
    assert parse_upstream(text) == expected


@pytest.mark.parametrize(
    "text", ["", "systm", "udp://9.9.9.9", "tls://9.9.9.9", "tls://x#y", "tls://9.9.9.9#-", "https://", "https://[", "0.0.0.0", "9.9.9.9:0"]
)
def test_what_is_no_resolver_is_refused(text):
    with pytest.raises(BadEndpoint):
        parse_upstream(text)


@given(st.text(max_size=40) | st.from_regex(r"(tls|https)://[0-9a-f.:\[\]#]*"))
def test_any_text_is_an_endpoint_or_refused(text):
    for parse in (parse_endpoint, parse_upstream):
        with contextlib.suppress(BadEndpoint):
            parse(text)
