"""The proxy's certificate authority: made once, its key readable by the service only (shell)."""

import os
from pathlib import Path

from mitmproxy.certs import CertStore

CA_FOLDER = "proxy"
"""Under the data folder."""
_BASE = "mitmproxy"  # the name under which mitmproxy looks for it
_KEY_BITS = 3072


def certificate_path(data: Path) -> Path:
    return data / CA_FOLDER / f"{_BASE}-ca-cert.pem"


def make_authority(data: Path, setting: str) -> Path:
    """Make it where there is none yet; return the path of its certificate. Raises OSError."""
    folder = data / CA_FOLDER
    key = folder / f"{_BASE}-ca.pem"
    if not key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        before = os.umask(0o077)
        try:
            CertStore.create_store(
                folder, _BASE, _KEY_BITS, organization=setting[:64], cn=f"Dinnerbell at {setting}"[:64]
            )  # RFC 5280's bound
        finally:
            os.umask(before)
    return certificate_path(data)
