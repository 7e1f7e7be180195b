"""Last week under tomorrow's rules: what another rules file would have decided of what the log kept.

Pure. `run.py` reads rows and sums up, `judge.py` decides one row again, `who.py` says whose it was, `gaps.py` what the log did not
keep, `words.py` says it all to a manager.
"""

from dinnerbell.replay.run import Row, replay
from dinnerbell.replay.values import Change, Direction, Gap, LogFacts, Noted, Replay, Tally, Why
from dinnerbell.replay.words import describe, summarise

__all__ = ["Change", "Direction", "Gap", "LogFacts", "Noted", "Replay", "Row", "Tally", "Why", "describe", "replay", "summarise"]
