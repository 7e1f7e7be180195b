"""A process that answers beside the box: obeys its orders, reports what it counted, and ends with it (shell).

It watches no file and writes none. Rules are read in a thread beside, so that the answering goes on.
"""

import asyncio
import contextlib
import os
import socket
from dataclasses import replace
from pathlib import Path

from dinnerbell.clock import Clock
from dinnerbell.config import Rules
from dinnerbell.lists.matcher import NameList
from dinnerbell.lists.store import open_lists
from dinnerbell.passes import with_passes
from dinnerbell.rules import read_rules
from dinnerbell.running.console import say
from dinnerbell.running.whom_to_ask import CannotAsk, WhomToAsk
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.workers.channel import Broken, pack, receive
from dinnerbell.workers.measure import figures_of
from dinnerbell.workers.messages import Call, Orders, Report, Stop
from dinnerbell_dns.machine import on_link_networks
from dinnerbell_dns.server import Server
from dinnerbell_dns.upstream import Forwarder

LOOK_SECONDS = 0.1
REPORT_SECONDS = 0.2
"""What a worker loses when it is killed."""
REFRESH_SECONDS = 1.0


class Worker:
    def __init__(self, channel: socket.socket, clock: Clock) -> None:
        """`channel`: its end of the socket pair."""
        self._channel = channel
        self._clock = clock
        self._wake = asyncio.Event()
        self._orders: Orders | None = None
        """Those that are not obeyed yet."""
        self._obeyed = self._called = self._reported_call = 0
        self._stopping = False
        self._read: tuple[str, Rules] | None = None
        """The text that was read last, and what it says."""
        self._lists: dict[str, NameList] = {}
        self._whom_to_ask = WhomToAsk(Forwarder())

    async def run(self) -> int:
        """Answer until the box says stop; return the exit code."""
        reader, writer = await asyncio.open_connection(sock=self._channel)
        listening = asyncio.get_running_loop().create_task(self._listen(reader))
        orders = await self._first_orders()
        if orders is None:
            return 0
        server = Server(await asyncio.to_thread(self._rules, orders), self._whom_to_ask.forwarder, self._clock, on_link_networks())
        while (newer := self._take_orders()) is not None:  # they have changed while they were read: nobody is answered by the old ones
            orders = newer
            server.use(await asyncio.to_thread(self._rules, orders))
        self._obeyed = orders.number
        self._choose_upstreams(orders, server.rules)
        try:
            await server.start(orders.endpoints, shared=True)
        except OSError as error:
            say(str(error.strerror or error), error=True)
            return 1
        try:
            await self._work(server, writer)
        finally:
            await server.stop()
        self._report(server, writer)
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        listening.cancel()
        return 0

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                message = await receive(reader)
            except Broken:
                if not self._stopping:
                    os._exit(1)  # the box is gone: nobody takes our counts, and the next box wants our ports
                return
            if isinstance(message, Orders):
                self._orders = message
            elif isinstance(message, Call):
                self._called = message.number
            elif isinstance(message, Stop):
                self._stopping = True
            self._wake.set()

    async def _first_orders(self) -> Orders | None:
        """Return what to begin with; None: the box is ending before we have begun."""
        await self._wake.wait()
        return self._take_orders()

    def _take_orders(self) -> Orders | None:
        orders, self._orders = self._orders, None
        return orders

    async def _work(self, server: Server, writer: asyncio.StreamWriter) -> None:
        refreshed = reported = self._clock.ticks()
        self._report(server, writer)
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            server.look_around()
            now = self._clock.ticks()
            self._whom_to_ask.look(now)
            if now - refreshed >= REFRESH_SECONDS:
                refreshed = now
                server.refresh_popular()
            if (orders := self._take_orders()) is not None:
                server.use(await asyncio.to_thread(self._rules, orders))
                self._choose_upstreams(orders, server.rules)
                self._obeyed = orders.number
                reported = 0.0
            is_called = self._called != self._reported_call
            # what the box has not read yet waits in here, within the bounds of a batch, and not in a pipe
            if (is_called or now - reported >= REPORT_SECONDS) and not writer.transport.get_write_buffer_size():
                reported = now
                self._report(server, writer)

    def _report(self, server: Server, writer: asyncio.StreamWriter) -> None:
        self._reported_call = self._called
        writer.write(pack(Report(server.take_counts(), figures_of(server, with_shared=False), self._obeyed, self._called)))

    def _rules(self, orders: Orders) -> Rules:
        """Return what the orders say has to be enforced. May take a while."""
        if self._read is None or self._read[0] != orders.text:
            self._read = orders.text, read_rules(orders.text, catalogue=shipped_catalogue())
        rules = self._read[1]
        opened = open_lists(Path(orders.data), rules.box.lists).names
        wanted = {source.name for source in rules.box.lists}
        # what is mapped goes on even if its file is gone
        self._lists = {name: names for name, names in (self._lists | dict(opened)).items() if name in wanted}
        policy = replace(with_passes(rules.policy, list(orders.passes)), clock_is_wrong=orders.clock_is_wrong, lists=self._lists)
        return replace(rules, policy=policy)

    def _choose_upstreams(self, orders: Orders, rules: Rules) -> None:
        with contextlib.suppress(CannotAsk):  # the box says so, and those that were asked are asked on
            self._whom_to_ask.choose(orders.upstream or rules.box.upstream, orders.listen)
