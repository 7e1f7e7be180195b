"""The addon's hooks on connections that a router sent here (transparent mode), which no test can make without being the router."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dinnerbell.usage import Batch
from live import ACORN_LANE, OFFICE_LAPTOP, TABLET, Moment

pytest.importorskip("mitmproxy", reason="the extra `proxy` is not installed")

from mitmproxy import connection, options, tls
from mitmproxy.proxy import context, mode_specs, server_hooks
from mitmproxy.test import tflow

from dinnerbell_proxy.addon import DinnerbellAddon

ADDRESS = "198.51.100.7"
BLOCKED, ALLOWED = "www.instagram.com", "www.example.org"


class Hello:
    """What the addon reads of a ClientHello."""

    def __init__(self, sni: str | None, *, is_readable: bool = True) -> None:
        self.sni = sni
        self.extensions = [(0, b"")] if sni or not is_readable else []


class Router:
    """The addon, and connections as a router would redirect them to it."""

    def __init__(self, folder: Path) -> None:
        rules = folder / "rules.yaml"
        rules.write_text(ACORN_LANE.replace("address: 127.0.0.31}", "address: 127.0.0.31, proxy: intercept}"))
        self.addon = DinnerbellAddon(rules, folder / "data", Moment().clock)
        self.addon.start()

    def client(self, source: str, mode: str = "transparent") -> connection.Client:
        return connection.Client(
            peername=(source, 40000), sockname=("127.0.0.1", 8080), timestamp_start=1.0, proxy_mode=mode_specs.ProxyMode.parse(mode)
        )

    def hello(self, client: connection.Client, hello: Hello) -> tls.ClientHelloData:
        facts = context.Context(client, options.Options())
        facts.server.address = (ADDRESS, 443)
        client.sni = hello.sni
        data = tls.ClientHelloData(facts, hello)
        self.addon.tls_clienthello(data)
        return data

    def leads_to(self, client: connection.Client) -> tuple[str, int] | None:
        """Return where the gate lets this connection go; None: nowhere."""
        server = connection.Server(address=(ADDRESS, 443))
        self.addon.server_connect(server_hooks.ServerConnectionHookData(server, client))
        return None if server.error else server.address

    def logged(self) -> Batch:
        return self.addon.keeper.ledger.take()


@pytest.fixture
def router(tmp_path) -> Iterator[Router]:
    found = Router(tmp_path)
    yield found
    found.addon.keeper._log.stop()


HELLOS = [
    pytest.param(OFFICE_LAPTOP, Hello(ALLOWED), True, (ADDRESS, 443), id="passes_where_it_was_going"),
    pytest.param(OFFICE_LAPTOP, Hello(BLOCKED), True, None, id="is_hung_up_on_undecrypted"),
    pytest.param(OFFICE_LAPTOP, Hello(None), True, (ADDRESS, 443), id="has_only_its_address"),
    pytest.param(OFFICE_LAPTOP, Hello(None, is_readable=False), True, None, id="has_a_name_that_cannot_be_read"),
    pytest.param(OFFICE_LAPTOP, Hello("www.google.com"), True, ("forcesafesearch.google.com", 443), id="is_led_to_safe_search"),
    pytest.param(TABLET, Hello(BLOCKED), False, None, id="is_decrypted_for_the_page_and_reaches_nobody"),
    pytest.param(TABLET, Hello(ALLOWED), True, (ADDRESS, 443), id="passes_undecrypted_on_a_device_that_trusts_us"),
]


@pytest.mark.parametrize("source, hello, passed_through, destination", HELLOS)
def test_a_redirected_connection(router, source, hello, passed_through, destination):
    client = router.client(source)
    assert router.hello(client, hello).ignore_connection is passed_through
    assert router.leads_to(client) == destination


def test_what_dns_let_pass_is_not_counted_twice(router):
    """A redirected client asked DNS first. What is refused here got round it, and is counted."""
    for name in (ALLOWED, BLOCKED):
        router.hello(router.client(OFFICE_LAPTOP), Hello(name))
    assert [key.name for _, key in router.logged().lookups] == [BLOCKED]


def test_a_redirected_request_is_judged_by_its_host(router):
    """Its address is the one that DNS gave for the host; it is judged only where there is no host."""
    for host, status in ((ALLOWED, None), (BLOCKED, 403), ("192.168.1.1", None), ("a b", 400), ("", None)):
        flow = tflow.tflow()
        flow.client_conn = router.client(OFFICE_LAPTOP)
        flow.request.host, flow.request.port, flow.request.host_header = ADDRESS, 80, host or None
        router.addon.requestheaders(flow)
        assert (flow.response.status_code if flow.response else None) == status


def test_what_is_neither_tls_nor_http_goes_by_its_address(router):
    assert router.leads_to(router.client(OFFICE_LAPTOP)) == (ADDRESS, 443)


def test_nothing_is_kept_of_a_connection_that_ended(router):
    client = router.client(OFFICE_LAPTOP)
    router.hello(client, Hello(ALLOWED))
    router.addon.client_disconnected(client)
    assert router.addon._rulings == {}


def test_what_tunnels_and_websockets_carry_is_not_kept(router):
    stream, socket_ = tflow.ttcpflow(), tflow.twebsocketflow()
    assert stream.messages
    router.addon.tcp_message(stream)
    router.addon.websocket_message(socket_)
    assert stream.messages == []
    assert socket_.websocket is not None
    assert socket_.websocket.messages == []


def test_without_rules_the_addon_stops_mitmdump(tmp_path, caplog):
    """It says what is wrong; mitmproxy ends on an error that is logged at the start."""
    addon = DinnerbellAddon(tmp_path / "nowhere.yaml", tmp_path / "data", Moment().clock)
    addon.load(None)
    assert "nowhere.yaml:1:1: Couldn't read the rules: No such file or directory" in caplog.text
