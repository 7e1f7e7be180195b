"""Whom the box asks upstream: as rules.yaml or the command line says, with the machine's own resolvers for `system` (shell).

The machine's resolvers change under a running box: a router is replaced, a lease renewed. So resolv.conf is looked at once a second, and
read when it is another one than before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dinnerbell.config import Endpoint, Upstream
from dinnerbell_dns.health import State
from dinnerbell_dns.machine import RESOLV_CONF, system_resolvers, upstreams_to_ask
from dinnerbell_dns.transports.https import is_installed
from dinnerbell_dns.upstream import Forwarder

LOOK_SECONDS = 1.0
NONE_AT_PRESENT = (
    "this machine has no name servers of its own at present, so only refusals are answered: connect it to its network, "
    "or write the address of your internet provider's name server under box: upstream:"
)

NEEDS_EXTRA = (
    "box: upstream: an https:// address needs a library that is not installed: run pip install 'dinnerbell[doh]', "
    "or write the resolver's tls:// address, which needs none"
)


class CannotAsk(Exception):  # noqa: N818
    """What is configured cannot be asked; the message says what to do."""


@dataclass(slots=True)
class WhomToAsk:
    """Tells the forwarder whom to ask."""

    forwarder: Forwarder
    resolv_conf: Path = RESOLV_CONF
    has_none: bool = False
    """Nobody to ask at present: no reason not to start, a box may start before its network has."""
    _configured: Sequence[Upstream] = ()
    _listening: Sequence[Endpoint] = ()
    _read: tuple[int, int, int] | None = None
    _look_at: float = 0.0
    _failing: set[str] = field(default_factory=set)

    def choose(self, configured: Sequence[Upstream], listening: Sequence[Endpoint]) -> None:
        """Let these be asked from the next question on. Raises CannotAsk, and the ones before are asked on."""
        if any(upstream.scheme == "https" for upstream in configured) and not is_installed():
            raise CannotAsk(
                "upstream: https:// needs a library that is not installed: pip install 'dinnerbell[doh]', or write tls:// instead"
            )
        self._configured, self._listening = configured, listening
        self._apply()

    def look(self, now: float) -> None:
        """Ask the machine's other resolvers if it has others by now (`now`: monotonic seconds)."""
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        if self.has_none or self._mark() != self._read:
            self._apply()

    def news(self) -> list[str]:
        """Return what has changed since the last call, in sentences: who does not answer any more, and who does again."""
        states = {each.upstream: each for each in self.forwarder.status().upstreams}
        failing = {name for name, each in states.items() if each.state is State.FAILING}
        found = [f"{name} does not answer: {states[name].trouble_text}" for name in states if name in failing - self._failing]
        found += [f"{name} answers again" for name in states if name in self._failing - failing]
        self._failing = failing
        return found

    def _apply(self) -> None:
        self._read = self._mark()
        chosen = upstreams_to_ask(self._configured, self._listening, self.resolv_conf)
        self.forwarder.use(chosen, system_resolvers(self._listening, self.resolv_conf))
        self.has_none = not chosen

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = self.resolv_conf.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
