"""UDP sockets, drained in bulk: the hot path (shell).

A datagram's way: a reader finds its bytes in the client's first cache, writes the answer behind the ID and sends the whole tray
(`tray.py`); anything else goes the slow way, to the server.
"""

import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dinnerbell.config import Endpoint
from dinnerbell_dns.clients import Client
from dinnerbell_dns.tally import Drops, Tally
from dinnerbell_dns.tray import SLOT_SIZE, Tray

MAX_DATAGRAM = SLOT_SIZE
RECEIVE_BUFFER = 1 << 20
"""Bytes: what a whole setting asks in the moment that a reload takes."""
_WILDCARDS = ("0.0.0.0", "::")

Send = Callable[[bytes, Any], object]
"""(message, destination)"""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a reader works with: who has asked before, what is counted, and where the rest goes."""

    clients: dict[str, Client]
    known: dict[bytes, Client]
    """The same by the bytes of their addresses; whoever takes one out of `clients` empties this."""
    tally: Tally
    drops: Drops
    slow: Callable[[bytes, Any, Send], None]
    """(datagram, source, how to answer)"""


def open_socket(endpoint: Endpoint, *, shared: bool = False) -> socket.socket:
    """Return a bound socket; `shared`: others of this user may answer beside it, if they said so too (SO_REUSEPORT). Raises OSError."""
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        with contextlib.suppress(PermissionError):  # the kernel's own bound (rmem_max) is a fifth of it
            udp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
        udp.bind((endpoint.address, endpoint.port))
    except OSError:
        udp.close()
        raise
    return udp


def queue_drops(udp: socket.socket) -> int:
    """Return how many datagrams found this socket's queue full since it was opened (Linux; elsewhere 0)."""
    try:
        return int(_MEMINFO.unpack(udp.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1])
    except (OSError, struct.error):
        return 0


_SO_RCVBUFFORCE, _SO_MEMINFO = 33, 55
"""Linux's numbers; Python has no names for them. SO_MEMINFO's last figure is SK_MEMINFO_DROPS."""
_MEMINFO = struct.Struct("=9I")


def reader(udp: socket.socket, endpoint: Endpoint, desk: Desk) -> Callable[[], None]:
    """Return the callback that empties the socket, which is bound to `endpoint`: the hot path, so its names are local."""
    tray = Tray(udp, is_wildcard=endpoint.address in _WILDCARDS)
    data, sizes, addresses, receive, send = tray.data, tray.sizes, tray.addresses, tray.receive, tray.send
    known, tally, touched, drops = desk.known, desk.tally, desk.tally.touched, desk.drops
    ticks, wall = tally.clock.ticks, tally.clock.wall

    def on_readable() -> None:
        if int(wall() // 60) != tally.minute:
            tally.collect()
        now = ticks()
        first = end = 0  # slots whose answers wait to be sent
        at = -SLOT_SIZE
        for slot, size in enumerate(receive()):
            at += SLOT_SIZE
            client = known.get(addresses[slot].tobytes())
            if client is not None:
                client.left -= 1
                if client.left >= 0 or client.refill(now):
                    entry = client.entries.get(data[at + 2 : at + size].tobytes())
                    if entry is not None and (now < entry.fresh_until or entry.count_down(now)):
                        reply = entry.reply
                        sizes[slot + slot + 1] = length = len(reply) + 2
                        data[at + 2 : at + length] = reply
                        if not entry.hits:
                            touched.append(entry)
                        entry.hits += 1
                        end = slot + 1
                        continue
            if end > first:
                drops.unsent += send(first, end)
            first = end = slot + 1
            if client is not None and client.left < 0:
                drops.limited += 1
                tally.slow_down(client)
                continue
            source = tray.source(slot)
            desk.slow(tray.take(slot, size), source, tray.sender(slot))
            if client is None and (client := desk.clients.get(source[0])) is not None:
                known[addresses[slot].tobytes()] = client
            now = ticks()  # what was fresh before that work may not be now
        if end > first:
            drops.unsent += send(first, end)

    return on_readable
