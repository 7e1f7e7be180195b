"""The addon for mitmproxy: facts from its hooks, a ruling from `judge`, and obeying it (shell).

`dinnerbell proxy` runs it; `mitmdump -s addon.py` does too, with DINNERBELL_RULES and DINNERBELL_DATA saying where the files are.

Each client connection keeps the last ruling that was made on it, and `server_connect`, the one gate through which every connection to
a server goes, obeys it: what was refused reaches nobody, whatever protocol it turns out to speak.
"""

import asyncio
import contextlib
import logging
import os
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from mitmproxy import connection, ctx, http, tcp, tls
from mitmproxy.addonmanager import Loader
from mitmproxy.proxy import mode_specs, server_hooks

from dinnerbell.clock import Clock
from dinnerbell.files import RulesFileError
from dinnerbell.log import LogError, usage_path
from dinnerbell.log_thread import LogThread
from dinnerbell.model import plain_address
from dinnerbell.plain import refusal
from dinnerbell.usage import LogKey
from dinnerbell_dns.clients import is_answered
from dinnerbell_proxy.block_page import Answer, Refused, answer_plainly, answer_refused
from dinnerbell_proxy.judge import (
    Case,
    Judged,
    Ruling,
    Step,
    authority_host,
    judge_connect,
    judge_decrypted,
    judge_hello,
    judge_request,
)
from dinnerbell_proxy.ledger import Ledger
from dinnerbell_proxy.watch import LOOK_SECONDS, RulesInForce, say

_OPTIONS = {"connection_strategy": "lazy", "http2": False, "stream_large_bodies": "1m", "flow_detail": 0}
"""What the judging rests on: nobody is connected to before the name is judged; and what passes is neither kept nor printed.
HTTP/2 is only spoken in what is decrypted, which is refusals: there, one answer and a closed connection is all there is."""
_MOST_BODY = 65_536
"""Bytes of a refused request's body that are waited for, so that it gets an answer; of more the stream is cut."""
_SNI_EXTENSION = 0  # RFC 6066
_STATUS = {Step.REFUSE: 403, Step.ELSEWHERE: 421, Step.MALFORMED: 400}


class DinnerbellAddon:
    """What mitmproxy calls. `start` it before it is added, or it starts itself when it is loaded."""

    def __init__(self, rules_path: Path, data: Path, clock: Clock) -> None:
        self._clock = clock
        self._watch = RulesInForce(rules_path, data, clock)
        self._log = LogThread(usage_path(data))
        self._ledger = Ledger()
        self._rulings: dict[str, Ruling] = {}
        self._tunnels: dict[str, str] = {}
        """By the client connection's id: the host that it asked a tunnel to."""
        self._own: set[tuple[str, int]] = set()
        """The near ends of our connections to servers: a client that comes from one of them is ourselves."""
        self._work: asyncio.Task[None] | None = None
        self._is_started = False

    def start(self) -> None:
        """Read the rules and open the log. Raises RulesFileError or LogError."""
        self._watch.start()
        self._log.start()
        self._is_started = True

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def load(self, loader: Loader) -> None:  # noqa: ARG002 - the hook's form
        if not self._is_started:
            try:
                self.start()
            except (RulesFileError, LogError) as error:
                logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - an error at the start ends mitmdump; the text says it all
                return
        ctx.options.update(**{name: value for name, value in _OPTIONS.items() if name in ctx.options})

    def running(self) -> None:
        if self._is_started:
            self._work = asyncio.create_task(self._watch_and_write())
            for address, port, *_ in ctx.master.addons.get("proxyserver").listen_addrs():
                say(f"proxying on {f'[{address}]' if ':' in address else address}:{port}")

    async def done(self) -> None:
        if self._work is not None:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work
        if self._is_started:
            self._log.put(self._ledger.take())
            await asyncio.to_thread(self._log.stop)
            if self._log.trouble:
                say(self._log.trouble, error=True)

    async def _watch_and_write(self) -> None:
        written, trouble = self._clock.ticks(), None
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, self._watch.rules.log.flush_seconds * 0.9))
            await asyncio.to_thread(self._watch.look)
            if self._clock.ticks() - written >= self._watch.rules.log.flush_seconds * 0.9:
                written = self._clock.ticks()
                if batch := self._ledger.take():
                    self._log.put(batch)
            if self._log.trouble != trouble:
                trouble = self._log.trouble
                say(trouble or "the usage log can be written again", error=True)

    # ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def client_connected(self, client: connection.Client) -> None:
        if not is_answered(_address(client.peername[0]), self._watch.networks):
            client.error = "not one of the networks that are served"

    def client_disconnected(self, client: connection.Client) -> None:
        self._rulings.pop(client.id, None)
        self._tunnels.pop(client.id, None)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        address = data.server.address
        if address is None:
            return
        ruling = self._rulings.get(data.client.id)
        if ruling is None:  # neither TLS nor HTTP: there is nothing but the address to go by
            case = self._case(data.client)
            ruling = self._rule(data.client, case, judge_hello(case, None, None, address[0]))
        if not ruling.is_open or data.client.tls_established:
            data.server.error = "refused"
        elif ruling.target is not None:
            data.server.address = (ruling.target, address[1])

    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        if data.server.sockname is not None:
            self._own.add(_end(data.server.sockname))

    def server_disconnected(self, data: server_hooks.ServerConnectionHookData) -> None:
        if data.server.sockname is not None:
            self._own.discard(_end(data.server.sockname))

    # ── what carries a name ──────────────────────────────────────────────────────────────────────────────────────────────────

    def http_connect(self, flow: http.HTTPFlow) -> None:
        client, request = flow.client_conn, flow.request
        self._tunnels[client.id] = request.host
        if self._is_loop(client):
            flow.kill()
            return
        case = self._case(client)
        ruling = self._rule(client, case, judge_connect(case, request.host, request.port))
        if ruling.step not in (Step.PASS, Step.SHOW):
            flow.response = _response(answer_plainly(_STATUS[ruling.step], self._sentence(ruling)))

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        client, address = data.context.client, data.context.server.address
        hello = data.client_hello
        case = self._case(client)
        if address is None or self._is_loop(client) or (hello.sni is None and any(kind == _SNI_EXTENSION for kind, _ in hello.extensions)):
            ruling = Ruling(Step.REFUSE)  # TLS to the proxy itself; or a name that cannot be read
        else:
            ruling = self._rule(client, case, judge_hello(case, hello.sni, self._tunnels.get(client.id), address[0]))
        self._rulings[client.id] = ruling
        data.ignore_connection = ruling.step is not Step.SHOW  # refused: `server_connect` hangs up

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        client, request = flow.client_conn, flow.request
        if self._is_loop(client):
            flow.kill()
            return
        case = self._case(client)
        host = authority_host(request.host_header) if request.host_header else None
        if client.tls_established:
            ruling = judge_decrypted(case, host, client.sni or self._tunnels.get(client.id))
        elif _is_asked(client):
            ruling = judge_request(case, (host, request.host), request.port)
        else:
            ruling = judge_request(case, (host or request.host,), None)
        self._rule(client, case, ruling)
        if not ruling.is_open:
            self._answer(flow, case, ruling)
        elif ruling.target is not None:
            _lead(request, ruling.target)
            self._rulings[client.id] = Ruling(Step.PASS)  # and the gate has nothing to add

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        flow.messages.clear()  # mitmproxy keeps what a tunnel carried, for people who look at it: nobody does here

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        if flow.websocket is not None:
            flow.websocket.messages.clear()

    # ── obeying ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _case(self, client: connection.Client) -> Case:
        policy = self._watch.rules.policy
        at = datetime.fromtimestamp(self._clock.wall(), UTC)
        return Case(policy, policy.device_at(_address(client.peername[0])), at)

    def _rule(self, client: connection.Client, case: Case, ruling: Ruling) -> Ruling:
        """Remember the ruling for the gate, and count its names. What DNS let pass on a redirected connection, DNS has counted."""
        self._rulings[client.id] = ruling
        for judged in ruling.judged:
            if judged.is_refused or _is_asked(client):
                self._note(case, judged)
        return ruling

    def _note(self, case: Case, judged: Judged) -> LogKey | None:
        level = self._watch.rules.log.levels[case.device.owner]
        return self._ledger.note(case.device, level, judged, int(case.at.timestamp() // 60))

    def _answer(self, flow: http.HTTPFlow, case: Case, ruling: Ruling) -> None:
        request, about = flow.request, ruling.about
        if not _is_short(request):
            flow.kill()
            return
        if ruling.step is Step.REFUSE and not ruling.why and about is not None:
            refused = Refused(case.policy, case.device, about.name, about.decision, case.at, self._note(case, about))
            answer = answer_refused(refused, request.headers.get("Sec-Fetch-Dest"), request.headers.get("Accept", ""))
        else:
            answer = answer_plainly(_STATUS[ruling.step], self._sentence(ruling))
        flow.response = _response(answer, closes=flow.client_conn.tls_established, is_head=request.method == "HEAD")

    def _sentence(self, ruling: Ruling) -> str:
        if ruling.why or ruling.about is None:
            return ruling.why
        policy = self._watch.rules.policy
        return refusal(ruling.about.decision, policy, datetime.fromtimestamp(self._clock.wall(), UTC))

    def _is_loop(self, client: connection.Client) -> bool:
        return _end(client.peername) in self._own


def _response(answer: Answer, *, closes: bool = False, is_head: bool = False) -> http.Response:
    headers = {**answer.headers, **({"Connection": "close"} if closes else {})}
    return http.Response.make(answer.status, b"" if is_head else answer.body.encode(), headers)


def _lead(request: http.Request, target: str) -> None:
    """Send a request to another host than the one it names, which is what it goes on asking for.

    Here and not at the gate, so that mitmproxy knows the connection again at the next request: it opens at most five to one host.
    """
    named = request.host_header
    request.host = target
    request.host_header = named


def _is_short(request: http.Request) -> bool:
    """Tell whether the request's body is surely short enough to be waited for."""
    length = request.headers.get("Content-Length", "0")
    return "Transfer-Encoding" not in request.headers and length.isdecimal() and int(length) <= _MOST_BODY


def _is_asked(client: connection.Client) -> bool:
    """Tell whether the client knows that it talks to a proxy; otherwise its connection was redirected here."""
    return isinstance(client.proxy_mode, mode_specs.RegularMode | mode_specs.UpstreamMode)


def _end(address: tuple[str, int] | tuple[str, int, int, int]) -> tuple[str, int]:
    return str(_address(address[0])), address[1]


_address = lru_cache(maxsize=4096)(plain_address)


addons = [
    DinnerbellAddon(
        Path(os.environ.get("DINNERBELL_RULES", "rules.yaml")),
        Path(os.environ.get("DINNERBELL_DATA", "data")),
        Clock(time.time, time.monotonic),
    )
]
"""What `mitmdump -s` takes."""
