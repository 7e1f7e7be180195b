"""A running box says what it is doing, to whoever connects to DATA/status.sock: one JSON document, then it hangs up (shell).

A socket and not a file: nothing is written while nobody asks, and what it says is never old. Its path may be longer than a socket's
name can be (108 bytes), so it is reached through the folder.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SOCKET = "status.sock"
PATIENCE = 3.0
"""Seconds for a box to say how it is."""
_MAX_BYTES = 1 << 20


class NotRunning(Exception):  # noqa: N818
    """Nobody answers at the socket; the message says how that was found."""


class StatusSocket:
    """Serves what `say` returns at the time."""

    def __init__(self, data: Path, say: Callable[[], dict[str, Any]]) -> None:
        self._data = data
        self._say = say
        self._server: asyncio.Server | None = None
        self._inode = 0

    async def start(self) -> None:
        """Listen, in the place of a box that was killed. Raises OSError."""
        with _short(self._data) as path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 - a path by descriptor
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            try:
                listener.bind(path)
                os.chmod(path, 0o660)  # noqa: PTH101 - its group may look too
                self._inode = os.stat(path).st_ino  # noqa: PTH116
            except OSError:
                listener.close()
                raise
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, backlog=8)

    async def _serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                writer.write(json.dumps(self._say(), ensure_ascii=False).encode("utf-8", "replace"))
                await writer.drain()
        writer.close()

    def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        with contextlib.suppress(OSError), _short(self._data) as path:
            if os.stat(path).st_ino == self._inode:  # noqa: PTH116 - not that of another box that was started meanwhile
                os.unlink(path)  # noqa: PTH108


def ask_status(data: Path) -> dict[str, Any]:
    """Return what the box that writes into `data` says of itself. Raises NotRunning."""
    pieces: list[bytes] = []
    try:
        with _short(data) as path, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(PATIENCE)
            asking.connect(path)
            while (piece := asking.recv(1 << 16)) and sum(map(len, pieces)) < _MAX_BYTES:
                pieces.append(piece)
        found = json.loads(b"".join(pieces))
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise NotRunning(f"no box is running with its data in {data}") from None
    except TimeoutError:
        raise NotRunning(f"the box with its data in {data} is there, but too busy to say how it is; try again") from None
    except (OSError, ValueError) as error:
        raise NotRunning(f"the box with its data in {data} can't be asked: {error}") from None
    if not isinstance(found, dict):
        raise NotRunning(f"what answers in {data} is no box")
    return found


@contextlib.contextmanager
def _short(data: Path) -> Iterator[str]:
    """Give a path to the socket that is short whatever the folder's is (Linux)."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)
