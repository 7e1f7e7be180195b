"""UDP sockets, drained in bulk: the hot path (shell).

A datagram's way: a reader finds its bytes in the client's first cache, splices the ID in and sends; anything else goes the slow way,
to the server. A wildcard socket costs more for each datagram, because its answer must leave from the very address that was asked.
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

DRAIN = 64
"""Datagrams taken at one wake-up; then other work has its turn."""
MAX_DATAGRAM = 4096
RECEIVE_BUFFER = 1 << 20
"""Bytes: what a whole setting asks in the moment that a reload takes."""
_WILDCARDS = ("0.0.0.0", "::")

Send = Callable[[bytes, Any], object]
"""(message, destination)"""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a reader works with: who has asked before, what is counted, and where the rest goes."""

    clients: dict[str, Client]
    tally: Tally
    drops: Drops
    slow: Callable[[bytes, Any, Send], None]
    """(datagram, source, how to answer)"""


def open_socket(endpoint: Endpoint) -> socket.socket:
    """Return a bound socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
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
    """Return the callback that drains the socket, which is bound to `endpoint`."""
    return _reader_from_any(udp, desk) if endpoint.address in _WILDCARDS else _reader(udp, desk)


def _reader(udp: socket.socket, desk: Desk) -> Callable[[], None]:
    """Return the callback of a socket bound to one address; its names are local because it is the hot path."""
    receive, send, slow, drops = udp.recvfrom, udp.sendto, desk.slow, desk.drops
    clients, tally, touched = desk.clients, desk.tally, desk.tally.touched
    ticks, wall = tally.clock.ticks, tally.clock.wall

    def on_readable() -> None:
        if int(wall() // 60) != tally.minute:
            tally.collect()
        now = ticks()
        for _ in range(DRAIN):
            try:
                data, source = receive(MAX_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error of an earlier answer: theirs
            client = clients.get(source[0])
            if client is not None:
                client.left -= 1
                if client.left < 0 and not client.refill(now):
                    drops.limited += 1
                    tally.slow_down(client)
                    continue
                entry = client.entries.get(data[2:])
                if entry is not None and now < entry.fresh_until:
                    try:
                        send(data[:2] + entry.reply, source)
                    except OSError:
                        drops.unsent += 1
                    if not entry.hits:
                        touched.append(entry)
                    entry.hits += 1
                    continue
            slow(data, source, send)
            now = ticks()  # what was fresh before that work may not be now

    return on_readable


def _reader_from_any(udp: socket.socket, desk: Desk) -> Callable[[], None]:
    """Return the callback of a wildcard socket."""
    if udp.family == socket.AF_INET6:
        level, kind, wanted, size = socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, socket.IPV6_RECVPKTINFO, 20
    else:
        level, kind, wanted, size = socket.IPPROTO_IP, _IP_PKTINFO, _IP_PKTINFO, 12
    udp.setsockopt(level, wanted, 1)
    space = socket.CMSG_SPACE(size)
    clients, tally, drops, slow, ticks = desk.clients, desk.tally, desk.drops, desk.slow, desk.tally.clock.ticks

    def on_readable() -> None:
        tally.turn_minute()
        now = ticks()
        for _ in range(DRAIN):
            try:
                data, ancillary, _, source = udp.recvmsg(MAX_DATAGRAM, space)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue
            client = clients.get(source[0])
            if client is not None and not client.take(now):
                drops.limited += 1
                tally.slow_down(client)
                continue
            send = _sender_from(udp, level, kind, ancillary)
            if client is not None and (entry := client.entries.get(data[2:])) is not None and now < entry.fresh_until:
                try:
                    send(data[:2] + entry.reply, source)
                except OSError:
                    drops.unsent += 1
                tally.hit(entry)
                continue
            slow(data, source, send)
            now = ticks()

    return on_readable


_IP_PKTINFO = getattr(socket, "IP_PKTINFO", 8)
"""Linux's number; Python 3.11 has no name for it."""
_PKTINFO4 = struct.Struct("=I4s4s")


def _sender_from(udp: socket.socket, level: int, kind: int, ancillary: list[tuple[int, int, bytes]]) -> Send:
    """Return a send function whose datagrams leave from the address that the received one was sent to."""
    control: list[tuple[int, int, bytes]] = []
    for found_level, found_kind, data in ancillary:
        if (found_level, found_kind) == (level, kind):
            if level == socket.IPPROTO_IP:
                _, local, _ = _PKTINFO4.unpack(data[: _PKTINFO4.size])
                data = _PKTINFO4.pack(0, local, b"\0\0\0\0")  # noqa: PLW2901 - the interface is the kernel's to choose
            control.append((level, kind, data))
    return lambda message, destination: udp.sendmsg([message], control, 0, destination)
