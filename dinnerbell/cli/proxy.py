"""`dinnerbell proxy`: the optional proxy, until stopped."""

import click

from dinnerbell.cli.common import CLOCK, Where, fail
from dinnerbell.endpoints import BadEndpoint, parse_endpoint
from dinnerbell.files import RulesFileError
from dinnerbell.log import LogError

_PORT = 8080


@click.command()
@click.option("--listen", "listen_text", metavar="ADDR:PORT", default=f"0.0.0.0:{_PORT}", show_default=True, help="Where to serve.")
@click.option("--mode", type=click.Choice(["regular", "transparent"]), default="regular", show_default=True, help="regular: devices are set up to use the proxy; transparent: the router sends it their web traffic.")  # fmt: skip  # noqa: E501
@click.argument("mitmproxy_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- MITMPROXY OPTIONS]")
@click.pass_obj
def proxy(where: Where, listen_text: str, mode: str, mitmproxy_options: tuple[str, ...]) -> None:
    """Proxy web traffic by the rules, with a page that says why, until stopped."""
    try:
        listen = parse_endpoint(listen_text, port=_PORT)
    except BadEndpoint as error:
        fail(str(error), 2)
    try:
        from dinnerbell_proxy.serve import make_addon, serve  # noqa: PLC0415 - mitmproxy is an extra, and takes a second to import
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mitmproxy":
            raise
        fail("the proxy needs mitmproxy, which is not installed: pip install 'dinnerbell[proxy]'", 1)
    try:
        addon = make_addon(where.rules_path, where.data, CLOCK)
    except RulesFileError as error:
        click.echo(str(error), err=True)
        fail(f"{where.rules_path} can't be used and there is no last good copy in {where.data}: mend the lines above and start again", 1)
    except LogError as error:
        fail(str(error), 1)
    try:
        serve(addon, where.data, listen, mode, mitmproxy_options)
    except OSError as error:
        fail(str(error.strerror or error), 1)
