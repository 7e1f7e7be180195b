"""What is open when, drawn from the decisions themselves: the week as a value (week.py), its subjects, groups and renderers. Pure."""
