"""`dinnerbell schema`: the JSON Schema of rules.yaml, for editors."""

import click

from dinnerbell.cli.common import print_json
from dinnerbell.rulesfile.schema import rules_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of rules.yaml. Save it beside the file as rules.schema.json, and an editor offers and explains the keys."""
    print_json(rules_schema())
