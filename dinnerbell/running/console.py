"""Tells whoever watches the console of a running box (shell)."""

import sys


def say(message: str, *, error: bool = False) -> None:
    """Print a message, at once."""
    print(f"dinnerbell: {message}", file=sys.stderr if error else sys.stdout, flush=True)
