"""Groups and devices, and the clashes between them: only equals clash, a longer network simply wins over a shorter one.

Pure.
"""

from collections.abc import Mapping

from dinnerbell.model import Device, Group, Network, Owner
from dinnerbell.rulesfile.models import DeviceModel, GroupModel
from dinnerbell.rulesfile.nodes import Path
from dinnerbell.rulesfile.reader import Reader
from dinnerbell.rulesfile.references import OWNER_WORDS


def read_groups(reader: Reader, usual: Mapping[str, Group]) -> None:
    """Put the groups of the file (or the usual ones) into `reader.known`."""
    groups = reader.known.groups
    if not reader.has("groups"):
        groups.update(usual)
        return
    for name in reader.mapping("groups"):
        path: Path = ("groups", name)
        _check_free(reader, path, what="group")
        groups[name] = None
        model = reader.part(GroupModel, path)
        if model is not None:
            groups[name] = Group(name, Owner(model.owner), model.for_ is not None, tuple(model.addresses), reader.line(path))


def read_devices(reader: Reader) -> None:
    """Put the devices of the file into `reader.known`."""
    known = reader.known
    for name in reader.mapping("devices"):
        path: Path = ("devices", name)
        _check_free(reader, path, what="device")
        known.devices[name] = None
        model = reader.part(DeviceModel, path)
        if model is not None:
            group = known.groups.get(model.group) if model.group else None
            known.devices[name] = Device(
                name,
                group,
                tuple(model.address),
                model.mac,
                is_named=True,
                line=reader.line(path),
                is_intercepted=model.proxy is not None,
                token=model.token or "",
            )


def _check_free(reader: Reader, path: Path, *, what: str) -> None:
    name = str(path[-1])
    if name in OWNER_WORDS:
        reader.error(path, f"`{name}` has a meaning already (whose device it is): choose another name for this {what}", at_key=True)
    elif name in reader.known.groups:
        line = reader.line(("groups", name)) if reader.has("groups", name) else 0
        where = f"in line {line}" if line else "that Dinnerbell brings along"
        reader.error(path, f"`{name}` is the name of a group already ({where}): devices and groups need different names", at_key=True)
    else:
        reader.check_name(path, what=what)


def report_clashes(reader: Reader) -> None:
    """Report equal networks of two devices or groups, and equal MAC addresses, each naming the line of the first."""
    known = reader.known
    taken: dict[Network | str, Path] = {}
    for name, group in known.groups.items():
        for index, network in enumerate(group.addresses if group else ()):
            _claim(reader, taken, network, ("groups", name, "addresses", index))
    for name, device in known.devices.items():
        for index, network in enumerate(device.addresses if device else ()):
            _claim(reader, taken, network, ("devices", name, "address", index))
        if device and device.mac:
            _claim(reader, taken, device.mac, ("devices", name, "mac"))
        if device and device.token:
            _claim(reader, taken, device.token, ("devices", name, "token"))


def _claim(reader: Reader, taken: dict[Network | str, Path], value: Network | str, path: Path) -> None:
    first = taken.setdefault(value, path)
    if first is not path:
        other, line = first[1], reader.tree.place(first).line
        text = value if isinstance(value, str) else address_text(value)
        reader.error(path, f"`{path[1]}` has {text}, which `{other}` (line {line}) has already: one of the two is wrong")


def address_text(network: Network) -> str:
    """Return a network as people write it: without /32 or /128 where it is one address."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
