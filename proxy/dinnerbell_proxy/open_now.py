"""What is open through the proxy at this moment, and what of it has to be closed now. Pure.

    12:58   tunnel to www.instagram.com passes ───────────────────────────┐ 13:00: cut, although it moves
    12:59   WebSocket inside www.facebook.com/AcornLane ──────────────────┤ 13:00: cut with its page
    09:00   tunnel to bank.example ───────────────────────────────────────┼──────────────► lives on
                                                                     next change

Looked at only when something may have changed: at the earliest `rule_until` of what is open, and when other rules come into force.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from dinnerbell.model import Address, Verdict
from dinnerbell.pages import Sight
from dinnerbell.policy import Ask, Decision, Policy, decide, needs_sight
from dinnerbell_proxy.judge import Judged

Places = tuple[tuple[str, Sight | None], ...]
"""Names, each with what is seen beyond it."""


@dataclass(frozen=True, slots=True)
class Over:
    """What is no longer allowed."""

    connections: tuple[str, ...] = ()
    """Clients' connections to close, with all that is behind them."""
    flows: tuple[str, ...] = ()
    """Single requests on connections that carry others, still allowed: their data is to stop."""


@dataclass(slots=True)
class _Connection:
    address: Address
    places: Places = ()
    """What the connection as a whole is for: a tunnel's names."""
    is_decrypted: bool = False
    flows: dict[str, Places] = field(default_factory=dict)
    """Requests that are under way, WebSockets among them."""


class OpenNow:
    """Connections by the client connection's id, requests by the flow's."""

    def __init__(self) -> None:
        self._connections: dict[str, _Connection] = {}
        self._next: datetime | None = None

    def tunnel(self, connection: str, address: Address, judged: Iterable[Judged], *, is_decrypted: bool) -> None:
        """Note that a connection is open as a whole for these names."""
        judged = tuple(judged)
        self._connections[connection] = _Connection(address, _places(judged), is_decrypted)
        self._expect(each.decision for each in judged)

    def begin(self, connection: str, address: Address, flow: str, judged: Iterable[Judged]) -> None:
        """Note that a request is under way."""
        judged = tuple(judged)
        self._connections.setdefault(connection, _Connection(address)).flows[flow] = _places(judged)
        self._expect(each.decision for each in judged)

    def end(self, connection: str, flow: str) -> None:
        if (known := self._connections.get(connection)) is not None:
            known.flows.pop(flow, None)

    def close(self, connection: str) -> None:
        self._connections.pop(connection, None)

    def over(self, policy: Policy, at: datetime, *, is_new: bool) -> Over:
        """Return what has to be closed at `at` under this policy, which is new or not since the last time. It is told once."""
        if not is_new and (self._next is None or at < self._next):
            return Over()
        self._next = None
        connections: list[str] = []
        flows: list[str] = []
        for id_, connection in self._connections.items():
            shut = [flow for flow, places in connection.flows.items() if not self._is_open(policy, connection, places, at)]
            if not self._is_open(policy, connection, connection.places, at) or (shut and len(shut) == len(connection.flows)):
                connections.append(id_)
            else:
                flows += shut
                for flow in shut:
                    del connection.flows[flow]
        for id_ in connections:
            del self._connections[id_]
        return Over(tuple(connections), tuple(flows))

    def _is_open(self, policy: Policy, connection: _Connection, places: Places, at: datetime) -> bool:
        device = policy.device_at(connection.address)
        for name, sight in places:
            ask = Ask(device, name, at, sight)
            decision = decide(policy, ask)
            if decision.verdict is Verdict.BLOCK or (not connection.is_decrypted and sight is None and needs_sight(policy, ask)):
                return False  # or: from now on only some of its pages are open, and nobody sees which one this is
            self._expect((decision,))
        return True

    def _expect(self, decisions: Iterable[Decision]) -> None:
        instants = [decision.rule_until for decision in decisions if decision.rule_until is not None]
        if self._next is not None:
            instants.append(self._next)
        self._next = min(instants, default=None)


def _places(judged: Iterable[Judged]) -> Places:
    return tuple((each.name, each.sight) for each in judged)
