"""What the box and its workers say to each other. Pure: values."""

from collections.abc import Sequence
from dataclasses import dataclass

from dinnerbell.config import Endpoint, Upstream
from dinnerbell.model import Pass
from dinnerbell.usage import Batch
from dinnerbell.workers.figures import Figures


@dataclass(frozen=True, slots=True)
class Orders:
    """Everything that a worker enforces; each message is the whole of it.

    The rules go as text, because the policy that is made of them holds caches and mapped files, which don't travel.
    """

    text: str
    """Of the rules that are in force, which need not be what lies in the file at present."""
    passes: Sequence[Pass]
    clock_is_wrong: bool
    upstream: Sequence[Upstream]
    listen: Sequence[Endpoint]
    """As it was told; `endpoints` are those that were had, with their ports."""
    endpoints: Sequence[Endpoint]
    data: str
    """The folder of the compiled lists."""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """Send a report now: the clock was put, and what was counted before has to be told from what comes."""

    number: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Let what is under way be answered, report for the last time, and end."""


@dataclass(frozen=True, slots=True)
class Report:
    counts: Batch
    """Since the report before."""
    figures: Figures
    """Since the worker's start."""
    obeyed: int
    """The number of the orders that are in force."""
    called: int
    """The number of the last call that it had heard."""
