"""The story that the demo plays: who is at Acorn Lane Nursery, what they do all week, and what their devices do by themselves.

Pure data, made to be read; `week.py` turns it into queries. Nobody in here exists. A scene's text is one line of the week as a
colleague might tell it; the policy never sees it. Hosts are the real ones, so that the shipped catalogue judges them.
"""

from dataclasses import dataclass

BROWSER = ("A", "AAAA", "HTTPS")
"""What a browser, or anything on an iPhone or iPad, asks for each name (RFC 9460)."""
APP = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Player:
    """A device: its address on this machine, and the types it asks for each name."""

    address: str
    asks: tuple[str, ...]


CAST = {
    "office-laptop": Player("127.0.0.20", BROWSER),
    "staff-room-pc": Player("127.0.0.21", BROWSER),
    "room-tablet-1": Player("127.0.0.31", BROWSER),
    "room-tablet-2": Player("127.0.0.32", APP),
    "room-tablet-3": Player("127.0.0.33", BROWSER),
    "phone-a": Player("127.0.0.66", BROWSER),
    "phone-b": Player("127.0.0.67", APP),
    "phone-c": Player("127.0.0.69", BROWSER),
    "phone-d": Player("127.0.0.70", APP),
    "phone-e": Player("127.0.0.73", APP),
    "visitor": Player("127.0.0.98", BROWSER),
    "stranger": Player("127.0.0.200", APP),
}


@dataclass(frozen=True, slots=True)
class Doing:
    """What somebody does: every `every` seconds (low, high) one of `asks`, each a line of names that are asked together."""

    every: tuple[int, int]
    asks: tuple[str, ...]


DOINGS = {
    # -- children's tablets
    "phonics": Doing((25, 90), (
        "www.phonicsplay.co.uk fonts.googleapis.com fonts.gstatic.com",
        "www.phonicsplay.co.uk www.googletagmanager.com",
        "resources.phonicsplay.co.uk",
    )),
    "number games": Doing((30, 100), (
        "www.ictgames.com ictgames.com",
        "www.ictgames.com code.jquery.com",
        "www.topmarks.co.uk fonts.gstatic.com",
    )),
    "cbeebies": Doing((20, 80), (
        "www.bbc.co.uk static.files.bbci.co.uk ichef.bbci.co.uk",
        "www.bbc.co.uk emp.bbci.co.uk",
        "ichef.bbci.co.uk open.live.bbc.co.uk",
    )),
    "yoto": Doing((40, 120), ("api.yotoplay.com card-content.yotoplay.com", "www.yotoplay.com", "api.yotoplay.com")),
    "looking things up": Doing((25, 90), (
        "www.google.co.uk www.gstatic.com encrypted-tbn0.gstatic.com",
        "www.google.com www.gstatic.com",
        "kids.nationalgeographic.com i.natgeofe.com",
        "www.dkfindout.com",
        "www.rspb.org.uk connect.facebook.net platform.twitter.com i.ytimg.com",
    )),
    "the song of the week": Doing((15, 110), (
        "www.youtube.com i.ytimg.com",
        "m.youtube.com youtubei.googleapis.com",
        "youtubei.googleapis.com rr4---sn-aigl6ns6.googlevideo.com yt3.ggpht.com",
    )),
    # -- the office
    "tapestry": Doing((25, 100), (
        "www.tapestryjournal.com eylj.tapestryjournal.com",
        "eylj.tapestryjournal.com media.tapestryjournal.com",
    )),
    "famly": Doing((30, 120), ("app.famly.co img.famly.co", "app.famly.co api.famly.co")),
    "mail": Doing((40, 160), (
        "outlook.office365.com login.microsoftonline.com",
        "outlook.office.com res.cdn.office.net",
        "acornlane-my.sharepoint.com",
        "teams.microsoft.com statics.teams.cdn.office.net",
    )),
    "forms and guidance": Doing((40, 150), (
        "www.gov.uk assets.publishing.service.gov.uk",
        "reports.ofsted.gov.uk",
        "foundationyears.org.uk fonts.gstatic.com",
        "www.bing.com th.bing.com",
    )),
    "the news": Doing((45, 150), (
        "www.nurseryworld.co.uk connect.facebook.net platform.twitter.com px.ads.linkedin.com",
        "www.bbc.co.uk ichef.bbci.co.uk",
        "www.theguardian.com i.guim.co.uk assets.guim.co.uk",
        "www.daynurseries.co.uk connect.facebook.net www.facebook.com analytics.tiktok.com i.ytimg.com",
    )),
    "the official page": Doing((20, 75), (
        "www.facebook.com static.xx.fbcdn.net scontent-lhr8-1.xx.fbcdn.net",
        "static.xx.fbcdn.net scontent-lhr8-2.xx.fbcdn.net",
        "business.facebook.com static.xx.fbcdn.net",
        "www.facebook.com scontent-lhr8-1.xx.fbcdn.net edge-chat.facebook.com",
    )),
    "messages from a parent": Doing((20, 70), ("www.messenger.com edge-chat.facebook.com", "www.messenger.com")),
    "display ideas": Doing((20, 80), (
        "www.pinterest.co.uk i.pinimg.com",
        "www.pinterest.co.uk s.pinimg.com i.pinimg.com",
        "i.pinimg.com www.pinterest.com",
        "www.twinkl.co.uk assets.pinterest.com connect.facebook.net",
    )),
    "facts for the topic table": Doing((40, 120), ("en.wikipedia.org upload.wikimedia.org", "duckduckgo.com", "en.wikipedia.org")),
    "paying bills": Doing((30, 90), ("www.lloydsbank.com", "online.lloydsbank.co.uk")),
    # -- own phones, and what people hope for on the setting's devices
    "instagram": Doing((12, 55), (
        "i.instagram.com scontent-lhr8-1.cdninstagram.com",
        "i.instagram.com gateway.instagram.com",
        "www.instagram.com static.cdninstagram.com",
        "graph.instagram.com scontent-lhr8-2.cdninstagram.com",
    )),
    "tiktok": Doing((12, 50), (
        "api16-normal-c-useast1a.tiktokv.com v16-webapp-prime.tiktok.com",
        "www.tiktok.com p16-sign-va.tiktokcdn.com",
        "api22-normal-c-alisg.tiktokv.eu v19.tiktokcdn-eu.com",
        "lf16-tiktok-web.ttwstatic.com www.tiktok.com",
    )),
    "facebook": Doing((15, 60), (
        "m.facebook.com static.xx.fbcdn.net",
        "m.facebook.com scontent-lhr8-1.xx.fbcdn.net video-lhr8-1.xx.fbcdn.net",
        "www.facebook.com static.xx.fbcdn.net",
    )),
    "youtube": Doing((20, 90), (
        "youtubei.googleapis.com i.ytimg.com",
        "m.youtube.com yt3.ggpht.com",
        "youtubei.googleapis.com rr2---sn-aigl6nek.googlevideo.com",
    )),
    "whatsapp": Doing((20, 100), (
        "web.whatsapp.com static.whatsapp.net",
        "mmg.whatsapp.net media-lhr8-1.cdn.whatsapp.net",
        "web.whatsapp.com g.whatsapp.net",
    )),
    "snapchat": Doing((15, 60), ("app.snapchat.com cf-st.sc-cdn.net", "gcp.api.snapchat.com", "www.snapchat.com")),
    "a way round": Doing((15, 60), ("nordvpn.com", "api.nordvpn.com downloads.nordcdn.com", "protonvpn.com")),
    "a helpline": Doing((30, 90), ("www.samaritans.org", "www.childline.org.uk")),
    "the union": Doing((40, 120), ("www.unison.org.uk", "www.unison.org.uk fonts.gstatic.com")),
    "a bumped head": Doing((40, 90), ("111.nhs.uk www.nhs.uk", "assets.nhs.uk www.nhs.uk")),
    "the bus home": Doing((60, 150), ("www.bustimes.org tiles.bustimes.org", "www.bbc.co.uk", "www.google.com")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody does something on these days from about `at`, for about `minutes`. `who`: one or several of the cast."""

    who: str
    days: str
    at: str
    minutes: int
    doing: str
    text: str
    weeks_before: int = 3
    """In how many of the weeks before this one it happened too; 0: new."""
    on_the_dot: bool = False
    """The clock matters to the story: not shifted by the day's moods."""


SCENES = (
    # -- the rooms
    Scene("room-tablet-1", "mon-fri", "09:10", 22, "phonics", "Phonics with the older ones"),
    Scene("room-tablet-1", "mon,wed,fri", "10:45", 15, "number games", "Counting dinosaurs"),
    Scene("room-tablet-1", "mon-thu", "14:05", 18, "cbeebies", "A programme while the hall is set up"),
    Scene("room-tablet-2", "mon-fri", "08:50", 12, "yoto", "A story on the rug"),
    Scene("room-tablet-2", "mon-fri", "10:40", 7, "the song of the week", "The planner links it as a video: refused, again and again", 0),
    Scene("room-tablet-2", "tue,thu", "13:35", 20, "number games", "Shapes and sizes"),
    Scene("room-tablet-2", "mon-fri", "15:30", 12, "cbeebies", "The quiet half-hour"),
    Scene("room-tablet-3", "mon-fri", "09:20", 16, "phonics", "Phonics with the younger ones"),
    Scene("room-tablet-3", "mon-fri", "11:00", 10, "looking things up", "What do hedgehogs eat?"),
    Scene("room-tablet-3", "mon,tue,thu", "14:20", 16, "yoto", "A story after lunch"),
    Scene("room-tablet-3", "wed", "16:05", 9, "the song of the week", "The next room tries the song too", 0),
    # -- the office
    Scene("office-laptop", "mon-fri", "07:50", 12, "mail", "The day begins"),
    Scene("office-laptop", "mon-fri", "08:40", 14, "famly", "Registers"),
    Scene("office-laptop", "mon-fri", "09:30", 20, "tapestry", "Yesterday's observations"),
    Scene("office-laptop", "mon,wed,fri", "10:20", 20, "the official page", "Open-day post, answers to comments"),
    Scene("office-laptop", "thu", "10:35", 11, "the official page", "Photograph of the new mud kitchen", 1),
    Scene("office-laptop", "mon", "10:44", 3, "messages from a parent", "Somebody wrote to the page: the private inbox stays shut", 2),
    Scene("office-laptop", "thu", "15:20", 3, "messages from a parent", "And again", 0),
    Scene("office-laptop", "mon,tue,thu", "11:10", 12, "the news", "Sector news: pages with like-buttons on them"),
    Scene("office-laptop", "tue,thu", "14:10", 18, "display ideas", "Autumn display for the hall"),
    Scene("office-laptop", "tue,wed", "13:20", 18, "forms and guidance", "Funding forms"),
    Scene("office-laptop", "fri", "13:40", 10, "paying bills", "Friday is for bills"),
    Scene("office-laptop", "mon-fri", "15:50", 14, "tapestry", "Today's photographs"),
    Scene("office-laptop", "mon-fri", "17:30", 14, "famly", "Who collects whom"),
    # -- the staff-room PC
    Scene("staff-room-pc", "mon-fri", "08:15", 8, "mail", "Rota"),
    Scene("staff-room-pc", "mon,wed", "13:15", 14, "facts for the topic table", "How big is a whale?"),
    Scene("staff-room-pc", "mon", "12:14", 3, "tiktok", "Lunch: 'it is my break' - but not my PC", 1),
    Scene("staff-room-pc", "wed", "12:20", 4, "instagram", "Lunch, another colleague"),
    Scene("staff-room-pc", "thu", "12:31", 3, "tiktok", "And once more", 0),
    Scene("staff-room-pc", "tue,fri", "12:10", 10, "the news", "Lunch with the paper: like-buttons are not use"),
    Scene("staff-room-pc", "tue,fri", "16:40", 12, "tapestry", "Writing up"),
    Scene("staff-room-pc", "wed", "20:05", 22, "display ideas", "Someone is still cutting leaves at eight at night", 0, on_the_dot=True),
    Scene("staff-room-pc", "wed", "20:33", 3, "facebook", "... and tries Facebook before going home", 0, on_the_dot=True),
    # -- own phones at lunch, where they may
    Scene("phone-a", "mon-thu", "12:08", 22, "instagram", "Lunch"),
    Scene("phone-a", "fri", "11:38", 20, "instagram", "Friday's lunch is early"),
    Scene("phone-b", "mon,wed", "12:12", 18, "tiktok", "Lunch"),
    Scene("phone-b", "fri", "11:45", 20, "tiktok", "Friday's lunch is early"),
    Scene("phone-c", "mon,wed,thu", "12:20", 16, "facebook", "Lunch"),
    Scene("phone-d", "tue,thu", "12:05", 24, "youtube", "A series, one part a day"),
    Scene("phone-e", "mon-thu", "12:25", 14, "whatsapp", "Lunch"),
    # -- own phones where they may not
    Scene("phone-c", "tue", "12:36", 33, "instagram", "Tuesday: goes on past one o'clock, as one does ...", 0, on_the_dot=True),
    Scene("phone-c", "tue", "13:20", 5, "instagram", "... and opens it again at twenty past", 0, on_the_dot=True),
    Scene("phone-d", "wed", "15:10", 2, "facebook", "A glance in the corridor", 2, on_the_dot=True),
    # -- what nobody is to see by device
    Scene("phone-b", "wed", "13:48", 4, "a helpline", "Somebody needs somebody to talk to", 0),
    Scene("phone-e", "thu", "17:12", 6, "the union", "A question about the rota", 1),
    # -- what must always work
    Scene("phone-a", "thu", "14:52", 5, "a bumped head", "A bump on the climbing frame: NHS 111, at any hour", 0),
    Scene("phone-a phone-d", "mon-fri", "17:50", 6, "the bus home", "Nearly six"),
    # -- guests
    Scene("visitor", "thu", "10:05", 12, "whatsapp", "The photographer's phone looks for its messages", 0, on_the_dot=True),
    Scene("visitor", "thu", "10:32", 6, "facebook", "... and for its friends", 0, on_the_dot=True),
    Scene("stranger", "fri", "10:12", 5, "snapchat", "Friday: a device that nobody has named", 0, on_the_dot=True),
    Scene("stranger", "fri", "10:19", 4, "tiktok", "It tries this ...", 0, on_the_dot=True),
    Scene("stranger", "fri", "10:26", 6, "a way round", "... and then a way round", 0, on_the_dot=True),
    Scene("stranger", "fri", "10:34", 3, "instagram", "... and gives up", 0, on_the_dot=True),
)


@dataclass(frozen=True, slots=True)
class Beat:
    """What devices do by themselves while they are here: one of `asks` in turn, every so many minutes, nearly to the second."""

    who: str
    when: str
    minutes: int
    asks: tuple[str, ...]
    weeks_before: int = 3
    """In how many of the weeks before this one the device was here too; 0: new."""


_HERE = "mon-fri 07:35-18:10"
_ALWAYS = "00:00-24:00"

APP_BEATS = (
    # own phones keep their connections alive; nobody touches them
    Beat("phone-a phone-b phone-c phone-e", _HERE, 20, ("g.whatsapp.net",)),
    Beat("phone-b phone-d", _HERE, 25, ("edge-mqtt.facebook.com",)),
    Beat("phone-c phone-e", _HERE, 40, ("gateway.facebook.com",)),
    Beat("phone-d", _HERE, 30, ("i.instagram.com",)),  # a signature host, but as steady as a clock and quite alone
)
"""Apps that the rules judge. Every week has them in full: the report counts what was refused in the background."""

SYSTEM_BEATS = (
    Beat("phone-a phone-c", _HERE, 45, ("gateway.icloud.com", "1-courier.push.apple.com")),
    Beat("phone-b phone-d phone-e", _HERE, 45, ("mtalk.google.com", "connectivitycheck.gstatic.com")),
    Beat("visitor", "thu 09:50-11:20", 12, ("captive.apple.com", "1-courier.push.apple.com"), 0),
    Beat("stranger", "fri 10:08-10:45", 9, ("connectivitycheck.gstatic.com", "mtalk.google.com"), 0),
    # the setting's own devices: updates, clocks, "is there an internet?"
    Beat("room-tablet-1 room-tablet-3", _ALWAYS, 75, ("captive.apple.com", "mesu.apple.com", "time.apple.com")),
    Beat("room-tablet-2", _ALWAYS, 70, ("connectivitycheck.gstatic.com", "play.googleapis.com", "time.android.com")),
    Beat("office-laptop", "mon-fri 07:40-18:15", 30, (
        "www.msftconnecttest.com", "settings-win.data.microsoft.com", "outlook.office365.com", "ocsp.digicert.com",
    )),
    Beat("staff-room-pc", _ALWAYS, 80, ("www.msftconnecttest.com", "ctldl.windowsupdate.com", "time.windows.com")),
)  # fmt: skip
"""Connectivity checks, push, updates, clocks: always allowed, and so the first to be left out of the weeks before."""

SIGNATURES = {
    "facebook": ("static.xx.fbcdn.net", "m.facebook.com"),
    "instagram": ("i.instagram.com",),
    "tiktok": ("api16-normal-c-useast1a.tiktokv.com",),
    "youtube": ("youtubei.googleapis.com",),
    "whatsapp": ("web.whatsapp.com",),
    "messenger": ("www.messenger.com",),
    "pinterest": ("www.pinterest.co.uk",),
    "snapchat": ("app.snapchat.com",),
}
"""The hosts by which the story shows use: a test asks the shipped catalogue whether it takes them so."""
