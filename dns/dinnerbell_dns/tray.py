"""Datagrams by the trayful: one system call takes up to 128 of them, and one sends the answers (shell; Linux, recvmmsg(2), sendmmsg(2)).

Python's sockets make a tuple, a text and a call into the kernel for each datagram, each way: half of what an answer out of the cache
costs. Here the kernel fills a tray of slots, an answer is written behind the ID that its question left in the slot, and the slots are
sent as they lie, each to where it came from, and from the address that it was sent to:

    slot       0: ID│question   1: ID│question   2: ID│question   ...
                  └▼ answer        └▼ answer        (not in the cache: goes its own way)
    send       0: ID│answer     1: ID│answer

The arrays are laid out by hand because ctypes' own objects would cost more than they save. Offsets come from ctypes, not from a table.
"""

import ctypes
import socket
import struct
from collections.abc import Callable
from typing import Any

SLOTS = 128
"""Datagrams taken at one wake-up; then other work has its turn."""
SLOT_SIZE = 4096
"""Bytes; a longer datagram is cut off by the kernel, and refused for its length."""

_Send = Callable[[bytes, Any], object]
_IP_PKTINFO = getattr(socket, "IP_PKTINFO", 8)
"""Linux's number; Python 3.11 has no name for it."""


class _Vector(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """struct msghdr, as the kernel has it."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    """struct mmsghdr: a message, and how long the datagram is that came or went."""

    _fields_ = (("message", _Message), ("length", ctypes.c_uint32))


_libc = ctypes.PyDLL(None)  # keeps the GIL: neither call ever waits, and giving it away costs more than they do
_receive, _send = _libc.recvmmsg, _libc.sendmmsg
_receive.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
_send.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)


def _address(buffer: bytearray) -> int:
    return ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))


def _put(buffer: bytearray, slot: int, part: ctypes.Structure) -> None:
    size = ctypes.sizeof(part)
    buffer[slot * size : (slot + 1) * size] = bytes(part)


def _every(buffer: bytearray, first: int, step: int) -> list[memoryview]:
    """Return views of the 32-bit numbers at `first`, `first + step`, ... (bytes): of no slot, of the first, of the first two, ..."""
    words = memoryview(buffer).cast("I")
    return [words[first // 4 : first // 4 + step // 4 * count : step // 4] for count in range(SLOTS + 1)]


class Tray:
    """The slots of one socket. `receive` fills them; what is in a slot is good until the next `receive`."""

    def __init__(self, udp: socket.socket, *, is_wildcard: bool) -> None:
        """`is_wildcard`: bound to no address of its own, so that each datagram's is asked of the kernel (IP_PKTINFO, RFC 3542)."""
        self._udp, self._number = udp, udp.fileno()
        self._is_v6 = udp.family == socket.AF_INET6
        self._level, self._kind = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO) if self._is_v6 else (socket.IPPROTO_IP, _IP_PKTINFO)
        self._name_size = 28 if self._is_v6 else 16
        self._control_size = socket.CMSG_SPACE(20 if self._is_v6 else 12) if is_wildcard else 0
        if is_wildcard:
            udp.setsockopt(self._level, socket.IPV6_RECVPKTINFO if self._is_v6 else _IP_PKTINFO, 1)
        self._lay_out()
        first, last = (8, 28) if self._is_v6 else (4, 8)  # struct sockaddr_in6, sockaddr_in
        size = self._name_size
        self.addresses = [self._names[slot * size + first : slot * size + last] for slot in range(SLOTS)]
        """Of each slot the bytes that tell senders apart: the address, and the zone of IPv6."""

    def _lay_out(self) -> None:
        """Make the buffers, and two sets of headers over them: one to receive with, one to send the same slots with."""
        names, controls = bytearray(SLOTS * self._name_size), bytearray(SLOTS * max(self._control_size, 1))
        data = bytearray(SLOTS * SLOT_SIZE)
        self.data = memoryview(data)
        """Slot after slot, SLOT_SIZE bytes each."""
        self._names, self._controls = memoryview(names), memoryview(controls)
        starts = _address(names), _address(controls), _address(data)
        received, rooms = self._headers(*starts)
        answers, sizes = self._headers(*starts)
        self._in_at, self._out_at = _address(received), _address(answers)
        self._pristine = bytes(received)
        self._lengths = _every(received, _Header.length.offset, ctypes.sizeof(_Header))
        self.sizes = memoryview(sizes).cast("L")
        """Of what each slot sends, in bytes, at 2 * slot + 1."""
        self._interfaces = _every(controls, socket.CMSG_LEN(0), self._control_size) if self._control_size else []
        self._zeros = memoryview(bytes(4 * SLOTS)).cast("I")
        self._kept = received, rooms, answers, sizes  # the kernel knows their addresses; Python must not forget them

    def _headers(self, names: int, controls: int, data: int) -> tuple[bytearray, bytearray]:
        """Return headers over the buffers at these addresses, one for each slot, and the vectors that they lead to."""
        headers, vectors = bytearray(SLOTS * ctypes.sizeof(_Header)), bytearray(SLOTS * ctypes.sizeof(_Vector))
        at, size = _address(vectors), self._control_size
        for slot in range(SLOTS):
            _put(vectors, slot, _Vector(data + slot * SLOT_SIZE, SLOT_SIZE))
            vector, name = at + slot * ctypes.sizeof(_Vector), names + slot * self._name_size
            control = controls + slot * size if size else None
            _put(headers, slot, _Header(_Message(name, self._name_size, vector, 1, control, size, 0), 0))
        return headers, vectors

    def receive(self) -> list[int]:
        """Fill the slots from the socket's queue; return the sizes of what came, in bytes, a slot each. Empty: nothing waits."""
        count = _receive(self._number, self._in_at, SLOTS, socket.MSG_DONTWAIT, None)
        if count <= 0:
            return []
        sizes: list[int] = self._lengths[count].tolist()
        if self._control_size:
            ctypes.memmove(self._in_at, self._pristine, count * ctypes.sizeof(_Header))  # the kernel has shortened its room for the next
            if not self._is_v6:
                self._interfaces[count][:] = self._zeros[:count]  # which way the answer goes out is the kernel's to choose
        return sizes

    def send(self, first: int, end: int) -> int:
        """Send the slots [first, end); return how many could not be sent."""
        lost = 0
        while first < end:
            sent = _send(self._number, self._out_at + first * ctypes.sizeof(_Header), end - first, socket.MSG_DONTWAIT)
            if sent <= 0:
                lost, sent = lost + 1, 1  # an error is of the first one; the rest has its own chance
            first += sent
        return lost

    def take(self, slot: int, size: int) -> bytes:
        return self.data[slot * SLOT_SIZE : slot * SLOT_SIZE + size].tobytes()

    def source(self, slot: int) -> Any:
        """Return who sent what is in the slot, as Python's sockets write it."""
        name = self._names[slot * self._name_size : (slot + 1) * self._name_size].tobytes()
        port = int.from_bytes(name[2:4], "big")
        if not self._is_v6:
            return socket.inet_ntop(socket.AF_INET, name[4:8]), port
        flow, zone = int.from_bytes(name[4:8], "big"), struct.unpack("=I", name[24:28])[0]
        address = socket.inet_ntop(socket.AF_INET6, name[8:24])
        return f"{address}%{zone}" if zone else address, port, flow, zone

    def sender(self, slot: int) -> _Send:
        """Return what sends later, from the address that the datagram in the slot was sent to."""
        if not self._control_size:
            return self._udp.sendto
        start = slot * self._control_size
        size = 20 if self._is_v6 else 12
        data = self._controls[start + socket.CMSG_LEN(0) :][:size].tobytes()
        control = [(self._level, self._kind, data)]
        return lambda message, destination: self._udp.sendmsg([message], control, 0, destination)
