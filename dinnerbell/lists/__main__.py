"""`python -m dinnerbell.lists DATA FOLDER NAME SOURCE NOW`: one attempt to bring a list up to date, in a process of its own (shell).

The box starts it, so that reading a million lines neither delays an answer nor stays in its memory. It gives way to whoever answers:
lowest priority, and the first to go when memory runs out. How it went is in the list's state.
"""

import contextlib
import os
import sys
from pathlib import Path

from dinnerbell.config import ListSource
from dinnerbell.lists.refresh import refresh


def main() -> None:
    data, folder, name, source, now = sys.argv[1:]
    os.nice(15)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("700", encoding="ascii")
    refresh(Path(data), ListSource(name, source), Path(folder), float(now))


if __name__ == "__main__":
    main()
