"""`dinnerbell services table`: the catalogue of this release as a page of Markdown tables."""

import click

from dinnerbell.curating.table import catalogue_page
from dinnerbell.shipped import shipped_catalogue


@click.command()
def table() -> None:
    """Print the catalogue of this release as Markdown, by kind: the page docs/catalogue.md."""
    click.echo(catalogue_page(shipped_catalogue()), nl=False)
