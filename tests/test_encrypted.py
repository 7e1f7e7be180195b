"""DoT and DoH for devices, over real sockets: who asks is known by a token, the certificate is swapped under way, floods are bounded."""

import base64
import contextlib
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import h2.config
import h2.connection
import h2.events
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinnerbell.config import Encrypted, Endpoint
from dinnerbell_dns.certificate import BadCertificate, read_certificate
from dinnerbell_dns.doh import MAX_REFUSED
from dinnerbell_dns.doh_request import MEDIA_TYPE
from dinnerbell_dns.listener import MAX_OF_ONE
from encrypted import Authority
from live import (
    ACORN_LANE,
    OFFICE_LAPTOP,
    STAFF_PHONE,
    TABLET,
    BoxProcess,
    LiveServer,
    LocalUpstreamThread,
    ask,
    connection,
    ede,
    eventually,
    rcode,
    receive_message,
    tool,
)

NAME = "dns.acornlane.example"
TOKEN = "hazel-4f7d2c9e81"
RULES = ACORN_LANE.replace(
    "  room-tablet-1: {group: children, address: 127.0.0.31}\n",
    f"  room-tablet-1: {{group: children, address: 127.0.0.31}}\n  hazel-tablet: {{group: children, token: {TOKEN}}}\n",
)
SOCIAL = "www.tiktok.com"
"""Open to staff's phones at 12:30, closed to children."""
ANYWHERE = Endpoint("127.0.0.1", 0)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def write_certificate(authority: Authority, folder: Path, *names: str, days: int = 30) -> None:
    leaf = authority.issue(*(names or (NAME, f"*.{NAME}")), days=days)
    leaf.cert_chain_pems[0].write_to_path(str(folder / "chain.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))


class Served:
    """A server with encrypted DNS on loopback."""

    def __init__(self, server: LiveServer, folder: Path, authority: Authority) -> None:
        self.server, self.folder, self.authority = server, folder, authority
        self.news: list[str] = []

    def use(self, **changes) -> list[str]:
        wanted = Encrypted(NAME, "chain.pem", "key.pem", **{"tls": (ANYWHERE,), "https": (ANYWHERE,)} | changes)
        news = self.server._loop.run(self.encrypted.use(wanted, self.folder, TOKEN, self.now))
        return [each.text for each in news]

    @property
    def encrypted(self):
        return self.server.server.encrypted

    @property
    def now(self) -> float:
        return datetime.now(UTC).timestamp()

    def look(self) -> list[str]:
        return [each.text for each in self.server.call(self.encrypted.look, self.now)]

    def endpoint(self, kind: str) -> Endpoint:
        return next(endpoint for each, endpoint in self.encrypted.endpoints if each == kind)

    @contextlib.contextmanager
    def tls(self, name: str = NAME, source: str = STAFF_PHONE, kind: str = "tls", alpn: str = "dot") -> Iterator[ssl.SSLSocket]:
        context = ssl.create_default_context(cafile=self.authority.file)
        context.set_alpn_protocols([alpn])
        with connection(self.endpoint(kind), source) as tcp, context.wrap_socket(tcp, server_hostname=name) as secure:
            yield secure

    def ask(self, name: str, server_name: str = NAME, source: str = STAFF_PHONE, **options) -> dns.message.Message:
        query = dns.message.make_query(name, "A", **{"use_edns": 0} | options)
        with self.tls(server_name, source) as secure:
            secure.sendall(framed(query.to_wire()))
            return dns.message.from_wire(receive_message(secure))


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


@pytest.fixture
def served(tmp_path, authority) -> Iterator[Served]:
    write_certificate(authority, tmp_path)
    with LocalUpstreamThread() as upstream, LiveServer(RULES, [upstream.endpoint]) as server:
        found = Served(server, tmp_path, authority)
        found.news = found.use()
        yield found


# ── who asks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Http:
    """A DoH client in HTTP/2."""

    def __init__(self, secure: ssl.SSLSocket) -> None:
        self.secure = secure
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.status: dict[int, int] = {}
        self.headers: dict[int, dict[str, str]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.is_over = False

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> int:
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", "https"), (":authority", NAME), (":path", path)]
        fields += [(key.replace("_", "-"), value) for key, value in headers.items()]
        self.h2.send_headers(stream, fields, end_stream=not body)
        if body:
            self.h2.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def flush(self) -> None:
        self.secure.sendall(self.h2.data_to_send())

    def read(self, *streams: int) -> None:
        while not self.is_over and not set(streams) <= self.ended:
            self.read_some()

    def read_some(self) -> None:
        data = self.secure.recv(65536)
        self.is_over = not data
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                self.headers[event.stream_id] = dict(event.headers)
                self.status[event.stream_id] = int(self.headers[event.stream_id][":status"])
            elif isinstance(event, h2.events.DataReceived):
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                # the connection's; a stream's own has room for any answer
                self.h2.increment_flow_control_window(event.flow_controlled_length or 1)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                self.ended.add(event.stream_id)
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.is_over = True
        self.flush()

    def get(self, query: dns.message.Message, path: str = "/dns-query") -> dns.message.Message:
        text = base64.urlsafe_b64encode(query.to_wire()).rstrip(b"=").decode()
        stream = self.request("GET", f"{path}?dns={text}", accept=MEDIA_TYPE)
        self.read(stream)
        assert self.status[stream] == 200
        return dns.message.from_wire(self.bodies[stream])


@pytest.fixture
def http(served) -> Iterator[Http]:
    with served.tls(kind="https", alpn="h2") as secure:
        yield Http(secure)


class TestWhoAsks:
    @pytest.mark.parametrize(
        "server_name, source, expected",
        [
            pytest.param(NAME, STAFF_PHONE, "NOERROR", id="by_address"),
            pytest.param(NAME, TABLET, "NXDOMAIN", id="a_tablet_by_address"),
            pytest.param(f"{TOKEN}.{NAME}", STAFF_PHONE, "NXDOMAIN", id="by_token"),
            pytest.param(f"{TOKEN.upper()}.{NAME}", STAFF_PHONE, "NXDOMAIN", id="a_token_in_capitals"),
            pytest.param(f"nobody-has-this.{NAME}", STAFF_PHONE, "NOERROR", id="an_unknown_token_says_nothing"),
            pytest.param(f"nobody-has-this.{NAME}", TABLET, "NXDOMAIN", id="nor_does_it_open_anything"),
        ],
    )
    def test_over_tls(self, served, server_name, source, expected):
        assert rcode(served.ask(SOCIAL, server_name, source)) == expected

    @pytest.mark.parametrize(
        "path, expected",
        [
            pytest.param("/dns-query", "NOERROR", id="by_address"),
            pytest.param(f"/dns-query/{TOKEN}", "NXDOMAIN", id="by_token"),
            pytest.param(f"/dns-query/{TOKEN.upper()}", "NXDOMAIN", id="a_token_in_capitals"),
            pytest.param("/dns-query/nobody-has-this", "NOERROR", id="an_unknown_token_says_nothing"),
        ],
    )
    def test_over_https(self, served, http, path, expected):
        assert rcode(http.get(dns.message.make_query(SOCIAL, "A"), path)) == expected

    def test_a_doh_client_is_known_by_its_host_name_too(self, served):
        with served.tls(f"{TOKEN}.{NAME}", kind="https", alpn="h2") as secure:
            assert rcode(Http(secure).get(dns.message.make_query(SOCIAL, "A"))) == "NXDOMAIN"

    def test_a_refusal_says_why_and_is_counted_for_the_device(self, served):
        refused = served.ask(SOCIAL, f"{TOKEN}.{NAME}")
        [(code, text)] = ede(refused)
        assert code == 15
        assert "Acorn Lane" in text
        assert "hazel-tablet" in str(served.server.counts())

    def test_a_token_gone_from_the_rules_says_nothing_from_then_on(self, served):
        with served.tls(f"{TOKEN}.{NAME}") as secure:
            for rules, expected in ((RULES, "NXDOMAIN"), (ACORN_LANE, "NOERROR"), (RULES, "NXDOMAIN")):
                served.server.use(rules)
                secure.sendall(framed(dns.message.make_query(SOCIAL, "A").to_wire()))
                assert rcode(dns.message.from_wire(receive_message(secure))) == expected

    def test_a_network_that_is_not_answered_gets_no_handshake_token_or_not(self, tmp_path, authority):
        write_certificate(authority, tmp_path)
        rules = RULES + "box: {answer-networks: 127.0.0.64/27}\n"
        with LocalUpstreamThread() as upstream, LiveServer(rules, [upstream.endpoint]) as server:
            served = Served(server, tmp_path, authority)
            served.use()
            assert rcode(served.ask(SOCIAL, source=STAFF_PHONE)) == "NOERROR"
            with pytest.raises((ConnectionResetError, ssl.SSLEOFError)), served.tls(f"{TOKEN}.{NAME}", OFFICE_LAPTOP):
                pass
            assert server.server.drops.network == 1


# ── DNS over TLS ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class TestTls:
    def test_questions_are_pipelined(self, served):
        queries = [dns.message.make_query(f"host{number}.example.org", "A") for number in range(10)]
        with served.tls() as secure:
            secure.sendall(b"".join(framed(query.to_wire()) for query in queries))
            found = {dns.message.from_wire(receive_message(secure)).id for _ in queries}
        assert found == {query.id for query in queries}

    @pytest.mark.parametrize("name", ["www.bbc.co.uk", SOCIAL], ids=["allowed", "refused"])
    def test_an_answer_is_padded_if_the_question_was(self, served, name):
        option = dns.edns.GenericOption(12, bytes(20))
        query = dns.message.make_query(name, "A", use_edns=0, options=[option])
        with served.tls(source=TABLET) as secure:
            for message, is_padded in ((query, True), (dns.message.make_query(name, "A", use_edns=0), False)):
                secure.sendall(framed(message.to_wire()))
                answer = receive_message(secure)
                assert (len(answer) % 468 == 0) is is_padded
                read = dns.message.from_wire(answer)
                assert any(option.otype == 12 for option in read.options) is is_padded

    @pytest.mark.parametrize(
        "version, is_spoken",
        [
            pytest.param(ssl.TLSVersion.TLSv1_1, False, id="TLS_1.1"),
            pytest.param(ssl.TLSVersion.TLSv1_2, True, id="TLS_1.2"),
            pytest.param(ssl.TLSVersion.TLSv1_3, True, id="TLS_1.3"),
        ],
    )
    def test_versions(self, served, version, is_spoken):
        context = ssl.create_default_context(cafile=served.authority.file)
        with pytest.warns(DeprecationWarning, match="TLSv1_1") if not is_spoken else contextlib.nullcontext():
            context.minimum_version = context.maximum_version = version
        if not is_spoken:
            context.set_ciphers("ALL:@SECLEVEL=0")
        with connection(served.endpoint("tls")) as tcp, contextlib.nullcontext() if is_spoken else pytest.raises(ssl.SSLError):
            context.wrap_socket(tcp, server_hostname=NAME).close()

    @pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.0\r\n\r\n"], ids=["silent", "half_a_hello", "http"])
    def test_connections_without_a_handshake_are_bounded_and_let_others_in(self, served, begun):
        with contextlib.ExitStack() as stack:
            for _ in range(MAX_OF_ONE + 30):
                stack.enter_context(connection(served.endpoint("tls"), OFFICE_LAPTOP)).sendall(begun)
            assert rcode(served.ask("www.bbc.co.uk", source=OFFICE_LAPTOP)) == "NOERROR"
            assert rcode(served.ask("www.bbc.co.uk", source=STAFF_PHONE)) == "NOERROR"
            assert all(len(listener._open) <= MAX_OF_ONE for listener in served.encrypted._listeners)
            if begun != b"GET / HTTP/1.0\r\n\r\n":
                assert served.server.call(served.server.server.dropped)["evicted"] >= 30
        eventually(lambda: not served.encrypted._listeners[0]._open)

    def test_an_unfinished_handshake_is_cut_off(self, served):
        served.encrypted._listeners[0].handshake_seconds = 0.1
        with connection(served.endpoint("tls")) as tcp:
            tcp.sendall(b"\x16\x03\x01\x02\x00")
            assert tcp.recv(100) == b""

    def test_silence_after_a_handshake_is_cut_off(self, served):
        served.encrypted._listeners[0].idle_seconds = 0.1
        with served.tls() as secure:
            assert receive_message(secure) == b""


# ── DNS over HTTPS ───────────────────────────────────────────────────────────────────────────────────────────────────────────

QUERY = dns.message.make_query("www.bbc.co.uk", "A", id=0).to_wire()
RESPONSE = dns.message.make_response(dns.message.make_query("www.bbc.co.uk", "A"), recursion_available=True).to_wire()
IN_URL = base64.urlsafe_b64encode(QUERY).rstrip(b"=").decode()


FRAME = st.tuples(st.integers(0, 10), st.integers(0, 255), st.sampled_from([0, 1, 3, 5, 2**31 - 1]), st.binary(max_size=60))
"""(type, flags, stream, payload)"""


class TestHttps:
    @pytest.mark.parametrize(
        "method, path, body, content_type, status",
        [
            pytest.param("POST", "/dns-query", QUERY, MEDIA_TYPE, 200, id="post"),
            pytest.param("POST", "/dns-query", QUERY, "Application/DNS-Message; x=1", 200, id="a_media_type_is_no_matter_of_case"),
            pytest.param("POST", "/dns-query/", QUERY, MEDIA_TYPE, 200, id="a_slash_behind"),
            pytest.param("GET", f"/dns-query?dns={IN_URL}", b"", "", 200, id="get"),
            pytest.param("GET", f"/dns-query?x=1&dns={IN_URL}", b"", "", 200, id="get_with_more"),
            pytest.param("GET", "/dns-query", b"", "", 400, id="get_without_a_question"),
            pytest.param("GET", "/dns-query?dns=", b"", "", 400, id="get_with_an_empty_one"),
            pytest.param("GET", "/dns-query?dns=%2b%2f", b"", "", 400, id="get_in_another_alphabet"),
            pytest.param("GET", "/dns-query?dns=AAAAA", b"", "", 400, id="get_of_an_impossible_length"),
            pytest.param("GET", "/dns-query?dns=AAAA", b"", "", 400, id="get_too_short_to_be_dns"),
            pytest.param("GET", f"/dns-query?dns={'A' * 6000}", b"", "", 414, id="get_too_long"),
            pytest.param("POST", "/dns-query", RESPONSE, MEDIA_TYPE, 400, id="an_answer_is_no_question"),
            pytest.param("POST", "/dns-query", bytes(4097), MEDIA_TYPE, 413, id="post_too_long"),
            pytest.param("POST", "/dns-query", QUERY, "application/json", 415, id="post_of_json"),
            pytest.param("POST", "/dns-query", QUERY, "", 415, id="post_of_nobody_knows"),
            pytest.param("PUT", "/dns-query", QUERY, MEDIA_TYPE, 405, id="put"),
            pytest.param("HEAD", "/dns-query", b"", "", 405, id="head"),
            pytest.param("GET", "/", b"", "", 404, id="another_path"),
            pytest.param("GET", f"/dns-queryx?dns={IN_URL}", b"", "", 404, id="a_path_that_begins_like_it"),
            pytest.param("GET", f"/dns-query/a/b?dns={IN_URL}", b"", "", 404, id="a_path_too_deep"),
        ],
    )
    def test_status(self, http, method, path, body, content_type, status):
        stream = http.request(method, path, body, **({"content_type": content_type} if content_type else {}))
        http.read(stream)
        assert http.status[stream] == status
        assert ("allow" in http.headers[stream]) is (status == 405)
        assert rcode(http.get(dns.message.make_query("www.bbc.co.uk", "A"))) == "NOERROR", "the connection has to stay good"

    def test_a_broken_query_is_answered_in_dns(self, http):
        stream = http.request("POST", "/dns-query", QUERY[:-1], content_type=MEDIA_TYPE)
        http.read(stream)
        assert http.status[stream] == 200
        assert dns.message.from_wire(http.bodies[stream]).rcode() == dns.rcode.FORMERR

    def test_an_answer_may_be_kept_as_long_as_its_shortest_ttl_and_by_nobody_in_between(self, http):
        answer = http.get(dns.message.make_query(SOCIAL, "A", id=0))
        shortest = min(rrset.ttl for rrset in answer.answer)
        assert 0 < shortest <= 60
        assert http.headers[1]["cache-control"] == f"private, max-age={shortest}"

    def test_many_at_once(self, http):
        streams = []
        for number in range(30):
            query = dns.message.make_query(f"host{number}.example.org", "A", id=0).to_wire()
            streams.append(http.request("POST", "/dns-query", query, content_type=MEDIA_TYPE))
        http.read(*streams)
        assert {http.status[stream] for stream in streams} == {200}
        asked = {dns.message.from_wire(http.bodies[stream]).question[0].name.to_text() for stream in streams}
        assert len(asked) == 30

    def test_a_closed_window_holds_its_answer_back_and_no_other(self, http):
        first = http.get(dns.message.make_query("www.bbc.co.uk", "A"))
        http.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 20})
        http.flush()
        stream = http.request("POST", "/dns-query", QUERY, content_type=MEDIA_TYPE)
        eventually(lambda: http.read_some() or len(http.bodies.get(stream, b"")) == 20)
        assert stream not in http.ended
        http.h2.increment_flow_control_window(65000, stream)
        http.flush()
        http.read(stream)
        assert len(http.bodies[stream]) > 20
        assert first.rcode() == 0

    def test_opening_and_resetting_gains_nothing(self, served, http):
        for _ in range(500):
            stream = http.request("POST", "/dns-query", QUERY, content_type=MEDIA_TYPE)
            http.h2.reset_stream(stream)
        http.flush()
        assert rcode(http.get(dns.message.make_query("www.bbc.co.uk", "A"))) == "NOERROR"
        eventually(lambda: not served.encrypted._listeners[1].answering)

    def test_who_asks_nothing_but_nonsense_is_hung_up_on(self, http):
        for _ in range(MAX_REFUSED + 1):
            http.request("GET", "/favicon.ico")
        http.read(9999)
        assert http.is_over

    @given(st.lists(FRAME, max_size=8))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_frames_leave_the_server_well(self, served, frames):
        """What the loop's exception handler was told is looked at when the server is closed."""
        with served.tls(kind="https", alpn="h2") as secure:
            secure.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
            with contextlib.suppress(OSError):
                for kind, flags, stream, payload in frames:
                    secure.sendall(len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload)
        assert rcode(served.ask("www.bbc.co.uk")) == "NOERROR"

    def test_bytes_that_are_no_http_end_the_connection(self, served):
        with served.tls(kind="https", alpn="h2") as secure:
            secure.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            while secure.recv(4096):
                pass

    def test_silence_ends_the_connection_with_a_good_bye(self, served):
        served.encrypted._listeners[1].idle_seconds = 0.2
        with served.tls(kind="https", alpn="h2") as secure:
            http = Http(secure)
            http.flush()
            http.read(1)
            assert http.is_over

    def test_http_1_is_hung_up_on(self, served):
        with served.tls(kind="https", alpn="http/1.1") as secure:
            assert secure.recv(100) == b""


# ── the certificate ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class TestCertificate:
    def fingerprint(self, served, kind: str = "tls") -> bytes:
        with served.tls(kind=kind, alpn="dot" if kind == "tls" else "h2") as secure:
            return secure.getpeercert(binary_form=True)

    def test_it_is_swapped_while_running_and_nobody_is_cut_off(self, served):
        before = self.fingerprint(served)
        with served.tls() as secure:
            write_certificate(served.authority, served.folder)
            assert served.look() == ["encrypted DNS: the certificate was changed, the new one is shown from now on"]
            assert served.look() == []
            secure.sendall(framed(QUERY))
            assert receive_message(secure)
        assert self.fingerprint(served) != before
        assert self.fingerprint(served, "https") == self.fingerprint(served)

    def test_a_bad_one_leaves_the_one_before_in_force(self, served):
        before = self.fingerprint(served)
        (served.folder / "chain.pem").write_text("nonsense")
        assert served.look() == [], "it may be on its way"
        [told] = served.look()
        assert "there is no certificate in it" in told
        assert "the one before is shown on" in told
        assert served.encrypted.trouble == told
        assert self.fingerprint(served) == before
        assert served.look() == []

    def test_a_key_that_comes_after_its_certificate_is_no_trouble(self, served):
        leaf = served.authority.issue(NAME, f"*.{NAME}")
        leaf.cert_chain_pems[0].write_to_path(str(served.folder / "chain.pem"))
        assert served.look() == []
        leaf.private_key_pem.write_to_path(str(served.folder / "key.pem"))
        assert served.look() == ["encrypted DNS: the certificate was changed, the new one is shown from now on"]

    def test_one_that_comes_late_is_served_from_then_on(self, tmp_path, authority):
        with LocalUpstreamThread() as upstream, LiveServer(RULES, [upstream.endpoint]) as server:
            served = Served(server, tmp_path, authority)
            [told] = served.use()
            assert "No such file" in told
            assert "only plain DNS" in told
            assert rcode(server.ask("www.bbc.co.uk")) == "NOERROR"
            write_certificate(authority, tmp_path)
            assert [each for each in served.look() if "answering on" in each]
            assert served.encrypted.trouble == ""
            assert rcode(served.ask("www.bbc.co.uk")) == "NOERROR"

    @pytest.mark.parametrize(
        "names, days, told",
        [
            pytest.param((), -1, "has expired", id="expired"),
            pytest.param((), 5, "the certificate ends on", id="soon"),
            pytest.param(("dns.other.example",), 30, f"not made out to {NAME}", id="another_name"),
            pytest.param((NAME,), 30, f"not made out to {TOKEN}.{NAME}", id="no_wildcard"),
        ],
    )
    def test_what_devices_will_find_wrong_is_told_once(self, tmp_path, authority, names, days, told):
        write_certificate(authority, tmp_path, *names, days=days)
        with LiveServer(RULES) as server:
            served = Served(server, tmp_path, authority)
            news = [each for each in served.use() if "answering on" not in each]
            assert len(news) == 1
            assert told in news[0]
            assert served.look() == served.use() == []
            write_certificate(authority, tmp_path)
            served.look()
            assert served.encrypted.trouble == ""

    @pytest.mark.parametrize("spoilt", ["chain.pem", "key.pem"])
    def test_files_that_are_none(self, tmp_path, authority, spoilt):
        write_certificate(authority, tmp_path)
        (tmp_path / spoilt).write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        with pytest.raises(BadCertificate):
            read_certificate(tmp_path / "chain.pem", tmp_path / "key.pem").context("dot")

    def test_a_port_that_is_taken_leaves_the_rest(self, served):
        taken = served.endpoint("https")
        with LiveServer(RULES) as server:
            other = Served(server, served.folder, served.authority)
            news = other.use(https=(taken,))
            assert any(each.startswith(f"Couldn't listen on {taken} (https): Address already in use") for each in news)
            assert [kind for kind, _ in other.encrypted.endpoints] == ["tls"]

    def test_it_ends_when_the_rules_say_so(self, served):
        endpoint = served.endpoint("tls")
        served.server._loop.run(served.encrypted.use(None, served.folder, "", served.now))
        with pytest.raises(ConnectionRefusedError), connection(endpoint):
            pass


# ── the whole box ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_box_serves_what_its_file_says(tmp_path, authority):
    """kdig over TLS and HTTPS, known by address and by token; a certificate renewed; a file changed."""
    write_certificate(authority, tmp_path)
    rules = tmp_path / "rules.yaml"
    encrypted = f"encrypted: {{name: {NAME}, certificate: chain.pem, key: key.pem, tls: 127.0.0.1:0, https: 127.0.0.1:0}}"
    story = RULES.replace("rules:\n", "rules:\n  - {name: Not on tablets, block: story.example.org, devices: children}\n")
    rules.write_text(story + f"box: {{names: {{{NAME}: 127.0.0.1}}, {encrypted}}}\n")
    with LocalUpstreamThread() as upstream, BoxProcess(rules, tmp_path / "data", upstreams=[upstream.endpoint]) as box:
        ports = dict(eventually(lambda: answering(box.lines)))

        def kdig(*options: str, source: str = OFFICE_LAPTOP) -> str:
            command = [tool("kdig"), "@127.0.0.1", "-b", source, *options, f"+tls-ca={authority.file}", "story.example.org", "A"]
            return subprocess.run(command, capture_output=True, text=True, check=False).stdout

        for transport in ("+tls", "+https"):
            port = ports[transport[1:]]
            by_token = f"+tls-hostname={TOKEN}.{NAME}"
            known = kdig(transport, "-p", port, f"+tls-hostname={NAME}", "+padding")
            assert "status: NOERROR" in known
            refused = kdig(transport, "-p", port, by_token)
            assert "status: NXDOMAIN" in refused
            assert "EDE: 15 (Blocked)" in refused
        in_path = kdig(f"+https=/dns-query/{TOKEN}", "-p", ports["https"], f"+tls-hostname={NAME}")
        assert "status: NXDOMAIN" in in_path
        for name in (NAME, f"{TOKEN}.{NAME}"):
            assert ask(box.endpoint, name).answer[0][0].to_text() == "127.0.0.1"
        write_certificate(authority, tmp_path)
        eventually(lambda: "the certificate was changed" in box.output)
        rules.write_text(RULES)
        eventually(lambda: "was changed: " in box.output.replace("certificate was changed", ""))
        with pytest.raises(ConnectionRefusedError), connection(Endpoint("127.0.0.1", int(ports["tls"]))):
            pass
        assert box.errors == ""


def answering(lines: list[str]) -> list[tuple[str, str]]:
    found = [line.rstrip(")\n").rpartition(" (") for line in list(lines) if line.endswith(("(tls)\n", "(https)\n"))]
    return [(kind, where.rpartition(":")[2]) for where, _, kind in found] if len(found) == 2 else []




def test_without_h2_dns_over_tls_is_served_and_the_box_says_what_to_install(tmp_path, authority):
    """A Python that cannot find h2, as after a plain `pip install dinnerbell`."""
    write_certificate(authority, tmp_path)
    program = (
        "import sys; sys.modules['h2'] = None\n"
        "import asyncio, pathlib\n"
        "import importlib.util; found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'h2' else found(name, *more)\n"
        "from dinnerbell.config import Encrypted, Endpoint\n"
        "from dinnerbell_dns.encrypted import EncryptedDns\n"
        "here = (Endpoint('127.0.0.1', 0),)\n"
        "async def main():\n"
        "    dns = EncryptedDns(None, lambda source: True)\n"
        f"    wanted = Encrypted({NAME!r}, 'chain.pem', 'key.pem', here, here)\n"
        f"    for news in await dns.use(wanted, pathlib.Path({str(tmp_path)!r}), '', {datetime.now(UTC).timestamp()}): print(news.text)\n"
        "    await dns.stop()\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    on, needs = done.stdout.splitlines()
    assert re.fullmatch(r"answering on 127\.0\.0\.1:\d+ \(tls\)", on)
    assert "pip install 'dinnerbell[doh]'" in needs
