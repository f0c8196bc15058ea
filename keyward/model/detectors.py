"""The one table of key shapes, for scanner, redactor, masks and tests: a new shape is one entry.

The shapes restate facts that several public scanners and the issuers' documentation agree on. Search is gated by literals: a regular
expression runs only where its prefix stands, with bounded and possessive repetition, so the time is linear in the data.
"""

import random
import re
import string
from collections.abc import Callable, Iterator

from keyward.model import checks
from keyward.model.checks import letters
from keyward.model.credential import Kind
from keyward.model.detector import Check, Confidence, Detector, Match

__all__ = ["BY_KIND", "DETECTORS", "Check", "Confidence", "Detector", "Match", "find", "identify", "kind_of"]

_ALNUM = string.ascii_letters + string.digits
_WORD = _ALNUM + "_-"
_BASE64 = _ALNUM + "+/"
_BASE32 = string.ascii_uppercase + "234567"
_HEX = "0123456789abcdef"

# Before a key: no character that keys are made of, unless it ends an escape such as \n or %3D.
_BEFORE = re.compile(rb"(?:^|[^A-Za-z0-9_-]|\\[bfnrt]|\\u[0-9a-fA-F]{4}|%[0-9A-Fa-f]{2})\Z")
_LONGEST_ESCAPE = 6
_AFTER = rb"(?![A-Za-z0-9_-])"
_AFTER_BASE64 = rb"(?![A-Za-z0-9+/_=-])"


def _shape(body: bytes, after: bytes = _AFTER) -> re.Pattern[bytes]:
    return re.compile(body + after)


def _random(prefix: bytes, count: int, alphabet: str = _WORD, end: bytes = b"") -> Callable[[random.Random], bytes]:
    def make(rng: random.Random) -> bytes:
        return prefix + letters(rng, count - 1, alphabet) + letters(rng, 1, ends) + end

    # The last character is a letter, so that a sample ends where a word ends.
    ends = "".join(character for character in alphabet if character.isalpha())
    return make


def _openai(prefix: bytes, half: int) -> Callable[[random.Random], bytes]:
    def make(rng: random.Random) -> bytes:
        return prefix + letters(rng, half, _ALNUM) + checks.OPENAI_MARKER + letters(rng, half, _ALNUM)

    return make


def _github(rng: random.Random) -> bytes:
    body = letters(rng, 30, _ALNUM)
    return b"ghp_" + body + checks.crc_tail(body)


def _github_fine(rng: random.Random) -> bytes:
    return b"github_pat_" + letters(rng, 22, _ALNUM) + b"_" + letters(rng, 59, _ALNUM)


def _bedrock(rng: random.Random) -> bytes:
    return b"ABSK" + letters(rng, 128, _BASE64)


def _pem(rng: random.Random) -> bytes:
    lines = [b"MII" + letters(rng, 61, _ALNUM), *(letters(rng, 64, _ALNUM) for _ in range(3))]
    return b"\n".join((b"-----BEGIN " + b"PRIVATE KEY-----", *lines, b"-----END " + b"PRIVATE KEY-----"))


def _service_account(rng: random.Random) -> bytes:
    pem = _pem(rng).replace(b"\n", b"\\n") + b"\\n"
    return (
        b'{"type": "service_account", "project_id": "sample", "private_key_id": "' + letters(rng, 40, _HEX) + b'", '
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
_KEY_ID = re.compile(rb"private_key_id\\?[\"']?\s{0,99}[:=]\s{0,99}\\?[\"']?(?P<value>[0-9a-f]{40})(?![0-9a-f])")

DETECTORS: tuple[Detector, ...] = (
    Detector(
        "google-api-key", "Google API key", "Google", "google-api-keys", Kind.API_KEY,
        (b"AIza",), _shape(rb"AIza[\w-]{35}+"), _random(b"AIzaSy", 33), shown=(b"AIza",),
    ),
    Detector(
        "google-auth-key", "Google auth key", "Google", "google-api-keys", Kind.AUTH_KEY,
        (b"AQ.",), _shape(rb"AQ\.[\w-]{40,90}+"), _random(b"AQ.Ab8RN6", 44), shown=(b"AQ.",),
    ),
    Detector(
        "google-oauth-secret", "Google OAuth client secret", "Google", "google-oauth", Kind.TOKEN,
        (b"GOCSPX-",), _shape(rb"GOCSPX-[\w-]{28}+"), _random(b"GOCSPX-", 28), shown=(b"GOCSPX-",),
    ),
    Detector(
        "google-oauth-token", "Google OAuth access token", "Google", "google-oauth", Kind.TOKEN,
        (b"ya29.",), _shape(rb"ya29\.[\w.-]{20,2000}+"), _random(b"ya29.", 180), shown=(b"ya29.",),
    ),
    Detector(
        "google-refresh-token", "Google OAuth refresh token", "Google", "google-oauth", Kind.TOKEN,
        (b"1//",), _shape(rb"1//[\w-]{40,512}+"), _random(b"1//0", 100), shown=(b"1//",),
    ),
    Detector(
        "google-sa-json", "Google service account key file", "Google", "google-sa-keys", Kind.SA_KEY,
        (b"{",), _SERVICE_ACCOUNT, _service_account, needs=b'"service_account"',
    ),
    Detector(
        "google-sa-key-id", "Google service account key id", "Google", "google-sa-keys", Kind.SA_KEY,
        (b"private_key_id",), _KEY_ID, _random(b"", 40, _HEX, b""),
        names=re.compile(r"private_?key_?id$", re.IGNORECASE), is_secret=False,
    ),
    Detector(
        "private-key", "private key", "", "", Kind.TOKEN,
        (b"-----BEGIN ",), _PEM, _pem, shown=(b"-----BEGIN ",), offline=checks.pem_key,
    ),
    Detector(
        "aws-access-key-id", "AWS access key id", "AWS", "aws-iam", Kind.ACCESS_KEY,
        (b"AKIA", b"ASIA", b"ABIA", b"ACCA"), _shape(rb"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}+"), _random(b"AKIA", 16, _BASE32, b""),
        shown=(b"AKIA", b"ASIA", b"ABIA", b"ACCA"), is_secret=False,
    ),
    Detector(
        "aws-secret-key", "AWS secret access key", "AWS", "aws-iam", Kind.ACCESS_KEY,
        (b"secret_access_key", b"SECRET_ACCESS_KEY", b"SecretAccessKey", b"secretAccessKey", b"aws_secret_key", b"AWS_SECRET_KEY"),
        _AWS_SECRET, _random(b"", 40, _BASE64), names=re.compile(r"secret_?(?:access_?)?key$", re.IGNORECASE),
    ),
    Detector(
        "aws-bedrock", "Amazon Bedrock API key", "AWS", "aws-bedrock", Kind.API_KEY,
        (b"ABSK",), _shape(rb"ABSK[A-Za-z0-9+/]{109,269}+={0,2}+", _AFTER_BASE64), _bedrock, shown=(b"ABSK",),
        offline=checks.Base64Body(b"ABSK"),
    ),
    Detector(
        "aws-bedrock-short", "Amazon Bedrock short-term API key", "AWS", "aws-bedrock", Kind.TOKEN,
        (b"bedrock-api-key-",), _shape(rb"bedrock-api-key-[A-Za-z0-9+/]{40,4000}+={0,2}+", _AFTER_BASE64),
        _random(b"bedrock-api-key-", 400, _ALNUM), shown=(b"bedrock-api-key-",), offline=checks.Base64Body(b"bedrock-api-key-"),
    ),
    Detector(
        "openai-admin", "OpenAI admin key", "OpenAI", "openai", Kind.API_KEY,
        (b"sk-admin-",), _shape(rb"sk-admin-[\w-]{40,200}+"), _openai(b"sk-admin-", 58),
        shown=(b"sk-admin-",), offline=checks.openai_marker,
    ),
    Detector(
        "openai", "OpenAI key", "OpenAI", "openai", Kind.API_KEY,
        (b"sk-proj-", b"sk-svcacct-", b"sk-service-"), _shape(rb"sk-(?:proj|svcacct|service)-[\w-]{40,200}+"),
        _openai(b"sk-proj-", 74), shown=(b"sk-proj-", b"sk-svcacct-", b"sk-service-"), offline=checks.openai_marker,
    ),
    Detector(
        "openai-legacy", "OpenAI user key", "OpenAI", "openai", Kind.API_KEY,
        (b"sk-",), _shape(rb"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"), _openai(b"sk-", 20),
        shown=(b"sk-",), offline=checks.openai_marker,
    ),
    Detector(
        "anthropic", "Anthropic key", "Anthropic", "anthropic", Kind.API_KEY,
        (b"sk-ant-api",), _shape(rb"sk-ant-api\d\d-[\w-]{80,120}+"), _random(b"sk-ant-api03-", 93, _WORD, b"AA"),
        shown=(b"sk-ant-api03-", b"sk-ant-"), offline=checks.anthropic_tail,
    ),
    Detector(
        "anthropic-admin", "Anthropic admin key", "Anthropic", "anthropic", Kind.API_KEY,
        (b"sk-ant-admin",), _shape(rb"sk-ant-admin\d\d-[\w-]{80,120}+"), _random(b"sk-ant-admin01-", 93, _WORD, b"AA"),
        shown=(b"sk-ant-admin01-", b"sk-ant-"), offline=checks.anthropic_tail,
    ),
    Detector(
        "anthropic-oauth", "Anthropic OAuth token", "Anthropic", "anthropic", Kind.TOKEN,
        (b"sk-ant-oat", b"sk-ant-ort"), _shape(rb"sk-ant-o[ar]t\d\d-[\w-]{40,400}+"), _random(b"sk-ant-oat01-", 95),
        shown=(b"sk-ant-oat01-", b"sk-ant-ort01-", b"sk-ant-"),
    ),
    Detector(
        "github", "GitHub token", "GitHub", "github", Kind.TOKEN,
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), _shape(rb"gh[pousr]_[A-Za-z0-9]{36,251}+"), _github,
        shown=(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), offline=checks.crc_token,
    ),
    Detector(
        "github-fine-grained", "GitHub fine-grained token", "GitHub", "github", Kind.TOKEN,
        (b"github_pat_",), _shape(rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"), _github_fine, shown=(b"github_pat_",),
    ),
)  # fmt: skip  # one shape is one block to read, and one block to add

BY_KIND = {detector.kind: detector for detector in DETECTORS}


def kind_of(kind: str) -> Kind:
    """What sort of credential a shape is; BY_SHAPE for a kind that this table does not have."""
    return BY_KIND[kind].credential if kind in BY_KIND else Kind.BY_SHAPE


def find(data: bytes) -> Iterator[Match]:
    """Every key shape in the data, in order of position.

    A key stands alone: no character that keys are made of before or after it. Where several shapes claim the same bytes the longest
    wins, then the earlier entry of the table. Ids that are no secrets are also found inside something larger.
    """
    claims = sorted(_claims(data), key=lambda match: (match.start, -match.end))
    secrets = _apart([match for match in claims if match.detector.is_secret])
    ids = _apart([match for match in claims if not match.detector.is_secret])
    return iter(sorted((*secrets, *ids), key=lambda match: (match.start, -match.end)))


def _apart(claims: list[Match]) -> list[Match]:
    kept: list[Match] = []
    for match in claims:
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
        elif match.end - match.start > kept[-1].end - kept[-1].start:
            kept[-1] = match
    return kept


def _claims(data: bytes) -> Iterator[Match]:
    for detector in DETECTORS:
        if detector.needs not in data:
            continue
        for prefix in detector.prefixes:
            at = data.find(prefix)
            while at >= 0:
                match = _match(detector, data, at)
                if match is not None:
                    yield match
                at = data.find(prefix, at + 1 if match is None else max(match.end, at + 1))


def _match(detector: Detector, data: bytes, at: int) -> Match | None:
    if detector.names is None and not _BEFORE.search(data[max(0, at - _LONGEST_ESCAPE) : at]):
        return None
    found = detector.pattern.match(data, at)
    if found is None:
        return None
    start, end = found.span("value" if detector.names is not None else 0)
    return Match(start, end, detector, detector.confidence(data[start:end]))


def identify(value: bytes, name: str = "") -> Detector | None:
    """The shape of a whole value; None when no shape fits.

    Args:
        value: the value without anything around it.
        name: the variable or field that holds it: a few shapes (AWS secret access keys) have no prefix and need it.
    """
    return next((detector for detector in DETECTORS if detector.fits(value, name)), None)
