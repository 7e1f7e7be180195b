"""Letting a device trust the proxy: the authority's certificate in the form that each system's management takes, and what to do. Pure.

Only the certificate is handed out; its key stays with the service.
"""

import base64
import hashlib
import json
import plistlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = "dinnerbell-ca"
_SPACE = uuid.UUID("6f0a6a5e-7d7c-5c53-9d0a-0f6f3f1c9b11")
"""Ours alone: profiles of one certificate have one identifier, so that a newer one takes the older one's place."""
SYSTEMS = ("windows", "apple", "android", "chromeos", "firefox")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Files by name, and the steps that are left to a person."""

    files: Mapping[str, bytes]
    steps: tuple[str, ...]


def enrol(system: str, pem: str, setting: str) -> Enrolment:
    """Return what devices of one of SYSTEMS need. `pem`: the authority's certificate; `setting`: whose it is."""
    match system:
        case "windows":
            return Enrolment({f"{_NAME}.cer": der(pem)}, _WINDOWS)
        case "apple":
            return Enrolment({f"{_NAME}.mobileconfig": _profile(pem, setting)}, _APPLE)
        case "android":
            return Enrolment({f"{_NAME}.crt": der(pem)}, _ANDROID)
        case "chromeos":
            return Enrolment({f"{_NAME}.pem": pem.encode()}, _CHROMEOS)
        case "firefox":
            install = {"policies": {"Certificates": {"ImportEnterpriseRoots": True, "Install": [f"{_NAME}.pem"]}}}
            return Enrolment({"policies.json": (json.dumps(install, indent=2) + "\n").encode(), f"{_NAME}.pem": pem.encode()}, _FIREFOX)
    raise ValueError(f"{system!r} is not one of {', '.join(SYSTEMS)}")


def fingerprint(pem: str) -> str:
    """Return the certificate's SHA-256 fingerprint as systems show it."""
    digits = hashlib.sha256(der(pem)).hexdigest().upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def der(pem: str) -> bytes:
    """Return the first certificate of a PEM text (RFC 7468) as bytes. Raises ValueError."""
    _, begin, rest = pem.partition("-----BEGIN CERTIFICATE-----")
    body, end, _ = rest.partition("-----END CERTIFICATE-----")
    if not (begin and end):
        raise ValueError("there is no certificate in it")
    return base64.b64decode("".join(body.split()), validate=True)


def _profile(pem: str, setting: str) -> bytes:
    """Return a configuration profile for iPadOS, iOS and macOS (Apple's Configuration Profile Reference, CertificateRoot)."""
    identity = uuid.uuid5(_SPACE, fingerprint(pem))
    root = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"dinnerbell.authority.{identity}",
        "PayloadUUID": str(uuid.uuid5(identity, "root")).upper(),
        "PayloadDisplayName": f"Dinnerbell at {setting}",
        "PayloadCertificateFileName": f"{_NAME}.cer",
        "PayloadContent": der(pem),
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"dinnerbell.{identity}",
        "PayloadUUID": str(identity).upper(),
        "PayloadDisplayName": f"Dinnerbell at {setting}",
        "PayloadDescription": f"Lets this device trust the filter of {setting}, so that it can show why a page is closed.",
        "PayloadOrganization": setting,
        "PayloadScope": "System",
        "PayloadContent": [root],
    }
    return plistlib.dumps(profile)


_WINDOWS = (
    "With Group Policy, under Computer Configuration > Policies > Windows Settings > Security Settings > Public Key Policies:",
    "choose Trusted Root Certification Authorities > Import, and the file. It reaches the devices at their next gpupdate.",
    "On one device, as administrator: certutil -addstore Root dinnerbell-ca.cer",
    "Chrome and Edge follow Windows. Firefox follows it with --for firefox.",
)
_APPLE = (
    "Managed devices: add the profile to your MDM (Apple Business Manager, Jamf, Intune): it is trusted at once.",
    "One iPad: send it the file and install it under Settings > General > VPN & Device Management,",
    "then switch it on under Settings > General > About > Certificate Trust Settings.",
    "The profile is not signed, so the device says so; compare the fingerprint.",
)
_ANDROID = (
    "Managed devices: add the certificate to the policy of your EMM as a trusted CA.",
    "One device: Settings > Security > Encryption & credentials > Install a certificate > CA certificate.",
    "Browsers accept it; most apps do not: they are refused or passed as before, and see no page that says why.",
)
_CHROMEOS = (
    "In the Google Admin console, under Devices > Networks > Certificates > Add certificate: choose the file,",
    'and tick Chromebook under "Use this certificate as an HTTPS certificate authority".',
)
_FIREFOX = (
    "Windows: policies.json to C:\\Program Files\\Mozilla Firefox\\distribution, and the .pem to %ProgramData%\\Mozilla\\Certificates.",
    "macOS: policies.json to Firefox.app/Contents/Resources/distribution, the .pem to /Library/Application Support/Mozilla/Certificates.",
    "Linux: policies.json to /etc/firefox/policies, the .pem to /usr/lib/mozilla/certificates.",
    "If there is a policies.json already, add the part `Certificates` to it.",
)
