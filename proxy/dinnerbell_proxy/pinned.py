"""Hosts of apps and systems that accept no certificate but their maker's: they are never decrypted, only passed or refused. Pure data.

Decrypting them would break what they do and show nobody anything. From the makers' own lists of what inspection has to leave alone:
Apple (https://support.apple.com/101555), ChromeOS and Android (https://support.google.com/chrome/a/answer/6334001),
Windows and Microsoft 365 (https://learn.microsoft.com/windows/deployment/update/windows-update-security,
https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges), Mozilla (https://support.mozilla.org/kb/firefox-enterprise).
The apps of social services check their makers' certificates too: their APIs are here, so that an app is refused, and never half decrypted.
"""

from dinnerbell.names import HostTable

_HOSTS = (
    # systems
    "apple.com", "icloud.com", "mzstatic.com", "cdn-apple.com", "itunes.com",
    "=accounts.google.com", "=accounts.youtube.com", "=accounts.gstatic.com", "=android.clients.google.com", "=mtalk.google.com",
    "=clients1.google.com", "=clients2.google.com", "=clients3.google.com", "=clients4.google.com", "=clients5.google.com",
    "=m.google.com", "=play.google.com", "=dl.google.com", "=tools.google.com", "gvt1.com", "=www.googleapis.com",
    "=android.googleapis.com",
    "=cros-omahaproxy.appspot.com", "=omahaproxy.appspot.com", "=chromeos-ca.gstatic.com", "=storage.googleapis.com",
    "windowsupdate.com", "update.microsoft.com", "delivery.mp.microsoft.com", "=login.microsoftonline.com", "=login.live.com",
    "=aus5.mozilla.org", "services.mozilla.com", "=addons.mozilla.org",
    "dropbox.com", "signal.org", "whatsapp.net",
    # apps of social services
    "=graph.facebook.com", "=b-graph.facebook.com", "=api.facebook.com", "=b-api.facebook.com", "=mqtt.facebook.com",
    "=edge-mqtt.facebook.com",
    "=i.instagram.com", "=graph.instagram.com", "=api.twitter.com", "=api.x.com", "=youtubei.googleapis.com", "snapchat.com", "sc-gw.com",
    "tiktokv.com", "byteoversea.com",
)  # fmt: skip
_TABLE: HostTable[bool] = HostTable()
for _host in _HOSTS:
    _TABLE.set(_host, True)


def is_pinned(name: str) -> bool:
    return _TABLE.longest(name) is not None
