"""`dinnerbell run`: serve until stopped."""

import asyncio

import click

from dinnerbell.cli.common import CLOCK, Where, fail
from dinnerbell.endpoints import BadEndpoint, parse_endpoint, parse_upstream
from dinnerbell.files import RulesFileError
from dinnerbell.log import LogError
from dinnerbell.model import plain_address
from dinnerbell.running.box import Box
from dinnerbell.running.whom_to_ask import CannotAsk


@click.command()
@click.option("--listen", "listen_texts", metavar="ADDR:PORT", multiple=True, help="Where to answer, in place of box.listen; may be repeated.")  # fmt: skip  # noqa: E501
@click.option("--upstream", "upstream_texts", metavar="URL", multiple=True, help="Whom to ask, in place of box.upstream; may be repeated.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer, for a machine with idle processors.")  # fmt: skip  # noqa: E501
@click.option("--metrics", "metrics_text", metavar="ADDR:PORT", envvar="DINNERBELL_METRICS", help="Serve /metrics for Prometheus here, a loopback address; nowhere, if left out.")  # fmt: skip  # noqa: E501
@click.option("--trust-clock", is_flag=True, envvar="DINNERBELL_TRUST_CLOCK", help="Believe the machine's clock, even where it reads earlier than the log.")  # fmt: skip  # noqa: E501
@click.pass_obj
def run(  # noqa: PLR0913 - one for each option
    where: Where,
    listen_texts: tuple[str, ...],
    upstream_texts: tuple[str, ...],
    workers: int,
    metrics_text: str | None,
    *,
    trust_clock: bool,
) -> None:
    """Answer DNS queries by the rules, and log what was used, until stopped."""
    try:
        listen = [parse_endpoint(text) for text in listen_texts]
        upstream = [parse_upstream(text) for text in upstream_texts]
        metrics = parse_endpoint(metrics_text) if metrics_text else None
    except BadEndpoint as error:
        fail(str(error), 2)
    if metrics is not None and not plain_address(metrics.address).is_loopback:
        fail(f"--metrics {metrics_text}: figures of the box are served on a loopback address only, such as 127.0.0.1:9153", 2)
    box = Box(where.rules_path, where.data, CLOCK, listen, upstream, trust_clock, metrics, workers)
    try:
        asyncio.run(box.run())
    except RulesFileError as error:
        click.echo(str(error), err=True)
        fail(f"{where.rules_path} can't be used and there is no last good copy in {where.data}: mend the lines above and start again", 1)
    except (CannotAsk, LogError, OSError) as error:
        fail(str(error.strerror or error) if isinstance(error, OSError) else str(error), 1)
