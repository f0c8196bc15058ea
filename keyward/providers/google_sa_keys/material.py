"""Key pairs and certificates: the private half never leaves this host, Google gets a self-signed certificate with the public one.

The certificate is X.509 version 3 (RFC 5280) and says nothing about anybody. Its serial number is made from the rotation's id and the public
key: whoever knows the rotation can tell its certificates from all others, nobody else learns anything from them.
"""

import base64
import binascii
import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.model.errors import Refused
from keyward.model.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

LIFE = timedelta(days=3650)
"""How long an uploaded key is valid: a safety net far beyond two rotations, not the rotation."""

BITS = 2048
"""What Google makes itself; it takes no others but 1024."""

_SUBJECT = "unused"
"""As in Google's own description of uploading keys."""
_EARLY = timedelta(minutes=1)
_SERIAL_BITS = 159
"""RFC 5280, section 4.1.2.2: positive, at most 20 octets."""


def make() -> Secret:
    """A new private key: PKCS#8 in PEM, as in Google's files. Takes about 50 ms."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pair = rsa.generate_private_key(public_exponent=65_537, key_size=BITS)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return Secret(pair.private_bytes(serialization.Encoding.PEM, form, plain))


def certificate(material: Secret, rotation: str, now: datetime, life: timedelta = LIFE) -> bytes:
    """A certificate with the public half, in PEM.

    Args:
        material: as `make` gave it.
        rotation: whose it is.
        now: it is valid from a minute before.
        life: and for that long in all.

    Raises:
        Refused: that is no private key.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    pair = _private(material)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _SUBJECT)])
    begin = (now - _EARLY).replace(microsecond=0)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder(name, name, pair.public_key(), serial(rotation, spki(pair.public_key())))
        .not_valid_before(begin)
        .not_valid_after(begin + life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(pair.public_key()), critical=False)
        .sign(pair, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def serial(rotation: str, public: bytes) -> int:
    """The serial number of a rotation's certificate for that public key."""
    digest = hashlib.sha256(b"keyward/certificate\0" + rotation.encode() + b"\0" + public).digest()
    return int.from_bytes(digest) >> (256 - _SERIAL_BITS) or 1


def spki(public: Any) -> bytes:
    """A public key as its SubjectPublicKeyInfo (RFC 5280, section 4.1)."""
    from cryptography.hazmat.primitives import serialization

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(public.public_bytes(serialization.Encoding.DER, form))


def public_half(material: Secret) -> bytes:
    """The public half of material.

    Raises:
        Refused: that is no private key.
    """
    return spki(_private(material).public_key())


def same_pair(data: object, public: bytes) -> bool:
    """Whether `publicKeyData` of a key is a certificate with that public half."""
    found = _certificate(data)
    return found is not None and spki(found.public_key()) == public


def made_by(data: object, rotation: str) -> bool:
    """Whether `publicKeyData` of a key is a certificate that this rotation made, whatever became of the private half."""
    found = _certificate(data)
    return found is not None and found.serial_number == serial(rotation, spki(found.public_key()))


def sign(material: Secret, message: bytes) -> bytes:
    """An RS256 signature (RFC 7518, section 3.3).

    Raises:
        Refused: that is no private key.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return _private(material).sign(message, padding.PKCS1v15(), hashes.SHA256())


def _private(material: Secret) -> "RSAPrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    try:
        found = serialization.load_pem_private_key(material.reveal(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, RSAPrivateKey):
        raise Refused("What is there is no RSA private key without a password.", reason="malformed")
    return found


def _certificate(data: object) -> "Certificate | None":
    from cryptography import x509

    if not isinstance(data, str):
        return None
    try:
        return x509.load_pem_x509_certificate(base64.b64decode(data, validate=True))
    except (ValueError, binascii.Error):
        return None
