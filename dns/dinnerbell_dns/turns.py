"""Who may ask upstream next: places for questions under way, shared out so that nobody's flood takes the others' (shell: it waits).

Nobody holds more places than are free. So one loud device gets half of them, two get a third each, and there is always one left for
whoever comes next. The rest wait their turn, a queue for each device, served in turn, not for long: a stub soon gives up.

    12 places, A floods       A holds 6, 6 free        A's others wait
    B asks                    A 6, B 1, 5 free         at once
    B floods too              A 6, B 3, 3 free ── A's come back ──► A 4, B 4, 4 free
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field

PATIENCE = 1.0
"""Seconds to wait for a place; with the upstream's own deadline it stays within a stub's patience."""
MAX_QUEUED = 500
"""Questions of one device that wait for a place: a whole setting's behind one address in its first busy second."""
MAX_QUEUED_IN_ALL = 4000


@dataclass(slots=True, eq=False)
class Turns:
    """`size` places, taken and given back by name (a source address)."""

    size: int
    patience: float = PATIENCE
    most_queued_in_all: int = MAX_QUEUED_IN_ALL
    _taken: int = 0
    _held: Counter[str] = field(default_factory=Counter)
    _queues: dict[str, deque[asyncio.Future[None]]] = field(default_factory=dict)
    """In the order in which they are served; none is empty."""
    _queued: int = 0

    async def take(self, who: str) -> bool:
        """Wait for a place. False: too many of theirs wait already, or none came free in time; then there is nothing to give back."""
        queue = self._queues.get(who)
        if queue is None and self._admits(who):
            self._grant(who)
            return True
        if self._queued >= self.most_queued_in_all or (queue is not None and len(queue) >= MAX_QUEUED):
            return False
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(who, deque()).append(place)
        self._queued += 1
        try:
            await asyncio.wait([place], timeout=self.patience)
        finally:
            if not place.done():  # in vain, or cancelled
                self._leave(who, place)
        return place.done()

    def give_back(self, who: str) -> None:
        self._taken -= 1
        self._held[who] -= 1
        if not self._held[who]:
            del self._held[who]
        while (next_ := next(filter(self._admits, self._queues), None)) is not None:
            queue = self._queues.pop(next_)
            queue.popleft().set_result(None)
            self._queued -= 1
            if queue:
                self._queues[next_] = queue  # behind the others
            self._grant(next_)

    def _admits(self, who: str) -> bool:
        return self._held[who] < self.size - self._taken

    def _grant(self, who: str) -> None:
        self._held[who] += 1
        self._taken += 1

    def _leave(self, who: str, place: "asyncio.Future[None]") -> None:
        queue = self._queues[who]
        queue.remove(place)
        self._queued -= 1
        if not queue:
            del self._queues[who]
