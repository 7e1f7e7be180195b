"""A believable week at a nursery that does not exist.

`rules.yaml`: its rules. `story.py`: who does what. `week.py`: that as queries. `upstream.py`: who answers. `player.py`: plays it.
"""
