"""Made-up values for tests, by the detectors' own makers."""

import random

from keyward.model.detectors import BY_KIND, DETECTORS
from keyward.model.parts import all_values
from keyward.model.secret import Secret

NAMED = {
    "aws-secret-key": "AWS_SECRET_ACCESS_KEY",
    "google-hmac-secret": "gs_secret_access_key",
    "google-sa-key-id": "private_key_id",
    "elevenlabs-old": "ELEVENLABS_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "cohere": "COHERE_API_KEY",
    "azure-openai": "AZURE_OPENAI_API_KEY",
}
"""Shapes that are only told by the name of what holds them."""

AROUND = {"url-password": ("postgres://app:", "@db.internal:5432/shop")}
"""Shapes that are only told by what stands around them."""

SELF_EVIDENT = tuple(detector for detector in DETECTORS if not detector.within)
ONE_LINE = tuple(detector for detector in SELF_EVIDENT if detector.kind not in ("private-key", "google-sa-json"))
CARRIED = tuple(detector for detector in ONE_LINE if detector.kind != "slack-webhook")
"""Shapes that every format can carry: an address with a colon is none in YAML without quotes."""


def sample(kind: str, seed: int) -> bytes:
    return BY_KIND[kind].sample(random.Random(f"{kind}{seed}"))


def secret(kind: str, seed: int) -> Secret:
    return Secret(sample(kind, seed))


def pieces(value: bytes, kind: str, size: int = 12) -> set[str]:
    """Every run of so many characters of the value behind the prefix that its issuer publishes."""
    shown = max((prefix for prefix in BY_KIND[kind].shown if value.startswith(prefix)), key=len, default=b"")
    text = value.removeprefix(shown).decode()
    return {text[at : at + size] for at in range(len(text) - size + 1)}


def find_parts(payload, hint=""):
    """The parts of a payload that have the shape of a key."""
    return tuple(part for part in all_values(payload, hint) if part.kind)
