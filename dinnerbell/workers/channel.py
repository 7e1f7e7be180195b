"""Values between a box and its workers, over a socket pair that no one else has: a length, and a pickle of that many bytes (shell)."""

import asyncio
import pickle
from typing import Any

MAX_BYTES = 1 << 28
"""A full batch is some 30 MB; what claims to be longer comes from something that is no worker of ours."""
_LENGTH_BYTES = 4


class Broken(Exception):  # noqa: N818
    """The other side hung up, or what it sent is not to be read."""


def pack(value: Any) -> bytes:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


async def receive(reader: asyncio.StreamReader) -> Any:
    """Return the next value. Raises Broken."""
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        data = await reader.readexactly(min(length, MAX_BYTES))
    except (EOFError, OSError):
        raise Broken("it hung up") from None
    try:
        return pickle.loads(data)  # noqa: S301 - both ends are this program, and the socket has no name
    except Exception as error:
        raise Broken(f"a message that can't be read: {error!r}") from error
