"""`python -m dinnerbell.workers DESCRIPTOR`: one process that answers beside the box, which starts it (shell).

DESCRIPTOR is its end of the socket pair. SIGINT and SIGTERM are not for it: Ctrl-C and systemd send them to every process, and it is the
box that knows when the last query is answered.
"""

import asyncio
import ctypes
import signal
import socket
import sys

from dinnerbell.cli.common import CLOCK
from dinnerbell.workers.worker import Worker

_PR_SET_PDEATHSIG = 1


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # the socket pair tells when the box is gone; this tells even a worker that is stuck
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    sys.exit(asyncio.run(Worker(socket.socket(fileno=int(sys.argv[1])), CLOCK).run()))


if __name__ == "__main__":
    main()
