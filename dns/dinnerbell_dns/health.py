"""What an upstream's answers say of it: how fast it is, whether it fails, when it is worth another look. Pure; `now` is monotonic seconds.

    untried ──answer──► good ◄──answer── failing
                         └── 3 failures in a row (1 where nobody is there, or the certificate is wrong) ──► failing

A failing upstream is asked beside another one, with a real question, after 1 s, 2 s, 4 s ... 60 s; one good answer brings it back.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

BUCKETS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
"""Upper bounds of the latency histogram, in milliseconds; what took longer is counted behind the last one."""
WEIGHT = 0.125
"""Of a new latency in the moving average (as in TCP's, RFC 6298)."""
RECENT = 64
"""Latencies that the hedge is learnt from."""
HEDGE_LOW, HEDGE_HIGH = 0.05, 0.4
"""Seconds: bounds of the learnt delay after which another upstream is asked too; the upper one is used until something is learnt."""
_ENOUGH = 16
_LEARN_EVERY = 8
FAILURES = 3
BACK_OFF_LOW, BACK_OFF_HIGH = 1.0, 60.0
LOOK_AGAIN = 60.0
"""Seconds after which a slower upstream's speed is measured anew."""


class State(StrEnum):
    UNTRIED = "untried"
    GOOD = "good"
    FAILING = "failing"


class Trouble(StrEnum):
    """Why an upstream failed last."""

    NONE = ""
    SILENT = "silent"
    """No answer in time."""
    UNREACHABLE = "unreachable"
    """Nobody listens there, or no network leads there."""
    CLOSED = "closed"
    """It hung up before it answered, twice."""
    ERROR = "error"
    """SERVFAIL or REFUSED, where another upstream knew the answer."""
    CERTIFICATE_NAME = "certificate-name"
    CERTIFICATE_DATE = "certificate-date"
    """Expired or not yet valid: the certificate, or the clock of this box, is wrong."""
    CERTIFICATE_ISSUER = "certificate-issuer"
    HTTP = "http"
    """A status other than 200."""
    PROTOCOL = "protocol"
    """It does not speak what it was asked in."""
    NO_ADDRESS = "no-address"
    """The name of a DoH server could not be resolved."""


_AT_ONCE = frozenset(
    {
        Trouble.UNREACHABLE,
        Trouble.CERTIFICATE_NAME,
        Trouble.CERTIFICATE_DATE,
        Trouble.CERTIFICATE_ISSUER,
        Trouble.PROTOCOL,
        Trouble.NO_ADDRESS,
    }
)  # fmt: skip


class UpstreamFailed(Exception):  # noqa: N818 - it names what happened
    """One attempt at one upstream came to nothing: why, and a sentence for whoever looks at `status`."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class UpstreamStatus:
    """One upstream, as `status` and the metrics show it."""

    upstream: str
    """As the manager wrote it; a resolver of the machine's own by its address."""
    transport: str
    """plain, tls or https."""
    state: State
    trouble: Trouble
    """Why it failed last, if nothing good came from it since."""
    trouble_text: str
    asked: int
    answered: int
    failed: int
    mismatched: int
    """Messages that did not answer what was asked: forged, late or broken."""
    over_tcp: int
    """Questions asked again over TCP, because the answer was truncated."""
    case_lost: int
    """Answers whose question came back in another case than it was asked in (0x20)."""
    keeps_case: bool
    """False: asked without random case, because it does not keep it."""
    connections: int
    """Opened so far (TLS and HTTPS)."""
    latency_ms: float | None
    """Moving average; None: not measured yet."""
    histogram: tuple[int, ...]
    """Answers by latency, one number for each of BUCKETS_MS and one for what took longer."""


@dataclass(slots=True)
class Counts:
    asked: int = 0
    answered: int = 0
    failed: int = 0
    mismatched: int = 0
    over_tcp: int = 0
    case_lost: int = 0
    connections: int = 0


@dataclass(slots=True)
class Health:
    """One upstream's past. Every attempt ends in one of `answered`, `failed` and `outrun`."""

    counts: Counts = field(default_factory=Counts)
    state: State = State.UNTRIED
    trouble: Trouble = Trouble.NONE
    trouble_text: str = ""
    latency: float | None = None
    """Seconds, moving average."""
    hedge: float = HEDGE_HIGH
    """Seconds without an answer after which another upstream is worth asking: the 95th percentile of the recent answers, bounded."""
    look_at: float = -inf
    """When it is to be asked beside another one: an untried one at once, a failing one after its back-off, a slow one now and then."""
    histogram: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_MS) + 1))
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    _failures: int = 0
    """In a row."""

    def asked(self, now: float) -> None:
        self.counts.asked += 1
        self.look_at = max(self.look_at, now + BACK_OFF_LOW)  # one at a time

    def answered(self, seconds: float, now: float) -> None:
        """It answered after `seconds`."""
        self.counts.answered += 1
        self.state, self.trouble, self.trouble_text, self._failures = State.GOOD, Trouble.NONE, "", 0
        self.look_at = now + LOOK_AGAIN
        milliseconds = seconds * 1000
        at = next((at for at, bound in enumerate(BUCKETS_MS) if milliseconds <= bound), len(BUCKETS_MS))
        self.histogram[at] += 1
        self._learn(seconds)

    def failed(self, failure: UpstreamFailed, now: float) -> None:
        self.counts.failed += 1
        self.trouble, self.trouble_text = failure.trouble, str(failure)
        self._fail(now, at_once=failure.trouble in _AT_ONCE)

    def outrun(self, seconds: float, now: float) -> None:
        """Another upstream had answered when this one had not for `seconds`. Nobody waits for it any more."""
        if seconds >= self.hedge:
            self._learn(seconds)
            self.trouble, self.trouble_text = Trouble.SILENT, "no answer in time"
            self._fail(now, at_once=False)

    def _fail(self, now: float, *, at_once: bool) -> None:
        self._failures = max(self._failures + 1, FAILURES if at_once else 0)
        if self._failures >= FAILURES:
            self.state = State.FAILING
            self.look_at = now + min(BACK_OFF_LOW * 2.0 ** min(self._failures - FAILURES, 10), BACK_OFF_HIGH)

    def _learn(self, seconds: float) -> None:
        self.latency = seconds if self.latency is None else self.latency + WEIGHT * (seconds - self.latency)
        self._recent.append(seconds)
        if len(self._recent) >= _ENOUGH and not (self.counts.answered % _LEARN_EVERY):
            slow = sorted(self._recent)[len(self._recent) * 95 // 100]
            self.hedge = min(max(slow, HEDGE_LOW), HEDGE_HIGH)
