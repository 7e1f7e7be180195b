"""Letting devices trust the proxy: the right file for each system, and the key for nobody."""

import base64
import json
import plistlib
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from dinnerbell.cli import main

pytest.importorskip("mitmproxy", reason="the extra `proxy` is not installed")

from cryptography import x509

from dinnerbell_proxy.authority import certificate_path, make_authority
from dinnerbell_proxy.enrol import SYSTEMS, der, enrol, fingerprint
from live import ACORN_LANE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("ca")
    (found / "rules.yaml").write_text(ACORN_LANE)
    make_authority(found / "data", "Acorn Lane Nursery")
    return found


@pytest.fixture(scope="module")
def pem(folder):
    return certificate_path(folder / "data").read_text()


def export(folder, system, *options):
    where = ["--rules", str(folder / "rules.yaml"), "--data", str(folder / "data")]
    return CliRunner().invoke(main, [*where, "ca", "export", "--for", system, "--out", str(folder / system), *options])


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_gets_the_certificate_and_never_the_key(folder, pem, system):
    done = export(folder, system, "--json")
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert value["fingerprint"] == fingerprint(pem)
    assert value["steps"]
    written = [Path(name).read_bytes() for name in value["files"]]
    assert all(b"PRIVATE" not in content for content in written)
    plain = base64.b64encode(der(pem))
    assert any(der(pem) in content or plain in b"".join(content.split()) for content in written)


def test_the_authority_says_whose_it_is_and_only_the_service_reads_its_key(folder, pem):
    certificate = x509.load_pem_x509_certificate(pem.encode())
    assert "Acorn Lane Nursery" in certificate.subject.rfc4514_string()
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    files = list((folder / "data/proxy").iterdir())
    assert all(not stat.S_IMODE(file.stat().st_mode) & 0o077 for file in files)
    assert stat.S_IMODE((folder / "data/proxy").stat().st_mode) == 0o700


def test_it_is_made_once(folder, pem):
    assert make_authority(folder / "data", "Another name").read_text() == pem


def test_the_apple_profile_is_one_that_apple_reads(pem):
    profile = plistlib.loads(enrol("apple", pem, "Acorn Lane Nursery").files["dinnerbell-ca.mobileconfig"])
    (root,) = profile["PayloadContent"]
    assert (profile["PayloadType"], root["PayloadType"]) == ("Configuration", "com.apple.security.root")
    assert x509.load_der_x509_certificate(root["PayloadContent"])
    again = plistlib.loads(enrol("apple", pem, "Acorn Lane Nursery").files["dinnerbell-ca.mobileconfig"])
    assert again["PayloadUUID"] == profile["PayloadUUID"]


def test_openssl_reads_what_windows_gets(tmp_path, pem):
    """A foreign oracle."""
    (tmp_path / "ca.cer").write_bytes(enrol("windows", pem, "Acorn Lane Nursery").files["dinnerbell-ca.cer"])
    command = ["openssl", "x509", "-inform", "DER", "-in", str(tmp_path / "ca.cer"), "-noout", "-fingerprint", "-sha256"]
    assert fingerprint(pem) in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_what_to_do_is_said_in_words(folder):
    done = export(folder, "windows")
    assert "Group Policy" in done.output
    assert "SHA-256 fingerprint" in done.output


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----!-----END CERTIFICATE-----"])
def test_what_is_no_certificate(text):
    with pytest.raises(ValueError, match=r"certificate|base64|padding|Non-base64|Only"):
        der(text)
