"""Dinnerbell: the shared core and the command line of a preschool's DNS filter and weekly report."""

from datetime import date

__version__ = "0.1.0"
RELEASED = date(2026, 11, 1)
"""No right clock reads a day before this one: set anew with every release, never to a day to come."""
