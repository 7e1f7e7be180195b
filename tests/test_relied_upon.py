"""What a nursery relies on is never refused by the shipped rules: on no device, at no time.

The names are written down from what a UK nursery does in a week, not from the catalogue's files: a social or bypass host that
covers one of them by accident is found here. Not every one of them is in the kind `essential`; all of them must stay open.
"""

import pytest

from dinnerbell.model import Verdict
from dinnerbell.policy import Ask, decide
from tests.sample_policy import DEVICES, MOMENTS, POLICY

RELIED_UPON = {
    "early years": """
        www.tapestryjournal.com app.tapestryjournal.com tapestry.info www.famly.co app.famly.co help.famly.co
        login.blossomeducational.com parent.blossomeducational.com www.mybabysdays.com nursery.mybabysdays.com www.eylog.co.uk
        dashboard.eylog.co.uk eyworks.co.uk www.connectchildcare.com www.parenta.com www.kinderly.co.uk www.cheqdin.com
        www.nurseryinabox.com www.nurseryinabox.co.uk www.parentzone.me api.parentzone.me eyparent-api.eylog.co.uk
        www.corampacey.org.uk earlyyearsscotland.org www.mybrightwheel.com schools.mybrightwheel.com www.storypark.com
        app.storypark.com www.2simple.com www.eyalliance.org.uk www.ndna.org.uk www.pacey.org.uk early-education.org.uk
        foundationyears.org.uk birthto5matters.org.uk www.nurseryworld.co.uk www.noodlenow.co.uk speechandlanguage.org.uk
        www.ncfe.org.uk www.cityandguilds.com qualifications.pearson.com www.sja.org.uk www.redcross.org.uk
        www.highspeedtraining.co.uk www.educare.co.uk nationalcollege.com www.e-lfh.org.uk www.froebel.org.uk www.coram.org.uk
        www.daynurseries.co.uk www.childcare.co.uk www.famly.help static.famly.co www.montessori.org.uk
    """,
    "parents and payments": """
        www.classdojo.com teach.classdojo.com home.classdojo.com static.classdojo.com web.seesaw.me app.seesaw.me assets.seesaw.me
        app.parentpay.com www.parentpay.com www.parentmail.co.uk pmx.parentmail.co.uk www.schoolcomms.com www.scopay.com
        www.schoolgateway.com login.schoolgateway.com www.studybugs.com classlist.com www.weduc.com www.teachers2parents.co.uk
        eduspot.co.uk www.magicbooking.co.uk www.kidsclubhq.co.uk classforkids.io bookwhen.com www.eventbrite.co.uk
        www.edenred.co.uk www.computersharevoucherservices.com www.kiddivouchers.com www.fideliti.co.uk www.care-4.co.uk
        www.childcarechoices.gov.uk www.tax.service.gov.uk childcare-support.tax.service.gov.uk www.surveymonkey.com
        forms.office.com docs.google.com www.jotform.com www.easyfundraising.org.uk www.mailchimp.com us1.list-manage.com
        www.signupgenius.com www.schoolcloud.co.uk arbor.sc login.arbor.sc bromcom.com www.sims.co.uk id.sims.co.uk
        www.scholarpack.com www.wonde.com www.groupcall.com www.inventry.co.uk www.rmunify.com governorhub.com thekeysupport.com
    """,
    "safeguarding": """
        www.cpoms.net app.cpoms.net signin.cpoms.net www.cpoms.co.uk www.myconcern.co.uk www.myconcern.education
        thesafeguardingcompany.com edukeyapp.com www.iwf.org.uk saferinternet.org.uk swgfl.org.uk reportharmfulcontent.com
        www.thinkuknow.co.uk www.internetmatters.org www.childnet.com actearly.uk www.educateagainsthate.com testfiltering.com
        www.ceop.police.uk lgfl.org.uk nationalonlinesafety.com www.nspcc.org.uk learning.nspcc.org.uk www.childline.org.uk
        www.samaritans.org www.refuge.org.uk www.womensaid.org.uk www.nationaldahelpline.org.uk www.mind.org.uk giveusashout.org
        www.stopitnow.org.uk www.lucyfaithfull.org.uk www.victimsupport.org.uk crimestoppers-uk.org www.barnardos.org.uk
        www.family-action.org.uk www.familylives.org.uk www.youngminds.org.uk www.kooth.com www.mensadviceline.org.uk
        karmanirvana.org.uk galop.org.uk protect-advice.org.uk www.acas.org.uk www.citizensadvice.org.uk www.proceduresonline.com
        www.essexeffectivesupport.org.uk www.kelsi.org.uk www.togetherforchildren.org.uk www.lscpbirmingham.org.uk surreyscp.org.uk
        www.leedsscp.org.uk norfolklscp.org www.oscb.org.uk securly.com www.smoothwall.com senso.cloud
    """,
    "government": """
        www.gov.uk gov.uk signin.service.gov.uk www.access.service.gov.uk www.ofsted.gov.uk reports.ofsted.gov.uk
        parentview.ofsted.gov.uk online.ofsted.gov.uk www.education.gov.uk get-information-schools.service.gov.uk
        assets.publishing.service.gov.uk hmrc.gov.uk www.companieshouse.gov.uk ewf.companieshouse.gov.uk www.hse.gov.uk
        www.food.gov.uk ratings.food.gov.uk www.legislation.gov.uk www.parliament.uk ico.org.uk www.police.uk www.met.police.uk
        www.actionfraud.police.uk www.gov.scot www.mygov.scot gov.wales www.nidirect.gov.uk www.careinspectorate.com
        careinspectorate.wales www.estyn.gov.wales www.metoffice.gov.uk check-for-flooding.service.gov.uk www.royalmail.com
        www.postoffice.co.uk www.ons.gov.uk charitycommission.gov.uk register-of-charities.charitycommission.gov.uk
        dbs-ub-directory.homeoffice.gov.uk secure.crbonline.gov.uk www.ucheck.co.uk www.disclosurescotland.co.uk
        www.bankofengland.co.uk www.birmingham.gov.uk www.leeds.gov.uk www.manchester.gov.uk www.bristol.gov.uk www.kent.gov.uk
        www.essex.gov.uk www.surreycc.gov.uk www.hertfordshire.gov.uk www.hants.gov.uk www.devon.gov.uk www.cornwall.gov.uk
        www.norfolk.gov.uk www.suffolk.gov.uk www.lancashire.gov.uk www.cumberland.gov.uk www.northyorks.gov.uk www.durham.gov.uk
        www.newcastle.gov.uk www.sunderland.gov.uk www.sheffield.gov.uk www.nottinghamcity.gov.uk www.derbyshire.gov.uk
        www.leicester.gov.uk www.oxfordshire.gov.uk www.cambridgeshire.gov.uk www.camden.gov.uk www.towerhamlets.gov.uk
        www.croydon.gov.uk www.richmond.gov.uk www.westsussex.gov.uk www.brighton-hove.gov.uk www.dorsetcouncil.gov.uk
        www.somerset.gov.uk www.wiltshire.gov.uk www.gloucestershire.gov.uk www.worcestershire.gov.uk www.staffordshire.gov.uk
        www.cardiff.gov.uk www.swansea.gov.uk www.edinburgh.gov.uk www.glasgow.gov.uk www.belfastcity.gov.uk www.lbhf.gov.uk
    """,
    "health": """
        www.nhs.uk 111.nhs.uk www.nhsapp.service.nhs.uk access.login.nhs.uk www.england.nhs.uk www.nhsbsa.nhs.uk mail.nhs.net
        www.nhsinform.scot 111.wales.nhs.uk ihv.org.uk www.nice.org.uk www.rcpch.ac.uk www.gosh.nhs.uk www.cqc.org.uk patient.info
        www.patientaccess.com systmonline.tpp-uk.com www.accurx.com www.allergyuk.org www.anaphylaxis.org.uk
        www.asthmaandlung.org.uk www.epilepsy.org.uk www.diabetes.org.uk www.meningitis.org www.meningitisnow.org
        www.lullabytrust.org.uk www.resus.org.uk www.blood.co.uk www.nct.org.uk www.autism.org.uk www.scope.org.uk www.rnib.org.uk
        www.ndcs.org.uk contact.org.uk www.macmillan.org.uk www.boots.com
    """,
    "banks and bookkeeping": """
        www.barclays.co.uk bank.barclays.co.uk www.hsbc.co.uk www.business.hsbc.uk www.firstdirect.com www.lloydsbank.com
        online.lloydsbank.co.uk www.halifax-online.co.uk www.bankofscotland.co.uk www.natwest.com www.nwolb.com
        www.onlinebanking.natwest.com www.rbsdigital.com www.bankline.natwest.com www.ulsterbank.co.uk www.santander.co.uk
        retail.santander.co.uk www.tsb.co.uk www.nationwide.co.uk www.virginmoney.com www.co-operativebank.co.uk
        www.metrobankonline.co.uk monzo.com www.starlingbank.com app.revolut.com www.tide.co www.mettle.co.uk www.unity.co.uk
        www.cafbank.org www.triodos.co.uk www.danskebank.co.uk www.handelsbanken.co.uk www.chase.co.uk www.americanexpress.com
        www.paypal.com www.paypalobjects.com js.stripe.com dashboard.stripe.com checkout.stripe.com manage.gocardless.com
        pay.gocardless.com secure.worldpay.com me.sumup.com my.zettle.com squareup.com www.opayo.co.uk www.elavon.co.uk
        secure5.arcot.com centinelapi.cardinalcommerce.com go.xero.com login.xero.com api.xero.com accounts.sage.com www.sage.com
        app.qbo.intuit.com accounts.intuit.com quickbooks.intuit.com app.freeagent.com www.brightpay.co.uk www.moneysoft.co.uk
        www.iris.co.uk www.staffology.co.uk www.moorepay.co.uk login.breathehr.com www.peoplehr.com www.charliehr.com
        www.nestpensions.org.uk www.thepeoplespension.co.uk www.nowpensions.com www.teacherspensions.co.uk www.aviva.co.uk
        www.legalandgeneral.com www.royallondon.com www.docusign.com www.mortonmichel.com www.ecclesiastical.com www.zurich.co.uk
        www.hiscox.co.uk www.nsandi.com www.kashflow.com app.dext.com www.clydesdalebank.co.uk www.coutts.com www.tescobank.com
        www.skipton.co.uk www.ybs.co.uk
    """,
    "Microsoft": """
        www.microsoft.com login.microsoftonline.com login.microsoft.com login.live.com account.live.com account.microsoft.com
        www.office.com portal.office.com outlook.office.com outlook.office365.com outlook.live.com smtp.office365.com
        attachments.office.net substrate.office.com res.cdn.office.net ocsredir.officeapps.live.com word-edit.officeapps.live.com
        excel.officeapps.live.com onedrive.live.com skydrive.wns.windows.com acornlane.sharepoint.com acornlane-my.sharepoint.com
        acornlane.onmicrosoft.com teams.microsoft.com teams.live.com teams.cloud.microsoft statics.teams.cdn.office.net
        api.flightproxy.teams.microsoft.com api.flightproxy.skype.com config.teams.microsoft.com config.edge.skype.com
        presence.teams.microsoft.com edge.skype.com emea.ng.msg.teams.microsoft.com go.trouter.teams.microsoft.com
        go.trouter.skype.com login.skype.com skype.com www.skype.com platform.linkedin.com graph.microsoft.com graph.windows.net
        autologon.microsoftazuread-sso.com aadcdn.msftauth.net aadcdn.msauth.net logincdn.msauth.net
        secure.aadcdn.microsoftonline-p.com device.login.microsoftonline.com enterpriseregistration.windows.net
        account.activedirectory.windowsazure.com manage.microsoft.com m.manage.microsoft.com intune.microsoft.com
        endpoint.microsoft.com onenote.com www.onenote.com onenote.officeapps.live.com forms.office.com sway.office.com sway.com
        admin.microsoft.com loop.cloud.microsoft m365.cloud.microsoft copilot.microsoft.com aka.ms go.microsoft.com
        support.microsoft.com learn.microsoft.com www.bing.com th.bing.com edge.microsoft.com msedge.api.cdp.microsoft.com
        www.msn.com assets.msn.com officecdn.microsoft.com officeclient.microsoft.com nexus.officeapps.live.com
        nexusrules.officeapps.live.com ecs.office.com self.events.data.microsoft.com mobile.events.data.microsoft.com
        browser.pipe.aria.microsoft.com education.minecraft.net xsts.auth.xboxlive.com user.auth.xboxlive.com
        storeedgefd.dsx.mp.microsoft.com displaycatalog.mp.microsoft.com licensing.mp.microsoft.com windowsupdate.com
        download.windowsupdate.com update.microsoft.com fe2.update.microsoft.com sls.update.microsoft.com slscr.update.microsoft.com
        fe3cr.delivery.mp.microsoft.com tlu.dl.delivery.mp.microsoft.com dl.delivery.mp.microsoft.com au.download.windowsupdate.com
        ctldl.windowsupdate.com settings-win.data.microsoft.com v10.events.data.microsoft.com wdcp.microsoft.com
        wdcpalt.microsoft.com definitionupdates.microsoft.com smartscreen.microsoft.com checkappexec.microsoft.com
        client.wns.windows.com activation.sls.microsoft.com time.windows.com oneocsp.microsoft.com crl.microsoft.com
        mscrl.microsoft.com www.msftconnecttest.com ipv6.msftconnecttest.com dns.msftncsi.com www.msftncsi.com arc.msn.com
    """,
    "Google": """
        www.google.com www.google.co.uk accounts.google.com accounts.google.co.uk myaccount.google.com mail.google.com gmail.com
        imap.gmail.com smtp.gmail.com drive.google.com docs.google.com sheets.google.com slides.google.com forms.gle
        calendar.google.com meet.google.com classroom.google.com sites.google.com keep.google.com contacts.google.com
        chat.google.com admin.google.com workspace.google.com translate.google.com maps.google.com earth.google.com
        fonts.googleapis.com fonts.gstatic.com ajax.googleapis.com maps.googleapis.com www.gstatic.com ssl.gstatic.com
        apis.google.com www.googleapis.com oauth2.googleapis.com content.googleapis.com people-pa.googleapis.com
        lh3.googleusercontent.com lh5.googleusercontent.com play.google.com play.googleapis.com play-lh.googleusercontent.com
        android.clients.google.com android.googleapis.com mtalk.google.com fcm.googleapis.com firebaseinstallations.googleapis.com
        update.googleapis.com dl.google.com redirector.gvt1.com edgedl.me.gvt1.com clients1.google.com clients2.google.com
        clients3.google.com clients4.google.com clients5.google.com clients6.google.com safebrowsing.googleapis.com
        safebrowsing.google.com sb-ssl.google.com accounts.youtube.com chromewebstore.google.com clients2.googleusercontent.com
        omahaproxy.appspot.com cros-omahaproxy.appspot.com m.google.com tools.google.com storage.googleapis.com
        connectivitycheck.gstatic.com connectivitycheck.android.com time.google.com time.android.com recaptcha.net www.recaptcha.net
        ogs.google.com policies.google.com support.google.com edu.google.com optimizationguide-pa.googleapis.com
        device-provisioning.googleapis.com encrypted-tbn0.gstatic.com chromium.org www.googletagmanager.com www.google-analytics.com
    """,
    "Apple": """
        www.apple.com support.apple.com appleid.apple.com idmsa.apple.com gsa.apple.com gs.apple.com captive.apple.com
        gsp1.apple.com icloud.com www.icloud.com setup.icloud.com gateway.icloud.com p42-contacts.icloud.com caldav.icloud.com
        imap.mail.me.com apps.apple.com itunes.apple.com init.itunes.apple.com buy.itunes.apple.com is1-ssl.mzstatic.com
        ppq.apple.com swscan.apple.com swcdn.apple.com swdist.apple.com mesu.apple.com gdmf.apple.com updates.cdn-apple.com
        updates-http.cdn-apple.com xp.apple.com albert.apple.com courier.push.apple.com 1-courier.push.apple.com api.push.apple.com
        deviceenrollment.apple.com school.apple.com business.apple.com iprofiles.apple.com mdmenrollment.apple.com
        vpp.itunes.apple.com configuration.apple.com time.apple.com time-ios.apple.com time.euro.apple.com ocsp.apple.com
        ocsp2.apple.com crl.apple.com valid.apple.com cvws.icloud-content.com gspe1-ssl.ls.apple.com smoot.apple.com
        api-glb-aeuw1a.smoot.apple.com appattest.apple.com humb.apple.com skl.apple.com www.appleschoolcontent.com guzzoni.apple.com
    """,
    "browsers, systems and antivirus": """
        aus5.mozilla.org download.mozilla.org addons.mozilla.org firefox.settings.services.mozilla.com detectportal.firefox.com
        push.services.mozilla.com content-signature-2.cdn.mozilla.net accounts.firefox.com incoming.telemetry.mozilla.org
        go-updates.brave.com variations.brave.com autoupdate.geo.opera.com update.vivaldi.com deb.debian.org security.debian.org
        archive.raspberrypi.com archive.raspberrypi.org archive.ubuntu.com security.ubuntu.com gb.archive.ubuntu.com
        api.snapcraft.io connectivity-check.ubuntu.com network-test.debian.org nmcheck.gnome.org pypi.org files.pythonhosted.org
        registry-1.docker.io fwupd.org cdn.fwupd.org d1.sophosupd.com d2.sophosupd.net update.eset.com
        liveupdate.symantecliveupdate.com sadownload.mcafee.com upgrade.bitdefender.com su.ff.avast.com keystone.mwbsys.com
        ardownload.adobe.com acroipm.adobe.com armmf.adobe.com www.adobe.com www.hp.com h20180.www2.hp.com ftp.hp.com
        www.hpsmart.com www.epson.co.uk download.epson.eu www.canon.co.uk www.brother.co.uk update.tp-link.com www.netgear.com
        fw-update.ubnt.com www.draytek.co.uk support.lenovo.com downloads.dell.com fus2.shop.v-cdn.net fota-cloud-dn.ospserver.net
        www.samsungknox.com eu-prod-klm.secb2b.com teamviewer.com router1.teamviewer.com anydesk.com www.jamf.com jamfcloud.com
        zoom.us us02web.zoom.us zoom.com meet.goto.com webex.com www.dropbox.com dl.dropboxusercontent.com wetransfer.com
        switch.egress.com www.mimecast.com switch.co.uk
    """,
    "certificates and clocks": """
        ocsp.digicert.com crl3.digicert.com crl4.digicert.com cacerts.digicert.com ocsp.sectigo.com crl.sectigo.com
        ocsp.usertrust.com crl.usertrust.com ocsp.comodoca.com crt.sectigo.com r3.o.lencr.org r10.o.lencr.org e5.o.lencr.org
        x1.c.lencr.org r11.i.lencr.org letsencrypt.org acme-v02.api.letsencrypt.org ocsp.globalsign.com crl.globalsign.com
        ocsp2.globalsign.com secure.globalsign.com o.pki.goog c.pki.goog i.pki.goog ocsp.pki.goog crl.pki.goog pki.goog
        ocsp.entrust.net crl.entrust.net ocsp.godaddy.com crl.godaddy.com certificates.godaddy.com ocsp.starfieldtech.com
        ocsp.rootca1.amazontrust.com ocsp.r2m01.amazontrust.com crl.r2m01.amazontrust.com ocsp.sca1b.amazontrust.com
        ocsp.identrust.com commercial.ocsp.identrust.com apps.identrust.com ocsp.quovadisglobal.com ocsp.swisssign.net
        ocsp.trustwave.com ocsps.ssl.com crls.ssl.com ocsp.certum.pl subca.ocsp-certum.com ocsp.buypass.com ocsp.thawte.com
        ocsp.geotrust.com status.rapidssl.com statuse.digitalcertvalidation.com ocsp.verisign.com crl.verisign.com ocsp.msocsp.com
        pool.ntp.org 0.pool.ntp.org 0.uk.pool.ntp.org 1.debian.pool.ntp.org 2.android.pool.ntp.org 0.ubuntu.pool.ntp.org
        time.windows.com time.cloudflare.com time.nist.gov ntp.ubuntu.com ntp1.npl.co.uk ntp2.npl.co.uk time1.google.com
        time-macos.apple.com time.aws.com
    """,
    "learning": """
        www.bbc.co.uk www.bbc.com ichef.bbci.co.uk static.bbci.co.uk emp.bbci.co.uk cbeebies.bbc.co.uk www.twinkl.co.uk
        content.twinkl.co.uk www.topmarks.co.uk www.ictgames.com www.phonicsplay.co.uk www.phonicsbloom.com yotoplay.com
        uk.yotoplay.com api.yotoplay.com tonies.com www.teachyourmonster.org www.starfall.com www.purplemash.com readingeggs.co.uk
        www.busythings.co.uk www.singup.org www.charanga.com whiteroseeducation.com www.ncetm.org.uk nrich.maths.org
        www.oxfordowl.co.uk www.littlewandle.org.uk www.ruthmiskin.com www.jollylearning.co.uk www.booktrust.org.uk
        wordsforlife.org.uk literacytrust.org.uk www.worldbookday.com storylineonline.net makaton.org www.singinghands.co.uk
        cosmickids.com www.gonoodle.com www.natgeokids.com www.rspb.org.uk www.woodlandtrust.org.uk www.wildlifewatch.org.uk
        www.nhm.ac.uk www.tate.org.uk www.britishmuseum.org www.sciencemuseum.org.uk www.thenational.academy classroomsecrets.co.uk
        www.stem.org.uk www.tes.com www.teachingideas.co.uk www.widgit.com widgitonline.com www.tts-group.co.uk
        www.hope-education.co.uk www.gls-educational.co.uk www.ypo.co.uk www.espo.org www.yellow-door.net www.cosydirect.com
        www.communityplaythings.co.uk www.canva.com static.canva.com pbskids.org www.sesamestreet.org www.khanacademy.org
        www.letterland.com www.numbots.com ttrockstars.com www.scholastic.co.uk www.penguin.co.uk www.lego.com
        www.nationaltrust.org.uk www.zsl.org www.edinburghzoo.org.uk www.alphablocks.tv learningblocks.tv scratch.mit.edu code.org
        www.abcya.com www.peppapig.com archive.org www.britannica.com kids.britannica.com www.nationalgeographic.com www.makaton.org
    """,
    "websites of nurseries and what they load": """
        static.wixstatic.com static.parastorage.com siteassets.parastorage.com images.squarespace-cdn.com assets.squarespace.com
        www.weebly.com www.wix.com i0.wp.com i1.wp.com i2.wp.com s0.wp.com s1.wp.com stats.wp.com c0.wp.com public-api.wordpress.com
        jetpack.wordpress.com wordpress.org api.wordpress.org s.w.org secure.gravatar.com gravatar.com code.jquery.com
        cdn.jsdelivr.net cdnjs.cloudflare.com unpkg.com stackpath.bootstrapcdn.com maxcdn.bootstrapcdn.com use.fontawesome.com
        kit.fontawesome.com use.typekit.net p.typekit.net hcaptcha.com js.hcaptcha.com challenges.cloudflare.com
        static.cloudflareinsights.com consent.cookiebot.com cdn.cookielaw.org cc.cdn.civiccomputing.com www.browsealoud.com
        www.texthelp.com cdn.userway.org www.primarysite.net www.schudio.com e4education.co.uk disqus.com www.groups.com reactjs.org
        parse.com s3.amazonaws.com s3.eu-west-2.amazonaws.com d3e54v103j8qbb.cloudfront.net example.azureedge.net
        something.akamaized.net e1234.dscb.akamaiedge.net a1.edgesuite.net example.edgekey.net map.fastly.net acornlane.appspot.com
        example.blob.core.windows.net cloudflare.com www.cloudflare.com github.com raw.githubusercontent.com
    """,
    "daily life": """
        www.amazon.co.uk images-eu.ssl-images-amazon.com m.media-amazon.com www.tesco.com www.sainsburys.co.uk groceries.asda.com
        www.morrisons.com www.ocado.com www.booker.co.uk www.costco.co.uk www.bidfood.co.uk www.ikea.com www.argos.co.uk
        www.johnlewis.com www.hobbycraft.co.uk www.bakerross.co.uk www.screwfix.com www.diy.com www.ebay.co.uk www.etsy.com
        www.fedex.com www.dpd.co.uk www.evri.com www.ups.com www.dhl.com www.nationalrail.co.uk tfl.gov.uk www.thetrainline.com
        www.booking.com www.netflix.com www.spotify.com open.spotify.com www.theguardian.com www.itv.com news.sky.com
        www.independent.co.uk www.reuters.com www.indeed.co.uk uk.indeed.com www.reed.co.uk www.eteach.com www.totaljobs.com
        www.gov.uk www.bt.com www.virginmedia.com www.vodafone.co.uk ee.co.uk www.o2.co.uk www.three.co.uk www.talktalk.co.uk
        www.sky.com www.britishgas.co.uk octopus.energy www.edfenergy.com www.eonnext.com www.thameswater.co.uk
        www.unitedutilities.com what3words.com www.openstreetmap.org www.moneysavingexpert.com www.which.co.uk www.unison.org.uk
        www.gmb.org.uk neu.org.uk www.rightmove.co.uk www.yahoo.com mail.yahoo.com uk.yahoo.com login.yahoo.com www.aol.co.uk
        proton.me mail.proton.me www.icloud.com www.deepl.com www.timeanddate.com www.accuweather.com www.kidadl.com
        www.babycentre.co.uk www.emmasdiary.co.uk www.pampers.co.uk www.cowandgate.co.uk www.startpage.com www.trustpilot.com
        uk.trustpilot.com
    """,
}
NAMES = [(group, name) for group, names in RELIED_UPON.items() for name in names.split()]


def refused(name):
    return [
        f"{name}: {device.name} at {moment:%a %H:%M}, {decision.kinds}, {decision.host}"
        for device in DEVICES
        for moment in MOMENTS
        if (decision := decide(POLICY, Ask(device, name, moment))).verdict is Verdict.BLOCK
    ]


def test_the_table_is_long_enough_to_mean_something():
    assert len({name for _, name in NAMES}) >= 850


@pytest.mark.parametrize("group", RELIED_UPON)
def test_what_a_nursery_relies_on_is_never_refused(group):
    """For every device of the sample rules, in setting hours and out of them."""
    assert [line for name in RELIED_UPON[group].split() for line in refused(name)] == []


def test_the_names_that_the_law_and_the_children_need_are_essential_or_a_helpline():
    """They stay open also where a setting writes `otherwise: block`."""
    needed = (
        "early years",
        "safeguarding",
        "government",
        "banks and bookkeeping",
        "Microsoft",
        "Google",
        "Apple",
        "certificates and clocks",
    )
    found = {name: POLICY.catalogue.lookup(name) for group in needed for name in RELIED_UPON[group].split()}
    covered = [name for name, match in found.items() if match and {"essential", "helpline"} & set(match.kinds)]
    assert len(covered) / len(found) >= 0.95, sorted(set(found) - set(covered))


def test_a_social_or_bypass_host_under_an_essential_suffix_is_refused_all_the_same():
    """`allow: essential` comes first, but a name belongs to its longest host: youtubei.googleapis.com, mask.apple-dns.net ..."""
    catalogue = POLICY.catalogue
    essential = {
        host
        for service in catalogue.services.values()
        if "essential" in service.kinds
        for hosts in service.hosts.values()
        for host in hosts
    }
    tablet = DEVICES[1]
    beneath = [
        name
        for service in catalogue.services.values()
        if "essential" not in service.kinds and (service.is_social or "bypass" in service.kinds)
        for hosts in service.hosts.values()
        for name in (host.removeprefix("=") for host in hosts)
        if any(name.endswith("." + suffix) for suffix in essential if not suffix.startswith("="))
    ]
    assert len(beneath) >= 20
    open_ = [name for name in beneath if decide(POLICY, Ask(tablet, name, MOMENTS[1])).verdict is not Verdict.BLOCK]
    assert not open_
