"""Looks at how a server encrypts: which protocol it speaks, whether its certificate holds, and until when. Nothing is sent but the handshake."""

import contextlib
import ipaddress
import re
import socket
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from keyward.model.text import clean

OLDEST = ssl.TLSVersion.TLSv1_2
"""TLS 1.0 and 1.1 must not be spoken any more (RFC 8996, March 2021)."""
_SECONDS = 10.0
_OLD_REASONS = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_VERSION_NUMBER"})
"""How OpenSSL says that both sides share no protocol; the last one also comes from what is no TLS at all."""
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")

# Verification results of OpenSSL (X509_verify_cert_error_string(3)).
_NOT_YET, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64


class Seen(StrEnum):
    """What became of the look. `unreachable` and `unclear` say nothing about the server's encryption; `plain` is no TLS at all."""

    FINE = "fine"
    OLD = "old"
    PLAIN = "plain"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    OTHER_NAME = "other_name"
    UNTRUSTED = "untrusted"
    UNREACHABLE = "unreachable"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: the protocol that was agreed on (such as `TLSv1.3`), until when the certificate holds, and the rest in words."""

    seen: Seen
    protocol: str = ""
    ends: datetime | None = None
    detail: str = ""


def look(host: str, port: int, *, seconds: float = _SECONDS) -> Look:
    """Shake hands as any client of this machine would, with its authorities; then let go.

    Only when no protocol of today is shared, older ones are offered, to tell an old server from one that speaks no TLS.

    Args:
        host: a name or an address, without brackets.
        port: its port.
        seconds: patience for each connection.
    """
    if not _speakable(host):
        return Look(Seen.UNREACHABLE, detail="that is no name of a host")
    try:
        return _fine(_handshake(ssl.create_default_context(), host, port, seconds))
    except ssl.SSLCertVerificationError as error:
        return _refused(error)
    except ssl.SSLError as error:
        if error.reason in _OLD_REASONS:
            return _older(host, port, seconds)
        return Look(Seen.UNCLEAR, detail=_said(error))
    except (OSError, ValueError) as error:
        return Look(Seen.UNREACHABLE, detail=_said(error))


@dataclass(frozen=True, slots=True)
class _Agreed:
    protocol: str
    not_after: str


def _handshake(context: ssl.SSLContext, host: str, port: int, seconds: float) -> _Agreed:
    with (
        socket.create_connection((host, port), timeout=seconds) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        certificate = secured.getpeercert() or {}
        return _Agreed(secured.version() or "", str(certificate.get("notAfter", "")))


def _fine(agreed: _Agreed) -> Look:
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(agreed.not_after), UTC)
    return Look(Seen.FINE, agreed.protocol, ends)


def _refused(error: ssl.SSLCertVerificationError) -> Look:
    detail = clean(error.verify_message or "it was not accepted", 400)
    known = {
        _EXPIRED: Seen.EXPIRED,
        _NOT_YET: Seen.NOT_YET,
        _OTHER_NAME: Seen.OTHER_NAME,
        _OTHER_ADDRESS: Seen.OTHER_NAME,
    }
    return Look(known.get(error.verify_code, Seen.UNTRUSTED), detail=detail)


def _older(host: str, port: int, seconds: float) -> Look:
    """Which older protocol it speaks. The certificate is not looked at: nothing is sent, and the answer is a failure anyway."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLError), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is what is asked
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL 3 has them at this level only
    try:
        return Look(Seen.OLD, _handshake(context, host, port, seconds).protocol)
    except ssl.SSLError as error:
        if error.reason == "WRONG_VERSION_NUMBER":
            return Look(Seen.PLAIN, detail="what answers there speaks no TLS")
        return Look(Seen.OLD, detail="it speaks none of TLS 1.2 and 1.3")
    except (OSError, ValueError) as error:
        return Look(Seen.UNREACHABLE, detail=_said(error))


def _speakable(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return _NAME.fullmatch(host) is not None


def _said(error: Exception) -> str:
    words = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return clean(str(words or type(error).__name__).lower().replace("_", " "), 200)
