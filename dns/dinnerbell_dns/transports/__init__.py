"""How one upstream is asked: plain (UDP, TCP), TLS (RFC 7858), HTTPS (RFC 8484). Which one is asked, and when, says `upstream.py`."""
