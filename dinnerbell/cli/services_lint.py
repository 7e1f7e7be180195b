"""`dinnerbell services lint`: is the catalogue true to itself, the setting's own services included?"""

import sys
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import click

from dinnerbell.catalogue import CatalogueError
from dinnerbell.cli.common import Where, print_json
from dinnerbell.curating.lint import Finding, Inside, find_clashes, find_faults, inside_essential
from dinnerbell.curating.listing import Entry, read_entries
from dinnerbell.files import RulesFileError, read_rules_data
from dinnerbell.public_suffixes import public_suffix
from dinnerbell.rules import RulesError, decode_rules
from dinnerbell.shipped import shipped_catalogue, shipped_texts

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Result:
    entries: list[Entry]
    findings: list[Finding]
    inside: list[Inside]
    without_sources: int


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def lint(where: Where, as_json: bool) -> None:
    """Look for what is wrong with the catalogue and your own services. Ends with 1 if there is something to mend."""
    result = _result(where)
    if as_json:
        print_json(
            {
                "ok": not result.findings,
                "services": len(result.entries),
                "hosts": sum(len(entry.hosts) for entry in result.entries),
                "without_sources": result.without_sources,
                "inside_essential": [asdict(each) for each in result.inside],
                "findings": [asdict(finding) for finding in result.findings],
            }
        )
    else:
        _print(result)
    sys.exit(1 if result.findings else 0)


def _result(where: Where) -> _Result:
    folder = _shown_path(Path(str(files("dinnerbell"))) / "services")
    entries: list[Entry] = []
    findings: list[Finding] = []
    for name, text in sorted(shipped_texts().items()):
        _take(entries, findings, text, str(folder / name), own=False)
    if where.rules_path.exists():
        try:
            text = decode_rules(read_rules_data(where.rules_path))
        except (RulesError, RulesFileError):
            where.rules()  # it ends with the errors of the file
        else:
            _take(entries, findings, text, str(where.rules_path), own=True)
    findings += find_clashes(entries)
    inside: list[Inside] = []
    without_sources = 0
    if not findings:  # else it cannot be read as one catalogue
        try:
            shipped = shipped_catalogue()
        except CatalogueError as error:
            findings.append(Finding("unreadable", str(folder), 1, "", None, str(error)))
        else:
            catalogue = where.catalogue()
            findings += find_faults(entries, shipped, catalogue, public_suffix)
            inside = inside_essential(entries, catalogue)
            without_sources = sum(not service.sources for service in shipped.services.values())
    findings.sort(key=lambda finding: (finding.file, finding.line))
    return _Result(entries, findings, inside, without_sources)


def _take(entries: list[Entry], findings: list[Finding], text: str, file: str, *, own: bool) -> None:
    found, slips = read_entries(text, file, own=own)
    entries += found
    findings += [Finding("yaml", slip.file, slip.line, "", None, slip.message) for slip in slips]


def _shown_path(path: Path) -> Path:
    """Return the path as one would type it here."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def _print(result: _Result) -> None:
    for finding in result.findings:
        click.echo(f"{finding.file}:{finding.line}: {finding.message} [{finding.code}]")
    count = sum(len(entry.hosts) for entry in result.entries)
    verdict = f"{len(result.findings)} to mend" if result.findings else "nothing to mend"
    click.echo(f"{len(result.entries)} services with {count} hosts: {verdict}.")
    if result.without_sources:
        click.echo(f"For information: {result.without_sources} services do not say yet where their facts come from (`sources`).")
    if result.inside:
        some = ", ".join(f"{each.host} ({each.service}) in {each.zone}" for each in result.inside[:_SHOWN])
        rest = f" and {len(result.inside) - _SHOWN} more (--json lists them)" if len(result.inside) > _SHOWN else ""
        click.echo(f"For information: inside an essential zone, yet another service's, for the longest host decides: {some}{rest}.")
