"""`python -m dinnerbell`: the command line, where the console script is not installed."""

from dinnerbell.cli import main

main(prog_name="dinnerbell")
