"""Helplines and sensitive services of the shipped catalogue: always reachable under the shipped rules, never in the log by name."""

import pytest

from dinnerbell.model import Verdict
from dinnerbell.policy import Ask, Reason, decide
from dinnerbell.usage import LogLevel, log_key
from tests.sample_policy import DEVICES, MOMENTS, POLICY

HELPLINES = """
    www.samaritans.org www.childline.org.uk www.nspcc.org.uk www.refuge.org.uk www.nationaldahelpline.org.uk www.womensaid.org.uk
    www.mind.org.uk giveusashout.org www.papyrus-uk.org www.victimsupport.org.uk rapecrisis.org.uk galop.org.uk mensadviceline.org.uk
    www.respect.org.uk karmanirvana.org.uk www.beateatingdisorders.org.uk www.thecalmzone.net switchboard.lgbt www.stopitnow.org.uk
    www.lucyfaithfull.org.uk reportharmfulcontent.com www.ceop.police.uk www.kooth.com www.themix.org.uk www.youngminds.org.uk
    www.cruse.org.uk www.familylives.org.uk www.gingerbread.org.uk crimestoppers-uk.org protect-advice.org.uk wearehourglass.org
    livefearfree.gov.wales www.sdafmh.org.uk dsahelpline.org www.lifelinehelpline.info www.gamcare.org.uk www.talktofrank.com
    www.alcoholics-anonymous.org.uk www.mankind.org.uk www.suzylamplugh.org revengepornhelpline.org.uk www.missingpeople.org.uk
    www.nationaldebtline.org www.stepchange.org england.shelter.org.uk www.educationsupport.org.uk www.pandasfoundation.org.uk
    www.lullabytrust.org.uk www.family-action.org.uk www.childrenfirst.org.uk www.meiccymru.org andysmanclub.co.uk
    www.prevent-suicide.org.uk safeline.org.uk tellmamauk.org www.nationalbreastfeedinghelpline.org.uk kinship.org.uk studentspace.org.uk
    www.thesilverline.org.uk mermaidsuk.org.uk breathingspace.scot callhelpline.org.uk www.supportline.org.uk modernslaveryhelpline.org
"""
SENSITIVE = """
    www.nhs.uk online.lloydsbank.co.uk www.natwest.com www.paypal.com www.nestpensions.org.uk www.unison.org.uk neu.org.uk www.gmb.org.uk
    www.tuc.org.uk www.acas.org.uk www.citizensadvice.org.uk www.turn2us.org.uk www.bacp.co.uk www.relate.org.uk www.anxietyuk.org.uk
    www.churchofengland.org www.mcb.org.uk www.theus.org.uk www.bpas.org www.macmillan.org.uk www.stonewall.org.uk flo.health
    onlinedoctor.superdrug.com www.clearscore.com www.maternityaction.org.uk www.moneyhelper.org.uk www.gosh.nhs.uk
"""


@pytest.mark.parametrize("name", HELPLINES.split())
def test_a_helpline_is_open_to_everybody_and_leaves_no_line(name):
    """No other kind may bring its name back into the log, and no rule can refuse it."""
    assert POLICY.catalogue.lookup(name).kinds == ("helpline",)
    for device in DEVICES:
        decision = decide(POLICY, Ask(device, name, MOMENTS[1]))
        assert (decision.verdict, decision.reason) == (Verdict.ALLOW, Reason.HELPLINE)
        assert log_key(LogLevel.ALL, device, name, decision) is None


@pytest.mark.parametrize("name", SENSITIVE.split())
def test_a_sensitive_service_is_open_and_logged_by_its_kind_only(name):
    """Health, unions, banks, faith, counselling, advice: the log says that there was one, never which, never whose."""
    for device in DEVICES:
        decision = decide(POLICY, Ask(device, name, MOMENTS[1]))
        assert decision.verdict is Verdict.ALLOW
        key = log_key(LogLevel.ALL, device, name, decision)
        assert (key.device, key.name, key.service) == ("", "sensitive", "sensitive")
