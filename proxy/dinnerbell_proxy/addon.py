"""The addon for mitmproxy: facts from its hooks, a ruling from `judge`, and obeying it (shell).

`dinnerbell proxy` runs it; `mitmdump -s addon.py` does too, with DINNERBELL_RULES and DINNERBELL_DATA saying where the files are.

Each client connection keeps the last ruling that was made on it, and `server_connect`, the one gate through which every connection to
a server goes, obeys it: what was refused reaches nobody, whatever protocol it turns out to speak. What passed is kept in `open_now`, and
closed when it is no longer allowed.
"""

import contextlib
import ipaddress
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mitmproxy import connection, ctx, http, tcp, tls
from mitmproxy.addonmanager import Loader
from mitmproxy.proxy import server_hooks

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint
from dinnerbell.files import RulesFileError
from dinnerbell.log import LogError
from dinnerbell.model import Network, plain_address
from dinnerbell.names import BadName
from dinnerbell.words.plain import refusal
from dinnerbell_dns.clients import is_answered
from dinnerbell_proxy.block_page import MISTAKEN_PATH, Refused, answer_plainly, answer_refused, answer_thanks
from dinnerbell_proxy.cutting import cut
from dinnerbell_proxy.hosts import authority_host, host_name, is_inside
from dinnerbell_proxy.judge import Case, Judged, Ruling, Step, judge_connect, judge_decrypted, judge_hello, judge_inside, judge_request
from dinnerbell_proxy.keeper import Keeper, minute_of
from dinnerbell_proxy.messages import facts, is_asked, is_short, lead, make_request_safe, make_response, says_it_is_short
from dinnerbell_proxy.open_now import Over
from dinnerbell_proxy.pac import is_pac_request, pac_answer
from dinnerbell_proxy.sight import Fetch, Opened
from dinnerbell_proxy.watch import say

_OPTIONS = {"connection_strategy": "lazy", "stream_large_bodies": "1m", "flow_detail": 0}
"""What the judging rests on: nobody is connected to before the name is judged; and what passes is neither kept nor printed."""
_SNI_EXTENSION = 0  # RFC 6066
_STATUS = {Step.REFUSE: 403, Step.ELSEWHERE: 421, Step.MALFORMED: 400}


@dataclass(slots=True)
class _Seen:
    """A request that passed, as it was judged; `size`: bytes of its answer so far."""

    case: Case
    judged: Judged
    fetch: Fetch
    size: int = 0


class DinnerbellAddon:
    """What mitmproxy calls. `start` it before it is added, or it starts itself when it is loaded."""

    def __init__(self, rules_path: Path, data: Path, clock: Clock) -> None:
        self.keeper = Keeper(rules_path, data, clock)
        self._opened = Opened()
        self._rulings: dict[str, Ruling] = {}
        """By the client connection's id: what was last ruled on the connection, or on a request in it that passed."""
        self._tunnels: dict[str, str] = {}
        """By the client connection's id: the host that it asked a tunnel to."""
        self._stopped: set[str] = set()
        """Requests, by the flow's id, whose data is to stop while others on their connection go on."""
        self._own: set[tuple[str, int]] = set()
        """The near ends of our connections to servers: a client that comes from one of them is ourselves."""

    def start(self) -> None:
        """Read the rules and open the log. Raises RulesFileError or LogError."""
        self.keeper.start()

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def load(self, loader: Loader) -> None:
        if not self.keeper.is_started:
            try:
                self.start()
            except (RulesFileError, LogError) as error:
                logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - an error at the start ends mitmdump; the text says it all
                return
        loader.add_option("dinnerbell_inside", Sequence[str], [], "Addresses inside the network that the proxy may lead to all the same.")
        ctx.options.update(**{name: value for name, value in _OPTIONS.items() if name in ctx.options})

    def running(self) -> None:
        if self.keeper.is_started:
            self.keeper.run(self._close)
            for address, port, *_ in ctx.master.addons.get("proxyserver").listen_addrs():
                say(f"proxying on {Endpoint(address, port)}")

    async def done(self) -> None:
        await self.keeper.stop()

    def _close(self, over: Over) -> None:
        """Close what is no longer allowed."""
        self._stopped.update(over.flows)
        for client_id in over.connections:
            cut(client_id)

    # ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def client_connected(self, client: connection.Client) -> None:
        if not is_answered(_address(client.peername[0]), self.keeper.watch.networks):
            client.error = "not one of the networks that are served"

    def client_disconnected(self, client: connection.Client) -> None:
        self._rulings.pop(client.id, None)
        self._tunnels.pop(client.id, None)
        self.keeper.open_now.close(client.id)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        client, server = data.client, data.server
        if server.address is None:
            return
        ruling = self._rulings.get(client.id)
        if ruling is None:  # neither TLS nor HTTP: there is nothing but the address to go by
            case = self._case(client)
            ruling = self._rule(client, case, judge_hello(case, None, None, server.address[0]))
        if ruling.step is not Step.PASS:  # LOOK too: what passes inside has said so itself
            server.error = "refused"
        elif client.tls_established:
            server.sni = client.sni or server.sni  # a request that is led to a safe host goes on asking for its own name
        elif ruling.target is not None:
            server.address = (ruling.target, server.address[1])

    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        server = data.server
        if server.sockname is not None:
            self._own.add(_end(server.sockname))
        if server.address is not None and server.peername is not None and is_asked(data.client) and self._leads_inside(server):
            server.error = "it leads into this network"
            cut(data.client.id)

    def server_disconnected(self, data: server_hooks.ServerConnectionHookData) -> None:
        if data.server.sockname is not None:
            self._own.discard(_end(data.server.sockname))

    def _leads_inside(self, server: connection.Server) -> bool:
        """Tell whether a *name* led into the network or back to this machine. An address was judged as the name it is."""
        assert server.address is not None and server.peername is not None  # noqa: S101, PT018 - the caller looked
        with contextlib.suppress(ValueError):
            _address(server.address[0])
            return False
        there = _address(server.peername[0])
        if any(there in network for network in _networks(tuple(ctx.options.dinnerbell_inside)) if network.version == there.version):
            return False
        return is_inside(there) or (server.sockname is not None and there == _address(server.sockname[0]))

    # ── what carries a name ──────────────────────────────────────────────────────────────────────────────────────────────────

    def http_connect(self, flow: http.HTTPFlow) -> None:
        client, request = flow.client_conn, flow.request
        self._tunnels[client.id] = request.host
        if self._is_loop(client):
            flow.kill()
            return
        case = self._case(client)
        ruling = self._rule(client, case, judge_connect(case, request.host, request.port))
        if not (ruling.is_open or ruling.is_decrypted):
            flow.response = make_response(answer_plainly(_STATUS[ruling.step], self._sentence(ruling)), request)

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        client, address = data.context.client, data.context.server.address
        hello = data.client_hello
        case = self._case(client)
        if address is None or self._is_loop(client) or (hello.sni is None and any(kind == _SNI_EXTENSION for kind, _ in hello.extensions)):
            ruling = self._rule(client, case, Ruling(Step.REFUSE))  # TLS to the proxy itself; or a name that cannot be read
        else:
            ruling = self._rule(client, case, judge_hello(case, hello.sni, self._tunnels.get(client.id), address[0]))
        data.ignore_connection = not ruling.is_decrypted  # refused: `server_connect` hangs up
        if ruling.is_decrypted:
            self.keeper.ledger.note_look(case.device, minute_of(case.at), is_shown=ruling.step is Step.SHOW)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        client, request = flow.client_conn, flow.request
        if self._is_loop(client):
            flow.kill()
            return
        own = Endpoint(str(_address(client.sockname[0])), client.sockname[1])
        if is_asked(client) and not client.tls_established and is_pac_request(request.host, request.port, request.path, own):
            flow.response = make_response(pac_answer(own), request)
            return
        case = self._case(client)
        host = authority_host(request.host_header) if request.host_header else None
        fetch = facts(request, _name(host or request.host))
        sight = self._opened.sight(case.device.name, fetch)
        before = self._rulings.get(client.id)
        if client.tls_established and before is not None and before.step is Step.SHOW:
            ruling = judge_decrypted(case, host, client.sni or self._tunnels.get(client.id))
        elif client.tls_established:
            ruling = judge_inside(case, host, client.sni or self._tunnels.get(client.id), sight)
        elif is_asked(client):
            ruling = judge_request(case, (host, request.host), request.port, sight)
        else:
            ruling = judge_request(case, (host or request.host,), None, sight)
        self._count(client, case, ruling)
        if request.method == "POST" and request.path == MISTAKEN_PATH and is_short(request):
            flow.metadata[_SAID] = case, ruling  # `request` has the form, and answers it
            return
        if not ruling.is_open:
            if fetch.is_page and ruling.about is not None:
                self.keeper.note_page(case, ruling.about, loads=1, size=0)
            self._answer(flow, case, ruling)
            return
        self._opened.remember(case.device.name, fetch, sight)
        make_request_safe(request, ruling.engines)
        if ruling.target is not None:
            lead(request, ruling.target)
        self._rulings[client.id] = Ruling(Step.PASS)  # and the gate has nothing to add
        self.keeper.open_now.begin(client.id, _address(client.peername[0]), flow.id, ruling.judged)
        flow.metadata[_SEEN] = _Seen(case, ruling.judged[0], fetch)

    def request(self, flow: http.HTTPFlow) -> None:
        """Take the form of the page that says why: closed by mistake."""
        said: tuple[Case, Ruling] | None = flow.metadata.pop(_SAID, None)
        if said is None:
            return
        case, ruling = said
        about = ruling.about
        if ruling.is_open or about is None or not about.is_refused:
            answer = answer_plainly(200, "It is not closed any more.")
        elif flow.request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            answer = answer_plainly(403, "")  # another page's form, in somebody else's name
        else:
            self.keeper.ledger.note_mistaken(case.device, about, minute_of(case.at), flow.request.urlencoded_form.get("words", ""))
            answer = answer_thanks(Refused(case.policy, case.device, about.name, about.decision, case.at))
        flow.response = make_response(answer, flow.request)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Let what passes flow by as it comes: nothing of it is kept, and a stream that never ends is a stream.

        What is short and says so is sent in one piece instead: a piece more costs more than all the judging.
        """
        if flow.response is not None and flow.response.status_code != _SWITCHING and not says_it_is_short(flow.response):
            flow.response.stream = self._tap(flow)

    def response(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is None:
            self._ended(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        self._ended(flow)

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        self._ended(flow)

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        flow.messages.clear()  # mitmproxy keeps what a tunnel carried, for people who look at it: nobody does here

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is not None:
            if flow.id in self._stopped:
                flow.websocket.messages[-1].drop()
            flow.websocket.messages.clear()

    # ── obeying ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _case(self, client: connection.Client) -> Case:
        return self.keeper.case(_address(client.peername[0]))

    def _rule(self, client: connection.Client, case: Case, ruling: Ruling) -> Ruling:
        """Remember the ruling on a connection for the gate, what is open by it, and count its names."""
        self._rulings[client.id] = ruling
        if ruling.is_open:
            self.keeper.open_now.tunnel(client.id, _address(client.peername[0]), ruling.judged, is_decrypted=ruling.step is Step.LOOK)
        self._count(client, case, ruling)
        return ruling

    def _count(self, client: connection.Client, case: Case, ruling: Ruling) -> None:
        """Count its names. What DNS let pass on a redirected connection, DNS has counted."""
        for judged in ruling.judged:
            if judged.is_refused or is_asked(client):
                self.keeper.note(case, judged)

    def _tap(self, flow: http.HTTPFlow) -> Callable[[bytes], bytes | list[bytes]]:
        """Return what a response flows through: counted, and stopped when it is no longer allowed."""
        seen: _Seen | None = flow.metadata.get(_SEEN)

        def pass_on(data: bytes) -> bytes | list[bytes]:
            if flow.id in self._stopped:
                return []
            if seen is not None:
                seen.size += len(data)
            return data

        return pass_on

    def _ended(self, flow: http.HTTPFlow) -> None:
        seen: _Seen | None = flow.metadata.pop(_SEEN, None)
        if seen is not None and flow.response is not None:
            if not flow.response.stream:
                seen.size = len(flow.response.raw_content or b"")
            loads = 1 if seen.fetch.is_page and flow.response.status_code < _REDIRECTION else 0
            self.keeper.note_page(seen.case, seen.judged, loads=loads, size=seen.size)
        self._stopped.discard(flow.id)
        self.keeper.open_now.end(flow.client_conn.id, flow.id)

    def _answer(self, flow: http.HTTPFlow, case: Case, ruling: Ruling) -> None:
        request, about = flow.request, ruling.about
        if not is_short(request):
            flow.kill()
            return
        if ruling.step is Step.REFUSE and not ruling.why and about is not None:
            refused = Refused(case.policy, case.device, about.name, about.decision, case.at, self.keeper.note(case, about))
            answer = answer_refused(refused, request.headers.get("Sec-Fetch-Dest"), request.headers.get("Accept", ""))
        else:
            answer = answer_plainly(_STATUS[ruling.step], self._sentence(ruling))
        shown = self._rulings.get(flow.client_conn.id)
        flow.response = make_response(answer, request, closes=shown is not None and shown.step is Step.SHOW)

    def _sentence(self, ruling: Ruling) -> str:
        if ruling.why or ruling.about is None:
            return ruling.why
        return refusal(ruling.about.decision, self.keeper.watch.rules.policy, self.keeper.now())

    def _is_loop(self, client: connection.Client) -> bool:
        return _end(client.peername) in self._own


_SAID, _SEEN = "dinnerbell-said", "dinnerbell-seen"
"""Under these names mitmproxy keeps our things with a request."""
_REDIRECTION = 300
_SWITCHING = 101  # RFC 9110 section 15.2.2: a WebSocket begins


def _name(host: str) -> str:
    try:
        return host_name(host)
    except BadName:
        return ""  # and so it will be judged


def _end(address: tuple[str, int] | tuple[str, int, int, int]) -> tuple[str, int]:
    return str(_address(address[0])), address[1]


_address = lru_cache(maxsize=4096)(plain_address)


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


addons = [
    DinnerbellAddon(
        Path(os.environ.get("DINNERBELL_RULES", "rules.yaml")),
        Path(os.environ.get("DINNERBELL_DATA", "data")),
        Clock(time.time, time.monotonic),
    )
]
"""What `mitmdump -s` takes."""
