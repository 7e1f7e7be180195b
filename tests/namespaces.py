"""A small network of its own for a test: two network namespaces with a cable between them. Needs root, as CI has."""

import contextlib
import os
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Room:
    """One end of the cable. `link`: the name of its interface."""

    name: str
    link: str

    def ip(self, *words: str) -> None:
        subprocess.run(["ip", "-n", self.name, *words], check=True, capture_output=True, text=True)

    def command(self, *words: str) -> list[str]:
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False, timeout=60, **options)


def available() -> bool:
    return os.geteuid() == 0 and subprocess.run(["ip", "netns", "list"], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def two_rooms() -> Iterator[tuple[Room, Room]]:
    """Lay a cable between two rooms, with no addresses yet; take it all away afterwards."""
    tail = secrets.token_hex(3)
    rooms = Room(f"db-{tail}-a", f"v{tail}a"), Room(f"db-{tail}-b", f"v{tail}b")
    try:
        for room in rooms:
            subprocess.run(["ip", "netns", "add", room.name], check=True)
            room.ip("link", "set", "lo", "up")
        rooms[0].ip("link", "add", rooms[0].link, "type", "veth", "peer", "name", rooms[1].link, "netns", rooms[1].name)
        for room in rooms:
            room.ip("link", "set", room.link, "up")
        yield rooms
    finally:
        for room in rooms:
            subprocess.run(["ip", "netns", "del", room.name], check=False, capture_output=True)
