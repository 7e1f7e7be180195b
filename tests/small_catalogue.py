"""A catalogue small enough to hold in one's head, for tests about rules and words."""

from dinnerbell.catalogue import read_catalogue

CATALOGUE = read_catalogue(
    {
        "services.yaml": """
facebook: {name: Facebook, kinds: [social-networking], hosts: {use: [m.facebook.com], companion: [facebook.com], shared: [fbcdn.net]}}
messenger: {name: Messenger, kinds: [messaging], hosts: {use: [messenger.com, "=edge-chat.facebook.com"], shared: [fbcdn.net]}}
instagram: {name: Instagram, kinds: [photo-sharing], hosts: {use: [instagram.com], shared: [fbcdn.net]}}
youtube: {name: YouTube, kinds: [video-sharing], hosts: {use: [youtube.com, "=youtubei.googleapis.com"]}}
wikipedia: {name: Wikipedia, kinds: [wiki], hosts: {use: [wikipedia.org]}}
vimeo: {name: Vimeo, kinds: [video-sharing], hosts: {use: [vimeo.com]}}
pinterest: {name: Pinterest, kinds: [photo-sharing], hosts: {use: [pinterest.com]}}
teams: {name: Teams, kinds: [messaging, essential], hosts: {use: [teams.example]}}
tapestry: {name: Tapestry, kinds: [essential], hosts: {use: [tapestryjournal.com]}}
somevpn: {name: SomeVPN, kinds: [bypass], hosts: {use: [somevpn.example]}}
childline: {name: Childline, kinds: [helpline], hosts: {use: [childline.org.uk]}}
"""
    },
    {"safe-search.yaml": "google: {name: Google, target: forcesafesearch.google.com, hosts: [=www.google.com]}"},
)

SETTING = "setting: {name: Acorn Nursery}\n"
"""The least that a file needs, beside `rules`."""
