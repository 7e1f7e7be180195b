"""The shipped catalogue's data: every trap that broke a published list is a row here (FIELD section 4)."""

from collections import Counter

import pytest

from dinnerbell.catalogue import OTHER_KINDS, SOCIAL_KINDS, HostClass
from dinnerbell.names import is_under, normalise
from dinnerbell.shipped import shipped_catalogue

CATALOGUE = shipped_catalogue()


def words(text):
    return text.split()


REQUIRED_IDS = words("""
    facebook messenger instagram threads whatsapp youtube tiktok snapchat x pinterest linkedin reddit tumblr discord telegram signal
    wikipedia vimeo twitch roblox minecraft fortnite steam mumsnet netmums nextdoor gumtree wordpress blogger medium tinder bumble
""")

SHARED_PARENTS = words("""
    googleapis.com ggpht.com googleusercontent.com gstatic.com gvt1.com appspot.com akamaihd.net akamaized.net edgesuite.net edgekey.net
    cloudfront.net fastly.net amazonaws.com azureedge.net wp.com
""")


def services_of(name):
    match = CATALOGUE.lookup(normalise(name))
    return {claim.service.id for claim in match.claims} if match else set()


def kinds_of(name):
    match = CATALOGUE.lookup(normalise(name))
    return set(match.kinds) if match else set()


def classes_of(name):
    match = CATALOGUE.lookup(normalise(name))
    return {claim.host_class for claim in match.claims} if match else set()


def every_host():
    """(service, class, host as written) of the whole catalogue."""
    return [
        (service, host_class, host)
        for service in CATALOGUE.services.values()
        for host_class, hosts in service.hosts.items()
        for host in hosts
    ]


# --- how much there is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", REQUIRED_IDS)
def test_rules_can_name_this_service(id_):
    """Rules, documents and the demo name these ids: they stay."""
    assert CATALOGUE.services[id_].is_social


@pytest.mark.parametrize("kind", SOCIAL_KINDS)
def test_every_word_of_the_policy_has_services(kind):
    """A kind that a rule may name is never nearly empty."""
    assert sum(kind in service.kinds for service in CATALOGUE.services.values()) >= 4


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_every_other_kind_has_services(kind):
    assert sum(kind in service.kinds for service in CATALOGUE.services.values()) >= 10


def test_there_are_at_least_500_social_services():
    assert sum(service.is_social for service in CATALOGUE.services.values()) >= 500


@pytest.mark.parametrize(
    "name",
    words("""
    nordvpn.com expressvpn.com protonvpn.com surfshark.com mullvad.net windscribe.com tunnelbear.com hola.org psiphon.ca ultrasurf.us
    getlantern.org getoutline.org cyberghostvpn.com privateinternetaccess.com ipvanish.com hidemyass.com hide.me hidemy.name
    hotspotshield.com vyprvpn.com purevpn.com zenmate.com strongvpn.com atlasvpn.com ivpn.net airvpn.org torguard.net privadovpn.com
    speedify.com urban-vpn.com turbovpn.com veepn.com browsec.com setupvpn.com freevpnplanet.com adguard-vpn.com cloudflareclient.com
    """),
)
def test_a_vpn_is_bypass_and_nothing_else(name):
    """Commercial VPNs are the commonest way round: a long list, not a sample."""
    assert kinds_of(name) == kinds_of("www." + name) == {"bypass"}


# --- the files agree with themselves -----------------------------------------------------------------------------------


def test_every_listed_host_is_found_as_the_service_that_lists_it():
    """No longer or more exact host of another service takes a listed name away, in any file."""
    lost = [f"{service.id}: {host}" for service, _, host in every_host() if service.id not in services_of(host.removeprefix("="))]
    assert not lost


def test_the_front_door_with_www_is_the_same_social_service():
    """www.HOST of every social service's own domain is that service: nobody walks in by the other door."""
    doors = {
        (service.id, host)
        for service, _, host in every_host()
        if service.is_social and not host.startswith("=") and host.count(".") <= 2 and service.id not in services_of("www." + host)
    }
    assert not doors


def test_essential_names_are_never_taken_by_another_kind():
    """Every essential host is essential when it is looked up, and nothing social claims it beside, unless it is shared by both editions."""
    taken = [
        host
        for service, host_class, host in every_host()
        if "essential" in service.kinds
        and host_class is not HostClass.SHARED
        and not kinds_of(host.removeprefix("=")) <= {"essential", "sensitive"}
    ]
    assert not taken


def test_no_social_or_bypass_service_is_essential():
    """`allow: essential` comes first in rules.yaml: a social service in it would never be refused."""
    both = [
        service.id
        for service in CATALOGUE.services.values()
        if "essential" in service.kinds and (service.is_social or "bypass" in service.kinds)
    ]
    assert not both


@pytest.mark.parametrize("parent", SHARED_PARENTS)
def test_a_shared_parent_is_nobodys(parent):
    """Hosts under CDNs and clouds are exact: refusing the parent would refuse half of the web."""
    suffixes = [host for _, _, host in every_host() if not host.startswith("=") and (host == parent or is_under(host, parent))]
    assert not suffixes
    assert CATALOGUE.lookup("something-else." + parent) is None


def test_ids_are_plain_and_names_are_unique():
    """People type ids into rules.yaml and read names in reports: neither may be ambiguous."""
    assert all(id_ == id_.lower() and id_.replace("-", "").isalnum() for id_ in CATALOGUE.services)
    names = Counter(service.name for service in CATALOGUE.services.values())
    assert [name for name, count in names.items() if count > 1] == []
    assert not set(CATALOGUE.services) & {*SOCIAL_KINDS, *OTHER_KINDS} - {"essential"}


def test_a_service_can_be_seen_in_use():
    """Every social service has a `use` host, or says that a pair of hosts stands for one."""
    blind = [
        service.id
        for service in CATALOGUE.services.values()
        if service.is_social and not service.hosts.get(HostClass.USE) and service.evidence != "pair"
    ]
    assert not blind


# --- traps: what must not be claimed -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("netflix.com", id="netflix.com ends with x.com"),
        pytest.param("ikea.com", id="ikea.com ends with ea.com"),
        pytest.param("booking.com", id="booking.com ends with king.com"),
        pytest.param("onenote.com", id="onenote.com ends with note.com"),
        pytest.param("fedex.com", id="fedex.com ends with x.com"),
        pytest.param("shell.me", id="shell.me ends with a short name"),
        pytest.param("reactjs.org", id="reactjs.org is not Facebook"),
        pytest.param("parse.com", id="parse.com is not Facebook"),
        pytest.param("groups.com", id="groups.com is not Facebook"),
        pytest.param("skype.com", id="Microsoft 365 needs skype.com"),
        pytest.param("api.skype.com", id="Teams needs hosts under skype.com"),
        pytest.param("platform.linkedin.com", id="Microsoft 365 needs platform.linkedin.com"),
        pytest.param("teams.microsoft.com", id="Teams is a work tool"),
        pytest.param("login.live.com", id="login.live.com is everyone's sign-in"),
        pytest.param("xboxlive.com", id="xboxlive.com carries the Store"),
        pytest.param("user.auth.xboxlive.com", id="Windows accounts sign in under xboxlive.com"),
        pytest.param("education.minecraft.net", id="Minecraft Education is under minecraft.net"),
        pytest.param("accounts.youtube.com", id="Google sign-in passes accounts.youtube.com"),
        pytest.param("wordpress.org", id="wordpress.org is not WordPress.com"),
        pytest.param("i0.wp.com", id="school sites load pictures from wp.com"),
        pytest.param("stats.wp.com", id="school sites load Jetpack from wp.com"),
        pytest.param("public-api.wordpress.com", id="Jetpack signs in through public-api.wordpress.com"),
        pytest.param("gravatar.com", id="gravatar sits on school sites"),
        pytest.param("disqus.com", id="disqus sits on school sites"),
        pytest.param("www.moneysavingexpert.com", id="of moneysavingexpert only the forum"),
        pytest.param("www.digitalspy.com", id="of digitalspy only the forums"),
        pytest.param("www.babycentre.co.uk", id="of BabyCentre only the community"),
        pytest.param("translate.google.com", id="translate.google.com is a work tool"),
        pytest.param("www.google.com", id="Google itself"),
        pytest.param("fonts.googleapis.com", id="fonts of half the web"),
        pytest.param("lh3.googleusercontent.com", id="Google Workspace pictures"),
        pytest.param("www.apple.com", id="Apple itself"),
        pytest.param("www.icloud.com", id="iCloud itself"),
        pytest.param("www.ictgames.com", id="ictgames is learning"),
        pytest.param("www.phonicsplay.co.uk", id="phonicsplay is learning"),
        pytest.param("yotoplay.com", id="Yoto is learning"),
        pytest.param("www.internetmatters.org", id="internetmatters is online safety"),
        pytest.param("example.wordpress.com.edgekey.net", id="a CDN's map is nobody's"),
        pytest.param("yahoo.com", id="Yahoo Mail and News are not Yahoo Search"),
        pytest.param("proton.me", id="Proton Mail is not Proton VPN"),
        pytest.param("ngrok.io", id="tunnels for developers are not listed"),
        pytest.param("www.amazon.co.uk", id="a shop, though luna.amazon.co.uk is a game service"),
        pytest.param("www.ebay.co.uk", id="a shop is no classified board"),
        pytest.param("www.theregister.com", id="of The Register only the forums"),
        pytest.param("www.bikeradar.com", id="of BikeRadar only the forum"),
        pytest.param("community.tes.com", id="teachers' work forum"),
        pytest.param("www.madeformums.com", id="of MadeForMums only the community"),
        pytest.param("title.mgt.xboxlive.com", id="the Store asks under xboxlive.com"),
        pytest.param("xsts.auth.xboxlive.com", id="Windows sign-in for the Store"),
        pytest.param("groups.google.com", id="Google Groups belongs to Workspace"),
        pytest.param("scratch.mit.edu", id="Scratch is learning"),
        pytest.param("kahoot.it", id="Kahoot is learning"),
        pytest.param("www.abcya.com", id="ABCya is learning"),
        pytest.param("helpshift.com", id="help pages of many apps"),
        pytest.param("roblox.com.arkoselabs.com", id="a puzzle's vendor serves everyone"),
        pytest.param("example.akamaized.net", id="only named hosts under akamaized.net"),
        pytest.param("p16-other.akamaized.net", id="TikTok's neighbour under akamaized.net"),
        pytest.param("www.nvidia.com", id="nvidia.com serves drivers"),
        pytest.param("sony.com", id="of Sony only PlayStation"),
    ],
)
def test_a_published_lists_collateral_stays_reachable(name):
    """A rule that refuses all social media, all bypass and all unsafe search leaves these alone."""
    assert not kinds_of(name) & {*SOCIAL_KINDS, "bypass", "search-without-safety"}


# --- traps: what must be claimed, and as what --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "service"),
    [
        pytest.param("www.facebook.com", "facebook", id="Facebook's front door"),
        pytest.param("www.instagram.com", "instagram", id="Instagram's front door"),
        pytest.param("www.messenger.com", "messenger", id="Messenger's front door"),
        pytest.param("m.me", "messenger", id="Messenger's short links"),
        pytest.param("edge-chat.facebook.com", "messenger", id="Messenger chat under facebook.com"),
        pytest.param("edge-mqtt.facebook.com", "messenger", id="Messenger push under facebook.com"),
        pytest.param("mqtt-mini.facebook.com", "messenger", id="Messenger app under facebook.com"),
        pytest.param("chat-e2ee.facebook.com", "messenger", id="Messenger's encrypted chat"),
        pytest.param("chat-e2ee-mini.facebook.com", "messenger", id="Messenger's encrypted chat in the app"),
        pytest.param("business.facebook.com", "facebook", id="Business Suite is Facebook"),
        pytest.param("www.threads.com", "threads", id="Threads at its new address"),
        pytest.param("www.threads.net", "threads", id="Threads at its old address"),
        pytest.param("fbwat.ch", "facebook", id="Facebook's short links"),
        pytest.param("www.facebok.com", "meta-spare-names", id="a typing error that Meta holds"),
        pytest.param("www.vkontakte.ru", "vk", id="VK at its old address"),
        pytest.param("mastodon.ie", "mastodon", id="a neighbour's Mastodon server"),
        pytest.param("web.whatsapp.com", "whatsapp", id="WhatsApp Web"),
        pytest.param("g.whatsapp.net", "whatsapp", id="WhatsApp's own servers"),
        pytest.param("web.telegram.org", "telegram", id="Telegram Web"),
        pytest.param("t.me", "telegram", id="Telegram's short links"),
        pytest.param("youtubei.googleapis.com", "youtube", id="the YouTube app, an exact host under a shared parent"),
        pytest.param("youtube.googleapis.com", "youtube", id="YouTube's older interface"),
        pytest.param("yt3.ggpht.com", "youtube", id="YouTube's channel pictures"),
        pytest.param("www.youtube-nocookie.com", "youtube", id="YouTube's player on other pages"),
        pytest.param("rr3---sn-abc.googlevideo.com", "youtube", id="YouTube's films"),
        pytest.param("restrict.youtube.com", "youtube", id="YouTube's restricted host"),
        pytest.param("api16-normal-no1a.tiktokv.eu", "tiktok", id="TikTok's European interface"),
        pytest.param("v16m.tiktokcdn-eu.com", "tiktok", id="TikTok's European films"),
        pytest.param("lf16-tiktok-web.ttwstatic.com", "tiktok", id="TikTok's web parts"),
        pytest.param("gcp.api.snapchat.com", "snapchat", id="Snapchat's interface"),
        pytest.param("us-east4.gw.sc-gw.com", "snapchat", id="Snapchat's gateway"),
        pytest.param("sc-static.net", "snapchat", id="Snapchat's static host"),
        pytest.param("cf-st.sc-cdn.net", "snapchat", id="Snapchat's pictures"),
        pytest.param("images.bitmoji.com", "snapchat", id="Bitmoji"),
        pytest.param("twitter.com", "x", id="X at its old address"),
        pytest.param("forums.moneysavingexpert.com", "moneysavingexpert-forum", id="the forum UK lists forget"),
        pytest.param("forums.digitalspy.com", "digitalspy-forums", id="the forums UK lists forget"),
        pytest.param("www.thestudentroom.co.uk", "student-room", id="The Student Room"),
        pytest.param("www.nextdoor.co.uk", "nextdoor", id="Nextdoor at its UK address"),
        pytest.param("www.gumtree.com", "gumtree", id="Gumtree"),
        pytest.param("ournursery.wordpress.com", "wordpress", id="a blog on WordPress.com"),
        pytest.param("someone.blogspot.com", "blogger", id="a blog on Blogger"),
        pytest.param("www.minecraft.net", "minecraft", id="Minecraft's front door"),
        pytest.param("uk.pinterest.com", "pinterest", id="Pinterest at its UK address"),
        pytest.param("x.com", "x", id="X's front door"),
        pytest.param("www.ea.com", "ea", id="EA's front door"),
        pytest.param("poki.com", "poki", id="Poki"),
        pytest.param("en.m.wikipedia.org", "wikipedia", id="Wikipedia on a phone"),
        pytest.param("fb.watch", "facebook", id="Facebook's film links"),
        pytest.param("fb.me", "facebook", id="Facebook's short links, two letters"),
        pytest.param("fb.gg", "facebook", id="Facebook's games"),
        pytest.param("tfbnw.net", "facebook", id="Facebook's other network name"),
        pytest.param("fbpigeon.com", "facebook", id="Facebook's app channel"),
        pytest.param("instagr.am", "instagram", id="Instagram's short links"),
        pytest.param("ig.me", "instagram", id="Instagram's chat links"),
        pytest.param("wa.me", "whatsapp", id="WhatsApp's short links"),
        pytest.param("p16-tiktokcdn-com.akamaized.net", "tiktok", id="TikTok's pictures under a shared parent"),
        pytest.param("www.musical.ly", "tiktok", id="TikTok at its old address"),
        pytest.param("reddit.map.fastly.net", "reddit", id="Reddit's CDN map, one name only"),
        pytest.param("www.youtube.ie", "youtube", id="YouTube's Irish address"),
        pytest.param("www.youtube.co.uk", "youtube", id="YouTube's British address"),
        pytest.param("www.pinterest.co.uk", "pinterest", id="Pinterest at its British address"),
        pytest.param("t.umblr.com", "tumblr", id="Tumblr's way out"),
        pytest.param("www.vinted.fr", "vinted", id="Vinted at its home"),
        pytest.param("stackoverflow.com", "stack-exchange", id="Stack Overflow"),
        pytest.param("someone.blogspot.de", "blogger", id="a blog at a country's address"),
        pytest.param("steamcdn-a.akamaihd.net", "steam", id="Steam's pictures under a shared parent"),
        pytest.param("titlehub.xboxlive.com", "xbox", id="Xbox's game list, one name only"),
        pytest.param("www.roblox.co.uk", "roblox", id="Roblox's British address"),
        pytest.param("www.habbo.de", "habbo", id="Habbo at a country's address"),
        pytest.param("luna.amazon.co.uk", "cloud-games", id="Amazon's game service"),
        pytest.param("zelda.fandom.com", "fandom", id="a wiki at Fandom"),
        pytest.param("www.meetic.fr", "match-group", id="Match's French house"),
    ],
)
def test_a_name_belongs_to_its_service(name, service):
    assert services_of(name) == {service}


@pytest.mark.parametrize(
    ("name", "host_class"),
    [
        pytest.param("connect.facebook.net", HostClass.EMBED, id="Facebook's like-button"),
        pytest.param("graph.facebook.com", HostClass.EMBED, id="Facebook's log-in kit"),
        pytest.param("platform.twitter.com", HostClass.EMBED, id="X's post on other pages"),
        pytest.param("platform.instagram.com", HostClass.EMBED, id="Instagram's post on other pages"),
        pytest.param("tr6.snapchat.com", HostClass.EMBED, id="Snapchat's pixel over IPv6"),
        pytest.param("dc.ads.linkedin.com", HostClass.EMBED, id="LinkedIn's other pixel"),
        pytest.param("t.co", HostClass.EMBED, id="X's link shortener and pixel"),
        pytest.param("px.ads.linkedin.com", HostClass.EMBED, id="LinkedIn's pixel"),
        pytest.param("analytics.tiktok.com", HostClass.EMBED, id="TikTok's pixel"),
        pytest.param("i.ytimg.com", HostClass.EMBED, id="YouTube's thumbnails"),
        pytest.param("www.youtube-nocookie.com", HostClass.EMBED, id="YouTube's player on other pages"),
        pytest.param("player.vimeo.com", HostClass.EMBED, id="Vimeo's player on other pages"),
        pytest.param("arclight.vimeo.com", HostClass.EMBED, id="Vimeo's player's count"),
        pytest.param("conversions-config.reddit.com", HostClass.EMBED, id="Reddit's pixel's settings"),
        pytest.param("media.giphy.com", HostClass.EMBED, id="Giphy's pictures on other pages"),
        pytest.param("glyph.medium.com", HostClass.EMBED, id="Medium's fonts"),
        pytest.param("id.twitch.tv", HostClass.USE, id="Twitch's signature"),
        pytest.param("gql.twitch.tv", HostClass.COMPANION, id="Twitch's interface, asked by its player on other pages too"),
        pytest.param("discord.com", HostClass.USE, id="Discord's front door"),
        pytest.param("static.cdninstagram.com", HostClass.COMPANION, id="Instagram's parts: with its home page, use"),
        pytest.param("www.facebook.com", HostClass.COMPANION, id="Facebook's home page, asked by a quarter of unrelated visits"),
        pytest.param("www.youtube.com", HostClass.COMPANION, id="YouTube's home page"),
        pytest.param("www.reddit.com", HostClass.COMPANION, id="Reddit's home page"),
        pytest.param("www.linkedin.com", HostClass.COMPANION, id="LinkedIn's home page"),
        pytest.param("www.instagram.com", HostClass.COMPANION, id="Instagram's home page"),
        pytest.param("static.xx.fbcdn.net", HostClass.USE, id="Facebook's signature on a computer"),
        pytest.param("m.facebook.com", HostClass.USE, id="Facebook's signature on a phone"),
        pytest.param("i.instagram.com", HostClass.USE, id="Instagram's signature"),
        pytest.param("www.messenger.com", HostClass.USE, id="Messenger's signature"),
        pytest.param("edge-mqtt.facebook.com", HostClass.BACKGROUND, id="chat that every Facebook page keeps open"),
        pytest.param("g.whatsapp.net", HostClass.BACKGROUND, id="WhatsApp's keep-alive"),
        pytest.param("www.mumsnet.com", HostClass.USE, id="nobody embeds Mumsnet"),
        pytest.param("scontent-lhr8-1.xx.fbcdn.net", HostClass.SHARED, id="Meta's pictures"),
    ],
)
def test_what_a_look_up_says_about_use(name, host_class):
    """Page furniture and home pages never accuse anyone; signatures do count."""
    assert classes_of(name) == {host_class}


@pytest.mark.parametrize(
    ("name", "services"),
    [
        pytest.param("scontent.xx.fbcdn.net", {"facebook", "instagram", "threads", "messenger"}, id="Meta's pictures"),
        pytest.param("lookaside.fbsbx.com", {"facebook", "instagram", "threads", "messenger"}, id="Meta's attachments"),
        pytest.param("scontent.cdninstagram.com", {"instagram", "threads"}, id="Instagram's pictures"),
        pytest.param("api.byteoversea.com", {"tiktok", "capcut", "lemon8"}, id="ByteDance's interface"),
        pytest.param("signaling.franchise.minecraft-services.net", {"minecraft", "minecraft-education"}, id="both editions of Minecraft"),
    ],
)
def test_a_shared_host_names_all_that_it_serves(name, services):
    """A shared host is refused only where every one of these is."""
    assert services_of(name) == services
    assert classes_of(name) == {HostClass.SHARED}


@pytest.mark.parametrize(
    ("id_", "word"), [("whatsapp", "firewall"), ("telegram", "firewall"), ("messenger", "inbox"), ("facebook", "personal")]
)
def test_what_dns_cannot_cut_is_said(id_, word):
    """The report and `check` repeat these notes: they must be there."""
    assert word in CATALOGUE.services[id_].note


# --- essential ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    words("""
    tapestryjournal.com www.famly.co app.famly.co blossomeducational.com mybabysdays.com eylog.co.uk classdojo.com seesaw.me parentpay.com
    www.cpoms.net myconcern.co.uk myconcern.education www.gov.uk reports.ofsted.gov.uk www.bristol.gov.uk www.nhs.uk 111.nhs.uk
    www.bbc.co.uk cbeebies.bbc.co.uk www.barclays.co.uk online.lloydsbank.co.uk www.natwest.com www.xero.com nestpensions.org.uk
    login.microsoftonline.com outlook.office365.com teams.microsoft.com login.live.com school.sharepoint.com skype.com platform.linkedin.com
    download.windowsupdate.com storeedgefd.dsx.mp.microsoft.com docs.google.com classroom.google.com accounts.google.com www.google.co.uk
    update.googleapis.com redirector.gvt1.com swscan.apple.com gateway.icloud.com courier.push.apple.com ocsp.digicert.com r10.o.lencr.org
    ocsp.sectigo.com ocsp.globalsign.com o.pki.goog c.pki.goog ocsp.entrust.net ocsp.rootca1.amazontrust.com ocsp.apple.com
    0.uk.pool.ntp.org time.windows.com time.apple.com time.google.com ntp.ubuntu.com ictgames.com phonicsplay.co.uk yotoplay.com
    internetmatters.org www.twinkl.co.uk topmarks.co.uk aus5.mozilla.org education.minecraft.net
    """),
)
def test_what_must_always_work_is_essential(name):
    assert "essential" in kinds_of(name)


@pytest.mark.parametrize(
    "name",
    words(
        "captive.apple.com connectivitycheck.gstatic.com clients3.google.com "
        "www.msftconnecttest.com dns.msftncsi.com detectportal.firefox.com"
    ),
)
def test_connectivity_checks_are_essential(name):
    """A device that thinks there is no internet switches to mobile data, where nobody filters."""
    assert services_of(name) == {"connectivity-checks"}


@pytest.mark.parametrize("name", ["www.barclays.co.uk", "www.natwest.com", "www.nhs.uk", "www.paypal.com", "www.nestpensions.org.uk"])
def test_private_business_that_must_work_is_essential_and_sensitive(name):
    """Banks always work, and the log keeps the kind only."""
    assert {"essential", "sensitive"} <= kinds_of(name)


# --- bypass, helplines, sensitive ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    words("""
    dns.google dns.google.com cloudflare-dns.com mozilla.cloudflare-dns.com chrome.cloudflare-dns.com one.one.one.one dns.quad9.net
    dns.nextdns.io firefox.dns.nextdns.io doh.opendns.com dns.adguard-dns.com dns.adguard.com dns.controld.com dns.mullvad.net
    doh.cleanbrowsing.org engage.cloudflareclient.com mask.icloud.com mask-h2.icloud.com mask-api.icloud.com doh.dns.apple.com
    nordvpn.com www.expressvpn.com account.protonvpn.com surfshark.com mullvad.net windscribe.com tunnelbear.com hola.org psiphon.ca
    ultrasurf.us www.torproject.org www.croxyproxy.com www-bbc-co-uk.translate.goog vpn.mozilla.org eu0.sec-tunnel.com yewtu.be
    """),
)
def test_a_way_round_is_bypass(name):
    assert "bypass" in kinds_of(name)


@pytest.mark.parametrize("name", ["use-application-dns.net", "resolver.arpa", "example.com"])
def test_what_every_browser_asks_is_no_sign_of_bypass(name):
    """The canary is answered before the rules; a row in the report's part 13 for it would accuse every Firefox."""
    assert CATALOGUE.lookup(name) is None


@pytest.mark.parametrize(
    "name",
    words("""
    www.samaritans.org www.refuge.org.uk www.nationaldahelpline.org.uk www.womensaid.org.uk www.childline.org.uk www.nspcc.org.uk
    www.mind.org.uk giveusashout.org www.papyrus-uk.org switchboard.lgbt mensadviceline.org.uk www.ceop.police.uk
    protect-advice.org.uk www.educationsupport.org.uk
    """),
)
def test_a_helpline_is_a_helpline_and_nothing_else(name):
    """A helpline is never logged by device: no other kind may bring its name back into the log."""
    assert kinds_of(name) == {"helpline"}


@pytest.mark.parametrize(
    "name",
    words(
        "www.unison.org.uk neu.org.uk www.citizensadvice.org.uk www.acas.org.uk www.bacp.co.uk www.relate.org.uk www.churchofengland.org"
    ),
)
def test_private_matters_are_sensitive(name):
    assert kinds_of(name) == {"sensitive"}
