"""Key shapes of Google and AWS, and private keys.

Sources: the issuers' documentation and what gitleaks, betterleaks and trufflehog agree on; Google auth keys (`AQ.`) as Google AI Studio
hands them out since 2026; the ids of Cloud Storage HMAC keys from its documentation; AWS IAM's reference of unique identifiers.
"""

import random
import re
import string

from keyward.model import checks
from keyward.model.checks import letters
from keyward.model.credential import Kind
from keyward.model.detector import Detector
from keyward.model.detector_making import AFTER_BASE64, ALNUM, BASE32, BASE64, HEX, made, shape


def _bedrock(rng: random.Random) -> bytes:
    return b"ABSK" + letters(rng, 128, BASE64)


def _pem(rng: random.Random) -> bytes:
    lines = [b"MII" + letters(rng, 61, ALNUM), *(letters(rng, 64, ALNUM) for _ in range(3))]
    return b"\n".join((b"-----BEGIN " + b"PRIVATE KEY-----", *lines, b"-----END " + b"PRIVATE KEY-----"))


def _service_account(rng: random.Random) -> bytes:
    pem = _pem(rng).replace(b"\n", b"\\n") + b"\\n"
    return (
        b'{"type": "service_account", "project_id": "sample", "private_key_id": "' + letters(rng, 40, HEX) + b'", '
        b'"private_key": "' + pem + b'", "client_email": "sample@sample.iam.gserviceaccount.com"}'
    )


_SERVICE_ACCOUNT = re.compile(
    rb"\{(?=[^{}]*?\"type\"\s{0,99}:\s{0,99}\"service_account\")(?=[^{}]*?\"private_key\"\s{0,99}:)[^{}]*+\}"
)
_PEM = re.compile(
    rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----(?:[A-Za-z0-9+/=\s\\:,.]|-(?!-)){0,16000}+"
    rb"-----END (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----"
)
_AWS_SECRET = re.compile(
    rb"(?:aws_)?secret_?(?:access_?)?key[\"']?\s{0,9}[:=]{1,2}\s{0,9}[\"']?(?P<value>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
    re.IGNORECASE,
)
_HMAC_SECRET = re.compile(
    rb"gs_secret_access_key[\"']?\s{0,9}[:=]{1,2}\s{0,9}[\"']?(?P<value>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
    re.IGNORECASE,
)
_KEY_ID = re.compile(rb"private_key_id\\?[\"']?\s{0,99}[:=]\s{0,99}\\?[\"']?(?P<value>[0-9a-f]{40})(?![0-9a-f])")


GOOGLE_AND_AWS: tuple[Detector, ...] = (
    Detector(
        "google-api-key", "Google API key", "Google", "google-api-keys", Kind.API_KEY,
        (b"AIza",), shape(rb"AIza[\w-]{35}+"), made(b"AIzaSy", 33), shown=(b"AIza",),
    ),
    Detector(
        "google-auth-key", "Google auth key", "Google", "google-api-keys", Kind.AUTH_KEY,
        (b"AQ.",), shape(rb"AQ\.[\w-]{40,90}+"), made(b"AQ.Ab8RN6", 44), shown=(b"AQ.",),
    ),
    Detector(
        "google-oauth-secret", "Google OAuth client secret", "Google", "google-oauth", Kind.TOKEN,
        (b"GOCSPX-",), shape(rb"GOCSPX-[\w-]{28}+"), made(b"GOCSPX-", 28), shown=(b"GOCSPX-",),
    ),
    Detector(
        "google-oauth-token", "Google OAuth access token", "Google", "google-oauth", Kind.TOKEN,
        (b"ya29.",), shape(rb"ya29\.[\w.-]{20,2000}+"), made(b"ya29.", 180), shown=(b"ya29.",),
    ),
    Detector(
        "google-refresh-token", "Google OAuth refresh token", "Google", "google-oauth", Kind.TOKEN,
        (b"1//",), shape(rb"1//[\w-]{40,512}+"), made(b"1//0", 100), shown=(b"1//",),
    ),
    Detector(
        "google-sa-json", "Google service account key file", "Google", "google-sa-keys", Kind.SA_KEY,
        (b"{",), _SERVICE_ACCOUNT, _service_account, needs=b'"service_account"', offline=checks.key_file,
    ),
    Detector(
        "google-sa-key-id", "Google service account key id", "Google", "google-sa-keys", Kind.SA_KEY,
        (b"private_key_id",), _KEY_ID, made(b"", 40, HEX, b""),
        names=re.compile(r"private_?key_?id$", re.IGNORECASE), is_secret=False,
    ),
    Detector(
        "google-hmac-id", "Google Cloud Storage HMAC access id", "Google", "google-hmac-keys", Kind.ACCESS_KEY,
        (b"GOOG1",), shape(rb"GOOG1[A-Z0-9]{56}"), made(b"GOOG1E", 55, string.ascii_uppercase + string.digits),
        is_secret=False, pairs_with="google-hmac-secret",
    ),
    Detector(
        "google-hmac-secret", "Google Cloud Storage HMAC secret", "Google", "google-hmac-keys", Kind.ACCESS_KEY,
        (b"gs_secret_access_key", b"GS_SECRET_ACCESS_KEY"), _HMAC_SECRET, made(b"", 40, BASE64),
        names=re.compile(r"gs_secret_access_key$", re.IGNORECASE),
    ),
    Detector(
        "private-key", "private key", "", "", Kind.TOKEN,
        (b"-----BEGIN ",), _PEM, _pem, shown=(b"-----BEGIN ",), offline=checks.pem_key,
    ),
    Detector(
        "aws-access-key-id", "AWS access key id", "AWS", "aws-iam", Kind.ACCESS_KEY,
        (b"AKIA", b"ASIA", b"ABIA", b"ACCA"), shape(rb"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}+"), made(b"AKIA", 16, BASE32, b""),
        shown=(b"AKIA", b"ASIA", b"ABIA", b"ACCA"), is_secret=False, pairs_with="aws-secret-key",
        account=checks.aws_account,
    ),
    Detector(
        "aws-secret-key", "AWS secret access key", "AWS", "aws-iam", Kind.ACCESS_KEY,
        (b"secret_access_key", b"SECRET_ACCESS_KEY", b"SecretAccessKey", b"secretAccessKey", b"aws_secret_key", b"AWS_SECRET_KEY"),
        _AWS_SECRET, made(b"", 40, BASE64), names=re.compile(r"secret_?(?:access_?)?key$", re.IGNORECASE),
    ),
    Detector(
        "aws-bedrock", "Amazon Bedrock API key", "AWS", "aws-bedrock", Kind.API_KEY,
        (b"ABSK",), shape(rb"ABSK[A-Za-z0-9+/]{109,269}+={0,2}+", AFTER_BASE64), _bedrock, shown=(b"ABSK",),
        offline=checks.Base64Body(b"ABSK"),
    ),
    Detector(
        "aws-bedrock-short", "Amazon Bedrock short-term API key", "AWS", "aws-bedrock", Kind.TOKEN,
        (b"bedrock-api-key-",), shape(rb"bedrock-api-key-[A-Za-z0-9+/]{40,4000}+={0,2}+", AFTER_BASE64),
        made(b"bedrock-api-key-", 400, ALNUM), shown=(b"bedrock-api-key-",), offline=checks.Base64Body(b"bedrock-api-key-"),
    ),
)  # fmt: skip  # one shape is one block to read, and one block to add
