"""`dinnerbell run` with a clock of the test's own: the machine's, and the seconds in a file on top. A program: see `live.BoxProcess`.

python -m box_at OFFSET_FILE --rules FILE --data DIR run --listen ADDR:PORT --upstream ADDR:PORT [--trust-clock] [--tidy-after SECONDS]
"""

import argparse
import asyncio
import time
from pathlib import Path

from dinnerbell.clock import Clock
from dinnerbell.endpoints import parse_endpoint, parse_upstream
from dinnerbell.running.box import Box


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("offset", type=Path)
    parser.add_argument("--rules", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("command", choices=["run"])
    parser.add_argument("--listen", action="append", type=parse_endpoint)
    parser.add_argument("--upstream", action="append", type=parse_upstream)
    parser.add_argument("--trust-clock", action="store_true")
    parser.add_argument("--tidy-after", type=float, default=180.0)
    told = parser.parse_args()
    clock = Clock(lambda: time.time() + float(told.offset.read_text() or 0), time.monotonic)
    asyncio.run(Box(told.rules, told.data, clock, told.listen, told.upstream, told.trust_clock, tidy_after=told.tidy_after).run())


if __name__ == "__main__":
    main()
