"""What the proxy hands to the usage log: the same counts under the same keys as the DNS server's. Pure.

A stub asks DNS again at most once a minute (names that a rule could decide live that long); a browser asks the proxy for every picture.
So that a look-up is the same thing in both, a device's name is counted once a minute, however often it is asked for.
"""

from dinnerbell.config import LogLevel
from dinnerbell.model import Device
from dinnerbell.policy import Reason
from dinnerbell.proxied import MAX_WORDS, Mistaken, PageKey
from dinnerbell.usage import Batch, LogKey, log_key, rule_name
from dinnerbell_proxy.judge import Judged

MAX_TOLD = 100_000
"""Names of one minute that are remembered as counted: a bound, for a flood."""


class Ledger:
    """Counts until somebody takes them."""

    def __init__(self) -> None:
        self._batch = Batch()
        self._minute = 0
        self._told: set[tuple[str, str, str, str]] = set()

    def note(self, device: Device, level: LogLevel, judged: Judged, minute: int) -> LogKey | None:
        """Count a name in a minute (whole ones since 1970 UTC). Return what the log keeps of it; None: the device's total alone."""
        key = log_key(level, device, judged.name, judged.decision)
        row = (device.name, judged.name, judged.decision.verdict.value, rule_name(judged.decision))
        if minute != self._minute or len(self._told) >= MAX_TOLD:
            self._minute, self._told = minute, set()
        if row not in self._told:
            self._told.add(row)
            refused = judged.is_refused and judged.decision.reason is not Reason.CANARY
            self._batch.add(minute, device, key, refused=refused)
        return key

    def note_page(  # noqa: PLR0913 - a row's fields
        self, device: Device, level: LogLevel, judged: Judged, minute: int, *, loads: int, size: int
    ) -> None:
        """Count pages of a service that were opened, and bytes of its answers, as far as the log keeps such a thing of this device."""
        key = log_key(level, device, judged.name, judged.decision)
        if key is not None and key.device and key.service is not None:
            row = PageKey(key.device, key.name, key.service, key.verdict, key.rule)
            self._batch.proxied.add_page(minute, row, loads=loads, size=size)

    def note_look(self, device: Device, minute: int, *, is_shown: bool) -> None:
        """Count a connection that was decrypted, because of what is inside or to show why it is refused."""
        self._batch.proxied.add_look(minute, device.name, is_shown=is_shown)

    def note_mistaken(self, device: Device, judged: Judged, minute: int, words: str) -> None:
        """Take note that somebody says that a name is closed by mistake, with what they wrote."""
        one_line = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())[:MAX_WORDS]
        self._batch.proxied.add_mistaken(Mistaken(minute, device.name, judged.name, rule_name(judged.decision), one_line))

    def take(self) -> Batch:
        """Hand over what was counted. It does not say that the box was answering: whether DNS did, the proxy cannot know."""
        batch, self._batch = self._batch, Batch()
        return batch
