"""The file by which devices find the proxy by themselves (PAC), as /proxy.pac and /wpad.dat. Pure.

What lies inside the network is asked for directly: the proxy does not lead there. There is no way round it by `DIRECT` where it does not
answer: rules about pages leave a site's name open in DNS, and only the proxy tells the pages apart.
"""

from dinnerbell.config import Endpoint
from dinnerbell_proxy.block_page import Answer

PAC_PATHS = ("/proxy.pac", "/wpad.dat")
_PAC = """\
function FindProxyForURL(url, host) {
  if (isPlainHostName(host) || /\\.(local|lan|home\\.arpa|internal)$/i.test(host)) return "DIRECT";
  if (/^(10|127)\\.|^192\\.168\\.|^169\\.254\\.|^172\\.(1[6-9]|2[0-9]|3[01])\\./.test(host) && /^[0-9.]+$/.test(host)) return "DIRECT";
  if (/^\\[?(::1|f[cd]|fe[89ab])/i.test(host) && host.indexOf(":") >= 0) return "DIRECT";
  return "PROXY %s";
}
"""


def pac_answer(proxy: Endpoint) -> Answer:
    """Return the file for devices that reach the proxy at `proxy`."""
    return Answer(200, {"Content-Type": "application/x-ns-proxy-autoconfig", "Cache-Control": "max-age=3600"}, _PAC % proxy)


def is_pac_request(host: str, port: int, path: str, proxy: Endpoint) -> bool:
    """Tell whether a request for http://`host`:`port``path` asks the proxy itself for the file, under its address or as `wpad`."""
    if path.partition("?")[0] not in PAC_PATHS:
        return False
    return (host == proxy.address and port == proxy.port) or host == "wpad" or host.startswith("wpad.")
