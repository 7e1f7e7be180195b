"""Closing what is open (shell): the one place that touches mitmproxy's own table of connections, for which it has no public hook.

Tested with mitmproxy 11.0.2 and 12.x (tests/test_proxy_cutting.py).
"""

import socket
import struct

from mitmproxy import ctx

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no patience: what lies in the kernel's buffer for the client is dropped, and a slow reader gets no more of it."""


def cut(client_id: str) -> bool:
    """Close a client's connection and every connection to a server behind it, now. Return whether it was still there."""
    handlers = ctx.master.addons.get("proxyserver").connections.values()
    handler = next((each for each in handlers if each.client.id == client_id), None)
    if handler is None:
        return False
    for io in list(handler.transports.values()):
        transport = getattr(io.writer, "transport", None)
        if transport is not None:  # mitmproxy's own streams (of its local mode) have none
            if (tcp := transport.get_extra_info("socket")) is not None:
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            transport.abort()
    client = handler.transports.get(handler.client)
    if client is not None and client.handler is not None:
        client.handler.cancel("no longer allowed")  # mitmproxy's way to end all that belongs to a client
    return True
