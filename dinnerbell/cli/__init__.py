"""The command line: the composition root. Only this package, and the box and the demo it starts, import the shells."""

from dinnerbell.cli.main import main

__all__ = ["main"]
