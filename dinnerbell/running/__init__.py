"""The box at work: what `dinnerbell run` does beside answering; shells, but for a few values (see .importlinter)."""
