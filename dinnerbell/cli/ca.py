"""`dinnerbell ca export`: the proxy's certificate, in the form in which devices are told to trust it."""

from pathlib import Path

import click

from dinnerbell.cli.common import Where, fail, print_json

_SYSTEMS = ("windows", "apple", "android", "chromeos", "firefox")


@click.group()
def ca() -> None:
    """The proxy's certificate authority: what devices have to trust."""


@ca.command()
@click.option("--for", "system", type=click.Choice(_SYSTEMS), required=True, help="What the devices run.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="The folder to write to; here, if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def export(where: Where, system: str, out: Path, as_json: bool) -> None:
    """Write the files with which managed devices learn to trust the proxy, and say what to do with them."""
    from dinnerbell_proxy.enrol import enrol, fingerprint  # noqa: PLC0415 - quick to start where it is not asked for

    try:
        from dinnerbell_proxy.authority import make_authority  # noqa: PLC0415 - mitmproxy is an extra, and takes a second to import
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mitmproxy":
            raise
        fail("the proxy needs mitmproxy, which is not installed: pip install 'dinnerbell[proxy]'", 1)
    setting = where.rules().policy.setting.name
    try:
        pem = make_authority(where.data, setting).read_text()
        enrolment = enrol(system, pem, setting)
        out.mkdir(parents=True, exist_ok=True)
        for name, content in enrolment.files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        fail(f"Couldn't export the certificate to {out}: {error.strerror or error}", 1)
    written = [str(out / name) for name in enrolment.files]
    if as_json:
        print_json({"files": written, "fingerprint": fingerprint(pem), "steps": list(enrolment.steps)})
        return
    click.echo(f"Written: {', '.join(written)}")
    click.echo(f"SHA-256 fingerprint: {fingerprint(pem)}")
    for step in enrolment.steps:
        click.echo(f"- {step}")
    click.echo("Tell everyone who uses such a device that the proxy looks into what rules.yaml has it look into, and why.")
