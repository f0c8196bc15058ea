"""The JSON file that Google hands out with a service account key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from keyward.emulator.accountkeys.material import private_pem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from keyward.emulator.iam import ServiceAccount

NOWHERE = "http://127.0.0.1:0/"
"""Stands for the emulator's base URL in files that are made before it is served."""


def credentials_file(account: ServiceAccount, key_id: str, pair: RSAPrivateKey, url: str) -> str:
    """Give the file as text. Its `token_uri` is the emulator's own below `url`, so that tokens are asked for there."""
    certificates = "https://www.googleapis.com"
    fields = {
        "type": "service_account",
        "project_id": account.project_id,
        "private_key_id": key_id,
        "private_key": private_pem(pair),
        "client_email": account.email,
        "client_id": account.unique_id,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": f"{url or NOWHERE}token",
        "auth_provider_x509_cert_url": f"{certificates}/oauth2/v1/certs",
        "client_x509_cert_url": f"{certificates}/robot/v1/metadata/x509/{quote(account.email, safe='')}",
        "universe_domain": "googleapis.com",
    }
    return json.dumps(fields, indent=2) + "\n"
