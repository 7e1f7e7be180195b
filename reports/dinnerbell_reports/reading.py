"""Part 19: how to read this. What the grades and ranges mean, and what looking up names cannot show.

Pure.
"""

from dinnerbell_reports.annex_values import Note, Reading

NOTES = (
    Note(
        "What is counted",
        "The names of online services that devices asked this box for. Not pages, not messages, not what was written or watched.",
    ),
    Note(
        "Evidence B",
        "Hosts were asked that, as far as is known, only the service's own pages and apps ask: somebody was probably using it. Where it "
        "says “pair”, the service has no such host, and two different ones within two minutes stand for it: a little weaker.",
    ),
    Note(
        "Evidence C",
        "Page content, not use: another site's page carried the service's button or picture. Never minutes, never held against anyone.",
    ),
    Note(
        "Evidence “record”",
        "The box's own record, or rules.yaml: counted, not inferred. (A, pages seen to load, needs a part that is not in this release.)",
    ),
    Note(
        "Minutes",
        "Estimates, as a range: the lower number is minutes in which the service was asked for, the higher one also counts gaps of up to "
        "five minutes between them. A visit of one minute is not counted.",
    ),
    Note(
        "Refused episode",
        "A service was asked for and refused; one for each device, service and five minutes. It does not say that anybody broke a rule: a "
        "tap on a link or a saved bookmark looks the same. The first fifteen minutes after a window closes are left out.",
    ),
    Note("Refused in the background", "Nothing says that a person was there: apps ask again and again by themselves."),
    Note(
        "Approved",
        "Let through by a rule with an approval. “Without approval” is all other use on the setting's own devices, also where a rule "
        "allows it by name.",
    ),
    Note("Out of hours", "Outside the setting hours of rules.yaml, or on a closed day. It is shown, never dropped."),
    Note(
        "People's own devices",
        "Staff's and visitors' devices appear as totals of their group, never by name or address, and without the services asked for. In "
        "a very small group even a total can point at somebody: read it with that in mind.",
    ),
    Note("Never shown", "Helplines, at all. Health, union, banking, faith and advice sites, by device."),
    Note(
        "What this cannot see",
        "Anything off site, on mobile data, or through a tunnel that was open before. A page may stay open when its window ends. Apps that "
        "carry their own addresses (WhatsApp, Telegram) cannot be shut whole here. Where Facebook is open, page work and personal use look "
        "the same, and its own inbox stays open although Messenger is shut.",
    ),
)


def reading() -> Reading:
    return Reading(NOTES)
