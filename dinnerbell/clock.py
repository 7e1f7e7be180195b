"""Where the time comes from: two functions, handed in, so that a demo or a test can be at any instant. Pure."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    wall: Callable[[], float]
    """Seconds since 1970."""
    ticks: Callable[[], float]
    """Seconds that only go forward."""
