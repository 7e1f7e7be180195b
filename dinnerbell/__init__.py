"""Dinnerbell: the shared core and the command line of a preschool's DNS filter and weekly report."""

__version__ = "0.1.0"
