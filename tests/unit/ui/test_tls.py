"""The certificate is read again when it changes."""

from __future__ import annotations

import asyncio
import datetime
import logging
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from controller.ui.tls import Certificate


def issue(folder: Path, name: str) -> tuple[str, str]:
    """Write a certificate of this name, and its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "tls.crt", folder / "tls.key"
    kind, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    for path, data in (
        (certificate, made.public_bytes(kind)),
        (private, key.private_bytes(kind, serialization.PrivateFormat.PKCS8, plain)),
    ):
        # As Kubernetes does it: a new file takes the place of the old one.
        new = path.with_suffix(".new")
        new.write_bytes(data)
        new.replace(path)
    return str(certificate), str(private)


async def served_name(port: int) -> str:
    """The name in the certificate that a server shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    der = writer.get_extra_info("ssl_object").getpeercert(True)
    writer.close()
    return x509.load_der_x509_certificate(der).subject.rfc4514_string()


async def test_new_connections_get_the_new_certificate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = Certificate(*issue(tmp_path, "first"))
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate.context).start()
    port = runner.addresses[0][1]
    assert await served_name(port) == "CN=first"
    issue(tmp_path, "second")
    certificate.look()
    assert await served_name(port) == "CN=second"
    (tmp_path / "tls.crt").write_text("nonsense")
    certificate.look()
    assert await served_name(port) == "CN=second"
    assert "cannot be used" in caplog.text
    other = tmp_path / "other"
    other.mkdir()
    issue(other, "of another key")
    (other / "tls.crt").replace(tmp_path / "tls.crt")
    certificate.look()
    assert await served_name(port) == "CN=second"
    assert "mismatch" in caplog.text.lower()
    issue(tmp_path, "third")
    caplog.set_level(logging.INFO)
    certificate.look()
    certificate.look()
    assert await served_name(port) == "CN=third"
    assert caplog.text.count("was read again") == 1
    await runner.cleanup()


def test_files_that_cannot_be_used_are_an_error(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, "first")
    (tmp_path / "tls.key").write_text("nonsense")
    with pytest.raises(OSError, match="PEM"):
        Certificate(certificate, key)
