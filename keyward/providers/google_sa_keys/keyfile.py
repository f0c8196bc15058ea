"""The JSON file that users of a service account key get, as Google makes it (IAM v1, `TYPE_GOOGLE_CREDENTIALS_FILE`)."""

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from keyward.model.secret import Secret

if TYPE_CHECKING:
    from keyward.google.endpoints import Endpoints

_CERTIFICATES = "https://www.googleapis.com"


def token_uri(endpoints: "Endpoints") -> str:
    """Where keys are exchanged for tokens: Google's place, or the emulator's own where IAM is one on this machine."""
    return f"{endpoints.url('iam')}token" if endpoints.loopback("iam") else "https://oauth2.googleapis.com/token"


def compose(material: Secret, *, project: str, email: str, key_id: str, client_id: str, token_uri: str) -> Secret:
    """The file.

    Args:
        material: the private key, PKCS#8 in PEM.
        project: the account's.
        email: the account's.
        key_id: as Google gave it.
        client_id: the account's unique id; empty leaves it out, nothing needs it to sign in.
        token_uri: where tokens are asked for.
    """
    fields = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": key_id,
        "private_key": material.reveal_text(),
        "client_email": email,
        "client_id": client_id,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
        "auth_provider_x509_cert_url": f"{_CERTIFICATES}/oauth2/v1/certs",
        "client_x509_cert_url": f"{_CERTIFICATES}/robot/v1/metadata/x509/{quote(email, safe='')}",
        "universe_domain": "googleapis.com",
    }
    return Secret.of(json.dumps({name: text for name, text in fields.items() if text}, indent=2) + "\n")
