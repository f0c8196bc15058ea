"""RSA key pairs and certificates. A private half is made, handed out once and forgotten."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.x509 import Certificate

P12_PASSWORD = "notasecret"  # noqa: S105  # Google documents this one password for all PKCS#12 files
_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Upload(NamedTuple):
    """What an uploaded certificate says."""

    pem: str
    valid_after: datetime
    valid_before: datetime | None
    algorithm: str


def make_pair(bits: int = 2048) -> RSAPrivateKey:
    """Give a new key pair; takes about 50 ms."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # 50 ms, only where keys are made

    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certify(pair: RSAPrivateKey, subject: str, valid_after: datetime, valid_before: datetime | None) -> str:
    """Give a self-signed certificate in PEM, as Google makes one for every key."""
    return _certify(pair, pair.public_key(), subject, valid_after, valid_before)


def wrap(certificate: str, subject: str) -> str:
    """Give a certificate by another issuer for the same public half and time."""
    known = _load(certificate)
    return _certify(
        make_pair(), public_key(certificate), subject, known.not_valid_before_utc, known.not_valid_after_utc
    )


def _certify(
    issuer: RSAPrivateKey, public: RSAPublicKey, subject: str, valid_after: datetime, valid_before: datetime | None
) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_after)
        .not_valid_after(valid_before or _END)
        .sign(issuer, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def private_pem(pair: RSAPrivateKey) -> str:
    """Give the private half as PKCS#8 in PEM."""
    from cryptography.hazmat.primitives import serialization

    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return pair.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def p12(pair: RSAPrivateKey, certificate: str) -> bytes:
    """Give the pair as PKCS#12 under Google's well-known password."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    locked = BestAvailableEncryption(P12_PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"privatekey", pair, _load(certificate), None, locked)


def public_key(certificate: str) -> RSAPublicKey:
    """Give the public half in a certificate.

    Raises:
        TypeError: it is no RSA key.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    found = _load(certificate).public_key()
    if not isinstance(found, RSAPublicKey):
        raise TypeError("not an RSA key")
    return found


def public_pem(certificate: str) -> str:
    """Give the public half in a certificate as PEM."""
    from cryptography.hazmat.primitives import serialization

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public_key(certificate).public_bytes(serialization.Encoding.PEM, form).decode()


def read_upload(encoded: str, now: datetime) -> Upload:
    """Read `publicKeyData`: base64 of an X.509 v3 certificate in PEM with an RSA key.

    Raises:
        ApiError: 400; Google's words for this are not known.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        certificate = x509.load_pem_x509_certificate(base64.b64decode(encoded, validate=True))
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        bits = public_key(pem).key_size
    except (ValueError, TypeError, binascii.Error):
        raise _malformed("it must be an RSA public key in an X.509 v3 certificate") from None
    if certificate.version is not x509.Version.v3:
        raise _malformed("the certificate must have version 3")
    end = certificate.not_valid_after_utc
    if end <= now:
        raise _malformed("the certificate has expired")
    algorithm = f"KEY_ALG_RSA_{bits}" if bits in {1024, 2048} else "KEY_ALG_UNSPECIFIED"
    return Upload(pem, certificate.not_valid_before_utc, end if end < _END else None, algorithm)


def _load(certificate: str) -> Certificate:
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.encode())


def _malformed(why: str) -> Exception:
    return refuse("INVALID_ARGUMENT", f"Invalid public key data: {why}.")
