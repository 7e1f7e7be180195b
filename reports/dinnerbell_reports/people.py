"""Parts 1 and 20: whom the report is for, whom evidence must not reach, who reads it and who countersigns.

Pure. The manager of a small setting is often deputy safeguarding lead and data controller as well, so what is withheld is withheld
from the person, in every role (policy section 8).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dinnerbell.config import Rules
from dinnerbell.model import Network, Owner, People
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
    barred_roles = {_key(role) for role, devices in rules.reports.not_about.items() if devices}
    barred_names = {name for role, name in everybody if role in barred_roles and name}
    readers = tuple((role, Person(_WORDS[role], name)) for role, name in everybody if role not in barred_roles and name not in barred_names)
    withheld = tuple(_withheld(rules, role, devices, everybody) for role, devices in rules.reports.not_about.items() if devices)
    return Staffing(readers, withheld)


def roles_kept_from(rules: Rules, reader: str) -> tuple[str, ...]:
    """Return the roles of `not-about` that the holder of `reader` has; "", the whole report's reader, has none of them."""
    everybody = list(_roles(rules.policy.setting.people))
    names = {name for role, name in everybody if role == _key(reader) and name}
    held = {_key(reader), *(role for role, name in everybody if name in names)}
    return tuple(role for role in rules.reports.not_about if _key(role) in held)


def _withheld(rules: Rules, role: str, listed: tuple[str | Network, ...], everybody: list[tuple[str, str]]) -> Withheld:
    named = [words for word in listed if (words := _printed(rules, word))]
    names = ", ".join(dict.fromkeys(name for key, name in everybody if key == _key(role) and name))
    return Withheld(Person(_WORDS.get(_key(role), role), names), tuple(named), len(listed) - len(named))


def _printed(rules: Rules, word: str | Network) -> str:
    """Return a word of `not-about` as the report may print it; "": somebody's own device, which is only counted."""
    if isinstance(word, str) and word not in rules.policy.devices:
        return f"every device of the group {word}" if word in rules.policy.groups else f"every {word} device"
    if isinstance(word, str):
        device = rules.policy.devices[word]
    elif word.num_addresses == 1:
        device = rules.policy.device_at(word.network_address)
    else:
        return f"every device in {word}"
    return device.name if device.owner is Owner.SETTING else ""


def _key(role: str) -> str:
    return DEPUTY if role in ("safeguarding-deputy", DEPUTY) else role


def audience(staff: Staffing) -> Audience:
    """Return part 1. Somebody with several roles is listed once, with all of them."""
    return Audience(_listed(staff.readers), staff.withheld)


def audience_of_edition(rules: Rules, reader: str) -> Audience:
    """Return part 1 of the edition for the holder of one role, from whom some evidence is kept."""
    everybody = list(_roles(rules.policy.setting.people))
    names = {name for role, name in everybody if role == _key(reader) and name}
    roles = [(role, Person(_WORDS[role], name)) for role, name in everybody if role == _key(reader) or name in names]
    left_out = tuple(_withheld(rules, role, rules.reports.not_about[role], everybody) for role in roles_kept_from(rules, reader))
    return Audience(_listed(roles) or (Person(reader.replace("-", " ")),), (), left_out)


def _listed(readers: Iterable[tuple[str, Person]]) -> tuple[Person, ...]:
    roles: dict[str, list[str]] = {}
    nameless: list[Person] = []
    for _, person in readers:
        if person.name:
            roles.setdefault(person.name, []).append(person.role)
        else:
            nameless.append(person)
    return (*(Person(", ".join(dict.fromkeys(held)), name) for name, held in roles.items()), *nameless)


def sign_off(staff: Staffing) -> SignOff:
    """Return part 20: the safeguarding lead reads, the manager countersigns, and nobody does both."""
    reader = staff.owner(LEAD)
    if (manager := staff.owner(MANAGER)) != reader and (manager.name != reader.name or not manager.name):
        return SignOff(reader, manager)
    for _, person in staff.readers:
        if person.name and person.name != reader.name:
            return SignOff(reader, person)
    return SignOff(reader, Person("a second leader whom this report is not about"))
