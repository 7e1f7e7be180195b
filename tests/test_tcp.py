"""DNS over TCP: messages in pieces, many at once, connections that say nothing, and a stop that lets answers out."""

import asyncio
import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dinnerbell.config import Endpoint
from dinnerbell_dns.listener import MAX_CONNECTIONS, MAX_PIPELINED, Peer
from dinnerbell_dns.tcp import TcpListener
from live import Loop, connection, eventually, receive_message


class Echo:
    """A listener whose answer is the question, told to wait, to be silent or to fail by the question itself."""

    def __init__(self, **options) -> None:
        self.loop = Loop()
        self.under_way = self.most_under_way = 0
        self.release = asyncio.Event()
        self.sources: set[str] = set()
        self.listener = TcpListener(answer=self.answer, **options)
        self.endpoint = Endpoint("127.0.0.1", self.loop.call(self.listener.start, Endpoint("127.0.0.1", 0)))

    async def answer(self, data: bytes, peer: Peer) -> bytes | None:
        self.sources.add(peer.source)
        if data == b"drop":
            return None
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        if data.startswith(b"wait"):
            await self.release.wait()
        self.under_way -= 1
        return data * (10_000 if data == b"much" else 1)

    def let_go(self) -> None:
        self.loop.call(self.release.set)

    def close(self) -> None:
        self.loop.run(self.listener.stop())
        self.loop.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


def framed(*messages: bytes) -> bytes:
    return b"".join(len(message).to_bytes(2, "big") + message for message in messages)


def test_a_message_is_answered_and_the_connection_stays_open(echo):
    with connection(echo.endpoint, "127.0.0.20") as tcp:
        for message in (b"one", b"two"):
            tcp.sendall(framed(message))
            assert receive_message(tcp) == message
    assert echo.sources == {"127.0.0.20"}


def test_a_message_may_come_byte_by_byte(echo):
    with connection(echo.endpoint) as tcp:
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in framed(b"slowly", b"again"):
            tcp.send(bytes([byte]))
        assert [receive_message(tcp), receive_message(tcp)] == [b"slowly", b"again"]


def test_answers_come_in_the_order_they_are_ready(echo):
    with connection(echo.endpoint) as tcp:
        tcp.sendall(framed(b"wait", b"quick"))
        assert receive_message(tcp) == b"quick"
        echo.let_go()
        assert receive_message(tcp) == b"wait"


def test_one_connection_has_so_many_questions_under_way_and_no_more(echo):
    with connection(echo.endpoint) as tcp:
        messages = [b"wait%d" % number for number in range(MAX_PIPELINED + 20)]
        tcp.sendall(framed(*messages))
        eventually(lambda: echo.under_way == MAX_PIPELINED)
        echo.let_go()
        assert {receive_message(tcp) for _ in messages} == set(messages)
        assert echo.most_under_way <= MAX_PIPELINED


def test_who_has_said_everything_still_gets_the_answer(echo):
    with connection(echo.endpoint) as tcp:
        tcp.sendall(framed(b"wait"))
        tcp.shutdown(socket.SHUT_WR)
        eventually(lambda: echo.under_way)
        echo.let_go()
        assert receive_message(tcp) == b"wait"
        assert receive_message(tcp) == b""


def test_what_deserves_no_answer_ends_the_connection(echo):
    with connection(echo.endpoint) as tcp:
        tcp.sendall(framed(b"drop"))
        assert receive_message(tcp) == b""


@pytest.mark.parametrize("begun", [b"", b"\0", b"\0\x05", b"\0\x05abc"], ids=["nothing", "one_byte", "a_length", "half_a_message"])
def test_silence_ends_the_connection(begun):
    echo = Echo(idle_seconds=0.1)
    with connection(echo.endpoint) as tcp:
        tcp.sendall(begun)
        assert receive_message(tcp) == b""
    echo.close()


def test_hanging_up_in_the_middle_harms_nobody(echo):
    for begun in (b"", b"\0", b"\0\x09ab", framed(b"much"), framed(b"wait")):
        with connection(echo.endpoint) as tcp:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, not a polite end
            tcp.sendall(begun)
    echo.let_go()
    with connection(echo.endpoint) as tcp:
        tcp.sendall(framed(b"still here"))
        assert receive_message(tcp) == b"still here"
    eventually(lambda: not echo.listener._open)


def test_two_hundred_half_open_connections_leave_room_for_a_good_one(echo):
    with contextlib.ExitStack() as stack:
        for number in range(200):
            tcp = stack.enter_context(connection(echo.endpoint))
            tcp.sendall(b"\0" if number % 2 else b"")
        with connection(echo.endpoint) as good:
            for message in (b"let", b"me", b"in"):
                good.sendall(framed(message))
                assert receive_message(good) == message
        assert len(echo.listener._open) <= MAX_CONNECTIONS
        assert echo.listener.evicted >= 200 + 1 - MAX_CONNECTIONS


def test_who_is_talking_is_not_the_one_who_makes_room():
    echo = Echo(max_connections=3)
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(connection(echo.endpoint))
        for number in range(10):
            good.sendall(framed(b"here"))
            assert receive_message(good) == b"here"
            silent = stack.enter_context(connection(echo.endpoint))
            silent.sendall(b"\0")
            eventually(lambda number=number: len(echo.listener._open) + echo.listener.evicted == number + 2)
    echo.close()


def test_a_stop_lets_the_answers_out_that_are_under_way(echo):
    with connection(echo.endpoint) as tcp, connection(echo.endpoint) as idle:
        tcp.sendall(framed(b"wait"))
        eventually(lambda: echo.under_way)
        stopping = asyncio.run_coroutine_threadsafe(echo.listener.stop(), echo.loop.loop)
        echo.let_go()
        assert receive_message(tcp) == b"wait"
        assert receive_message(tcp) == b""
        assert receive_message(idle) == b""
        stopping.result(5)


def test_a_stop_does_not_wait_for_those_who_never_read():
    echo = Echo()
    with connection(echo.endpoint) as tcp:
        for _ in range(60):
            tcp.sendall(framed(b"much"))
        eventually(lambda: echo.sources)
        time.sleep(0.05)
        started = time.monotonic()
        echo.close()
        assert time.monotonic() - started < 5


def test_one_address_has_so_many_connections_and_pushes_out_its_own():
    echo = Echo(max_connections=10, max_of_one=4)
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(connection(echo.endpoint, f"127.0.0.{number}")) for number in range(30, 33)]
        for number in range(20):
            stack.enter_context(connection(echo.endpoint, "127.0.0.66")).sendall(b"\0" if number % 2 else b"")
        eventually(lambda: echo.listener.evicted == 16)
        for other in others:
            other.sendall(framed(b"here"))
            assert receive_message(other) == b"here"
    echo.close()


def test_running_out_of_descriptors_ends_nothing():
    """Nobody is let in for a second, and then again."""
    echo = Echo(max_connections=10_000, max_of_one=10_000)
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(connection(echo.endpoint))
        good.sendall(framed(b"one"))
        assert receive_message(good) == b"one"
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        used = len(list(Path("/proc/self/fd").iterdir()))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 3, hard))
        try:
            late = stack.enter_context(connection(echo.endpoint))
            with contextlib.suppress(OSError):
                for _ in range(5):
                    stack.enter_context(connection(echo.endpoint))
            good.sendall(framed(b"two"))
            assert receive_message(good) == b"two"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        late.sendall(framed(b"three"))
        assert receive_message(late) == b"three"
    echo.close()
