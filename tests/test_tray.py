"""A tray of datagrams: what is taken is what was sent, and an answer goes where its question came from, from where it was sent to."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinnerbell_dns.tray import SLOT_SIZE, SLOTS, Tray

PLACES = {
    "one_address": (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
    "any_ipv4": (socket.AF_INET, "0.0.0.0", "127.0.0.77"),
    "one_ipv6": (socket.AF_INET6, "::1", "::1"),
    "any_ipv6": (socket.AF_INET6, "::", "::1"),
}


class Pair:
    """A tray on a socket of its own, and a stub that asks it at `asked`."""

    def __init__(self, family: int, bound: str, asked: str) -> None:
        self.udp = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.udp.bind((bound, 0))
        self.tray = Tray(self.udp, is_wildcard=bound in ("0.0.0.0", "::"))
        self.stub = socket.socket(family, socket.SOCK_DGRAM)
        self.stub.settimeout(5)
        self.asked = (asked, self.udp.getsockname()[1])
        self.stub.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))

    def ask(self, *messages: bytes) -> list[int]:
        for message in messages:
            self.stub.sendto(message, self.asked)
        return self.tray.receive()

    def answer(self, slot: int, reply: bytes) -> None:
        start = slot * SLOT_SIZE + 2
        self.tray.data[start : start + len(reply)] = reply
        self.tray.sizes[2 * slot + 1] = len(reply) + 2

    def heard(self) -> tuple[bytes, tuple[str, int]]:
        data, source = self.stub.recvfrom(65535)
        return data, source[:2]

    def close(self) -> None:
        self.udp.close()
        self.stub.close()


@pytest.fixture(params=PLACES.values(), ids=PLACES)
def pair(request) -> Iterator[Pair]:
    found = Pair(*request.param)
    yield found
    found.close()


def test_answers_go_back_from_the_address_that_was_asked(pair):
    assert pair.ask(b"\x00\x01one", b"\x00\x02two", b"\x00\x03three") == [5, 5, 7]
    assert [pair.tray.source(slot)[:2] for slot in range(3)] == [pair.stub.getsockname()[:2]] * 3
    assert pair.tray.take(2, 7) == b"\x00\x03three"
    for slot, reply in enumerate((b"eins", b"zwei", b"drei")):
        pair.answer(slot, reply)
    assert pair.tray.send(0, 3) == 0
    expected = [b"\x00\x01eins", b"\x00\x02zwei", b"\x00\x03drei"]
    assert [pair.heard() for _ in range(3)] == [(message, pair.asked) for message in expected]


def test_a_slot_that_is_answered_later_keeps_its_way_back(pair):
    """Upstream was asked meanwhile, and the tray has been filled anew."""
    pair.ask(b"first")
    source, send = pair.tray.source(0), pair.tray.sender(0)
    pair.ask(b"second")
    send(b"late", source)
    assert pair.heard() == (b"late", pair.asked)


def test_only_what_is_named_is_sent(pair):
    pair.ask(*(bytes([0, number, 9]) for number in range(5)))
    for slot in range(5):
        pair.answer(slot, b"x")
    assert pair.tray.send(1, 3) == 0
    assert pair.tray.send(4, 5) == 0
    assert [pair.heard()[0][1] for _ in range(3)] == [1, 2, 4]
    assert pair.tray.send(3, 3) == 0


def test_what_cannot_be_sent_is_counted_and_the_rest_is_sent(pair):
    """A datagram of more than 65,507 bytes is refused by the kernel before it is read."""
    pair.ask(b"\x00\x00a", b"\x00\x01b", b"\x00\x02c")
    for slot in range(3):
        pair.answer(slot, b"x")
    pair.tray.sizes[2 * 1 + 1] = 70_000
    assert pair.tray.send(0, 3) == 1
    assert [pair.heard()[0][1] for _ in range(2)] == [0, 2]


def test_a_full_tray_leaves_the_rest_in_the_queue(pair):
    assert len(pair.ask(*(bytes([0, number]) for number in range(SLOTS + 3)))) == SLOTS
    assert pair.tray.receive() == [2, 2, 2]
    assert pair.tray.receive() == []


def test_of_what_is_too_long_a_slot_is_taken(pair):
    assert pair.ask(b"z" * (SLOT_SIZE + 500), b"ok", b"") == [SLOT_SIZE, 2, 0]
    assert pair.tray.take(1, 2) == b"ok"


def test_senders_are_told_apart_by_their_address_alone(pair):
    other = socket.socket(pair.udp.family, socket.SOCK_DGRAM)
    other.bind((pair.stub.getsockname()[0], 0))
    other.sendto(b"from another port", pair.asked)
    other.close()
    pair.ask(b"from the first")
    assert pair.tray.addresses[0].tobytes() == pair.tray.addresses[1].tobytes()
    assert pair.tray.source(0) != pair.tray.source(1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=2, max_size=900), st.binary(max_size=1200)), min_size=1, max_size=20))
def test_whatever_is_asked_each_gets_its_own_answer(pair, messages):
    sizes = pair.ask(*(question for question, _ in messages))
    assert [pair.tray.take(slot, size) for slot, size in enumerate(sizes)] == [question for question, _ in messages]
    for slot, (_, reply) in enumerate(messages):
        pair.answer(slot, reply)
    assert pair.tray.send(0, len(messages)) == 0
    assert [pair.heard()[0] for _ in messages] == [question[:2] + reply for question, reply in messages]
