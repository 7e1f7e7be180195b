"""`dinnerbell devices`: known and unknown devices, with last contact."""

from datetime import UTC, datetime
from typing import Any

import click

from dinnerbell.cli.common import Where, iso, print_json, print_table
from dinnerbell.log import Contact, usage_path
from dinnerbell_dns.neighbours import read_neighbours


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the value itself.")
@click.pass_obj
def devices(where: Where, as_json: bool) -> None:
    """List the devices of the rules and every other one seen, the newest contact first."""
    policy = where.rules().policy
    contacts: dict[str, Contact] = {}
    if usage_path(where.data).exists():
        with where.log() as log:
            contacts = {contact.device: contact for contact in log.contacts()}
    macs = {str(address): mac for address, mac in read_neighbours().items()}
    rows: list[dict[str, Any]] = []
    for name in [*contacts, *(name for name in policy.devices if name not in contacts)]:
        device, contact = policy.device_called(name), contacts.get(name)
        group = device.group.name if device and device.group else (contact.group if contact else "")
        rows.append(
            {
                "device": name,
                "known": name in policy.devices,
                "group": group or None,
                "mac": (device.mac if device else None) or macs.get(name),
                "owner": device.owner.value if device else "unknown",
                "first_contact": _minute(contact.first_minute, policy.setting.zone) if contact else None,
                "last_contact": _minute(contact.last_minute, policy.setting.zone) if contact else None,
            }
        )
    if as_json:
        print_json(rows)
        return
    cells = [
        [
            row["device"],
            "yes" if row["known"] else "no",
            row["group"] or "-",
            row["owner"],
            row["mac"] or "-",
            row["last_contact"] or "never",
        ]
        for row in rows
    ]
    print_table(["DEVICE", "NAMED", "GROUP", "OWNER", "MAC", "LAST CONTACT"], cells)


def _minute(minute: int, zone: Any) -> str:
    return iso(datetime.fromtimestamp(minute * 60, UTC), zone)
