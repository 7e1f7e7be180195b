"""Parts 2 and 4: the verdict, and the few things that need a decision, each a question and never a conclusion.

Pure. `drawn_up` gathers the questions that `questions.py` finds in the parts, the gravest first, and gives each an owner and a day.
"""

from collections.abc import Iterable

from dinnerbell_reports.opening import open_day
from dinnerbell_reports.people import Staffing
from dinnerbell_reports.phrases import counted, number
from dinnerbell_reports.questions import ASKERS, Facts
from dinnerbell_reports.values import Decision, Decisions, Light, Sight, TheVerdict

AT_MOST = 5
DUE_OPEN_DAYS = {Light.RED: 1, Light.AMBER: 5, Light.GREEN: 5}
"""By the how-maniest day on which the setting is open again a decision is due."""


def drawn_up(facts: Facts, staff: Staffing) -> Decisions:
    """Return part 4: at most five decisions, red before amber, and what did not fit."""
    policy = facts.rules.policy
    found = [
        Decision(
            light=asked.light,
            question=asked.question,
            facts=asked.facts,
            proof=asked.proof,
            part=asked.part,
            clause=asked.clause,
            owner=staff.owner(asked.role),
            due=open_day(policy, facts.made_on, DUE_OPEN_DAYS[asked.light]),
        )
        for asker in ASKERS
        for asked in asker(facts)
    ]
    found.sort(key=lambda each: each.light is not Light.RED)  # stable: within a light the askers' order stays
    return Decisions(tuple(found[:AT_MOST]), tuple(found[AT_MOST:]))


def verdict(found: Decisions, sight: Sight) -> TheVerdict:
    """Return part 2: the gravest light of all decisions, and a sentence that also says how much could be seen."""
    everything = (*found.items, *found.also)
    if not everything:
        return TheVerdict(Light.GREEN, f"Nothing needs a decision; {_seen(sight)}.")
    needs = f"{counted(len(everything), 'thing')} {'needs' if len(everything) == 1 else 'need'} a decision"
    red = _count(everything, Light.RED)
    if not red:
        return TheVerdict(Light.AMBER, f"{needs}; {_seen(sight)}.")
    urgent = "before the setting next opens" if red == len(everything) else f"{red} of them before the setting next opens"
    return TheVerdict(Light.RED, f"{needs}, {urgent}; {_seen(sight)}.")


def _seen(sight: Sight) -> str:
    if sight.percent is None:
        return "none of its setting hours have passed yet" if sight.until else "the setting was closed in all of this time"
    return f"the box could see {number(sight.percent)}% of setting hours{' so far' if sight.until else ''}"


def _count(decisions: Iterable[Decision], light: Light) -> int:
    return sum(1 for each in decisions if each.light is light)
