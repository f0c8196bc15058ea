"""Key shapes of code hosts, package registries, clouds and vaults, and tokens that say themselves what they are.

Sources: the issuers' documentation, and what gitleaks, betterleaks, kingfisher and trufflehog agree on; npm's checksum is GitHub's. GitLab's
routable tokens and Cloudflare's carry checksums too, whose making was not found in a source of theirs: they are not judged by them.
"""

import base64
import json
import random
import re

from keyward.model import checks
from keyward.model.checks import letters
from keyward.model.credential import Kind
from keyward.model.detector import Detector
from keyward.model.detector_making import ALNUM, HEX, LOWER, made, shape, token

_GITLAB = tuple(
    f"{name}-".encode()
    for name in ("glpat", "glrt", "gldt", "glcbt", "glptt", "glagent", "gloas", "glft", "glimt", "glsoat", "glffct")
)


def _github(rng: random.Random) -> bytes:
    body = letters(rng, 30, ALNUM)
    return b"ghp_" + body + checks.crc_tail(body)


def _github_fine(rng: random.Random) -> bytes:
    return b"github_pat_" + letters(rng, 22, ALNUM) + b"_" + letters(rng, 59, ALNUM)


def _npm(rng: random.Random) -> bytes:
    body = letters(rng, 30, ALNUM)
    return b"npm_" + body + checks.crc_tail(body)


def _pypi(rng: random.Random) -> bytes:
    # A macaroon of version 2: location, identifier, signature.
    body = b"\x02\x01\x08pypi.org\x02\x24" + letters(rng, 36, HEX) + b"\0\0\x06\x20" + rng.randbytes(32)
    return b"pypi-" + base64.urlsafe_b64encode(body).rstrip(b"=")


def _slack(rng: random.Random) -> bytes:
    return (
        b"xoxb-"
        + letters(rng, 12, "0123456789")
        + b"-"
        + letters(rng, 13, "0123456789")
        + b"-"
        + letters(rng, 24, ALNUM)
    )


def _slack_app(rng: random.Random) -> bytes:
    return (
        b"xapp-1-A"
        + letters(rng, 10, LOWER).upper()
        + b"-"
        + letters(rng, 13, "0123456789")
        + b"-"
        + letters(rng, 64, HEX)
    )


def _slack_hook(rng: random.Random) -> bytes:
    team, hook = (letters(rng, 10, LOWER).upper() for _ in range(2))
    return b"https://hooks.slack.com/services/T" + team + b"/B" + hook + b"/" + letters(rng, 24, ALNUM)


def _sendgrid(rng: random.Random) -> bytes:
    return b"SG." + letters(rng, 22, ALNUM) + b"." + letters(rng, 43, ALNUM)


def _postman(rng: random.Random) -> bytes:
    return b"PMAK-" + letters(rng, 24, HEX) + b"-" + letters(rng, 34, HEX)


def _encoded(data: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=")


def _one_password(rng: random.Random) -> bytes:
    return b"ops_" + _encoded({"signInAddress": "sample.1password.com", "secretKey": letters(rng, 60, ALNUM).decode()})


def _jwt(rng: random.Random) -> bytes:
    claims = {"iss": "sample", "exp": 2_000_000_000, "jti": letters(rng, 16, ALNUM).decode()}
    return b".".join((_encoded({"alg": "HS256", "typ": "JWT"}), _encoded(claims), letters(rng, 43, ALNUM)))


def _entra(rng: random.Random) -> bytes:
    return letters(rng, 3, ALNUM) + b"8Q~" + letters(rng, 34, ALNUM)


SERVICES: tuple[Detector, ...] = (
    Detector(
        "github", "GitHub token", "GitHub", "github", Kind.TOKEN,
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), shape(rb"gh[pousr]_[A-Za-z0-9]{36,251}+"), _github,
        shown=(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), offline=checks.crc_token,
    ),
    Detector(
        "github-fine-grained", "GitHub fine-grained token", "GitHub", "github", Kind.TOKEN,
        (b"github_pat_",), shape(rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"), _github_fine, shown=(b"github_pat_",),
    ),
    token(
        "gitlab", "GitLab token", "GitLab", _GITLAB, rb"(?:[\w-]{27,300}\.[0-9a-z]{2}(?:\.[0-9a-z]{2})?[0-9a-z]{7}|[\w-]{20,300}+)",
        made(b"glpat-", 26, ALNUM), credential=Kind.TOKEN,
    ),
    token("npm", "npm token", "npm", b"npm_", rb"[A-Za-z0-9]{36}", _npm, credential=Kind.TOKEN, offline=checks.crc_token),
    token("pypi", "PyPI token", "PyPI", b"pypi-", rb"AgEIcHlwaS5vcmc[\w-]{50,1000}+", _pypi, credential=Kind.TOKEN, offline=checks.pypi_token),
    token(
        "slack", "Slack token", "Slack", tuple(f"xox{letter}-".encode() for letter in "abceoprsd"), rb"[A-Za-z0-9%-]{20,400}+", _slack,
        credential=Kind.TOKEN,
    ),
    token(
        "slack-app", "Slack app token", "Slack", b"xapp-", rb"\d-[A-Za-z0-9]{8,16}-\d{8,16}-[a-f0-9]{64}", _slack_app,
        provider="slack", credential=Kind.TOKEN,
    ),
    Detector(
        "slack-webhook", "Slack webhook", "Slack", "slack", Kind.TOKEN,
        (b"hooks.slack.com/services/",), shape(rb"https://hooks\.slack\.com/services/T[A-Z0-9]{6,16}/B[A-Z0-9]{6,16}/[A-Za-z0-9]{20,32}"),
        _slack_hook, shown=(b"https://hooks.slack.com/services/",), back=8,
    ),
    token(
        "stripe", "Stripe live key", "Stripe", (b"sk_live_", b"rk_live_"), rb"[A-Za-z0-9]{16,247}+", made(b"sk_live_", 99, ALNUM),
    ),
    token(
        "stripe-test", "Stripe test key", "Stripe", (b"sk_test_", b"rk_test_"), rb"[A-Za-z0-9]{16,247}+", made(b"sk_test_", 99, ALNUM),
        provider="stripe",
    ),
    token(
        "cloudflare", "Cloudflare token", "Cloudflare", (b"cfk_", b"cfut_", b"cfat_"), rb"[A-Za-z0-9_-]{48}", made(b"cfut_", 48, ALNUM),
        credential=Kind.TOKEN,
    ),
    token("vercel", "Vercel token", "Vercel", (b"vcp_", b"vck_", b"vca_", b"vci_", b"vcr_"), rb"[\w-]{56}", made(b"vcp_", 56), credential=Kind.TOKEN),
    token("supabase", "Supabase access token", "Supabase", b"sbp_", rb"[a-z0-9]{40}", made(b"sbp_", 40, HEX), credential=Kind.TOKEN),
    token(
        "supabase-secret", "Supabase secret key", "Supabase", b"sb_secret_", rb"[\w-]{31}", made(b"sb_secret_", 31), provider="supabase",
    ),
    token(
        "digitalocean", "DigitalOcean token", "DigitalOcean", (b"dop_v1_", b"doo_v1_", b"dor_v1_"), rb"[a-f0-9]{64}", made(b"dop_v1_", 64, HEX),
        credential=Kind.TOKEN,
    ),
    token(
        "doppler", "Doppler token", "Doppler", tuple(f"dp.{one}.".encode() for one in ("ct", "pt", "st", "sa", "scim", "audit")),
        rb"(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}", made(b"dp.pt.", 43, ALNUM), credential=Kind.TOKEN,
    ),
    token("sendgrid", "SendGrid key", "SendGrid", b"SG.", rb"[\w-]{22}\.[\w-]{43}", _sendgrid),
    token("postman", "Postman key", "Postman", b"PMAK-", rb"[a-f0-9]{24}-[a-f0-9]{34}", _postman),
    token("vault", "Vault token", "HashiCorp Vault", (b"hvs.", b"hvb."), rb"[\w-]{24,300}+", made(b"hvs.", 95), credential=Kind.TOKEN),
    token(
        "1password", "1Password service account token", "1Password", b"ops_", rb"eyJ[\w-]{60,2000}+={0,2}", _one_password,
        credential=Kind.TOKEN, offline=checks.one_password,
    ),
    token("databricks", "Databricks token", "Databricks", b"dapi", rb"[a-f0-9]{32}(?:-\d)?", made(b"dapi", 32, HEX), credential=Kind.TOKEN),
    token("linear", "Linear key", "Linear", b"lin_api_", rb"[A-Za-z0-9]{40}", made(b"lin_api_", 40, ALNUM)),
    token("notion", "Notion token", "Notion", b"ntn_", rb"\d{11}[A-Za-z0-9]{35}", made(b"ntn_12739502846", 35, ALNUM), credential=Kind.TOKEN),
    Detector(
        "entra-secret", "Entra client secret", "Microsoft", "entra", Kind.TOKEN,
        (b"Q~",), shape(rb"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}+"), _entra, back=4,
    ),
    Detector(
        "jwt", "JSON web token", "", "", Kind.TOKEN,
        (b"eyJ",), shape(rb"eyJ[\w-]{10,2000}+\.eyJ[\w-]{10,8000}+\.[\w-]{10,2000}+"), _jwt, shown=(b"eyJ",), offline=checks.jwt,
        expires=checks.jwt_expires,
    ),
    Detector(
        "url-password", "password in an address", "", "", Kind.TOKEN,
        (b"://",), re.compile(rb"""://[^\s/?#@:"'`<>\\]{0,100}+:(?P<value>(?![$%*{])[^\s/?#@"'`<>{}\\]{4,200}+)@[\w\[]"""), made(b"", 24, ALNUM),
        needs=b"@", chosen=True,
    ),
)  # fmt: skip  # one shape is one block to read, and one block to add
