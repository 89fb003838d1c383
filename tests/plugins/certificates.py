"""Self-signed certificates for servers of the tests: good, expired, or for another name."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """A server's certificate on disk, trusted by whoever is given `ca_file`."""

    context: ssl.SSLContext
    ca_file: str
    key_file: str


@pytest.fixture
def certificate(tmp_path: Any) -> Callable[..., Certificate]:
    """`certificate(name="localhost", days=1)`: self-signed; negative days have run out already."""

    def make(name: str = "localhost", days: int = 1) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} {days}")])
        end = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)  # noqa: TID251 - TLS asks the real clock
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - dt.timedelta(days=30))
            .not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        stem = tmp_path / f"{name}{days}"
        pem = serialization.Encoding.PEM
        stem.with_suffix(".crt").write_bytes(built.public_bytes(pem))
        stem.with_suffix(".key").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(stem.with_suffix(".crt"), stem.with_suffix(".key"))
        return Certificate(context, str(stem.with_suffix(".crt")), str(stem.with_suffix(".key")))

    return make
