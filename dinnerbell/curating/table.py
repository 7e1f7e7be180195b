"""The catalogue as a page of tables: services by kind, for people who want to know what a rule would close.

Pure. `docs/catalogue.md` is this page, and a test keeps it so.
"""

from collections.abc import Iterator, Sequence

from dinnerbell.catalogue import KINDS, Catalogue, HostClass, Service
from dinnerbell.words.wording import KIND_PHRASES, sentence_case

_HEAD = """\
# The catalogue, by kind

Made by `make catalogue` from the files in [`dinnerbell/services`](../dinnerbell/services); do not edit it by hand. In rules.yaml a kind
(`block: forum`), the umbrella `social-media` or a service's id (`block: mumsnet`) can be named. A service of several kinds stands under
its first one, and a rule that names any of them is about it.

- **Law**: would a law that sets 16 as the age for social media (as in Australia) cover it: in, out, or not known.
- **Evidence**: what stands for a person's use. *use*: one look-up of a signature host; *pair*: two different hosts of it within two
  minutes, because every one of them is also asked by other people's pages. *listed*: it has no kind whose use is looked at.
- **What DNS cannot cut**: what stays open, or what else a refusal closes."""


def catalogue_page(catalogue: Catalogue) -> str:
    """Return the page as Markdown."""
    services = sorted(catalogue.services.values(), key=lambda service: (service.name.casefold(), service.id))
    by_kind = {kind: [service for service in services if service.kinds[0] == kind] for kind in KINDS}
    hosts = sum(len(listed) for service in services for listed in service.hosts.values())
    social = sum(service.is_social for service in services)
    counts = f"Services: {len(services)}, of them social media: {social}. Hosts: {hosts}."
    blocks = [_HEAD, counts, "\n".join(_contents(by_kind, services))]
    blocks += ["\n".join(_kind(kind, listed)) for kind, listed in by_kind.items() if listed]
    return "\n\n".join(blocks) + "\n"


def _contents(by_kind: dict[str, list[Service]], services: Sequence[Service]) -> Iterator[str]:
    yield "| kind | is | services | here |"
    yield "|---|---|---|---|"
    for kind, listed in by_kind.items():
        of_kind = sum(kind in service.kinds for service in services)
        yield f"| [`{kind}`](#{kind}) | {KIND_PHRASES[kind]} | {of_kind} | {len(listed)} |"


def _kind(kind: str, services: list[Service]) -> Iterator[str]:
    yield f"## {kind}"
    yield ""
    yield f"{sentence_case(KIND_PHRASES[kind])}."
    yield ""
    yield "| id | name | also | law | evidence | what DNS cannot cut |"
    yield "|---|---|---|---|---|---|"
    for service in services:
        also = ", ".join(other for other in service.kinds if other != kind)
        law = {"in": "in", "out": "out"}.get(service.age_law, "not known") if service.is_social else ""
        cells = (f"`{service.id}`", service.name, also, law, _evidence(service), service.note)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _evidence(service: Service) -> str:
    if not service.is_social:
        return "listed"
    uses = len(service.hosts.get(HostClass.USE, ()))
    return "pair" if service.evidence == "pair" else f"use ({uses} host{'s' if uses > 1 else ''})"
