"""Tells systemd how the box is: ready, reloading, stopping, alive (shell). See sd_notify(3); without NOTIFY_SOCKET nothing is said.

The watchdog is fed from the loop that answers: if that hangs, systemd starts the box anew.
"""

import contextlib
import socket
from collections.abc import Mapping

_TELL_SECONDS = 60.0


class Notify:
    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        """`environment`: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as systemd sets them; `pid`: this process's."""
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self.watchdog_seconds = _watchdog(environment, pid) if self._address else None
        """How often at least it wants to hear of us; None: never."""
        self._told_at: float | None = None

    def ready(self, status: str) -> None:
        self._send("READY=1", f"STATUS={status}")

    def reloading(self, ticks: float) -> None:
        """Say that the rules are read again; `ready` ends it. `ticks`: CLOCK_MONOTONIC in seconds (Type=notify-reload wants it)."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={int(ticks * 1e6)}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def is_due(self, ticks: float) -> bool:
        """Tell whether it is time to say `alive`: three times in what the watchdog allows; without one, once a minute."""
        every = _TELL_SECONDS if self.watchdog_seconds is None else min(_TELL_SECONDS, self.watchdog_seconds / 3)
        return self._address is not None and (self._told_at is None or ticks - self._told_at >= every)

    def alive(self, ticks: float, status: str) -> None:
        """Feed the watchdog, if there is one, and say how the box is."""
        self._told_at = ticks
        self._send(*(("WATCHDOG=1",) if self.watchdog_seconds is not None else ()), f"STATUS={status}")

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        message = "\n".join(line.replace("\n", " ") for line in lines).encode("utf-8", "replace")
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as telling:
            telling.sendto(message, self._address)  # systemd that does not listen is its own trouble


def _address(text: str) -> str | None:
    if text.startswith("@"):
        return "\0" + text[1:]  # an abstract socket
    return text if text.startswith("/") else None


def _watchdog(environment: Mapping[str, str], pid: int) -> float | None:
    try:
        seconds = int(environment.get("WATCHDOG_USEC", "")) / 1e6
        is_ours = int(environment.get("WATCHDOG_PID", str(pid))) == pid
    except ValueError:
        return None
    return seconds if is_ours and seconds > 0 else None
