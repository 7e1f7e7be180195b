"""The setting's own services, and its changes to the catalogue's.

Pure.
"""

import re

from dinnerbell.catalogue import KINDS, UMBRELLA, CatalogueError, HostClass, Service, merge_own
from dinnerbell.rulesfile.models import ServiceModel
from dinnerbell.rulesfile.reader import Reader


def read_own_services(reader: Reader) -> None:
    """Lay the section `services` over the catalogue in `reader.known`."""
    known = reader.known
    written = reader.mapping("services")
    known.services = {*known.catalogue.services, *written}
    own: list[Service] = []
    for id_ in written:
        path = ("services", id_)
        if id_ in KINDS or id_ == UMBRELLA:
            reader.error(path, f"`{id_}` is the name of a kind: choose another name for the service", at_key=True)
        elif not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", id_):
            message = f"{id_!r} cannot be the name of a service: use small letters, digits and hyphens, like `parent-portal`"
            reader.error(path, message, at_key=True)
        model = reader.part(ServiceModel, path)
        if model is not None and (service := _service(reader, id_, model)) is not None:
            own.append(service)
    own = _without_clashes(reader, own)
    known.catalogue = known.catalogue.with_own(own)


def _service(reader: Reader, id_: str, model: ServiceModel) -> Service | None:
    base = reader.known.catalogue.services.get(id_)
    hosts = {
        host_class: tuple(listed) for host_class in HostClass if (listed := getattr(model.hosts, host_class.value))
    }  # nothing for a class that is not written
    missing = [] if base else [key for key, value in (("name", model.name), ("kinds", model.kinds), ("hosts", hosts)) if not value]
    if missing:
        reader.error(("services", id_), f"`{id_}` is a new service and needs {', '.join(f'`{key}`' for key in missing)}", at_key=True)
        return None
    all_hosts = [host for listed in hosts.values() for host in listed]
    twice = [host for host in all_hosts if all_hosts.count(host) > 1]
    if twice:
        reader.error(("services", id_, "hosts"), f"`{twice[0]}` stands in two classes of `{id_}`: keep one")
        return None
    own = Service(
        id=id_,
        name=model.name or (base.name if base else id_),
        kinds=tuple(model.kinds),
        hosts=hosts,
        evidence=model.evidence or (base.evidence if base else "use"),
        age_law=model.under_16_law or (base.age_law if base else "unknown"),
        note=model.note or "",
    )
    return merge_own(base, own)


def _without_clashes(reader: Reader, own: list[Service]) -> list[Service]:
    """Report hosts that two own services claim, and leave the later one out."""
    kept: list[Service] = []
    for service in own:
        try:
            reader.known.catalogue.with_own([*kept, service])
        except CatalogueError:
            clash = _clash(reader, kept, service)
            reader.error(*clash)
            continue
        kept.append(service)
    return kept


def _clash(reader: Reader, kept: list[Service], service: Service) -> tuple[tuple[str | int, ...], str]:
    for other in kept:
        for host_class, hosts in service.hosts.items():
            for host in hosts:
                if any(host in listed for listed in other.hosts.values()):
                    line = reader.line(("services", other.id))
                    message = (
                        f"`{host}` belongs to `{other.id}` (line {line}) already: give it to one of them, or list it under `shared` in both"
                    )
                    return _host_path(reader, service.id, host_class, host), message
    return ("services", service.id), f"a host of `{service.id}` belongs to another of your services already"


def _host_path(reader: Reader, id_: str, host_class: HostClass, host: str) -> tuple[str | int, ...]:
    path: tuple[str | int, ...] = ("services", id_, "hosts")
    written = reader.raw(*path)
    if isinstance(written, dict):
        path = (*path, host_class.value)
        written = reader.raw(*path)
    listed = written if isinstance(written, list) else []
    index = next((at for at, text in enumerate(listed) if isinstance(text, str) and text.strip().lower().rstrip(".") == host), None)
    return path if index is None else (*path, index)
