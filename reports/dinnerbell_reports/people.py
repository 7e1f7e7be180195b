"""Parts 1 and 20: whom the report is for, whom evidence must not reach, who reads it and who countersigns.

Pure. The manager of a small setting is often deputy safeguarding lead and data controller as well, so what is withheld is withheld
from the person, in every role (policy section 8).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dinnerbell.config import Rules
from dinnerbell.model import Owner, People
from dinnerbell_reports.annex_values import SignOff
from dinnerbell_reports.values import Audience, Person, Withheld

MANAGER = "manager"
LEAD = "safeguarding-lead"
DEPUTY = "safeguarding-deputies"
CONTROLLER = "data-controller"

_WORDS = {MANAGER: "manager", LEAD: "safeguarding lead", DEPUTY: "deputy safeguarding lead", CONTROLLER: "data controller"}


def _roles(people: People) -> Iterator[tuple[str, str]]:
    """Yield (role, name) of everybody in rules.yaml; manager and lead also where no name is given."""
    yield LEAD, people.safeguarding_lead
    yield MANAGER, people.manager
    yield from ((DEPUTY, name) for name in people.safeguarding_deputies)
    if people.data_controller:
        yield CONTROLLER, people.data_controller


@dataclass(frozen=True, slots=True)
class Staffing:
    """Who may read and who may be asked."""

    readers: tuple[tuple[str, Person], ...]
    withheld: tuple[Withheld, ...]

    def owner(self, role: str) -> Person:
        """Return who is to decide: the holder of the role, or, where evidence is withheld from them, another reader."""
        for wanted in (role, LEAD, MANAGER, DEPUTY, CONTROLLER):
            for key, person in self.readers:
                if key == wanted:
                    return person
        return Person("somebody whom this report is not about")


def staffing(rules: Rules) -> Staffing:
    everybody = list(_roles(rules.policy.setting.people))
    barred_roles = {_key(role) for role in rules.reports.not_about}
    barred_names = {name for role, name in everybody if role in barred_roles and name}
    readers = tuple((role, Person(_WORDS[role], name)) for role, name in everybody if role not in barred_roles and name not in barred_names)
    withheld = tuple(_withheld(rules, role, devices, everybody) for role, devices in rules.reports.not_about.items())
    return Staffing(readers, withheld)


def _withheld(rules: Rules, role: str, devices: tuple[str, ...], everybody: list[tuple[str, str]]) -> Withheld:
    found = [rules.policy.device_called(text) for text in devices]
    named = tuple(device.name for device in found if device is not None and device.owner is Owner.SETTING)
    names = ", ".join(dict.fromkeys(name for key, name in everybody if key == _key(role) and name))
    return Withheld(Person(_WORDS.get(_key(role), role), names), named, len(devices) - len(named))


def _key(role: str) -> str:
    return DEPUTY if role in ("safeguarding-deputy", DEPUTY) else role


def audience(staff: Staffing) -> Audience:
    """Return part 1. Somebody with several roles is listed once, with all of them."""
    roles: dict[str, list[str]] = {}
    nameless: list[Person] = []
    for _, person in staff.readers:
        if person.name:
            roles.setdefault(person.name, []).append(person.role)
        else:
            nameless.append(person)
    return Audience((*(Person(", ".join(dict.fromkeys(held)), name) for name, held in roles.items()), *nameless), staff.withheld)


def sign_off(staff: Staffing) -> SignOff:
    """Return part 20: the safeguarding lead reads, the manager countersigns, and nobody does both."""
    reader = staff.owner(LEAD)
    if (manager := staff.owner(MANAGER)) != reader and (manager.name != reader.name or not manager.name):
        return SignOff(reader, manager)
    for _, person in staff.readers:
        if person.name and person.name != reader.name:
            return SignOff(reader, person)
    return SignOff(reader, Person("a second leader whom this report is not about"))
